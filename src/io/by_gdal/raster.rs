//! A band of a raster through GDAL, by windows.
//!
//! GDAL's datasets belong to one reader at a time: a few are kept open, as many as threads read at once. Values are
//! taken as our own reader takes them: `f32`, nodata and what is not finite unknown, masks and alpha likewise.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ::gdal::raster::{GdalDataType, RasterBand};
use ::gdal::{Dataset, DatasetOptions, GdalOpenFlags};
use glam::{DAffine2, DMat2, DVec2};

use super::companions::sources;
use super::{crs_of, set_up, unreadable};
use crate::error::{Error, Fault, Faults, Result};
use crate::grid::{Crs, Frame, UNKNOWN, Window, canonical, take_gdal_messages};
use crate::io::geotiff::ReadOptions;

/// The most bytes of a block that GDAL decodes at once.
const MAX_BLOCK_BYTES: u64 = 1 << 30;
/// The most cells: a million a side.
const MAX_CELLS: u64 = 1_000_000_000_000;

/// One band of a file.
#[derive(Debug)]
pub(in crate::io) struct GdalRaster {
    path: PathBuf,
    band: usize,
    frame: Frame,
    nodata: Option<f64>,
    has_mask: bool,
    is_single: bool,
    unit: Option<String>,
    idle: Mutex<Vec<Dataset>>,
}

impl GdalRaster {
    /// Opens a band of a file; nothing but its header is read.
    pub(in crate::io) fn open_with(path: &Path, options: &ReadOptions) -> Result<Self> {
        set_up();
        // What is not there is told as everywhere.
        path.metadata().map_err(Error::io("read", path))?;
        check_sources(path)?;
        let dataset = open(path)?;
        let place = path.display().to_string();
        let n_bands = dataset.raster_count();
        if !(1..=n_bands).contains(&options.band) {
            let expected = match n_bands {
                0 => "a raster".to_owned(),
                n => format!("a band from 1 to {n}"),
            };
            let found = if n_bands == 0 { "no band".to_owned() } else { format!("band {}", options.band) };
            let fix =
                "set `band` to one of the file's; `gdalinfo` lists them, and subdatasets to `gdal_translate`";
            return Err(Fault::new("raster.band", place, expected, found, fix).into());
        }
        let mut faults = Faults::new();
        let (crs, affine) = (crs(&dataset, options.crs.as_ref(), &place), affine(&dataset, &place));
        let (crs, affine) = (faults.take(crs)?, faults.take(affine)?);
        let facts = {
            let band = band(&dataset, path, options.band)?;
            faults.take(check_size(&dataset, &band, &place))?;
            let flags = band.mask_flags().map_err(|error| unreadable(path, "a raster", &error))?;
            let is_single = band.band_type() == GdalDataType::Float32;
            let has_mask =
                !flags.is_all_valid() && !flags.is_nodata() && (flags.is_per_dataset() || flags.is_alpha());
            (band.no_data_value(), has_mask, is_single, band.unit())
        };
        faults.finish()?;
        let (declared, has_mask, is_single, unit) = facts;
        let (n_cols, n_rows) = dataset.raster_size();
        let (crs, world_from_cell) = (crs.expect("no fault"), affine.expect("no fault"));
        let frame = Frame { crs, world_from_cell, n_cols, n_rows }.validated(&place)?;
        Ok(Self {
            path: path.to_path_buf(),
            band: options.band,
            frame,
            nodata: options.nodata.or(declared),
            has_mask,
            is_single,
            unit: Some(unit).filter(|unit| !unit.is_empty()),
            idle: Mutex::new(vec![dataset]),
        })
    }

    pub(in crate::io) fn path(&self) -> &Path {
        &self.path
    }

    pub(in crate::io) fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    pub(in crate::io) fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The cells of a window; unknown outside the file.
    pub(in crate::io) fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        out.fill(UNKNOWN);
        let Some(inside) = window.clipped(&self.frame) else { return Ok(()) };
        let kept = self.idle.lock().expect("no reader panicked").pop();
        let dataset = match kept {
            Some(dataset) => dataset,
            None => open(&self.path)?,
        };
        let cells = self.cells(&dataset, inside);
        self.idle.lock().expect("no reader panicked").push(dataset);
        window.put(out, inside, &cells?);
        Ok(())
    }

    fn cells(&self, dataset: &Dataset, window: Window) -> Result<Vec<f32>> {
        take_gdal_messages();
        let band = band(dataset, &self.path, self.band)?;
        let (at, size) = ((window.col as isize, window.row as isize), (window.n_cols, window.n_rows));
        let wrong = |error: ::gdal::errors::GdalError| unreadable(&self.path, "a whole raster", &error);
        let mut cells = vec![UNKNOWN; window.len()];
        if self.is_single {
            band.read_into_slice(at, size, size, &mut cells, None).map_err(wrong)?;
            let nodata = self.nodata.map(|nodata| nodata as f32);
            for cell in &mut cells {
                *cell = if nodata == Some(*cell) { UNKNOWN } else { canonical(*cell) };
            }
        } else {
            // Exact for whole numbers of up to 53 bits.
            let mut wide = vec![0.0_f64; window.len()];
            band.read_into_slice(at, size, size, &mut wide, None).map_err(wrong)?;
            for (cell, value) in cells.iter_mut().zip(wide) {
                *cell = if self.nodata == Some(value) { UNKNOWN } else { canonical(value as f32) };
            }
        }
        if self.has_mask {
            let mut shown = vec![0_u8; window.len()];
            let mask = band.open_mask_band().map_err(wrong)?;
            mask.read_into_slice(at, size, size, &mut shown, None).map_err(wrong)?;
            for (cell, shown) in cells.iter_mut().zip(shown) {
                *cell = if shown > 0 { *cell } else { UNKNOWN };
            }
        }
        // A source of a virtual raster that is not there is a message and no error.
        match take_gdal_messages().failure {
            Some(said) => Err(damaged(&self.path, &said).into()),
            None => Ok(cells),
        }
    }
}

fn open(path: &Path) -> Result<Dataset> {
    take_gdal_messages();
    let open_flags = GdalOpenFlags::GDAL_OF_RASTER | GdalOpenFlags::GDAL_OF_VERBOSE_ERROR;
    let options = DatasetOptions { open_flags, ..DatasetOptions::default() };
    let dataset = Dataset::open_ex(path, options)
        .map_err(|error| unreadable(path, "a raster that GDAL reads", &error))?;
    match take_gdal_messages().failure {
        Some(said) => Err(damaged(path, &said).into()),
        None => Ok(dataset),
    }
}

fn band<'d>(dataset: &'d Dataset, path: &Path, band: usize) -> Result<RasterBand<'d>> {
    dataset.rasterband(band).map_err(|error| unreadable(path, "a band of a raster", &error).into())
}

fn damaged(path: &Path, said: &str) -> Fault {
    let fix = "copy or export it again; `gdalinfo -checksum` tells whether it is whole";
    let found = crate::error::clipped(said);
    Fault::new("gdal.unreadable", path.display().to_string(), "a whole raster", found, fix)
}

fn crs(dataset: &Dataset, given: Option<&Crs>, place: &str) -> Result<Crs> {
    if let Some(given) = given {
        return Ok(given.clone());
    }
    let reference = dataset.spatial_ref().ok();
    let found = match &reference {
        Some(reference) => crs_of(reference, place)?,
        None => None,
    };
    found.ok_or_else(|| {
        let found = if reference.is_some() { "a CRS described without an EPSG code" } else { "no CRS" };
        let fix = "give it one: `gdal_translate -a_srs EPSG:n IN OUT.tif`, n being the code it was made in";
        Fault::new("raster.no_crs", place, "a CRS with an EPSG code", found, fix).into()
    })
}

fn affine(dataset: &Dataset, place: &str) -> Result<DAffine2> {
    let [x, across_x, down_x, y, across_y, down_y] = dataset.geo_transform().map_err(|_| {
        let fix = "give it one with `gdal_translate -a_ullr XMIN YMAX XMAX YMIN IN OUT.tif`, or warp it with `gdalwarp`";
        Fault::new("raster.no_transform", place, "a position and a cell size", "no georeferencing", fix)
    })?;
    let linear = DMat2::from_cols(DVec2::new(across_x, across_y), DVec2::new(down_x, down_y));
    Ok(DAffine2::from_mat2_translation(linear, DVec2::new(x, y)))
}

/// Refuses by what the header declares what GDAL would take memory for.
fn check_size(dataset: &Dataset, band: &RasterBand<'_>, place: &str) -> Result<()> {
    let (n_cols, n_rows) = dataset.raster_size();
    let (block_cols, block_rows) = band.block_size();
    let kind = band.band_type();
    let block_bytes = block_cols as u64 * block_rows as u64 * u64::from(kind.bytes());
    let is_number = kind.is_integer() || kind.is_floating();
    let fault = |code, expected: &str, found: String, fix: &str| {
        Err(Fault::new(code, place, expected, found, fix).into())
    };
    if !is_number || kind.name().starts_with('C') {
        let fix = "convert it with `gdal_translate -ot Float32 IN OUT.tif`";
        return fault("gdal.sample_type", "whole numbers or floats", kind.name(), fix);
    }
    if n_cols as u64 * n_rows as u64 > MAX_CELLS || block_bytes > MAX_BLOCK_BYTES {
        let found = format!("{n_cols} x {n_rows} cells in blocks of {block_cols} x {block_rows}");
        let expected = "at most a million cells a side, in blocks of at most 1 GiB";
        let fix = "cut it out or rewrite it in tiles: `gdal_translate -of COG -projwin … IN OUT.tif`";
        return fault("gdal.too_large", expected, found, fix);
    }
    Ok(())
}

/// Refuses a virtual raster that reads over a network, and one with a source that is not there, by name.
fn check_sources(path: &Path) -> Result<()> {
    let mut faults = Faults::new();
    for source in sources(path) {
        let is_remote = source.contains("://") || source.starts_with("/vsi");
        // Others name a subdataset or hold a whole description.
        let is_path = !source.contains(':') && !source.contains('<');
        if is_remote {
            let fix = "download what it names, and build it anew with `gdalbuildvrt`";
            let place = path.display().to_string();
            faults.push(Fault::new(
                "gdal.remote",
                place,
                "sources that are files",
                format!("`{source}`"),
                fix,
            ));
        } else if is_path && !Path::new(&source).exists() {
            let fix = "put it there, or build the virtual raster anew with `gdalbuildvrt`";
            let found = format!("no such file {source}");
            faults.push(Fault::new("input.missing", path.display().to_string(), "its sources", found, fix));
        }
    }
    faults.finish()
}
