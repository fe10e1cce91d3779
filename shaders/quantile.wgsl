// `quantile`: `value` for `quantile`: v is the rank of x among scored cells, 0..1.
//
// Looked up by the bits of x in the table that src/score/quantile.rs makes of the integer counts of `spread`: by
// bin the bits of v at its lower and upper end, or, with the highest bit set, where its parts are.
// worth = worth + w * v; an unknown worth stays unknown. Twin: src/score/quantile.rs, look_up.

struct Params {
    n_cells: u32,
    groups_across: u32,
    is_first: u32,
    weight: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cells: array<f32>;
@group(0) @binding(2) var<storage, read> pairs: array<u32>;
@group(0) @binding(3) var<storage, read_write> worth: array<f32>;

fn value_of(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    let key = select(bits | 0x80000000u, ~bits, bits > 0x80000000u);
    var place = key >> LOW_BITS;
    var shift = LOW_BITS;
    var entry = pairs[2u * place];
    for (var step = 0u; step < MOST_STEPS; step += 1u) {
        if entry < POINTS_ON {
            break;
        }
        place = next_place(entry, key);
        shift = shift_of(entry);
        entry = pairs[2u * place];
    }
    let lower = bitcast<f32>(entry);
    let low = key & ((1u << shift) - 1u);
    // 2^-shift
    let each = bitcast<f32>((127u - shift) << 23u);
    return lower + f32(low) * each * (bitcast<f32>(pairs[2u * place + 1u]) - lower);
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
