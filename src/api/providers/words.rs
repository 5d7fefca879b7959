//! Words of the API about model servers: whom a model is offered to, how a server is, and where it comes from.

use poem_openapi::Enum;
use serde::Deserialize;

use crate::entity::provider;
use crate::llm::{self, Known, Origin};

/// Whom a model is offered to.
#[derive(Clone, Copy, Debug, Enum, Deserialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(super) enum Audience {
    /// Everybody who is signed in.
    Everyone,
    /// Administrators alone.
    Administrators,
    /// Nobody; it may still name conversations.
    Nobody,
}

/// How an answer that was cut short is gone on with.
#[derive(Clone, Copy, Debug, Enum, Deserialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(super) enum Prefill {
    /// As the vendor is known to want it.
    Auto,
    /// It is asked in words.
    None,
    /// The conversation ends with what there is of the answer (llama.cpp, Ollama, OpenRouter).
    LastMessage,
    /// The same, and that message is marked with `prefix` (Mistral, DeepSeek).
    Prefix,
    /// The same, with `continue_final_message` beside the conversation (vLLM, SGLang).
    ContinueFinalMessage,
}

/// How a model server is.
#[derive(Clone, Copy, Debug, PartialEq, Enum)]
#[oai(rename_all = "snake_case")]
pub(super) enum ProviderState {
    /// It lists its models.
    Works,
    /// It has not been asked yet.
    Unknown,
    /// It is not asked, because it is switched off.
    Disabled,
    /// It answers, but lists no models; they can be named by hand.
    NoModels,
    /// No connection, or no answer in time.
    Unreachable,
    /// Its address may not be connected to.
    AddressRefused,
    /// It does not accept the key.
    KeyRefused,
    /// Its key was stored under another `SECRET_KEY`, or is damaged.
    KeyUnreadable,
    /// It answers with something else.
    Failed,
}

/// Where a model server comes from.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
pub(super) enum ProviderSource {
    /// `OPENAI_BASE_URL` and `OPENAI_API_KEY`.
    Environment,
    /// The `LOQUAT_PROVIDERS` file.
    File,
    /// A usual port of the server's own machine.
    Found,
}

/// How a model server is, and what is wrong with it.
pub(super) fn state(known: &Known) -> (ProviderState, Option<String>) {
    match (&known.trouble, &known.models) {
        (Some(error), _) => (trouble(error), Some(error.to_string())),
        (None, Some(_)) => (ProviderState::Works, None),
        (None, None) if known.asked => (ProviderState::NoModels, None),
        (None, None) => (ProviderState::Unknown, None),
    }
}

/// How one is that fails so.
pub(super) fn trouble(error: &llm::Error) -> ProviderState {
    match error {
        llm::Error::AddressRefused { .. } => ProviderState::AddressRefused,
        llm::Error::KeyUnreadable { .. } => ProviderState::KeyUnreadable,
        llm::Error::KeyRefused { .. } => ProviderState::KeyRefused,
        llm::Error::Unreachable { .. } | llm::Error::Timeout { .. } | llm::Error::CutOff { .. } => {
            ProviderState::Unreachable
        }
        llm::Error::Provider { status: Some(404 | 405), .. } => ProviderState::NoModels,
        _ => ProviderState::Failed,
    }
}

impl Prefill {
    /// As it is stored: nothing where it is to be found out.
    pub(super) fn stored(self) -> Option<provider::Prefill> {
        match self {
            Self::Auto => None,
            Self::None => Some(provider::Prefill::None),
            Self::LastMessage => Some(provider::Prefill::LastMessage),
            Self::Prefix => Some(provider::Prefill::Prefix),
            Self::ContinueFinalMessage => Some(provider::Prefill::ContinueFinalMessage),
        }
    }
}

impl From<provider::Prefill> for Prefill {
    fn from(prefill: provider::Prefill) -> Self {
        match prefill {
            provider::Prefill::None => Self::None,
            provider::Prefill::LastMessage => Self::LastMessage,
            provider::Prefill::Prefix => Self::Prefix,
            provider::Prefill::ContinueFinalMessage => Self::ContinueFinalMessage,
        }
    }
}

impl From<provider::Audience> for Audience {
    fn from(audience: provider::Audience) -> Self {
        match audience {
            provider::Audience::Everyone => Self::Everyone,
            provider::Audience::Administrators => Self::Administrators,
            provider::Audience::Nobody => Self::Nobody,
        }
    }
}

impl From<Audience> for provider::Audience {
    fn from(audience: Audience) -> Self {
        match audience {
            Audience::Everyone => Self::Everyone,
            Audience::Administrators => Self::Administrators,
            Audience::Nobody => Self::Nobody,
        }
    }
}

impl From<Origin> for ProviderSource {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Environment => Self::Environment,
            Origin::File | Origin::Stored(_) => Self::File,
            Origin::Found => Self::Found,
        }
    }
}
