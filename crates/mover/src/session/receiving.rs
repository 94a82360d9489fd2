//! The driver of the side that writes.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use outport_link::{ArrivedFrame, Link, LinkHandle};
use outport_protocol::session::{
    BufferId, Frame, Now, Pieces, Violation,
    receiver::{Outcome, Receiver, ReceiverEffect, ReceiverEvent},
};
use outport_types::{Access, CollectionPath};
use tokio::{
    sync::mpsc,
    task::spawn_blocking,
    time::{sleep_until, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    Broken, JournalParams, Progress, SessionEnd, SessionParams,
    driver::{
        Meter, Outbox, check_items, decode, exchange_hellos, folder_removed, link_ended, receive,
        send_failed,
    },
    pace::Pacer,
    sending::{ANSWERS_MAX, GOODBYE_TIMEOUT, close},
    workers::{Workers, disk_threads},
};
use crate::{
    destination::Destination, dirs::Side, journal_file::JournalFile, refused::Refused,
    resolver::Resolver,
};

/// Runs the receiving side of a session to its end.
///
/// What was verified when it ends is in the journal, and a later session goes on from there.
pub async fn run_receiver(
    params: SessionParams,
    journal: JournalParams,
    mut link: Link,
) -> SessionEnd {
    let stop = params.stop.clone();
    let handle = link.handle.clone();
    let begin = async {
        let resolver = check_destination(&params).await?;
        exchange_hellos(&mut link, &params.ticket).await?;
        Driver::start(&params, journal, resolver, link.handle.clone()).await
    };
    let begun = tokio::select! {
        begun = begin => begun,
        code = stop.stopped() => Err(SessionEnd::Stopped(code)),
    };
    let end = match begun {
        Ok(driver) => driver.run(params, link).await,
        Err(end) => end,
    };
    close(&handle, &end);
    end
}

/// Refuses what the rules of this side do not let in, before anything is read at the source.
async fn check_destination(params: &SessionParams) -> Result<Arc<Resolver>, SessionEnd> {
    let endpoint = &params.orders.destination_name;
    let resolver = Arc::new(Resolver::new(params.rules.clone(), &params.grants, endpoint));
    let (orders, checked) = (params.orders.clone(), resolver.clone());
    let checked = spawn_blocking(move || check_items(&checked, &orders, Side::Destination));
    match checked.await.map_err(|_| SessionEnd::Broken { why: Broken::Worker })? {
        Ok(()) => Ok(resolver),
        Err((path, access)) => {
            let refused = if access.is_some() { Refused::ReadOnly } else { Refused::NotShared };
            Err(SessionEnd::refused(&refused, &path, endpoint))
        }
    }
}

struct Driver {
    machine: Receiver,
    destination: Arc<Destination>,
    /// Writes, and what they wait for.
    workers: Workers<Job>,
    /// Brings to the disk what was written, while the others write on.
    flushers: Workers<Job>,
    answers: mpsc::Receiver<Answer>,
    /// Ends the work of all threads, when there is no time left or this is dropped.
    halt: DropGuard,
    buffers: u64,
    link: LinkHandle,
    began: Instant,
    meter: Meter,
}

enum Job {
    Effect(ReceiverEffect),
    CheckItems,
}

enum Answer {
    Event(ReceiverEvent),
    Checked(Result<(), (CollectionPath, Option<Access>)>),
}

/// What the loop waited for.
enum Step {
    Answer(Answer),
    Frame(Bytes),
    Data(ArrivedFrame),
    Sent,
    /// How much more the sender may send.
    Pace(Frame),
    Time,
    RulesChanged,
    End(SessionEnd),
}

impl Driver {
    async fn start(
        params: &SessionParams,
        journal: JournalParams,
        resolver: Arc<Resolver>,
        link: LinkHandle,
    ) -> Result<Self, SessionEnd> {
        let task = params.task;
        let opened =
            spawn_blocking(move || JournalFile::open(&journal.path, task, journal.orders)).await;
        let broken = |why: &dyn std::error::Error| SessionEnd::Broken {
            why: Broken::Disk(outport_types::Chain(why).to_string()),
        };
        let opened = opened.map_err(|error| broken(&error))?;
        let (file, recovered) = opened.map_err(|error| broken(&error))?;
        let halt = CancellationToken::new();
        let destination = Destination::new(
            params.store.clone(),
            resolver.clone(),
            params.task,
            params.orders.clone(),
            file,
            halt.clone(),
        );
        let destination = Arc::new(match &params.digests {
            Some(digests) => destination.with_digests(digests.clone()),
            None => destination,
        });
        let (sender, answers) = mpsc::channel(ANSWERS_MAX);
        let (disk, orders) = (destination.clone(), params.orders.clone());
        let work = move |job| {
            let answer = match job {
                Job::Effect(effect) => disk.carry_out(effect).map(Answer::Event),
                Job::CheckItems => {
                    disk.close_all();
                    Some(Answer::Checked(check_items(&resolver, &orders, Side::Destination)))
                }
            };
            if let Some(answer) = answer {
                // Nobody listens any more when the session is over.
                sender.blocking_send(answer).ok();
            }
        };
        let workers =
            Workers::start("outport-write", disk_threads(), params.yields(), work.clone());
        let flushers = Workers::start("outport-flush", FLUSH_THREADS, params.yields(), work);
        Ok(Self {
            machine: Receiver::new(params.config(), recovered),
            destination,
            workers: workers.map_err(|error| broken(&error))?,
            flushers: flushers.map_err(|error| broken(&error))?,
            answers,
            halt: halt.drop_guard(),
            buffers: 0,
            link,
            began: Instant::now(),
            meter: Meter::new(params.progress.clone()),
        })
    }

    async fn run(mut self, params: SessionParams, link: Link) -> SessionEnd {
        let Link { control_out, mut control_in, data_out, mut data_in, handle } = link;
        let mut outbox = Outbox::new(control_out);
        let (pacer, mut paces, first) = Pacer::new(&params.limits, handle.clone());
        first.iter().for_each(|frame| outbox.push(frame));
        if params.background {
            outbox.push(&Frame::GiveWay);
        }
        // Polled on and on: what it paid for would be lost if it began anew with each event.
        let mut pacing = pin!(pacer.run());
        let mut rules = params.rules.watch();
        rules.mark_unchanged();
        let end = loop {
            self.pump(&mut outbox);
            if let Some(end) = self.outcome()
                && outbox.is_empty()
            {
                break end;
            }
            let due = self.due();
            let step = tokio::select! {
                code = params.stop.stopped() => Step::End(SessionEnd::Stopped(code)),
                Some(answer) = self.answers.recv() => Step::Answer(answer),
                frame = receive(&mut control_in) => match frame {
                    Ok(frame) => Step::Frame(frame),
                    Err(end) => Step::End(end),
                },
                frame = data_in.recv() => match frame {
                    Ok(Some(frame)) => Step::Data(frame),
                    // The sender has nothing more to send; what it says decides.
                    Ok(None) => Step::End(SessionEnd::Broken { why: Broken::Left }),
                    Err(end) => Step::End(link_ended(end)),
                },
                sent = outbox.send_one() => match sent {
                    Ok(()) => Step::Sent,
                    Err(error) => Step::End(send_failed(error)),
                },
                () = &mut pacing => Step::Time,
                Some(frame) = paces.recv() => Step::Pace(frame),
                changed = rules.changed() => match changed {
                    Ok(()) => Step::RulesChanged,
                    Err(_) => Step::Time,
                },
                () = self.workers.failed() => Step::End(SessionEnd::Broken { why: Broken::Worker }),
                () = self.flushers.failed() => Step::End(SessionEnd::Broken { why: Broken::Worker }),
                () = sleep_until(due.into()) => Step::Time,
            };
            if let Step::Pace(frame) = &step {
                outbox.push(frame);
            }
            if let Err(end) = self.apply(step, &params) {
                break end;
            }
            self.meter.reported(self.machine.reports_durable());
        };
        // A finish that the other side answered by leaving is a finish.
        let end = match self.outcome() {
            Some(finished @ SessionEnd::Finished { .. }) => finished,
            Some(_) | None => end,
        };
        drop(data_out);
        if let SessionEnd::Finished { .. } = end {
            let goodbye = async {
                outbox.finish().await.ok();
                while let Ok(Some(_)) = control_in.recv().await {}
            };
            timeout(GOODBYE_TIMEOUT, goodbye).await.ok();
        }
        close(&handle, &end);
        drop((control_in, data_in));
        self.settle(end, &params).await
    }

    /// Brings to the journal what is verified, as long as there is time, and ends all threads.
    async fn settle(mut self, end: SessionEnd, params: &SessionParams) -> SessionEnd {
        let grace = match &end {
            SessionEnd::Finished { .. } => Duration::ZERO,
            SessionEnd::Stopped(_) | SessionEnd::Refused { .. } => STOP_GRACE,
            SessionEnd::Broken { .. } | SessionEnd::Violation(_) => BROKEN_GRACE,
        };
        let now = self.now();
        self.machine.stop(now);
        let until = Instant::now() + grace;
        while self.machine.outcome().is_none() && Instant::now() < until {
            while self.machine.poll_frame().is_some() {}
            self.dispatch();
            let due = self.machine.poll_timeout().map_or(until, |at| (self.began + at).min(until));
            tokio::select! {
                answer = self.answers.recv() => match answer {
                    Some(Answer::Event(event)) => {
                        let now = self.now();
                        self.machine.handle_event(event, now);
                    }
                    Some(Answer::Checked(_)) => {}
                    None => break,
                },
                // A pause that comes while a broken session is settled does not wait for it.
                _ = params.stop.stopped(), if STOP_GRACE < grace => break,
                () = sleep_until(due.into()) => {
                    let now = self.now();
                    self.machine.handle_timeout(now);
                }
            }
        }
        self.report(true);
        let Self { workers, flushers, halt, .. } = self;
        drop(halt);
        tokio::join!(workers.close(), flushers.close());
        end
    }

    fn apply(&mut self, step: Step, params: &SessionParams) -> Result<(), SessionEnd> {
        match step {
            Step::Answer(answer) => {
                self.take(answer, params)?;
                // Whatever else is there already costs no further waiting.
                for _ in 0..ANSWERS_MAX {
                    match self.answers.try_recv() {
                        Ok(answer) => self.take(answer, params)?,
                        Err(_) => break,
                    }
                }
            }
            Step::Frame(frame) => {
                let now = self.now();
                let frame = decode(&frame)?;
                self.machine.handle_frame(frame, now).map_err(SessionEnd::Violation)?;
            }
            Step::Data(frame) => self.arrived(frame)?,
            Step::Sent | Step::Pace(_) => {}
            Step::Time => {
                let now = self.now();
                self.machine.handle_timeout(now);
                self.report(false);
            }
            Step::RulesChanged => self.workers.submit(Job::CheckItems),
            Step::End(end) => return Err(end),
        }
        Ok(())
    }

    fn arrived(&mut self, frame: ArrivedFrame) -> Result<(), SessionEnd> {
        let pieces = Pieces::decode(&frame.header, frame.body.len())
            .map_err(|error| SessionEnd::Violation(Violation::Frame(error)))?;
        self.buffers += 1;
        let buffer = BufferId(self.buffers);
        self.destination.keep(buffer, frame.body);
        let now = self.now();
        self.machine.handle_pieces(buffer, pieces, now).map_err(SessionEnd::Violation)
    }

    fn take(&mut self, answer: Answer, params: &SessionParams) -> Result<(), SessionEnd> {
        match answer {
            Answer::Event(event) => {
                let now = self.now();
                self.machine.handle_event(event, now);
                Ok(())
            }
            Answer::Checked(Ok(())) => Ok(()),
            Answer::Checked(Err((path, _))) => {
                Err(folder_removed(&path, &params.orders.destination_name))
            }
        }
    }

    /// Takes from the machine what it has to say.
    fn pump(&mut self, outbox: &mut Outbox) {
        while outbox.has_room()
            && let Some(frame) = self.machine.poll_frame()
        {
            outbox.push(&frame);
        }
        self.dispatch();
    }

    fn dispatch(&mut self) {
        while let Some(effect) = self.machine.poll_effect() {
            if let ReceiverEffect::Forget { buffer } = effect {
                self.destination.forget(buffer);
            } else if Destination::is_slow(&effect) {
                self.flushers.submit(Job::Effect(effect));
            } else {
                self.workers.submit(Job::Effect(effect));
            }
        }
    }

    fn outcome(&self) -> Option<SessionEnd> {
        self.machine.outcome().map(|outcome| match outcome {
            Outcome::Finished { succeeded } => SessionEnd::Finished { succeeded: *succeeded },
            Outcome::Stopped => SessionEnd::Broken { why: Broken::Left },
            Outcome::Violated(violation) => SessionEnd::Violation(*violation),
            Outcome::Broken(fault) => {
                let why = format!("{}: {}", fault.code, fault.reason);
                SessionEnd::Broken { why: Broken::Disk(why) }
            }
        })
    }

    fn report(&mut self, force: bool) {
        let progress = Progress {
            counts: self.machine.counts(),
            rate: 0,
            reports_durable: self.machine.reports_durable(),
        };
        self.meter.update(self.link.data_received(), progress, force);
    }

    fn due(&self) -> Instant {
        let machine = self.machine.poll_timeout().map(|at| self.began + at);
        machine.map_or(self.meter.due(), |at| at.min(self.meter.due()))
    }

    fn now(&self) -> Now {
        self.began.elapsed()
    }
}

/// Two batches can be on their way to the disk at once.
const FLUSH_THREADS: usize = 2;
/// How long a session that was told to stop brings to the disk what is verified: well below the
/// second after which nothing may move any more.
const STOP_GRACE: Duration = Duration::from_millis(500);
/// The same for one whose link broke, which nobody waits for.
const BROKEN_GRACE: Duration = Duration::from_secs(10);
