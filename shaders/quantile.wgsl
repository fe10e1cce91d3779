// `quantile`: `value` for `quantile`: v is the rank of x among scored cells, 0..1.
//
// Looked up by the bits of x in the table that src/score/quantile.rs makes of the integer counts of `spread`: by
// bin the bits of v at its lower and upper end, or, with the highest bit set, where the next level begins.
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
@group(0) @binding(3) var<storage, read> finer: array<u32>;
@group(0) @binding(4) var<storage, read_write> worth: array<f32>;

fn value_of(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    let key = select(bits | 0x80000000u, ~bits, bits > 0x80000000u);
    // Cells that are not scored may lie beyond the table.
    let bin = min(max(key >> LOW_BITS, params.base) - params.base, params.n_bins - 1u);
    var left = pairs[2u * bin];
    var right = pairs[2u * bin + 1u];
    var low = key & ((1u << LOW_BITS) - 1u);
    var each = 1.0 / f32(1u << LOW_BITS);
    if left >= POINTS_ON {
        let at = (left & ~POINTS_ON) + 2u * (low >> LAST_BITS);
        left = finer[at];
        right = finer[at + 1u];
        low = key & (N_LAST - 1u);
        each = 1.0 / f32(N_LAST);
        if left >= POINTS_ON {
            return bitcast<f32>(finer[(left & ~POINTS_ON) + low]);
        }
    }
    let lower = bitcast<f32>(left);
    return lower + f32(low) * each * (bitcast<f32>(right) - lower);
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
