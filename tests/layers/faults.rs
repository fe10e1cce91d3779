//! Layers that do not fit the frame: what is said.

use std::sync::Arc;

use clearway::error::Fault;
use clearway::grid::{Crs, Frame, MemoryCells};
use clearway::layers::{LayerSpec, OnFrame, Resampling, Unit};
use glam::DVec2;

use crate::common::{cells, frame_utm};

fn fault(source: MemoryCells, spec: &LayerSpec, frame: &Frame) -> Fault {
    OnFrame::new(Arc::new(source), spec, frame).unwrap_err().faults()[0].clone()
}

#[test]
fn other_cells_without_resample_name_both_sizes_and_the_key() {
    let spec = LayerSpec::new("roads", Unit::Share);
    let source = MemoryCells::new(frame_utm(3, 3, 30.0));
    let fault = fault(source, &spec, &frame_utm(9, 9, 10.0));
    assert_eq!(fault.code, "layer.cells_differ");
    assert_eq!(fault.place, "layer `roads`");
    assert_eq!((&*fault.expected, &*fault.found), ("the frame's 10 m cells", "30 m cells"));
    assert!(fault.fix.contains("`resample = \"bilinear\"` under [layers.roads]"), "{}", fault.fix);
}

#[test]
fn same_size_but_shifted_cells_say_so() {
    let mut frame = frame_utm(3, 3, 10.0);
    frame.world_from_cell.translation.x += 3.0;
    let fault = fault(cells("1 2 / 3 4"), &LayerSpec::new("p", Unit::PeoplePerCell), &frame);
    assert_eq!(fault.found, "10 m cells that do not lie on the frame's");
    assert!(fault.fix.contains("`resample = \"sum\"`"), "{}", fault.fix);
}

#[test]
#[cfg_attr(feature = "proj", ignore = "with feature proj it is brought across: tests/features.rs")]
fn other_datum_gives_the_whole_command() {
    let crs = Crs::from_epsg(28406, "test").unwrap();
    let source = MemoryCells::new(Frame::north_up(crs, DVec2::ZERO, DVec2::splat(10.0), 2, 2));
    let fault = fault(source, &LayerSpec::new("cost", Unit::UsdPerM2), &frame_utm(100, 50, 10.0));
    assert_eq!(fault.code, "layer.crs_differs");
    assert_eq!(fault.expected, "the frame's CRS EPSG:32636 or one on its datum");
    assert_eq!(fault.found, "EPSG:28406");
    let command = "gdalwarp -t_srs EPSG:32636 -te 500000 5499500 501000 5500000 -tr 10 10 -r bilinear \
                   -dstnodata -9999 -ot Float32 IN OUT";
    assert!(fault.fix.contains(command), "{}", fault.fix);
}

#[test]
fn layer_elsewhere_shows_both_extents() {
    let mut frame = frame_utm(2, 2, 10.0);
    frame.world_from_cell.translation.x += 20.0;
    let fault = fault(cells("1 2 / 3 4"), &LayerSpec::new("x", Unit::Share), &frame);
    assert_eq!(fault.code, "layer.no_overlap");
    assert!(fault.expected.contains("x 500020 to 500040, y 5499980 to 5500000"), "{}", fault.expected);
    assert!(fault.found.contains("x 500000 to 500020"), "{}", fault.found);
}

#[test]
fn resampling_that_changes_a_total_is_refused() {
    let frame = frame_utm(4, 4, 5.0);
    for way in [Resampling::Nearest, Resampling::Bilinear, Resampling::Average] {
        let spec = LayerSpec { resampling: Some(way), ..LayerSpec::new("p", Unit::PeoplePerCell) };
        let fault = fault(cells("1 2 / 3 4"), &spec, &frame);
        assert_eq!(fault.code, "layer.total_changes");
        assert!(fault.fix.contains("`resample = \"sum\"` under [layers.p]"), "{}", fault.fix);
    }
    let spec = LayerSpec { resampling: Some(Resampling::Sum), ..LayerSpec::new("p", Unit::PeoplePerKm2) };
    assert_eq!(fault(cells("1 2 / 3 4"), &spec, &frame).code, "layer.sum_of_density");
}

#[test]
fn keys_and_names_agree() {
    for way in Resampling::ALL {
        assert_eq!(Resampling::from_key(way.key()), Some(way));
    }
    assert_eq!(Resampling::from_key("cubic"), None);
    for key in ["share", "people_per_cell", "people_per_km2", "usd_per_m2", "usd_per_cell", "km"] {
        assert_eq!(Unit::from_key(key).key(), key);
    }
}
