//! The way to the hub, step by step: proxy, name, connection, encryption, clock.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Instant, SystemTime},
};

use outport_api::{
    client::{Auth, ClientError, HubUrl, Trust},
    hub::AboutHub,
};
use outport_control::{Paths, ProxySource};
use outport_types::{Code, FactCode, Problem};
use rustls_pki_types::ServerName;
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::{
    STEP_TIMEOUT,
    certificate::{Shown, Voucher, Witness},
    report::{Report, Topic},
    too_slow,
};
use crate::{
    clock::local_now,
    hub_link::{DialError, connect, encrypt_with},
    portal,
    proxy::{self, ProxyChoice},
    trust::{Authorities, TrustError},
};

/// What is skipped where the way is not known.
pub(super) const TOPICS: [Topic; 4] = [Topic::Name, Topic::Tcp, Topic::Tls, Topic::Clock];

/// Finds which way goes to the hub, and whether it is known.
pub(super) async fn way(
    paths: &Paths,
    choice: &ProxyChoice,
    hub: &HubUrl,
    trust: &mut Trust,
    report: &mut Report,
) -> bool {
    match proxy::choose(paths, choice, hub).await {
        Ok(None) => report.ok(Topic::Proxy, FactCode::StraightWay, []),
        Ok(Some(way)) => {
            let shown = way.shown();
            let code = match shown.source {
                ProxySource::Config => FactCode::ProxyByConfig,
                ProxySource::Environment => FactCode::ProxyByEnvironment,
                ProxySource::System => FactCode::ProxyBySystem,
            };
            report.ok(Topic::Proxy, code, [("proxy", shown.address.into())]);
            trust.proxy = Some(way.proxy);
        }
        Err(error) => {
            report.fail(Topic::Proxy, error.problem());
            report.skip(&TOPICS, FactCode::NoWayKnown);
            return false;
        }
    }
    true
}

/// Goes as far as the hub can be reached; what it tells everybody about itself.
pub(super) async fn hub(hub: &HubUrl, trust: &Trust, report: &mut Report) -> Option<AboutHub> {
    if !name(hub, trust, report).await {
        report.skip(&TOPICS[1..], FactCode::NoAddress);
        return None;
    }
    let Some(stream) = tcp(hub, trust, report).await else {
        report.skip(&TOPICS[2..], FactCode::NoConnection);
        return None;
    };
    if !tls(hub, trust, stream, report).await {
        report.skip(&TOPICS[3..], FactCode::NoConnection);
        return None;
    }
    clock(hub, trust, report).await
}

async fn name(hub: &HubUrl, trust: &Trust, report: &mut Report) -> bool {
    // A proxy finds the hub's address itself.
    let host = match &trust.proxy {
        Some(proxy) => proxy.address.host().to_owned(),
        None => hub.host_and_port().0,
    };
    match timeout(STEP_TIMEOUT, lookup_host((host.as_str(), 0))).await {
        Ok(Ok(found)) => {
            let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
            addresses.dedup();
            addresses.truncate(ADDRESSES_SHOWN);
            let addresses: Vec<_> = addresses.iter().map(IpAddr::to_string).collect();
            let args = [("host", host.as_str().into()), ("addresses", addresses.join(", ").into())];
            report.ok(Topic::Name, FactCode::NameFound, args);
            true
        }
        Ok(Err(_)) | Err(_) => {
            report.fail(
                Topic::Name,
                Problem::new(Code::HubNameUnknown, [("host", host.as_str().into())]),
            );
            false
        }
    }
}

async fn tcp(hub: &HubUrl, trust: &Trust, report: &mut Report) -> Option<TcpStream> {
    let began = Instant::now();
    match timeout(STEP_TIMEOUT, connect(hub, trust)).await {
        Ok(Ok((stream, _))) => {
            report.ok(Topic::Tcp, FactCode::Connected, [("ms", ms_since(began).into())]);
            Some(stream)
        }
        Ok(Err(error @ DialError::Proxy(_))) => {
            report.fail(Topic::Tcp, error.problem(hub));
            None
        }
        Ok(Err(_)) | Err(_) => {
            let (host, port) = hub.host_and_port();
            let args = [("host", host.into()), ("port", port.to_string().into())];
            let closed = Problem::new(Code::HubClosed, args);
            report.fail(Topic::Tcp, portal::explain(closed, hub, trust).await);
            None
        }
    }
}

/// Shakes hands as the control channel does, and looks at what is shown meanwhile.
async fn tls(hub: &HubUrl, trust: &Trust, stream: TcpStream, report: &mut Report) -> bool {
    if !hub.is_encrypted() {
        drop(stream);
        report.ok(Topic::Tls, FactCode::TlsNotNeeded, []);
        return true;
    }
    let of = trust.clone();
    let loaded = crate::blocking(move || {
        let authorities = Authorities::load(&of)?;
        let witness = Witness::new(&authorities)?;
        Ok::<_, TrustError>((authorities, witness))
    });
    let (authorities, witness) = match loaded.await {
        Ok(loaded) => loaded,
        Err(error) => {
            report.fail(Topic::Tls, DialError::Trust(error).problem(hub));
            return false;
        }
    };
    let config = match witness.config() {
        Ok(config) => Arc::new(config),
        Err(error) => {
            report.fail(Topic::Tls, DialError::Trust(error).problem(hub));
            return false;
        }
    };
    let shaken = timeout(STEP_TIMEOUT, encrypt_with(hub, config, stream)).await;
    let shown = witness.shown();
    let issuer = shown.as_ref().map(Shown::issuer).unwrap_or_default();
    match shaken {
        Ok(Ok(_)) => {
            let name = ServerName::try_from(hub.host_and_port().0).ok();
            let vouches = shown.zip(name).map(|(shown, name)| shown.voucher(&authorities, &name));
            let code = match vouches {
                Some(Voucher::Public) => FactCode::CertificatePublic,
                Some(Voucher::Owner) => FactCode::CertificateByFile,
                Some(Voucher::System) | None => FactCode::CertificateBySystem,
            };
            report.ok(Topic::Tls, code, [("issuer", issuer.into())]);
            true
        }
        Ok(Err(error)) => {
            let mut problem = error.problem(hub);
            if let DialError::Tls { source, .. } = &error
                && is_unknown_issuer(source)
            {
                let args = [("hub", hub.to_string().into()), ("issuer", issuer.into())];
                problem = Problem::new(Code::UnknownIssuer, args);
            }
            report.fail(Topic::Tls, portal::explain(problem, hub, trust).await);
            false
        }
        Err(_) => {
            report.fail(Topic::Tls, portal::explain(too_slow(hub), hub, trust).await);
            false
        }
    }
}

fn is_unknown_issuer(error: &std::io::Error) -> bool {
    let tls = error.get_ref().and_then(|inside| inside.downcast_ref());
    let unknown = rustls::CertificateError::UnknownIssuer;
    matches!(tls, Some(rustls::Error::InvalidCertificate(why)) if *why == unknown)
}

async fn clock(hub: &HubUrl, trust: &Trust, report: &mut Report) -> Option<AboutHub> {
    let asked = async {
        let auth = Auth::new(hub.clone(), trust)?;
        let before = SystemTime::now();
        let about = auth.hub_info().await?;
        let took = before.elapsed().unwrap_or_default();
        Ok::<_, ClientError>((about, took))
    };
    match timeout(STEP_TIMEOUT, asked).await {
        Ok(Ok((about, took))) => {
            let half = i64::try_from(took.as_secs() / 2).unwrap_or(0);
            let skew = local_now().seconds - half - about.hub_time.seconds;
            let seconds = skew.unsigned_abs();
            let args = [("seconds", seconds.into())];
            if seconds <= SKEW_SECONDS_MAX {
                report.ok(Topic::Clock, FactCode::ClockRight, args);
            } else {
                report.warn(Topic::Clock, Problem::new(Code::ClockWrong, args));
            }
            Some(about)
        }
        Ok(Err(error)) => {
            let problem = error.problem_at(hub);
            let is_gone = problem.code == Code::HubUnreachable;
            report.warn(Topic::Clock, if is_gone { too_slow(hub) } else { problem });
            None
        }
        Err(_) => {
            report.warn(Topic::Clock, too_slow(hub));
            None
        }
    }
}

pub(super) fn ms_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Of a name that has many, as much as fits on a line.
const ADDRESSES_SHOWN: usize = 4;
/// Leases run in hub time, so a wrong clock harms little but what people read.
const SKEW_SECONDS_MAX: u64 = 60;
