//! When each session and key was last used: noted beside the requests, which neither wait for it nor fail by it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use sea_orm::DbErr;

use super::caller::Credential;
use crate::clock;
use crate::db::Db;
use crate::entity::{api_key, session, user};

/// How long one is not noted again. The statement holds to it as well, for those that were forgotten meanwhile.
const ONCE_IN: Duration = Duration::from_secs(60);
/// How many are remembered, and how many may wait to be noted; beyond that some are noted the next time.
const MOST: usize = 10_000;
/// How many are noted at once.
const AT_ONCE: usize = 500;

/// Who has been seen, and of whom that is still to be noted.
#[derive(Debug)]
pub(super) struct Seen {
    noted: Cache<Credential, ()>,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    used: HashSet<Credential>,
    /// Somebody is at it, and takes what comes meanwhile along.
    writing: bool,
}

impl Seen {
    pub(super) fn new() -> Self {
        let noted = Cache::builder().max_capacity(MOST as u64).time_to_live(ONCE_IN).build();
        Self { noted, waiting: Mutex::default() }
    }

    /// Remembers a session that has just begun, with which its first use is stored already.
    pub(super) fn begun(&self, session: Credential) {
        self.noted.insert(session, ());
    }

    /// Has it noted that one is being used, where that was not done within the last minute.
    pub(super) fn note(self: &Arc<Self>, db: &Db, used: Credential) {
        if self.noted.contains_key(&used) || !self.noted.entry(used).or_insert(()).is_fresh() {
            return;
        }
        let mut waiting = self.lock();
        if waiting.used.len() >= MOST {
            return;
        }
        waiting.used.insert(used);
        if !std::mem::replace(&mut waiting.writing, true) {
            let (seen, db) = (Arc::clone(self), db.clone());
            tokio::spawn(async move { while seen.write_some(&db).await {} });
        }
    }

    /// Notes some of those that wait; false when there are none.
    async fn write_some(&self, db: &Db) -> bool {
        let some: Vec<Credential> = {
            let mut waiting = self.lock();
            let some: Vec<Credential> = waiting.used.iter().take(AT_ONCE).copied().collect();
            for one in &some {
                waiting.used.remove(one);
            }
            waiting.writing = !some.is_empty();
            some
        };
        if some.is_empty() {
            return false;
        }
        if let Err(error) = write(db, &some).await {
            // The next use after a minute tries again.
            tracing::debug!(%error, "it could not be noted which sessions and keys are used");
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write(db: &Db, used: &[Credential]) -> Result<(), DbErr> {
    let now = clock::now();
    let (sessions, keys) = Credential::apart(used);
    let transaction = db.write().await?;
    user::Entity::note_seen(sessions.clone(), keys.clone(), now, now - ONCE_IN).exec(&transaction).await?;
    if !sessions.is_empty() {
        session::Entity::note_use(sessions, now, now - ONCE_IN).exec(&transaction).await?;
    }
    if !keys.is_empty() {
        api_key::Entity::note_use(keys, now, now - ONCE_IN).exec(&transaction).await?;
    }
    // Nobody misses it after a power cut.
    db.commit_unsynced(transaction).await
}
