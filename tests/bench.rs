//! `clearway bench`: every stage is checked, timed and modelled; no test asserts a time.

use std::process::Command;

use clearway::bench::model::{STAGES, StageModel};
use clearway::bench::{Options, RADIUS_CELLS, Report, Subject, bench, bench_on, compare};
use clearway::error::Result;
use clearway::progress::Silent;
use clearway::score::program::{Program, Tally};
use clearway::score::{Backend, Engine, EngineInfo, Native};

fn small() -> Options {
    Options { size: 150, rounds: 2, backend: Backend::Cpu, ..Options::default() }
}

fn measured() -> Report {
    bench(&small(), &Silent::default()).expect("the native engine can be measured")
}

#[test]
fn every_stage_of_the_model_is_checked_and_timed() {
    let report = measured();
    assert_eq!(report.failures, [] as [&str; 0]);
    let [native] = report.engines.as_slice() else { panic!("one engine") };
    let timed: Vec<_> = native.stages.iter().map(|stage| stage.stage.as_str()).collect();
    let expected: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
    assert_eq!(timed, expected);
    for stage in &native.stages {
        assert!(stage.ms > 0.0 && stage.ms_low <= stage.ms && stage.ms <= stage.ms_high, "{stage:?}");
        // Cells a second times seconds are the cells.
        let cells = stage.mcells_per_s * 1e6 * stage.ms / 1e3;
        assert!((cells - 22_500.0).abs() < 1e-6 * 22_500.0, "{stage:?}");
        assert!(stage.share_of_limit > 0.0, "{stage:?}");
        // A textbook's count and the executed one are never worlds apart, but for the disc's running sums.
        if let Some(textbook) = stage.textbook_operations_per_cell.filter(|_| stage.stage != "exposure_disc")
        {
            let ratio = textbook / stage.operations_per_cell;
            assert!((0.5..1.5).contains(&ratio), "{stage:?}");
        }
    }
    let of_rate = report.to_text().lines().filter(|line| line.contains(" of a textbook")).count();
    // Exposure by three kernels, and three passes of acceptability.
    assert_eq!(of_rate, 6, "{}", report.to_text());
    let [whole] = native.whole.as_slice() else { panic!("one way without --files") };
    assert!(whole.passes.iter().any(|(label, _)| label == "exposure"), "{whole:?}");
}

#[test]
fn a_report_survives_json() {
    let report = measured();
    let text = report.to_json().to_string();
    let read: Report = serde_json::from_str(&text).expect("what was written");
    assert_eq!(read, report);
}

#[test]
fn only_the_stages_asked_for_are_timed() {
    let options = Options { stages: vec!["value".into(), "curve".into()], ..small() };
    let report = bench(&options, &Silent::default()).unwrap();
    let timed: Vec<_> = report.engines[0].stages.iter().map(|stage| stage.stage.as_str()).collect();
    assert_eq!(timed, ["value", "value_table", "value_steps", "value_classes", "value_quantile", "curve"]);
    assert!(report.engines[0].whole.is_empty());
}

/// The native engine with one cell in fifty of each output moved, and more cells in every count.
struct Wrong(Native);

impl Engine for Wrong {
    fn info(&self) -> EngineInfo {
        EngineInfo { kind: "wrong", ..self.0.info() }
    }

    fn largest_tile(&self) -> usize {
        self.0.largest_tile()
    }

    fn largest_plane(&self) -> usize {
        self.0.largest_plane()
    }

    fn run(
        &mut self,
        program: &Program,
        inputs: &[&[f32]],
        outputs: &mut Vec<Vec<f32>>,
        tally: &mut Tally,
    ) -> Result<()> {
        self.0.run(program, inputs, outputs, tally)?;
        for output in outputs.iter_mut() {
            for cell in output.iter_mut().skip(77).step_by(50) {
                *cell += 0.01 * cell.abs().max(1.0);
            }
        }
        tally.samples.iter_mut().take(1).for_each(|count| *count += 100);
        tally.maximum_bits += 1;
        tally.bins.iter_mut().take(1).for_each(|bin| *bin += 1);
        tally.refined.iter_mut().take(1).for_each(|bin| *bin += 1);
        tally.segments.iter_mut().take(1).for_each(|segment| segment.cells += 1);
        Ok(())
    }
}

#[test]
fn an_engine_that_computes_wrong_is_told_and_not_timed() {
    let wrong = Subject { engine: Box::new(Wrong(Native::new())), limits: None };
    let report = bench_on(vec![wrong], &small(), &Silent::default()).unwrap();
    let mut failed: Vec<_> =
        report.failures.iter().map(|failure| failure.split(',').next().unwrap()).collect();
    failed.dedup();
    let all: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
    assert_eq!(failed, all, "every stage is noticed");
    assert!(report.engines[0].stages.is_empty());
    assert!(report.to_text().contains("WRONG RESULT  rank, wrong: column 77 of row 0"));
}

/// A software device, named: its figures are those of no GPU, but each is there.
#[cfg(feature = "gpu")]
#[test]
fn a_gpu_is_checked_against_the_native_engine_and_timed_by_its_own_clock() {
    let device = std::env::var("CLEARWAY_TEST_DEVICE").unwrap_or_else(|_| "llvmpipe".into());
    let options = Options { size: 100, backend: Backend::Auto, device: Some(device), rounds: 1, ..small() };
    let report = bench(&options, &Silent::default()).expect("a software Vulkan, see `./test`");
    assert_eq!(report.failures, [] as [&str; 0]);
    let [native, gpu] = report.engines.as_slice() else { panic!("two engines") };
    assert_eq!((native.engine.as_str(), gpu.engine.as_str()), ("native", "gpu"));
    assert_eq!(native.stages.len(), gpu.stages.len());
    assert!(native.limits.bus_back_gb_per_s.is_none() && native.stages[0].device_ms.is_none());
    let limits = &gpu.limits;
    let rates = [Some(limits.copy_gb_per_s), Some(limits.multiply_add_gop_per_s), limits.bus_there_gb_per_s];
    assert!(rates.iter().all(|rate| rate.is_some_and(|rate| rate > 0.0)), "{limits:?}");
    assert!(gpu.stages.iter().all(|stage| stage.share_of_bus.is_some()));
    assert!(gpu.stages.iter().all(|stage| stage.device_ms.is_none_or(|ms| ms <= stage.ms)));
}

#[test]
fn a_change_beyond_noise_is_marked() {
    let before = measured();
    let same = compare(&before, &before).unwrap();
    assert!(same.iter().all(|change| !change.is_change && change.speedup.to_bits() == 1f64.to_bits()));
    let mut now = before.clone();
    let stage = &mut now.engines[0].stages[3];
    for ms in [&mut stage.ms, &mut stage.ms_low, &mut stage.ms_high] {
        *ms *= 100.0;
    }
    let changes = compare(&before, &now).unwrap();
    let marked: Vec<_> = changes.iter().filter(|change| change.is_change).collect();
    let [change] = marked.as_slice() else { panic!("one change: {marked:?}") };
    assert_eq!(change.stage, STAGES[3].name);
    assert!((change.speedup - 0.01).abs() < 1e-9);
    assert!(change.to_text().trim_end().ends_with("SLOWER"), "{}", change.to_text());
    // Of another size there is nothing to compare.
    now.size = 151;
    let fault = compare(&before, &now).unwrap_err();
    assert_eq!(fault.faults()[0].code, "bench.other_size");
}

#[test]
fn what_makes_no_sense_is_refused_before_any_work() {
    let options = Options { size: 3, rounds: 0, stages: vec!["no such".into()], ..small() };
    let error = bench(&options, &Silent::default()).unwrap_err();
    let codes: Vec<_> = error.faults().iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["bench.size", "bench.rounds", "bench.no_stage"]);
}

#[test]
fn table_of_the_docs_is_the_model() {
    let docs = include_str!("../docs/PERFORMANCE.md");
    let rows: Vec<Vec<&str>> = docs
        .lines()
        .skip_while(|line| !line.starts_with("| stage | bytes"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .collect();
    let expected: Vec<Vec<String>> = STAGES
        .iter()
        .map(|StageModel { name, bytes, operations, operations_each: n, each, .. }| {
            let operations = match (*operations > 0.0, *n > 0.0) {
                (true, true) => format!("{operations} + {n} {each}"),
                (false, true) => format!("{n} {each}"),
                (_, false) => operations.to_string(),
            };
            vec![(*name).to_owned(), bytes.to_string(), operations]
        })
        .collect();
    let found: Vec<Vec<&str>> = rows.iter().map(|row| row[..3].to_vec()).collect();
    assert_eq!(found, expected);
    assert!((StageModel::of("exposure").operations_at(RADIUS_CELLS as f64) - 451.0).abs() < 1e-9);
}

#[test]
fn a_person_gets_a_table_json_and_a_comparison() {
    let clearway = |args: &[&str]| {
        let run = Command::new(env!("CARGO_BIN_EXE_clearway")).arg("bench").args(args).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (run.status.code(), text(run.stdout), text(run.stderr))
    };
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old.json");
    let quick = ["--size", "64", "--rounds", "1", "--backend", "cpu", "--stage", "rank"];
    let (code, json, _) = clearway(&[&quick[..], &["--json"]].concat());
    assert_eq!(code, Some(0));
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap().engines[0].stages[0].stage, "rank");
    std::fs::write(&old, json).unwrap();
    let (code, table, _) = clearway(&[&quick[..], &["--compare", old.to_str().unwrap()]].concat());
    assert_eq!(code, Some(0));
    assert!(table.contains("limits: copy") && table.contains("ms before"), "{table}");
    let (code, table, errors) = clearway(&[&quick[..], &["--compare", "nowhere.json"]].concat());
    assert_eq!((code, table.as_str()), (Some(2), ""));
    assert!(errors.contains("bench.no_report"), "{errors}");
    let (code, _, errors) = clearway(&[&quick[..], &["--seconds", "1"]].concat());
    assert!(code == Some(2) && errors.contains("bench.no_search"), "{errors}");
}
