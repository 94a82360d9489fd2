//! What the core does in the orderly end; [`crate::shutdown`] has the order.

use std::time::Duration;

use outport_control::Happening;
use outport_protocol::control::AgentMessage;

use super::Core;
use crate::session::{SessionEvent, StopReason};

impl Core {
    /// Takes nothing in any more: whoever asks finds a closed door.
    pub(crate) fn refuse_all(&mut self) {
        self.orders.close();
        self.network.close();
        self.requests.cancel();
        self.shown.event(None, Happening::Closing, "closing", None);
        self.publish();
    }

    /// Ends all sessions and waits for them.
    pub(crate) async fn end_sessions(&mut self) {
        self.stop_sessions(&StopReason::Closing);
        self.publish();
        while !self.sessions.is_empty() {
            let Some((session, event)) = self.session_inbox.recv().await else { return };
            let ended = matches!(event, SessionEvent::Ended(_));
            self.session_event(session, event);
            if ended {
                self.publish();
            }
        }
    }

    /// Tells the hub what is still to be told, and that this is the end.
    pub(crate) async fn say_goodbye(&mut self) {
        self.hub.say(AgentMessage::Goodbye);
        let Some((channel, outgoing)) = self.hub.hang_up() else {
            return self.end_hub_worker();
        };
        for message in outgoing {
            if channel.send(message).await.is_err() {
                break;
            }
        }
        drop(channel);
        // The worker ends by itself once it has written all; its events are of no interest now.
        self.wait_for_hub_worker().await;
    }

    /// Closes the socket of the sessions.
    pub(crate) async fn close_endpoint(&mut self, limit: Duration) {
        self.end_hub_worker();
        if let Some(identity) = &self.identity {
            identity.endpoint.shutdown(limit).await;
        }
    }
}
