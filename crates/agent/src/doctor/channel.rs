//! Whether hub and agent prove their keys to each other.

use outport_api::client::Trust;
use outport_control::Paths;
use outport_protocol::{
    secret::SecretKey,
    statement::{SignedStatement, Statement},
};
use outport_types::{Chain, Code, FactCode, Problem};
use tokio::time::timeout;

use super::{
    STEP_TIMEOUT, about_hub,
    report::{Report, Topic},
    too_slow,
};
use crate::{
    commands,
    config::Ports,
    core::Identity,
    hub_link::{DialError, Step, dial},
    registration::Registration,
};

/// This computer's key, and a UDP port of its own beside the agent's.
pub(super) async fn identity(paths: &Paths, report: &mut Report) -> Option<Identity> {
    match commands::load_identity(paths, Ports::default()).await {
        Ok(identity) => Some(identity),
        Err(problem) => {
            report.fail(Topic::Channel, problem);
            None
        }
    }
}

/// Proves both keys to each other without saying hello, so a running agent keeps its channel.
pub(super) async fn examine(
    registration: &Registration,
    key: &SecretKey,
    trust: &Trust,
    report: &mut Report,
) {
    let hub = &registration.hub;
    let dialled = dial(hub, key, trust, async |signed| accept(registration, &signed));
    match timeout(STEP_TIMEOUT, dialled).await {
        Ok(Ok(_)) => report.ok(Topic::Channel, FactCode::KeysProved, []),
        Ok(Err(DialError::OtherHub(problem))) => report.fail(Topic::Channel, problem),
        Ok(Err(error)) => {
            let code = match error.step() {
                Step::WebSocket => Code::NoWebSocket,
                Step::Name | Step::Tcp | Step::Tls | Step::Statement | Step::Keys => {
                    Code::NoChannel
                }
            };
            report.fail(Topic::Channel, about_hub(hub, code, &Chain(&error).to_string()));
        }
        Err(_) => report.fail(Topic::Channel, too_slow(hub)),
    }
}

/// Takes the hub that this computer knows, and no other.
pub(super) fn accept(
    registration: &Registration,
    signed: &SignedStatement,
) -> Result<Statement, DialError> {
    let mut pinned = registration.clone();
    let accepted = pinned.accept(signed).map(|(statement, _)| statement);
    accepted.map_err(|error| {
        tracing::debug!(error = %Chain(&error), "the doctor saw other keys");
        let hub = [("hub", pinned.hub.to_string().into())];
        DialError::OtherHub(Problem::new(Code::HubKeyChanged, hub))
    })
}
