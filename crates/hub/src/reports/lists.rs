//! Long lists of a task in files: what was transferred, what was left out, what differs.
//!
//! A list has two files, both only ever appended to. `NAME` holds blocks of records: four bytes of
//! length, four of CRC-32, and JSON lines, deflated. `NAME.index` has 16 bytes for each block: the
//! number of its first record and where it begins.
//! How much of both counts is the task's row's to say ([`Extent`]); bytes behind that are of a
//! write that did not come to its end.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use flate2::{Compression, Crc, read::DeflateDecoder, write::DeflateEncoder};
use outport_types::TaskId;
use serde::{Serialize, de::DeserializeOwned};

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Transferred,
    Skipped,
    Differences,
}

/// How much of a list's files counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) bytes: u64,
    pub(crate) blocks: u64,
    pub(crate) records: u64,
}

/// The lists of all tasks, in one directory.
#[derive(Clone, Debug)]
pub(crate) struct Lists {
    dir: PathBuf,
}

impl Lists {
    pub(crate) fn new(data: &Path) -> Self {
        Self { dir: data.join(DIR_NAME) }
    }

    /// Appends records behind `extent`; they are durable when this returns, and count once the
    /// new extent does.
    pub(crate) fn append<T: Serialize>(
        &self,
        task: TaskId,
        list: List,
        extent: Extent,
        records: &[T],
    ) -> io::Result<Extent> {
        if records.is_empty() {
            return Ok(extent);
        }
        let path = self.path(task, list);
        if extent.blocks == 0 {
            let parent = path.parent().unwrap_or(&self.dir);
            fs::create_dir_all(parent)?;
            sync_dir(&self.dir)?;
        }
        let mut data = open_at(&path, extent.bytes)?;
        let mut index = open_at(&index_of(&path), extent.blocks * ENTRY_BYTES)?;
        let mut grown = extent;
        for some in records.chunks(BLOCK_RECORDS_MAX) {
            let block = encode(some)?;
            data.write_all(&block)?;
            index.write_all(&grown.records.to_be_bytes())?;
            index.write_all(&grown.bytes.to_be_bytes())?;
            grown.bytes += block.len() as u64;
            grown.blocks += 1;
            grown.records += some.len() as u64;
        }
        data.sync_data()?;
        index.sync_data()?;
        if extent.blocks == 0 {
            sync_dir(path.parent().unwrap_or(&self.dir))?;
        }
        Ok(grown)
    }

    /// Reads records from number `first` on, counted from 0.
    pub(crate) fn read<T: DeserializeOwned>(
        &self,
        task: TaskId,
        list: List,
        extent: Extent,
        first: u64,
        max: usize,
    ) -> io::Result<Vec<T>> {
        if extent.records <= first {
            return Ok(Vec::new());
        }
        let path = self.path(task, list);
        let mut data = File::open(&path)?;
        let (mut number, begin) = find_block(&mut File::open(index_of(&path))?, extent, first)?;
        data.seek(SeekFrom::Start(begin))?;
        let mut data = io::BufReader::new(data.take(extent.bytes.saturating_sub(begin)));
        let mut records = Vec::new();
        while number < extent.records && records.len() < max {
            for record in decode(&mut data)? {
                if first <= number && records.len() < max {
                    records.push(record);
                }
                number += 1;
            }
        }
        Ok(records)
    }

    fn path(&self, task: TaskId, list: List) -> PathBuf {
        let name = task.to_string();
        let word = match list {
            List::Transferred => "transferred",
            List::Skipped => "skipped",
            List::Differences => "differences",
        };
        self.dir.join(&name[..2]).join(format!("{name}.{word}"))
    }
}

fn index_of(path: &Path) -> PathBuf {
    path.with_extension(match path.extension().and_then(|word| word.to_str()) {
        Some(word) => format!("{word}.index"),
        None => "index".to_owned(),
    })
}

/// Opens a file for appending at `end`; what is behind it is cut off.
fn open_at(path: &Path, end: u64) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    if file.metadata()?.len() < end {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a list is shorter than recorded"));
    }
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    Ok(file)
}

fn encode<T: Serialize>(records: &[T]) -> io::Result<Vec<u8>> {
    // A block at once: to deflate word by word costs many times as much as what is in them.
    let mut lines = Vec::new();
    for record in records {
        serde_json::to_writer(&mut lines, record)?;
        lines.push(b'\n');
    }
    let mut deflate = DeflateEncoder::new(vec![0; HEAD_BYTES], Compression::fast());
    deflate.write_all(&lines)?;
    let mut block = deflate.finish()?;
    let (head, body) = block.split_at_mut(HEAD_BYTES);
    head[..4].copy_from_slice(&u32::try_from(body.len()).map_err(io::Error::other)?.to_be_bytes());
    head[4..].copy_from_slice(&checksum(body).to_be_bytes());
    Ok(block)
}

fn decode<T: DeserializeOwned>(data: &mut impl io::Read) -> io::Result<Vec<T>> {
    let mut length = [0; 4];
    let mut sum = [0; 4];
    data.read_exact(&mut length)?;
    data.read_exact(&mut sum)?;
    let length = u64::from(u32::from_be_bytes(length));
    let mut body = Vec::new();
    data.take(length).read_to_end(&mut body)?;
    if body.len() as u64 != length || checksum(&body) != u32::from_be_bytes(sum) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a block of a list is damaged"));
    }
    let mut lines = String::new();
    DeflateDecoder::new(body.as_slice()).read_to_string(&mut lines)?;
    lines.lines().map(|line| serde_json::from_str(line).map_err(io::Error::from)).collect()
}

fn checksum(body: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(body);
    crc.sum()
}

/// The block that holds a record: the number of the block's first record, and where it begins.
fn find_block(index: &mut File, extent: Extent, record: u64) -> io::Result<(u64, u64)> {
    let mut entry = |block: u64| -> io::Result<(u64, u64)> {
        let mut bytes = [0; ENTRY_BYTES as usize];
        index.seek(SeekFrom::Start(block * ENTRY_BYTES))?;
        index.read_exact(&mut bytes)?;
        let (number, begin) = bytes.split_at(8);
        let read = |half: &[u8]| u64::from_be_bytes(half.try_into().unwrap_or_default());
        Ok((read(number), read(begin)))
    };
    let (mut low, mut high) = (0, extent.blocks);
    while low + 1 < high {
        let middle = low.midpoint(high);
        if entry(middle)?.0 <= record { low = middle } else { high = middle }
    }
    entry(low)
}

#[cfg(unix)]
fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(not(unix))]
fn sync_dir(_dir: &Path) -> io::Result<()> {
    Ok(())
}

const DIR_NAME: &str = "lists";
const HEAD_BYTES: usize = 8;
const ENTRY_BYTES: u64 = 16;
/// Records of one block: what is read and unpacked for one record of it.
const BLOCK_RECORDS_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_back_from_anywhere() {
        let (_dir, lists, task) = rig();
        let mut extent = Extent::default();
        let mut next = 0_u64;
        for count in [1, 700, 3, 512, 40] {
            let records: Vec<_> = (next..next + count).collect();
            next += count;
            extent = lists.append(task, List::Transferred, extent, &records).unwrap();
        }
        assert_eq!(extent.records, next);
        for (first, max) in [(0, 10), (0, 5000), (1, 1), (700, 5), (1215, 100), (1255, 10)] {
            let read: Vec<u64> = lists.read(task, List::Transferred, extent, first, max).unwrap();
            let expected: Vec<u64> = (first..next).take(max).collect();
            assert_eq!(read, expected, "from {first}");
        }
        let past = lists.read::<u64>(task, List::Transferred, extent, next, 5).unwrap();
        assert!(past.is_empty());
    }

    #[test]
    fn what_was_not_recorded_is_written_over() {
        let (_dir, lists, task) = rig();
        let one = lists.append(task, List::Skipped, Extent::default(), &["a"]).unwrap();
        lists.append(task, List::Skipped, one, &["lost", "in", "a", "crash"]).unwrap();
        let two = lists.append(task, List::Skipped, one, &["b"]).unwrap();
        let read: Vec<String> = lists.read(task, List::Skipped, two, 0, 10).unwrap();
        assert_eq!(read, ["a", "b"]);
    }

    #[test]
    fn damage_is_noticed() {
        let (dir, lists, task) = rig();
        let extent = lists.append(task, List::Skipped, Extent::default(), &["a", "b"]).unwrap();
        let name = task.to_string();
        let path = dir.path().join(DIR_NAME).join(&name[..2]).join(format!("{name}.skipped"));
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(lists.read::<String>(task, List::Skipped, extent, 0, 10).is_err());
        fs::write(&path, &bytes[..4]).unwrap();
        assert!(lists.append(task, List::Skipped, extent, &["c"]).is_err());
    }

    fn rig() -> (tempfile::TempDir, Lists, TaskId) {
        let dir = tempfile::tempdir().unwrap();
        let lists = Lists::new(dir.path());
        (dir, lists, TaskId::random())
    }
}
