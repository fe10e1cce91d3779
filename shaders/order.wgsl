// `order`: what the rank orders by in the benefit form `ordered`: the tier first, then q inside it.
//
// The highest bits hold n - tier, the others those of q (the sum, or the sum per US$) without its lowest: floats
// of such bits order like the tiers, and like q inside one. q is held within 2^+-64, so that the bits are those of
// an ordinary float. Unknown where q or benefit is. Twin: src/score/ordered.rs, order.

struct Params {
    n_cells: u32,
    groups_across: u32,
    last_tier: f32,
    tier_bits: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> tiers: array<f32>;
@group(0) @binding(3) var<storage, read> benefit: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

const SMALLEST: f32 = 5.421010862427522e-20;
const LARGEST: f32 = 18446744073709551616.0;

@compute @workgroup_size(256)
fn order(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    if is_unknown(q[cell]) || is_unknown(benefit[cell]) {
        out[cell] = UNKNOWN;
        return;
    }
    let low = bitcast<u32>(clamp(q[cell], SMALLEST, LARGEST)) >> params.tier_bits;
    let high = u32(params.last_tier - tiers[cell]) << (31u - params.tier_bits);
    out[cell] = bitcast<f32>(high | low);
}
