//! The thin shell of a sender: carries out its effects on the disk that is read, step by step.

use std::collections::{BTreeMap, HashMap};

use outport_protocol::{
    blocks::Blocks,
    session::{
        Attributes, Config, Fault, Meta, Pieces, Place, Sender, SenderEffect, SenderEvent,
        sender::{Digested, Found, LinkedId, Listed, Load, Loaded, Told},
    },
};
use outport_types::{Code, Digest, Name};

use crate::{
    mutation::Mutation,
    source::{Node, Source, Way, is_hole, vanished},
};

/// A running sender.
#[derive(Debug)]
pub struct Tx {
    /// The machine.
    pub machine: Sender,
    config: Config,
    mutation: Option<Mutation>,
    jobs: BTreeMap<u64, Job>,
    next_job: u64,
    /// Directories that are being read.
    scans: HashMap<u64, Listing>,
    /// Files that are open.
    open: HashMap<u64, u64>,
    /// What was read and not sent.
    buffers: HashMap<u64, Vec<Vec<u8>>>,
}

#[derive(Debug)]
struct Listing {
    dir: Way,
    names: Vec<Name>,
    at: usize,
}

/// An effect that is being carried out.
#[derive(Debug)]
struct Job {
    effect: SenderEffect,
    step: usize,
    results: Vec<Result<Loaded, Fault>>,
    bodies: Vec<Vec<u8>>,
    handle: Option<(u64, Meta, Vec<u8>)>,
    values: Vec<Option<[u8; 32]>>,
}

/// What a step led to.
#[derive(Debug)]
pub enum TxStep {
    /// The effect goes on.
    More,
    /// It is over, without an answer.
    Over,
    /// It is over.
    Event(SenderEvent),
    /// A data frame is to be sent; then the answer is given.
    Send {
        /// The header.
        header: Pieces,
        /// The body.
        body: Vec<u8>,
        /// What is answered when the link has taken it.
        then: SenderEvent,
    },
}

impl Tx {
    /// Starts a sender.
    pub fn new(config: Config, mutation: Option<Mutation>) -> Self {
        Self {
            machine: Sender::new(seen_by_machine(&config, mutation)),
            config,
            mutation,
            jobs: BTreeMap::new(),
            next_job: 0,
            scans: HashMap::new(),
            open: HashMap::new(),
            buffers: HashMap::new(),
        }
    }

    /// Begins with the effects that the machine asks for; returns the new jobs.
    pub fn begin(&mut self, mut diary: Option<&mut Vec<String>>) -> Vec<u64> {
        let mut begun = Vec::new();
        while let Some(effect) = self.machine.poll_effect() {
            if let Some(diary) = &mut diary {
                diary.push(format!("tx -> {effect:?}"));
            }
            self.next_job += 1;
            begun.push(self.next_job);
            let (results, bodies, values) = (Vec::new(), Vec::new(), Vec::new());
            let job = Job { effect, step: 0, results, bodies, handle: None, values };
            self.jobs.insert(self.next_job, job);
        }
        begun
    }

    /// Does the next step of a job.
    pub fn step(&mut self, id: u64, source: &Source, fault: Option<Fault>) -> TxStep {
        let Some(mut job) = self.jobs.remove(&id) else { return TxStep::Over };
        let done = self.advance(&mut job, source, fault);
        if matches!(done, TxStep::More) {
            job.step += 1;
            self.jobs.insert(id, job);
        }
        done
    }

    fn advance(&mut self, job: &mut Job, source: &Source, fault: Option<Fault>) -> TxStep {
        match job.effect.clone() {
            SenderEffect::Root { id, item } => {
                let way = self.way(&Place::item(item));
                let found = fault.map_or_else(|| self.found(source, &way), Err);
                TxStep::Event(SenderEvent::Root { id, found })
            }
            SenderEffect::Scan { id, dir, entries_max } => {
                if let Some(fault) = fault {
                    let end = Some(Err(fault));
                    return TxStep::Event(SenderEvent::Scanned { id, entries: vec![], end });
                }
                let place = dir.place().expect("a directory that is read stands somewhere");
                let dir = self.way(&place);
                let names = source.list(&dir);
                self.scans.insert(id.0, Listing { dir, names, at: 0 });
                self.scan(id, entries_max, source)
            }
            SenderEffect::ScanMore { id, entries_max } => self.scan(id, entries_max, source),
            SenderEffect::Load { id, loads } => self.load(job, id, &loads, source, fault),
            SenderEffect::Send { id, pieces, picks } => {
                let bodies = self.buffers.remove(&id.0).unwrap_or_default();
                let body = picks.iter().flat_map(|pick| bodies[*pick as usize].clone()).collect();
                TxStep::Send { header: pieces, body, then: SenderEvent::Sent { id } }
            }
            SenderEffect::Forget { id } => {
                self.buffers.remove(&id.0);
                TxStep::Over
            }
            SenderEffect::Open { id, file, place } => {
                let opened = fault.map_or_else(|| self.look_up(source, &place), Err);
                let meta = opened.map(|(ino, meta)| {
                    self.open.insert(file, ino);
                    meta
                });
                TxStep::Event(SenderEvent::Looked { id, meta, attributes: Attributes::default() })
            }
            SenderEffect::Hash { id, file, blocks, nodes } => {
                if let Some(node) = nodes.get(job.step) {
                    let value = self.open.get(&file).and_then(|ino| {
                        let span = blocks.span(*node)?;
                        let bytes = blocks.span_bytes(&span) as usize;
                        let data = source.read(*ino, blocks.offset(span.start), bytes);
                        let mut hasher = blocks.hasher(*node);
                        hasher.update(&data);
                        (data.len() == bytes).then(|| hasher.finish())
                    });
                    job.values.push(value);
                    return TxStep::More;
                }
                let values = std::mem::take(&mut job.values);
                TxStep::Event(SenderEvent::Hashed { id, values: fault.map_or(Ok(values), Err) })
            }
            SenderEffect::Map { id, file, blocks, from } => {
                let (holes, until) = self.map(file, blocks, from, source);
                TxStep::Event(SenderEvent::Mapped { id, holes, until })
            }
            SenderEffect::Zeros { id, blocks, nodes } => {
                let values = nodes.iter().map(|node| blocks.zeros(*node)).collect();
                TxStep::Event(SenderEvent::Zeros { id, values })
            }
            SenderEffect::Close { id, file } => {
                let ino = self.open.remove(&file);
                let meta = ino.and_then(|ino| source.meta(ino)).ok_or_else(vanished);
                let attributes = ino.map(|ino| self.attributes(ino, source)).unwrap_or_default();
                TxStep::Event(SenderEvent::Looked { id, meta, attributes })
            }
            SenderEffect::Digest { id, place, .. } => self.digest(job, id, &place, source, fault),
        }
    }

    fn load(
        &mut self,
        job: &mut Job,
        id: outport_protocol::session::EffectId,
        loads: &[Load],
        source: &Source,
        fault: Option<Fault>,
    ) -> TxStep {
        let Some(load) = loads.get(job.results.len()) else {
            self.buffers.insert(id.0, std::mem::take(&mut job.bodies));
            let results = std::mem::take(&mut job.results);
            return TxStep::Event(SenderEvent::Loaded { id, results });
        };
        if let Some(fault) = fault {
            job.handle = None;
            job.bodies.push(vec![]);
            job.results.push(Err(fault));
            return TxStep::More;
        }
        match load {
            Load::Whole { place, bytes, .. } => match job.handle.take() {
                None => match self.look_up(source, place) {
                    Ok((ino, before)) => job.handle = Some((ino, before, vec![])),
                    Err(fault) => {
                        job.bodies.push(vec![]);
                        job.results.push(Err(fault));
                    }
                },
                Some((ino, before, data)) if data.len() < *bytes as usize => {
                    // Two reads, so that a change can fall between them.
                    let rest = *bytes as usize - data.len();
                    let part = if data.is_empty() { rest.div_ceil(2) } else { rest };
                    let read = source.read(ino, data.len() as u64, part);
                    let short = read.len() < part;
                    let mut data = [data, read].concat();
                    if short {
                        data.resize(*bytes as usize, 0);
                    }
                    job.handle = Some((ino, before, data));
                }
                Some((ino, before, data)) => {
                    let hash = *blake3::hash(&data).as_bytes();
                    let mut after = source.meta(ino).unwrap_or(before);
                    if self.mutation == Some(Mutation::IgnoreChange) {
                        after = before;
                    }
                    job.bodies.push(data);
                    let attributes = self.attributes(ino, source);
                    job.results.push(Ok(Loaded::Whole { before, after, hash, attributes }));
                }
            },
            Load::Block { file, blocks, block } => {
                let ino = self.open.get(file).copied().unwrap_or_default();
                let wanted = blocks.bytes(*block) as usize;
                let data = source.read(ino, blocks.offset(*block), wanted);
                let hash = blocks.hash(*block, &data);
                let zeros = source.holes && is_hole(&data);
                job.results.push(Ok(Loaded::Block { bytes: data.len() as u32, hash, zeros }));
                job.bodies.push(data);
            }
        }
        TxStep::More
    }

    fn digest(
        &mut self,
        job: &mut Job,
        id: outport_protocol::session::EffectId,
        place: &Place,
        source: &Source,
        fault: Option<Fault>,
    ) -> TxStep {
        let result = match (fault, job.handle.take()) {
            (Some(fault), _) => Err(fault),
            (None, None) => match self.look_up(source, place) {
                Ok((ino, before)) => {
                    let data = source.read(ino, 0, before.size as usize);
                    job.handle = Some((ino, before, data));
                    return TxStep::More;
                }
                Err(fault) => Err(fault),
            },
            (None, Some((ino, before, data))) => {
                let after = source.meta(ino).unwrap_or(before);
                let blocks = Blocks::new(before.size).expect("small");
                assert_eq!(blocks.size(), before.size);
                Ok(Digested { before, after, digest: Digest(*blake3::hash(&data).as_bytes()) })
            }
        };
        TxStep::Event(SenderEvent::Digested { id, result })
    }

    fn scan(
        &mut self,
        id: outport_protocol::session::EffectId,
        entries_max: usize,
        source: &Source,
    ) -> TxStep {
        let Some(mut listing) = self.scans.remove(&id.0) else { return TxStep::Over };
        // Small answers, so that large directories come in parts.
        let end = (listing.at + entries_max.min(3)).min(listing.names.len());
        let mut entries = Vec::new();
        for name in &listing.names[listing.at..end] {
            let mut way = listing.dir.clone();
            way.push(name.clone());
            let found = self.found(source, &way);
            // What vanished meanwhile is simply not there.
            if !matches!(&found, Err(fault) if fault.code == Code::NotFound) {
                entries.push(Listed { name: name.clone(), found });
            }
        }
        listing.at = end;
        let end = (end == listing.names.len()).then_some(Ok(Told::All));
        self.scans.insert(id.0, listing);
        TxStep::Event(SenderEvent::Scanned { id, entries, end })
    }

    /// Which blocks are holes: a few at a time, so that the rest is asked for.
    fn map(
        &self,
        file: u64,
        blocks: Blocks,
        from: u32,
        source: &Source,
    ) -> (Vec<std::ops::Range<u32>>, u32) {
        let ino = self.open.get(&file).copied().unwrap_or_default();
        let until = blocks.count().min(from + 5);
        let is_hole = |block: &u32| {
            let bytes = blocks.bytes(*block) as usize;
            let data = source.read(ino, blocks.offset(*block), bytes);
            data.len() == bytes && is_hole(&data)
        };
        ((from..until).filter(is_hole).map(|block| block..block + 1).collect(), until)
    }

    fn attributes(&self, ino: u64, source: &Source) -> Attributes {
        match self.config.orders.options.preserve_xattrs {
            true => source.attributes(ino),
            false => Attributes::default(),
        }
    }

    fn look_up(&self, source: &Source, place: &Place) -> Result<(u64, Meta), Fault> {
        match source.at(&self.way(place)) {
            Some(Node::File(ino)) => Ok((*ino, source.meta(*ino).ok_or_else(vanished)?)),
            Some(Node::Broken(fault)) => Err(fault.clone()),
            Some(Node::Dir | Node::Link(_) | Node::Left(_)) | None => Err(vanished()),
        }
    }

    fn way(&self, place: &Place) -> Way {
        let path = place.source(&self.config.orders).expect("short");
        let item = &self.config.orders.items[place.dir.item() as usize];
        assert!(path.is_inside(&item.source), "nothing outside the items is read");
        path.names().to_vec()
    }

    fn found(&self, source: &Source, way: &[Name]) -> Result<Found, Fault> {
        match source.at(way) {
            Some(Node::Dir) => Ok(Found::Dir(Source::dir_meta(way))),
            Some(Node::Link(target)) => Ok(Found::Link(target.clone())),
            Some(Node::File(ino)) => {
                let meta = source.meta(*ino).ok_or_else(vanished)?;
                let names = source.names_of(*ino).len() as u64;
                if !self.config.orders.options.preserve_hard_links || names == 1 {
                    return Ok(Found::File(meta));
                }
                let id = LinkedId { device: 1, inode: *ino };
                Ok(Found::HardLink { meta, id, names })
            }
            Some(Node::Left(kind)) => Ok(Found::Left(*kind)),
            Some(Node::Broken(fault)) => Err(fault.clone()),
            None => Err(vanished()),
        }
    }
}

/// The machine filters by itself: one that does not has other orders.
fn seen_by_machine(config: &Config, mutation: Option<Mutation>) -> Config {
    let mut config = config.clone();
    if mutation == Some(Mutation::IgnoreFilter) {
        std::sync::Arc::make_mut(&mut config.orders).options.filters.clear();
    }
    config
}
