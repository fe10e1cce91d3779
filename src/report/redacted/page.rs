//! The page of a redacted run: totals, the map in coarse cells, the curve, settings without names.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Serde, Value as Text};
use minijinja::{AutoEscape, Environment, context};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::coarse::{Coarse, FEWEST_PEOPLE};
use super::grids::Shown;
use crate::error::{Error, Result};
use crate::grid::Cells;
use crate::report::colours::{self, Rgb};
use crate::report::picture::png;
use crate::report::readable::short;
use crate::score::CurvePoint;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("../html/report.css");

/// Size of the curve's plotting ground, units.
const CURVE: [f64; 2] = [560.0, 260.0];

/// What the page shows.
pub struct Page<'a> {
    /// Totals in words: what, and how much.
    pub lines: &'a [(String, String)],
    /// The record, as it is written without its outputs.
    pub record: &'a Value,
    /// The ground in coarse cells, where grids are written.
    pub ground: Option<(&'a Coarse, &'a Shown)>,
    /// The performance curve, where the ground was scored.
    pub curve: &'a [CurvePoint],
}

/// Writes the page.
pub fn write_page(path: &Path, page: &Page) -> Result<()> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let broken = |error: minijinja::Error| Error::io("write", path)(std::io::Error::other(error.to_string()));
    environment.add_template("page.html", TEMPLATE).map_err(broken)?;
    let style_hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; img-src data:; style-src 'sha256-{style_hash}'; base-uri 'none'; form-action 'none'"
    );
    let settings: Vec<[String; 2]> = flat("", &page.record["settings"]);
    let told = json!({
        "record": page.record, "lines": page.lines, "map": map(page)?, "curve": curve(page.curve),
        "settings": settings, "fewest": FEWEST_PEOPLE,
    });
    let html = environment
        .get_template("page.html")
        .and_then(|page| {
            page.render(
                context! { policy, style => Text::from_safe_string(STYLE.into()), ..Text::from(Serde(told)) },
            )
        })
        .map_err(broken)?;
    std::fs::write(path, html).map_err(Error::io("write", path))
}

/// The ranks as a picture, a pixel a coarse cell.
fn map(page: &Page) -> Result<Value> {
    let Some((coarse, shown)) = page.ground else { return Ok(Value::Null) };
    let picture = png(&shown.rank, |rank| {
        let Rgb { r, g, b } = colours::rank(f64::from(rank));
        [r, g, b, 255]
    })?;
    let frame = shown.rank.frame();
    // Pixels as wide on paper as the cells are on the ground, in the middle of the frame.
    let middle = frame.n_rows as i64 / 2;
    let (width_m, height_m) = (frame.cell_width_m(middle), frame.cell_height_m(middle));
    let swatches = (0..=5).map(|step| {
        let rank = 20.0 * f64::from(step);
        json!({ "colour": colours::rank(rank).hex(), "rank": rank })
    });
    Ok(json!({
        "uri": format!("data:image/png;base64,{}", STANDARD.encode(picture)),
        "width": 1000.0, "height": 1000.0 * frame.n_rows as f64 * height_m / (frame.n_cols as f64 * width_m),
        "cell_m": [short(width_m), short(height_m)], "factor": coarse.factor,
        "shown": shown.n_shown, "few_people": shown.n_few_people, "unknown": shown.n_unknown,
        "swatches": swatches.collect::<Vec<_>>(),
    }))
}

/// Cost against the share of all exposure.
fn curve(points: &[CurvePoint]) -> Value {
    let Some(last) = points.last().filter(|last| last.cost_usd > 0.0 && last.exposure_ha > 0.0) else {
        return Value::Null;
    };
    let [width, height] = CURVE;
    let line: Vec<String> = points
        .iter()
        .map(|point| {
            let x = width * point.cost_usd / last.cost_usd;
            format!("{x:.1},{:.1}", height * (1.0 - point.exposure_ha / last.exposure_ha))
        })
        .collect();
    json!({ "points": format!("0,{height} {}", line.join(" ")), "cost": short(last.cost_usd),
            "exposure": short(last.exposure_ha) })
}

/// A tree of settings as lines.
fn flat(key: &str, value: &Value) -> Vec<[String; 2]> {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match value {
        Value::Object(entries) => {
            entries.iter().flat_map(|(name, value)| flat(&below(name), value)).collect()
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            (1..).zip(items).flat_map(|(n, item)| flat(&below(&n.to_string()), item)).collect()
        }
        Value::Null => Vec::new(),
        Value::String(text) => vec![[key.to_owned(), text.clone()]],
        other => vec![[key.to_owned(), other.to_string()]],
    }
}
