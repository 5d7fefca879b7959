//! The table of settings for the README, from the definitions that `--help` shows.

use std::fmt::Write;

use clap::{Arg, Command};

/// Secrets that have no flag; their flag names the file.
const SECRETS: [&str; 3] = ["SECRET_KEY", "OPENAI_API_KEY", "SENTRY_DSN"];

/// A row for every setting of `serve`.
pub(super) fn markdown(command: &Command) -> String {
    let mut table = String::from("| environment | flag | default | what it does |\n| --- | --- | --- | --- |\n");
    let Some(serve) = command.find_subcommand("serve") else { return table };
    for arg in serve.get_arguments().filter(|arg| arg.get_id() != "help") {
        let names = names(arg);
        let flag = arg.get_long().map(|long| format!("`--{long}`")).unwrap_or_default();
        let default =
            arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect::<String>();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default().replace('|', "\\|");
        let _ = writeln!(table, "| {names} | {flag} | {default} | {help} |");
    }
    table
}

fn names(arg: &Arg) -> String {
    let Some(name) = arg.get_env().map(|name| name.to_string_lossy().into_owned()) else { return String::new() };
    match name.strip_suffix("_FILE").filter(|secret| SECRETS.contains(secret)) {
        Some(secret) => format!("`{secret}`, `{name}`"),
        None => format!("`{name}`"),
    }
}
