//! The desktop's side of the tray: it takes the app's item, reads its menu and clicks in it.

use std::{collections::HashMap, fs, sync::mpsc, time::Duration};

use anyhow::{Context as _, Result};
use zbus::{
    blocking::{Connection, connection},
    fdo, interface,
    message::Header,
    proxy,
    zvariant::{OwnedObjectPath, OwnedValue, Value},
};

use crate::process::wait_until;

/// What owns the name by which apps find a tray.
#[derive(Debug)]
pub struct TrayHost {
    connection: Connection,
    items: mpsc::Receiver<(String, String)>,
}

/// The item that an app put into the tray.
#[derive(Debug)]
pub struct Tray {
    item: ItemProxy<'static>,
    menu: MenuProxy<'static>,
}

/// One line of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    id: i32,
    /// Its text, as it is read.
    pub label: String,
    /// Whether it can be chosen.
    pub enabled: bool,
    /// What opens beside it.
    pub below: Vec<Self>,
}

impl TrayHost {
    /// Must stand before the app starts: that is when it looks for a tray.
    ///
    /// # Errors
    /// When the bus does not take it.
    pub fn start(bus: &str) -> Result<Self> {
        let (found, items) = mpsc::channel();
        let connection = connection::Builder::address(bus)?
            .serve_at("/StatusNotifierWatcher", Watcher { items: Vec::new(), found })?
            .name("org.kde.StatusNotifierWatcher")?
            .build()?;
        Ok(Self { connection, items })
    }

    /// Waits until an app puts its item here.
    ///
    /// # Errors
    /// When none does.
    pub fn wait_item(&self) -> Result<Tray> {
        loop {
            let (name, path) =
                self.items.recv_timeout(LIMIT).context("no item came into the tray")?;
            // An app that has ended may have told of its item more than once.
            if let Ok(tray) = self.item(name, path) {
                return Ok(tray);
            }
        }
    }

    fn item(&self, name: String, path: String) -> Result<Tray> {
        let item = ItemProxy::builder(&self.connection)
            .destination(name.clone())?
            .path(path)?
            .cache_properties(zbus::proxy::CacheProperties::No)
            .build()?;
        let menu = MenuProxy::builder(&self.connection)
            .destination(name)?
            .path(item.menu()?)?
            .cache_properties(zbus::proxy::CacheProperties::No)
            .build()?;
        Ok(Tray { item, menu })
    }
}

impl Tray {
    /// The menu as it is now.
    ///
    /// # Errors
    /// When the app does not answer.
    pub fn menu(&self) -> Result<Vec<Entry>> {
        self.present()?.context("the app shows no menu")
    }

    /// The menu as it is now; none while an app that has put its item here makes its menu.
    fn present(&self) -> Result<Option<Vec<Entry>>> {
        self.menu.about_to_show(0).ok(); // some apps have nothing to prepare
        let below = match self.menu.layout(0, -1, &[]) {
            Ok((_, (_, _, below))) => below,
            Err(zbus::Error::MethodError(name, ..)) if name == UNKNOWN_METHOD => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        below.into_iter().map(entry).collect::<Result<_>>().map(Some)
    }

    /// The text of the first line: who this computer is and what it does.
    ///
    /// # Errors
    /// When the app does not answer.
    pub fn headline(&self) -> Result<String> {
        Ok(self.menu()?.first().map(|entry| entry.label.clone()).unwrap_or_default())
    }

    /// Waits until the first line has such a text.
    ///
    /// # Errors
    /// When it does not come; the whole menu is in the message.
    pub fn wait_headline(&self, wanted: &str) -> Result<()> {
        let is_there = |menu: Vec<Entry>| menu.first().is_some_and(|entry| entry.label == wanted);
        wait_until(LIMIT, || Ok(self.present()?.is_some_and(is_there).then_some(())))
            .with_context(|| format!("no `{wanted}` in the tray but {:#?}", self.menu()))
    }

    /// Clicks the line with such a text, in whichever menu it is; waits until it is there.
    ///
    /// # Errors
    /// When there is none.
    pub fn click(&self, label: &str) -> Result<()> {
        let found = |menu: Vec<Entry>| find(&menu, label).map(|entry| entry.id);
        let id = wait_until(LIMIT, || Ok(self.present()?.and_then(found)))
            .with_context(|| format!("no `{label}` in the tray but {:#?}", self.menu()))?;
        Ok(self.menu.event(id, "clicked", &Value::from(0_i32), 0)?)
    }

    /// Whether the menu has a line with such a text, and at which depth from 0.
    ///
    /// # Errors
    /// When the app does not answer.
    pub fn depth_of(&self, label: &str) -> Result<Option<usize>> {
        fn depth(entries: &[Entry], label: &str) -> Option<usize> {
            let here = entries.iter().any(|entry| entry.label == label).then_some(0);
            let below = || entries.iter().find_map(|entry| depth(&entry.below, label));
            here.or_else(|| below().map(|depth| depth + 1))
        }
        Ok(depth(&self.menu()?, label))
    }

    /// The picture in the tray: the content of the file that the app names, as every change has a
    /// file of its own.
    ///
    /// # Errors
    /// When the app does not answer, or there is no such file.
    pub fn icon(&self) -> Result<Vec<u8>> {
        let name = self.item.icon_name()?;
        fs::read(&name).with_context(|| name)
    }
}

fn find<'a>(entries: &'a [Entry], label: &str) -> Option<&'a Entry> {
    entries.iter().find_map(|entry| {
        if entry.label == label { Some(entry) } else { find(&entry.below, label) }
    })
}

type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

fn entry(value: OwnedValue) -> Result<Entry> {
    let (id, properties, below): Layout = value.try_into()?;
    let text = properties.get("label").and_then(|value| <&str>::try_from(value).ok());
    let enabled = properties.get("enabled").and_then(|value| bool::try_from(value).ok());
    Ok(Entry {
        id,
        label: without_keys(text.unwrap_or_default()),
        enabled: enabled.unwrap_or(true),
        below: below.into_iter().map(entry).collect::<Result<_>>()?,
    })
}

/// GTK marks the letter of a key by `_`, and writes the character itself twice.
fn without_keys(label: &str) -> String {
    label.replace("__", "\u{1}").replace('_', "").replace('\u{1}', "_")
}

#[derive(Debug)]
struct Watcher {
    items: Vec<String>,
    found: mpsc::Sender<(String, String)>,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(
        &mut self,
        service: String,
        #[zbus(header)] header: Header<'_>,
    ) -> fdo::Result<()> {
        // libayatana-appindicator passes a path on its own bus name, others pass a bus name.
        let sender = header.sender().map(|sender| sender.to_string()).unwrap_or_default();
        let (name, path) = if service.starts_with('/') {
            (sender, service)
        } else {
            (service, "/StatusNotifierItem".to_owned())
        };
        self.items.push(format!("{name}{path}"));
        self.found.send((name, path)).map_err(|error| fdo::Error::Failed(error.to_string()))
    }

    fn register_status_notifier_host(&mut self, _service: String) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.items.clone()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

#[proxy(interface = "org.kde.StatusNotifierItem", gen_async = false)]
trait Item {
    #[zbus(property)]
    fn icon_name(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn menu(&self) -> zbus::Result<OwnedObjectPath>;
}

#[proxy(interface = "com.canonical.dbusmenu", gen_async = false)]
trait Menu {
    fn about_to_show(&self, id: i32) -> zbus::Result<bool>;
    #[zbus(name = "GetLayout")]
    fn layout(&self, parent: i32, depth: i32, names: &[&str]) -> zbus::Result<(u32, Layout)>;
    fn event(&self, id: i32, event: &str, data: &Value<'_>, timestamp: u32) -> zbus::Result<()>;
}

/// What a busy machine may take until the tray shows something.
const LIMIT: Duration = Duration::from_secs(30);
/// What the bus says of an object that does not exist.
const UNKNOWN_METHOD: &str = "org.freedesktop.DBus.Error.UnknownMethod";
