//! What a person may type: clap structures only, no work.

mod bench;
pub mod man;
mod values;

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::{Args, Parser, Subcommand};
use clearway::io::gdal_release;
use clearway::report::record::features;
use clearway::run::shards::Shard;

pub use self::bench::BenchArgs;
pub use self::values::{Backend, BenchBackend, Colour, Compress, PresetName, ProgressForm};
use self::values::{parse_bytes, parse_point, parse_positive, parse_shard};

/// `--version`: which features the build has, and with which GDAL.
static LONG_VERSION: LazyLock<String> = LazyLock::new(|| {
    let features = features();
    let list = if features.is_empty() { "none".to_owned() } else { features.join(", ") };
    let gdal = gdal_release().map_or_else(String::new, |release| format!("\nGDAL: {release}"));
    format!("{}\nfeatures: {list}{gdal}", env!("CARGO_PKG_VERSION"))
});

/// Which mined ground first, which team, in what order, and how sure are we.
///
/// Clearway scores land for clearance priority, outlines task areas and plans demining teams over them.
/// It needs no network. Nothing it prints says that ground is free of hazards: a low priority or a cell
/// without a record is not knowledge.
#[derive(Debug, Parser)]
#[command(name = "clearway", version, long_version = LONG_VERSION.as_str(), propagate_version = true)]
#[command(arg_required_else_help = true)]
#[command(after_help = "Example:\n  clearway synth --preset hillside --size 512 --seed 7 --out region\n  \
                        clearway run region/project.toml --out plan-1")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options every command takes.
    #[command(flatten)]
    pub common: Common,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Score, outline task areas and plan: the main job
    #[command(after_help = "Example:\n  clearway run grids/hillside/project.toml --out runs/first")]
    Run(ProjectArgs),
    /// Priority grids only
    #[command(
        after_help = "Examples:\n  clearway score grids/plain/project.toml --backend cpu --memory 1GiB\n  \
                            clearway score grids/plain/project.toml --shard 3/7 --out runs/plain"
    )]
    Score(ScoreArgs),
    /// Priority grids and task areas, and no plan: teams need not be known yet
    #[command(after_help = "Example:\n  clearway tasks grids/hillside/project.toml --out runs/areas")]
    Tasks(TasksArgs),
    /// Put the pieces of `score --shard` together into the run that one `score` makes
    #[command(after_help = "Examples:\n  clearway merge runs/plain --reduce\n  clearway merge runs/plain")]
    Merge(MergeArgs),
    /// Plan only: the project's task areas, or a bare problem file
    #[command(
        after_help = "Examples:\n  clearway plan grids/hillside/project.toml --seconds 60 --out runs/plan\n  \
                            clearway plan grids/hillside/project.toml --from runs/plan --date 2027-09-01 --out runs/replan\n  \
                            clearway plan --problem problem.json --iterations 20000 --json"
    )]
    Plan(PlanArgs),
    /// Many scenarios of one project, and one comparison of them
    #[command(
        after_help = "Example:\n  clearway batch grids/hillside/project.toml scenarios.toml --out runs/scenarios\n\n\
                            scenarios.toml:\n  [[scenario]]\n  name = \"half the money\"\n  \
                            set = { 'plan.budget_usd' = 1000000, 'score.criteria.people.weight' = 5 }\n\n\
                            The base is written whole. A scenario keeps its ranks, task areas, plan, report and record;\n\
                            `full = true` beside its name, or --full for all, brings every file of a run."
    )]
    Batch(BatchArgs),
    /// A commented project file for a folder of layers, from what lies there and a few questions
    #[command(
        after_help = "Examples:\n  clearway init layers\n  clearway init layers --yes --overwrite --json"
    )]
    Init(InitArgs),
    /// Every fault of the inputs, and what is odd about them, before any work
    #[command(after_help = "Example:\n  clearway check grids/hillside/project.toml")]
    Check(CheckArgs),
    /// Independent check of a finished run: hashes, feasibility, objective, bound
    #[command(after_help = "Example:\n  clearway verify runs/hillside")]
    Verify(VerifyArgs),
    /// Why a cell or a task of a finished run stands where it does
    #[command(after_help = "Examples:\n  clearway explain runs/hillside --at 512345,5512345\n  \
                            clearway explain runs/hillside --at=-20.01,49.99 --lonlat\n  \
                            clearway explain runs/hillside --task HA-0007 --json")]
    Explain(ExplainArgs),
    /// A realistic synthetic region with its project file; nothing in it is real
    #[command(after_help = "Example:\n  clearway synth --preset hillside --size 2048 --seed 1 --out region")]
    Synth(SynthArgs),
    /// Each stage's time on this machine beside what this machine can do; or, with --plan, plans beside the best known
    #[command(
        after_help = "Examples:\n  clearway bench --size 4096 --backend cpu\n  clearway bench --json > before.json\n  \
                      clearway bench --compare before.json\n  \
                      clearway bench --plan shared/data/benchmarks/team_orienteering --seconds 10"
    )]
    Bench(BenchArgs),
    /// The GPUs seen, their limits, and which one `auto` takes
    #[command(after_help = "Example:\n  clearway devices --json")]
    Devices(JsonArgs),
    /// Completions for a shell, on stdout
    #[command(
        after_help = "Example:\n  clearway completions bash > ~/.local/share/bash-completion/completions/clearway"
    )]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// The manual page on stdout, or with --out one for each command
    #[command(
        after_help = "Examples:\n  clearway man | man -l -\n  clearway man --out ~/.local/share/man/man1"
    )]
    Man {
        /// Write `clearway.1` and a page for each command into this folder
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

impl Command {
    /// Whether stdout may hold no name of an input.
    pub fn is_redacted(&self) -> bool {
        match self {
            Self::Run(args) => args.work.redact.is_some(),
            Self::Score(args) => args.work.redact.is_some(),
            Self::Tasks(args) => args.work.redact.is_some(),
            Self::Plan(args) => args.work.redact.is_some(),
            Self::Batch(args) => args.work.redact.is_some(),
            _ => false,
        }
    }

    /// Whether a script asked, for an answer as JSON.
    pub fn wants_json(&self) -> bool {
        match self {
            Self::Run(args) => args.work.json,
            Self::Score(args) => args.work.json,
            Self::Merge(args) => args.json,
            Self::Tasks(args) => args.work.json,
            Self::Plan(args) => args.work.json,
            Self::Batch(args) => args.work.json,
            Self::Init(args) => args.json,
            Self::Check(args) => args.json,
            Self::Verify(args) => args.json,
            Self::Explain(args) => args.json,
            Self::Synth(args) => args.json,
            Self::Bench(args) => args.json,
            Self::Devices(args) => args.json,
            Self::Completions { .. } | Self::Man { .. } => false,
        }
    }
}

/// Options every command takes.
#[derive(Debug, Args)]
pub struct Common {
    /// Threads to use [default: all cores]
    #[arg(long, global = true, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more: each stage's time, every warning in full
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// No progress bars, plain lines only: the same as `--progress plain`
    #[arg(long, global = true, conflicts_with = "progress")]
    pub no_progress: bool,
    /// How far it is, on stderr; `auto`: bars on a terminal, else plain lines; `json`: for programs, an object a line
    #[arg(long, global = true, value_enum, value_name = "FORM", default_value_t = ProgressForm::Auto)]
    pub progress: ProgressForm,
    /// Colour on stderr; `auto`: on a terminal, unless NO_COLOR or CLICOLOR=0 says otherwise
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Colour::Auto)]
    pub color: Colour,
}

/// Where results go, and how they are computed.
#[derive(Debug, Args)]
pub struct WorkArgs {
    /// Output folder [default: runs/<project name>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace the finished run that the output folder holds
    #[arg(long)]
    pub overwrite: bool,
    /// Go on from what an interrupted run into the same folder has finished
    #[arg(long)]
    pub resume: bool,
    /// What computes the scores: `auto` takes the fastest real GPU, else the native engine
    #[arg(long, value_enum, default_value_t = Backend::Auto)]
    pub backend: Backend,
    /// A GPU by (part of its) name or by its number in `clearway devices`; software adapters must be named
    #[arg(long, value_name = "NAME|INDEX")]
    pub device: Option<String>,
    /// Seed, over the project's
    #[arg(long)]
    pub seed: Option<u64>,
    /// Override a key of the project file: `--set plan.budget_usd=2000000` (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
    /// Files to write beside tables and grids: gpkg, xlsx, png, teams, kml, shp, or none [default: gpkg,xlsx,png,teams]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub formats: Option<Vec<String>>,
    /// Bound on the memory that tiles and planes may take
    #[arg(long, value_name = "SIZE", default_value = "4GiB", value_parser = parse_bytes)]
    pub memory: u64,
    /// Compression of the grids; Esri products read no zstd
    #[arg(long, value_enum, default_value_t = Compress::Deflate)]
    pub compress: Compress,
    /// Write only totals, and grids in cells of at least so many metres: no names, ids, points or outlines. Cells in which
    /// fewer than 10 people live stay blank. What is said on stderr is not redacted
    #[arg(long, value_name = "CELL_M", value_parser = parse_positive)]
    pub redact: Option<f64>,
    /// The result table as JSON on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `score`.
#[derive(Debug, Args)]
pub struct ScoreArgs {
    /// The project file
    pub project: PathBuf,
    /// Do what is ready for one of N shards, from 1/N to N/N, and leave it in --out for `clearway merge`
    #[arg(long, value_name = "I/N", value_parser = parse_shard, conflicts_with_all = ["resume", "redact"])]
    pub shard: Option<Shard>,
    /// Where and how.
    #[command(flatten)]
    pub work: WorkArgs,
}

/// Arguments of `merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The output folder of the shards
    pub dir: PathBuf,
    /// Only add up what the shards have counted, so that they can go on; without it all that is left is done here
    #[arg(long)]
    pub reduce: bool,
    /// The project file, where it lies elsewhere than for the shards
    #[arg(long, value_name = "FILE")]
    pub project: Option<PathBuf>,
    /// Replace the finished run that the folder holds
    #[arg(long)]
    pub overwrite: bool,
    /// Leave the pieces where they are, in DIR/shards
    #[arg(long)]
    pub keep: bool,
    /// Bound on the memory that tiles and planes may take
    #[arg(long, value_name = "SIZE", default_value = "4GiB", value_parser = parse_bytes)]
    pub memory: u64,
    /// The result table as JSON on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `tasks`.
#[derive(Debug, Args)]
pub struct TasksArgs {
    /// The project file
    pub project: PathBuf,
    /// Where and how.
    #[command(flatten)]
    pub work: WorkArgs,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct ProjectArgs {
    /// The project file
    pub project: PathBuf,
    /// Where and how.
    #[command(flatten)]
    pub work: WorkArgs,
    /// How long to search.
    #[command(flatten)]
    pub search: SearchArgs,
}

/// Arguments of `batch`.
#[derive(Debug, Args)]
pub struct BatchArgs {
    /// The project file
    pub project: PathBuf,
    /// The scenarios: [[scenario]] tables with `name` and `set` or `grid`, and `full = true` where all files are wanted
    pub scenarios: PathBuf,
    /// Write every file of a run for every scenario, not only what it is compared by
    #[arg(long)]
    pub full: bool,
    /// Where and how.
    #[command(flatten)]
    pub work: WorkArgs,
    /// How long to search for each plan.
    #[command(flatten)]
    pub search: SearchArgs,
}

/// How long to search for a better plan.
#[derive(Debug, Default, Args)]
pub struct SearchArgs {
    /// Seconds to search, over the project's
    #[arg(long, value_parser = parse_positive)]
    pub seconds: Option<f64>,
    /// Iterations to search, over the project's: the same seed and number give the same plan
    #[arg(long)]
    pub iterations: Option<u64>,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The project file
    #[arg(required_unless_present = "problem")]
    pub project: Option<PathBuf>,
    /// Plan a bare problem file instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["project", "overrides"])]
    pub problem: Option<PathBuf>,
    /// Plan this finished run's plan anew from `--date` on: what is finished or under way stays
    #[arg(long, value_name = "RUN_DIR", requires = "date", conflicts_with = "problem")]
    pub from: Option<PathBuf>,
    /// First day that may be planned otherwise, as 2027-09-01
    #[arg(long, value_name = "D", requires = "from")]
    pub date: Option<jiff::civil::Date>,
    /// Take the task areas of this finished run instead of scoring again [default: those of --from]
    #[arg(long, value_name = "RUN_DIR", conflicts_with = "problem")]
    pub tasks: Option<PathBuf>,
    /// Where and how.
    #[command(flatten)]
    pub work: WorkArgs,
    /// How long to search.
    #[command(flatten)]
    pub search: SearchArgs,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder that holds the layers; the project file is written into it
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// Ask nothing: take the likeliest answer everywhere (always so without a terminal)
    #[arg(short, long)]
    pub yes: bool,
    /// Write over the project.toml that lies there
    #[arg(long)]
    pub overwrite: bool,
    /// What was found as JSON on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The project file
    pub project: PathBuf,
    /// Override a key of the project file (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
    /// The findings as JSON on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The folder of a finished run
    pub run_dir: PathBuf,
    /// The findings as JSON on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The folder of a finished run
    pub run_dir: PathBuf,
    /// The cell at a point, in the CRS of the run's grids
    #[arg(long, value_name = "X,Y", value_parser = parse_point, allow_hyphen_values = true)]
    #[arg(required_unless_present = "task", conflicts_with = "task")]
    pub at: Option<[f64; 2]>,
    /// The point is longitude,latitude (WGS 84)
    #[arg(long, requires = "at")]
    pub lonlat: bool,
    /// A task by its task_id
    #[arg(long, value_name = "ID")]
    pub task: Option<String>,
    /// The explanation as JSON on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `synth`.
#[derive(Debug, Args)]
pub struct SynthArgs {
    /// hillside (UTM, 30 m), plain (EPSG:4326, 1 arc second) or nation (many provinces, settlements and teams)
    #[arg(long, value_enum, default_value_t = PresetName::Hillside)]
    pub preset: PresetName,
    /// Cells along each side
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    pub size: u32,
    /// Seed: the same seed gives the same bytes
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Output folder
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace the region that the folder holds
    #[arg(long)]
    pub overwrite: bool,
    /// Compression of the grids
    #[arg(long, value_enum, default_value_t = Compress::Deflate)]
    pub compress: Compress,
    /// What was made as JSON on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of commands that only print.
#[derive(Debug, Args)]
pub struct JsonArgs {
    /// JSON instead of a table
    #[arg(long)]
    pub json: bool,
}
