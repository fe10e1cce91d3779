//! Points across a datum shift against PROJ's own programs, and what is refused.

use clearway::error::Fault;
use clearway::grid::{ChosenOperations, Crs, Reprojection};
use glam::DVec2;
use rayon::prelude::*;

use crate::frame_at;

/// EPSG codes of both CRSs, x and y, x and y there, and the operation.
type Known = (u32, u32, [f64; 2], [f64; 2], &'static str);

/// `echo X Y | cs2cs -f %.5f EPSG:from EPSG:to` of PROJ 9.1.1 (y before x where the CRS has them so: 28406, 5564, 31467,
/// 6316), at places where it takes the operation named; for 3148, 2736, 3893, 21036, 24047 and 20137 also `cct` with the
/// pipeline that `projinfo -o PROJ` gives for that operation.
#[rustfmt::skip]
const PROJ_VALUES: [Known; 10] = [
    // Indian 1960 in Vietnam, Tete in Mozambique, ED50 in Iraq, Arc 1960 in Kenya, Indian 1975 in Thailand.
    (3148, 32648, [700000.0, 1720000.0], [699580.64044, 1720323.34356], "EPSG:1542"),
    (2736, 32736, [500000.0, 8100000.0], [499956.72931, 8099781.62123], "EPSG:1686"),
    (3893, 32638, [580000.0, 450000.0], [420005.06349, 3658711.39490], "EPSG:1135"),
    (21036, 32636, [800000.0, 9900000.0], [800084.53885, -100299.49286], "EPSG:1284"),
    (24047, 32647, [500000.0, 1800000.0], [499483.97748, 1800352.63070], "EPSG:1812"),
    // Adindan in Ethiopia, Pulkovo 1942 and UCS-2000 in Ukraine, DHDN in Germany (by a grid), MGI 1901 in Serbia.
    (20137, 32637, [500000.0, 1000000.0], [500095.25111, 1000207.35339], "EPSG:1103"),
    (28406, 32636, [6500000.0, 5500000.0], [499880.38390, 5497688.67483], "EPSG:5044"),
    (5564, 32636, [6500000.0, 5500000.0], [499885.49574, 5497691.63625], "EPSG:5840"),
    (31467, 25832, [3500000.0, 5600000.0], [499925.49344, 5598199.78080], "EPSG:15948"),
    (6316, 32634, [7400000.0, 4900000.0], [399596.45692, 4899038.85126], "EPSG:9486"),
];

/// A place in Cambodia, in EPSG:3148; and in EPSG:32648 by `cct` with Indian 1960 to WGS 84 (2): `+proj=helmert +x=198
/// +y=881 +z=317` between `+proj=cart +ellps=evrst30` and `+inv +proj=cart +ellps=WGS84`.
const CAMBODIA: [[f64; 2]; 2] = [[500000.0, 1380000.0], [499580.89464, 1380323.39937]];

/// The way from a frame of 20 km about a place.
fn way(from: u32, to: u32, at: [f64; 2], chosen: &[(u32, &str)]) -> Result<Reprojection, Fault> {
    let chosen: ChosenOperations =
        chosen.iter().map(|(crs, operation)| (*crs, operation.parse().unwrap())).collect();
    let frame = frame_at(from, DVec2::from_array(at), 1000.0, 20).on_its_ground(&chosen);
    Reprojection::new(&frame.crs, &Crs::from_epsg(to, "test").unwrap(), "test")
        .map_err(|error| error.faults()[0].clone())
}

#[test]
fn values_are_projs() {
    for (from, to, at, there, operation) in PROJ_VALUES {
        let way = way(from, to, at, &[]).unwrap_or_else(|fault| panic!("EPSG:{from}: {fault}"));
        let shift = way.shift().unwrap();
        assert!(shift.contains(operation) && shift.contains("for "), "EPSG:{from}: {shift}");
        let (at, there) = (DVec2::from_array(at), DVec2::from_array(there));
        let found = way.point(at).unwrap();
        assert!((found - there).abs().max_element() < 1e-3, "EPSG:{from}: {found}, {there}");
        let back = way.inverse().point(found).unwrap();
        assert!((back - at).abs().max_element() < 0.05, "EPSG:{from}: {back}");
    }
}

#[test]
fn degrees_are_longitude_then_latitude() {
    // `echo 106.8651688592399 15.550947537648339` (lon, lat of the first place on Indian 1960) by EPSG:1542.
    let frame = frame_at(4131, DVec2::new(106.87, 15.55), 0.01, 20).on_its_ground(&ChosenOperations::new());
    let way = Reprojection::new(&frame.crs, &Crs::from_epsg(32648, "test").unwrap(), "test").unwrap();
    let found = way.point(DVec2::new(106.8651688592399, 15.550947537648339)).unwrap();
    assert!((found - DVec2::new(699580.64044, 1720323.34356)).abs().max_element() < 1e-3, "{found}");
    let to_degrees = Reprojection::new(&frame.crs, &Crs::wgs84(), "test").unwrap();
    let found = to_degrees.point(DVec2::new(106.8651688592399, 15.550947537648339)).unwrap();
    assert!(found.x > 106.0 && found.y < 16.0, "{found}");
    assert!(to_degrees.point(DVec2::new(15.0, 106.0)).is_none(), "latitude 106");
}

#[test]
fn ground_that_no_operation_was_derived_for_is_refused_with_those_there_are() {
    // Here `gdalwarp` and `cs2cs` leave the shift of 420 m out.
    let fault = way(3148, 32648, CAMBODIA[0], &[]).unwrap_err();
    assert_eq!(fault.code, "crs.no_operation");
    assert!(fault.expected.contains("lon 104.9"), "{}", fault.expected);
    assert!(
        fault.found.contains("EPSG:1542 (Indian 1960 to WGS 84 (2)), accurate to 44 m"),
        "{}",
        fault.found
    );
    assert!(fault.fix.contains("[datum_shifts]"), "{}", fault.fix);
    // Angola has operations for blocks off its coast only.
    let fault = way(22033, 32733, [500000.0, 8700000.0], &[]).unwrap_err();
    assert_eq!(fault.code, "crs.no_operation");
}

#[test]
fn chosen_operation_is_taken() {
    let [at, there] = CAMBODIA;
    // Named for the CRS, or for another one on its datum.
    for crs in [3148, 4131] {
        let way = way(3148, 32648, at, &[(crs, "EPSG:1542")]).unwrap();
        let found = way.point(DVec2::from_array(at)).unwrap();
        assert!((found - DVec2::from_array(there)).abs().max_element() < 1e-3, "{found}");
        let shift = way.shift().unwrap();
        assert!(shift.contains("EPSG:1542") && shift.contains("100 % of the ground lies outside"), "{shift}");
    }
    let fault = way(3148, 32648, at, &[(3148, "EPSG:1135")]).unwrap_err();
    assert_eq!(fault.code, "crs.operation");
    assert!(fault.found.contains("ED50 to WGS 84 (3)"), "{}", fault.found);
    let fault = way(3148, 32648, at, &[(3148, "EPSG:99999")]).unwrap_err();
    assert_eq!(fault.code, "crs.operation");
}

#[test]
fn operation_without_its_grid_is_refused() {
    // The best one in Great Britain needs OSTN15, which Debian's proj-data does not hold.
    let at = [400000.0, 300000.0];
    let has_grid = std::path::Path::new("/usr/share/proj/uk_os_OSTN15_NTv2_OSGBtoETRS.tif").exists();
    match way(27700, 32630, at, &[]) {
        Ok(way) => assert!(has_grid && way.shift().unwrap().contains("EPSG:7710")),
        Err(fault) => {
            assert!(!has_grid, "{fault}");
            assert_eq!(fault.code, "crs.no_grid");
            assert!(fault.expected.contains("OSTN15"), "{}", fault.expected);
            assert!(fault.fix.contains("EPSG:1314"), "the next best is named: {}", fault.fix);
        }
    }
    let coarse = way(27700, 32630, at, &[(27700, "EPSG:1314")]).unwrap();
    assert!(coarse.shift().unwrap().contains("accurate to 2 m"), "{coarse:?}");
}

#[test]
fn two_datums_meet_on_wgs84() {
    let way = way(23036, 28406, [600000.0, 4400000.0], &[(28406, "EPSG:5044")]).unwrap();
    let shift = way.shift().unwrap();
    assert!(shift.contains(", then by EPSG:5044"), "{shift}");
    let at = DVec2::new(600000.0, 4400000.0);
    let back = way.inverse().point(way.point(at).unwrap()).unwrap();
    assert!((back - at).abs().max_element() < 0.05, "{back}");
}

#[test]
fn no_value_is_none_and_threads_find_the_same_bits() {
    let (from, to, at, ..) = PROJ_VALUES[0];
    let way = way(from, to, at, &[]).unwrap();
    for off in [DVec2::new(1e12, 1e12), DVec2::new(f64::NAN, 0.0), DVec2::new(f64::INFINITY, 0.0)] {
        assert_eq!(way.point(off), None);
    }
    let points: Vec<DVec2> = (0..2000)
        .map(|i| DVec2::from_array(at) + DVec2::new(f64::from(i) * 7.3, f64::from(i % 97) * 11.1))
        .collect();
    let alone: Vec<_> = points.iter().map(|point| way.point(*point)).collect();
    let beside: Vec<_> = points.par_iter().map(|point| way.point(*point)).collect();
    assert!(alone == beside && alone.iter().all(Option::is_some));
}
