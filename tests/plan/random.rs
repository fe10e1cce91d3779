//! Small random problems with every constraint, seeded.

use clearway::plan::{Distance, DistanceKind, Floor, Lock, Objective, Problem, Rounding, Task, Team};

/// A seeded stream of numbers (SplitMix64), independent of the one under test.
pub struct Dice(pub u64);

impl Dice {
    /// In [0, 1).
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From low to high.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// In 0..n.
    pub fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }

    /// With a probability.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    fn whole_or_not(&mut self, low: f64, high: f64) -> f64 {
        let x = self.between(low, high);
        if self.chance(0.5) { x.round() } else { x }
    }
}

/// A problem with any of the constraints, of a given size at most.
pub fn problem(seed: u64, objective: Objective, most_tasks: usize, most_teams: usize) -> Problem {
    let mut dice = Dice(seed.wrapping_mul(0x5851_F42D_4C95_7F2D) ^ 0x1234);
    let n_tasks = 1 + dice.below(most_tasks);
    let n_teams = 1 + dice.below(most_teams);
    let is_all = objective == Objective::Completion;
    let horizon = if is_all && dice.chance(0.7) { None } else { Some(dice.whole_or_not(8.0, 60.0)) };
    let kind = match dice.below(5) {
        0 => DistanceKind::None,
        1 => DistanceKind::Matrix,
        2 => DistanceKind::Geodesic,
        _ => DistanceKind::Euclidean,
    };
    let capabilities = ["manual", "dogs", "machine"];
    let teams: Vec<Team> = (0..n_teams).map(|k| team(&mut dice, k, kind, horizon, is_all)).collect();
    let budget = dice.chance(0.4).then(|| dice.between(20.0, 60.0 * n_tasks as f64));
    let tasks = (0..n_tasks)
        .map(|j| {
            let mut task = Task {
                id: format!("T{j}"),
                at: Some(place(&mut dice, kind)),
                worth: dice.whole_or_not(0.0, 20.0),
                decay_per_day: if dice.chance(0.8) { dice.between(0.0, 1.0) } else { 0.0 },
                work: dice.whole_or_not(0.0, 8.0),
                cost: dice.between(0.0, 60.0),
                ..Task::default()
            };
            if dice.chance(0.3) && !is_all {
                task.needs.push(capabilities[dice.below(3)].to_owned());
            }
            if dice.chance(0.3) && j > 0 {
                task.after.push(format!("T{}", dice.below(j)));
            }
            if dice.chance(0.25) && !is_all {
                let from = dice.whole_or_not(0.0, 15.0);
                task.window = Some([from, from + dice.whole_or_not(3.0, 25.0)]);
            }
            if dice.chance(0.15) {
                let k = dice.below(n_teams);
                task.lock = Some(Lock {
                    team: dice.chance(0.5).then(|| format!("M{k}")),
                    position: None,
                    start: dice.chance(0.5).then(|| dice.between(0.0, 7.0)),
                    under_way: false,
                });
            }
            if dice.chance(0.2) {
                task.work_by_team.insert(format!("M{}", dice.below(n_teams)), dice.whole_or_not(0.0, 9.0));
            }
            task
        })
        .collect();
    let mut problem = Problem {
        objective,
        horizon_days: horizon,
        discount_per_year: if dice.chance(0.2) { 0.0 } else { dice.between(0.0, 5.0) },
        budget: budget.filter(|_| !is_all),
        start_weekday: dice.below(7) as u8,
        floors: Vec::new(),
        distance: Distance {
            kind,
            round: if dice.chance(0.2) { Rounding::Nearest } else { Rounding::None },
            detour: if dice.chance(0.3) { 1.4 } else { 1.0 },
            matrix: None,
        },
        teams,
        tasks,
    };
    if objective == Objective::Discounted && problem.horizon_days.is_none() {
        problem.horizon_days = Some(40.0);
    }
    if kind == DistanceKind::Matrix {
        let n_ends = problem.teams.iter().filter(|team| team.end_at.is_some()).count();
        let n = n_teams + n_tasks + n_ends;
        problem.distance.matrix =
            Some((0..n).map(|_| (0..n).map(|_| dice.between(0.0, 5.0)).collect()).collect());
    }
    // A floor for a district in which some task can be done.
    for task in &mut problem.tasks {
        task.district = dice.chance(0.6).then(|| format!("D{}", dice.below(2)));
    }
    for district in ["D0", "D1"] {
        let can = |task: &Task| {
            let has_all = |team: &Team| task.needs.iter().all(|need| team.capabilities.contains(need));
            task.worth > 0.0
                && task.district.as_deref() == Some(district)
                && problem.teams.iter().any(has_all)
        };
        if dice.chance(0.25) && problem.tasks.iter().any(can) && !is_all {
            let floor = Floor { district: district.to_owned(), share: dice.between(0.05, 0.5) };
            problem.floors.push(floor);
        }
    }
    // Needs that the locked team lacks are a fault, not a constraint.
    for j in 0..n_tasks {
        let lock = problem.tasks[j].lock.clone().unwrap_or_default();
        if lock.team.is_some() {
            problem.tasks[j].needs.clear();
        }
        if lock.start.is_some() {
            problem.tasks[j].window = None;
        }
    }
    lock_positions(&mut problem, &mut Dice(seed ^ 0x00C0_FFEE));
    problem
}

/// Whether some task is locked to a position.
pub fn has_positions(problem: &Problem) -> bool {
    problem.tasks.iter().any(|task| task.lock.as_ref().is_some_and(|lock| lock.position.is_some()))
}

/// Gives some of the tasks that are locked to a team a position there.
fn lock_positions(problem: &mut Problem, dice: &mut Dice) {
    let n_tasks = problem.tasks.len();
    let mut held = Vec::new();
    for task in &mut problem.tasks {
        let Some(lock @ Lock { team: Some(_), .. }) = &mut task.lock else { continue };
        let place = (lock.team.clone(), dice.below(n_tasks.min(5)));
        if dice.chance(0.6) && !held.contains(&place) {
            lock.position = Some(place.1);
            lock.under_way = place.1 == 0 && dice.chance(0.3);
            held.push(place);
        }
    }
}

fn place(dice: &mut Dice, kind: DistanceKind) -> [f64; 2] {
    if kind == DistanceKind::Geodesic {
        return [dice.between(18.0, 18.05), dice.between(44.0, 44.05)];
    }
    [dice.whole_or_not(0.0, 6.0), dice.whole_or_not(0.0, 6.0)]
}

fn team(dice: &mut Dice, k: usize, kind: DistanceKind, horizon: Option<f64>, is_all: bool) -> Team {
    let mut team = Team { id: format!("M{k}"), at: Some(place(dice, kind)), ..Team::default() };
    if dice.chance(0.3) {
        team.end_at = Some(place(dice, kind));
    }
    team.rate = if dice.chance(0.5) { 1.0 } else { dice.between(0.5, 3.0) };
    team.speed_per_day = dice.between(1.0, 8.0);
    team.capabilities =
        ["manual", "dogs", "machine"].iter().filter(|_| dice.chance(0.7)).map(|&c| c.to_owned()).collect();
    if dice.chance(0.3) {
        team.setup_days = dice.whole_or_not(0.0, 2.0);
    }
    if dice.chance(0.3) {
        team.cost_factor = dice.between(0.5, 2.0);
        team.cost_per_distance = dice.between(0.0, 4.0);
        team.mobilisation = dice.between(0.0, 20.0);
    }
    if dice.chance(0.4) {
        team.work_days_per_week = 1 + dice.below(7) as u8;
    }
    if dice.chance(0.3) {
        for _ in 0..1 + dice.below(3) {
            let from = dice.whole_or_not(0.0, 20.0);
            team.closed.push([from, from + dice.whole_or_not(1.0, 10.0) + 0.5]);
        }
    }
    if dice.chance(0.3) {
        let from = dice.whole_or_not(0.0, 10.0);
        let last = horizon.unwrap_or(60.0);
        let to = from + dice.whole_or_not(5.0, last.max(6.0)) + 0.5;
        team.available = Some(if is_all { [from, 1e6] } else { [from, to] });
    }
    team
}
