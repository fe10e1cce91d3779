//! The plan: problems read, plans made, judged, bounded and compared with exhaustive search.

mod common;

mod plan {
    mod benchmarks;
    mod bound;
    mod by_hand;
    pub mod every_plan;
    mod exhaustive;
    mod faults;
    mod floors;
    mod judge;
    mod oddities;
    mod promises;
    pub mod random;
    mod replan;
    mod uncertainty;
    mod whatif;
}
