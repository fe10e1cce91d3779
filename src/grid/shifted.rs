//! Coordinates across a datum shift, through PROJ (feature `proj`).
//!
//! PROJ is reached through GDAL's spatial references (crate `gdal`), the one binding to it that fits here: crate `proj`
//! 0.28 to 0.31 asks for PROJ 9.4 to 9.6.2, which Debian 12 (9.1.1) and Ubuntu 24.04 (9.4.0) do not have, or builds its own
//! for minutes and then needs a `proj.db` of just that version at run time; and it links another SQLite than `rusqlite`
//! does, which Cargo refuses. Prebuilt bindings to GDAL 3.4 and later build in seconds and use the system's PROJ with its
//! database and grids.
//!
//! Left to itself PROJ picks an operation point by point, and where none covers a point it leaves the shift out without
//! a word: `gdalwarp` moves the ground of Cambodia (EPSG:3148) by 420 m. So the operation is chosen beforehand
//! ([`super::operations`]), once for all the ground of a run, and PROJ is told its code: first out of the projection to
//! degrees on its own datum, then the operation, or two by way of WGS 84, then into the other projection. x is
//! always east or longitude, y north or latitude.
//!
//! GDAL's objects belong to one thread: each thread makes its own on first use, from the same codes, so that all get
//! the same bits.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use gdal::spatial_ref::{AxisMappingStrategy, CoordTransform, CoordTransformOptions, SpatialRef};
use glam::DVec2;

use super::operations::{self, Step, Steps};
use super::quiet::quiet_gdal;
use super::reprojection::distance;
use super::{Bounds, Crs};
use crate::error::{Fault, Result};

/// A point that comes back further off than this lies where a projection has no value, m. PROJ turns a shift with
/// rotations round by its own formula, which is off by up to a few centimetres.
const RETURNS_WITHIN_M: f64 = 1.0;
const METRES_PER_DEGREE: f64 = 111_320.0;
/// Chains kept by a thread.
const MOST_CHAINS: usize = 64;

/// The way across a datum shift.
pub(super) struct Shifted {
    number: u64,
    legs: Vec<Leg>,
    from: Side,
    to: Side,
    description: String,
}

struct Side {
    is_degrees: bool,
    /// In the CRS's unit.
    tolerance: f64,
}

/// One step: from and to by EPSG code, and the operation where it is not a projection alone.
#[derive(Debug, Clone)]
struct Leg {
    from: u32,
    to: u32,
    operation: Option<(String, bool)>,
}

/// A thread's own transformations, there and back.
struct Chain {
    there: Vec<CoordTransform>,
    back: Vec<CoordTransform>,
}

static NUMBERS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static CHAINS: RefCell<HashMap<u64, Option<Rc<Chain>>>> = RefCell::default();
}

impl Shifted {
    /// Chooses the operation and sees that PROJ can carry it out; `place` names what is to be brought across.
    pub(super) fn new(from: &Crs, to: &Crs, place: &str) -> Result<Self> {
        quiet_gdal();
        refuse_network(place)?;
        // PROJ opens a grid only when it meets the first point, and a grid may end before the ground does.
        let can_do = |step: &Step, ground: &Bounds| -> bool {
            let transform = transform(&Leg::of(step)).map(|transform| vec![transform]);
            transform
                .is_ok_and(|transform| ground.spread().iter().all(|at| carried(&transform, *at).is_some()))
        };
        let Steps { from_base, to_base, steps, description } = operations::between(from, to, place, &can_do)?;
        let mut legs = Vec::new();
        if from.epsg() != from_base {
            legs.push(Leg { from: from.epsg(), to: from_base, operation: None });
        }
        legs.extend(steps.iter().map(Leg::of));
        if to.epsg() != to_base {
            legs.push(Leg { from: to_base, to: to.epsg(), operation: None });
        }
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let shifted = Self { number, legs, from: Side::of(from), to: Side::of(to), description };
        Chain::of(&shifted.legs).map_err(|error| {
            let fix = "warp it to WGS 84 first, `gdalwarp -t_srs EPSG:4326` or `ogr2ogr -t_srs EPSG:4326`";
            let expected = format!("a way from {from} to {to}");
            Fault::new("crs.operation", place, expected, format!("PROJ cannot carry it out ({error})"), fix)
        })?;
        Ok(shifted)
    }

    /// Which operations, how accurate, and for what ground.
    pub(super) fn description(&self) -> String {
        self.description.clone()
    }

    /// A point, `None` where a projection or the operation has no value for it.
    pub(super) fn point(&self, point: DVec2, is_back: bool) -> Option<DVec2> {
        let side = if is_back { &self.to } else { &self.from };
        if !point.is_finite() || side.is_degrees && point.y.abs() > 90.0 {
            return None;
        }
        let chain = self.chain()?;
        let (there, back) = if is_back { (&chain.back, &chain.there) } else { (&chain.there, &chain.back) };
        let out = carried(there, point)?;
        let again = carried(back, out)?;
        (distance(point, again, side.is_degrees) <= side.tolerance).then_some(out)
    }

    /// This thread's chain.
    fn chain(&self) -> Option<Rc<Chain>> {
        CHAINS.with_borrow_mut(|chains| {
            if chains.len() >= MOST_CHAINS && !chains.contains_key(&self.number) {
                chains.clear();
            }
            chains.entry(self.number).or_insert_with(|| Chain::of(&self.legs).ok().map(Rc::new)).clone()
        })
    }
}

impl Side {
    fn of(crs: &Crs) -> Self {
        let metres = if crs.is_geographic() { METRES_PER_DEGREE } else { crs.metres_per_unit() };
        Self { is_degrees: crs.is_geographic(), tolerance: RETURNS_WITHIN_M / metres }
    }
}

impl Leg {
    fn of(step: &Step) -> Self {
        Self { from: step.from, to: step.to, operation: Some((step.code.to_string(), step.is_reversed)) }
    }

    fn reversed(&self) -> Self {
        let operation = self.operation.clone().map(|(code, is_reversed)| (code, !is_reversed));
        Self { from: self.to, to: self.from, operation }
    }
}

impl Chain {
    fn of(legs: &[Leg]) -> gdal::errors::Result<Self> {
        let there = legs.iter().map(transform).collect::<gdal::errors::Result<_>>()?;
        let back =
            legs.iter().rev().map(|leg| transform(&leg.reversed())).collect::<gdal::errors::Result<_>>()?;
        Ok(Self { there, back })
    }
}

fn transform(leg: &Leg) -> gdal::errors::Result<CoordTransform> {
    let side = |code: u32| -> gdal::errors::Result<SpatialRef> {
        let mut side = SpatialRef::from_epsg(code)?;
        side.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
        Ok(side)
    };
    let mut options = CoordTransformOptions::new()?;
    options.set_ballpark_allowed(false)?;
    if let Some((code, is_reversed)) = &leg.operation {
        let (authority, number) = code.split_once(':').unwrap_or(("EPSG", code));
        options.set_coordinate_operation(
            &format!("urn:ogc:def:coordinateOperation:{authority}::{number}"),
            *is_reversed,
        )?;
    }
    CoordTransform::new_with_options(&side(leg.from)?, &side(leg.to)?, &options)
}

fn carried(transforms: &[CoordTransform], point: DVec2) -> Option<DVec2> {
    let (mut x, mut y) = ([point.x], [point.y]);
    for transform in transforms {
        transform.transform_coords(&mut x, &mut y, &mut []).ok()?;
        // A failed point comes back as infinity, which the next step must not see.
        if !x[0].is_finite() || !y[0].is_finite() {
            return None;
        }
    }
    Some(DVec2::new(x[0], y[0]))
}

/// PROJ would fetch grids by itself, and the result would depend on what it gets.
fn refuse_network(place: &str) -> Result<()> {
    let setting = std::env::var("PROJ_NETWORK").unwrap_or_default();
    if ["ON", "YES", "TRUE", "1"].iter().any(|word| setting.eq_ignore_ascii_case(word)) {
        let fix =
            "unset it, and install the grids that are needed (`proj-data`, or `projsync --source-id …`)";
        let expected = "PROJ without a network";
        return Err(Fault::new("crs.network", place, expected, format!("PROJ_NETWORK={setting}"), fix).into());
    }
    Ok(())
}
