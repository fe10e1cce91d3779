// `factor`: worth = worth + w * log2(max(v, 1e-6)): one criterion of the benefit form `product`.
//
// log2 is the exponent plus a table of 2048 straight lines over the lower 23 bits: log differs from driver to
// driver. The first criterion starts from 0; an unknown v or worth is unknown. Twin: src/score/product.rs.

struct Params {
    n_cells: u32,
    groups_across: u32,
    is_first: u32,
    weight: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> v: array<f32>;
@group(0) @binding(2) var<storage, read> knots: array<f32>;
@group(0) @binding(3) var<storage, read_write> worth: array<f32>;

const EPSILON: f32 = 1e-6;

fn log2_of(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    let span = (bits & 0x7FFFFFu) >> 12u;
    let part = f32(bits & 0xFFFu) * (1.0 / 4096.0);
    let start = knots[span];
    let octave = f32(bits >> 23u) - 127.0;
    return octave + (start + part * (knots[span + 1u] - start));
}

@compute @workgroup_size(256)
fn factor(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    let x = v[cell];
    var so_far = 0.0;
    if params.is_first == 0u {
        so_far = worth[cell];
    }
    if is_unknown(x) || is_unknown(so_far) {
        worth[cell] = UNKNOWN;
        return;
    }
    worth[cell] = so_far + params.weight * log2_of(max(x, EPSILON));
}
