// `benefit`: b = h * worth (form `risk`) or b = worth (form `sum`), 0..1: what clearing the cell is worth.
//
// By `risk` land that is not contaminated gains nothing from clearance. Unknown where hazard or worth is.
// Twin: src/score/benefit.rs.

struct Params {
    n_cells: u32,
    groups_across: u32,
    times_hazard: u32,
    pad_a: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> hazard: array<f32>;
@group(0) @binding(2) var<storage, read> worth: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(256)
fn benefit(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    if is_unknown(hazard[cell]) || is_unknown(worth[cell]) {
        out[cell] = UNKNOWN;
        return;
    }
    if params.times_hazard == 1u {
        out[cell] = hazard[cell] * worth[cell];
    } else {
        out[cell] = worth[cell];
    }
}
