//! `outport login`

use std::env;

use outport_agent::{TokenStore, signed_in};
use outport_api::{
    auth::TokenAnswer,
    client::{Auth, HubUrl},
};
use serde_json::json;
use url::Url;

use crate::{
    context::Context,
    failure::{Exit, Failure},
    printer::{Paint, Printer, Text},
};

/// Sign in at a hub
///
/// Opens the browser of this computer. With --no-browser, or where there is no screen, it prints an
/// address and a code to type there on any other device.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The hub's address; the one of the last sign-in, unless given
    #[arg(value_name = "HUB")]
    address: Option<HubUrl>,
    /// Sign in on another device, by a code
    #[arg(long)]
    no_browser: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let store = TokenStore::new(&context.paths()?);
    let hub = match args.address.or_else(|| context.named_hub().cloned()) {
        Some(hub) => hub,
        None => last_hub(&store).await?,
    };
    let auth = Auth::new(hub.clone(), &context.trust(&hub).await?)?;
    let printer = &context.printer;
    let answer = if args.no_browser || !has_screen() {
        by_code(&auth, printer).await?
    } else {
        in_browser(&auth, printer).await?
    };
    finish(&auth, &answer, context).await
}

/// Asks who it is that signed in, and keeps the sign-in.
pub(crate) async fn finish(
    auth: &Auth,
    answer: &TokenAnswer,
    context: &Context,
) -> Result<(), Failure> {
    let printer = &context.printer;
    let sign_in = signed_in(auth, answer).await?;
    let account = sign_in.account.clone();
    context.owner().await?.sign_in(sign_in).await?;
    printer.fact(&json!({ "hub": account.hub, "username": account.username }), |printer| {
        let text = Text::new().add(Paint::Good, "Signed in").plain(" as ");
        let text = text.add(Paint::Strong, &account.username);
        printer.note(text.plain(format!(" at {}.", account.hub)));
    });
    Ok(())
}

async fn last_hub(store: &TokenStore) -> Result<HubUrl, Failure> {
    let account = store.account().await.ok().flatten();
    account
        .and_then(|account| account.hub.parse().ok())
        .ok_or_else(|| Failure::usage("Which hub? Write it as `outport login hub.example.org`."))
}

async fn in_browser(auth: &Auth, printer: &Printer) -> Result<TokenAnswer, Failure> {
    let sign_in = auth.browser().await.map_err(|error| {
        Failure::new(Exit::Failed, "The browser has nowhere to come back to; try --no-browser.")
            .because(error)
    })?;
    let url = sign_in.url().clone();
    if open_browser(&url).await {
        printer.note("Your browser opens to sign you in. If it does not, open:");
    } else {
        printer.say("Open this address in a browser of this computer, or use --no-browser:");
    }
    printer.say(format!("  {url}"));
    Ok(sign_in.finish().await?)
}

/// Opens the address in the browser of this computer, where there is one.
async fn open_browser(url: &Url) -> bool {
    let url = url.to_string();
    // Some systems start the browser in the foreground: not on the runtime's own threads.
    tokio::task::spawn_blocking(move || webbrowser::open(&url).is_ok()).await.unwrap_or(false)
}

/// Whether a browser that is opened here would be seen by whoever typed the command.
fn has_screen() -> bool {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    if set("BROWSER") || cfg!(windows) {
        return true;
    }
    let is_far = set("SSH_CONNECTION") || set("SSH_TTY");
    !is_far && (cfg!(target_os = "macos") || set("DISPLAY") || set("WAYLAND_DISPLAY"))
}

async fn by_code(auth: &Auth, printer: &Printer) -> Result<TokenAnswer, Failure> {
    let device = auth.device().await?;
    printer.say(format!("Open {} on any device and type", device.verification_uri()));
    printer.say(Text::from("  code: ").add(Paint::Strong, device.user_code()));
    Ok(device.finish().await?)
}
