//! How much each person has stored, and may store.
//!
//! The database counts it when it is first needed and now and then again; in between it is kept in memory, so that no
//! question waits for it. That is not exact to the byte: who was not counted yet since the server started may ask while that
//! is being done, an answer counts when it ends, and what other instances store is known with the next count. An answer
//! that has begun is never cut off for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use uuid::Uuid;

use crate::config::StorageLimits;
use crate::db::Db;
use crate::entity::stored::{self, Amount};
use crate::error::{Error, Full, Result};

/// How long a count is good for.
const GOOD_FOR: Duration = Duration::from_secs(600);
/// How many people are remembered. Whoever is forgotten is counted anew.
const REMEMBERED: u64 = 65_536;
/// How many are counted at once: one of the connections that read from SQLite.
const AT_ONCE: usize = 1;

/// What people have stored.
#[derive(Debug)]
pub struct Storage {
    db: Db,
    most: RwLock<StorageLimits>,
    people: Cache<Uuid, Arc<Person>>,
    counting: Semaphore,
}

#[derive(Debug, Default)]
struct Person {
    known: Mutex<Known>,
    /// Held while the database counts.
    counting: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    /// What there is; nothing before the first count.
    amount: Option<Amount>,
    counted_at: Option<Instant>,
    /// What has been taken and is not stored yet, so that a count may not find it.
    pending: Amount,
    /// What a count that is under way may not find.
    meanwhile: Option<Amount>,
}

/// Room that was taken. Without [`Room::keep`] it is given back.
#[derive(Debug)]
pub struct Room {
    person: Arc<Person>,
    taken: Amount,
}

impl Storage {
    /// Nobody is counted yet.
    pub fn new(db: Db, most: StorageLimits) -> Arc<Self> {
        let people = Cache::builder().max_capacity(REMEMBERED).eviction_policy(EvictionPolicy::lru()).build();
        Arc::new(Self { db, most: RwLock::new(most), people, counting: Semaphore::new(AT_ONCE) })
    }

    /// Other limits from now on. What is stored stays.
    pub fn set(&self, most: StorageLimits) {
        *self.most.write().unwrap_or_else(PoisonError::into_inner) = most;
    }

    /// The limits.
    pub fn most(&self) -> StorageLimits {
        *self.most.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes room for so many bytes. Who is not counted yet is counted meanwhile, and has room; only where there is none by
    /// what was counted a while ago is it waited for a new count.
    pub async fn room_for_turn(self: &Arc<Self>, owner_id: Uuid, bytes: usize) -> Result<Room> {
        match self.room_at_once(owner_id, bytes) {
            Ok(room) => Ok(room),
            Err(refusal) => self.count_and_take(owner_id, text(bytes), refusal).await,
        }
    }

    /// The same, and waits for nothing: a new count comes too late for this, and in time for the next.
    pub fn room_at_once(self: &Arc<Self>, owner_id: Uuid, bytes: usize) -> Result<Room> {
        let person = self.person(owner_id);
        let room = self.take(Arc::clone(&person), text(bytes));
        if self.most().per_person.is_some() && person.known().is_old() && !person.is_being_counted() {
            let storage = Arc::clone(self);
            tokio::spawn(async move {
                if let Err(error) = storage.count(&person, owner_id).await {
                    tracing::warn!(%error, "what a person has stored could not be counted; trying again with their next question");
                }
            });
        }
        room
    }

    /// Takes room for so much, once it is known how much there is.
    pub async fn room(&self, owner_id: Uuid, taken: Amount) -> Result<Room> {
        let person = self.person(owner_id);
        let most = self.most();
        let is_known = person.known().amount.is_some();
        if !is_known && (most.per_person.is_some() || most.conversations.is_some()) {
            self.count(&person, owner_id).await?;
        }
        match self.take(person, taken) {
            Ok(room) => Ok(room),
            Err(refusal) => self.count_and_take(owner_id, taken, refusal).await,
        }
    }

    /// Tries once more with a new count, where the one by which there was no room is old: meanwhile other instances may have
    /// deleted something.
    async fn count_and_take(&self, owner_id: Uuid, taken: Amount, refusal: Error) -> Result<Room> {
        let person = self.person(owner_id);
        let is_old = person.known().is_old();
        if !is_old {
            return Err(refusal);
        }
        self.count(&person, owner_id).await?;
        self.take(person, taken)
    }

    /// What a person has stored.
    pub async fn used(&self, owner_id: Uuid) -> Result<Amount> {
        let person = self.person(owner_id);
        self.count(&person, owner_id).await
    }

    /// Notes what was stored in room that nobody had taken, or is gone where it is less than nothing.
    pub fn note(&self, owner_id: Uuid, change: Amount) {
        if let Some(person) = self.people.get(&owner_id) {
            person.known().add(change);
        }
    }

    /// Forgets a person who is gone.
    pub fn forget(&self, owner_id: Uuid) {
        self.people.invalidate(&owner_id);
    }

    fn person(&self, owner_id: Uuid) -> Arc<Person> {
        self.people.get_with(owner_id, Arc::default)
    }

    fn take(&self, person: Arc<Person>, taken: Amount) -> Result<Room> {
        let most = self.most();
        let mut known = person.known();
        if let Some(amount) = known.amount {
            let is_beyond = |most: Option<usize>, there: i64, more: i64| {
                most.is_some_and(|most| there.saturating_add(more) > i64::try_from(most).unwrap_or(i64::MAX))
            };
            if is_beyond(most.conversations, amount.conversations, taken.conversations) && taken.conversations > 0 {
                return Err(Full::Conversations { most: most.conversations.unwrap_or_default() }.into());
            }
            // What has no length yet, as an answer, needs some room too.
            if is_beyond(most.per_person, amount.bytes, taken.bytes.max(1)) {
                return Err(Full::Storage { most: most.per_person.unwrap_or_default() }.into());
            }
        }
        known.add(taken);
        known.pending += taken;
        drop(known);
        Ok(Room { person, taken })
    }

    /// Has the database count, unless what it counted before is still good.
    async fn count(&self, person: &Person, owner_id: Uuid) -> Result<Amount> {
        let _counting = person.counting.lock().await;
        {
            let mut known = person.known();
            if let (Some(amount), false) = (known.amount, known.is_old()) {
                return Ok(amount);
            }
            known.meanwhile = Some(known.pending);
        }
        let _place = self.counting.acquire().await.map_err(|error| Error::Internal(error.into()))?;
        let counted = stored::by(self.db.reader(), owner_id).await;
        let mut known = person.known();
        let meanwhile = known.meanwhile.take().unwrap_or_default();
        let mut amount = counted?;
        amount += meanwhile;
        known.amount = Some(amount);
        known.counted_at = Some(Instant::now());
        Ok(amount)
    }
}

fn text(bytes: usize) -> Amount {
    Amount { bytes: bytes as i64, conversations: 0 }
}

impl Person {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_being_counted(&self) -> bool {
        self.counting.try_lock().is_err()
    }
}

impl Known {
    /// Whether it is time to count.
    fn is_old(&self) -> bool {
        self.counted_at.is_none_or(|at| at.elapsed() >= GOOD_FOR)
    }

    fn add(&mut self, change: Amount) {
        for amount in [&mut self.amount, &mut self.meanwhile].into_iter().flatten() {
            *amount += change;
        }
    }
}

impl Room {
    /// What it was taken for is stored.
    pub fn keep(mut self) {
        let taken = std::mem::take(&mut self.taken);
        self.person.known().pending += -taken;
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut known = self.person.known();
        known.pending += -self.taken;
        known.add(-self.taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::config::{Data, Database};
    use crate::db::schema;

    #[tokio::test]
    async fn what_others_have_deleted_is_room_once_the_count_is_old() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(dir.path().join("loquat.db"));
        let db = Db::open(&Data { dir: dir.path().to_owned(), database }).await.unwrap();
        schema::up(&db).await.unwrap();
        let storage = Storage::new(db, StorageLimits { per_person: Some(1000), ..StorageLimits::default() });
        // In the database there is nothing of them, by now.
        let full = |counted_at| {
            let owner_id = clock::id();
            let person = storage.person(owner_id);
            *person.known() = Known { amount: Some(text(1000)), counted_at, ..Known::default() };
            owner_id
        };
        let (just_now, long_ago) = (Some(Instant::now()), None);
        for owner_id in [full(just_now), full(just_now)] {
            assert!(
                storage.room_for_turn(owner_id, 1).await.is_err() && storage.room(owner_id, text(1)).await.is_err()
            );
            assert!(storage.room_at_once(owner_id, 1).is_err());
        }
        assert!(storage.room_for_turn(full(long_ago), 1).await.is_ok());
        assert!(storage.room(full(long_ago), text(1)).await.is_ok());
        assert!(storage.room_for_turn(full(long_ago), 1001).await.is_err());
        let owner_id = full(long_ago);
        assert!(storage.room_at_once(owner_id, 1).is_err());
        // It is counted meanwhile.
        assert_eq!(storage.used(owner_id).await.unwrap(), text(0));
        assert!(storage.room_at_once(owner_id, 1).is_ok());
    }
}
