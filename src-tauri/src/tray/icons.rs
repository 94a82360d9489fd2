//! The pictures of the tray, rendered from `icons/tray/*.svg` by `cargo xtask icons`.

use tauri::{Theme, image::Image, include_image};

use super::view::Glyph;

/// The picture for a state on a panel of a brightness.
pub(super) fn picture(glyph: Glyph, panel: Theme) -> Image<'static> {
    if cfg!(target_os = "macos") {
        // The menu bar paints it in its own colour.
        template(glyph)
    } else if cfg!(target_os = "linux") {
        // Nobody says how bright the panel is, so these bring their own ground.
        badge(glyph)
    } else if panel == Theme::Light {
        light(glyph)
    } else {
        dark(glyph)
    }
}

fn template(glyph: Glyph) -> Image<'static> {
    match glyph {
        Glyph::Offline => include_image!("../icons/tray/template/offline.png"),
        Glyph::Connecting => include_image!("../icons/tray/template/connecting.png"),
        Glyph::Online => include_image!("../icons/tray/template/online.png"),
        Glyph::Transferring => include_image!("../icons/tray/template/transferring.png"),
        Glyph::Paused => include_image!("../icons/tray/template/paused.png"),
        Glyph::Attention => include_image!("../icons/tray/template/attention.png"),
        Glyph::Error => include_image!("../icons/tray/template/error.png"),
    }
}

fn badge(glyph: Glyph) -> Image<'static> {
    match glyph {
        Glyph::Offline => include_image!("../icons/tray/badge/offline.png"),
        Glyph::Connecting => include_image!("../icons/tray/badge/connecting.png"),
        Glyph::Online => include_image!("../icons/tray/badge/online.png"),
        Glyph::Transferring => include_image!("../icons/tray/badge/transferring.png"),
        Glyph::Paused => include_image!("../icons/tray/badge/paused.png"),
        Glyph::Attention => include_image!("../icons/tray/badge/attention.png"),
        Glyph::Error => include_image!("../icons/tray/badge/error.png"),
    }
}

fn light(glyph: Glyph) -> Image<'static> {
    match glyph {
        Glyph::Offline => include_image!("../icons/tray/light/offline.png"),
        Glyph::Connecting => include_image!("../icons/tray/light/connecting.png"),
        Glyph::Online => include_image!("../icons/tray/light/online.png"),
        Glyph::Transferring => include_image!("../icons/tray/light/transferring.png"),
        Glyph::Paused => include_image!("../icons/tray/light/paused.png"),
        Glyph::Attention => include_image!("../icons/tray/light/attention.png"),
        Glyph::Error => include_image!("../icons/tray/light/error.png"),
    }
}

fn dark(glyph: Glyph) -> Image<'static> {
    match glyph {
        Glyph::Offline => include_image!("../icons/tray/dark/offline.png"),
        Glyph::Connecting => include_image!("../icons/tray/dark/connecting.png"),
        Glyph::Online => include_image!("../icons/tray/dark/online.png"),
        Glyph::Transferring => include_image!("../icons/tray/dark/transferring.png"),
        Glyph::Paused => include_image!("../icons/tray/dark/paused.png"),
        Glyph::Attention => include_image!("../icons/tray/dark/attention.png"),
        Glyph::Error => include_image!("../icons/tray/dark/error.png"),
    }
}
