//! What an answer says: text and reasoning in one string, in the order they came.

use bytes::BytesMut;

use super::event;
use crate::entity::answer_chunk::Kind;

/// The largest delta that is sent in one event.
const LARGEST_DELTA: usize = 16 * 1024;
/// What a crash adds to the ids of everything after it: more bytes than any answer has.
const CRASH: u64 = 1 << 32;

/// What has been said: one string, and which of its bytes are text and which reasoning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    log: String,
    runs: Vec<(Kind, usize)>,
    /// Where crashes have cut it off, in bytes, ascending. A client may have seen more there than was kept.
    crashes: Vec<usize>,
}

impl Said {
    /// What a finished message says. Reasoning came first unless its layout tells otherwise.
    pub fn of(content: &str, reasoning: Option<&str>, layout: Option<&str>) -> Self {
        let mut said = Self::default();
        let reasoning = reasoning.unwrap_or_default();
        let (mut text_left, mut reasoning_left) = (content, reasoning);
        let layout = layout.unwrap_or_default();
        let (lengths, crashes) = layout.split_once(';').unwrap_or((layout, ""));
        for (turn, length) in numbers(lengths).enumerate() {
            let (kind, left) =
                if turn % 2 == 0 { (Kind::Reasoning, &mut reasoning_left) } else { (Kind::Text, &mut text_left) };
            let Some((part, rest)) = left.split_at_checked(length) else { break };
            said.push(kind, part);
            *left = rest;
        }
        said.push(Kind::Reasoning, reasoning_left);
        said.push(Kind::Text, text_left);
        said.crashes = numbers(crashes).take_while(|crash| *crash <= said.len()).collect();
        said
    }

    /// Notes that what was said after this is lost, in a crash.
    pub fn crashed(&mut self) {
        self.crashes.push(self.len());
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

    /// What cannot be told from text and reasoning alone: how they alternate, where that is not simply "reasoning, then
    /// text", as lengths in bytes beginning with reasoning; then, after a semicolon, where crashes have cut it off.
    pub fn layout(&self) -> Option<String> {
        let usual = match self.runs.as_slice() {
            [] | [_] => true,
            [(first, _), _] => *first == Kind::Reasoning,
            _ => false,
        };
        let mut lengths = Vec::new();
        if !usual {
            if self.runs.first().is_some_and(|(kind, _)| *kind == Kind::Text) {
                lengths.push(0);
            }
            let mut begin = 0;
            for (_, end) in &self.runs {
                lengths.push(end - begin);
                begin = *end;
            }
        }
        match (lengths.is_empty(), self.crashes.is_empty()) {
            (true, true) => None,
            (false, true) => Some(listed(&lengths)),
            (_, false) => Some(format!("{};{}", listed(&lengths), listed(&self.crashes))),
        }
    }

    /// The id of a position on the wire: its bytes, and how many crashes there were before the last of them. So a place
    /// in what a crash has taken along is no place in what was said instead.
    pub fn id(&self, position: usize) -> u64 {
        let crashes = self.crashes.partition_point(|crash| *crash < position);
        position as u64 + CRASH * crashes as u64
    }

    /// The position that an id stands for, if a client can hold exactly that much of this log.
    pub fn position(&self, id: u64) -> Option<usize> {
        let position = usize::try_from(id % CRASH).ok()?;
        (self.log.is_char_boundary(position) && self.id(position) == id).then_some(position)
    }

    /// What follows a position, in parts of one kind each. A position that is inside a character, or beyond the
    /// end, gives nothing: see [`Said::position`].
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

    /// Encodes what follows a position as few large events, at most `limit` bytes of text; returns where it ends.
    pub fn encode(&self, from: usize, limit: usize, out: &mut BytesMut) -> usize {
        let mut position = from;
        for (kind, part) in self.parts(from) {
            let mut rest = part;
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.floor_char_boundary(LARGEST_DELTA));
                position += now.len();
                event::delta(out, kind, now, self.id(position));
                rest = later;
                if position - from >= limit {
                    return position;
                }
            }
        }
        position
    }
}

fn numbers(list: &str) -> impl Iterator<Item = usize> {
    list.split(',').map_while(|number| number.parse().ok())
}

fn listed(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}
