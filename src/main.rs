//! The `clearway` command: parse, run, exit code. Results go to stdout, everything else to stderr.

mod cli;
mod console;

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Parser;
use clearway::error::{Error, Fault, Result};
use clearway::io::atomic::write_atomic;
use clearway::io::geotiff::Compression;
use clearway::run::bench_plan::{self, BenchReport};
use clearway::run::shards::{self, ShardOutcome};
use clearway::run::{self, Outcome};
use clearway::{bench, gpu, plan, score, synth};
use cli::{
    Backend, BenchArgs, BenchBackend, Cli, Command, Compress, InitArgs, PresetName, SearchArgs, WorkArgs,
};
use console::Console;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let interrupted = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // A second one ends the program at once.
        let _ = signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&interrupted));
        let _ = signal_hook::flag::register(signal, Arc::clone(&interrupted));
    }
    // A file larger than the system allows is then an error of writing, and not the end of the program.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false)));
    if let Some(threads) = cli.common.threads {
        // Fails only where a pool exists already, and none does yet.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads as usize).build_global();
    }
    let console = Console::new(&cli.common, interrupted);
    match execute(&cli, &console) {
        Ok(code) => code,
        Err(Error::Io { source, .. }) if source.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            if cli.command.wants_json() {
                // Whether or not this can be told on stdout, it is told on stderr.
                let told = run::error_to_json(&error);
                let _ =
                    print_json(&if cli.command.is_redacted() { run::redacted_error(&told) } else { told });
            }
            console.error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn execute(cli: &Cli, console: &Console) -> Result<ExitCode> {
    let threads = cli.common.threads.unwrap_or(0) as usize;
    let options = |work: &WorkArgs, search: &SearchArgs| options(work, search, threads);
    match &cli.command {
        Command::Run(args) => {
            let outcome = run::run(&args.project, &options(&args.work, &args.search), console)?;
            show_outcome(&outcome, args.work.json, console)?;
        }
        Command::Merge(args) => {
            let options = shards::MergeOptions {
                reduce: args.reduce,
                project: args.project.clone(),
                overwrite: args.overwrite,
                keep: args.keep,
                memory_bytes: args.memory,
                threads,
            };
            match shards::merge(&args.dir, &options, console)? {
                shards::Merged::Reduced(outcome) => show_shard(&outcome, args.json, console)?,
                shards::Merged::Finished(outcome) => show_outcome(&outcome, args.json, console)?,
            }
        }
        Command::Score(args) => {
            let options = options(&args.work, &SearchArgs::default());
            match args.shard {
                Some(shard) => {
                    let outcome = shards::score_shard(&args.project, shard, &options, console)?;
                    show_shard(&outcome, args.work.json, console)?;
                }
                None => {
                    show_outcome(&run::score(&args.project, &options, console)?, args.work.json, console)?
                }
            }
        }
        Command::Tasks(args) => {
            let outcome = run::tasks(&args.project, &options(&args.work, &SearchArgs::default()), console)?;
            show_outcome(&outcome, args.work.json, console)?;
        }
        Command::Plan(args) => {
            let from = args.from.clone().zip(args.date);
            let options = run::Options { from, ..options(&args.work, &args.search) };
            let outcome = match (&args.problem, &args.project) {
                (Some(problem), _) => run::plan_problem_file(problem, &options, console)?,
                (None, Some(project)) => run::plan(project, args.tasks.as_deref(), &options, console)?,
                (None, None) => unreachable!("clap asks for one of them"),
            };
            show_outcome(&outcome, args.work.json, console)?;
        }
        Command::Batch(args) => {
            let options = run::Options { brief: !args.full, ..options(&args.work, &args.search) };
            let outcome = run::batch(&args.project, &args.scenarios, &options, console)?;
            console.warnings(&outcome.warnings, false);
            print(&if args.work.json { format!("{:#}\n", outcome.to_json()) } else { outcome.to_table() })?;
            return Ok(ExitCode::from(if outcome.failed.is_empty() { 0 } else { 2 }));
        }
        Command::Init(args) => init(args, console)?,
        Command::Check(args) => {
            let report = run::check(&args.project, &args.overrides, console)?;
            console.warnings(&report.warnings, true);
            if args.json {
                print_json(&report.to_json())?;
            } else {
                print(&table(&report.facts))?;
                print(&report.to_lines())?;
                report.oddities.iter().try_for_each(|oddity| print(&format!("odd  {oddity}\n")))?;
                print(&format!("no faults, {}\n", report.counts()))?;
            }
        }
        Command::Verify(args) => {
            let report = run::verify(&args.run_dir)?;
            console.warnings(&report.warnings, true);
            if args.json {
                print_json(&report.to_json())?;
            } else {
                report.holds.iter().try_for_each(|line| print(&format!("holds     {line}\n")))?;
                report.violations.iter().try_for_each(|line| print(&format!("VIOLATED  {line}\n")))?;
                print(if report.is_sound() { "verified\n" } else { "NOT verified\n" })?;
            }
            if !report.is_sound() {
                return Ok(ExitCode::from(1));
            }
        }
        Command::Explain(args) => {
            let asked = match (args.at, &args.task) {
                (Some(point), _) => run::Asked::At { point, is_lonlat: args.lonlat },
                (None, Some(id)) => run::Asked::Task(id.clone()),
                (None, None) => unreachable!("clap asks for one of them"),
            };
            let explanation = run::explain(&args.run_dir, &asked)?;
            console.warnings(&explanation.warnings, true);
            if args.json {
                print_json(&explanation.to_json())?;
            } else {
                print(&table(&explanation.lines))?;
            }
        }
        Command::Synth(args) => {
            let spec = synth::SynthSpec {
                preset: match args.preset {
                    PresetName::Hillside => synth::Preset::Hillside,
                    PresetName::Plain => synth::Preset::Plain,
                    PresetName::Nation => synth::Preset::Nation,
                },
                size: args.size as usize,
                seed: args.seed,
                compress: compression(args.compress),
            };
            refuse_overwrite(&args.out, args.overwrite)?;
            let made = synth::synth(&spec, &args.out, console)?;
            if args.json {
                print_json(&made.to_json())?;
                return Ok(ExitCode::SUCCESS);
            }
            print(&table(&[
                ("cells", format!("{} x {} in {}", made.frame.n_cols, made.frame.n_rows, made.frame.crs)),
                ("people", format!("{} in {} settlements (all invented)", made.people, made.n_settlements)),
                ("hazardous areas", format!("{}, {:.0} ha", made.n_areas, made.areas_ha)),
                ("teams", made.n_teams.to_string()),
                ("next", format!("clearway run {}", made.project.display())),
            ]))?;
        }
        Command::Bench(args) => {
            return match &args.plan {
                Some(folder) => bench_plan(folder, args, threads, console),
                None => bench_stages(args, console),
            };
        }
        Command::Devices(args) => show_devices(args.json)?,
        Command::Completions { shell } => {
            print_bytes(&cli::man::completions(*shell))?;
        }
        Command::Man { out: None } => print_bytes(&cli::man::page()?)?,
        Command::Man { out: Some(folder) } => {
            std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
            for (name, page) in cli::man::pages()? {
                let path = folder.join(name);
                write_atomic(&path, &page)?;
                print(&format!("{}\n", path.display()))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a project file, then says what `check` finds in it.
fn init(args: &InitArgs, console: &Console) -> Result<()> {
    let today = jiff::Zoned::now().date();
    let ask = console::questions::asker(args.yes);
    let report = run::init::init(&args.folder, args.overwrite, today, &*ask, console)?;
    let checked = run::check(&report.project, &[], console);
    if args.json {
        return print_json(&report.to_json(checked.as_ref().err()));
    }
    print(&table(&report.lines()))?;
    console.warnings(&report.to_do, true);
    match checked {
        Ok(found) => print(&format!(
            "`clearway check` finds no fault, {}; next: clearway run {}\n",
            found.counts(),
            report.project.display()
        )),
        Err(error) => {
            console.error(&error);
            let project = report.project.display();
            print(&format!("mend what is said above in {project}, then: clearway check {project}\n"))
        }
    }
}

fn bench_plan(folder: &Path, args: &BenchArgs, threads: usize, console: &Console) -> Result<ExitCode> {
    let params = plan::Params {
        seed: args.seed,
        seconds: args.search.seconds,
        iterations: args.search.iterations,
        threads,
        rank: None,
        start: None,
        prove: true,
    };
    let mut is_headed = args.json;
    let mut on_row = |row: &bench_plan::BenchRow| -> Result<()> {
        if !is_headed {
            is_headed = true;
            print(&format!("{}\n", BenchReport::heading()))?;
        }
        if args.json { Ok(()) } else { print(&format!("{}\n", row.line())) }
    };
    let report = bench_plan::bench_plan(folder, &params, console, &mut on_row)?;
    if args.json {
        print_json(&report.to_json())?
    } else {
        print(&report.summary())?
    }
    let has_failed = report.rows.iter().any(|row| row.outcome.is_err());
    Ok(if has_failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn options(work: &WorkArgs, search: &SearchArgs, threads: usize) -> run::Options {
    run::Options {
        out: work.out.clone(),
        overwrite: work.overwrite,
        backend: match work.backend {
            Backend::Auto => score::Backend::Auto,
            Backend::Gpu => score::Backend::Gpu,
            Backend::Cpu => score::Backend::Cpu,
        },
        device: work.device.clone(),
        seed: work.seed,
        overrides: overrides(work),
        memory_bytes: work.memory,
        compression: compression(work.compress),
        seconds: search.seconds,
        iterations: search.iterations,
        threads,
        resume: work.resume,
        redact: work.redact,
        from: None,
        brief: false,
    }
}

/// What `--set` and `--formats` lay over the project file.
fn overrides(work: &WorkArgs) -> Vec<String> {
    let formats = work.formats.iter().map(|words| {
        let words = words.iter().filter(|word| *word != "none");
        let quoted: Vec<String> = words.map(|word| format!("{word:?}")).collect();
        format!("outputs.formats=[{}]", quoted.join(","))
    });
    work.overrides.iter().cloned().chain(formats).collect()
}

fn compression(asked: Compress) -> Compression {
    match asked {
        Compress::Deflate => Compression::Deflate,
        Compress::Zstd => Compression::Zstd,
        Compress::None => Compression::None,
    }
}

fn show_outcome(outcome: &Outcome, json: bool, console: &Console) -> Result<()> {
    console.warnings(&outcome.warnings, false);
    if json { print_json(&outcome.to_json()) } else { print(&outcome.to_table()) }
}

fn show_shard(outcome: &ShardOutcome, json: bool, console: &Console) -> Result<()> {
    console.warnings(&outcome.warnings, false);
    if json { print_json(&outcome.to_json()) } else { print(&outcome.to_table()) }
}

/// Exit code 1 where a result was wrong.
fn bench_stages(args: &BenchArgs, console: &Console) -> Result<ExitCode> {
    if args.search.seconds.is_some() || args.search.iterations.is_some() {
        let fix = "add --plan DIR, or leave --seconds and --iterations out";
        let (expected, found) = ("a search for plans to limit", "stages to time");
        return Err(Fault::new("bench.no_search", "command line", expected, found, fix).into());
    }
    // A file that cannot be compared with is told before minutes of work.
    let before = args.compare.as_deref().map(bench::Report::open).transpose()?;
    let options = bench::Options {
        size: args.size,
        rounds: args.rounds,
        backend: match args.backend {
            BenchBackend::Cpu => score::Backend::Cpu,
            BenchBackend::Gpu => score::Backend::Gpu,
            BenchBackend::All => score::Backend::Auto,
        },
        device: args.device.clone(),
        stages: args.stages.clone(),
        with_files: args.files,
    };
    let report = bench::bench(&options, console)?;
    if args.json {
        print_json(&report.to_json())?;
    } else {
        print(&report.to_text())?;
    }
    if let Some(before) = before {
        let changes = bench::compare(&before, &report)?;
        let table: String = changes.iter().map(bench::Change::to_text).collect();
        // Beside `--json` stdout holds nothing but JSON.
        let table = format!("\n{}{table}", bench::Change::header());
        if args.json { console.text(&table) } else { print(&table)? }
    }
    Ok(ExitCode::from(u8::from(!report.failures.is_empty())))
}

fn show_devices(json: bool) -> Result<()> {
    let devices = gpu::devices();
    let auto = gpu::auto_choice(&devices);
    if json {
        let list: Vec<serde_json::Value> = devices
            .iter()
            .map(|device| {
                serde_json::json!({
                    "index": device.index, "name": device.name, "backend": device.backend,
                    "kind": format!("{:?}", device.kind).to_lowercase(), "driver": device.driver,
                    "max_buffer_bytes": device.max_buffer_bytes, "max_binding_bytes": device.max_binding_bytes,
                    "max_storage_buffers": device.max_storage_buffers,
                    "max_workgroup_bytes": device.max_workgroup_bytes,
                    "max_invocations": device.max_invocations, "auto": auto == Some(device.index),
                })
            })
            .collect();
        return print_json(&serde_json::Value::Array(list));
    }
    for device in &devices {
        print(&format!(
            "{}  {} ({}, {:?}), {}\n   buffer {} MiB, binding {} MiB, {} storage buffers, {} KiB workgroup memory, \
             {} invocations{}\n",
            device.index,
            device.name,
            device.backend,
            device.kind,
            device.driver,
            device.max_buffer_bytes >> 20,
            device.max_binding_bytes >> 20,
            device.max_storage_buffers,
            device.max_workgroup_bytes >> 10,
            device.max_invocations,
            if auto == Some(device.index) { "\n   taken by `--backend auto`" } else { "" }
        ))?;
    }
    match auto {
        Some(_) => Ok(()),
        None => print(
            "`--backend auto` takes the native engine: no real GPU is seen (software ones must be named)\n",
        ),
    }
}

/// A region is written into a folder of its own: files that lie there might be someone's layers of the same names.
fn refuse_overwrite(out: &Path, overwrite: bool) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(out) else { return Ok(()) };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let Some(name) = names.filter(|name| !name.starts_with('.')).min() else { return Ok(()) };
    if overwrite {
        return Ok(());
    }
    let fix = "choose another folder with --out, or write over its files with --overwrite";
    let place = out.display().to_string();
    Err(Fault::new("synth.exists", place, "an empty folder or a new one", format!("{name} in it"), fix)
        .into())
}

fn table(rows: &[(impl AsRef<str>, String)]) -> String {
    let width = rows.iter().map(|(label, _)| label.as_ref().chars().count()).max().unwrap_or(0);
    rows.iter().map(|(label, text)| format!("{:<width$}  {text}\n", label.as_ref())).collect()
}

fn print_json(value: &serde_json::Value) -> Result<()> {
    print_bytes(format!("{value:#}\n").as_bytes())
}

/// Text for a person: names of files and columns of tables may hold anything.
fn print(text: &str) -> Result<()> {
    print_bytes(console::printable(text).as_bytes())
}

fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(Error::io("write", Path::new("standard output")))
}
