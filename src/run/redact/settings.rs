//! The settings of a project in numbers and fixed words: criteria are numbered, files and names left out.

use serde_json::{Map, Value, json};

use super::super::project::{PlanSettings, Project, TaskSource, WorthColumn};
use crate::plan::Objective;
use crate::score::{Benefit, Kernel, PriorityBy, Source, Value as ValueFunction};

/// Options of the command line that hold no text of a person's own.
const OPTIONS: [&str; 6] = ["backend", "compress", "memory_bytes", "threads", "seconds", "iterations"];

/// What of a project's settings can be told.
pub fn settings(project: &Project) -> Value {
    let recipe = &project.score.recipe;
    let criteria: Vec<Value> = (1..)
        .zip(&recipe.criteria)
        .map(|(number, criterion): (u64, _)| {
            let source = match criterion.source {
                Source::Exposure => "exposure",
                Source::Layer(_) => "a layer",
            };
            json!({ "name": format!("criterion {number}"), "weight": criterion.weight, "layer": source,
                    "value": form(&criterion.value) })
        })
        .collect();
    let robustness = recipe.robustness.as_ref().map(|robustness| {
        json!({ "samples": robustness.n_samples, "top_percent": robustness.top_percent,
                "cost_sigma": robustness.cost_sigma, "correlated": robustness.correlated })
    });
    let exposure = match recipe.kernel {
        Kernel::Gaussian { sigma_m } => json!({ "kernel": "gaussian", "sigma_m": sigma_m }),
        Kernel::Exponential { lambda_m } => json!({ "kernel": "exponential", "lambda_m": lambda_m }),
        Kernel::Disc { radius_m } => json!({ "kernel": "disc", "radius_m": radius_m }),
        Kernel::None => json!({ "kernel": "none" }),
    };
    json!({
        "benefit": match recipe.benefit {
            Benefit::Risk => "risk",
            Benefit::Sum => "sum",
            Benefit::Product => "product",
            Benefit::Ordered => "ordered",
        },
        "priority_by": match recipe.priority_by {
            PriorityBy::BenefitPerCost => "benefit_per_cost",
            PriorityBy::Benefit => "benefit",
        },
        "classes": recipe.class_percents,
        "exposure": exposure,
        "criteria": criteria,
        "gates": recipe.gates.len(),
        "robustness": robustness,
        "tasks": project.tasks.as_ref().map(|tasks| match &tasks.source {
            TaskSource::Polygons { .. } => json!({ "from": "polygons" }),
            TaskSource::Grown { min_rank, min_area_m2, max_area_m2 } => json!({
                "from": "ground of high rank", "min_rank": min_rank, "min_area_m2": min_area_m2,
                "max_area_m2": max_area_m2 }),
        }),
        "plan": project.plan.as_ref().map(plan),
    })
}

fn plan(plan: &PlanSettings) -> Value {
    json!({
        "years": plan.years,
        "discount": plan.discount,
        "budget_usd": plan.budget_usd,
        "objective": match plan.objective {
            Objective::Discounted => "discounted",
            Objective::Collect => "collect",
            Objective::Decay => "decay",
            Objective::Completion => "completion",
        },
        "worth": match plan.worth {
            WorthColumn::ExposureHa => "exposure_ha",
            WorthColumn::Benefit => "benefit",
            WorthColumn::Attribute(_) => "a column of the task areas",
        },
        "detour": plan.detour,
        "locked": plan.locks.len(),
        "after": plan.after.len(),
        "floors": plan.floors.len(),
    })
}

fn form(value: &ValueFunction) -> &'static str {
    match value {
        ValueFunction::Linear { .. } => "linear",
        ValueFunction::Log { .. } => "log",
        ValueFunction::Sigmoid { .. } => "sigmoid",
        ValueFunction::Steps(_) => "steps",
        ValueFunction::Classes(_) => "classes",
        ValueFunction::Quantile => "quantile",
    }
}

/// Those of a record's options that hold no text of a person's own.
pub fn options_for_record(options: &Map<String, Value>) -> Value {
    let entries =
        OPTIONS.iter().map(|key| ((*key).to_owned(), options.get(*key).cloned().unwrap_or_default()));
    Value::Object(entries.collect())
}
