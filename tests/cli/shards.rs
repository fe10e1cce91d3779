//! `score --shard` and `merge`: any number of shards, in any order, give the bytes of one `score`; whatever does not belong
//! is named and refused.

use std::collections::BTreeMap;
use std::fs;

use clearway::grid::Frame;
use clearway::io::geotiff::{GeoTiffWriter, WriteSpec};

use super::*;
use crate::common::{frame_lonlat, frame_utm};

/// Writes a layer of a formula of column and row.
fn layer(folder: &Path, name: &str, frame: &Frame, value: impl Fn(usize, usize) -> f32) {
    let spec = WriteSpec::quantity(name, "");
    let mut writer = GeoTiffWriter::create(&folder.join(name), frame, &spec).unwrap();
    let rows = (0..frame.n_rows).flat_map(|row| (0..frame.n_cols).map(move |col| (col, row)));
    let values: Vec<f32> = rows.map(|(col, row)| value(col, row)).collect();
    writer.write(frame.window(), &values).unwrap();
    writer.finish().unwrap();
}

/// A number between 0 and 1 that looks random.
fn noise(col: usize, row: usize, seed: u32) -> f32 {
    let mut x = (col as u32).wrapping_mul(0x9E37_79B1) ^ (row as u32).wrapping_mul(0x85EB_CA77) ^ seed;
    x = (x ^ (x >> 15)).wrapping_mul(0x2C1B_3C6D);
    x = (x ^ (x >> 12)).wrapping_mul(0x297A_2D39);
    ((x ^ (x >> 15)) >> 8) as f32 / (1 << 24) as f32
}

/// Layers of a narrow country, and a project on them with these lines more.
pub fn country(frame: &Frame, hazard: &str, more: &str) -> tempfile::TempDir {
    let folder = folder();
    let there = folder.path();
    let unless = |is_unknown: bool, x: f32| if is_unknown { f32::NAN } else { x };
    if hazard.is_empty() {
        layer(there, "hazard.tif", frame, |c, r| unless(noise(c, r, 1) < 0.05, noise(c, r, 2).powi(4)));
    }
    layer(there, "population.tif", frame, |c, r| {
        if noise(c, r, 3) < 0.02 { (1.0 + 40.0 * noise(c, r, 4)).floor() } else { 0.0 }
    });
    // Whole stretches are alike, so that ties and full bins are met.
    layer(there, "slope.tif", frame, |c, r| unless(noise(c, r, 5) < 0.01, ((c / 9 + r / 40) % 7) as f32));
    layer(there, "water.tif", frame, |c, r| if noise(c / 3, r / 3, 6) < 0.002 { 2.0 } else { 0.0 });
    let centre = |col: i64, row: i64| {
        let at = frame.centre(col, row);
        [at.x, at.y]
    };
    let lines: Vec<serde_json::Value> = (0..4)
        .map(|k| {
            let row = (frame.n_rows as i64 * (2 * k + 1)) / 8;
            let line = [centre(2, row), centre(frame.n_cols as i64 - 3, row + 30)];
            serde_json::json!({ "type": "Feature", "properties": {},
                "geometry": { "type": "LineString", "coordinates": line } })
        })
        .collect();
    let areas: Vec<serde_json::Value> = (0..3)
        .map(|k| {
            let row = (frame.n_rows as i64 * (k + 1)) / 4;
            let ring = [(5, row), (30, row), (30, row + 120), (5, row + 120), (5, row)];
            let ring: Vec<[f64; 2]> = ring.iter().map(|(col, row)| centre(*col, *row)).collect();
            serde_json::json!({ "type": "Feature", "properties": { "id": k, "classification": "SHA" },
                "geometry": { "type": "Polygon", "coordinates": [ring] } })
        })
        .collect();
    let crs = format!("urn:ogc:def:crs:EPSG::{}", frame.crs.epsg());
    for (name, features) in [("roads.geojson", lines), ("areas.geojson", areas)] {
        let mut collection = serde_json::json!({ "type": "FeatureCollection", "features": features });
        if !frame.crs.is_geographic() {
            collection["crs"] = serde_json::json!({ "type": "name", "properties": { "name": crs } });
        }
        fs::write(there.join(name), collection.to_string()).unwrap();
    }
    let layers =
        if hazard.is_empty() { "hazard = { path = \"hazard.tif\" }\n" } else { "frame = \"slope\"\n" };
    let text = format!(
        "[project]\nname = \"narrow\"\nseed = 5\n[layers]\n{layers}population = {{ path = \"population.tif\" }}\n\
         cost = {{ constant = 2.0, unit = \"usd_per_m2\" }}\nslope = {{ path = \"slope.tif\" }}\n\
         water = {{ path = \"water.tif\" }}\nroads = {{ path = \"roads.geojson\" }}\n{hazard}\
         [score]\nexposure = {{ kernel = \"gaussian\", sigma_m = 400 }}\n\
         [[score.criteria]]\nname = \"people\"\nlayer = \"exposure\"\nweight = 3\nvalue = {{ linear = [0, \"max\"] }}\n\
         {more}"
    );
    fs::write(there.join("project.toml"), text).unwrap();
    folder
}

pub const SLOPE: &str =
    "[[score.criteria]]\nname = \"flat\"\nlayer = \"slope\"\nweight = 1\nvalue = { linear = [\"max\", 0] }\n";

const MEASURED: &str = "[[score.criteria]]\nname = \"roads\"\nlayer = \"roads\"\nmeasure = \"proximity\"\nweight = 1\n\
     value = { linear = [3000, 0] }\n\
     [[score.criteria]]\nname = \"water\"\nlayer = \"water\"\nmeasure = \"proximity\"\nweight = 1\n\
     value = { linear = [2000, 0] }\n\
     [[score.criteria]]\nname = \"ways\"\nlayer = \"roads\"\nmeasure = \"count\"\nradius_m = 900\nweight = 1\n\
     value = { linear = [0, 2] }\n";

pub const CPU: [&str; 2] = ["--backend", "cpu"];

/// One call of a shard into `out`.
fn shard(there: &Path, number: usize, of: usize, out: &str, more: &[&str]) -> serde_json::Value {
    let which = format!("{number}/{of}");
    let args = ["score", "project.toml", "--shard", &which, "--out", out, "--json"];
    json(&worked(there, &[&args, more].concat()))
}

/// All shards once, in an order that is none.
pub fn all_shards(there: &Path, of: usize, out: &str, more: &[&str]) {
    for i in 0..of {
        shard(there, 1 + (i * 5 + 3) % of, of, out, more);
    }
}

/// What of a run does not depend on when it was made.
pub fn files_of(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path());
    let named = entries.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path));
    let lasting = named.filter(|(name, _)| name != "run.json" && name != "report.html");
    lasting.map(|(name, path)| (name, fs::read(path).unwrap())).collect()
}

/// A record without times, and what depends on this call alone.
fn record_of(out: &Path) -> serde_json::Value {
    let mut record = json_file(&out.join("run.json"));
    for key in ["started", "seconds"] {
        record[key] = serde_json::Value::Null;
    }
    record["engine"]["why"] = serde_json::Value::Null;
    for outputs in record["outputs"].as_array_mut().unwrap() {
        if outputs["path"] == "report.html" {
            *outputs = serde_json::Value::Null;
        }
    }
    record["results"]["summary"]["out"] = serde_json::Value::Null;
    record
}

#[track_caller]
fn same_run(there: &Path, one: &str, other: &str) {
    let (one, other) = (there.join(one), there.join(other));
    let (expected, found) = (files_of(&one), files_of(&other));
    assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
    for (name, bytes) in &expected {
        assert!(found[name] == *bytes, "{name} differs");
    }
    assert!(expected.contains_key("priority.tif") && expected.contains_key("curve.csv"));
    assert_eq!(record_of(&one), record_of(&other));
    assert_eq!(json(&worked(there, &["verify", arg(&other), "--json"]))["sound"], true);
}

#[test]
fn seven_shards_in_any_order_with_one_killed_and_one_twice_give_the_bytes_of_one_score() {
    let frame = frame_utm(70, 8 * 512 + 90, 30.0);
    let region = country(&frame, "", SLOPE);
    let there = region.path();
    worked(there, &[&["score", "project.toml", "--out", "one"][..], &CPU].concat());
    // Shard 4 is killed while it works: it leaves files of its own, hidden, and nothing that counts.
    let mut killed = Command::new(env!("CARGO_BIN_EXE_clearway"))
        .args(["score", "project.toml", "--shard", "4/7", "--out", "many", "--backend", "cpu"])
        .current_dir(there)
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut said = std::io::BufReader::new(killed.stderr.take().unwrap());
    std::io::BufRead::read_line(&mut said, &mut String::new()).unwrap();
    let _ = killed.kill();
    let _ = killed.wait();
    all_shards(there, 7, "many", &CPU);
    let again = shard(there, 2, 7, "many", &CPU);
    assert_eq!((&again["steps"], &again["next"]), (&serde_json::json!([]), &"merge".into()));
    let reduced = json(&worked(there, &["merge", "many", "--reduce", "--json"]));
    assert_eq!((&reduced["steps"], &reduced["next"]), (&serde_json::json!(["exposure"]), &"shards".into()));
    all_shards(there, 7, "many", &CPU);
    // Here the rest is done by the merge.
    fs::create_dir(there.join("few")).unwrap();
    copy_all(&there.join("many/shards"), &there.join("few/shards"));
    worked(there, &["merge", "few"]);
    same_run(there, "one", "few");
    // And here by the shards to the end.
    let reduced = json(&worked(there, &["merge", "many", "--reduce", "--json"]));
    assert_eq!(reduced["next"], "shards");
    assert!(reduced["steps"].as_array().unwrap().contains(&"priority".into()));
    all_shards(there, 7, "many", &["--backend", "cpu", "--memory", "64MiB", "--threads", "1"]);
    let reduced = json(&worked(there, &["merge", "many", "--reduce", "--json"]));
    assert_eq!(reduced["next"], "finish");
    worked(there, &["merge", "many", "--keep"]);
    assert!(there.join("many/shards").is_dir());
    fs::remove_dir_all(there.join("many/shards")).unwrap();
    same_run(there, "one", "many");
    let at = frame.centre(33, 2000);
    let at = format!("--at={},{}", at.x, at.y);
    let explained = |run| json(&worked(there, &["explain", run, &at, "--json"]));
    assert_eq!(explained("one"), explained("many"));
    refused(there, &["score", "project.toml", "--shard", "1/7", "--out", "many"], &["out.exists"]);
}

pub fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let to = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            copy_all(&entry, &to);
        } else {
            fs::copy(&entry, &to).unwrap();
        }
    }
}

#[test]
fn measures_and_built_hazard_in_more_shards_than_rows_of_tiles() {
    let hazard = "[hazard]\nareas = { path = \"areas.geojson\" }\n";
    for frame in [frame_utm(61, 1100, 30.0), frame_lonlat(60, 1100, 18.0, 44.0, 3e-4)] {
        let region = country(&frame, hazard, MEASURED);
        let there = region.path();
        worked(there, &[&["score", "project.toml", "--out", "one"][..], &CPU].concat());
        for _ in 0..2 {
            all_shards(there, 4, "many", &CPU);
            worked(there, &["merge", "many", "--reduce"]);
        }
        worked(there, &["merge", "many"]);
        same_run(there, "one", "many");
        assert!(there.join("many/hazard.tif").is_file() && !there.join("many/shards").exists());
    }
}

#[test]
fn samples_and_quantiles_by_shards() {
    let more = "[[score.criteria]]\nname = \"flat\"\nlayer = \"slope\"\nweight = 1\nvalue = \"auto\"\n\
                [score.robustness]\nsamples = 24\nhazard_sigma = 0.5\ncost_sigma = 0.2\n";
    let region = country(&frame_utm(50, 1300, 30.0), "", more);
    let there = region.path();
    worked(there, &[&["score", "project.toml", "--out", "one"][..], &CPU].concat());
    let mut n_rounds = 0;
    loop {
        all_shards(there, 3, "many", &CPU);
        n_rounds += 1;
        let reduced = json(&worked(there, &["merge", "many", "--reduce", "--json"]));
        if reduced["next"] == "finish" {
            break;
        }
    }
    assert!(n_rounds <= 5, "{n_rounds}");
    worked(there, &["merge", "many"]);
    same_run(there, "one", "many");
    // The same with everything after the first round done by the merge.
    all_shards(there, 2, "few", &CPU);
    worked(there, &["merge", "few"]);
    same_run(there, "one", "few");
}

#[test]
fn samples_of_an_ordered_list_by_shards() {
    let more = "[[score.criteria]]\nname = \"flat\"\nlayer = \"slope\"\nweight = 1\nvalue = \"auto\"\nthreshold = 0.7\n\
                [score.robustness]\nsamples = 24\n";
    let region = country(&frame_utm(50, 1300, 30.0), "", more);
    let there = region.path();
    let project = fs::read_to_string(there.join("project.toml")).unwrap();
    let project = project.replace("[score]\n", "[score]\nbenefit = \"ordered\"\n");
    fs::write(there.join("project.toml"), project).unwrap();
    worked(there, &[&["score", "project.toml", "--out", "one"][..], &CPU].concat());
    all_shards(there, 3, "many", &CPU);
    worked(there, &["merge", "many"]);
    same_run(there, "one", "many");
}

#[cfg(feature = "gpu")]
#[test]
fn shards_on_a_device() {
    let region = country(&frame_utm(60, 1100, 30.0), "", SLOPE);
    let there = region.path();
    let gpu = ["--backend", "gpu", "--device", "llvmpipe"];
    worked(there, &[&["score", "project.toml", "--out", "one"][..], &gpu].concat());
    for _ in 0..2 {
        all_shards(there, 2, "many", &gpu);
        worked(there, &["merge", "many", "--reduce"]);
    }
    // Another engine is another score.
    copy_all(&there.join("many/shards"), &there.join("mixed/shards"));
    shard(there, 2, 2, "mixed", &CPU);
    let text = refused(there, &["merge", "mixed"], &["shard.foreign"]);
    assert!(text.contains("engine native") && text.contains("llvmpipe"), "{text}");
    worked(there, &["merge", "many"]);
    same_run(there, "one", "many");
}

#[test]
fn what_is_missing_damaged_or_foreign_is_named_and_refused() {
    let region = country(&frame_utm(40, 1100, 30.0), "", SLOPE);
    let there = region.path();
    let merge = |out: &str, code: &str, words: &[&str]| {
        let text = refused(there, &["merge", out], &[code]);
        for word in words {
            assert!(text.contains(word), "no {word:?} in\n{text}");
        }
        assert!(!there.join(out).join("run.json").exists());
    };
    merge("none", "shard.none", &["score PROJECT --shard"]);
    for number in [1, 3] {
        shard(there, number, 3, "many", &CPU);
    }
    merge("many", "shard.missing", &["shard 2", "--shard 2/3"]);
    shard(there, 2, 3, "many", &CPU);
    let fresh = |name: &str| {
        copy_all(&there.join("many/shards"), &there.join(name).join("shards"));
        there.join(name).join("shards")
    };
    // A second round that only some have done.
    fresh("halfway");
    worked(there, &["merge", "halfway", "--reduce"]);
    shard(there, 1, 3, "halfway", &CPU);
    merge("halfway", "shard.missing", &["priority", "2, 3"]);
    // Another number of shards.
    fresh("eight");
    shard(there, 1, 2, "eight", &CPU);
    merge("eight", "shard.count", &["3", "2"]);
    // A piece cut short, changed, gone.
    let spoil = |name: &str, file: &str, how: &dyn Fn(&Path)| {
        how(&fresh(name).join("0002-of-0003").join(file));
        merge(name, "shard.damaged", &["0002-of-0003", file]);
    };
    spoil("cut", "exposure.tif.piece", &|path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() - 40]).unwrap();
    });
    let turn = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    spoil("turned", "people_at_risk.tif.piece", &turn);
    spoil("counts", "exposure.counts", &turn);
    spoil("gone", "exposure.tif.piece", &|path| fs::remove_file(path).unwrap());
    spoil("record", "exposure.json", &|path| fs::write(path, "{ \"step\": ").unwrap());
    // It can be mended by running that shard again.
    shard(there, 2, 3, "gone", &CPU);
    worked(there, &["merge", "gone"]);
    // Other settings, seed, compression, version, input.
    let foreign = |name: &str, more: &[&str], words: &[&str]| {
        fresh(name);
        shard(there, 2, 3, name, &[&CPU, more].concat());
        merge(name, "shard.foreign", &[&["shard 2 of 3"], words].concat());
    };
    foreign(
        "settings",
        &["--set", "score.criteria.people.weight=4"],
        &["`score.criteria.people.weight` 4", "3"],
    );
    foreign("seed", &["--seed", "9"], &["seed 9"]);
    foreign("compress", &["--compress", "zstd"], &["zstd", "deflate"]);
    let home = fresh("version").join("0002-of-0003/exposure.json");
    let text = fs::read_to_string(&home).unwrap();
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&version));
    fs::write(&home, text.replace(&version, "\"version\": \"0.0.9\"")).unwrap();
    merge("version", "shard.foreign", &["0.0.9"]);
    fresh("inputs");
    fresh("changed");
    let slope = fs::read(there.join("slope.tif")).unwrap();
    layer(there, "slope.tif", &frame_utm(40, 1100, 30.0), |c, r| ((c / 9 + r / 40) % 6) as f32);
    shard(there, 2, 3, "inputs", &CPU);
    let changed = fs::read(there.join("slope.tif")).unwrap();
    fs::write(there.join("slope.tif"), &slope).unwrap();
    merge("inputs", "shard.foreign", &["input slope.tif"]);
    fs::write(there.join("slope.tif"), changed).unwrap();
    merge("changed", "shard.foreign", &["input slope.tif", "now"]);
    let args = ["score", "project.toml", "--shard"];
    for which in ["0/3", "4/3", "1", "a/b", "1/0"] {
        assert_eq!(clearway(there, &[&args[..], &[which]].concat()).status.code(), Some(2), "{which}");
    }
}

#[test]
fn a_shard_begun_anew_with_other_settings_forgets_its_earlier_pieces() {
    let region = country(&frame_utm(40, 600, 30.0), "", SLOPE);
    let there = region.path();
    all_shards(there, 2, "many", &CPU);
    worked(there, &["merge", "many", "--reduce"]);
    all_shards(there, 2, "many", &CPU);
    let more = ["--backend", "cpu", "--set", "score.exposure.sigma_m=300"];
    all_shards(there, 2, "many", &more);
    worked(there, &["merge", "many", "--reduce"]);
    all_shards(there, 2, "many", &more);
    worked(there, &["merge", "many"]);
    worked(there, &[&["score", "project.toml", "--out", "one"], &more[..]].concat());
    same_run(there, "one", "many");
}

#[cfg(unix)]
#[test]
fn two_processes_at_one_shard_and_one_told_to_stop_do_no_harm() {
    let region = country(&frame_utm(60, 1100, 30.0), "", SLOPE);
    let there = region.path();
    let begin = |which: &str, tile_memory: &str| {
        Command::new(env!("CARGO_BIN_EXE_clearway"))
            .args(["score", "project.toml", "--shard", which, "--out", "many", "--backend", "cpu"])
            .args(["--memory", tile_memory])
            .current_dir(there)
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut stopped = begin("1/2", "1GiB");
    let _ = Command::new("kill").args(["-TERM", &stopped.id().to_string()]).status();
    let ended = stopped.wait().unwrap();
    // Before its handlers stand, the signal ends it; behind its last look at them, it ends well.
    assert!(matches!(ended.code(), None | Some(0 | 1)), "{ended}");
    // Tiles of other sizes: the same bytes all the same.
    let mut twins = [begin("2/2", "64MiB"), begin("2/2", "1GiB")];
    assert!(twins.iter_mut().all(|twin| twin.wait().unwrap().success()));
    shard(there, 1, 2, "many", &CPU);
    worked(there, &["merge", "many"]);
    worked(there, &[&["score", "project.toml", "--out", "one"], &CPU[..]].concat());
    same_run(there, "one", "many");
}

#[test]
fn a_full_disk_leaves_no_half_piece() {
    let region = country(&frame_utm(200, 1100, 30.0), "", SLOPE);
    let there = region.path();
    // No file may grow beyond 100 blocks of 1 KiB: as on a full disk, writing fails midway.
    let command = format!(
        "ulimit -f 100; exec {} score project.toml --shard 1/2 --out many --backend cpu --compress none",
        env!("CARGO_BIN_EXE_clearway")
    );
    let output = Command::new("bash").args(["-c", &command]).current_dir(there).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let home = there.join("many/shards/0001-of-0002");
    let left = fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| !name.to_string_lossy().starts_with('.')).collect();
    assert!(!left.iter().any(|name| name == "exposure.json"), "{left:?}");
    let none = [&CPU[..], &["--compress", "none"]].concat();
    all_shards(there, 2, "many", &none);
    worked(there, &["merge", "many"]);
    worked(there, &[&["score", "project.toml", "--out", "one"], &none[..]].concat());
    same_run(there, "one", "many");
}
