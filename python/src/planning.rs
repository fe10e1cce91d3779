//! Plans of bare problems.

use clearway::plan::Problem;
use clearway::run::{Options, plan_problem};
use pyo3::prelude::*;

use crate::working::work;

/// Plans a problem (JSON text); what `plan.json` holds comes back as JSON text.
#[pyfunction]
#[pyo3(signature = (problem, seed, seconds, iterations, threads, callback))]
pub fn plan(
    py: Python<'_>,
    problem: &str,
    seed: u64,
    seconds: Option<f64>,
    iterations: Option<u64>,
    threads: usize,
    callback: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    let planned = work(py, callback.as_ref(), |progress| {
        let problem = Problem::read(problem, "problem")?;
        let options = Options { seed: Some(seed), seconds, iterations, threads, ..Options::default() };
        plan_problem(&problem, &options, progress)
    })?;
    Ok(planned.to_string())
}
