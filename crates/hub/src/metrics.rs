//! What operators watch, in the text format of Prometheus.

use std::{fmt, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
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
        };
        metrics.register(|registry| {
            registry.register("requests", "Requests answered", metrics.requests.clone());
            registry.register("request_seconds", "Time to answer", metrics.seconds.clone());
            registry.register("connections", "Open connections", metrics.connections.clone());
            registry.register("sign_ins", "Passwords checked", metrics.sign_ins.clone());
            metrics.agents.register(registry);
            metrics.tasks.register(registry);
        });
        metrics
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

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
