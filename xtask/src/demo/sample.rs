//! The tree that the demo moves: many small files and a few large ones.

use std::{fs, io::Write as _, path::Path};

use anyhow::Result;

use super::interrupt;

/// Makes about `megabytes` MB: a tenth in small files, the rest in four large ones.
pub(super) fn make(folder: &Path, megabytes: u64) -> Result<()> {
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let root = folder.join("expedition");
    let small_files = (megabytes * 4).clamp(10, 20_000);
    for i in 0..small_files {
        interrupt::check()?;
        let day = root.join(format!("day {:02}", i % 24));
        fs::create_dir_all(&day)?;
        let name = format!("sonde-{i:05}.csv");
        fs::write(day.join(name), noise.bytes(25 * 1000))?;
    }
    fs::create_dir_all(root.join("not yet analysed"))?;
    for i in 1..=4 {
        let mut file = fs::File::create(root.join(format!("radar {i}.h5")))?;
        let mut left = megabytes * 1_000_000 * 9 / 10 / 4;
        while 0 < left {
            interrupt::check()?;
            let part = left.min(1_000_000);
            file.write_all(&noise.bytes(part as usize))?;
            left -= part;
        }
    }
    Ok(())
}

/// Bytes that look random, the same in every run.
struct Noise(u64);

impl Noise {
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            // xorshift64: good enough that nothing compresses or repeats.
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            bytes.extend_from_slice(&self.0.to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}
