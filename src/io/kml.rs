//! KML (OGC 12-007) and KMZ: placemarks of all folders, in longitude and latitude on WGS 84.
//!
//! Columns are `name`, `description`, `folder` (the names of the folders around it, parted by `/`) and what
//! `ExtendedData` holds, typed where a `Schema` says so. Network links are never followed and entities of a
//! document type never expanded; models and tracks have no geometry here. All of that is noted.

mod placemark;

use std::path::Path;

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use serde_json::Value;

use self::placemark::Placemark;
use super::encoding::by_name;
use super::features::FeatureTable;
use super::limits::{MAX_DEPTH, Syntax, check_text, read_text};
use super::zip::Archive;
use crate::error::{Fault, Result};
use crate::grid::Crs;

/// Reads a KML file.
pub(super) fn read(path: &Path) -> Result<FeatureTable> {
    parse(&read_text(path, Syntax::Xml)?, &path.display().to_string())
}

/// Reads the document of a KMZ archive: `doc.kml`, or the first that is one.
pub(super) fn read_zipped(path: &Path) -> Result<FeatureTable> {
    let archive = Archive::open(path)?;
    let is_kml = |name: &&str| name.to_ascii_lowercase().ends_with(".kml");
    let name = archive.names().find(|name| *name == "doc.kml").or_else(|| archive.names().find(is_kml));
    let place = path.display().to_string();
    let name = name.ok_or_else(|| {
        Fault::new(
            "kml.structure",
            place.as_str(),
            "an archive with a KML document",
            "none in it",
            "export it again",
        )
    })?;
    let text = archive.read(name)?;
    check_text(&text, Syntax::Xml, &place)?;
    parse(&text, &place)
}

fn parse(bytes: &[u8], place: &str) -> Result<FeatureTable> {
    let text = decoded(bytes).ok_or_else(|| broken(place, "text in another encoding than it says"))?;
    let mut reader = Reader::from_str(&text);
    reader.config_mut().expand_empty_elements = true;
    let mut document = Document::default();
    loop {
        let event = reader.read_event().map_err(|error| {
            let place = format!("{place}, byte {}", reader.error_position());
            broken(&place, &error.to_string())
        })?;
        let at = || format!("{place}, byte {}", reader.buffer_position());
        match event {
            Event::Start(start) => document.start(&start).map_err(|found| broken(&at(), &found))?,
            Event::End(_) => document.end().map_err(|found| broken(&at(), &found))?,
            Event::Text(text) => document.text.push_str(&text.xml10_content()),
            Event::CData(text) => document.text.push_str(&text.xml10_content()),
            Event::GeneralRef(name) => {
                let letter = match name.resolve_char_ref() {
                    Ok(Some(letter)) => Some(letter),
                    _ => named_letter(&name.xml10_content()),
                };
                let found = || format!("the entity `&{};`, which is never expanded", name.xml10_content());
                document.text.push(letter.ok_or_else(|| broken(&at(), &found()))?);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if !document.is_kml {
        return Err(broken(place, "XML without a `kml` element").into());
    }
    let mut notes = Vec::new();
    if document.n_links > 0 {
        notes.push(format!("{place}: {} network links are not followed", document.n_links));
    }
    if document.n_foreign > 0 {
        let n = document.n_foreign;
        notes.push(format!("{place}: {n} models or tracks are not read; their placemarks have no geometry"));
    }
    let features =
        document.placemarks.into_iter().enumerate().map(|(i, placemark)| placemark.into_feature(i)).collect();
    Ok(FeatureTable { crs: Crs::wgs84(), features, notes })
}

fn named_letter(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

/// The text by its byte order mark or the encoding its first line names.
fn decoded(bytes: &[u8]) -> Option<String> {
    let head = &bytes[..bytes.len().min(200)];
    let head = String::from_utf8_lossy(head);
    let named = head.split_once("encoding=").and_then(|(_, rest)| {
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        rest[1..].split(quote).next().and_then(by_name)
    });
    let (text, _, is_wrong) = named.unwrap_or(encoding_rs::UTF_8).decode(bytes);
    (!is_wrong).then(|| text.into_owned())
}

/// What is gathered on the way through a document.
#[derive(Default)]
struct Document {
    placemarks: Vec<Placemark>,
    open: Option<Placemark>,
    /// The elements around, outermost first.
    path: Vec<String>,
    /// Names of the folders around; empty for a folder without one.
    folders: Vec<String>,
    text: String,
    /// Name of the column being read.
    column: String,
    /// Columns with a type, by the schemas.
    types: Vec<(String, String)>,
    is_kml: bool,
    n_links: usize,
    n_foreign: usize,
}

impl Document {
    fn start(&mut self, start: &BytesStart<'_>) -> std::result::Result<(), String> {
        if self.path.len() == MAX_DEPTH {
            return Err(format!("elements nested deeper than {MAX_DEPTH}"));
        }
        let name = start.local_name().as_ref().to_owned();
        self.text.clear();
        match name.as_str() {
            "kml" => self.is_kml = true,
            "Folder" => self.folders.push(String::new()),
            "Placemark" => {
                self.open = Some(Placemark::new(attribute(start, "id"), self.folders.join("/")));
            }
            "Data" | "SimpleData" => self.column = attribute(start, "name").unwrap_or_default(),
            "SimpleField" => {
                if let (Some(name), Some(kind)) = (attribute(start, "name"), attribute(start, "type")) {
                    self.types.push((name, kind));
                }
            }
            "NetworkLink" => self.n_links += 1,
            "Model" | "Track" => self.n_foreign += usize::from(self.open.is_some()),
            _ => {}
        }
        if let Some(placemark) = &mut self.open {
            placemark.start(&name);
        }
        self.path.push(name);
        Ok(())
    }

    fn end(&mut self) -> std::result::Result<(), String> {
        let Some(name) = self.path.pop() else { return Ok(()) };
        let parent = self.path.last().map_or("", String::as_str);
        let text = std::mem::take(&mut self.text);
        match (parent, name.as_str()) {
            ("Folder", "name") => {
                if let Some(folder) = self.folders.last_mut() {
                    text.trim().clone_into(folder);
                }
            }
            (_, "Folder") => {
                self.folders.pop();
            }
            (_, "Placemark") => self.placemarks.extend(self.open.take()),
            ("Placemark", "name" | "description") => self.set(&name, text.trim()),
            ("Data", "value") | (_, "SimpleData") => {
                let column = self.column.clone();
                self.set(&column, text.trim());
            }
            _ => {
                if let Some(placemark) = &mut self.open {
                    placemark.end(&name, &text)?;
                }
            }
        }
        Ok(())
    }

    fn set(&mut self, column: &str, text: &str) {
        let Some(placemark) = &mut self.open else { return };
        let kind = self.types.iter().find(|(name, _)| name == column).map_or("string", |(_, kind)| kind);
        let value = match kind {
            _ if text.is_empty() => Value::Null,
            "int" | "uint" | "short" | "ushort" => {
                text.parse::<i64>().map_or_else(|_| text.into(), Value::from)
            }
            "float" | "double" => text.parse::<f64>().map_or_else(|_| text.into(), Value::from),
            "bool" => match text {
                "1" | "true" => true.into(),
                "0" | "false" => false.into(),
                other => other.into(),
            },
            _ => text.into(),
        };
        placemark.properties.insert(column.to_owned(), value);
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut all = start.attributes();
    let found =
        all.with_checks(false).flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    quick_xml::escape::unescape(&found.value).ok().map(std::borrow::Cow::into_owned)
}

fn broken(place: &str, found: &str) -> Fault {
    Fault::new("kml.structure", place, "KML", found, "write the file again, `ogr2ogr OUT.kml IN` does")
}
