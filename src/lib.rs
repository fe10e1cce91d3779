//! Clearway: which mined ground first, which team, in what order, and how sure are we.
//!
//! Data flows one way, and each arrow is one function that [`run`] calls in this order:
//!
//! ```text
//! files → Grid → Layers → Scores → Vec<TaskArea> → Plan → files
//!          io     layers   score     tasks          plan   report
//! ```
//!
//! Modules import downward only; a test reads the imports. From the bottom:

pub mod error;
pub mod progress;
pub mod statistics;
pub mod units;
mod widest;

pub mod grid;

pub mod gpu;
pub mod io;
pub mod layers;

pub mod score;
pub mod tasks;

pub mod plan;

pub mod report;
pub mod synth;

pub mod run;

pub mod bench;
