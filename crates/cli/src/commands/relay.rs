//! `outport relay`

use std::{net::SocketAddr, path::PathBuf};

use outport_hub::{LoneRelay, LoneRelayError, LoneRelayOptions, RelayLimits};
use serde_json::json;

use crate::{
    context::Context,
    failure::{Exit, Failure, sentence},
    printer::{Paint, Text},
    service::{log_to_stderr, no_signals},
    signals::asked_to_stop,
};

/// Run a relay for a hub that is on another computer
///
/// It forwards sealed packets between computers that cannot reach each other, and can read none of
/// them. It shares a key with the hub and needs no connection to it: copy the key file to the hub,
/// and name both in the hub's settings. Computers take the nearest relay that their hub names.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file of the key that it shares with the hub; made where there is none
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The address and UDP port [default: every address, port 7440]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Bytes per second of all sessions together, shared fairly among them
    #[arg(long, value_name = "BYTES")]
    bytes_per_second: Option<u64>,
    /// Bytes per second of one session, both directions together
    #[arg(long, value_name = "BYTES")]
    session_bytes_per_second: Option<u64>,
    /// Bytes per second of all sessions of one account
    #[arg(long, value_name = "BYTES")]
    user_bytes_per_second: Option<u64>,
    /// Bytes of all sessions of one account in a day (UTC)
    #[arg(long, value_name = "BYTES")]
    user_bytes_per_day: Option<u64>,
    /// Show /metrics to whoever reaches this address and TCP port
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    log_to_stderr(LEVELS);
    let key = args.key.clone();
    let relay = LoneRelay::bind(args.options()).await.map_err(not_running)?;
    let asked_to_stop = asked_to_stop();
    let unknown = |error| not_running(LoneRelayError::Serve(error));
    let (address, metrics) = (relay.address().map_err(unknown)?, relay.metrics_address());
    let printer = &context.printer;
    if printer.is_json() {
        let made = relay.has_made_key();
        printer.json_line(&json!({ "listening": address, "metrics": metrics, "key_made": made }));
    } else {
        // Programs wait for this line: the address with the port that the system chose.
        printer.line(format!("listening {address}"));
        if let Some(metrics) = metrics {
            printer.note(format!("Metrics are at http://{metrics}/metrics."));
        }
        if relay.has_made_key() {
            let file = Text::from("The key is new. Copy ")
                .add(Paint::Strong, key.display().to_string())
                .plain(" to the hub, keep it secret, and add to the hub's settings:");
            printer.say(file);
            let address = format!("  address = \"THIS-COMPUTER:{}\"", address.port());
            for line in ["  [[relay.others]]", &address, "  key = \"THE-COPY\""] {
                printer.say(line);
            }
        }
    }
    let mut asked = Ok(());
    relay.serve(async { asked = asked_to_stop.await }).await.map_err(not_running)?;
    asked.map_err(no_signals)
}

impl Args {
    fn options(self) -> LoneRelayOptions {
        LoneRelayOptions {
            listen: self.listen,
            key: self.key,
            limits: RelayLimits {
                rate: self.bytes_per_second,
                session_rate: self.session_bytes_per_second,
                user_rate: self.user_bytes_per_second,
                user_bytes_per_day: self.user_bytes_per_day,
            },
            metrics: self.metrics,
        }
    }
}

fn not_running(error: LoneRelayError) -> Failure {
    let is_usage = matches!(error, LoneRelayError::TooSlow { .. });
    let exit = if is_usage { Exit::Usage } else { Exit::Failed };
    Failure::new(exit, sentence(&error.to_string())).because(error)
}

/// The relay's own words; of libraries, what went wrong.
const LEVELS: &str = "warn,outport_hub=info,outport_relay=info";
