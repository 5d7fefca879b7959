//! The events of an answer as the document describes them.
//!
//! `chat::event` writes them; a test reads what it writes with these types, so that the two cannot drift apart.

use poem_openapi::{Enum, Object, Union};
use uuid::Uuid;

use super::failure::Problem;
use crate::chat;

/// An event of an answer's stream.
///
/// `event` is the SSE event name (a delta has none on the wire and is `message` here, as browsers call it), `id` its
/// `id:` field where it has one, and `data` the JSON object on its `data:` line.
#[derive(Debug, Union)]
#[oai(discriminator_name = "event")]
pub enum AnswerEvent {
    /// The stream begins.
    #[oai(mapping = "start")]
    Start(StartEvent),
    /// More of the answer's text.
    #[oai(mapping = "message")]
    Message(DeltaEvent),
    /// More of what the model thinks.
    #[oai(mapping = "reasoning")]
    Reasoning(ReasoningEvent),
    /// Waiting for a free slot.
    #[oai(mapping = "queued")]
    Queued(QueuedEvent),
    /// Replace what is shown.
    #[oai(mapping = "snapshot")]
    Snapshot(SnapshotEvent),
    /// The conversation got its name.
    #[oai(mapping = "name")]
    Name(NameEvent),
    /// The answer is whole and stored.
    #[oai(mapping = "end")]
    End(EndEvent),
    /// The answer failed; what came so far is kept.
    #[oai(mapping = "failed")]
    Failed(FailedEvent),
}

/// `start`: the first event, which says which answer this is. `retry: 3000` comes with it.
#[derive(Debug, Object)]
pub struct StartEvent {
    /// The position from which the answer follows.
    pub id: u64,
    /// The event's data.
    pub data: StartData,
}

/// Which answer a stream is about.
#[derive(Debug, Object)]
pub struct StartData {
    /// The answer.
    pub message_id: Uuid,
    /// The question.
    pub user_message_id: Option<Uuid>,
}

/// The default event: more of the answer's text.
#[derive(Debug, Object)]
pub struct DeltaEvent {
    /// The position after this part.
    pub id: u64,
    /// The event's data.
    pub data: Delta,
}

/// `reasoning`: more of what the model thinks, kept apart from the answer.
#[derive(Debug, Object)]
pub struct ReasoningEvent {
    /// The position after this part.
    pub id: u64,
    /// The event's data.
    pub data: Delta,
}

/// A part to append.
#[derive(Debug, Object)]
pub struct Delta {
    /// The text to append.
    pub delta: String,
}

/// `queued`: the answer waits for a free slot.
#[derive(Debug, Object)]
pub struct QueuedEvent {
    /// The event's data.
    pub data: Queued,
}

/// A place in the queue.
#[derive(Debug, Object)]
pub struct Queued {
    /// 1 is next; 0 comes when the wait is over and the model is being asked.
    pub position: u32,
}

/// `snapshot`: replace what is shown, after a gap or a crash.
#[derive(Debug, Object)]
pub struct SnapshotEvent {
    /// The position after this text.
    pub id: u64,
    /// The event's data.
    pub data: Snapshot,
}

/// Everything so far.
#[derive(Debug, Object)]
pub struct Snapshot {
    /// The answer's text so far.
    pub content: String,
    /// What the model thought so far.
    pub reasoning: Option<String>,
}

/// `name`: what the conversation is called now.
#[derive(Debug, Object)]
pub struct NameEvent {
    /// The event's data.
    pub data: Name,
}

/// A conversation's name.
#[derive(Debug, Object)]
pub struct Name {
    /// What the conversation is called now.
    pub name: String,
}

/// `end`: sent only after the whole text is stored. Nothing follows.
#[derive(Debug, Object)]
pub struct EndEvent {
    /// The last position, 9007199254740991: reconnecting with it is answered with 204.
    pub id: u64,
    /// The event's data.
    pub data: End,
}

/// A finished answer.
#[derive(Debug, Object)]
pub struct End {
    /// The whole text.
    pub content: String,
    /// The answer.
    pub message_id: Uuid,
    /// How it ended.
    pub status: EndStatus,
    /// Why the model stopped: `stop`, `length`, `content_filter` or its provider's own word.
    pub finish_reason: Option<String>,
    /// What it cost.
    pub usage: Option<Usage>,
    /// How long it took.
    pub timing: Option<Timing>,
}

/// How an answer ended.
#[derive(Debug, Enum)]
#[oai(rename_all = "snake_case")]
pub enum EndStatus {
    /// The model said all it had to say.
    Complete,
    /// You stopped it.
    Stopped,
    /// The server stopped in the middle of it.
    Interrupted,
}

/// Tokens, as the provider counted them or as we estimate them; those of continuations are included.
#[derive(Debug, Object)]
pub struct Usage {
    /// Tokens of the question and what went before it.
    pub prompt_tokens: Option<u32>,
    /// Tokens of the answer.
    pub completion_tokens: Option<u32>,
    /// Those of them that were reasoning.
    pub reasoning_tokens: Option<u32>,
    /// Whether these are estimates, because the provider did not count.
    pub estimated: bool,
    /// Whether the answer came from the prompt cache, so that it cost nothing; the counts are those of the first time.
    pub cached: bool,
}

impl From<chat::usage::Usage> for Usage {
    fn from(usage: chat::usage::Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            estimated: usage.is_estimated(),
            cached: usage.is_cached(),
        }
    }
}

/// Times of an answer, in milliseconds; the pauses before it was continued are not in them.
#[derive(Debug, Object)]
pub struct Timing {
    /// From the accepted question to the first word or thought, waiting in the queue included; null where none came.
    pub first_token_ms: Option<u32>,
    /// From the first thought to the first word, or to the end where none came; null where it did not think first.
    pub reasoning_ms: Option<u32>,
    /// From the accepted question to the end.
    pub duration_ms: u32,
}

impl From<chat::timing::Timing> for Timing {
    fn from(timing: chat::timing::Timing) -> Self {
        let chat::timing::Timing { first_token_ms, reasoning_ms, duration_ms } = timing;
        Self { first_token_ms, reasoning_ms, duration_ms }
    }
}

/// `failed`: the answer failed, and what came so far is kept. Nothing follows.
#[derive(Debug, Object)]
pub struct FailedEvent {
    /// The last position, 9007199254740991: reconnecting with it is answered with 204.
    pub id: u64,
    /// What went wrong. `code` is one of `provider_unreachable`, `provider_timeout`, `provider_stalled`,
    /// `provider_cut_off`, `provider_key_refused`, `provider_rate_limited`, `provider_quota`, `provider_error`,
    /// `provider_bad_response`, `model_not_found`, `context_too_long`, `content_filtered`, `answer_too_long`,
    /// `deleted` or `internal`.
    pub data: Problem,
}
