//! CSV as spreadsheets write it, and what is said where it is wrong.

use clearway::io::csv::{CsvWriter, Table};

use crate::common::shared_data;

fn table(bytes: &[u8], required: &[&str]) -> clearway::error::Result<Table> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("teams.csv");
    std::fs::write(&path, bytes).unwrap();
    Table::read(&path, required)
}

#[track_caller]
fn faults(bytes: &[u8], required: &[&str]) -> Vec<(&'static str, String)> {
    let error = table(bytes, required).unwrap_err();
    error.faults().iter().map(|fault| (fault.code, fault.to_string())).collect()
}

#[test]
fn rows_know_their_line() {
    let text = "\u{FEFF}team_id , lat,note\r\nM1,44.5,\"says \"\"hi\"\",\nand goes\"\r\n,,\r\nM2, -3 ,\r\n";
    let table = table(text.as_bytes(), &["team_id", "lat"]).unwrap();
    assert_eq!(table.headers(), ["team_id", "lat", "note"]);
    let rows: Vec<_> = table.rows().collect();
    assert_eq!(rows.len(), 2, "the blank row is left out");
    assert_eq!(rows[0].text("note"), Some("says \"hi\",\nand goes"));
    assert_eq!(rows[0].number("lat").unwrap(), Some(44.5));
    // The quoted field takes lines 2 and 3, the blank row line 4.
    assert_eq!((rows[0].line(), rows[1].line(), rows[1].index()), (2, 5, 1));
    assert_eq!(rows[1].required_number("lat").unwrap(), -3.0);
    assert_eq!(rows[1].text("note"), None);
    assert_eq!(rows[1].text("no such column"), None);
    assert!(table.has("lat") && !table.has("lon"));
}

#[test]
fn faults_name_file_line_and_column() {
    let table = table(b"id,lat\nM1,north\nM2\n", &[]).unwrap();
    let rows: Vec<_> = table.rows().collect();
    let text = rows[0].number("lat").unwrap_err().to_string();
    assert!(text.contains("teams.csv, line 2, column `lat`: expected a number, found `north`"), "{text}");
    let error = rows[1].required("lat").unwrap_err();
    assert_eq!(error.faults()[0].code, "csv.missing_value");
    assert!(error.to_string().contains("line 3, column `lat`"), "{error}");
    let endless = self::table(b"a\ninf\n", &[]).unwrap();
    assert!(endless.rows().next().unwrap().number("a").is_err());
}

#[test]
fn headers_are_checked_together() {
    let found = faults(b"id,lat,lat\n", &["id", "lon", "rate"]);
    let codes: Vec<_> = found.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, ["csv.duplicate_column", "csv.missing_column", "csv.missing_column"]);
    assert!(found[1].1.contains("expected a column `lon`"), "{}", found[1].1);
    assert_eq!(faults(b"", &["id"])[0].0, "csv.empty");
}

#[test]
fn semicolons_tabs_and_decimal_commas_are_read() {
    for text in ["id;Lat\n1;44,5\n", "id\tLat\n1\t44,5\n", "id|Lat\n1|44,5\n", "id,Lat\n1,\"44.5\"\n"] {
        let table = table(text.as_bytes(), &["id", "lat"]).unwrap();
        let row = table.rows().next().unwrap();
        assert_eq!((row.text("ID"), row.number("lat").unwrap()), (Some("1"), Some(44.5)), "{text}");
    }
    // With a number that has a point beside it, a comma may be one between thousands: a fault, no guess.
    let table = table(b"a;b\n1,500;2.5\n", &[]).unwrap();
    assert_eq!(table.rows().next().unwrap().number("a").unwrap_err().faults()[0].code, "csv.number");
    // UTF-16 as Excel's "Unicode text" has it.
    let utf16: Vec<u8> = "\u{FEFF}id\tname\n1\tТеслић\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let table = self::table(&utf16, &["id"]).unwrap();
    assert_eq!(table.rows().next().unwrap().text("name"), Some("Теслић"));
}

#[test]
fn long_rows_and_other_encodings_are_refused_by_line() {
    let found = faults(b"a,b\n1,2\n1,2,3\n\xC4,2\n", &[]);
    assert_eq!((found[0].0, found[1].0), ("csv.fields", "csv.encoding"));
    assert!(found[0].1.contains("line 3: expected 2 fields, found 3"), "{}", found[0].1);
    assert!(found[1].1.contains("line 4"), "{}", found[1].1);
    // Empty fields too many are what spreadsheets leave behind.
    assert_eq!(table(b"a,b\n1,2,,\n", &[]).unwrap().rows().len(), 1);
}

#[test]
fn missing_file_is_an_io_error() {
    let error = Table::read(std::path::Path::new("/nonexistent/teams.csv"), &[]).unwrap_err();
    assert_eq!(error.exit_code(), 1);
}

#[test]
fn written_text_is_no_formula() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tasks.csv");
    let mut writer = CsvWriter::create(&path, &["id", "note"]).unwrap();
    const NOTES: [&str; 12] =
        ["=1+1", "+A1", "-cmd", "@x", "\tx", "-12.5", "+3", "-inf", "a,\"b\"\nc", "", "'=1", "'tis"];
    for note in NOTES {
        writer.write(&["T", note]).unwrap();
    }
    assert!(!path.exists(), "nothing before the end");
    writer.finish().unwrap();
    let written = std::fs::read_to_string(&path).unwrap();
    let expected = "id,note\nT,'=1+1\nT,'+A1\nT,'-cmd\nT,'@x\nT,'\tx\nT,-12.5\nT,+3\nT,'-inf\nT,\"a,\"\"b\"\"\nc\"\nT,\nT,''=1\nT,'tis\n";
    assert_eq!(written, expected);
    // Our own reader has what was meant.
    let table = Table::read(&path, &["id", "note"]).unwrap();
    let notes: Vec<&str> = table.rows().map(|row| row.text("note").unwrap_or("")).collect();
    assert_eq!(notes, NOTES);
}

#[test]
#[should_panic(expected = "a row of 1 fields in a table of 2 columns")]
fn row_of_another_length_is_our_bug() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = CsvWriter::create(&folder.path().join("a.csv"), &["a", "b"]).unwrap();
    let _ = writer.write(&["1"]);
}

#[test]
fn doboj_settlements_are_read() {
    let Some(folder) = shared_data("doboj_settlements_are_read") else { return };
    let table = Table::read(&folder.join("doboj/settlements.csv"), &["name", "lat", "lon"]).unwrap();
    let first = table.rows().next().unwrap();
    assert_eq!((first.text("name"), first.number("lat").unwrap()), (Some("Lukavac"), Some(44.54245)));
    assert!(table.rows().all(|row| row.required_number("lon").is_ok()));
}
