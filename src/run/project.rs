//! PROJECT.toml → checked settings, with all faults together (interface.md §1).
//!
//! After [`Project::open`] nothing is optional that need not be: defaults are filled in, names are resolved,
//! units and dates are typed. What a version does not do yet is refused by name, never passed over.

mod datum_shifts;
mod gates;
mod hazard;
mod layers;
mod measure;
mod outputs;
mod plan;
mod robustness;
mod score;
mod tasks;
mod teams;
mod value;
mod vector_file;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use hazard::{AccidentSettings, HazardSettings};
pub use layers::{LayerSettings, LayerSource};
pub use measure::{MeasureKind, MeasureSettings};
pub use plan::{LockSettings, PlanSettings, TeamsSource, UncertaintySettings, WorthColumn};
pub use robustness::HAZARD_SD;
pub use score::ScoreSettings;
pub use tasks::{AreaColumns, TaskSettings, TaskSource};
pub use teams::{
    ClosedSeason, PLACEHOLDER, TeamRow, TeamSettings, duplicates as duplicate_teams, read_team_tables,
};

use super::document::{self, Node};
use super::located::Document;
use super::section::{Reading, Section};
use crate::error::{Error, Fault, Faults, Result};
use crate::grid::ChosenOperations;
use crate::report::formats::Format;

/// A project as it will be run.
#[derive(Debug, Clone)]
pub struct Project {
    /// The project file.
    pub file: PathBuf,
    /// Its folder: paths in the file are relative to it.
    pub folder: PathBuf,
    /// Name, also of the default output folder.
    pub name: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Name of the layer whose grid is the frame.
    pub frame: String,
    /// The layers in the order written; hazard, population and cost are always among them.
    pub layers: Vec<LayerSettings>,
    /// Operations across datum shifts that the person chose.
    pub datum_shifts: ChosenOperations,
    /// How hazard is built, where no raster of it is given.
    pub hazard: Option<HazardSettings>,
    /// How cells are scored.
    pub score: ScoreSettings,
    /// Where task areas come from, if any are asked for.
    pub tasks: Option<TaskSettings>,
    /// How teams are planned, if a plan is asked for.
    pub plan: Option<PlanSettings>,
    /// Files to write beside the tables and grids.
    pub formats: Vec<Format>,
    /// The settings as written, with the overrides laid over them, for the record.
    pub as_used: serde_json::Value,
    /// The file as it was read, to show the line that a fault speaks of.
    pub document: Arc<Document>,
}

impl Project {
    /// Reads and checks a project file, `overrides` being `key.path=value` texts laid over it.
    /// Opens no layer: that is [`crate::run`]'s next step.
    pub fn open(file: &Path, overrides: &[String]) -> Result<Self> {
        let (project, faults) = Self::open_with_faults(file, overrides)?;
        faults.finish()?;
        project.ok_or_else(|| internal(file))
    }

    /// The project with its faults. What is at fault is left out of it or has its default, so that the inputs that it
    /// does name can be judged in the same round; it must not be run. `None` where not even that can be had.
    pub fn open_with_faults(file: &Path, overrides: &[String]) -> Result<(Option<Self>, Faults)> {
        if file.is_dir() {
            let inside = file.join("project.toml");
            let fix = if inside.is_file() {
                format!("give {}", inside.display())
            } else {
                "give the path of the PROJECT.toml in it".to_owned()
            };
            let place = file.display().to_string();
            return Err(Fault::new("project.folder", place, "a project file", "a folder", fix).into());
        }
        let text = std::fs::read_to_string(file).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::from(Fault::new(
                "project.missing",
                file.display().to_string(),
                "a project file",
                "no such file",
                "give the path of a PROJECT.toml; `clearway synth` makes one with a region to try",
            )),
            std::io::ErrorKind::InvalidData => Error::from(Fault::new(
                "project.not_text",
                file.display().to_string(),
                "a text file in UTF-8",
                "other bytes",
                "save it as UTF-8, or give the path of a PROJECT.toml",
            )),
            _ => Error::io("read", file)(error),
        })?;
        let name = file.display().to_string();
        let mut root = document::parse(&text, &name)?;
        let mut faults = Faults::new();
        for assignment in overrides {
            faults.take(document::set(&mut root, assignment))?;
        }
        faults.finish()?;
        let folder = file.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        Ok(Self::from_document(Document { name, text, root }, file.to_path_buf(), folder, &[]))
    }

    /// The project of a finished run, from the settings of its record. `file` is the project file then; paths are
    /// relative to its folder.
    pub fn of_record(settings: &serde_json::Value, file: &Path) -> Result<Self> {
        let folder = file.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        let name = format!("settings in {}", crate::io::atomic::RUN_RECORD);
        let document = Document { name, text: String::new(), root: document::from_json(settings) };
        let (project, faults) = Self::from_document(document, file.to_path_buf(), folder, &[]);
        faults.finish()?;
        project.ok_or_else(|| internal(file))
    }

    /// The project of settings that a program gives, shaped as a project file is; `held` are the names of layers whose
    /// cells it holds, which need no path. Other paths are relative to `folder`.
    pub fn of_settings(settings: &serde_json::Value, folder: &Path, held: &[String]) -> Result<Self> {
        let document = Document {
            name: "settings".to_owned(),
            text: String::new(),
            root: document::from_json(settings),
        };
        let (project, faults) =
            Self::from_document(document, folder.join("settings"), folder.to_path_buf(), held);
        faults.finish()?;
        project.ok_or_else(|| internal(folder))
    }

    /// The layer with a name.
    pub fn layer(&self, name: &str) -> Option<&LayerSettings> {
        self.layers.iter().find(|layer| layer.name == name)
    }

    /// Whether a program holds the layer of a name, and no file.
    pub fn is_given(&self, name: &str) -> bool {
        self.layer(name).is_some_and(|layer| layer.source == LayerSource::Given)
    }

    fn from_document(
        document: Document,
        file: PathBuf,
        folder: PathBuf,
        held: &[String],
    ) -> (Option<Self>, Faults) {
        let reading = Reading::new(&document.name, &document.text);
        let top = Section::new(&reading, "", &document.root);
        let (project_name, seed) = read_project(&top);
        let (layers, frame) = layers::read(&reading, &top, &folder, held);
        let datum_shifts = datum_shifts::read(&top);
        let hazard = hazard::read(&top, &folder);
        let score = score::read(&top, &layers, seed);
        let tasks = tasks::read(&top, &folder, &layers);
        let plan = plan::read(&reading, &top, &folder);
        let formats = outputs::read(&top);
        if top.node("plan").is_some() && top.node("tasks").is_none() {
            let fix = "add `areas = { path = \"hazardous_areas.geojson\" }` or `grow = {}` under [tasks]";
            top.fault("project.missing_key", "tasks", "[tasks], for the plan to plan", "nothing", fix);
        }
        top.finish();
        let mut faults = reading.into_faults();
        let mut score = match score {
            Some(score) => score,
            None if faults.is_empty() => return (None, faults),
            None => ScoreSettings::default(),
        };
        // What only the numbers themselves show, such as two bounds that are one as a cell holds them; what the reading
        // has told already is not told twice.
        if faults.is_empty() {
            match score.recipe.clone().validated() {
                Ok(recipe) => score.recipe = recipe,
                Err(error) => error.faults().iter().for_each(|fault| faults.push(fault.clone())),
            }
        }
        let project = Self {
            file,
            folder,
            name: project_name,
            seed,
            frame,
            layers,
            datum_shifts,
            hazard,
            score,
            tasks,
            plan,
            formats,
            as_used: to_json(&document.root),
            document: Arc::new(document),
        };
        (Some(project), faults)
    }
}

fn internal(file: &Path) -> Error {
    let place = file.display().to_string();
    Fault::new("project.internal", place, "checked settings", "a gap", "report it").into()
}

fn read_project(top: &Section<'_>) -> (String, u64) {
    let Some(section) = top.section("project") else {
        top.required("project", None::<()>, "[project]\nname = \"my region\"");
        return (String::new(), 1);
    };
    let name = section.text("name");
    let name = section.required("name", name, "name = \"my region\"").unwrap_or_default();
    // The name becomes a folder's name: no path may hide in it.
    if name.contains(['/', '\\', '\0']) || name.trim_matches('.').trim().is_empty() && !name.is_empty() {
        section.wrong("name", "a name without slashes", &format!("{name:?}"));
    } else if name.is_empty() && section.node("name").is_some() {
        section.wrong("name", "a name", "an empty text");
    }
    let seed = section.whole("seed", 0).unwrap_or(1);
    section.finish();
    (name, seed)
}

fn to_json(node: &Node) -> serde_json::Value {
    use document::Value;
    match &node.value {
        Value::Text(text) | Value::Date(text) => text.clone().into(),
        Value::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => (*n as i64).into(),
        Value::Number(number) => (*number).into(),
        Value::Bool(value) => (*value).into(),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Table(entries) => serde_json::Value::Object(
            entries.iter().map(|(key, node)| (key.clone(), to_json(node))).collect(),
        ),
    }
}
