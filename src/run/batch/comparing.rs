//! Folders of finished runs → a comparison. Every figure is read from the files that the runs wrote, so that a run kept
//! from an earlier batch counts like one made now.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use rayon::prelude::*;
use serde_json::Value;

use super::super::verify::read_json;
use super::Scenario;
use crate::error::Result;
use crate::grid::{CellStore, Cells, UNKNOWN, Window, is_unknown};
use crate::io::atomic::RUN_RECORD;
use crate::io::csv::Table;
use crate::io::geotiff::GeoTiff;
use crate::io::scratch::Scratch;
use crate::report::compare::{Comparison, RankMap, Row, TaskRow, kendall, spearman};

/// Pixels along the longer side of a map.
const MAP_SIDE: usize = 320;

/// Rows and columns of cells read at once, about.
const TILE: usize = 512;

/// Rank from which on a cell is in the first tenth.
const FIRST_TENTH: f32 = 90.0;

/// A scenario as its folder tells it.
struct Told {
    row: Row,
    objective: String,
    /// By id: where the task lies and how large it is, and its rank.
    tasks: BTreeMap<String, (String, Option<f64>)>,
    /// By id: the day it begins and the team.
    plan: HashMap<String, (String, String)>,
}

/// A comparison that grows by one finished run after the other; the first is the base of all.
pub struct Comparing<'a> {
    scratch: &'a Scratch,
    told: Vec<Told>,
    maps: Vec<Option<RankMap>>,
    warnings: Vec<String>,
    base: Option<Arc<dyn Cells>>,
}

impl<'a> Comparing<'a> {
    /// Of no run yet; the base's ranks are kept in `scratch` where they are not at hand.
    pub fn new(scratch: &'a Scratch) -> Self {
        Self { scratch, told: Vec::new(), maps: Vec::new(), warnings: Vec::new(), base: None }
    }

    /// Takes the run of a folder. Its ranks need not be read where they are at hand.
    pub fn add(&mut self, scenario: &Scenario, folder: &Path, ranks: Option<Arc<dyn Cells>>) -> Result<()> {
        let mut this = read(scenario, folder)?;
        let ranks = match ranks {
            None => written_ranks(folder)?,
            at_hand => at_hand,
        };
        let frame = self.base.as_ref().or(ranks.as_ref()).map(|plane| plane.frame().clone());
        let is_on_frame =
            |plane: &Arc<dyn Cells>| frame.as_ref().is_some_and(|base| base.same_cells(plane.frame()));
        let map =
            match ranks.filter(|plane| is_on_frame(plane) && (self.told.is_empty() || self.base.is_some())) {
                None => None,
                Some(plane) => {
                    let keep = match &self.base {
                        Some(_) => None,
                        None => Some(self.scratch.plane(plane.frame())?),
                    };
                    let (map, in_common) = shrink(&*plane, self.base.as_deref(), keep.as_deref())?;
                    this.row.top_tenth_in_common = in_common;
                    if let Some(keep) = keep {
                        self.base = Some(Arc::from(keep as Box<dyn Cells>));
                    }
                    Some(map)
                }
            };
        if map.is_none() {
            self.warnings.push(format!(
                "scenario {:?}: its grid lies on another frame than the base's; their ground is not compared",
                scenario.name
            ));
        }
        self.maps.push(map);
        agree(self.told.first(), &mut this);
        self.told.push(this);
        Ok(())
    }

    /// The comparison of all that were taken.
    pub fn finish(self, project: &str) -> Comparison {
        let Self { told, maps, mut warnings, .. } = self;
        let objective = told.first().map_or_else(String::new, |base| base.objective.clone());
        if told.iter().any(|this| this.objective != objective) {
            let text = "scenarios have different objectives: their values and bounds cannot be compared";
            warnings.push(text.to_owned());
        }
        let tasks = task_rows(&told);
        let rows = told.into_iter().map(|this| this.row).collect();
        Comparison { project: project.to_owned(), objective, rows, tasks, maps, warnings }
    }
}

/// The ranks that a run has written, where it has.
fn written_ranks(folder: &Path) -> Result<Option<Arc<dyn Cells>>> {
    let grid = folder.join("priority.tif");
    Ok(if grid.is_file() { Some(Arc::new(GeoTiff::open(&grid, 1)?)) } else { None })
}

fn read(scenario: &Scenario, folder: &Path) -> Result<Told> {
    let record = read_json(&folder.join(RUN_RECORD), folder)?;
    let mut row = Row {
        name: scenario.name.clone(),
        folder: folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        overrides: scenario.overrides.clone(),
        seconds: record["seconds"][super::super::IN_ALL].as_f64(),
        ..Row::default()
    };
    let mut tasks = BTreeMap::new();
    let mut figures: HashMap<String, [Option<f64>; 2]> = HashMap::new();
    let tasks_file = folder.join("tasks.csv");
    if tasks_file.is_file() {
        let table =
            Table::read(&tasks_file, &["task_id", "rank", "area_m2", "people_at_risk", "exposure_ha"])?;
        for task in table.rows() {
            let id = task.required("task_id")?.to_owned();
            // Grown task areas have the same ids in every scenario and are other ground.
            let ground = ["lon", "lat", "area_m2"].map(|column| task.text(column).unwrap_or_default());
            tasks.insert(id.clone(), (ground.join(" "), task.number("rank")?));
            figures.insert(id, [task.number("people_at_risk")?, task.number("exposure_ha")?]);
        }
    }
    let (mut plan, mut objective) = (HashMap::new(), String::new());
    if folder.join("plan.json").is_file() {
        let json = read_json(&folder.join("plan.json"), folder)?;
        objective = json["problem"]["objective"].as_str().unwrap_or_default().to_owned();
        row.objective = json["objective_value"].as_f64();
        row.bound = json["upper_bound"].as_f64();
        row.gap_percent = json["gap_percent"].as_f64();
        let year = first_year_end(&json);
        let table = Table::read(&folder.join("plan.csv"), &["team_id", "task_id", "start", "end"])?;
        let mut sums = [0.0; 4];
        let mut n_first_year = 0;
        for stop in table.rows() {
            let id = stop.required("task_id")?.to_owned();
            let [people, exposure] = figures.get(&id).copied().unwrap_or_default();
            let figures = [stop.number("worth")?, stop.number("cost_usd")?, people, exposure];
            sums.iter_mut().zip(figures).for_each(|(sum, figure)| *sum += figure.unwrap_or(0.0));
            let end: Option<Date> = stop.required("end")?.parse().ok();
            n_first_year += usize::from(end.zip(year).is_some_and(|(end, year)| end < year));
            let begun = (stop.required("start")?.to_owned(), stop.required("team_id")?.to_owned());
            plan.insert(id, begun);
        }
        row.worth = Some(sums[0]);
        row.cost_usd = Some(sums[1]);
        row.people_at_risk = Some(sums[2]);
        row.exposure_ha = Some(sums[3]);
        row.first_year_tasks = year.map(|_| n_first_year);
        row.tasks_done = Some(plan.len());
    }
    Ok(Told { row, objective, tasks, plan })
}

/// The first day after the plan's first year.
fn first_year_end(plan: &Value) -> Option<Date> {
    let start: Date = plan["start"].as_str()?.parse().ok()?;
    start.checked_add(jiff::Span::new().years(1)).ok()
}

/// How far a scenario's tasks and plan agree with the base's; the base agrees with itself.
fn agree(base: Option<&Told>, this: &mut Told) {
    let Some(base) = base else {
        let has_ranks = this.tasks.values().any(|(_, rank)| rank.is_some());
        this.row.rank_spearman = has_ranks.then_some(1.0);
        this.row.rank_kendall = has_ranks.then_some(1.0);
        this.row.plan_in_common = this.row.tasks_done.map(|_| 1.0);
        return;
    };
    let same = |id: &String, ground: &String| base.tasks.get(id).is_some_and(|(known, _)| known == ground);
    let all_same =
        this.tasks.len() == base.tasks.len() && this.tasks.iter().all(|(id, (ground, _))| same(id, ground));
    let pairs: Vec<(f64, f64)> = this
        .tasks
        .iter()
        .filter(|(id, (ground, _))| same(id, ground))
        .filter_map(|(id, (_, rank))| base.tasks[id].1.zip(*rank))
        .collect();
    this.row.rank_spearman = spearman(&pairs).filter(|_| all_same);
    this.row.rank_kendall = kendall(&pairs).filter(|_| all_same);
    if this.row.tasks_done.is_some() && base.row.tasks_done.is_some() && all_same {
        let (ours, theirs): (HashSet<&String>, HashSet<&String>) =
            (this.plan.keys().collect(), base.plan.keys().collect());
        let either = ours.union(&theirs).count();
        let both = ours.intersection(&theirs).count();
        this.row.plan_in_common = Some(if either == 0 { 1.0 } else { both as f64 / either as f64 });
    }
}

/// Tasks in any plan, those in most plans first, then by the base's rank. Tasks of the same id on other ground are
/// kept apart by the scenario's name.
fn task_rows(told: &[Told]) -> Vec<TaskRow> {
    let Some(base) = told.first() else { return Vec::new() };
    let mut rows: BTreeMap<String, TaskRow> = BTreeMap::new();
    for (i, this) in told.iter().enumerate() {
        for (id, begun) in &this.plan {
            let ground = this.tasks.get(id).map(|(ground, _)| ground);
            let is_base = base.tasks.get(id).map(|(ground, _)| ground) == ground;
            let name = if is_base { id.clone() } else { format!("{id} ({})", this.row.name) };
            let row = rows.entry(name.clone()).or_insert_with(|| {
                let rank_in = |other: &Told| {
                    let (known, rank) = other.tasks.get(id)?;
                    rank.filter(|_| Some(known) == ground)
                };
                TaskRow {
                    task_id: name,
                    ranks: told.iter().map(rank_in).collect(),
                    starts: vec![None; told.len()],
                }
            });
            row.starts[i] = Some(begun.clone());
        }
    }
    let mut rows: Vec<TaskRow> = rows.into_values().collect();
    let base_rank = |row: &TaskRow| row.ranks.first().copied().flatten().unwrap_or(-1.0);
    rows.sort_by(|a, b| {
        b.n_plans()
            .cmp(&a.n_plans())
            .then(base_rank(b).total_cmp(&base_rank(a)))
            .then(a.task_id.cmp(&b.task_id))
    });
    rows
}

/// What a tile of the grid gives: its part of the map, and m² in the base's first tenth and in both.
struct Part {
    window: Window,
    ranks: Vec<f32>,
    n_cols: usize,
    base_m2: f64,
    both_m2: f64,
}

/// A grid brought down to a map, and the share of the base's first tenth that is in its own too. Where `keep` is given
/// the grid is the base, and is written there for the others.
fn shrink(
    grid: &dyn Cells,
    base: Option<&dyn Cells>,
    keep: Option<&dyn CellStore>,
) -> Result<(RankMap, Option<f64>)> {
    let frame = grid.frame();
    let step = frame.n_cols.max(frame.n_rows).div_ceil(MAP_SIDE).max(1);
    let side = step * TILE.div_ceil(step);
    let n_map = [frame.n_cols, frame.n_rows].map(|n| n.div_ceil(step));
    let tops = (0..frame.n_rows).step_by(side);
    let windows: Vec<Window> = tops
        .flat_map(|row| (0..frame.n_cols).step_by(side).map(move |col| (col, row)))
        .map(|(col, row)| {
            let (n_cols, n_rows) = (side.min(frame.n_cols - col), side.min(frame.n_rows - row));
            Window::new(col as i64, row as i64, n_cols, n_rows)
        })
        .collect();
    let part = |&window: &Window| -> Result<Part> {
        let ranks = grid.read_vec(window)?;
        if let Some(keep) = keep {
            keep.write(window, &ranks)?;
        }
        let base = base.map(|base| base.read_vec(window)).transpose()?;
        let (mut base_m2, mut both_m2) = (0.0, 0.0);
        let is_first = |rank: f32| !is_unknown(rank) && rank >= FIRST_TENTH;
        for (i, line) in ranks.chunks_exact(window.n_cols).enumerate() {
            let theirs = base.as_ref().map_or(line, |base| &base[i * window.n_cols..][..window.n_cols]);
            let area_m2 = frame.cell_area_m2(window.row + i as i64);
            let n_base = theirs.iter().filter(|rank| is_first(**rank)).count();
            let n_both = theirs.iter().zip(line).filter(|(a, b)| is_first(**a) && is_first(**b)).count();
            base_m2 += n_base as f64 * area_m2;
            both_m2 += n_both as f64 * area_m2;
        }
        let n_cols = window.n_cols.div_ceil(step);
        Ok(Part { window, ranks: means(&ranks, window, step), n_cols, base_m2, both_m2 })
    };
    let parts: Vec<Part> = windows.par_iter().map(part).collect::<Result<_>>()?;
    let mut map = RankMap { n_cols: n_map[0], ranks: vec![UNKNOWN; n_map[0] * n_map[1]] };
    let (mut base_m2, mut both_m2) = (0.0, 0.0);
    for part in &parts {
        let (col, row) = (part.window.col as usize / step, part.window.row as usize / step);
        for (i, line) in part.ranks.chunks_exact(part.n_cols).enumerate() {
            let at = (row + i) * map.n_cols + col;
            map.ranks[at..at + line.len()].copy_from_slice(line);
        }
        base_m2 += part.base_m2;
        both_m2 += part.both_m2;
    }
    Ok((map, (base_m2 > 0.0).then_some(both_m2 / base_m2)))
}

/// Means of the known cells of each square of `step` cells, row by row.
fn means(cells: &[f32], window: Window, step: usize) -> Vec<f32> {
    let mut means = Vec::with_capacity(window.n_cols.div_ceil(step) * window.n_rows.div_ceil(step));
    for rows in cells.chunks(window.n_cols * step) {
        let mut sums = vec![(0.0_f64, 0_u32); window.n_cols.div_ceil(step)];
        for line in rows.chunks_exact(window.n_cols) {
            for (sum, cells) in sums.iter_mut().zip(line.chunks(step)) {
                for &cell in cells.iter().filter(|cell| !is_unknown(**cell)) {
                    *sum = (sum.0 + f64::from(cell), sum.1 + 1);
                }
            }
        }
        means.extend(sums.iter().map(|&(sum, n)| if n == 0 { UNKNOWN } else { (sum / f64::from(n)) as f32 }));
    }
    means
}
