//! What the bytes of one answer add up to: its text so far, and whether it ended well.

use std::sync::Arc;

use super::Endpoint;
use super::chunk::{Choice, Chunk, Content};
use super::failure::Failure;
use super::lenient::lenient_value;
use super::shape::Shape;
use super::text::Decoder;
use super::thinking::{Piece, Thinking};
use crate::llm::sse::{self, Event};
use crate::llm::{Error, Finish, FinishReason, Part, Usage};

/// The longest body that is read when a provider does not stream although it was asked to.
const WHOLE_BODY_BYTES: usize = 8 * 1024 * 1024;

/// Reads the body of one successful response, in pieces of any size. Knows nothing of connections and time.
#[derive(Debug)]
pub(super) struct Reading {
    endpoint: Arc<Endpoint>,
    model: String,
    form: Form,
    events: sse::Reader,
    shape: Shape<Kind>,
    text: Decoder,
    reasoning: Decoder,
    thinking: Thinking,
    /// Bytes of text and reasoning so far.
    bytes: usize,
    answer_bytes: Option<usize>,
    finish: Option<FinishReason>,
    /// Whether more was said after the model had given its reason to stop, as with servers that give one in every chunk.
    went_on: bool,
    usage: Option<Usage>,
    /// Whether the model declined in a `refusal` field.
    refused: bool,
    /// Whether any event with data came.
    spoke: bool,
    done: bool,
}

/// What the body turned out to be.
#[derive(Debug)]
enum Form {
    /// Only white space so far.
    Unknown,
    Events,
    /// An answer or an error in one piece of JSON.
    Whole(Vec<u8>),
}

/// Which kind of part a text belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Text,
    Reasoning,
}

impl Reading {
    pub(super) fn new(endpoint: Arc<Endpoint>, model: String) -> Self {
        let limits = &endpoint.limits;
        Self {
            model,
            form: Form::Unknown,
            events: sse::Reader::new(limits.line_bytes),
            shape: Shape::default(),
            text: Decoder::default(),
            reasoning: Decoder::default(),
            thinking: Thinking::default(),
            bytes: 0,
            answer_bytes: limits.answer_bytes,
            finish: None,
            went_on: false,
            usage: None,
            refused: false,
            spoke: false,
            done: false,
            endpoint,
        }
    }

    /// Bytes of text and reasoning so far, so that a caller sees whether a piece brought any.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many bytes it holds of what it could not give out yet.
    #[cfg(any(test, fuzzing))]
    pub(super) fn held(&self) -> usize {
        let whole = if let Form::Whole(body) = &self.form { body.len() } else { 0 };
        self.events.held() + whole + self.thinking.held()
    }

    /// Whether the model said that it is finished. What may still come is what it cost. A reason after which it went on
    /// says nothing about the end, and neither does any later one.
    pub(super) fn is_finished(&self) -> bool {
        self.finish.is_some() && !self.went_on
    }

    /// Whether the stream said `[DONE]`, after which nothing is read.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Reads a piece and appends its text to `parts`. After an error the stream must not be read on.
    pub(super) fn read(&mut self, piece: &[u8], parts: &mut Vec<Part>) -> Result<(), Error> {
        let mut piece = piece;
        if matches!(self.form, Form::Unknown) {
            // An event's first line begins with its white space, JSON after it, wherever the packets end.
            let (space, rest) = piece.split_at(piece.iter().position(is_no_space).unwrap_or(piece.len()));
            self.read_events(space, parts)?;
            let Some(first) = rest.first() else { return Ok(()) };
            self.form = self.recognise(*first)?;
            piece = rest;
        }
        if let Form::Whole(body) = &mut self.form {
            if body.len() + piece.len() > WHOLE_BODY_BYTES {
                return Err(self.bad("more JSON than any answer is long"));
            }
            body.extend_from_slice(piece);
            return Ok(());
        }
        self.read_events(piece, parts)
    }

    fn read_events(&mut self, piece: &[u8], parts: &mut Vec<Part>) -> Result<(), Error> {
        let mut rest = piece;
        // The reader is taken out so that its event can be borrowed while the rest of `self` takes the text.
        let mut events = std::mem::replace(&mut self.events, sse::Reader::new(0));
        let result = loop {
            match events.next(&mut rest) {
                Ok(Some(event)) if !self.done => {
                    if let Err(error) = self.take_event(event, parts) {
                        break Err(error);
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => break Ok(()),
                Err(sse::TooLong) => break Err(self.bad("a line longer than any event is")),
            }
        };
        self.events = events;
        result
    }

    /// The stream ended. `whole`: as it should, and not by a cut or a reset.
    pub(super) fn end(&mut self, whole: bool, parts: &mut Vec<Part>) -> Result<Finish, Error> {
        if let Form::Whole(body) = &mut self.form {
            let body = std::mem::take(body);
            self.take_whole(&body, whole, parts)?;
        } else if whole && !self.done {
            let mut events = std::mem::replace(&mut self.events, sse::Reader::new(0));
            if let Some(event) = events.unfinished() {
                match self.take_event(event, parts) {
                    // It is half an event, so the connection is to blame and not the address.
                    Err(Error::BadResponse { .. }) => {}
                    taken => taken?,
                }
            }
        }
        // Also when it broke off: what was held back for a tag was said.
        let mut thinking = std::mem::take(&mut self.thinking);
        thinking.finish(|piece| self.take_piece(piece, parts))?;
        let ended = whole || self.done || !self.went_on;
        if let Some(reason) = self.finish.clone().filter(|_| ended) {
            self.flush(parts);
            let refused = self.refused && reason == FinishReason::Stop;
            let reason = if refused { FinishReason::Refusal } else { reason };
            return Ok(Finish { reason, usage: self.usage });
        }
        if whole && !self.spoke {
            return Err(
                self.bad("an empty answer, as some servers do when the conversation is longer than the model can read")
            );
        }
        Err(Error::CutOff { provider: self.endpoint.name.clone() })
    }

    /// Tells a stream from what else servers send with status 200. Labels are not trusted: the first byte decides.
    fn recognise(&self, first: u8) -> Result<Form, Error> {
        match first {
            b'{' | b'[' => Ok(Form::Whole(Vec::new())),
            b'<' => Err(self.bad("a web page")),
            0x1F => Err(self.bad("compressed bytes, which were not asked for")),
            _ => Ok(Form::Events),
        }
    }

    fn take_whole(&mut self, body: &[u8], whole: bool, parts: &mut Vec<Part>) -> Result<(), Error> {
        let Some(value) = lenient_value(body) else {
            return match whole {
                true => Err(self.bad("JSON that cannot be read")),
                false => Err(Error::CutOff { provider: self.endpoint.name.clone() }),
            };
        };
        if value["choices"][0].is_null() {
            return match Failure::of_value(&value) {
                Some(failure) => Err(self.failed(failure)),
                None => Err(self.bad("JSON that is no answer")),
            };
        }
        self.take_event(Event { name: b"", data: body }, parts)?;
        // The body is complete, so the answer is, even without a reason.
        self.finish.get_or_insert(FinishReason::Stop);
        Ok(())
    }

    fn take_event(&mut self, event: Event<'_>, parts: &mut Vec<Part>) -> Result<(), Error> {
        let data = event.data.trim_ascii();
        if data.is_empty() && event.name != b"error" {
            return Ok(());
        }
        self.spoke = true;
        if data == b"[DONE]" {
            self.done = true;
            return Ok(());
        }
        if event.name == b"error" {
            return Err(self.failed(Failure::of_event(data)));
        }
        match self.shape.text(data) {
            Some((Kind::Text, text)) => return self.take_said(text, parts),
            Some((Kind::Reasoning, text)) => return self.take_thought(text, parts),
            None => {}
        }
        match Chunk::read(data, |chunk| self.take_chunk(&chunk, data, parts)) {
            Some(result) => result,
            None => self.take_other(data),
        }
    }

    fn take_chunk(&mut self, chunk: &Chunk<'_>, data: &[u8], parts: &mut Vec<Part>) -> Result<(), Error> {
        if let Some(usage) = chunk.usage() {
            self.usage = Some(usage);
        }
        let choice = chunk.choices.0.iter().flatten().find(|choice| choice.is_ours());
        if let Some(choice) = choice {
            self.take_choice(choice, parts)?;
        }
        // Text beside an error is still text, so the error comes after it.
        let error = chunk.error.as_ref().or_else(|| choice?.error.as_ref());
        if let Some(failure) = error.and_then(Failure::of_error) {
            return Err(self.failed(failure));
        }
        if choice.is_some_and(|choice| choice.finish_reason.0.as_deref() == Some("error")) {
            return Err(self.failed(Failure::default()));
        }
        if chunk.choices.0.is_none() {
            return self.take_other(data);
        }
        if let Some((is_text, text)) = chunk.only_text() {
            self.shape.learn(if is_text { Kind::Text } else { Kind::Reasoning }, data, text);
        }
        Ok(())
    }

    /// Data that is no chunk: an error in another shape, something harmless, or a chunk that was damaged on its way.
    fn take_other(&mut self, data: &[u8]) -> Result<(), Error> {
        if let Some(value) = lenient_value(data) {
            return Failure::of_value(&value).map_or(Ok(()), |failure| Err(self.failed(failure)));
        }
        // Passing over a damaged chunk would leave a hole in the answer that nobody sees.
        let chunk_like =
            [&b"\"choices\""[..], b"\"delta\""].iter().any(|mark| memchr::memmem::find(data, mark).is_some());
        if chunk_like { Err(self.bad("a damaged piece of the answer")) } else { Ok(()) }
    }

    fn take_choice(&mut self, choice: &Choice<'_>, parts: &mut Vec<Part>) -> Result<(), Error> {
        if let Some(delta) = choice.delta() {
            self.take_content(Kind::Reasoning, delta.reasoning(), parts)?;
            self.take_content(Kind::Text, &delta.content, parts)?;
            self.refused |= !delta.refusal.is_empty();
            self.take_content(Kind::Text, &delta.refusal, parts)?;
        }
        match choice.finish_reason.0.as_deref() {
            None | Some("" | "error") => {}
            Some(reason) => self.finish = Some(finish_reason(reason)),
        }
        Ok(())
    }

    fn take_content(&mut self, kind: Kind, content: &Content<'_>, parts: &mut Vec<Part>) -> Result<(), Error> {
        match content {
            Content::None => Ok(()),
            Content::Text(text) if kind == Kind::Text => self.take_said(text, parts),
            Content::Text(text) => self.take_thought(text, parts),
            Content::Parts(list) => list.iter().try_for_each(|part| {
                self.take_content(Kind::Reasoning, &part.thinking, parts)?;
                self.take_content(kind, &part.text, parts)
            }),
        }
    }

    /// Thinking that the provider sends apart. What is held back of the text came before it.
    fn take_thought(&mut self, text: &[u8], parts: &mut Vec<Part>) -> Result<(), Error> {
        self.note_going_on(text);
        if !text.is_empty() {
            let mut thinking = std::mem::take(&mut self.thinking);
            let result = thinking.interrupt(|piece| self.take_piece(piece, parts));
            self.thinking = thinking;
            result?;
        }
        self.take_text(Kind::Reasoning, text, parts)
    }

    /// Text that may have thinking in it.
    fn take_said(&mut self, text: &[u8], parts: &mut Vec<Part>) -> Result<(), Error> {
        self.note_going_on(text);
        let mut thinking = std::mem::take(&mut self.thinking);
        let result = thinking.separate(text, |piece| self.take_piece(piece, parts));
        self.thinking = thinking;
        result
    }

    /// Here and not where text enters the answer, because what was held back until the end was said before it.
    fn note_going_on(&mut self, text: &[u8]) {
        self.went_on |= self.finish.is_some() && !text.is_empty();
    }

    fn take_piece(&mut self, piece: Piece<'_>, parts: &mut Vec<Part>) -> Result<(), Error> {
        match piece {
            Piece::Thought(text) => self.take_text(Kind::Reasoning, text, parts),
            Piece::Said(text) => self.take_text(Kind::Text, text, parts),
        }
    }

    /// The one place where text of either kind enters an answer.
    fn take_text(&mut self, kind: Kind, piece: &[u8], parts: &mut Vec<Part>) -> Result<(), Error> {
        if piece.is_empty() {
            return Ok(());
        }
        let decoder = match kind {
            Kind::Text => &mut self.text,
            Kind::Reasoning => &mut self.reasoning,
        };
        let text = last_of_kind(kind, parts);
        let before = text.len();
        decoder.decode(piece, text);
        let room = self.answer_bytes.map_or(usize::MAX, |limit| limit - self.bytes);
        let too_long = text.len() - before > room;
        if too_long {
            text.truncate(text.floor_char_boundary(before + room));
        }
        self.bytes += text.len() - before;
        if text.is_empty() {
            parts.pop();
        }
        match self.answer_bytes {
            Some(limit) if too_long => Err(Error::AnswerTooLong { limit }),
            _ => Ok(()),
        }
    }

    /// Puts what stands for characters that never became whole.
    fn flush(&mut self, parts: &mut Vec<Part>) {
        for (kind, decoder) in [(Kind::Reasoning, &mut self.reasoning), (Kind::Text, &mut self.text)] {
            let mut text = String::new();
            decoder.finish(&mut text);
            if !text.is_empty() {
                self.bytes += text.len();
                last_of_kind(kind, parts).push_str(&text);
            }
        }
    }

    fn failed(&self, failure: Failure) -> Error {
        failure.into_error(&self.endpoint, &self.model)
    }

    fn bad(&self, what: &str) -> Error {
        Error::BadResponse { provider: self.endpoint.name.clone(), what: what.to_owned() }
    }
}

/// Whether a byte is neither white space nor of a byte order mark.
fn is_no_space(byte: &u8) -> bool {
    !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0xEF | 0xBB | 0xBF)
}

/// The last part's text when it is of this kind, else that of a new part.
fn last_of_kind(kind: Kind, parts: &mut Vec<Part>) -> &mut String {
    let fits = match parts.last() {
        Some(Part::Text(_)) => kind == Kind::Text,
        Some(Part::Reasoning(_)) => kind == Kind::Reasoning,
        None => false,
    };
    if !fits {
        parts.push(match kind {
            Kind::Text => Part::Text(String::new()),
            Kind::Reasoning => Part::Reasoning(String::new()),
        });
    }
    let last = parts.len() - 1;
    match &mut parts[last] {
        Part::Text(text) | Part::Reasoning(text) => text,
    }
}

fn finish_reason(reason: &str) -> FinishReason {
    match reason {
        "stop" | "eos" | "end_turn" => FinishReason::Stop,
        "length" | "max_tokens" => FinishReason::Length,
        "content_filter" => FinishReason::ContentFilter,
        "tool_calls" | "function_call" => FinishReason::ToolCalls,
        "refusal" => FinishReason::Refusal,
        other => FinishReason::Other(other.chars().take(64).collect()),
    }
}
