//! The sheet of `map.png`: title, map, legend, and what must be said on any map.

use std::fmt::Write;

use super::draw::{Canvas, outline_width, px, stroke};
use super::grid_uri;
use super::view::{Extent, View};
use crate::error::Result;
use crate::grid::{Cells, MemoryCells};
use crate::report::colours::{self, INK, PAPER};
use crate::report::facts::Facts;
use crate::report::markup::{escape, shortened};
use crate::report::picture::least_rank;

/// Teams in the legend at most.
const MOST_TEAMS: usize = 14;
/// Size of letters and lines for 1 on a screen.
const UNIT: f64 = 1.8;

/// The whole sheet.
pub(super) fn svg(
    facts: &Facts<'_>,
    grid: Option<&MemoryCells>,
    (width, height): (f64, f64),
) -> Result<String> {
    let (margin, legend_width, title_height, foot_height) = (40.0, 520.0, 110.0, 120.0);
    let map = (width - 2.0 * margin - legend_width - 30.0, height - title_height - foot_height);
    let extent = Extent::of_run(facts, grid.map(Cells::frame));
    let view = View::new(extent, facts.crs, (margin, title_height), map);
    let mut canvas = Canvas::new(&view, UNIT);
    canvas.hatch();
    let least = grid.map(|grid| f64::from(least_rank(grid)).floor());
    if let (Some(grid), Some(least)) = (grid, least) {
        canvas.grid(grid.frame(), &grid_uri(grid, least)?);
    }
    canvas.tasks(facts);
    if let Some(plan) = &facts.plan {
        canvas.routes(facts, plan, None);
    }
    canvas.settlements(facts, 24);
    if let Some(plan) = &facts.plan {
        canvas.bases(facts, plan, None);
    }
    canvas.scale_bar();
    canvas.north();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"DejaVu Sans\">\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>",
        PAPER.hex()
    );
    let title = if facts.plan.is_some() { "priority, task areas and plan" } else { "clearance priority" };
    text(&mut out, margin, 58.0, 40.0, true, &format!("{}: {title}", shortened(facts.project, 48)));
    text(&mut out, margin, 92.0, 22.0, false, &subtitle(facts));
    out += &canvas.finish("map");
    let mut legend = Legend { out: String::new(), x: width - margin - legend_width, y: title_height + 12.0 };
    legend.fill(facts, least);
    out += &legend.out;
    let foot = height - foot_height + 38.0;
    for (i, line) in foot_lines(facts).iter().enumerate() {
        text(&mut out, margin, foot + 28.0 * i as f64, 20.0, i == 0, line);
    }
    Ok(out + "</svg>")
}

fn subtitle(facts: &Facts<'_>) -> String {
    match &facts.plan {
        Some(plan) => {
            let used = plan.solution.routes.iter().filter(|route| !route.tasks.is_empty()).count();
            format!(
                "{} of {} tasks by {used} of {} teams, from {}",
                plan.rows.len(),
                plan.problem.tasks.len(),
                plan.problem.teams.len(),
                plan.start
            )
        }
        None if facts.tasks.is_empty() => "no task areas were asked for".to_owned(),
        None => format!("{} task areas", facts.tasks.len()),
    }
}

fn foot_lines(facts: &Facts<'_>) -> [String; 3] {
    [
        "A low rank or an empty place says nothing about whether people may go there.".to_owned(),
        "Hatched ground is not scored: it has no data, or was left out. What is scored is an estimate for planning.".to_owned(),
        format!("made {} with Clearway {}, {}", facts.made_on, env!("CARGO_PKG_VERSION"), facts.crs),
    ]
}

fn text(out: &mut String, x: f64, y: f64, size: f64, is_bold: bool, words: &str) {
    let _ = write!(
        out,
        "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{} fill=\"{}\">{}</text>",
        px(x),
        px(y),
        px(size),
        if is_bold { " font-weight=\"bold\"" } else { "" },
        INK.hex(),
        escape(words)
    );
}

/// The legend, written downward.
struct Legend {
    out: String,
    x: f64,
    y: f64,
}

impl Legend {
    /// `least` is the grid's lowest rank, where there is a grid.
    fn fill(&mut self, facts: &Facts<'_>, least: Option<f64>) {
        if let Some(least) = least {
            self.heading("rank");
            self.ramp(least);
        }
        let (x, y) = (px(self.x), px(self.y));
        let _ = write!(
            self.out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"60\" height=\"32\" fill=\"url(#hatch)\" stroke=\"{}\"/>",
            INK.hex()
        );
        self.entry("not scored: no data, or left out");
        if !facts.tasks.is_empty() {
            self.heading("task areas");
            let n_classes = facts.n_classes();
            for class in (1..=n_classes).chain([0]) {
                if facts.tasks.iter().any(|task| task.class.unwrap_or(0) == class) {
                    self.outline(class, n_classes);
                }
            }
        }
        if facts.plan.is_some() {
            self.teams(facts);
        }
        if !facts.settlements.is_empty() {
            let _ = write!(
                self.out,
                "<circle cx=\"{}\" cy=\"{}\" r=\"6\" fill=\"{}\" stroke=\"{}\" stroke-width=\"2\"/>",
                px(self.x + 30.0),
                px(self.y + 16.0),
                PAPER.hex(),
                INK.hex()
            );
            self.entry("settlement (the largest are named)");
        }
    }

    fn heading(&mut self, words: &str) {
        self.y += 14.0;
        text(&mut self.out, self.x, self.y + 20.0, 24.0, true, words);
        self.y += 36.0;
    }

    /// Words beside what has just been drawn, and down to the next.
    fn entry(&mut self, words: &str) {
        text(&mut self.out, self.x + 78.0, self.y + 23.0, 20.0, false, words);
        self.y += 42.0;
    }

    fn ramp(&mut self, least: f64) {
        let steps = 50;
        let step = 400.0 / f64::from(steps);
        for i in 0..steps {
            let colour = colours::strength((f64::from(i) + 0.5) / f64::from(steps));
            let _ = write!(
                self.out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"34\" fill=\"{}\"/>",
                px(self.x + step * f64::from(i)),
                px(self.y),
                px(step + 0.6),
                colour.hex()
            );
        }
        text(&mut self.out, self.x, self.y + 60.0, 20.0, false, &format!("{least:.0}, last"));
        let middle = format!("{:.0}", (least + 100.0) / 2.0);
        text(&mut self.out, self.x + 180.0, self.y + 60.0, 20.0, false, &middle);
        text(&mut self.out, self.x + 305.0, self.y + 60.0, 20.0, false, "100, first");
        self.y += 84.0;
    }

    fn outline(&mut self, class: u8, n_classes: u8) {
        let dash = if class == 0 { " stroke-dasharray=\"5 5\"" } else { "" };
        let _ = write!(
            self.out,
            "<rect x=\"{}\" y=\"{}\" width=\"56\" height=\"24\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{dash}/>",
            px(self.x + 2.0),
            px(self.y + 4.0),
            INK.hex(),
            px(outline_width(class, n_classes) * UNIT)
        );
        self.entry(&colours::class_label(class, n_classes));
    }

    fn teams(&mut self, facts: &Facts<'_>) {
        let Some(plan) = &facts.plan else { return };
        self.heading("teams: order of work, straight lines");
        let used: Vec<usize> = (0..plan.problem.teams.len())
            .filter(|&i| plan.rows.iter().any(|row| row.team_id == plan.problem.teams[i].id))
            .collect();
        for &i in used.iter().take(MOST_TEAMS) {
            let y = px(self.y + 16.0);
            let points = format!("{},{y} {},{y}", px(self.x), px(self.x + 60.0));
            self.out += &stroke(&points, colours::team(i), UNIT);
            let team = &plan.problem.teams[i].id;
            let known = plan.teams.iter().find(|known| known.team_id == *team);
            let kind = known.map_or(String::new(), |known| format!(" ({})", known.asset_type));
            self.entry(&format!("{}{kind}", shortened(team, 24)));
        }
        if used.len() > MOST_TEAMS {
            self.entry(&format!("and {} more teams", used.len() - MOST_TEAMS));
        }
        let _ = write!(
            self.out,
            "<rect x=\"{}\" y=\"{}\" width=\"18\" height=\"18\" fill=\"{}\"/>",
            px(self.x + 21.0),
            px(self.y + 7.0),
            INK.hex()
        );
        self.entry("base");
    }
}
