//! Priority grids: planes from scoring, tile by tile, into Cloud-Optimised GeoTIFFs.

mod ending;

use std::path::Path;

use rayon::prelude::*;

pub use self::ending::Ended;
use self::ending::{Ending, end};
use super::colours;
use super::style::{class_colour_table, class_style, quantity_style, rank_style};
use crate::error::Result;
use crate::grid::{Frame, Window};
use crate::io::atomic::write_atomic;
use crate::io::geotiff::{Compression, GeoTiff, GeoTiffWriter, Piece, WriteSpec};
use crate::progress::Progress;
use crate::score::{Plane, PlaneSink};

/// One grid: the plane, its file, description and unit.
pub struct GridFile {
    /// The plane.
    pub plane: Plane,
    /// File name in the run directory.
    pub name: &'static str,
    /// Its style beside it, which QGIS loads with the grid.
    pub style: &'static str,
    /// Its colours beside it, for ArcGIS's tool Add Colormap.
    pub colours: Option<&'static str>,
    description: &'static str,
    unit: &'static str,
}

impl GridFile {
    /// How it is written; classes with a colour each.
    pub fn spec(&self, compression: Compression, n_classes: u8) -> WriteSpec {
        let spec = match self.plane {
            Plane::Class => class_spec(self.description, n_classes),
            _ => WriteSpec::quantity(self.description, self.unit),
        };
        WriteSpec { compression, ..spec }
    }

    /// Writes style and colours beside the grid as it lies in a folder; tells the files.
    pub fn write_styles(&self, folder: &Path, n_classes: u8) -> Result<Vec<&'static str>> {
        write_atomic(&folder.join(self.style), self.style_in(folder, n_classes)?.as_bytes())?;
        if let Some(colours) = self.colours {
            write_atomic(&folder.join(colours), class_colour_table(n_classes).as_bytes())?;
        }
        Ok([self.style].into_iter().chain(self.colours).collect())
    }

    fn style_in(&self, folder: &Path, n_classes: u8) -> Result<String> {
        Ok(match self.plane {
            Plane::Class => class_style(n_classes),
            Plane::Rank | Plane::RankMean => {
                let statistics = GeoTiff::open(&folder.join(self.name), 1)?.facts().statistics;
                rank_style(
                    statistics.filter(|found| found.least < found.greatest).map_or(0.0, |found| found.least),
                )
            }
            Plane::Acceptability => quantity_style((0.0, 1.0), ""),
            _ => stretched_style(&folder.join(self.name), self.unit)?,
        })
    }
}

/// A quantity's style from its least value to two standard deviations above its mean, or its greatest value where that
/// is less: a few large values would otherwise leave all others pale. The figures are those the file declares.
pub fn stretched_style(path: &Path, unit: &str) -> Result<String> {
    let range = GeoTiff::open(path, 1)?
        .facts()
        .statistics
        .map_or((0.0, 1.0), |found| (found.least, found.greatest.min(found.mean + 2.0 * found.deviation)));
    Ok(quantity_style(range, if unit == "1" { "" } else { unit }))
}

/// Every grid a run writes.
pub const GRIDS: [GridFile; 7] = [
    grid(
        Plane::Rank,
        ("priority.tif", "priority.qml"),
        "rank among scored cells, 100 = first; no data is not scored",
        "percentile",
    ),
    grid(Plane::Class, ("class.tif", "class.qml"), "priority class, 1 = first; 0 is not scored", ""),
    grid(
        Plane::Benefit,
        ("benefit.tif", "benefit.qml"),
        "benefit of clearing the cell by the project's form, 0..1",
        "1",
    ),
    grid(Plane::Cost, ("cost.tif", "cost.qml"), "cost of clearing the cell", "US$"),
    grid(
        Plane::BenefitPerCost,
        ("benefit_per_cost.tif", "benefit_per_cost.qml"),
        "benefit times area per cost",
        "m2/US$",
    ),
    grid(
        Plane::Exposure,
        ("exposure.tif", "exposure.qml"),
        "people who live within reach of the cell, effective",
        "people",
    ),
    grid(
        Plane::PeopleAtRisk,
        ("people_at_risk.tif", "people_at_risk.qml"),
        "expected people within reach of contaminated ground: hazard times exposure",
        "people",
    ),
];

/// Those that a run with robustness writes besides.
pub const ROBUSTNESS_GRIDS: [GridFile; 3] = [
    grid(
        Plane::Acceptability,
        ("acceptability.tif", "acceptability.qml"),
        "share of the samples of weights, hazard and cost in which the cell is in the top, 0..1",
        "1",
    ),
    grid(
        Plane::RankMean,
        ("rank_mean.tif", "rank_mean.qml"),
        "mean rank over the samples, 100 = first",
        "percentile",
    ),
    grid(
        Plane::RankSd,
        ("rank_sd.tif", "rank_sd.qml"),
        "standard deviation of the rank over the samples",
        "percentile",
    ),
];

/// The grids of a run.
pub fn grids(has_robustness: bool) -> impl Iterator<Item = &'static GridFile> {
    GRIDS.iter().chain(ROBUSTNESS_GRIDS.iter().filter(move |_| has_robustness))
}

/// How classes are written: bytes, with a colour each.
pub fn class_spec(description: &str, n_classes: u8) -> WriteSpec {
    let colours = (0..=n_classes).map(|class| colours::class(class, n_classes).unwrap_or(colours::PAPER));
    let colours = colours.map(|colour| [colour.r, colour.g, colour.b]).collect();
    WriteSpec { colours, ..WriteSpec::classes(description) }
}

const fn grid(
    plane: Plane,
    (name, style): (&'static str, &'static str),
    description: &'static str,
    unit: &'static str,
) -> GridFile {
    let colours = if matches!(plane, Plane::Class) { Some("class.clr") } else { None };
    GridFile { plane, name, style, colours, description, unit }
}

/// Writes all grids of a run into its staging folder while they are scored. One that is whole is ended on a thread of
/// its own.
pub struct GridWriters {
    writers: Vec<(Plane, GeoTiffWriter)>,
    ending: Ending,
}

impl GridWriters {
    /// Begins the files given on a frame.
    pub fn create<'a>(
        folder: &Path,
        frame: &Frame,
        compression: Compression,
        n_classes: u8,
        files: impl IntoIterator<Item = &'a GridFile>,
    ) -> Result<Self> {
        let begin = |file: &GridFile| {
            let spec = file.spec(compression, n_classes);
            Ok((file.plane, GeoTiffWriter::create(&folder.join(file.name), frame, &spec)?))
        };
        let writers = files.into_iter().map(begin).collect::<Result<_>>()?;
        Ok(Self { writers, ending: Ending::default() })
    }

    /// Takes over a piece of a plane.
    pub fn absorb(&mut self, plane: Plane, piece: &Piece) -> Result<()> {
        match self.writers.iter_mut().find(|(written, _)| *written == plane) {
            Some((_, writer)) => writer.absorb(piece),
            None => Ok(()),
        }
    }

    /// Ends every file: its overviews are put before its cells.
    pub fn finish(self, progress: &dyn Progress) -> Result<Vec<Ended>> {
        progress.start("write", self.writers.len() as u64);
        let finish = |(_, writer): (Plane, GeoTiffWriter)| -> Result<Ended> {
            progress.check()?;
            let ended = end(writer)?;
            progress.advance(1);
            Ok(ended)
        };
        let Self { writers, mut ending } = self;
        let last: Vec<Result<Ended>> = writers.into_par_iter().map(finish).collect();
        let mut ended = ending.wait()?;
        for last in last {
            ended.push(last?);
        }
        progress.finish();
        Ok(ended)
    }

    /// Has the grids ended that are whole, unless they are the last: nothing goes on beside which they could be.
    fn end_whole(&mut self) -> Result<()> {
        if self.writers.iter().all(|(_, writer)| writer.is_whole()) {
            return Ok(());
        }
        let whole = self.writers.extract_if(.., |(_, writer)| writer.is_whole());
        whole.map(|(_, writer)| writer).try_for_each(|writer| self.ending.add(writer))
    }
}

impl PlaneSink for GridWriters {
    fn put(&mut self, plane: Plane, window: Window, values: &[f32]) -> Result<()> {
        self.put_all(window, &[(plane, values)])
    }

    /// Side by side: of one plane alone, tiles of the upper levels keep a single thread busy.
    fn put_all(&mut self, window: Window, planes: &[(Plane, &[f32])]) -> Result<()> {
        self.writers.par_iter_mut().try_for_each(|(written, writer)| {
            let plane = planes.iter().find(|(plane, _)| plane == written);
            plane.map_or(Ok(()), |(_, values)| writer.write(window, values))
        })?;
        self.end_whole()
    }
}
