//! `.dbf` (dBASE III and what Esri and FoxPro added): rows of columns with their types.
//!
//! Numbers without decimals are whole, dates are ISO texts, logical fields true or false; blank, starred and
//! undecided fields are null. Memo and picture fields lie in files of their own and are left null.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use encoding_rs::Encoding;
use serde_json::{Map, Value};

use super::super::encoding::{by_driver, by_name};
use crate::error::{Error, Fault, Result};

/// The rows in the file's order; `None` for one marked as deleted.
pub(super) struct Rows {
    pub rows: Vec<Option<Map<String, Value>>>,
    pub notes: Vec<String>,
}

struct Column {
    name: String,
    kind: u8,
    from: usize,
    length: usize,
    decimals: u8,
}

/// Reads the rows, which must be as many as there are shapes; `asked` is the encoding the person names, `cpg` what the
/// `.cpg` says.
pub(super) fn read(path: &Path, n_shapes: usize, asked: Option<&str>, cpg: Option<&str>) -> Result<Rows> {
    let place = path.display().to_string();
    let file = File::open(path).map_err(Error::io("read", path))?;
    let length = file.metadata().map_err(Error::io("read", path))?.len();
    let mut reader = BufReader::new(file);
    let mut head = [0; 32];
    let is_read = reader.read_exact(&mut head).is_ok();
    let two = |at: usize| usize::from(u16::from_le_bytes([head[at], head[at + 1]]));
    let n_rows = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
    let (header_bytes, row_bytes) = (two(8), two(10));
    if !is_read || header_bytes < 33 || row_bytes == 0 {
        return Err(broken(&place, "a file without the header of a .dbf").into());
    }
    let needed = header_bytes as u64 + n_rows * row_bytes as u64;
    if needed > length {
        let found = format!("{n_rows} rows of {row_bytes} bytes declared in {length} bytes");
        return Err(broken(&place, &found).into());
    }
    if n_rows != n_shapes as u64 {
        let found = format!("{n_shapes} shapes and {n_rows} rows");
        let fix = "one of the files belongs to another shapefile, or is damaged: export it again";
        return Err(Fault::new("shapefile.rows", place, "a row for each shape", found, fix).into());
    }
    let mut fields = vec![0; header_bytes - 32];
    reader.read_exact(&mut fields).map_err(Error::io("read", path))?;
    let mut notes = Vec::new();
    let encoding = encoding(asked, cpg, head[29], &place)?;
    let mut texts = Texts { encoding, is_guessed: false, place: place.clone() };
    let columns = columns(&fields, row_bytes, &mut texts)?;
    let mut rows = Vec::with_capacity(n_rows as usize);
    let mut row = vec![0; row_bytes];
    for _ in 0..n_rows {
        reader.read_exact(&mut row).map_err(Error::io("read", path))?;
        if row[0] == b'*' {
            rows.push(None);
            continue;
        }
        let value = |column: &Column| -> Result<(String, Value)> {
            let field = &row[column.from..column.from + column.length];
            Ok((column.name.clone(), value_of(field, column, &mut texts)?))
        };
        rows.push(Some(columns.iter().map(value).collect::<Result<_>>()?));
    }
    if texts.is_guessed {
        notes.push(format!(
            "{place}: neither .cpg nor header name the encoding of its texts, which are not UTF-8; they are read as \
             windows-1252, `encoding = \"windows-1250\"` beside `path` says another"
        ));
    }
    Ok(Rows { rows, notes })
}

/// The encoding, `None` where nothing names it.
fn encoding(
    asked: Option<&str>,
    cpg: Option<&str>,
    driver: u8,
    place: &str,
) -> Result<Option<&'static Encoding>> {
    let unknown = |name: &str| {
        let fix = "say which one, `encoding = \"windows-1252\"` beside `path`";
        Fault::new(
            "input.encoding",
            place,
            "an encoding by a name known on the web",
            format!("`{name}`"),
            fix,
        )
    };
    if let Some(name) = asked.or(cpg.filter(|name| !name.trim().is_empty())) {
        return by_name(name).map(Some).ok_or_else(|| unknown(name.trim()).into());
    }
    match by_driver(driver) {
        Some(Err(page)) => Err(unknown(&format!("code page {page}")).into()),
        found => Ok(found.and_then(std::result::Result::ok)),
    }
}

fn columns(fields: &[u8], row_bytes: usize, texts: &mut Texts) -> Result<Vec<Column>> {
    let mut columns: Vec<Column> = Vec::new();
    let mut from = 1;
    for field in fields.chunks_exact(32).take_while(|field| field[0] != 0x0D) {
        let name = field[..11].split(|byte| *byte == 0).next().unwrap_or_default();
        let name = texts.decoded(name)?.trim().to_owned();
        // A name used twice keeps both columns.
        let n_same = columns.iter().filter(|column| column.name == name).count();
        let name = if n_same > 0 { format!("{name}_{}", n_same + 1) } else { name };
        let is_long_text = field[11] == b'C';
        // Some programs write texts of more than 255 bytes with the decimals as the high byte.
        let length = usize::from(field[16]) + if is_long_text { 256 * usize::from(field[17]) } else { 0 };
        if from + length > row_bytes {
            return Err(
                broken(&texts.place, &format!("columns wider than a row of {row_bytes} bytes")).into()
            );
        }
        columns.push(Column { name, kind: field[11], from, length, decimals: field[17] });
        from += length;
    }
    Ok(columns)
}

fn value_of(field: &[u8], column: &Column, texts: &mut Texts) -> Result<Value> {
    let plain = field.trim_ascii();
    let text = || std::str::from_utf8(plain).unwrap_or_default();
    Ok(match column.kind {
        b'N' | b'F' if column.decimals == 0 => match text().parse::<i64>() {
            Ok(whole) => whole.into(),
            Err(_) => number(text()),
        },
        b'N' | b'F' => number(text()),
        b'L' => match plain {
            b"T" | b"t" | b"Y" | b"y" => true.into(),
            b"F" | b"f" | b"N" | b"n" => false.into(),
            _ => Value::Null,
        },
        b'D' => match text() {
            day if day.len() == 8 && day != "00000000" && day.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]).into()
            }
            _ => Value::Null,
        },
        b'I' if field.len() == 4 => i32::from_le_bytes(field.try_into().expect("four bytes")).into(),
        b'O' | b'B' if field.len() == 8 => f64::from_le_bytes(field.try_into().expect("eight bytes")).into(),
        b'M' | b'G' | b'P' | b'B' => Value::Null,
        _ => match texts.decoded(plain)?.trim_matches(['\0', ' ']) {
            "" => Value::Null,
            text => text.into(),
        },
    })
}

fn number(text: &str) -> Value {
    text.parse::<f64>().ok().filter(|number| number.is_finite()).map_or(Value::Null, Value::from)
}

/// Texts of one file.
struct Texts {
    encoding: Option<&'static Encoding>,
    is_guessed: bool,
    place: String,
}

impl Texts {
    fn decoded(&mut self, bytes: &[u8]) -> Result<String> {
        let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
        let Some(encoding) = self.encoding else {
            return Ok(match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                Err(_) => {
                    self.is_guessed = true;
                    encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
                }
            });
        };
        // A text cut at the width of its field may end within a letter.
        let (text, is_wrong) = encoding.decode_without_bom_handling(bytes);
        match is_wrong {
            true if !text.trim_end_matches('\u{FFFD}').contains('\u{FFFD}') => {
                Ok(text.trim_end_matches('\u{FFFD}').to_owned())
            }
            true => {
                let found = format!("`{}`, which is not {}", text.trim(), encoding.name());
                let fix = "say which encoding it is, `encoding = \"windows-1252\"` beside `path`";
                Err(Fault::new("input.encoding", &self.place, "texts in their encoding", found, fix).into())
            }
            false => Ok(text.into_owned()),
        }
    }
}

fn broken(place: &str, found: &str) -> Fault {
    Fault::new("shapefile.table", place, "a sound .dbf", found, "the file is damaged: export it again")
}
