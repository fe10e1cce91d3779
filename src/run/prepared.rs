//! Inputs opened and checked: layers on the frame, hazardous areas, teams and places, with all faults together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::areas::{Areas, LeftOut, read_task_areas};
use super::kept::{self, Kept, Kind};
use super::layers::{self, Given, OpenLayers};
use super::limits::{floor_faults, idle_budget};
use super::problem::{loose_ties, missing_columns};
use super::project::{PlanSettings, Project, TaskSettings, TaskSource, TeamSettings, TeamsSource};
use super::vectors::{read_districts, read_settlements, read_teams};
use crate::error::{Error, Fault, Faults, Result};
use crate::grid::Crs;
use crate::layers::Survey;
use crate::progress::Progress;
use crate::score::check_reach;
use crate::tasks::{self, District, Finding, PolygonFault, PolygonFeature, Settlement, survey_polygons};

/// How much of a project a command works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Layers only.
    Grids,
    /// Layers, task areas and the places that name them; teams where areas are cut by what they can work.
    TaskAreas,
    /// Layers, task areas, places and teams.
    Everything,
}

/// Everything a run needs, opened and checked.
pub struct Prepared {
    /// The settings.
    pub project: Project,
    /// The layers on the frame.
    pub layers: OpenLayers<'static>,
    /// Hazardous areas in the frame's CRS, where tasks come from polygons.
    pub areas: Option<Vec<PolygonFeature>>,
    /// Every fault of every polygon of the hazardous areas.
    pub polygon_faults: Vec<PolygonFault>,
    /// Hazardous areas that are not taken because of their status.
    pub left_out: Vec<LeftOut>,
    /// Teams.
    pub teams: Vec<TeamSettings>,
    /// Named settlements.
    pub settlements: Vec<Settlement>,
    /// Named districts.
    pub districts: Vec<District>,
    /// Every file read.
    pub files: Vec<PathBuf>,
    /// What is odd.
    pub warnings: Vec<String>,
}

impl Prepared {
    /// Opens all inputs; every fault of every one is reported together.
    pub fn open(project: Project, need: Need, memory_bytes: u64, progress: &dyn Progress) -> Result<Self> {
        Self::open_with(project, need, memory_bytes, &Kept::nothing(), progress)
    }

    /// The same with what earlier runs of this process have opened.
    pub fn open_with(
        project: Project,
        need: Need,
        memory_bytes: u64,
        kept: &Kept,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let mut faults = Faults::new();
        let layers = layers::open(&project, memory_bytes, kept, &mut faults, progress)?;
        Self::with_layers(project, need, layers, memory_bytes, kept, faults)
    }

    /// The same for grids alone, where the layers were read through by others, who tell what that showed.
    pub fn open_surveyed(
        project: Project,
        memory_bytes: u64,
        surveys: &BTreeMap<String, Survey>,
    ) -> Result<Self> {
        let mut faults = Faults::new();
        let layers = layers::open_surveyed(
            &project,
            &Given::new(),
            memory_bytes,
            &Kept::nothing(),
            surveys,
            &mut faults,
        )?;
        Self::with_layers(project, Need::Grids, layers, memory_bytes, &Kept::nothing(), faults)
    }

    fn with_layers(
        project: Project,
        need: Need,
        layers: Option<OpenLayers<'static>>,
        memory_bytes: u64,
        kept: &Kept,
        mut faults: Faults,
    ) -> Result<Self> {
        if let Some(layers) = &layers {
            let kernel = project.score.recipe.kernel;
            faults.take(check_reach(kernel, &layers.frame, memory_bytes / super::stages::TILES_SHARE))?;
        }
        let mut files = Vec::new();
        let mut warnings = project.score.warnings();
        warnings.extend(layers.iter().flat_map(|layers| layers.warnings.clone()));
        let mut areas = None;
        let (mut polygon_faults, mut left_out) = (Vec::new(), Vec::new());
        let (mut teams, mut settlements, mut districts) = (Vec::new(), Vec::new(), Vec::new());
        // Without a frame there is no CRS to bring polygons into: WGS 84 still shows what is wrong in them.
        let crs = layers.as_ref().map_or_else(Crs::wgs84, |layers| layers.frame.crs.clone());
        if let Some(tasks) = project.tasks.as_ref().filter(|_| need != Need::Grids) {
            if let TaskSource::Polygons { source, .. } = &tasks.source {
                files.extend(source.files());
            }
            if let Some(read) = surveyed_areas(tasks, &crs, kept, &mut faults)? {
                let (read, findings) = &*read;
                polygon_faults = tasks::polygon_faults(findings);
                left_out.clone_from(&read.left_out);
                warnings.extend(read.notes.iter().cloned());
                areas = Some(read.polygons.clone());
            }
        }
        if let Some(plan) = project.plan.as_ref().filter(|_| need != Need::Grids) {
            let place = project.file.display().to_string();
            let is_planned = need == Need::Everything;
            if is_planned || plan.max_team_days.is_some() {
                teams = faults.take(read_teams(plan, &place))?.unwrap_or_default();
                if let TeamsSource::File(source) = &plan.teams {
                    files.extend(source.files());
                }
            }
            // Told now and not after the grids are scored. Faulty teams or areas have had their own faults.
            let mut odd = Vec::new();
            if is_planned && !teams.is_empty() {
                odd.extend(loose_ties(plan, &teams, areas.as_deref(), &place));
            }
            let are_grown =
                project.tasks.as_ref().is_some_and(|tasks| matches!(tasks.source, TaskSource::Grown { .. }));
            if is_planned && (areas.is_some() || are_grown) {
                let has = |name: &str| {
                    areas.iter().flatten().any(|area: &PolygonFeature| area.attributes.contains_key(name))
                };
                odd.extend(missing_columns(plan, has, &place));
            }
            odd.into_iter().for_each(|fault| faults.push(fault));
            if let Some(source) = &plan.settlements {
                settlements = faults.take(read_settlements(source))?.unwrap_or_default();
                files.extend(source.files());
            }
            if let Some((source, name)) = &plan.districts {
                let read = faults.take(read_districts(source, name.as_deref(), &crs))?;
                let (read, notes) = read.unwrap_or_default();
                districts = read;
                warnings.extend(notes);
                files.extend(source.files());
            }
            if is_planned {
                let faulty = floor_faults(plan, &districts, areas.as_deref(), &place);
                let idle = idle_budget(&project, plan, &teams, &place);
                faulty.into_iter().chain(idle).for_each(|fault| faults.push(fault));
            }
            warnings.extend(far_teams(&teams, layers.as_ref()));
        }
        faults.finish()?;
        let layers = layers.ok_or_else(|| internal(&project.file))?;
        // Hazard and tasks are often made from the same areas.
        for fault in tasks::polygon_faults(&layers.findings) {
            if !polygon_faults.contains(&fault) {
                polygon_faults.push(fault);
            }
        }
        for area in &layers.left_out {
            if !left_out.contains(area) {
                left_out.push(area.clone());
            }
        }
        files.extend(layers.files.iter().cloned());
        Ok(Self {
            project,
            layers,
            areas,
            polygon_faults,
            left_out,
            teams,
            settlements,
            districts,
            files,
            warnings,
        })
    }
}

/// Hazardous areas as read, with what a survey of them found.
type SurveyedAreas = (Areas, Vec<Finding>);

/// The hazardous areas of `[tasks]`, `None` where there are none or they cannot be read.
fn surveyed_areas(
    tasks: &TaskSettings,
    crs: &Crs,
    kept: &Kept,
    faults: &mut Faults,
) -> Result<Option<Arc<SurveyedAreas>>> {
    let files = match &tasks.source {
        TaskSource::Polygons { source, .. } => source.files(),
        TaskSource::Grown { .. } => return Ok(None),
    };
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let key = kept::key(None, &(&tasks.source, crs), &files);
    if let Some(found) = kept.find::<SurveyedAreas>(Kind::Areas, &key) {
        return Ok(Some(found));
    }
    let Some(read) = faults.take(read_task_areas(tasks, crs))?.flatten() else { return Ok(None) };
    // The same survey runs again with repairs when tasks are outlined; here it finds what is wrong.
    let findings = faults.take(survey_polygons(&read.polygons, crs))?;
    let is_sound = findings.is_some();
    let read = Arc::new((read, findings.unwrap_or_default()));
    if is_sound {
        kept.put(Kind::Areas, &key, Arc::clone(&read));
    }
    Ok(Some(read))
}

/// The project of a file, or its faults together with those of the inputs it names. For that layers are opened but not
/// read through: a slip of the pen is told at once.
pub fn project_of(file: &Path, overrides: &[String], need: Need) -> Result<Project> {
    let (project, mut faults) = Project::open_with_faults(file, overrides)?;
    let Some(project) = project else { return Err(faults.finish().err().unwrap_or_else(|| internal(file))) };
    if faults.is_empty() {
        return Ok(project);
    }
    // What else goes wrong here, such as a file that may not be read, comes up again once the project is mended.
    let layers =
        layers::open_unread(&project, &Given::new(), 0, &Kept::nothing(), &mut faults).ok().flatten();
    let crs = layers.map_or_else(Crs::wgs84, |layers| layers.frame.crs);
    if let Some(tasks) = project.tasks.as_ref().filter(|_| need != Need::Grids) {
        let _ = faults.take(read_task_areas(tasks, &crs));
    }
    if let Some(plan) = project.plan.as_ref().filter(|_| need != Need::Grids) {
        if need == Need::Everything || plan.max_team_days.is_some() {
            let _ = faults.take(read_teams(plan, &project.file.display().to_string()));
        }
        if let Some(source) = &plan.settlements {
            let _ = faults.take(read_settlements(source));
        }
        if let Some((source, name)) = &plan.districts {
            let _ = faults.take(read_districts(source, name.as_deref(), &crs));
        }
    }
    faults.finish().map_err(|error| project.document.locate(error))?;
    Ok(project)
}

/// The plan settings of a project that is to be planned.
pub fn plan_settings(project: &Project) -> Result<&PlanSettings> {
    project.plan.as_ref().ok_or_else(|| {
        let place = project.file.display().to_string();
        let fix = "add [plan] with `start` and `teams`, or use `clearway run` for grids and task areas alone";
        Fault::new("project.missing_key", place, "[plan], for teams to plan", "nothing", fix).into()
    })
}

/// Refuses a project that says nothing of task areas.
pub fn task_settings(project: &Project) -> Result<()> {
    if project.tasks.is_some() {
        return Ok(());
    }
    let place = project.file.display().to_string();
    let fix = "add [tasks] with `areas` or `grow`, or use `clearway score` for the grids alone";
    Err(Fault::new("project.missing_key", place, "[tasks], to be outlined", "nothing", fix).into())
}

/// Plan settings, teams and their files, for planning the tasks of an earlier run.
pub fn teams_only(project: &Project) -> Result<(&PlanSettings, Vec<TeamSettings>, Vec<PathBuf>)> {
    let plan = plan_settings(project)?;
    let teams = read_teams(plan, &project.file.display().to_string())?;
    let files = match &plan.teams {
        TeamsSource::File(source) => source.files(),
        TeamsSource::Tables(_) => Vec::new(),
    };
    Ok((plan, teams, files))
}

/// Teams so far from the frame that a coordinate is likely wrong (lon and lat swapped, say).
fn far_teams(teams: &[TeamSettings], layers: Option<&OpenLayers<'_>>) -> Vec<String> {
    use crate::grid::{LonLat, Reprojection, geodesic_m};
    const FAR_KM: f64 = 1000.0;
    let Some(frame) = layers.map(|layers| &layers.frame) else { return Vec::new() };
    let middle = frame.centre(frame.n_cols as i64 / 2, frame.n_rows as i64 / 2);
    let Ok(lonlat) = Reprojection::new(&frame.crs, &Crs::wgs84(), "frame") else { return Vec::new() };
    let Some(middle) = lonlat.point(middle) else { return Vec::new() };
    teams
        .iter()
        .filter_map(|team| {
            let km = geodesic_m(LonLat::new(team.lon, team.lat), middle) / 1000.0;
            let text = format!(
                "team {} is based {km:.0} km from the middle of the frame (lon {}, lat {}): are lon and lat swapped?",
                team.team_id, team.lon, team.lat
            );
            (km > FAR_KM).then_some(text)
        })
        .collect()
}

fn internal(file: &Path) -> Error {
    let place = file.display().to_string();
    Fault::new(
        "project.internal",
        place,
        "layers on a frame",
        "none, and no fault to explain it",
        "report it",
    )
    .into()
}
