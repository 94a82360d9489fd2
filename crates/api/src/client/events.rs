//! Live events as they come: a small reader of server-sent events.

use std::time::Duration;

use outport_types::TaskId;
use reqwest::Response;
use tokio::time::timeout;

use super::{
    Client, ClientError, HubUrl,
    http::{Ask, Http},
};
use crate::{
    auth::names,
    live::{EVENTS_PATH, LiveEvent},
};

/// An open stream of live events. It ends when dropped.
#[derive(Debug)]
pub struct EventStream {
    response: Response,
    http: Http,
    lines: Lines,
}

impl Client {
    /// Follows what changes: everything of the caller's, or one task.
    ///
    /// # Errors
    /// As for every request.
    pub async fn events(&self, task: Option<TaskId>) -> Result<EventStream, ClientError> {
        let token = self.token(names::server::TRANSFER).await?;
        let query = task.map(|task| ("task", task.to_string())).into_iter().collect();
        let ask = Ask { query, bearer: Some(&token), ..Ask::default() };
        let response = self.http.stream(EVENTS_PATH, ask, "text/event-stream").await?;
        Ok(EventStream { response, http: self.http.clone(), lines: Lines::default() })
    }
}

impl EventStream {
    /// The next event; `None` when the hub closes the stream.
    ///
    /// # Errors
    /// When the connection breaks or is silent for too long, or the hub sends no events.
    /// The future may be dropped and asked anew.
    pub async fn next(&mut self) -> Result<Option<LiveEvent>, ClientError> {
        let hub = self.http.hub().clone();
        loop {
            while let Some(message) = self.lines.message() {
                let read = serde_json::from_str(&message);
                let garbled =
                    |source| ClientError::Garbled { hub: hub.clone(), what: "event", source };
                let event = read.map_err(garbled)?;
                if event != LiveEvent::Unknown {
                    return Ok(Some(event));
                }
            }
            let chunk = match timeout(SILENCE_MAX, self.response.chunk()).await {
                Ok(chunk) => chunk.map_err(|error| self.http.failed(error))?,
                Err(_) => return Err(ClientError::Timeout { hub }),
            };
            let Some(chunk) = chunk else { return Ok(None) };
            self.lines.push(&chunk, &hub)?;
        }
    }
}

/// Bytes on their way to becoming messages.
#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
    /// The `data:` lines of the message that is not complete yet.
    data: Vec<u8>,
}

impl Lines {
    fn push(&mut self, chunk: &[u8], hub: &HubUrl) -> Result<(), ClientError> {
        if MESSAGE_BYTES_MAX < self.bytes.len() + self.data.len() + chunk.len() {
            return Err(ClientError::TooLarge { hub: hub.clone(), max: MESSAGE_BYTES_MAX });
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    /// The data of the next complete message.
    fn message(&mut self) -> Option<String> {
        loop {
            let end = self.bytes.iter().position(|byte| *byte == b'\n')?;
            let mut line: Vec<u8> = self.bytes.drain(..=end).collect();
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            if line.is_empty() {
                if self.data.is_empty() {
                    continue;
                }
                let data = std::mem::take(&mut self.data);
                return Some(String::from_utf8_lossy(&data).into_owned());
            }
            // Comments (`:`) keep the connection alive; `event`, `id` and `retry` are in the data.
            if let Some(value) = line.strip_prefix(b"data:") {
                if !self.data.is_empty() {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
            }
        }
    }
}

/// The hub sends at least a comment more often than this.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Larger than any message, and than what arrives before messages are taken.
const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_whole_however_they_are_cut() {
        let hub: HubUrl = "localhost".parse().unwrap();
        let text = ": hi\n\nevent: resync\r\ndata: {\"type\":\r\ndata:\"resync\"}\r\n\r\nid: 4\n\n\
                    data: x\n\ndata: half";
        for size in 1..text.len() {
            let mut lines = Lines::default();
            let mut found = Vec::new();
            for chunk in text.as_bytes().chunks(size) {
                lines.push(chunk, &hub).unwrap();
                found.extend(std::iter::from_fn(|| lines.message()));
            }
            assert_eq!(found, ["{\"type\":\n\"resync\"}", "x"], "chunks of {size}");
        }
    }

    #[test]
    fn an_endless_message_is_refused() {
        let hub: HubUrl = "localhost".parse().unwrap();
        let mut lines = Lines::default();
        let chunk = vec![b'x'; MESSAGE_BYTES_MAX];
        lines.push(&chunk, &hub).unwrap();
        assert!(lines.message().is_none());
        assert!(matches!(lines.push(b"x", &hub), Err(ClientError::TooLarge { .. })));
    }
}
