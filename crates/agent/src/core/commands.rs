//! What the owner asks of the core.

use std::sync::Arc;

use outport_control::{Account, Folder, Happening, KeyPlace, Pause, SignInView};
use outport_protocol::control::AgentMessage;
use outport_types::{Code, Problem, UnixTime};
use tokio::sync::{mpsc, oneshot};

use super::{Core, Identity, News, probes::Told};
use crate::{clock::local_now, config::Config, session::StopReason};

/// A command with the way back.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) command: CoreCommand,
    pub(crate) answer: oneshot::Sender<Result<(), Problem>>,
}

/// What only the core can do.
#[derive(Debug)]
pub(crate) enum CoreCommand {
    Pause {
        until: Option<UnixTime>,
    },
    Resume,
    Stop,
    /// The config was edited; the folders as they are now on the disk.
    Config(Box<Config>, Vec<Folder>),
    /// The computer was set up.
    Identity(Box<Identity>),
    /// The computer is no endpoint any more; the name that it had.
    NoIdentity(Option<String>),
    /// The key is kept at another place too; from now on that is where it is.
    KeyPlace(KeyPlace),
    Account(Option<Account>),
    /// The hub shall be dialled anew, because the way to it may be another one.
    Redial,
    /// A sign-in on its way, or none.
    SignIn(Option<SignInView>),
    /// Find the ways to another computer.
    Probe {
        peer: String,
        told: Told,
    },
}

/// Has the core carry out a command, and waits until it has.
pub(crate) async fn order(
    orders: &mpsc::Sender<Order>,
    command: CoreCommand,
) -> Result<(), Problem> {
    let (answer, answered) = oneshot::channel();
    let closing = || Problem::new(Code::EndpointClosing, [("endpoint", "this computer".into())]);
    orders.send(Order { command, answer }).await.map_err(|_| closing())?;
    answered.await.map_err(|_| closing())?
}

impl Core {
    pub(super) fn order(&mut self, order: Order) {
        let Order { command, answer } = order;
        match command {
            CoreCommand::Pause { until } => return self.pause(until, answer),
            CoreCommand::KeyPlace(place) => return self.key_moved(place, answer),
            CoreCommand::Resume => return self.resume_for(answer),
            CoreCommand::Stop => {
                self.shown.event(None, Happening::Closing, "closing on request", None);
                // The answer is on its way before the connection that waits for it ends.
                answer.send(Ok(())).ok();
                self.stop.cancel();
                return;
            }
            CoreCommand::Config(config, folders) => {
                self.take_config(*config);
                self.shown.folders = folders;
            }
            CoreCommand::Identity(identity) => {
                let name = identity.registration.name.to_string();
                let text = format!("set up as {name}");
                self.shown.event(None, Happening::SetUp { name }, &text, None);
                self.take_identity(Ok(*identity));
            }
            CoreCommand::NoIdentity(name) => {
                if let Some(name) = name {
                    let text = format!("no longer {name}");
                    self.shown.event(None, Happening::Removed { name }, &text, None);
                }
                self.take_identity(Err(Problem::new(Code::NotSetUp, [])));
            }
            CoreCommand::Account(account) => {
                self.shown.account = account;
                self.shown.clear_notice(Code::SignedOut);
                self.board_kick.send_modify(|kicks| *kicks += 1);
            }
            CoreCommand::Redial => self.redial(),
            CoreCommand::SignIn(view) => self.shown.sign_in = view,
            CoreCommand::Probe { peer, told } => self.ask_probe(peer, told),
        }
        answer.send(Ok(())).ok();
    }

    /// Stops everything that moves; the answer comes when nothing moves and the pause is kept.
    fn pause(&mut self, until: Option<UnixTime>, answer: super::Answer) {
        let now = local_now();
        if let Some(past) = until.filter(|until| *until <= now) {
            let time = [("time", past.to_string().into())];
            answer.send(Err(Problem::new(Code::TimeIsPast, time))).ok();
            return;
        }
        let pause = Pause { since: self.pause.map_or(now, |pause| pause.since), until };
        self.pause = Some(pause);
        self.shown.event(None, Happening::Paused, "paused by the owner", None);
        tracing::info!(?until, "paused");
        self.fall_silent();
        let quiet: Vec<_> =
            self.sessions.values().map(|running| running.handle.quiet.clone()).collect();
        let kept = self.keep_pause(Some(pause));
        self.tracker.spawn(async move {
            for session in quiet {
                session.cancelled().await;
            }
            answer.send(kept.await.unwrap_or_else(|_| Err(disk_hangs()))).ok();
        });
    }

    fn resume_for(&mut self, answer: super::Answer) {
        self.go_on();
        let kept = self.resume(Happening::Resumed, "resumed by the owner");
        self.tracker.spawn(async move {
            answer.send(kept.await.unwrap_or_else(|_| Err(disk_hangs()))).ok();
        });
    }

    /// Ends a pause.
    pub(super) fn resume(
        &mut self,
        what: Happening,
        why: &str,
    ) -> oneshot::Receiver<Result<(), Problem>> {
        if self.pause.take().is_some() {
            self.shown.event(None, what, why, None);
            tracing::info!("resumed");
            self.speak_again();
        }
        self.keep_pause(None)
    }

    /// Ends all that moves and takes back the answers that are on their way: nothing may, from now.
    pub(super) fn fall_silent(&mut self) {
        self.requests.cancel();
        self.stop_sessions(&StopReason::Paused);
        let (status, refusal) = (self.status(), self.paused_refusal());
        self.probes.stop(&refusal);
        self.hub.pause(status, &refusal);
        self.recall.send_replace(Some(refusal));
    }

    /// Says how it is after a reason to be silent ended; there may be another one.
    pub(super) fn speak_again(&mut self) {
        if !self.is_paused() {
            self.recall.send_replace(None);
        }
        let status = self.status();
        self.hub.say(AgentMessage::Status(status));
    }

    /// Makes a pause, or its end, last. While that fails, it is shown and tried again.
    pub(super) fn keep_pause(
        &self,
        pause: Option<Pause>,
    ) -> oneshot::Receiver<Result<(), Problem>> {
        let (done, kept) = oneshot::channel();
        let (paths, news) = (self.paths.clone(), self.news.clone());
        self.disk.after_all(move || {
            let saved = crate::pause::save(&paths, pause.as_ref()).map_err(|error| {
                let dir = paths.state_dir.display().to_string();
                state_unusable(dir, error.to_string())
            });
            // The disk waits for nobody: what the core has no room to hear now, the next try tells.
            news.try_send(News::PauseKept(saved.clone())).ok();
            done.send(saved).ok();
        });
        kept
    }

    /// The registration says where the key is; the answer comes when that is on the disk.
    fn key_moved(&mut self, place: KeyPlace, answer: super::Answer) {
        let Some(identity) = &mut self.identity else {
            answer.send(Err(Problem::new(Code::NotSetUp, []))).ok();
            return;
        };
        identity.registration.key_place = place;
        let (paths, registration) = (self.paths.clone(), identity.registration.clone());
        self.disk.after_all(move || {
            answer.send(registration.save(&paths).map_err(|error| error.problem())).ok();
        });
        self.shown.event(None, Happening::KeyMoved, "the key was moved", None);
        tracing::info!(?place, "the key is kept at another place");
    }

    /// Has the hub dialled anew at once, as the owner now wants it reached.
    fn redial(&self) {
        self.shake.send_modify(|shake| shake.trusts += 1);
        self.board_kick.send_modify(|kicks| *kicks += 1);
    }

    /// Puts a new config in force.
    pub(super) fn take_config(&mut self, config: Config) {
        self.shown.clear_notice(Code::BadConfig);
        if config.is_same_as(&self.config) {
            return; // the watcher saw what a command wrote
        }
        // Sessions look at the rules themselves: what lost its folder ends at once.
        self.rules.replace(config.rules.clone());
        self.far_rules.replace(config.far_rules.clone());
        self.gateway_rules.replace(config.gateway_rules.clone());
        if let Some(log) = self.log.as_ref().filter(|_| config.log_level != self.config.log_level) {
            log.set(config.log_level);
        }
        let before = self.status();
        let same_way = config.ca_file == self.config.ca_file && config.proxy == self.config.proxy;
        self.config = Arc::new(config);
        self.in_force.send_replace(Arc::clone(&self.config));
        if !same_way {
            self.redial();
        }
        let status = self.status();
        if status != before {
            self.hub.say(AgentMessage::Status(status));
        }
        self.review_hold();
        self.review_limits();
        self.shown.event(None, Happening::ConfigRead, "the config was read", None);
        tracing::info!(folders = self.config.folders.len(), "the config is in force");
        self.look_at_folders();
    }
}

fn disk_hangs() -> Problem {
    state_unusable(String::new(), "the disk does not answer".to_owned())
}

fn state_unusable(dir: String, reason: String) -> Problem {
    Problem::new(Code::StateUnusable, [("path", dir.into()), ("reason", reason.into())])
}
