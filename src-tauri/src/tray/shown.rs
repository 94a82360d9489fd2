//! The tray as the desktop has it, changed only where it differs from what it shall be.

use tauri::{
    AppHandle, Theme, Wry,
    menu::{IsMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu},
    tray::{TrayIcon, TrayIconBuilder},
};

use super::{
    icons,
    view::{Choice, Item, TrayView},
};

/// The tray that is on the desktop.
pub(crate) struct ShownTray {
    icon: TrayIcon,
    view: TrayView,
    panel: Theme,
    lines: Vec<Line>,
}

/// A line of the menu whose text can be changed.
enum Line {
    Item(MenuItem<Wry>),
    Submenu(Submenu<Wry>, Vec<Self>),
    Separator(PredefinedMenuItem<Wry>),
}

impl ShownTray {
    /// Puts a tray on the desktop.
    pub(crate) fn put(
        app: &AppHandle,
        view: TrayView,
        panel: Theme,
        chosen: impl Fn(Choice) + Send + Sync + 'static,
        clicked: impl Fn() + Send + Sync + 'static,
    ) -> tauri::Result<Self> {
        let lines = lines_of(app, &view.menu)?;
        let menu = menu_of(app, &lines)?;
        let icon = TrayIconBuilder::with_id("main")
            .icon(icons::picture(view.glyph, panel))
            .icon_as_template(true)
            .tooltip(&view.tooltip)
            .menu(&menu)
            // On Windows a click opens the window and the other button the menu, as is usual there.
            .show_menu_on_left_click(!cfg!(windows))
            .on_menu_event(move |_, event| {
                if let Some(choice) = Choice::from_id(event.id().as_ref()) {
                    chosen(choice);
                }
            })
            .on_tray_icon_event(move |_, event| {
                if cfg!(windows) && is_click(&event) {
                    clicked();
                }
            })
            .build(app)?;
        Ok(Self { icon, view, panel, lines })
    }

    /// Makes the tray show another view, touching only what is different.
    pub(crate) fn update(&mut self, view: TrayView, panel: Theme) -> tauri::Result<()> {
        if view.glyph != self.view.glyph || panel != self.panel {
            let picture = icons::picture(view.glyph, panel);
            self.icon.set_icon_with_as_template(Some(picture), true)?;
            self.panel = panel;
        }
        if view.tooltip != self.view.tooltip {
            self.icon.set_tooltip(Some(&view.tooltip))?;
        }
        if same_shape(&self.view.menu, &view.menu) {
            change_texts(&self.lines, &self.view.menu, &view.menu)?;
        } else {
            let app = self.icon.app_handle();
            let lines = lines_of(app, &view.menu)?;
            self.icon.set_menu(Some(menu_of(app, &lines)?))?;
            self.lines = lines;
        }
        self.view = view;
        Ok(())
    }
}

impl std::fmt::Debug for ShownTray {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShownTray").field("view", &self.view).finish_non_exhaustive()
    }
}

fn is_click(event: &tauri::tray::TrayIconEvent) -> bool {
    use tauri::tray::{MouseButton, MouseButtonState, TrayIconEvent};
    matches!(
        event,
        TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. }
    )
}

fn lines_of(app: &AppHandle, items: &[Item]) -> tauri::Result<Vec<Line>> {
    items.iter().map(|item| line_of(app, item)).collect()
}

fn line_of(app: &AppHandle, item: &Item) -> tauri::Result<Line> {
    let no_key = None::<&str>;
    Ok(match item {
        Item::Line(text) => Line::Item(MenuItem::new(app, plain(text), false, no_key)?),
        Item::Action(choice, text) => {
            Line::Item(MenuItem::with_id(app, choice.id(), plain(text), true, no_key)?)
        }
        Item::Submenu(text, items) => {
            let lines = lines_of(app, items)?;
            let submenu = Submenu::with_items(app, plain(text), true, &as_items(&lines))?;
            Line::Submenu(submenu, lines)
        }
        Item::Separator => Line::Separator(PredefinedMenuItem::separator(app)?),
    })
}

fn menu_of(app: &AppHandle, lines: &[Line]) -> tauri::Result<Menu<Wry>> {
    Menu::with_items(app, &as_items(lines))
}

fn as_items(lines: &[Line]) -> Vec<&dyn IsMenuItem<Wry>> {
    lines.iter().map(Line::item).collect()
}

impl Line {
    fn item(&self) -> &dyn IsMenuItem<Wry> {
        match self {
            Self::Item(item) => item,
            Self::Submenu(submenu, _) => submenu,
            Self::Separator(separator) => separator,
        }
    }
}

/// In menus `&` marks a key; in ours it is a letter of somebody's folder or computer.
fn plain(text: &str) -> String {
    text.replace('&', "&&")
}

/// Whether two menus differ in their texts only.
fn same_shape(old: &[Item], new: &[Item]) -> bool {
    let same = |(old, new): (&Item, &Item)| match (old, new) {
        (Item::Line(_), Item::Line(_)) | (Item::Separator, Item::Separator) => true,
        (Item::Action(old, _), Item::Action(new, _)) => old == new,
        (Item::Submenu(_, old), Item::Submenu(_, new)) => same_shape(old, new),
        (Item::Line(_) | Item::Action(..) | Item::Submenu(..) | Item::Separator, _) => false,
    };
    old.len() == new.len() && old.iter().zip(new).all(same)
}

/// Changes the texts that differ between two menus of the same shape.
fn change_texts(lines: &[Line], old: &[Item], new: &[Item]) -> tauri::Result<()> {
    for ((line, old), new) in lines.iter().zip(old).zip(new) {
        match (line, old, new) {
            (
                Line::Item(item),
                Item::Line(old) | Item::Action(_, old),
                Item::Line(new) | Item::Action(_, new),
            ) if old != new => item.set_text(plain(new))?,
            (
                Line::Submenu(submenu, lines),
                Item::Submenu(old, before),
                Item::Submenu(new, after),
            ) => {
                if old != new {
                    submenu.set_text(plain(new))?;
                }
                change_texts(lines, before, after)?;
            }
            (Line::Item(_) | Line::Submenu(..) | Line::Separator(_), _, _) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn menus_that_differ_in_texts_only_have_the_same_shape() {
        let line = |text: &str| Item::Line(text.to_owned());
        let action = |choice| Item::Action(choice, "x".to_owned());
        let submenu = |items| Item::Submenu("x".to_owned(), items);
        assert!(same_shape(&[line("a"), action(Choice::Quit)], &[line("b"), action(Choice::Quit)]));
        assert!(!same_shape(&[line("a")], &[line("a"), line("b")]));
        assert!(!same_shape(&[action(Choice::Resume)], &[action(Choice::Quit)]));
        assert!(!same_shape(&[action(Choice::Resume)], &[submenu(Vec::new())]));
        assert!(!same_shape(&[submenu(vec![line("a")])], &[submenu(Vec::new())]));
    }
}
