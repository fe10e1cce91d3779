//! What one more team, more or less money, a year more or less would do: the variants of a project's problem, and the
//! table of what they bring.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::project::{PlanSettings, TeamSettings};
use crate::error::Result;
use crate::plan::{Marginal, Problem, Solution, Team, Variant};
use crate::report::readable::short;

/// Up to so many tasks the question is asked without being told to.
pub const UP_TO_TASKS: usize = 1_000;

/// Most kinds of team (asset type and base) that one more is tried of: those whose days are worth most first.
const MOST_KINDS: usize = 8;

/// Changes of the budget, %.
const BUDGETS: [i32; 4] = [-25, -10, 10, 25];

/// The variants of a problem: one more team of each asset type at each base, the budget, the years. `of` makes the
/// problem for other settings.
pub fn variants(
    problem: &Problem,
    solution: &Solution,
    teams: &[TeamSettings],
    settings: &PlanSettings,
    of: &dyn Fn(&PlanSettings) -> Result<Problem>,
) -> Vec<Variant> {
    let mut variants = Vec::new();
    for (asset_type, mut team) in kinds(problem, solution, teams) {
        let what = format!("one more {asset_type} team based like {}", team.id);
        team.id = (1..)
            .map(|n| format!("{}+{n}", team.id))
            .find(|id| !problem.teams.iter().any(|t| t.id == *id))
            .unwrap_or_default();
        let mut with = problem.clone();
        with.teams.push(team);
        variants.push(Variant { what, problem: with });
    }
    if let Some(budget) = problem.budget {
        // Of the whole budget, also where some of it is spent already.
        let whole = settings.budget_usd.unwrap_or(budget);
        for percent in BUDGETS {
            let budget = budget + whole * f64::from(percent) / 100.0;
            // Of a plan under way so much may be spent already that nothing is left.
            if budget <= 0.0 {
                continue;
            }
            let what = format!("budget {percent:+} %");
            variants.push(Variant { what, problem: Problem { budget: Some(budget), ..problem.clone() } });
        }
    }
    for (years, what) in [(-1.0, "one year less"), (1.0, "one year more")] {
        let settings = PlanSettings { years: settings.years + years, ..settings.clone() };
        // A lock or a replan may lie beyond a shorter horizon: then there is no such plan.
        if settings.years > 0.0
            && let Ok(problem) = of(&settings)
            && problem.validate("what-if").is_ok()
        {
            variants.push(Variant { what: what.to_owned(), problem });
        }
    }
    variants
}

/// One team of each asset type and base, fresh at its base, by the worth of its days.
fn kinds(problem: &Problem, solution: &Solution, teams: &[TeamSettings]) -> Vec<(String, Team)> {
    let mut kinds: BTreeMap<(String, u64, u64), (f64, Team)> = BTreeMap::new();
    for team in teams {
        let Some(known) = problem.teams.iter().find(|known| known.id == team.team_id) else { continue };
        let prices = solution.shadow_prices.as_ref();
        let day = prices.and_then(|prices| prices.team_days.iter().find(|day| day.id == team.team_id));
        let fresh =
            Team { at: Some([team.lon, team.lat]), mobilisation: team.mobilisation_usd, ..known.clone() };
        let key = (team.asset_type.clone(), team.lon.to_bits(), team.lat.to_bits());
        kinds.entry(key).or_insert((day.map_or(0.0, |day| day.value), fresh));
    }
    let mut kinds: Vec<(f64, String, Team)> =
        kinds.into_iter().map(|((asset_type, ..), (day, team))| (day, asset_type, team)).collect();
    kinds.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.2.id.cmp(&b.2.id)));
    kinds.truncate(MOST_KINDS);
    kinds.into_iter().map(|(_, asset_type, team)| (asset_type, team)).collect()
}

/// As in `plan.json`.
pub fn to_json(marginals: &[Marginal]) -> Value {
    let entry = |m: &Marginal| {
        json!({ "what": m.what, "objective_value": m.objective_value, "difference": m.difference,
                "percent": m.percent })
    };
    marginals.iter().map(entry).collect()
}

/// For stdout.
pub fn to_table(marginals: &[Marginal]) -> String {
    let width = marginals.iter().map(|m| m.what.chars().count()).max().unwrap_or(0).max(7);
    let mut text = String::new();
    if marginals.is_empty() {
        return text;
    }
    let _ = writeln!(text, "{:<width$}  {:>14}  {:>9}", "what if", "objective", "change");
    for m in marginals {
        let value = m.objective_value.map_or_else(|| "no plan".to_owned(), short);
        let percent = m.percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent:+.2} %"));
        let _ = writeln!(text, "{:<width$}  {value:>14}  {percent:>9}", m.what);
    }
    text
}
