//! `tasks.kml` and `plan.kml`: WGS 84, styled, for Google Earth and hand-held devices.
//!
//! Every number of the tables travels as extended data; names are escaped, and nothing is taken for HTML.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

use geo::orient::{Direction, Orient};
use geo::{LineString, MultiPolygon};
use serde_json::Value;

use super::colours::{self, Rgb};
use super::facts::{CAUTION, Facts, PlanFacts};
use super::markup::escape;
use super::rows::{Rows, plan_table, routes, task_rows};
use super::vectors::ToLonLat;
use crate::error::Result;
use crate::io::atomic::write_atomic;
use crate::io::fields::as_text;
use crate::tasks::TaskArea;

/// Writes `tasks.kml`, a folder a class.
pub fn write_tasks(path: &Path, facts: &Facts<'_>, lon_lat: &ToLonLat) -> Result<()> {
    let n_classes = facts.n_classes();
    let mut out = Document::new(facts, "task areas");
    for class in 0..=n_classes {
        let fill = colours::class(class, n_classes).map(|colour| (colour, 170));
        out.polygon_style(&format!("class{class}"), fill);
    }
    out.point_style();
    let table = task_rows(facts.tasks, &facts.criteria());
    // The first class comes first, what is not scored last.
    for class in (1..=n_classes).chain([0]) {
        let theirs: Vec<usize> =
            (0..facts.tasks.len()).filter(|&i| facts.tasks[i].class.unwrap_or(0) == class).collect();
        if theirs.is_empty() {
            continue;
        }
        out.begin_folder(&colours::class_label(class, n_classes));
        for i in theirs {
            let task = &facts.tasks[i];
            let ground = lon_lat.ground(&task.geometry, &task.task_id)?;
            out.placemark(&task.task_id, &format!("class{class}"), &table, i, &polygons(&ground));
        }
        out.end_folder();
    }
    out.settlements(facts);
    write_atomic(path, out.finish().as_bytes())
}

/// Writes `plan.kml`, a folder a team with its base, way and tasks.
pub fn write_plan(path: &Path, facts: &Facts<'_>, plan: &PlanFacts<'_>, lon_lat: &ToLonLat) -> Result<()> {
    let by_id: HashMap<&str, &TaskArea> =
        facts.tasks.iter().map(|task| (task.task_id.as_str(), task)).collect();
    let mut out = Document::new(facts, "plan");
    for (i, _) in plan.problem.teams.iter().enumerate() {
        let colour = colours::team(i).colour;
        out.polygon_style(&format!("team{i}"), Some((colour, 170)));
        out.line_style(&format!("way{i}"), colour);
    }
    out.point_style();
    let table = plan_table(plan.rows);
    let routes = routes(plan.rows, facts.tasks, plan.problem);
    for (i, team) in plan.problem.teams.iter().enumerate() {
        out.begin_folder(&team.id);
        if let Some(base) = team.at {
            out.point(&format!("{}: base", team.id), base);
        }
        for route in routes.iter().filter(|route| route.team_index == i) {
            out.line(&format!("{}: order of work", team.id), &format!("way{i}"), &route.lon_lat);
        }
        for (at, row) in plan.rows.iter().enumerate().filter(|(_, row)| row.team_id == team.id) {
            let Some(task) = by_id.get(row.task_id.as_str()) else { continue };
            let ground = lon_lat.ground(&task.geometry, &task.task_id)?;
            let name = format!("{}. {}", row.position, row.task_id);
            out.placemark(&name, &format!("team{i}"), &table, at, &polygons(&ground));
        }
        out.end_folder();
    }
    out.settlements(facts);
    write_atomic(path, out.finish().as_bytes())
}

/// A document being written.
struct Document(String);

impl Document {
    fn new(facts: &Facts<'_>, what: &str) -> Self {
        Self(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<kml xmlns=\"http://www.opengis.net/kml/2.2\">\n<Document>\n\
             <name>{}: {what}</name>\n<description>{}</description>\n",
            escape(facts.project),
            escape(CAUTION)
        ))
    }

    fn finish(self) -> String {
        self.0 + "</Document>\n</kml>\n"
    }

    fn begin_folder(&mut self, name: &str) {
        let _ = writeln!(self.0, "<Folder><name>{}</name>", escape(name));
    }

    fn end_folder(&mut self) {
        self.0 += "</Folder>\n";
    }

    fn polygon_style(&mut self, id: &str, fill: Option<(Rgb, u8)>) {
        let poly = match fill {
            Some((colour, alpha)) => format!("<color>{}</color><fill>1</fill>", abgr(colour, alpha)),
            None => "<fill>0</fill>".to_owned(),
        };
        let _ = writeln!(
            self.0,
            "<Style id=\"{id}\"><LineStyle><color>{}</color><width>1.5</width></LineStyle>\
             <PolyStyle>{poly}<outline>1</outline></PolyStyle></Style>",
            abgr(colours::INK, 255)
        );
    }

    fn line_style(&mut self, id: &str, colour: Rgb) {
        let _ = writeln!(
            self.0,
            "<Style id=\"{id}\"><LineStyle><color>{}</color><width>3</width></LineStyle></Style>",
            abgr(colour, 255)
        );
    }

    /// Points as labels without a picture, which would be fetched from elsewhere.
    fn point_style(&mut self) {
        self.0 += "<Style id=\"place\"><IconStyle><Icon/></IconStyle><LabelStyle><scale>0.9</scale></LabelStyle></Style>\n";
    }

    fn placemark(&mut self, name: &str, style: &str, table: &Rows, row: usize, geometry: &str) {
        let mut data = String::new();
        for (field, value) in table.fields.iter().zip(&table.rows[row]) {
            let text = match value {
                Value::Number(_) => super::tables::plain(value),
                other => as_text(other).unwrap_or_default(),
            };
            if !value.is_null() {
                let _ = writeln!(
                    data,
                    "<Data name=\"{}\"><value>{}</value></Data>",
                    escape(&field.name),
                    escape(&text)
                );
            }
        }
        let _ = writeln!(
            self.0,
            "<Placemark><name>{}</name><styleUrl>#{style}</styleUrl><ExtendedData>\n{data}</ExtendedData>{geometry}\
             </Placemark>",
            escape(name)
        );
    }

    fn line(&mut self, name: &str, style: &str, places: &[[f64; 2]]) {
        let points: Vec<String> = places.iter().map(|[lon, lat]| format!("{lon:.7},{lat:.7}")).collect();
        let _ = writeln!(
            self.0,
            "<Placemark><name>{}</name><styleUrl>#{style}</styleUrl><LineString><tessellate>1</tessellate>\
             <coordinates>{}</coordinates></LineString></Placemark>",
            escape(name),
            points.join(" ")
        );
    }

    fn point(&mut self, name: &str, [lon, lat]: [f64; 2]) {
        let _ = writeln!(
            self.0,
            "<Placemark><name>{}</name><styleUrl>#place</styleUrl><Point><coordinates>{lon:.7},{lat:.7}</coordinates>\
             </Point></Placemark>",
            escape(name)
        );
    }

    fn settlements(&mut self, facts: &Facts<'_>) {
        if facts.settlements.is_empty() {
            return;
        }
        self.begin_folder("settlements");
        for place in facts.settlements {
            self.point(&place.name, [place.lon, place.lat]);
        }
        self.end_folder();
    }
}

/// KML writes colours as opacity, blue, green, red.
fn abgr(colour: Rgb, alpha: u8) -> String {
    format!("{alpha:02x}{:02x}{:02x}{:02x}", colour.b, colour.g, colour.r)
}

fn polygons(ground: &MultiPolygon<f64>) -> String {
    let mut text = String::from("<MultiGeometry>");
    for polygon in &ground.orient(Direction::Default) {
        let _ = write!(text, "<Polygon><outerBoundaryIs>{}</outerBoundaryIs>", ring(polygon.exterior()));
        for hole in polygon.interiors() {
            let _ = write!(text, "<innerBoundaryIs>{}</innerBoundaryIs>", ring(hole));
        }
        text += "</Polygon>";
    }
    text + "</MultiGeometry>"
}

fn ring(line: &LineString<f64>) -> String {
    let points: Vec<String> = line.0.iter().map(|p| format!("{:.7},{:.7}", p.x, p.y)).collect();
    format!("<LinearRing><coordinates>{}</coordinates></LinearRing>", points.join(" "))
}
