//! What was found about polygons, told twice: a sentence a kind for people, a row a polygon for scripts and reports.

use super::{Finding, list_ids};

/// One thing wrong with one polygon, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolygonFault {
    /// The area's identifier.
    pub id: String,
    /// `invalid`, `too_few_vertices`, `null_geometry`, `no_ground`, `repeated_vertices`, `duplicate`, `overlap` or
    /// `vertices_far_apart`.
    pub fault: &'static str,
    /// `repaired`, `left_out` or `kept`.
    pub action: &'static str,
    /// In words; after the area's name it reads as a sentence.
    pub detail: String,
}

/// Code of a finding → fault, action, and what is said of all of them together.
const KINDS: [(&str, &str, &str, &str); 8] = [
    ("task.repaired", "invalid", "repaired", "were invalid polygons and are repaired"),
    ("task.null_geometry", "null_geometry", "left_out", "have no geometry and are left out"),
    (
        "task.too_few_vertices",
        "too_few_vertices",
        "left_out",
        "have fewer than three vertices and are left out",
    ),
    ("task.empty_geometry", "no_ground", "left_out", "enclose no ground and are left out"),
    ("task.repeated_points", "repeated_vertices", "repaired", "had repeated points, now dropped"),
    (
        "task.duplicate_geometry",
        "duplicate",
        "kept",
        "have the very outline of another, so that ground counts in both",
    ),
    (
        "task.overlap",
        "overlap",
        "kept",
        "lie to more than 90 % inside another, so that ground counts in both",
    ),
    (
        "task.long_edge",
        "vertices_far_apart",
        "kept",
        "have vertices more than 2 km apart: one may be missing or misplaced",
    ),
];

/// Every fault of every polygon, in the order found.
pub fn polygon_faults(findings: &[Finding]) -> Vec<PolygonFault> {
    let fault = |finding: &Finding| {
        let (_, fault, action, _) = KINDS.into_iter().find(|(code, ..)| *code == finding.code)?;
        Some(PolygonFault { id: finding.task_id.clone()?, fault, action, detail: finding.text.clone() })
    };
    findings.iter().filter_map(fault).collect()
}

/// Findings with those about single polygons put together: how many of `n_features`, and the first ten.
pub fn summarised(findings: &[Finding], n_features: usize) -> Vec<Finding> {
    let mut told = Vec::new();
    for (code, _, _, what) in KINDS {
        let mut ids: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.code == code)
            .filter_map(|finding| finding.task_id.as_deref())
            .collect();
        // A polygon may lie in several others.
        ids.dedup();
        if !ids.is_empty() {
            let text = format!(
                "{} of {n_features} hazardous areas {what}: {}",
                ids.len(),
                list_ids(ids.into_iter())
            );
            told.push(Finding::overall(code, text));
        }
    }
    let is_other = |finding: &&Finding| !KINDS.iter().any(|(code, ..)| *code == finding.code);
    told.extend(findings.iter().filter(is_other).cloned());
    told
}
