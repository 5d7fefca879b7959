//! How much and how often a person may ask, which can change while the server runs.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use uuid::Uuid;

use crate::config::Limits;
use crate::pace::{Counted, Pace, Standing};

/// Within which time questions are counted.
const MINUTE: Duration = Duration::from_secs(60);

/// What holds at the moment.
#[derive(Debug)]
pub(super) struct Allowance(RwLock<Now>);

#[derive(Debug)]
struct Now {
    turns_per_minute: Option<usize>,
    pace: Arc<Pace<Uuid>>,
    /// Of names that models are asked for: as many, and counted apart, so that a name costs nobody a question.
    names: Arc<Pace<Uuid>>,
    longest_question: Option<usize>,
}

impl Allowance {
    pub(super) fn new(limits: &Limits) -> Self {
        Self(RwLock::new(Now {
            turns_per_minute: limits.turns_per_minute,
            pace: pace(limits),
            names: pace(limits),
            longest_question: limits.message_bytes,
        }))
    }

    /// Holds from now on. Another pace knows nothing of what was asked before it.
    pub(super) fn set(&self, limits: &Limits) {
        let mut now = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if now.turns_per_minute != limits.turns_per_minute {
            now.turns_per_minute = limits.turns_per_minute;
            now.pace = pace(limits);
            now.names = pace(limits);
        }
        now.longest_question = limits.message_bytes;
    }

    /// Counts a question of somebody, or tells when the next is welcome.
    pub(super) fn take(&self, owner_id: Uuid) -> Result<Share, Standing> {
        let pace = Arc::clone(&self.now().pace);
        let standing = pace.take(&owner_id)?;
        Ok(Share { pace, owner_id, standing, kept: false })
    }

    /// Counts a name that somebody wants a model to think of, or tells when the next is welcome.
    pub(super) fn take_name(&self, owner_id: Uuid) -> Result<Option<Standing>, Standing> {
        let names = Arc::clone(&self.now().names);
        names.take(&owner_id)
    }

    /// How long a question may be, in bytes.
    pub(super) fn longest_question(&self) -> Option<usize> {
        self.now().longest_question
    }

    fn now(&self) -> std::sync::RwLockReadGuard<'_, Now> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a question takes of how often its person may ask. Given back when dropped: one that is refused does not count.
#[derive(Debug)]
pub(super) struct Share {
    pace: Arc<Pace<Uuid>>,
    owner_id: Uuid,
    standing: Option<Standing>,
    kept: bool,
}

impl Share {
    /// Lets it count, because the question is accepted, and tells how far its person is from their limit.
    pub(super) fn keep(mut self) -> Option<Standing> {
        self.kept = true;
        self.standing
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if !self.kept {
            self.pace.give_back(&self.owner_id);
        }
    }
}

fn pace(limits: &Limits) -> Arc<Pace<Uuid>> {
    Arc::new(Pace::new(Counted::Turns, limits.turns_per_minute, MINUTE))
}
