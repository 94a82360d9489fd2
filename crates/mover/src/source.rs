//! What a sender asks of the disk, carried out.

mod scan;
mod sorter;

use std::{
    collections::HashMap,
    fs::File,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use outport_link::BufferPool;
use outport_protocol::{
    blocks::{Blocks, Cv, NodeId},
    orders::TransferOrders,
    session::{
        Attributes, EffectId, Fault, Meta, Place,
        sender::{Digested, Load, Loaded, SenderEffect, SenderEvent},
    },
};
use tokio_util::sync::CancellationToken;

use self::scan::Scan;
use crate::{
    digests::DigestCache,
    dirs::{OpenDirs, Side},
    hashing::{Hashing, Sparse},
    refused::Refused,
    resolver::{OpenFile, Resolver},
    stat::Stat,
    store::{Store, is_zeros, map_holes},
};

/// The sender's side of this computer's disks. Shared by the threads of one session.
#[derive(Debug)]
pub(crate) struct Source {
    store: Arc<dyn Store>,
    dirs: OpenDirs,
    stop: CancellationToken,
    pool: BufferPool,
    digests: Option<Arc<DigestCache>>,
    scans: Mutex<HashMap<EffectId, Scan>>,
    open: Mutex<HashMap<u64, Arc<Opened>>>,
    loaded: Mutex<HashMap<EffectId, LoadedBytes>>,
}

/// A large file that is being sent.
#[derive(Debug)]
struct Opened {
    file: File,
    place: Place,
    generation: u64,
    is_sparse: bool,
}

/// What one load brought into memory.
#[derive(Debug)]
struct LoadedBytes {
    bytes: Bytes,
    /// Where each load lies.
    spans: Vec<(usize, usize)>,
}

impl Source {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        resolver: Arc<Resolver>,
        orders: Arc<TransferOrders>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            store,
            dirs: OpenDirs::new(resolver, orders, Side::Source),
            stop,
            pool: BufferPool::new(BUFFER_BYTES, FREE_BUFFERS_MAX),
            digests: None,
            scans: Mutex::default(),
            open: Mutex::default(),
            loaded: Mutex::default(),
        }
    }

    /// With digests of files that were read before.
    pub(crate) fn with_digests(mut self, digests: Arc<DigestCache>) -> Self {
        self.digests = Some(digests);
        self
    }

    /// Carries out an effect on the calling thread; `None` for those that are not answered.
    pub(crate) fn carry_out(&self, effect: SenderEffect) -> Option<SenderEvent> {
        match effect {
            SenderEffect::Root { id, item } => {
                Some(SenderEvent::Root { id, found: self.root(item).map_err(Fault::from) })
            }
            SenderEffect::Scan { id, dir, entries_max } => {
                Some(self.scan(id, self.begin_scan(&dir), entries_max))
            }
            SenderEffect::ScanMore { id, entries_max } => {
                let scan = lock(&self.scans).remove(&id);
                Some(self.scan(id, scan.ok_or(Refused::Stopped), entries_max))
            }
            SenderEffect::Load { id, loads } => {
                Some(SenderEvent::Loaded { id, results: self.load(id, &loads) })
            }
            SenderEffect::Open { id, file, place } => {
                let meta = self.open(file, place).map_err(Fault::from);
                Some(SenderEvent::Looked { id, meta, attributes: Attributes::default() })
            }
            SenderEffect::Hash { id, file, blocks, nodes } => {
                let values = self.hash(file, blocks, &nodes).map_err(Fault::from);
                Some(SenderEvent::Hashed { id, values })
            }
            SenderEffect::Close { id, file } => {
                let open = lock(&self.open).remove(&file);
                let attributes = open.as_ref().map(|open| self.attributes(&open.file));
                let attributes = attributes.unwrap_or_default();
                let meta = open.ok_or(Refused::NotFound).and_then(|open| self.look(&open.file));
                Some(SenderEvent::Looked { id, meta: meta.map_err(Fault::from), attributes })
            }
            SenderEffect::Digest { id, place, .. } => {
                let result = self.digest(&place).map_err(Fault::from);
                Some(SenderEvent::Digested { id, result })
            }
            SenderEffect::Map { id, file, blocks, from } => {
                let (holes, until) = self.map(file, blocks, from);
                Some(SenderEvent::Mapped { id, holes, until })
            }
            SenderEffect::Zeros { id, blocks, nodes } => {
                Some(SenderEvent::Zeros { id, values: self.zeros(blocks, &nodes) })
            }
            SenderEffect::Forget { id } => {
                lock(&self.loaded).remove(&id);
                None
            }
            // The driver sends; here is nothing to do but to let go of the buffer.
            SenderEffect::Send { id, .. } => {
                lock(&self.loaded).remove(&id);
                None
            }
        }
    }

    /// The bytes of a loaded buffer that `picks` names, neighbours joined; the buffer is let go of.
    pub(crate) fn take_loaded(&self, id: EffectId, picks: &[u16]) -> Vec<Bytes> {
        let Some(loaded) = lock(&self.loaded).remove(&id) else {
            return Vec::new();
        };
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for pick in picks {
            let Some((start, end)) = loaded.spans.get(usize::from(*pick)).copied() else {
                continue;
            };
            match spans.last_mut() {
                Some((_, last)) if *last == start => *last = end,
                Some(_) | None => spans.push((start, end)),
            }
        }
        spans.into_iter().map(|(start, end)| loaded.bytes.slice(start..end)).collect()
    }

    /// What resolves the paths of this side.
    pub(crate) fn resolver(&self) -> &Arc<Resolver> {
        self.dirs.resolver()
    }

    fn open(&self, number: u64, place: Place) -> Result<Meta, Refused> {
        let (directory, name) = self.dirs.file(&place)?;
        let generation = self.resolver().rules().now().generation();
        let OpenFile { file, stat } = self.store.open(&directory, &name)?;
        let opened = Opened { file, place, generation, is_sparse: stat.is_sparse };
        lock(&self.open).insert(number, Arc::new(opened));
        Ok(stat.meta())
    }

    /// An open file, if the rules in force now still let it be read.
    fn opened(&self, number: u64) -> Result<Arc<Opened>, Refused> {
        let open = lock(&self.open).get(&number).cloned().ok_or(Refused::NotFound)?;
        let generation = self.resolver().rules().now().generation();
        if open.generation == generation {
            return Ok(open);
        }
        let (directory, name) = self.dirs.file(&open.place)?;
        let stat = directory.stat(&name)?;
        if stat.id != Stat::of_open(&open.file)?.id {
            return Err(Refused::NotFound);
        }
        let file = open.file.try_clone()?;
        let (place, is_sparse) = (open.place.clone(), open.is_sparse);
        let open = Arc::new(Opened { file, place, generation, is_sparse });
        lock(&self.open).insert(number, open.clone());
        Ok(open)
    }

    fn load(&self, id: EffectId, loads: &[Load]) -> Vec<Result<Loaded, Fault>> {
        let bytes = loads.iter().map(load_bytes).sum();
        let mut buffer = self.pool.take(bytes);
        let mut results = Vec::with_capacity(loads.len());
        let mut spans = Vec::with_capacity(loads.len());
        let mut start = 0;
        for load in loads {
            let room = &mut buffer.as_mut()[start..start + load_bytes(load)];
            let (loaded, read) = match self.load_one(load, room) {
                Ok((loaded, read)) => (Ok(loaded), read),
                Err(refused) => (Err(refused.fault()), 0),
            };
            spans.push((start, start + read));
            start += read;
            results.push(loaded);
        }
        lock(&self.loaded).insert(id, LoadedBytes { bytes: buffer.freeze(), spans });
        results
    }

    fn load_one(&self, load: &Load, room: &mut [u8]) -> Result<(Loaded, usize), Refused> {
        self.unless_stopped()?;
        match load {
            Load::Whole { place, .. } => {
                let (directory, name) = self.dirs.file(place)?;
                let OpenFile { file, stat } = self.store.open(&directory, &name)?;
                let read = self.store.read_at(&file, room, 0)?;
                let hash = *blake3::hash(&room[..read]).as_bytes();
                let attributes = self.attributes(&file);
                let after = self.look(&file)?;
                Ok((Loaded::Whole { before: stat.meta(), after, hash, attributes }, read))
            }
            Load::Block { file, blocks, block } => {
                let open = self.opened(*file)?;
                let read = self.store.read_at(&open.file, room, blocks.offset(*block))?;
                // Nothing is left of a file that became shorter: no value fits nothing.
                let hash = if read == 0 { [0; 32] } else { blocks.hash(*block, &room[..read]) };
                let zeros = open.is_sparse && is_zeros(&room[..read]);
                Ok((Loaded::Block { bytes: read as u32, hash, zeros }, read))
            }
        }
    }

    fn hash(
        &self,
        number: u64,
        blocks: Blocks,
        nodes: &[NodeId],
    ) -> Result<Vec<Option<Cv>>, Refused> {
        let open = self.opened(number)?;
        let sparse = Sparse::whole(&*self.store, &open.file, open.is_sparse);
        self.hashing().nodes(&open.file, blocks, nodes, sparse)
    }

    fn digest(&self, place: &Place) -> Result<Digested, Refused> {
        let (directory, name) = self.dirs.file(place)?;
        let OpenFile { file, stat } = self.store.open(&directory, &name)?;
        if let Some(digest) = self.digests.as_ref().and_then(|known| known.get(&stat)) {
            return Ok(Digested { before: stat.meta(), after: stat.meta(), digest });
        }
        let sparse = Sparse::whole(&*self.store, &file, stat.is_sparse);
        let digest = self.hashing().file(&file, stat.size, sparse)?;
        let after = Stat::of_open(&file)?;
        remember(self.digests.as_deref(), &stat, &after, digest);
        Ok(Digested { before: stat.meta(), after: after.meta(), digest })
    }

    /// Which blocks are holes; where that cannot be known, none is.
    fn map(&self, number: u64, blocks: Blocks, from: u32) -> (Vec<Range<u32>>, u32) {
        let unknown = (Vec::new(), blocks.count());
        match self.opened(number) {
            Ok(open) if open.is_sparse && self.store.tells_holes(&open.file) => {
                map_holes(&*self.store, &open.file, blocks, from).unwrap_or(unknown)
            }
            Ok(_) | Err(_) => unknown,
        }
    }

    fn zeros(&self, blocks: Blocks, nodes: &[NodeId]) -> Vec<Option<Cv>> {
        let value = |node: &NodeId| blocks.zeros(*node).filter(|_| !self.stop.is_cancelled());
        nodes.iter().map(value).collect()
    }

    fn attributes(&self, file: &File) -> Attributes {
        match self.dirs.orders().options.preserve_xattrs {
            true => self.store.attributes(file),
            false => Attributes::default(),
        }
    }

    fn hashing(&self) -> Hashing<'_> {
        Hashing { store: &*self.store, pool: &self.pool, stop: &self.stop }
    }

    fn look(&self, file: &File) -> Result<Meta, Refused> {
        Ok(Stat::of_open(file)?.meta())
    }

    fn unless_stopped(&self) -> Result<(), Refused> {
        if self.stop.is_cancelled() { Err(Refused::Stopped) } else { Ok(()) }
    }
}

/// Remembers what was read of a file, if it was of one version all the while.
pub(crate) fn remember(
    digests: Option<&DigestCache>,
    before: &Stat,
    after: &Stat,
    digest: outport_types::Digest,
) {
    if let Some(digests) = digests
        && before.meta().token == after.meta().token
    {
        digests.put(after, digest);
    }
}

fn load_bytes(load: &Load) -> usize {
    match load {
        Load::Whole { bytes, .. } => *bytes as usize,
        Load::Block { blocks, block, .. } => blocks.bytes(*block) as usize,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A block, which is also more than a frame of small files holds.
pub(crate) const BUFFER_BYTES: usize = 1024 * 1024;
/// Unused buffers kept by one side of a session.
const FREE_BUFFERS_MAX: usize = 16;
