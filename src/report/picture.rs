//! Grid → coloured picture: a plane of any size brought down to so many cells, each cell a pixel, as PNG.
//!
//! A cell of the small plane stands for `step` × `step` cells of the large one and takes their mean, or their
//! commonest value; unknown ones count for nothing, and a pixel is transparent only where all of them are unknown.
//! Example: of 2 × 2 cells `1 3 / ? 5` the mean is 3. Few colours make small files: up to 256 are written as a
//! palette. It chooses no colours (`report::colours` does).

use std::collections::HashMap;
use std::path::Path;

use glam::{DAffine2, DVec2};
use png::{BitDepth, ColorType, Compression, Encoder, Filter};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::grid::{Cells, Frame, MemoryCells, UNKNOWN, Window, is_unknown};
use crate::io::geotiff::GeoTiff;

/// A colour: red, green, blue, and opacity from 0 (not seen) to 255.
pub type Rgba = [u8; 4];

/// What many cells become in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shrink {
    /// The mean of those known: amounts and ranks.
    Mean,
    /// The commonest of those known, the smaller of two as common: classes.
    Commonest,
}

/// The least rank of a plane, where a scale of colours begins; 0 where nothing is known, or all is alike.
pub fn least_rank(cells: &MemoryCells) -> f32 {
    let known = || cells.to_vec().into_iter().filter(|rank| !is_unknown(*rank));
    let (least, most) = (known().fold(100.0, f32::min), known().fold(0.0, f32::max));
    if least < most { least.clamp(0.0, 99.0) } else { 0.0 }
}

/// Side of the squares in which the large plane is read, cells.
const READ_SIDE: usize = 1024;

/// A plane of at most `most_side` columns and rows that shows the whole of `cells`. Its frame begins at the same
/// corner; its last column and row may reach past the large frame.
pub fn shrunk(cells: &dyn Cells, most_side: usize, shrink: Shrink) -> Result<MemoryCells> {
    let large = cells.frame();
    let step = large.n_cols.max(large.n_rows).div_ceil(most_side.max(1)).max(1);
    let small = Frame {
        crs: large.crs.clone(),
        world_from_cell: large.world_from_cell * DAffine2::from_scale(DVec2::splat(step as f64)),
        n_cols: large.n_cols.div_ceil(step),
        n_rows: large.n_rows.div_ceil(step),
    };
    let block = (READ_SIDE / step).max(1);
    let mut values = vec![UNKNOWN; small.n_cols * small.n_rows];
    // A band is `block` rows of the small plane: bands are filled in parallel, squares after one another.
    values.par_chunks_mut(block * small.n_cols).enumerate().try_for_each(|(band, out)| {
        let n_rows = out.len() / small.n_cols;
        for col in (0..small.n_cols).step_by(block) {
            let n_cols = block.min(small.n_cols - col);
            let window =
                Window::new((col * step) as i64, (band * block * step) as i64, n_cols * step, n_rows * step);
            let read = cells.read_vec(window)?;
            for (row, line) in out.chunks_exact_mut(small.n_cols).enumerate() {
                for (i, value) in line[col..col + n_cols].iter_mut().enumerate() {
                    let rows = (row * step..(row + 1) * step).map(|row| row * window.n_cols + i * step);
                    let known = rows.flat_map(|from| &read[from..from + step]).copied();
                    *value = one(known.filter(|value| !is_unknown(*value)), shrink);
                }
            }
        }
        Result::Ok(())
    })?;
    Ok(MemoryCells::from_values(small, values))
}

/// [`shrunk`] by the mean, from an overview of the file where one is fine enough, so that a grid of a country is not
/// decoded whole for a picture. A mean of an overview's means differs from the mean of all cells where some of them are
/// unknown.
pub fn shrunk_file(grid: &GeoTiff, most_side: usize) -> Result<MemoryCells> {
    match grid.overview(2 * most_side)? {
        Some(overview) => shrunk(&overview, most_side, Shrink::Mean),
        None => shrunk(grid, most_side, Shrink::Mean),
    }
}

/// A plane as PNG: `colour` says how a known value looks; unknown cells are transparent.
pub fn png(cells: &MemoryCells, colour: impl Fn(f32) -> Rgba) -> Result<Vec<u8>> {
    let paint = |value: f32| if is_unknown(value) { [0; 4] } else { colour(value) };
    let pixels: Vec<Rgba> = cells.to_vec().into_iter().map(paint).collect();
    png_of_pixels(cells.frame().n_cols, cells.frame().n_rows, &pixels)
}

/// Pixels, row by row, as PNG.
///
/// # Panics
/// When there are not `n_cols` × `n_rows` pixels.
pub fn png_of_pixels(n_cols: usize, n_rows: usize, pixels: &[Rgba]) -> Result<Vec<u8>> {
    assert_eq!(pixels.len(), n_cols * n_rows, "one pixel a cell");
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, n_cols as u32, n_rows as u32);
    encoder.set_compression(Compression::Balanced);
    let raw: Vec<u8> = match palette(pixels) {
        Some((colours, indices)) => {
            encoder.set_color(ColorType::Indexed);
            encoder.set_palette(colours.iter().flat_map(|colour| colour[..3].to_vec()).collect::<Vec<u8>>());
            encoder.set_trns(colours.iter().map(|colour| colour[3]).collect::<Vec<u8>>());
            // Neighbouring indices are no neighbouring numbers: a filter would only make noise.
            encoder.set_filter(Filter::NoFilter);
            indices
        }
        None => {
            encoder.set_color(ColorType::Rgba);
            encoder.set_filter(Filter::Adaptive);
            pixels.as_flattened().to_vec()
        }
    };
    encoder.set_depth(BitDepth::Eight);
    let failed = |error: png::EncodingError| Error::io("write", Path::new("a picture"))(error.into());
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&raw).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// The colours in the order they first appear and each pixel's index among them, where there are at most 256.
fn palette(pixels: &[Rgba]) -> Option<(Vec<Rgba>, Vec<u8>)> {
    let mut colours = Vec::new();
    let mut index_of = HashMap::new();
    let mut indices = Vec::with_capacity(pixels.len());
    // Pixels beside each other are mostly alike.
    for alike in pixels.chunk_by(|a, b| a == b) {
        let index = *index_of.entry(alike[0]).or_insert_with(|| {
            colours.push(alike[0]);
            colours.len() - 1
        });
        indices.resize(indices.len() + alike.len(), u8::try_from(index).ok()?);
    }
    Some((colours, indices))
}

/// What the known values of a block become; unknown where there are none.
fn one(known: impl Iterator<Item = f32>, shrink: Shrink) -> f32 {
    match shrink {
        Shrink::Mean => {
            let (sum, n) = known.fold((0.0_f64, 0_u32), |(sum, n), value| (sum + f64::from(value), n + 1));
            if n == 0 { UNKNOWN } else { (sum / f64::from(n)) as f32 }
        }
        Shrink::Commonest => {
            let mut values: Vec<f32> = known.collect();
            values.sort_by(f32::total_cmp);
            let runs = values.chunk_by(|a, b| a.to_bits() == b.to_bits());
            // Of runs as long the first stays, which holds the smaller value.
            let longest = runs.fold(&[][..], |best, run| if run.len() > best.len() { run } else { best });
            longest.first().copied().unwrap_or(UNKNOWN)
        }
    }
}
