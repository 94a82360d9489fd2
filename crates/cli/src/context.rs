//! What every command has at hand: the printer, the profile, and the ways to agent and hub.

use std::{env, sync::Arc};

use outport_agent::{Offline, TokenStore, trust_for};
use outport_api::{
    Secret,
    client::{Bearer, BoxFuture, Client, HubUrl, Trust},
};
use outport_control::{Client as Control, ConnectError, Paths, PathsError};
use outport_types::{EndpointId, EndpointRef, Problem};

use crate::{
    args::Global,
    failure::{Exit, Failure},
    location::Location,
    printer::Printer,
};

/// What every command has at hand.
#[derive(Debug)]
pub(crate) struct Context {
    pub printer: Printer,
    paths: Result<Paths, PathsError>,
    hub: Option<HubUrl>,
}

impl Context {
    pub(crate) fn new(global: &Global) -> Self {
        Self {
            printer: Printer::new(global),
            paths: Paths::locate(global.profile.clone()),
            hub: global.hub.clone(),
        }
    }

    /// A context with a home of its own.
    #[cfg(test)]
    pub(crate) fn with(printer: Printer, paths: Paths) -> Self {
        Self { printer, paths: Ok(paths), hub: None }
    }

    /// Where the profile keeps its files.
    pub(crate) fn paths(&self) -> Result<Paths, Failure> {
        self.paths.clone().map_err(|error| {
            Failure::new(Exit::Failed, format!("There is no place for files: {error}."))
        })
    }

    /// The hub that was named on the command line or in the environment.
    pub(crate) const fn named_hub(&self) -> Option<&HubUrl> {
        self.hub.as_ref()
    }

    /// How a hub is reached and recognised, by environment and config.
    pub(crate) async fn trust(&self, hub: &HubUrl) -> Result<Trust, Failure> {
        Ok(trust_for(&self.paths()?, hub).await?)
    }

    /// The agent that runs for the profile.
    pub(crate) async fn agent(&self) -> Result<Control, Failure> {
        Ok(Control::connect(&self.paths()?).await?)
    }

    /// Whatever answers for the profile: the agent that runs, or else this process.
    pub(crate) async fn owner(&self) -> Result<Control, Failure> {
        let paths = self.paths()?;
        match Control::connect(&paths).await {
            Ok(agent) => Ok(agent),
            Err(ConnectError::NotRunning) => Ok(Control::in_memory(Arc::new(Offline::new(&paths)))),
            Err(error) => Err(error.into()),
        }
    }

    /// A client of the hub, for whoever is signed in; or for the token in the environment.
    pub(crate) async fn client(&self) -> Result<Client, Failure> {
        if let Some(token) = env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty()) {
            let hub = self.hub.clone().ok_or_else(|| {
                Failure::usage(format!("{TOKEN_VARIABLE} needs --hub or OUTPORT_HUB beside it."))
            })?;
            let trust = self.trust(&hub).await?;
            return Ok(Client::new(hub, &trust, Arc::new(OneToken(Secret::new(token))))?);
        }
        let store = TokenStore::new(&self.paths()?);
        let account =
            store.account().await.map_err(|error| Failure::from(error.problem()).because(error))?;
        let account = account.ok_or_else(|| Failure::signed_out(self.hub.as_ref()))?;
        let hub: HubUrl =
            account.hub.parse().map_err(|error| Failure::signed_out(None).because(error))?;
        if let Some(named) = &self.hub
            && *named != hub
        {
            let text = format!(
                "You are signed in at {hub}, not at {named}. Run `outport login {named}`, with \
                 --profile NAME to keep both."
            );
            return Err(Failure::new(Exit::SignIn, text));
        }
        let trust = self.trust(&hub).await?;
        Ok(Client::new(hub, &trust, Arc::new(store))?)
    }

    /// The id of the endpoint of a place that was typed.
    pub(crate) async fn endpoint(
        &self,
        client: &Client,
        place: &Location,
    ) -> Result<EndpointId, Failure> {
        match place.endpoint {
            EndpointRef::Id(id) => Ok(id),
            EndpointRef::Canonical(_) | EndpointRef::Own(_) => {
                Ok(client.find_endpoint(&place.endpoint).await?.id)
            }
        }
    }

    /// Asks before something that cannot be taken back; `yes` is the flag `--yes`.
    pub(crate) fn confirm(&self, yes: bool, question: &str) -> Result<(), Failure> {
        if yes {
            return Ok(());
        }
        match self.printer.confirm(question) {
            Some(true) => Ok(()),
            Some(false) => Err(Failure::new(Exit::Failed, "Nothing was done.")),
            None => Err(Failure::usage("Nobody is here to say yes. Add --yes if you are sure.")),
        }
    }
}

/// A token that somebody else looks after: a script's.
#[derive(Debug)]
struct OneToken(Secret);

impl Bearer for OneToken {
    fn token<'a>(&'a self, _resource_server: &'a str) -> BoxFuture<'a, Result<Secret, Problem>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

/// Holds an access token for Transfer, for scripts that get one elsewhere.
const TOKEN_VARIABLE: &str = "OUTPORT_TOKEN";
