//! The region's `project.toml`, commented so that it can be read as the first lesson in project files.

use super::SynthSpec;
use super::preset::Preset;
use super::region::Region;
use super::teams::{START_DAY, START_YEAR};

/// The text of the project file.
pub fn project_text(spec: &SynthSpec, region: &Region, budget_usd: f64) -> String {
    let (name, size, seed) = (spec.preset.name(), spec.size, spec.seed);
    let years = region.character.years;
    let crs = &region.frame().crs;
    let start = format!("{START_YEAR}-{START_DAY}");
    let (seed_line, budget_line) =
        (format!("seed = {seed}"), format!("budget_usd = {}", thousands(budget_usd)));
    let tasks = match spec.preset {
        Preset::Hillside | Preset::Nation => "\
# Tasks are the hazardous areas as recorded; `id` is the column that names them.
areas = { path = \"hazardous_areas.geojson\", id = \"imsma_id\" }"
            .to_owned(),
        Preset::Plain => {
            let min_rank = 100.0 * (1.0 - region.grown_share());
            format!(
                "\
# Tasks are grown from the priority grid: connected cells with a rank of at least `min_rank` (of 100),
# smaller ones dropped, larger ones split. (The recorded areas lie in hazardous_areas.geojson.)
grow = {{ min_rank = {min_rank:.3}, min_area_m2 = 5000, max_area_m2 = 100000 }}"
            )
        }
    };
    format!(
        "\
# A made-up region: nothing in it is real. Its middle lies in the open North Atlantic, far from any land, and
# every name is invented. Made by:
#   clearway synth --preset {name} --size {size} --seed {seed} --out DIR
# {size} x {size} cells, {crs}. Paths are relative to this file.

[project]
name = \"{name}\"
{seed_line:<33}# for all that is drawn by chance; the same seed gives the same result

[layers]
# Probability that the ground in a cell is contaminated, 0 to 1. Lakes and land beyond the border are unknown.
hazard = {{ path = \"hazard.tif\" }}
# Its standard deviation: how unsure the hazard is. Used where results are sampled ([score.robustness]).
hazard_sd = {{ path = \"hazard_sd.tif\" }}
# People who live in each cell.
population = {{ path = \"population.tif\", unit = \"people_per_cell\" }}
# What clearing a square metre costs, from land cover and slope.
cost = {{ path = \"cost.tif\", unit = \"usd_per_m2\" }}
# Metres to the nearest road (of roads.geojson): a layer of our own, named for use below.
road_distance = {{ path = \"road_distance.tif\" }}
# How many times longer the work takes than on flat open ground, 1 or more.
slope_factor = {{ path = \"slope_factor.tif\" }}
# Beside them, to look at: roads.geojson, and landcover.tif with the class codes of ESA WorldCover.

[score]
benefit = \"risk\"                 # hazard times the weighted worth of the criteria below
priority_by = \"benefit_per_cost\" # rank by what a dollar buys
exposure = {{ kernel = \"gaussian\", sigma_m = 1000 }}   # people count less the further away they live
classes = [5, 15, 40]            # the first 5, 15 and 40 % are class 1, 2 and 3; the rest is class 4

[[score.criteria]]
name = \"people\"                  # people within reach of the cell
layer = \"exposure\"
weight = 3
value = {{ linear = [0, \"max\"] }} # worth 0 where nobody lives, 1 where most do

[[score.criteria]]
name = \"road access\"             # land near roads is used by more people
layer = \"road_distance\"
weight = 1
value = {{ linear = [5000, 0] }}   # worth 0 from 5 km on, 1 at the road

[tasks]
{tasks}
difficulty = \"slope_factor\"      # a task takes its mean of this layer times as long

[plan]
start = \"{start}\"
years = {years}
discount = 0.03                  # a good done a year later counts 3 % less
{budget_line:<33}# less than all tasks cost and than the teams could spend: it binds
objective = \"discounted\"         # person-hectare-years of exposure averted within the years
worth = \"exposure_ha\"            # what a task is worth a year: people times contaminated hectares
seconds = 5                      # how long to search; more finds a little better
teams = \"teams.csv\"
settlements = \"settlements.csv\"  # names the settlement nearest to each task
districts = \"districts.geojson\"  # and the district it lies in
"
    )
}

/// A whole number as TOML writes it: 4_000_000.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push('_');
        }
        text.push(digit);
    }
    text
}
