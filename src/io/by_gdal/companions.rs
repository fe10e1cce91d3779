//! The files that belong to one that GDAL reads: for the record, and so that a change of any is seen.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use quick_xml::Reader;
use quick_xml::events::Event;

/// Endings of the files that formats in several files consist of, beside one of the same name.
const BESIDE: [&str; 24] = [
    "dat", "id", "map", "ind", "mid", "mif", "tab", "xsd", "gfs", "ige", "rrd", "rde", "hdr", "prj", "stx",
    "clr", "blw", "tfw", "bpw", "doc", "rdc", "smp", "sdat", "sgrd",
];
/// Virtual rasters in virtual rasters are followed so far.
const DEPTH: usize = 4;
/// A longer virtual raster is not looked into.
const MOST_BYTES: u64 = 64 << 20;

/// A file (or folder) and those that belong to it.
pub(in crate::io) fn files(path: &Path) -> Vec<PathBuf> {
    let mut found = BTreeSet::new();
    gather(path, DEPTH, &mut found);
    // The one that was named comes first.
    let first = path.is_file().then(|| path.to_path_buf());
    first.iter().cloned().chain(found.into_iter().filter(|file| Some(file) != first.as_ref())).collect()
}

/// What a virtual raster says that it is made of.
pub(super) fn sources(path: &Path) -> Vec<String> {
    let is_short = path.metadata().is_ok_and(|facts| facts.is_file() && facts.len() <= MOST_BYTES);
    let is_virtual = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("vrt"));
    let text = if is_short && is_virtual { std::fs::read_to_string(path).ok() } else { None };
    let Some(text) = text else { return Vec::new() };
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut reader = Reader::from_str(&text);
    let (mut sources, mut is_relative, mut inside) = (Vec::new(), false, false);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                inside = matches!(tag.name().as_ref(), "SourceFilename" | "SourceDataset");
                let attribute = tag.try_get_attribute("relativeToVRT").ok().flatten();
                is_relative = attribute.is_some_and(|attribute| attribute.value.as_ref() == "1");
            }
            Ok(Event::Text(text)) if inside => {
                let name = text.trim().to_owned();
                sources.push(if is_relative { folder.join(name).display().to_string() } else { name });
            }
            Ok(Event::End(_)) => inside = false,
            Ok(Event::Eof) | Err(_) => return sources,
            Ok(_) => {}
        }
    }
}

fn gather(path: &Path, depth: usize, found: &mut BTreeSet<PathBuf>) {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        found.extend(entries.map(|entry| entry.path()).filter(|path| path.is_file()));
        return;
    }
    if !path.is_file() || !found.insert(path.to_path_buf()) {
        return;
    }
    let (Some(name), Some(stem)) = (path.file_name(), path.file_stem()) else { return };
    for ending in ["aux.xml", "ovr", "msk"] {
        let beside = path.with_file_name(format!("{}.{ending}", name.to_string_lossy()));
        if beside.is_file() {
            found.insert(beside);
        }
    }
    for ending in BESIDE {
        for ending in [ending.to_owned(), ending.to_ascii_uppercase()] {
            let beside = path.with_file_name(format!("{}.{ending}", stem.to_string_lossy()));
            if beside.is_file() {
                found.insert(beside);
            }
        }
    }
    if depth > 0 {
        sources(path).iter().for_each(|source| gather(Path::new(source), depth - 1, found));
    }
}
