// `exposure` by a disc, second half: running sums of the source's rows -> people within the radius.
//
// Each source row within the radius contributes the difference of two running sums, as far to either side as the
// disc is wide there (tables made on the CPU). Sums are whole numbers of 2^-28 person in two words, rounded once, to
// the nearest f32, halves up. Cells that are not scored (hazard unknown) are unknown.
// Twin: src/score/exposure/disc.rs.

struct Params {
    n_cols: u32,
    n_rows: u32,
    stride: u32,
    halo_cols: u32,
    first_row: u32,
    pad_a: u32,
    pad_b: u32,
    pad_c: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> hazard: array<f32>;
@group(0) @binding(3) var<storage, read> rows: array<vec4<u32>>; // first source row, count, offset, 0 by row
@group(0) @binding(4) var<storage, read> half_widths: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

const QUANTUM_BITS: i32 = 28;

fn plus(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let low = a.x + b.x;
    return vec2<u32>(low, a.y + b.y + select(0u, 1u, low < a.x));
}

fn minus(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return vec2<u32>(a.x - b.x, a.y - b.y - select(0u, 1u, a.x < b.x));
}

// The low word of quanta >> shift, shift from 0 to 40.
fn shifted(quanta: vec2<u32>, shift: u32) -> u32 {
    if shift >= 32u {
        return quanta.y >> (shift - 32u);
    }
    if shift == 0u {
        return quanta.x;
    }
    return (quanta.x >> shift) | (quanta.y << (32u - shift));
}

fn people_of_quanta(quanta: vec2<u32>) -> f32 {
    var n_bits = 32u - countLeadingZeros(quanta.x);
    if quanta.y > 0u {
        n_bits = 64u - countLeadingZeros(quanta.y);
    }
    if n_bits <= 24u {
        return f32(quanta.x) * bitcast<f32>(u32(127 - QUANTUM_BITS) << 23u);
    }
    let shift = n_bits - 24u;
    let mantissa = (shifted(quanta, shift) & 0x00FFFFFFu) + (shifted(quanta, shift - 1u) & 1u);
    // At most 2^24, which f32 holds exactly; times a power of two that it also holds.
    return f32(mantissa) * bitcast<f32>(u32(127 + i32(shift) - QUANTUM_BITS) << 23u);
}

@compute @workgroup_size(64, 4)
fn exposure_disc(@builtin(global_invocation_id) id: vec3<u32>) {
    let col = id.x;
    let row = id.y + params.first_row;
    if col >= params.n_cols || row >= params.n_rows {
        return;
    }
    let cell = row * params.n_cols + col;
    if is_unknown(hazard[cell]) {
        out[cell] = UNKNOWN;
        return;
    }
    let table = rows[row];
    let centre = table.x * params.stride + params.halo_cols + col;
    var quanta = vec2<u32>(0u, 0u);
    for (var k = 0u; k < table.y; k += 1u) {
        let half_width = half_widths[table.z + k];
        let at = centre + k * params.stride;
        quanta = plus(quanta, minus(sums[at + half_width + 1u], sums[at - half_width]));
    }
    out[cell] = people_of_quanta(quanta);
}
