// `product`: b = 2^worth, 0..1: the benefit form `product`, after `factor` of every criterion.
//
// 2^x is a table of 2048 straight lines over the part behind the point, times a power of two made of bits: exp
// differs from driver to driver. Unknown where hazard or worth is. Twin: src/score/product.rs.

struct Params {
    n_cells: u32,
    groups_across: u32,
    pad_a: u32,
    pad_b: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> hazard: array<f32>;
@group(0) @binding(2) var<storage, read> worth: array<f32>;
@group(0) @binding(3) var<storage, read> knots: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

const N_SPANS: u32 = 2048u;

fn exp2_of(power: f32) -> f32 {
    let octave = floor(power);
    let place = (power - octave) * f32(N_SPANS);
    let span = min(u32(place), N_SPANS - 1u);
    let start = knots[span];
    let of_part = start + (place - f32(span)) * (knots[span + 1u] - start);
    return of_part * bitcast<f32>(u32(octave + 127.0) << 23u);
}

@compute @workgroup_size(256)
fn product(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    if is_unknown(hazard[cell]) || is_unknown(worth[cell]) {
        out[cell] = UNKNOWN;
        return;
    }
    out[cell] = exp2_of(clamp(worth[cell], -100.0, 0.0));
}
