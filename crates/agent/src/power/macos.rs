//! macOS: the power sources of IOKit, and the path monitor of the Network framework.

use std::{
    ffi::c_void,
    ptr::NonNull,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
};

use block2::{Block, RcBlock};
use dispatch2::{DispatchQueue, DispatchQueueAttr};
use objc2_io_kit::{IOPSCopyPowerSourcesInfo, IOPSGetProvidingPowerSourceType};

/// The monitor, which starts when it is first asked and tells every change from then on.
#[derive(Debug, Default)]
pub(super) struct System {
    monitor: OnceLock<Option<Monitor>>,
}

impl System {
    #[expect(clippy::unused_self, reason = "other questions need what is kept")]
    pub(super) fn on_battery(&self) -> Option<bool> {
        let sources = IOPSCopyPowerSourcesInfo()?;
        // SAFETY: the snapshot is what the call before made.
        #[expect(unsafe_code, reason = "the system's call")]
        let kind = unsafe { IOPSGetProvidingPowerSourceType(Some(&sources)) }?;
        match kind.to_string().as_str() {
            "Battery Power" | "UPS Power" => Some(true),
            "AC Power" => Some(false),
            _ => None,
        }
    }

    pub(super) fn is_metered(&self) -> Option<bool> {
        let monitor = self.monitor.get_or_init(Monitor::start).as_ref()?;
        match monitor.seen.load(Ordering::Relaxed) {
            CHEAP => Some(false),
            EXPENSIVE => Some(true),
            _ => None,
        }
    }
}

/// A path monitor that runs.
#[derive(Debug)]
struct Monitor {
    monitor: NonNull<c_void>,
    seen: Arc<AtomicU8>,
}

// SAFETY: objects of the Network framework may be used from any thread.
#[expect(unsafe_code, reason = "the system says so")]
unsafe impl Send for Monitor {}
// SAFETY: as above.
#[expect(unsafe_code, reason = "the system says so")]
unsafe impl Sync for Monitor {}

impl Monitor {
    fn start() -> Option<Self> {
        let seen = Arc::new(AtomicU8::new(UNKNOWN));
        let told = Arc::clone(&seen);
        let handler = RcBlock::new(move |path: *mut c_void| {
            // SAFETY: the framework gives a path that is valid for this call.
            #[expect(unsafe_code, reason = "the system's call")]
            let costs = unsafe { nw_path_is_expensive(path) || nw_path_is_constrained(path) };
            told.store(if costs { EXPENSIVE } else { CHEAP }, Ordering::Relaxed);
        });
        let queue = DispatchQueue::new("org.outport.network", DispatchQueueAttr::SERIAL);
        // SAFETY: the calls come in the order that the framework asks for; it keeps the block and the
        // queue itself until the monitor is cancelled.
        #[expect(unsafe_code, reason = "the system's calls")]
        let monitor = unsafe {
            let monitor = NonNull::new(nw_path_monitor_create())?;
            nw_path_monitor_set_queue(monitor.as_ptr(), &queue);
            nw_path_monitor_set_update_handler(monitor.as_ptr(), &handler);
            nw_path_monitor_start(monitor.as_ptr());
            monitor
        };
        Some(Self { monitor, seen })
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        // SAFETY: the monitor was made by `start` and is given back once.
        #[expect(unsafe_code, reason = "the system's calls")]
        unsafe {
            nw_path_monitor_cancel(self.monitor.as_ptr());
            nw_release(self.monitor.as_ptr());
        }
    }
}

#[link(name = "Network", kind = "framework")]
#[expect(unsafe_code, reason = "no crate has these calls yet")]
unsafe extern "C" {
    fn nw_path_monitor_create() -> *mut c_void;
    fn nw_path_monitor_set_queue(monitor: *mut c_void, queue: &DispatchQueue);
    fn nw_path_monitor_set_update_handler(
        monitor: *mut c_void,
        handler: &Block<dyn Fn(*mut c_void)>,
    );
    fn nw_path_monitor_start(monitor: *mut c_void);
    fn nw_path_monitor_cancel(monitor: *mut c_void);
    fn nw_path_is_expensive(path: *mut c_void) -> bool;
    fn nw_path_is_constrained(path: *mut c_void) -> bool;
    fn nw_release(object: *mut c_void);
}

const UNKNOWN: u8 = 0;
const CHEAP: u8 = 1;
const EXPENSIVE: u8 = 2;
