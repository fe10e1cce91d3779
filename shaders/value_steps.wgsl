// `value_steps`: `value` for `steps` and `classes`: a short list of key, v, key, v ... searched from its start.
//
// `steps`: v of the last threshold <= x, 0 below the first. `classes`: v of the code equal to x, unknown without
// one. worth = worth + w * v; an unknown worth stays unknown. Twin: src/score/value/steps.rs.

struct Params {
    n_cells: u32,
    groups_across: u32,
    is_first: u32,
    is_classes: u32,
    n_pairs: u32,
    weight: f32,
    pad_a: u32,
    pad_b: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cells: array<f32>;
@group(0) @binding(2) var<storage, read> pairs: array<f32>;
@group(0) @binding(3) var<storage, read_write> worth: array<f32>;

fn value_of(x: f32) -> f32 {
    var v = 0.0;
    if params.is_classes == 1u {
        v = UNKNOWN;
    }
    for (var k = 0u; k < params.n_pairs; k += 1u) {
        let key = pairs[2u * k];
        if x >= key && (x <= key || params.is_classes == 0u) {
            v = pairs[2u * k + 1u];
        }
    }
    return v;
}

@compute @workgroup_size(256)
fn value_steps(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    let x = cells[cell];
    var so_far = 0.0;
    if params.is_first == 0u {
        so_far = worth[cell];
    }
    let v = value_of(x);
    if is_unknown(x) || is_unknown(so_far) || is_unknown(v) {
        worth[cell] = UNKNOWN;
        return;
    }
    worth[cell] = so_far + params.weight * v;
}
