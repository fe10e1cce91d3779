//! Stderr: progress bars where a person watches, plain lines where a pipe or CI does, JSON lines where a program does;
//! warnings and errors.

mod bars;
mod errors;
mod machine;
mod printable;
pub mod questions;

use std::env;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clearway::error::Error;
use clearway::progress::Progress;
use indicatif::ProgressBar;

use self::errors::{Look, error_text, warning_text};
pub use self::printable::printable;
use crate::cli::{Colour, Common, ProgressForm};

/// Speaks to stderr.
pub struct Console {
    quiet: bool,
    verbose: bool,
    bars: bool,
    json: bool,
    look: Look,
    interrupted: Arc<AtomicBool>,
    step: Mutex<Option<Step>>,
}

struct Step {
    label: String,
    total: u64,
    done: u64,
    begun: Instant,
    told: Instant,
    bar: Option<ProgressBar>,
}

impl Step {
    /// How far it is, for a pipe: "exposure: 40 %, 3:20 min to go".
    fn line(&self) -> String {
        let share = self.done as f64 / self.total.max(1) as f64;
        let mut text = format!("{}: {:.0} %", self.label, 100.0 * share);
        if share > 0.0 && share < 1.0 {
            let left = self.begun.elapsed().mul_f64(1.0 / share - 1.0);
            text += &format!(", {} to go", bars::duration_text(left));
        }
        text
    }
}

/// Whether stderr is to be coloured (no-color.org, bixense.com/clicolors); `variable` reads the environment.
fn is_colour_wanted(is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
    if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return false;
    }
    if is_set("CLICOLOR_FORCE") {
        return true;
    }
    let is_refused = variable("CLICOLOR").is_some_and(|value| value == "0");
    is_terminal && !is_refused && variable("TERM").is_none_or(|term| term != "dumb")
}

/// How often a pipe is told how far a long step is.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// How often a program is.
const JSON_EVERY: Duration = Duration::from_millis(200);

/// Warnings shown without `-v`; all of them are in run.json.
const MOST_WARNINGS: usize = 12;

/// A step that took less is not worth a line, unless `-v` asks for it.
const WORTH_A_LINE: Duration = Duration::from_secs(2);

impl Console {
    /// From the common options; `interrupted` is set by a signal.
    pub fn new(common: &Common, interrupted: Arc<AtomicBool>) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let look = Look {
            with_lines: is_terminal || common.color == Colour::Always,
            in_colour: match common.color {
                Colour::Always => true,
                Colour::Never => false,
                Colour::Auto => is_colour_wanted(is_terminal, |name| env::var(name).ok()),
            },
            columns: bars::columns().into(),
        };
        let bars =
            !common.quiet && !common.no_progress && is_terminal && common.progress == ProgressForm::Auto;
        let json = !common.quiet && common.progress == ProgressForm::Json;
        let (quiet, verbose) = (common.quiet, common.verbose);
        Self { quiet, verbose, bars, json, look, interrupted, step: Mutex::new(None) }
    }

    /// An error, with its faults a line each.
    pub fn error(&self, error: &Error) {
        // A step that failed is not told as done; only its bar goes away.
        let step = self.step.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(bar) = step.and_then(|step| step.bar) {
            bar.finish_and_clear();
        }
        eprint!("{}", error_text(error, self.look));
    }

    /// Text for a person, where stdout holds something else.
    pub fn text(&self, text: &str) {
        if !self.quiet {
            eprint!("{}", printable(text));
        }
    }

    /// Warnings: the first dozen, or all of them.
    pub fn warnings(&self, warnings: &[String], all: bool) {
        if self.quiet {
            return;
        }
        let shown = if all || self.verbose { warnings.len() } else { MOST_WARNINGS };
        warnings.iter().take(shown).for_each(|text| eprint!("{}", warning_text(text, self.look)));
        if warnings.len() > shown {
            let text = format!("and {} more; -v shows them, run.json holds them", warnings.len() - shown);
            eprint!("{}", warning_text(&text, self.look));
        }
    }

    /// How long a pipe waits before it is told more of a step.
    fn every(&self) -> Duration {
        if self.json { JSON_EVERY } else { PLAIN_EVERY }
    }

    fn with_step(&self, act: impl FnOnce(&mut Step)) {
        if let Some(step) = self.step.lock().unwrap_or_else(std::sync::PoisonError::into_inner).as_mut() {
            act(step);
        }
    }
}

impl Progress for Console {
    fn start(&self, label: &str, total: u64) {
        self.finish();
        let bar = self.bars.then(|| bars::bar(label, total));
        let now = Instant::now();
        let step = Step { label: label.to_owned(), total, done: 0, begun: now, told: now, bar };
        if self.json {
            eprint!("{}", machine::step(&step));
        }
        *self.step.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(step);
    }

    fn advance(&self, units: u64) {
        let (quiet, json, every) = (self.quiet, self.json, self.every());
        self.with_step(|step| {
            step.done += units;
            match &step.bar {
                Some(bar) => bar.inc(units),
                None if !quiet && step.told.elapsed() >= every => {
                    step.told = Instant::now();
                    if json {
                        eprint!("{}", machine::step(step));
                    } else {
                        eprintln!("{}", step.line());
                    }
                }
                None => {}
            }
        });
    }

    fn note(&self, text: &str) {
        let (quiet, verbose, json, every) = (self.quiet, self.verbose, self.json, self.every());
        let mut told = false;
        self.with_step(|step| {
            told = true;
            match &step.bar {
                Some(bar) => bars::note(bar, &step.label, &printable(text)),
                None if verbose || (!quiet && step.told.elapsed() >= every) => {
                    step.told = Instant::now();
                    if json {
                        eprint!("{}", machine::note(Some(step), &printable(text)));
                    } else {
                        eprintln!("{}: {}", step.label, printable(text));
                    }
                }
                None => {}
            }
        });
        if told || quiet {
            return;
        }
        if self.json {
            eprint!("{}", machine::note(None, &printable(text)));
        } else {
            eprintln!("{}", printable(text));
        }
    }

    fn finish(&self) {
        let step = self.step.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(step) = step {
            if let Some(bar) = &step.bar {
                bar.finish_and_clear();
            }
            let took = step.begun.elapsed();
            if self.json {
                eprint!("{}", machine::finished(&step));
            } else if self.verbose || !self.quiet && took >= WORTH_A_LINE {
                eprintln!("{}: {:.1} s", step.label, took.as_secs_f64());
            }
        }
    }

    fn is_cancelled(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::is_colour_wanted;

    #[test]
    fn environment_decides_on_colour() {
        let wanted = |is_terminal: bool, set: &[(&str, &str)]| {
            is_colour_wanted(is_terminal, |name| {
                set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(wanted(true, &[]) && !wanted(false, &[]));
        assert!(!wanted(true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
        assert!(wanted(true, &[("NO_COLOR", "")]));
        assert!(wanted(false, &[("CLICOLOR_FORCE", "1")]) && !wanted(false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!wanted(true, &[("CLICOLOR", "0")]) && !wanted(true, &[("TERM", "dumb")]));
    }
}
