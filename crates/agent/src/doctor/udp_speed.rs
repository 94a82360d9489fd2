//! What a relay carries over UDP: this computer takes both sides of a session there, and sees how fast
//! what it sends comes back to it.

use std::{net::SocketAddr, time::Duration};

use futures_util::future::join_all;
use outport_api::client::Trust;
use outport_control::RelayUse;
use outport_link::{Endpoint, EndpointOptions, Expectation, RelayWay, Ways};
use outport_protocol::{
    control::{RELAYS_MAX, RelayOffer},
    measure::{MEASURE_PATH, MeasureRequest, RELAY_TERMS_BYTES_MAX, RelayTerms},
    relay::RelaySide,
    tls::ALPN_MEASURE,
};
use outport_types::{Chain, FactCode, PublicKey};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use super::{
    STEP_TIMEOUT, channel,
    report::{Report, Topic},
    speed::mbit,
};
use crate::{
    core::Identity, hub_link::dial_inside, identity, lookup::lookup, probe::across,
    registration::Registration,
};

pub(super) async fn examine(
    registration: &Registration,
    identity: &Identity,
    trust: &Trust,
    relay: RelayUse,
    report: &mut Report,
) {
    if relay == RelayUse::Never {
        return report.skip(&[Topic::UdpSpeed], FactCode::UdpSpeedNotWanted);
    }
    if !report.has_ok(Topic::Udp) && !report.has_ok(Topic::Relays) {
        return report.skip(&[Topic::UdpSpeed], FactCode::UdpSpeedWithoutUdp);
    }
    match timeout(STEP_TIMEOUT, measure(registration, identity, trust)).await {
        Ok(Some(Measured { place, rate })) => {
            let args = [("place", place.into()), ("rate", mbit(rate).into())];
            report.ok(Topic::UdpSpeed, FactCode::UdpSpeed, args);
        }
        Ok(None) | Err(_) => report.skip(&[Topic::UdpSpeed], FactCode::UdpSpeedUnknown),
    }
}

/// What came of it.
struct Measured {
    /// The relay that is taken, as the hub names it.
    place: String,
    /// Bytes per second.
    rate: u64,
}

/// Nothing where the hub does not go along, or no relay carries anything now.
async fn measure(
    registration: &Registration,
    identity: &Identity,
    trust: &Trust,
) -> Option<Measured> {
    let inside = (MEASURE_PATH, ALPN_MEASURE);
    let check = async |signed| channel::accept(registration, &signed);
    let dialled = dial_inside(&registration.hub, &identity.key, trust, inside, check).await;
    let (mut stream, _, _) = dialled
        .inspect_err(|error| tracing::debug!(error = %Chain(error), "no relay is measured"))
        .ok()?;
    stream.write_all(&MeasureRequest::Relays.encode()).await.ok()?;
    stream.flush().await.ok()?;
    let RelayTerms { session, bytes_max, relays } = read_terms(&mut stream).await?;
    let relays = resolve(relays).await;
    // The other side has a key of the moment, and a socket of its own.
    let other = Endpoint::bind(identity::make().ok()?.0, &EndpointOptions::default()).ok()?;
    let expect = |endpoint: &Endpoint, peer: PublicKey, side| -> Option<Expectation> {
        let expected = endpoint.expect(session, peer).ok()?.only(Ways::Relayed);
        for Place { offer: RelayOffer { token, pass, .. }, addresses } in &relays {
            let (addresses, token, pass) = (addresses.clone(), token.clone(), *pass);
            expected.add_relay(RelayWay { addresses, token, pass, side, tunnels: None });
        }
        Some(expected)
    };
    let here = expect(&identity.endpoint, other.public_key(), RelaySide::Sender)?;
    let there = expect(&other, identity.endpoint.public_key(), RelaySide::Receiver)?;
    let (from, to) = tokio::join!(here.establish(FIND_LIMIT), there.establish(FIND_LIMIT));
    let (mut from, mut to) = match (from, to) {
        (Ok(from), Ok(to)) => (from, to),
        (Err(error), _) | (_, Err(error)) => {
            tracing::debug!(error = %Chain(&error), "no relay carries anything");
            return None;
        }
    };
    let remote = from.handle.stats().remote;
    let rate = across(&mut from, &mut to, bytes_max).await?;
    let taken = relays.iter().find(|place| place.is_at(remote))?;
    Some(Measured { place: taken.offer.address.clone(), rate })
}

/// What the hub answers; nothing when it does not go along.
async fn read_terms(stream: &mut (impl AsyncRead + Unpin)) -> Option<RelayTerms> {
    let bytes = usize::try_from(stream.read_u32().await.ok()?).ok()?;
    let mut terms = vec![0; Some(bytes).filter(|bytes| *bytes <= RELAY_TERMS_BYTES_MAX)?];
    stream.read_exact(&mut terms).await.ok()?;
    RelayTerms::decode(&terms).filter(|terms| 0 < terms.bytes_max && !terms.relays.is_empty())
}

/// A relay and where it is.
struct Place {
    offer: RelayOffer,
    addresses: Vec<SocketAddr>,
}

impl Place {
    fn is_at(&self, remote: Option<SocketAddr>) -> bool {
        let plain = |address: SocketAddr| (address.ip().to_canonical(), address.port());
        self.addresses.iter().any(|address| Some(plain(*address)) == remote.map(plain))
    }
}

async fn resolve(relays: Vec<RelayOffer>) -> Vec<Place> {
    let resolving = relays.into_iter().take(RELAYS_MAX).map(async |offer| {
        let addresses = lookup(&offer.address, STEP_TIMEOUT).await;
        Place { offer, addresses }
    });
    join_all(resolving).await
}

/// A relay that carries anything does so within a second or two.
const FIND_LIMIT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use outport_types::SessionId;

    use super::*;

    #[tokio::test]
    async fn a_hub_that_does_not_go_along_or_says_anything_else_is_left_in_peace() {
        let refused = RelayTerms { session: SessionId::random(), bytes_max: 0, relays: Vec::new() };
        let too_long = (RELAY_TERMS_BYTES_MAX as u32 + 1).to_be_bytes();
        for said in [&refused.encode().unwrap()[..], &[], &[0, 0, 0, 2, b'{', b'}'], &too_long] {
            assert_eq!(read_terms(&mut &*said).await, None, "{said:?}");
        }
    }

    #[test]
    fn a_relay_is_known_by_its_address_however_the_system_spells_it() {
        let offer = RelayOffer {
            address: "relay.example.org:7440".to_owned(),
            token: outport_protocol::relay::RelayToken::from_bytes([5; 32]),
            pass: None,
        };
        let addresses = vec!["192.0.2.7:7440".parse().unwrap()];
        let place = Place { offer, addresses };
        assert!(place.is_at("[::ffff:192.0.2.7]:7440".parse().ok()));
        assert!(!place.is_at("192.0.2.7:7441".parse().ok()) && !place.is_at(None));
    }
}
