//! The cheapest way into a task, where leaving each place costs something too.

use rstar::RTree;
use rstar::primitives::GeomWithData;

use crate::plan::model::Model;

type Point = GeomWithData<[f64; 3], u32>;

/// Tasks that a way may come from, with what leaving them costs.
pub(super) struct Near<'a> {
    model: &'a Model,
    /// By what leaving them costs.
    tasks: Vec<(u32, f64)>,
    /// Where places have coordinates: the tasks by their number in the list.
    index: Option<RTree<Point>>,
}

impl<'a> Near<'a> {
    /// Of tasks, each with what leaving it costs (at least 0).
    pub(super) fn of(model: &'a Model, mut tasks: Vec<(u32, f64)>) -> Self {
        tasks.sort_unstable_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let point = |(i, &(j, _)): (u32, &(u32, f64))| {
            Some(Point::new(model.travel.coordinates(model.tasks[j as usize].place)?, i))
        };
        let points: Option<Vec<Point>> = (0..).zip(&tasks).map(point).collect();
        Self { model, tasks, index: points.map(RTree::bulk_load) }
    }

    /// The least of distance × rate + cost of leaving over all tasks but `j` itself, if less than `most`; else
    /// `most`. Distances are never overestimated.
    pub(super) fn cheapest(&self, j: u32, rate: f64, most: f64) -> f64 {
        let travel = &self.model.travel;
        let place = self.model.tasks[j as usize].place;
        let mut best = most;
        let Some(least) = self.tasks.first().map(|&(_, leave)| leave) else { return best };
        if let Some(index) = &self.index {
            let at = travel.coordinates(place).unwrap_or_default();
            for (point, square) in index.nearest_neighbor_iter_with_distance_2(&at) {
                let way = travel.at_least_apart(square) * rate;
                if way + least >= best {
                    break;
                }
                let (i, leave) = self.tasks[point.data as usize];
                if i != j {
                    best = best.min(way + leave);
                }
            }
        } else {
            for &(i, leave) in &self.tasks {
                if leave >= best {
                    break;
                }
                if i != j {
                    best = best.min(travel.exact(self.model.tasks[i as usize].place, place) * rate + leave);
                }
            }
        }
        best
    }
}
