//! `.shp`: records → geometries, x and y only. Counts are believed as far as the record's bytes reach.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use geo::{Coord, Geometry, LineString, MultiLineString, MultiPoint, Point};

use super::super::features::MAX_FAULTS;
use super::rings::polygons_of;
use crate::error::{Error, Fault, Faults, Result};

/// Bytes of the header, of `.shp` and `.shx` alike.
const HEADER: u64 = 100;

/// The geometries in the order of the index, or of the file without one; `None` for null shapes.
pub(super) fn read(path: &Path, index: Option<&Path>) -> Result<Vec<Option<Geometry<f64>>>> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    let length = file.metadata().map_err(Error::io("read", path))?.len();
    let mut reader = BufReader::new(file);
    let mut header = [0; HEADER as usize];
    let place = path.display().to_string();
    if reader.read_exact(&mut header).is_err() || big(&header, 0) != 9994 || little(&header, 28) != 1000 {
        return Err(broken(&place, "a file without the header of a shapefile").into());
    }
    let offsets = index.map(offsets).transpose()?;
    let mut faults = Faults::new();
    let mut shapes = Vec::new();
    let mut at = HEADER;
    let mut total = HEADER;
    let mut content = Vec::new();
    loop {
        if let Some(offsets) = &offsets {
            let Some(&offset) = offsets.get(shapes.len()) else { break };
            if offset != at {
                reader.seek(SeekFrom::Start(offset)).map_err(Error::io("read", path))?;
                at = offset;
            }
        } else if at + 8 > length {
            break;
        }
        let number = shapes.len() + 1;
        let record = format!("{place}, feature {number}");
        let mut head = [0; 8];
        if at + 8 > length || reader.read_exact(&mut head).is_err() {
            return Err(broken(&record, "the end of the file").into());
        }
        let bytes = u64::from(big(&head, 4)) * 2;
        if at + 8 + bytes > length {
            let found = format!("{bytes} bytes declared, {} left in the file", length - at - 8);
            return Err(broken(&record, &found).into());
        }
        total += 8 + bytes;
        if total > length {
            return Err(broken(&place, "an index that names more records than the file holds").into());
        }
        content.resize(bytes as usize, 0);
        reader.read_exact(&mut content).map_err(Error::io("read", path))?;
        at += 8 + bytes;
        match shape_of(&content) {
            Ok(shape) => shapes.push(shape),
            Err(found) => {
                shapes.push(None);
                faults.push(broken(&record, &found));
                if faults.as_slice().len() == MAX_FAULTS {
                    break;
                }
            }
        }
    }
    faults.finish().map(|()| shapes)
}

/// Where records begin, by the index.
fn offsets(index: &Path) -> Result<Vec<u64>> {
    let bytes = std::fs::read(index).map_err(Error::io("read", index))?;
    match bytes.get(HEADER as usize..) {
        Some(entries) if big(&bytes, 0) == 9994 => {
            Ok(entries.chunks_exact(8).map(|entry| u64::from(big(entry, 0)) * 2).collect())
        }
        _ => {
            let found = "a file without the header of an index";
            Err(broken(&index.display().to_string(), found).into())
        }
    }
}

fn shape_of(content: &[u8]) -> std::result::Result<Option<Geometry<f64>>, String> {
    if content.len() < 4 {
        return Err("a record cut short".to_owned());
    }
    let kind = little(content, 0);
    let body = &content[4..];
    Ok(match kind {
        0 => None,
        1 | 11 | 21 => {
            let at = points(body, 1)?[0];
            // What is below -1e38 means "no data" in a shapefile.
            (!(at.x.is_nan() || at.x < -1e38)).then_some(Geometry::Point(Point(at)))
        }
        8 | 18 | 28 => {
            let count = count(body, 32)?;
            let all = points(&body[36..], count)?;
            (!all.is_empty()).then(|| Geometry::MultiPoint(MultiPoint(all.into_iter().map(Point).collect())))
        }
        3 | 13 | 23 => {
            let mut lines = parts(body)?;
            match lines.len() {
                0 => None,
                1 => lines.pop().map(Geometry::LineString),
                _ => Some(Geometry::MultiLineString(MultiLineString(lines))),
            }
        }
        5 | 15 | 25 => polygons_of(parts(body)?),
        31 => return Err("a multipatch; flatten it to polygons".to_owned()),
        other => return Err(format!("a shape of kind {other}")),
    })
}

/// The parts of a line or polygon: box (32 bytes), number of parts, of points, starts, points.
fn parts(body: &[u8]) -> std::result::Result<Vec<LineString<f64>>, String> {
    let (n_parts, n_points) = (count(body, 32)?, count(body, 36)?);
    let declared = || format!("{n_parts} parts and {n_points} points declared in {} bytes", body.len());
    let starts = body[40..].get(..n_parts.checked_mul(4).ok_or_else(declared)?).ok_or_else(declared)?;
    let all = points(&body[40 + starts.len()..], n_points)?;
    let mut starts: Vec<usize> = starts.chunks_exact(4).map(|start| little(start, 0) as usize).collect();
    starts.push(n_points);
    let part = |pair: &[usize]| all.get(pair[0]..pair[1]).map(|part| LineString(part.to_vec()));
    let lines: Option<Vec<LineString<f64>>> = starts.windows(2).map(part).collect();
    let lines = lines.ok_or_else(|| "parts that do not follow one another".to_owned())?;
    Ok(lines.into_iter().filter(|line| !line.0.is_empty()).collect())
}

fn count(body: &[u8], at: usize) -> std::result::Result<usize, String> {
    // The numbers of parts and points are never the last thing of a record.
    body.get(..at + 8).map(|body| little(body, at) as usize).ok_or_else(|| "a record cut short".to_owned())
}

fn points(bytes: &[u8], count: usize) -> std::result::Result<Vec<Coord<f64>>, String> {
    let needed = count.checked_mul(16).filter(|needed| *needed <= bytes.len());
    let bytes =
        &bytes[..needed.ok_or_else(|| format!("{count} points declared in {} bytes", bytes.len()))?];
    let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    Ok(bytes.chunks_exact(16).map(|at| Coord { x: number(&at[..8]), y: number(&at[8..]) }).collect())
}

fn big(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn little(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn broken(place: &str, found: &str) -> Fault {
    let fix =
        "the file is damaged or no shapefile: export it again, `ogr2ogr OUT.gpkg IN` reads what is left";
    Fault::new("shapefile.broken", place, "a sound .shp", found, fix)
}
