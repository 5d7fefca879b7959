//! Chunks that differ from the one before in their text alone, which is nearly all of them.
//!
//! A provider says the same things around every word: ids, a time, empty fields. What was parsed once need not be parsed
//! again: a chunk with the same bytes before and after a string without escapes is the same JSON with another string.

/// The longest chunk whose shape is remembered, in bytes.
const LONGEST: usize = 2 * 1024;

/// What was around the text of the last chunk that held one text and nothing else of interest.
#[derive(Debug)]
pub(super) struct Shape<K> {
    kind: Option<K>,
    around: Vec<u8>,
    /// Where the text was cut out of it.
    at: usize,
}

impl<K> Default for Shape<K> {
    fn default() -> Self {
        Self { kind: None, around: Vec::new(), at: 0 }
    }
}

impl<K: Copy> Shape<K> {
    /// The text of a chunk of this shape, and its kind.
    pub(super) fn text<'d>(&self, data: &'d [u8]) -> Option<(K, &'d [u8])> {
        let kind = self.kind?;
        let (before, after) = self.around.split_at(self.at);
        let text = data.strip_prefix(before)?.strip_suffix(after)?;
        is_plain(text).then_some((kind, text))
    }

    /// Remembers the shape of a chunk from which this text was borrowed.
    pub(super) fn learn(&mut self, kind: K, data: &[u8], text: &[u8]) {
        self.kind = None;
        // Where in the chunk it is, only its address tells; whether that is so is looked at, and not believed.
        let begin = (text.as_ptr() as usize).wrapping_sub(data.as_ptr() as usize);
        let end = begin.wrapping_add(text.len());
        let is_inside = 0 < begin && begin <= end && end < data.len();
        if !is_inside
            || data.len() > LONGEST
            || data[begin - 1] != b'"'
            || data[end] != b'"'
            || &data[begin..end] != text
        {
            return;
        }
        if !is_plain(text) {
            return;
        }
        self.around.clear();
        self.around.extend_from_slice(&data[..begin]);
        self.around.extend_from_slice(&data[end..]);
        self.at = begin;
        self.kind = Some(kind);
    }
}

/// Whether these bytes between quotes are a string of JSON that means just them.
fn is_plain(text: &[u8]) -> bool {
    text.iter().all(|byte| *byte >= b' ' && *byte != b'"' && *byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: &[u8] = br#"{"id":"1","choices":[{"delta":{"content":"word"},"finish_reason":null}]}"#;

    fn learned() -> Shape<char> {
        let mut shape = Shape::default();
        let at = memchr::memmem::find(CHUNK, b"word").unwrap();
        shape.learn('t', CHUNK, &CHUNK[at..at + 4]);
        shape
    }

    fn with(text: &str) -> Vec<u8> {
        String::from_utf8(CHUNK.to_vec()).unwrap().replace("word", text).into_bytes()
    }

    #[test]
    fn another_text_in_the_same_shape_is_found() {
        for text in ["word", "", " a longer one", "終 é", "}}]", "'\u{7f}"] {
            assert_eq!(learned().text(&with(text)), Some(('t', text.as_bytes())), "{text}");
        }
    }

    #[test]
    fn whatever_else_may_differ_is_left_to_the_parser() {
        for text in [r"\n", r#"a","role":"x"#, r#"" "#, "\n", "\0"] {
            assert_eq!(learned().text(&with(text)), None, "{text}");
        }
        for chunk in [&CHUNK[1..], &CHUNK[..CHUNK.len() - 1], b"", b"{}", &with("x").repeat(2)] {
            assert_eq!(learned().text(chunk), None);
        }
        // Where beginning and end overlap, there is no text between them.
        let mut shape = Shape::default();
        let chunk = br#"{"a":"word"}"#;
        shape.learn('t', chunk, &chunk[6..10]);
        assert_eq!(shape.text(br#"{"a":"}"#), None);
    }

    #[test]
    fn only_a_string_of_the_chunk_itself_is_learned() {
        let mut shape = learned();
        shape.learn('t', CHUNK, b"word".to_vec().as_slice());
        assert_eq!(shape.text(CHUNK), None);
        for part in [&CHUNK[..4], &CHUNK[40..44], &CHUNK[CHUNK.len() - 3..], &CHUNK[3..]] {
            shape.learn('t', CHUNK, part);
            assert_eq!(shape.text(CHUNK), None, "{}", String::from_utf8_lossy(part));
        }
        let long = with(&"x".repeat(LONGEST));
        shape.learn('t', &long, &long[50..60]);
        assert_eq!(shape.text(&long), None);
    }
}
