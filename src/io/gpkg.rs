//! GeoPackage (OGC 12-128): one table of features, by name or the only one.
//!
//! The file is opened read-only and nothing is written beside it. With a journal beside it (another program has it
//! open, or ended in the middle) file and journal are copied into a temporary folder, where SQLite may mend what it
//! has to; what the journal holds is then read too. Values keep their types; the table's integer key becomes
//! [`Feature::id`].

use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value};

use super::crs_wkt::epsg_of;
use super::features::{Feature, FeatureTable, MAX_FAULTS, VectorSource, declared_or};
use super::wkb;
use crate::error::{Error, Fault, Faults, Result};
use crate::grid::Crs;

/// Most bytes that SQLite may take while a file is read: a view could make blobs of any size.
const HEAP_BYTES: i64 = 1 << 30;

/// Reads the source's table.
pub(super) fn read(source: &VectorSource, declared: Option<Crs>) -> Result<FeatureTable> {
    let path = &source.path;
    let copied = private_copy(path)?;
    let open = copied.as_ref().map_or(path.as_path(), |(_, copy)| copy.as_path());
    let mut package = Package { connection: connect(open, copied.is_some(), path)?, path };
    let layer = package.layer(source.table.as_deref())?;
    let crs = match declared {
        Some(crs) => crs,
        None => package.crs(&layer)?,
    };
    let mut notes = Vec::new();
    if copied.is_some() {
        notes.push(format!(
            "{}: a journal lies beside it (open in another program?); what it holds is read too",
            path.display()
        ));
    }
    notes.extend(layer.note.clone());
    let features = package.features(&layer)?;
    Ok(FeatureTable { crs, features, notes })
}

/// The journals that belong to a file and are not empty.
pub(super) fn journals(path: &Path) -> Vec<PathBuf> {
    let beside = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let is_filled = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|found| found.len() > 0);
    ["-wal", "-journal"].map(beside).into_iter().filter(is_filled).collect()
}

/// A copy of file and journals, where there are journals.
fn private_copy(path: &Path) -> Result<Option<(tempfile::TempDir, PathBuf)>> {
    let journals = journals(path);
    if journals.is_empty() {
        return Ok(None);
    }
    let folder = tempfile::tempdir().map_err(Error::io("create", &std::env::temp_dir()))?;
    let copy = folder.path().join("copy.gpkg");
    std::fs::copy(path, &copy).map_err(Error::io("read", path))?;
    for journal in journals {
        let name = journal.as_os_str().to_string_lossy();
        let end = if name.ends_with("-wal") { "-wal" } else { "-journal" };
        let to = folder.path().join(format!("copy.gpkg{end}"));
        std::fs::copy(&journal, to).map_err(Error::io("read", &journal))?;
    }
    Ok(Some((folder, copy)))
}

fn connect(open: &Path, is_copy: bool, path: &Path) -> Result<Connection> {
    // `immutable` keeps SQLite from looking for journals and from making any.
    let (name, flags) = if is_copy {
        (open.to_path_buf(), OpenFlags::SQLITE_OPEN_READ_WRITE)
    } else {
        (as_uri(open), OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI)
    };
    let fault = |error| broken(path, &error);
    let connection =
        Connection::open_with_flags(name, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(fault)?;
    let settings = format!("PRAGMA trusted_schema=OFF; PRAGMA hard_heap_limit={HEAP_BYTES};");
    connection.execute_batch(&settings).map_err(fault)?;
    Ok(connection)
}

fn as_uri(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut text = String::from("file:");
    let name = whole.to_string_lossy().replace('\\', "/");
    if !name.starts_with('/') {
        text.push('/');
    }
    for letter in name.chars() {
        match letter {
            '%' | '?' | '#' => text.push_str(&format!("%{:02X}", u32::from(letter))),
            letter => text.push(letter),
        }
    }
    PathBuf::from(text + "?immutable=1")
}

/// A table of features and the column that holds its geometry.
struct Layer {
    table: String,
    /// `None` for a table without geometry.
    geometry: Option<String>,
    srs_id: i64,
    note: Option<String>,
}

/// A column as the table declares it; views have no key.
struct Column {
    name: String,
    is_boolean: bool,
    is_key: bool,
}

struct Package<'a> {
    connection: Connection,
    path: &'a Path,
}

impl Package<'_> {
    /// The table asked for, or the only one with features.
    fn layer(&mut self, asked: Option<&str>) -> Result<Layer> {
        let columns: Vec<(String, String, i64)> = self.rows(
            "SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns ORDER BY rowid",
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let contents: Vec<(String, String)> = self
            .rows("SELECT table_name, data_type FROM gpkg_contents ORDER BY rowid", |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let is_features = |(_, kind): &&(String, String)| kind == "features";
        let known: Vec<&str> = contents.iter().filter(is_features).map(|(name, _)| name.as_str()).collect();
        let place = self.path.display().to_string();
        let table = match asked {
            Some(asked) => {
                contents.iter().map(|(name, _)| name.as_str()).find(|name| *name == asked).ok_or_else(
                    || {
                        let fix = format!("name one of its tables with `table`: {}", known.join(", "));
                        Fault::new(
                            "gpkg.table",
                            place.as_str(),
                            format!("the table `{asked}`"),
                            "no such table",
                            fix,
                        )
                    },
                )?
            }
            None => match &known[..] {
                [only] => only,
                [] => {
                    let fix = "give a file with a table of features";
                    return Err(Fault::new("gpkg.table", place, "a table of features", "none", fix).into());
                }
                many => {
                    let fix = format!("say which one, `table = \"{}\"` beside `path`", many[0]);
                    let found = format!("{}: {}", many.len(), many.join(", "));
                    return Err(Fault::new("gpkg.table", place, "one table of features", found, fix).into());
                }
            },
        };
        let mut own = columns.iter().filter(|(name, ..)| name.eq_ignore_ascii_case(table));
        let first = own.next();
        let note = own.next().zip(first).map(|(_, (_, column, _))| {
            format!("{place}: `{table}` has several geometry columns; `{column}`, the first, is used")
        });
        Ok(Layer {
            table: table.to_owned(),
            geometry: first.map(|(_, column, _)| column.clone()),
            srs_id: first.map_or(0, |(.., srs_id)| *srs_id),
            note,
        })
    }

    fn crs(&self, layer: &Layer) -> Result<Crs> {
        let place = format!("{}, table `{}`", self.path.display(), layer.table);
        if layer.geometry.is_none() {
            return Ok(Crs::wgs84());
        }
        let systems: Vec<(String, i64, String)> = self.rows(
            &format!(
                "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = {}",
                layer.srs_id
            ),
            |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<String>>(2)?.unwrap_or_default())),
        )?;
        let Some((organization, code, definition)) = systems.first() else {
            return declared_or(None, &place, &format!("the undefined srs_id {}", layer.srs_id));
        };
        let epsg = if organization.eq_ignore_ascii_case("epsg") {
            u32::try_from(*code).ok()
        } else {
            epsg_of(definition)
        };
        match epsg {
            Some(epsg) => Crs::from_epsg(epsg, &place),
            None => declared_or(None, &place, &format!("{organization} {code}, which has no EPSG code")),
        }
    }

    fn features(&mut self, layer: &Layer) -> Result<Vec<Feature>> {
        let path = self.path;
        let columns = self.columns(&layer.table)?;
        let key = columns.iter().find(|column| column.is_key).map(|column| &column.name);
        let query = format!("SELECT * FROM {}", quoted(&layer.table));
        let fault = |error| broken(path, &error);
        let mut statement = self.connection.prepare(&query).map_err(fault)?;
        let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let is_boolean =
            |name: &String| columns.iter().any(|column| column.name == *name && column.is_boolean);
        let booleans: Vec<bool> = names.iter().map(is_boolean).collect();
        let mut rows = statement.query([]).map_err(fault)?;
        let mut faults = Faults::new();
        let mut features = Vec::new();
        while let Some(row) = rows.next().map_err(fault)? {
            let mut feature =
                Feature { index: features.len(), id: None, properties: Map::new(), geometry: None };
            for (i, name) in names.iter().enumerate() {
                let value = row.get_ref(i).map_err(fault)?;
                if layer.geometry.as_ref().is_some_and(|geometry| geometry.eq_ignore_ascii_case(name)) {
                    match geometry_of(value, layer.srs_id) {
                        Ok(geometry) => feature.geometry = geometry,
                        Err(found) => {
                            let place = format!("{}, feature {}", path.display(), feature.index + 1);
                            let fix = "correct it, or write the file again with `ogr2ogr OUT.gpkg IN`";
                            let expected = "a geometry as GeoPackage has it";
                            faults.push(Fault::new("gpkg.geometry", place, expected, found, fix));
                        }
                    }
                } else if key == Some(name) {
                    feature.id = value.as_i64().ok().map(|id| id.to_string());
                } else {
                    feature.properties.insert(name.clone(), json_of(value, booleans[i]));
                }
            }
            features.push(feature);
            if faults.as_slice().len() == MAX_FAULTS {
                break;
            }
        }
        faults.finish().map(|()| features)
    }

    fn columns(&self, table: &str) -> Result<Vec<Column>> {
        self.rows(&format!("PRAGMA table_info({})", quoted(table)), |row| {
            let kind: String = row.get(2)?;
            Ok(Column {
                name: row.get(1)?,
                is_boolean: kind.eq_ignore_ascii_case("boolean"),
                is_key: row.get::<_, i64>(5)? == 1,
            })
        })
    }

    fn rows<T>(
        &self,
        query: &str,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let run = || {
            let mut statement = self.connection.prepare(query)?;
            let rows = statement.query_map([], read)?;
            rows.collect::<rusqlite::Result<Vec<T>>>()
        };
        run().map_err(|error| broken(self.path, &error).into())
    }
}

/// The geometry in a GeoPackage blob: header, envelope, well-known binary.
fn geometry_of(value: ValueRef<'_>, srs_id: i64) -> std::result::Result<Option<geo::Geometry<f64>>, String> {
    let blob = match value {
        ValueRef::Null => return Ok(None),
        ValueRef::Blob(blob) => blob,
        _ => return Err("a value that is no blob".to_owned()),
    };
    let (Some(head), true) = (blob.get(..8), blob.starts_with(b"GP")) else {
        return Err("a blob without GeoPackage's header".to_owned());
    };
    let flags = head[3];
    let id: [u8; 4] = [head[4], head[5], head[6], head[7]];
    let own = if flags & 1 == 1 { i32::from_le_bytes(id) } else { i32::from_be_bytes(id) };
    if own > 0 && srs_id > 0 && i64::from(own) != srs_id {
        return Err(format!("coordinates in srs_id {own}, the table's is {srs_id}"));
    }
    if flags & 0x20 != 0 {
        return Err("an extended geometry".to_owned());
    }
    let envelope = match flags >> 1 & 7 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        other => return Err(format!("an envelope of kind {other}")),
    };
    let wkb = blob.get(8 + envelope..).ok_or("a blob cut short")?;
    if flags & 0x10 != 0 {
        return Ok(None);
    }
    wkb::geometry_of(wkb)
}

fn json_of(value: ValueRef<'_>, is_boolean: bool) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(whole) if is_boolean => Value::Bool(whole != 0),
        ValueRef::Integer(whole) => whole.into(),
        ValueRef::Real(real) => real.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(blob) => format!("({} bytes)", blob.len()).into(),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn broken(path: &Path, error: &rusqlite::Error) -> Fault {
    let fix = "write the file again, `ogr2ogr OUT.gpkg IN` does";
    Fault::new("gpkg.broken", path.display().to_string(), "a sound GeoPackage", error.to_string(), fix)
}
