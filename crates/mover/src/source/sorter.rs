//! Names of a directory in ascending order, however many there are, in bounded memory.
//!
//! Up to [`NAMES_IN_MEMORY`] names are sorted where they are; more are sorted in runs that go to one
//! temporary file without a name, and are merged while they are read back.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::File,
    io::{self, BufWriter, Write as _},
};

use outport_types::Name;

use crate::store::{Disk, Store as _};

/// Takes names in any order.
#[derive(Debug)]
pub(crate) struct Sorter {
    names: Vec<Name>,
    in_memory: usize,
    spilled: Option<Spill>,
}

/// Gives names in ascending order.
#[derive(Debug)]
pub(crate) enum Sorted {
    /// They never left the memory.
    Memory(std::vec::IntoIter<Name>),
    /// They are merged from a file.
    Merge(Merge),
}

#[derive(Debug)]
struct Spill {
    file: BufWriter<File>,
    bytes: u64,
    /// Where each run ends.
    ends: Vec<u64>,
}

#[derive(Debug)]
pub(crate) struct Merge {
    file: File,
    runs: Vec<Run>,
    /// The next name of each run.
    heads: BinaryHeap<Reverse<(Name, usize)>>,
}

#[derive(Debug)]
struct Run {
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    used: usize,
}

impl Sorter {
    pub(crate) fn new() -> Self {
        Self::with_memory(NAMES_IN_MEMORY)
    }

    fn with_memory(in_memory: usize) -> Self {
        Self { names: Vec::new(), in_memory, spilled: None }
    }

    /// Takes one more name.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(crate) fn push(&mut self, name: Name) -> io::Result<()> {
        self.names.push(name);
        if self.names.len() < self.in_memory { Ok(()) } else { self.spill() }
    }

    /// All of them in order.
    ///
    /// # Errors
    /// When the temporary file fails.
    pub(crate) fn sorted(mut self) -> io::Result<Sorted> {
        if self.spilled.is_none() {
            self.names.sort_unstable();
            return Ok(Sorted::Memory(self.names.into_iter()));
        }
        self.spill()?;
        let Some(spill) = self.spilled else {
            return Ok(Sorted::Memory(Vec::new().into_iter()));
        };
        let file = spill.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let starts = std::iter::once(0).chain(spill.ends.iter().copied());
        let runs: Vec<Run> = starts
            .zip(spill.ends.iter().copied())
            .map(|(at, end)| Run { at, end, buffer: Vec::new(), used: 0 })
            .collect();
        let mut merge = Merge { file, runs, heads: BinaryHeap::new() };
        for run in 0..merge.runs.len() {
            merge.pull(run)?;
        }
        Ok(Sorted::Merge(merge))
    }

    fn spill(&mut self) -> io::Result<()> {
        if self.names.is_empty() {
            return Ok(());
        }
        self.names.sort_unstable();
        let spill = match &mut self.spilled {
            Some(spill) => spill,
            None => {
                let file = BufWriter::with_capacity(RUN_BUFFER_BYTES, tempfile::tempfile()?);
                self.spilled.insert(Spill { file, bytes: 0, ends: Vec::new() })
            }
        };
        for name in self.names.drain(..) {
            let bytes = name.as_bytes();
            spill.file.write_all(&(bytes.len() as u16).to_le_bytes())?;
            spill.file.write_all(bytes)?;
            spill.bytes += 2 + bytes.len() as u64;
        }
        spill.ends.push(spill.bytes);
        Ok(())
    }
}

impl Iterator for Sorted {
    type Item = io::Result<Name>;

    fn next(&mut self) -> Option<io::Result<Name>> {
        match self {
            Self::Memory(names) => names.next().map(Ok),
            Self::Merge(merge) => {
                let Reverse((name, run)) = merge.heads.pop()?;
                Some(merge.pull(run).map(|()| name))
            }
        }
    }
}

impl Merge {
    /// Brings the next name of a run to the heads.
    fn pull(&mut self, run: usize) -> io::Result<()> {
        if let Some(name) = self.runs[run].next(&self.file)? {
            self.heads.push(Reverse((name, run)));
        }
        Ok(())
    }
}

impl Run {
    fn next(&mut self, file: &File) -> io::Result<Option<Name>> {
        let Some(length) = self.take(file, 2)? else {
            return Ok(None);
        };
        let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
        let bytes = self.take(file, length)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let name = Name::from_bytes(bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(Some(name))
    }

    fn take(&mut self, file: &File, bytes: usize) -> io::Result<Option<Vec<u8>>> {
        if self.buffer.len() - self.used < bytes {
            self.buffer.drain(..self.used);
            self.used = 0;
            let known = self.buffer.len();
            let more = RUN_BUFFER_BYTES.min(usize::try_from(self.end - self.at).unwrap_or(0));
            self.buffer.resize(known + more, 0);
            let read = Disk.read_at(file, &mut self.buffer[known..], self.at)?;
            self.buffer.truncate(known + read);
            self.at += read as u64;
        }
        if self.buffer.len() - self.used < bytes {
            return if self.buffer.len() == self.used {
                Ok(None)
            } else {
                Err(io::ErrorKind::UnexpectedEof.into())
            };
        }
        let taken = self.buffer[self.used..self.used + bytes].to_vec();
        self.used += bytes;
        Ok(Some(taken))
    }
}

/// Names held at once: about 3 MB of usual ones.
const NAMES_IN_MEMORY: usize = 32 * 1024;
/// Read ahead per run: with 5 million names there are 150 runs.
const RUN_BUFFER_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_order_whether_they_fit_or_not() {
        let mut seed = fastrand_like(7);
        for (count, in_memory) in [(0, 4), (3, 4), (4, 4), (1000, 4), (1000, 333), (5000, 100_000)]
        {
            let mut sorter = Sorter::with_memory(in_memory);
            let mut expected: Vec<Name> = Vec::new();
            for _ in 0..count {
                let length = 1 + (seed() % 200) as usize;
                let name = Name::from_bytes(
                    (0..length).map(|_| b'a' + (seed() % 26) as u8).collect::<Vec<_>>(),
                );
                let name = name.unwrap();
                expected.push(name.clone());
                sorter.push(name).unwrap();
            }
            expected.sort();
            let sorted: Vec<_> = sorter.sorted().unwrap().map(Result::unwrap).collect();
            assert_eq!(sorted, expected, "{count} names, {in_memory} in memory");
        }
    }

    /// Numbers that look random and are the same in each run.
    fn fastrand_like(mut state: u64) -> impl FnMut() -> u64 {
        move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        }
    }
}
