//! What a test itself runs on a host of the laboratory.

use std::{io, sync::mpsc, thread::JoinHandle};

use anyhow::{Result, bail};
use tokio::{runtime, sync::oneshot};

use crate::net::on_host;

/// Begins work in a thread on a host, and waits until it stands: what it sends then comes back.
///
/// # Errors
/// When there is no such host, or the work fails before it stands.
pub(crate) fn begin<T: Send + 'static, R: Send + 'static>(
    host: &str,
    work: impl FnOnce(mpsc::Sender<T>) -> io::Result<R> + Send + 'static,
) -> Result<(JoinHandle<io::Result<R>>, T)> {
    let (stands, standing) = mpsc::channel();
    let working = on_host(host, move || work(stands))?;
    match standing.recv() {
        Ok(told) => Ok((working, told)),
        Err(mpsc::RecvError) => match working.join() {
            Ok(Err(error)) => Err(error.into()),
            Ok(Ok(_)) | Err(_) => bail!("what was begun on {host} did not come to stand"),
        },
    }
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Service {
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<io::Result<()>>>,
}

impl Service {
    /// Starts it on a host. Of what `bind` returns one is told here, and the other serves there.
    ///
    /// # Errors
    /// When there is no such host, or it cannot be bound there.
    pub(crate) fn on<T, S>(
        host: &str,
        bind: impl AsyncFnOnce() -> io::Result<(T, S)> + Send + 'static,
    ) -> Result<(Self, T)>
    where
        T: Send + 'static,
        S: Future<Output = ()>,
    {
        let (stop, stopped) = oneshot::channel();
        let (serving, told) = begin(host, move |stands| {
            // A host is entered by a thread, and its runtime has no other.
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let (told, serve) = bind().await?;
                stands.send(told).ok(); // it is waited for
                tokio::select! {
                    () = serve => {}
                    _ = stopped => {}
                }
                Ok(())
            })
        })?;
        Ok((Self { stop: Some(stop), serving: Some(serving) }, told))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok(); // it may be over already
        }
        if let Some(serving) = self.serving.take() {
            serving.join().ok();
        }
    }
}
