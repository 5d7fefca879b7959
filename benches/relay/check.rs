//! Compares what a client receives with what the model said, byte by byte and as it comes.

use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use memchr::memmem;
use serde_json::Value;

use crate::answer::{Body, DELTA};

/// What a client still expects.
pub(crate) enum Check {
    /// The model's own events, untouched.
    Same { body: Arc<Body>, at: usize },
    /// Loquat's events with the same text.
    Loquat(Events),
}

/// The events of Loquat.
pub(crate) struct Events {
    text: Arc<str>,
    at: usize,
    /// The beginning of an event whose end has not come.
    partial: Vec<u8>,
    ended: bool,
}

impl Check {
    pub(crate) fn loquat(text: Arc<str>) -> Self {
        Self::Loquat(Events { text, at: 0, partial: Vec::new(), ended: false })
    }

    /// Takes the next bytes; an error says what is wrong with them.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::Same { body, at } => {
                let expected = body.bytes.get(*at..*at + bytes.len());
                ensure!(expected == Some(bytes), "other bytes than were sent, after {at}");
                *at += bytes.len();
                Ok(())
            }
            Self::Loquat(events) => events.take(bytes),
        }
    }

    /// How many deltas came.
    pub(crate) fn deltas(&self) -> usize {
        match self {
            Self::Same { body, at } => body.deltas_in(*at),
            Self::Loquat(events) => events.at / DELTA,
        }
    }

    /// Whether everything came.
    pub(crate) fn is_whole(&self) -> bool {
        match self {
            Self::Same { body, at } => *at == body.bytes.len(),
            Self::Loquat(events) => events.ended && events.partial.is_empty(),
        }
    }
}

impl Events {
    fn take(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        if self.partial.is_empty() {
            let rest = self.take_whole(bytes, 0)?;
            self.partial.extend_from_slice(&bytes[rest..]);
            return Ok(());
        }
        let mut partial = std::mem::take(&mut self.partial);
        let known = partial.len().saturating_sub(1);
        partial.extend_from_slice(bytes);
        let rest = self.take_whole(&partial, known)?;
        partial.drain(..rest);
        self.partial = partial;
        Ok(())
    }

    /// Takes every whole event and returns where the last one ends. There is no event's end before `known`.
    fn take_whole(&mut self, bytes: &[u8], known: usize) -> anyhow::Result<usize> {
        let (mut begin, mut known) = (0, known);
        while let Some(end) = memmem::find(&bytes[known..], b"\n\n") {
            let end = known + end;
            self.take_event(&bytes[begin..end])?;
            begin = end + 2;
            known = begin;
        }
        Ok(begin)
    }

    fn take_event(&mut self, event: &[u8]) -> anyhow::Result<()> {
        ensure!(!self.ended, "something came after the end");
        let event = std::str::from_utf8(event)?;
        if let Some(delta) = event.strip_prefix("id: ") {
            return self.take_delta(delta);
        }
        if event.starts_with("retry: 3000\nevent: start\n") || event.starts_with("event: name\n") || event == ":" {
            return Ok(());
        }
        let Some(end) = event.strip_prefix("event: end\nid: 9007199254740991\ndata: ") else {
            bail!("an event that nobody expected: {}", event.chars().take(300).collect::<String>());
        };
        let end: Value = serde_json::from_str(end)?;
        ensure!(self.at == self.text.len(), "the answer ended after {} of {} bytes", self.at, self.text.len());
        ensure!(end["content"].as_str() == Some(&*self.text), "the content of `end` is not what was said");
        ensure!(end["status"] == "complete", "the answer is not complete");
        self.ended = true;
        Ok(())
    }

    fn take_delta(&mut self, event: &str) -> anyhow::Result<()> {
        let (id, data) = event.split_once("\ndata: {\"delta\":\"").context("a delta of another form")?;
        // Nothing that is said has to be escaped.
        let text = data.strip_suffix("\"}").context("a delta of another form")?;
        let end = self.at + text.len();
        ensure!(self.text.get(self.at..end) == Some(text), "other text than was said, after {}", self.at);
        ensure!(id.parse() == Ok(end), "the position {id} instead of {end}");
        self.at = end;
        Ok(())
    }
}
