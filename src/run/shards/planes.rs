//! Which plane lies in which piece, written how, and left by which step.

use super::super::hazard;
use super::super::project::Project;
use crate::io::geotiff::{Compression, WriteSpec};
use crate::report::grids::grids;
use crate::score::{Benefit, Plane, Recipe, Step};

/// The file of the layers' surveys.
pub const SURVEYS: &str = "surveys";

/// The name of the built hazard's pieces.
pub const HAZARD: &str = "layer-hazard";

/// The file of a piece.
pub fn piece_name(name: &str) -> String {
    format!("{name}.piece")
}

/// The name of a plane's pieces, and how they are written: as the grid is, so that its tiles can be taken over.
pub fn plane_file(plane: Plane, compression: Compression) -> (&'static str, WriteSpec) {
    let grid = grids(true).find(|grid| grid.plane == plane);
    // Colours are the file's, not its tiles'.
    grid.map_or_else(|| ("order", inner_spec("order")), |grid| (grid.name, grid.spec(compression, 0)))
}

/// The name of a plane by itself.
pub fn plane_name(plane: Plane) -> &'static str {
    plane_file(plane, Compression::default()).0.trim_end_matches(".tif")
}

/// The step that leaves a plane.
pub fn step_of(plane: Plane) -> Step {
    match plane {
        Plane::Exposure | Plane::PeopleAtRisk => Step::Exposure,
        Plane::Benefit | Plane::Cost | Plane::BenefitPerCost | Plane::Order => Step::Priority,
        Plane::Rank | Plane::Class => Step::Rank,
        Plane::Acceptability | Plane::RankMean | Plane::RankSd => Step::Moments,
    }
}

/// The planes that scoring takes up again, by the names under which it asks for them.
pub const KEPT: [&str; 4] = ["exposure", "people_at_risk", "benefit", "priority"];

/// The plane of such a name.
pub fn kept_plane(name: &str, recipe: &Recipe) -> Plane {
    match name {
        "exposure" => Plane::Exposure,
        "people_at_risk" => Plane::PeopleAtRisk,
        "benefit" => Plane::Benefit,
        _ if recipe.benefit == Benefit::Ordered => Plane::Order,
        _ => Plane::BenefitPerCost,
    }
}

/// The layers that are made before scoring, each with the name of its pieces.
pub fn made_layers(project: &Project, has_hazard: bool) -> Vec<(String, String)> {
    let measures = project.score.measures.iter().enumerate();
    // A measure is named by its place: its own name may hold anything.
    let mut made: Vec<(String, String)> =
        measures.map(|(i, measure)| (measure.name.clone(), format!("layer-{i}"))).collect();
    made.extend(has_hazard.then(|| ("hazard".to_owned(), HAZARD.to_owned())));
    made
}

/// How such a layer's pieces are written.
pub fn made_spec(name: &str, compression: Compression) -> WriteSpec {
    if name == HAZARD { hazard::spec(compression) } else { inner_spec(name) }
}

/// Of planes that no grid shows.
fn inner_spec(name: &str) -> WriteSpec {
    WriteSpec { compression: Compression::Zstd, ..WriteSpec::quantity(name, "") }
}
