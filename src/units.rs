//! Units: the few conversions everything else uses, in one place.
//!
//! Lengths are metres, areas square metres, money US dollars, times days unless a name says otherwise:
//! suffixes (`_m`, `_m2`, `_usd`, `_days`) carry the unit in code, shaders, TOML keys and CSV columns alike.

/// Square metres in a hectare.
pub const M2_PER_HECTARE: f64 = 10_000.0;

/// Square metres in a square kilometre, for people given as a density.
pub const M2_PER_KM2: f64 = 1_000_000.0;

/// Metres in a kilometre.
pub const M_PER_KM: f64 = 1_000.0;

/// Calendar days in a year: rates per year are turned into rates per day with it (domain.md §5).
pub const DAYS_PER_YEAR: f64 = 365.0;

/// What float rasters on disk hold where nothing is known (domain.md §2).
pub const NODATA_ON_DISK: f32 = -9999.0;
