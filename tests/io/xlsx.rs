//! Excel workbooks, as rust_xlsxwriter and people write them.

use std::path::{Path, PathBuf};

use clearway::io::csv::Table;
use clearway::io::features::VectorSource;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use super::formats::zip;

fn workbook(folder: &Path) -> PathBuf {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("Settlements").unwrap();
    for (column, header) in ["Name", "LON", "Latitude", "since", "population", "ok"].iter().enumerate() {
        // A title row and a blank one stand above many a table: here only a blank one.
        sheet.write(1, column as u16, *header).unwrap();
    }
    let date = Format::new().set_num_format("yyyy-mm-dd");
    sheet.write(2, 0, " Teslić ").unwrap();
    sheet.write(2, 1, 17.86).unwrap();
    sheet.write(2, 2, 44.606).unwrap();
    sheet.write_with_format(2, 3, ExcelDateTime::from_ymd(2027, 3, 1).unwrap(), &date).unwrap();
    sheet.write_formula(2, 4, Formula::new("=0.1+0.2").set_result("0.30000000000000004")).unwrap();
    sheet.write(2, 5, true).unwrap();
    sheet.write(4, 0, "=HYPERLINK(1)").unwrap();
    sheet.write(4, 1, 18).unwrap();
    sheet.write(4, 2, 45).unwrap();
    let other = workbook.add_worksheet().set_name("Teams").unwrap();
    other.write(0, 0, "team_id").unwrap();
    other.write(1, 0, "M1").unwrap();
    let path = folder.join("tables.xlsx");
    workbook.save(&path).unwrap();
    path
}

fn table(source: &VectorSource, required: &[&str]) -> Table {
    source.read_table(required).unwrap()
}

#[test]
fn sheets_are_tables_with_numbers_and_dates() {
    let folder = tempfile::tempdir().unwrap();
    let source = VectorSource::of(workbook(folder.path()));
    let table = table(&source, &["name", "lon", "lat"]);
    let rows: Vec<_> = table.rows().collect();
    assert_eq!(rows[0].fields(), ["Teslić", "17.86", "44.606", "2027-03-01", "0.3", "true"]);
    assert_eq!((rows[1].text("name"), rows[1].text("population")), (Some("=HYPERLINK(1)"), None));
    assert_eq!((rows[0].line(), rows[1].line()), (3, 5), "rows as the sheet counts them");
    let text = rows[0].fault("a", "since", "b", "c").to_string();
    assert!(text.contains("tables.xlsx, sheet `Settlements`, row 3, column `since`"), "{text}");
    let teams = VectorSource { table: Some("Teams".to_owned()), ..source.clone() };
    assert_eq!(self::table(&teams, &["team_id"]).rows().next().unwrap().text("team_id"), Some("M1"));
    let none = VectorSource { table: Some("Nobody".to_owned()), ..source.clone() };
    let error = none.read_table(&[]).unwrap_err();
    assert!(error.to_string().contains("Settlements, Teams"), "{error}");
    // The same as points.
    let features = source.read().unwrap();
    assert_eq!(features.features[0].geometry, Some(geo::Geometry::Point(geo::Point::new(17.86, 44.606))));
    assert_eq!(features.features[0].properties["population"], 0.3);
}

#[test]
fn a_cell_in_the_far_corner_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write(0, 0, "a").unwrap();
    sheet.write(1_048_575, 0, 1).unwrap();
    let path = folder.path().join("far.xlsx");
    workbook.save(&path).unwrap();
    let table = VectorSource::of(&path).read_table(&["a"]).unwrap();
    assert_eq!((table.rows().len(), table.rows().next().unwrap().line()), (1, 1_048_576));
    // Beyond the headers it is a fault of its row.
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write(0, 0, "a").unwrap();
    sheet.write(1, 16_383, 1).unwrap();
    workbook.save(&path).unwrap();
    let error = VectorSource::of(&path).read_table(&["a"]).unwrap_err();
    assert_eq!(error.faults()[0].code, "csv.fields", "{error}");
}

#[test]
fn what_is_no_workbook_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    let code = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        VectorSource::of(&path).read_table(&[]).unwrap_err().faults()[0].code
    };
    assert_eq!(code(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]), "input.format");
    assert_eq!(code(&zip(&[("xl/workbook.xml", b"<nothing/>")])), "xlsx.broken");
    assert_eq!(code(b"PK\x03\x04 and nothing more"), "zip.broken");
}
