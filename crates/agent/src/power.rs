//! What the computer runs on, what its network costs, and keeping it awake.
//!
//! A worker looks now and then and tells the core what changed; another holds the sleep guard while
//! the core wants it. Both ask the operating system through [`Surroundings`], so that tests can be
//! the weather.

#[cfg(not(any(windows, target_os = "macos")))]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

#[cfg(not(any(windows, target_os = "macos")))]
use self::linux as system;
#[cfg(target_os = "macos")]
use self::macos as system;
#[cfg(windows)]
use self::windows as system;

use std::{
    fmt,
    sync::Arc,
    thread,
    time::{Duration, SystemTime},
};

use outport_control::{HoldReason, KeepAwake, Power, Settings};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use crate::core::News;

/// What the operating system tells and does. Every call may take a while.
pub(crate) trait Surroundings: Send + Sync + fmt::Debug {
    /// Whether the computer runs on its battery; `None` when the system does not say.
    fn on_battery(&self) -> Option<bool>;

    /// Whether the network counts what it carries; `None` when the system does not say.
    fn is_metered(&self) -> Option<bool>;

    /// The clock on the wall, which goes on while the computer sleeps.
    fn wall_clock(&self) -> SystemTime {
        SystemTime::now()
    }

    /// Keeps the computer from falling asleep by itself until the guard is dropped.
    ///
    /// # Errors
    /// When the system does not let it, with what it says.
    fn stay_awake(&self) -> Result<Box<dyn Send>, String>;
}

/// The computer that this runs on.
#[derive(Debug, Default)]
pub(crate) struct ThisComputer(system::System);

impl Surroundings for ThisComputer {
    fn on_battery(&self) -> Option<bool> {
        self.0.on_battery()
    }

    fn is_metered(&self) -> Option<bool> {
        self.0.is_metered()
    }

    fn stay_awake(&self) -> Result<Box<dyn Send>, String> {
        Guard::hold().map(|guard| Box::new(guard) as Box<dyn Send>)
    }
}

/// A thread that keeps the computer awake: some systems remember who asked by the thread.
struct Guard {
    release: Option<std::sync::mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Guard {
    fn hold() -> Result<Self, String> {
        let (release, released) = std::sync::mpsc::channel::<()>();
        let (held, holding) = std::sync::mpsc::channel();
        let work = move || {
            let asked = keepawake::Builder::default()
                .idle(true)
                .reason("Files are being moved")
                .app_name("Outport")
                .app_reverse_domain("org.outport.Outport")
                .create();
            let awake = match asked {
                Ok(awake) => awake,
                Err(error) => {
                    held.send(Err(outport_types::Chain(&error).to_string())).ok();
                    return;
                }
            };
            held.send(Ok(())).ok();
            released.recv().ok(); // ends when the guard is dropped
            drop(awake);
        };
        let thread = thread::Builder::new().name("outport-awake".to_owned()).spawn(work);
        let thread = thread.map_err(|error| error.to_string())?;
        holding.recv().map_err(|error| error.to_string())??;
        Ok(Self { release: Some(release), thread: Some(thread) })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.release.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Why work is held back, if it is.
pub(crate) fn hold_reason(settings: &Settings, power: &Power) -> Option<HoldReason> {
    if settings.pause_on_battery && power.on_battery == Some(true) {
        Some(HoldReason::Battery)
    } else if settings.pause_on_metered && power.metered == Some(true) {
        Some(HoldReason::Metered)
    } else {
        None
    }
}

/// Whether the computer shall stay awake while files move.
pub(crate) fn may_keep_awake(settings: &Settings, power: &Power) -> bool {
    match settings.keep_awake {
        KeepAwake::Never => false,
        KeepAwake::OnMains => power.on_battery != Some(true),
        KeepAwake::Always => true,
    }
}

/// Looks once. What no setting depends on is not asked for: it costs a question to another program.
pub(crate) fn look(surroundings: &dyn Surroundings, settings: &Settings) -> Power {
    Power {
        on_battery: surroundings.on_battery(),
        metered: settings.pause_on_metered.then(|| surroundings.is_metered()).flatten(),
        awake: false,
    }
}

/// Looks until `stop`, and at once when the settings change.
pub(crate) async fn watch(
    surroundings: Arc<dyn Surroundings>,
    mut settings: watch::Receiver<Settings>,
    news: mpsc::Sender<News>,
    stop: CancellationToken,
) {
    let mut last = None;
    loop {
        let set = *settings.borrow_and_update();
        let computer = Arc::clone(&surroundings);
        let looking = crate::blocking(move || look(&*computer, &set));
        let Some(power) = stop.run_until_cancelled(looking).await else { return };
        if last != Some(power) && news.send(News::Power(power)).await.is_err() {
            return;
        }
        last = Some(power);
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(LOOK_EVERY) => {}
            changed = settings.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

/// Keeps the computer awake while `wanted` says so, until `stop`.
pub(crate) async fn guard(
    surroundings: Arc<dyn Surroundings>,
    mut wanted: watch::Receiver<bool>,
    news: mpsc::Sender<News>,
    stop: CancellationToken,
) {
    let mut guard: Option<Box<dyn Send>> = None;
    loop {
        let wants = *wanted.borrow_and_update();
        match (wants, guard.take()) {
            (true, None) => {
                let computer = Arc::clone(&surroundings);
                match crate::blocking(move || computer.stay_awake()).await {
                    Ok(held) => {
                        guard = Some(held);
                        news.send(News::Awake(true)).await.ok();
                    }
                    // A server or a container has nobody to ask, and does not fall asleep.
                    Err(error) => tracing::info!(error, "the computer cannot be kept awake"),
                }
            }
            (false, Some(held)) => {
                crate::blocking(move || drop(held)).await;
                news.send(News::Awake(false)).await.ok();
            }
            (true, held @ Some(_)) => guard = held,
            (false, None) => {}
        }
        let changed = stop.run_until_cancelled(wanted.changed()).await;
        if !matches!(changed, Some(Ok(()))) {
            crate::blocking(move || drop(guard)).await;
            return;
        }
    }
}

/// Soon enough after a plug was pulled, rare enough not to wake the processor noticeably.
const LOOK_EVERY: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_held_back_as_the_settings_say_and_never_for_what_is_not_known() {
        let battery = Power { on_battery: Some(true), ..Power::default() };
        let metered = Power { metered: Some(true), ..Power::default() };
        let careful =
            Settings { pause_on_battery: true, pause_on_metered: true, ..Settings::default() };
        assert_eq!(hold_reason(&careful, &battery), Some(HoldReason::Battery));
        assert_eq!(hold_reason(&careful, &metered), Some(HoldReason::Metered));
        assert_eq!(hold_reason(&careful, &Power::default()), None);
        assert_eq!(hold_reason(&Settings::default(), &battery), None);
    }

    #[test]
    fn by_default_a_battery_is_not_emptied_to_stay_awake() {
        let battery = Power { on_battery: Some(true), ..Power::default() };
        let unknown = Power::default();
        let of = |keep_awake| Settings { keep_awake, ..Settings::default() };
        assert!(!may_keep_awake(&Settings::default(), &battery));
        assert!(may_keep_awake(&Settings::default(), &unknown));
        assert!(may_keep_awake(&of(KeepAwake::Always), &battery));
        assert!(!may_keep_awake(&of(KeepAwake::Never), &unknown));
    }

    #[test]
    fn this_computer_can_be_asked() {
        let computer = ThisComputer::default();
        let settings = Settings { pause_on_metered: true, ..Settings::default() };
        look(&computer, &settings); // whatever it says, it says something
        if let Ok(guard) = computer.stay_awake() {
            drop(guard);
        }
    }
}
