//! The reader: a band of a file, by windows.
//!
//! Opening reads the tags, judges them against the length of the file and takes no memory they do not pay for.
//! A window decodes the blocks it touches, in parallel, each at most once while the cache holds it; threads
//! share the file through reads at a position, and no lock is held but that of the block being decoded.

mod cache;
mod directory;
mod facts;
mod geo_keys;
mod georeference;
mod image;
mod layout;
mod metadata;
mod samples;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use glam::{DAffine2, DVec2};

use self::directory::{Directory, Source};
pub use self::facts::{RasterFacts, ReadOptions, SampleType, Statistics};
use self::georeference::frame_of;
use self::image::Image;
use self::layout::Layout;
use self::metadata::Metadata;
use super::tags;
use crate::error::{Faults, Result};
use crate::grid::{Cells, Frame, UNKNOWN, Window};

/// One band of a GeoTIFF, read by window from any number of threads.
#[derive(Debug)]
pub struct GeoTiff {
    path: PathBuf,
    frame: Frame,
    facts: RasterFacts,
    image: Image,
    mask: Option<Image>,
}

impl GeoTiff {
    /// Opens a band (from 1) of a file. Nothing but its tags is read.
    pub fn open(path: &Path, band: usize) -> Result<Self> {
        Self::open_with(path, &ReadOptions { band, ..ReadOptions::default() })
    }

    /// Opens a file with a nodata value, CRS or cache of one's own.
    pub fn open_with(path: &Path, options: &ReadOptions) -> Result<Self> {
        let source = Arc::new(Source::open(path)?);
        let mut directories = source.directories()?.into_iter();
        let directory = directories.next().expect("a TIFF has a first directory");
        let mut faults = Faults::new();
        let layout = faults.take(Layout::of(&source, &directory))?;
        let size = layout.as_ref().map(|layout| (layout.n_cols, layout.n_rows));
        let frame = faults.take(frame_of(&source, &directory, options.crs.as_ref(), size))?;
        if let Some(layout) = &layout
            && !(1..=layout.n_bands).contains(&options.band)
        {
            let expected = format!("a band from 1 to {}", layout.n_bands);
            let fix = "set `band` to one of the file's";
            faults.push(source.fault("raster.band", expected, format!("band {}", options.band), fix));
        }
        let nodata = match options.nodata {
            None => faults.take(declared_nodata(&source, &directory))?.flatten(),
            given => given,
        };
        faults.finish()?;
        let (layout, frame) = (layout.expect("no fault"), frame.expect("no fault"));
        let mask = mask_of(&source, directories, &layout, options.cache_bytes)?;
        let band = options.band - 1;
        let metadata = Metadata::of(directory.text(&source, tags::GDAL_METADATA)?.as_deref(), band);
        let facts = RasterFacts {
            sample: layout.sample,
            n_bands: layout.n_bands,
            compression: layout.codec.name(),
            is_tiled: layout.is_tiled,
            block_cols: layout.block_cols,
            block_rows: layout.block_rows_on_disk,
            nodata,
            has_mask: mask.is_some(),
            description: metadata.description,
            unit: metadata.unit,
            scale: metadata.scale,
            offset: metadata.offset,
            statistics: metadata.statistics,
        };
        let image = Image::new(source, layout, band, nodata, options.cache_bytes);
        Ok(Self { path: path.to_path_buf(), frame, facts, image, mask })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file says of itself.
    pub fn facts(&self) -> &RasterFacts {
        &self.facts
    }

    /// Another bound on the decoded blocks kept (bytes); what is kept now is forgotten.
    pub fn set_cache_bytes(&mut self, bytes: usize) {
        self.image.set_cache_bytes(bytes);
        if let Some(mask) = &mut self.mask {
            mask.set_cache_bytes(bytes / 4);
        }
    }

    /// The smallest of the file's overviews that has `least_side` columns or rows or more, as a grid on the same ground:
    /// a cell of it stands for 2, 4, 8, … cells along each side, and its last column and row may reach past the grid.
    /// For pictures: what the cells became in one is the writer's choice. `None` where there is no such overview, or
    /// cells are shown by a mask.
    pub fn overview(&self, least_side: usize) -> Result<Option<Self>> {
        if self.mask.is_some() {
            return Ok(None);
        }
        let source = self.image.source();
        let mut smallest: Option<(usize, Layout)> = None;
        for directory in source.directories()?.into_iter().skip(1) {
            if directory.number(source, tags::NEW_SUBFILE_TYPE)? != Some(1) {
                continue;
            }
            let layout = Layout::of(source, &directory)?;
            let step = self.frame.n_cols.div_ceil(layout.n_cols).next_power_of_two();
            let is_ours = layout.n_bands == self.facts.n_bands
                && layout.n_cols == self.frame.n_cols.div_ceil(step)
                && layout.n_rows == self.frame.n_rows.div_ceil(step);
            let is_enough = layout.n_cols.max(layout.n_rows) >= least_side;
            if is_ours && is_enough && smallest.as_ref().is_none_or(|(least, _)| step > *least) {
                smallest = Some((step, layout));
            }
        }
        Ok(smallest.map(|(step, layout)| {
            let frame = Frame {
                crs: self.frame.crs.clone(),
                world_from_cell: self.frame.world_from_cell * DAffine2::from_scale(DVec2::splat(step as f64)),
                n_cols: layout.n_cols,
                n_rows: layout.n_rows,
            };
            let image = self.image.of_layout(layout, ReadOptions::default().cache_bytes);
            Self { path: self.path.clone(), frame, facts: self.facts.clone(), image, mask: None }
        }))
    }

    /// Bytes of cache ([`GeoTiff::set_cache_bytes`]) with which windows of up to `n_rows` rows, read one beside
    /// the other over the whole width, decode no block twice. What a wide striped file read in square tiles
    /// needs.
    pub fn cache_bytes_for_rows(&self, n_rows: usize) -> usize {
        self.image.cache_bytes_for_rows(n_rows)
    }
}

impl Cells for GeoTiff {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        debug_assert_eq!(out.len(), window.len());
        self.image.read(window, out)?;
        if let Some(mask) = &self.mask {
            let mut shown = vec![0.0; window.len()];
            mask.read(window, &mut shown)?;
            for (value, shown) in out.iter_mut().zip(shown) {
                // A sparse block of a mask is unknown, and shows nothing either.
                *value = if shown > 0.0 { *value } else { UNKNOWN };
            }
        }
        Ok(())
    }
}

/// GDAL's nodata tag: a number as text, possibly `nan`.
fn declared_nodata(source: &Source, directory: &Directory) -> Result<Option<f64>> {
    let Some(text) = directory.text(source, tags::GDAL_NODATA)? else {
        return Ok(None);
    };
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        let fix = "mend it with `gdal_edit.py -a_nodata VALUE`, or set `nodata` for the layer";
        source.fault("raster.nodata", "a number as nodata value", format!("`{text}`"), fix).into()
    })
}

/// The internal mask that belongs to an image, where there is one: bit 4 of the subfile type, the same size.
fn mask_of(
    source: &Arc<Source>,
    directories: impl Iterator<Item = Directory>,
    image: &Layout,
    cache_bytes: usize,
) -> Result<Option<Image>> {
    for directory in directories {
        let kind = directory.number(source, tags::NEW_SUBFILE_TYPE)?.unwrap_or(0);
        if kind & 0b101 != 0b100 {
            continue;
        }
        let layout = Layout::of(source, &directory)?;
        if (layout.n_cols, layout.n_rows) == (image.n_cols, image.n_rows) {
            return Ok(Some(Image::new(Arc::clone(source), layout, 0, None, cache_bytes / 4)));
        }
    }
    Ok(None)
}
