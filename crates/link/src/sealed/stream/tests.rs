use std::future::poll_fn;

use outport_protocol::secret::SecretKey;
use outport_types::SessionId;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    time::{Duration, timeout},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{
    super::{Caller, Host, Naming, Parties, handshake},
    *,
};

type Halves = (Writer, Reader);

#[tokio::test]
async fn content_arrives_as_it_was_sent_whatever_the_sizes() {
    let (near, far) = sealed_pair(u64::MAX).await;
    both_ways(near, far).await;
}

#[tokio::test]
async fn keys_are_changed_before_they_have_sealed_too_much() {
    let (near, far) = sealed_pair(3).await;
    both_ways(near, far).await;
}

#[tokio::test]
async fn tls_of_others_reads_and_writes_the_same() {
    let (caller, host) = parties();
    let acceptor = TlsAcceptor::from(host.config.clone());
    let (line, theirs) = duplex(20_000);
    let (ours, theirs) = tokio::join!(client(&caller, line, 2), acceptor.accept(theirs));
    with_others(ours, theirs.unwrap().into()).await;

    let connector = TlsConnector::from(caller.config.clone());
    let (line, theirs) = duplex(20_000);
    let (ours, theirs) =
        tokio::join!(server(&host, line, 2), connector.connect(caller.name.clone(), theirs));
    with_others(ours, theirs.unwrap().into()).await;
}

/// Sends to another TLS and back, each side changing its keys and asking the other to.
async fn with_others(
    (mut writer, mut reader): Halves,
    mut theirs: tokio_rustls::TlsStream<DuplexStream>,
) {
    for bytes in [1, 100, 16_384, 100_000] {
        let content = content(bytes);
        let (sent, received) = tokio::join!(
            send_all(&mut writer, content.clone()),
            receive(&mut theirs, content.len())
        );
        sent.unwrap();
        assert_eq!(received.unwrap(), content);
        let renewed = match &mut theirs {
            tokio_rustls::TlsStream::Client(tls) => tls.get_mut().1.refresh_traffic_keys(),
            tokio_rustls::TlsStream::Server(tls) => tls.get_mut().1.refresh_traffic_keys(),
        };
        renewed.unwrap();
        let (sent, received) = tokio::join!(
            async {
                theirs.write_all(&content).await?;
                theirs.flush().await
            },
            receive(&mut reader, content.len())
        );
        sent.unwrap();
        assert_eq!(received.unwrap(), content);
    }
    let (finished, end) = tokio::join!(writer.finish(), theirs.read_u8());
    finished.unwrap();
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    let mut rest = Vec::new();
    let (finished, end) = tokio::join!(theirs.shutdown(), reader.read_to_end(&mut rest));
    finished.unwrap();
    assert_eq!(end.unwrap(), 0);
}

#[tokio::test]
async fn a_stranger_is_not_let_in_and_is_told() {
    let (_, host) = parties();
    let [stranger, own] = [9, 2].map(|seed| SecretKey::from_seed(&[seed; 32]));
    let caller = Parties { key: &stranger, ..party(&stranger, &own) }.caller().unwrap();
    let (near, far) = duplex(20_000);
    let host = async {
        let mut far: Box<dyn Line> = Box::new(far);
        handshake::as_server(&mut far, host.config.clone()).await.map(drop).unwrap_err()
    };
    let caller = async {
        // The dialler has said its last word by the time it is refused.
        let (_, mut reader) = client(&caller, near, 2).await;
        reader.read(&mut [0]).await.unwrap_err()
    };
    let (refused, told) = tokio::join!(host, caller);
    assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
    // Alerts before the keys are agreed on are sealed with those of the handshake, or not at all.
    assert_eq!(told.kind(), io::ErrorKind::InvalidData, "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_is_disturbed_ends() {
    let (caller, host) = parties();
    let (mut whole, mut refused) = (0, 0);
    for seed in 0..2000 {
        let (near, near_wire) = duplex(20_000);
        let (far_wire, far) = duplex(20_000);
        let near = async {
            let mut line: Box<dyn Line> = Box::new(near);
            let (config, name) = (caller.config.clone(), caller.name.clone());
            // Of a length that was changed both may wait for more: whoever calls has a limit for that.
            timeout(LIMIT, handshake::as_client(&mut line, config, name))
                .await
                .is_ok_and(|it| it.is_ok())
        };
        let far = async {
            let mut line: Box<dyn Line> = Box::new(far);
            let shaking = handshake::as_server(&mut line, host.config.clone());
            timeout(LIMIT, shaking).await.is_ok_and(|it| it.is_ok())
        };
        let disturbing = disturb(near_wire, far_wire, seed);
        match tokio::join!(near, far, disturbing) {
            (true, true, ()) => whole += 1,
            (_, false, ()) | (false, _, ()) => refused += 1,
        }
    }
    // Some bytes mean nothing, and some are beyond the end.
    assert!(200 < whole && 1000 < refused, "{whole} whole, {refused} refused");
}

/// Changes one byte of what passes between two, until one of them leaves.
async fn disturb(mut near: DuplexStream, mut far: DuplexStream, seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let (mut up, mut down) = ([0; 700], [0; 700]);
    let mut at = rng.usize(..1500);
    loop {
        let (bytes, onward) = tokio::select! {
            read = near.read(&mut up) => (&mut up[..read.unwrap()], &mut far),
            read = far.read(&mut down) => (&mut down[..read.unwrap()], &mut near),
        };
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= rng.u8(1..);
        }
        at = at.wrapping_sub(bytes.len());
        if bytes.is_empty() || onward.write_all(bytes).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn what_was_changed_repeated_or_cut_on_the_way_is_noticed() {
    type Change = fn(&mut Vec<Vec<u8>>);
    let changes: [(&str, Change, io::ErrorKind); 7] = [
        ("a byte", |records| records[1][40] ^= 1, io::ErrorKind::InvalidData),
        ("a length", |records| records[1][4] ^= 1, io::ErrorKind::InvalidData),
        ("a tag", |records| *records[1].last_mut().unwrap() ^= 1, io::ErrorKind::InvalidData),
        ("the order", |records| records.swap(0, 1), io::ErrorKind::InvalidData),
        ("repeated", |records| records.insert(1, records[0].clone()), io::ErrorKind::InvalidData),
        ("left out", |records| drop(records.remove(1)), io::ErrorKind::InvalidData),
        ("cut", |records| records[2].truncate(9), io::ErrorKind::UnexpectedEof),
    ];
    for (what, change, kind) in changes {
        let ((mut writer, _), (_, mut reader)) = sealed_pair(u64::MAX).await;
        let mut records: Vec<Vec<u8>> = (1..=3).map(|number| record(&mut writer, number)).collect();
        change(&mut records);
        writer.line.write_all(&records.concat()).await.unwrap();
        writer.line.shutdown().await.unwrap();
        let mut read = Vec::new();
        let error = reader.read_to_end(&mut read).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{what}: {error}");
        assert!(read.is_empty() || read == [1; 100] || read.len() == 200, "{what}");
        // It stays so.
        assert!(reader.read(&mut [0]).await.is_err(), "{what}");
    }
}

#[tokio::test]
async fn what_is_no_record_is_refused() {
    let unsealed = [21, 3, 3, 0, 2, 1, 0];
    let endless = [23, 3, 3, 0x41, 1];
    let empty = [23, 3, 3, 0, 16];
    for wrong in [&unsealed[..], &endless, &empty] {
        let ((mut writer, _), (_, mut reader)) = sealed_pair(u64::MAX).await;
        writer.line.write_all(wrong).await.unwrap();
        let error = reader.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}

#[tokio::test]
async fn only_what_belongs_among_records_of_content_is_taken() {
    let sealed: [(Kind, &'static [u8], bool); 8] = [
        (Kind::Handshake, &[NEW_SESSION_TICKET, 0, 0, 2, 7, 7], true),
        (Kind::Handshake, &[KEY_UPDATE, 0, 0, 1, 2], false),
        (Kind::Handshake, &[KEY_UPDATE, 0, 0, 1], false),
        (Kind::Handshake, &[KEY_UPDATE, 0, 0, 1, 0, KEY_UPDATE, 0, 0, 1, 0], false),
        (Kind::Handshake, &[1, 0, 0, 0], false),
        (Kind::Handshake, &[0xff; 3], false),
        (Kind::Alert, &[2, 40], false),
        (Kind::Alert, &[], false),
    ];
    for (kind, content, is_fine) in sealed {
        let ((mut writer, _), (_, mut reader)) = sealed_pair(u64::MAX).await;
        let mut pieces = [Bytes::from_static(content)];
        writer.sealer.seal(kind, &mut pieces, &mut writer.ready).unwrap();
        send_all(&mut writer, vec![5]).await.unwrap();
        let mut byte = [0];
        let read = reader.read(&mut byte).await;
        assert_eq!(read.is_ok() && byte == [5], is_fine, "{kind:?} {content:?}");
    }
}

#[tokio::test]
async fn a_write_that_is_dropped_has_taken_nothing() {
    let ((mut writer, _), (_, mut reader)) = sealed_pair(u64::MAX).await;
    let content = content(1_000_000);
    let mut pieces = [Bytes::from(content.clone())];
    // The line is full before long, as nobody reads.
    let mut taken = 0;
    loop {
        let left = pieces[0].len();
        let written = poll_fn(|cx| Poll::Ready(writer.poll_write(cx, &mut pieces))).await;
        match written {
            Poll::Ready(written) => taken += written.unwrap(),
            Poll::Pending => {
                assert_eq!(pieces[0].len(), left);
                break;
            }
        }
        assert_eq!(taken, content.len() - pieces[0].len());
    }
    assert!(taken < content.len());
    let (sent, received) = tokio::join!(
        send_all(&mut writer, pieces[0].to_vec()),
        receive(&mut reader, content.len())
    );
    sent.unwrap();
    assert_eq!(received.unwrap(), content);
}

async fn both_ways(near: Halves, far: Halves) {
    one_way(near.0, far.1).await;
    one_way(far.0, near.1).await;
}

async fn one_way(mut writer: Writer, mut reader: Reader) {
    let sizes = [1, 15, 16, 17, 5_000, 16_383, 16_384, 16_385, 131_072, 400_000];
    for (round, bytes) in sizes.into_iter().enumerate() {
        let content = content(bytes);
        let (sent, received) = tokio::join!(send_all(&mut writer, content.clone()), async {
            let mut received = Vec::new();
            // Buffers that fit records, are smaller, and larger.
            for room in [1, 100, 16_384, 16_385, 20_000, 7].into_iter().cycle().skip(round) {
                let left = content.len() - received.len();
                if left == 0 {
                    break;
                }
                let mut buffer = vec![0; room.min(left)];
                let read = reader.read(&mut buffer).await.unwrap();
                received.extend_from_slice(&buffer[..read]);
            }
            received
        });
        sent.unwrap();
        assert!(received == content, "{bytes} bytes");
    }
    let mut rest = Vec::new();
    let (finished, end) = tokio::join!(writer.finish(), reader.read_to_end(&mut rest));
    finished.unwrap();
    assert_eq!(end.unwrap(), 0);
    assert_eq!(reader.read(&mut [0; 8]).await.unwrap(), 0);
}

/// Sends in pieces of many sizes.
async fn send_all(writer: &mut Writer, content: Vec<u8>) -> io::Result<()> {
    let mut content = Bytes::from(content);
    let mut pieces = Vec::new();
    for bytes in [0, 3, 10_000, 200_000, 1].into_iter().cycle() {
        if content.is_empty() {
            break;
        }
        pieces.push(content.split_to(bytes.min(content.len())));
    }
    while pieces.iter().any(|piece| !piece.is_empty()) {
        poll_fn(|cx| writer.poll_write(cx, &mut pieces)).await?;
    }
    poll_fn(|cx| writer.poll_flush(cx)).await
}

async fn receive(reader: &mut (impl AsyncRead + Unpin), bytes: usize) -> io::Result<Vec<u8>> {
    let mut received = vec![0; bytes];
    reader.read_exact(&mut received).await?;
    Ok(received)
}

/// A record of a hundred bytes.
fn record(writer: &mut Writer, byte: u8) -> Vec<u8> {
    let mut out = Vec::new();
    writer.sealer.seal(Kind::Content, &mut [vec![byte; 100].into()], &mut out).unwrap();
    out
}

fn content(bytes: usize) -> Vec<u8> {
    let mut content = vec![0; bytes];
    fastrand::Rng::with_seed(bytes as u64).fill(&mut content);
    content
}

async fn sealed_pair(records_max: u64) -> (Halves, Halves) {
    let (caller, host) = parties();
    let (near, far) = duplex(20_000);
    tokio::join!(client(&caller, near, records_max), server(&host, far, records_max))
}

async fn client(caller: &Caller, line: DuplexStream, records_max: u64) -> Halves {
    let mut line: Box<dyn Line> = Box::new(line);
    let (config, name) = (caller.config.clone(), caller.name.clone());
    let mut shaken = handshake::as_client(&mut line, config, name).await.unwrap();
    shaken.keys.records_max = shaken.keys.records_max.min(records_max);
    halves(line, shaken).unwrap()
}

async fn server(host: &Host, line: DuplexStream, records_max: u64) -> Halves {
    let mut line: Box<dyn Line> = Box::new(line);
    let mut shaken = handshake::as_server(&mut line, host.config.clone()).await.unwrap();
    shaken.keys.records_max = shaken.keys.records_max.min(records_max);
    halves(line, shaken).unwrap()
}

fn parties() -> (Caller, Host) {
    let [near, far] = [1, 2].map(|seed| SecretKey::from_seed(&[seed; 32]));
    (party(&near, &far).caller().unwrap(), party(&far, &near).host().unwrap())
}

fn party<'a>(key: &'a SecretKey, peer: &SecretKey) -> Parties<'a> {
    let naming = Naming { session: SessionId::from_bytes([7; 16]), attempt: 1 };
    Parties { key, peer: peer.public(), naming, count: 1 }
}

const LIMIT: Duration = Duration::from_secs(5);
