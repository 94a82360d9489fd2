//! How a command ends when it does not do what it was asked to.

use std::{error::Error, fmt, process::ExitCode};

use outport_api::client::{ClientError, HubUrl, SignInError};
use outport_control::{CallError, ConnectError};
use outport_types::{Arg, Chain, Code, Problem};

/// What the command's exit status says; scripts act on these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It is done.
    Done = 0,
    /// It was refused, or the task failed; of a check, that the two sides differ.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// There is no such endpoint, task or path.
    NotFound = 3,
    /// Somebody must sign in, or set this computer up, first.
    SignIn = 4,
    /// The hub, the agent or an endpoint is away or paused; later it may work.
    Unreachable = 5,
    /// What was waited for did not happen in the time given.
    TimedOut = 6,
    /// A check was refused, or could not look at everything.
    NotCompared = 7,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// Every status with its meaning, for the manual.
    pub(crate) const ALL: &[(Self, &str)] = &[
        (Self::Done, "Done."),
        (Self::Failed, "It was refused, or the task failed; of `check`: the two sides differ."),
        (Self::Usage, "The command line makes no sense."),
        (Self::NotFound, "There is no such endpoint, task or path."),
        (Self::SignIn, "Somebody must sign in, or set this computer up, first."),
        (
            Self::Unreachable,
            "The hub, the agent or an endpoint is away or paused; try again later.",
        ),
        (Self::TimedOut, "What was waited for did not happen in the time given; it goes on."),
        (Self::NotCompared, "A check was refused, or could not look at everything."),
        (Self::Interrupted, "Ctrl-C; a task that was waited for goes on."),
    ];

    fn of_code(code: Code) -> Self {
        const NOT_FOUND: &[Code] = &[Code::NotFound, Code::TaskNotFound, Code::EndpointNotFound];
        const SIGN_IN: &[Code] = &[
            Code::SignedOut,
            Code::NotSetUp,
            Code::EndpointRemoved,
            Code::KeyReplaced,
            Code::KeyUnknown,
        ];
        const UNREACHABLE: &[Code] = &[
            Code::NotConnected,
            Code::EndpointPaused,
            Code::EndpointTimeout,
            Code::EndpointBusy,
            Code::EndpointClosing,
            Code::LinkBroken,
            Code::NoRoute,
            Code::LocalNetworkOnly,
            Code::RelayDayUsed,
            Code::AgentNotRunning,
            Code::HubUnreachable,
            Code::NetworkSignIn,
            Code::ProxyUnreachable,
            Code::HubBusy,
        ];
        if NOT_FOUND.contains(&code) {
            Self::NotFound
        } else if SIGN_IN.contains(&code) {
            Self::SignIn
        } else if UNREACHABLE.contains(&code) {
            Self::Unreachable
        } else {
            Self::Failed
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) struct Failure {
    pub exit: Exit,
    /// A stable word for programs: Outport's code, or the contract's.
    pub code: String,
    /// What happened, and what to do.
    pub message: String,
    /// What the hub's log knows it by.
    pub request_id: Option<String>,
    /// For `--verbose`.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure in the words of `message`.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        let code = match exit {
            Exit::Done | Exit::Failed | Exit::NotCompared => "FAILED",
            Exit::Usage => "USAGE",
            Exit::NotFound => "NOT_FOUND",
            Exit::SignIn => "SIGN_IN",
            Exit::Unreachable => "UNREACHABLE",
            Exit::TimedOut => "TIMED_OUT",
            Exit::Interrupted => "INTERRUPTED",
        };
        Self {
            exit,
            code: code.to_owned(),
            message: message.into(),
            request_id: None,
            source: None,
        }
    }

    /// A command line that makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Adds the cause.
    #[must_use]
    pub(crate) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The causes on one line.
    pub(crate) fn causes(&self) -> Option<String> {
        self.source.as_deref().map(|source| Chain(source).to_string())
    }

    /// The failure that nobody is signed in.
    pub(crate) fn signed_out(hub: Option<&HubUrl>) -> Self {
        let hub = hub.map_or_else(|| "HUB".to_owned(), HubUrl::to_string);
        Self::from(Problem::new(Code::SignedOut, [("hub", Arg::Text(hub))]))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let Problem { code, message, .. } = problem;
        Self {
            exit: Exit::of_code(code),
            code: code.word().to_owned(),
            message,
            request_id: None,
            source: None,
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let refusal = error.refusal().cloned();
        let mut failure = match (error.problem(), &refusal) {
            (Some(problem), _) => Self::from(problem),
            (None, Some(refusal)) if error.needs_sign_in() => {
                let text = "The sign-in is over. Run `outport login` to sign in again.";
                Self { code: refusal.code.clone(), ..Self::new(Exit::SignIn, text) }
            }
            (None, Some(refusal)) => {
                let exit = if error.is_not_found() { Exit::NotFound } else { Exit::Failed };
                Self { code: refusal.code.clone(), ..Self::new(exit, refusal.message.clone()) }
            }
            (None, None) => Self::new(Exit::Failed, sentence(&error.to_string())),
        };
        failure.request_id = refusal.and_then(|refusal| refusal.request_id);
        failure.because(error)
    }
}

impl From<SignInError> for Failure {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Client(error) => Self::from(error),
            SignInError::Denied { .. } | SignInError::Expired | SignInError::Listen(_) => {
                Self::new(Exit::SignIn, sentence(&error.to_string())).because(error)
            }
            error => Self::new(Exit::SignIn, sentence(&error.to_string())).because(error),
        }
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        Self::from(error.problem()).because(error)
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::from(error.problem()).because(error)
    }
}

/// An error's text as a sentence of its own.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    let rest: String = chars.collect();
    let stop = if rest.ends_with(['.', '!', '?']) { "" } else { "." };
    first.into_iter().flatten().collect::<String>() + &rest + stop
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_status_follows_from_the_problem() {
        for (code, exit) in [
            (Code::EndpointNotFound, Exit::NotFound),
            (Code::SignedOut, Exit::SignIn),
            (Code::AgentNotRunning, Exit::Unreachable),
            (Code::NotShared, Exit::Failed),
        ] {
            assert_eq!(Failure::from(Problem::new(code, [])).exit, exit, "{code}");
        }
    }

    #[test]
    fn texts_become_sentences() {
        assert_eq!(sentence("no threads"), "No threads.");
        assert_eq!(sentence("Done."), "Done.");
        assert_eq!(sentence(""), ".");
    }
}
