//! Cells of arrays that somebody else holds.

use clearway::error::Error;
use clearway::grid::{ArrayCells, Cells, UNKNOWN, Window};
use ndarray::{Array2, arr2, s};

use crate::common::frame_utm;

#[test]
fn values_are_read_in_place_and_what_lies_outside_is_unknown() {
    let array = arr2(&[[1.0_f32, 2.0, 3.0], [4.0, f32::NAN, f32::INFINITY]]);
    let cells = ArrayCells::new(frame_utm(3, 2, 10.0), array.view(), Some(4.0)).unwrap();
    let read = cells.read_vec(Window::new(-1, 0, 5, 2)).unwrap();
    let u = UNKNOWN;
    assert_eq!(read, [u, 1.0, 2.0, 3.0, u, u, u, u, u, u]);
    assert_eq!(cells.read_vec(Window::new(1, 0, 2, 1)).unwrap(), [2.0, 3.0]);
    assert_eq!(cells.read_vec(Window::new(9, 9, 2, 1)).unwrap(), [u, u]);
}

#[test]
fn every_kind_of_number_becomes_a_cell_as_it_does_in_a_file() {
    fn one<T: clearway::grid::Sample>(value: T, nodata: Option<f64>) -> f32 {
        let array = Array2::from_elem((1, 1), value);
        ArrayCells::new(frame_utm(1, 1, 10.0), array.view(), nodata)
            .unwrap()
            .read_vec(Window::new(0, 0, 1, 1))
            .unwrap()[0]
    }
    assert_eq!(one(255_u8, None), 255.0);
    assert_eq!(one(255_u8, Some(255.0)), UNKNOWN);
    assert_eq!(one(-9999_i16, Some(-9999.0)), UNKNOWN);
    assert_eq!(one(u64::MAX, None), u64::MAX as f32);
    // A double is compared as it stands, then made a single; too large for one it is unknown.
    assert_eq!(one(0.1_f64, Some(f64::from(0.1_f32))), 0.1);
    assert_eq!(one(1e300_f64, None), UNKNOWN);
    // A single is compared as a single: 0.1 as a number of a file's text is no single.
    assert_eq!(one(0.1_f32, Some(0.1)), UNKNOWN);
    // NaN as nodata means nothing more.
    assert_eq!(one(0.0_f32, Some(f64::NAN)), 0.0);
}

#[test]
fn steps_and_turned_arrays_are_read_the_right_way() {
    let array = Array2::from_shape_fn((4, 6), |(row, col)| (10 * row + col) as f32);
    let every_other = array.slice(s![..;2, ..;2]);
    let cells = ArrayCells::new(frame_utm(3, 2, 10.0), every_other, None).unwrap();
    assert_eq!(cells.read_vec(Window::new(0, 0, 3, 2)).unwrap(), [0.0, 2.0, 4.0, 20.0, 22.0, 24.0]);
    let turned = array.t();
    let cells = ArrayCells::new(frame_utm(4, 6, 10.0), turned, None).unwrap();
    assert_eq!(cells.read_vec(Window::new(1, 2, 2, 1)).unwrap(), [12.0, 22.0]);
    let flipped = array.slice(s![..;-1, ..]);
    let cells = ArrayCells::new(frame_utm(6, 4, 10.0), flipped, None).unwrap();
    assert_eq!(cells.read_vec(Window::new(0, 0, 2, 1)).unwrap(), [30.0, 31.0]);
}

#[test]
fn an_array_of_another_shape_is_refused() {
    let array = Array2::<f32>::zeros((2, 3));
    let error = ArrayCells::new(frame_utm(2, 3, 10.0), array.view(), None).unwrap_err();
    let Error::Faults(faults) = error else { panic!("{error}") };
    assert_eq!(faults[0].code, "grid.shape");
    assert!(faults[0].expected.contains("3 rows") && faults[0].found.contains("2 rows"), "{}", faults[0]);
}
