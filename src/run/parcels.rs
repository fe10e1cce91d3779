//! Task areas larger than one team should do alone, cut into parcels before they are planned.

use super::problem::needs_of;
use super::project::TeamSettings;
use crate::tasks::TaskArea;

/// The ground, m², that the fastest team which can do a task works in so many working days (setup and travel apart);
/// none where no team can do it.
pub fn ground_of_days(task: &TaskArea, teams: &[TeamSettings], max_team_days: f64) -> Option<f64> {
    let needs = needs_of(task);
    let can = |team: &&TeamSettings| needs.iter().all(|need| team.capabilities.contains(need));
    let rate = teams.iter().filter(can).map(|team| team.rate_m2_per_day).reduce(f64::max)?;
    Some(rate * max_team_days / task.difficulty.unwrap_or(1.0))
}
