//! The library's errors as Python's: `clearway.ClearwayError`, with every fault.

use clearway::error::Error;
use clearway::run::error_to_json;
use pyo3::prelude::*;

/// The exception for an error; whatever goes wrong while it is made is an exception too.
pub fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let text = error_to_json(error).to_string();
    let kind = if matches!(error, Error::Interrupted) { "interrupted" } else { "of_json" };
    let made = py
        .import("clearway.errors")
        .and_then(|module| module.getattr(kind))
        .and_then(|make| make.call1((text,)));
    match made {
        Ok(value) => PyErr::from_value(value),
        Err(failure) => failure,
    }
}

/// A result of the library as one of Python.
pub fn raised<T>(py: Python<'_>, result: clearway::error::Result<T>) -> PyResult<T> {
    result.map_err(|error| exception(py, &error))
}
