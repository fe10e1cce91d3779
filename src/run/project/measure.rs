//! `measure` of a criterion or gate: a distance to, or a number of, the features of a layer.

use super::super::document::Value as Toml;
use super::super::section::Section;
use super::layers::{LayerSettings, LayerSource};
use super::score::layer_index;

/// A plane to be made of a layer before scoring.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureSettings {
    /// The plane's name, as it stands in messages: "proximity of roads".
    pub name: String,
    /// The layer.
    pub layer: String,
    /// What is measured of it.
    pub kind: MeasureKind,
}

/// What is measured of a layer.
#[derive(Debug, Clone, PartialEq)]
pub enum MeasureKind {
    /// Metres to the nearest feature; of a raster layer to the nearest cell with one of these codes, or with a
    /// known value other than 0 where there are none.
    Proximity {
        /// The codes.
        codes: Vec<i32>,
    },
    /// Features within a radius.
    Count {
        /// The radius, m.
        radius_m: f64,
    },
}

impl MeasureKind {
    /// Unit of the plane.
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Proximity { .. } => "m",
            Self::Count { .. } => "features",
        }
    }
}

/// The place among `names` of what a criterion or gate uses: a raster layer, or a measure, which is added to
/// `measures` where it is new.
pub fn source_index(
    section: &Section<'_>,
    layer: &str,
    expected: &str,
    layers: &[LayerSettings],
    names: &mut Vec<String>,
    measures: &mut Vec<MeasureSettings>,
) -> Option<usize> {
    let settings = layers.iter().find(|settings| settings.name == layer);
    let is_vector = settings.is_some_and(|settings| matches!(settings.source, LayerSource::Vector { .. }));
    let (radius, codes) = (section.node("radius_m"), section.node("codes"));
    let Some(measure) = section.node("measure") else {
        if is_vector {
            let fix =
                "add `measure = \"proximity\"` (metres to the nearest feature) or `measure = \"count\"`";
            section.fault("project.measure", "layer", "a raster layer, or a measure", "a vector layer", fix);
        }
        for (key, node) in [("radius_m", radius), ("codes", codes)] {
            if node.is_some() {
                section.wrong(key, "`measure` beside it", &format!("`{key}` alone"));
            }
        }
        return layer_index(section, layer, expected, layers, names);
    };
    let is_cells = |source: &LayerSource| matches!(source, LayerSource::Raster { .. } | LayerSource::Given);
    let is_raster = settings.is_some_and(|settings| is_cells(&settings.source));
    if settings.is_none() {
        return layer_index(section, layer, "a layer", layers, &mut Vec::new());
    }
    if !is_raster && !is_vector {
        section.wrong("layer", "a layer read from a file", &format!("`{layer}`, which is none"));
        return None;
    }
    let kinds = [("proximity", true), ("count", false)];
    let kind = if section.choice("measure", &kinds)? {
        if radius.is_some() {
            section.wrong("radius_m", "no radius: proximity is the distance itself", "`radius_m`");
        }
        if codes.is_some() && is_vector {
            section.wrong("codes", "codes of a raster layer", "`codes` of a vector layer");
        }
        MeasureKind::Proximity { codes: read_codes(section) }
    } else {
        if is_raster {
            section.wrong(
                "measure",
                "\"proximity\" of a raster layer",
                &format!("{:?}", measure_text(&measure.value)),
            );
        }
        if codes.is_some() {
            section.wrong("codes", "`measure = \"proximity\"` beside it", "`codes` with another measure");
        }
        let radius_m = section.number_where("radius_m", "metres, more than 0", |radius| radius > 0.0);
        MeasureKind::Count { radius_m: section.required("radius_m", radius_m, "radius_m = 500")? }
    };
    let name = match &kind {
        MeasureKind::Proximity { codes } if codes.is_empty() => format!("proximity of {layer}"),
        MeasureKind::Proximity { codes } => format!("proximity of {layer} {codes:?}"),
        MeasureKind::Count { radius_m } => format!("count of {layer} within {radius_m} m"),
    };
    if !measures.iter().any(|known| known.name == name) {
        measures.push(MeasureSettings { name: name.clone(), layer: layer.to_owned(), kind });
    }
    Some(names.iter().position(|known| *known == name).unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    }))
}

fn measure_text(value: &Toml) -> String {
    match value {
        Toml::Text(text) => text.clone(),
        other => other.describe(),
    }
}

fn read_codes(section: &Section<'_>) -> Vec<i32> {
    let Some(items) = section.list("codes") else { return Vec::new() };
    let codes = items.iter().map(|item| match item.value {
        Toml::Number(code) if code.fract() == 0.0 && code.abs() <= 16_777_216.0 => Some(code as i32),
        _ => None,
    });
    let codes: Option<Vec<i32>> = codes.collect();
    let codes = codes.filter(|codes| !codes.is_empty());
    if codes.is_none() {
        let found: Vec<String> = items.iter().map(|item| item.value.describe()).collect();
        section.wrong("codes", "whole-number codes in [brackets]", &format!("[{}]", found.join(", ")));
    }
    codes.unwrap_or_default()
}
