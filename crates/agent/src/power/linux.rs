//! Linux: the kernel's list of power supplies, and NetworkManager.

use std::{
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use zbus::{blocking::Connection, zvariant::OwnedValue};

/// The connection to the system's bus, kept because opening one costs more than asking.
#[derive(Debug, Default)]
pub(super) struct System {
    bus: Mutex<Option<Connection>>,
}

impl System {
    #[expect(clippy::unused_self, reason = "other systems keep something")]
    pub(super) fn on_battery(&self) -> Option<bool> {
        on_battery(Path::new("/sys/class/power_supply"))
    }

    pub(super) fn is_metered(&self) -> Option<bool> {
        let mut bus = self.bus.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match bus.take() {
            Some(connection) => connection,
            None => Connection::system().ok()?,
        };
        // Without NetworkManager nobody knows; a bus that broke is opened again next time.
        let metered = metered(&connection).ok()?;
        *bus = Some(connection);
        metered
    }
}

/// Whether the computer runs on its battery. Batteries of mice and headsets are not the computer's.
fn on_battery(supplies: &Path) -> Option<bool> {
    let read = |file: &Path| fs::read_to_string(file).map(|text| text.trim().to_owned()).ok();
    let (mut plugged, mut discharging) = (false, false);
    for supply in fs::read_dir(supplies).ok()?.flatten() {
        let dir = supply.path();
        let is = |name: &str, value: &str| read(&dir.join(name)).as_deref() == Some(value);
        if is("scope", "Device") {
            continue;
        }
        if is("type", "Battery") {
            discharging |= is("status", "Discharging");
        } else {
            plugged |= is("online", "1");
        }
    }
    Some(discharging && !plugged)
}

/// What NetworkManager thinks of the network that is used.
fn metered(bus: &Connection) -> zbus::Result<Option<bool>> {
    const NETWORK_MANAGER: &str = "org.freedesktop.NetworkManager";
    let answer = bus.call_method(
        Some(NETWORK_MANAGER),
        "/org/freedesktop/NetworkManager",
        Some("org.freedesktop.DBus.Properties"),
        "Get",
        &(NETWORK_MANAGER, "Metered"),
    )?;
    let value: OwnedValue = answer.body().deserialize()?;
    let word = u32::try_from(value)?;
    Ok(match word {
        1 | 3 => Some(true),  // yes, and most likely
        2 | 4 => Some(false), // no, and most likely not
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_what_the_computer_runs_on() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(on_battery(&dir.path().join("none")), None);
        assert_eq!(on_battery(dir.path()), Some(false), "a computer without a battery");
        let set = |supply: &str, files: &[(&str, &str)]| {
            let dir = dir.path().join(supply);
            fs::create_dir_all(&dir).unwrap();
            for (name, value) in files {
                fs::write(dir.join(name), format!("{value}\n")).unwrap();
            }
        };
        set("BAT0", &[("type", "Battery"), ("status", "Discharging")]);
        set("AC", &[("type", "Mains"), ("online", "0")]);
        assert_eq!(on_battery(dir.path()), Some(true));
        set("AC", &[("online", "1")]);
        assert_eq!(on_battery(dir.path()), Some(false), "a dock that gives too little");
        set("AC", &[("online", "0")]);
        set("BAT0", &[("status", "Full")]);
        set("mouse", &[("type", "Battery"), ("scope", "Device"), ("status", "Discharging")]);
        assert_eq!(on_battery(dir.path()), Some(false));
    }
}
