//! The hub, until it is asked to stop.

use outport_hub::{Hub, HubConfig, StartError};
use serde_json::json;

use crate::{
    context::Context,
    failure::{Exit, Failure},
    printer::{Paint, Text},
    service::{log_to_stderr, no_signals},
    signals::asked_to_stop,
};

pub(super) async fn run(config: HubConfig, context: &Context) -> Result<(), Failure> {
    log_to_stderr(LEVELS);
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
    asked.map_err(no_signals)
}

fn not_started(error: StartError) -> Failure {
    Failure::new(Exit::Failed, format!("The hub does not start: {error}.")).because(error)
}

/// The hub's own words; of libraries, what went wrong.
const LEVELS: &str = "warn,outport_hub=info,outport_relay=info";
