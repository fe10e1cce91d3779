//! The last output of a run: the report, made from the files in the staging folder and from the record so far.

use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use super::Job;
use super::redact::refuse_redacted;
use crate::error::{Error, Result};
use crate::io::atomic::RUN_RECORD;
use crate::report::html::{self, Places};
use crate::report::record;

/// The report's name in a run directory.
pub const REPORT: &str = "report.html";

/// Writes the report beside the other outputs; gives the record, which then lists the report too. Without places
/// there is no report: a bare problem lies nowhere.
pub fn write_report(job: &mut Job, places: Option<Places>) -> Result<Value> {
    let begun = Instant::now();
    let folder = job.staging.folder();
    let mut record = job.record.to_json(folder, &job.outputs, &|path| job.hash(path))?;
    let Some(places) = places else { return Ok(record) };
    html::write_report(&job.staging.path(REPORT), folder, record.clone(), &places)?;
    record::add_output(&mut record, folder, REPORT, begun.elapsed().as_secs_f64())?;
    job.outputs.push(REPORT);
    Ok(record)
}

/// Makes the report of a finished run again, into a file of one's own: without settlements and districts, which no
/// output holds.
pub fn report_again(run_dir: &Path, to: &Path) -> Result<()> {
    let path = run_dir.join(RUN_RECORD);
    let text = std::fs::read(&path).map_err(Error::io("read", &path))?;
    let record: Value = serde_json::from_slice(&text)
        .map_err(|error| Error::io("read", &path)(std::io::Error::other(error)))?;
    refuse_redacted(&record, run_dir)?;
    html::write_report(to, run_dir, record, &Places::default())
}
