//! Ground that is too much for one team, cut into parcels that several teams can work side by side.
//!
//! The cells that a polygon touches are cut into compact connected parts that hold about equal shares of its ground
//! ([`super::split`]); a parcel is the polygon's ground on the cells of one part. So the parcels of a polygon share no
//! ground and leave none out. Polygons of one task that are small enough together stay one parcel.

use geo::{BooleanOps, MultiPolygon, Orient, Polygon, orient::Direction};

use super::coverage::{Coverage, area_m2};
use super::outline::outline;
use super::split::{Piece, Sizes, split};
use super::{Finding, PolygonFeature, TaskArea};
use crate::grid::Frame;

/// The column that names the task a parcel was cut from.
pub const PARCEL_OF: &str = "parcel_of";

/// Parcels may be so much larger than asked for: cuts follow the cells.
const ROOM: f64 = 1.05;

/// A parcel holds at least so many cells: smaller ones would be the grid's shape, not the ground's.
const LEAST_CELLS: f64 = 4.0;

/// How often a cut is tried again with one part more when a part comes out too large.
const MOST_TRIES: usize = 8;

/// The tasks as polygons, those larger than `limit_m2` says as their parcels (`T12/1`, `T12/2`, …, each with the column
/// [`PARCEL_OF`]), and what was cut; none where nothing is too large. `limit_m2` is `None` for a task of any size.
pub fn cut_into_parcels(
    tasks: &[TaskArea],
    frame: &Frame,
    limit_m2: &dyn Fn(&TaskArea) -> Option<f64>,
) -> (Option<Vec<PolygonFeature>>, Vec<Finding>) {
    let mut features = Vec::with_capacity(tasks.len());
    let mut findings = Vec::new();
    let mut n_cut = 0;
    for task in tasks {
        let limit = limit_m2(task).filter(|limit| task.area_m2 > *limit);
        let grounds = match limit.map(|limit| (limit, parcels(&task.geometry, frame, limit))) {
            None => vec![task.geometry.clone()],
            Some((limit, Some(grounds))) => {
                let text = format!(
                    "is cut into {} parcels ({:.1} ha, more than {:.1} ha, what one team should do alone)",
                    grounds.len(),
                    task.area_m2 / 1e4,
                    limit / 1e4
                );
                findings.push(Finding::about("task.parcels", &task.task_id, text));
                grounds
            }
            Some((_, None)) => {
                let why = "is more than one team should do alone, but is not cut: it lies partly outside the grid, or \
                           the cells are too coarse";
                findings.push(Finding::about("task.not_cut", &task.task_id, why.to_owned()));
                vec![task.geometry.clone()]
            }
        };
        let is_cut = grounds.len() > 1;
        n_cut += usize::from(is_cut);
        for (i, ground) in grounds.into_iter().enumerate() {
            let mut attributes = task.attributes.clone();
            let mut id = task.task_id.clone();
            if is_cut {
                id = format!("{id}/{}", i + 1);
                attributes.insert(PARCEL_OF.to_owned(), task.task_id.clone().into());
            }
            features.push(PolygonFeature {
                place: format!("task {id}"),
                id,
                imsma_id: task.imsma_id.clone(),
                geometry: Some(ground.into()),
                attributes,
            });
        }
    }
    ((n_cut > 0).then_some(features), findings)
}

/// The parcels of a ground; none where it cannot be cut.
fn parcels(ground: &MultiPolygon<f64>, frame: &Frame, limit_m2: f64) -> Option<Vec<MultiPolygon<f64>>> {
    let mut parcels: Vec<(f64, MultiPolygon<f64>)> = Vec::new();
    for polygon in ground {
        let whole = MultiPolygon::new(vec![polygon.clone()]);
        let area = area_m2(&whole, &frame.crs);
        let cut = if area > limit_m2 { cut(polygon, area, frame, limit_m2)? } else { vec![(area, whole)] };
        for (area, part) in cut {
            // Small polygons of one task lie together in a parcel.
            match parcels.last_mut() {
                Some((sum, last)) if *sum + area <= limit_m2 => {
                    *sum += area;
                    last.0.extend(part);
                }
                _ => parcels.push((area, part)),
            }
        }
    }
    (parcels.len() > 1).then(|| parcels.into_iter().map(|(_, part)| part).collect())
}

/// One polygon cut into parts of about equal ground, none above the limit by more than the cells ask for.
fn cut(
    polygon: &Polygon<f64>,
    area: f64,
    frame: &Frame,
    limit_m2: f64,
) -> Option<Vec<(f64, MultiPolygon<f64>)>> {
    let whole = MultiPolygon::new(vec![polygon.clone()]);
    let coverage = Coverage::of(&whole, frame);
    let mut piece = Piece::default();
    let (mut covered_m2, mut largest_m2) = (0.0, 0.0_f64);
    for row in coverage.rows() {
        let cell_m2 = frame.cell_area_m2(row as i64);
        for span in coverage.row(row) {
            for col in span.col..span.end_col {
                piece.push(row as u32, col, (span.share * cell_m2) as f32);
                covered_m2 += span.share * cell_m2;
                largest_m2 = largest_m2.max(cell_m2);
            }
        }
    }
    if covered_m2 < 0.999 * area || limit_m2 < LEAST_CELLS * largest_m2 {
        return None;
    }
    let cells_m2 = piece.area_m2(&Sizes::new(frame, f64::INFINITY));
    let n_least = (covered_m2 / limit_m2).ceil();
    for more in 0..MOST_TRIES {
        // Parts are even in ground; cells at the border count with what the polygon has of them.
        let sizes = Sizes::new(frame, ROOM * cells_m2 / (n_least + more as f64));
        let parts = split(piece.clone(), &sizes);
        let largest = parts.iter().map(Piece::cost_usd).fold(0.0, f64::max);
        if largest > ROOM * limit_m2 && more + 1 < MOST_TRIES {
            continue;
        }
        let ground = |part: &Piece| {
            let ground = whole.intersection(&outline(&part.runs(), frame)).orient(Direction::Default);
            (area_m2(&ground, &frame.crs), ground)
        };
        return Some(parts.iter().map(ground).filter(|(area, _)| *area > 0.0).collect());
    }
    None
}
