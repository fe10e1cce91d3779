// `exposure` by a disc, first half: population on the source window -> running sums of each row.
//
// People become integers of 2^-28 person, to the nearest, halves up; a cell holds at most 2^33 people. Entry c of
// a row is the sum of its first c cells, two words, lowest first, which wrap around without harm: only differences
// are used. One workgroup a row, 256 cells at a time. Twin: src/score/exposure/disc.rs, running_sums.

struct Params {
    n_cols: u32,
    first_row: u32,
    pad_a: u32,
    pad_b: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> population: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<vec2<u32>>;

const MOST_PEOPLE: f32 = 8589934592.0;
const QUANTUM_BITS: i32 = 28;

var<workgroup> scan: array<vec2<u32>, 256>;

fn people_in_quanta(people: f32) -> vec2<u32> {
    let bits = bitcast<u32>(min(people, MOST_PEOPLE));
    let exponent = i32((bits >> 23u) & 0xFFu);
    let mantissa = (bits & 0x007FFFFFu) | 0x00800000u;
    let shift = exponent - 150 + QUANTUM_BITS;
    if shift >= 32 {
        return vec2<u32>(0u, mantissa << u32(min(shift, 38) - 32));
    }
    if shift > 0 {
        return vec2<u32>(mantissa << u32(shift), mantissa >> u32(32 - shift));
    }
    if shift == 0 {
        return vec2<u32>(mantissa, 0u);
    }
    if shift >= -24 {
        return vec2<u32>((mantissa + (1u << u32(-shift - 1))) >> u32(-shift), 0u);
    }
    return vec2<u32>(0u, 0u);
}

fn plus(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let low = a.x + b.x;
    return vec2<u32>(low, a.y + b.y + select(0u, 1u, low < a.x));
}

@compute @workgroup_size(256)
fn exposure_running(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = group.y + params.first_row;
    let first_cell = row * params.n_cols;
    let first_sum = row * (params.n_cols + 1u);
    if local == 0u {
        sums[first_sum] = vec2<u32>(0u, 0u);
    }
    var before = vec2<u32>(0u, 0u);
    for (var first = 0u; first < params.n_cols; first += 256u) {
        let col = first + local;
        var sum = vec2<u32>(0u, 0u);
        if col < params.n_cols {
            sum = people_in_quanta(population[first_cell + col]);
        }
        scan[local] = sum;
        workgroupBarrier();
        for (var apart = 1u; apart < 256u; apart *= 2u) {
            if local >= apart {
                sum = plus(sum, scan[local - apart]);
            }
            workgroupBarrier();
            scan[local] = sum;
            workgroupBarrier();
        }
        if col < params.n_cols {
            sums[first_sum + col + 1u] = plus(before, sum);
        }
        before = plus(before, scan[255]);
        workgroupBarrier();
    }
}
