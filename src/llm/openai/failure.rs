//! What a provider says when it fails, in any of the shapes seen, and which of our errors that is.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::Value;

use super::Endpoint;
use super::lenient::lenient_value;
use crate::llm::Error;

/// The most that is repeated of a provider's words, in bytes.
const MESSAGE_BYTES: usize = 300;

/// What a provider said about its failure.
#[derive(Debug, Default)]
pub(super) struct Failure {
    /// HTTP status, or the number that the error object carries in its place.
    pub(super) status: Option<u16>,
    /// When it will answer again.
    pub(super) retry_after: Option<Duration>,
    /// Its words, as they came.
    message: String,
    /// Its `code` and `type`, lower case.
    kinds: String,
}

impl Failure {
    /// Reads the body of a response that has an error status.
    pub(super) fn of_response(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let mut failure = match lenient_value(body) {
            Some(value) => Self::of_value(&value).unwrap_or_default(),
            None => Self { message: plain(body), ..Self::default() },
        };
        failure.status = Some(status);
        failure.retry_after = retry_after;
        failure
    }

    /// Reads an `event: error`, whatever its data is.
    pub(super) fn of_event(data: &[u8]) -> Self {
        match lenient_value(data) {
            Some(value) => Self::of_value(&value).unwrap_or_default(),
            None => Self { message: plain(data), ..Self::default() },
        }
    }

    /// Reads the value of an `error` field. `None` when it says that there is no error.
    pub(super) fn of_error(error: &Value) -> Option<Self> {
        match error {
            Value::Null | Value::Bool(false) => None,
            Value::String(text) if text.is_empty() => None,
            Value::Object(fields) if fields.is_empty() => None,
            _ => Some(Self::gather(error)),
        }
    }

    /// Looks for an error in JSON that is no chunk: `error`, `detail`, `{"object": "error", "message": …}`, a list of them.
    pub(super) fn of_value(value: &Value) -> Option<Self> {
        if let Value::Array(list) = value {
            return list.iter().find_map(Self::of_value);
        }
        if let Some(failure) = value.get("error").and_then(Self::of_error) {
            return Some(failure);
        }
        let is_error = value["object"] == "error"
            || value["type"].as_str().is_some_and(|kind| kind.contains("error"))
            || number(value).is_some_and(|status| status >= 400)
            || value.get("detail").is_some_and(|detail| !detail.is_null());
        (is_error || only_a_message(value)).then(|| Self::gather(value))
    }

    fn gather(value: &Value) -> Self {
        let kinds = ["code", "type", "status", "reason"].map(|field| value[field].as_str().unwrap_or_default());
        Self { status: number(value), retry_after: None, message: words(value), kinds: kinds.join(" ").to_lowercase() }
    }

    /// Whether the provider refused because of this word: the name of a field that it does not know.
    pub(super) fn complains_about(&self, word: &str) -> bool {
        matches!(self.status, Some(400 | 422)) && self.message.contains(word)
    }

    /// Whether the same request may succeed in a moment.
    pub(super) fn is_passing(&self) -> bool {
        match self.status {
            Some(429) => !self.is_quota(),
            Some(500..=504) => true,
            _ => false,
        }
    }

    fn is_quota(&self) -> bool {
        self.status == Some(402) || self.has_kind(&["insufficient_quota", "billing", "insufficient_credit", "payment"])
    }

    fn has_kind(&self, kinds: &[&str]) -> bool {
        kinds.iter().any(|kind| self.kinds.contains(kind))
    }

    /// Which error it is for the person who waits.
    pub(super) fn into_error(self, endpoint: &Endpoint, model: &str) -> Error {
        let provider = endpoint.name.clone();
        let message = sanitise(&self.message, endpoint);
        let lower = self.message.to_lowercase();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
        let status = self.status.unwrap_or_default();

        if self.has_kind(&["context_length", "exceed_context_size", "context_window"])
            || status == 413
            || says(TOO_LONG)
        {
            return Error::ContextTooLong { model: model.to_owned(), message };
        }
        if self.has_kind(&["content_filter", "content_policy", "moderation"]) || says(FILTERED) {
            return Error::ContentFiltered { provider, message };
        }
        if self.is_quota() {
            return Error::Quota { provider, message };
        }
        if status == 429 || self.has_kind(&["rate_limit", "throttling", "too_many_requests"]) {
            return Error::RateLimited { provider, message, retry_after: self.retry_after };
        }
        if matches!(status, 401 | 403) || self.has_kind(&["invalid_api_key", "authentication"]) || says(BAD_KEY) {
            return Error::KeyRefused { provider, setting: endpoint.key_setting(), message };
        }
        let names_model = status == 404 && (lower.contains("model") || lower.contains("deployment"));
        if names_model || self.has_kind(&["model_not_found", "deploymentnotfound"]) || says(NO_MODEL) {
            return Error::ModelNotFound { provider, model: model.to_owned(), message };
        }
        Error::Provider { provider, status: self.status, message, retry_after: self.retry_after }
    }
}

/// How servers word that the conversation is too long, where they have no code for it.
const TOO_LONG: &[&str] = &[
    "maximum context length",
    "context window",
    "contextwindowexceeded",
    "context length exceeded",
    "exceeds the available context",
    "exceed context size",
    "exceeds the context",
    "prompt is too long",
    "input is too long",
    "input token count exceeds",
    "too many tokens",
];

const FILTERED: &[&str] = &["content management policy", "content policy", "flagged by moderation"];

const BAD_KEY: &[&str] = &["invalid api key", "api key not valid", "incorrect api key", "invalid_api_key"];

const NO_MODEL: &[&str] = &["invalid model name", "unknown model", "model not found", "is not a valid model"];

/// The HTTP status that an error object carries as a number, or as a number in a string.
fn number(value: &Value) -> Option<u16> {
    let of = |field: &Value| match field {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    ["code", "status", "status_code"]
        .iter()
        .find_map(|name| of(&value[*name]))
        .and_then(|n| u16::try_from(n).ok())
        .filter(|n| (400..600).contains(n))
}

/// `{"message": "…"}` and nothing of an answer, which is how several gateways fail.
fn only_a_message(value: &Value) -> bool {
    value.get("message").is_some_and(|message| message.is_string() || message.is_object())
        && value.get("choices").is_none()
        && value.get("id").is_none()
}

/// The first words found in an error: they hide in `message`, `detail`, `msg` or `error`, at any depth.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(words).find(|words| !words.is_empty()).unwrap_or_default(),
        Value::Object(_) => {
            let found =
                ["message", "detail", "msg", "error", "error_msg", "reason"].iter().map(|name| words(&value[*name]));
            let found = found.into_iter().find(|words| !words.is_empty()).unwrap_or_default();
            // OpenRouter's own message says only that the provider behind it failed.
            match value["metadata"]["raw"].as_str() {
                Some(raw) if !raw.trim_start().starts_with('{') => format!("{found}: {raw}"),
                _ => found,
            }
        }
        _ => String::new(),
    }
}

/// A text body, unless it is a page.
fn plain(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body).trim().to_owned();
    if text.starts_with('<') { String::new() } else { text }
}

/// Shortens a provider's words to one line, and masks the key and whatever else looks like one.
pub(super) fn sanitise(message: &str, endpoint: &Endpoint) -> String {
    let mut message = message.to_owned();
    if let Some(key) = endpoint.api_key.as_ref().map(|key| key.expose_secret()).filter(|key| !key.is_empty()) {
        message = message.replace(key, "…");
    }
    let mut line = String::with_capacity(message.len().min(2 * MESSAGE_BYTES));
    for word in message.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        mask(word, &mut line);
        if line.len() > MESSAGE_BYTES {
            line.truncate(line.floor_char_boundary(MESSAGE_BYTES - '…'.len_utf8()));
            line.push('…');
            break;
        }
    }
    line
}

/// Appends `word` with every run of key-like characters replaced.
fn mask(word: &str, line: &mut String) {
    let in_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*');
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let run = rest.find(|c| in_key(c) != in_key(first)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(run);
        line.push_str(if in_key(first) && is_key(part) { "…" } else { part });
        rest = after;
    }
}

/// Whether it begins as the keys of known vendors do, or has a stretch too long and mixed for a word.
fn is_key(run: &str) -> bool {
    const BEGINNINGS: [&str; 9] = ["sk-", "sk_", "pk-", "rk-", "gsk_", "xai-", "hf_", "AIza", "Bearer"];
    let begins = BEGINNINGS.iter().any(|beginning| run.len() > beginning.len() && run.starts_with(beginning));
    let random = |stretch: &str| {
        stretch.len() >= 16
            && stretch.bytes().any(|b| b.is_ascii_digit())
            && stretch.bytes().any(|b| b.is_ascii_alphabetic())
    };
    begins || run.split(['-', '_']).any(random)
}
