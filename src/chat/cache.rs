//! The prompt cache: whole answers, to be given again to the same person for the same conversation.
//!
//! Off unless an administrator turns it on. It lives in memory alone and is never shared between people.

use std::sync::Arc;

use moka::sync::Cache as Entries;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::said::Said;
use super::usage::Usage;
use crate::config::PromptCache;
use crate::entity::answer_chunk::Kind;
use crate::entity::message::UsageSource;
use crate::llm;

/// What an entry costs beside its text, in bytes.
const OVERHEAD: usize = 256;
/// How much of an answer is given in one go, in bytes, so that it arrives as a stream.
const PIECE: usize = 64;

/// Answers by who asked and by everything that was asked.
#[derive(Clone)]
pub struct Cache(Entries<Key, Arc<Answer>>);

/// Who asked, and the hash of the model, the conversation and the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    owner_id: Uuid,
    asked: [u8; 32],
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    said: Said,
    usage: Usage,
}

impl Cache {
    /// A cache within its limits.
    pub fn new(limits: &PromptCache) -> Self {
        let mut entries = Entries::builder()
            .weigher(|_: &Key, answer: &Arc<Answer>| u32::try_from(answer.said.len() + OVERHEAD).unwrap_or(u32::MAX))
            .support_invalidation_closures();
        if let Some(bytes) = limits.bytes {
            entries = entries.max_capacity(bytes as u64);
        }
        if let Some(time) = limits.time {
            entries = entries.time_to_live(time);
        }
        Self(entries.build())
    }

    /// The same question after the same conversation, asked of the same model in the same way by the same person.
    pub fn key(owner_id: Uuid, request: &llm::Request) -> Key {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            // With its length, so that no two different lists of parts look the same.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        add(request.model.id.as_bytes());
        // Another server may have been given the name of the one before.
        add(request.model.address().as_bytes());
        add(&serde_json::to_vec(&request.parameters).unwrap_or_default());
        for message in &request.messages {
            add(message.role.as_str().as_bytes());
            add(message.content.as_bytes());
            add(&(message.images.len() as u64).to_be_bytes());
            for image in &message.images {
                add(&image.data);
            }
        }
        Key { owner_id, asked: hash.finalize().into() }
    }

    /// An answer that was given before.
    pub fn get(&self, key: &Key) -> Option<Arc<Answer>> {
        self.0.get(key)
    }

    /// Keeps an answer that came to its own end.
    pub fn put(&self, key: Key, said: Said, usage: Usage) {
        self.0.insert(key, Arc::new(Answer { said, usage }));
    }

    /// Forgets everything of a person.
    pub fn forget(&self, owner_id: Uuid) {
        // Refused only where closures are not supported, which they are.
        let _ = self.0.invalidate_entries_if(move |key, _| key.owner_id == owner_id);
    }
}

impl Answer {
    /// The answer in small pieces, in order.
    pub fn pieces(&self) -> impl Iterator<Item = (Kind, &str)> {
        self.said.parts(0).flat_map(|(kind, mut rest)| {
            std::iter::from_fn(move || {
                let (piece, later) = rest.split_at(rest.floor_char_boundary(PIECE));
                rest = later;
                (!piece.is_empty()).then_some((kind, piece))
            })
        })
    }

    /// What it cost when it was made, marked as not spent again.
    pub fn usage(&self) -> Usage {
        Usage { source: UsageSource::Cache, ..self.usage }
    }
}
