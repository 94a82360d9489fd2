//! Two agents, a link, two disks and one clock, in one thread.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, HashMap},
    time::Duration,
};

use outport_protocol::session::{Fault, Frame, Hello, Now, Pieces, SenderEvent, Violation};
use outport_types::{Code, UnixTime};

use crate::{
    disk::{Disk, Ino},
    judge::{Judge, Wrong},
    liar,
    mutation::Mutation,
    plan::{Liar, Mishap, Plan, Scene, checksum},
    rx::{Around, Rx},
    source::{Node, Source},
    ties::tie,
    tx::{Tx, TxStep},
};

/// One run.
#[derive(Debug)]
pub struct World {
    plan: Plan,
    mutation: Option<Mutation>,
    rng: fastrand::Rng,
    now: Duration,
    next: u64,
    queue: BinaryHeap<Reverse<(Duration, u64, Tick)>>,
    source: Source,
    disk: Disk,
    journal_dir: Ino,
    tx: Option<Tx>,
    rx: Option<Rx>,
    /// Counts lives of either process, so that what a dead one began is forgotten.
    lives: (u64, u64),
    link: Option<Link>,
    links: u64,
    /// When the last frame of each stream arrives: frames of one stream stay in order.
    arrivals: HashMap<Stream, Duration>,
    earlier: Vec<Vec<u8>>,
    judge: Judge,
    repeats: Repeats,
    /// When each side is to be woken.
    wakes: BTreeSet<(Duration, bool)>,
    succeeded: Option<bool>,
    steps: u64,
    breaks: u64,
    /// How much content may come again: what stood in the files that were edited, each time one was,
    /// and in those that have more names than the disk gives one.
    again_bytes: u64,
    /// What happened, for people, when asked for.
    pub(crate) diary: Option<Vec<String>>,
}

/// What happened in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Whether the task succeeded.
    pub succeeded: bool,
    /// Steps of the world.
    pub steps: u64,
    /// Links that were made.
    pub links: u64,
    /// How long it took.
    pub took: Duration,
}

#[derive(Debug)]
struct Link {
    number: u64,
    /// Whether each side has seen the other's hello.
    greeted: (bool, bool),
}

/// Content that was sent before and is sent again.
#[derive(Debug, Default)]
struct Repeats {
    sent: BTreeSet<(Vec<u8>, u32)>,
    in_link: BTreeSet<(Vec<u8>, u32)>,
    bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Stream {
    ToReceiver,
    ToSender,
    Data(usize),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tick {
    Connect,
    Mishap(usize),
    Control { link: u64, to_receiver: bool, bytes: Vec<u8> },
    Data { link: u64, header: Vec<u8>, body: Vec<u8> },
    Sent { life: u64, id: u64 },
    TxJob { life: u64, job: u64 },
    RxJob { life: u64, job: u64 },
    Wake { receiver: bool },
}

impl World {
    /// Makes the world that a seed describes, its shells with one thing wrong or none.
    pub fn new(seed: u64, mutation: Option<Mutation>) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let holes = seed % 5 == 4 || mutation == Some(Mutation::KeepOldBytes);
        let (mut plan, Scene { mut source, mut disk, journal_dir }) = Plan::new(&mut rng, holes);
        if let Some(mutation) = mutation {
            plan.provoke(mutation, &mut rng);
        }
        plan.look(seed, mutation);
        let mut again_bytes = 0;
        if plan.config.orders.options.preserve_hard_links {
            again_bytes += tie(seed, &plan, &mut source, &mut disk);
        }
        let judge = Judge::new(&plan, &disk);
        let mut world = Self {
            mutation,
            rng,
            now: Duration::ZERO,
            next: 0,
            queue: BinaryHeap::new(),
            source,
            disk,
            journal_dir,
            tx: None,
            rx: None,
            lives: (0, 0),
            link: None,
            links: 0,
            arrivals: HashMap::new(),
            earlier: Vec::new(),
            judge,
            repeats: Repeats::default(),
            wakes: BTreeSet::new(),
            succeeded: None,
            steps: 0,
            breaks: 0,
            again_bytes,
            diary: None,
            plan,
        };
        world.at(Duration::ZERO, Tick::Connect);
        for (index, (when, _)) in world.plan.mishaps.clone().into_iter().enumerate() {
            world.at(when, Tick::Mishap(index));
        }
        world
    }

    /// What the seed decided, for people.
    pub fn scene(&self) -> String {
        format!("{:#?}", self.plan)
    }

    /// Runs until the task is over.
    ///
    /// # Errors
    /// When the judge sees what must not be, or the task does not end.
    pub fn run(&mut self) -> Result<Ran, Wrong> {
        while self.succeeded.is_none() {
            let Some(Reverse((when, _, tick))) = self.queue.pop() else {
                let machines = format!("{:#?}\n{:#?}", self.tx, self.rx);
                self.note(|| machines);
                if self.plan.liar.is_some() {
                    break; // a liar may say nothing
                }
                return Err(Wrong("nothing happens any more, and the task is not over".into()));
            };
            self.now = when;
            self.steps += 1;
            let late = self.plan.horizon + PATIENCE;
            if late < self.now || STEPS_MAX < self.steps {
                if self.plan.liar.is_some() {
                    break; // or keep a session busy for ever
                }
                return Err(Wrong(format!("the task is not over after {:?}", self.now)));
            }
            self.note(|| format!("{tick:?}"));
            self.tick(tick)?;
            let durable = self.rx.as_ref().map_or(0, |rx| rx.machine.reports_durable());
            self.judge.look(&self.disk, &self.source, self.journal_dir, durable, &mut self.rng)?;
        }
        if let Some(succeeded) = self.succeeded {
            self.judge.end(&self.plan, &self.disk, &self.source, succeeded)?;
        }
        self.judge_repeats()?;
        let succeeded = self.succeeded.unwrap_or(false);
        Ok(Ran { succeeded, steps: self.steps, links: self.links, took: self.now })
    }

    fn tick(&mut self, tick: Tick) -> Result<(), Wrong> {
        match tick {
            Tick::Connect => self.connect(),
            Tick::Mishap(index) => self.mishap(index),
            Tick::Control { link, to_receiver, bytes } => self.control(link, to_receiver, &bytes),
            Tick::Data { link, header, body } => self.data(link, &header, body),
            Tick::Sent { life, id } => {
                if let Some(tx) = self.tx.as_mut().filter(|_| self.lives.0 == life) {
                    let id = outport_protocol::session::EffectId(id);
                    tx.machine.handle_event(SenderEvent::Sent { id }, self.now);
                }
            }
            Tick::TxJob { life, job } => self.tx_job(life, job),
            Tick::RxJob { life, job } => self.rx_job(life, job),
            Tick::Wake { receiver } => {
                self.wakes.remove(&(self.now, receiver));
                match (receiver, &mut self.rx, &mut self.tx) {
                    (true, Some(rx), _) => rx.machine.handle_timeout(self.now),
                    (false, _, Some(tx)) => tx.machine.handle_timeout(self.now),
                    (true | false, _, _) => {}
                }
            }
        }
        self.drain()
    }

    /// Takes from both machines whatever they have.
    fn drain(&mut self) -> Result<(), Wrong> {
        self.drain_tx();
        self.drain_rx();
        let ended = self.rx.as_ref().and_then(|rx| rx.machine.outcome().cloned());
        let Some(outcome) = ended else { return Ok(()) };
        use outport_protocol::session::Outcome;
        match outcome {
            Outcome::Finished { succeeded } => {
                let closed = self.rx.as_ref().is_some_and(|rx| rx.machine.is_closed());
                if closed || self.link.is_none() {
                    self.succeeded = Some(succeeded);
                }
            }
            Outcome::Stopped | Outcome::Broken(_) => self.let_go(),
            Outcome::Violated(violation) => {
                // Whoever is lied to answers what it was told: either side may look like the liar then.
                if self.plan.liar.is_none() {
                    return Err(Wrong(format!("an honest sender broke the rules: {violation}")));
                }
                self.let_go();
            }
        }
        Ok(())
    }

    /// The receiver's session is over: when its disk is quiet, the next one may begin.
    fn let_go(&mut self) {
        self.cut();
        if self.rx.as_ref().is_some_and(Rx::is_idle) {
            self.rx = None;
            self.lives.1 += 1;
            let pause = Duration::from_millis(self.rng.u64(1..300));
            self.at(self.now + pause, Tick::Connect);
        }
    }

    fn drain_tx(&mut self) {
        let Some(tx) = &mut self.tx else { return };
        let begun = tx.begin(self.diary.as_mut());
        let (mut frames, wake) = (Vec::new(), tx.machine.poll_timeout());
        while let Some(frame) = tx.machine.poll_frame() {
            frames.push(frame);
        }
        let life = self.lives.0;
        for job in begun {
            let when = self.step_time();
            self.at(when, Tick::TxJob { life, job });
        }
        frames.into_iter().for_each(|frame| self.send(true, &frame));
        self.wake(wake, false);
    }

    fn drain_rx(&mut self) {
        let Some(rx) = &mut self.rx else { return };
        let begun = rx.begin(self.diary.as_mut());
        self.judge.accepted.append(&mut rx.announced);
        let (mut frames, wake) = (Vec::new(), rx.machine.poll_timeout());
        while let Some(frame) = rx.machine.poll_frame() {
            frames.push(frame);
        }
        let life = self.lives.1;
        for job in begun {
            let when = self.step_time();
            self.at(when, Tick::RxJob { life, job });
        }
        frames.into_iter().for_each(|frame| self.send(false, &frame));
        self.wake(wake, true);
    }

    fn wake(&mut self, when: Option<Now>, receiver: bool) {
        if let Some(when) = when {
            let when = when.max(self.now);
            if self.wakes.insert((when, receiver)) {
                self.at(when, Tick::Wake { receiver });
            }
        }
    }

    /// Makes a link when both sides are free for one.
    fn connect(&mut self) {
        if self.link.is_some() || self.rx.is_some() {
            return;
        }
        self.links += 1;
        self.tx = None;
        self.lives.0 += 1;
        self.lives.1 += 1;
        self.link = Some(Link { number: self.links, greeted: (false, false) });
        self.arrivals.clear();
        self.repeats.in_link.clear();
        let hello = Hello::new(b"the ticket").encode();
        self.transmit(true, hello.clone());
        self.transmit(false, hello);
    }

    /// The link is gone, and what was on its way with it.
    fn cut(&mut self) {
        if self.link.take().is_none() {
            return;
        }
        self.breaks += 1;
        self.tx = None;
        self.lives.0 += 1;
        match &mut self.rx {
            Some(rx) => rx.machine.stop(self.now),
            None => {
                let pause = Duration::from_millis(self.rng.u64(1..300));
                self.at(self.now + pause, Tick::Connect);
            }
        }
    }

    fn mishap(&mut self, index: usize) {
        let Some((_, mishap)) = self.plan.mishaps.get(index).copied() else { return };
        match mishap {
            Mishap::Cut | Mishap::KillSender | Mishap::Stop => self.cut(),
            Mishap::KillReceiver | Mishap::PowerLoss => {
                let was_up = self.rx.take().is_some();
                self.lives.1 += 1;
                if mishap == Mishap::PowerLoss {
                    self.disk.crash(&mut self.rng);
                }
                self.cut();
                if was_up {
                    let pause = Duration::from_millis(self.rng.u64(1..300));
                    self.at(self.now + pause, Tick::Connect);
                }
            }
            Mishap::Edit => {
                let now = self.file_time();
                self.again_bytes += self.source.edit(&mut self.rng, now) as u64;
            }
            Mishap::Full => self.disk.room = Some(self.rng.u64(1000..20_000)),
            Mishap::Room => self.disk.room = None,
        }
    }

    fn control(&mut self, number: u64, to_receiver: bool, bytes: &[u8]) {
        let Some(link) = self.link.as_mut().filter(|link| link.number == number) else { return };
        let greeted = if to_receiver { &mut link.greeted.1 } else { &mut link.greeted.0 };
        if !std::mem::replace(greeted, true) {
            let agreed =
                Hello::decode(bytes).and_then(|hello| Hello::new(b"the ticket").agree(&hello));
            match agreed {
                Ok(_) if to_receiver => {
                    let config = self.plan.config.clone();
                    let dir = self.journal_dir;
                    self.rx = Some(Rx::new(config, self.mutation, &mut self.disk, dir));
                }
                Ok(_) => self.tx = Some(Tx::new(self.plan.config.clone(), self.mutation)),
                Err(_) => self.cut(),
            }
            return;
        }
        let frame = Frame::decode(bytes).map_err(Violation::Frame);
        let now = self.now;
        if to_receiver {
            let Some(rx) = &mut self.rx else { return };
            if frame.and_then(|frame| rx.machine.handle_frame(frame, now)).is_err() {
                self.cut();
            }
        } else {
            let Some(tx) = &mut self.tx else { return };
            let result = frame.and_then(|frame| tx.machine.handle_frame(frame, now));
            let honest = self.plan.liar.is_none();
            if let Err(violation) = result {
                assert!(!honest, "an honest receiver broke the rules: {violation}");
                self.cut();
            }
        }
    }

    fn data(&mut self, number: u64, header: &[u8], body: Vec<u8>) {
        if self.link.as_ref().is_none_or(|link| link.number != number) {
            return;
        }
        let Some(rx) = &mut self.rx else { return };
        if rx.arrived(header, body, self.now).is_err() {
            self.cut();
        }
    }

    fn tx_job(&mut self, life: u64, job: u64) {
        let fault = self.fault(self.plan.read_faults);
        let Some(tx) = self.tx.as_mut().filter(|_| self.lives.0 == life) else { return };
        match tx.step(job, &self.source, fault) {
            TxStep::More => {
                let when = self.step_time();
                self.at(when, Tick::TxJob { life, job });
            }
            TxStep::Over => {}
            TxStep::Event(event) => {
                if let Some(diary) = &mut self.diary {
                    diary.push(format!("tx <- {event:?}"));
                }
                tx.machine.handle_event(event, self.now);
            }
            TxStep::Send { header, body, then } => {
                self.send_data(header, body);
                let SenderEvent::Sent { id } = then else { return };
                let when = self.step_time();
                self.at(when, Tick::Sent { life, id: id.0 });
            }
        }
    }

    fn rx_job(&mut self, life: u64, job: u64) {
        let fault = self.fault(self.plan.write_faults);
        let rot = self.chance(self.plan.rot);
        let now = self.file_time();
        let Some(rx) = self.rx.as_mut().filter(|_| self.lives.1 == life) else { return };
        let around = Around { disk: &mut self.disk, now, rng: &mut self.rng, fault, rot };
        match rx.step(job, around) {
            Some(event) => {
                if let Some(diary) = &mut self.diary {
                    diary.push(format!("rx <- {event:?}"));
                }
                rx.machine.handle_event(event, self.now);
            }
            None => {
                let when = self.step_time();
                self.at(when, Tick::RxJob { life, job });
            }
        }
    }

    fn send(&mut self, to_receiver: bool, frame: &Frame) {
        self.note(|| format!("{} sends {frame:?}", if to_receiver { "tx" } else { "rx" }));
        let bytes = frame.encode();
        assert!(bytes.len() <= outport_protocol::session::FRAME_BYTES_MAX, "frames fit");
        let lies = match self.plan.liar {
            Some((Liar::Sender, one_in)) => to_receiver && self.chance(Some(one_in)),
            Some((Liar::Receiver, one_in)) => !to_receiver && self.chance(Some(one_in)),
            None => false,
        };
        if !lies || self.plan.horizon < self.now {
            self.earlier.push(bytes.clone());
            return self.transmit(to_receiver, bytes);
        }
        for bytes in liar::distort(&mut self.rng, &bytes, &self.earlier) {
            self.transmit(to_receiver, bytes);
        }
    }

    fn transmit(&mut self, to_receiver: bool, bytes: Vec<u8>) {
        let Some(link) = self.link.as_ref().map(|link| link.number) else { return };
        let stream = if to_receiver { Stream::ToReceiver } else { Stream::ToSender };
        let when = self.arrival(stream);
        self.at(when, Tick::Control { link, to_receiver, bytes });
    }

    fn send_data(&mut self, pieces: Pieces, mut body: Vec<u8>) {
        let Some(link) = self.link.as_ref().map(|link| link.number) else { return };
        self.note_repeats(&pieces, &body);
        if self.now <= self.plan.horizon && self.chance(self.plan.damage) {
            liar::damage(&mut self.rng, &mut body);
        }
        let mut header = pieces.encode();
        if let Some((Liar::Sender, one_in)) = self.plan.liar
            && self.now <= self.plan.horizon
            && self.chance(Some(one_in))
        {
            (header, body) = liar::distort_data(&mut self.rng, pieces, body);
            if self.rng.u8(..4) == 0 {
                let (header, body) = liar::unasked(&mut self.rng);
                let when = self.arrival(Stream::Data(0));
                self.at(when, Tick::Data { link, header, body });
            }
        }
        let stream = self.rng.usize(..self.plan.streams);
        let when = self.arrival(Stream::Data(stream));
        self.at(when, Tick::Data { link, header, body });
    }

    /// Content that an earlier link carried and this one carries again was lost by the break.
    fn note_repeats(&mut self, pieces: &Pieces, body: &[u8]) {
        let mut start = 0;
        for piece in &pieces.pieces {
            let end = start + piece.bytes as usize;
            let what = (blake3::hash(&body[start..end]).as_bytes().to_vec(), piece.block);
            start = end;
            if self.repeats.in_link.insert(what.clone()) && !self.repeats.sent.insert(what) {
                self.repeats.bytes += u64::from(piece.bytes);
            }
        }
    }

    /// Each break may cost what was on its way, and no more. A file that was edited is another one,
    /// even where it holds what it held.
    fn judge_repeats(&self) -> Result<(), Wrong> {
        // What is not what it was said to be is brought in vain by every session.
        let in_vain = self.breaks * self.refused_bytes();
        let most = self.breaks * self.plan.config.limits.content_bytes + self.again_bytes + in_vain;
        if self.plan.counts_repeats() && most < self.repeats.bytes {
            let bytes = self.repeats.bytes;
            return Err(Wrong(format!("{bytes} bytes were sent again, {most} may be")));
        }
        Ok(())
    }

    /// How long the files are that have another checksum than was said.
    fn refused_bytes(&self) -> u64 {
        let items = self.plan.config.orders.items.iter();
        let refused = items.filter_map(|item| {
            let said = item.checksum.as_ref()?;
            let Some(Node::File(ino)) = self.source.at(item.source.names()) else { return None };
            let size = self.source.meta(*ino)?.size;
            let content = self.source.read(*ino, 0, usize::try_from(size).ok()?);
            (checksum(&content) != *said).then_some(size)
        });
        refused.sum()
    }

    fn arrival(&mut self, stream: Stream) -> Duration {
        let (low, high) = self.plan.latency;
        let when = self.now + Duration::from_micros(self.rng.u64(low..high));
        let last = self.arrivals.entry(stream).or_default();
        *last = (*last).max(when);
        *last
    }

    fn step_time(&mut self) -> Duration {
        let (low, high) = self.plan.disk_step;
        self.now + Duration::from_micros(self.rng.u64(low..high))
    }

    fn fault(&mut self, one_in: Option<u32>) -> Option<Fault> {
        (self.now <= self.plan.horizon && self.chance(one_in))
            .then(|| Fault::backoff(Code::Disk, "a simulated fault"))
    }

    fn chance(&mut self, one_in: Option<u32>) -> bool {
        one_in.is_some_and(|one_in| self.rng.u32(..one_in) == 0)
    }

    /// The time that the disks' clocks show: no two moments are the same.
    fn file_time(&self) -> UnixTime {
        let seconds = 1_700_000_000 + self.now.as_secs() as i64;
        UnixTime { seconds, nanos: self.now.subsec_nanos() + (self.steps % 1000) as u32 }
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(diary) = &mut self.diary {
            diary.push(format!("{:?} {}", self.now, what()));
        }
    }

    fn at(&mut self, when: Duration, tick: Tick) {
        self.next += 1;
        self.queue.push(Reverse((when, self.next, tick)));
    }
}

/// How long a task may take after the last mishap.
const PATIENCE: Duration = Duration::from_secs(600);
/// More steps than any run needs.
const STEPS_MAX: u64 = 400_000;
