//! Windows: the power status, and the cost of the connection to the Internet.

use windows::{
    Networking::Connectivity::{NetworkCostType, NetworkInformation},
    Win32::System::Power::{GetSystemPowerStatus, SYSTEM_POWER_STATUS},
};

/// Nothing has to be kept.
#[derive(Debug, Default)]
pub(super) struct System;

impl System {
    #[expect(clippy::unused_self, reason = "other systems keep something")]
    pub(super) fn on_battery(&self) -> Option<bool> {
        let mut status = SYSTEM_POWER_STATUS::default();
        // SAFETY: the call fills in the structure that it is given, which lives long enough.
        #[expect(unsafe_code, reason = "the system's call")]
        let answer = unsafe { GetSystemPowerStatus(&raw mut status) };
        answer.ok()?;
        match status.ACLineStatus {
            0 => Some(true),
            1 => Some(false),
            _ => None,
        }
    }

    #[expect(clippy::unused_self, reason = "other systems keep something")]
    pub(super) fn is_metered(&self) -> Option<bool> {
        let profile = NetworkInformation::GetInternetConnectionProfile().ok()?;
        let cost = profile.GetConnectionCost().ok()?;
        match cost.NetworkCostType().ok()? {
            NetworkCostType::Unrestricted => Some(false),
            NetworkCostType::Fixed | NetworkCostType::Variable => Some(true),
            _ => None,
        }
    }
}
