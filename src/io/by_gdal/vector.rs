//! Features through GDAL.
//!
//! Geometry comes as well-known binary and goes through our own reader of that, so that shapes mean the same whatever
//! the format. A field that is not set is null; numbers stay numbers, dates become `2027-03-01`.

use std::path::{Path, PathBuf};

use ::gdal::errors::GdalError;
use ::gdal::vector::{Feature as GdalFeature, LayerAccess, OGRFieldType};
use ::gdal::{Dataset, DatasetOptions, GdalOpenFlags};
use serde_json::{Map, Value};

use super::{crs_of, set_up, unreadable};
use crate::error::{Error, Fault, Faults, Result, clipped};
use crate::grid::{Crs, take_gdal_messages};
use crate::io::features::{Feature, FeatureTable, MAX_FAULTS, VectorSource, declared_or};
use crate::io::limits::{MAX_TEXT_BYTES, check_length};
use crate::io::wkb;

/// Layers named in a fault.
const MOST_NAMED: usize = 12;

/// Reads the features of a layer; `declared` goes over the CRS of the file.
pub(in crate::io) fn read(source: &VectorSource, declared: Option<Crs>) -> Result<FeatureTable> {
    set_up();
    let path = &source.path;
    let copy = private_copy(path)?;
    let open = copy.as_ref().map_or(path.as_path(), |(_, copy)| copy);
    let dataset = open_vectors(open, path)?;
    let mut layer = dataset.layer(choose(&dataset, source)?).map_err(|error| no_layer(path, &error))?;
    // Some drivers read the whole file now, and open what they could read of a broken one.
    let at_opening = take_gdal_messages();
    let place = path.display().to_string();
    let own = match (&declared, layer.spatial_ref()) {
        (None, Some(reference)) => crs_of(&reference, &place)?,
        _ => None,
    };
    take_gdal_messages();
    let fields: Vec<(String, OGRFieldType::Type)> =
        layer.defn().fields().map(|field| (field.name(), field.field_type())).collect();
    let n_declared = layer.try_feature_count();
    let mut features: Vec<Feature> = Vec::new();
    let (mut faults, mut bytes) = (Faults::new(), 0);
    for (index, feature) in layer.features().enumerate() {
        let properties = properties_of(&feature, &fields).map_err(|error| no_layer(path, &error))?;
        let binary = match feature.geometry() {
            Some(geometry) => geometry.wkb().map_err(|error| no_layer(path, &error))?,
            None => Vec::new(),
        };
        bytes += binary.len() + properties.values().map(size_of_value).sum::<usize>();
        check_length(bytes as u64, &place)?;
        let geometry = if binary.is_empty() { Ok(None) } else { wkb::geometry_of(&binary) };
        match geometry {
            Ok(geometry) => {
                let id = feature.fid().map(|id| id.to_string());
                features.push(Feature { index, id, properties, geometry });
            }
            Err(found) => {
                let place = format!("{place}, feature {}", index + 1);
                let fix = "mend it there, or leave it out";
                faults.push(Fault::new("gdal.geometry", place, "a geometry", found, fix));
            }
        }
        if faults.as_slice().len() == MAX_FAULTS {
            break;
        }
    }
    faults.finish()?;
    let said = take_gdal_messages();
    let is_short = n_declared.is_some_and(|declared| declared != features.len() as u64);
    let failure = at_opening.failure.or(said.failure);
    if failure.is_some() || is_short {
        let counted = format!("{} of {} features", features.len(), n_declared.unwrap_or_default());
        let fix = "copy or export it again; `ogrinfo -al` tells whether it is whole";
        let found = failure.map_or(counted, |said| clipped(&said));
        return Err(Fault::new("gdal.unreadable", place, "a whole file", found, fix).into());
    }
    let crs = match (declared.or(own), features.iter().any(|feature| feature.geometry.is_some())) {
        (Some(crs), _) => crs,
        (None, false) => Crs::wgs84(),
        (None, true) => declared_or(None, &place, "none, or one without an EPSG code")?,
    };
    let warnings = at_opening.warnings.iter().chain(&said.warnings);
    let notes = warnings.map(|said| format!("{place}: GDAL warns: {}", clipped(said))).collect();
    Ok(FeatureTable { crs, features, notes })
}

fn open_vectors(open: &Path, path: &Path) -> Result<Dataset> {
    take_gdal_messages();
    let open_flags = GdalOpenFlags::GDAL_OF_VECTOR | GdalOpenFlags::GDAL_OF_VERBOSE_ERROR;
    let options = DatasetOptions { open_flags, ..DatasetOptions::default() };
    Dataset::open_ex(open, options)
        .map_err(|error| unreadable(path, "features in a format that GDAL reads", &error).into())
}

/// The place of the layer that is asked for, or of the only one.
fn choose(dataset: &Dataset, source: &VectorSource) -> Result<usize> {
    let names: Vec<String> = dataset.layers().map(|layer| layer.name()).collect();
    let listed = names.iter().take(MOST_NAMED).map(|name| clipped(name)).collect::<Vec<_>>().join(", ");
    let place = source.place();
    let fault = |expected: String, found: String, fix: String| {
        Err(Fault::new("gdal.layer", place.as_str(), expected, found, fix).into())
    };
    match (&source.table, &names[..]) {
        (Some(asked), _) => match names.iter().position(|name| name == asked) {
            Some(at) => Ok(at),
            None => {
                let fix = format!("name one of its layers with `table`: {listed}");
                fault(format!("the layer `{}`", clipped(asked)), "no such layer".to_owned(), fix)
            }
        },
        (None, [_]) => Ok(0),
        (None, []) => fault(
            "a layer of features".to_owned(),
            "none".to_owned(),
            "give a file with features; a raster goes under [layers]".to_owned(),
        ),
        (None, many) => {
            let fix = format!("say which one, `table = \"{}\"` beside `path`", clipped(&many[0]));
            fault("one layer of features".to_owned(), format!("{}: {listed}", many.len()), fix)
        }
    }
}

fn properties_of(
    feature: &GdalFeature<'_>,
    fields: &[(String, OGRFieldType::Type)],
) -> ::gdal::errors::Result<Map<String, Value>> {
    let mut properties = Map::new();
    for (at, (name, kind)) in fields.iter().enumerate() {
        if *kind == OGRFieldType::OFTBinary {
            continue;
        }
        // A field that is not set is an empty text, but would be 0 as a number.
        let text = feature.field_as_string(at)?.filter(|text| !text.is_empty());
        let value = match (text, *kind) {
            (None, _) => Value::Null,
            (Some(_), OGRFieldType::OFTInteger | OGRFieldType::OFTInteger64) => {
                feature.field_as_integer64(at)?.into()
            }
            (Some(_), OGRFieldType::OFTReal) => feature.field_as_double(at)?.map_or(Value::Null, number),
            (Some(text), OGRFieldType::OFTDate | OGRFieldType::OFTDateTime) => {
                text.replacen('/', "-", 2).into()
            }
            (Some(text), _) => text.into(),
        };
        properties.insert(name.clone(), value);
    }
    Ok(properties)
}

fn number(value: f64) -> Value {
    let is_whole = value.fract() == 0.0 && value.abs() < 9e15;
    if is_whole { Value::from(value as i64) } else { Value::from(value) }
}

fn size_of_value(value: &Value) -> usize {
    size_of::<Value>() + value.as_str().map_or(0, str::len)
}

/// GDAL writes what it found out about a GML file beside it: that file is read from a folder of its own.
fn private_copy(path: &Path) -> Result<Option<(tempfile::TempDir, PathBuf)>> {
    let is_gml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gml"));
    let Some(name) = path.file_name().filter(|_| is_gml) else { return Ok(None) };
    let length = path.metadata().map_err(Error::io("read", path))?.len();
    check_length(length.min(MAX_TEXT_BYTES + 1), &path.display().to_string())?;
    let folder = tempfile::tempdir().map_err(Error::io("create", &std::env::temp_dir()))?;
    for ending in ["gml", "xsd", "gfs"] {
        let from = if ending == "gml" { path.to_path_buf() } else { path.with_extension(ending) };
        let to = folder.path().join(Path::new(name).with_extension(ending));
        match std::fs::copy(&from, to) {
            Err(error) if ending == "gml" => return Err(Error::io("read", path)(error)),
            // What does not stand beside it is not needed.
            Ok(_) | Err(_) => {}
        }
    }
    let copy = folder.path().join(Path::new(name).with_extension("gml"));
    Ok(Some((folder, copy)))
}

fn no_layer(path: &Path, error: &GdalError) -> Fault {
    unreadable(path, "a layer of features", error)
}
