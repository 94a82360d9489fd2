//! Threads that give way to other programs: to their use of the processor and of the disks.
//!
//! | system | processor | disks |
//! | --- | --- | --- |
//! | Linux | nice 10 | class idle, where the disk's scheduler has classes |
//! | macOS | | throttled while others use the disk |
//! | Windows | background mode, with the lowest priority of both | as the processor |
//!
//! A thread that yields does so until it ends: Linux lets nobody take a nice value back.

/// Has this thread give way to other programs. What the system does not let it do is left out.
pub(super) fn yield_to_others() {
    if let Err(error) = system::yield_to_others() {
        tracing::debug!(%error, "a thread cannot yield to other programs");
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::io;

    pub(super) fn yield_to_others() -> io::Result<()> {
        // Of no process in particular is of this thread.
        rustix::process::setpriority_process(None, NICE)?;
        // SAFETY: three numbers go in and one comes back; nothing else is touched.
        #[expect(unsafe_code, reason = "no crate has this call")]
        let done = unsafe { libc::syscall(libc::SYS_ioprio_set, OF_THIS_THREAD, 0, CLASS_IDLE) };
        if done == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Half of what there is: with 19 a busy computer would never finish.
    pub(super) const NICE: i32 = 10;
    /// `IOPRIO_WHO_PROCESS`; with 0 it means who calls.
    const OF_THIS_THREAD: libc::c_int = 1;
    /// `IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)`
    pub(super) const CLASS_IDLE: libc::c_int = 3 << 13;
}

#[cfg(target_vendor = "apple")]
mod system {
    use std::{ffi::c_int, io};

    pub(super) fn yield_to_others() -> io::Result<()> {
        // SAFETY: three numbers go in and one comes back; nothing else is touched.
        #[expect(unsafe_code, reason = "no crate has this call")]
        let done = unsafe { setiopolicy_np(DISK, THIS_THREAD, THROTTLE) };
        if done == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    #[expect(unsafe_code, reason = "no crate has this call")]
    unsafe extern "C" {
        fn setiopolicy_np(kind: c_int, scope: c_int, policy: c_int) -> c_int;
    }

    /// `IOPOL_TYPE_DISK`
    const DISK: c_int = 0;
    /// `IOPOL_SCOPE_THREAD`
    const THIS_THREAD: c_int = 1;
    /// `IOPOL_THROTTLE`
    const THROTTLE: c_int = 3;
}

#[cfg(windows)]
mod system {
    use std::io;

    use windows::Win32::System::Threading::{
        GetCurrentThread, SetThreadPriority, THREAD_MODE_BACKGROUND_BEGIN,
    };

    pub(super) fn yield_to_others() -> io::Result<()> {
        // SAFETY: the handle means the thread that calls, and is good for as long as that runs.
        #[expect(unsafe_code, reason = "the system's calls")]
        let done = unsafe { SetThreadPriority(GetCurrentThread(), THREAD_MODE_BACKGROUND_BEGIN) };
        Ok(done?)
    }
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple", windows)))]
mod system {
    use std::io;

    pub(super) fn yield_to_others() -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Whether the thread that calls yields.
#[cfg(all(test, target_os = "linux"))]
pub(super) fn yields() -> bool {
    let nice = rustix::process::getpriority_process(None).expect("the own priority is known");
    // SAFETY: two numbers go in and one comes back.
    #[expect(unsafe_code, reason = "no crate has this call")]
    let class = unsafe { libc::syscall(libc::SYS_ioprio_get, 1, 0) };
    nice == system::NICE && class == libc::c_long::from(system::CLASS_IDLE)
}
