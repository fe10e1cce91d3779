//! The `teams.csv` that a person fills in: one row for each kind of team, marked so that no plan takes it.

use crate::grid::LonLat;
use crate::run::project::PLACEHOLDER;
use crate::synth::TEAM_COLUMNS;

/// The columns, and two rows to write over. `middle` is where the layers lie, so that the coordinates show the form.
/// Rates are the defaults of domain.md §6: ten deminers at 25 m² a day, a machine at 5,000.
pub fn template(middle: Option<LonLat>) -> String {
    let (lon, lat) = middle.map_or((0.0, 0.0), |middle| (middle.x, middle.y));
    let mut text = TEAM_COLUMNS.join(",") + "\n";
    for (id, asset_type, rate, setup_days, km, usd_per_km) in
        [("M1", "manual", 250, 2, 200, 0.6), ("H1", "mechanical", 5000, 4, 90, 5.0)]
    {
        text += &format!(
            "{id},{PLACEHOLDER}: your {asset_type} team,{asset_type},{lon:.4},{lat:.4},{rate},{asset_type},,,\
             12-01/03-15,5,1.0,5000,{setup_days},{km},{usd_per_km}\n"
        );
    }
    text
}
