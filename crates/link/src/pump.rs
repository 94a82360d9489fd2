//! Moves frames between a link's queues and the streams of a carrier, one worker a direction of a
//! stream. Any carrier whose streams can be read and written uses these.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    sync::{mpsc, watch},
    time::{Duration, sleep},
};

use crate::{
    budget::Reserved,
    end::End,
    flow::Flow,
    frame::{DataFrame, DataHead, FrameTooLong, control_length},
    link::{Item, Outgoing},
};

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
}

/// Writes control frames until that direction is finished. While one waits for room, `urgent` says
/// so and data waits: all streams share one window, in which eight of data leave one of control
/// little chance.
pub(crate) async fn write_control(
    mut queue: mpsc::Receiver<Item<Bytes>>,
    mut stream: impl StreamOut,
    urgent: watch::Sender<bool>,
    end: Arc<End>,
    undelivered: watch::Sender<usize>,
) -> Result<(), Fault> {
    loop {
        let item = tokio::select! {
            biased;
            _ = end.wait() => return Ok(()),
            item = queue.recv() => item,
        };
        match item {
            Some(Item::Frame(frame, _)) => {
                let length = Bytes::copy_from_slice(&(frame.len() as u32).to_be_bytes());
                let mut pieces = [length, frame];
                urgent.send_replace(true);
                let mut first = 0;
                while skip_written(&pieces, &mut first) {
                    stream.write_some(&mut pieces[first..]).await?;
                }
                urgent.send_replace(false);
            }
            Some(Item::End) => break,
            // Dropped without a finish: the other side must not take that for an end.
            None => {
                end.wait().await;
                return Ok(());
            }
        }
    }
    confirm_end(stream, &undelivered).await
}

/// Writes data frames, whichever come while the stream has room, until that direction is finished.
pub(crate) async fn write_data(
    queue: Outgoing,
    mut stream: impl StreamOut,
    mut urgent: watch::Receiver<bool>,
    end: Arc<End>,
    flow: Arc<Flow>,
    undelivered: watch::Sender<usize>,
) -> Result<(), Fault> {
    loop {
        let next = tokio::select! {
            biased;
            _ = end.wait() => return Ok(()),
            next = queue.next() => next,
        };
        let Some((frame, room)) = next else { break };
        let mut pieces = frame.into_pieces();
        tokio::select! {
            biased;
            // What is held back by a limit would hold on to a link that is gone.
            _ = end.wait() => return Ok(()),
            written = write_yielding(&mut stream, &mut pieces, room, &mut urgent, &flow) => written?,
        }
    }
    confirm_end(stream, &undelivered).await
}

/// Reads control frames until the other side finishes that direction.
pub(crate) async fn read_control(
    mut stream: impl AsyncRead + Send + Unpin,
    queue: mpsc::Sender<Item<Bytes>>,
    end: Arc<End>,
) -> Result<(), Fault> {
    let mut length = [0; 4];
    while read_head(&mut stream, &mut length).await? {
        let frame = read_frame(&mut stream, control_length(length)?, |_| {}).await?;
        if !hand_over(&queue, Item::Frame(frame.freeze(), None), &end).await {
            return Ok(());
        }
    }
    hand_over(&queue, Item::End, &end).await;
    Ok(())
}

/// Reads data frames until the other side finishes that direction; `open` counts the streams that
/// are still read, and the last one says that nothing comes any more.
pub(crate) async fn read_data(
    mut stream: impl AsyncRead + Send + Unpin,
    queue: mpsc::Sender<Item<DataFrame>>,
    end: Arc<End>,
    flow: Arc<Flow>,
    open: Arc<AtomicUsize>,
) -> Result<(), Fault> {
    let mut head = [0; DataHead::BYTES];
    while read_head(&mut stream, &mut head).await? {
        let DataHead { header, body } = DataHead::decode(head)?;
        flow.came(DataHead::BYTES);
        let mut frame = read_frame(&mut stream, header + body, |bytes| flow.came(bytes)).await?;
        let header = frame.split_to(header).freeze();
        let frame = DataFrame { header, body: vec![frame.freeze()] };
        if !hand_over(&queue, Item::Frame(frame, None), &end).await {
            return Ok(());
        }
    }
    if open.fetch_sub(1, Ordering::SeqCst) == 1 {
        hand_over(&queue, Item::End, &end).await;
    }
    Ok(())
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

async fn confirm_end(
    mut stream: impl StreamOut,
    undelivered: &watch::Sender<usize>,
) -> Result<(), Fault> {
    stream.finish().await?;
    undelivered.send_modify(|streams| *streams -= 1);
    Ok(())
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

async fn read_frame(
    stream: &mut (impl AsyncRead + Send + Unpin),
    bytes: usize,
    came: impl Fn(usize),
) -> io::Result<BytesMut> {
    let mut frame = BytesMut::with_capacity(bytes);
    while frame.len() < bytes {
        let missing = bytes - frame.len();
        match stream.read_buf(&mut (&mut frame).limit(missing)).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => came(read),
        }
    }
    Ok(frame)
}

/// Hands an item up; `false` when the link has ended. When nobody receives any more, that is waited
/// for: to stop reading would look to the other side as if its stream were refused.
async fn hand_over<T>(queue: &mpsc::Sender<Item<T>>, item: Item<T>, end: &End) -> bool {
    let ended_long_ago = async {
        end.wait().await;
        sleep(LEFTOVER_WAIT).await;
    };
    let handed = tokio::select! {
        biased;
        _ = end.wait_local() => return false,
        handed = queue.send(item) => handed.is_ok(),
        () = ended_long_ago => return false,
    };
    if !handed {
        end.wait().await;
    }
    handed
}

/// How long what arrived before the link broke waits to be fetched, so that no worker stays for ever.
const LEFTOVER_WAIT: Duration = Duration::from_secs(2);
