//! Checks step by step what a working endpoint needs, says what to do where a step fails, and in the
//! end what all of it comes to.

mod allowance;
mod certificate;
mod channel;
mod discreet;
mod folders;
mod meter;
mod own;
mod peer;
mod reach;
mod relays;
mod report;
mod speed;
mod udp;
mod udp_speed;
mod verdict;

use std::{sync::Arc, time::Duration};

use outport_api::client::{HubUrl, Trust};
use outport_control::{DoctorReport, Paths, RelayUse};
use outport_types::{Code, FactCode, Problem};

use self::report::{Report, Topic};
pub(crate) use self::{meter::Meter, peer::examine as examine_peer};
use crate::{config::Config, proxy::ProxyChoice, registration::Registration, tokens::TokenStore};

/// Checks everything; what depends on a step that failed is skipped.
///
/// The file is checked as it is; the rest goes by the config in force, where an agent has one.
pub(crate) async fn examine(
    paths: &Paths,
    tokens: &TokenStore,
    in_force: Option<Arc<Config>>,
) -> DoctorReport {
    let mut report = Report::new(crate::config::home());
    let config = own::config(paths, in_force, &mut report).await;
    let extra_roots_pem = own::certificates(config.as_deref(), &mut report).await;
    let registration = own::registration(paths, &mut report).await;
    let hub = match &registration {
        Some(registration) => Some(registration.hub.clone()),
        None => own::hub_of_account(tokens).await,
    };
    let mut trust = Trust { extra_roots_pem, proxy: None };
    let mut is_way_known = true;
    let mut about = None;
    match &hub {
        Some(hub) => {
            let choice = config.as_deref().map_or(&ProxyChoice::System, |config| &config.proxy);
            is_way_known = reach::way(paths, choice, hub, &mut trust, &mut report).await;
            if is_way_known {
                about = reach::hub(hub, &trust, &mut report).await;
            }
        }
        None => {
            report.skip(&[Topic::Proxy], FactCode::NoHubYet);
            report.skip(&reach::TOPICS, FactCode::NoHubYet);
        }
    }
    own::sign_in(tokens, &mut report).await;
    match &registration {
        None => report.skip(&AGENT_TOPICS, FactCode::NotSetUpHere),
        Some(_) if !is_way_known => report.skip(&AGENT_TOPICS, FactCode::NoWayKnown),
        Some(_)
            if report.failed(Topic::Tls)
                || report.failed(Topic::Tcp)
                || report.failed(Topic::Name) =>
        {
            report.skip(&AGENT_TOPICS, FactCode::NoConnection);
        }
        Some(registration) => {
            let relay = config.as_deref().map_or(RelayUse::Auto, |config| config.settings.relay);
            agent(paths, registration, &trust, (about, relay), &mut report).await;
        }
    }
    if let Some(config) = config {
        folders::examine(config, &mut report).await;
    }
    report.conclude()
}

/// What needs this computer's key.
async fn agent(
    paths: &Paths,
    registration: &Registration,
    trust: &Trust,
    (about, relay): (Option<outport_api::hub::AboutHub>, RelayUse),
    report: &mut Report,
) {
    let hub = &registration.hub;
    let Some(identity) = channel::identity(paths, report).await else {
        return report.skip(&AGENT_TOPICS[1..], FactCode::NoKey);
    };
    channel::examine(registration, &identity.key, trust, report).await;
    udp::examine(hub, about.as_ref(), &identity.endpoint, report).await;
    relays::examine(about.as_ref(), &identity.endpoint, report).await;
    speed::examine(registration, &identity.key, trust, report).await;
    udp_speed::examine(registration, &identity, trust, relay, report).await;
    allowance::examine(registration, &identity.key, trust, report).await;
}

fn about_hub(hub: &HubUrl, code: Code, reason: &str) -> Problem {
    Problem::new(code, [("hub", hub.to_string().into()), ("reason", reason.into())])
}

fn too_slow(hub: &HubUrl) -> Problem {
    Problem::new(Code::HubSlow, [("hub", hub.to_string().into())])
}

/// What an agent needs beyond what everybody does, the channel first.
const AGENT_TOPICS: [Topic; 7] = [
    Topic::Channel,
    Topic::Udp,
    Topic::Nat,
    Topic::Packets,
    Topic::Tunnel,
    Topic::Speed,
    Topic::UdpSpeed,
];
/// Longer than any of the steps takes where it works.
const STEP_TIMEOUT: Duration = Duration::from_secs(15);
