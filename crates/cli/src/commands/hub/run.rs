//! The hub, until it is asked to stop.

use std::io::{self, IsTerminal as _};

use outport_hub::{Hub, HubConfig, StartError};
use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::{
    context::Context,
    failure::{Exit, Failure},
    printer::{Paint, Text},
    signals::asked_to_stop,
};

pub(super) async fn run(config: HubConfig, context: &Context) -> Result<(), Failure> {
    log();
    let hub = Hub::bind(config).await.map_err(not_started)?;
    let printer = &context.printer;
    let asked_to_stop = asked_to_stop();
    let url = hub.url().as_str().trim_end_matches('/');
    let link = hub.first_admin_link();
    if printer.is_json() {
        printer.json_line(&json!({ "listening": url, "first_admin_link": link }));
    } else {
        // Programs wait for this line: the address with the port that the system chose.
        printer.line(format!("listening {url}"));
        match link {
            Some(link) => {
                printer.say("This hub has no administrator yet. Open this link, once, to be it:");
                printer.say(Text::from("  ").add(Paint::Strong, link));
            }
            None => printer.note(format!("Open {url} in a browser, or run `outport login {url}`.")),
        }
    }
    let asked = tokio::select! {
        asked = asked_to_stop => asked,
        () = hub.join() => Ok(()),
    };
    printer.note("Stopping: what runs is finished and stored.");
    hub.shutdown().await;
    asked.map_err(|error| {
        Failure::new(Exit::Failed, "Signals cannot be listened for.").because(error)
    })
}

fn not_started(error: StartError) -> Failure {
    Failure::new(Exit::Failed, format!("The hub does not start: {error}.")).because(error)
}

/// Logs to standard error: as text on a terminal, elsewhere as JSON with a field for each fact.
fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LEVELS));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if io::stderr().is_terminal() {
        log.with_target(false).init();
    } else {
        log.json().flatten_event(true).init();
    }
}

/// The hub's own words; of libraries, what went wrong.
const LEVELS: &str = "warn,outport_hub=info,outport_relay=info";
