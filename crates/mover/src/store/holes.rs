//! Holes: where a file has none of its content on the disk, and reads as zeros.
//!
//! They are only believed of file systems that are known to tell them right at every moment. Others have
//! been seen to tell holes where there is content that had not reached the disk (ZFS, APFS), or
//! everywhere (shared folders of virtual machines). Of such a file all is read, and what is nothing but
//! zeros is taken for a hole.

use std::{fs::File, io, ops::Range};

use outport_protocol::blocks::Blocks;

use super::Store;

/// Rows of blocks from one on that are nothing but holes, and up to which block that is known. What a
/// disk does not tell is no hole.
pub(crate) fn map(
    store: &dyn Store,
    file: &File,
    blocks: Blocks,
    from: u32,
) -> io::Result<(Vec<Range<u32>>, u32)> {
    let (count, size) = (blocks.count(), blocks.size());
    let (mut rows, mut at) = (Vec::new(), blocks.offset(from));
    let block_bytes = blocks.offset(1);
    for _ in 0..EXTENTS_MAX {
        let data = store.next_data(file, at)?;
        let end = match data {
            Some(data) => (data / block_bytes).min(u64::from(count)) as u32,
            None => count,
        };
        let first = at.div_ceil(block_bytes).min(u64::from(count)) as u32;
        if first < end {
            rows.push(first..end);
        }
        let Some(data) = data else { return Ok((rows, count)) };
        at = store.next_hole(file, data)?;
        if size <= at {
            return Ok((rows, count));
        }
    }
    Ok((rows, (at / block_bytes).min(u64::from(count)) as u32))
}

/// Writes into a file that has holes: pages of zeros become part of them.
pub(crate) fn write_sparse(
    store: &dyn Store,
    file: &File,
    bytes: &[u8],
    offset: u64,
) -> io::Result<()> {
    let mut is_hole = false;
    let mut start = 0;
    while start < bytes.len() {
        let end = run_end(bytes, start);
        if is_zeros(&bytes[start..end]) {
            // Once for all: what is written below is written afterwards.
            if !is_hole {
                let behind = (bytes.len() - start) as u64;
                store.zero(file, offset + start as u64, behind)?;
                is_hole = true;
            }
        } else {
            store.write_at(file, &bytes[start..end], offset + start as u64)?;
        }
        start = end;
    }
    Ok(())
}

/// Whether there is nothing but zeros.
pub(crate) fn is_zeros(bytes: &[u8]) -> bool {
    bytes.chunks(PAGE).all(|page| *page == ZEROS[..page.len()])
}

/// Up to where pages are all zeros, or all not, as the first.
fn run_end(bytes: &[u8], start: usize) -> usize {
    let mut pages = bytes[start..].chunks(PAGE);
    let first = pages.next().is_some_and(is_zeros);
    let more = pages.take_while(|page| is_zeros(page) == first).count();
    bytes.len().min(start + (more + 1) * PAGE)
}

/// Makes what a file has of a range zeros by writing them, where the disk can do nothing better.
pub(super) fn overwrite(store: &dyn Store, file: &File, range: Range<u64>) -> io::Result<()> {
    // What is behind its end is zeros once it is there.
    let end = range.end.min(file.metadata()?.len());
    let (mut at, mut page) = (range.start, [0; PAGE]);
    while at < end {
        let bytes = (end - at).min(PAGE as u64) as usize;
        // One that cannot be read is written.
        let read = store.read_at(file, &mut page[..bytes], at).unwrap_or(0);
        if read < bytes || !is_zeros(&page[..bytes]) {
            store.write_at(file, &ZEROS[..bytes], at)?;
        }
        at += bytes as u64;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
pub(super) mod system {
    use std::{fs::File, io};

    use rustix::{
        fs::{FallocateFlags, SeekFrom},
        io::Errno,
    };

    /// Whether the file system of a file is one that tells its holes right.
    pub(crate) fn tells_holes(file: &File) -> bool {
        // How wide the number is differs from one processor to another.
        rustix::fs::fstatfs(file).is_ok_and(|system| BELIEVED.contains(&(system.f_type as u32)))
    }

    pub(crate) fn next_data(file: &File, from: u64) -> io::Result<Option<u64>> {
        match rustix::fs::seek(file, SeekFrom::Data(from)) {
            Ok(at) => Ok(Some(at)),
            Err(Errno::NXIO) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn next_hole(file: &File, from: u64) -> io::Result<u64> {
        match rustix::fs::seek(file, SeekFrom::Hole(from)) {
            Ok(at) => Ok(at),
            Err(Errno::NXIO) => Ok(u64::MAX), // it became shorter
            Err(error) => Err(error.into()),
        }
    }

    /// Gives back the room of a range; `false` when the file system cannot.
    pub(crate) fn punch(file: &File, offset: u64, bytes: u64) -> io::Result<bool> {
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        loop {
            return match rustix::fs::fallocate(file, flags, offset, bytes) {
                Ok(()) => Ok(true),
                Err(Errno::INTR) => continue,
                Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::FBIG) => Ok(false),
                Err(error) => Err(error.into()),
            };
        }
    }

    /// ext2, ext3 and ext4; XFS; Btrfs; tmpfs.
    const BELIEVED: [u32; 4] = [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994];
}

/// Elsewhere a sparse file is read.
#[cfg(not(target_os = "linux"))]
pub(super) mod system {
    use std::{fs::File, io};

    pub(crate) fn tells_holes(_: &File) -> bool {
        false
    }

    pub(crate) fn next_data(_: &File, from: u64) -> io::Result<Option<u64>> {
        Ok(Some(from))
    }

    pub(crate) fn next_hole(_: &File, _: u64) -> io::Result<u64> {
        Ok(u64::MAX)
    }

    pub(crate) fn punch(_: &File, _: u64, _: u64) -> io::Result<bool> {
        Ok(false)
    }
}

/// What a disk gives room to at once.
const PAGE: usize = 4096;
static ZEROS: [u8; PAGE] = [0; PAGE];
/// Rows of content that are looked up at once.
const EXTENTS_MAX: usize = 1024;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;
    use crate::store::Disk;

    const MIB: u64 = 1 << 20;

    fn file() -> File {
        tempfile::tempfile().unwrap()
    }

    #[test]
    fn blocks_without_content_are_holes_and_no_others() {
        let file = file();
        assert!(Disk.tells_holes(&file), "tests run on a disk whose holes are believed");
        Disk.write_at(&file, b"x", 5 * MIB + 7).unwrap();
        Disk.write_at(&file, b"y", 9 * MIB).unwrap();
        file.set_len(12 * MIB + 1).unwrap();
        let blocks = Blocks::new(12 * MIB + 1).unwrap();
        let holes = vec![0..5, 6..9, 10..13];
        assert_eq!(map(&Disk, &file, blocks, 0).unwrap(), (holes, 13));
        assert_eq!(map(&Disk, &file, blocks, 7).unwrap(), (vec![7..9, 10..13], 13));
        file.set_len(2 * MIB).unwrap();
        let (mut holes, until) = map(&Disk, &file, blocks, 7).unwrap();
        assert_eq!((holes.pop(), holes.len(), until), (Some(7..13), 0, 13), "told by its token");
    }

    #[test]
    fn pages_of_zeros_take_no_room_and_what_stood_there_goes() {
        let file = file();
        let mut bytes = vec![0; MIB as usize];
        Disk.write_at(&file, &vec![1; 2 * MIB as usize], 0).unwrap();
        bytes[500_000..510_000].fill(7);
        write_sparse(&Disk, &file, &bytes, 0).unwrap();
        let mut read = vec![9; MIB as usize];
        Disk.read_at(&file, &mut read, 0).unwrap();
        assert_eq!(read, bytes);
        let taken = file.metadata().unwrap().blocks() * 512;
        assert!(taken < MIB + MIB / 8, "{taken} bytes");
        Disk.read_at(&file, &mut read, MIB).unwrap();
        assert!(read.iter().all(|byte| *byte == 1), "what is beside it stays");
    }

    #[test]
    fn where_holes_cannot_be_made_zeros_are_written() {
        let file = file();
        Disk.write_at(&file, &[1; 20_000], 0).unwrap();
        overwrite(&Disk, &file, 5000..1 << 40).unwrap();
        let mut read = vec![9; 20_000];
        assert_eq!(Disk.read_at(&file, &mut read, 0).unwrap(), 20_000);
        assert!(read[..5000].iter().all(|byte| *byte == 1) && is_zeros(&read[5000..]));
        assert_eq!(file.metadata().unwrap().len(), 20_000);
    }
}
