//! How this computer becomes an endpoint of whoever is signed in, gets another name, and leaves.

use outport_api::{
    client::{Client, ClientError},
    transfer::{Endpoint, EndpointSettings, error_code},
};
use outport_control::{NameCheck, NameState, NewComputer, Secret, SetUp};
use outport_types::{Code, EndpointName, EndpointRef, Problem};

use super::{Owner, views::refused_by};
use crate::registration::{self, Registration};

/// What is left to do for this computer to be what was asked.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing: it is.
    Done(SetUp),
    /// It binds its key with this setup key.
    Bind(Secret),
}

impl Owner {
    /// Whether this computer can have a name.
    pub(super) async fn check_name(&self, name: String) -> Result<NameCheck, Problem> {
        let account = self.account().await?;
        let full_name = format!("{}#{name}", account.handle);
        let answer = |state, problem| NameCheck {
            name: name.clone(),
            full_name: full_name.clone(),
            state,
            problem,
        };
        let parsed = match parse_name(&name) {
            Ok(parsed) => parsed,
            Err(problem) => return Ok(answer(NameState::Invalid, Some(problem))),
        };
        let (client, asker) = (self.client().await?, self.asker().await?);
        let found = match client.find_endpoint(&EndpointRef::Own(parsed)).await {
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Ok(answer(NameState::Free, None)),
            Err(error) => return Err(refused_by(&client)(error)),
        };
        Ok(if asker.here == Some(found.id) {
            answer(NameState::ThisComputer, None)
        } else if self.is_in_use(&found).await {
            answer(NameState::YoursInUse, Some(name_taken(&found.title())))
        } else {
            answer(NameState::YoursUnused, None)
        })
    }

    /// Finds or makes the endpoint that this computer shall be. The same again, after an answer that
    /// was lost or a step that was repeated, leads to the same endpoint.
    pub(crate) async fn register(&self, computer: &NewComputer) -> Result<Step, Problem> {
        let name = parse_name(&computer.name)?;
        let client = self.client().await?;
        if let Some(own) = self.registration_at(&client).await
            && let Some(found) = self.still_own(&client, &own).await?
        {
            match rename(&client, &found, &name).await {
                Ok(()) => return Ok(Step::Done(set_up_as(&own, &found, &name))),
                // The name is another endpoint's; with the owner's word its place is taken below.
                Err(error) if is_taken(&error) && computer.replace => {}
                Err(error) if is_taken(&error) => return Err(taken_by(&found, &name)),
                Err(error) => return Err(refused_by(&client)(error)),
            }
        }
        let settings = EndpointSettings {
            display_name: Some(Some(name.to_string())),
            is_globus_connect: Some(true),
            ..EndpointSettings::default()
        };
        match client.create_endpoint(&settings).await {
            Ok(created) => {
                let key = created.globus_connect_setup_key.ok_or_else(|| no_key(&client))?;
                Ok(Step::Bind(Secret::new(key)))
            }
            Err(error) if is_taken(&error) => {
                self.take_over(&client, &name, computer.replace).await.map(Step::Bind)
            }
            Err(error) => Err(refused_by(&client)(error)),
        }
    }

    /// Gives this computer another name at the hub, which tells the agent.
    pub(super) async fn rename_computer(&self, name: &str) -> Result<(), Problem> {
        let name = parse_name(name)?;
        let client = self.client().await?;
        let own = self.registration_at(&client).await;
        let own = own.ok_or_else(|| Problem::new(Code::NotSetUp, []))?;
        let found = client.endpoint(own.endpoint).await.map_err(refused_by(&client))?;
        rename(&client, &found, &name).await.map_err(|error| {
            if is_taken(&error) { taken_by(&found, &name) } else { refused_by(&client)(error) }
        })
    }

    /// Removes the endpoint that this computer is from its hub; one that is not there is removed.
    pub(crate) async fn delete_computer(&self) -> Result<(), Problem> {
        let Some(own) = self.registration().await else { return Ok(()) };
        let client = self.client().await?;
        if *client.hub() != own.hub {
            // The sign-in is for another hub, which knows nothing of this computer.
            let hub = own.hub.to_string();
            return Err(Problem::new(Code::SignedOut, [("hub", hub.into())]));
        }
        match client.delete_endpoint(own.endpoint).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(refused_by(&client)(error)),
        }
    }

    /// What this computer is at the hub of a client.
    async fn registration_at(&self, client: &Client) -> Option<Registration> {
        self.registration().await.filter(|own| own.hub == *client.hub())
    }

    /// The endpoint that this computer still is; `None` when it was deleted, is another computer by
    /// now, or belongs to somebody else.
    async fn still_own(
        &self,
        client: &Client,
        own: &Registration,
    ) -> Result<Option<Endpoint>, Problem> {
        let asker = self.asker().await?;
        let found = match client.endpoint(own.endpoint).await {
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(refused_by(client)(error)),
        };
        let extras = found.outport.clone().unwrap_or_default();
        let is_own = extras.fingerprint == Some(own.key.fingerprint().to_string());
        Ok(Some(found).filter(|found| is_own && found.owner_string == asker.username))
    }

    /// Whether a computer is this endpoint already. One that this computer became, only that the
    /// hub's answer never came, waits for it.
    async fn is_in_use(&self, endpoint: &Endpoint) -> bool {
        let Some(extras) = &endpoint.outport else { return true };
        let Some(fingerprint) = extras.fingerprint.clone() else { return false };
        let (paths, id) = (self.paths.clone(), endpoint.id);
        !crate::blocking(move || registration::is_pending(&paths, id, &fingerprint)).await
    }

    /// Gets a new setup key for an endpoint that exists: one that no other computer is, or with the
    /// owner's word.
    async fn take_over(
        &self,
        client: &Client,
        name: &EndpointName,
        replace: bool,
    ) -> Result<Secret, Problem> {
        let found = client.find_endpoint(&EndpointRef::Own(name.clone())).await;
        let found = found.map_err(refused_by(client))?;
        if !replace && self.is_in_use(&found).await {
            return Err(name_taken(&found.title()));
        }
        let key = client.new_setup_key(found.id).await.map_err(refused_by(client))?;
        Ok(Secret::new(key.setup_key))
    }
}

async fn rename(client: &Client, found: &Endpoint, name: &EndpointName) -> Result<(), ClientError> {
    if found.display_name.as_deref() == Some(name.as_str()) {
        return Ok(());
    }
    let settings = EndpointSettings {
        display_name: Some(Some(name.to_string())),
        ..EndpointSettings::default()
    };
    client.update_endpoint(found.id, &settings).await.map(drop)
}

fn set_up_as(own: &Registration, found: &Endpoint, name: &EndpointName) -> SetUp {
    SetUp {
        endpoint: own.endpoint,
        name: full_name(found, name),
        hub: own.hub.to_string(),
        fingerprint: own.key.fingerprint().to_string(),
        place: own.key_place,
    }
}

fn parse_name(name: &str) -> Result<EndpointName, Problem> {
    name.parse().map_err(|error: outport_types::NameError| {
        let args = [("name", name.into()), ("reason", error.to_string().into())];
        Problem::new(Code::BadEndpointName, args)
    })
}

fn is_taken(error: &ClientError) -> bool {
    error.refusal().is_some_and(|refusal| refusal.code == error_code::EXISTS)
}

fn name_taken(endpoint: &str) -> Problem {
    Problem::new(Code::NameTaken, [("endpoint", endpoint.into())])
}

/// The name is taken by another endpoint of the same owner.
fn taken_by(found: &Endpoint, name: &EndpointName) -> Problem {
    name_taken(&full_name(found, name))
}

/// A name behind the handle of an endpoint's owner.
fn full_name(found: &Endpoint, name: &EndpointName) -> String {
    let canonical = found.canonical_name.as_deref().unwrap_or_default();
    match canonical.split_once('#') {
        Some((owner, _)) => format!("{owner}#{name}"),
        None => name.to_string(),
    }
}

fn no_key(client: &Client) -> Problem {
    let args = [
        ("hub", client.hub().to_string().into()),
        ("reason", "its answer holds no setup key".into()),
    ];
    Problem::new(Code::NotAHub, args)
}
