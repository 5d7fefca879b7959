//! Language models: which there are, and asking one of them for an answer that streams.
//!
//! [`Catalog`] knows the models, [`Catalog::answer`] starts an [`Answer`], and [`Answer::next`] reads it. Vendors' wire
//! formats stay below this module; nothing here knows Loquat's own HTTP API.

mod catalog;
mod demo;
mod discovery;
mod egress;
mod error;
mod listing;
mod openai;
mod plain;
mod sight;
mod sse;
mod stored;
#[cfg(test)]
mod tests;

/// The door for the fuzzer; no build but its own and that of the tests has it.
#[cfg(any(test, fuzzing))]
pub mod fuzzing {
    pub use super::openai::fuzzing::read_stream;
}

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Prefill;

pub use catalog::Catalog;
pub use error::Error;
pub use sight::by_name as sees_by_name;
pub use stored::{Asker, Audience, Known, KnownModel, Origin, Policy, Stored};

/// Who said a message of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Instructions that precede the conversation.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// The name on the wire: `system`, `user` or `assistant`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// One message of the conversation that the model is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub content: String,
    /// What was shown beside it. Only models that take images are sent any.
    pub images: Vec<Image>,
}

impl Message {
    /// A message of words alone.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self { role, content: content.into(), images: Vec::new() }
    }
}

/// An image that comes with a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    /// What its file was called.
    pub name: String,
    /// What it is, such as `image/png`.
    pub media_type: &'static str,
    /// Pixels from left to right.
    pub width: i32,
    /// Pixels from top to bottom.
    pub height: i32,
    /// The file.
    pub data: Vec<u8>,
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({}, {} bytes)", self.media_type, self.data.len())
    }
}

/// What is asked of a model.
#[derive(Clone, Debug)]
pub struct Request {
    /// The model, from [`Catalog::resolve`] or [`Catalog::models`].
    pub model: Model,
    /// The conversation, oldest message first. One that ends with an answer asks to go on with that.
    pub messages: Vec<Message>,
    /// How the model is to answer.
    pub parameters: Parameters,
}

/// How a model is to answer; what is absent is left to the provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Parameters {
    /// How freely it chooses its words, 0 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// From which share of the likeliest words it chooses, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// At most so many tokens of answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// How much it thinks first, in its provider's word, such as `low`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    /// What else is sent along, as it is.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, Value>,
}

/// A model that can be asked.
#[derive(Clone)]
pub struct Model {
    /// What names it in Loquat: the provider's own name, or `provider/model` for a provider of the `LOQUAT_PROVIDERS` file.
    pub id: String,
    /// What it is called when shown.
    pub name: String,
    /// Who answers for it, to be shown: `openai`, `Ollama`, `Loquat`.
    pub provider: String,
    /// Whether it answers when no model is named. Exactly one of those that [`Catalog::models`] offers somebody is.
    pub is_default: bool,
    /// Whether it is Loquat's own scripted `demo`.
    pub built_in: bool,
    /// How many tokens of a conversation it can read, where that is known or set.
    pub context_tokens: Option<u32>,
    /// Whether it can be given images.
    pub images: bool,
    /// Who may ask it.
    offered_to: Audience,
    /// How it is asked to go on with an answer.
    prefill: Prefill,
    /// The name the provider knows it by.
    wire_name: String,
    /// Where it answers; `None` for the built-in demo.
    endpoint: Option<Arc<openai::Endpoint>>,
}

impl Model {
    /// Where it is asked, and by which name there; two models of one id are the same only if this is.
    pub fn address(&self) -> String {
        let base = self.endpoint.as_ref().map_or("", |endpoint| endpoint.base_url.as_str());
        format!("{base} {}", self.wire_name)
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model({} of {})", self.id, self.provider)
    }
}

/// A piece of an answer. Pieces of one kind that arrive together are one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words of the answer.
    Text(String),
    /// Words of the model's thinking, kept apart from the answer.
    Reasoning(String),
}

/// Why the model stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// It had said what it wanted to say.
    Stop,
    /// It reached the limit on tokens.
    Length,
    /// The provider's filter ended it.
    ContentFilter,
    /// It asked for a tool to be run.
    ToolCalls,
    /// It declined to answer; the text says so in its own words.
    Refusal,
    /// A reason that only its provider knows.
    Other(String),
}

impl FinishReason {
    /// The reason in the words of the wire format: `stop`, `length`, `content_filter`, `tool_calls`, `refusal`, or the
    /// provider's own.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ContentFilter => "content_filter",
            Self::ToolCalls => "tool_calls",
            Self::Refusal => "refusal",
            Self::Other(reason) => reason,
        }
    }
}

/// Tokens as the provider counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the conversation that was sent.
    pub prompt_tokens: Option<u32>,
    /// Tokens that the model produced, thinking included.
    pub completion_tokens: Option<u32>,
    /// Tokens of thinking among them.
    pub reasoning_tokens: Option<u32>,
}

/// How an answer came to its proper end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    /// Why the model stopped.
    pub reason: FinishReason,
    /// What it cost, if the provider said so.
    pub usage: Option<Usage>,
}

/// An answer that is being written. Dropping it drops the provider's connection, which stops the model.
#[derive(Debug)]
pub enum Answer {
    /// From a provider that speaks OpenAI's chat-completions format.
    OpenAi(Box<openai::Stream>),
    /// From the built-in demo.
    Demo(demo::Stream),
}

impl Answer {
    /// Waits for more of the answer and appends to `parts` everything that one wake-up brought.
    ///
    /// `Ok(None)`: more is to come. `Ok(Some(finish))`: the model has finished and the text is whole; `parts` may hold its
    /// last words. `Err`: the answer broke off; what arrived before was delivered by an earlier call. Dropping the future
    /// loses nothing. After an end, further calls repeat it.
    pub async fn next(&mut self, parts: &mut Vec<Part>) -> Result<Option<Finish>, Error> {
        match self {
            Self::OpenAi(stream) => stream.next(parts).await,
            Self::Demo(stream) => Ok(stream.next(parts).await),
        }
    }
    /// Listens to the end, and gives `take` everything that each wake-up brought, at once.
    ///
    /// The end is what [`Answer::next`] would give. Dropping the future loses nothing.
    pub async fn listen(&mut self, mut take: impl FnMut(&[Part])) -> Result<Finish, Error> {
        let stream = match self {
            Self::OpenAi(stream) => return stream.listen(take).await,
            Self::Demo(stream) => stream,
        };
        let mut parts = Vec::new();
        loop {
            let finish = stream.next(&mut parts).await;
            take(&parts);
            parts.clear();
            if let Some(finish) = finish {
                return Ok(finish);
            }
        }
    }
}
