//! Files that cannot be read: what is said, and that nothing is taken for granted.

use std::path::Path;

use clearway::error::Error;
use clearway::grid::Cells;
use clearway::io::geotiff::{GeoTiff, ReadOptions};

use super::tiff_bytes::{CLASSIC, Form, Image, file, zlib};

fn open(bytes: &[u8], band: usize) -> Result<Vec<f32>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.tif");
    std::fs::write(&path, bytes).unwrap();
    let raster = GeoTiff::open(&path, band)?;
    raster.read_vec(raster.frame().window())
}

#[track_caller]
fn fault(bytes: &[u8], band: usize) -> (&'static str, String) {
    let error = open(bytes, band).unwrap_err();
    let [fault] = error.faults() else { panic!("one fault, not {error:?}") };
    assert!(fault.place.ends_with("broken.tif"), "{}", fault.place);
    (fault.code, fault.to_string())
}

fn image() -> Image {
    Image::strips((2, 2), 8, 1, 1, vec![vec![1, 2], vec![3, 4]])
}

fn of(image: Image) -> Vec<u8> {
    file(CLASSIC, &[image])
}

#[test]
fn missing_file_is_an_io_error() {
    let error = GeoTiff::open(Path::new("/nonexistent/a.tif"), 1).unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert!(error.to_string().contains("/nonexistent/a.tif"), "{error}");
}

#[test]
fn other_files_are_no_tiffs() {
    for bytes in [&b""[..], b"II", b"{\"type\": \"FeatureCollection\"}", b"\x89PNG\r\n\x1a\n........"] {
        let (code, text) = fault(bytes, 1);
        assert_eq!(code, "tiff.not_tiff");
        assert!(text.contains("gdal_translate"), "{text}");
    }
}

#[test]
fn missing_georeferencing_says_how_to_give_it() {
    let (code, text) = fault(&of(image().without(34735)), 1);
    assert_eq!(code, "raster.no_crs");
    assert!(text.contains("gdal_translate -a_srs EPSG:n"), "{text}");
    let user_defined = image().with(34735, 3, &[1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32767]);
    assert!(fault(&of(user_defined), 1).1.contains("without an EPSG code"));
    let nowhere = image().without(33550).without(33922);
    assert_eq!(fault(&of(nowhere), 1).0, "raster.no_transform");
    let control_points = image().without(33550);
    assert!(fault(&of(control_points), 1).1.contains("ground control points"));
    let rotated = image()
        .without(33550)
        .doubles(34264, &[30.0, 1.0, 0.0, 0.0, 1.0, -30.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(fault(&of(rotated), 1).0, "grid.rotated");
}

#[test]
fn all_faults_of_a_file_are_told_together() {
    let bytes = of(image().without(34735).without(33550).text(42113, "none"));
    let error = open(&bytes, 3).unwrap_err();
    let codes: Vec<_> = error.faults().iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["raster.no_crs", "raster.no_transform", "raster.band", "raster.nodata"]);
}

#[test]
fn band_that_is_not_there_is_named() {
    for band in [0, 2] {
        let (code, text) = fault(&of(image()), band);
        assert_eq!(code, "raster.band");
        assert!(text.contains(&format!("expected a band from 1 to 1, found band {band}")), "{text}");
    }
}

#[test]
fn what_cannot_be_decoded_is_named_with_a_command() {
    let cases = [
        (image().with(259, 3, &[7]), "tiff.compression", "compression 7 (jpeg)"),
        (image().with(258, 3, &[12]), "tiff.sample_type", "bits [12]"),
        (image().with(339, 3, &[6]), "tiff.sample_type", "sample format [6]"),
        (image().with(277, 3, &[2]).with(258, 3, &[8, 16]), "tiff.sample_type", "bits [8, 16]"),
        (image().with(259, 3, &[8]).with(317, 3, &[3]), "tiff.predictor", "predictor 3 on U8"),
        (image().with(259, 3, &[8]).with(317, 3, &[9]), "tiff.predictor", "predictor 9"),
    ];
    for (image, code, found) in cases {
        let (found_code, text) = fault(&of(image), 1);
        assert_eq!(found_code, code);
        assert!(text.contains(found) && text.contains("gdal_translate"), "{text}");
    }
}

#[test]
fn lies_about_sizes_are_refused_before_memory_is_taken() {
    let big = u64::from(u32::MAX);
    let cases = [
        image().with(256, 4, &[0]),
        image().with(257, 4, &[0]),
        image().with(278, 4, &[0]),
        // 2^31 x 2^31 cells in a few bytes, by rows, as one strip and as one tile.
        image().with(256, 4, &[1 << 31]).with(257, 4, &[1 << 31]),
        image().with(256, 4, &[1 << 30]).with(257, 4, &[1 << 30]),
        image().with(256, 4, &[1 << 30]).with(257, 4, &[1 << 30]).with(278, 4, &[big]),
        image().without(278).with(322, 4, &[1 << 30]).with(323, 4, &[1 << 30]),
        image().with(277, 4, &[big]).with(258, 3, &[8]),
        // Fewer places than blocks, and a block past the end of the file.
        image().with(273, 4, &[8]),
        image().with(279, 4, &[2, 1 << 30]),
        image().with(273, 4, &[8, big]),
    ];
    for (i, image) in cases.into_iter().enumerate() {
        let (code, text) = fault(&of(image), 1);
        assert!(matches!(code, "tiff.damaged" | "tiff.block_size"), "case {i}: {text}");
    }
    // A compressed block of 20 bytes that is said to hold 900 MB.
    let bomb = Image::strips((30_000, 30_000), 8, 1, 30_000, vec![zlib(&[0; 100])]).with(259, 3, &[8]);
    assert!(fault(&of(bomb), 1).1.contains("is said to hold 900000000"));
    // A tile that unpacks to far more than its cells.
    let fat = Image::tiles((16, 16), 8, 1, (16, 16), vec![zlib(&vec![0; 1 << 24])]).with(259, 3, &[8]);
    assert_eq!(fault(&of(fat), 1).0, "tiff.damaged");
    // One that holds more than it may.
    let huge = Image::strips((60_000, 60_000), 8, 1, 60_000, vec![zlib(&[0; 100])]).with(259, 3, &[8]);
    let (code, text) = fault(&of(huge), 1);
    assert_eq!(code, "tiff.block_size");
    assert!(text.contains("TILED=YES"), "{text}");
}

#[test]
fn damaged_blocks_are_found_with_their_place() {
    let packed =
        |bytes: Vec<u8>| Image::strips((2, 2), 8, 1, 1, vec![zlib(&[1, 2]), bytes]).with(259, 3, &[8]);
    let (code, text) = fault(&of(packed(vec![1, 2, 3, 4, 5, 6, 7, 8])), 1);
    assert_eq!(code, "tiff.damaged");
    assert!(text.contains("a deflate block at column 0, row 1 that is not readable"), "{text}");
    let (_, text) = fault(&of(packed(zlib(&[1]))), 1);
    assert!(text.contains("row 1 that is too short"), "{text}");
    for codec in [5, 50000, 32773] {
        let image = image().with(259, 4, &[codec]);
        assert_eq!(fault(&of(image), 1).0, "tiff.damaged", "codec {codec}");
    }
}

#[test]
fn file_cut_anywhere_is_a_fault_and_never_a_panic() {
    for form in [CLASSIC, Form { big_endian: true, big_tiff: true }] {
        let packed = vec![zlib(&[1, 2]), zlib(&[3, 4])];
        let bytes = file(form, &[Image::strips((2, 2), 8, 1, 1, packed).with(259, 3, &[8])]);
        assert_eq!(open(&bytes, 1).unwrap(), [1.0, 2.0, 3.0, 4.0]);
        for n in 0..bytes.len() {
            let error = open(&bytes[..n], 1).expect_err("a file cut short");
            assert_eq!(error.exit_code(), 2, "{n} bytes: {error}");
        }
    }
}

#[test]
fn random_damage_never_panics() {
    use rand::{RngExt, SeedableRng};
    let mut chance = rand_pcg::Pcg64::seed_from_u64(7);
    let mask = Image::strips((9, 3), 1, 1, 1, vec![vec![0xFF, 0x80]; 3]).with(254, 4, &[4]);
    let strips = (0..3).map(|row| zlib(&[row; 36])).collect();
    let image = Image::strips((9, 3), 32, 3, 1, strips).with(259, 3, &[8]).with(317, 3, &[3]);
    let whole = file(CLASSIC, &[image.text(42113, "-9999"), mask]);
    open(&whole, 1).unwrap();
    for _ in 0..3000 {
        let mut bytes = whole.clone();
        for _ in 0..chance.random_range(1..4) {
            let at = chance.random_range(0..bytes.len());
            bytes[at] = chance.random();
        }
        if let Err(error) = open(&bytes, 1) {
            assert_eq!(error.exit_code(), 2, "{error}");
        }
    }
}

#[test]
fn given_nodata_mends_a_wrong_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    std::fs::write(&path, of(image().text(42113, "none"))).unwrap();
    assert_eq!(GeoTiff::open(&path, 1).unwrap_err().faults()[0].code, "raster.nodata");
    let options = ReadOptions { nodata: Some(f64::NAN), ..ReadOptions::default() };
    assert!(GeoTiff::open_with(&path, &options).is_ok());
}
