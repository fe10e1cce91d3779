//! Manual pages and shell completions, made from what a person may type.

use std::path::Path;

use clap::{Command, CommandFactory};
use clearway::error::{Error, Result};

use super::Cli;

/// The completions for a shell.
pub fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "clearway", &mut script);
    script
}

/// The manual page of `clearway` itself, in roff.
pub fn page() -> Result<Vec<u8>> {
    roff(&Cli::command())
}

/// A page for `clearway` and one for each command, with the names of their files: `clearway.1`, `clearway-run.1`, …
pub fn pages() -> Result<Vec<(String, Vec<u8>)>> {
    let mut root = Cli::command();
    // Makes clap hand the options of all commands down and work out every usage line.
    root.build();
    let commands = root.get_subcommands().filter(|command| command.get_name() != "help");
    let commands = commands.map(|command| (format!("clearway-{}.1", command.get_name()), command));
    std::iter::once(("clearway.1".to_owned(), &root))
        .chain(commands)
        .map(|(name, command)| Ok((name, roff(command)?)))
        .collect()
}

fn roff(command: &Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(command.clone()).manual("Clearway manual");
    man.render(&mut page).map_err(Error::io("write", Path::new("manual page")))?;
    Ok(page)
}
