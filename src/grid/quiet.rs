//! What GDAL and PROJ have to say is kept for the caller instead of going to the terminal.

use std::cell::RefCell;
use std::sync::Once;

use gdal::errors::CplErrType;

/// Warnings kept for one caller.
const MOST_WARNINGS: usize = 3;

/// What GDAL said in this thread since it was last asked.
#[derive(Debug, Default)]
pub struct GdalMessages {
    /// The first failure.
    pub failure: Option<String>,
    /// The first warnings.
    pub warnings: Vec<String>,
}

thread_local! {
    static MESSAGES: RefCell<GdalMessages> = RefCell::default();
}

/// Takes over GDAL's messages, for the whole process; to be called before GDAL is used.
pub fn quiet_gdal() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| gdal::config::set_error_handler(|kind, _, text| keep(kind, text)));
}

/// What GDAL said in this thread since the last call.
pub fn take_gdal_messages() -> GdalMessages {
    MESSAGES.take()
}

fn keep(kind: CplErrType, text: &str) {
    MESSAGES.with_borrow_mut(|kept| match kind {
        CplErrType::Failure | CplErrType::Fatal => {
            kept.failure.get_or_insert_with(|| text.to_owned());
        }
        CplErrType::Warning if kept.warnings.len() < MOST_WARNINGS => kept.warnings.push(text.to_owned()),
        _ => {}
    });
}
