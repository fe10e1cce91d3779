//! Pictures of the grids for the map, small enough to lie inside the report.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use glam::DVec2;
use serde_json::{Value, json};

use super::sources::Sources;
use crate::error::Result;
use crate::grid::{Cells, Frame, MemoryCells, is_unknown};
use crate::io::geotiff::GeoTiff;
use crate::report::colours::{self, Rgb};
use crate::report::picture::{Rgba, Shrink, least_rank, png, shrunk, shrunk_file};

/// Side of a picture at most, pixels.
const MOST_SIDE: usize = 1600;

/// The picture shown first may take so many bytes, another half of it; above it is drawn with half the side.
const MOST_BYTES: usize = 1_000_000;

/// Steps of colour: more are not told apart, and fewer make smaller files.
const N_STEPS: usize = 25;

/// A grid as a picture.
pub struct Picture {
    /// A word for scripts.
    pub name: &'static str,
    /// What it shows.
    pub label: &'static str,
    /// The picture itself.
    pub uri: String,
    /// Upper left and lower right corner, in the frame's coordinates.
    pub corners: [DVec2; 2],
    /// The same of the part where something is known.
    pub known: Vec<DVec2>,
    /// Cells along the side of a pixel.
    pub shrunk: usize,
    /// Colours with their meaning.
    pub legend: Vec<Value>,
}

/// Priority and, where it was sampled, acceptability.
pub fn pictures(sources: &Sources) -> Result<Vec<Picture>> {
    let mut pictures = Vec::new();
    if let Some(grid) = &sources.rank {
        let label = "priority of the ground (rank)";
        pictures.push(picture(grid, "rank", label, 100.0, ["last", "first"], MOST_BYTES)?);
    }
    if let Some(grid) = &sources.acceptability {
        let label = "how firm: share of samples in the top";
        pictures.push(picture(grid, "acceptability", label, 1.0, ["never", "always"], MOST_BYTES / 2)?);
    }
    Ok(pictures)
}

fn picture(
    grid: &GeoTiff,
    name: &'static str,
    label: &'static str,
    most: f32,
    ends: [&str; 2],
    most_bytes: usize,
) -> Result<Picture> {
    let colours: Vec<Rgba> = (0..=N_STEPS)
        .map(|step| {
            let Rgb { r, g, b } = colours::strength(step as f64 / N_STEPS as f64);
            [r, g, b, 255]
        })
        .collect();
    let mut side = MOST_SIDE;
    let mut small = shrunk_file(grid, side)?;
    let (least, bytes) = loop {
        let least = if name == "rank" { least_rank(&small).floor() } else { 0.0 };
        let colour = |value: f32| -> Rgba {
            let share = (value - least) / (most - least);
            // What lies beyond either end takes the end's colour: as a whole number it stops at 0.
            colours[((share * N_STEPS as f32).round() as usize).min(N_STEPS)]
        };
        let bytes = png(&small, colour)?;
        if bytes.len() <= most_bytes || side <= 256 {
            break (least, bytes);
        }
        side /= 2;
        small = shrunk(&small, side, Shrink::Mean)?;
    };
    let frame = small.frame();
    let corner =
        |col: usize, row: usize| frame.world_from_cell.transform_point2(DVec2::new(col as f64, row as f64));
    let swatches = (0..=5).map(|step| {
        let share = f64::from(step) / 5.0;
        let text = match step {
            // Ties at the bottom: the scale does not begin with 0, and says so.
            0 if least > 0.0 => format!("{least}, {}", ends[0]),
            0 => ends[0].to_owned(),
            5 => ends[1].to_owned(),
            _ => String::new(),
        };
        json!({ "colour": colours::strength(share).hex(), "value": f64::from(least) + share * f64::from(most - least), "text": text })
    });
    Ok(Picture {
        name,
        label,
        uri: format!("data:image/png;base64,{}", STANDARD.encode(bytes)),
        corners: [corner(0, 0), corner(frame.n_cols, frame.n_rows)],
        known: known_corners(&small),
        shrunk: step(grid.frame(), frame),
        legend: swatches.collect(),
    })
}

fn step(large: &Frame, small: &Frame) -> usize {
    (small.cell_size().x / large.cell_size().x).round() as usize
}

/// Corners of the rectangle that holds every known cell, in the frame's coordinates; none where all are unknown.
fn known_corners(cells: &MemoryCells) -> Vec<DVec2> {
    let frame = cells.frame();
    let mut low = DVec2::INFINITY;
    let mut high = DVec2::NEG_INFINITY;
    for (i, value) in cells.to_vec().into_iter().enumerate() {
        if !is_unknown(value) {
            let at = DVec2::new((i % frame.n_cols) as f64, (i / frame.n_cols) as f64);
            low = low.min(at);
            high = high.max(at + 1.0);
        }
    }
    if low.x > high.x {
        return Vec::new();
    }
    [low, high].map(|corner| frame.world_from_cell.transform_point2(corner)).to_vec()
}
