//! How much and how often a person may ask, which can change while the server runs.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use uuid::Uuid;

use crate::config::Limits;
use crate::pace::{Counted, Pace};

/// Within which time questions are counted.
const MINUTE: Duration = Duration::from_secs(60);

/// What holds at the moment.
#[derive(Debug)]
pub(super) struct Allowance(RwLock<Now>);

#[derive(Debug)]
struct Now {
    turns_per_minute: Option<usize>,
    pace: Arc<Pace<Uuid>>,
    longest_question: Option<usize>,
}

impl Allowance {
    pub(super) fn new(limits: &Limits) -> Self {
        Self(RwLock::new(Now {
            turns_per_minute: limits.turns_per_minute,
            pace: pace(limits),
            longest_question: limits.message_bytes,
        }))
    }

    /// Holds from now on. Another pace knows nothing of what was asked before it.
    pub(super) fn set(&self, limits: &Limits) {
        let mut now = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if now.turns_per_minute != limits.turns_per_minute {
            now.turns_per_minute = limits.turns_per_minute;
            now.pace = pace(limits);
        }
        now.longest_question = limits.message_bytes;
    }

    /// How often somebody may ask.
    pub(super) fn pace(&self) -> Arc<Pace<Uuid>> {
        Arc::clone(&self.now().pace)
    }

    /// How long a question may be, in bytes.
    pub(super) fn longest_question(&self) -> Option<usize> {
        self.now().longest_question
    }

    fn now(&self) -> std::sync::RwLockReadGuard<'_, Now> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pace(limits: &Limits) -> Arc<Pace<Uuid>> {
    Arc::new(Pace::new(Counted::Turns, limits.turns_per_minute, MINUTE))
}
