//! The plan: problems read, plans made, judged, bounded and compared with exhaustive search.

mod common;

mod plan {
    mod benchmarks;
    mod exhaustive;
    pub mod random;
}
