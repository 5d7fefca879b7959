//! The same request once at a time: whoever sends it again while it is being stored hears what became of it.
//!
//! Without that the second one would take a place of its own among the answers, and be refused for the first one's sake where
//! there is no other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use uuid::Uuid;

/// A person, and their own id of the request.
type Key = (Uuid, String);

/// The requests that are being stored. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests(Arc<Mutex<HashMap<Key, Arc<AsyncMutex<()>>>>>);

/// Nobody else does the same, until this is dropped.
#[derive(Debug)]
pub(super) struct Alone {
    requests: Requests,
    key: Key,
    lock: Option<Arc<AsyncMutex<()>>>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Requests {
    /// Waits until nobody else stores this request.
    pub(super) async fn alone(&self, owner_id: Uuid, request_id: &str) -> Alone {
        let key = (owner_id, request_id.to_owned());
        let lock = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_default());
        // Made before it waits, so that whoever gives up waiting leaves nothing behind either.
        let mut alone = Alone { requests: self.clone(), key, lock: Some(Arc::clone(&lock)), guard: None };
        alone.guard = Some(lock.lock_owned().await);
        alone
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let mut requests = self.requests.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop((self.guard.take(), self.lock.take()));
        if requests.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            requests.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::clock;

    #[tokio::test]
    async fn the_same_request_waits_and_others_do_not() {
        let (requests, ada, ben) = (Requests::default(), clock::id(), clock::id());
        let first = requests.alone(ada, "r").await;
        let mut second = Box::pin(requests.alone(ada, "r"));
        let mut third = Box::pin(requests.alone(ada, "r"));
        assert!(second.as_mut().now_or_never().is_none() && third.as_mut().now_or_never().is_none());
        assert!(requests.alone(ada, "s").now_or_never().is_some());
        assert!(requests.alone(ben, "r").now_or_never().is_some());
        drop(third);
        drop(first);
        drop(second.await);
        assert!(requests.0.lock().unwrap().is_empty());
    }
}
