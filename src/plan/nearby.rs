//! Which tasks lie near a place: neighbour lists for the search, and a shrinking index for construction.

use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::model::Model;

type Point = GeomWithData<[f64; 3], u32>;

/// Up to this many tasks the lists are made by looking at all pairs.
const ALL_PAIRS: usize = 2_000;

/// For every task its nearest tasks, nearest first. Empty lists where there are no distances.
#[derive(Debug, Clone)]
pub(crate) struct Neighbours {
    lists: Vec<Box<[u32]>>,
}

impl Neighbours {
    /// The `count` nearest of every task.
    pub(crate) fn of(model: &Model, count: usize) -> Self {
        let n = model.tasks.len();
        let count = count.min(n.saturating_sub(1));
        let has_distances = !matches!(model.travel, super::travel::Travel::None(_));
        let lists = if !has_distances || count == 0 {
            vec![Box::default(); n]
        } else if n > ALL_PAIRS && model.travel.coordinates(0).is_some() {
            let index = Index::of(model, &|_| true);
            (0..n)
                .map(|j| {
                    let near = index.nearest(model, model.tasks[j].place);
                    near.filter(|&i| i != j as u32).take(count).collect()
                })
                .collect()
        } else {
            (0..n).map(|j| by_distance(model, j, count)).collect()
        };
        Self { lists }
    }

    /// The tasks near one, nearest first.
    pub(crate) fn of_task(&self, j: u32) -> &[u32] {
        &self.lists[j as usize]
    }
}

fn by_distance(model: &Model, j: usize, count: usize) -> Box<[u32]> {
    let travel = &model.travel;
    let place = model.tasks[j].place;
    let key = |i: u32| {
        let other = model.tasks[i as usize].place;
        travel.quick(place, other) + travel.quick(other, place)
    };
    let mut others: Vec<(f64, u32)> =
        (0..model.tasks.len() as u32).filter(|&i| i as usize != j).map(|i| (key(i), i)).collect();
    let order = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if count < others.len() {
        others.select_nth_unstable_by(count, order);
        others.truncate(count);
    }
    others.sort_unstable_by(order);
    others.into_iter().map(|(_, i)| i).collect()
}

/// Tasks in space, from which the ones that are done are taken out.
pub(crate) struct Index(RTree<Point>);

impl Index {
    /// The tasks that pass, where places have coordinates; empty otherwise.
    pub(crate) fn of(model: &Model, passes: &dyn Fn(usize) -> bool) -> Self {
        let point = |j: usize| {
            let at = model.travel.coordinates(model.tasks[j].place)?;
            Some(Point::new(at, j as u32))
        };
        let points = (0..model.tasks.len()).filter(|&j| passes(j)).filter_map(point).collect();
        Self(RTree::bulk_load(points))
    }

    /// Takes a task out.
    pub(crate) fn remove(&mut self, model: &Model, j: u32) {
        if let Some(at) = model.travel.coordinates(model.tasks[j as usize].place) {
            self.0.remove(&Point::new(at, j));
        }
    }

    /// Puts a task in.
    pub(crate) fn insert(&mut self, model: &Model, j: u32) {
        if let Some(at) = model.travel.coordinates(model.tasks[j as usize].place) {
            self.0.insert(Point::new(at, j));
        }
    }

    /// Tasks from the nearest on.
    pub(crate) fn nearest<'a>(&'a self, model: &Model, place: usize) -> impl Iterator<Item = u32> + 'a {
        let at = model.travel.coordinates(place).unwrap_or_default();
        self.0.nearest_neighbor_iter(&at).map(|point| point.data)
    }
}
