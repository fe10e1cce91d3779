//! Equity floors and budget of the project, checked before anything is scored.

use super::project::{LayerSource, PlanSettings, Project, TeamSettings};
use crate::error::Fault;
use crate::tasks::{District, PolygonFeature};

/// Floors that contradict each other or name a district that is not there. Districts come from `plan.districts`, or
/// from the hazardous areas' own column `district`; `areas` is `None` for task areas that are yet to be grown.
pub fn floor_faults(
    settings: &PlanSettings,
    districts: &[District],
    areas: Option<&[PolygonFeature]>,
    file: &str,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut push = |expected: &str, found: String, fix: &str| {
        faults.push(Fault::new("plan.floor", format!("{file}: `plan.floor`"), expected, found, fix));
    };
    let sum: f64 = settings.floors.iter().map(|floor| floor.share).sum();
    if sum > 1.0 + 1e-9 {
        push("shares that are 1 or less together", sum.to_string(), "lower some of them");
    }
    let own = areas.unwrap_or_default().iter().filter_map(|area| area.attributes.get("district")?.as_str());
    let known: Vec<&str> = districts.iter().map(|district| district.name.as_str()).chain(own).collect();
    for (i, floor) in settings.floors.iter().enumerate() {
        let name = &floor.district;
        if settings.floors[..i].iter().any(|other| other.district == *name) {
            push("one floor a district", format!("{name:?} again"), "remove one");
        } else if known.is_empty() {
            let fix = "give `plan.districts`, or a column `district` of the hazardous areas";
            push("a district of the task areas", format!("{name:?}, but no districts are given"), fix);
        } else if !known.contains(&name.as_str()) {
            push(
                "a district of the task areas",
                format!("{name:?}, which none is called"),
                "correct or remove it",
            );
        }
    }
    faults
}

/// A budget that buys nothing whatever the scores say: less than the cheapest mobilisation, or nothing at all where
/// every square metre costs something. What tasks cost beyond that is known when they are scored.
pub fn idle_budget(
    project: &Project,
    settings: &PlanSettings,
    teams: &[TeamSettings],
    file: &str,
) -> Option<Fault> {
    let budget = settings.budget_usd?;
    let least = teams.iter().map(|team| team.mobilisation_usd).reduce(f64::min)?;
    let cost = project.layer("cost").map(|layer| &layer.source);
    let is_dear = matches!(cost, Some(LayerSource::Constant(cost)) if *cost > 0.0)
        && teams.iter().all(|team| team.cost_factor > 0.0);
    let expected = if budget < least {
        format!("at least the cheapest mobilisation, {least:.0} US$")
    } else if budget <= 0.0 && is_dear {
        "more than 0 US$, since every square metre costs something".to_owned()
    } else {
        return None;
    };
    let found = format!("{budget:.0} US$, which buys nothing");
    let fix = "raise `budget_usd`, or leave it out for no limit";
    Some(Fault::new("plan.budget", format!("{file}: `plan.budget_usd`"), expected, found, fix))
}
