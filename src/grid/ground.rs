//! Where on Earth a frame lies, and which operations carry coordinates across a datum shift there.
//!
//! Between two datums the EPSG registry often knows several operations, each derived for other ground and of other
//! accuracy. Which one is right follows from where it is used, so the frame's [`Crs`](super::Crs) carries its ground
//! with it: all reprojections of a run then take the same operation.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

#[cfg(feature = "proj")]
use glam::DVec2;

/// An operation of a registry by its code, such as `EPSG:1542`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OperationCode {
    /// The registry, `EPSG` or `ESRI`.
    pub authority: String,
    /// The number there.
    pub code: u32,
}

impl FromStr for OperationCode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (authority, code) = text.split_once(':').ok_or(())?;
        let authority = authority.trim().to_ascii_uppercase();
        let is_word = !authority.is_empty() && authority.bytes().all(|b| b.is_ascii_alphanumeric());
        let code = code.trim().parse().map_err(|_| ())?;
        if is_word { Ok(Self { authority, code }) } else { Err(()) }
    }
}

impl fmt::Display for OperationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.authority, self.code)
    }
}

/// Operations that a person chose, by the EPSG code of a CRS on the datum that each is for.
pub type ChosenOperations = BTreeMap<u32, OperationCode>;

/// A rectangle of longitude and latitude in degrees; `west` is above `east` across 180°.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Western edge.
    pub west: f64,
    /// Southern edge.
    pub south: f64,
    /// Eastern edge.
    pub east: f64,
    /// Northern edge.
    pub north: f64,
}

/// The ground a frame lies on.
#[derive(Debug, Clone, PartialEq)]
pub struct Ground {
    /// Its bounds, to a few hundred metres: they are taken on the frame's own datum. `None` where they cannot be told.
    pub bounds: Option<Bounds>,
    /// Operations that a person chose.
    pub chosen: ChosenOperations,
}

#[cfg(feature = "proj")]
impl Bounds {
    /// Area in square degrees, at least that of a point somewhat spread.
    pub(super) fn area(&self) -> f64 {
        (self.width() * (self.north - self.south)).max(1e-18)
    }

    /// The share of it that another covers, 0..1.
    pub(super) fn covered_by(&self, other: &Self) -> f64 {
        let height = self.north.min(other.north) - self.south.max(other.south);
        let (from, to) = (self.west, self.west + self.width());
        let across: f64 = [-360.0, 0.0, 360.0]
            .map(|turn| {
                let west = other.west + turn;
                (to.min(west + other.width()) - from.max(west)).max(0.0)
            })
            .iter()
            .sum();
        (across * height.max(0.0) / self.area()).min(1.0)
    }

    /// Nine points spread over it.
    pub(super) fn spread(&self) -> [DVec2; 9] {
        let size = DVec2::new(self.width(), self.north - self.south);
        std::array::from_fn(|i| {
            let part = DVec2::new((i % 3) as f64, (i / 3) as f64) / 2.0;
            let at = DVec2::new(self.west, self.south) + part * size;
            DVec2::new(if at.x > 180.0 { at.x - 360.0 } else { at.x }, at.y)
        })
    }

    /// Degrees of longitude from west to east.
    fn width(&self) -> f64 {
        let width = self.east - self.west;
        if width < 0.0 { width + 360.0 } else { width }
    }
}
