//! Values that cannot be, and values that are odd.

use clearway::grid::MemoryCells;
use clearway::layers::{Findings, Role, range_faults, survey};
use clearway::progress::Silent;

use crate::common::cells;

fn judged(role: Role, name: &str, plane: &MemoryCells) -> Findings {
    use clearway::grid::Cells;
    range_faults(role, name, plane.frame(), &survey(plane, &Silent::default()).unwrap())
}

#[track_caller]
fn fault(role: Role, name: &str, text: &str) -> (&'static str, String, String) {
    let findings = judged(role, name, &cells(text));
    let [fault] = &findings.faults[..] else { panic!("one fault, not {findings:?}") };
    (fault.code, fault.found.clone(), fault.fix.clone())
}

#[test]
fn per_cent_hazard_is_guessed() {
    let (code, found, fix) = fault(Role::Hazard, "hazard", "0 0.5 / 69 40");
    assert_eq!(code, "layer.hazard_range");
    // Column 0, row 1 of 10 m cells: centre at 500,005 and 5,499,985.
    assert!(found.contains("69 at column 0, row 1 (500005.0, 5499985.0) and 1 more"), "{found}");
    assert!(fix.contains("`scale = 0.01` under [layers.hazard]"), "{fix}");
}

#[test]
fn undeclared_nodata_is_guessed() {
    for role in [Role::Hazard, Role::Population, Role::Cost] {
        let (_, found, fix) = fault(role, "x", "-9999 0.5 / 0.25 1");
        assert!(found.contains("-9999 at column 0, row 0"), "{found}");
        assert!(fix.contains("if -9999 marks unknown cells, set `nodata` under [layers.x]"), "{fix}");
    }
}

#[test]
fn negative_people_and_costs_of_nothing_are_faults() {
    assert_eq!(fault(Role::Population, "population", "1 -2").0, "layer.population_range");
    let (code, _, fix) = fault(Role::Cost, "cost", "1 0");
    assert_eq!(code, "layer.cost_range");
    assert!(fix.contains("`nodata = 0` under [layers.cost]"), "{fix}");
    assert_eq!(fault(Role::Criterion, "x", "? ?").0, "layer.all_unknown");
}

#[test]
fn oddities_are_told_but_pass() {
    let warning = |role, text| {
        let findings = judged(role, "x", &cells(text));
        assert_eq!(findings.faults, []);
        findings.warnings.join("\n")
    };
    assert_eq!(warning(Role::Hazard, "0 0.5"), "");
    assert_eq!(warning(Role::Criterion, "-5 700"), "");
    assert!(warning(Role::Hazard, "0 1").contains("labels"));
    assert!(warning(Role::Hazard, "0 0").contains("no cell has any hazard"));
    assert!(warning(Role::Population, "0 0").contains("nobody lives"));
    // 500 people on 100 m² are 5,000,000 per km².
    assert!(warning(Role::Population, "500 0").contains("5000000 people per km²"));
    // 200 US$ on 100 m² are 2 US$/m²; 200,000 are 2,000.
    assert_eq!(warning(Role::Cost, "200 200"), "");
    assert!(warning(Role::Cost, "200000 200000").contains("2000 US$ per m²"));
    assert!(warning(Role::Criterion, "7 7").contains("7 wherever it is known"));
    assert!(warning(Role::Criterion, "1 ? ? ?").contains("75 % of its cells are unknown"));
}
