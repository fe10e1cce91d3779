// `class`: 1 (first) ... n by thresholds of the rank.
//
// Class k when rank >= threshold k and in no earlier class; what is below every threshold has the last class.
// Thresholds fall. Unknown where the rank is. The entry point is `classes`: `class` is a reserved word here.
// Twin: src/score/class.rs.

struct Params {
    n_cells: u32,
    groups_across: u32,
    n_thresholds: u32,
    pad_a: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rank: array<f32>;
@group(0) @binding(2) var<storage, read> thresholds: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(256)
fn classes(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    if is_unknown(rank[cell]) {
        out[cell] = UNKNOWN;
        return;
    }
    var class_number = 1u;
    for (var k = 0u; k < params.n_thresholds; k += 1u) {
        if rank[cell] < thresholds[k] {
            class_number += 1u;
        }
    }
    out[cell] = f32(class_number);
}
