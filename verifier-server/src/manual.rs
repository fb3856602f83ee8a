//! What is made of the command line itself: completions, manual pages; and the published schemas.

use std::io::Write;
use std::path::Path;

use clap::CommandFactory;
use serde_json::Value;
use verifier_core::kernel::profiles::intern;

use crate::args::{Cli, SchemaOf};
use crate::{clean, contract, render};

/// Prints what a shell reads to complete arguments.
///
/// # Errors
/// When the output cannot be written.
pub fn completions(shell: clap_complete::Shell, out: &mut dyn Write) -> Result<(), String> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "bpfvet", &mut text);
    out.write_all(&text).map_err(|e| e.to_string())
}

/// Prints the manual page of the whole, or writes a page for every command into a folder.
///
/// # Errors
/// When they cannot be written.
pub fn man(dir: Option<&Path>, out: &mut dyn Write) -> Result<(), String> {
    let mut command = Cli::command();
    command.build();
    let Some(dir) = dir else { return page(command, out) };
    let failed = |e: std::io::Error| format!("{}: {e}", clean::path(dir));
    std::fs::create_dir_all(dir).map_err(failed)?;
    let write = |name: String, command: clap::Command| {
        let mut text = Vec::new();
        page(command, &mut text)?;
        std::fs::write(dir.join(format!("{name}.1")), text).map_err(failed)
    };
    write("bpfvet".into(), command.clone())?;
    let commands = command.get_subcommands().filter(|c| c.get_name() != "help" && !c.is_hide_set());
    commands.into_iter().try_for_each(|c| {
        let name = format!("bpfvet-{}", c.get_name());
        write(name.clone(), c.clone().name(intern(name)))
    })
}

fn page(command: clap::Command, out: &mut dyn Write) -> Result<(), String> {
    clap_mangen::Man::new(command).render(out).map_err(|e| e.to_string())
}

/// Prints a schema.
///
/// # Errors
/// When the output cannot be written.
pub fn schema(of: SchemaOf, out: &mut dyn Write) -> Result<(), String> {
    let schema: Value = match of {
        SchemaOf::Config => contract::shape::schema(),
        SchemaOf::Rows => render::rows_schema(),
    };
    let text = serde_json::to_string_pretty(&schema).map_err(|e| e.to_string())?;
    writeln!(out, "{text}").map_err(|e| e.to_string())
}
