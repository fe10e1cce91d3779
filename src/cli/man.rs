//! Manual pages and shell completions, made from what a person may type.

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clearway::error::{Error, Result};
use clearway::io::atomic::write_atomic;

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

/// Writes a page for `clearway` and one for each command into a folder: `clearway.1`, `clearway-run.1`, …
pub fn write_pages(folder: &Path) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let mut root = Cli::command();
    // Makes clap hand the options of all commands down and work out every usage line.
    root.build();
    let commands = root.get_subcommands().filter(|command| command.get_name() != "help");
    let mut written = Vec::new();
    for (name, command) in std::iter::once(("clearway".to_owned(), root.clone()))
        .chain(commands.map(|command| (format!("clearway-{}", command.get_name()), command.clone())))
    {
        let path = folder.join(format!("{name}.1"));
        write_atomic(&path, &roff(&command)?)?;
        written.push(path);
    }
    Ok(written)
}

fn roff(command: &Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(command.clone()).manual("Clearway manual");
    man.render(&mut page).map_err(Error::io("write", Path::new("manual page")))?;
    Ok(page)
}
