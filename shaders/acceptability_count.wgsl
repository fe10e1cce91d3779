// `acceptability_count`: integer counts of every sample's priorities by bin, 16,384 bins a sample; then, of the bins in
// which its threshold is expected, by 16,384 parts.
//
// Unknown cells, and cells that no sample gives a priority, are not counted, and in a survey all but one in
// 2^survey_bits.
// Twin: src/score/acceptability/native.rs, count.

@group(0) @binding(5) var<storage, read_write> counts: array<atomic<u32>>;

@compute @workgroup_size(256)
fn acceptability_count(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    if cell_kind(cell) < CELL_LIVE || !is_surveyed(cell) {
        return;
    }
    let words = place_words(cell);
    let tier = tier_of(cell);
    for (var sample = 0u; sample < params.n_samples; sample += 1u) {
        let cut = cut_of(sample);
        let place = place_of(cell, sample, words, tier, cut);
        atomicAdd(&counts[sample * N_BINS + (place >> cut.shift)], 1u);
        let above = place - cut.near_first;
        if above < cut.near_span {
            atomicAdd(&counts[params.n_samples * N_BINS + sample * N_NEAR + (above >> cut.near_shift)], 1u);
        }
    }
}
