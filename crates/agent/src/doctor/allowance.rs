//! What the hub's relay still forwards for this account today, where that is limited.

use outport_api::client::Trust;
use outport_protocol::{
    measure::{DayLeft, MEASURE_PATH, MeasureRequest, TERMS_BYTES},
    secret::SecretKey,
    tls::ALPN_MEASURE,
};
use outport_types::{Bytes, Chain, Code, FactCode, Problem, UnixTime};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use super::{
    STEP_TIMEOUT, channel,
    report::{Report, Topic},
};
use crate::{hub_link::dial_inside, registration::Registration};

/// Says nothing where the hub sets no limit, or does not tell.
pub(super) async fn examine(
    registration: &Registration,
    key: &SecretKey,
    trust: &Trust,
    report: &mut Report,
) {
    if report.failed(Topic::Channel) {
        return;
    }
    let asked = timeout(STEP_TIMEOUT, ask(registration, key, trust)).await;
    let Ok(Some(DayLeft { bytes: Some(left), until })) = asked else { return };
    let until = UnixTime::from_seconds(i64::try_from(until).unwrap_or(i64::MAX));
    let until = ("until", until.to_string().into());
    if left == 0 {
        return report.warn(Topic::Allowance, Problem::new(Code::RelayDayUsed, [until]));
    }
    let left = ("left", Bytes(left).to_string().into());
    report.ok(Topic::Allowance, FactCode::AllowanceLeft, [left, until]);
}

async fn ask(registration: &Registration, key: &SecretKey, trust: &Trust) -> Option<DayLeft> {
    let inside = (MEASURE_PATH, ALPN_MEASURE);
    let check = async |signed| channel::accept(registration, &signed);
    let dialled = dial_inside(&registration.hub, key, trust, inside, check).await;
    let (mut stream, _, _) = dialled
        .inspect_err(|error| tracing::debug!(error = %Chain(error), "no allowance is asked for"))
        .ok()?;
    stream.write_all(&MeasureRequest::Left.encode()).await.ok()?;
    stream.flush().await.ok()?;
    let mut left = [0; TERMS_BYTES];
    stream.read_exact(&mut left).await.ok()?;
    DayLeft::decode(&left)
}
