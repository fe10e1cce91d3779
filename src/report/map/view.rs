//! From the world to pixels: an extent fitted into a box, and round lengths for the scale bar.

use geo::BoundingRect;
use glam::DVec2;

use crate::grid::{Crs, Frame};
use crate::report::facts::{Facts, PlanFacts};
use crate::report::rows::FromLonLat;
use crate::tasks::TaskArea;

/// Room around what is shown, as a share of its longer side.
const MARGIN: f64 = 0.05;

/// A rectangle in world coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    pub(super) min: DVec2,
    pub(super) max: DVec2,
}

impl Extent {
    /// The smallest around points; `None` without points.
    pub(super) fn around(points: impl IntoIterator<Item = DVec2>) -> Option<Self> {
        points.into_iter().fold(None, |extent: Option<Self>, p| {
            let extent = extent.unwrap_or(Self { min: p, max: p });
            Some(Self { min: extent.min.min(p), max: extent.max.max(p) })
        })
    }

    /// Of a frame.
    pub(super) fn of_frame(frame: &Frame) -> Self {
        let corner = |col: f64, row: f64| frame.world_from_cell.transform_point2(DVec2::new(col, row));
        let (a, b) = (corner(0.0, 0.0), corner(frame.n_cols as f64, frame.n_rows as f64));
        Self { min: a.min(b), max: a.max(b) }
    }

    /// All task areas and bases; the grid where there are none.
    pub(super) fn of_run(facts: &Facts<'_>, grid: Option<&Frame>) -> Self {
        let tasks = facts.tasks.iter().flat_map(corners);
        let way = FromLonLat::into_crs(facts.crs);
        let bases: Vec<DVec2> = facts
            .plan
            .iter()
            .flat_map(|plan| plan.teams)
            .filter_map(|team| way.as_ref()?.xy(team.base))
            .collect();
        Self::around(tasks.chain(bases)).or(grid.map(Self::of_frame)).unwrap_or_else(Self::anywhere)
    }

    /// A team's tasks and base.
    pub(super) fn of_team(facts: &Facts<'_>, plan: &PlanFacts<'_>, team_index: usize) -> Self {
        let team = &plan.problem.teams[team_index];
        let base = team.at.and_then(|at| FromLonLat::into_crs(facts.crs)?.xy(at));
        let tasks = plan
            .rows
            .iter()
            .filter(|row| row.team_id == team.id)
            .filter_map(|row| facts.task(&row.task_id))
            .flat_map(corners);
        Self::around(tasks.chain(base)).unwrap_or_else(Self::anywhere)
    }

    fn anywhere() -> Self {
        Self { min: DVec2::ZERO, max: DVec2::ONE }
    }
}

/// How the world lies on a box of pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    /// Upper left corner of the box.
    pub(super) at: DVec2,
    /// Size of the box.
    pub(super) size: DVec2,
    centre: DVec2,
    /// Pixels a unit of the CRS, y downward.
    scale: DVec2,
    /// Metres a pixel in the middle.
    pub(super) metres_per_pixel: f64,
}

impl View {
    /// An extent with a margin, as large as it fits into the box.
    pub(super) fn new(extent: Extent, crs: &Crs, at: (f64, f64), size: (f64, f64)) -> Self {
        let (at, size) = (DVec2::from(at), DVec2::from(size));
        let centre = (extent.min + extent.max) / 2.0;
        let metres = if crs.is_geographic() {
            let along = crs.metres_per_degree_east(centre.y.clamp(-85.0, 85.0));
            DVec2::new(along, crs.meridian_arc_m(1.0))
        } else {
            DVec2::splat(crs.metres_per_unit())
        };
        let span_m = (extent.max - extent.min) * metres;
        // One task alone, or one point, still has ground around it.
        let span_m = (span_m + DVec2::splat(2.0 * MARGIN * span_m.max_element())).max(DVec2::splat(500.0));
        let metres_per_pixel = (span_m / size).max_element();
        Self { at, size, centre, scale: metres / metres_per_pixel, metres_per_pixel }
    }

    /// Pixels of a place.
    pub(super) fn pixel(&self, world: DVec2) -> DVec2 {
        let from_centre = (world - self.centre) * self.scale;
        self.at + self.size / 2.0 + DVec2::new(from_centre.x, -from_centre.y)
    }

    /// Whether pixels lie in the box.
    pub(super) fn shows(&self, pixel: DVec2) -> bool {
        let inside = pixel - self.at;
        inside.cmpge(DVec2::ZERO).all() && inside.cmple(self.size).all()
    }

    /// A round length of about a fifth of the width: metres, and pixels.
    pub(super) fn scale_bar(&self) -> (f64, f64) {
        let wanted_m = self.size.x / 5.0 * self.metres_per_pixel;
        let power = 10_f64.powf(wanted_m.log10().floor());
        let round = [5.0, 2.0, 1.0].into_iter().find(|n| n * power <= wanted_m).unwrap_or(1.0) * power;
        (round, round / self.metres_per_pixel)
    }
}

fn corners(task: &TaskArea) -> impl Iterator<Item = DVec2> + use<> {
    let bounds = task.geometry.bounding_rect();
    bounds.into_iter().flat_map(|b| [DVec2::new(b.min().x, b.min().y), DVec2::new(b.max().x, b.max().y)])
}
