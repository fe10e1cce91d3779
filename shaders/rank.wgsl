// `rank`: the percentile of a priority among scored cells, 0..100, 100 = first.
//
// Looked up by the bits of the priority in the table that src/score/rank.rs makes of the integer counts: an entry
// holds the bits of the rank, or, with its highest bit set, where the parts of its bin or part are.
// Unknown where the priority is. Twin: src/score/rank.rs, rank.

struct Params {
    n_cells: u32,
    groups_across: u32,
    pad_a: u32,
    pad_b: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> priority: array<f32>;
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn rank_at(key: u32) -> f32 {
    var entry = table[key >> LOW_BITS];
    for (var step = 0u; step < MOST_STEPS; step += 1u) {
        if entry < POINTS_ON {
            break;
        }
        entry = table[next_place(entry, key)];
    }
    return bitcast<f32>(entry);
}

@compute @workgroup_size(256)
fn rank(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    if is_unknown(priority[cell]) {
        out[cell] = UNKNOWN;
        return;
    }
    out[cell] = rank_at(bitcast<u32>(priority[cell]) & 0x7FFFFFFFu);
}
