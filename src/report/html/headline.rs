//! The first lines of the report: what was asked, what the plan does, how good that is for sure, what it costs.

use serde_json::{Value, json};

use super::sources::{PlanFile, Sources};
use crate::plan::Objective;
use crate::report::readable::{count, short};
use crate::units::M2_PER_HECTARE;

/// A figure with its words.
fn tile(figure: String, words: String, note: String) -> Value {
    json!({ "figure": figure, "words": words, "note": note })
}

/// `{asked, tiles}`.
pub fn headline(sources: &Sources) -> Value {
    let mut tiles = Vec::new();
    if let Some(plan) = &sources.plan {
        plan_tiles(sources, plan, &mut tiles);
    } else if !sources.tasks.rows.is_empty() {
        task_tiles(sources, &mut tiles);
    }
    if sources.plan.is_none() {
        score_tiles(sources, &mut tiles);
    }
    json!({ "asked": asked(sources), "tiles": tiles })
}

/// What was asked, in a sentence.
fn asked(sources: &Sources) -> String {
    let Some(plan) = &sources.plan else {
        let what = if sources.tasks.rows.is_empty() { "ground" } else { "task areas" };
        return format!("Which {what} first? Priority by the project's own criteria and weights.");
    };
    let n_teams = plan.problem.teams.len();
    let teams = if n_teams == 1 { "1 team".to_owned() } else { format!("{n_teams} teams") };
    let from = plan.start.map_or_else(String::new, |start| format!(" from {start}"));
    let years = plan.problem.horizon_days.map_or_else(String::new, |days| {
        let years = days / 365.0;
        format!(" over {} {}", short(years), if years == 1.0 { "year" } else { "years" })
    });
    let budget = match plan.problem.budget {
        Some(budget) => format!("at most {} US$", short(budget)),
        None => "no limit on money".to_owned(),
    };
    format!(
        "Which of {} task areas first, by which team, in what order? {teams}{from}{years}, {budget}.",
        count(plan.problem.tasks.len() as u64)
    )
}

fn plan_tiles(sources: &Sources, plan: &PlanFile, tiles: &mut Vec<Value>) {
    let solution = &plan.solution;
    let n_done: usize = solution.routes.iter().map(|route| route.tasks.len()).sum();
    let n_used = solution.routes.iter().filter(|route| !route.tasks.is_empty()).count();
    tiles.push(tile(
        format!("{} of {}", count(n_done as u64), count(plan.problem.tasks.len() as u64)),
        "task areas in the plan".into(),
        format!("by {n_used} of {} teams", plan.problem.teams.len()),
    ));
    let cost: f64 = solution.routes.iter().map(|route| route.cost).sum();
    let of =
        plan.problem.budget.map_or_else(String::new, |budget| format!("of a budget of {}", short(budget)));
    tiles.push(tile(format!("{} US$", short(cost)), "is what it costs".into(), of));
    let unit = sources.record["results"]["summary"]["plan"]["unit"].as_str();
    let unit = unit.unwrap_or(unit_of(plan.problem.objective));
    tiles.push(tile(short(solution.objective_value), unit.to_owned(), "the objective".into()));
    let is_less_better = plan.problem.objective == Objective::Completion;
    tiles.push(match (solution.bound, solution.gap_percent) {
        (Some(bound), Some(gap)) => tile(
            format!("{gap:.2} %"),
            "at most from the best possible plan: proven".into(),
            format!("no plan can be {} {}", if is_less_better { "below" } else { "above" }, short(bound)),
        ),
        _ => tile(
            "no bound".into(),
            "could be proven".into(),
            "how far the best possible lies is unknown".into(),
        ),
    });
    tiles.extend(by_hand(plan, is_less_better));
}

/// The best that would be done by hand.
fn by_hand(plan: &PlanFile, is_less_better: bool) -> Option<Value> {
    let plans = plan.json["baselines"].as_array()?.iter().filter(|baseline| {
        let is_whole = baseline["tasks"].as_u64() == Some(plan.problem.tasks.len() as u64);
        baseline["keeps_floors"] != false && (!is_less_better || is_whole)
    });
    let valued: Vec<(f64, &str)> = plans
        .filter_map(|plan| Some((plan["objective_value"].as_f64()?, plan["name"].as_str()?)))
        .filter(|(value, _)| *value > 0.0)
        .collect();
    let best = valued.into_iter().max_by(
        |(a, _), (b, _)| {
            if is_less_better { b.total_cmp(a) } else { a.total_cmp(b) }
        },
    )?;
    let gain = 100.0 * (plan.solution.objective_value / best.0 - 1.0);
    Some(tile(format!("{gain:+.1} %"), "against the best plan made by hand".into(), best.1.to_owned()))
}

fn task_tiles(sources: &Sources, tiles: &mut Vec<Value>) {
    let tasks = &sources.tasks;
    let area = tasks.sum(&tasks.rows, "area_m2") / M2_PER_HECTARE;
    tiles.push(tile(count(tasks.rows.len() as u64), "task areas".into(), format!("{} ha", short(area))));
    let cost = tasks.sum(&tasks.rows, "cost_usd");
    tiles.push(tile(format!("{} US$", short(cost)), "to work on all of them".into(), String::new()));
}

fn score_tiles(sources: &Sources, tiles: &mut Vec<Value>) {
    let score = &sources.record["results"]["score"];
    let Some(n_cells) = score["cells"].as_u64().filter(|n| *n > 0) else { return };
    let number = |name: &str| score[name].as_f64().unwrap_or(0.0);
    tiles.push(tile(
        format!("{} ha", short(number("scored_area_m2") / M2_PER_HECTARE)),
        "of ground are scored".into(),
        format!("{:.1} % of {} cells", 100.0 * number("scored_cells") / n_cells as f64, count(n_cells)),
    ));
    tiles.push(tile(short(number("people")), "people live in scored cells".into(), String::new()));
    let exposure = short(number("exposure_ha"));
    tiles.push(tile(exposure, "person-hectares of exposure on scored ground".into(), String::new()));
}

/// What the objective counts, where the record does not say it more exactly.
fn unit_of(objective: Objective) -> &'static str {
    match objective {
        Objective::Discounted => "worth times years, discounted",
        Objective::Collect => "worth of tasks finished by the horizon",
        Objective::Decay => "worth left when tasks are finished",
        Objective::Completion => "worth times days until finished (less is better)",
    }
}
