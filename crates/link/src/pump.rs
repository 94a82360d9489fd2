//! Moves frames between a link's queues and the streams of a carrier, one worker a direction of a
//! stream. Any carrier whose streams can be read and written uses these.

use std::{io, sync::Arc};

use bytes::{Buf as _, Bytes};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    sync::{mpsc, watch},
    time::{Duration, sleep},
};

use crate::{
    budget::Reserved,
    buffers::BufferPool,
    end::{End, LinkEnd},
    flow::Flow,
    frame::{CONTROL_LEAVES, DATA_LEAVES, DataFrame, DataHead, FrameTooLong, control_length},
    link::{Item, Outgoing},
};

/// How a stream that was read to its end ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamEnd {
    /// Nothing comes after it in this direction.
    Over,
    /// The direction goes on over another connection.
    GoesOn,
}

/// The sending half of a carrier's stream.
pub(crate) trait StreamOut: Send + 'static {
    /// Writes some of the front of `pieces`, shortens them by it, and says how much it was. A
    /// dropped future has written nothing.
    fn write_some(
        &mut self,
        pieces: &mut [Bytes],
    ) -> impl Future<Output = io::Result<usize>> + Send;

    /// Sees that nothing of what was written waits on this side for more. May be dropped and called
    /// again.
    fn flush(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        std::future::ready(Ok(()))
    }

    /// Ends the stream and waits until the other side has all of it.
    fn finish(&mut self) -> impl Future<Output = io::Result<()>> + Send;
}

/// Why a worker stopped before the end of its stream.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The stream broke, mostly because the connection did.
    #[error("the stream broke")]
    Broken(#[from] io::Error),
    /// The other side announced what it may not send.
    #[error(transparent)]
    TooLong(#[from] FrameTooLong),
    /// The other side said that a stream ends, and it did not.
    #[error("something came after the end of a stream")]
    AfterEnd,
}

/// What the workers of one connection's streams share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) end: Arc<End>,
    pub(crate) flow: Arc<Flow>,
    /// Whether the link has left for another connection.
    pub(crate) left: watch::Receiver<bool>,
    /// Streams whose end the other side has not confirmed.
    pub(crate) undelivered: watch::Sender<usize>,
    /// Where frames of data arrive.
    pub(crate) buffers: BufferPool,
}

impl Shared {
    /// The next frame; `None` when none comes any more, with how that is said on the stream.
    async fn next<T>(&self, queue: &Outgoing<T>) -> Result<(T, Option<Reserved>), Stop> {
        let mut left = self.left.clone();
        tokio::select! {
            biased;
            _ = self.end.wait() => Err(Stop::Ended),
            Ok(_) = left.wait_for(|left| *left) => Err(Stop::Left),
            next = queue.next() => next.ok_or(Stop::Over),
        }
    }

    async fn finish(&self, mut stream: impl StreamOut, last: &'static [u8]) -> Result<(), Fault> {
        let mut pieces = [Bytes::from_static(last)];
        let mut first = 0;
        while skip_written(&pieces, &mut first) {
            stream.write_some(&mut pieces[first..]).await?;
        }
        stream.finish().await?;
        self.undelivered.send_modify(|streams| *streams -= 1);
        Ok(())
    }
}

/// Why a worker takes no more frames.
enum Stop {
    /// The link has ended, and nothing more is to be said.
    Ended,
    /// The direction is finished.
    Over,
    /// The frames go over another connection from now on.
    Left,
}

/// Writes control frames until that direction is finished or goes on elsewhere. While one waits for
/// room, `urgent` says so and data waits: all streams share one window, in which eight of data leave
/// one of control little chance.
pub(crate) async fn write_control(
    queue: Outgoing<Bytes>,
    mut stream: impl StreamOut,
    urgent: watch::Sender<bool>,
    shared: Shared,
) -> Result<(), Fault> {
    let last = loop {
        let frame = match shared.next(&queue).await {
            Ok((frame, _)) => frame,
            Err(Stop::Ended) => return Ok(()),
            Err(Stop::Over) => break &[][..],
            Err(Stop::Left) => break &CONTROL_LEAVES[..],
        };
        let length = Bytes::copy_from_slice(&(frame.len() as u32).to_be_bytes());
        let mut pieces = [length, frame];
        urgent.send_replace(true);
        let mut first = 0;
        while skip_written(&pieces, &mut first) {
            stream.write_some(&mut pieces[first..]).await?;
        }
        urgent.send_replace(false);
    };
    shared.finish(stream, last).await
}

/// Writes data frames, whichever come while the stream has room, until that direction is finished or
/// goes on elsewhere.
pub(crate) async fn write_data(
    queue: Outgoing<DataFrame>,
    mut stream: impl StreamOut,
    mut urgent: watch::Receiver<bool>,
    shared: Shared,
) -> Result<(), Fault> {
    let last = loop {
        let (frame, room) = match shared.next(&queue).await {
            Ok(next) => next,
            Err(Stop::Ended) => return Ok(()),
            Err(Stop::Over) => break &[][..],
            Err(Stop::Left) => break &DATA_LEAVES[..],
        };
        let mut pieces = frame.into_pieces();
        let (end, flow) = (&shared.end, &shared.flow);
        tokio::select! {
            biased;
            // What is held back by a limit would hold on to a link that is gone.
            _ = end.wait() => return Ok(()),
            written = write_yielding(&mut stream, &mut pieces, room, &mut urgent, flow) => written?,
        }
    };
    shared.finish(stream, last).await
}

/// Reads control frames until the other side finishes that direction or goes on elsewhere; `None` when
/// nobody takes them any more.
pub(crate) async fn read_control(
    stream: &mut (impl AsyncRead + Send + Unpin),
    queue: &mpsc::Sender<Item<Bytes>>,
    end: &End,
) -> Result<Option<StreamEnd>, Fault> {
    let mut head = [0; 4];
    while read_head(stream, &mut head).await? {
        if head == CONTROL_LEAVES {
            return goes_on(stream).await;
        }
        let mut frame = vec![0; control_length(head)?];
        read_frame(stream, &mut frame, |_| {}).await?;
        if !hand_over(queue, Item::Frame(frame.into(), None), end).await {
            return Ok(None);
        }
    }
    Ok(Some(StreamEnd::Over))
}

/// Reads data frames as [`read_control`] reads its.
pub(crate) async fn read_data(
    stream: &mut (impl AsyncRead + Send + Unpin),
    queue: &mpsc::Sender<Item<DataFrame>>,
    shared: &Shared,
) -> Result<Option<StreamEnd>, Fault> {
    let Shared { end, flow, buffers, .. } = shared;
    let mut head = [0; DataHead::BYTES];
    while read_head(stream, &mut head).await? {
        if head == DATA_LEAVES {
            return goes_on(stream).await;
        }
        let head = DataHead::decode(head)?;
        flow.came(DataHead::BYTES);
        let bytes = head.header + head.body;
        let mut buffer = buffers.take(bytes);
        read_frame(stream, &mut buffer.as_mut()[..bytes], |bytes| flow.came(bytes)).await?;
        let mut body = buffer.freeze().slice(..bytes);
        let header = body.split_to(head.header);
        let frame = DataFrame { header, body: vec![body] };
        if !hand_over(queue, Item::Frame(frame, None), end).await {
            return Ok(None);
        }
    }
    Ok(Some(StreamEnd::Over))
}

/// Sees that a stream ends where it said that it does.
async fn goes_on(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<StreamEnd>, Fault> {
    match stream.read(&mut [0]).await? {
        0 => Ok(Some(StreamEnd::GoesOn)),
        _ => Err(Fault::AfterEnd),
    }
}

/// Writes all pieces, as fast as they may go, and gives back their room as they do; stands aside
/// while something is urgent.
async fn write_yielding(
    stream: &mut impl StreamOut,
    pieces: &mut [Bytes],
    mut room: Option<Reserved>,
    urgent: &mut watch::Receiver<bool>,
    flow: &Flow,
) -> io::Result<()> {
    let _turn = flow.turn().await;
    let (mut first, mut admitted) = (0, 0);
    while skip_written(pieces, &mut first) {
        // Who says what is urgent goes only with the link, and then the write fails by itself.
        let _ = urgent.wait_for(|urgent| !urgent).await;
        if admitted == 0 {
            // What was let go must not lie here while the rest of the frame waits.
            stream.flush().await?;
            admitted = flow.admit(pieces[first..].iter().map(Bytes::len).sum()).await;
        }
        let written = tokio::select! {
            biased;
            Ok(_) = urgent.wait_for(|urgent| *urgent) => continue,
            written = write_front(stream, &mut pieces[first..], admitted) => written?,
        };
        admitted -= written;
        if let Some(room) = &mut room {
            room.release(written);
        }
    }
    stream.flush().await
}

/// Writes some of the first `bytes` of pieces that are not written yet.
async fn write_front(
    stream: &mut impl StreamOut,
    pieces: &mut [Bytes],
    bytes: usize,
) -> io::Result<usize> {
    let mut left = bytes;
    let whole = pieces.iter().take_while(|piece| {
        let fits = piece.len() <= left;
        left -= if fits { piece.len() } else { 0 };
        fits
    });
    let whole = whole.count();
    if whole == 0 {
        // Less than a piece may go: its front is written, and then taken off it.
        let Some(piece) = pieces.first_mut() else { return Ok(0) };
        let written = stream.write_some(&mut [piece.slice(..bytes)]).await?;
        piece.advance(written);
        return Ok(written);
    }
    stream.write_some(&mut pieces[..whole]).await
}

/// Moves `first` past what is written; `false` when that is all.
fn skip_written(pieces: &[Bytes], first: &mut usize) -> bool {
    while pieces.get(*first).is_some_and(Bytes::is_empty) {
        *first += 1;
    }
    *first < pieces.len()
}

/// Fills `head`; `false` when the stream ends before its first byte.
async fn read_head(
    stream: &mut (impl AsyncRead + Send + Unpin),
    head: &mut [u8],
) -> io::Result<bool> {
    if stream.read(&mut head[..1]).await? == 0 {
        return Ok(false);
    }
    stream.read_exact(&mut head[1..]).await?;
    Ok(true)
}

/// Fills `frame`, and tells of each part that came.
async fn read_frame(
    stream: &mut (impl AsyncRead + Send + Unpin),
    frame: &mut [u8],
    came: impl Fn(usize),
) -> io::Result<()> {
    let mut filled = 0;
    while filled < frame.len() {
        match stream.read(&mut frame[filled..]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                came(read);
                filled += read;
            }
        }
    }
    Ok(())
}

/// Hands an item up; `false` when the link has ended. When nobody receives any more, that is waited
/// for: to stop reading would look to the other side as if its stream were refused.
pub(crate) async fn hand_over<T>(queue: &mpsc::Sender<Item<T>>, item: Item<T>, end: &End) -> bool {
    let handed = tokio::select! {
        biased;
        _ = end.wait_local() => return false,
        handed = queue.send(item) => handed.is_ok(),
        () = forgotten(end) => return false,
    };
    if !handed {
        end.wait().await;
    }
    handed
}

/// Waits until nobody fetches any more what arrived: a while after the link ended, or at once where this
/// side ended it.
pub(crate) async fn forgotten(end: &End) {
    match end.wait().await {
        LinkEnd::Local { .. } | LinkEnd::Violation { .. } => {}
        LinkEnd::Peer { .. } | LinkEnd::Lost { .. } => sleep(LEFTOVER_WAIT).await,
    }
}

/// How long what arrived before the link broke waits to be fetched, so that no worker stays for ever.
const LEFTOVER_WAIT: Duration = Duration::from_secs(2);
