//! The body of a request, and what is left out of it for a provider that does not accept it whole.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::failure::Failure;
use super::shown;
use crate::config::Prefill;
use crate::llm::{Message, Request, Role};

/// What complaints about a conversation that ends with an answer have in them.
const PREFILL_WORDS: [&str; 7] =
    ["prefill", "prefix", "assistant", "continue_final_message", "add_generation_prompt", "last message", "last role"];

/// The body of a request.
pub(super) struct Body<'a> {
    /// The JSON of what comes first, unless it is in `whole` …
    begun: Vec<u8>,
    /// … and its length.
    first: usize,
    /// The messages after that.
    messages: Vec<WireMessage<'a>>,
    pub(super) options: Options<'a>,
    /// All of it, once it was made: for another attempt it is not made again, nor copied.
    whole: Option<Bytes>,
}

/// How the model is to answer.
#[derive(Serialize)]
pub(super) struct Options<'a> {
    model: &'a str,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stream_options: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continue_final_message: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    add_generation_prompt: Option<bool>,
    #[serde(flatten)]
    extra: &'a BTreeMap<String, Value>,
}

#[derive(Serialize)]
struct WireMessage<'a> {
    role: &'static str,
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<bool>,
}

/// What a model that cannot simply go on is told, after the conversation with what there is of its answer.
const GO_ON: &str = "Your last answer was cut off. Go on from exactly where it ends, in the middle of a word if need be: \
                     begin with the very next character, repeat nothing, and add no introduction and no apology.";

impl<'a> Body<'a> {
    /// A body of what was begun by [`shown::take`], and the rest of the conversation.
    pub(super) fn new(begun: Vec<u8>, request: &'a Request, with_stream_options: bool) -> Self {
        let wire =
            |message: &'a Message| WireMessage { role: message.role.as_str(), content: &message.content, prefix: None };
        let options = Options {
            model: &request.model.wire_name,
            stream: true,
            stream_options: with_stream_options.then(|| json!({ "include_usage": true })),
            max_tokens: request.parameters.max_tokens,
            max_completion_tokens: None,
            temperature: request.parameters.temperature,
            top_p: request.parameters.top_p,
            reasoning_effort: request.parameters.reasoning_effort.as_deref(),
            continue_final_message: None,
            add_generation_prompt: None,
            extra: &request.parameters.extra,
        };
        let messages = request.messages.iter().map(wire).collect();
        let mut body = Self { first: begun.len(), begun, messages, options, whole: None };
        if request.messages.last().is_some_and(|last| last.role == Role::Assistant) {
            body.go_on(request.model.prefill);
        }
        body
    }

    /// The whole as JSON.
    pub(super) fn json(&mut self) -> Bytes {
        if let Some(whole) = &self.whole {
            return whole.clone();
        }
        let mut rest = Vec::new();
        for (at, message) in self.messages.iter().enumerate() {
            if at > 0 || self.first > shown::BEGIN.len() {
                rest.push(b',');
            }
            shown::put(&mut rest, message);
        }
        rest.push(b']');
        let brace = rest.len();
        shown::put(&mut rest, &self.options);
        // They go on in the same object.
        rest[brace] = b',';
        let mut json = std::mem::take(&mut self.begun);
        json.reserve_exact(rest.len());
        json.append(&mut rest);
        self.whole.insert(json.into()).clone()
    }

    /// Has it made anew, but for what was begun.
    fn change(&mut self) {
        if let Some(whole) = self.whole.take() {
            // Without a copy where nobody else holds it, as nobody does once it was refused.
            self.begun = whole.into();
            self.begun.truncate(self.first);
        }
    }

    /// Asks to go on with the answer that the conversation ends with.
    fn go_on(&mut self, prefill: Prefill) {
        let is_final = prefill == Prefill::ContinueFinalMessage;
        self.options.continue_final_message = is_final.then_some(true);
        self.options.add_generation_prompt = is_final.then_some(false);
        if let Some(last) = self.messages.last_mut() {
            last.prefix = (prefill == Prefill::Prefix).then_some(true);
        }
        if prefill == Prefill::None {
            self.messages.push(WireMessage { role: Role::User.as_str(), content: GO_ON, prefix: None });
        }
    }

    /// Leaves out or renames the field that the provider complains of. False when there is nothing to give up, so that each
    /// field is given up once.
    pub(super) fn give_up_what(&mut self, failure: &Failure) -> bool {
        let gave_up = self.gave_up(failure);
        if gave_up {
            self.change();
        }
        gave_up
    }

    fn gave_up(&mut self, failure: &Failure) -> bool {
        if self.options.stream_options.is_some() && failure.complains_about("stream_options") {
            self.options.stream_options = None;
            return true;
        }
        let prefilled = self.messages.last().is_some_and(|last| last.role == Role::Assistant.as_str());
        if prefilled && PREFILL_WORDS.iter().any(|word| failure.complains_about(word)) {
            self.go_on(Prefill::None);
            return true;
        }
        let options = &mut self.options;
        if options.max_tokens.is_some() && failure.complains_about("max_completion_tokens") {
            options.max_completion_tokens = options.max_tokens.take();
            return true;
        }
        options.temperature.is_some() && failure.complains_about("temperature") && options.temperature.take().is_some()
    }
}
