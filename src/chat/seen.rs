//! Conversations as this process saw them last, so that a question need not wait until its conversation is read again.
//!
//! What is kept may be out of date. So it is only a guess, which holds if the turn is stored: that happens only where the
//! conversation is still as it was seen. Otherwise it is read.

use std::time::Duration;

use moka::sync::Cache;
use uuid::Uuid;

use crate::entity::project::{self, Counted};

/// The most that is kept, in bytes.
const MOST: u64 = 8 * 1024 * 1024;
/// How long a conversation in which nothing is asked is kept.
const KEPT: Duration = Duration::from_secs(60 * 60);
/// What a conversation costs beside its texts, in bytes.
const OVERHEAD: usize = 512;

/// Conversations by their ids.
#[derive(Clone, Debug)]
pub struct Seen(Cache<Uuid, Counted>);

impl Default for Seen {
    fn default() -> Self {
        let weigher = |_: &Uuid, seen: &Counted| u32::try_from(weight(&seen.project)).unwrap_or(u32::MAX);
        let seen = Cache::builder().weigher(weigher).max_capacity(MOST).time_to_idle(KEPT);
        Self(seen.support_invalidation_closures().build())
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

    /// Forgets one that is gone, or not as it was seen.
    pub fn forget(&self, id: Uuid) {
        self.0.invalidate(&id);
    }

    /// Forgets those of a person who was deleted.
    pub fn forget_owner(&self, owner_id: Uuid) {
        // Refused only where closures are not supported, which they are.
        let _ = self.0.invalidate_entries_if(move |_, seen| seen.project.owner_id == owner_id);
    }
}

fn weight(project: &project::Model) -> usize {
    let texts = [&project.model, &project.system_prompt, &project.parameters];
    OVERHEAD + project.name.len() + texts.into_iter().flatten().map(String::len).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::entity::project::NameSource;

    fn conversation(owner_id: Uuid, system_prompt: String) -> Counted {
        let now = clock::now();
        let project = project::Model {
            id: clock::id(),
            owner_id,
            name: "New conversation".to_owned(),
            name_source: NameSource::Default,
            model: None,
            system_prompt: Some(system_prompt),
            parameters: None,
            leaf_id: None,
            pinned: false,
            created_at: now,
            updated_at: now,
        };
        Counted { project, messages: 0 }
    }

    #[test]
    fn nobody_finds_what_is_of_others_or_of_somebody_who_is_gone() {
        let (seen, ada, ben) = (Seen::default(), clock::id(), clock::id());
        let conversations = [ada, ada, ben].map(|owner| conversation(owner, "Be brief.".to_owned()));
        let [first, second, his] = conversations.each_ref().map(|conversation| conversation.project.id);
        conversations.into_iter().for_each(|conversation| seen.note(conversation));
        assert!(seen.get(ada, first).is_some() && seen.get(ben, first).is_none());
        seen.forget(first);
        assert!(seen.get(ada, first).is_none() && seen.get(ada, second).is_some());
        seen.forget_owner(ada);
        assert!(seen.get(ada, second).is_none() && seen.get(ben, his).is_some());
    }

    #[test]
    fn however_many_are_seen_the_memory_is_bounded() {
        let (seen, ada) = (Seen::default(), clock::id());
        for _ in 0..200 {
            seen.note(conversation(ada, "x".repeat(100_000)));
        }
        seen.0.run_pending_tasks();
        assert!((1..=MOST / 100_000).contains(&seen.0.entry_count()), "{}", seen.0.entry_count());
    }
}
