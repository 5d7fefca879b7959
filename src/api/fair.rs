//! What one person's requests may take of this machine at once: whoever asks for much, or takes nothing of what they asked
//! for, is in nobody's way but their own.
//!
//! Requests wait for a place, which costs next to nothing, before anything is looked up for them. Nothing waits while it holds
//! something that others need.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use uuid::Uuid;

use crate::error::{Error, Result};

/// How many bytes of answers may wait for one person to take them before further requests of theirs wait.
const MOST_UNTAKEN: usize = 32 * 1024 * 1024;
/// … and for all people together.
const MOST_UNTAKEN_IN_ALL: usize = 512 * 1024 * 1024;
/// From how many bytes on an answer counts: shorter ones disappear in the buffers of their connections.
const COUNTED: usize = 16 * 1024;
/// How many files of everything one person may be taking.
const MOST_EXPORTS: usize = 2;
/// How many large bodies of one person may be arriving …
const MOST_ARRIVING: usize = 4;
/// … of all together …
const MOST_ARRIVING_IN_ALL: usize = 64;
/// … and of all who are not known, who have no need of large ones.
const MOST_ARRIVING_OF_STRANGERS: usize = 16;
/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The shares of everybody who is asking for something at this moment.
#[derive(Debug)]
pub(super) struct Fair {
    /// How many requests of one person are answered at once. Without a number nobody waits.
    most: Option<usize>,
    /// How long a request waits for its turn.
    patience: Duration,
    people: Mutex<HashMap<Uuid, Weak<Share>>>,
    arriving: Arc<Semaphore>,
    arriving_of_strangers: Arc<Semaphore>,
    untaken: Untaken,
}

/// What one person has.
#[derive(Debug)]
struct Share {
    fair: Arc<Fair>,
    person: Uuid,
    answering: Arc<Semaphore>,
    arriving: Arc<Semaphore>,
    exports: Arc<Semaphore>,
    untaken: Untaken,
}

/// A request's place among those of its person that are answered, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    share: Arc<Share>,
    _answering: OwnedSemaphorePermit,
}

/// A place among large bodies that arrive, until it is dropped.
#[derive(Debug)]
pub(super) struct Arrival {
    _share: Option<Arc<Share>>,
    _permits: Vec<OwnedSemaphorePermit>,
}

/// A place among the exports of a person, until it is dropped.
#[derive(Debug)]
pub(super) struct Exporting {
    _share: Arc<Share>,
    _permit: OwnedSemaphorePermit,
}

impl Fair {
    /// Nobody asks for anything yet.
    pub(super) fn new(most: Option<usize>) -> Arc<Self> {
        Arc::new(Self {
            most,
            patience: PATIENCE,
            people: Mutex::default(),
            arriving: Arc::new(Semaphore::new(MOST_ARRIVING_IN_ALL)),
            arriving_of_strangers: Arc::new(Semaphore::new(MOST_ARRIVING_OF_STRANGERS)),
            untaken: Untaken::default(),
        })
    }

    /// Waits until it is a request's turn, and until its person has taken enough of the answers to earlier ones.
    pub(super) async fn enter(self: &Arc<Self>, person: Uuid) -> Result<Place> {
        let share = self.share(person);
        let own = async {
            let answering = acquire(&share.answering).await?;
            share.untaken.at_most(self.most.map(|_| MOST_UNTAKEN)).await;
            Ok::<_, Error>(answering)
        };
        let answering = timeout(self.patience, own).await.map_err(|_| Error::TooManyRequests)??;
        timeout(self.patience, self.untaken.at_most(self.most.map(|_| MOST_UNTAKEN_IN_ALL)))
            .await
            .map_err(|_| busy())?;
        Ok(Place { share, _answering: answering })
    }

    /// Waits until a large body of somebody who is not known may arrive.
    pub(super) async fn expect_of_stranger(&self) -> Result<Arrival> {
        let place = timeout(self.patience, acquire(&self.arriving_of_strangers)).await;
        Ok(Arrival { _share: None, _permits: vec![place.map_err(|_| Error::TooManyRequests)??] })
    }

    /// Waits until a large body may arrive.
    pub(super) async fn expect(self: &Arc<Self>, person: Uuid) -> Result<Arrival> {
        let share = self.share(person);
        let own = timeout(self.patience, acquire(&share.arriving)).await.map_err(|_| Error::TooManyRequests)??;
        let of_all = timeout(self.patience, acquire(&self.arriving)).await.map_err(|_| busy())??;
        Ok(Arrival { _share: Some(share), _permits: vec![own, of_all] })
    }

    fn share(self: &Arc<Self>, person: Uuid) -> Arc<Share> {
        let mut people = self.people();
        if let Some(share) = people.get(&person).and_then(Weak::upgrade) {
            return share;
        }
        let semaphore = |most: usize| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        let share = Arc::new(Share {
            fair: Arc::clone(self),
            person,
            answering: semaphore(self.most.unwrap_or(Semaphore::MAX_PERMITS)),
            arriving: semaphore(MOST_ARRIVING),
            exports: semaphore(MOST_EXPORTS),
            untaken: Untaken::default(),
        });
        people.insert(person, Arc::downgrade(&share));
        share
    }

    fn people(&self) -> MutexGuard<'_, HashMap<Uuid, Weak<Share>>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The same bytes, counted until they are dropped: when all of them have been handed to the network.
    pub(super) fn count(&self, bytes: Bytes) -> Bytes {
        if bytes.len() < COUNTED {
            return bytes;
        }
        self.share.untaken.add(bytes.len());
        self.share.fair.untaken.add(bytes.len());
        Bytes::from_owner(Counted { bytes, share: Arc::clone(&self.share) })
    }

    /// A place for one more export.
    pub(super) fn export(&self) -> Result<Exporting> {
        let permit = Arc::clone(&self.share.exports).try_acquire_owned();
        let permit = permit.map_err(|_| Error::TooManyExports { most: MOST_EXPORTS })?;
        Ok(Exporting { _share: Arc::clone(&self.share), _permit: permit })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut people = self.fair.people();
        // Somebody may have come back in this very moment, and then has another share.
        if people.get(&self.person).is_some_and(|share| share.strong_count() == 0) {
            people.remove(&self.person);
        }
    }
}

/// Bytes that wait to be taken.
#[derive(Debug, Default)]
struct Untaken {
    bytes: AtomicUsize,
    fewer: Notify,
}

impl Untaken {
    fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn subtract(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.fewer.notify_waiters();
    }

    /// Waits until there are no more than so many.
    async fn at_most(&self, most: Option<usize>) {
        let Some(most) = most else { return };
        loop {
            // Before the look, so that nothing is missed between it and the wait.
            let fewer = self.fewer.notified();
            if self.bytes.load(Ordering::Relaxed) <= most {
                return;
            }
            fewer.await;
        }
    }
}

struct Counted {
    bytes: Bytes,
    share: Arc<Share>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.share.untaken.subtract(self.bytes.len());
        self.share.fair.untaken.subtract(self.bytes.len());
    }
}

async fn acquire(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit> {
    Arc::clone(places).acquire_owned().await.map_err(|closed| Error::Internal(closed.into()))
}

fn busy() -> Error {
    Error::Busy { retry_after: Duration::from_secs(5) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    /// With little time to wait.
    fn fair(most: Option<usize>) -> Arc<Fair> {
        let mut fair = Fair::new(most);
        Arc::get_mut(&mut fair).unwrap().patience = Duration::from_millis(50);
        fair
    }

    /// How something is refused that is waited for.
    async fn refused<T>(wanted: impl Future<Output = Result<T>>) -> Option<u16> {
        wanted.await.err().map(|error| error.status())
    }

    #[tokio::test]
    async fn a_request_waits_for_those_of_its_person_and_for_nobody_elses() {
        let fair = fair(Some(2));
        let (one, other) = (clock::id(), clock::id());
        let held = [fair.enter(one).await.unwrap(), fair.enter(one).await.unwrap()];
        assert_eq!((refused(fair.enter(one)).await, refused(fair.enter(other)).await), (Some(429), None));
        let (entered, ()) = tokio::join!(fair.enter(one), async { drop(held) });
        drop(entered);
        assert!(fair.people().is_empty());
    }

    #[tokio::test]
    async fn what_is_not_taken_counts_until_it_is() {
        let fair = fair(Some(2));
        let (one, other) = (clock::id(), clock::id());
        let place = fair.enter(one).await.unwrap();
        let (short, large) =
            (place.count(Bytes::from(vec![0; COUNTED - 1])), place.count(Bytes::from(vec![0; COUNTED])));
        let most = place.count(Bytes::from(vec![0; MOST_UNTAKEN - COUNTED]));
        drop(place);
        drop(fair.enter(one).await.unwrap());
        let one_more = fair.enter(one).await.unwrap().count(Bytes::from(vec![0; COUNTED]));
        assert_eq!((refused(fair.enter(one)).await, refused(fair.enter(other)).await), (Some(429), None));
        // A part of it is all of it, until it goes too.
        let part = most.slice(1..2);
        drop(most);
        assert_eq!(refused(fair.enter(one)).await, Some(429));
        let (entered, ()) = tokio::join!(fair.enter(one), async { drop(part) });
        drop((entered, short, large, one_more));
        assert!(fair.people().is_empty());
        assert_eq!(fair.untaken.bytes.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn one_person_does_not_take_all_places_for_what_arrives() {
        let fair = fair(None);
        let one = clock::id();
        let mut arriving = Vec::new();
        for _ in 0..MOST_ARRIVING {
            arriving.push(fair.expect(one).await.unwrap());
        }
        assert_eq!(refused(fair.expect(one)).await, Some(429));
        for _ in MOST_ARRIVING..MOST_ARRIVING_IN_ALL {
            arriving.push(fair.expect(clock::id()).await.unwrap());
        }
        assert_eq!(refused(fair.expect(clock::id())).await, Some(503));
        let mut strange = Vec::new();
        for _ in 0..MOST_ARRIVING_OF_STRANGERS {
            strange.push(fair.expect_of_stranger().await.unwrap());
        }
        assert_eq!(refused(fair.expect_of_stranger()).await, Some(429));
        arriving.truncate(1);
        assert_eq!(refused(fair.expect(one)).await, None);
    }

    #[tokio::test]
    async fn without_a_number_nobody_waits() {
        let fair = fair(None);
        let one = clock::id();
        let mut held = Vec::new();
        for _ in 0..100 {
            let place = fair.enter(one).await.unwrap();
            held.push((place.count(Bytes::from(vec![0; MOST_UNTAKEN / 10])), place));
        }
        assert_eq!(held.len(), 100);
    }
}
