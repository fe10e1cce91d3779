// `acceptability_term`: what a criterion's weight is multiplied by.
//
// u = g * v with g = h * a / c: h only where hazard is fixed and counts as a factor, a / c only where the rank is by
// benefit per cost. For `product` u = log2(max(v, epsilon)) + log2(g), looked up as in factor.wgsl. Written into the
// plane of the criterion's place among those sampled. Unknown where v, hazard or cost is.
// Twin: src/score/acceptability/term.rs.

struct Params {
    n_cells: u32,
    groups_across: u32,
    n_cols: u32,
    index: u32,
    times_hazard: u32,
    per_cost: u32,
    is_product: u32,
    pad_a: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> v: array<f32>;
@group(0) @binding(2) var<storage, read> hazard: array<f32>;
@group(0) @binding(3) var<storage, read> cost: array<f32>;
@group(0) @binding(4) var<storage, read> row_area_m2: array<f32>;
@group(0) @binding(5) var<storage, read> knots: array<f32>;
@group(0) @binding(6) var<storage, read_write> terms: array<f32>;

const EPSILON: f32 = 1e-6;
const LARGEST: f32 = 3.4028234663852886e38;

fn log2_of(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    let span = (bits & 0x7FFFFFu) >> 12u;
    let part = f32(bits & 0xFFFu) * (1.0 / 4096.0);
    let start = knots[span];
    let octave = f32(bits >> 23u) - 127.0;
    return octave + (start + part * (knots[span + 1u] - start));
}

@compute @workgroup_size(256)
fn acceptability_term(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    let at = params.index * params.n_cells + cell;
    if is_unknown(v[cell]) || is_unknown(hazard[cell]) || is_unknown(cost[cell]) {
        terms[at] = UNKNOWN;
        return;
    }
    var g = 1.0;
    if params.times_hazard == 1u {
        g = hazard[cell];
    }
    if params.per_cost == 1u {
        g = min(g * row_area_m2[cell / params.n_cols] / cost[cell], LARGEST);
    }
    if params.is_product == 1u {
        terms[at] = log2_of(max(v[cell], EPSILON)) + log2_of(g);
    } else {
        terms[at] = g * v[cell];
    }
}
