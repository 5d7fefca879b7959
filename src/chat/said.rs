//! What an answer says: text and reasoning in one string, in the order they came.

use bytes::BytesMut;

use super::event;
use crate::entity::answer_chunk::Kind;

/// The largest delta that is sent in one event.
const LARGEST_DELTA: usize = 16 * 1024;

/// What has been said: one string, and which of its bytes are text and which reasoning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    log: String,
    runs: Vec<(Kind, usize)>,
}

impl Said {
    /// What a finished message says. Reasoning came first unless its layout tells otherwise.
    pub fn of(content: &str, reasoning: Option<&str>, layout: Option<&str>) -> Self {
        let mut said = Self::default();
        let reasoning = reasoning.unwrap_or_default();
        let (mut text_left, mut reasoning_left) = (content, reasoning);
        let lengths = layout.unwrap_or_default().split(',').map_while(|length| length.parse().ok());
        for (turn, length) in lengths.enumerate() {
            let (kind, left) =
                if turn % 2 == 0 { (Kind::Reasoning, &mut reasoning_left) } else { (Kind::Text, &mut text_left) };
            let Some((part, rest)) = left.split_at_checked(length) else { break };
            said.push(kind, part);
            *left = rest;
        }
        said.push(Kind::Reasoning, reasoning_left);
        said.push(Kind::Text, text_left);
        said
    }

    /// Adds to the end.
    pub fn push(&mut self, kind: Kind, part: &str) {
        if part.is_empty() {
            return;
        }
        self.log.push_str(part);
        match self.runs.last_mut() {
            Some((last, end)) if *last == kind => *end = self.log.len(),
            _ => self.runs.push((kind, self.log.len())),
        }
    }

    /// How much there is, in bytes.
    pub fn len(&self) -> usize {
        self.log.len()
    }

    /// Whether nothing has been said.
    pub fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// Everything of one kind.
    pub fn all(&self, kind: Kind) -> String {
        self.parts(0).filter(|(of, _)| *of == kind).map(|(_, part)| part).collect()
    }

    /// The reasoning, if there is any.
    pub fn reasoning(&self) -> Option<String> {
        Some(self.all(Kind::Reasoning)).filter(|reasoning| !reasoning.is_empty())
    }

    /// How reasoning and text alternate, where that is not simply "reasoning, then text": lengths in bytes,
    /// beginning with reasoning.
    pub fn layout(&self) -> Option<String> {
        let usual = match self.runs.as_slice() {
            [] | [_] => true,
            [(first, _), _] => *first == Kind::Reasoning,
            _ => false,
        };
        if usual {
            return None;
        }
        let mut lengths = Vec::with_capacity(self.runs.len() + 1);
        if self.runs.first().is_some_and(|(kind, _)| *kind == Kind::Text) {
            lengths.push("0".to_owned());
        }
        let mut begin = 0;
        for (_, end) in &self.runs {
            lengths.push((end - begin).to_string());
            begin = *end;
        }
        Some(lengths.join(","))
    }

    /// What follows a position, in parts of one kind each. A position that is inside a character, or beyond the
    /// end, gives nothing: see [`Said::has`].
    pub fn parts(&self, from: usize) -> impl Iterator<Item = (Kind, &str)> {
        let mut begin = from;
        self.runs.iter().filter_map(move |(kind, end)| {
            if *end <= begin {
                return None;
            }
            let part = self.log.get(begin..*end)?;
            begin = *end;
            Some((*kind, part))
        })
    }

    /// Whether a client can hold exactly this much of the log.
    pub fn has(&self, position: usize) -> bool {
        self.log.is_char_boundary(position)
    }

    /// Encodes what follows a position as few large events, at most `limit` bytes of text; returns where it ends.
    pub fn encode(&self, from: usize, limit: usize, out: &mut BytesMut) -> usize {
        let mut position = from;
        for (kind, part) in self.parts(from) {
            let mut rest = part;
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.floor_char_boundary(LARGEST_DELTA));
                position += now.len();
                event::delta(out, kind, now, position as u64);
                rest = later;
                if position - from >= limit {
                    return position;
                }
            }
        }
        position
    }
}
