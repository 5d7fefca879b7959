//! Conversations as this process saw them last, so that a question need not wait until its conversation is read again.
//!
//! What is kept may be out of date. So it is only a guess, which holds if the turn is stored: that happens only where the
//! conversation is still as it was seen. Otherwise it is read.
//!
//! Of what was said in them, only what cannot change any more is kept: a message that has been replied to is final, for an
//! answer can be continued only while nothing follows it.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use uuid::Uuid;

use crate::entity::message::{self, Reach};
use crate::entity::project::{self, Counted};

/// The most that is kept of conversations, in bytes.
const MOST: u64 = 8 * 1024 * 1024;
/// The most that is kept of what was said in them, in bytes.
const MOST_SAID: u64 = 24 * 1024 * 1024;
/// How long a conversation in which nothing is asked is kept.
const KEPT: Duration = Duration::from_secs(60 * 60);
/// What a conversation, or a message, costs beside its texts, in bytes.
const OVERHEAD: usize = 512;

/// A branch of a conversation, newest message first, as models are told it.
pub type Branch = Vec<Arc<message::Model>>;

/// Conversations by their ids.
#[derive(Clone, Debug)]
pub struct Seen {
    conversations: Cache<Uuid, Counted>,
    /// The branch that was shown last, up to a question that is being answered, or was.
    branches: Cache<Uuid, Arc<Branch>>,
}

impl Default for Seen {
    fn default() -> Self {
        let weigh = |_: &Uuid, seen: &Counted| u32::try_from(weight(&seen.project)).unwrap_or(u32::MAX);
        let conversations = Cache::builder().weigher(weigh).max_capacity(MOST).time_to_idle(KEPT);
        let weigh = |_: &Uuid, branch: &Arc<Branch>| u32::try_from(weight_of(branch)).unwrap_or(u32::MAX);
        let branches = Cache::builder().weigher(weigh).max_capacity(MOST_SAID).time_to_idle(KEPT);
        Self {
            conversations: conversations.support_invalidation_closures().build(),
            branches: branches.support_invalidation_closures().build(),
        }
    }
}

impl Seen {
    /// A conversation of this person's, if it was seen.
    pub fn get(&self, owner_id: Uuid, id: Uuid) -> Option<Counted> {
        self.conversations.get(&id).filter(|seen| seen.project.owner_id == owner_id)
    }

    /// Notes what a conversation is now.
    pub fn note(&self, seen: Counted) {
        self.conversations.insert(seen.project.id, seen);
    }

    /// The branch that ends in a question of a conversation, if it was seen.
    pub fn branch_to(&self, project_id: Uuid, question_id: Uuid) -> Option<Arc<Branch>> {
        self.branches.get(&project_id).filter(|branch| branch.first().is_some_and(|newest| newest.id == question_id))
    }

    /// Notes the branch that ends in a question which has been replied to. One that ends in an answer may change.
    pub fn note_branch(&self, project_id: Uuid, branch: Arc<Branch>) {
        if branch.first().is_some_and(|newest| newest.role == message::Role::User) {
            self.branches.insert(project_id, branch);
        }
    }

    /// Forgets one that is gone, or not as it was seen.
    pub fn forget(&self, id: Uuid) {
        self.conversations.invalidate(&id);
        self.branches.invalidate(&id);
    }

    /// Forgets those of a person who was deleted.
    pub fn forget_owner(&self, owner_id: Uuid) {
        // Refused only where closures are not supported, which they are.
        let _ = self.conversations.invalidate_entries_if(move |_, seen| seen.project.owner_id == owner_id);
        let is_theirs = move |message: &Arc<message::Model>| message.owner_id == owner_id;
        let _ = self.branches.invalidate_entries_if(move |_, branch| branch.first().is_some_and(is_theirs));
    }
}

/// A message as it is kept, and told to models: without what was thought, which no model is sent again.
pub fn told(message: message::Model) -> Arc<message::Model> {
    Arc::new(message::Model { reasoning: None, layout: None, ..message })
}

/// A branch as far as it would be read, whatever was added to it since. Its newest message always stays.
pub fn within(mut branch: Branch, reach: Reach) -> Branch {
    let mut bytes = 0;
    let fits = |message: &&Arc<message::Model>| {
        bytes += message.content.len();
        bytes <= reach.bytes
    };
    let fitting = branch.iter().take(reach.messages as usize).take_while(fits).count();
    branch.truncate(fitting.max(1));
    branch
}

fn weight_of(branch: &Branch) -> usize {
    let texts = |message: &message::Model| message.content.len() + message.attachments.as_ref().map_or(0, String::len);
    branch.iter().map(|message| OVERHEAD + texts(message)).sum()
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

    fn question(owner_id: Uuid, content: String) -> Arc<message::Model> {
        let blank = message::Model::blank(clock::id(), clock::id(), owner_id);
        told(message::Model { content, reasoning: Some("dropped".to_owned()), ..blank })
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
    fn a_branch_is_found_by_its_last_question_until_it_is_forgotten() {
        let (seen, ada, ben) = (Seen::default(), clock::id(), clock::id());
        let (of_ada, of_ben) = (clock::id(), clock::id());
        let [hers, his] = [ada, ben].map(|owner| question(owner, "hi".to_owned()));
        seen.note_branch(of_ada, Arc::new(vec![Arc::clone(&hers)]));
        seen.note_branch(of_ben, Arc::new(vec![Arc::clone(&his)]));
        assert!(seen.branch_to(of_ada, hers.id).is_some() && seen.branch_to(of_ada, his.id).is_none());
        seen.forget_owner(ada);
        assert!(seen.branch_to(of_ada, hers.id).is_none() && seen.branch_to(of_ben, his.id).is_some());
        seen.forget(of_ben);
        assert!(seen.branch_to(of_ben, his.id).is_none());
        let answer = message::Model { role: message::Role::Assistant, ..(*hers).clone() };
        seen.note_branch(of_ada, Arc::new(vec![told(answer), hers]));
        assert!(seen.branches.get(&of_ada).is_none(), "it may go on yet");
    }

    #[test]
    fn a_branch_is_cut_where_reading_it_would_end() {
        let branch: Branch = (1..=5).map(|_| question(clock::id(), "four".to_owned())).collect();
        for (messages, bytes, expected) in [(9, 99, 5), (3, 99, 3), (9, 12, 3), (9, 15, 3), (9, 4, 1), (9, 3, 1)] {
            assert_eq!(within(branch.clone(), Reach { messages, bytes }).len(), expected, "{messages} {bytes}");
        }
    }

    #[test]
    fn however_many_are_seen_the_memory_is_bounded() {
        let (seen, ada) = (Seen::default(), clock::id());
        for _ in 0..200 {
            seen.note(conversation(ada, "x".repeat(100_000)));
        }
        seen.conversations.run_pending_tasks();
        let count = seen.conversations.entry_count();
        assert!((1..=MOST / 100_000).contains(&count), "{count}");
        for _ in 0..100 {
            seen.note_branch(clock::id(), Arc::new(vec![question(ada, "x".repeat(1_000_000))]));
        }
        seen.branches.run_pending_tasks();
        let count = seen.branches.entry_count();
        assert!((1..=MOST_SAID / 1_000_000).contains(&count), "{count}");
    }
}
