// `quantile`: `value` for `quantile`: v is the rank of x among scored cells, 0..1.
//
// Looked up by the bits of x in the table that src/score/quantile.rs makes of the integer counts of `spread`: by
// bin the bits of v at its lower and upper end, or, with the highest bit set, the place of a refined bin.
// worth = worth + w * v; an unknown worth stays unknown. Twin: src/score/quantile.rs, value_of.

struct Params {
    n_cells: u32,
    groups_across: u32,
    is_first: u32,
    weight: f32,
    base: u32,
    n_bins: u32,
    pad_a: u32,
    pad_b: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cells: array<f32>;
@group(0) @binding(2) var<storage, read> pairs: array<u32>;
@group(0) @binding(3) var<storage, read> refined: array<u32>;
@group(0) @binding(4) var<storage, read_write> worth: array<f32>;

const LOW_BITS: u32 = 11u;
const N_REFINED: u32 = 2048u;
const REFINED_FLAG: u32 = 0x80000000u;

fn value_of(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    let key = select(bits | 0x80000000u, ~bits, bits > 0x80000000u);
    // Cells that are not scored may lie beyond the table.
    let bin = min(max(key >> LOW_BITS, params.base) - params.base, params.n_bins - 1u);
    let low = key & (N_REFINED - 1u);
    let entry = pairs[2u * bin];
    if entry >= REFINED_FLAG {
        return bitcast<f32>(refined[(entry & 0x7FFFFFFFu) * N_REFINED + low]);
    }
    let lower = bitcast<f32>(entry);
    let upper = bitcast<f32>(pairs[2u * bin + 1u]);
    return lower + f32(low) * (1.0 / f32(N_REFINED)) * (upper - lower);
}

@compute @workgroup_size(256)
fn quantile(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
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
