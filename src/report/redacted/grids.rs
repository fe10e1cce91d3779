//! The grids of a redacted run: those of the run in coarse cells.

use std::collections::BTreeMap;
use std::path::Path;

use super::coarse::{Coarse, Sums};
use crate::error::Result;
use crate::grid::{MemoryCells, UNKNOWN};
use crate::io::geotiff::{Compression, GeoTiff, GeoTiffWriter, WriteSpec};
use crate::report::grids::{GridFile, class_spec, grids};
use crate::score::{Plane, class_of_rank};

/// What is shown of the ground.
#[derive(Debug)]
pub struct Shown {
    /// Names of the files written.
    pub files: Vec<&'static str>,
    /// Ranks, and the share of samples in the top where it was sampled, for the map.
    pub rank: MemoryCells,
    /// Coarse cells shown.
    pub n_shown: usize,
    /// Those not shown because of few people.
    pub n_few_people: usize,
    /// Those of which less than half is scored, and those outside it altogether.
    pub n_unknown: usize,
}

/// Writes the grids of the run in `from` into `to`; `people` are those who live in each coarse cell.
///
/// Ranks, benefit, exposure and people at risk are means by area over scored cells, the cost is their sum, benefit per
/// cost that of the sums, the class that of the mean rank.
pub fn write_grids(
    coarse: &Coarse,
    from: &Path,
    to: &Path,
    people: &[f64],
    class_percents: &[f64],
    compression: Compression,
) -> Result<Shown> {
    let has_robustness = from.join("acceptability.tif").is_file();
    let mut sums: BTreeMap<&str, Sums> = BTreeMap::new();
    for grid in grids(has_robustness).filter(|grid| !is_derived(grid.plane)) {
        sums.insert(grid.name, coarse.sums(&GeoTiff::open(&from.join(grid.name), 1)?)?);
    }
    let rank = &sums["priority.tif"];
    let (shown, n_few_people) = coarse.shown(&rank.known, people);
    let values = |file: &GridFile| -> Vec<f32> {
        let value = |at: usize| match file.plane {
            Plane::Cost => Some(sums["cost.tif"].total[at]),
            Plane::BenefitPerCost => {
                let (benefit, cost) = (sums["benefit.tif"].by_area[at], sums["cost.tif"].total[at]);
                (cost > 0.0).then(|| benefit / cost)
            }
            Plane::Class => rank.mean(at).map(|rank| class_of_rank(rank as f32, class_percents)),
            _ => sums[file.name].mean(at),
        };
        let of = |(at, &is_shown): (usize, &bool)| if is_shown { value(at) } else { None };
        shown.iter().enumerate().map(of).map(|value| value.map_or(UNKNOWN, |value| value as f32)).collect()
    };
    let mut files = Vec::new();
    let mut ranks = Vec::new();
    let n_classes = class_percents.len() as u8 + 1;
    for grid in grids(has_robustness) {
        let (description, unit) = described(grid.plane);
        let spec = match grid.plane {
            Plane::Class => class_spec(description, n_classes),
            _ => WriteSpec::quantity(description, unit),
        };
        let values = values(grid);
        let spec = WriteSpec { compression, ..spec };
        let mut writer = GeoTiffWriter::create(&to.join(grid.name), &coarse.frame, &spec)?;
        writer.write(coarse.frame.window(), &values)?;
        writer.finish()?;
        files.push(grid.name);
        files.extend(grid.write_styles(to, n_classes)?);
        if grid.plane == Plane::Rank {
            ranks = values;
        }
    }
    let n_shown = shown.iter().filter(|&&is_shown| is_shown).count();
    Ok(Shown {
        files,
        rank: MemoryCells::from_values(coarse.frame.clone(), ranks),
        n_shown,
        n_few_people,
        n_unknown: shown.len() - n_shown - n_few_people,
    })
}

/// Whether a plane is made from the sums of others.
fn is_derived(plane: Plane) -> bool {
    matches!(plane, Plane::Class | Plane::BenefitPerCost)
}

/// What a band says of itself, and its unit.
fn described(plane: Plane) -> (&'static str, &'static str) {
    match plane {
        Plane::Rank => ("mean rank of the scored cells in this coarse cell, 100 = first", "percentile"),
        Plane::Class => ("priority class of the mean rank, 1 = first; 0 is not shown", ""),
        Plane::Benefit => ("mean benefit of the scored cells, 0..1", "1"),
        Plane::Cost => ("cost of clearing the scored cells, summed", "US$"),
        Plane::BenefitPerCost => ("benefit times area per cost, of the sums over scored cells", "m2/US$"),
        Plane::Exposure => ("people who live within reach, mean of the scored cells", "people"),
        Plane::PeopleAtRisk => ("expected people at risk, mean of the scored cells", "people"),
        Plane::Acceptability => ("mean share of the samples in the top, 0..1", "1"),
        Plane::RankMean => ("mean rank over the samples, mean of the scored cells", "percentile"),
        Plane::RankSd => ("standard deviation of the rank, mean of the scored cells", "percentile"),
        Plane::Order => unreachable!("no grid of a run"),
    }
}
