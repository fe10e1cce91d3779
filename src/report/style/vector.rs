//! Styles of features: one symbol a value of a field, and labels. Values are text from inputs and are escaped.

use std::fmt::Write;

use super::document;
use crate::report::colours::{INK, PAPER, Rgb, TeamStroke};
use crate::report::markup::escape;

/// QGIS's numbers for where a label stands: around a point, along a line, inside a polygon.
const AROUND: u8 = 0;
/// See [`AROUND`].
const ALONG: u8 = 2;
/// See [`AROUND`].
const INSIDE: u8 = 4;

/// One value of the field that decides the symbol.
#[derive(Debug, Clone)]
pub struct Category {
    /// The value as text; `None` for every other one, unknown included.
    pub value: Option<String>,
    /// Its line in the legend.
    pub label: String,
    /// How it is drawn; polygons and points take the colour alone, `None` leaves them unfilled.
    pub stroke: Option<TeamStroke>,
}

/// Text beside features.
#[derive(Debug, Clone, Copy)]
pub struct Label<'a> {
    /// The field that holds it.
    pub field: &'a str,
    /// Map scale's denominator above which it is left out; 0 for never.
    pub up_to_scale: u32,
}

/// Polygons filled by the value of `field`.
pub fn polygon_style(field: &str, categories: &[Category], label: Option<Label<'_>>) -> String {
    categorized(field, categories, (label, INSIDE), &|stroke| {
        let (fill, style) = match stroke {
            Some(stroke) => (rgba(stroke.colour, 200), "solid"),
            // Not scored: hatched, so that it is not taken for a low class.
            None => (rgba(INK, 255), "b_diagonal"),
        };
        symbol_layer(
            "fill",
            "SimpleFill",
            &[
                ("color", &fill),
                ("style", style),
                ("outline_color", &rgba(INK, 255)),
                ("outline_style", "solid"),
                ("outline_width", "0.26"),
                ("outline_width_unit", "MM"),
                ("joinstyle", "bevel"),
            ],
        )
    })
}

/// Lines coloured and dashed by the value of `field`.
pub fn line_style(field: &str, categories: &[Category], label: Option<Label<'_>>) -> String {
    const WIDTH_MM: f64 = 0.8;
    categorized(field, categories, (label, ALONG), &|stroke| {
        let (colour, dashes) = stroke.map_or((INK, &[][..]), |stroke| (stroke.colour, stroke.dashes));
        let dash = dashes.iter().map(|d| format!("{}", d * WIDTH_MM)).collect::<Vec<_>>().join(";");
        symbol_layer(
            "line",
            "SimpleLine",
            &[
                ("line_color", &rgba(colour, 255)),
                ("line_style", "solid"),
                ("line_width", &WIDTH_MM.to_string()),
                ("line_width_unit", "MM"),
                ("use_custom_dash", if dashes.is_empty() { "0" } else { "1" }),
                ("customdash", if dash.is_empty() { "5;2" } else { &dash }),
                ("customdash_unit", "MM"),
                ("capstyle", "flat"),
                ("joinstyle", "round"),
            ],
        )
    })
}

/// Points of one symbol (`square`, `circle`, `triangle` …) and size in millimetres.
pub fn point_style(shape: &str, size_mm: f64, fill: Rgb, label: Option<Label<'_>>) -> String {
    let layer = symbol_layer(
        "marker",
        "SimpleMarker",
        &[
            ("name", shape),
            ("color", &rgba(fill, 255)),
            ("outline_color", &rgba(PAPER, 255)),
            ("outline_style", "solid"),
            ("outline_width", "0.3"),
            ("outline_width_unit", "MM"),
            ("size", &size_mm.to_string()),
            ("size_unit", "MM"),
        ],
    );
    let layer = layer.replace("SYMBOL", "0");
    styled(
        &format!(
            "<renderer-v2 type=\"singleSymbol\" symbollevels=\"0\"><symbols>{layer}</symbols></renderer-v2>"
        ),
        (label, AROUND),
    )
}

fn categorized(
    field: &str,
    categories: &[Category],
    label: (Option<Label<'_>>, u8),
    symbol: &dyn Fn(Option<TeamStroke>) -> String,
) -> String {
    let (mut listed, mut symbols) = (String::new(), String::new());
    for (i, category) in categories.iter().enumerate() {
        // QGIS takes the value NULL without a type for all others.
        let value = category.value.as_deref().map_or_else(
            || "value=\"\" type=\"NULL\"".to_owned(),
            |value| format!("value=\"{}\" type=\"string\"", escape(value)),
        );
        let _ = writeln!(
            listed,
            "<category {value} symbol=\"{i}\" label=\"{}\" render=\"true\"/>",
            escape(&category.label)
        );
        symbols += &symbol(category.stroke).replace("SYMBOL", &i.to_string());
    }
    styled(
        &format!(
            "<renderer-v2 type=\"categorizedSymbol\" attr=\"{}\" symbollevels=\"0\" enableorderby=\"0\">\n\
             <categories>\n{listed}</categories>\n<symbols>\n{symbols}</symbols>\n</renderer-v2>",
            escape(field)
        ),
        label,
    )
}

/// A symbol with one layer; `SYMBOL` stands for its name.
fn symbol_layer(kind: &str, class: &str, properties: &[(&str, &str)]) -> String {
    let mut text = format!(
        "<symbol type=\"{kind}\" name=\"SYMBOL\" alpha=\"1\" clip_to_extent=\"1\" force_rhr=\"0\">\
         <layer class=\"{class}\" enabled=\"1\" pass=\"0\" locked=\"0\">\n"
    );
    for (key, value) in properties {
        let _ = writeln!(text, "<prop k=\"{key}\" v=\"{}\"/>", escape(value));
    }
    text + "</layer></symbol>\n"
}

fn styled(renderer: &str, (label, placement): (Option<Label<'_>>, u8)) -> String {
    let labelling = label.map_or_else(String::new, |label| {
        format!(
            "<labeling type=\"simple\"><settings calloutType=\"simple\">\n\
             <text-style fieldName=\"{}\" isExpression=\"0\" fontSize=\"8\" fontSizeUnit=\"Point\" \
             textColor=\"{}\" textOpacity=\"1\" fontFamily=\"Arial\" \
             fontWeight=\"50\" fontKerning=\"1\" multilineHeight=\"1\">\
             <text-buffer bufferDraw=\"1\" bufferSize=\"0.8\" bufferSizeUnits=\"MM\" bufferColor=\"{}\" \
             bufferOpacity=\"0.85\"/></text-style>\n\
             <placement placement=\"{}\" placementFlags=\"10\" dist=\"1\" distUnits=\"MM\" priority=\"5\"/>\n\
             <rendering scaleVisibility=\"{}\" scaleMin=\"0\" scaleMax=\"{}\" obstacle=\"1\" displayAll=\"0\"/>\n\
             </settings></labeling>\n",
            escape(label.field),
            rgba(INK, 255),
            rgba(PAPER, 255),
            placement,
            u8::from(label.up_to_scale > 0),
            label.up_to_scale
        )
    });
    let categories = if label.is_some() { "Symbology|Labeling" } else { "Symbology" };
    document(
        categories,
        &format!("{renderer}\n{labelling}<blendMode>0</blendMode>\n<featureBlendMode>0</featureBlendMode>\n"),
    )
}

fn rgba(colour: Rgb, alpha: u8) -> String {
    format!("{},{},{},{alpha}", colour.r, colour.g, colour.b)
}
