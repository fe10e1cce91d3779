//! Well-known text of a CRS (a `.prj`, a GeoPackage's definition) → EPSG code.
//!
//! By the authority it names; where it names none, as Esri's do not, by what it says: datum, projection, parameters
//! and unit are compared with every definition of crate `crs-definitions`. A CRS with all of them equal is the same
//! CRS by another name; anything else is left undecided.

mod tree;

use self::tree::{Node, parse};

/// The EPSG code of a definition, `None` where it cannot be told.
pub fn epsg_of(text: &str) -> Option<u32> {
    let root = horizontal(parse(text)?)?;
    authority(&root).or_else(|| esri_web_mercator(&root)).or_else(|| by_parameters(&root))
}

/// The horizontal part of a compound CRS, the source of a bound one.
fn horizontal(root: Node) -> Option<Node> {
    match root.word.as_str() {
        "COMPD_CS" | "COMPOUNDCRS" | "BOUNDCRS" | "SOURCECRS" => {
            root.children().find(|child| child.word != "TOWGS84").cloned().and_then(horizontal)
        }
        _ => Some(root),
    }
}

fn authority(root: &Node) -> Option<u32> {
    let named = root.child("AUTHORITY").or_else(|| root.child("ID"))?;
    let code: u32 = named.text(1)?.trim().parse().ok()?;
    match named.text(0)?.to_ascii_uppercase().as_str() {
        "EPSG" => Some(code),
        "ESRI" if [102_100, 102_113].contains(&code) => Some(3857),
        _ => None,
    }
}

fn esri_web_mercator(root: &Node) -> Option<u32> {
    let method = root.child("PROJECTION")?.text(0)?;
    let is_plain = parameters(root).iter().all(|(name, value)| match name.as_str() {
        "auxiliary_sphere_type"
        | "falseeasting"
        | "falsenorthing"
        | "centralmeridian"
        | "latitudeoforigin" => *value == 0.0,
        _ => true,
    });
    (plain(method) == "mercatorauxiliarysphere" && is_plain && datum(root)? == "wgs1984").then_some(3857)
}

/// The CRS that says the same: of several the one whose name begins most like it, then one whose name names no order of
/// axes ("(N-E)": rasters and layers hold east before north whatever it is), then a UTM zone by its usual name ("WGS 84 /
/// TMzn36N" is one too), then that of the lowest code.
fn by_parameters(root: &Node) -> Option<u32> {
    let sought = Facts::of(root)?;
    let name = name_of(root);
    let mut found: Option<((usize, bool, bool), u32)> = None;
    for code in 1024..=32_767 {
        let Some(definition) = crs_definitions::from_code(code) else { continue };
        // Most are told apart by a word, without taking them apart.
        if definition.wkt.starts_with("GEOGCS") != sought.method.is_none() {
            continue;
        }
        let Some(candidate) = parse(definition.wkt) else { continue };
        if Facts::of(&candidate).is_some_and(|facts| facts.equals(&sought)) {
            let alike = name.bytes().zip(name_of(&candidate).bytes()).take_while(|(a, b)| a == b).count();
            let its_name = candidate.text(0).unwrap_or_default();
            let has_no_order = !its_name.ends_with("-E)") && !its_name.ends_with("-N)");
            let alike = (alike, has_no_order, its_name.contains("UTM zone"));
            if found.is_none_or(|(best, _)| alike > best) {
                found = Some((alike, u32::from(code)));
            }
        }
    }
    found.map(|(_, code)| code)
}

/// A CRS's name by one spelling: "WGS 84 / UTM zone 36N" and "WGS_1984_UTM_Zone_36N" are the same.
fn name_of(root: &Node) -> String {
    let name = plain(root.text(0).unwrap_or_default());
    name.strip_prefix("gcs").unwrap_or(&name).replace("wgs1984", "wgs84").replace("etrs1989", "etrs89")
}

/// What a CRS is, whatever it is called.
struct Facts {
    datum: String,
    prime_meridian: f64,
    /// `None` for a geographic CRS.
    method: Option<String>,
    /// Name and value, sorted; those with their neutral value left out.
    parameters: Vec<(String, f64)>,
    /// Metres, or radians, in a unit.
    unit: f64,
}

impl Facts {
    fn of(root: &Node) -> Option<Self> {
        let geographic = match root.word.as_str() {
            "GEOGCS" => root,
            "PROJCS" => root.child("GEOGCS")?,
            _ => return None,
        };
        let method = match root.child("PROJECTION") {
            Some(projection) => Some(method_name(projection.text(0)?)),
            None if root.word == "PROJCS" => return None,
            None => None,
        };
        Some(Self {
            datum: datum(root)?,
            prime_meridian: geographic.child("PRIMEM").and_then(|node| node.number(1)).unwrap_or(0.0),
            method,
            parameters: parameters(root),
            unit: root.child("UNIT")?.number(1)?,
        })
    }

    fn equals(&self, other: &Self) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0);
        self.datum == other.datum
            && self.method == other.method
            && near(self.unit, other.unit)
            && near(self.prime_meridian, other.prime_meridian)
            && self.parameters.len() == other.parameters.len()
            && self.parameters.iter().zip(&other.parameters).all(|(a, b)| a.0 == b.0 && near(a.1, b.1))
    }
}

/// Parameters by one name each, without those that change nothing.
fn parameters(root: &Node) -> Vec<(String, f64)> {
    let mut all: Vec<(String, f64)> = root
        .children()
        .filter(|node| node.word == "PARAMETER")
        .filter_map(|node| {
            let name = match plain(node.text(0)?).as_str() {
                "longitudeofcenter" | "longitudeoforigin" => "centralmeridian".to_owned(),
                "latitudeofcenter" => "latitudeoforigin".to_owned(),
                other => other.to_owned(),
            };
            Some((name, node.number(1)?))
        })
        .filter(|(name, value)| *value != if name == "scalefactor" { 1.0 } else { 0.0 })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn method_name(method: &str) -> String {
    let name = plain(method);
    match name.as_str() {
        "gausskruger" => "transversemercator".to_owned(),
        "albersconicequalarea" => "albers".to_owned(),
        _ => name.trim_end_matches("1sp").trim_end_matches("2sp").to_owned(),
    }
}

/// The datum, by one spelling for the ones that Esri and EPSG spell differently.
fn datum(root: &Node) -> Option<String> {
    let geographic = if root.word == "PROJCS" { root.child("GEOGCS")? } else { root };
    let written = geographic.child("DATUM")?.text(0)?;
    let name = plain(written.strip_prefix("D_").unwrap_or(written));
    Some(match name.as_str() {
        "worldgeodeticsystem1984" | "worldgeodeticsystem1984ensemble" | "wgs84" => "wgs1984".to_owned(),
        "europeanterrestrialreferencesystem1989" | "etrs89" => "etrs1989".to_owned(),
        "northamericandatum1983" => "northamerican1983".to_owned(),
        "northamericandatum1927" => "northamerican1927".to_owned(),
        "europeandatum1950" => "european1950".to_owned(),
        "croatianterrestrialreferencesystem" | "htrs1996" | "croatianterrestrialreferencesystem1996" => {
            "htrs96".to_owned()
        }
        "ukraine2000" | "uc2000" => "ukraine2000".to_owned(),
        "militargeographischeinstitut" | "militargeographischesinstitut" => "mgi".to_owned(),
        _ => name,
    })
}

/// Letters and digits alone, lower case.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
