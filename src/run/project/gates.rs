//! `[[score.gates]]`: layers that leave cells out whatever they are worth.

use super::super::document::Value as Toml;
use super::super::section::Section;
use super::layers::LayerSettings;
use super::measure::{MeasureSettings, source_index};
use crate::score::Gate;

/// The gates; their layers are added to `names` where no criterion uses them.
pub fn read(
    score: &Section<'_>,
    layers: &[LayerSettings],
    names: &mut Vec<String>,
    measures: &mut Vec<MeasureSettings>,
) -> Vec<Gate> {
    let gates = score.tables("gates").into_iter();
    gates.filter_map(|section| read_gate(section, layers, names, measures)).collect()
}

fn read_gate(
    section: Section<'_>,
    layers: &[LayerSettings],
    names: &mut Vec<String>,
    measures: &mut Vec<MeasureSettings>,
) -> Option<Gate> {
    let name = section.text("layer");
    let name = section.required("layer", name, "layer = \"contact_line\"");
    let layer =
        name.as_ref().and_then(|name| source_index(&section, name, "a layer", layers, names, measures));
    let (below, above) = (section.number("exclude_below"), section.number("exclude_above"));
    if let (Some(below), Some(above)) = (below, above)
        && below > above
    {
        let expected = format!("at least exclude_below, {below}: what lies between them stays");
        section.wrong("exclude_above", &expected, &above.to_string());
    }
    let codes = section.list("exclude").map(|items| {
        let codes = items.iter().map(|item| match item.value {
            Toml::Number(code) if code.fract() == 0.0 && code.abs() <= 16_777_216.0 => Some(code as i32),
            _ => None,
        });
        let codes: Option<Vec<i32>> = codes.collect();
        let codes = codes.filter(|codes| (1..=256).contains(&codes.len()));
        if codes.is_none() {
            let found: Vec<String> = items.iter().map(|item| item.value.describe()).collect();
            section.wrong(
                "exclude",
                "1 to 256 whole-number codes in [brackets]",
                &format!("[{}]", found.join(", ")),
            );
        }
        codes.unwrap_or_default()
    });
    let has = |key: &'static str| section.node(key).is_some();
    if !has("exclude_below") && !has("exclude_above") && !has("exclude") {
        section.required(
            "exclude_below",
            None::<()>,
            "exclude_below = 20000` (or exclude_above, or `exclude = [80]",
        );
    }
    section.finish();
    Some(Gate { name: name?, layer: layer?, below, above, codes: codes.unwrap_or_default() })
}
