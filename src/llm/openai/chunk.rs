//! The JSON of one event, read leniently: only the fields an answer needs, each in every shape it was seen in.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde_json::Value;

use super::lenient::{Count, List, Loose, Word, lenient_value};
use crate::llm::Usage;

/// A chunk of a stream, or the whole body of an answer that was not streamed.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Chunk<'a> {
    /// The first choice with index 0. With several answers asked for, the others are not ours.
    #[serde(borrow)]
    pub(super) choices: List<Choice<'a>>,
    pub(super) error: Option<Value>,
    usage: Loose<WireUsage>,
    x_groq: Loose<Groq>,
}

impl<'a> Chunk<'a> {
    /// Reads one event's data. `None` when it is no JSON object, or one whose text is damaged.
    pub(super) fn read<T>(data: &'a [u8], take: impl FnOnce(Chunk<'_>) -> T) -> Option<T> {
        if let Ok(chunk) = serde_json::from_slice::<Chunk<'a>>(data) {
            return Some(take(chunk));
        }
        // Rare: a key given twice, a lone surrogate outside the text, a field of another type.
        let mut value = lenient_value(data)?;
        tidy(&mut value);
        Chunk::deserialize(&value).ok().map(take)
    }

    /// The text of a chunk that says nothing else, borrowed from it, and whether it is the answer's text or its reasoning.
    pub(super) fn only_text(&self) -> Option<(bool, &[u8])> {
        let [choice] = self.choices.0.as_deref()? else { return None };
        let ends = choice.finish_reason.0.as_deref().is_some_and(|reason| !reason.is_empty());
        if self.error.is_some() || self.usage().is_some() || choice.error.is_some() || ends || !choice.is_ours() {
            return None;
        }
        let delta = choice.delta()?;
        match (&delta.content, delta.reasoning(), delta.refusal.is_empty()) {
            (Content::Text(Cow::Borrowed(text)), reasoning, true) if reasoning.is_empty() && !text.is_empty() => {
                Some((true, text))
            }
            (content, Content::Text(Cow::Borrowed(text)), true) if content.is_empty() && !text.is_empty() => {
                Some((false, text))
            }
            _ => None,
        }
    }

    /// What the provider counted, wherever it put it.
    pub(super) fn usage(&self) -> Option<Usage> {
        let usage = self.usage.0.as_ref().or_else(|| self.x_groq.0.as_ref()?.usage.0.as_ref())?;
        let details = usage.completion_tokens_details.0.as_ref().and_then(|details| details.reasoning_tokens.0);
        let usage = Usage {
            prompt_tokens: usage.prompt_tokens.0,
            completion_tokens: usage.completion_tokens.0,
            reasoning_tokens: details.or(usage.reasoning_tokens.0),
        };
        (usage != Usage::default()).then_some(usage)
    }
}

/// One of the answers asked for; Loquat asks for one.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Choice<'a> {
    index: Count,
    pub(super) finish_reason: Word,
    #[serde(borrow)]
    delta: Loose<Delta<'a>>,
    #[serde(borrow)]
    message: Loose<Delta<'a>>,
    pub(super) error: Option<Value>,
}

impl<'a> Choice<'a> {
    /// Whether it is the first answer. With several, as a base URL's query may ask for, the others are read over.
    pub(super) fn is_ours(&self) -> bool {
        self.index.0.unwrap_or(0) == 0
    }

    /// The new text: `delta` in a stream, `message` in a whole answer.
    pub(super) fn delta(&self) -> Option<&Delta<'a>> {
        self.delta.0.as_ref().or(self.message.0.as_ref())
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Delta<'a> {
    #[serde(borrow)]
    pub(super) content: Content<'a>,
    #[serde(borrow)]
    pub(super) refusal: Content<'a>,
    #[serde(borrow)]
    reasoning_content: Content<'a>,
    #[serde(borrow)]
    reasoning: Content<'a>,
}

impl<'a> Delta<'a> {
    /// The thinking. Some send it under both names at once, so only one is taken.
    pub(super) fn reasoning(&self) -> &Content<'a> {
        if self.reasoning_content.is_empty() { &self.reasoning } else { &self.reasoning_content }
    }
}

/// Text as it comes: nothing, a string, or a list of typed parts.
///
/// The bytes are UTF-8 except that lone surrogates of JSON escapes are three bytes each (WTF-8) and that the provider may
/// have sent broken characters: [`super::text`] mends both.
#[derive(Default)]
pub(super) enum Content<'a> {
    #[default]
    None,
    Text(Cow<'a, [u8]>),
    Parts(Vec<ContentPart<'a>>),
}

impl Content<'_> {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Content::None => true,
            Content::Text(text) => text.is_empty(),
            Content::Parts(parts) => parts.is_empty(),
        }
    }
}

/// A part of a content list: `{"type": "text", "text": …}` or `{"type": "thinking", "thinking": …}`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct ContentPart<'a> {
    #[serde(borrow)]
    pub(super) text: Content<'a>,
    #[serde(borrow)]
    pub(super) thinking: Content<'a>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct WireUsage {
    prompt_tokens: Count,
    completion_tokens: Count,
    completion_tokens_details: Loose<UsageDetails>,
    reasoning_tokens: Count,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct UsageDetails {
    reasoning_tokens: Count,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Groq {
    usage: Loose<WireUsage>,
}

/// Makes text fields of unexpected types readable: an object is a list of one part, the rest is no text.
fn tidy(chunk: &mut Value) {
    let Some(choices) = chunk.get_mut("choices").and_then(Value::as_array_mut) else { return };
    for choice in choices {
        for place in ["delta", "message"] {
            let Some(delta) = choice.get_mut(place) else { continue };
            for field in ["content", "refusal", "reasoning_content", "reasoning"] {
                match delta.get_mut(field) {
                    Some(value @ Value::Object(_)) => *value = Value::Array(vec![value.take()]),
                    Some(value @ (Value::Bool(_) | Value::Number(_))) => *value = Value::Null,
                    _ => {}
                }
            }
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(ContentVisitor(PhantomData))
    }
}

struct ContentVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for ContentVisitor<'a> {
    type Value = Content<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a list of parts, or null")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Content::None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Content::None)
    }

    /// Asks for bytes, because `serde_json` then gives strings with lone surrogates too instead of failing.
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }

    fn visit_borrowed_bytes<E: Error>(self, text: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Content::Text(Cow::Borrowed(text)))
    }

    fn visit_bytes<E: Error>(self, text: &[u8]) -> Result<Self::Value, E> {
        Ok(Content::Text(Cow::Owned(text.to_vec())))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.visit_bytes(text.as_bytes())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut parts = Vec::new();
        while let Some(Loose(part)) = list.next_element()? {
            parts.extend(part);
        }
        Ok(Content::Parts(parts))
    }
}
