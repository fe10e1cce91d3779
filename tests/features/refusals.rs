//! What a build says of what it was built without; with the feature, that it does not say it.

use std::path::Path;

use clearway::error::Fault;
use clearway::grid::{Crs, Reprojection};
use clearway::io::features::VectorSource;
use clearway::io::raster::Raster;
use clearway::report::record::features;

fn fault_of<T: std::fmt::Debug>(result: clearway::error::Result<T>) -> Fault {
    result.unwrap_err().faults()[0].clone()
}

#[test]
fn features_are_known() {
    assert_eq!(features().contains(&"proj"), cfg!(feature = "proj"));
    assert_eq!(features().contains(&"gdal"), cfg!(feature = "gdal"));
    let is_linked = cfg!(any(feature = "proj", feature = "gdal"));
    assert_eq!(clearway::io::gdal_release().is_some(), is_linked);
}

#[test]
fn datum_shift_names_the_feature() {
    let crs = |epsg| Crs::from_epsg(epsg, "test").unwrap();
    let fault = fault_of(Reprojection::new(&crs(3148), &crs(32648), "areas.gpkg"));
    if cfg!(feature = "proj") {
        // Both are for more ground than any operation.
        assert_eq!(fault.code, "crs.no_operation");
    } else {
        assert_eq!(fault.code, "crs.datum_shift");
        assert!(fault.fix.contains("--features proj") && fault.fix.contains("ogr2ogr -t_srs EPSG:32648"));
        assert!(fault.fix.contains("projinfo --summary -s EPSG:3148 -t EPSG:32648"), "{}", fault.fix);
    }
}

#[test]
fn other_formats_name_the_feature_and_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let geodatabase = folder.path().join("areas.gdb");
    std::fs::create_dir(&geodatabase).unwrap();
    let vectors = [
        file("areas.tab", "!table\n!version 300\n"),
        file("areas.gml", "<a/>"),
        file("x.bin", "x"),
        geodatabase,
    ];
    let is_read_by_gdal = cfg!(feature = "gdal");
    for path in &vectors {
        let fault = fault_of(VectorSource::of(path).read());
        assert_eq!(
            fault.code,
            if is_read_by_gdal { "gdal.unreadable" } else { "input.format" },
            "{}",
            path.display()
        );
        assert_eq!(fault.fix.contains("--features gdal"), !is_read_by_gdal, "{}", fault.fix);
        assert_eq!(fault.fix.contains("ogr2ogr"), !is_read_by_gdal, "{}", fault.fix);
        assert!(fault.place.contains(&*path.file_name().unwrap().to_string_lossy()));
    }
    for path in [&file("people.img", "EHFA_HEADER_TAG"), Path::new(folder.path())] {
        let fault = fault_of(Raster::open(path, 1));
        assert_eq!(fault.code, if is_read_by_gdal { "gdal.unreadable" } else { "tiff.not_tiff" });
        assert_eq!(fault.fix.contains("--features gdal"), !is_read_by_gdal, "{}", fault.fix);
        assert_eq!(fault.fix.contains("gdal_translate"), !is_read_by_gdal, "{}", fault.fix);
    }
}
