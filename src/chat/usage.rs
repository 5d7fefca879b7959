//! What an answer cost in tokens: as its provider counted them, or estimated where it does not.

use sea_orm::Set;

use super::said::Said;
use super::tokens;
use crate::entity::answer_chunk::Kind;
use crate::entity::message::{self, UsageSource};
use crate::llm;

/// The tokens of one answer, those of its continuations included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the conversation that was sent.
    pub prompt_tokens: Option<u32>,
    /// Tokens that the model produced, thinking included.
    pub completion_tokens: Option<u32>,
    /// Tokens of thinking among them.
    pub reasoning_tokens: Option<u32>,
    /// Who counted them.
    pub source: UsageSource,
}

impl Usage {
    /// As the provider counted.
    pub fn reported(usage: llm::Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            source: UsageSource::Provider,
        }
    }

    /// By the length of what was sent, where that is known, and of what was said since a position.
    pub fn estimated(prompt_tokens: Option<u32>, said: &Said, since: usize) -> Self {
        let tokens_of = |kind: Kind| -> u32 {
            said.parts(since).filter(|(of, _)| *of == kind).map(|(_, part)| tokens::estimate(part)).sum()
        };
        let reasoning = tokens_of(Kind::Reasoning);
        Self {
            prompt_tokens,
            completion_tokens: Some(reasoning.saturating_add(tokens_of(Kind::Text))),
            reasoning_tokens: Some(reasoning).filter(|tokens| *tokens > 0),
            source: UsageSource::Estimate,
        }
    }

    /// As it is stored.
    pub fn of(message: &message::Model) -> Option<Self> {
        let tokens = |count: Option<i32>| count.and_then(|count| u32::try_from(count).ok());
        Some(Self {
            prompt_tokens: tokens(message.prompt_tokens),
            completion_tokens: tokens(message.completion_tokens),
            reasoning_tokens: tokens(message.reasoning_tokens),
            source: message.usage_source?,
        })
    }

    /// Puts it into a row.
    pub fn set(usage: Option<Self>, message: &mut message::ActiveModel) {
        let tokens = |count: Option<u32>| count.map(|count| i32::try_from(count).unwrap_or(i32::MAX));
        message.prompt_tokens = Set(usage.and_then(|usage| tokens(usage.prompt_tokens)));
        message.completion_tokens = Set(usage.and_then(|usage| tokens(usage.completion_tokens)));
        message.reasoning_tokens = Set(usage.and_then(|usage| tokens(usage.reasoning_tokens)));
        message.usage_source = Set(usage.map(|usage| usage.source));
    }

    /// Both together; one estimate makes the sum an estimate.
    pub fn and(self, earlier: Option<Self>) -> Self {
        let Some(earlier) = earlier else { return self };
        let sum = |one: Option<u32>, other: Option<u32>| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        Self {
            prompt_tokens: sum(self.prompt_tokens, earlier.prompt_tokens),
            completion_tokens: sum(self.completion_tokens, earlier.completion_tokens),
            reasoning_tokens: sum(self.reasoning_tokens, earlier.reasoning_tokens),
            source: if earlier.source == UsageSource::Estimate { earlier.source } else { self.source },
        }
    }

    /// Whether we counted, and not the provider.
    pub fn is_estimated(&self) -> bool {
        self.source == UsageSource::Estimate
    }

    /// Whether the answer came from the prompt cache, so that it cost nothing.
    pub fn is_cached(&self) -> bool {
        self.source == UsageSource::Cache
    }
}
