// `acceptability_count`: integer counts of every sample's priorities by bin, 16,384 bins a sample.
//
// Unknown cells, and cells that no sample gives a priority, are not counted.
// Twin: src/score/acceptability/native.rs, count.

@group(0) @binding(5) var<storage, read_write> counts: array<atomic<u32>>;

@compute @workgroup_size(256)
fn acceptability_count(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    if cell_kind(cell) < CELL_LIVE {
        return;
    }
    let words = place_words(cell);
    for (var sample = 0u; sample < params.n_samples; sample += 1u) {
        let bin = place_of(cell, sample, words) >> params.shift;
        atomicAdd(&counts[sample * N_BINS + bin], 1u);
    }
}
