//! Stderr: progress bars where a person watches, plain lines where a pipe or CI does; warnings and errors.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clearway::error::Error;
use clearway::progress::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// Speaks to stderr.
pub struct Console {
    quiet: bool,
    verbose: bool,
    bars: bool,
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

/// How often a pipe is told how far a long step is.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Warnings shown without `-v`; all of them are in run.json.
const MOST_WARNINGS: usize = 12;

impl Console {
    /// From the common options; `interrupted` is set by a signal.
    pub fn new(quiet: bool, verbose: bool, no_progress: bool, interrupted: Arc<AtomicBool>) -> Self {
        let bars = !quiet && !no_progress && std::io::stderr().is_terminal();
        Self { quiet, verbose, bars, interrupted, step: Mutex::new(None) }
    }

    /// An error, with its faults a line each.
    pub fn error(&self, error: &Error) {
        // A step that failed is not told as done; only its bar goes away.
        let step = self.step.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(bar) = step.and_then(|step| step.bar) {
            bar.finish_and_clear();
        }
        match error.faults() {
            [] => eprintln!("error: {error}"),
            [fault] => eprintln!("error: {fault}"),
            faults => {
                eprintln!("error: {} faults", faults.len());
                faults.iter().for_each(|fault| eprintln!("  - {fault}"));
            }
        }
    }

    /// Text for a person, where stdout holds something else.
    pub fn text(&self, text: &str) {
        if !self.quiet {
            eprint!("{text}");
        }
    }

    /// Warnings: the first dozen, or all of them.
    pub fn warnings(&self, warnings: &[String], all: bool) {
        if self.quiet {
            return;
        }
        let shown = if all || self.verbose { warnings.len() } else { MOST_WARNINGS };
        warnings.iter().take(shown).for_each(|warning| eprintln!("warning: {warning}"));
        if warnings.len() > shown {
            eprintln!("warning: and {} more; -v shows them, run.json holds them", warnings.len() - shown);
        }
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
        let bar = self.bars.then(|| {
            let bar = ProgressBar::new(total);
            let style = "{msg:24} {bar:32} {percent:>3} %  {elapsed} gone, {eta} to go";
            bar.set_style(
                ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar.set_message(label.to_owned());
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let now = Instant::now();
        let step = Step { label: label.to_owned(), total, done: 0, begun: now, told: now, bar };
        *self.step.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(step);
    }

    fn advance(&self, units: u64) {
        let quiet = self.quiet;
        self.with_step(|step| {
            step.done += units;
            match &step.bar {
                Some(bar) => bar.inc(units),
                None if !quiet && step.told.elapsed() >= PLAIN_EVERY => {
                    step.told = Instant::now();
                    let percent = 100 * step.done / step.total.max(1);
                    eprintln!("{}: {percent} %", step.label);
                }
                None => {}
            }
        });
    }

    fn note(&self, text: &str) {
        let (quiet, verbose) = (self.quiet, self.verbose);
        let mut told = false;
        self.with_step(|step| {
            told = true;
            match &step.bar {
                Some(bar) => bar.set_message(format!("{}: {text}", step.label)),
                None if verbose || (!quiet && step.told.elapsed() >= PLAIN_EVERY) => {
                    step.told = Instant::now();
                    eprintln!("{}: {text}", step.label);
                }
                None => {}
            }
        });
        if !told && !quiet {
            eprintln!("{text}");
        }
    }

    fn finish(&self) {
        let step = self.step.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(step) = step {
            if let Some(bar) = step.bar {
                bar.finish_and_clear();
            }
            if !self.quiet {
                eprintln!("{}: {:.1} s", step.label, step.begun.elapsed().as_secs_f64());
            }
        }
    }

    fn is_cancelled(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}
