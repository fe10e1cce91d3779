//! Cells that are not scored though all their layers are known: what excludes them, and how many.
//!
//! A cell whose class code has no entry in a criterion's `classes` is not a cell worth 0: nothing is known of
//! its worth. A gate excludes by a layer's values, whatever the cell is worth. Both are decided once, while layers
//! are read, for both engines.

use std::collections::BTreeMap;

use super::steps::Words;
use super::{Recipe, Source, Value};

/// What excludes cells, by one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The layer it looks at, as [`Source::Layer`] counts them.
    pub layer: usize,
    name: String,
    condition: Condition,
}

/// What a rule excludes.
#[derive(Debug, Clone, PartialEq)]
enum Condition {
    /// Codes that a criterion's table does not have.
    NotOf(Vec<f32>),
    /// A gate's values.
    Gate { below: f32, above: f32, codes: Vec<f32> },
}

/// What a rule excluded among cells whose layers are all known.
#[derive(Debug, Clone, Default)]
pub struct Excluded {
    /// Cells.
    pub n_cells: u64,
    /// Cells by code, for the lowest codes: which are kept does not depend on the order of the tiles.
    codes: BTreeMap<i32, u64>,
}

impl Excluded {
    /// Adds another's counts.
    pub fn add(&mut self, other: &Self) {
        self.n_cells += other.n_cells;
        for (code, n) in &other.codes {
            *self.codes.entry(*code).or_default() += n;
        }
        while self.codes.len() > MOST_CODES {
            self.codes.pop_last();
        }
    }

    /// Adds them as words.
    pub(super) fn push_words(&self, words: &mut Vec<u64>) {
        words.extend([self.n_cells, self.codes.len() as u64]);
        words.extend(self.codes.iter().flat_map(|(code, n)| [u64::from(*code as u32), *n]));
    }

    /// From [`Excluded::push_words`].
    pub(super) fn of_words(words: &mut Words<'_>) -> Option<Self> {
        let (n_cells, n_codes) = (words.next()?, words.length()?);
        let code = |words: &mut Words<'_>| Some((u32::try_from(words.next()?).ok()? as i32, words.next()?));
        let codes = (0..n_codes).map(|_| code(words)).collect::<Option<_>>()?;
        Some(Self { n_cells, codes })
    }
}

/// Codes named in a warning; a layer that holds no codes at all would otherwise fill the page.
const MOST_CODES: usize = 8;

/// Which gates and missing entries leave a cell with these layers out, a line each. Unknown layers are not among them.
pub fn why_excluded(recipe: &Recipe, values: &[Option<f32>]) -> Vec<String> {
    let excluding = Rule::of(recipe).into_iter().filter_map(|rule| {
        let x = values.get(rule.layer).copied().flatten()?;
        rule.excludes(x).then(|| rule.reason(x))
    });
    excluding.collect()
}

impl Rule {
    /// Why it excludes x, in words.
    fn reason(&self, x: f32) -> String {
        match &self.condition {
            Condition::NotOf(_) => {
                format!("the classes of criterion `{}` have no entry for code {x}", self.name)
            }
            Condition::Gate { below, .. } if x < *below => {
                format!("the gate on layer `{}` excludes {x}, below {below}", self.name)
            }
            Condition::Gate { above, .. } if x > *above => {
                format!("the gate on layer `{}` excludes {x}, above {above}", self.name)
            }
            Condition::Gate { .. } => format!("the gate on layer `{}` excludes code {x}", self.name),
        }
    }

    /// All rules of a recipe, gates first.
    pub fn of(recipe: &Recipe) -> Vec<Self> {
        let of_criterion =
            recipe.criteria.iter().filter_map(|criterion| match (&criterion.value, criterion.source) {
                (Value::Classes(classes), Source::Layer(layer)) => {
                    let codes = classes.iter().map(|(code, _)| *code as f32).collect();
                    let condition = Condition::NotOf(codes);
                    Some(Self { layer, name: criterion.name.clone(), condition })
                }
                _ => None,
            });
        let of_gate = recipe.gates.iter().map(|gate| {
            let condition = Condition::Gate {
                below: gate.below.map_or(f32::MIN, |below| below as f32),
                above: gate.above.map_or(f32::MAX, |above| above as f32),
                codes: gate.codes.iter().map(|code| *code as f32).collect(),
            };
            Self { layer: gate.layer, name: gate.name.clone(), condition }
        });
        of_gate.chain(of_criterion).collect()
    }

    /// Whether it is a gate.
    pub fn is_gate(&self) -> bool {
        matches!(self.condition, Condition::Gate { .. })
    }

    /// Whether a known x is excluded.
    pub fn excludes(&self, x: f32) -> bool {
        match &self.condition {
            Condition::NotOf(codes) => !codes.contains(&x),
            Condition::Gate { below, above, codes } => x < *below || x > *above || codes.contains(&x),
        }
    }

    /// Counts a cell it excludes.
    pub fn count(&self, x: f32, excluded: &mut Excluded) {
        excluded.n_cells += 1;
        if self.is_gate() {
            return;
        }
        *excluded.codes.entry(ordered(x)).or_default() += 1;
        // Higher codes have all been higher than these: what is dropped is never asked for again.
        if excluded.codes.len() > MOST_CODES {
            excluded.codes.pop_last();
        }
    }

    /// What it excluded, in words.
    pub fn warning(&self, excluded: &Excluded) -> String {
        if self.is_gate() {
            let n_cells = excluded.n_cells;
            return format!(
                "{n_cells} cells are not scored because the gate on layer `{}` excludes them",
                self.name
            );
        }
        let codes = excluded.codes.iter().map(|(code, n)| format!("{} ({n} cells)", from_ordered(*code)));
        let codes: Vec<String> = codes.collect();
        let more = if excluded.codes.values().sum::<u64>() < excluded.n_cells { " and others" } else { "" };
        format!(
            "{} cells are not scored because the classes of criterion `{}` have no entry for code {}{more}",
            excluded.n_cells,
            self.name,
            codes.join(", ")
        )
    }
}

/// An integer that orders like x.
fn ordered(x: f32) -> i32 {
    // + 0 makes −0 a 0.
    let bits = (x + 0.0).to_bits() as i32;
    if bits < 0 { bits ^ i32::MAX } else { bits }
}

fn from_ordered(ordered: i32) -> f32 {
    f32::from_bits(if ordered < 0 { ordered ^ i32::MAX } else { ordered } as u32)
}
