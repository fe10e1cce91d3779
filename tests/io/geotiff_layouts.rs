//! The reader against every layout: files of crate `tiff`, and files assembled by hand.

use std::path::PathBuf;

use clearway::grid::{Cells, Crs, UNKNOWN, Window};
use clearway::io::geotiff::{GeoTiff, ReadOptions, SampleType};
use glam::DVec2;
use tempfile::TempDir;
use tiff::encoder::compression::DeflateLevel;
use tiff::encoder::{Compression, TiffEncoder, TiffKindBig, TiffKindStandard, colortype};
use tiff::tags::{Predictor, Tag};

use super::tiff_bytes::{CLASSIC, Form, Image, file, zlib};
use crate::common::{all, assert_cells};

const FORMS: [Form; 4] = [
    CLASSIC,
    Form { big_endian: true, big_tiff: false },
    Form { big_endian: false, big_tiff: true },
    Form { big_endian: true, big_tiff: true },
];

fn saved(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn band(bytes: &[u8], band: usize) -> Vec<f32> {
    let (_folder, path) = saved(bytes);
    let mut raster = GeoTiff::open(&path, band).unwrap();
    let kept = all(&raster);
    // Without room for blocks they are decoded where their cells belong: all at once, or a window within them.
    raster.set_cache_bytes(0);
    assert_cells(&all(&raster), &kept, raster.frame().n_cols, 0.0, 0.0);
    let around = Window::new(-1, -1, raster.frame().n_cols + 3, raster.frame().n_rows + 2);
    for window in [around, Window::new(1, 0, 3, 2)] {
        let direct = raster.read_vec(window).unwrap();
        raster.set_cache_bytes(1 << 20);
        assert_cells(&direct, &raster.read_vec(window).unwrap(), window.n_cols, 0.0, 0.0);
        raster.set_cache_bytes(0);
    }
    kept
}

fn first_band(image: Image) -> Vec<f32> {
    band(&file(CLASSIC, &[image]), 1)
}

/// Numbers as a file of this form holds them.
fn bytes_of<const N: usize>(form: Form, numbers: impl IntoIterator<Item = [u8; N]>) -> Vec<u8> {
    let turned = |mut le: [u8; N]| {
        if form.big_endian {
            le.reverse();
        }
        le
    };
    numbers.into_iter().flat_map(turned).collect()
}

fn le16(numbers: &[u16]) -> Vec<[u8; 2]> {
    numbers.iter().map(|n| n.to_le_bytes()).collect()
}

/// Writes with crate `tiff` in strips of 7 rows and reads back here.
macro_rules! written_by_crate_tiff {
    ($kind:ty, $color:ty, $number:ty, $compression:expr, $predictor:expr) => {{
        let (n_cols, n_rows) = (53usize, 41usize);
        let values: Vec<$number> =
            (0..n_cols * n_rows).map(|i| ((i * 7 + (i / 53) * 13) % 120) as $number).collect();
        let mut out = std::io::Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::<_, $kind>::new_generic(&mut out)
            .unwrap()
            .with_compression($compression)
            .with_predictor($predictor);
        let mut image = encoder.new_image::<$color>(n_cols as u32, n_rows as u32).unwrap();
        let tags = image.encoder();
        tags.write_tag(Tag::Unknown(33550), &[30.0, 30.0, 0.0][..]).unwrap();
        tags.write_tag(Tag::Unknown(33922), &[0.0, 0.0, 0.0, 500_000.0, 5_500_000.0, 0.0][..]).unwrap();
        let keys: [u16; 12] = [1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32636];
        tags.write_tag(Tag::Unknown(34735), &keys[..]).unwrap();
        image.rows_per_strip(7).unwrap();
        image.write_data(&values).unwrap();
        let expected: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        assert_cells(&band(&out.into_inner(), 1), &expected, n_cols, 0.0, 0.0);
    }};
}

#[test]
fn strips_of_crate_tiff_are_read() {
    let deflate = || Compression::Deflate(DeflateLevel::Balanced);
    for compression in [Compression::Uncompressed, Compression::Lzw, deflate(), Compression::Packbits] {
        written_by_crate_tiff!(TiffKindStandard, colortype::Gray8, u8, compression, Predictor::None);
        written_by_crate_tiff!(TiffKindStandard, colortype::GrayI8, i8, compression, Predictor::None);
        written_by_crate_tiff!(TiffKindStandard, colortype::Gray16, u16, compression, Predictor::None);
        written_by_crate_tiff!(TiffKindBig, colortype::GrayI16, i16, compression, Predictor::None);
        written_by_crate_tiff!(TiffKindBig, colortype::Gray32, u32, compression, Predictor::None);
        written_by_crate_tiff!(TiffKindStandard, colortype::GrayI32, i32, compression, Predictor::None);
        written_by_crate_tiff!(TiffKindStandard, colortype::Gray32Float, f32, compression, Predictor::None);
        written_by_crate_tiff!(TiffKindBig, colortype::Gray64Float, f64, compression, Predictor::None);
    }
    for compression in [Compression::Lzw, deflate()] {
        written_by_crate_tiff!(TiffKindStandard, colortype::Gray8, u8, compression, Predictor::Horizontal);
        written_by_crate_tiff!(TiffKindBig, colortype::Gray16, u16, compression, Predictor::Horizontal);
        written_by_crate_tiff!(TiffKindStandard, colortype::GrayI32, i32, compression, Predictor::Horizontal);
    }
}

#[test]
fn horizontal_differences_of_u16_are_added_up() {
    // Rows 10 12 9 and 65535 0 1: differences 10 2 -3 and 65535 1 1, modulo 65536.
    for form in FORMS {
        let differences = bytes_of(form, le16(&[10, 2, 65533, 65535, 1, 1]));
        for compression in [8, 32946] {
            let image = Image::strips((3, 2), 16, 1, 2, vec![zlib(&differences)])
                .with(259, 3, &[compression])
                .with(317, 3, &[2]);
            let found = band(&file(form, &[image]), 1);
            assert_cells(&found, &[10.0, 12.0, 9.0, 65535.0, 0.0, 1.0], 3, 0.0, 0.0);
        }
    }
}

#[test]
fn horizontal_differences_run_within_a_band() {
    // Two bands pixel by pixel: band 1 is 5 6 4, band 2 is 100 90 95.
    let differences: [u8; 6] = [5, 100, 1, 246, 254, 5];
    let image = Image::strips((3, 1), 8, 1, 1, vec![zlib(&differences)])
        .with(258, 3, &[8, 8])
        .with(339, 3, &[1, 1])
        .with(277, 3, &[2])
        .with(259, 3, &[8])
        .with(317, 3, &[2]);
    let bytes = file(CLASSIC, &[image]);
    assert_cells(&band(&bytes, 1), &[5.0, 6.0, 4.0], 3, 0.0, 0.0);
    assert_cells(&band(&bytes, 2), &[100.0, 90.0, 95.0], 3, 0.0, 0.0);
}

#[test]
fn floating_point_differences_are_put_together() {
    // 1.0 is 3F 80 00 00 and 2.0 is 40 00 00 00: bytes by significance 3F 40 | 80 00 | 00 00 | 00 00, less the
    // one before: 3F 01 40 80 00 00 00 00. The same in either byte order.
    let single = [0x3F, 0x01, 0x40, 0x80, 0, 0, 0, 0];
    // In f64 1.0 is 3F F0 and 2.0 is 40 00, then zeros: 3F 40 F0 00 00… less the one before: 3F 01 B0 10 00…
    let mut double = [0; 16];
    double[..4].copy_from_slice(&[0x3F, 0x01, 0xB0, 0x10]);
    for form in FORMS {
        for (bits, bytes) in [(32, &single[..]), (64, &double[..])] {
            let image =
                Image::strips((2, 1), bits, 3, 1, vec![zlib(bytes)]).with(259, 3, &[8]).with(317, 3, &[3]);
            assert_cells(&band(&file(form, &[image]), 1), &[1.0, 2.0], 2, 0.0, 0.0);
        }
    }
}

#[test]
fn planar_bands_have_blocks_of_their_own() {
    // 3 x 2 cells in tiles of 2 x 2 (the second one's right column is filling), band after band.
    let tiles = [[1, 2, 4, 5], [3, 0, 6, 0], [11, 12, 14, 15], [13, 0, 16, 0]];
    let image = Image::tiles((3, 2), 8, 1, (2, 2), tiles.iter().map(|tile| tile.to_vec()).collect())
        .with(258, 3, &[8, 8])
        .with(339, 3, &[1, 1])
        .with(277, 3, &[2])
        .with(284, 3, &[2]);
    for form in FORMS {
        let bytes = file(form, std::slice::from_ref(&image));
        assert_cells(&band(&bytes, 1), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, 0.0, 0.0);
        assert_cells(&band(&bytes, 2), &[11.0, 12.0, 13.0, 14.0, 15.0, 16.0], 3, 0.0, 0.0);
    }
}

#[test]
fn zstd_and_packbits_blocks_are_read() {
    let packed = zstd::bulk::compress(&[7, 7, 7, 1, 2], 3).unwrap();
    let image = Image::strips((5, 1), 8, 1, 1, vec![packed]).with(259, 4, &[50000]);
    assert_cells(&first_band(image), &[7.0, 7.0, 7.0, 1.0, 2.0], 5, 0.0, 0.0);
    // PackBits: 0xFE repeats the next byte three times, 0x80 does nothing, 0x01 takes two bytes as they are.
    let image = Image::strips((5, 1), 8, 1, 1, vec![vec![0xFE, 7, 0x80, 0x01, 1, 2]]).with(259, 3, &[32773]);
    assert_cells(&first_band(image), &[7.0, 7.0, 7.0, 1.0, 2.0], 5, 0.0, 0.0);
}

#[test]
fn sparse_blocks_are_unknown() {
    let blocks = vec![vec![1, 2], vec![], vec![3, 4]];
    let found = first_band(Image::strips((2, 3), 8, 1, 1, blocks));
    assert_cells(&found, &[1.0, 2.0, UNKNOWN, UNKNOWN, 3.0, 4.0], 2, 0.0, 0.0);
}

#[test]
fn internal_mask_hides_cells() {
    let image = || Image::strips((10, 2), 8, 1, 2, vec![(1..=20).collect()]);
    // One bit a cell, rows filled up to whole bytes: 1010101010 and 0000000001.
    let mask = Image::strips((10, 2), 1, 1, 2, vec![vec![0xAA, 0x80, 0x00, 0x40]]).with(254, 4, &[4]);
    let overview = Image::strips((5, 1), 8, 1, 1, vec![vec![0; 5]]).with(254, 4, &[1]);
    let (_folder, path) = saved(&file(CLASSIC, &[image(), overview, mask]));
    let raster = GeoTiff::open(&path, 1).unwrap();
    assert!(raster.facts().has_mask);
    let mut expected = [UNKNOWN; 20];
    for i in [0, 2, 4, 6, 8, 19] {
        expected[i] = (i + 1) as f32;
    }
    assert_cells(&all(&raster), &expected, 10, 0.0, 0.0);
    let window = Window::new(1, -1, 3, 2);
    let expected = [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 3.0, UNKNOWN];
    assert_cells(&raster.read_vec(window).unwrap(), &expected, 3, 0.0, 0.0);
}

#[test]
fn nodata_is_the_files_or_the_projects() {
    let numbers: Vec<u8> = bytes_of(CLASSIC, [-1i16, 5, -9999, 0].map(i16::to_le_bytes));
    let image = Image::strips((4, 1), 16, 2, 1, vec![numbers]).text(42113, " -9999 ");
    let (_folder, path) = saved(&file(CLASSIC, &[image]));
    let raster = GeoTiff::open(&path, 1).unwrap();
    assert_eq!(raster.facts().nodata, Some(-9999.0));
    assert_cells(&all(&raster), &[-1.0, 5.0, UNKNOWN, 0.0], 4, 0.0, 0.0);
    let options = ReadOptions { nodata: Some(-1.0), ..ReadOptions::default() };
    let raster = GeoTiff::open_with(&path, &options).unwrap();
    assert_cells(&all(&raster), &[UNKNOWN, 5.0, -9999.0, 0.0], 4, 0.0, 0.0);
}

#[test]
fn not_a_number_and_infinity_are_unknown() {
    let numbers = bytes_of(CLASSIC, [f32::NAN, f32::INFINITY, f32::MIN, 1.5].map(f32::to_le_bytes));
    let image = Image::strips((4, 1), 32, 3, 1, vec![numbers]).text(42113, "nan");
    assert_cells(&first_band(image), &[UNKNOWN, UNKNOWN, UNKNOWN, 1.5], 4, 0.0, 0.0);
}

#[test]
fn doubles_are_rounded_and_compared_as_doubles() {
    // 16,777,217 lies between two floats; 1e300 is beyond them; 0.1 as nodata is no float either.
    let numbers = bytes_of(CLASSIC, [16_777_217.0, 1e300, 0.1, 0.25].map(f64::to_le_bytes));
    let image = Image::strips((4, 1), 64, 3, 1, vec![numbers]).text(42113, "0.1");
    assert_cells(&first_band(image), &[16_777_216.0, UNKNOWN, UNKNOWN, 0.25], 4, 0.0, 0.0);
}

#[test]
fn point_and_matrix_georeferencing_agree_with_tie_points() {
    let image = || Image::strips((2, 1), 8, 1, 1, vec![vec![1, 2]]);
    let corner = |image: Image| {
        let (_folder, path) = saved(&file(CLASSIC, &[image]));
        let raster = GeoTiff::open(&path, 1).unwrap();
        assert_eq!(raster.frame().cell_size(), DVec2::splat(30.0));
        raster.frame().world_from_cell.translation
    };
    assert_eq!(corner(image()), DVec2::new(500_000.0, 5_500_000.0));
    // Tie point at cell (1, 1) instead of (0, 0): the corner lies one cell up and to the left.
    let tied = image().doubles(33922, &[1.0, 1.0, 0.0, 500_000.0, 5_500_000.0, 0.0]);
    assert_eq!(corner(tied), DVec2::new(499_970.0, 5_500_030.0));
    // Coordinates of centres: half a cell.
    let point_keys = [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 2, 3072, 0, 1, 32636];
    assert_eq!(corner(image().with(34735, 3, &point_keys)), DVec2::new(499_985.0, 5_500_015.0));
    let matrix = [30.0, 0.0, 0.0, 1000.0, 0.0, -30.0, 0.0, 2000.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let by_matrix = image().without(33550).without(33922).doubles(34264, &matrix);
    assert_eq!(corner(by_matrix.clone()), DVec2::new(1000.0, 2000.0));
    assert_eq!(corner(by_matrix.with(34735, 3, &point_keys)), DVec2::new(985.0, 2015.0));
}

#[test]
fn geographic_crs_and_given_crs_are_taken() {
    let image = || Image::strips((2, 1), 8, 1, 1, vec![vec![1, 2]]);
    let degrees = image().doubles(33550, &[0.1, 0.1, 0.0]).doubles(33922, &[0.0, 0.0, 0.0, 18.0, 45.0, 0.0]);
    let geographic = degrees.clone().with(34735, 3, &[1, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 4326]);
    let (_folder, path) = saved(&file(CLASSIC, &[geographic]));
    assert_eq!(GeoTiff::open(&path, 1).unwrap().frame().crs, Crs::wgs84());
    let (_folder, path) = saved(&file(CLASSIC, &[degrees.without(34735)]));
    let options = ReadOptions { crs: Some(Crs::wgs84()), ..ReadOptions::default() };
    assert_eq!(GeoTiff::open_with(&path, &options).unwrap().frame().crs, Crs::wgs84());
}

#[test]
fn file_says_what_it_holds() {
    let xml = "<GDALMetadata>\n <Item name=\"DESCRIPTION\" sample=\"1\" role=\"description\">other</Item>\n \
               <Item name=\"DESCRIPTION\" sample=\"0\" role=\"description\">people &amp;lt; 5</Item>\n \
               <Item name=\"UNITTYPE\" sample=\"0\" role=\"unittype\">1/km²</Item>\n \
               <Item name=\"SCALE\" sample=\"0\" role=\"scale\">0.01</Item></GDALMetadata>";
    let image = Image::strips((2, 1), 8, 1, 1, vec![vec![1, 2]]).text(42112, xml);
    let (_folder, path) = saved(&file(CLASSIC, &[image]));
    let raster = GeoTiff::open(&path, 1).unwrap();
    let facts = raster.facts();
    assert_eq!((facts.sample, facts.n_bands, facts.compression), (SampleType::U8, 1, "none"));
    assert_eq!(facts.description.as_deref(), Some("people < 5"));
    assert_eq!((facts.unit.as_deref(), facts.scale, facts.offset), (Some("1/km²"), Some(0.01), None));
    assert!(!facts.is_tiled && facts.nodata.is_none());
    assert_eq!(raster.path(), path);
}

#[test]
fn file_in_one_strip_is_read_by_windows() {
    // 700 x 1000 f32 in a single uncompressed strip of 2.8 MB, and in strips of 600 rows.
    let (n_cols, n_rows) = (700usize, 1000usize);
    let numbers: Vec<u8> = (0..n_cols * n_rows).flat_map(|i| (i as f32).to_le_bytes()).collect();
    for rows in [1000, 600, u64::from(u32::MAX)] {
        let strips = numbers.chunks(n_cols * 4 * rows as usize).map(<[u8]>::to_vec).collect();
        let image = Image::strips((n_cols as u64, n_rows as u64), 32, 3, rows, strips);
        let (_folder, path) = saved(&file(CLASSIC, &[image]));
        let raster = GeoTiff::open(&path, 1).unwrap();
        let expected: Vec<f32> = (0..n_cols * n_rows).map(|i| i as f32).collect();
        assert_cells(&all(&raster), &expected, n_cols, 0.0, 0.0);
        let found = raster.read_vec(Window::new(699, 598, 1, 4)).unwrap();
        let row = |row: usize| (row * n_cols + 699) as f32;
        assert_cells(&found, &[row(598), row(599), row(600), row(601)], 1, 0.0, 0.0);
    }
}

#[test]
fn small_caches_change_nothing() {
    let strips: Vec<Vec<u8>> = (0..40u8).map(|row| zlib(&[row; 30])).collect();
    let image = Image::strips((30, 40), 8, 1, 1, strips).with(259, 3, &[8]);
    let (_folder, path) = saved(&file(CLASSIC, &[image]));
    let mut raster = GeoTiff::open(&path, 1).unwrap();
    for cache_bytes in [0, 120, 1000, 1 << 20] {
        raster.set_cache_bytes(cache_bytes);
        // Strips of 30 x 4 bytes: 11 of them for windows of 10 rows that may begin anywhere.
        assert_eq!(raster.cache_bytes_for_rows(10), 11 * 120);
        for col in [0, 10, 20] {
            let found = raster.read_vec(Window::new(col, 5, 10, 20)).unwrap();
            let expected: Vec<f32> = (0..200).map(|i| (5 + i / 10) as f32).collect();
            assert_cells(&found, &expected, 10, 0.0, 0.0);
        }
    }
}
