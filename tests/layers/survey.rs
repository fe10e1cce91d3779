//! Surveys: counts, range and sum.

use clearway::error::Error;
use clearway::grid::{MemoryCells, UNKNOWN};
use clearway::layers::survey;
use clearway::progress::Silent;

use crate::common::{cells, frame_utm};

#[test]
fn every_count_is_right() {
    let found = survey(&cells("? 0 2 -1 / 0.5 2 -1 1"), &Silent::default()).unwrap();
    assert_eq!((found.n_cells, found.n_known), (8, 7));
    assert_eq!((found.n_negative, found.n_zero, found.n_above_one, found.n_whole), (2, 1, 2, 6));
    // Of equals the first by row: -1 at column 3, row 0 and 2 at column 2, row 0.
    assert_eq!((found.min, found.max), (Some((-1.0, [3, 0])), Some((2.0, [2, 0]))));
    assert_eq!(found.sum, 3.5);
    assert_eq!(found.mean(), Some(0.5));
    assert_eq!(found.unknown_share(), 0.125);
}

#[test]
fn unknown_plane_has_no_range() {
    let found = survey(&cells("? ?"), &Silent::default()).unwrap();
    assert_eq!((found.n_known, found.min, found.max, found.mean()), (0, None, None, None));
}

#[test]
fn result_does_not_depend_on_threads() {
    let values =
        (0..1500 * 2100).map(|i| if i % 13 == 0 { UNKNOWN } else { (i as f32).sqrt() * 0.1 }).collect();
    let plane = MemoryCells::from_values(frame_utm(1500, 2100, 10.0), values);
    let with = |n| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| survey(&plane, &Silent::default()).unwrap())
    };
    let one = with(1);
    assert_eq!(one.max.unwrap().1, [1499, 2099]);
    for n in [2, 5] {
        let many = with(n);
        assert_eq!(many.sum.to_bits(), one.sum.to_bits());
        assert_eq!(many, one);
    }
}

#[test]
fn interruption_is_heard() {
    let stopped = Silent { cancelled: true.into() };
    assert!(matches!(survey(&cells("1"), &stopped), Err(Error::Interrupted)));
}
