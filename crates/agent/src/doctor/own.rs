//! What Outport keeps on this computer: config, certificates, registration, sign-in.

use std::sync::Arc;

use outport_api::{auth::names::server, client::HubUrl};
use outport_control::Paths;
use outport_types::{Code, FactCode, Problem};

use super::report::{Report, Topic};
use crate::{config::Config, registration::Registration, tokens::TokenStore, trust};

pub(super) async fn config(
    paths: &Paths,
    in_force: Option<Arc<Config>>,
    report: &mut Report,
) -> Option<Arc<Config>> {
    let of = paths.clone();
    match crate::blocking(move || Config::load(&of)).await {
        Ok(config) => {
            report.ok(Topic::Config, FactCode::ConfigRead, []);
            Some(in_force.unwrap_or_else(|| Arc::new(config)))
        }
        Err(error) => {
            report.fail(Topic::Config, error.problem());
            in_force
        }
    }
}

pub(super) async fn certificates(config: Option<&Config>, report: &mut Report) -> Option<Vec<u8>> {
    let ca_file = config.and_then(|config| config.ca_file.clone());
    trust::certificates(ca_file).await.unwrap_or_else(|error| {
        let reason = [("reason", error.to_string().into())];
        report.fail(Topic::Certificates, Problem::new(Code::CaFileUnreadable, reason));
        None
    })
}

pub(super) async fn registration(paths: &Paths, report: &mut Report) -> Option<Registration> {
    let of = paths.clone();
    let found = crate::blocking(move || {
        let registration = Registration::load(&of).map_err(|error| error.problem())?;
        let key = crate::identity::load(&of, registration.key_place, &registration.key);
        let usable = key.map(drop).map_err(|error| error.problem());
        Ok::<_, Problem>((registration, usable))
    })
    .await;
    match found {
        Ok((registration, Ok(()))) => {
            // Without its owner.
            let name = registration.name.to_string();
            let name = name.rsplit('#').next().unwrap_or_default();
            let args = [("name", name.into()), ("hub", registration.hub.to_string().into())];
            report.ok(Topic::SetUp, FactCode::SetUp, args);
            Some(registration)
        }
        Ok((registration, Err(problem))) => {
            report.fail(Topic::SetUp, problem);
            Some(registration)
        }
        Err(problem) => {
            report.fail(Topic::SetUp, problem);
            None
        }
    }
}

/// Where somebody is signed in.
pub(super) async fn hub_of_account(tokens: &TokenStore) -> Option<HubUrl> {
    tokens.account().await.ok()??.hub.parse().ok()
}

pub(super) async fn sign_in(tokens: &TokenStore, report: &mut Report) {
    match tokens.account().await {
        Ok(Some(account)) => match tokens.token(server::TRANSFER).await {
            Ok(_) => {
                report.ok(Topic::SignIn, FactCode::SignedIn, [("hub", account.hub.into())]);
            }
            Err(error) => report.fail(Topic::SignIn, error.problem()),
        },
        Ok(None) => report.skip(&[Topic::SignIn], FactCode::NobodySignedIn),
        Err(error) => report.fail(Topic::SignIn, error.problem()),
    }
}
