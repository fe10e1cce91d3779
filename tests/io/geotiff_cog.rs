//! What the writer wrote, as crate `tiff` sees it: cells, overviews and the layout of a Cloud-Optimised GeoTIFF.

use std::io::Cursor;

use clearway::grid::{Cells, MemoryCells, UNKNOWN, is_unknown};
use clearway::io::geotiff::{Compression, GeoTiff, GeoTiffWriter, WriteSpec};
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

use crate::common::{assert_cells, frame_utm};

const SIZE: (usize, usize) = (1100, 700);

fn plane(value: impl Fn(usize, usize) -> f32) -> MemoryCells {
    let (n_cols, n_rows) = SIZE;
    let values = (0..n_cols * n_rows).map(|i| value(i % n_cols, i / n_cols)).collect();
    MemoryCells::from_values(frame_utm(n_cols, n_rows, 30.0), values)
}

fn written(plane: &MemoryCells, spec: &WriteSpec) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    let mut writer = GeoTiffWriter::create(&path, plane.frame(), spec).unwrap();
    writer.write(plane.frame().window(), &plane.to_vec()).unwrap();
    assert_eq!(writer.finish().unwrap().n_overviews, 2);
    std::fs::read(&path).unwrap()
}

/// The image the decoder stands at, nodata as unknown.
fn image(decoder: &mut Decoder<Cursor<&[u8]>>, nodata: f32) -> Vec<f32> {
    let values: Vec<f32> = match decoder.read_image().unwrap() {
        DecodingResult::F32(values) => values,
        DecodingResult::U8(values) => values.into_iter().map(f32::from).collect(),
        _ => panic!("f32 or u8"),
    };
    values.into_iter().map(|value| if value == nodata { UNKNOWN } else { value }).collect()
}

/// A plane halved the plain way: two by two cells, at the edges fewer.
fn halved(values: &[f32], (n_cols, n_rows): (usize, usize), one: fn(&[f32]) -> f32) -> Vec<f32> {
    let mut out = Vec::new();
    for row in (0..n_rows).step_by(2) {
        for col in (0..n_cols).step_by(2) {
            let cells = [(col, row), (col + 1, row), (col, row + 1), (col + 1, row + 1)];
            let known: Vec<f32> = cells
                .into_iter()
                .filter(|&(col, row)| col < n_cols && row < n_rows)
                .map(|(col, row)| values[row * n_cols + col])
                .filter(|value| !is_unknown(*value))
                .collect();
            out.push(if known.is_empty() { UNKNOWN } else { one(&known) });
        }
    }
    out
}

#[test]
fn an_overview_opens_as_a_grid_on_the_same_ground() {
    let mean = |known: &[f32]| (known.iter().map(|&v| f64::from(v)).sum::<f64>() / known.len() as f64) as f32;
    let plane =
        plane(|col, row| if (col / 41 + row / 29) % 5 == 0 { UNKNOWN } else { (col * 3 + row * 7) as f32 });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    std::fs::write(&path, written(&plane, &WriteSpec::quantity("x", "m"))).unwrap();
    let grid = GeoTiff::open(&path, 1).unwrap();
    let first = halved(&plane.to_vec(), SIZE, mean);
    for (least_side, (n_cols, n_rows), cells) in [
        (551, (0, 0), None),
        (276, (550, 350), Some(first.clone())),
        (275, (275, 175), Some(halved(&first, (550, 350), mean))),
    ] {
        let overview = grid.overview(least_side).unwrap();
        let Some(overview) = overview else {
            assert!(cells.is_none(), "{least_side}");
            continue;
        };
        assert_eq!((overview.frame().n_cols, overview.frame().n_rows), (n_cols, n_rows));
        assert_eq!(overview.frame().cell_size().x, 30.0 * (SIZE.0 / n_cols) as f64);
        assert_eq!(overview.frame().world_from_cell.translation, grid.frame().world_from_cell.translation);
        let read = overview.read_vec(overview.frame().window()).unwrap();
        assert_cells(&read, &cells.expect("fine enough"), n_cols, 0.0, 0.0);
    }
}

#[test]
fn cells_and_overviews_are_right_in_another_reader() {
    let mean = |known: &[f32]| (known.iter().map(|&v| f64::from(v)).sum::<f64>() / known.len() as f64) as f32;
    let quantity = plane(|col, row| match (col / 41 + row / 29) % 5 {
        0 => UNKNOWN,
        _ => (col * 3 + row * 7) as f32 * 0.25,
    });
    for compression in [Compression::Deflate, Compression::Zstd, Compression::None] {
        let spec = WriteSpec { compression, ..WriteSpec::quantity("x", "m") };
        let bytes = written(&quantity, &spec);
        let mut decoder = Decoder::new(Cursor::new(&bytes[..])).unwrap();
        let base = image(&mut decoder, -9999.0);
        assert_cells(&base, &quantity.to_vec(), SIZE.0, 0.0, 0.0);
        decoder.next_image().unwrap();
        let first = image(&mut decoder, -9999.0);
        assert_cells(&first, &halved(&base, SIZE, mean), 550, 0.0, 0.0);
        decoder.next_image().unwrap();
        let second = image(&mut decoder, -9999.0);
        assert_cells(&second, &halved(&first, (550, 350), mean), 275, 0.0, 0.0);
        assert!(!decoder.more_images());
    }
}

#[test]
fn overviews_of_classes_are_the_most_frequent_class() {
    // Of 2 1 / 1 3 the one that is there twice, of 4 ? / 3 3 the 3, of 5 6 / 7 8 the first.
    let pattern = [[2.0, 1.0, 4.0, UNKNOWN, 5.0, 6.0], [1.0, 3.0, 3.0, 3.0, 7.0, 8.0]];
    let classes = plane(|col, row| pattern[row % 2][col % 6]);
    let bytes = written(&classes, &WriteSpec::classes("class"));
    let mut decoder = Decoder::new(Cursor::new(&bytes[..])).unwrap();
    decoder.next_image().unwrap();
    let found = image(&mut decoder, 0.0);
    let expected: Vec<f32> = (0..550 * 350).map(|i| [1.0, 3.0, 5.0][i % 550 % 3]).collect();
    assert_cells(&found, &expected, 550, 0.0, 0.0);
}

#[test]
fn classes_hold_their_colours_at_every_size() {
    let classes = plane(|col, row| 1.0 + ((col + row) % 2) as f32);
    let colours = vec![[255, 255, 255], [10, 20, 30], [200, 100, 0]];
    let spec = WriteSpec { colours, ..WriteSpec::classes("class") };
    let bytes = written(&classes, &spec);
    let mut decoder = Decoder::new(Cursor::new(&bytes[..])).unwrap();
    for is_last in [false, false, true] {
        // 3: a colour for each value; 16 bits a channel, all reds first.
        assert_eq!(decoder.get_tag_u32(Tag::PhotometricInterpretation).unwrap(), 3);
        let map = decoder.get_tag_u16_vec(Tag::ColorMap).unwrap();
        assert_eq!(map.len(), 3 * 256);
        for (channel, expected) in
            [[255, 10, 200, 255], [255, 20, 100, 255], [255, 30, 0, 255]].iter().enumerate()
        {
            let found = &map[256 * channel..][..4];
            assert_eq!(found, expected.map(|eight_bits| eight_bits * 257));
        }
        assert_eq!(decoder.more_images(), !is_last);
        if !is_last {
            decoder.next_image().unwrap();
        }
    }
    // Without colours more is brighter, as ever.
    let bytes = written(&classes, &WriteSpec::classes("class"));
    let mut decoder = Decoder::new(Cursor::new(&bytes[..])).unwrap();
    assert_eq!(decoder.get_tag_u32(Tag::PhotometricInterpretation).unwrap(), 1);
    assert!(decoder.find_tag(Tag::ColorMap).unwrap().is_none());
}

#[test]
fn layout_is_that_of_a_cloud_optimised_file() {
    let bytes = written(&plane(|col, _| col as f32), &WriteSpec::quantity("x", ""));
    let structure = &bytes[8..8 + 43 + 140];
    assert!(structure.starts_with(b"GDAL_STRUCTURAL_METADATA_SIZE=000140 bytes\nLAYOUT=IFDS_BEFORE_DATA\n"));
    assert!(structure.ends_with(b"KNOWN_INCOMPATIBLE_EDITION=NO\n "));
    let mut decoder = Decoder::new(Cursor::new(&bytes[..])).unwrap();
    // 1100 x 700: 3 x 2 tiles, then 550 x 350: 2 x 1, then 275 x 175: 1. Smaller ones lie in front.
    let mut before = bytes.len() as u64;
    for n_tiles in [6, 2, 1] {
        let at = decoder.get_tag_u64_vec(Tag::TileOffsets).unwrap();
        let sizes = decoder.get_tag_u64_vec(Tag::TileByteCounts).unwrap();
        assert_eq!(at.len(), n_tiles);
        for (i, (&at, &size)) in at.iter().zip(&sizes).enumerate() {
            let (at, size) = (at as usize, size as usize);
            assert_eq!(bytes[at - 4..at], (size as u32).to_le_bytes(), "its size in front of tile {i}");
            assert_eq!(bytes[at + size - 4..at + size], bytes[at + size..at + size + 4], "its end repeated");
        }
        assert!(at.is_sorted() && at.last().is_some_and(|&last| last < before));
        before = at[0];
        if decoder.more_images() {
            decoder.next_image().unwrap();
        }
    }
}
