//! The report: everything a run writes, one file per thing written (interface.md §3).
//!
//! In: results of `score`, `tasks` and `plan`, and a folder to write into. Out: files named as in the contract.
//! Nothing is computed here but dates and cumulative sums.

pub mod colours;
pub mod compare;
pub mod facts;
pub mod formats;
pub mod geopackage;
pub mod grids;
pub mod html;
pub mod kml;
pub mod map;
pub mod markup;
pub mod picture;
pub mod plan_files;
pub mod readable;
pub mod record;
pub mod redacted;
pub mod rows;
pub mod shapefiles;
pub mod style;
pub mod tables;
pub mod team_pages;
pub mod vectors;
pub mod workbook;
