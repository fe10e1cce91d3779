// `tier`: worth = worth + w * v, and the tier: one criterion of the benefit form `ordered`.
//
// The first criterion whose v reaches its threshold decides the tier; last_tier where none does. The first
// criterion starts from 0 and last_tier; an unknown v or worth is unknown. Twin: src/score/ordered.rs, tier.

struct Params {
    n_cells: u32,
    groups_across: u32,
    is_first: u32,
    weight: f32,
    threshold: f32,
    tier: f32,
    last_tier: f32,
    pad_a: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> v: array<f32>;
@group(0) @binding(2) var<storage, read_write> worth: array<f32>;
@group(0) @binding(3) var<storage, read_write> tiers: array<f32>;

@compute @workgroup_size(256)
fn tier(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cell = cell_index(group, local, params.groups_across);
    if cell >= params.n_cells {
        return;
    }
    let x = v[cell];
    var so_far = 0.0;
    var tier_so_far = params.last_tier;
    if params.is_first == 0u {
        so_far = worth[cell];
        tier_so_far = tiers[cell];
    }
    if x >= params.threshold && tier_so_far >= params.last_tier {
        tier_so_far = params.tier;
    }
    tiers[cell] = tier_so_far;
    if is_unknown(x) || is_unknown(so_far) {
        worth[cell] = UNKNOWN;
        return;
    }
    worth[cell] = so_far + params.weight * x;
}
