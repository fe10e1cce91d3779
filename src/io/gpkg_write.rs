//! A GeoPackage written layer by layer, each with its style inside, so that QGIS opens it styled without a question.
//!
//! Encoding: OGC 12-128r15, version 1.2 (which ArcGIS reads), geometry blobs with envelopes, an R-tree a layer with the
//! triggers of annex F.3 that keep it true while others edit, and QGIS's table `layer_styles`. The bytes depend on what
//! is written alone: the file bears no time.

use std::io;
use std::path::{Path, PathBuf};

use geo::{BoundingRect, Geometry};
use geozero::{CoordDimensions, ToWkb};
use rusqlite::types::Value as Cell;
use rusqlite::{Connection, params, params_from_iter};
use serde_json::Value;
use tempfile::NamedTempFile;

use super::fields::{Field, FieldKind, as_text, unique_names};
use crate::error::{Error, Result};
use crate::grid::Crs;
use crate::io::atomic::{beside, put_in_place};

/// "GPKG" as a number.
const APPLICATION_ID: i32 = 0x4750_4B47;
/// Version 1.2.
const USER_VERSION: i32 = 10_200;
/// SQLite takes 2,000 columns a table.
const MOST_FIELDS: usize = 1_990;
/// The contents' time: the record says when a run was made, and equal runs are equal files.
const NO_TIME: &str = "1970-01-01T00:00:00.000Z";

/// Shape of a layer's features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeometryKind {
    /// `geo::Geometry::Point`.
    Point,
    /// `geo::Geometry::LineString`.
    LineString,
    /// `geo::Geometry::MultiPolygon`.
    MultiPolygon,
}

/// A layer to be written.
#[derive(Debug, Clone)]
pub struct LayerSpec<'a> {
    /// Its name, also that of its table.
    pub name: &'a str,
    /// What it shows.
    pub description: &'a str,
    /// Shape of its features.
    pub geometry: GeometryKind,
    /// Fields; their names are made to differ whatever their case, as SQLite wants them.
    pub fields: &'a [Field],
    /// QGIS's style document.
    pub style: &'a str,
}

/// One feature: its geometry, if it has one, and a value a field.
pub type Feature = (Option<Geometry<f64>>, Vec<Value>);

/// Writes a GeoPackage layer by layer.
#[derive(Debug)]
pub struct GpkgWriter {
    path: PathBuf,
    file: NamedTempFile,
    db: Connection,
    srs_id: i32,
}

impl GpkgWriter {
    /// Begins a file whose layers are all in `crs`; it appears at `path` on [`GpkgWriter::finish`].
    pub fn create(path: &Path, crs: &Crs) -> Result<Self> {
        let file = beside(path)?;
        let db = Connection::open(file.path()).map_err(failed(path))?;
        let srs_id = i32::try_from(crs.epsg()).unwrap_or(0);
        let writer = Self { path: path.to_path_buf(), file, db, srs_id };
        writer.prepare(crs).map_err(failed(path))?;
        Ok(writer)
    }

    /// Adds a layer. Returns the names of fields that do not fit into a table, which are left out.
    pub fn write_layer(
        &mut self,
        layer: &LayerSpec<'_>,
        features: impl IntoIterator<Item = Result<Feature>>,
    ) -> Result<Vec<String>> {
        let path = self.path.clone();
        let (fields, left_out) = layer.fields.split_at(layer.fields.len().min(MOST_FIELDS));
        let names = unique_names(fields.iter().map(|field| field.name.as_str()), &["fid", "geom"]);
        let transaction = self.db.transaction().map_err(failed(&path))?;
        transaction.execute_batch(&table_sql(layer, &names)).map_err(failed(&path))?;
        let mut extent: Option<geo::Rect<f64>> = None;
        {
            let columns: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            let marks = vec!["?"; names.len() + 2].join(",");
            let separator = if columns.is_empty() { "" } else { "," };
            let insert = format!(
                "INSERT INTO {} (fid,geom{separator}{}) VALUES ({marks})",
                quoted(layer.name),
                columns.join(",")
            );
            let index = format!("INSERT INTO {} VALUES (?,?,?,?,?)", quoted(&rtree(layer.name)));
            let mut insert = transaction.prepare(&insert).map_err(failed(&path))?;
            let mut index = transaction.prepare(&index).map_err(failed(&path))?;
            for (i, feature) in features.into_iter().enumerate() {
                let (geometry, values) = feature?;
                let fid = i as i64 + 1;
                let bounds = geometry.as_ref().and_then(BoundingRect::bounding_rect);
                let blob = geometry.as_ref().map(|geometry| blob(geometry, bounds, self.srs_id));
                let blob = blob.transpose().map_err(|e| Error::io("write", &path)(io::Error::other(e)))?;
                let cells = fields.iter().zip(&values).map(|(field, value)| cell(field.kind, value));
                let row = [Cell::from(fid), Cell::from(blob)].into_iter().chain(cells);
                insert.execute(params_from_iter(row)).map_err(failed(&path))?;
                if let Some(b) = bounds {
                    let row = params![fid, b.min().x, b.max().x, b.min().y, b.max().y];
                    index.execute(row).map_err(failed(&path))?;
                    extent = Some(extent.map_or(b, |e| union(e, b)));
                }
            }
        }
        register(&transaction, layer, extent, self.srs_id).map_err(failed(&path))?;
        transaction.execute_batch(&trigger_sql(layer.name)).map_err(failed(&path))?;
        transaction.commit().map_err(failed(&path))?;
        Ok(left_out.iter().map(|field| field.name.clone()).collect())
    }

    /// Ends the file and puts it into place.
    pub fn finish(self) -> Result<()> {
        self.db.close().map_err(|(_, e)| failed(&self.path)(e))?;
        put_in_place(self.file, &self.path)
    }

    fn prepare(&self, crs: &Crs) -> rusqlite::Result<()> {
        // The file is new and renamed when whole: a journal would only be left beside it.
        self.db.execute_batch(&format!(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;
             PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={USER_VERSION}; {TABLES}"
        ))?;
        let mut systems = vec![
            ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined".to_owned()),
            ("Undefined geographic SRS", 0, "NONE", 0, "undefined".to_owned()),
            ("WGS 84 geodetic", 4326, "EPSG", 4326, definition(4326)),
        ];
        let name = crs.to_string();
        if self.srs_id != 4326 {
            systems.push((&name, self.srs_id, "EPSG", self.srs_id, definition(self.srs_id)));
        }
        for (name, id, organization, code, definition) in systems {
            self.db.execute(
                "INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,NULL)",
                params![name, id, organization, code, definition],
            )?;
        }
        Ok(())
    }
}

/// A CRS's definition in WKT; where none is at hand, readers know it by its EPSG code.
fn definition(epsg: i32) -> String {
    u16::try_from(epsg)
        .ok()
        .and_then(crs_definitions::from_code)
        .map_or_else(|| "undefined".to_owned(), |known| known.wkt.to_owned())
}

fn failed(path: &Path) -> impl Fn(rusqlite::Error) -> Error + use<> {
    let path = path.to_path_buf();
    move |e| Error::io("write", &path)(io::Error::other(e))
}

fn blob(
    geometry: &Geometry<f64>,
    bounds: Option<geo::Rect<f64>>,
    srs_id: i32,
) -> geozero::error::Result<Vec<u8>> {
    let envelope = bounds.map_or_else(Vec::new, |b| vec![b.min().x, b.max().x, b.min().y, b.max().y]);
    geometry.to_gpkg_wkb(CoordDimensions::xy(), Some(srs_id), envelope)
}

fn cell(kind: FieldKind, value: &Value) -> Cell {
    match kind {
        _ if value.is_null() => Cell::Null,
        FieldKind::Text => as_text(value).map_or(Cell::Null, Cell::from),
        FieldKind::Whole => value.as_i64().map_or(Cell::Null, Cell::from),
        FieldKind::Real => value.as_f64().map_or(Cell::Null, Cell::from),
    }
}

fn union(a: geo::Rect<f64>, b: geo::Rect<f64>) -> geo::Rect<f64> {
    geo::Rect::new(
        geo::coord! { x: a.min().x.min(b.min().x), y: a.min().y.min(b.min().y) },
        geo::coord! { x: a.max().x.max(b.max().x), y: a.max().y.max(b.max().y) },
    )
}

/// A name as SQL has it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn rtree(table: &str) -> String {
    format!("rtree_{table}_geom")
}

fn geometry_name(kind: GeometryKind) -> &'static str {
    match kind {
        GeometryKind::Point => "POINT",
        GeometryKind::LineString => "LINESTRING",
        GeometryKind::MultiPolygon => "MULTIPOLYGON",
    }
}

fn table_sql(layer: &LayerSpec<'_>, names: &[String]) -> String {
    let mut columns =
        format!("fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {}", geometry_name(layer.geometry));
    for (name, field) in names.iter().zip(layer.fields) {
        let kind = match field.kind {
            FieldKind::Text => "TEXT",
            FieldKind::Whole => "INTEGER",
            FieldKind::Real => "REAL",
        };
        columns += &format!(", {} {kind}", quoted(name));
    }
    format!(
        "CREATE TABLE {} ({columns}); CREATE VIRTUAL TABLE {} USING rtree(id, minx, maxx, miny, maxy);",
        quoted(layer.name),
        quoted(&rtree(layer.name))
    )
}

fn register(
    db: &Connection,
    layer: &LayerSpec<'_>,
    extent: Option<geo::Rect<f64>>,
    srs_id: i32,
) -> rusqlite::Result<()> {
    let (min, max) = extent.map(|e| (e.min(), e.max())).unzip();
    db.execute(
        "INSERT INTO gpkg_contents VALUES (?,'features',?,?,?,?,?,?,?,?)",
        params![
            layer.name,
            layer.name,
            layer.description,
            NO_TIME,
            min.map(|p| p.x),
            min.map(|p| p.y),
            max.map(|p| p.x),
            max.map(|p| p.y),
            srs_id
        ],
    )?;
    db.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?,'geom',?,?,0,0)",
        params![layer.name, geometry_name(layer.geometry), srs_id],
    )?;
    db.execute(
        "INSERT INTO gpkg_extensions VALUES (?,'geom','gpkg_rtree_index',
         'http://www.geopackage.org/spec120/#extension_rtree','write-only')",
        params![layer.name],
    )?;
    db.execute(
        "INSERT INTO layer_styles (f_table_catalog,f_table_schema,f_table_name,f_geometry_column,styleName,styleQML,
         styleSLD,useAsDefault,description,owner,ui,update_time) VALUES ('','',?,'geom','Clearway',?,'',1,?,'',NULL,?)",
        params![layer.name, layer.style, layer.description, NO_TIME],
    )?;
    Ok(())
}

/// The triggers of annex F.3, which keep the R-tree true while others edit the layer.
fn trigger_sql(table: &str) -> String {
    let (name, tree) = (quoted(table), quoted(&rtree(table)));
    let trigger = |suffix: &str| quoted(&format!("{}_{suffix}", rtree(table)));
    let there = "(NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))";
    let gone = "(NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))";
    let put = format!(
        "INSERT OR REPLACE INTO {tree} VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), \
         ST_MaxY(NEW.geom));"
    );
    format!(
        "CREATE TRIGGER {insert} AFTER INSERT ON {name} WHEN {there} BEGIN {put} END;
         CREATE TRIGGER {update1} AFTER UPDATE OF geom ON {name} WHEN OLD.fid = NEW.fid AND {there} BEGIN {put} END;
         CREATE TRIGGER {update2} AFTER UPDATE OF geom ON {name} WHEN OLD.fid = NEW.fid AND {gone}
           BEGIN DELETE FROM {tree} WHERE id = OLD.fid; END;
         CREATE TRIGGER {update3} AFTER UPDATE ON {name} WHEN OLD.fid != NEW.fid AND {there}
           BEGIN DELETE FROM {tree} WHERE id = OLD.fid; {put} END;
         CREATE TRIGGER {update4} AFTER UPDATE ON {name} WHEN OLD.fid != NEW.fid AND {gone}
           BEGIN DELETE FROM {tree} WHERE id IN (OLD.fid, NEW.fid); END;
         CREATE TRIGGER {delete} AFTER DELETE ON {name} WHEN OLD.geom NOTNULL
           BEGIN DELETE FROM {tree} WHERE id = OLD.fid; END;",
        insert = trigger("insert"),
        update1 = trigger("update1"),
        update2 = trigger("update2"),
        update3 = trigger("update3"),
        update4 = trigger("update4"),
        delete = trigger("delete"),
    )
}

/// The tables every GeoPackage has, and QGIS's for styles.
const TABLES: &str = "
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL,
  definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
  f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT,
  styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')));
INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change)
  VALUES ('layer_styles', 'attributes', 'layer_styles', '1970-01-01T00:00:00.000Z');
";
