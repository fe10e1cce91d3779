//! Definitions of CRSs in the words of PROJ, and what can be told from them of the datum.

use std::borrow::Cow;

/// What is known of a CRS besides its code.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Definition {
    /// In the words of PROJ.
    pub proj: Cow<'static, str>,
    /// The datum's name in the EPSG registry.
    datum: &'static str,
    /// Whether `proj` says all there is to say, see [`INCOMPLETE`].
    pub is_whole: bool,
}

impl Definition {
    /// Whether the datum is WGS 84, or one with a modern ellipsoid and no shift to it.
    pub fn is_on_wgs84(&self) -> bool {
        let has = |wanted: &str| self.proj.split_whitespace().any(|word| word == wanted);
        let has_no_shift = self.proj.split_whitespace().any(|word| {
            word.strip_prefix("+towgs84=")
                .is_some_and(|shift| shift.split(',').all(|number| number.parse() == Ok(0.0)))
        });
        has("+datum=WGS84") || has_no_shift && (has("+ellps=GRS80") || has("+ellps=WGS84"))
    }

    /// Longitude and latitude, counted from Greenwich, on the same datum.
    pub fn proj_of_degrees(&self) -> String {
        let is_datum = |word: &&str| {
            !word.starts_with("+pm=") && DATUM_WORDS.iter().any(|prefix| word.starts_with(prefix))
        };
        let words: Vec<&str> = self.proj.split_whitespace().filter(is_datum).collect();
        format!("+proj=longlat {}", words.join(" "))
    }

    /// Whether both lie on one datum, by name and by every word that speaks of it: then the projection arithmetic
    /// shifts nothing.
    pub fn has_datum_of(&self, other: &Self) -> bool {
        fn words(definition: &Definition) -> Vec<&str> {
            let mut words: Vec<&str> = definition
                .proj
                .split_whitespace()
                .filter(|word| DATUM_WORDS.iter().any(|prefix| word.starts_with(prefix)))
                .collect();
            words.sort_unstable();
            words
        }
        self.is_whole && other.is_whole && self.datum == other.datum && words(self) == words(other)
    }
}

/// The definition of an EPSG code, `None` for an unknown one.
pub(super) fn of(epsg: u32) -> Option<Definition> {
    if let Some((_, datum, proj)) = FURTHER.iter().find(|(code, ..)| *code == epsg) {
        return Some(Definition { proj: Cow::Borrowed(proj), datum, is_whole: true });
    }
    let found = crs_definitions::from_code(u16::try_from(epsg).ok()?)?;
    let datum = found.wkt.split("DATUM[\"").nth(1).and_then(|rest| rest.split('"').next());
    // PROJ's name for Clarke 1880 means another realisation than the registry's, 5 cm away on the ground.
    let proj = match found.wkt.contains("SPHEROID[\"Clarke 1880 (RGS)\"") {
        true => Cow::Owned(found.proj4.replace("+ellps=clrk80", "+a=6378249.145 +rf=293.465")),
        false => Cow::Borrowed(found.proj4),
    };
    let is_whole = datum.is_some()
        && !INCOMPLETE.contains(&epsg)
        && !NOT_CARRIED_OUT.iter().any(|word| found.proj4.contains(word));
    Some(Definition { proj, datum: datum.unwrap_or_default(), is_whole })
}

/// Definitions that leave something out: EASE-Grid of 2003 (spherical formulas on an ellipsoid), an oblique Mercator
/// and a conic with another variant's parameters, Krovak's axes, San Francisco's unit. PROJ's values lie elsewhere.
const INCOMPLETE: [u32; 8] = [3167, 3973, 3974, 3975, 5513, 6200, 6996, 6997];

/// Words that are not carried out: heights, prime meridians, and the grids of shifts behind two datums.
const NOT_CARRIED_OUT: [&str; 4] = ["+geoidgrids", "+pm=", "+datum=NAD27", "+datum=nzgd49"];

/// What speaks of the datum in a definition.
const DATUM_WORDS: [&str; 9] =
    ["+datum=", "+ellps=", "+towgs84=", "+nadgrids=", "+a=", "+b=", "+rf=", "+R=", "+pm="];

const BH_ETRS89: &str = "BH_ETRS89";
const KOSOVAREF01: &str = "Kosovo Reference System 2001";
const MAGNA_2018: &str = "Marco Geocentrico Nacional de Referencia 2018";
const ONGD17: &str = "Oman National Geodetic Datum 2017";
const RGSH2020: &str = "Reseau Geodesique Saharien 2020";
const RSAO13: &str = "Reference System de Angola 2013";

/// Axes, ellipsoid, unit and false origin that the further definitions share.
macro_rules! modern {
    ($projection:literal) => {
        concat!("+proj=", $projection, " +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +units=m +no_defs")
    };
}

/// EPSG code, datum and definition of CRSs that crate `crs-definitions` does not hold yet: national ones, on
/// ETRS-like datums, of countries with mined ground (parameters from the EPSG registry 11, checked against PROJ).
#[rustfmt::skip]
const FURTHER: [(u32, &str, &str); 20] = [
    (8699, RSAO13, modern!("longlat")),
    (9140, KOSOVAREF01, modern!("longlat")),
    (9141, KOSOVAREF01, modern!("tmerc +lat_0=0 +lon_0=21 +k=0.9999 +x_0=7500000 +y_0=0")),
    (9156, RSAO13, modern!("utm +zone=32 +south")),
    (9157, RSAO13, modern!("utm +zone=33 +south")),
    (9158, RSAO13, modern!("utm +zone=34 +south")),
    (9159, RSAO13, modern!("tmerc +lat_0=0 +lon_0=12 +k=0.9996 +x_0=500000 +y_0=10000000")),
    (9294, ONGD17, modern!("longlat")),
    (9295, ONGD17, modern!("utm +zone=39")),
    (9296, ONGD17, modern!("utm +zone=40")),
    (9297, ONGD17, modern!("utm +zone=41")),
    (9377, MAGNA_2018, modern!("tmerc +lat_0=4 +lon_0=-73 +k=0.9992 +x_0=5000000 +y_0=2000000")),
    (10299, RGSH2020, modern!("longlat")),
    (10328, BH_ETRS89, modern!("longlat")),
    (10329, BH_ETRS89, modern!("tmerc +lat_0=0 +lon_0=18 +k=0.9999 +x_0=500000 +y_0=0")),
    (20046, MAGNA_2018, modern!("longlat")),
    (22229, RGSH2020, modern!("utm +zone=29")),
    (22230, RGSH2020, modern!("utm +zone=30")),
    (22231, RGSH2020, modern!("utm +zone=31")),
    (22232, RGSH2020, modern!("utm +zone=32")),
];
