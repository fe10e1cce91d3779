//! The formats a person can ask for beside the tables and GeoJSON that every run writes.

/// A format of `[outputs] formats` and `--formats`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// GeoPackages with styles inside.
    Gpkg,
    /// A workbook with live formulas.
    Xlsx,
    /// A map for a slide or a mail.
    Png,
    /// A page a team to print.
    Teams,
    /// For Google Earth and hand-held devices.
    Kml,
    /// Shapefiles, with names cut to ten letters.
    Shp,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Gpkg, Self::Xlsx, Self::Png, Self::Teams, Self::Kml, Self::Shp];

    /// Those written where nothing else is asked for.
    pub const DEFAULT: [Self; 4] = [Self::Gpkg, Self::Xlsx, Self::Png, Self::Teams];

    /// The word for it in a project and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gpkg => "gpkg",
            Self::Xlsx => "xlsx",
            Self::Png => "png",
            Self::Teams => "teams",
            Self::Kml => "kml",
            Self::Shp => "shp",
        }
    }

    /// The format of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// All words, for messages: `gpkg, xlsx, …`.
    pub fn words() -> String {
        Self::ALL.map(Self::word).join(", ")
    }

    /// The files it may write.
    pub fn files(self) -> &'static [&'static str] {
        match self {
            Self::Gpkg => &["tasks.gpkg", "plan.gpkg"],
            Self::Xlsx => &["plan.xlsx"],
            Self::Png => &["map.png"],
            Self::Teams => &["teams.html"],
            Self::Kml => &["tasks.kml", "plan.kml"],
            Self::Shp => &[
                "tasks.shp",
                "tasks.shx",
                "tasks.dbf",
                "tasks.prj",
                "tasks.cpg",
                "tasks.fields.csv",
                "plan_tasks.shp",
                "plan_tasks.shx",
                "plan_tasks.dbf",
                "plan_tasks.prj",
                "plan_tasks.cpg",
                "plan_tasks.fields.csv",
                "plan_routes.shp",
                "plan_routes.shx",
                "plan_routes.dbf",
                "plan_routes.prj",
                "plan_routes.cpg",
                "plan_routes.fields.csv",
            ],
        }
    }
}
