//! Ends what outlasts its request, such as streams and sockets, when its session or key ends.
//!
//! However many are open, one query looks after the sessions of all of them, and one after the keys: as soon as this
//! process has ended one or changed an account, and every few seconds for what other processes end, such as the command
//! line.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::DbErr;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::caller::Credential;
use super::recent::Recent;
use crate::clock;
use crate::db::Db;
use crate::entity::{api_key, session};

/// How many are looked for at once.
const AT_ONCE: usize = 500;

/// The sessions and keys for which something is open.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<HashMap<Credential, Open>>);

#[derive(Debug, Default)]
struct Open {
    held: usize,
    ended: CancellationToken,
}

/// Something that is open for a session or key. Keep it as long as that is.
#[derive(Debug)]
pub struct Held {
    watch: Arc<Watch>,
    credential: Credential,
    ended: CancellationToken,
}

impl Held {
    /// Whether the session or key has ended.
    pub fn has_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// Returns when the session or key has ended.
    pub async fn ended(self) {
        self.ended.cancelled().await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut open = self.watch.lock();
        let Some(known) = open.get_mut(&self.credential) else { return };
        known.held -= 1;
        if known.held == 0 {
            open.remove(&self.credential);
        }
    }
}

impl Watch {
    /// Begins to look after something that is open for a session or key.
    pub(super) fn hold(self: &Arc<Self>, credential: Credential) -> Held {
        let mut open = self.lock();
        let known = open.entry(credential).or_default();
        known.held += 1;
        Held { watch: Arc::clone(self), credential, ended: known.ended.clone() }
    }

    /// Looks after all that is open, until the server closes it by itself.
    pub(super) async fn run(self: Arc<Self>, recent: Arc<Recent>, db: Db, every: Duration, closing: CancellationToken) {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = closing.cancelled() => return,
                _ = ticks.tick() => {}
                () = recent.forgotten() => {}
            }
            self.look(&db).await;
        }
    }

    async fn look(&self, db: &Db) {
        let all: Vec<Credential> = self.lock().keys().copied().collect();
        for some in all.chunks(AT_ONCE) {
            match living(db, some).await {
                Ok(living) => some.iter().filter(|one| !living.contains(*one)).for_each(|one| self.end(*one)),
                // A database that cannot say ends none.
                Err(error) => return tracing::debug!(%error, "open streams could not be checked for their sessions"),
            }
        }
    }

    fn end(&self, credential: Credential) {
        // Not under the lock: whoever is woken may end its stream at once, in this task, and give back what it holds.
        let ended = self.lock().get(&credential).map(|open| open.ended.clone());
        if let Some(ended) = ended {
            ended.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Credential, Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which of these have not ended.
async fn living(db: &Db, all: &[Credential]) -> Result<HashSet<Credential>, DbErr> {
    let (sessions, keys) = Credential::apart(all);
    let now = clock::now();
    let mut living = HashSet::new();
    if !sessions.is_empty() {
        let ids = session::Entity::living_among(&sessions, now).into_tuple::<Uuid>().all(db.reader()).await?;
        living.extend(ids.into_iter().map(Credential::Session));
    }
    if !keys.is_empty() {
        let ids = api_key::Entity::living_among(&keys, now).into_tuple::<Uuid>().all(db.reader()).await?;
        living.extend(ids.into_iter().map(Credential::Key));
    }
    Ok(living)
}
