//! `outport proxy`

use std::path::PathBuf;

use clap::Subcommand;
use outport_control::{KeyPlace, NewProxy, ProxySource, ProxyUse, ProxyView, Secret};

use crate::{
    context::Context,
    failure::Failure,
    password,
    printer::{Printer, Table},
};

/// Say which proxy is on the way to the hub; alone, it shows what is set and used
///
/// Unless set, it is what the environment (HTTPS_PROXY, ALL_PROXY, NO_PROXY) says, and else the
/// operating system. A hub on this computer is always reached straight.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    act: Option<Act>,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Show what is set and what is used
    Show,
    /// Set the proxy; in force at once
    ///
    /// The password is asked for, or read from a file. It is kept apart from the config, for this
    /// proxy alone.
    Set(Set),
    /// Go back to what environment and operating system say, and forget user and password
    Clear,
}

#[derive(Debug, clap::Args)]
struct Set {
    /// http://HOST:PORT, socks5://HOST:PORT, system, or none for the straight way
    #[arg(value_name = "PROXY")]
    proxy: String,
    /// The user that the proxy wants to hear of
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Read the password from the first line of a file; `-` is standard input
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Keep the password in the keyring of the system; unless given, it is where this computer's key is
    #[arg(long, requires = "user")]
    keyring: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let view = match args.act.unwrap_or(Act::Show) {
        Act::Show => context.owner().await?.proxy().await?,
        Act::Set(set) => {
            let wish = set.wish(&context.printer)?;
            context.owner().await?.save_proxy(wish).await?
        }
        Act::Clear => context.owner().await?.clear_proxy().await?,
    };
    context.printer.fact(&view, |printer| show(printer, &view));
    Ok(())
}

impl Set {
    fn wish(self, printer: &Printer) -> Result<NewProxy, Failure> {
        let Self { proxy, user, password_file, keyring } = self;
        let password = match (&user, password_file) {
            (None, _) => None,
            (Some(_), Some(file)) => Some(password::from_file(&file)?),
            (Some(user), None) => {
                let typed = printer.ask_secret(&format!("Password of {user} at the proxy:"));
                let missing = "Nobody is here to type the password. Add --password-file FILE.";
                Some(typed.ok_or_else(|| Failure::usage(missing))?)
            }
        };
        let place = keyring.then_some(KeyPlace::Keyring);
        Ok(NewProxy { proxy, user, password: password.map(Secret::new), place })
    }
}

fn show(printer: &Printer, view: &ProxyView) {
    let mut table = Table::pairs();
    table.pair("set", &view.set);
    match (&view.used, &view.problem) {
        (Some(used), _) => table.pair("used", word(used)),
        (None, Some(_)) => {}
        (None, None) => table.pair("used", "none: the way to the hub is straight"),
    }
    if let Some(login) = &view.login {
        let place = match login.place {
            KeyPlace::Keyring => "in the keyring of the system",
            KeyPlace::File => "in a file that only you can read",
        };
        table.pair("password", format!("of {} for {}, {place}", login.user, login.proxy));
    }
    printer.table(&table);
    if let Some(problem) = &view.problem {
        printer.line(&problem.message);
    }
}

/// A proxy that is used, in a line.
pub(super) fn word(used: &ProxyUse) -> String {
    let user = used.user.as_ref().map(|user| format!(" as {user}")).unwrap_or_default();
    let source = match used.source {
        ProxySource::Config => "set here",
        ProxySource::Environment => "named by the environment",
        ProxySource::System => "named by the operating system",
    };
    format!("{}{user}, {source}", used.address)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use outport_control::KeptLogin;

    use super::*;
    use crate::printer::Captured;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        set: Set,
    }

    #[test]
    fn what_is_set_and_used_is_shown_without_a_password() {
        let login = KeptLogin {
            proxy: "http://proxy.lan:3128".to_owned(),
            user: "ann".to_owned(),
            place: KeyPlace::File,
        };
        let used = ProxyUse {
            address: login.proxy.clone(),
            user: Some(login.user.clone()),
            source: ProxySource::System,
        };
        let view = ProxyView {
            set: "system".to_owned(),
            login: Some(login),
            used: Some(used),
            problem: None,
        };
        let screen = Captured::text();
        show(&screen.printer(), &view);
        insta::assert_snapshot!(screen.out(), @"
        set       system
        used      http://proxy.lan:3128 as ann, named by the operating system
        password  of ann for http://proxy.lan:3128, in a file that only you can read
        ");
        let screen = Captured::text();
        let nothing = ProxyView { login: None, used: None, ..view };
        show(&screen.printer(), &nothing);
        insta::assert_snapshot!(screen.out(), @"
        set   system
        used  none: the way to the hub is straight
        ");
    }

    #[test]
    fn a_password_is_read_from_its_file_and_belongs_to_a_user() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        std::fs::write(&file, "geheim\nmore\n").unwrap();
        let line =
            |words: &[&str]| Line::try_parse_from([&["set"], words].concat()).map(|line| line.set);
        let file = file.to_str().unwrap();
        let words = ["http://proxy.lan:3128", "--user", "ann", "--password-file", file];
        let wish = line(&words).unwrap().wish(&Captured::text().printer()).unwrap();
        assert_eq!(wish.user.as_deref(), Some("ann"));
        assert_eq!(wish.password.unwrap().expose(), "geheim");
        assert_eq!(wish.place, None);
        let words = [&words[..], &["--keyring"]].concat();
        let wish = line(&words).unwrap().wish(&Captured::text().printer()).unwrap();
        assert_eq!(wish.place, Some(KeyPlace::Keyring));
        line(&["http://proxy.lan:3128", "--password-file", file]).unwrap_err();
        line(&["http://proxy.lan:3128", "--keyring"]).unwrap_err();
    }
}
