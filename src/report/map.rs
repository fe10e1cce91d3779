//! Maps: one SVG builder for `map.png` and for the excerpt on a team's page.
//!
//! What is drawn: the priority grid (darker is first), hatching where nothing is scored, task areas, the teams' ways
//! (straight: the roads are not known), bases, settlements, a scale bar, north. Coordinates are those of the tasks' CRS;
//! in a geographic one degrees of longitude are shortened by the cosine of the middle latitude.

mod draw;
mod sheet;
mod view;

use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use resvg::{tiny_skia, usvg};

use self::draw::Canvas;
use self::view::{Extent, View};
use super::colours;
use super::facts::{Facts, PlanFacts};
use super::picture::{png, shrunk_file};
use crate::error::{Error, Result};
use crate::grid::MemoryCells;
use crate::io::atomic::write_atomic;
use crate::io::geotiff::GeoTiff;

/// Most pixels along a side of the grid's picture.
const MOST_PIXELS: usize = 1600;
/// Size of the sheet, pixels: A4 across at 200 dots an inch.
const SHEET: (f64, f64) = (2_338.0, 1_653.0);
/// Size of a team's excerpt, CSS pixels.
const EXCERPT: (f64, f64) = (680.0, 430.0);

/// The font on `map.png`: DejaVu Sans (see `map/fonts/LICENSE`), which has Latin, Cyrillic, Greek, Arabic, Armenian and
/// Georgian letters.
const FONTS: [&[u8]; 2] =
    [include_bytes!("map/fonts/DejaVuSans.ttf"), include_bytes!("map/fonts/DejaVuSans-Bold.ttf")];

/// Writes `map.png`.
pub fn write_map(path: &Path, facts: &Facts<'_>) -> Result<()> {
    let svg = sheet_svg(facts)?;
    let failed = |text: String| Error::io("write", path)(std::io::Error::other(text));
    let mut fonts = usvg::fontdb::Database::new();
    FONTS.iter().for_each(|font| fonts.load_font_data(font.to_vec()));
    let options = usvg::Options {
        font_family: "DejaVu Sans".to_owned(),
        fontdb: Arc::new(fonts),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(&svg, &options).map_err(|e| failed(e.to_string()))?;
    let size = tree.size().to_int_size();
    let mut pixels =
        tiny_skia::Pixmap::new(size.width(), size.height()).ok_or_else(|| failed("no pixels".to_owned()))?;
    resvg::render(&tree, tiny_skia::Transform::identity(), &mut pixels.as_mut());
    let bytes = pixels.encode_png().map_err(|e| failed(e.to_string()))?;
    write_atomic(path, &bytes)
}

/// The sheet of `map.png` as SVG.
pub fn sheet_svg(facts: &Facts<'_>) -> Result<String> {
    let grid = match facts.priority {
        Some(path) => Some(shrunk_file(&GeoTiff::open(path, 1)?, MOST_PIXELS)?),
        None => None,
    };
    sheet::svg(facts, grid.as_ref(), SHEET)
}

/// A map of one team's work as SVG, without the grid: its tasks numbered in order, its way and base, other tasks faint.
pub fn team_svg(facts: &Facts<'_>, plan: &PlanFacts<'_>, team_index: usize) -> String {
    let extent = Extent::of_team(facts, plan, team_index);
    let view = View::new(extent, facts.crs, (0.0, 0.0), EXCERPT);
    let mut canvas = Canvas::new(&view, 1.0);
    canvas.other_tasks(facts);
    canvas.team_tasks(facts, plan, team_index);
    canvas.routes(facts, plan, Some(team_index));
    canvas.bases(facts, plan, Some(team_index));
    canvas.settlements(facts, 14);
    canvas.scale_bar();
    canvas.north();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" \
         aria-label=\"map of the team's tasks\" font-family=\"'DejaVu Sans',Arial,sans-serif\">{2}</svg>",
        EXCERPT.0,
        EXCERPT.1,
        canvas.finish(&format!("team{team_index}"))
    )
}

/// A grid of ranks from `least` on as a data URI.
fn grid_uri(grid: &MemoryCells, least: f64) -> Result<String> {
    let bytes = png(grid, |rank| {
        // Whole ranks: 101 colours make a small palette.
        let colour = colours::rank_above(f64::from(rank).round(), least);
        [colour.r, colour.g, colour.b, 255]
    })?;
    Ok(format!("data:image/png;base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes)))
}
