//! An agent that is not there: plausible data that lives, for design work and pictures.
//!
//! It answers everything that a real agent answers, out of memory: nothing is read or written, and
//! no network is used. What is asked for happens to the data, so that every screen can be tried.

mod answers;
mod data;
mod files;
mod world;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use outport_control::{BoxFuture, Command, Handler, Reply, SignInState, SignInWay, Snapshot};
use outport_types::Problem;
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::world::World;

/// Starts the data. It lives until `stop`, on workers of `tracker`.
pub fn start(tracker: &TaskTracker, stop: &CancellationToken) -> Arc<dyn Handler> {
    let world = World::new();
    let (state, states) = watch::channel(Arc::new(world.snapshot()));
    let demo = Demo {
        world: Arc::new(Mutex::new(world)),
        state,
        states,
        tracker: tracker.clone(),
        stop: stop.clone(),
    };
    let living = demo.clone();
    tracker.spawn(async move {
        let mut steps = interval(STEP);
        steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while living.stop.run_until_cancelled(steps.tick()).await.is_some() {
            living.change(|world| world.step(STEP));
        }
    });
    Arc::new(demo)
}

/// Answers out of the data. Clones have the same.
#[derive(Clone)]
struct Demo {
    world: Arc<Mutex<World>>,
    state: watch::Sender<Arc<Snapshot>>,
    states: watch::Receiver<Arc<Snapshot>>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Demo {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the data, and shows it.
    fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world();
        let answer = change(&mut world);
        let now = Arc::new(world.snapshot());
        drop(world);
        self.state.send_if_modified(|shown| {
            let changed = *shown != now;
            *shown = now;
            changed
        });
        answer
    }

    async fn answer(&self, command: Command) -> Result<Reply, Problem> {
        sleep(THINKING).await; // screens are seen waiting, as they are in life
        if matches!(command, Command::Stop) {
            self.stop.cancel();
        }
        let begins_sign_in =
            if let Command::BeginSignIn { way, .. } = &command { Some(*way) } else { None };
        let reply = self.change(|world| answers::answer(world, command))?;
        if let Some(way) = begins_sign_in {
            self.finish_sign_in(way);
        }
        Ok(reply)
    }

    /// Somebody says yes after a while.
    fn finish_sign_in(&self, way: SignInWay) {
        let demo = self.clone();
        let patience = match way {
            SignInWay::Browser => Duration::from_secs(4),
            SignInWay::Code => Duration::from_secs(8),
        };
        self.tracker.spawn(async move {
            let finishing = async {
                sleep(patience).await;
                demo.change(|world| world.sign_in_is(SignInState::Finishing));
                sleep(Duration::from_secs(1)).await;
                demo.change(World::signed_in);
            };
            demo.stop.run_until_cancelled(finishing).await;
        });
    }
}

impl Handler for Demo {
    fn snapshots(&self) -> Result<watch::Receiver<Arc<Snapshot>>, Problem> {
        Ok(self.states.clone())
    }

    fn call(&self, command: Command) -> BoxFuture<'_, Result<Reply, Problem>> {
        Box::pin(self.answer(command))
    }

    fn log(
        &self,
        lines: usize,
        _follow: bool,
    ) -> BoxFuture<'_, Result<mpsc::Receiver<String>, Problem>> {
        let log = data::log();
        let (out, read) = mpsc::channel(log.len().max(1));
        for line in log.into_iter().rev().take(lines).rev() {
            out.try_send(line).ok(); // there is room for all of them
        }
        Box::pin(std::future::ready(Ok(read)))
    }
}

/// Often enough for a bar that moves, as often as a real agent would.
const STEP: Duration = Duration::from_millis(500);
/// A hub that is not far away.
const THINKING: Duration = Duration::from_millis(120);

#[cfg(test)]
mod tests {
    use outport_control::{
        Client, CollectionQuery, CollectionScope, ListQuery, NewItem, NewTransfer, SortBy,
    };
    use outport_types::{TaskStatus, TransferOptions};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_data_lives_and_does_what_it_is_told() {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let handler = start(&tracker, &stop);
        let mut client = Client::in_memory(Arc::clone(&handler));
        let before = client.status().await.unwrap();
        assert!(before.sessions.len() >= 2 && before.tasks.tasks.len() >= 4);
        sleep(Duration::from_secs(5)).await;
        let after = client.status().await.unwrap();
        let done = |state: &Snapshot| state.sessions[0].progress.bytes_done;
        assert!(done(&before) < done(&after));

        client.pause(None).await.unwrap();
        let paused = client.status().await.unwrap();
        assert!(paused.sessions.is_empty() && paused.paused.is_some());
        client.resume().await.unwrap();

        let query = CollectionQuery { scope: CollectionScope::Mine, text: None, limit: 10 };
        let collections = client.collections(query).await.unwrap();
        let [here, there] = [0, 1].map(|n| collections[n].id);
        let listing = client
            .list(ListQuery {
                collection: here,
                path: None,
                show_hidden: false,
                sort: SortBy::Name,
                descending: false,
                filter: None,
                offset: 0,
                limit: 100,
            })
            .await
            .unwrap();
        let name = &listing.entries[0].name;
        let task = client
            .transfer(NewTransfer {
                source: here,
                destination: there,
                items: vec![NewItem {
                    source_path: format!("{}{name}", listing.path),
                    destination_path: format!("/~/{name}"),
                    recursive: None,
                }],
                label: None,
                options: TransferOptions::default(),
                deadline: None,
                submission: None,
            })
            .await
            .unwrap();
        let mut states = client.subscribe().await.unwrap();
        while let Some(state) = states.next().await.unwrap() {
            let found = state.tasks.tasks.iter().find(|view| view.id == task).unwrap();
            if found.status == TaskStatus::Succeeded {
                break;
            }
        }
        stop.cancel();
        tracker.close();
        tracker.wait().await;
    }
}
