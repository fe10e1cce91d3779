//! The project file as text: every key with what it means, guesses marked, what is missing left to fill in.

use std::fmt::Write;

use super::roles::{Draft, Layer};
use crate::grid::Frame;

/// The whole project file.
pub fn project_text(draft: &Draft) -> String {
    let mut text = format!(
        "\
# Written by `clearway init`. Lines marked GUESS are guesses from file names and values: look at them before people
# act on the results. `clearway check` tells every fault of this file and of the layers, and what is odd about them.
# Paths are relative to this file.

[project]
name = {}
seed = 1                         # for all that is drawn by chance; the same seed gives the same result

",
        quoted(&draft.name)
    );
    layers(draft, &mut text);
    if draft.hazard.is_none() {
        hazard(draft, &mut text);
    }
    score(draft, &mut text);
    tasks(draft, &mut text);
    plan(draft, &mut text);
    text
}

fn layers(draft: &Draft, text: &mut String) {
    *text += "[layers]\n";
    let frame = draft.frame();
    let is_built = draft.areas.is_some() || draft.accidents.is_some();
    match &draft.hazard {
        Some(layer) => {
            *text += "# Probability that the ground in a cell is contaminated, 0 to 1. Its cells are the frame: all other\n\
                      # layers are brought onto them.\n";
            line(layer, frame, text);
        }
        None if is_built => {
            *text += "# The layer `hazard` is built from polygons and accidents, see [hazard].\n"
        }
        None => {
            *text += "# MISSING: probability that the ground in a cell is contaminated, 0 to 1.\n\
                      hazard = { path = \"hazard.tif\" }\n";
        }
    }
    if let Some(layer) = &draft.hazard_sd {
        *text += "# Its standard deviation: how unsure the hazard is. Used with [score.robustness].\n";
        line(layer, frame, text);
    }
    *text += "# People who live in each cell (or `unit = \"people_per_km2\"`).\n";
    match &draft.population {
        Some(layer) => line(layer, frame, text),
        None => {
            *text += "# MISSING\npopulation = { path = \"population.tif\", unit = \"people_per_cell\" }\n"
        }
    }
    match &draft.cost {
        Some(layer) => {
            *text += "# What clearing a square metre costs (or `unit = \"usd_per_cell\"`).\n";
            line(layer, frame, text);
        }
        None => {
            *text += "# What clearing a square metre costs. No layer of it was found: one number stands for all ground.\n\
                      cost = { constant = 2.0, unit = \"usd_per_m2\" }   # GUESS: between 0.5 and 10 in most programmes\n";
        }
    }
    if let Some((layer, _)) = &draft.road_distance {
        *text += "# Distance to the nearest road.\n";
        line(layer, frame, text);
    }
    if let Some(file) = &draft.roads {
        let _ = writeln!(
            text,
            "# Roads as lines; a criterion measures the distance to them.\nroads = {{ path = {} }}",
            quoted(file)
        );
    }
    if let Some(file) = draft.accidents.as_ref().filter(|_| draft.hazard.is_some()) {
        let _ = writeln!(
            text,
            "# Recorded accidents. No score rests on them: `clearway check` tells how well the hazard finds them.\n\
             accidents = {{ path = {} }}",
            quoted(file)
        );
    }
    if let Some(layer) = &draft.difficulty {
        *text += "# How many times longer the work takes than on flat open ground, 1 or more.\n";
        line(layer, frame, text);
    }
    if !draft.further.is_empty() {
        *text += "# Not used yet: take the # away and name them in a criterion or a gate.\n";
        for layer in &draft.further {
            *text += "# ";
            line(layer, frame, text);
        }
    }
    text.push('\n');
}

/// A layer's line, with how it is brought onto the frame and what the guess rests on.
fn line(layer: &Layer, frame: Option<&Frame>, text: &mut String) {
    let mut keys = format!("path = {}", quoted(&layer.file));
    if let Some(unit) = layer.unit {
        let _ = write!(keys, ", unit = \"{unit}\"");
    }
    if let Some(scale) = layer.scale {
        let _ = write!(keys, ", scale = {scale}");
    }
    let mut why = layer.why.clone();
    if let Some(frame) = frame.filter(|frame| !layer.frame.same_cells(frame)) {
        let _ = write!(keys, ", resample = \"{}\"", resampling(layer, frame));
        why +=
            if layer.frame.crs == frame.crs { "; other cells than the frame's" } else { "; another CRS: " };
        if layer.frame.crs != frame.crs {
            why += &layer.frame.crs.to_string();
        }
    }
    let _ = writeln!(text, "{} = {{ {keys} }}", layer.key);
    let _ = writeln!(text, "# ^ {}", comment(&why));
}

/// Counts are summed, densities averaged or interpolated, all else taken as it is.
fn resampling(layer: &Layer, frame: &Frame) -> &'static str {
    let is_finer = layer.frame.cell_area_m2(0) < frame.cell_area_m2(0);
    match (layer.key.as_str(), layer.unit) {
        (_, Some("people_per_cell" | "usd_per_cell")) => "sum",
        ("hazard" | "hazard_sd" | "population" | "cost" | "slope_factor" | "road_distance", _)
            if is_finer =>
        {
            "average"
        }
        ("hazard" | "hazard_sd" | "population" | "cost" | "slope_factor" | "road_distance", _) => "bilinear",
        _ => "nearest",
    }
}

fn hazard(draft: &Draft, text: &mut String) {
    if draft.areas.is_none() && draft.accidents.is_none() {
        return;
    }
    *text += "# No raster of the hazard was found: it is built from what is recorded.\n[hazard]\n";
    let mut priors = vec![("SHA".to_owned(), 0.05), ("CHA".to_owned(), 0.9)];
    if let Some(areas) = &draft.areas {
        match &areas.classification {
            Some((column, classes)) => {
                let _ = writeln!(
                    text,
                    "areas = {{ path = {}, classification = {} }}   # classes: {}",
                    quoted(&areas.file),
                    quoted(column),
                    comment(&classes.join(", "))
                );
                priors = classes.iter().map(|class| (class.clone(), prior(class))).collect();
            }
            None => {
                let _ = writeln!(
                    text,
                    "# MISSING: the column that says SHA (suspected) or CHA (confirmed) of each area; none was found.\n\
                     areas = {{ path = {}, classification = \"classification\" }}",
                    quoted(&areas.file)
                );
            }
        }
    }
    if let Some(file) = &draft.accidents {
        let _ = writeln!(
            text,
            "accidents = {{ path = {}, strength = 0.3, sigma_m = 500 }}   # each raises the hazard around it",
            quoted(file)
        );
    }
    let list: Vec<String> =
        priors.iter().map(|(class, prior)| format!("{} = {prior}", quoted(class))).collect();
    let _ = writeln!(
        text,
        "# Share of the ground of a class that proves mined. GUESS: look at what your own clearance has found.\n\
         prior = {{ {}, elsewhere = 0.001 }}\n",
        list.join(", ")
    );
}

/// domain.md §6: 0.9 for what is confirmed, 0.05 for what is suspected and all else.
fn prior(class: &str) -> f64 {
    let class = class.to_lowercase();
    if class.starts_with("cha") || class.contains("confirm") { 0.9 } else { 0.05 }
}

fn score(draft: &Draft, text: &mut String) {
    *text += "\
[score]
benefit = \"risk\"                 # hazard times the weighted worth of the criteria below
priority_by = \"benefit_per_cost\" # rank by what a dollar buys; \"benefit\" leaves cost out
exposure = { kernel = \"gaussian\", sigma_m = 1000 }   # people count less the further away they live
classes = [5, 15, 40]            # the first 5, 15 and 40 % are class 1, 2 and 3; the rest is class 4

[[score.criteria]]
name = \"people\"                  # people within reach of the cell
layer = \"exposure\"
weight = 3
value = { linear = [0, \"max\"] } # worth 0 where nobody lives, 1 where most do

";
    let road = match (&draft.road_distance, &draft.roads) {
        (Some((layer, far)), _) => Some((format!("layer = \"{}\"", layer.key), *far)),
        (None, Some(_)) => Some((
            "layer = \"roads\"\nmeasure = \"proximity\"          # metres to the nearest road".to_owned(),
            5000.0,
        )),
        (None, None) => None,
    };
    if let Some((layer, far)) = road {
        let _ = writeln!(
            text,
            "[[score.criteria]]\nname = \"road access\"             # land near roads is used by more people\n{layer}\n\
             weight = 1\nvalue = {{ linear = [{far}, 0] }}   # GUESS: worth 0 from {far} on, 1 at the road\n"
        );
    }
    *text += "\
# How sure is a rank? Take the # away to draw weights, hazard and cost anew, 256 times.
# [score.robustness]
# samples = 256

";
}

/// The largest task that is grown: 10 ha, or three cells where those are larger.
fn largest_task_m2(frame: Option<&Frame>) -> f64 {
    let cells_m2 = frame.map_or(0.0, |frame| 3.0 * frame.cell_area_m2(frame.n_rows as i64 / 2));
    // Rounded up to two digits.
    let digit = 10f64.powf(cells_m2.max(1.0).log10().floor() - 1.0);
    ((cells_m2 / digit).ceil() * digit).max(100_000.0)
}

fn tasks(draft: &Draft, text: &mut String) {
    *text += "[tasks]\n";
    match &draft.areas {
        Some(areas) => {
            let id = areas.id.as_ref().map_or(String::new(), |id| format!(", id = {}", quoted(id)));
            let _ = writeln!(
                text,
                "# Tasks are the {} hazardous areas as recorded; `id` is the column that names them.\n\
                 areas = {{ path = {}{id} }}",
                areas.n,
                quoted(&areas.file)
            );
        }
        None => {
            let _ = writeln!(
                text,
                "# Tasks are grown from the priority grid: connected cells of the first tenth. Hazardous areas as polygons are\n\
                 # better: `areas = {{ path = \"hazardous_areas.geojson\", id = \"imsma_id\" }}` in place of this line.\n\
                 grow = {{ min_rank = 90, min_area_m2 = 5000, max_area_m2 = {} }}",
                largest_task_m2(draft.frame())
            );
        }
    }
    if draft.difficulty.is_some() {
        *text += "difficulty = \"slope_factor\"      # a task takes its mean of this layer times as long\n";
    }
    text.push('\n');
}

fn plan(draft: &Draft, text: &mut String) {
    let budget = match draft.budget_usd {
        Some(usd) => format!("budget_usd = {usd}"),
        None => "# budget_usd = 1_000_000        # none was given: without it money is no limit".to_owned(),
    };
    let mut plan = format!(
        "\
[plan]
start = {}
years = 3
discount = 0.03                  # a good done a year later counts 3 % less
{budget}
objective = \"discounted\"         # person-hectare-years of exposure averted within the years
worth = \"exposure_ha\"            # what a task is worth a year: people times contaminated hectares
seconds = 30                     # how long to search; more finds a little better
",
        quoted(&draft.start)
    );
    // The columns of teams.csv cannot be explained in it: CSV knows no comments.
    let _ = writeln!(
        plan,
        "# One row a team: base (lon, lat in degrees), square metres a day, what it can do, when it works and what it costs.\n\
         # `closed` holds seasons without work, such as 12-01/03-15.\n\
         teams = {}",
        quoted(draft.teams.as_deref().unwrap_or("teams.csv"))
    );
    if let Some(file) = &draft.settlements {
        let _ =
            writeln!(plan, "settlements = {}   # names the settlement nearest to each task", quoted(file));
    }
    if let Some((file, name)) = &draft.districts {
        let _ = writeln!(plan, "districts = {{ path = {}, name = {} }}", quoted(file), quoted(name));
    }
    if draft.teams.is_some() {
        *text += &plan;
        return;
    }
    *text += "# No table of teams was found. Fill in teams.csv, then take the # away from these lines.\n";
    for line in plan.lines() {
        let _ = writeln!(text, "# {line}");
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A text in a comment: on one line.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
