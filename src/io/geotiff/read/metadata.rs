//! GDAL's metadata of a band: description, unit, scale, offset, statistics.

use super::facts::Statistics;

/// GDAL's names of the four statistics.
const STATISTICS: [&str; 4] =
    ["STATISTICS_MINIMUM", "STATISTICS_MAXIMUM", "STATISTICS_MEAN", "STATISTICS_STDDEV"];

/// What GDAL's metadata says of one band.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Metadata {
    pub(super) description: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) scale: Option<f64>,
    pub(super) offset: Option<f64>,
    pub(super) statistics: Option<Statistics>,
}

impl Metadata {
    /// That of a band (from 0) in the XML of GDAL's tag; what is not understood is left out.
    pub(super) fn of(xml: Option<&str>, band: usize) -> Self {
        let mut out = Self::default();
        let mut declared = [None; 4];
        for item in xml.unwrap_or_default().split("<Item ").skip(1) {
            let Some((head, rest)) = item.split_once('>') else { continue };
            let text = rest.split("</Item>").next().unwrap_or_default();
            if attribute(head, "sample").and_then(|n| n.parse().ok()) != Some(band) {
                continue;
            }
            // Escaped twice by GDAL: once as its own text, once as XML.
            let text = unescaped(&unescaped(text));
            let statistic = STATISTICS.iter().position(|name| attribute(head, "name") == Some(name));
            if let Some(at) = statistic {
                declared[at] = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
            }
            match attribute(head, "role") {
                Some("description") => out.description = Some(text),
                Some("unittype") => out.unit = Some(text),
                Some("scale") => out.scale = text.trim().parse().ok(),
                Some("offset") => out.offset = text.trim().parse().ok(),
                _ => {}
            }
        }
        if let [Some(least), Some(greatest), Some(mean), Some(deviation)] = declared {
            out.statistics = Some(Statistics { least, greatest, mean, deviation });
        }
        out
    }
}

fn attribute<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let value = head.split_once(&format!("{name}=\""))?.1;
    value.split('"').next()
}

/// A text without XML's escapes.
pub(super) fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
