// `ordered`: b = (n - tier + min(s, 1)) / n, 0..1: the benefit form `ordered`, after `tier` of every criterion.
//
// Unknown where hazard or worth is. Twin: src/score/ordered.rs, ordered.

struct Params {
    n_cells: u32,
    groups_across: u32,
    last_tier: f32,
    tier_bits: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> hazard: array<f32>;
@group(0) @binding(2) var<storage, read> worth: array<f32>;
@group(0) @binding(3) var<storage, read> tiers: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(256)
fn ordered(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    if is_unknown(hazard[cell]) || is_unknown(worth[cell]) {
        out[cell] = UNKNOWN;
        return;
    }
    out[cell] = (params.last_tier - tiers[cell] + min(worth[cell], 1.0)) / params.last_tier;
}
