// Shared by the stages of `acceptability`, concatenated in front of each: the priority of a cell in a sample.
//
// p = f * sum over criteria of w * u, f being the drawn hazard times the drawn factor of 1 / cost (for `product`
// the sum is a logarithm, and cost is added). Draws come from a hash of (seed, place, sample) in 32-bit integers,
// so any tile and device draws the same. A priority's key is its bits; in an ordered list it comes from the cell's tier
// and the sum's bits. Its place is the key above the base of the sample's cut, held within the bins.
// Twin: src/score/acceptability/native.rs, chance.rs, bins.rs, survey.rs and tiers.rs.

struct Params {
    n_cells: u32,
    groups_across: u32,
    n_cols: u32,
    n_terms: u32,
    n_samples: u32,
    first_sample: u32,
    hazard_kind: u32, // 0 fixed, 1 factors of the odds, 2 spread by cell
    draws_cost: u32,
    is_product: u32,
    seed_a: u32,
    seed_b: u32,
    side: u32,
    col: u32,
    row: u32,
    survey_bits: u32,
    zero_top: f32,
    zero_rank: f32,
    n_again: u32,
    tier_bits: u32,
    pad_a: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// Weights by sample and criterion, as bits, then keys by sample, then the words of its cut by sample, then of an ordered
// list by tier where its keys lie.
@group(0) @binding(1) var<storage, read> draws: array<u32>;
// 4096 values for hazard, 4096 for cost, knots of 2^x.
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read> terms: array<f32>;
// Where hazard is drawn: odds, then spreads. In an ordered list: the tier.
@group(0) @binding(4) var<storage, read> hazards: array<f32>;

const N_VALUES: u32 = 4096u;
const N_SPANS: u32 = 2048u;
const N_BINS: u32 = 16384u;
const N_NEAR: u32 = 16384u;
const PART_BITS: u32 = 8u;
const N_PARTS: u32 = 256u;
const EDGE_BITS: u32 = 12u;
const N_EDGE_PARTS: u32 = 4096u;
const LOG_OFFSET: f32 = 384.0;
const REFINED_FLAG: u32 = 0x80000000u;
// Those of 2^-64.
const SMALLEST_BITS: u32 = 0x1F800000u;
const GAP_OCTAVES: u32 = 2u;

const CELL_UNKNOWN: u32 = 0u;
const CELL_ZERO: u32 = 1u;
const CELL_LIVE: u32 = 2u;

fn cell_kind(cell: u32) -> u32 {
    if is_unknown(terms[cell]) || (params.hazard_kind > 0u && is_unknown(hazards[cell])) {
        return CELL_UNKNOWN;
    }
    if params.is_product == 1u || params.tier_bits > 0u {
        return CELL_LIVE;
    }
    for (var k = 0u; k < params.n_terms; k += 1u) {
        if terms[k * params.n_cells + cell] > 0.0 {
            return CELL_LIVE;
        }
    }
    return CELL_ZERO;
}

struct Cut {
    base: u32,
    shift: u32,
    near_first: u32,
    near_span: u32,
    near_shift: u32,
}

fn cut_of(sample: u32) -> Cut {
    let at = params.n_samples * (params.n_terms + 1u) + 5u * sample;
    return Cut(draws[at], draws[at + 1u], draws[at + 2u], draws[at + 3u], draws[at + 4u]);
}

struct Tier {
    least: u32,
    most: u32,
    offset: u32,
}

fn tier_of(cell: u32) -> Tier {
    if params.tier_bits == 0u {
        return Tier(0u, 0u, 0u);
    }
    let at = params.n_samples * (params.n_terms + 6u) + 3u * (u32(hazards[cell]) - 1u);
    return Tier(draws[at], draws[at + 1u], draws[at + 2u]);
}

fn tiered_key(q: f32, tier: Tier) -> u32 {
    let low = bitcast<u32>(q) >> params.tier_bits;
    if low <= (SMALLEST_BITS >> params.tier_bits) {
        return tier.offset + tier.least - (GAP_OCTAVES << (23u - params.tier_bits));
    }
    return tier.offset + clamp(low, tier.least, tier.most);
}

fn mix_bits(seeded: u32) -> u32 {
    var x = (seeded ^ (seeded >> 16u)) * 0x7feb352du;
    x = (x ^ (x >> 15u)) * 0x846ca68bu;
    return x ^ (x >> 16u);
}

fn place_words(cell: u32) -> vec2<u32> {
    let col = (params.col + cell % params.n_cols) / params.side;
    let row = (params.row + cell / params.n_cols) / params.side;
    return vec2<u32>(
        mix_bits(mix_bits(row ^ params.seed_a) + col),
        mix_bits(mix_bits(col ^ params.seed_b) + row),
    );
}

fn is_surveyed(cell: u32) -> bool {
    let col = params.col + cell % params.n_cols;
    let row = params.row + cell / params.n_cols;
    return (mix_bits(mix_bits(row ^ 0x5bd1e995u) + col) & ((1u << params.survey_bits) - 1u)) == 0u;
}

fn draw_bits(words: vec2<u32>, key: u32) -> u32 {
    var x = (words.x ^ key) * 0x7feb352du;
    x = ((x ^ (x >> 15u)) + words.y) * 0x846ca68bu;
    return x ^ (x >> 16u);
}

fn exp2_of(power: f32) -> f32 {
    let octave = floor(power);
    let place = (power - octave) * f32(N_SPANS);
    let span = min(u32(place), N_SPANS - 1u);
    let start = values[2u * N_VALUES + span];
    let of_part = start + (place - f32(span)) * (values[2u * N_VALUES + span + 1u] - start);
    return of_part * bitcast<f32>(u32(octave + 127.0) << 23u);
}

fn place_of(cell: u32, sample: u32, words: vec2<u32>, tier: Tier, cut: Cut) -> u32 {
    var sum = 0.0;
    for (var k = 0u; k < params.n_terms; k += 1u) {
        let weight = bitcast<f32>(draws[sample * params.n_terms + k]);
        sum += weight * terms[k * params.n_cells + cell];
    }
    if params.hazard_kind > 0u || params.draws_cost == 1u {
        let bits = draw_bits(words, draws[params.n_samples * params.n_terms + sample]);
        if params.hazard_kind > 0u {
            var factor = values[bits >> 20u];
            if params.hazard_kind == 2u {
                factor = exp2_of(hazards[params.n_cells + cell] * factor);
            }
            let odds = hazards[cell] * factor;
            sum *= odds / (1.0 + odds);
        }
        if params.draws_cost == 1u {
            let value = values[N_VALUES + ((bits >> 8u) & 0xFFFu)];
            if params.is_product == 1u {
                sum += value;
            } else {
                sum *= value;
            }
        }
    }
    if params.is_product == 1u {
        sum += LOG_OFFSET;
    }
    var key = bitcast<u32>(sum);
    if params.tier_bits > 0u {
        key = tiered_key(sum, tier);
    }
    return min(max(key, cut.base) - cut.base, (N_BINS << cut.shift) - 1u);
}

fn part_of(place: u32, cut: Cut) -> u32 {
    return (place >> (max(cut.shift, PART_BITS) - PART_BITS)) & (N_PARTS - 1u);
}

fn edge_part_of(place: u32, cut: Cut) -> u32 {
    return (place >> (max(cut.shift, EDGE_BITS) - EDGE_BITS)) & (N_EDGE_PARTS - 1u);
}
