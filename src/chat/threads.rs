//! The threads on which answers are written: one for two processors, and each answer stays on one of them.
//!
//! A word of a paced answer is a few microseconds of work. Moving it between threads, as the runtime that serves requests
//! does to share out long work, would cost as much again for the word.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;

/// Threads with a runtime each. They end when this is dropped everywhere.
#[derive(Clone, Debug)]
pub(super) struct Threads(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    runtimes: Vec<Handle>,
    next: AtomicUsize,
    _running: watch::Sender<()>,
}

impl Threads {
    /// Starts a thread for two processors. Where none can be started, answers share the runtime of the caller.
    pub(super) fn start() -> Self {
        let (running, ended) = watch::channel(());
        // The other half is for the network, the database and everybody's requests; fewer threads find more to do at once.
        let count = std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2);
        let mut runtimes: Vec<Handle> = (0..count).map_while(|_| start(ended.clone()).ok()).collect();
        if runtimes.is_empty() {
            tracing::warn!("no thread can be started for answers");
            runtimes.push(Handle::current());
        }
        Self(Arc::new(Inner { runtimes, next: AtomicUsize::new(0), _running: running }))
    }

    /// One of the threads, in turn.
    pub(super) fn next(&self) -> &Handle {
        let turn = self.0.next.fetch_add(1, Ordering::Relaxed);
        &self.0.runtimes[turn % self.0.runtimes.len()]
    }
}

fn start(mut ended: watch::Receiver<()>) -> std::io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let work = move || {
        // An error says that the other end is gone, and nothing is ever sent.
        let _ = runtime.block_on(ended.changed());
    };
    std::thread::Builder::new().name("answers".to_owned()).spawn(work)?;
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_runs_elsewhere() {
        let threads = Threads::start();
        let here = std::thread::current().id();
        assert_ne!(threads.next().spawn(async { std::thread::current().id() }).await.unwrap(), here);
    }

    #[tokio::test]
    async fn a_panic_ends_nothing_but_its_task() {
        let threads = Threads::start();
        for _ in 0..8 {
            assert!(threads.next().spawn(async { panic!("a canary") }).await.unwrap_err().is_panic());
        }
        assert_eq!(threads.next().spawn(async { 7 }).await.unwrap(), 7);
    }
}
