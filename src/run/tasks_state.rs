//! Task areas as `--resume` keeps them: every number to its last bit, and the ground in the frame's own CRS.

use geo::{Coord, LineString, MultiPolygon, Polygon};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::kept::MadeTasks;
use crate::tasks::TaskArea;

/// Task areas and what was found odd about them.
#[derive(Debug, Serialize, Deserialize)]
pub struct TasksState {
    tasks: Vec<TaskState>,
    told: Vec<String>,
}

/// Rings of points, the exterior first.
type Rings = Vec<Vec<[f64; 2]>>;

#[derive(Debug, Serialize, Deserialize)]
struct TaskState {
    task_id: String,
    imsma_id: Option<String>,
    polygons: Vec<Rings>,
    rank: Option<f64>,
    class: Option<u8>,
    area_m2: f64,
    scored_share: f64,
    hazard_mean: Option<f64>,
    people_at_risk: Option<f64>,
    exposure_ha: Option<f64>,
    benefit: Option<f64>,
    cost_usd: Option<f64>,
    benefit_per_kusd: Option<f64>,
    difficulty: Option<f64>,
    rank_mean: Option<f64>,
    acceptability_mean: Option<f64>,
    contributions: Vec<(String, f64)>,
    lon: Option<f64>,
    lat: Option<f64>,
    nearest_settlement: Option<String>,
    district: Option<String>,
    attributes: Map<String, Value>,
}

impl TasksState {
    /// Of task areas just made.
    pub fn of((tasks, told): &MadeTasks) -> Self {
        Self { tasks: tasks.iter().cloned().map(TaskState::of).collect(), told: told.clone() }
    }

    /// The task areas again.
    pub fn into_tasks(self) -> MadeTasks {
        (self.tasks.into_iter().map(TaskState::into_task).collect(), self.told)
    }
}

impl TaskState {
    fn of(task: TaskArea) -> Self {
        let ring = |line: &LineString<f64>| line.coords().map(|at| [at.x, at.y]).collect();
        let rings = |polygon: &Polygon<f64>| {
            std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(ring).collect()
        };
        Self {
            polygons: task.geometry.iter().map(rings).collect(),
            task_id: task.task_id,
            imsma_id: task.imsma_id,
            rank: task.rank,
            class: task.class,
            area_m2: task.area_m2,
            scored_share: task.scored_share,
            hazard_mean: task.hazard_mean,
            people_at_risk: task.people_at_risk,
            exposure_ha: task.exposure_ha,
            benefit: task.benefit,
            cost_usd: task.cost_usd,
            benefit_per_kusd: task.benefit_per_kusd,
            difficulty: task.difficulty,
            rank_mean: task.rank_mean,
            acceptability_mean: task.acceptability_mean,
            contributions: task.contributions,
            lon: task.lon,
            lat: task.lat,
            nearest_settlement: task.nearest_settlement,
            district: task.district,
            attributes: task.attributes,
        }
    }

    fn into_task(self) -> TaskArea {
        let line =
            |ring: Vec<[f64; 2]>| ring.into_iter().map(|[x, y]| Coord { x, y }).collect::<LineString<f64>>();
        let polygon = |rings: Rings| {
            let mut lines = rings.into_iter().map(line);
            let exterior = lines.next().unwrap_or_else(|| LineString::new(Vec::new()));
            Polygon::new(exterior, lines.collect())
        };
        TaskArea {
            geometry: MultiPolygon(self.polygons.into_iter().map(polygon).collect()),
            task_id: self.task_id,
            imsma_id: self.imsma_id,
            rank: self.rank,
            class: self.class,
            area_m2: self.area_m2,
            scored_share: self.scored_share,
            hazard_mean: self.hazard_mean,
            people_at_risk: self.people_at_risk,
            exposure_ha: self.exposure_ha,
            benefit: self.benefit,
            cost_usd: self.cost_usd,
            benefit_per_kusd: self.benefit_per_kusd,
            difficulty: self.difficulty,
            rank_mean: self.rank_mean,
            acceptability_mean: self.acceptability_mean,
            contributions: self.contributions,
            lon: self.lon,
            lat: self.lat,
            nearest_settlement: self.nearest_settlement,
            district: self.district,
            attributes: self.attributes,
        }
    }
}
