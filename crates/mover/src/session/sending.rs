//! The driver of the side that reads.

use std::{
    collections::VecDeque,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use outport_link::{CloseCode, DataFrame, Link, LinkHandle, SendError};
use outport_protocol::session::{
    EffectId, Frame, Now,
    sender::{Sender, SenderEffect, SenderEvent},
};
use outport_types::{Access, CollectionPath};
use tokio::{
    sync::mpsc,
    time::{sleep_until, timeout},
};
use tokio_util::sync::DropGuard;

use super::{
    Broken, Progress, SessionEnd, SessionParams,
    deference::Deference,
    driver::{
        Meter, Outbox, check_items, decode, exchange_hellos, folder_removed, link_ended, receive,
        send_failed,
    },
    pace::hold_to,
    workers::{Workers, disk_threads},
};
use crate::{dirs::Side, resolver::Resolver, source::Source};

/// Runs the sending side of a session to its end.
pub async fn run_sender(params: SessionParams, mut link: Link) -> SessionEnd {
    let stop = params.stop.clone();
    let handle = link.handle.clone();
    let (deference, others) = Deference::new(handle.clone());
    hold_to(&handle, &params.limits, params.orders.options.limit, others);
    let hello = tokio::select! {
        hello = exchange_hellos(&mut link, &params.ticket) => hello,
        code = stop.stopped() => Err(SessionEnd::Stopped(code)),
    };
    let end = match hello {
        Ok(()) => match Driver::start(&params, handle.clone()) {
            Ok(driver) => driver.run(params, link, deference).await,
            Err(end) => end,
        },
        Err(end) => end,
    };
    close(&handle, &end);
    end
}

/// Closes a link as an end demands.
pub(super) fn close(handle: &LinkHandle, end: &SessionEnd) {
    match end {
        SessionEnd::Finished { .. } => handle.close(CloseCode::Done, ""),
        SessionEnd::Stopped(code) => handle.close(*code, ""),
        SessionEnd::Violation(violation) => {
            handle.close(CloseCode::Violation, &violation.to_string());
        }
        SessionEnd::Refused { .. } => handle.close(CloseCode::Revoked, ""),
        SessionEnd::Broken { .. } => handle.close(CloseCode::Dropped, ""),
    }
}

struct Driver {
    machine: Sender,
    source: Arc<Source>,
    workers: Workers<Job>,
    answers: mpsc::Receiver<Answer>,
    /// Data frames that the link has not taken yet; the machine's credit bounds them.
    data: VecDeque<(EffectId, DataFrame)>,
    began: Instant,
    link: LinkHandle,
    /// Whether content leaves the line to others.
    gives_way: bool,
    meter: Meter,
    /// Ends the work of all threads when this is over or dropped.
    halt: DropGuard,
}

enum Job {
    Effect(SenderEffect),
    CheckItems,
}

enum Answer {
    Event(SenderEvent),
    Checked(Result<(), (CollectionPath, Option<Access>)>),
}

/// What the loop waited for.
enum Step {
    Answer(Answer),
    Frame(bytes::Bytes),
    Sent,
    SentData,
    Time,
    RulesChanged,
    End(SessionEnd),
}

impl Driver {
    fn start(params: &SessionParams, link: LinkHandle) -> Result<Self, SessionEnd> {
        let endpoint = &params.orders.source_name;
        let resolver = Arc::new(Resolver::new(params.rules.clone(), &params.grants, endpoint));
        let halt = params.stop.token().child_token();
        let source = Source::new(
            params.store.clone(),
            resolver.clone(),
            params.orders.clone(),
            halt.clone(),
        );
        let source = Arc::new(match &params.digests {
            Some(digests) => source.with_digests(digests.clone()),
            None => source,
        });
        let (sender, answers) = mpsc::channel(ANSWERS_MAX);
        let (disk, orders) = (source.clone(), params.orders.clone());
        let yields = params.yields();
        let workers = Workers::start("outport-read", disk_threads(), yields, move |job| {
            let answer = match job {
                Job::Effect(effect) => disk.carry_out(effect).map(Answer::Event),
                Job::CheckItems => {
                    Some(Answer::Checked(check_items(&resolver, &orders, Side::Source)))
                }
            };
            if let Some(answer) = answer {
                // Nobody listens any more when the session is over.
                sender.blocking_send(answer).ok();
            }
        });
        let workers =
            workers.map_err(|error| SessionEnd::Broken { why: Broken::Disk(error.to_string()) })?;
        Ok(Self {
            machine: Sender::new(params.config()),
            source,
            workers,
            answers,
            data: VecDeque::new(),
            began: Instant::now(),
            link,
            gives_way: yields,
            meter: Meter::new(params.progress.clone()),
            halt: halt.drop_guard(),
        })
    }

    async fn run(mut self, params: SessionParams, link: Link, deference: Deference) -> SessionEnd {
        let Link { control_out, mut control_in, data_out, data_in, handle } = link;
        let mut outbox = Outbox::new(control_out);
        let mut giving_way = pin!(deference.run());
        let mut rules = params.rules.watch();
        rules.mark_unchanged();
        let end = loop {
            self.pump(&mut outbox);
            if let Some(succeeded) = self.machine.finished()
                && outbox.is_empty()
            {
                break SessionEnd::Finished { succeeded };
            }
            let due = self.due();
            let step = tokio::select! {
                code = params.stop.stopped() => Step::End(SessionEnd::Stopped(code)),
                Some(answer) = self.answers.recv() => Step::Answer(answer),
                frame = receive(&mut control_in) => match frame {
                    Ok(frame) => Step::Frame(frame),
                    Err(end) => Step::End(end),
                },
                sent = outbox.send_one() => match sent {
                    Ok(()) => Step::Sent,
                    Err(error) => Step::End(send_failed(error)),
                },
                sent = send_front(&data_out, &self.data) => match sent {
                    Ok(()) => Step::SentData,
                    Err(error) => Step::End(send_failed(error)),
                },
                changed = rules.changed() => match changed {
                    Ok(()) => Step::RulesChanged,
                    Err(_) => Step::Time,
                },
                () = &mut giving_way, if self.gives_way => Step::Time,
                end = handle.closed() => Step::End(link_ended(end)),
                () = self.workers.failed() => Step::End(SessionEnd::Broken { why: Broken::Worker }),
                () = sleep_until(due.into()) => Step::Time,
            };
            if let Err(end) = self.apply(step, &params) {
                break end;
            }
        };
        // A receiver that leaves after it said that the work is over may leave.
        let end = match self.machine.finished() {
            Some(succeeded) => SessionEnd::Finished { succeeded },
            None => end,
        };
        self.report(true);
        drop(data_in);
        if let SessionEnd::Finished { .. } = end {
            // What was said last must arrive before the link goes.
            let delivered = async {
                while !outbox.is_empty() && outbox.send_one().await.is_ok() {}
                outbox.finish().await.ok();
                data_out.finish().await.ok();
                handle.delivered().await.ok();
            };
            timeout(GOODBYE_TIMEOUT, delivered).await.ok();
        }
        close(&handle, &end);
        let Self { workers, halt, .. } = self;
        drop(halt);
        workers.close().await;
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
                if let Frame::Pace(more) = frame {
                    self.link.allow(more);
                }
                self.gives_way |= frame == Frame::GiveWay;
                self.machine.handle_frame(frame, now).map_err(SessionEnd::Violation)?;
            }
            Step::Sent => {}
            Step::SentData => {
                if let Some((id, _)) = self.data.pop_front() {
                    self.machine.handle_event(SenderEvent::Sent { id }, self.now());
                }
            }
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

    fn take(&mut self, answer: Answer, params: &SessionParams) -> Result<(), SessionEnd> {
        match answer {
            Answer::Event(event) => {
                let now = self.now();
                self.machine.handle_event(event, now);
                Ok(())
            }
            Answer::Checked(Ok(())) => Ok(()),
            Answer::Checked(Err((path, _))) => {
                Err(folder_removed(&path, &params.orders.source_name))
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
        while let Some(effect) = self.machine.poll_effect() {
            match effect {
                SenderEffect::Send { id, pieces, picks } => {
                    let body = self.source.take_loaded(id, &picks);
                    self.data.push_back((id, DataFrame { header: pieces.encode().into(), body }));
                }
                effect @ SenderEffect::Forget { .. } => {
                    self.source.carry_out(effect);
                }
                effect @ (SenderEffect::Root { .. }
                | SenderEffect::Scan { .. }
                | SenderEffect::ScanMore { .. }
                | SenderEffect::Load { .. }
                | SenderEffect::Open { .. }
                | SenderEffect::Hash { .. }
                | SenderEffect::Map { .. }
                | SenderEffect::Zeros { .. }
                | SenderEffect::Close { .. }
                | SenderEffect::Digest { .. }) => self.workers.submit(Job::Effect(effect)),
            }
        }
    }

    fn report(&mut self, force: bool) {
        let counts = self.machine.counts();
        let progress = Progress { counts, ..Progress::default() };
        self.meter.update(self.link.data_sent(), progress, force);
    }

    fn due(&self) -> Instant {
        let machine = self.machine.poll_timeout().map(|at| self.began + at);
        machine.map_or(self.meter.due(), |at| at.min(self.meter.due()))
    }

    fn now(&self) -> Now {
        self.began.elapsed()
    }
}

/// Sends the first data frame that waits; never returns while none does.
async fn send_front(
    data_out: &outport_link::DataSender,
    data: &VecDeque<(EffectId, DataFrame)>,
) -> Result<(), SendError> {
    match data.front() {
        Some((_, frame)) => data_out.send(frame.clone()).await,
        None => std::future::pending().await,
    }
}

/// Answers that wait for the driver; more make the disks wait.
pub(super) const ANSWERS_MAX: usize = 256;
/// How long the last words of a session may take to arrive.
pub(super) const GOODBYE_TIMEOUT: Duration = Duration::from_secs(5);
