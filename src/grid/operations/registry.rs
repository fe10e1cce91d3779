//! PROJ's database (`proj.db`, the EPSG registry) as far as operations between datums go.
//!
//! It is part of the PROJ that is installed, and looked for where PROJ looks: no input of a run. Read only.

use std::path::PathBuf;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};

use super::super::{Bounds, OperationCode};
use crate::error::{Error, Fault, Result};

/// An operation between two geographic CRSs.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub code: OperationCode,
    pub name: String,
    /// Metres; `None` where the registry has none.
    pub accuracy: Option<f64>,
    /// EPSG codes of the CRSs it was written from and to.
    pub source: u32,
    pub target: u32,
    /// The ground it was derived for.
    pub areas: Vec<Area>,
    /// The table it stands in.
    table: String,
}

/// Named ground.
#[derive(Debug, Clone)]
pub(super) struct Area {
    pub name: String,
    pub bounds: Bounds,
}

/// The open database.
pub(super) struct Registry {
    db: Connection,
    path: PathBuf,
}

const COLUMNS: &str = "SELECT table_name, auth_name, code, name, accuracy, source_crs_code, target_crs_code FROM coordinate_operation_view \
     WHERE source_crs_auth_name = 'EPSG' AND target_crs_auth_name = 'EPSG' AND ";

impl Registry {
    /// Opens the database of the PROJ that is installed.
    pub fn open(place: &str) -> Result<Self> {
        let path = folders().into_iter().map(|folder| folder.join("proj.db")).find(|path| path.is_file());
        let Some(path) = path else {
            let fix =
                "install PROJ (Debian's `proj-data`), or set PROJ_DATA to the folder that holds proj.db";
            return Err(Fault::new("crs.no_database", place, "PROJ's database, proj.db", "none", fix).into());
        };
        let db = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .map_err(|error| broken(&path, place, &error))?;
        Ok(Self { db, path })
    }

    /// The geographic CRS under a CRS, EPSG code.
    pub fn base(&self, epsg: u32, place: &str) -> Result<u32> {
        let projected = "SELECT geodetic_crs_code FROM projected_crs WHERE auth_name = 'EPSG' AND code = ?1 \
                         AND geodetic_crs_auth_name = 'EPSG'";
        let geographic =
            "SELECT code FROM geodetic_crs WHERE auth_name = 'EPSG' AND code = ?1 AND type = 'geographic 2D'";
        for query in [projected, geographic] {
            let found = self.db.query_row(query, [epsg], |row| row.get(0)).optional();
            if let Some(base) = found.map_err(|error| broken(&self.path, place, &error))? {
                return Ok(base);
            }
        }
        let fix = "use a projected or a two-dimensional geographic system of the EPSG registry";
        let expected = format!("a CRS of {}", self.path.display());
        Err(Fault::new("crs.unknown", place, expected, format!("EPSG:{epsg}"), fix).into())
    }

    /// The ground that both CRSs are for.
    pub fn common_ground(&self, a: u32, b: u32, place: &str) -> Result<Bounds> {
        let area = |code: u32| -> Result<Option<Bounds>> {
            for table in ["projected_crs", "geodetic_crs"] {
                if let Some(area) = self.areas(table, "EPSG", code, place)?.first() {
                    return Ok(Some(area.bounds));
                }
            }
            Ok(None)
        };
        let whole = Bounds { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };
        let (a, b) = (area(a)?.unwrap_or(whole), area(b)?.unwrap_or(whole));
        // Across 180° the smaller of the two is near enough.
        let is_plain = a.west <= a.east && b.west <= b.east;
        let common = Bounds {
            west: a.west.max(b.west),
            south: a.south.max(b.south),
            east: a.east.min(b.east),
            north: a.north.min(b.north),
        };
        let is_some = common.west < common.east && common.south < common.north;
        Ok(if is_plain && is_some {
            common
        } else if a.area() < b.area() {
            a
        } else {
            b
        })
    }

    /// Operations between two geographic CRSs in either direction, without those that others supersede.
    pub fn operations(&self, a: u32, b: u32, place: &str) -> Result<Vec<Operation>> {
        let query = format!(
            "{COLUMNS} deprecated = 0 AND auth_name IN ('EPSG', 'PROJ') \
             AND ((source_crs_code = ?1 AND target_crs_code = ?2) OR (source_crs_code = ?2 AND target_crs_code = ?1)) \
             AND NOT EXISTS (SELECT 1 FROM supersession s JOIN coordinate_operation_view r \
               ON r.auth_name = s.replacement_auth_name AND r.code = s.replacement_code AND r.deprecated = 0 \
               WHERE s.superseded_table_name = coordinate_operation_view.table_name \
               AND s.superseded_auth_name = coordinate_operation_view.auth_name \
               AND s.superseded_code = coordinate_operation_view.code \
               AND r.source_crs_code = coordinate_operation_view.source_crs_code \
               AND r.target_crs_code = coordinate_operation_view.target_crs_code)"
        );
        self.read(&query, params![a, b], place)
    }

    /// An operation by its code.
    pub fn by_code(&self, code: &OperationCode, place: &str) -> Result<Option<Operation>> {
        let query = format!("{COLUMNS} auth_name = ?1 AND code = ?2");
        Ok(self.read(&query, params![code.authority, code.code], place)?.into_iter().next())
    }

    /// A grid file that an operation needs and that PROJ distributes; `None` where it needs none such.
    pub fn grid_of(&self, operation: &Operation, place: &str) -> Result<Option<String>> {
        let own = "SELECT a.proj_grid_name FROM grid_transformation g JOIN grid_alternatives a \
                   ON a.original_grid_name = g.grid_name WHERE g.auth_name = ?1 AND g.code = ?2";
        let of_steps = "SELECT a.proj_grid_name FROM concatenated_operation_step s JOIN grid_transformation g \
                        ON g.auth_name = s.step_auth_name AND g.code = s.step_code JOIN grid_alternatives a \
                        ON a.original_grid_name = g.grid_name \
                        WHERE s.operation_auth_name = ?1 AND s.operation_code = ?2";
        let query = if operation.table == "concatenated_operation" { of_steps } else { own };
        let code = &operation.code;
        let found = self.db.query_row(query, params![code.authority, code.code], |row| row.get(0)).optional();
        found.map_err(|error| broken(&self.path, place, &error))
    }

    fn read(&self, query: &str, values: &[&dyn rusqlite::ToSql], place: &str) -> Result<Vec<Operation>> {
        let wrong = |error: rusqlite::Error| broken(&self.path, place, &error);
        let mut statement = self.db.prepare(query).map_err(wrong)?;
        let rows = statement.query_map(values, operation_of).map_err(wrong)?;
        let mut operations: Vec<Operation> = rows.collect::<rusqlite::Result<_>>().map_err(wrong)?;
        for operation in &mut operations {
            let code = &operation.code;
            operation.areas = self.areas(&operation.table, &code.authority, code.code, place)?;
        }
        Ok(operations)
    }

    fn areas(&self, table: &str, authority: &str, code: u32, place: &str) -> Result<Vec<Area>> {
        let wrong = |error: rusqlite::Error| broken(&self.path, place, &error);
        let query = "SELECT e.name, e.west_lon, e.south_lat, e.east_lon, e.north_lat FROM usage u JOIN extent e \
                     ON e.auth_name = u.extent_auth_name AND e.code = u.extent_code \
                     WHERE u.object_table_name = ?1 AND u.object_auth_name = ?2 AND u.object_code = ?3 \
                     AND e.west_lon IS NOT NULL GROUP BY e.auth_name, e.code ORDER BY e.code";
        let mut statement = self.db.prepare_cached(query).map_err(wrong)?;
        let rows = statement.query_map(params![table, authority, code], |row| {
            let bounds =
                Bounds { west: row.get(1)?, south: row.get(2)?, east: row.get(3)?, north: row.get(4)? };
            Ok(Area { name: row.get(0)?, bounds })
        });
        rows.map_err(wrong)?.collect::<rusqlite::Result<_>>().map_err(wrong)
    }
}

fn operation_of(row: &Row<'_>) -> rusqlite::Result<Operation> {
    Ok(Operation {
        table: row.get(0)?,
        code: OperationCode { authority: row.get(1)?, code: row.get(2)? },
        name: row.get(3)?,
        accuracy: row.get(4)?,
        source: row.get(5)?,
        target: row.get(6)?,
        areas: Vec::new(),
    })
}

/// Where PROJ's data may lie, as PROJ looks for it.
fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for name in ["PROJ_DATA", "PROJ_LIB"] {
        if let Some(value) = std::env::var_os(name) {
            folders.extend(std::env::split_paths(&value));
        }
    }
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("../share/proj")));
    let conda = std::env::var_os("CONDA_PREFIX").map(|prefix| PathBuf::from(prefix).join("share/proj"));
    folders.extend(beside);
    folders.extend(conda);
    let usual =
        ["/usr/share/proj", "/usr/local/share/proj", "/opt/homebrew/share/proj", "/opt/local/share/proj"];
    folders.extend(usual.map(PathBuf::from));
    folders
}

fn broken(path: &std::path::Path, place: &str, error: &rusqlite::Error) -> Error {
    let fix = "install PROJ 7.2 or later anew, or set PROJ_DATA to the folder of a whole proj.db";
    let expected = format!("PROJ's database at {}", path.display());
    Fault::new("crs.no_database", place, expected, error.to_string(), fix).into()
}
