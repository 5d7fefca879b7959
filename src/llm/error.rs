//! What can go wrong with a model, told to the person who chats and to the one who administers.

use std::time::Duration;

use crate::vault::Locked;

/// Why an answer failed. The messages hold no keys, headers or bodies, only a short sanitised reason of the provider's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No connection could be made.
    #[error("{provider} cannot be reached ({reason}). check that it is running and that its address is right")]
    Unreachable {
        /// The provider's name.
        provider: String,
        /// What the system said.
        reason: String,
    },
    /// It was not asked, because of where it is.
    #[error("{provider} is not asked: {reason}")]
    AddressRefused {
        /// The provider's name.
        provider: String,
        /// What is wrong with its address, and who can change that.
        reason: String,
    },
    /// Its stored key cannot be read, so that it was not asked.
    #[error(
        "the key of {provider} cannot be read ({reason}). an administrator should enter it again in the settings, unless whoever runs this server brings the right SECRET_KEY back"
    )]
    KeyUnreadable {
        /// The provider's name.
        provider: String,
        /// Why not.
        reason: Locked,
    },
    /// Nothing came in time, or the whole took too long.
    #[error("{provider} {what} within {}. try again, or ask a faster model", spoken(*.limit))]
    Timeout {
        /// The provider's name.
        provider: String,
        /// What did not happen in time.
        what: &'static str,
        /// The time that was given.
        limit: Duration,
    },
    /// The stream fell silent.
    #[error("{provider} fell silent for {} in the middle of its answer, which is kept so far. try again", spoken(*.silence))]
    Stalled {
        /// The provider's name.
        provider: String,
        /// How long nothing came.
        silence: Duration,
    },
    /// The connection ended before the answer did.
    #[error("{provider} ended the connection before its answer was complete. what arrived is kept; try again")]
    CutOff {
        /// The provider's name.
        provider: String,
    },
    /// The provider does not accept the key.
    #[error("{provider} refused the key{}. the administrator should check {setting}", said(.message))]
    KeyRefused {
        /// The provider's name.
        provider: String,
        /// The setting that holds the key.
        setting: String,
        /// The provider's words, sanitised.
        message: String,
    },
    /// Too many requests.
    #[error("{provider} is receiving too many requests{}. try again {}", said(.message), when(*.retry_after))]
    RateLimited {
        /// The provider's name.
        provider: String,
        /// The provider's words, sanitised.
        message: String,
        /// When it says that it will answer again.
        retry_after: Option<Duration>,
    },
    /// The account has nothing left to spend.
    #[error("the account at {provider} has used up its quota{}. the administrator should check its billing", said(.message))]
    Quota {
        /// The provider's name.
        provider: String,
        /// The provider's words, sanitised.
        message: String,
    },
    /// The provider reported a failure.
    #[error("{provider} failed to answer{}{}. {}", in_brackets(*.status), said(.message), advice(*.status))]
    Provider {
        /// The provider's name.
        provider: String,
        /// Its HTTP status, when that tells more than the message.
        status: Option<u16>,
        /// The provider's words, sanitised.
        message: String,
        /// When it says that it will answer again.
        retry_after: Option<Duration>,
    },
    /// What came is not the answer of an OpenAI-compatible server.
    #[error("{provider} sent something other than an answer: {what}. the administrator should check its base URL")]
    BadResponse {
        /// The provider's name.
        provider: String,
        /// What came instead.
        what: String,
    },
    /// The provider does not have the model.
    #[error("{provider} does not have the model {model}{}. choose another", said(.message))]
    ModelNotFound {
        /// The provider's name.
        provider: String,
        /// The name it was asked for.
        model: String,
        /// The provider's words, sanitised.
        message: String,
    },
    /// No provider offers the model.
    #[error("no model is called {model} here. choose one of the list")]
    ModelUnknown {
        /// The name that was asked for.
        model: String,
    },
    /// The conversation does not fit.
    #[error("the conversation is longer than {model} can read{}. begin a new one, or shorten it", said(.message))]
    ContextTooLong {
        /// The model's name.
        model: String,
        /// The provider's words, sanitised.
        message: String,
    },
    /// The provider's filter refused the conversation.
    #[error("{provider}'s content filter refused this conversation{}. change the message and try again", said(.message))]
    ContentFiltered {
        /// The provider's name.
        provider: String,
        /// The provider's words, sanitised.
        message: String,
    },
    /// The answer grew over the cap.
    #[error("the answer reached the limit of {limit} bytes and was ended there. what arrived is kept")]
    AnswerTooLong {
        /// The cap, in bytes.
        limit: usize,
    },
}

impl Error {
    /// The stable name that API clients decide on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "provider_unreachable",
            Self::AddressRefused { .. } => "provider_address_refused",
            Self::KeyUnreadable { .. } => "provider_key_unreadable",
            Self::Timeout { .. } => "provider_timeout",
            Self::Stalled { .. } => "provider_stalled",
            Self::CutOff { .. } => "provider_cut_off",
            Self::KeyRefused { .. } => "provider_key_refused",
            Self::RateLimited { .. } => "provider_rate_limited",
            Self::Quota { .. } => "provider_quota",
            Self::Provider { .. } => "provider_error",
            Self::BadResponse { .. } => "provider_bad_response",
            Self::ModelNotFound { .. } => "model_not_found",
            Self::ModelUnknown { .. } => "model_unknown",
            Self::ContextTooLong { .. } => "context_too_long",
            Self::ContentFiltered { .. } => "content_filtered",
            Self::AnswerTooLong { .. } => "answer_too_long",
        }
    }

    /// When the provider says that it will answer again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Provider { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// `: its words`, or nothing when it said nothing.
fn said(message: &str) -> String {
    let message = message.trim_end_matches(['.', ' ']);
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

fn in_brackets(status: Option<u16>) -> String {
    status.map(|status| format!(" (HTTP {status})")).unwrap_or_default()
}

fn advice(status: Option<u16>) -> &'static str {
    match status {
        Some(300..=399 | 404 | 405) => "the administrator should check its base URL, which usually ends in /v1",
        Some(400..=499) => "the administrator should check what this provider accepts",
        _ => "this is the provider's fault; try again",
    }
}

fn when(retry_after: Option<Duration>) -> String {
    match retry_after {
        Some(wait) => format!("in {}", spoken(wait)),
        None => "in a minute".to_owned(),
    }
}

/// A duration as people say it: `40 seconds`, `2 minutes`.
fn spoken(duration: Duration) -> String {
    let count = |n: u64, unit: &str| format!("{n} {unit}{}", if n == 1 { "" } else { "s" });
    match duration.as_millis().div_ceil(1000) as u64 {
        seconds @ 0..=119 => count(seconds.max(1), "second"),
        seconds @ 120..=7199 => count(seconds.div_ceil(60), "minute"),
        seconds => count(seconds.div_ceil(3600), "hour"),
    }
}
