//! Errors on stderr: for a person with the line they wrote and a caret below it, for a pipe one line a fault.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use clearway::error::{Error, Excerpt, Fault};

use super::printable::printable;

/// How errors are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// With the line a fault speaks of; without it, every fault is one line, the same in every version.
    pub with_lines: bool,
    /// In colour.
    pub in_colour: bool,
    /// Columns of the terminal.
    pub columns: usize,
}

/// The error as text, its faults with their lines where `look` asks for them.
pub fn error_text(error: &Error, look: Look) -> String {
    let faults = error.faults();
    if look.with_lines && !faults.is_empty() {
        return framed(faults, look);
    }
    match faults {
        [] => format!("{} {}\n", heading("error:", look), printable(&error.to_string())),
        [fault] => format!("{} {}\n", heading("error:", look), printable(&fault.to_string())),
        faults => {
            let lines = faults.iter().map(|fault| format!("  - {}\n", printable(&fault.to_string())));
            format!("{} {} faults\n{}", heading("error:", look), faults.len(), lines.collect::<String>())
        }
    }
}

/// A warning as text.
pub fn warning_text(warning: &str, look: Look) -> String {
    let heading = if look.in_colour { "\x1b[1;33mwarning:\x1b[0m" } else { "warning:" };
    format!("{heading} {}\n", printable(warning))
}

fn heading(text: &str, look: Look) -> String {
    if look.in_colour { format!("\x1b[1;31m{text}\x1b[0m") } else { text.to_owned() }
}

fn framed(faults: &[Fault], look: Look) -> String {
    let renderer = if look.in_colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(look.columns);
    let mut text = String::new();
    for fault in faults {
        text += &renderer.render(&[group(fault)]);
        text += "\n\n";
    }
    if faults.len() > 1 {
        text += &format!("{} {} faults, nothing was done\n", heading("error:", look), faults.len());
    }
    text
}

fn group(fault: &Fault) -> Group<'_> {
    let title = format!("expected {}, found {}", printable(&fault.expected), printable(&fault.found));
    let title = Level::ERROR.primary_title(title).id(fault.code);
    let fix = Level::HELP.message(printable(&fault.fix));
    match &fault.excerpt {
        Some(excerpt) => {
            let group = title.element(snippet(excerpt));
            // The place says more than the line where the fault is inside the file that the line names.
            let says_more = excerpt.line.is_none() || !fault.place.starts_with(&excerpt.source);
            let place = says_more.then(|| Level::NOTE.message(format!("in {}", printable(&fault.place))));
            place.into_iter().fold(group, Group::element).element(fix)
        }
        None => title.element(Level::NOTE.message(format!("in {}", printable(&fault.place)))).element(fix),
    }
}

fn snippet(excerpt: &Excerpt) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    let marked = AnnotationKind::Primary.span(excerpt.marked.clone());
    let snippet = Snippet::source(excerpt.text.as_str()).annotation(marked);
    match excerpt.line {
        Some(line) => snippet.path(excerpt.source.as_str()).line_start(line),
        None => snippet.line_numbering(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look { with_lines: true, in_colour: false, columns: 100 };

    fn misspelt() -> Fault {
        let text = "[score]\nexposure = { kernel = \"gaussian\", sigm = 1000 }\n";
        let at = text.find("sigm").unwrap();
        let excerpt = Excerpt::of_line("project.toml", text, &(at..at + 4));
        let place = "project.toml:2: `score.exposure.sigm`";
        Fault::new(
            "project.unknown_key",
            place,
            "one of `kernel`, `sigma_m`",
            "`sigm`",
            "did you mean `sigma_m`?",
        )
        .at(Some(excerpt))
    }

    #[test]
    fn line_stands_below_its_fault_with_a_caret_under_the_key() {
        let text = error_text(&misspelt().into(), PLAIN);
        let expected = "\
error[project.unknown_key]: expected one of `kernel`, `sigma_m`, found `sigm`
 --> project.toml:2:35
  |
2 | exposure = { kernel = \"gaussian\", sigm = 1000 }
  |                                   ^^^^
  |
  = help: did you mean `sigma_m`?

";
        assert_eq!(text, expected);
    }

    #[test]
    fn pipe_gets_one_line_a_fault_without_colour() {
        let look = Look { with_lines: false, ..PLAIN };
        let text = error_text(&misspelt().into(), look);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.ends_with("[project.unknown_key]\n") && !text.contains('\x1b'), "{text}");
    }

    #[test]
    fn control_characters_of_an_input_do_not_reach_the_terminal() {
        let fault = Fault::new("x.y", "a\x1b[2Jb.csv", "a number", "`\x07`", "mend it");
        for look in [PLAIN, Look { with_lines: false, ..PLAIN }] {
            let text = error_text(&fault.clone().into(), look);
            assert!(!text.contains(['\x1b', '\x07']), "{text:?}");
            // With lines annotate-snippets puts a sign in their place; a fault in one line spells them out.
            let named = if look.with_lines { "a\u{fffd}[2Jb.csv" } else { r"a\u{1b}[2Jb.csv" };
            assert!(text.contains(named), "{text:?}");
        }
    }
}
