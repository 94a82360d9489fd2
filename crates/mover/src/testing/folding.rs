//! A real file system that takes upper and lower case for the same name, as FAT does.
//!
//! Not every kernel has one, but nearly all have FUSE: this one lives in the memory of the test, and
//! the kernel asks it through `/dev/fuse`. It knows only what a session and a resolver do.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, Read as _, Write as _},
    os::fd::AsRawFd as _,
    path::{Path, PathBuf},
};

use rustix::{
    io::Errno,
    mount::{MountFlags, UnmountFlags},
};

/// Such a file system in the place of a directory, until it is dropped.
pub(crate) struct FoldingDisk(PathBuf);

impl FoldingDisk {
    /// `None` where the system has no such thing, which was told.
    pub(crate) fn mount(place: &Path) -> Option<Self> {
        if !super::is_root("a disk that folds case") {
            return None;
        }
        let mounted = File::options().read(true).write(true).open("/dev/fuse").and_then(|device| {
            let options = format!("fd={},rootmode=40000,user_id=0,group_id=0", device.as_raw_fd());
            let options = std::ffi::CString::new(options)?;
            let flags = MountFlags::NOSUID | MountFlags::NODEV;
            rustix::mount::mount("outport-test", place, "fuse", flags, &*options)?;
            Ok(device)
        });
        match mounted {
            // It ends with the mount, which may outlive the test by a handle.
            Ok(device) => drop(std::thread::spawn(move || Disk::default().serve(device))),
            Err(error) => {
                super::skip(&format!("no FUSE: {error}"));
                return None;
            }
        }
        Some(Self(place.to_owned()))
    }
}

impl Drop for FoldingDisk {
    fn drop(&mut self) {
        rustix::mount::unmount(&self.0, UnmountFlags::DETACH).ok();
    }
}

struct Disk {
    nodes: HashMap<u64, Node>,
}

#[derive(Default)]
struct Node {
    mode: u32,
    modified: (u64, u32),
    content: Vec<u8>,
    /// By the folded name: the name as it was given first, and the node.
    children: BTreeMap<Vec<u8>, (Vec<u8>, u64)>,
}

type Answer = Result<Vec<u8>, Errno>;

impl Default for Disk {
    fn default() -> Self {
        let top = Node { mode: DIRECTORY | 0o755, ..Node::default() };
        Self { nodes: HashMap::from([(1, top)]) }
    }
}

impl Disk {
    fn serve(mut self, mut device: File) {
        let mut request = vec![0; REQUEST_BYTES_MAX];
        loop {
            let bytes = match device.read(&mut request) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(_) => return,
            };
            let request = Request(&request[..bytes]);
            let (result, error) = match self.answer(&request) {
                None => continue,
                Some(Ok(body)) => (body, 0),
                Some(Err(error)) => (Vec::new(), -error.raw_os_error()),
            };
            let mut out = Out::default();
            out.u32(16 + result.len() as u32).u32(error as u32).u64(request.u64(8));
            out.0.extend(result);
            // An answer to a call that was interrupted is taken by nobody.
            device.write_all(&out.0).ok();
        }
    }

    /// `None` for what is not answered.
    fn answer(&mut self, request: &Request<'_>) -> Option<Answer> {
        let (node, body) = (request.u64(16), Request(&request.0[40..]));
        Some(match request.u32(4) {
            1 => self.look_up(node, body.name(0)),
            2 | 36 | 42 => return None, // forget, interrupt, forget many
            3 => self.attributes(node),
            4 => self.set_attributes(node, &body),
            9 => self.make(node, body.name(8), DIRECTORY | body.u32(0) & 0o777),
            10 | 11 => self.remove(node, body.name(0)),
            12 => self.rename(node, body.u64(0), body.name(8), body.name_after(8)),
            14 | 27 => Ok(vec![0; 16]), // open, open a directory
            15 => self.read(node, body.u64(8) as usize, body.u32(16) as usize),
            16 => self.write(node, body.u64(8) as usize, &body.0[40..]),
            18 | 20 | 25 | 29 | 30 | 38 | 50 => Ok(Vec::new()), // close, flush
            26 => {
                let mut out = Out::default();
                out.u32(7).u32(31).u32(body.u32(8)).u32(0).u32(0).u32(WRITE_BYTES_MAX).u32(1);
                out.0.resize(64, 0);
                Ok(out.0)
            }
            28 => self.list(node, body.u64(8) as usize, body.u32(16) as usize),
            35 => self.make(node, body.name(16), FILE | body.u32(4) & 0o777).map(|mut entry| {
                entry.extend([0; 16]);
                entry
            }),
            // Nothing but "not in the place of something" may be asked besides.
            45 if body.u32(8) & !1 == 0 => {
                self.rename(node, body.u64(0), body.name(16), body.name_after(16))
            }
            45 => Err(Errno::INVAL),
            _ => Err(Errno::NOSYS),
        })
    }

    fn look_up(&self, directory: u64, name: &[u8]) -> Answer {
        let (_, node) = self.nodes[&directory].children.get(&fold(name)).ok_or(Errno::NOENT)?;
        Ok(self.entry(*node))
    }

    fn make(&mut self, directory: u64, name: &[u8], mode: u32) -> Answer {
        let number = self.nodes.len() as u64 + 1;
        let children = &mut self.nodes.get_mut(&directory).ok_or(Errno::STALE)?.children;
        if children.contains_key(&fold(name)) {
            return Err(Errno::EXIST);
        }
        children.insert(fold(name), (name.to_vec(), number));
        self.nodes.insert(number, Node { mode, ..Node::default() });
        Ok(self.entry(number))
    }

    fn remove(&mut self, directory: u64, name: &[u8]) -> Answer {
        let (_, node) = self.nodes[&directory].children.get(&fold(name)).ok_or(Errno::NOENT)?;
        if !self.nodes[node].children.is_empty() {
            return Err(Errno::NOTEMPTY);
        }
        self.nodes.get_mut(&directory).ok_or(Errno::STALE)?.children.remove(&fold(name));
        Ok(Vec::new())
    }

    fn rename(&mut self, from: u64, to: u64, old: &[u8], new: &[u8]) -> Answer {
        let children = &mut self.nodes.get_mut(&from).ok_or(Errno::STALE)?.children;
        let (_, node) = children.remove(&fold(old)).ok_or(Errno::NOENT)?;
        let children = &mut self.nodes.get_mut(&to).ok_or(Errno::STALE)?.children;
        // What is replaced leaves its spelling behind, as on FAT.
        let name = children.get(&fold(new)).map_or(new.to_vec(), |(there, _)| there.clone());
        children.insert(fold(new), (name, node));
        Ok(Vec::new())
    }

    fn read(&self, node: u64, offset: usize, bytes: usize) -> Answer {
        let rest = self.nodes[&node].content.get(offset..).unwrap_or_default();
        Ok(rest[..rest.len().min(bytes)].to_vec())
    }

    fn write(&mut self, node: u64, offset: usize, bytes: &[u8]) -> Answer {
        let content = &mut self.nodes.get_mut(&node).ok_or(Errno::STALE)?.content;
        content.resize(content.len().max(offset + bytes.len()), 0);
        content[offset..offset + bytes.len()].copy_from_slice(bytes);
        let mut out = Out::default();
        out.u32(bytes.len() as u32).u32(0);
        Ok(out.0)
    }

    fn list(&self, node: u64, first: usize, bytes: usize) -> Answer {
        let mut out = Out::default();
        for (index, (name, child)) in self.nodes[&node].children.values().enumerate().skip(first) {
            if bytes < out.0.len() + 24 + name.len().next_multiple_of(8) {
                break;
            }
            out.u64(*child).u64(index as u64 + 1).u32(name.len() as u32);
            out.u32(self.nodes[child].mode >> 12).0.extend(name);
            out.0.resize(out.0.len().next_multiple_of(8), 0);
        }
        Ok(out.0)
    }

    fn set_attributes(&mut self, number: u64, body: &Request<'_>) -> Answer {
        let valid = body.u32(0);
        let node = self.nodes.get_mut(&number).ok_or(Errno::STALE)?;
        if valid & 1 != 0 {
            node.mode = node.mode & !0o7777 | body.u32(68) & 0o7777;
        }
        if valid & 8 != 0 {
            node.content.resize(body.u64(16) as usize, 0);
        }
        if valid & 32 != 0 {
            node.modified = (body.u64(40), body.u32(60));
        }
        self.attributes(number)
    }

    fn attributes(&self, node: u64) -> Answer {
        let mut out = Out::default();
        out.u64(0).u64(0).0.extend(self.look(node));
        Ok(out.0)
    }

    /// Nothing is valid for any time, so that the kernel always asks.
    fn entry(&self, node: u64) -> Vec<u8> {
        let mut out = Out::default();
        out.u64(node).u64(0).u64(0).u64(0).u64(0).0.extend(self.look(node));
        out.0
    }

    fn look(&self, number: u64) -> Vec<u8> {
        let node = &self.nodes[&number];
        let (seconds, nanos) = node.modified;
        let size = node.content.len() as u64;
        let mut out = Out::default();
        out.u64(number).u64(size).u64(size.div_ceil(512));
        out.u64(seconds).u64(seconds).u64(seconds).u32(nanos).u32(nanos).u32(nanos);
        out.u32(node.mode).u32(1).u32(0).u32(0).u32(0).u32(4096).u32(0);
        out.0
    }
}

fn fold(name: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(name).to_lowercase().into_bytes()
}

/// What the kernel asks, in the byte order of this machine.
struct Request<'a>(&'a [u8]);

impl<'a> Request<'a> {
    fn u32(&self, at: usize) -> u32 {
        u32::from_ne_bytes(self.0[at..at + 4].try_into().unwrap())
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.0[at..at + 8].try_into().unwrap())
    }

    fn name(&self, at: usize) -> &'a [u8] {
        self.0[at..].split(|byte| *byte == 0).next().unwrap()
    }

    /// The name after the one at `at`.
    fn name_after(&self, at: usize) -> &'a [u8] {
        self.name(at + self.name(at).len() + 1)
    }
}

#[derive(Default)]
struct Out(Vec<u8>);

impl Out {
    fn u32(&mut self, value: u32) -> &mut Self {
        self.0.extend(value.to_ne_bytes());
        self
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.0.extend(value.to_ne_bytes());
        self
    }
}

const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const WRITE_BYTES_MAX: u32 = 128 * 1024;
/// A write with what stands before it.
const REQUEST_BYTES_MAX: usize = WRITE_BYTES_MAX as usize + 8192;
