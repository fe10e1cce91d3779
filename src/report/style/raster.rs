//! Styles of grids: a continuous ramp, or one colour a class. Cells without data stay transparent.

use std::fmt::Write;

use super::document;
use crate::report::colours::{self, Rgb};
use crate::report::markup::escape;

/// Steps of a continuous ramp; QGIS draws straight lines between them.
const STEPS: usize = 20;

/// The style of a rank 0..100 whose lowest is `least`: cells tied at the bottom are last, and pale.
pub fn rank_style(least: f64) -> String {
    quantity_style((least.floor().clamp(0.0, 99.0), 100.0), "")
}

/// The style of a quantity between two values, pale to dark, with its unit in the legend. Values outside have the colour
/// of the nearer end.
pub fn quantity_style((low, high): (f64, f64), unit: &str) -> String {
    let high = if high > low { high } else { low + 1.0 };
    let mut items = String::new();
    for step in 0..=STEPS {
        let share = step as f64 / STEPS as f64;
        let value = low + (high - low) * share;
        let label = crate::report::tables::significant(value, 4);
        let label = if unit.is_empty() { label } else { format!("{label} {unit}") };
        item(&mut items, "item", value, colours::strength(share), &label);
    }
    let shader = format!(
        "<rastershader><colorrampshader colorRampType=\"INTERPOLATED\" classificationMode=\"1\" clip=\"0\" \
         minimumValue=\"{low}\" maximumValue=\"{high}\" labelPrecision=\"4\">\n{items}</colorrampshader></rastershader>"
    );
    pipe(&format!(
        "<rasterrenderer type=\"singlebandpseudocolor\" band=\"1\" opacity=\"0.85\" alphaBand=\"-1\" \
         classificationMin=\"{low}\" classificationMax=\"{high}\" nodataColor=\"\">\n<rasterTransparency/>\n\
         <minMaxOrigin><limits>None</limits><extent>WholeRaster</extent><statAccuracy>Exact</statAccuracy>\
         </minMaxOrigin>\n{shader}\n</rasterrenderer>\n"
    ))
}

/// The style of classes 1 … `n_classes`; 0 is nodata and has no colour.
pub fn class_style(n_classes: u8) -> String {
    let mut entries = String::new();
    for class in 1..=n_classes {
        if let Some(colour) = colours::class(class, n_classes) {
            item(
                &mut entries,
                "paletteEntry",
                f64::from(class),
                colour,
                &colours::class_label(class, n_classes),
            );
        }
    }
    pipe(&format!(
        "<rasterrenderer type=\"paletted\" band=\"1\" opacity=\"0.85\" alphaBand=\"-1\" nodataColor=\"\">\n\
         <rasterTransparency/>\n<colorPalette>\n{entries}</colorPalette>\n</rasterrenderer>\n"
    ))
}

/// The colours of classes 1 … `n_classes` as Esri's colour map (`.clr`): a value, red, green and blue a line.
pub fn class_colour_table(n_classes: u8) -> String {
    let line = |class| {
        let colour = colours::class(class, n_classes)?;
        Some(format!("{class} {} {} {}\n", colour.r, colour.g, colour.b))
    };
    (1..=n_classes).filter_map(line).collect()
}

fn item(out: &mut String, element: &str, value: f64, colour: Rgb, label: &str) {
    let _ = writeln!(
        out,
        "<{element} value=\"{value}\" color=\"{}\" alpha=\"255\" label=\"{}\"/>",
        colour.hex(),
        escape(label)
    );
}

fn pipe(renderer: &str) -> String {
    document(
        "Symbology",
        &format!(
            "<pipe>\n<provider><resampling enabled=\"false\" zoomedInResamplingMethod=\"nearestNeighbour\" \
             zoomedOutResamplingMethod=\"nearestNeighbour\" maxOversampling=\"2\"/></provider>\n{renderer}\
             <brightnesscontrast brightness=\"0\" contrast=\"0\" gamma=\"1\"/>\n\
             <huesaturation colorizeOn=\"0\" grayscaleMode=\"0\" saturation=\"0\"/>\n\
             <rasterresampler maxOversampling=\"2\"/>\n</pipe>\n<blendMode>0</blendMode>\n"
        ),
    )
}
