// `acceptability_recount`: the cells of full bins, and of bins that hold a threshold where none was expected, counted
// again in finer parts.
//
// `again` holds, by sample and bin, 1 + the place of a refined bin or 0; then, by sample, such a bin with the threshold;
// then, by sample, whether there is anything to count.
// Counts are 4096 parts for each sample's threshold, then 256 parts for each refined bin.
// Twin: src/score/acceptability/recount.rs.

@group(0) @binding(5) var<storage, read> again: array<u32>;
@group(0) @binding(6) var<storage, read_write> counts: array<atomic<u32>>;

@compute @workgroup_size(256)
fn acceptability_recount(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    if cell_kind(cell) < CELL_LIVE {
        return;
    }
    let words = place_words(cell);
    let tier = tier_of(cell);
    for (var i = 0u; i < params.n_again; i += 1u) {
        if again[params.n_again * (N_BINS + 1u) + i] == 0u {
            continue;
        }
        let cut = cut_of(params.first_sample + i);
        let place = place_of(cell, params.first_sample + i, words, tier, cut);
        let bin = place >> cut.shift;
        if bin == again[params.n_again * N_BINS + i] {
            atomicAdd(&counts[i * N_EDGE_PARTS + edge_part_of(place, cut)], 1u);
        }
        let index = again[i * N_BINS + bin];
        if index > 0u {
            let at = params.n_again * N_EDGE_PARTS + (index - 1u) * N_PARTS + part_of(place, cut);
            atomicAdd(&counts[at], 1u);
        }
    }
}
