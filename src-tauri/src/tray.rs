//! The tray: what it shows as a plain value, and how that value reaches the desktop.

mod icons;
mod shown;
mod view;

pub(crate) use self::{
    shown::ShownTray,
    view::{Choice, Seen, TrayView, hub_of},
};

#[cfg(test)]
pub(crate) use self::view::PauseFor;
