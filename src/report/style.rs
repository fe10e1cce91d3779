//! How other programs draw what we write. Styles that QGIS 3.22 and later load by themselves: `.qml` beside a file of the same name, and in a GeoPackage's own
//! table. Colours are those of [`super::colours`].

mod raster;
mod vector;

pub use raster::{class_colour_table, class_style, quantity_style, rank_style};
pub use vector::{Category, Label, line_style, point_style, polygon_style};

/// A style document with one renderer inside.
fn document(categories: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n\
         <qgis version=\"3.22.0\" styleCategories=\"{categories}\">\n{body}</qgis>\n"
    )
}
