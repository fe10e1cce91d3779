//! Bad input: each has a message that says what, where and how to mend it, exit code 2 (1 for I/O), and leaves
//! nothing half-written.

use std::path::Path;
#[cfg(unix)]
use std::process::Command;

use clearway::grid::{Cells, Crs, Frame, UNKNOWN, is_unknown};
use clearway::io::geotiff::{GeoTiff, GeoTiffWriter, WriteSpec};
use glam::DVec2;

use super::*;

const RUN: [&str; 6] = ["run", "project.toml", "--out", "out", "--iterations", "20"];

/// Runs the spoilt region, requires the codes and that no output folder was left.
#[track_caller]
fn refused_run(region: &Path, codes: &[&str]) -> String {
    let mut args = RUN.to_vec();
    args.extend(["--backend", "cpu"]);
    let text = refused(region, &args, codes);
    assert!(!region.join("out").exists(), "an output folder was left");
    text
}

/// Replaces text in a file of the region, which must hold it.
#[track_caller]
fn replace(region: &Path, name: &str, from: &str, to: &str) {
    let path = region.join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{name} holds no {from:?}:\n{text}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// Rewrites a raster of the region cell by cell.
fn rewrite(region: &Path, name: &str, change: impl Fn(usize, f32) -> f32) {
    let path = region.join(name);
    let (frame, values) = {
        let raster = GeoTiff::open(&path, 1).unwrap();
        (raster.frame().clone(), crate::common::all(&raster))
    };
    let values: Vec<f32> = values.into_iter().enumerate().map(|(i, v)| change(i, v)).collect();
    write(&path, &frame, &values);
}

fn write(path: &Path, frame: &Frame, values: &[f32]) {
    let mut writer = GeoTiffWriter::create(path, frame, &WriteSpec::quantity("spoilt", "")).unwrap();
    writer.write(frame.window(), values).unwrap();
    writer.finish().unwrap();
}

#[test]
fn faults_of_several_files_are_told_together() {
    let region = region("hillside");
    std::fs::remove_file(region.path().join("population.tif")).unwrap();
    std::fs::remove_file(region.path().join("teams.csv")).unwrap();
    rewrite(region.path(), "hazard.tif", |i, v| if i == 5 { 1.5 } else { v });
    let text = refused_run(region.path(), &["input.missing", "layer.hazard_range"]);
    assert!(text.contains("population") && text.contains("teams.csv"), "{text}");
    assert!(text.contains("3 faults"), "{text}");
}

#[test]
fn faults_of_the_project_file_and_of_its_inputs_are_told_together() {
    let region = region("hillside");
    replace(region.path(), "project.toml", "sigma_m = 1000", "sigma_m = -1000, sigm = 3");
    replace(region.path(), "project.toml", "weight = 3", "weight = -3");
    std::fs::remove_file(region.path().join("cost.tif")).unwrap();
    std::fs::remove_file(region.path().join("teams.csv")).unwrap();
    std::fs::write(region.path().join("hazardous_areas.geojson"), "{").unwrap();
    let codes = ["project.value", "project.unknown_key", "input.missing", "geojson.syntax"];
    let text = refused_run(region.path(), &codes);
    for word in ["score.exposure.sigma_m", "`score.exposure.sigm`", "weight", "cost.tif", "teams.csv"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(text.contains("6 faults"), "{text}");
    refused(region.path(), &["check", "project.toml"], &codes);
    // Grids alone need neither areas nor teams.
    let text = refused(region.path(), &["score", "project.toml", "--out", "out"], &["project.value"]);
    assert!(text.contains("cost.tif") && !text.contains("teams.csv"), "{text}");
}

#[test]
fn values_that_cannot_be_are_refused_with_their_place() {
    let region = region("hillside");
    rewrite(region.path(), "hazard.tif", |i, v| if i == 5 { -0.25 } else { v });
    rewrite(region.path(), "population.tif", |i, v| if i == 300 { -3.0 } else { v });
    rewrite(region.path(), "cost.tif", |i, v| if i == 7 { 0.0 } else { v });
    let codes = ["layer.hazard_range", "layer.population_range", "layer.cost_range"];
    let text = refused_run(region.path(), &codes);
    assert!(text.contains("-0.25") && text.contains("-3"), "{text}");
    refused(region.path(), &["check", "project.toml"], &codes);
}

#[test]
fn per_cent_taken_for_a_share_is_answered_with_the_scale() {
    let region = region("hillside");
    rewrite(region.path(), "hazard.tif", |_, v| if is_unknown(v) { v } else { v * 100.0 });
    let text = refused_run(region.path(), &["layer.hazard_range"]);
    assert!(text.contains("scale = 0.01"), "{text}");
}

#[test]
fn layer_known_nowhere_is_refused() {
    let region = region("hillside");
    rewrite(region.path(), "hazard.tif", |_, _| UNKNOWN);
    refused_run(region.path(), &["layer.all_unknown"]);
}

#[test]
fn truncated_and_foreign_files_are_refused() {
    let region = region("hillside");
    let bytes = std::fs::read(region.path().join("hazard.tif")).unwrap();
    std::fs::write(region.path().join("hazard.tif"), &bytes[..bytes.len() / 2]).unwrap();
    std::fs::write(region.path().join("population.tif"), "people,per,cell\n").unwrap();
    let text = refused_run(region.path(), &["tiff.not_tiff"]);
    assert!(text.contains("hazard.tif"), "{text}");
}

#[test]
#[cfg_attr(feature = "proj", ignore = "with feature proj it is brought across: tests/features.rs")]
fn layers_elsewhere_and_on_another_datum_are_refused_with_the_command() {
    let region = region("hillside");
    let far = Frame::north_up(
        Crs::from_epsg(32628, "test").unwrap(),
        DVec2::new(9e5, 1e6),
        DVec2::splat(30.0),
        8,
        8,
    );
    let frame = GeoTiff::open(&region.path().join("hazard.tif"), 1).unwrap().frame().clone();
    let far = Frame { crs: frame.crs.clone(), ..far };
    write(&region.path().join("population.tif"), &far, &[1.0; 64]);
    let soviet = Frame { crs: Crs::from_epsg(28406, "test").unwrap(), ..far };
    write(&region.path().join("cost.tif"), &soviet, &[1.0; 64]);
    replace(region.path(), "project.toml", "population.tif\"", "population.tif\", resample = \"sum\"");
    let text = refused_run(region.path(), &["layer.no_overlap", "layer.crs_differs"]);
    assert!(
        text.contains("gdalwarp -t_srs") && text.contains("EPSG:28406") && text.contains("cost.tif"),
        "{text}"
    );
}

#[test]
fn other_cells_without_resampling_are_refused() {
    let region = region("hillside");
    let mut frame = GeoTiff::open(&region.path().join("population.tif"), 1).unwrap().frame().clone();
    frame.world_from_cell.matrix2 *= 2.0;
    let n = frame.n_cells() as usize;
    write(&region.path().join("population.tif"), &frame, &vec![1.0; n]);
    let text = refused_run(region.path(), &["layer.cells_differ"]);
    assert!(text.contains("resample"), "{text}");
}

#[test]
fn teams_are_checked_row_by_row() {
    let region = region("hillside");
    let header = "team_id,name,asset_type,lon,lat,rate_m2_per_day,available_from";
    let rows = "M1,one,manual,-20,50,300,\nM1,two,manual,-20,50,300,\nM2,three,tank,-20,950,-3,2027-02-30\n";
    std::fs::write(region.path().join("teams.csv"), format!("{header}\n{rows}")).unwrap();
    let text = refused_run(region.path(), &["teams.value"]);
    for column in ["asset_type", "`lat`", "rate_m2_per_day", "available_from"] {
        assert!(text.contains(column), "{column}: {text}");
    }
    let twice = "M1,one,manual,-20,50,300,\nM1,two,manual,-20,50,300,\n";
    std::fs::write(region.path().join("teams.csv"), format!("{header}\n{twice}")).unwrap();
    refused_run(region.path(), &["teams.duplicate_id"]);
    std::fs::write(
        region.path().join("teams.csv"),
        "team_id,name,asset_type,rate_m2_per_day\nM1,one,manual,3\n",
    )
    .unwrap();
    let text = refused_run(region.path(), &["teams.missing_column"]);
    assert!(text.contains("`lon`, `lat`"), "{text}");
}

#[test]
fn budget_that_buys_nothing_is_refused() {
    let region = region("hillside");
    let mut args = RUN.to_vec();
    // A dollar more than the cheapest mobilisation: that it buys nothing shows when the tasks are scored.
    args.extend(["--backend", "cpu", "--set", "plan.budget_usd=4501"]);
    let text = refused(region.path(), &args, &["plan.budget"]);
    assert!(text.contains("cheapest task"), "{text}");
    // The grids are kept for `--resume` with a larger budget; nothing stands there that could be taken for a run.
    assert!(text.contains("--resume goes on from there"), "{text}");
    let left = std::fs::read_dir(region.path().join("out")).unwrap();
    assert!(left.flatten().all(|entry| entry.file_name().to_string_lossy().starts_with(".clearway-")));
}

#[test]
fn polygons_that_are_none_and_duplicate_ids_are_refused() {
    let region = region("hillside");
    let areas = r#"{ "type": "FeatureCollection", "features": [
        { "type": "Feature", "properties": { "imsma_id": "A" }, "geometry": { "type": "Point", "coordinates": [0, 0] } },
        { "type": "Feature", "properties": { "imsma_id": "A" }, "geometry": null } ] }"#;
    std::fs::write(region.path().join("hazardous_areas.geojson"), areas).unwrap();
    refused_run(region.path(), &["task.not_polygon", "task.id_duplicate"]);
    std::fs::write(region.path().join("hazardous_areas.geojson"), "{ \"type\": \"FeatureColl").unwrap();
    refused_run(region.path(), &["geojson.syntax"]);
}

#[test]
fn finished_run_is_not_overwritten_unasked() {
    let region = region("hillside");
    let mut args = RUN.to_vec();
    args.extend(["--backend", "cpu"]);
    worked(region.path(), &args);
    let record = std::fs::read(region.path().join("out/run.json")).unwrap();
    let text = refused(region.path(), &args, &["out.exists"]);
    assert!(text.contains("--overwrite"), "{text}");
    assert!(record == std::fs::read(region.path().join("out/run.json")).unwrap(), "the old run was touched");
    // A run that fails after it began keeps the old one, too.
    let mut bad = args.clone();
    bad.extend(["--overwrite", "--set", "plan.budget_usd=1"]);
    refused(region.path(), &bad, &["plan.budget"]);
    assert!(record == std::fs::read(region.path().join("out/run.json")).unwrap(), "the old run was touched");
    args.push("--overwrite");
    worked(region.path(), &args);
    // Only grids this time: the earlier run's tables must not stand beside the new record.
    worked(region.path(), &["score", "project.toml", "--out", "out", "--overwrite", "--backend", "cpu"]);
    assert!(!region.path().join("out/plan.csv").exists());
    assert_eq!(json(&worked(region.path(), &["verify", "out", "--json"]))["sound"], true);
}

#[cfg(unix)]
#[test]
fn full_disk_is_an_io_error_that_leaves_nothing() {
    let region = region("hillside");
    // The shell bounds the size of any file at 8 blocks of 1 KiB and ignores the signal: writes fail with EFBIG.
    let script = format!(
        "ulimit -f 8; trap '' XFSZ; exec {} run project.toml --out out --backend cpu --iterations 20",
        env!("CARGO_BIN_EXE_clearway")
    );
    let output = Command::new("bash").args(["-c", &script]).current_dir(region.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("cannot write"), "{}", stderr(&output));
    assert!(!region.path().join("out").exists(), "an output folder was left");
}

#[test]
fn absurd_sizes_are_refused_before_memory_is_taken() {
    let region = region("hillside");
    // A classic TIFF header and one directory: ImageWidth and ImageLength 2^31 - 1, 32-bit float, no data.
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    let tags: [(u16, u16, u32); 8] = [
        (256, 4, 0x7FFF_FFFF),
        (257, 4, 0x7FFF_FFFF),
        (258, 3, 32),
        (259, 3, 1),
        (273, 4, 8),
        (278, 4, 0x7FFF_FFFF),
        (279, 4, 4),
        (339, 3, 3),
    ];
    bytes.extend((tags.len() as u16).to_le_bytes());
    for (tag, kind, value) in tags {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    std::fs::write(region.path().join("hazard.tif"), bytes).unwrap();
    let text = refused_run(region.path(), &[]);
    assert!(text.contains("hazard.tif"), "{text}");
}
