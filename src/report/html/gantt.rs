//! The schedule as a chart: a line a team, days to the right, closed seasons shaded.
//!
//! In: the plan. Out: places in a drawing [`WIDTH`] units wide. Way, then work: a bar spans closed days too, on which
//! nobody works; the shading lies over it.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::sources::{PlanFile, Sources};
use super::tasks::TaskRow;
use crate::plan::Team;

/// Units from the first to the last day.
pub const WIDTH: f64 = 1000.0;

/// Units kept for the names of teams.
pub const LEFT: f64 = 120.0;

/// Height of a team's line and of its bars.
const LINE: f64 = 26.0;
const BAR: f64 = 18.0;

/// Above the lines: years and months.
const TOP: f64 = 34.0;

/// Letters of a team's name that fit into [`LEFT`].
const NAME_LETTERS: usize = 15;

/// A letter of a label takes about so many units.
const LETTER: f64 = 5.6;

/// The chart; `null` without a plan.
pub fn gantt(sources: &Sources, tasks: &[TaskRow]) -> Value {
    let Some(plan) = &sources.plan else { return Value::Null };
    let routes = &plan.solution.routes;
    let last_end = routes.iter().flat_map(|route| &route.tasks).map(|stop| stop.end).fold(0.0, f64::max);
    let days = plan.problem.horizon_days.unwrap_or(last_end).max(last_end).max(1.0);
    let x = |day: f64| LEFT + WIDTH * (day / days).clamp(0.0, 1.0);
    let by_id: std::collections::HashMap<&str, (usize, &TaskRow)> =
        tasks.iter().enumerate().map(|(row, task)| (task.id.as_str(), (row, task))).collect();
    let span = |from: f64, to: f64| json!({ "x": x(from), "width": x(to) - x(from) });
    let line = |(i, (team, route)): (usize, (&Team, &crate::plan::Route))| {
        let top = TOP + LINE * i as f64;
        let bars: Vec<Value> = route.tasks.iter().enumerate().map(|(position, stop)| {
            let (row, task) = by_id.get(stop.id.as_str()).map_or((None, None), |(row, task)| (Some(row), Some(task)));
            let width = x(stop.end) - x(stop.start);
            let number = (position + 1).to_string();
            let fits = |text: &str| text.chars().count() as f64 * LETTER + 4.0 <= width;
            let label = [stop.id.as_str(), number.as_str()].into_iter().find(|text| fits(text)).unwrap_or("");
            let written = task.and_then(|task| task.stop).map(|stop| &sources.stops.rows[stop]);
            let text = |name: &str| written.map_or("", |written| sources.stops.text(written, name));
            json!({ "row": row, "id": stop.id, "label": label, "way_x": x(stop.depart),
                    "way_width": (x(stop.start) - x(stop.depart)).max(0.0), "x": x(stop.start),
                    "width": width.max(1.5), "colour": task.map_or("none", |task| task.colour.as_str()),
                    "ink": task.map_or("#222", |task| task.ink.as_str()), "class": task.map_or(0, |task| task.class),
                    "position": number, "depart": text("depart"), "start": text("start"), "end": text("end") })
        }).collect();
        let [from, to] = team.available.unwrap_or([0.0, days]);
        let away = [(0.0, from), (to, days)].into_iter().filter(|(a, b)| b > a);
        let away: Vec<Value> = away.map(|(a, b)| span(a, b)).collect();
        let closed = team.closed.iter().filter(|[a, b]| b > a && *a < days);
        json!({ "team": team.id, "name": shortened(&team.id), "y": top, "bar_y": top + (LINE - BAR) / 2.0, "middle": top + LINE / 2.0,
                "closed": closed.map(|[a, b]| span(*a, b.min(days))).collect::<Vec<_>>(),
                "away": away, "bars": bars, "tasks": route.tasks.len() })
    };
    let n_lines = plan.problem.teams.len();
    let lines: Vec<Value> = plan.problem.teams.iter().zip(routes).enumerate().map(line).collect();
    json!({ "width": LEFT + WIDTH + 6.0, "height": TOP + LINE * n_lines as f64 + 6.0, "left": LEFT, "top": TOP,
            "line": LINE, "bar": BAR, "bottom": TOP + LINE * n_lines as f64, "lines": lines,
            "ticks": ticks(plan, days, &x), "today": today(sources, plan, days, &x) })
}

/// Quarters with their months, and years; days alone where the plan has no calendar.
fn ticks(plan: &PlanFile, days: f64, x: &dyn Fn(f64) -> f64) -> Vec<Value> {
    let Some(start) = plan.start else {
        let step = (days / 8.0).ceil().max(1.0);
        return (0..=8)
            .map(|i| f64::from(i) * step)
            .filter(|day| *day <= days)
            .map(|day| json!({ "x": x(day), "month": format!("day {day}"), "year": "", "is_year": false }))
            .collect();
    };
    // About a label every 60 units.
    let months =
        [1, 2, 3, 4, 6, 12].into_iter().find(|months| WIDTH * f64::from(*months) * 30.4 / days >= 60.0);
    let months = months.unwrap_or(12) as i8;
    let mut ticks = vec![
        json!({ "x": x(0.0), "month": name_of(start.month()), "year": start.year().to_string(), "is_year": true }),
    ];
    let mut at = start.first_of_month();
    while let Ok(next) = at.checked_add(1.month()) {
        at = next;
        let day = crate::report::plan_files::days_between(start, at);
        if day > days {
            break;
        }
        let is_year = at.month() == 1;
        if (at.month() - 1) % months == 0 && x(day) - x(0.0) > 30.0 {
            let year = if is_year { at.year().to_string() } else { String::new() };
            ticks
                .push(json!({ "x": x(day), "month": name_of(at.month()), "year": year, "is_year": is_year }));
        }
    }
    ticks
}

/// The day a plan was made anew from, or that of the run where it lies within the plan.
fn today(sources: &Sources, plan: &PlanFile, days: f64, x: &dyn Fn(f64) -> f64) -> Value {
    let replanned = plan.json["replanned"]["date"].as_str();
    let made = sources.record["started"].as_str().and_then(|time| time.get(..10));
    let (text, word) = match (replanned, made) {
        (Some(date), _) => (date, "planned anew from"),
        (None, Some(date)) => (date, "made on"),
        _ => return Value::Null,
    };
    let day = plan.start.zip(text.parse::<Date>().ok());
    match day.map(|(start, date)| crate::report::plan_files::days_between(start, date)) {
        Some(day) if (0.0..=days).contains(&day) => json!({ "x": x(day), "label": format!("{word} {text}") }),
        _ => Value::Null,
    }
}

/// A team's name as it fits before its line.
fn shortened(name: &str) -> String {
    match name.char_indices().nth(NAME_LETTERS) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    }
}

fn name_of(month: i8) -> &'static str {
    const NAMES: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    NAMES[(month - 1) as usize]
}
