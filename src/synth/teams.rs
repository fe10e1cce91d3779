//! Teams: bases at the larger settlements, with rates, costs and seasons in the ranges of domain.md §6.

use glam::DVec2;

use super::chance::Dice;
use super::region::Region;

/// Columns of `teams.csv` (interface.md §1).
pub const TEAM_COLUMNS: [&str; 16] = [
    "team_id",
    "name",
    "asset_type",
    "lon",
    "lat",
    "rate_m2_per_day",
    "capabilities",
    "available_from",
    "available_to",
    "closed",
    "work_days_per_week",
    "cost_factor",
    "mobilisation_usd",
    "setup_days",
    "travel_km_per_day",
    "usd_per_km",
];

/// First year planned, and the day the plan starts.
pub const START_YEAR: u32 = 2027;
/// The day of the year the plan starts.
pub const START_DAY: &str = "03-01";

/// Teams are hired in this order, over and over.
const HIRED: [Kind; 10] = [
    Kind::Manual,
    Kind::Dogs,
    Kind::Mechanical,
    Kind::Manual,
    Kind::Disposal,
    Kind::BattleArea,
    Kind::Manual,
    Kind::Dogs,
    Kind::Manual,
    Kind::Disposal,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Manual,
    Dogs,
    Mechanical,
    BattleArea,
    Disposal,
}

/// A team; texts as they stand in `teams.csv`.
#[derive(Debug, Clone)]
pub struct Team {
    id: String,
    name: String,
    asset_type: &'static str,
    /// Base, on the plane.
    pub base: DVec2,
    /// Square metres a day on flat open ground.
    pub rate_m2_per_day: f64,
    capabilities: &'static str,
    available_from: String,
    available_to: String,
    closed: &'static str,
    work_days_per_week: u32,
    cost_factor: f64,
    mobilisation_usd: u32,
    setup_days: u32,
    travel_km_per_day: u32,
    usd_per_km: f64,
}

impl Region {
    /// The teams.
    pub(super) fn teams(&self) -> Vec<Team> {
        let mut dice = Dice::new(self.seed, "teams", 0);
        let (fewest, most) = self.character.n_teams;
        let n = fewest + dice.below(most - fewest + 1);
        let n_bases = (self.settlements.len() / 4).clamp(1, n);
        (0..n)
            .map(|i| {
                let seat = &self.settlements[i % n_bases.min(self.settlements.len())];
                let letter = HIRED[i % HIRED.len()].letter();
                let number = 1 + (0..i).filter(|&j| HIRED[j % HIRED.len()].letter() == letter).count();
                self.team(HIRED[i % HIRED.len()], number, &seat.name, seat.at, &mut dice)
            })
            .collect()
    }

    fn team(&self, kind: Kind, number: usize, seat: &str, base: DVec2, dice: &mut Dice) -> Team {
        let step = |value: f64, step: f64| (value / step).round() * step;
        let people = 6 + dice.below(13);
        let (asset_type, rate, capabilities, cost_factor) = match kind {
            // 25 m² a deminer and day, 6 to 18 deminers.
            Kind::Manual => ("manual", 25.0 * people as f64, "manual", dice.between(0.9, 1.2)),
            // A set of two dogs: 400 to 1,500.
            Kind::Dogs => ("mdd", dice.between(600.0, 1_100.0), "mdd", dice.between(0.7, 0.95)),
            // 1,000 to 20,000 a machine and day; ground that has to be gone over by hand is in the factor.
            Kind::Mechanical => {
                ("mechanical", dice.between(2_500.0, 5_500.0), "mechanical", dice.between(0.6, 0.9))
            }
            // 500 m² an operator and day, 6 to 18 operators, of which half search.
            Kind::BattleArea => ("bac", 250.0 * people as f64, "bac", dice.between(0.6, 0.85)),
            // No area rate is published for disposal teams: a small manual team [E].
            Kind::Disposal => ("eod", dice.between(100.0, 220.0), "eod;manual", dice.between(1.1, 1.4)),
        };
        let heavy = kind == Kind::Mechanical;
        let last = START_YEAR + self.character.years;
        let comes_later = dice.unit() < 0.3;
        let leaves_early = dice.unit() < 0.2 && self.character.years > 1;
        let closed = match (heavy, self.character.farmed > 0.3) {
            // Snow, and for machines the mud after it; on the plain also the harvest.
            (true, false) => "11-15/04-15",
            (true, true) => "11-15/04-10;07-10/08-10",
            (false, _) => ["12-01/03-15", "12-10/02-28", "12-01/02-28;08-01/08-15"][dice.below(3)],
        };
        let (asked_from, asked_to) = if leaves_early { (last - 1, "10-31") } else { (last, "02-28") };
        Team {
            id: format!("{}{number}", kind.letter()),
            name: format!("{seat} {} {number}", kind.noun()),
            asset_type,
            base,
            rate_m2_per_day: step(rate, 5.0),
            capabilities,
            available_from: format!("{START_YEAR}-{}", if comes_later { "05-01" } else { START_DAY }),
            available_to: format!("{asked_from}-{asked_to}"),
            closed,
            work_days_per_week: if dice.unit() < 0.6 { 5 } else { 6 },
            cost_factor: step(cost_factor, 0.05),
            mobilisation_usd: step(dice.between(3e3, 9e3) * if heavy { 4.0 } else { 1.0 }, 500.0) as u32,
            setup_days: if heavy { 4 } else { 1 + dice.below(3) as u32 },
            travel_km_per_day: if heavy { 90 } else { 200 },
            usd_per_km: step(if heavy { dice.between(4.0, 7.0) } else { dice.between(0.6, 1.6) }, 0.1),
        }
    }
}

impl Team {
    /// The team's row in `teams.csv`, its base given in longitude and latitude.
    pub fn row(&self, lonlat: DVec2) -> [String; TEAM_COLUMNS.len()] {
        [
            self.id.clone(),
            self.name.clone(),
            self.asset_type.to_owned(),
            format!("{:.6}", lonlat.x),
            format!("{:.6}", lonlat.y),
            format!("{:.0}", self.rate_m2_per_day),
            self.capabilities.to_owned(),
            self.available_from.clone(),
            self.available_to.clone(),
            self.closed.to_owned(),
            self.work_days_per_week.to_string(),
            format!("{:.2}", self.cost_factor),
            self.mobilisation_usd.to_string(),
            self.setup_days.to_string(),
            self.travel_km_per_day.to_string(),
            format!("{:.1}", self.usd_per_km),
        ]
    }
}

impl Kind {
    fn letter(self) -> char {
        match self {
            Self::Manual => 'M',
            Self::Dogs => 'D',
            Self::Mechanical => 'H',
            Self::BattleArea => 'B',
            Self::Disposal => 'E',
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Manual => "manual team",
            Self::Dogs => "dog team",
            Self::Mechanical => "machine",
            Self::BattleArea => "battle area team",
            Self::Disposal => "disposal team",
        }
    }
}
