//! The body of a request, and what is left out of it for a provider that does not accept it whole.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use super::failure::Failure;
use crate::config::Prefill;
use crate::llm::{Image, Message, Request, Role};

/// What complaints about a conversation that ends with an answer have in them.
const PREFILL_WORDS: [&str; 7] =
    ["prefill", "prefix", "assistant", "continue_final_message", "add_generation_prompt", "last message", "last role"];

/// The body of a request.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
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
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<bool>,
}

/// What is said: words alone, as every server knows it, or words and images.
#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Words(&'a str),
    Parts(Vec<ContentPart<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ContentPart<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl },
}

#[derive(Serialize)]
struct ImageUrl {
    url: String,
}

impl<'a> Content<'a> {
    fn of(message: &'a Message) -> Self {
        if message.images.is_empty() {
            return Self::Words(&message.content);
        }
        // A question can consist of images alone, and some servers refuse an empty text.
        let text = (!message.content.is_empty()).then_some(ContentPart::Text { text: &message.content });
        let images = message.images.iter().map(|Image { media_type, data, .. }| {
            let url = format!("data:{media_type};base64,{}", STANDARD.encode(data));
            ContentPart::ImageUrl { image_url: ImageUrl { url } }
        });
        Self::Parts(text.into_iter().chain(images).collect())
    }
}

/// What a model that cannot simply go on is told, after the conversation with what there is of its answer.
const GO_ON: &str = "Your last answer was cut off. Go on from exactly where it ends, in the middle of a word if need be: \
                     begin with the very next character, repeat nothing, and add no introduction and no apology.";

impl<'a> Body<'a> {
    pub(super) fn new(request: &'a Request, with_stream_options: bool) -> Self {
        let wire = |message: &'a Message| WireMessage {
            role: message.role.as_str(),
            content: Content::of(message),
            prefix: None,
        };
        let mut body = Self {
            model: &request.model.wire_name,
            messages: request.messages.iter().map(wire).collect(),
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
        if request.messages.last().is_some_and(|last| last.role == Role::Assistant) {
            body.go_on(request.model.prefill);
        }
        body
    }

    /// Asks to go on with the answer that the conversation ends with.
    fn go_on(&mut self, prefill: Prefill) {
        let is_final = prefill == Prefill::ContinueFinalMessage;
        self.continue_final_message = is_final.then_some(true);
        self.add_generation_prompt = is_final.then_some(false);
        if let Some(last) = self.messages.last_mut() {
            last.prefix = (prefill == Prefill::Prefix).then_some(true);
        }
        if prefill == Prefill::None {
            self.messages.push(WireMessage { role: Role::User.as_str(), content: Content::Words(GO_ON), prefix: None });
        }
    }

    /// Leaves out or renames the field that the provider complains of. False when there is nothing to give up, so that each
    /// field is given up once.
    pub(super) fn give_up_what(&mut self, failure: &Failure) -> bool {
        if self.stream_options.is_some() && failure.complains_about("stream_options") {
            self.stream_options = None;
            return true;
        }
        let prefilled = self.messages.last().is_some_and(|last| last.role == Role::Assistant.as_str());
        if prefilled && PREFILL_WORDS.iter().any(|word| failure.complains_about(word)) {
            self.go_on(Prefill::None);
            return true;
        }
        if self.max_tokens.is_some() && failure.complains_about("max_completion_tokens") {
            self.max_completion_tokens = self.max_tokens.take();
            return true;
        }
        self.temperature.is_some() && failure.complains_about("temperature") && self.temperature.take().is_some()
    }
}
