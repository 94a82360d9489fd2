//! Ctrl-C in the middle of the demo: what runs is ended in order, and nothing stays behind.
//!
//! A terminal sends Ctrl-C to the hub and the agents too, which then end by themselves.

use std::{
    process::{Child, ExitStatus},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::{Result, ensure};

/// From here on, being asked to stop is only noted.
pub(super) fn listen() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let asking = {
        let _inside = runtime.enter();
        Signals::listen()?
    };
    std::thread::spawn(move || {
        runtime.block_on(asking.next());
        ASKED.store(true, Ordering::Relaxed);
    });
    Ok(())
}

/// Whether somebody asked for the end.
pub(super) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// Fails once somebody asked for the end.
pub(super) fn check() -> Result<()> {
    ensure!(!asked(), "interrupted");
    Ok(())
}

/// Waits for a command, and ends it when somebody asks for the end.
pub(super) fn wait(mut child: Child) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if asked() {
            child.kill()?;
            child.wait()?;
        }
        check()?;
        std::thread::sleep(LOOK_EVERY);
    }
}

#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    fn listen() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    async fn next(self) {
        let [mut interrupt, mut terminate, mut hang_up] = self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn listen() -> Result<Self> {
        Ok(Self(tokio::signal::windows::ctrl_c()?))
    }

    async fn next(mut self) {
        self.0.recv().await;
    }
}

/// What a shell says of a program that Ctrl-C ended.
pub(super) const EXIT_CODE: i32 = 130;
const LOOK_EVERY: Duration = Duration::from_millis(20);
static ASKED: AtomicBool = AtomicBool::new(false);
