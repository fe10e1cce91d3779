// `curve`: cells, area, cost, benefit and exposure of every half per cent of rank, summed in integers.
//
// Segment s holds the cells of rank in [100 - (s + 1) / 2, 100 - s / 2), the first one rank 100 too. Summed
// are a (m2), c (US$), b*a (benefit-m2) and h*E*a (person-m2), each as a 62-bit number of quanta 2^q in three
// u32 words with carry, first in workgroup memory, then in the tally; the order of the additions changes
// nothing. Cells whose rank is unknown do not count. Twin: src/score/curve.rs and src/score/fixed.rs.
//
// Layout of both sums: word 0..200 cells by segment, then for segment s and sum k three words, lowest first,
// at 200 + (s * 4 + k) * 3.

struct Params {
    n_cells: u32,
    groups_across: u32,
    n_cols: u32,
    cells_each: u32,
    quantum_area: i32,
    quantum_cost: i32,
    quantum_benefit: i32,
    quantum_people: i32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rank: array<f32>;
@group(0) @binding(2) var<storage, read> cost: array<f32>;
@group(0) @binding(3) var<storage, read> benefit: array<f32>;
@group(0) @binding(4) var<storage, read> people_at_risk: array<f32>;
@group(0) @binding(5) var<storage, read> row_area_m2: array<f32>;
@group(0) @binding(6) var<storage, read_write> tally: array<atomic<u32>>;

const N_SEGMENTS: u32 = 200u;
const N_SUMS: u32 = 4u;
const N_WORDS: u32 = 2600u; // 200 + 200 * 4 * 3

var<workgroup> sums: array<atomic<u32>, 2600>;

fn segment(rank_percent: f32) -> u32 {
    let half_percents = ceil((100.0 - rank_percent) * 2.0);
    return u32(clamp(half_percents, 1.0, 200.0)) - 1u;
}

// Quanta of 2^quantum in x >= 0, rounded down: low and high word.
fn fixed_point(x: f32, quantum: i32) -> vec2<u32> {
    let bits = bitcast<u32>(x);
    let exponent = (bits >> 23u) & 0xFFu;
    let fraction = bits & 0x007FFFFFu;
    let mantissa = select(fraction, fraction | 0x00800000u, exponent > 0u);
    let shift = i32(max(exponent, 1u)) - 150 - quantum;
    if shift >= 32 {
        return vec2<u32>(0u, mantissa << u32(min(shift, 38) - 32));
    }
    if shift > 0 {
        return vec2<u32>(mantissa << u32(shift), mantissa >> u32(32 - shift));
    }
    if shift > -24 {
        return vec2<u32>(mantissa >> u32(-shift), 0u);
    }
    return vec2<u32>(0u, 0u);
}

// Adds two words to three in workgroup memory; the high word is below 2^30, so the carry cannot overflow it.
fn add_to_group(at: u32, quanta: vec2<u32>) {
    let low = atomicAdd(&sums[at], quanta.x);
    let high_more = quanta.y + select(0u, 1u, low > 0xFFFFFFFFu - quanta.x);
    if high_more == 0u {
        return;
    }
    let high = atomicAdd(&sums[at + 1u], high_more);
    if high > 0xFFFFFFFFu - high_more {
        atomicAdd(&sums[at + 2u], 1u);
    }
}

// Adds one word to the tally and says whether it overflowed.
fn add_word(at: u32, more: u32) -> u32 {
    if more == 0u {
        return 0u;
    }
    let before = atomicAdd(&tally[at], more);
    return select(0u, 1u, before > 0xFFFFFFFFu - more);
}

@compute @workgroup_size(256)
fn curve(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    for (var word = local; word < N_WORDS; word += GROUP_CELLS) {
        atomicStore(&sums[word], 0u);
    }
    workgroupBarrier();
    var cell = group_index(group, params.groups_across) * GROUP_CELLS * params.cells_each + local;
    for (var i = 0u; i < params.cells_each; i += 1u) {
        if cell < params.n_cells && !is_unknown(rank[cell]) {
            let s = segment(rank[cell]);
            let area_m2 = row_area_m2[cell / params.n_cols];
            let at = N_SEGMENTS + s * N_SUMS * 3u;
            atomicAdd(&sums[s], 1u);
            add_to_group(at, fixed_point(area_m2, params.quantum_area));
            add_to_group(at + 3u, fixed_point(cost[cell], params.quantum_cost));
            add_to_group(at + 6u, fixed_point(benefit[cell] * area_m2, params.quantum_benefit));
            add_to_group(at + 9u, fixed_point(people_at_risk[cell] * area_m2, params.quantum_people));
        }
        cell += GROUP_CELLS;
    }
    workgroupBarrier();
    for (var word = local; word < N_SEGMENTS; word += GROUP_CELLS) {
        _ = add_word(word, atomicLoad(&sums[word]));
    }
    for (var sum = local; sum < N_SEGMENTS * N_SUMS; sum += GROUP_CELLS) {
        let at = N_SEGMENTS + sum * 3u;
        let carry = add_word(at, atomicLoad(&sums[at]));
        let middle = add_word(at + 1u, atomicLoad(&sums[at + 1u]));
        let middle_carry = add_word(at + 1u, carry);
        _ = add_word(at + 2u, atomicLoad(&sums[at + 2u]) + middle + middle_carry);
    }
}
