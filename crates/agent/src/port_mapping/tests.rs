//! The worker with a router that is not there, in a time that does not pass.

use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_port_is_held_while_files_move_and_a_while_after() {
    let mut rig = Rig::new();
    rig.wish(true, 0);
    assert_eq!(rig.told().await, Some(outside(1)));
    sleep(LASTS * 10 + Duration::from_secs(1)).await;
    assert_eq!(rig.seen(), (vec![inside()], vec![]), "what is renewed is not asked for anew");
    assert_eq!(rig.renewed(), 20);
    rig.wish(false, 0);
    sleep(KEPT_FOR - Duration::from_secs(1)).await;
    rig.wish(true, 0);
    sleep(2 * KEPT_FOR).await;
    assert_eq!(rig.seen().1, [], "another session came in time");
    rig.wish(false, 0);
    assert_eq!(rig.told().await, None);
    rig.until(|(_, closed)| *closed == [outside(1)]).await;
    sleep(2 * KEPT_FOR).await;
    assert_eq!(rig.seen().0.len(), 1, "nobody asks while nothing moves");
}

#[tokio::test(start_paused = true)]
async fn a_router_that_refuses_is_asked_again_more_and_more_rarely() {
    let mut rig = Rig::new();
    rig.router.0.lock().unwrap().refuses = true;
    rig.wish(true, 0);
    sleep(PAUSE_FIRST / 2).await;
    assert_eq!(rig.seen().0.len(), 1);
    sleep(Duration::from_secs(24 * 60 * 60)).await;
    let asked = rig.seen().0.len();
    assert!((50..150).contains(&asked), "{asked} times in a day");
    rig.router.0.lock().unwrap().refuses = false;
    assert_eq!(rig.told().await, Some(outside(1)));
}

#[tokio::test(start_paused = true)]
async fn a_port_that_is_not_renewed_is_not_told_any_more_and_another_is_asked_for() {
    let mut rig = Rig::new();
    rig.wish(true, 0);
    assert_eq!(rig.told().await, Some(outside(1)));
    rig.router.0.lock().unwrap().refuses = true;
    assert_eq!(rig.told().await, None);
    rig.until(|(_, closed)| *closed == [outside(1)]).await;
    rig.router.0.lock().unwrap().refuses = false;
    assert_eq!(rig.told().await, Some(outside(2)));
}

#[tokio::test(start_paused = true)]
async fn another_network_another_port_and_none_where_the_owner_wants_none() {
    let mut rig = Rig::new();
    rig.wish(true, 0);
    assert_eq!(rig.told().await, Some(outside(1)));
    rig.wish(true, 1);
    assert_eq!(rig.told().await, None);
    assert_eq!(rig.told().await, Some(outside(2)));
    rig.wishes.send_modify(|wish| wish.to = None);
    assert_eq!(rig.told().await, None);
    rig.until(|(_, closed)| *closed == [outside(1), outside(2)]).await;
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_ends_gives_back_even_what_it_has_only_asked_for() {
    let rig = Rig::new();
    rig.router.0.lock().unwrap().slow = true;
    rig.wish(true, 0);
    rig.until(|(asked, _)| !asked.is_empty()).await;
    rig.stop.cancel();
    rig.router.1.add_permits(1);
    rig.tracker.close();
    rig.tracker.wait().await;
    assert_eq!(rig.seen(), (vec![inside()], vec![outside(1)]));
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_ends_does_not_wait_long_for_a_router() {
    let rig = Rig::new();
    rig.router.0.lock().unwrap().slow = true;
    rig.wish(true, 0);
    rig.until(|(asked, _)| !asked.is_empty()).await;
    let began = tokio::time::Instant::now();
    rig.stop.cancel();
    rig.worker.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

/// A worker and its router.
struct Rig {
    router: FakeRouter,
    wishes: watch::Sender<Wish>,
    newsbox: mpsc::Receiver<News>,
    tracker: TaskTracker,
    stop: CancellationToken,
    worker: JoinHandle<()>,
}

impl Rig {
    fn new() -> Self {
        let router = FakeRouter(Arc::default(), Arc::new(Semaphore::new(0)));
        let (wishes, watching) = watch::channel(Wish::default());
        let (news, newsbox) = mpsc::channel(8);
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let holding = hold(router.clone(), watching, news, tracker.clone(), stop.clone());
        let worker = tracker.spawn(holding);
        Self { router, wishes, newsbox, tracker, stop, worker }
    }

    fn wish(&self, busy: bool, moves: u64) {
        self.wishes.send_replace(Wish { to: Some(inside()), busy, moves });
    }

    /// What the core is told next.
    async fn told(&mut self) -> Option<SocketAddr> {
        match self.newsbox.recv().await {
            Some(News::Mapped(address)) => address,
            other => panic!("{other:?}"),
        }
    }

    /// What was asked for, and what was given back.
    fn seen(&self) -> (Vec<SocketAddr>, Vec<SocketAddr>) {
        let state = self.router.0.lock().unwrap();
        (state.asked.clone(), state.closed.clone())
    }

    fn renewed(&self) -> usize {
        self.router.0.lock().unwrap().renewed
    }

    async fn until(&self, wanted: impl Fn(&(Vec<SocketAddr>, Vec<SocketAddr>)) -> bool) {
        while !wanted(&self.seen()) {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

#[derive(Clone, Debug)]
struct FakeRouter(Arc<Mutex<State>>, Arc<Semaphore>);

#[derive(Debug, Default)]
struct State {
    refuses: bool,
    /// Whether it answers only when it is let to.
    slow: bool,
    asked: Vec<SocketAddr>,
    renewed: usize,
    closed: Vec<SocketAddr>,
    ports: u16,
}

impl Router for FakeRouter {
    type Grip = ();

    async fn map(self, to: SocketAddr) -> Result<Mapping<()>, MapError> {
        self.0.lock().unwrap().asked.push(to);
        let slow = self.0.lock().unwrap().slow;
        if slow {
            self.1.acquire().await.unwrap().forget();
        }
        let mut state = self.0.lock().unwrap();
        if state.refuses {
            return Err(MapError::NoRouter);
        }
        state.ports += 1;
        Ok(Mapping { address: outside(state.ports), lasts: LASTS, grip: () })
    }

    async fn renew(&self, _: &mut Mapping<()>) -> Result<(), MapError> {
        let mut state = self.0.lock().unwrap();
        state.renewed += 1;
        if state.refuses { Err(MapError::NoRouter) } else { Ok(()) }
    }

    async fn release(&self, mapping: Mapping<()>) {
        self.0.lock().unwrap().closed.push(mapping.address);
    }
}

fn inside() -> SocketAddr {
    "0.0.0.0:7441".parse().unwrap()
}

fn outside(port: u16) -> SocketAddr {
    SocketAddr::from(([11, 213, 1, 2], port))
}

const LASTS: Duration = Duration::from_secs(600);
