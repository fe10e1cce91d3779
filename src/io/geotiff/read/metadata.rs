//! GDAL's metadata of a band: description, unit, scale, offset.

/// What GDAL's metadata says of one band.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Metadata {
    pub(super) description: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) scale: Option<f64>,
    pub(super) offset: Option<f64>,
}

impl Metadata {
    /// That of a band (from 0) in the XML of GDAL's tag; what is not understood is left out.
    pub(super) fn of(xml: Option<&str>, band: usize) -> Self {
        let mut out = Self::default();
        for item in xml.unwrap_or_default().split("<Item ").skip(1) {
            let Some((head, rest)) = item.split_once('>') else { continue };
            let text = rest.split("</Item>").next().unwrap_or_default();
            if attribute(head, "sample").and_then(|n| n.parse().ok()) != Some(band) {
                continue;
            }
            // Escaped twice by GDAL: once as its own text, once as XML.
            let text = unescaped(&unescaped(text));
            match attribute(head, "role") {
                Some("description") => out.description = Some(text),
                Some("unittype") => out.unit = Some(text),
                Some("scale") => out.scale = text.trim().parse().ok(),
                Some("offset") => out.offset = text.trim().parse().ok(),
                _ => {}
            }
        }
        out
    }
}

fn attribute<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let value = head.split_once(&format!("{name}=\""))?.1;
    value.split('"').next()
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
