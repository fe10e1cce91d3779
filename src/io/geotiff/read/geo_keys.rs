//! The GeoKey directory (OGC GeoTIFF 1.1): keys with their values, and a projection given by its parameters as
//! well-known text.
//!
//! Only methods whose parameters have one meaning are put into words; anything else that bears on where the cells lie
//! (another unit of angle or prime meridian, an azimuth, an ellipsoid at odds with the datum) leaves it unsaid.

use std::fmt::Write;

use super::directory::{Directory, Source};
use crate::error::Result;
use crate::io::geotiff::tags;

/// Keys of a CRS's parts: what stands for it on its own, and what the parts hold.
mod key {
    pub const DATUM: u16 = 2050;
    pub const PRIME_MERIDIAN: u16 = 2051;
    pub const ANGULAR_UNIT: u16 = 2054;
    pub const SEMI_MAJOR_AXIS: u16 = 2057;
    pub const INVERSE_FLATTENING: u16 = 2059;
    pub const PROJECTION: u16 = 3074;
    pub const METHOD: u16 = 3075;
    pub const LINEAR_UNIT: u16 = 3076;
    pub const LINEAR_UNIT_M: u16 = 3077;
    /// Azimuth, and the angle of a rectified grid.
    pub const TURNED: [u16; 2] = [3094, 3096];
}

/// Codes of methods and what they are called in well-known text.
const METHODS: [(u16, &str); 7] = [
    (1, "Transverse_Mercator"),
    (7, "Mercator_1SP"),
    (8, "Lambert_Conformal_Conic_2SP"),
    (9, "Lambert_Conformal_Conic_1SP"),
    (10, "Lambert_Azimuthal_Equal_Area"),
    (11, "Albers_Conic_Equal_Area"),
    (16, "Oblique_Stereographic"),
];

/// A parameter in well-known text and the keys it may stand under: programs take the natural, the false or the centre's
/// for one another.
const PARAMETERS: [(&str, &[u16]); 7] = [
    ("central_meridian", &[3080, 3084, 3088, 3095]),
    ("latitude_of_origin", &[3081, 3085, 3089]),
    ("standard_parallel_1", &[3078]),
    ("standard_parallel_2", &[3079]),
    ("scale_factor", &[3092, 3093]),
    ("false_easting", &[3082, 3086, 3090]),
    ("false_northing", &[3083, 3087, 3091]),
];

/// Codes of length units and their metres.
const UNITS_M: [(u16, f64); 3] = [(9001, 1.0), (9002, 0.3048), (9003, 1200.0 / 3937.0)];
const GREENWICH: u16 = 8901;
const DEGREE: u16 = 9102;

/// The keys of an image with the numbers and texts they point to.
pub(super) struct GeoKeys {
    /// After four numbers, four for each key: key, tag that holds the value (0: here), count, value.
    entries: Vec<u64>,
    numbers: Vec<f64>,
    texts: String,
}

/// A projection described by its parameters.
pub(super) struct Described {
    /// For people.
    pub words: String,
    /// As well-known text, where the datum can be told.
    pub wkt: Option<String>,
}

impl GeoKeys {
    /// Those of a directory; none is no fault. Numbers and texts that cannot be read name no CRS: a code may.
    pub(super) fn of(source: &Source, directory: &Directory) -> Result<Self> {
        Ok(Self {
            entries: directory.numbers(source, tags::GEO_KEYS)?.unwrap_or_default(),
            numbers: directory.doubles(source, tags::GEO_NUMBERS).ok().flatten().unwrap_or_default(),
            texts: directory.text(source, tags::GEO_TEXTS).ok().flatten().unwrap_or_default(),
        })
    }

    /// A key's whole number.
    pub(super) fn get(&self, key: u16) -> Option<u16> {
        let [_, 0, _, value] = self.entry(key)? else { return None };
        u16::try_from(*value).ok()
    }

    /// A key's text, which lies among those of all keys.
    pub(super) fn text(&self, key: u16) -> Option<&str> {
        let [_, tag, count, from] = self.entry(key)? else { return None };
        if *tag != u64::from(tags::GEO_TEXTS) {
            return None;
        }
        let (count, from) = (usize::try_from(*count).ok()?, usize::try_from(*from).ok()?);
        // Texts are parted by bars.
        Some(self.texts.get(from..from.checked_add(count)?.min(self.texts.len()))?.trim_end_matches('|'))
    }

    /// The projection that the parameters describe; `None` where there are none, or some that are not understood.
    pub(super) fn described(&self) -> Option<Described> {
        let (method, parameters) = self.projection()?;
        let unit_m = self.unit_m()?;
        let mut words = method.replace('_', " ");
        let mut wkt = format!("PROJECTION[\"{method}\"]");
        for (name, value) in parameters {
            let _ = write!(words, ", {} {value}", name.replace('_', " "));
            let _ = write!(wkt, ",PARAMETER[\"{name}\",{value}]");
        }
        let datum = self.datum();
        let _ = match datum {
            Some(datum) => write!(words, ", on EPSG:{}", datum.code),
            None => write!(words, ", on a datum that is not named"),
        };
        let name = self.text(tags::PROJECTED_CITATION).or_else(|| self.text(tags::CITATION));
        let name = name.unwrap_or_default().replace('"', "");
        let wkt = datum.map(|datum| format!("PROJCS[\"{name}\",{},{wkt},UNIT[\"\",{unit_m}]]", datum.wkt));
        Some(Described { words, wkt })
    }

    /// The EPSG code of degrees on a datum that is named, where the degrees are not.
    pub(super) fn degrees(&self) -> Option<u32> {
        self.datum().map(|datum| datum.code.into())
    }

    fn entry(&self, key: u16) -> Option<&[u64]> {
        self.entries.chunks_exact(4).skip(1).find(|entry| entry[0] == u64::from(key))
    }

    /// A key's number, whole or not.
    fn number(&self, key: u16) -> Option<f64> {
        match self.entry(key)? {
            [_, 0, _, value] => Some(*value as f64),
            [_, tag, _, at] if *tag == u64::from(tags::GEO_NUMBERS) => {
                self.numbers.get(usize::try_from(*at).ok()?).copied()
            }
            _ => None,
        }
    }

    /// Method and parameters: those given, or those of a UTM zone's code.
    fn projection(&self) -> Option<(&'static str, Vec<(&'static str, f64)>)> {
        if key::TURNED.iter().any(|&key| self.entry(key).is_some()) {
            return None;
        }
        let Some(code) = self.get(key::METHOD) else {
            // 160zz is the UTM zone zz north, 161zz south.
            let zone = self.get(key::PROJECTION)?.checked_sub(16_000)?;
            let (zone, false_northing) = if zone > 100 { (zone - 100, 1e7) } else { (zone, 0.0) };
            let central_meridian = 6.0 * f64::from(zone) - 183.0;
            let values = [central_meridian, 0.0, 0.9996, 500_000.0, false_northing];
            let names =
                ["central_meridian", "latitude_of_origin", "scale_factor", "false_easting", "false_northing"];
            return (1..=60)
                .contains(&zone)
                .then(|| ("Transverse_Mercator", names.into_iter().zip(values).collect()));
        };
        let (_, method) = METHODS.iter().find(|(known, _)| *known == code)?;
        let given = |(name, keys): &(&'static str, &[u16])| {
            keys.iter().find_map(|&key| self.number(key)).map(|value| (*name, value))
        };
        Some((method, PARAMETERS.iter().filter_map(given).collect()))
    }

    fn unit_m(&self) -> Option<f64> {
        match self.get(key::LINEAR_UNIT) {
            None => Some(1.0),
            Some(tags::USER_DEFINED) => self.number(key::LINEAR_UNIT_M),
            Some(code) => UNITS_M.iter().find(|(known, _)| *known == code).map(|(_, unit_m)| *unit_m),
        }
    }

    /// Degrees on the datum that the keys name.
    fn datum(&self) -> Option<crs_definitions::Def> {
        let is_usual = |key: u16, usual: u16| self.get(key).is_none_or(|code| code == usual);
        if !is_usual(key::PRIME_MERIDIAN, GREENWICH) || !is_usual(key::ANGULAR_UNIT, DEGREE) {
            return None;
        }
        let code = match self.get(tags::GEOGRAPHIC_CRS) {
            // The registry gives a datum's degrees its code less 2000.
            None | Some(tags::USER_DEFINED) => self.get(key::DATUM)?.checked_sub(2000)?,
            Some(code) => code,
        };
        let definition = crs_definitions::from_code(code)?;
        let said = definition.wkt.strip_prefix("GEOGCS")?;
        let spheroid = said.split("SPHEROID[").nth(1)?.split(',').skip(1);
        let [axis_m, flattening] = spheroid.take(2).collect::<Vec<_>>().try_into().ok()?;
        let agrees = |key: u16, text: &str| {
            let said = self.number(key);
            said.is_none_or(|said| text.parse().is_ok_and(|known: f64| (said - known).abs() <= 1e-6 * known))
        };
        (agrees(key::SEMI_MAJOR_AXIS, axis_m) && agrees(key::INVERSE_FLATTENING, flattening))
            .then_some(definition)
    }
}
