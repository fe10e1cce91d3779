// `value`: layer units -> 0..1, times the criterion's weight, summed over criteria into worth.
//
// v = clamp((x - lo) / (hi - lo), 0, 1); a negative span reverses. worth = worth + w * v; the first criterion
// starts from 0. An unknown worth stays unknown. Twin: src/score/value.rs.

struct Params {
    n_cells: u32,
    groups_across: u32,
    is_first: u32,
    lo: f32,
    span: f32,
    weight: f32,
    pad_a: u32,
    pad_b: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cells: array<f32>;
@group(0) @binding(2) var<storage, read_write> worth: array<f32>;

fn value_of(x: f32) -> f32 {
    return clamp((x - params.lo) / params.span, 0.0, 1.0);
}

@compute @workgroup_size(256)
fn value(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    let x = cells[cell];
    var so_far = 0.0;
    if params.is_first == 0u {
        so_far = worth[cell];
    }
    if is_unknown(x) || is_unknown(so_far) {
        worth[cell] = UNKNOWN;
        return;
    }
    worth[cell] = so_far + params.weight * value_of(x);
}
