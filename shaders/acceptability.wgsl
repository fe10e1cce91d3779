// `acceptability`: by cell, the samples in which it is in the top, the sum of d, that of d * d, and r: four planes.
//
// r is the rank in the first sample, d the rank in a sample less r, so that sums stay small. `ranks` holds by sample
// and bin the bits of the rank or, with the highest bit set, the place of a refined bin; then by sample the least
// place in the top. Unknown where the cell is not sampled. Twin: src/score/acceptability/native.rs, acceptability.

@group(0) @binding(5) var<storage, read> ranks: array<u32>;
@group(0) @binding(6) var<storage, read> refined: array<f32>;
@group(0) @binding(7) var<storage, read_write> out: array<f32>;

fn write_all(cell: u32, top: f32, sum: f32, squares: f32, first: f32) {
    out[cell] = top;
    out[params.n_cells + cell] = sum;
    out[2u * params.n_cells + cell] = squares;
    out[3u * params.n_cells + cell] = first;
}

@compute @workgroup_size(256)
fn acceptability(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    let kind = cell_kind(cell);
    if kind == CELL_UNKNOWN {
        write_all(cell, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);
        return;
    }
    if kind == CELL_ZERO {
        write_all(cell, params.zero_top, 0.0, 0.0, params.zero_rank);
        return;
    }
    let words = place_words(cell);
    let tier = tier_of(cell);
    var top = 0.0;
    var sum = 0.0;
    var squares = 0.0;
    var first = 0.0;
    for (var sample = 0u; sample < params.n_samples; sample += 1u) {
        let cut = cut_of(sample);
        let place = place_of(cell, sample, words, tier, cut);
        let entry = ranks[sample * N_BINS + (place >> cut.shift)];
        var rank = bitcast<f32>(entry & 0x7FFFFFFFu);
        if (entry & REFINED_FLAG) > 0u {
            rank = refined[(entry & 0x7FFFFFFFu) * N_PARTS + part_of(place, cut)];
        }
        if sample == 0u {
            first = rank;
        }
        if place >= ranks[params.n_samples * N_BINS + sample] {
            top += 1.0;
        }
        let d = rank - first;
        sum += d;
        squares += d * d;
    }
    write_all(cell, top, sum, squares, first);
}
