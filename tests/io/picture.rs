//! Grids as pictures: what pixels stand for, and that the PNG reads back.

use clearway::grid::{Cells, Crs, Frame, MemoryCells, UNKNOWN};
use clearway::report::picture::{Rgba, Shrink, png, png_of_pixels, shrunk};
use glam::DVec2;

const X: f32 = UNKNOWN;

fn plane(n_cols: usize, values: &[f32]) -> MemoryCells {
    let n_rows = values.len() / n_cols;
    let frame = Frame::north_up(Crs::wgs84(), DVec2::new(10.0, 50.0), DVec2::splat(0.5), n_cols, n_rows);
    MemoryCells::from_values(frame, values.to_vec())
}

#[test]
fn blocks_take_the_mean_of_what_is_known() {
    let large = plane(3, &[1.0, 3.0, 7.0, X, 5.0, X, X, X, 8.0]);
    let small = shrunk(&large, 2, Shrink::Mean).unwrap();
    assert_eq!(small.to_vec(), [3.0, 7.0, X, 8.0]);
    // Two cells of 0.5 degrees make one of 1 degree, from the same corner.
    assert_eq!(small.frame().cell_size(), DVec2::splat(1.0));
    assert_eq!(small.frame().world_from_cell.translation, DVec2::new(10.0, 50.0));
}

#[test]
fn classes_take_the_commonest_and_the_smaller_of_two() {
    let large = plane(4, &[4.0, 4.0, 3.0, 2.0, 1.0, X, 2.0, 3.0]);
    assert_eq!(shrunk(&large, 2, Shrink::Commonest).unwrap().to_vec(), [4.0, 2.0]);
}

#[test]
fn small_planes_stay_as_they_are() {
    let values = [1.0, X, 3.0, 4.0];
    assert_eq!(shrunk(&plane(2, &values), 2048, Shrink::Mean).unwrap().to_vec(), values);
}

#[test]
fn squares_of_reading_leave_no_seams() {
    let n = 3000;
    let values: Vec<f32> = (0..n * 7).map(|i| (i % n) as f32).collect();
    let small = shrunk(&plane(n, &values), 1000, Shrink::Mean).unwrap();
    // Columns 3 i, 3 i + 1 and 3 i + 2 have the mean 3 i + 1.
    let expected: Vec<f32> = (0..3000).map(|i| (3 * (i % 1000) + 1) as f32).collect();
    assert_eq!(small.to_vec(), expected);
}

#[test]
fn png_reads_back_with_its_colours_and_its_holes() {
    let few = plane(2, &[1.0, X, 2.0, 1.0]);
    let grey = |value: f32| [value as u8 * 100, 7, 9, 200];
    let read = |bytes: &[u8]| {
        let mut decoder = ::png::Decoder::new(std::io::Cursor::new(bytes.to_vec()));
        decoder.set_transformations(::png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.color_type, ::png::ColorType::Rgba);
        pixels.truncate(info.buffer_size());
        pixels
    };
    let pixels = read(&png(&few, grey).unwrap());
    assert_eq!(pixels, [100, 7, 9, 200, 0, 0, 0, 0, 200, 7, 9, 200, 100, 7, 9, 200]);
    // More than 256 colours are no palette.
    let many: Vec<Rgba> = (0..400_u32).map(|i| [(i % 256) as u8, (i / 256) as u8, 0, 255]).collect();
    assert_eq!(read(&png_of_pixels(20, 20, &many).unwrap()), many.as_flattened());
}
