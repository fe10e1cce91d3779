//! What a bar says: the step's name, how far it is, how fast, and how long it will take.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// Below so many columns a bar says only how far it is and how long it will take.
const NARROW: u16 = 60;

/// A bar on stderr for a step of `total` units.
pub fn bar(label: &str, total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    bar.set_style(style(label, columns(), false));
    bar.set_prefix(label.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Says a word on how it goes, on a line below the bar.
pub fn note(bar: &ProgressBar, label: &str, text: &str) {
    if bar.message().is_empty() {
        bar.set_style(style(label, columns(), true));
    }
    bar.set_message(text.to_owned());
}

/// Columns of the terminal behind stderr; 80 where it does not say.
pub fn columns() -> u16 {
    dialoguer::console::Term::stderr().size_checked().map_or(80, |(_, columns)| columns)
}

fn style(label: &str, columns: u16, has_note: bool) -> ProgressStyle {
    let unit = unit(label);
    let mut template = if columns < NARROW {
        "{prefix:12!} {wide_bar} {percent:>3} %  {left}".to_owned()
    } else {
        "{prefix:18!} {wide_bar} {percent:>3} %  {rate:>14}  {left}".to_owned()
    };
    if has_note {
        template += "\n  {wide_msg}";
    }
    ProgressStyle::with_template(&template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("█▉▊▋▌▍▎▏ ")
        .with_key("rate", move |state: &ProgressState, to: &mut dyn Write| {
            let _ = write!(to, "{}", rate_text(state.per_sec(), unit));
        })
        .with_key("left", move |state: &ProgressState, to: &mut dyn Write| {
            // The first estimates are wild.
            let is_known = state.pos() > 0 && state.elapsed() > Duration::from_secs(1);
            let left = if is_known { duration_text(state.eta()) } else { "…".to_owned() };
            let _ = write!(to, "{left:>7} to go");
        })
}

/// What a step's units are, by the step's one name (the labels given to `Progress::start`).
fn unit(label: &str) -> &'static str {
    match label {
        "check layers" => "blocks",
        "select" | "tasks" | "sampled worths" => "rows",
        "proximity" => "bands",
        "plan" => "rounds",
        "what-if" => "plans",
        "look" | "write" => "files",
        _ => "tiles",
    }
}

/// A rate with two digits or more.
fn rate_text(per_second: f64, unit: &str) -> String {
    match per_second {
        rate if !rate.is_finite() || rate <= 0.0 => format!("- {unit}/s"),
        rate if rate < 1.0 => format!("{:.1} {unit}/min", rate * 60.0),
        rate if rate < 10.0 => format!("{rate:.1} {unit}/s"),
        rate => format!("{rate:.0} {unit}/s"),
    }
}

/// A time as a person says it: `45 s`, `3:20 min`, `2:05 h`.
pub fn duration_text(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{}:{:02} min", seconds / 60, seconds % 60),
        _ => format!("{}:{:02} h", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_rates_read_as_people_say_them() {
        assert_eq!(duration_text(Duration::from_secs_f64(59.4)), "59 s");
        assert_eq!(duration_text(Duration::from_secs(200)), "3:20 min");
        assert_eq!(duration_text(Duration::from_secs(7500)), "2:05 h");
        assert_eq!(rate_text(0.05, "plans"), "3.0 plans/min");
        assert_eq!(rate_text(1234.4, "tiles"), "1234 tiles/s");
        assert_eq!(rate_text(f64::NAN, "tiles"), "- tiles/s");
    }
}
