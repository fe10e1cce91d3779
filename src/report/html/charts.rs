//! The small charts: performance curve, plan against what would be done by hand, firmness of the ranking.
//!
//! Numbers are those of the tables; places lie in a drawing [`WIDTH`] × [`HEIGHT`] units.

use serde_json::{Value, json};

use super::sources::Sources;
use super::tasks::TaskRow;
use crate::plan::Objective;
use crate::report::readable::short;

/// Size of the plotting ground, units.
pub const WIDTH: f64 = 560.0;
/// See [`WIDTH`].
pub const HEIGHT: f64 = 260.0;

/// Beyond this share of the exposure a curve is level to the eye.
const NEARLY_ALL: f64 = 0.999;

/// The performance curve: cost against the share of all exposure, with the budget marked; `null` without a curve.
pub fn curve(sources: &Sources) -> Value {
    let table = &sources.curve;
    let number = |row: &Vec<String>, name| table.number(row, name).unwrap_or(0.0);
    let Some(last) = table.rows.last() else { return Value::Null };
    let (all_cost, all_exposure) = (number(last, "cost_usd"), number(last, "exposure_ha"));
    if all_cost <= 0.0 || all_exposure <= 0.0 {
        return Value::Null;
    }
    let budget = sources.plan.as_ref().and_then(|plan| plan.problem.budget);
    let budget = budget.filter(|budget| *budget <= all_cost);
    // Ground without exposure can cost a hundred times the rest: the axis ends where there is nothing more to see.
    let whole = table.rows.iter().find(|row| number(row, "exposure_ha") >= NEARLY_ALL * all_exposure);
    let shown = whole.map_or(all_cost, |row| number(row, "cost_usd")).max(budget.unwrap_or(0.0));
    let end_cost = if shown < 0.6 * all_cost { (1.15 * shown).min(all_cost) } else { all_cost };
    let x = |cost: f64| WIDTH * (cost / end_cost).clamp(0.0, 1.0);
    let y = |exposure: f64| HEIGHT * (1.0 - (exposure / all_exposure).clamp(0.0, 1.0));
    let points: Vec<String> = table
        .rows
        .iter()
        .filter(|row| number(row, "cost_usd") <= end_cost)
        .map(|row| format!("{:.1},{:.1}", x(number(row, "cost_usd")), y(number(row, "exposure_ha"))))
        .collect();
    let budget = budget.map(|budget| {
        // The last row the budget pays for whole: a row of the table, nothing between two of them.
        let within = table.rows.iter().rfind(|row| number(row, "cost_usd") <= budget);
        json!({ "x": x(budget), "label": format!("budget {} US$", short(budget)),
                "exposure_ha": within.map(|row| table.text(row, "exposure_ha")),
                "cost_usd": within.map(|row| table.text(row, "cost_usd")),
                "share": within.map(|row| short(100.0 * number(row, "exposure_ha") / all_exposure)),
                "shown_cost": within.map(|row| short(number(row, "cost_usd"))) })
    });
    let across: Vec<Value> = round_ticks(end_cost)
        .map(|cost| json!({ "x": x(cost), "label": millions(cost, end_cost) }))
        .collect();
    let up: Vec<Value> = (0..=4)
        .map(|i| f64::from(i) / 4.0)
        .map(|share| json!({ "y": HEIGHT * (1.0 - share), "label": format!("{} %", 100.0 * share) }))
        .collect();
    json!({ "points": format!("0,{HEIGHT} {}", points.join(" ")), "budget": budget, "across": across, "up": up,
            "all_cost": short(all_cost), "all_exposure": short(all_exposure),
            "end_cost": (end_cost < all_cost).then(|| short(end_cost)) })
}

/// The plan, its bound and what would be done by hand, as bars.
pub fn against(sources: &Sources) -> Value {
    let Some(plan) = &sources.plan else { return Value::Null };
    let is_less_better = plan.problem.objective == Objective::Completion;
    let baselines = plan.json["baselines"].as_array().cloned().unwrap_or_default();
    let value = |baseline: &Value| baseline["objective_value"].as_f64().unwrap_or(0.0);
    let ours = plan.solution.objective_value;
    let most =
        baselines.iter().map(value).chain([ours]).chain(plan.solution.bound).fold(0.0, f64::max).max(1e-300);
    let bar = |kind: &str, name: String, value: f64, note: String| {
        json!({ "kind": kind, "name": name, "value": short(value), "exact": value.to_string(),
                "percent": (100.0 * value / most).clamp(0.0, 100.0), "note": note })
    };
    let mut bars = vec![bar("plan", "this plan".into(), ours, String::new())];
    for baseline in &baselines {
        let name = format!("by hand: {}", baseline["name"].as_str().unwrap_or("?"));
        let n_tasks = baseline["tasks"].as_u64().unwrap_or(0) as usize;
        let is_whole = !is_less_better || n_tasks == plan.problem.tasks.len();
        let mut notes = Vec::new();
        if baseline["keeps_floors"] == false {
            notes.push("no plan: it does not keep the floors of districts".to_owned());
        }
        if !is_whole {
            notes.push(format!("no plan: it leaves {} tasks undone", plan.problem.tasks.len() - n_tasks));
        }
        if notes.is_empty() && value(baseline) > 0.0 {
            notes.push(format!("{:+.1} % with the plan", 100.0 * (ours / value(baseline) - 1.0)));
        }
        if let Some(n @ 1..) = baseline["locked_left_out"].as_u64() {
            notes.push(format!("leaves out {n} tasks that are locked to a team"));
        }
        bars.push(bar("hand", name, value(baseline), notes.join("; ")));
    }
    if let Some(bound) = plan.solution.bound {
        let text = if is_less_better { "no plan can be below" } else { "no plan can be above" };
        bars.push(bar("bound", text.into(), bound, String::new()));
    }
    json!({ "bars": bars, "less_is_better": is_less_better })
}

/// What another budget, team or year would add.
pub fn what_if(sources: &Sources) -> Vec<Value> {
    let rows = sources.plan.iter().flat_map(|plan| plan.json["marginal"].as_array().into_iter().flatten());
    let percent = |row: &Value| row["percent"].as_f64().unwrap_or(0.0);
    let rows: Vec<&Value> = rows.collect();
    let most = rows.iter().map(|row| percent(row).abs()).fold(1e-9, f64::max);
    rows.iter()
        .map(|row| {
            let share = 50.0 * percent(row).abs() / most;
            let (value, difference) = (row["objective_value"].as_f64(), row["difference"].as_f64());
            json!({ "what": row["what"], "value": value.map(short), "exact": value.map(|x| x.to_string()),
                    "difference": difference.map(|x| format!("{}{}", if x > 0.0 { "+" } else { "" }, short(x))),
                    "percent": format!("{:+.2} %", percent(row)), "is_gain": percent(row) >= 0.0,
                    "x": if percent(row) >= 0.0 { 50.0 } else { 50.0 - share }, "width": share })
        })
        .collect()
}

/// Spread of the objective when things go otherwise: places on a line from the least to the most of what is told.
pub fn uncertainty(sources: &Sources) -> Value {
    let Some(plan) = &sources.plan else { return Value::Null };
    let found = &plan.json["uncertainty"];
    let number = |name: &str| found[name].as_f64();
    let (Some(low), Some(mean), Some(high)) =
        (number("percentile_5"), number("mean"), number("percentile_95"))
    else {
        return Value::Null;
    };
    let ours = plan.solution.objective_value;
    let (least, most) = (low.min(ours), high.max(ours));
    let room = (most - least).max(1e-9 * most.abs()).max(1e-300);
    let x = |value: f64| 8.0 + 84.0 * (value - least) / room;
    json!({ "low": short(low), "mean": short(mean), "high": short(high), "plan": short(ours), "x_low": x(low),
            "x_mean": x(mean), "x_high": x(high), "x_plan": x(ours), "samples": found["samples"],
            "duration": number("duration_cv").map(|cv| short(100.0 * cv)), "worths": found["worths"],
            "worth_samples": found["worth_samples"], "incomplete": found["incomplete"] })
}

/// Rank of each task against how often it stood in the top; `null` where nothing was sampled.
pub fn firmness(sources: &Sources, tasks: &[TaskRow]) -> Value {
    let table = &sources.tasks;
    let dot = |(row, (fields, task)): (usize, (&Vec<String>, &TaskRow))| {
        let share = table.number(fields, "acceptability_mean")?;
        let rank = task.rank?;
        Some(json!({ "row": row, "id": task.id, "class": task.class, "colour": task.colour,
                     "x": WIDTH * rank / 100.0, "y": HEIGHT * (1.0 - share.clamp(0.0, 1.0)),
                     "share": short(share), "rank": short(rank) }))
    };
    let dots: Vec<Value> = table.rows.iter().zip(tasks).enumerate().filter_map(dot).collect();
    if dots.is_empty() {
        return Value::Null;
    }
    let robustness = &sources.record["settings"]["score"]["robustness"];
    let or = |name: &str, default: f64| robustness[name].as_f64().unwrap_or(default);
    json!({ "dots": dots, "top_percent": short(or("top_percent", 10.0)), "samples": short(or("samples", 256.0)) })
}

/// Round numbers from 0 to at most `end`, five to ten of them.
fn round_ticks(end: f64) -> impl Iterator<Item = f64> {
    let power = 10f64.powf((end / 10.0).log10().ceil());
    // `end` lies between once and ten times `power`.
    let steps = [0.2, 0.5, 1.0, 2.0].map(|part| part * power);
    let step = steps.into_iter().find(|step| end / step <= 8.0).unwrap_or(power);
    (0..).map(move |i| f64::from(i) * step).take_while(move |tick| *tick <= end)
}

/// Money on an axis: in millions where that is shorter.
fn millions(value: f64, most: f64) -> String {
    if most >= 2e6 { format!("{} M", short((value / 1e4).round() / 100.0)) } else { short(value) }
}
