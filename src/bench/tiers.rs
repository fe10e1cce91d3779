//! The form `ordered` (`tier`, `ordered`, `order`), and values by rank (`quantile`'s look-up).

use crate::score::ordered::{Tiering, tier_bits};
use crate::score::program::{Call, Shared, Tally};
use crate::score::{Engine, Finer, Function, Levels, Native, QuantileTable, Term};

use super::planes::Planes;
use super::reference::{Check, cells, known};
use super::stages::{Case, FEW_OPERATIONS, program};

/// Tiers: the planes' codes 0..9 stand for theirs.
const LAST_TIER: f32 = 10.0;

/// One criterion's weight, and from which value on it decides the tier.
const TIERING: Tiering = Tiering { weight: 0.75, threshold: 0.5, tier: 3.0, last_tier: LAST_TIER };

/// `tier`: worth begun, and the tier.
pub fn tier(planes: &Planes) -> Case<'_> {
    let (mut program, [v]) = program(planes);
    let (worth, tier) = (program.output(), program.output());
    program.call(Call::Tier { v, tiering: TIERING, is_first: true, worth, tier });
    let worth = |i: usize| known(planes.share[i]).map(|v| f64::from(TIERING.weight) * v);
    let tier = |i: usize| {
        let reaches = known(planes.share[i]).is_some_and(|v| v >= f64::from(TIERING.threshold));
        Some(f64::from(if reaches { TIERING.tier } else { LAST_TIER }))
    };
    Case::new("tier", program, vec![&planes.share], cells(0, FEW_OPERATIONS, worth)).and(cells(1, 0.0, tier))
}

/// `ordered`: the benefit of that form.
pub fn ordered(planes: &Planes) -> Case<'_> {
    let (mut program, [hazard, worth, tier]) = program(planes);
    let out = program.output();
    program.call(Call::Ordered { hazard, worth, tier, last_tier: LAST_TIER, out });
    let expected = |i: usize| {
        let (_, s, tier) = (known(planes.hazard[i])?, known(planes.share[i])?, known(planes.codes[i])?);
        Some((f64::from(LAST_TIER) - tier + s.min(1.0)) / f64::from(LAST_TIER))
    };
    let inputs: Vec<&[f32]> = vec![&planes.hazard, &planes.share, &planes.codes];
    Case::new("ordered", program, inputs, cells(0, FEW_OPERATIONS, expected))
}

/// `order`: by the book, n − tier tiers of 2^(31 − B) bits each, and in a tier a floor of q's bits over 2^B.
pub fn order(planes: &Planes) -> Case<'_> {
    let (mut program, [q, tier, benefit]) = program(planes);
    let out = program.output();
    program.call(Call::Order { q, tier, benefit, last_tier: LAST_TIER, out });
    let n_bits = tier_bits(LAST_TIER);
    let expected = move |i: usize| {
        known(planes.share[i])?;
        let (q, tier) = (known(planes.priority[i])?, known(planes.codes[i])?);
        let exponent = q.log2().floor();
        let bits = (exponent + 126.0 + q / exponent.exp2()) * f64::from(1 << 23);
        let low = (bits / f64::from(1 << n_bits)).floor();
        let high = (f64::from(LAST_TIER) - tier) * f64::from(1u32 << (31 - n_bits));
        Some(f64::from(f32::from_bits((high + low) as u32)))
    };
    let inputs: Vec<&[f32]> = vec![&planes.priority, &planes.codes, &planes.share];
    Case::new("order", program, inputs, cells(0, 0.0, expected))
}

/// `value` by rank, of the planes' priorities.
pub fn value_quantile(planes: &Planes) -> Case<'_> {
    let table = Shared::new(table(planes));
    let (mut program, [of]) = program(planes);
    let worth = program.output();
    let term = Term::new(Function::Quantile(&table), 1.0);
    program.call(Call::Value { of, term, is_first: true, worth });
    let check = Check::Ranks { output: 0, of: &planes.priority, highest: 1.0 };
    Case::new("value_quantile", program, vec![&planes.priority], check)
}

fn table(planes: &Planes) -> QuantileTable {
    let count = |finer: Option<Finer>, mut tally: Tally| {
        let (mut program, [cells]) = program(planes);
        program.call(Call::Spread { cells, finer });
        let ran = Native::new().run(&program, &[&planes.priority], &mut Vec::new(), &mut tally);
        ran.expect("the native engine cannot fail at counting");
        tally
    };
    let mut levels = Levels::of_values(count(None, Tally::of_spread()).bins);
    while let Some(finer) = levels.finer() {
        let tally = Tally::of_refined(finer.n_counts);
        levels.take(count(Some(finer), tally).refined);
    }
    QuantileTable::new(&levels)
}
