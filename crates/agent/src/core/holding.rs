//! Work that a setting holds back, and the computer that stays awake for work that is not.

use outport_control::{Happening, Hold, HoldReason, Power, Settings};

use super::Core;
use crate::{
    clock::local_now,
    power::{hold_reason, may_keep_awake},
};

impl Core {
    /// Whether nothing may move: the owner says so, or a setting does.
    pub(super) const fn is_paused(&self) -> bool {
        self.pause.is_some() || self.holding.held.is_some()
    }

    /// Takes in what the computer says about its power and network.
    pub(super) fn take_power(&mut self, power: Power) {
        self.holding.power = Power { awake: self.holding.power.awake, ..power };
        self.review_hold();
    }

    /// Begins or ends to hold work back, as settings and power say now.
    pub(super) fn review_hold(&mut self) {
        let settings = self.config.settings;
        self.holding.tell(settings);
        let reason = hold_reason(&settings, &self.holding.power);
        if self.holding.go_on != reason {
            self.holding.go_on = None; // what the owner said was about another battery run
        }
        let reason = reason.filter(|reason| self.holding.go_on != Some(*reason));
        match (self.holding.held, reason) {
            (None, Some(reason)) => self.hold(reason),
            (Some(held), Some(reason)) if held.reason != reason => {
                self.holding.held = Some(Hold { reason, ..held });
            }
            (Some(held), None) => self.release(held.reason),
            (None, None) | (Some(_), Some(_)) => {}
        }
    }

    /// The owner says to go on all the same, until the reason has ended once.
    pub(super) fn go_on(&mut self) {
        if let Some(held) = self.holding.held {
            self.holding.go_on = Some(held.reason);
            self.release(held.reason);
        }
    }

    fn hold(&mut self, reason: HoldReason) {
        self.holding.held = Some(Hold { reason, since: local_now() });
        let text = match reason {
            HoldReason::Battery => "paused: the computer runs on its battery",
            HoldReason::Metered => "paused: the network is metered",
        };
        self.shown.event(None, Happening::Held { reason }, text, None);
        tracing::info!(?reason, "work is held back");
        self.fall_silent();
    }

    fn release(&mut self, reason: HoldReason) {
        self.holding.held = None;
        self.shown.event(None, Happening::Released { reason }, "no longer held back", None);
        tracing::info!(?reason, "work is no longer held back");
        self.speak_again();
    }

    /// Asks for the sleep guard while files move.
    pub(super) fn review_awake(&self) {
        let wanted = !self.sessions.is_empty()
            && !self.is_paused()
            && may_keep_awake(&self.config.settings, &self.holding.power);
        self.holding.awake.send_if_modified(|now| std::mem::replace(now, wanted) != wanted);
    }
}

/// What holds work back, and what follows the settings.
#[derive(Debug)]
pub(crate) struct Holding {
    pub(super) held: Option<Hold>,
    pub(super) power: Power,
    /// What the owner said to go on in spite of.
    go_on: Option<HoldReason>,
    /// Who looks at the power needs to know what for.
    pub(crate) settings: tokio::sync::watch::Sender<Settings>,
    /// Whether the sleep guard is wanted.
    pub(crate) awake: tokio::sync::watch::Sender<bool>,
}

impl Holding {
    /// Begins with what was seen before anything could move.
    pub(crate) fn new(settings: Settings, power: Power) -> Self {
        let held = hold_reason(&settings, &power);
        Self {
            held: held.map(|reason| Hold { reason, since: local_now() }),
            power,
            go_on: None,
            settings: tokio::sync::watch::Sender::new(settings),
            awake: tokio::sync::watch::Sender::new(false),
        }
    }

    fn tell(&self, settings: Settings) {
        self.settings.send_if_modified(|now| std::mem::replace(now, settings) != settings);
    }
}
