//! Threads of their own for hashing.
//!
//! A hash takes 19 MiB, which a thread keeps for the next one. On the runtime's many threads, which give it back, what their
//! allocators kept came to 360 MiB while somebody sent wrong passwords.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use crate::error::{Error, Result};

type Job = Box<dyn FnOnce() + Send>;

/// A few threads, started when there is something to do. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Workers {
    most: usize,
    jobs: OnceLock<Mutex<Sender<Job>>>,
}

impl Workers {
    pub(super) fn new(most: usize) -> Self {
        Self { most, jobs: OnceLock::new() }
    }

    /// Does something on one of them, as soon as one is free.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let (done, outcome) = oneshot::channel();
        let job: Job = Box::new(move || drop(done.send(work())));
        let sent = self.jobs.get_or_init(|| start(self.most)).lock().unwrap_or_else(PoisonError::into_inner).send(job);
        sent.map_err(|_| Error::Internal(anyhow::anyhow!("the threads that hash passwords are gone")))?;
        outcome.await.map_err(|_| Error::Internal(anyhow::anyhow!("hashing a password panicked")))
    }
}

fn start(most: usize) -> Mutex<Sender<Job>> {
    let (sender, jobs) = channel();
    let jobs = Arc::new(Mutex::new(jobs));
    for _ in 0..most {
        let jobs = Arc::clone(&jobs);
        if let Err(error) = thread::Builder::new().name("passwords".to_owned()).spawn(move || work(&jobs)) {
            tracing::error!(%error, "a thread for passwords could not be started");
        }
    }
    Mutex::new(sender)
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        // Nobody else can wait for the next one meanwhile, which is no loss: there is none.
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // It is told by the panic's own message, and by the sender that is gone.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[tokio::test]
    async fn work_is_done_on_few_threads_that_outlive_a_panic() {
        let fails = || -> () { panic!("as a test") };
        let workers = Workers::new(2);
        assert!(workers.run(fails).await.is_err_and(|error| error.status() == 500));
        assert!(workers.run(fails).await.is_err_and(|error| error.status() == 500));
        let all =
            futures_util::future::join_all((0..40).map(|n| workers.run(move || (n, thread::current().id())))).await;
        let (numbers, threads): (Vec<_>, HashSet<_>) = all.into_iter().map(Result::unwrap).unzip();
        assert_eq!(numbers, (0..40).collect::<Vec<_>>());
        assert!(threads.len() <= 2);
    }
}
