//! When each session was last used: noted beside the requests, which neither wait for it nor fail by it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use sea_orm::DbErr;
use uuid::Uuid;

use crate::clock;
use crate::db::Db;
use crate::entity::session;

/// How long a session is not noted again. The statement holds to it as well, for sessions that were forgotten meanwhile.
const ONCE_IN: Duration = Duration::from_secs(60);
/// How many sessions are remembered, and how many may wait to be noted; beyond that some are noted the next time.
const MOST: usize = 10_000;
/// How many sessions one statement notes.
const AT_ONCE: usize = 500;

/// Who has been seen, and of whom that is still to be noted.
#[derive(Debug)]
pub(super) struct Seen {
    noted: Cache<Uuid, ()>,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    sessions: HashSet<Uuid>,
    /// Somebody is at it, and takes what comes meanwhile along.
    writing: bool,
}

impl Seen {
    pub(super) fn new() -> Self {
        let noted = Cache::builder().max_capacity(MOST as u64).time_to_live(ONCE_IN).build();
        Self { noted, waiting: Mutex::default() }
    }

    /// Remembers a session that has just begun, with which its first use is stored already.
    pub(super) fn begun(&self, session_id: Uuid) {
        self.noted.insert(session_id, ());
    }

    /// Has it noted that a session is being used, where that was not done within the last minute.
    pub(super) fn note(self: &Arc<Self>, db: &Db, session_id: Uuid) {
        if self.noted.contains_key(&session_id) || !self.noted.entry(session_id).or_insert(()).is_fresh() {
            return;
        }
        let mut waiting = self.lock();
        if waiting.sessions.len() >= MOST {
            return;
        }
        waiting.sessions.insert(session_id);
        if !std::mem::replace(&mut waiting.writing, true) {
            let (seen, db) = (Arc::clone(self), db.clone());
            tokio::spawn(async move { while seen.write_some(&db).await {} });
        }
    }

    /// Notes some of those that wait; false when there are none.
    async fn write_some(&self, db: &Db) -> bool {
        let some: Vec<Uuid> = {
            let mut waiting = self.lock();
            let some: Vec<Uuid> = waiting.sessions.iter().take(AT_ONCE).copied().collect();
            for id in &some {
                waiting.sessions.remove(id);
            }
            waiting.writing = !some.is_empty();
            some
        };
        if some.is_empty() {
            return false;
        }
        if let Err(error) = write(db, some).await {
            // The next use after a minute tries again.
            tracing::debug!(%error, "it could not be noted which sessions are used");
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write(db: &Db, sessions: Vec<Uuid>) -> Result<(), DbErr> {
    let now = clock::now();
    let transaction = db.write().await?;
    session::Entity::note_use(sessions, now, now - ONCE_IN).exec(&transaction).await?;
    // Nobody misses it after a power cut.
    db.commit_unsynced(transaction).await
}
