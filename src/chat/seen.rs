//! Conversations as this process saw them last, so that a question need not wait until its conversation is read again.
//!
//! What is kept may be out of date. So it is only a guess, which holds if the turn is stored: that happens only where the
//! conversation is still as it was seen. Otherwise it is read.

use moka::sync::Cache;
use uuid::Uuid;

use crate::entity::project::{self, Counted};

/// The most that is kept, in bytes.
const MOST: u64 = 8 * 1024 * 1024;
/// What a conversation costs beside its texts, in bytes.
const OVERHEAD: usize = 512;

/// Conversations by their ids.
#[derive(Clone, Debug)]
pub struct Seen(Cache<Uuid, Counted>);

impl Default for Seen {
    fn default() -> Self {
        let weigher = |_: &Uuid, seen: &Counted| u32::try_from(weight(&seen.project)).unwrap_or(u32::MAX);
        Self(Cache::builder().weigher(weigher).max_capacity(MOST).build())
    }
}

impl Seen {
    /// A conversation of this person's, if it was seen.
    pub fn get(&self, owner_id: Uuid, id: Uuid) -> Option<Counted> {
        self.0.get(&id).filter(|seen| seen.project.owner_id == owner_id)
    }

    /// Notes what a conversation is now.
    pub fn note(&self, seen: Counted) {
        self.0.insert(seen.project.id, seen);
    }

    /// Forgets one that is not as it was seen.
    pub fn forget(&self, id: Uuid) {
        self.0.invalidate(&id);
    }
}

fn weight(project: &project::Model) -> usize {
    let texts = [&project.model, &project.system_prompt, &project.parameters];
    OVERHEAD + project.name.len() + texts.into_iter().flatten().map(String::len).sum::<usize>()
}
