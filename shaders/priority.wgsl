// `priority`: b * a / c, benefit-m2 per US$: what a dollar of clearance buys here.
//
// a is the area of the row's cells in m2. A quotient beyond the largest f32 (a cost next to nothing) is held
// there. Unknown where benefit or cost is. Twin: src/score/priority.rs.

struct Params {
    n_cells: u32,
    groups_across: u32,
    n_cols: u32,
    pad_a: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> benefit: array<f32>;
@group(0) @binding(2) var<storage, read> cost: array<f32>;
@group(0) @binding(3) var<storage, read> row_area_m2: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

const LARGEST: f32 = 3.4028234663852886e38;

@compute @workgroup_size(256)
fn priority(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    if is_unknown(benefit[cell]) || is_unknown(cost[cell]) {
        out[cell] = UNKNOWN;
        return;
    }
    let area_m2 = row_area_m2[cell / params.n_cols];
    out[cell] = min(benefit[cell] * area_m2 / cost[cell], LARGEST);
}
