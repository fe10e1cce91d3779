//! `merge` away from where the shards were: without their engine, and with the project file in another place.

use std::fs;

use serde_json::json;

use super::shards::{CPU, SLOPE, all_shards, copy_all, country, files_of};
use super::*;
use crate::common::frame_utm;

/// A copy of the pieces as if a device that is not here had made them.
fn as_made_by_another_card(there: &Path, from: &str, to: &str) {
    let to = there.join(to).join("shards");
    copy_all(&there.join(from).join("shards"), &to);
    let homes = fs::read_dir(to).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    for path in homes.flat_map(|home| fs::read_dir(home).unwrap()).map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|ending| ending == "json") {
            let mut record = json_file(&path);
            assert_eq!(record["identity"]["engine"], "native");
            record["identity"]["engine"] = json!("gpu: Another Card, 1.2.3");
            record["engine"] = json!(["gpu", "Another Card", "1.2.3"]);
            fs::write(&path, record.to_string()).unwrap();
        }
    }
}

#[test]
fn merge_computes_nothing_on_another_engine_than_the_shards() {
    let region = country(&frame_utm(40, 1100, 30.0), "", SLOPE);
    let there = region.path();
    all_shards(there, 2, "many", &CPU);
    as_made_by_another_card(there, "many", "begun");
    let text = refused(there, &["merge", "begun"], &["shard.engine"]);
    for words in ["step priority", "gpu: Another Card, 1.2.3", "clearway merge --reduce"] {
        assert!(text.contains(words), "no {words:?} in\n{text}");
    }
    assert!(!there.join("begun/run.json").exists() && there.join("begun/shards").is_dir());
    // Counts are the same on any engine: they are added up, and once the shards have computed all that is to be, the rest is
    // done here, under their engine's name.
    worked(there, &["merge", "begun", "--reduce"]);
    worked(there, &["merge", "many", "--reduce"]);
    all_shards(there, 2, "many", &CPU);
    as_made_by_another_card(there, "many", "done");
    worked(there, &["merge", "done"]);
    worked(there, &["merge", "many"]);
    assert!(files_of(&there.join("done")) == files_of(&there.join("many")));
    let record = json_file(&there.join("done/run.json"));
    assert_eq!(record["engine"]["device"], "Another Card", "{}", record["engine"]);
}

#[test]
fn merge_takes_the_project_file_from_where_it_lies_now() {
    let region = country(&frame_utm(40, 1100, 30.0), "", SLOPE);
    let there = region.path();
    worked(there, &[&["score", "project.toml", "--out", "one"], &CPU[..]].concat());
    all_shards(there, 2, "many", &CPU);
    let moved = there.join("moved");
    fs::create_dir(&moved).unwrap();
    for path in fs::read_dir(there).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file())
    {
        fs::rename(&path, moved.join(path.file_name().unwrap())).unwrap();
    }
    refused(there, &["merge", "many"], &["project.missing"]);
    // Another project of that name is another score.
    let text = fs::read_to_string(moved.join("project.toml")).unwrap();
    fs::write(moved.join("other.toml"), text.replace("weight = 3", "weight = 4")).unwrap();
    let text = refused(there, &["merge", "many", "--project", "moved/other.toml"], &["shard.foreign"]);
    assert!(text.contains("score.criteria.people.weight"), "{text}");
    worked(there, &["merge", "many", "--project", "moved/project.toml"]);
    assert!(files_of(&there.join("one")) == files_of(&there.join("many")));
}
