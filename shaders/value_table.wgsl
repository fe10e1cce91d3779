// `value_table`: `value` for `log` and `sigmoid`: straight lines between knots made on the CPU in f64.
//
// Looked up with + - * and comparisons only: exp and log differ from driver to driver. A cell's place in the
// table comes from its bits (`log`: knots lie where the lower `shift` bits are 0) or from its distance to `mid`
// (`sigmoid`, even spans). At and beyond lo and hi the value is that of the end. worth = worth + w * v; an
// unknown worth stays unknown. Twin: src/score/value/table.rs.

struct Params {
    n_cells: u32,
    groups_across: u32,
    is_first: u32,
    by_bits: u32,
    n_spans: u32,
    base: u32,
    shift: u32,
    weight: f32,
    lo: f32,
    hi: f32,
    below: f32,
    above: f32,
    mid: f32,
    scale: f32,
    half_spans: f32,
    bit_scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cells: array<f32>;
@group(0) @binding(2) var<storage, read> knots: array<f32>;
@group(0) @binding(3) var<storage, read_write> worth: array<f32>;

fn value_of(x: f32) -> f32 {
    if x <= params.lo {
        return params.below;
    }
    if x >= params.hi {
        return params.above;
    }
    var span = 0u;
    var part = 0.0;
    if params.by_bits == 1u {
        let place = bitcast<u32>(x) - params.base;
        span = min(place >> params.shift, params.n_spans - 1u);
        part = f32(place - (span << params.shift)) * params.bit_scale;
    } else {
        let place = max((x - params.mid) * params.scale + params.half_spans, 0.0);
        span = min(u32(place), params.n_spans - 1u);
        part = place - f32(span);
    }
    let start = knots[span];
    return clamp(start + part * (knots[span + 1u] - start), 0.0, 1.0);
}

@compute @workgroup_size(256)
fn value_table(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
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
