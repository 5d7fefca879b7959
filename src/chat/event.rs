//! The events of an answer, encoded as they go over the wire (WHATWG HTML, section 9.2.6).
//!
//! Every event is one JSON object on one `data:` line. `api::event` documents the same events for the API's readers,
//! and a test holds the two together.

use std::fmt::Write as _;

use bytes::{Bytes, BytesMut};
use serde::Serialize;
use uuid::Uuid;

use super::said::Said;
use super::timing::Timing;
use super::usage::Usage;
use super::{Ending, Failure};
use crate::entity::answer_chunk::Kind;
use crate::entity::message::Status;

/// The id of the closing event: beyond every other, and the largest number that JavaScript keeps exactly.
///
/// It is no byte count on purpose. After a crash the stored text can be a few bytes shorter than what a client
/// has, and then a position of "one past the last byte" could be either.
pub const END: u64 = (1 << 53) - 1;

/// An id that nobody can have and that ends nothing.
const NOWHERE: u64 = END - 1;

/// How long a browser waits before it reconnects, in milliseconds.
const RETRY_MS: u32 = 3000;

/// What keeps an idle connection alive; browsers do not show it to scripts.
pub const KEEP_ALIVE: Bytes = Bytes::from_static(b":\n\n");

#[derive(Serialize)]
struct Start {
    message_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_message_id: Option<Uuid>,
}

#[derive(Serialize)]
struct End<'a> {
    content: &'a str,
    message_id: Uuid,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Tokens>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timing: Option<Timing>,
}

#[derive(Serialize)]
struct Tokens {
    prompt_tokens: Option<u32>,
    completion_tokens: Option<u32>,
    reasoning_tokens: Option<u32>,
    estimated: bool,
    cached: bool,
}

impl From<Usage> for Tokens {
    fn from(usage: Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            estimated: usage.is_estimated(),
            cached: usage.is_cached(),
        }
    }
}

#[derive(Serialize)]
struct Failed<'a> {
    title: &'static str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    message_id: Uuid,
    request_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

/// `start`: which answer this is, and after which event it goes on.
pub fn start(message_id: Uuid, user_message_id: Option<Uuid>, id: u64) -> Bytes {
    let mut out = BytesMut::with_capacity(192);
    let _ = write!(out, "retry: {RETRY_MS}\nevent: start\n");
    finish(&mut out, Some(id), &Start { message_id, user_message_id });
    out.freeze()
}

/// `start` before a `snapshot`, for a client whose last id this log cannot have. It keeps that id: should the connection be
/// cut between the two, the client asks with it again, and is not taken for one that has nothing.
pub fn start_over(message_id: Uuid, user_message_id: Option<Uuid>, wanted: Option<u64>) -> Bytes {
    start(message_id, user_message_id, wanted.unwrap_or(NOWHERE).min(NOWHERE))
}

/// A delta of the text (the default event) or of the reasoning; the id is that of the position at its end.
pub fn delta(out: &mut BytesMut, kind: Kind, text: &str, id: u64) {
    out.reserve(text.len() + 64);
    if kind == Kind::Reasoning {
        out.extend_from_slice(b"event: reasoning\n");
    }
    out.extend_from_slice(b"id: ");
    number(out, id);
    out.extend_from_slice(b"\ndata: {\"delta\":");
    // Nearly every word is a string of JSON as it is.
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.extend_from_slice(b"\"");
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b"\"");
    } else {
        json(out, text);
    }
    out.extend_from_slice(b"}\n\n");
}

/// What `write!` does, in a tenth of the time.
fn number(out: &mut BytesMut, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return out.extend_from_slice(&digits[at..]);
        }
    }
}

/// `snapshot`: what is shown is to be replaced by this.
pub fn snapshot(said: &Said) -> Bytes {
    #[derive(Serialize)]
    struct Snapshot {
        content: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning: Option<String>,
    }
    let mut out = BytesMut::with_capacity(said.len() + 64);
    out.extend_from_slice(b"event: snapshot\n");
    let data = Snapshot { content: said.all(Kind::Text), reasoning: said.reasoning() };
    finish(&mut out, Some(said.id(said.len())), &data);
    out.freeze()
}

/// `name`: what the conversation is called now.
pub fn name(name: &str) -> Bytes {
    let mut out = BytesMut::with_capacity(name.len() + 48);
    out.extend_from_slice(b"event: name\n");
    finish(&mut out, None, &serde_json::json!({ "name": name }));
    out.freeze()
}

/// `queued`: the answer waits for its turn, or, at 0, waits no longer.
pub fn queued(position: usize) -> Bytes {
    let mut out = BytesMut::with_capacity(48);
    out.extend_from_slice(b"event: queued\n");
    finish(&mut out, None, &serde_json::json!({ "position": position }));
    out.freeze()
}

/// `end` or `failed`: nothing comes after it, and it is sent only once everything is stored.
pub fn closing(ending: &Ending) -> Bytes {
    let mut out = BytesMut::with_capacity(ending.content.len() + 256);
    if ending.status == Status::Failed {
        let unknown = Failure { code: "provider_error".to_owned(), detail: String::new(), retry_at: None };
        let failure = ending.failure.as_ref().unwrap_or(&unknown);
        out.extend_from_slice(b"event: failed\n");
        let failed = Failed {
            title: "The model did not finish its answer",
            status: 502,
            code: &failure.code,
            detail: &failure.detail,
            message_id: ending.message_id,
            request_id: ending.message_id,
            retry_after: failure.retry_after(),
        };
        finish(&mut out, Some(END), &failed);
        return out.freeze();
    }
    out.extend_from_slice(b"event: end\n");
    let end = End {
        content: &ending.content,
        message_id: ending.message_id,
        status: status_word(ending.status),
        finish_reason: ending.finish_reason.as_deref(),
        usage: ending.usage.map(Tokens::from),
        timing: ending.timing,
    };
    finish(&mut out, Some(END), &end);
    out.freeze()
}

/// An encoded event in its parts, as they stand on the wire.
#[derive(Debug, PartialEq)]
pub struct Parts<'a> {
    /// Its name; a delta of the text has none on the wire and is `message` here, as browsers call it.
    pub name: &'a str,
    /// Its id, where it has one.
    pub id: Option<&'a str>,
    /// Its data: one JSON object.
    pub data: &'a str,
}

/// The first of some encoded events and how many bytes it takes; comments are passed over. `None` when none is left.
pub fn first(encoded: &[u8]) -> Option<(Parts<'_>, usize)> {
    let mut at = 0;
    loop {
        let length = memchr::memmem::find(encoded.get(at..)?, b"\n\n")?;
        let lines = std::str::from_utf8(&encoded[at..at + length]).ok()?;
        at += length + 2;
        let mut parts = Parts { name: "message", id: None, data: "" };
        for line in lines.split('\n') {
            match line.split_once(": ") {
                Some(("event", name)) => parts.name = name,
                Some(("id", id)) => parts.id = Some(id),
                Some(("data", data)) => parts.data = data,
                _ => {}
            }
        }
        if !parts.data.is_empty() {
            return Some((parts, at));
        }
    }
}

/// A status as the API writes it.
pub fn status_word(status: Status) -> &'static str {
    match status {
        Status::Running => "running",
        Status::Complete => "complete",
        Status::Stopped => "stopped",
        Status::Interrupted => "interrupted",
        Status::Failed => "failed",
    }
}

fn finish(out: &mut BytesMut, id: Option<u64>, data: &impl Serialize) {
    if let Some(id) = id {
        let _ = writeln!(out, "id: {id}");
    }
    out.extend_from_slice(b"data: ");
    json(out, data);
    out.extend_from_slice(b"\n\n");
}

/// JSON escapes every line break, so that the data is always one line.
fn json(out: &mut BytesMut, value: &(impl Serialize + ?Sized)) {
    use bytes::BufMut;
    // Writing JSON of our own types to memory cannot fail.
    let _ = serde_json::to_writer(out.writer(), value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_can_be_taken_apart_again() {
        let mut out = BytesMut::new();
        out.extend_from_slice(&start(Uuid::nil(), None, 0));
        out.extend_from_slice(&KEEP_ALIVE);
        delta(&mut out, Kind::Text, "id: 1\n\ndata: x", 15);
        out.extend_from_slice(&name("a: b"));
        out.extend_from_slice(&KEEP_ALIVE);
        let mut rest = &out[..];
        let mut all = Vec::new();
        while let Some((parts, length)) = first(rest) {
            all.push((parts.name, parts.id, serde_json::from_str::<serde_json::Value>(parts.data).unwrap()));
            rest = &rest[length..];
        }
        assert_eq!(
            all,
            [
                ("start", Some("0"), serde_json::json!({"message_id": Uuid::nil()})),
                ("message", Some("15"), serde_json::json!({"delta": "id: 1\n\ndata: x"})),
                ("name", None, serde_json::json!({"name": "a: b"})),
            ]
        );
    }

    #[test]
    fn a_delta_is_what_a_json_writer_makes_of_it() {
        for text in ["word ", "é 終 😀", "a\"b", "\\", "\n", "\u{1}", "\u{7f}\u{2028}"] {
            for position in [0, 7, 10, 1234567890, u64::MAX] {
                let mut out = BytesMut::new();
                delta(&mut out, Kind::Reasoning, text, position);
                let data = serde_json::json!({ "delta": text });
                assert_eq!(out, format!("event: reasoning\nid: {position}\ndata: {data}\n\n"));
            }
        }
    }
}
