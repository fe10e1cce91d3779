//! What files beyond the tables are written from: the results of a run, borrowed.

use std::path::Path;

use jiff::civil::Date;

use super::plan_files::PlanRow;
use crate::grid::Crs;
use crate::plan::{Problem, Solution};
use crate::tasks::{Settlement, TaskArea};

/// The results of a run with task areas.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Name of the project.
    pub project: &'a str,
    /// Day the run was begun, as a person reads it.
    pub made_on: &'a str,
    /// The task areas.
    pub tasks: &'a [TaskArea],
    /// CRS of their geometry.
    pub crs: &'a Crs,
    /// How they were scored; `None` for tasks of an earlier run, whose recipe may have been another.
    pub scoring: Option<&'a Scoring>,
    /// `priority.tif`, where the run has scored.
    pub priority: Option<&'a Path>,
    /// Named settlements.
    pub settlements: &'a [Settlement],
    /// The plan, where one was made.
    pub plan: Option<PlanFacts<'a>>,
    /// What a person should know.
    pub warnings: &'a [String],
}

/// How benefit and rank come about, as far as they can be worked out again from a task's own numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Scoring {
    /// Names and weights of the criteria as given.
    pub criteria: Vec<(String, f64)>,
    /// Whether benefit is a sum of weighted parts (`risk`, `sum`), so that other weights can be tried.
    pub is_linear: bool,
    /// Whether tasks rank by mean benefit and not by benefit per cost.
    pub by_benefit: bool,
    /// Upper limits of the classes, in per cent from the top.
    pub class_percents: Vec<f64>,
}

impl Scoring {
    /// Names of the criteria.
    pub fn names(&self) -> Vec<String> {
        self.criteria.iter().map(|(name, _)| name.clone()).collect()
    }
}

/// The plan.
#[derive(Debug, Clone, Copy)]
pub struct PlanFacts<'a> {
    /// As solved.
    pub problem: &'a Problem,
    /// The solution.
    pub solution: &'a Solution,
    /// The rows of `plan.csv`.
    pub rows: &'a [PlanRow],
    /// Day 0.
    pub start: Date,
    /// Unit of the objective.
    pub unit: &'a str,
    /// The teams as people know them, those without a task included.
    pub teams: &'a [TeamFacts],
}

/// A team as people know it.
#[derive(Debug, Clone, PartialEq)]
pub struct TeamFacts {
    /// Its id.
    pub team_id: String,
    /// What people call it.
    pub name: String,
    /// Kind of asset.
    pub asset_type: String,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// Longitude and latitude of its base.
    pub base: [f64; 2],
    /// Ground worked in a working day, m².
    pub rate_m2_per_day: f64,
    /// When it does not work, in words; empty for never.
    pub closed: String,
}

impl<'a> Facts<'a> {
    /// Names of the criteria, empty where the recipe is not known.
    pub fn criteria(&self) -> Vec<String> {
        self.scoring.map(Scoring::names).unwrap_or_default()
    }

    /// Number of classes: that of the recipe, or the highest there is.
    pub fn n_classes(&self) -> u8 {
        let highest = self.tasks.iter().filter_map(|task| task.class).max().unwrap_or(1);
        let asked = self.scoring.map_or(0, |scoring| scoring.class_percents.len() + 1);
        highest.max(u8::try_from(asked).unwrap_or(u8::MAX))
    }

    /// The task with an id.
    pub fn task(&self, id: &str) -> Option<&'a TaskArea> {
        self.tasks.iter().find(|task| task.task_id == id)
    }

    /// What is not known about the tasks, in sentences for a person.
    pub fn unknowns(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let n = self.tasks.len();
        let unscored = self.tasks.iter().filter(|task| task.scored_share == 0.0).count();
        let partly = self.tasks.iter().filter(|t| t.scored_share > 0.0 && t.scored_share < 1.0).count();
        if unscored > 0 {
            notes.push(format!(
                "{unscored} of {n} task areas touch no scored cell: nothing is known of their worth and cost. \
                 Their numbers are empty, which does not mean zero."
            ));
        }
        if partly > 0 {
            notes.push(format!(
                "{partly} of {n} task areas lie partly on ground without data: their sums leave that part out \
                 (column scored_share)."
            ));
        }
        notes.extend(self.warnings.iter().cloned());
        notes
    }
}

/// The sentence that stands on everything that can be printed.
pub const CAUTION: &str = "Made for planning. A low rank, a low class or an empty place on a map says nothing about \
    whether people may go there: ground without data is not scored, and what is scored is an estimate.";
