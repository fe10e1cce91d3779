//! IMSMA's columns, by the names that programmes give them (docs/IMSMA.md lists them).
//!
//! Names are recognised whatever their case, with blanks or hyphens for underscores, and cut to ten letters as a
//! shapefile cuts them. A column that the project names goes before any recognised one.

use crate::io::features::Feature;

/// What a column tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The identifier of a hazardous area.
    Id,
    /// Suspected or confirmed.
    Classification,
    /// Whether work is still to be done.
    Status,
}

const IDS: [&str; 12] = [
    "imsma_id",
    "imsmaid",
    "imsma_code",
    "hazard_localid",
    "hazardlocalid",
    "hazard_local_id",
    "local_id",
    "localid",
    "hazard_id",
    "hazardid",
    "hazard_uuid",
    "hazard_guid",
];
const CLASSIFICATIONS: [&str; 11] = [
    "classification",
    "hazard_classification",
    "hazardclassification",
    "hazard_class",
    "hazardclass",
    "area_classification",
    "hazard_type",
    "hazardtype",
    "sha_cha",
    "area_type",
    "type",
];
const STATUSES: [&str; 10] = [
    "status",
    "hazard_status",
    "hazardstatus",
    "status_name",
    "statusname",
    "area_status",
    "current_status",
    "currentstatus",
    "status_enum",
    "hazard_status_enum",
];

/// The column of a meaning, the best known name first.
pub fn column(features: &[Feature], meaning: Meaning) -> Option<String> {
    let mut columns: Vec<&str> = Vec::new();
    for key in features.iter().flat_map(|feature| feature.properties.keys()) {
        if !columns.contains(&key.as_str()) {
            columns.push(key);
        }
    }
    let known: &[&str] = match meaning {
        Meaning::Id => &IDS,
        Meaning::Classification => &CLASSIFICATIONS,
        Meaning::Status => &STATUSES,
    };
    let whole = known.iter().find_map(|name| columns.iter().find(|column| folded(column) == *name));
    let cut = || known.iter().find_map(|name| columns.iter().find(|column| is_cut(&folded(column), name)));
    whole.or_else(cut).map(|column| (*column).to_owned())
}

/// Columns that more than one feature may be looked up in.
fn folded(column: &str) -> String {
    column.trim().to_lowercase().replace([' ', '-', '.'], "_")
}

/// Whether a column is a longer name cut to the ten letters of a shapefile (or nine, where a digit had to follow).
fn is_cut(column: &str, name: &str) -> bool {
    let letters = column.chars().count();
    (9..=10).contains(&letters) && name.len() > letters && name.starts_with(column)
}

/// `SHA` or `CHA` for the spellings that are usual.
pub fn class_of(text: &str) -> Option<&'static str> {
    let text = text.trim().to_lowercase();
    // `SHA-00017` is an identifier, not a class.
    if text.chars().any(|letter| letter.is_ascii_digit()) {
        return None;
    }
    let first = text.split(|letter: char| !letter.is_alphanumeric()).find(|word| !word.is_empty())?;
    match first {
        "sha" | "suspected" | "suspect" | "suspicious" => Some("SHA"),
        "cha" | "confirmed" | "dha" | "defined" => Some("CHA"),
        _ => None,
    }
}

/// Whether a status says that no work is left: closed, cancelled, released, completed and the like.
pub fn is_closed(status: &str) -> bool {
    const WORDS: [&str; 21] = [
        "closed",
        "cancelled",
        "canceled",
        "released",
        "reduced",
        "completed",
        "complete",
        "finished",
        "discredited",
        "discarded",
        "fermé",
        "fermée",
        "annulé",
        "annulée",
        "libéré",
        "libérée",
        "terminé",
        "terminée",
        "cerrado",
        "cancelado",
        "liberado",
    ];
    let status = status.trim().to_lowercase();
    let mut words = status.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let Some(first) = words.next() else { return false };
    let is_past_clearance = first.strip_prefix("clear") == Some("ed");
    let is_handed_over = first == "handed" && words.next() == Some("over");
    WORDS.contains(&first) || is_past_clearance || is_handed_over
}
