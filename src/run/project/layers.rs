//! `[layers]`: each layer's file, unit, scale and resampling, and which one gives the frame.

use std::path::{Path, PathBuf};

use super::super::document::{Node, Value};
use super::super::section::{Reading, Section};
use super::vector_file;
use crate::io::features::{VectorSource, is_vector};
use crate::layers::{Resampling, Unit};

/// One layer of the project.
#[derive(Debug, Clone)]
pub struct LayerSettings {
    /// Its name under `[layers]`.
    pub name: String,
    /// Where its values come from.
    pub source: LayerSource,
    /// Unit of the values after scale and offset.
    pub unit: Unit,
    /// How it is brought onto the frame, when its cells are not the frame's.
    pub resample: Option<Resampling>,
    /// Value used = value in the file × scale + offset.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
    /// Replaces the file's own nodata value.
    pub nodata: Option<f64>,
}

/// Where a layer's values come from.
#[derive(Debug, Clone, PartialEq)]
pub enum LayerSource {
    /// A band (from 1) of a raster file.
    Raster {
        /// The file.
        path: PathBuf,
        /// Band, from 1.
        band: usize,
    },
    /// One number everywhere.
    Constant(f64),
    /// Made from other files: hazard.
    Built,
    /// Points, lines and polygons of a file, to be measured.
    Vector(VectorSource),
    /// Cells that a program holds.
    Given,
}

const RESAMPLINGS: [(&str, Resampling); 5] = [
    ("nearest", Resampling::Nearest),
    ("bilinear", Resampling::Bilinear),
    ("average", Resampling::Average),
    ("mode", Resampling::Mode),
    ("sum", Resampling::Sum),
];

/// The layers, and the name of the one that gives the frame. Adds the default cost where none is given. Those that are
/// `held` by a program need no path.
pub fn read(
    reading: &Reading,
    top: &Section<'_>,
    folder: &Path,
    held: &[String],
) -> (Vec<LayerSettings>, String) {
    let Some(section) = top.section("layers") else {
        let example = "[layers]\nhazard = { path = \"hazard.tif\" }";
        top.required("layers", None::<()>, example);
        return (Vec::new(), String::new());
    };
    let mut layers = Vec::new();
    let mut frame = None;
    for (name, node) in section.names() {
        match &node.value {
            // `frame = "population"` names another layer; `frame = { path = … }` is one of its own.
            Value::Text(other) if name == "frame" => frame = Some(other.clone()),
            _ if name == "exposure" => {
                let expected = "a layer of another name: `exposure` is the one that scoring computes";
                section.wrong("exposure", expected, "`exposure`");
            }
            _ => layers.extend(read_layer(reading, name, node, folder, held.iter().any(|held| held == name))),
        }
    }
    let has = |name: &str| section.names().any(|(key, _)| key == name);
    for (name, example) in [
        ("hazard", "hazard = { path = \"hazard.tif\" }"),
        ("population", "population = { path = \"population.tif\", unit = \"people_per_cell\" }"),
    ] {
        let is_built = name == "hazard" && top.node("hazard").is_some();
        if !has(name) && !is_built {
            let fix = format!("add `{example}` under [layers]");
            section.fault("project.missing_key", name, &format!("the layer `{name}`"), "nothing", &fix);
        }
    }
    let is_built = top.node("hazard").is_some();
    if is_built && has("hazard") {
        let fix = "remove [hazard], or the layer `hazard`";
        section.fault(
            "project.hazard_twice",
            "hazard",
            "a hazard layer or [hazard], one of them",
            "both",
            fix,
        );
    } else if is_built {
        layers.push(built_hazard());
    }
    if !has("cost") {
        layers.push(default_cost());
    }
    let default = match (has("frame"), is_built) {
        (true, _) => "frame",
        (false, true) => "population",
        (false, false) => "hazard",
    };
    let frame = frame.unwrap_or_else(|| default.to_owned());
    match layers.iter().find(|layer| layer.name == frame) {
        Some(LayerSettings { source: LayerSource::Constant(_), .. }) => {
            section.wrong("frame", "a raster layer", &format!("`{frame}`, a constant"));
        }
        Some(LayerSettings { source: LayerSource::Built, .. }) => {
            section.wrong("frame", "a raster layer", "`hazard`, which is built on the frame");
        }
        Some(LayerSettings { source: LayerSource::Vector(_), .. }) if frame != "hazard" => {
            section.wrong("frame", "a raster layer", &format!("`{frame}`, a vector layer"));
        }
        None if has("frame") => section.wrong("frame", "the name of a layer", &format!("`{frame}`")),
        _ => {}
    }
    (layers, frame)
}

/// The layer that [hazard] builds, for criteria and gates to name.
fn built_hazard() -> LayerSettings {
    LayerSettings {
        name: "hazard".to_owned(),
        source: LayerSource::Built,
        unit: Unit::Share,
        ..default_cost()
    }
}

/// 2.00 US$/m² (domain.md §6: Afghanistan 0.77 to ageconsearch's 10; the middle is our estimate).
fn default_cost() -> LayerSettings {
    LayerSettings {
        name: "cost".to_owned(),
        source: LayerSource::Constant(2.0),
        unit: Unit::UsdPerM2,
        resample: None,
        scale: 1.0,
        offset: 0.0,
        nodata: None,
    }
}

fn read_layer(
    reading: &Reading,
    name: &str,
    node: &Node,
    folder: &Path,
    is_held: bool,
) -> Option<LayerSettings> {
    let section = Section::new(reading, &format!("layers.{name}"), node);
    let path = section.text("path");
    let band = section.whole("band", 1).unwrap_or(1) as usize;
    let unit = read_unit(&section, name);
    let settings = LayerSettings {
        name: name.to_owned(),
        source: LayerSource::Constant(0.0),
        unit: unit?,
        resample: section.choice("resample", &RESAMPLINGS),
        scale: section.number_where("scale", "a number other than 0", |s| s != 0.0).unwrap_or(1.0),
        offset: section.number("offset").unwrap_or(0.0),
        nodata: read_nodata(&section),
    };
    let has = |key: &'static str| section.node(key).is_some();
    let source = match (has("path"), has("constant")) {
        (false, false) if is_held => {
            if has("band") {
                section.wrong("band", "nothing: an array is one band", "`band`");
            }
            Some(LayerSource::Given)
        }
        _ if is_held => {
            let key = if has("path") { "path" } else { "constant" };
            section.wrong(key, "nothing: the cells are given", &format!("`{key}`"));
            None
        }
        (true, true) => {
            section.wrong("constant", "either `path` or `constant`", "both");
            None
        }
        (false, true) if name != "cost" => {
            section.wrong(
                "constant",
                "a raster (`path`): only cost may be one number everywhere",
                "`constant`",
            );
            None
        }
        (false, true) if settings.unit != Unit::UsdPerM2 => {
            section.wrong("unit", "\"usd_per_m2\" with `constant`", &format!("{:?}", settings.unit.key()));
            None
        }
        (false, true) => section
            .number_where("constant", "US$ per m², more than 0", |c| c > 0.0)
            .map(LayerSource::Constant),
        _ => {
            let path = section.required("path", path, &format!("path = \"{name}.tif\""));
            match path {
                Some(path) if is_vector(Path::new(&path)) => {
                    refuse_vector(&section, name);
                    let about = vector_file::about(&section);
                    Some(LayerSource::Vector(VectorSource { path: folder.join(path), ..about }))
                }
                path => path.map(|path| LayerSource::Raster { path: folder.join(path), band }),
            }
        }
    };
    section.finish();
    Some(LayerSettings { source: source?, ..settings })
}

/// What a vector layer cannot be, and the keys that say nothing of one.
fn refuse_vector(section: &Section<'_>, name: &str) {
    if ["hazard", "population", "cost"].contains(&name) {
        let fix = match name {
            "hazard" => "name it as `areas` under [hazard], which builds the layer from polygons",
            _ => "burn it into a raster, `gdal_rasterize` does",
        };
        section.fault("project.value", "path", "a raster", "a vector layer", fix);
    }
    for key in ["band", "unit", "resample", "scale", "offset", "nodata"] {
        if section.node(key).is_some() {
            section.wrong(key, "nothing beside the `path` of a vector layer", &format!("`{key}`"));
        }
    }
}

fn read_unit(section: &Section<'_>, name: &str) -> Option<Unit> {
    let written = section.text("unit");
    let choose = |choices: &[(&str, Unit)], default: Unit| match &written {
        None => Some(default),
        Some(word) => {
            let found = choices.iter().find(|(choice, _)| choice == word).map(|(_, unit)| unit.clone());
            if found.is_none() {
                let words: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
                section.wrong_word("unit", &words, word);
            }
            found
        }
    };
    match name {
        "hazard" => choose(&[("share", Unit::Share), ("probability", Unit::Share)], Unit::Share),
        "population" => choose(
            &[("people_per_cell", Unit::PeoplePerCell), ("people_per_km2", Unit::PeoplePerKm2)],
            Unit::PeoplePerCell,
        ),
        "cost" => {
            choose(&[("usd_per_m2", Unit::UsdPerM2), ("usd_per_cell", Unit::UsdPerCell)], Unit::UsdPerM2)
        }
        _ => Some(Unit::Other(written.unwrap_or_default())),
    }
}

fn read_nodata(section: &Section<'_>) -> Option<f64> {
    match section.node("nodata").map(|node| &node.value) {
        // NaN as nodata is what readers assume anyway: it is always unknown.
        Some(Value::Number(number)) if number.is_nan() => None,
        Some(Value::Text(text)) if text.eq_ignore_ascii_case("nan") => None,
        _ => section.number("nodata"),
    }
}
