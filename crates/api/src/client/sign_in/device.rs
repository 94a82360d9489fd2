//! Sign-in with a code that is typed on another device (RFC 8628).

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Auth, SignInError};
use crate::{
    auth::{
        DeviceAnswer, TokenAnswer,
        names::{grant, route},
        oauth_code,
    },
    client::ClientError,
};

/// A sign-in on another device, on its way.
#[derive(Debug)]
pub struct DeviceSignIn {
    auth: Auth,
    answer: DeviceAnswer,
    interval: Duration,
    until: Instant,
}

/// What a poll found.
#[derive(Debug)]
pub enum DevicePoll {
    /// The person has not decided yet.
    Pending,
    /// The person said yes.
    Done(Box<TokenAnswer>),
}

impl DeviceSignIn {
    pub(super) fn new(auth: Auth, answer: DeviceAnswer) -> Self {
        let until = Instant::now() + Duration::from_secs(answer.expires_in.min(EXPIRES_MAX));
        let interval = Duration::from_secs(answer.interval.clamp(1, INTERVAL_MAX));
        Self { auth, answer, interval, until }
    }

    /// The code to type.
    pub fn user_code(&self) -> &str {
        &self.answer.user_code
    }

    /// Where it is typed.
    pub fn verification_uri(&self) -> &str {
        &self.answer.verification_uri
    }

    /// The same with the code in it, where the hub gives one.
    pub fn verification_uri_complete(&self) -> Option<&str> {
        self.answer.verification_uri_complete.as_deref()
    }

    /// How long the code can be typed.
    pub fn time_left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Waits until the person has decided. A hub that is away for a moment is waited for.
    ///
    /// # Errors
    /// When the person refuses or the code expires.
    pub async fn finish(mut self) -> Result<TokenAnswer, SignInError> {
        loop {
            sleep(self.interval).await;
            if self.until <= Instant::now() {
                return Err(SignInError::Expired);
            }
            match self.poll().await {
                Ok(DevicePoll::Done(answer)) => return Ok(*answer),
                Ok(DevicePoll::Pending) => {}
                Err(SignInError::Client(error)) if error.is_transient() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks once.
    ///
    /// # Errors
    /// When the person refused, the code expired, or the hub cannot be asked.
    pub async fn poll(&mut self) -> Result<DevicePoll, SignInError> {
        let id = self.auth.client_id.to_string();
        let form = [
            ("grant_type", grant::DEVICE_CODE),
            ("device_code", self.answer.device_code.expose()),
            ("client_id", &id),
        ];
        let error: ClientError = match self.auth.post(route::TOKEN, &form, "token").await {
            Ok(answer) => return Ok(DevicePoll::Done(Box::new(answer))),
            Err(error) => error,
        };
        match error.refusal().map(|refusal| (refusal.code.as_str(), refusal.message.clone())) {
            Some((oauth_code::AUTHORIZATION_PENDING, _)) => Ok(DevicePoll::Pending),
            Some((oauth_code::SLOW_DOWN, _)) => {
                self.interval += SLOW_DOWN;
                Ok(DevicePoll::Pending)
            }
            Some((oauth_code::ACCESS_DENIED, message)) => Err(SignInError::Denied { message }),
            Some((oauth_code::EXPIRED_TOKEN, _)) => Err(SignInError::Expired),
            Some(_) | None => Err(SignInError::Client(error)),
        }
    }
}

/// What RFC 8628 adds after each `slow_down`.
const SLOW_DOWN: Duration = Duration::from_secs(5);
/// An hour: no person is waited for longer, whatever a hub says.
const EXPIRES_MAX: u64 = 3600;
/// A minute: nobody wants to wait longer for the next look.
const INTERVAL_MAX: u64 = 60;
