//! The way through the hub's HTTPS port: whether it is open, and what it carries.

use std::time::Duration;

use outport_api::client::Trust;
use outport_protocol::{
    measure::{
        COUNT_BYTES, MEASURE_MS, MEASURE_PATH, MeasureRequest, MeasureTerms, TERMS_BYTES,
        decode_count,
    },
    secret::SecretKey,
    tls::ALPN_MEASURE,
};
use outport_types::{Chain, Code, FactCode};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::watch,
    time::{Instant, timeout},
};

use super::{
    STEP_TIMEOUT, about_hub, channel,
    meter::Meter,
    report::{Report, Topic},
    too_slow,
};
use crate::{
    hub_link::{dial_inside, innermost, knock},
    registration::Registration,
};

pub(super) async fn examine(
    registration: &Registration,
    key: &SecretKey,
    trust: &Trust,
    report: &mut Report,
) {
    tunnel(registration, trust, report).await;
    if !report.is_ok(Topic::Tunnel) {
        return report.skip(&[Topic::Speed], FactCode::NoTunnelHere);
    }
    // One after the other: both at once would share the line.
    let inwards = measure(registration, key, trust, MeasureRequest::Inwards).await;
    let outwards = match &inwards {
        Some(_) => measure(registration, key, trust, MeasureRequest::Outwards).await,
        None => None,
    };
    let (Some(inwards), Some(outwards)) = (inwards, outwards) else {
        return report.skip(&[Topic::Speed], FactCode::SpeedUnknown);
    };
    let (up, down) = (("up", mbit(outwards.rate).into()), ("down", mbit(inwards.rate).into()));
    match inwards.limit {
        Some(limit) => {
            let limit = ("limit", mbit(limit).into());
            report.ok(Topic::Speed, FactCode::SpeedHeld, [up, down, limit]);
        }
        None => report.ok(Topic::Speed, FactCode::Speed, [up, down]),
    }
}

/// Whether content could go through the hub's own port, as where UDP does not get out.
async fn tunnel(registration: &Registration, trust: &Trust, report: &mut Report) {
    let hub = &registration.hub;
    match timeout(STEP_TIMEOUT, knock(hub, trust)).await {
        Ok(Ok(())) if report.is_ok(Topic::Udp) && !report.warns(Topic::Packets) => {
            report.ok(Topic::Tunnel, FactCode::TunnelSpare, []);
        }
        Ok(Ok(())) => report.ok(Topic::Tunnel, FactCode::TunnelUsed, []),
        Ok(Err(error)) => {
            report.warn(Topic::Tunnel, about_hub(hub, Code::NoTunnel, &innermost(&error)));
        }
        Err(_) => report.warn(Topic::Tunnel, too_slow(hub)),
    }
}

/// What a measurement came to.
#[derive(Clone, Copy, Debug)]
struct Measured {
    /// Bytes per second, the limit's if that is lower.
    rate: u64,
    /// What the hub gives a relayed session at most.
    limit: Option<u64>,
}

/// Measures one way for a second; nothing where the hub does not go along.
async fn measure(
    registration: &Registration,
    key: &SecretKey,
    trust: &Trust,
    request: MeasureRequest,
) -> Option<Measured> {
    let inside = (MEASURE_PATH, ALPN_MEASURE);
    let hub = &registration.hub;
    let measuring = async {
        let check = async |signed| channel::accept(registration, &signed);
        let dialled = dial_inside(hub, key, trust, inside, check).await;
        let (mut stream, _, _) = dialled
            .inspect_err(|error| tracing::debug!(error = %Chain(error), "nothing is measured"))
            .ok()?;
        let terms = agree(&mut stream, request).await?;
        let rate = match request {
            MeasureRequest::Inwards => inwards(&mut stream).await,
            MeasureRequest::Outwards => outwards(stream, terms.bytes_max).await,
            MeasureRequest::Left | MeasureRequest::Relays => None,
        };
        let rate = rate.map(|rate| terms.rate_max.map_or(rate, |limit| limit.min(rate)))?;
        Some(Measured { rate, limit: terms.rate_max })
    };
    timeout(STEP_TIMEOUT, measuring).await.ok().flatten()
}

/// Asks; nothing when the hub will not measure now.
async fn agree(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: MeasureRequest,
) -> Option<MeasureTerms> {
    stream.write_all(&request.encode()).await.ok()?;
    stream.flush().await.ok()?;
    let mut terms = [0; TERMS_BYTES];
    stream.read_exact(&mut terms).await.ok()?;
    MeasureTerms::decode(&terms).filter(|terms| 0 < terms.bytes_max)
}

/// Takes what the hub sends, for as long as it should.
async fn inwards(stream: &mut (impl AsyncRead + Unpin)) -> Option<u64> {
    let (mut meter, mut total, mut block) = (Meter::default(), 0_u64, vec![0; BLOCK_BYTES]);
    let taking = async {
        let began = Instant::now();
        meter.note(Duration::ZERO, 0);
        while let Ok(bytes @ 1..) = stream.read(&mut block).await {
            total = total.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
            meter.note(began.elapsed(), total);
        }
    };
    timeout(FLOW_LIMIT, taking).await.ok(); // what is still on the way is not waited for
    meter.rate()
}

/// Sends, and hears from the hub how much has come. No more is on the way than came before, beside a
/// little, so that a slow line is not full for long afterwards.
async fn outwards(stream: impl AsyncRead + AsyncWrite, bytes_max: u64) -> Option<u64> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let (tell, mut told) = watch::channel(0_u64);
    let mut meter = Meter::default();
    let hearing = async {
        let began = Instant::now();
        let mut count = [0; COUNT_BYTES];
        while reader.read_exact(&mut count).await.is_ok() {
            let came = decode_count(count);
            meter.note(began.elapsed(), came);
            tell.send_replace(came);
        }
    };
    let sending = async {
        let (block, mut sent) = (vec![0; BLOCK_BYTES], 0_u64);
        while sent < bytes_max {
            let may = *told.borrow_and_update();
            if may.saturating_add(may).saturating_add(AHEAD_BYTES) <= sent {
                if told.changed().await.is_err() {
                    break;
                }
                continue;
            }
            let Ok(bytes) = writer.write(&block).await else { break };
            sent = sent.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
        writer.flush().await.ok(); // the hub may have seen enough
        std::future::pending::<()>().await;
    };
    let flowing = async {
        tokio::select! {
            () = hearing => {}
            () = sending => {}
        }
    };
    timeout(FLOW_LIMIT, flowing).await.ok();
    meter.rate()
}

/// As lines are sold: with one digit where that is most of it.
pub(super) fn mbit(bytes_per_second: u64) -> String {
    let tenths = bytes_per_second.saturating_mul(8) / 100_000;
    if tenths < 100 {
        format!("{}.{}", tenths / 10, tenths % 10)
    } else {
        (tenths / 10).to_string()
    }
}

/// A second, and what a slow line needs to begin.
const FLOW_LIMIT: Duration = Duration::from_millis(MEASURE_MS + MEASURE_MS / 4);
const BLOCK_BYTES: usize = 16 * 1024;
/// What may be on the way before anything came: a fast line is full after a few round trips.
const AHEAD_BYTES: u64 = 256 * 1024;

#[cfg(test)]
mod tests {
    use outport_protocol::measure::encode_count;
    use tokio::io::duplex;

    use super::*;

    #[test]
    fn speeds_are_written_as_lines_are_sold() {
        for (rate, text) in [
            (0, "0.0"),
            (12_500, "0.1"),
            (1_200_000, "9.6"),
            (1_250_000, "10"),
            (125_000_000, "1000"),
        ] {
            assert_eq!(mbit(rate), text);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_hub_that_says_not_now_is_left_in_peace() {
        let (mut agent, mut hub) = duplex(1024);
        let answering = async {
            let mut request = [0; 16];
            hub.read_exact(&mut request).await.unwrap();
            let terms = MeasureTerms { bytes_max: 0, rate_max: None };
            hub.write_all(&terms.encode()).await.unwrap();
        };
        let (terms, ()) = tokio::join!(agree(&mut agent, MeasureRequest::Inwards), answering);
        assert_eq!(terms, None);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_is_on_the_way_than_came_and_a_little() {
        let (agent, mut hub) = duplex(16 << 20);
        let mut measuring = Box::pin(outwards(agent, u64::MAX));
        let mut came = 0;
        let mut block = vec![0; 16 << 20];
        for round in 1..=10_u64 {
            timeout(Duration::from_millis(100), &mut measuring).await.unwrap_err();
            let bytes = hub.read(&mut block).await.unwrap() as u64;
            let allowed = came + AHEAD_BYTES + BLOCK_BYTES as u64;
            assert!(bytes <= allowed, "round {round}: {bytes} after {came}");
            came += bytes;
            hub.write_all(&encode_count(came)).await.unwrap();
        }
        assert!(measuring.await.is_some());
    }
}
