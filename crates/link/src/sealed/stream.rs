//! A line that is sealed: both halves of it, each for who uses it.

#[cfg(test)]
mod tests;

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf};

use super::{
    Line,
    handshake::{Keys, Shaken, invalid},
    records::{CONTENT_BYTES_MAX, Kind, Opener, RECORD_BYTES_MAX, Record, RecordError, Sealer},
};

/// What both halves share.
#[derive(Debug)]
struct Shared {
    keys: Keys,
    /// Whether the other side asked for records under a new key.
    renewal_wanted: AtomicBool,
}

/// The half that is written.
#[derive(Debug)]
pub(crate) struct Writer {
    line: WriteHalf<Box<dyn Line>>,
    sealer: Sealer,
    shared: Arc<Shared>,
    /// Sealed, and from `sent` on not handed to the line yet.
    ready: Vec<u8>,
    sent: usize,
}

/// The half that is read.
#[derive(Debug)]
pub(crate) struct Reader {
    line: ReadHalf<Box<dyn Line>>,
    opener: Opener,
    shared: Arc<Shared>,
    /// What came; sealed from its start on.
    came: Held,
    /// Opened, and not fetched yet.
    plain: Held,
    /// Whether the other side has said that nothing more comes, or something came that ends it all.
    over: Option<End>,
}

/// How reading ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Said,
    Wrong,
}

/// The part of a buffer that is in use.
#[derive(Debug)]
struct Held {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

/// Both halves of a line on which both sides have proved their keys.
pub(super) fn halves(line: Box<dyn Line>, shaken: Shaken) -> io::Result<(Writer, Reader)> {
    let Shaken { secrets, keys, plain, came } = shaken;
    let sealer = Sealer::new(&secrets.tx).map_err(invalid)?;
    let opener = Opener::new(&secrets.rx).map_err(invalid)?;
    let shared = Arc::new(Shared { keys, renewal_wanted: AtomicBool::new(false) });
    let (back, out) = tokio::io::split(line);
    let came = Held::with(&came, FETCH_BYTES);
    let plain = Held::with(&plain, CONTENT_BYTES_MAX + 256);
    let writer = Writer { line: out, sealer, shared: shared.clone(), ready: Vec::new(), sent: 0 };
    Ok((writer, Reader { line: back, opener, shared, came, plain, over: None }))
}

impl Writer {
    /// Seals some of the front of `pieces`, shortens them by it, and says how much it was; hands on
    /// what the line takes.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        pieces: &mut [Bytes],
    ) -> Poll<io::Result<usize>> {
        // What is left of before goes first, so that no more than one call's worth waits here.
        ready!(self.poll_send(cx))?;
        self.renew_in_time()?;
        let mut taken = 0;
        while self.ready.len() < READY_BYTES && pieces.iter().any(|piece| !piece.is_empty()) {
            let sealed = self.sealer.seal(Kind::Content, pieces, &mut self.ready);
            taken += sealed.map_err(invalid)?;
        }
        match self.poll_send(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(taken)),
        }
    }

    /// Hands all that is sealed to the line.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.line).poll_flush(cx)
    }

    /// Says that nothing more comes, and ends this direction of the line.
    pub(super) async fn finish(&mut self) -> io::Result<()> {
        let mut close_notify = [Bytes::from_static(&[WARNING, CLOSE_NOTIFY])];
        std::future::poll_fn(|cx| self.poll_flush(cx)).await?;
        self.sealer.seal(Kind::Alert, &mut close_notify, &mut self.ready).map_err(invalid)?;
        std::future::poll_fn(|cx| {
            ready!(self.poll_flush(cx))?;
            Pin::new(&mut self.line).poll_shutdown(cx)
        })
        .await
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.ready.len() {
            let left = &self.ready[self.sent..];
            match ready!(Pin::new(&mut self.line).poll_write(cx, left))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.sent += sent,
            }
        }
        self.ready.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }

    /// Goes over to a new key when this one has sealed enough, or the other side asks for it.
    fn renew_in_time(&mut self) -> io::Result<()> {
        let wanted = self.shared.renewal_wanted.swap(false, Ordering::Relaxed);
        if !wanted && self.sealer.sealed() < self.shared.keys.records_max {
            return Ok(());
        }
        let mut update = [Bytes::from_static(&[KEY_UPDATE, 0, 0, 1, 0])];
        self.sealer.seal(Kind::Handshake, &mut update, &mut self.ready).map_err(invalid)?;
        let secret = self.shared.keys.next_to_send().map_err(invalid)?;
        self.sealer = Sealer::new(&secret).map_err(invalid)?;
        Ok(())
    }
}

impl Reader {
    /// Opens what has come whole, as far as there is room for it; `false` when nothing has.
    fn open_some(&mut self, buffer: &mut ReadBuf<'_>) -> io::Result<bool> {
        let before = buffer.filled().len();
        while self.over.is_none() && 0 < buffer.remaining() {
            let Some(record) = Record::first(self.came.held()).map_err(invalid)? else { break };
            let bytes = record.bytes();
            let fits = record.room() <= buffer.remaining();
            if !fits && buffer.filled().len() != before {
                break;
            }
            let room = match fits {
                true => buffer.initialize_unfilled_to(record.room()),
                false => &mut self.plain.buffer[..],
            };
            let (kind, length) = self.opener.open(record, room).map_err(invalid)?;
            match (kind, fits) {
                (Kind::Content, true) => buffer.advance(length),
                (Kind::Content, false) => {
                    (self.plain.start, self.plain.end) = (0, length);
                    self.plain.fetch(buffer);
                }
                (Kind::Alert, _) => self.over = Some(alert(&room[..length])?),
                (Kind::Handshake, _) => {
                    for renewal in renewals(&room[..length])? {
                        let secret = self.shared.keys.next_to_receive().map_err(invalid)?;
                        self.opener = Opener::new(&secret).map_err(invalid)?;
                        self.shared.renewal_wanted.fetch_or(renewal, Ordering::Relaxed);
                    }
                }
            }
            self.came.start += bytes;
        }
        Ok(buffer.filled().len() != before)
    }

    fn poll_some(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.plain.fetch(buffer) {
            return Poll::Ready(Ok(()));
        }
        loop {
            if self.open_some(buffer)? || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            match self.over {
                Some(End::Said) => return Poll::Ready(Ok(())),
                Some(End::Wrong) => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
                None => {}
            }
            let mut room = ReadBuf::new(self.came.room());
            ready!(Pin::new(&mut self.line).poll_read(cx, &mut room))?;
            match room.filled().len() {
                // Who ends a direction says so: this one was cut.
                0 => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                read => self.came.end += read,
            }
        }
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = this.poll_some(cx, buffer);
        if let Poll::Ready(Err(_)) = &read {
            // What comes after something wrong is not to be believed.
            this.over = Some(End::Wrong);
        }
        read
    }
}

impl Held {
    fn with(held: &[u8], bytes: usize) -> Self {
        let mut buffer = vec![0; bytes.max(held.len())].into_boxed_slice();
        buffer[..held.len()].copy_from_slice(held);
        Self { buffer, start: 0, end: held.len() }
    }

    fn held(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Where more may be put: as much as there can be.
    fn room(&mut self) -> &mut [u8] {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        &mut self.buffer[self.end..]
    }

    /// Moves some into `buffer`; `false` when there is nothing.
    fn fetch(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let bytes = self.held().len().min(buffer.remaining());
        buffer.put_slice(&self.held()[..bytes]);
        self.start += bytes;
        bytes != 0
    }
}

/// What an alert means for reading.
fn alert(content: &[u8]) -> io::Result<End> {
    match content {
        [_, CLOSE_NOTIFY] => Ok(End::Said),
        _ => Err(invalid(format!("the other side ended it with alert {content:?}"))),
    }
}

/// The changes of key that a record of the handshake's announces, and whether each wants one back.
fn renewals(mut content: &[u8]) -> io::Result<Vec<bool>> {
    let mut renewals = Vec::new();
    while let [kind, a, b, c, rest @ ..] = content {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let message = rest.get(..length).ok_or_else(|| invalid(RecordError::TooLong))?;
        content = &rest[length..];
        match (*kind, message) {
            // Resumption is not made use of.
            (NEW_SESSION_TICKET, _) => {}
            // It is the last thing under the old key.
            (KEY_UPDATE, [wanted @ 0..=1]) if content.is_empty() => renewals.push(*wanted == 1),
            _ => return Err(invalid(RecordError::Kind(*kind))),
        }
    }
    if content.is_empty() { Ok(renewals) } else { Err(invalid(RecordError::TooLong)) }
}

/// What is sealed before the line is asked to take it.
const READY_BYTES: usize = 128 * 1024;
/// What is fetched from the line at once: several records, and what is left of another.
const FETCH_BYTES: usize = 128 * 1024 + RECORD_BYTES_MAX;
const WARNING: u8 = 1;
const CLOSE_NOTIFY: u8 = 0;
const NEW_SESSION_TICKET: u8 = 4;
const KEY_UPDATE: u8 = 24;
