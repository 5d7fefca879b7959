//! Thinking that a model writes into its answer as `<think>…</think>`, as many do when their server does not separate it.

/// What may open it, and what then closes it. Only the very beginning of an answer counts: further on, an answer may well
/// be about such tags.
const TAGS: [(&[u8], &[u8]); 3] =
    [(b"<think>", b"</think>"), (b"<thinking>", b"</thinking>"), (b"<thought>", b"</thought>")];

/// The most white space before a tag, in bytes. It is held back until what follows it says whether it is the answer's, and
/// a model may send nothing else for ever.
const SPACE: usize = 256;

/// Separates thinking from the answer, in pieces of any size.
#[derive(Debug, Default)]
pub(super) struct Thinking(State);

#[derive(Debug)]
enum State {
    /// What came so far could still become a tag.
    Begin(Vec<u8>),
    /// Thinking; the end of it may have begun.
    Inside { close: &'static [u8], held: Vec<u8> },
    /// Thinking has ended; white space before the answer is left out.
    Between,
    /// The answer.
    Answer,
}

impl Default for State {
    fn default() -> Self {
        Self::Begin(Vec::new())
    }
}

/// A piece of an answer: what it is, and its bytes.
#[derive(Debug, PartialEq)]
pub(super) enum Piece<'a> {
    /// Thinking.
    Thought(&'a [u8]),
    /// The answer itself.
    Said(&'a [u8]),
}

impl Thinking {
    /// Hands on what a piece of text adds to the thinking and to the answer.
    pub(super) fn separate<E>(
        &mut self,
        piece: &[u8],
        mut take: impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = piece;
        while !rest.is_empty() {
            match &mut self.0 {
                State::Answer => return take(Piece::Said(rest)),
                State::Between => {
                    rest = rest.trim_ascii_start();
                    if !rest.is_empty() {
                        self.0 = State::Answer;
                    }
                }
                State::Begin(held) => {
                    held.extend_from_slice(rest);
                    let held = std::mem::take(held);
                    let begun = held.trim_ascii_start();
                    let tags = if held.len() - begun.len() > SPACE { &[][..] } else { &TAGS };
                    if let Some((open, close)) = tags.iter().find(|(open, _)| begun.starts_with(open)) {
                        self.0 = State::Inside { close, held: Vec::new() };
                        // The tag itself may end inside this piece, and the thinking begin.
                        return self.separate(&begun[open.len()..], take);
                    }
                    if tags.iter().any(|(open, _)| open.starts_with(begun)) {
                        self.0 = State::Begin(held);
                        return Ok(());
                    }
                    self.0 = State::Answer;
                    return take(Piece::Said(&held));
                }
                State::Inside { close, held } => {
                    held.extend_from_slice(rest);
                    let (held, close) = (std::mem::take(held), *close);
                    if let Some(at) = memchr::memmem::find(&held, close) {
                        self.0 = State::Between;
                        take(Piece::Thought(&held[..at]))?;
                        return self.separate(&held[at + close.len()..], take);
                    }
                    let kept = (1..close.len()).rev().find(|length| held.ends_with(&close[..*length])).unwrap_or(0);
                    let (thought, tail) = held.split_at(held.len() - kept);
                    self.0 = State::Inside { close, held: tail.to_vec() };
                    return if thought.is_empty() { Ok(()) } else { take(Piece::Thought(thought)) };
                }
            }
        }
        Ok(())
    }

    /// How many bytes are held back.
    #[cfg(any(test, fuzzing))]
    pub(super) fn held(&self) -> usize {
        match &self.0 {
            State::Begin(held) | State::Inside { held, .. } => held.len(),
            State::Between | State::Answer => 0,
        }
    }

    /// Hands on what is held back for a tag, because something else is said before the rest of it: what came first has to
    /// stay first.
    pub(super) fn interrupt<E>(&mut self, mut take: impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        match &mut self.0 {
            State::Begin(held) if !held.is_empty() => {
                let held = std::mem::take(held);
                self.0 = State::Answer;
                take(Piece::Said(&held))
            }
            State::Inside { held, .. } if !held.is_empty() => take(Piece::Thought(&std::mem::take(held))),
            _ => Ok(()),
        }
    }

    /// Hands on what was held back for a tag that never came.
    pub(super) fn finish<E>(&mut self, mut take: impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        match std::mem::replace(&mut self.0, State::Answer) {
            State::Begin(held) if !held.is_empty() => take(Piece::Said(&held)),
            State::Inside { held, .. } if !held.is_empty() => take(Piece::Thought(&held)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The thinking and the answer of a text that comes in pieces of one size.
    fn separated(text: &str, size: usize) -> (String, String) {
        let (mut thought, mut said) = (Vec::new(), Vec::new());
        let mut take = |piece: Piece<'_>| {
            match piece {
                Piece::Thought(bytes) => thought.extend_from_slice(bytes),
                Piece::Said(bytes) => said.extend_from_slice(bytes),
            }
            Ok::<_, ()>(())
        };
        let mut thinking = Thinking::default();
        for piece in text.as_bytes().chunks(size) {
            thinking.separate(piece, &mut take).unwrap();
        }
        thinking.finish(&mut take).unwrap();
        (String::from_utf8(thought).unwrap(), String::from_utf8(said).unwrap())
    }

    #[test]
    fn thinking_at_the_beginning_is_kept_apart_however_it_is_cut() {
        for (text, thought, said) in [
            ("<think>hm, 終</think>\n\nYes.", "hm, 終", "Yes."),
            ("\n <think>\nhm</think>Yes </think> no", "\nhm", "Yes </think> no"),
            ("<thinking>a < b</thinking> so", "a < b", "so"),
            ("<thought></thought>plain", "", "plain"),
            ("<think>never closed </thi", "never closed </thi", ""),
            ("Say <think>this</think>", "", "Say <think>this</think>"),
            ("  <thin", "", "  <thin"),
            ("<b>bold</b>", "", "<b>bold</b>"),
            (" plain", "", " plain"),
            ("", "", ""),
        ] {
            for size in 1..=text.len().max(1) {
                assert_eq!(separated(text, size), (thought.to_owned(), said.to_owned()), "{text:?} by {size}");
            }
        }
    }

    #[test]
    fn only_so_much_white_space_is_held_back_however_it_is_cut() {
        let after = |space: usize| format!("{}<think>hm</think>Yes.", "\n".repeat(space));
        let (most, more) = (after(SPACE), after(SPACE + 1));
        for size in 1..=more.len() {
            assert_eq!(separated(&most, size), ("hm".to_owned(), "Yes.".to_owned()), "by {size}");
            assert_eq!(separated(&more, size), (String::new(), more.clone()), "by {size}");
        }
        let mut thinking = Thinking::default();
        for _ in 0..2 * SPACE {
            thinking.separate(b" ", |_| Ok::<_, ()>(())).unwrap();
            assert!(thinking.held() <= SPACE);
        }
    }
}
