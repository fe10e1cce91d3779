//! The extension module `clearway._native`: thin functions over the library, for the Python package `clearway` to
//! call. What is structured crosses over as JSON text; arrays cross over as they are.
//!
//! Nothing here computes. Work that takes long runs without the interpreter's lock ([`working`]).

mod arrays;
mod errors;
mod parts;
mod planning;
mod project;
mod scoring;
mod tasks;
mod working;

/// Functions of the library, for the package's own modules.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use super::parts::{add_counts, after_parts, part_layout, part_sources, walk_part};
    #[pymodule_export]
    use super::planning::plan;
    #[pymodule_export]
    use super::project::{
        batch, batch_check, batch_names, batch_some, check, explain, open, run_project, synth, verify,
    };
    #[pymodule_export]
    use super::scoring::score;
    #[pymodule_export]
    use super::tasks::tasks;

    /// Version of the library.
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
