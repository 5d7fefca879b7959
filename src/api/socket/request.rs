//! What a client says over a socket.

use std::fmt;
use std::marker::PhantomData;

use poem_openapi::types::ParseFromJSON;
use poem_openapi::{Object, Union};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::Value;
use uuid::Uuid;

use super::super::body;
use crate::entity::api_key::Scope;
use crate::error::Error;

/// What can be asked for over a socket.
#[derive(Debug, Union)]
#[oai(discriminator_name = "type")]
pub enum SocketRequest {
    /// Ask a question.
    #[oai(mapping = "send")]
    Send(SocketSend),
    /// Edit a question.
    #[oai(mapping = "edit")]
    Edit(SocketEdit),
    /// Answer once more.
    #[oai(mapping = "regenerate")]
    Regenerate(SocketRegenerate),
    /// Go on with an answer that was cut.
    #[oai(mapping = "continue")]
    Continue(SocketContinue),
    /// Stop an answer.
    #[oai(mapping = "stop")]
    Stop(SocketStop),
    /// Follow an answer.
    #[oai(mapping = "follow")]
    Follow(SocketFollow),
    /// Follow an answer no longer.
    #[oai(mapping = "unfollow")]
    Unfollow(SocketUnfollow),
}

impl SocketRequest {
    /// What a key has to be for.
    pub(super) fn needed_scope(&self) -> Scope {
        match self {
            Self::Follow(_) | Self::Unfollow(_) => Scope::Read,
            Self::Send(_) | Self::Edit(_) | Self::Regenerate(_) | Self::Continue(_) | Self::Stop(_) => Scope::Chat,
        }
    }
}

/// The words for `type`, as they are told to a client that uses another one.
const TYPES: &str = "send, edit, regenerate, continue, stop, follow or unfollow";

/// Asks a question, as `POST /api/projects/{project_id}/messages` does. Answered by `accepted`, and followed by itself.
#[derive(Debug, Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct SocketSend {
    /// Your own name for this request, which comes back with what answers it.
    #[oai(rename = "ref", validator(max_length = 64))]
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    /// The conversation.
    pub(super) project_id: Uuid,
    /// The text; it may be empty where images come with it.
    pub(super) content: String,
    /// Your own id of this question, such as a UUID: the same one again returns the same turn and asks no model again.
    #[oai(validator(min_length = 1, max_length = 64))]
    pub(super) client_request_id: Option<String>,
    /// The message it replies to; the newest one when left out.
    pub(super) parent_id: Option<Uuid>,
    /// The model to ask; the conversation's last one, or the default, when left out.
    #[oai(validator(max_length = 300))]
    pub(super) model: Option<String>,
    /// Images that you uploaded, or that came with other questions of yours, which are copied then.
    #[oai(validator(max_items = 100))]
    pub(super) attachments: Option<Vec<Uuid>>,
}

/// Asks a question in other words, beside the old one. Answered by `accepted`, and followed by itself.
#[derive(Debug, Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct SocketEdit {
    /// Your own name for this request, which comes back with what answers it.
    #[oai(rename = "ref", validator(max_length = 64))]
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    /// The conversation.
    pub(super) project_id: Uuid,
    /// The question.
    pub(super) message_id: Uuid,
    /// The text; it may be empty where images come with it.
    pub(super) content: String,
    /// Your own id of this request: the same one again returns the same turn and asks no model again.
    #[oai(validator(min_length = 1, max_length = 64))]
    pub(super) client_request_id: Option<String>,
    /// The model to ask; the conversation's last one, or the default, when left out.
    #[oai(validator(max_length = 300))]
    pub(super) model: Option<String>,
    /// Images that you uploaded, or that came with other questions of yours; those of the question when left out.
    #[oai(validator(max_items = 100))]
    pub(super) attachments: Option<Vec<Uuid>>,
}

/// Answers once more, beside the old answer. Answered by `accepted`, and followed by itself.
#[derive(Debug, Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct SocketRegenerate {
    /// Your own name for this request, which comes back with what answers it.
    #[oai(rename = "ref", validator(max_length = 64))]
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    /// The conversation.
    pub(super) project_id: Uuid,
    /// The answer.
    pub(super) message_id: Uuid,
    /// Your own id of this request: the same one again returns the same turn and asks no model again.
    #[oai(validator(min_length = 1, max_length = 64))]
    pub(super) client_request_id: Option<String>,
    /// The model to ask; the conversation's last one, or the default, when left out.
    #[oai(validator(max_length = 300))]
    pub(super) model: Option<String>,
}

/// Goes on with an answer that was cut, in the same message. Answered by `accepted`, and followed by itself.
#[derive(Debug, Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct SocketContinue {
    /// Your own name for this request, which comes back with what answers it.
    #[oai(rename = "ref", validator(max_length = 64))]
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    /// The conversation.
    pub(super) project_id: Uuid,
    /// The answer.
    pub(super) message_id: Uuid,
    /// Your own id of this request: the same one again returns the same turn and asks no model again.
    #[oai(validator(min_length = 1, max_length = 64))]
    pub(super) client_request_id: Option<String>,
    /// The model to ask; the one that began the answer when left out.
    #[oai(validator(max_length = 300))]
    pub(super) model: Option<String>,
}

/// Stops an answer; its text is kept. Answered by `stopped`.
#[derive(Debug, Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct SocketStop {
    /// Your own name for this request, which comes back with what answers it.
    #[oai(rename = "ref", validator(max_length = 64))]
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    /// The conversation.
    pub(super) project_id: Uuid,
    /// The answer.
    pub(super) message_id: Uuid,
}

/// Follows an answer, live or finished. Answered by its events, or by `unfollowed` when you have everything.
/// Following it a second time begins anew after the event given.
#[derive(Debug, Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct SocketFollow {
    /// Your own name for this request, which comes back with what answers it.
    #[oai(rename = "ref", validator(max_length = 64))]
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    /// The conversation.
    pub(super) project_id: Uuid,
    /// The answer.
    pub(super) message_id: Uuid,
    /// The `id` of the last event you have, from here or from a stream, to go on after it.
    pub(super) last_event_id: Option<u64>,
}

/// Follows an answer no longer; it is written all the same. Answered by `unfollowed`.
#[derive(Debug, Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct SocketUnfollow {
    /// Your own name for this request, which comes back with what answers it.
    #[oai(rename = "ref", validator(max_length = 64))]
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    /// The answer.
    pub(super) message_id: Uuid,
}

/// What a client said, and the `ref` by which it knows the answer, even when nothing else can be made of it.
pub(super) fn parse(text: &str) -> (Option<String>, Result<SocketRequest, Error>) {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => return (None, Err(body::malformed(&error))),
    };
    let reference = value.get("ref").and_then(Value::as_str).filter(|name| name.len() <= 256).map(str::to_owned);
    (reference, choose(text, value))
}

fn choose(text: &str, mut value: Value) -> Result<SocketRequest, Error> {
    let Some(fields) = value.as_object_mut() else {
        return Err(Error::Malformed("send a JSON object in every message".to_owned()));
    };
    let Some(Value::String(word)) = fields.remove("type") else {
        return Err(Error::invalid("type", format!("say what this is: {TYPES}")));
    };
    match word.as_str() {
        "send" => read(text, value).map(SocketRequest::Send),
        "edit" => read(text, value).map(SocketRequest::Edit),
        "regenerate" => read(text, value).map(SocketRequest::Regenerate),
        "continue" => read(text, value).map(SocketRequest::Continue),
        "stop" => read(text, value).map(SocketRequest::Stop),
        "follow" => read(text, value).map(SocketRequest::Follow),
        "unfollow" => read(text, value).map(SocketRequest::Unfollow),
        _ => Err(Error::invalid("type", format!("no message is called that; write {TYPES}"))),
    }
}

/// Reads the text as strictly as a request's body; `value` is the same without its `type`.
fn read<T: ParseFromJSON + DeserializeOwned>(text: &str, value: Value) -> Result<T, Error> {
    let Typed(parsed) = body::read(text.as_bytes())?;
    body::within_limits::<T>(value)?;
    Ok(parsed)
}

/// An object with one field more than `T` has: its `type`.
///
/// serde's own way to do this keeps the object in between, and with that forgets where a mistake is.
struct Typed<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Typed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Whole<T> {
            type Value = Typed<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(WithoutType { fields, seen: false })).map(Typed)
            }
        }
        deserializer.deserialize_map(Whole(PhantomData))
    }
}

struct WithoutType<A> {
    fields: A,
    seen: bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutType<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.fields.next_key::<String>()? {
            if key != "type" {
                return seed.deserialize(key.into_deserializer()).map(Some);
            }
            if std::mem::replace(&mut self.seen, true) {
                return Err(de::Error::duplicate_field("type"));
            }
            self.fields.next_value::<de::IgnoredAny>()?;
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.fields.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told_with_its_field_and_its_ref() {
        let id = "01a2062a-e80f-7480-8fc1-84bb6936022a";
        for (text, field) in [
            (r#"{"ref": "a"}"#.to_owned(), "type"),
            (r#"{"ref": "a", "type": 5}"#.to_owned(), "type"),
            (r#"{"ref": "a", "type": "shout"}"#.to_owned(), "type"),
            (
                format!(
                    r#"{{"ref": "a", "type": "stop", "type": "stop", "project_id": "{id}", "message_id": "{id}"}}"#
                ),
                "type",
            ),
            (format!(r#"{{"ref": "a", "type": "stop", "project_id": "{id}"}}"#), "message_id"),
            (format!(r#"{{"ref": "a", "type": "stop", "project_id": "x", "message_id": "{id}"}}"#), "project_id"),
            (
                format!(r#"{{"ref": "a", "type": "unfollow", "message_id": "{id}", "message_id": "{id}"}}"#),
                "message_id",
            ),
            (format!(r#"{{"ref": "a", "type": "unfollow", "message_id": "{id}", "loud": true}}"#), "loud"),
            (format!(r#"{{"ref": "a", "type": "send", "project_id": "{id}", "content": ["x"]}}"#), "content"),
            (
                format!(
                    r#"{{"ref": "a", "type": "follow", "project_id": "{id}", "message_id": "{id}", "last_event_id": -1}}"#
                ),
                "last_event_id",
            ),
        ] {
            let (reference, parsed) = parse(&text);
            let error = parsed.unwrap_err();
            assert_eq!(error.field(), Some(field), "{text}: {error}");
            assert_eq!((error.status(), reference.as_deref()), (422, Some("a")), "{text}");
        }
    }

    #[test]
    fn what_is_no_object_is_malformed() {
        for text in ["", "{", "[]", "null", "7", "\"send\"", "{} {}", &"[".repeat(100_000)] {
            assert_eq!(parse(text).1.unwrap_err().status(), 400, "{text:.20}");
        }
    }

    #[test]
    fn a_request_is_read_whatever_the_order_of_its_fields() {
        let id = "01a2062a-e80f-7480-8fc1-84bb6936022a";
        let text = format!(r#"{{"message_id": "{id}", "type": "follow", "last_event_id": 7, "project_id": "{id}"}}"#);
        let (None, Ok(SocketRequest::Follow(follow))) = parse(&text) else { panic!("{text}") };
        assert_eq!((follow.last_event_id, follow.message_id.to_string()), (Some(7), id.to_owned()));
    }
}
