//! Writes a region's files. Rasters are made and written tile by tile, so memory does not grow with the frame;
//! everything is written beside and put into place at the end, the project file last.

use std::path::Path;

use geo::{Geometry, LineString};
use rayon::prelude::*;
use serde_json::{Map, Value, json};

use super::areas::HazardousArea;
use super::planes::Layer;
use super::region::Region;
use super::teams::{TEAM_COLUMNS, Team};
use crate::error::Result;
use crate::grid::Tiling;
use crate::io::csv::CsvWriter;
use crate::io::geojson::GeoJsonWriter;
use crate::io::geotiff::{Compression, GeoTiffWriter, WriteSpec};
use crate::progress::Progress;

/// Cells a side of the tiles; what the writer takes without copying.
const TILE: usize = 512;

impl Layer {
    /// The layer's file in the region's folder.
    pub fn file(self) -> &'static str {
        match self {
            Self::Hazard => "hazard.tif",
            Self::HazardSd => "hazard_sd.tif",
            Self::Population => "population.tif",
            Self::Cost => "cost.tif",
            Self::Landcover => "landcover.tif",
            Self::SlopeFactor => "slope_factor.tif",
            Self::RoadDistance => "road_distance.tif",
        }
    }

    fn spec(self, compression: Compression) -> WriteSpec {
        let spec = match self {
            Self::Hazard => WriteSpec::quantity("made-up probability that the ground is contaminated", ""),
            Self::HazardSd => WriteSpec::quantity("standard deviation of the made-up hazard", ""),
            Self::Population => WriteSpec::quantity("made-up people in the cell", "people"),
            Self::Cost => WriteSpec::quantity("made-up cost of clearance", "USD/m2"),
            Self::Landcover => WriteSpec::classes("made-up land cover, codes of ESA WorldCover"),
            Self::SlopeFactor => {
                WriteSpec::quantity("made-up difficulty of the work, 1 = flat open ground", "")
            }
            Self::RoadDistance => WriteSpec::quantity("distance to the nearest made-up road", "m"),
        };
        WriteSpec { compression, ..spec }
    }
}

/// Makes and writes all rasters into a folder.
pub fn write_rasters(
    region: &Region,
    compression: Compression,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<()> {
    let frame = region.frame();
    let open =
        |layer: Layer| GeoTiffWriter::create(&folder.join(layer.file()), frame, &layer.spec(compression));
    let mut writers = Layer::ALL.map(open).into_iter().collect::<Result<Vec<_>>>()?;
    let tiling = Tiling::new(frame, TILE);
    let tiles: Vec<_> = tiling.tiles().collect();
    progress.start("synth", tiles.len() as u64);
    // A few tiles at a time: enough for every thread, few enough for any memory.
    for batch in tiles.chunks(2 * rayon::current_num_threads()) {
        progress.check()?;
        let made: Vec<_> = batch.par_iter().map(|&window| (window, region.tile(window))).collect();
        writers.par_iter_mut().zip(Layer::ALL).try_for_each(|(writer, layer)| {
            made.iter().try_for_each(|(window, planes)| writer.write(*window, planes.layer(layer)))
        })?;
        progress.advance(batch.len() as u64);
    }
    for writer in writers {
        writer.finish()?;
    }
    progress.finish();
    Ok(())
}

/// Writes `hazardous_areas.geojson`.
pub fn write_areas(areas: &[HazardousArea], path: &Path) -> Result<()> {
    let mut file = GeoJsonWriter::create(path)?;
    for area in areas {
        let properties = properties(json!({
            "imsma_id": area.imsma_id,
            "name": area.name,
            "classification": area.classification,
            "status": area.status,
            "areasize": area.area_m2,
        }));
        file.write(Some(&area.imsma_id), &properties, Some(&Geometry::Polygon(area.polygon.clone())))?;
    }
    file.finish()
}

/// Writes `roads.geojson`.
pub fn write_roads(region: &Region, path: &Path) -> Result<()> {
    let mut file = GeoJsonWriter::create(path)?;
    for road in &region.roads {
        let points = road.points.iter().map(|&at| region.ground.lonlat(at)).collect::<Result<Vec<_>>>()?;
        let line = LineString::from_iter(points.into_iter().map(|p| (p.x, p.y)));
        let length_m = road.length_m().round();
        let properties = properties(json!({ "name": road.name, "class": road.class, "length_m": length_m }));
        file.write(None, &properties, Some(&Geometry::LineString(line)))?;
    }
    file.finish()
}

/// Writes `districts.geojson`.
pub fn write_districts(region: &Region, path: &Path) -> Result<()> {
    let mut file = GeoJsonWriter::create(path)?;
    for (i, district) in region.districts()?.into_iter().enumerate() {
        let id = format!("{:02}", i + 1);
        let properties =
            properties(json!({ "district_id": id, "name": district.name, "population": district.people }));
        file.write(Some(&id), &properties, Some(&Geometry::Polygon(district.polygon)))?;
    }
    file.finish()
}

/// Writes `settlements.csv`.
pub fn write_settlements(region: &Region, path: &Path) -> Result<()> {
    let mut file = CsvWriter::create(path, &["name", "lon", "lat", "population"])?;
    for settlement in &region.settlements {
        let at = region.ground.lonlat(settlement.at)?;
        let (lon, lat) = (format!("{:.6}", at.x), format!("{:.6}", at.y));
        file.write(&[settlement.name.clone(), lon, lat, settlement.people.to_string()])?;
    }
    file.finish()
}

/// Writes `teams.csv`.
pub fn write_teams(region: &Region, teams: &[Team], path: &Path) -> Result<()> {
    let mut file = CsvWriter::create(path, &TEAM_COLUMNS)?;
    for team in teams {
        file.write(&team.row(region.ground.lonlat(team.base)?))?;
    }
    file.finish()
}

fn properties(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
