//! What lies on a map, layer by layer, as SVG. All texts are escaped and shortened.

use std::collections::HashMap;
use std::fmt::Write;

use glam::DVec2;

use super::view::{Extent, View};
use crate::grid::Frame;
use crate::report::colours::{self, INK, PAPER, Rgb, TeamStroke, UNKNOWN_HATCH};
use crate::report::facts::{Facts, PlanFacts};
use crate::report::markup::{escape, shortened};
use crate::report::rows::{FromLonLat, routes};
use crate::report::tables::significant;
use crate::tasks::TaskArea;

/// Letters of a label at most.
const MOST_LETTERS: usize = 24;

/// A map under construction.
pub(super) struct Canvas<'v> {
    view: &'v View,
    /// Size of lines and letters, 1 = on a screen.
    unit: f64,
    body: String,
}

impl<'v> Canvas<'v> {
    pub(super) fn new(view: &'v View, unit: f64) -> Self {
        Self { view, unit, body: String::new() }
    }

    /// Everything drawn, cut at the box, with a frame. `name` must differ between maps of a page.
    pub(super) fn finish(self, name: &str) -> String {
        let View { at, size, .. } = self.view;
        let rect = format!(
            "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
            px(at.x),
            px(at.y),
            px(size.x),
            px(size.y)
        );
        format!(
            "<clipPath id=\"clip-{name}\"><rect {rect}/></clipPath><g clip-path=\"url(#clip-{name})\">{}</g>\
             <rect {rect} fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"/>",
            self.body,
            INK.hex(),
            self.unit
        )
    }

    /// Hatches everything: what is drawn over it is known.
    pub(super) fn hatch(&mut self) {
        let View { at, size, .. } = self.view;
        self.body += &hatch_pattern(self.unit);
        let _ = write!(
            self.body,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"url(#hatch)\"/>",
            px(at.x),
            px(at.y),
            px(size.x),
            px(size.y)
        );
    }

    /// A picture of a grid, where its frame lies.
    pub(super) fn grid(&mut self, frame: &Frame, uri: &str) {
        let extent = Extent::of_frame(frame);
        let upper_left = self.view.pixel(DVec2::new(extent.min.x, extent.max.y));
        let size = self.view.pixel(DVec2::new(extent.max.x, extent.min.y)) - upper_left;
        let _ = write!(
            self.body,
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
             image-rendering=\"optimizeSpeed\" href=\"{uri}\"/>",
            px(upper_left.x),
            px(upper_left.y),
            px(size.x),
            px(size.y)
        );
    }

    /// Outlines of all task areas, the heavier the earlier the class, dashed where not scored.
    pub(super) fn tasks(&mut self, facts: &Facts<'_>) {
        let n_classes = facts.n_classes();
        // First classes last, so that they lie on top.
        for class in [0].into_iter().chain((1..=n_classes).rev()) {
            let theirs = facts.tasks.iter().filter(|task| task.class.unwrap_or(0) == class);
            let path: String = theirs.map(|task| self.outline(task)).collect();
            if path.is_empty() {
                continue;
            }
            let width = outline_width(class, n_classes) * self.unit;
            let dash = if class == 0 {
                format!(" stroke-dasharray=\"{0} {0}\"", px(3.0 * self.unit))
            } else {
                String::new()
            };
            let _ = write!(
                self.body,
                "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"/>\
                 <path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{dash}/>",
                PAPER.hex(),
                px(width + 1.6 * self.unit),
                INK.hex(),
                px(width)
            );
        }
    }

    /// All task areas, faint.
    pub(super) fn other_tasks(&mut self, facts: &Facts<'_>) {
        let path: String = facts.tasks.iter().map(|task| self.outline(task)).collect();
        let _ = write!(
            self.body,
            "<path d=\"{path}\" fill=\"#f2f2f2\" fill-rule=\"evenodd\" stroke=\"#b0b0b0\" stroke-width=\"0.8\"/>"
        );
    }

    /// A team's task areas, filled and numbered in the order of its work.
    pub(super) fn team_tasks(&mut self, facts: &Facts<'_>, plan: &PlanFacts<'_>, team_index: usize) {
        let colour = colours::team(team_index).colour;
        let team = &plan.problem.teams[team_index].id;
        let theirs: Vec<(usize, &TaskArea)> = plan
            .rows
            .iter()
            .filter(|row| row.team_id == *team)
            .filter_map(|row| Some((row.position, facts.task(&row.task_id)?)))
            .collect();
        for (_, task) in &theirs {
            let _ = write!(
                self.body,
                "<path d=\"{}\" fill=\"{}\" fill-opacity=\"0.45\" fill-rule=\"evenodd\" stroke=\"{}\" stroke-width=\"1.2\"/>",
                self.outline(task),
                colour.hex(),
                INK.hex()
            );
        }
        let Some(way) = FromLonLat::into_crs(facts.crs) else { return };
        for (position, task) in theirs {
            let at = task.lon.zip(task.lat).and_then(|(lon, lat)| way.xy([lon, lat]));
            if let Some(at) = at.map(|at| self.view.pixel(at)) {
                self.label(at + DVec2::new(4.0, -4.0), &position.to_string(), 11.0, INK, true);
            }
        }
    }

    /// The teams' ways, or one team's.
    pub(super) fn routes(&mut self, facts: &Facts<'_>, plan: &PlanFacts<'_>, only: Option<usize>) {
        let Some(way) = FromLonLat::into_crs(facts.crs) else { return };
        let routes = routes(plan.rows, facts.tasks, plan.problem);
        for route in routes.iter().filter(|route| only.is_none_or(|index| route.team_index == index)) {
            let points: Vec<String> = route
                .lon_lat
                .iter()
                .filter_map(|&place| way.xy(place))
                .map(|place| self.view.pixel(place))
                .map(|p| format!("{},{}", px(p.x), px(p.y)))
                .collect();
            self.body += &stroke(&points.join(" "), colours::team(route.team_index), self.unit);
        }
    }

    /// The teams' bases with their ids, or one team's. Teams of one base share its label.
    pub(super) fn bases(&mut self, facts: &Facts<'_>, plan: &PlanFacts<'_>, only: Option<usize>) {
        let Some(way) = FromLonLat::into_crs(facts.crs) else { return };
        let mut at: Vec<(DVec2, Vec<&str>)> = Vec::new();
        let mut known: HashMap<[u64; 2], usize> = HashMap::new();
        for (i, team) in plan.problem.teams.iter().enumerate() {
            let Some(place) = team.at.filter(|_| only.is_none_or(|index| index == i)) else { continue };
            let Some(pixel) = way.xy(place).map(|xy| self.view.pixel(xy)) else { continue };
            let index = *known.entry(place.map(f64::to_bits)).or_insert_with(|| {
                at.push((pixel, Vec::new()));
                at.len() - 1
            });
            at[index].1.push(&team.id);
        }
        let side = 9.0 * self.unit;
        for (pixel, teams) in at {
            let _ = write!(
                self.body,
                "<rect x=\"{}\" y=\"{}\" width=\"{side}\" height=\"{side}\" fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>",
                px(pixel.x - side / 2.0),
                px(pixel.y - side / 2.0),
                INK.hex(),
                PAPER.hex(),
                self.unit
            );
            // Below, because a settlement of the same place has its name above.
            self.label(pixel + DVec2::new(side * 0.8, side * 1.5), &teams.join(", "), 12.0, INK, true);
        }
    }

    /// The largest settlements with their names.
    pub(super) fn settlements(&mut self, facts: &Facts<'_>, most: usize) {
        let Some(way) = FromLonLat::into_crs(facts.crs) else { return };
        let mut shown: Vec<_> = facts
            .settlements
            .iter()
            .filter_map(|place| Some((self.view.pixel(way.xy([place.lon, place.lat])?), place)))
            .filter(|(pixel, _)| self.view.shows(*pixel))
            .collect();
        shown.sort_by(|a, b| b.1.population.unwrap_or(0.0).total_cmp(&a.1.population.unwrap_or(0.0)));
        for (pixel, place) in shown.into_iter().take(most) {
            let _ = write!(
                self.body,
                "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>",
                px(pixel.x),
                px(pixel.y),
                px(3.0 * self.unit),
                PAPER.hex(),
                INK.hex(),
                px(1.2 * self.unit)
            );
            self.label(pixel + DVec2::new(5.0, -3.0) * self.unit, &place.name, 10.0, INK, false);
        }
    }

    /// A bar of a round length, lower left.
    pub(super) fn scale_bar(&mut self) {
        let (length_m, length_px) = self.view.scale_bar();
        let at = self.view.at + DVec2::new(14.0 * self.unit, self.view.size.y - 14.0 * self.unit);
        let text = if length_m >= 1000.0 {
            format!("{} km", significant(length_m / 1000.0, 3))
        } else {
            format!("{} m", significant(length_m, 3))
        };
        let _ = write!(
            self.body,
            "<path d=\"M{0} {2}v{3}h{1}v-{3}\" fill=\"none\" stroke=\"{5}\" stroke-width=\"{6}\"/>\
             <path d=\"M{0} {2}v{3}h{1}v-{3}\" fill=\"none\" stroke=\"{4}\" stroke-width=\"{7}\"/>",
            px(at.x),
            px(length_px),
            px(at.y - 6.0 * self.unit),
            px(6.0 * self.unit),
            INK.hex(),
            PAPER.hex(),
            px(5.0 * self.unit),
            px(2.0 * self.unit)
        );
        self.label(at + DVec2::new(4.0, -6.0) * self.unit, &text, 12.0, INK, true);
    }

    /// An arrow to the north of the grid, upper right.
    pub(super) fn north(&mut self) {
        let at = self.view.at + DVec2::new(self.view.size.x - 24.0 * self.unit, 16.0 * self.unit);
        let u = self.unit;
        let _ = write!(
            self.body,
            "<path d=\"M{} {}l{} {}l-{} -{}l-{} {}z\" fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>",
            px(at.x),
            px(at.y),
            px(8.0 * u),
            px(26.0 * u),
            px(8.0 * u),
            px(6.0 * u),
            px(8.0 * u),
            px(6.0 * u),
            INK.hex(),
            PAPER.hex(),
            px(1.2 * u)
        );
        self.label(at + DVec2::new(-4.5, 42.0) * u, "N", 13.0, INK, true);
    }

    fn label(&mut self, at: DVec2, text: &str, size: f64, colour: Rgb, is_bold: bool) {
        let _ = write!(
            self.body,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{} fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\" \
             stroke-linejoin=\"round\" paint-order=\"stroke\">{}</text>",
            px(at.x),
            px(at.y),
            px(size * self.unit),
            if is_bold { " font-weight=\"bold\"" } else { "" },
            colour.hex(),
            PAPER.hex(),
            px(3.0 * self.unit),
            escape(&shortened(text, MOST_LETTERS))
        );
    }

    /// A task's rings as path data, points closer than half a pixel left out.
    fn outline(&self, task: &TaskArea) -> String {
        let mut path = String::new();
        for polygon in &task.geometry {
            for ring in [polygon.exterior()].into_iter().chain(polygon.interiors()) {
                let mut last: Option<DVec2> = None;
                for p in &ring.0 {
                    let pixel = self.view.pixel(DVec2::new(p.x, p.y));
                    if last.is_some_and(|last| last.distance(pixel) < 0.5) {
                        continue;
                    }
                    let _ = write!(
                        path,
                        "{}{} {}",
                        if last.is_none() { "M" } else { "L" },
                        px(pixel.x),
                        px(pixel.y)
                    );
                    last = Some(pixel);
                }
                path.push('Z');
            }
        }
        path
    }
}

/// Width of a task's outline by its class, pixels on a screen.
pub(super) fn outline_width(class: u8, n_classes: u8) -> f64 {
    if class == 0 { 0.9 } else { 0.8 + 1.8 * f64::from(n_classes - class) / f64::from(n_classes.max(2) - 1) }
}

/// A line through points, in a team's stroke on a pale casing.
pub(super) fn stroke(points: &str, stroke: TeamStroke, unit: f64) -> String {
    let width = 2.6 * unit;
    let dashes: Vec<String> = stroke.dashes.iter().map(|dash| px(dash * width)).collect();
    let dashes =
        if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", dashes.join(" ")) };
    let line = |colour: Rgb, width: f64, more: &str| {
        format!(
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"{more}/>",
            colour.hex(),
            px(width)
        )
    };
    line(PAPER, width + 2.2 * unit, "") + &line(stroke.colour, width, &dashes)
}

/// The pattern of what is not known.
fn hatch_pattern(unit: f64) -> String {
    let step = px(7.0 * unit);
    format!(
        "<defs><pattern id=\"hatch\" width=\"{step}\" height=\"{step}\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect width=\"{step}\" height=\"{step}\" fill=\"{}\"/>\
         <line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"{step}\" stroke=\"{}\" stroke-width=\"{}\"/></pattern></defs>",
        PAPER.hex(),
        UNKNOWN_HATCH.hex(),
        px(1.6 * unit)
    )
}

/// Pixels to a tenth, which keeps the text short.
pub(super) fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
