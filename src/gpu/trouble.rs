//! What can go wrong with a device, and how a test makes it so.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Why a recording brought no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// No memory for a buffer.
    OutOfMemory,
    /// A submit was not done in time.
    Hung,
    /// Fewer workgroups ran than were asked for.
    Idle { done: u32, expected: u32 },
    /// Whatever else the driver said.
    Other(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfMemory => write!(f, "out of device memory"),
            Self::Hung => write!(f, "it did not finish its work in time"),
            Self::Idle { done, expected } => {
                write!(f, "it reported success, but {done} of {expected} workgroups had run")
            }
            Self::Other(reason) => write!(f, "{reason}"),
        }
    }
}

/// Troubles that a test asks for, because no hardware has them on demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Injected {
    /// This many buffers cannot be had.
    OutOfMemory(u32),
    /// The next recording is not done in time.
    Hang,
    /// The next recording is accepted, and does nothing.
    Nothing,
    /// The device has been seen to do no more than this in 50 ms, in the unit of
    /// [`Device::work_per_submit`](super::Device::work_per_submit).
    Slow(u64),
    /// The device is taken away, as a driver may at any time.
    Loss,
}

/// The loss of the device, or an error outside any scope; set from the driver's callbacks.
#[derive(Debug, Clone, Default)]
pub(super) struct Failure {
    reason: Arc<Mutex<Option<String>>>,
}

impl Failure {
    pub(super) fn set(&self, reason: String) {
        let mut held = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        held.get_or_insert(reason);
    }

    pub(super) fn get(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Runs `work`; the first error of any kind that it raised on the device comes back in place of its result.
pub(super) fn scoped<T>(
    device: &wgpu::Device,
    work: impl FnOnce() -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let filters =
        [wgpu::ErrorFilter::Internal, wgpu::ErrorFilter::Validation, wgpu::ErrorFilter::OutOfMemory];
    let scopes = filters.map(|filter| device.push_error_scope(filter));
    let made = work();
    let mut first = None;
    for scope in scopes.into_iter().rev() {
        first = first.or(pollster::block_on(scope.pop()));
    }
    match first {
        Some(wgpu::Error::OutOfMemory { .. }) => Err(Trouble::OutOfMemory),
        Some(error) => Err(Trouble::Other(error.to_string())),
        None => made,
    }
}
