//! Questions of `clearway init` on a terminal.

use std::io::IsTerminal;

use clearway::error::{Error, Result};
use clearway::run::init::{Ask, NoQuestions};
use dialoguer::{Input, Select};

use super::printable::printable;

/// Asks on the terminal.
struct Terminal;

/// Who answers: the person where there is a terminal and `--yes` was not given, else nobody.
pub fn asker(yes: bool) -> Box<dyn Ask> {
    let is_person = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if yes || !is_person { Box::new(NoQuestions) } else { Box::new(Terminal) }
}

impl Ask for Terminal {
    fn choose(&self, question: &str, answers: &[String]) -> Result<usize> {
        let answers: Vec<_> = answers.iter().map(|answer| printable(answer)).collect();
        let select = Select::new().with_prompt(printable(question)).items(&answers).default(0);
        select.interact().map_err(stopped)
    }

    fn text(&self, question: &str, default: &str, is_right: &dyn Fn(&str) -> bool) -> Result<String> {
        let input = Input::<String>::new().with_prompt(question).allow_empty(default.is_empty());
        let input = if default.is_empty() { input } else { input.default(default.to_owned()) };
        let check = |text: &String| if is_right(text) { Ok(()) } else { Err("that is not one") };
        input.validate_with(check).interact_text().map(|text| text.trim().to_owned()).map_err(stopped)
    }
}

/// Ctrl-C at a question.
fn stopped(_: dialoguer::Error) -> Error {
    Error::Interrupted
}
