use clap::{Command, CommandFactory as _};

use super::*;

#[test]
fn the_command_line_is_in_order() {
    Cli::command().debug_assert();
}

#[test]
fn the_help_of_every_command_is_as_it_was_read_last() {
    let mut command = Cli::command().term_width(90);
    command.build();
    let mut text = String::new();
    help(&mut command, &mut text);
    insta::assert_snapshot!(text);
}

#[test]
fn what_makes_no_sense_is_refused_with_the_way_out() {
    for (line, part) in [
        ("outport", "Usage: outport"),
        ("outport transfer a", "<DESTINATION[:PATH]>"),
        ("outport transfer a b --deadline yesterday", "write a moment like"),
        ("outport tasks show x", "not an id"),
        ("outport tasks update 00000000-0000-0000-0000-000000000003", "--label"),
        ("outport pause --for 2", "write a duration like"),
        ("outport endpoints rename a b#c", "an endpoint name has letters"),
        ("outport whoami --hub http://hub.example.org", "use https"),
        ("outport whoami --profile Upper", "a profile's name"),
        ("outport hub --listen nowhere", "invalid socket address"),
        ("outport agent --listen 7441", "an address with a port is needed"),
        ("outport agent --listen 0.0.0.0:0", "from 1 to 65535"),
        ("outport agent --advertise 127.0.0.1:7441", "other computers cannot use it"),
        ("outport agent --advertise 0.0.0.0:7441", "not the address of one computer"),
    ] {
        let error = parse(line).expect_err(line).to_string();
        assert!(error.contains(part), "{line}: {error}");
    }
}

#[test]
fn flags_that_every_command_takes_stand_anywhere() {
    let cli = parse("outport --json tasks list -q --hub localhost:7440").unwrap();
    assert!(cli.global.json && cli.global.quiet);
    assert_eq!(cli.global.hub.unwrap().to_string(), "http://localhost:7440");
    assert!(parse("outport tasks").is_ok() && parse("outport endpoints").is_ok());
}

#[test]
fn the_administrator_names_the_data_before_or_after() {
    assert!(parse("outport hub --data /d user add smith --password-file p").is_ok());
    assert!(parse("outport hub user list --data /d").is_ok());
    assert!(parse("outport hub --data /d --listen 127.0.0.1:0").is_ok());
}

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split(' '))
}

/// The help of a command and of all below it.
fn help(command: &mut Command, text: &mut String) {
    let name = command.get_display_name().unwrap_or("outport").replace('-', " ");
    let long = command.render_long_help().to_string();
    // What is the same everywhere is shown once.
    let own = match name.as_str() {
        "outport" => long.as_str(),
        _ => long.split("\nEverywhere:\n").next().unwrap_or_default(),
    };
    *text += &format!("===== {name}\n{}\n\n", own.trim_end());
    for subcommand in command.get_subcommands_mut().filter(|command| !command.is_hide_set()) {
        help(subcommand, text);
    }
}
