//! What is said of a layer: name, unit, scale, nodata, resampling.

use std::path::PathBuf;

/// What a layer's numbers count, after `scale` and `offset`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Unit {
    /// A share or probability, 0..1.
    #[default]
    Share,
    /// People living in the cell.
    PeoplePerCell,
    /// People per square kilometre; brought to people per cell.
    PeoplePerKm2,
    /// US$ per square metre; brought to US$ per cell.
    UsdPerM2,
    /// US$ for the whole cell.
    UsdPerCell,
    /// Anything else, kept as it is.
    Other(String),
}

impl Unit {
    /// The unit of a key in a project file: `share`, `people_per_cell`, `people_per_km2`, `usd_per_m2`,
    /// `usd_per_cell`; anything else is [`Unit::Other`].
    pub fn from_key(key: &str) -> Self {
        match key {
            "share" => Self::Share,
            "people_per_cell" => Self::PeoplePerCell,
            "people_per_km2" => Self::PeoplePerKm2,
            "usd_per_m2" => Self::UsdPerM2,
            "usd_per_cell" => Self::UsdPerCell,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The key in a project file.
    pub fn key(&self) -> &str {
        match self {
            Self::Share => "share",
            Self::PeoplePerCell => "people_per_cell",
            Self::PeoplePerKm2 => "people_per_km2",
            Self::UsdPerM2 => "usd_per_m2",
            Self::UsdPerCell => "usd_per_cell",
            Self::Other(key) => key,
        }
    }

    /// Whether numbers are amounts per cell, whose total must not change with the cell size.
    pub fn is_per_cell(&self) -> bool {
        matches!(self, Self::PeoplePerCell | Self::UsdPerCell)
    }
}

/// How cells of another size become cells of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resampling {
    /// The cell under the centre: classes.
    Nearest,
    /// Between the four nearest centres, weighted over the known ones; unknown where the nearest is.
    Bilinear,
    /// Mean of the known cells by covered area: finer to coarser.
    Average,
    /// The value that covers most of the cell, by area among the known ones: classes, finer to coarser.
    Mode,
    /// Amounts split by area: the total is kept.
    Sum,
}

impl Resampling {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Nearest, Self::Bilinear, Self::Average, Self::Mode, Self::Sum];

    /// The way of a key in a project file, `None` for an unknown one.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.key() == key)
    }

    /// The key in a project file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Bilinear => "bilinear",
            Self::Average => "average",
            Self::Mode => "mode",
            Self::Sum => "sum",
        }
    }
}

/// What is said of a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerSpec {
    /// Its name, the key under `[layers]`.
    pub name: String,
    /// What its numbers count.
    pub unit: Unit,
    /// Factor on the numbers as read.
    pub scale: f64,
    /// Added after `scale`.
    pub offset: f64,
    /// A number as read (before `scale`) that means unknown, beside what the source itself says.
    pub nodata: Option<f64>,
    /// How other cells are brought onto the frame.
    pub resampling: Option<Resampling>,
    /// The file behind the layer, for commands in advice.
    pub file: Option<LayerFile>,
}

/// What a command needs to know of a layer's file.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerFile {
    /// Where it lies.
    pub path: PathBuf,
    /// The number that marks unknown cells in place of the file's own.
    pub nodata: Option<f64>,
}

impl LayerSpec {
    /// A layer with scale 1, offset 0 and no resampling.
    pub fn new(name: impl Into<String>, unit: Unit) -> Self {
        Self { name: name.into(), unit, scale: 1.0, offset: 0.0, nodata: None, resampling: None, file: None }
    }
}
