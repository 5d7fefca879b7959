//! Ends what outlasts its request, such as streams and sockets, when its session ends.
//!
//! However many are open, one query looks after the sessions of all of them: as soon as this process has ended a session
//! or changed an account, and every few seconds for what other processes end, such as the command line.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::recent::Recent;
use crate::clock;
use crate::db::Db;
use crate::entity::session;

/// How many sessions one query looks for.
const AT_ONCE: usize = 500;

/// The sessions for which something is open.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<HashMap<Uuid, Open>>);

#[derive(Debug, Default)]
struct Open {
    held: usize,
    ended: CancellationToken,
}

/// Something that is open for a session. Keep it as long as that is.
#[derive(Debug)]
pub struct Held {
    watch: Arc<Watch>,
    session_id: Uuid,
    ended: CancellationToken,
}

impl Held {
    /// Whether the session has ended.
    pub fn has_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// Returns when the session has ended.
    pub async fn ended(self) {
        self.ended.cancelled().await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut open = self.watch.lock();
        let Some(known) = open.get_mut(&self.session_id) else { return };
        known.held -= 1;
        if known.held == 0 {
            open.remove(&self.session_id);
        }
    }
}

impl Watch {
    /// Begins to look after something that is open for a session.
    pub(super) fn hold(self: &Arc<Self>, session_id: Uuid) -> Held {
        let mut open = self.lock();
        let known = open.entry(session_id).or_default();
        known.held += 1;
        Held { watch: Arc::clone(self), session_id, ended: known.ended.clone() }
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
        let all: Vec<Uuid> = self.lock().keys().copied().collect();
        for some in all.chunks(AT_ONCE) {
            let living = session::Entity::living_among(some, clock::now()).into_tuple::<Uuid>().all(db.reader()).await;
            match living {
                Ok(living) => some.iter().filter(|id| !living.contains(id)).for_each(|id| self.end(*id)),
                // A database that cannot say ends none.
                Err(error) => return tracing::debug!(%error, "open streams could not be checked for their sessions"),
            }
        }
    }

    fn end(&self, session_id: Uuid) {
        // Not under the lock: whoever is woken may end its stream at once, in this task, and give back what it holds.
        let ended = self.lock().get(&session_id).map(|open| open.ended.clone());
        if let Some(ended) = ended {
            ended.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
