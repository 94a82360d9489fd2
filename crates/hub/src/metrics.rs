//! What operators watch, in the text format of Prometheus.

use std::{fmt, sync::Arc, time::Duration};

use outport_relay::{Counted, Counts};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text::encode},
    metrics::{
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// The hub's counters; areas add theirs with [`Metrics::register`].
pub(crate) struct Metrics {
    registry: std::sync::Mutex<Registry>,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    /// Open TCP connections.
    pub(crate) connections: Gauge,
    /// Passwords that were right and wrong.
    pub(crate) sign_ins: Family<OutcomeLabels, Counter>,
    /// Agents and their channels.
    pub(crate) agents: AgentMetrics,
    /// Tasks and what is reported of them.
    pub(crate) tasks: TaskMetrics,
    /// Measurements of the HTTPS port, by how they ended.
    pub(crate) measurements: Family<OutcomeLabels, Counter>,
    /// Bytes that they took.
    pub(crate) measured_bytes: Counter,
}

/// Agents and their channels.
#[derive(Clone, Debug, Default)]
pub(crate) struct AgentMetrics {
    /// Agents that are connected.
    pub(crate) connected: Gauge,
    /// Agents that found no place for a handshake.
    pub(crate) turned_away: Counter,
    /// The most handshakes at once since the start.
    handshakes_most: Gauge,
    handshakes: Family<OutcomeLabels, Counter>,
}

impl AgentMetrics {
    /// Counts a handshake by how it ended.
    pub(crate) fn handshake(&self, outcome: &'static str) {
        self.handshakes.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// The most handshakes that ever went on at once.
    pub(crate) fn observe_most(&self, most: usize) {
        self.handshakes_most.set(i64::try_from(most).unwrap_or(i64::MAX));
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("agents", "Agents connected", self.connected.clone());
        let turned_away = "Agents told to come back later";
        registry.register("agents_turned_away", turned_away, self.turned_away.clone());
        registry.register("handshakes", "Handshakes with agents", self.handshakes.clone());
        let most = "Handshakes with agents at once, at most, since the start";
        registry.register("handshakes_most", most, self.handshakes_most.clone());
    }
}

/// Tasks and what is reported of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct TaskMetrics {
    active: Gauge,
    sessions: Gauge,
    ended: Family<OutcomeLabels, Counter>,
    reports: Counter,
    files: Counter,
    bytes: Counter,
}

impl TaskMetrics {
    /// How many tasks are active, and how many sessions work on them.
    pub(crate) fn set(&self, tasks: usize, sessions: usize) {
        self.active.set(i64::try_from(tasks).unwrap_or(i64::MAX));
        self.sessions.set(i64::try_from(sessions).unwrap_or(i64::MAX));
    }

    /// Counts a task by how it ended.
    pub(crate) fn ended(&self, outcome: &'static str) {
        self.ended.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts reports that were applied, and the files among them that are safe.
    pub(crate) fn reported(&self, reports: u64, files: u64, bytes: u64) {
        self.reports.inc_by(reports);
        self.files.inc_by(files);
        self.bytes.inc_by(bytes);
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("tasks_active", "Tasks that are active", self.active.clone());
        registry.register("sessions", "Sessions between agents", self.sessions.clone());
        registry.register("tasks_ended", "Tasks that ended", self.ended.clone());
        registry.register("reports", "Reports applied", self.reports.clone());
        registry.register("files_transferred", "Files reported as safe", self.files.clone());
        registry.register("bytes_transferred", "Bytes of these files", self.bytes.clone());
    }
}

/// The UDP port, which counts by itself.
#[derive(Debug)]
struct RelayCollector(Arc<Counts>);

impl Collector for RelayCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Counted {
            discovery_answered,
            discovery_limited,
            ignored,
            sessions,
            bound,
            hellos,
            hellos_limited,
            proofs,
            proofs_refused,
            forwarded_packets,
            forwarded_bytes,
            dropped_strangers,
            dropped_alone,
            dropped_limits,
            dropped_unsent,
            evicted,
            tunnels,
            spliced_bytes,
            streams_refused,
        } = self.0.now();
        for (name, help, value) in [
            ("relay_sessions", "Sessions that may use the relay", sessions),
            ("relay_bound", "Addresses bound to a side of a session", bound),
            ("relay_tunnels", "Connections that carry packets or streams", tunnels),
        ] {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        for (name, help, value) in [
            ("discovery_answered", "Requests for the own address, answered", discovery_answered),
            ("discovery_limited", "Requests of sources that ask too often", discovery_limited),
            ("udp_ignored", "Packets to the UDP port that mean nothing", ignored),
            ("relay_hellos", "Hellos to the relay, answered", hellos),
            ("relay_limited", "Hellos and proofs of sources that send too many", hellos_limited),
            ("relay_proofs", "Proofs that held", proofs),
            ("relay_refused", "Proofs that did not hold, and unknown sessions", proofs_refused),
            ("relay_packets", "Packets forwarded", forwarded_packets),
            ("relay_bytes", "Bytes of these packets", forwarded_bytes),
            ("relay_dropped_strangers", "Packets from unknown addresses", dropped_strangers),
            ("relay_dropped_alone", "Packets to a side that is not there", dropped_alone),
            ("relay_dropped_limits", "Packets beyond a limit", dropped_limits),
            ("relay_dropped_unsent", "Packets that the system did not take", dropped_unsent),
            ("relay_spliced_bytes", "Bytes of streams that went over", spliced_bytes),
            ("relay_streams_refused", "Streams beyond those of a session", streams_refused),
            ("relay_evicted", "Sessions that lost their place to others", evicted),
        ] {
            let counter = ConstCounter::new(value);
            let metric = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(metric)?;
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

/// How something ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OutcomeLabels {
    pub(crate) outcome: &'static str,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let metrics = Self {
            registry: std::sync::Mutex::new(Registry::with_prefix("outport_hub")),
            requests: Family::default(),
            // 0.5 ms to 16 s: what is slower is a long poll, or something to look into.
            seconds: Histogram::new(exponential_buckets(0.0005, 2.0, 16)),
            connections: Gauge::default(),
            sign_ins: Family::default(),
            agents: AgentMetrics::default(),
            tasks: TaskMetrics::default(),
            measurements: Family::default(),
            measured_bytes: Counter::default(),
        };
        metrics.register(|registry| {
            registry.register("requests", "Requests answered", metrics.requests.clone());
            registry.register("request_seconds", "Time to answer", metrics.seconds.clone());
            registry.register("connections", "Open connections", metrics.connections.clone());
            registry.register("sign_ins", "Passwords checked", metrics.sign_ins.clone());
            let measurements = "Agents' measurements of the HTTPS port";
            registry.register("measurements", measurements, metrics.measurements.clone());
            let measured = "Bytes of these measurements";
            registry.register("measured_bytes", measured, metrics.measured_bytes.clone());
            metrics.agents.register(registry);
            metrics.tasks.register(registry);
        });
        metrics
    }

    /// Adds what the UDP port counts.
    pub(crate) fn relay(&self, counts: &Arc<Counts>) {
        let mut registry = self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        registry.register_collector(Box::new(RelayCollector(counts.clone())));
    }

    /// Adds the metrics of an area.
    pub(crate) fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    pub(crate) fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
        let method = if known.contains(&method) { method } else { "other" };
        let labels = RequestLabels { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// Everything, as text.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(
            &mut text,
            &self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        )?;
        Ok(text)
    }
}

/// What a relay alone counts, as text.
pub(crate) fn relay_text(counts: &Arc<Counts>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("outport");
    registry.register_collector(Box::new(RelayCollector(counts.clone())));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
