//! Drawings into pictures of every size and kind that systems ask for.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree},
};

use super::STATES;

/// Renders everything below the folder of icons.
pub(super) fn all(dir: &Path) -> Result<()> {
    app(dir)?;
    for state in STATES {
        let drawing = fs::read_to_string(dir.join(format!("tray/{state}.svg")))?;
        for set in SETS {
            let picture = png(&set.paint(&drawing), set.pixels)?;
            let file = dir.join(format!("tray/{}/{state}.png", set.name));
            write(&file, &picture)?;
        }
    }
    Ok(())
}

/// The mark in the sizes and containers of each system.
fn app(dir: &Path) -> Result<()> {
    let mark = fs::read_to_string(dir.join("mark.svg"))?;
    let at = |pixels: u32| png(&mark, pixels);
    for (name, pixels) in
        [("32x32", 32), ("64x64", 64), ("128x128", 128), ("128x128@2x", 256), ("512x512", 512)]
    {
        write(&dir.join(format!("app/{name}.png")), &at(pixels)?)?;
    }
    let sizes = [16, 24, 32, 48, 64, 256];
    let pictures = sizes.map(|size| Ok((size, at(size)?)));
    let pictures: Vec<_> = pictures.into_iter().collect::<Result<_>>()?;
    write(&dir.join("app/icon.ico"), &ico(&pictures)?)?;
    let kinds: [(&[u8; 4], u32); 7] = [
        (b"ic11", 32),
        (b"ic12", 64),
        (b"ic07", 128),
        (b"ic13", 256),
        (b"ic08", 256),
        (b"ic14", 512),
        (b"ic10", 1024),
    ];
    let pictures = kinds.map(|(kind, size)| Ok((kind, at(size)?)));
    let pictures: Vec<_> = pictures.into_iter().collect::<Result<_>>()?;
    write(&dir.join("app/icon.icns"), &icns(&pictures)?)
}

/// A way to paint the drawings of the tray, which are made in the colours for light panels.
struct Set {
    name: &'static str,
    pixels: u32,
    /// Each colour of the drawings, and what takes its place.
    colours: fn(&str) -> &'static str,
    /// Whether a tile lies below, so that it can be seen on a panel of any colour.
    tile: bool,
}

const SETS: [Set; 4] = [
    Set { name: "light", pixels: 64, colours: on_light, tile: false },
    Set { name: "dark", pixels: 64, colours: on_dark, tile: false },
    Set { name: "badge", pixels: 64, colours: on_dark, tile: true },
    // The menu bar of macOS is 22 points high; it paints what is opaque in its own colour.
    Set { name: "template", pixels: 44, colours: |_| "#000000", tile: false },
];

const INK: &str = "#14273d";
const COLOURS: [&str; 6] = [INK, "#52617a", "#1f5fa8", "#1c7a58", "#a86a10", "#b8352a"];

fn on_light(colour: &str) -> &'static str {
    COLOURS.into_iter().find(|known| *known == colour).unwrap_or(INK)
}

fn on_dark(colour: &str) -> &'static str {
    match colour {
        "#52617a" => "#a3b1c2",
        "#1f5fa8" => "#6fa8e6",
        "#1c7a58" => "#55b98e",
        "#a86a10" => "#d9a048",
        "#b8352a" => "#e57368",
        _ => "#f6f5f1",
    }
}

impl Set {
    fn paint(&self, drawing: &str) -> String {
        // In one go over the text: what was painted must not be painted again.
        let mut painted = String::with_capacity(drawing.len());
        let mut rest = drawing;
        while let Some(at) = rest.find("\"#") {
            let (before, after) = rest.split_at(at + 1);
            let (colour, after) = after.split_at(INK.len());
            painted += before;
            painted += (self.colours)(colour);
            rest = after;
        }
        painted += rest;
        if self.tile { on_tile(&painted) } else { painted }
    }
}

/// Puts a drawing on a tile of ink.
fn on_tile(drawing: &str) -> String {
    let start = drawing.find('>').map_or(0, |at| at + 1);
    let end = drawing.rfind("</svg>").unwrap_or(drawing.len());
    format!(
        "{}<rect width=\"32\" height=\"32\" rx=\"7\" fill=\"{INK}\"/>\
         <g transform=\"translate(16 16) scale(0.78) translate(-16 -16)\">{}</g></svg>",
        &drawing[..start],
        &drawing[start..end]
    )
}

fn png(drawing: &str, pixels: u32) -> Result<Vec<u8>> {
    let tree = Tree::from_str(drawing, &Options::default())?;
    let mut canvas = Pixmap::new(pixels, pixels).context("a picture without size")?;
    let scale = pixels as f32 / tree.size().width();
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut canvas.as_mut());
    Ok(canvas.encode_png()?)
}

/// Windows' container: a directory of pictures, then the pictures.
fn ico(pictures: &[(u32, Vec<u8>)]) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    file.extend([0, 0, 1, 0]);
    file.extend(u16::try_from(pictures.len())?.to_le_bytes());
    let mut offset = 6 + 16 * u32::try_from(pictures.len())?;
    for (size, picture) in pictures {
        let side = u8::try_from(*size).unwrap_or(0); // 256 is written as 0
        file.extend([side, side, 0, 0, 1, 0, 32, 0]);
        let len = u32::try_from(picture.len())?;
        file.extend(len.to_le_bytes());
        file.extend(offset.to_le_bytes());
        offset += len;
    }
    pictures.iter().for_each(|(_, picture)| file.extend(picture));
    Ok(file)
}

/// macOS' container: each picture behind its kind and length.
fn icns(pictures: &[(&[u8; 4], Vec<u8>)]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    for (kind, picture) in pictures {
        body.extend(*kind);
        body.extend(u32::try_from(picture.len() + 8)?.to_be_bytes());
        body.extend(picture);
    }
    let mut file = b"icns".to_vec();
    file.extend(u32::try_from(body.len() + 8)?.to_be_bytes());
    file.extend(body);
    Ok(file)
}

fn write(file: &Path, content: &[u8]) -> Result<()> {
    fs::create_dir_all(file.parent().context("a file in a folder")?)?;
    fs::write(file, content).with_context(|| file.display().to_string())
}
