//! Programs that the criterion benches time.

use std::sync::Arc;

use clearway::score::curve::quanta;
use clearway::score::program::{Call, Program, Shared, Tally};
use clearway::score::{Benefit, Engine, Levels, Native, RankTable, Term};

/// Two linear values, benefit, priority and its histogram, in one visit: hazard, cost and two layers in.
pub fn priority(size: usize) -> Program {
    let mut program = Program::new(size, size);
    let [hazard, cost, first, second] = [program.input(), program.input(), program.input(), program.input()];
    let worth = program.plane();
    let (benefit, out) = (program.output(), program.output());
    let term = |weight| Term::linear(0.1, 0.7, weight);
    program.call(Call::Value { of: first, term: term(0.75), is_first: true, worth });
    program.call(Call::Value { of: second, term: term(0.25), is_first: false, worth });
    program.call(Call::Benefit { hazard, worth, form: Benefit::Risk, out: benefit });
    let row_area_m2 = Arc::new(vec![900.0; size]);
    program.call(Call::Priority { benefit, cost, row_area_m2, out });
    program.call(Call::Histogram { priority: out });
    program
}

/// Rank and class of these priorities; its one input is they.
pub fn rank_class(size: usize, priorities: &[f32]) -> Program {
    let mut program = Program::new(size, size);
    let priority = program.input();
    program.call(Call::Histogram { priority });
    let mut tally = Tally::of_histogram();
    let run = Native::new().run(&program, &[priorities], &mut Vec::new(), &mut tally);
    run.expect("the native engine runs");
    // As coarse as bins: the look-up is timed, not how fine it is.
    let table = RankTable::new(&Levels::of_priorities(tally.bins));
    let mut program = Program::new(size, size);
    let priority = program.input();
    let (rank, class) = (program.output(), program.output());
    program.call(Call::Rank { priority, table: Shared::new(table), out: rank });
    program.call(Call::Class { rank, thresholds: Arc::new(vec![95.0, 85.0, 60.0]), out: class });
    program
}

/// The curve: rank, cost, benefit and people at risk in.
pub fn curve(size: usize) -> Program {
    let mut program = Program::new(size, size);
    let [rank, cost, benefit, people_at_risk] =
        [program.input(), program.input(), program.input(), program.input()];
    let row_area_m2 = Arc::new(vec![900.0; size]);
    let quanta = quanta(900.0, 1.0, 1.0);
    program.call(Call::Curve { rank, cost, benefit, people_at_risk, row_area_m2, quanta });
    program
}
