//! The answers that a socket follows, each read only when there is room to send.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use futures_util::Stream;
use uuid::Uuid;

use super::super::message::Followed;
use crate::chat::event;
use crate::chat::reader::Reader;

/// How much is sent in one go, in bytes; a larger event goes by itself.
const AT_ONCE: usize = 64 * 1024;

/// One answer that is followed.
pub(super) struct Follow {
    message_id: Uuid,
    /// The message around every event, up to the event itself.
    before: String,
    /// Encoded events that are not sent yet.
    left: Bytes,
    reader: Option<Reader>,
}

impl Follow {
    /// Follows an answer; `None` when there is nothing to follow.
    pub(super) fn new(project_id: Uuid, message_id: Uuid, followed: Followed) -> Option<Self> {
        let (left, reader) = match followed {
            Followed::Live(reader) => (Bytes::new(), Some(reader)),
            Followed::Finished(events) => (events?, None),
        };
        let before = format!(r#"{{"type":"event","project_id":"{project_id}","message_id":"{message_id}","event":"#);
        Some(Self { message_id, before, left, reader })
    }

    /// Some messages, or none at the end of the answer.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Vec<String>> {
        loop {
            let messages = self.take();
            if !messages.is_empty() {
                return Poll::Ready(messages);
            }
            // What is left now are comments, which keep other connections alive.
            self.left = match &mut self.reader {
                None => return Poll::Ready(messages),
                Some(reader) => match std::task::ready!(Pin::new(reader).poll_next(context)) {
                    Some(events) => events,
                    None => return Poll::Ready(messages),
                },
            };
        }
    }

    fn take(&mut self) -> Vec<String> {
        let mut messages = Vec::new();
        let mut size = 0;
        while size < AT_ONCE
            && let Some((parts, length)) = event::first(&self.left)
        {
            let message = self.message(&parts);
            size += message.len();
            messages.push(message);
            self.left.advance(length);
        }
        messages
    }

    /// The event with the same members as in the document, put together from what is JSON already.
    fn message(&self, parts: &event::Parts<'_>) -> String {
        let event::Parts { name, id, data } = parts;
        let mut text = String::with_capacity(self.before.len() + data.len() + 64);
        text.push_str(&self.before);
        text.push_str(r#"{"event":""#);
        text.push_str(name);
        if let Some(id) = id {
            text.push_str(r#"","id":"#);
            text.push_str(id);
            text.push_str(r#","data":"#);
        } else {
            text.push_str(r#"","data":"#);
        }
        text.push_str(data);
        text.push_str("}}");
        text
    }
}

/// Every answer that a socket follows.
#[derive(Default)]
pub(super) struct Follows {
    all: Vec<Follow>,
    /// Who is asked first the next time, so that none starves beside one that always has something.
    turn: usize,
}

impl Follows {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// How much of finished answers is held for a client that has not taken it yet, in bytes.
    pub(super) fn held(&self) -> usize {
        self.all.iter().filter(|follow| follow.reader.is_none()).map(|follow| follow.left.len()).sum()
    }

    pub(super) fn has(&self, message_id: Uuid) -> bool {
        self.all.iter().any(|follow| follow.message_id == message_id)
    }

    /// Follows an answer, instead of how it was followed before.
    pub(super) fn begin(&mut self, follow: Follow) {
        self.end(follow.message_id);
        self.all.push(follow);
    }

    pub(super) fn end(&mut self, message_id: Uuid) {
        self.all.retain(|follow| follow.message_id != message_id);
    }

    /// The next messages of any of them.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Vec<String>> {
        let mut left_to_ask = self.all.len();
        while left_to_ask > 0 {
            let at = self.turn % self.all.len();
            match self.all[at].poll(context) {
                Poll::Ready(messages) if messages.is_empty() => {
                    // It has ended; the one that takes its place is asked next.
                    self.all.remove(at);
                    self.turn = at;
                }
                Poll::Ready(messages) => {
                    self.turn = at + 1;
                    return Poll::Ready(messages);
                }
                Poll::Pending => self.turn = at + 1,
            }
            left_to_ask -= 1;
        }
        Poll::Pending
    }
}
