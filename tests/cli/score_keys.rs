//! Settings of `[score]` that mean nothing, and those at the edge of meaning: refused with their key, or worked with.

use super::*;
use crate::common::all;
use clearway::io::geotiff::GeoTiff;

#[test]
fn settings_that_mean_nothing_are_refused_with_their_key_before_any_work() {
    let region = region("hillside");
    for (set, key) in [
        ("score.exposure.sigma_m=0", "score.exposure.sigma_m"),
        ("score.exposure.sigma_m=-250", "score.exposure.sigma_m"),
        ("score.exposure.sigma_m=nan", "score.exposure.sigma_m"),
        ("score.criteria.people.weight=-1", "score.criteria[0].weight"),
        ("score.criteria.people.value.linear=[5, 5]", "score.criteria[0].value.linear"),
        // Two numbers that are one as a cell holds them.
        ("score.criteria.people.value.linear=[1e6, 1000000.001]", "score.criteria `people`, value"),
        ("score.criteria.people.value=\"quantil\"", "score.criteria[0].value"),
        ("score.criteria.people.threshold=0.5", "score.criteria[0].threshold"),
        ("score.benefit=ordered", "score.criteria"),
        ("score.benefit=orderd", "score.benefit"),
        ("score.classes=[40, 5]", "score.classes"),
    ] {
        let args = ["score", "project.toml", "--out", "out", "--backend", "cpu", "--set", set];
        let text = refused(region.path(), &args, &[]);
        assert!(text.contains(key), "{set}: no {key} in:\n{text}");
        assert!(!region.path().join("out").exists(), "{set}: an output folder was left");
    }
    let zero = ["score.criteria.people.weight=0", "score.criteria.1.weight=0"];
    let args = ["check", "project.toml", "--set", zero[0], "--set", zero[1]];
    let text = refused(region.path(), &args, &["project.value"]);
    assert!(text.contains("`score.criteria`") && text.contains("weights that add up to 0"), "{text}");
}

#[test]
fn class_table_without_the_class_found_is_refused_with_the_codes_found() {
    let region = region("hillside");
    let sets = [
        "layers.cover={ path = \"landcover.tif\" }",
        "score.criteria=[{ name = \"fields\", layer = \"cover\", value = { classes = { 250 = 1.0 } } }]",
    ];
    let args =
        ["score", "project.toml", "--out", "out", "--backend", "cpu", "--set", sets[0], "--set", sets[1]];
    let text = refused(region.path(), &args, &["score.nothing_scored"]);
    assert!(text.contains("criterion `fields`") && text.contains("no entry for code 10"), "{text}");
    assert!(!region.path().join("out").exists());
}

#[test]
fn kernel_beyond_the_grid_and_little_memory_change_no_bit() {
    // 4 sigma = 200 km around a region of 8 km; 64 MiB is the least there is.
    let region = region("hillside");
    let run = |out: &str, memory: &str| {
        let args = ["score", "project.toml", "--out", out, "--backend", "cpu", "--memory", memory, "--set"];
        let mut args = args.to_vec();
        args.push("score.exposure.sigma_m=50000");
        worked(region.path(), &args);
        all(&GeoTiff::open(&region.path().join(out).join("exposure.tif"), 1).unwrap())
    };
    let (little, much) = (run("little", "64MiB"), run("much", "4GiB"));
    assert!(little.iter().zip(&much).all(|(a, b)| a.to_bits() == b.to_bits()));
}

#[test]
fn sums_without_hazard_say_that_it_does_not_count() {
    let region = region("hillside");
    let score = |sets: &[&str]| {
        let mut args = vec!["score", "project.toml", "--out", "out", "--backend", "cpu", "--overwrite"];
        for set in sets {
            args.extend(["--set", set]);
        }
        stderr(&worked(region.path(), &args))
    };
    let warning = "hazard does not count";
    assert!(!score(&[]).contains(warning));
    for form in ["sum", "product", "ordered"] {
        let form = format!("score.benefit={form}");
        let mut sets = vec![form.as_str()];
        if form.ends_with("ordered") {
            sets.push("score.criteria.people.threshold=0.5");
        }
        let text = score(&sets);
        assert!(text.contains(warning) && text.contains("layer = \"hazard\""), "{form}:\n{text}");
    }
    let with = "score.criteria=[{ name = \"h\", layer = \"hazard\", value = { linear = [0, 1] } }]";
    assert!(!score(&["score.benefit=sum", with]).contains(warning));
}
