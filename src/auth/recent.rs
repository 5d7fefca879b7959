//! Who has just called, so that the next request of the same page need not ask the database again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use moka::sync::Cache;
use tokio::sync::Notify;

use super::Caller;
use super::caller::Shown;
use crate::clock;

/// How long a session or key is believed without looking. What this process ends is ended at once; this is how long one
/// can outlive its row when another process, such as the command line, removes that.
const BELIEVED: Duration = Duration::from_secs(5);
/// How long it is remembered that a key was right.
const RIGHT_FOR: Duration = Duration::from_secs(24 * 3600);
/// How many sessions and keys are remembered.
const MOST: u64 = 10_000;

/// Sessions and keys that were looked up in the last seconds.
#[derive(Debug)]
pub(super) struct Recent {
    callers: Cache<Shown, Known>,
    /// Grows whenever somebody's session, key or account changes, and then nothing that was known before counts any more.
    age: AtomicU64,
    forgotten: Notify,
    /// Keys that were right within the last day. They are looked up like any other.
    right: Cache<Shown, ()>,
}

#[derive(Clone, Debug)]
struct Known {
    caller: Caller,
    expires_at: Option<DateTime<Utc>>,
    age: u64,
}

/// The moment before a look at the database: what it finds is only kept if nothing has changed since.
pub(super) struct Moment(u64);

impl Recent {
    pub(super) fn new() -> Self {
        let callers = Cache::builder().max_capacity(MOST).time_to_live(BELIEVED).build();
        let right = Cache::builder().max_capacity(MOST).time_to_idle(RIGHT_FOR).build();
        Self { callers, age: AtomicU64::new(0), forgotten: Notify::new(), right }
    }

    /// Whether a key was right when it was last shown, a while ago at most.
    pub(super) fn was_right(&self, shown: &Shown) -> bool {
        self.right.get(shown).is_some()
    }

    /// Remembers that a key was right.
    pub(super) fn is_right(&self, shown: Shown) {
        self.right.insert(shown, ());
    }

    /// Remembers no longer that a key was right.
    pub(super) fn is_wrong(&self, shown: &Shown) {
        self.right.invalidate(shown);
    }

    /// Who showed this, if that is known.
    pub(super) fn get(&self, shown: &Shown) -> Option<Caller> {
        let known = self.callers.get(shown)?;
        let has_ended = known.expires_at.is_some_and(|end| end <= clock::now());
        (known.age == self.moment().0 && !has_ended).then_some(known.caller)
    }

    /// The moment in which somebody begins to look.
    pub(super) fn moment(&self) -> Moment {
        Moment(self.age.load(Ordering::Acquire))
    }

    /// Remembers what a look found that began in that moment.
    pub(super) fn put(&self, moment: &Moment, shown: Shown, caller: Caller, expires_at: Option<DateTime<Utc>>) {
        self.callers.insert(shown, Known { caller, expires_at, age: moment.0 });
    }

    /// Forgets everybody, and has what is open for sessions and keys that have ended closed. Call it when a session, a key
    /// or an account has changed, after the commit.
    pub(super) fn forget(&self) {
        self.age.fetch_add(1, Ordering::Release);
        self.forgotten.notify_one();
    }

    /// Returns when everybody was forgotten since the last time that this returned. For one to wait.
    pub(super) async fn forgotten(&self) {
        self.forgotten.notified().await;
    }
}
