//! Presets: the character of a made-up region. All numbers are estimates [E] chosen so that the region looks
//! like one; lengths in metres.

/// The kinds of region that can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Preset {
    /// A district of valleys and ridges, UTM, 30 m cells, tasks from hazardous-area polygons.
    Hillside,
    /// Farmland between two trench lines, longitude and latitude, 1″ cells, tasks grown from the grid.
    Plain,
    /// Many districts, settlements and teams, UTM, 100 m cells, tasks from hazardous-area polygons.
    Nation,
}

impl Preset {
    /// All presets, in the order they are listed to people.
    pub const ALL: [Self; 3] = [Self::Hillside, Self::Plain, Self::Nation];

    /// The name a person types.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hillside => "hillside",
            Self::Plain => "plain",
            Self::Nation => "nation",
        }
    }

    /// The preset of a name, `None` when there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// The most cells a side: further out the projection of the preset means nothing.
    pub fn max_size(self) -> usize {
        match self {
            Self::Hillside | Self::Plain => 65_536,
            Self::Nation => 32_768,
        }
    }

    /// What the region is made from.
    pub(crate) fn character(self) -> Character {
        match self {
            Self::Hillside => Character {
                epsg: 32626,
                lon_deg: -27.0,
                lat_deg: 46.0,
                cell_size: 30.0,
                relief_m: 420.0,
                wavelength_m: 5_200.0,
                octaves: 7,
                ridged: 0.75,
                water_share: 0.03,
                has_border: true,
                farmed: 0.0,
                n_settlements: 20.0,
                smallest_people: 60.0,
                core_m: 14.0,
                front_lines: 2,
                belt_m: 75.0,
                area_ha: 4.4,
                n_districts: 4,
                n_teams: (6, 10),
                years: 3,
            },
            Self::Plain => Character {
                epsg: 4326,
                lon_deg: -32.0,
                lat_deg: 47.0,
                cell_size: 1.0 / 3600.0,
                relief_m: 45.0,
                wavelength_m: 4_500.0,
                octaves: 6,
                ridged: 0.0,
                water_share: 0.02,
                has_border: false,
                farmed: 0.3,
                n_settlements: 22.0,
                smallest_people: 50.0,
                core_m: 15.0,
                front_lines: 2,
                belt_m: 60.0,
                area_ha: 5.0,
                n_districts: 3,
                n_teams: (4, 8),
                years: 2,
            },
            Self::Nation => Character {
                epsg: 32625,
                lon_deg: -33.0,
                lat_deg: 48.0,
                cell_size: 100.0,
                relief_m: 2_000.0,
                wavelength_m: 24_000.0,
                octaves: 8,
                ridged: 0.6,
                water_share: 0.025,
                has_border: true,
                farmed: 0.1,
                n_settlements: 45.0,
                smallest_people: 180.0,
                core_m: 16.0,
                front_lines: 2,
                belt_m: 170.0,
                area_ha: 9.0,
                n_districts: 14,
                n_teams: (40, 60),
                years: 5,
            },
        }
    }
}

/// What a preset's region is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Character {
    /// Coordinate reference system. All presets have their middle in the open North Atlantic, far from any
    /// land, so that nobody can take the region for a real one; the largest frames reach over coasts, of which
    /// they show nothing.
    pub epsg: u32,
    /// Longitude of the middle of the frame; of a UTM zone's middle meridian.
    pub lon_deg: f64,
    /// Latitude of the middle of the frame.
    pub lat_deg: f64,
    /// Side of a cell, in the unit of the CRS.
    pub cell_size: f64,
    /// Height from valley floor to ridge.
    pub relief_m: f64,
    /// Length of the largest hills.
    pub wavelength_m: f64,
    /// Halvings of the hills down to the smallest.
    pub octaves: u32,
    /// 0: rolling, 1: sharp ridges and wide valleys.
    pub ridged: f64,
    /// Share of the region under lakes.
    pub water_share: f64,
    /// Whether one side lies beyond a border, where nothing is recorded.
    pub has_border: bool,
    /// How much of the open land is under crops: 0 only near settlements, 0.3 most that is flat.
    pub farmed: f64,
    /// Settlements in a frame of 256 cells a side.
    pub n_settlements: f64,
    /// People in the smallest settlements.
    pub smallest_people: f64,
    /// Radius of a settlement's core is this times the square root of its people.
    pub core_m: f64,
    /// Lines of defence along the former front.
    pub front_lines: usize,
    /// Half width of a belt.
    pub belt_m: f64,
    /// Median size of a hazardous area. Bosnia: 4.4 (domain.md §6).
    pub area_ha: f64,
    /// Districts in a frame of 256 cells a side.
    pub n_districts: usize,
    /// Fewest and most teams.
    pub n_teams: (usize, usize),
    /// Years planned.
    pub years: u32,
}
