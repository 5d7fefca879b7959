//! Text out of JSON strings whose bytes may be broken, and which may break off inside a character.

/// Decodes the pieces of one text. What cannot be a character becomes U+FFFD, and so does U+0000, which PostgreSQL refuses.
///
/// Servers that cut their text without looking (JavaScript's `slice` does) send one half of a character at the end of a
/// delta and the other at the beginning of the next, as two lone surrogates or as two broken sequences of bytes: the first
/// half is kept back until the second is here.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// The first one to three bytes of a character whose rest has not come.
    half: Vec<u8>,
}

impl Decoder {
    /// Appends the text of `piece` to `text`.
    pub(super) fn decode(&mut self, piece: &[u8], text: &mut String) {
        if !self.half.is_empty() && !piece.is_empty() {
            let mut whole = std::mem::take(&mut self.half);
            whole.extend_from_slice(piece);
            return self.decode_whole(&whole, text);
        }
        self.decode_whole(piece, text);
    }

    /// Appends what stands for a character whose rest never came.
    pub(super) fn finish(&mut self, text: &mut String) {
        if !std::mem::take(&mut self.half).is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }

    fn decode_whole(&mut self, mut bytes: &[u8], text: &mut String) {
        loop {
            match std::str::from_utf8(bytes) {
                Ok(good) => return push_without_nul(good, text),
                Err(error) => {
                    let (good, bad) = bytes.split_at(error.valid_up_to());
                    push_without_nul(std::str::from_utf8(good).unwrap_or_default(), text);
                    let Some(length) = take_broken(bad, error.error_len(), text) else {
                        self.half = bad.to_vec();
                        return;
                    };
                    bytes = &bad[length..];
                }
            }
        }
    }
}

/// Puts the right character for the broken bytes that `bad` begins with, and tells how many those are. `None`: what comes
/// next may complete them.
fn take_broken(bad: &[u8], error_len: Option<usize>, text: &mut String) -> Option<usize> {
    match (surrogate(bad), surrogate(bad.get(3..).unwrap_or_default())) {
        (Some(high @ 0xD800..=0xDBFF), Some(low @ 0xDC00..=0xDFFF)) => {
            let character = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            text.push(char::from_u32(character).unwrap_or(char::REPLACEMENT_CHARACTER));
            return Some(6);
        }
        (Some(0xD800..=0xDBFF), None) if bad.len() == 3 => return None,
        (Some(_), _) => {
            text.push(char::REPLACEMENT_CHARACTER);
            return Some(3);
        }
        _ => {}
    }
    let length = error_len?;
    text.push(char::REPLACEMENT_CHARACTER);
    Some(length)
}

/// The surrogate that three bytes of WTF-8 stand for. Source: <https://simonsapin.github.io/wtf-8/>.
fn surrogate(bytes: &[u8]) -> Option<u32> {
    match bytes {
        [0xED, second @ 0xA0..=0xBF, third @ 0x80..=0xBF, ..] => {
            Some(0xD000 | (u32::from(second & 0x3F) << 6) | u32::from(third & 0x3F))
        }
        _ => None,
    }
}

fn push_without_nul(good: &str, text: &mut String) {
    let mut rest = good;
    while let Some(nul) = memchr::memchr(0, rest.as_bytes()) {
        text.push_str(&rest[..nul]);
        text.push(char::REPLACEMENT_CHARACTER);
        rest = &rest[nul + 1..];
    }
    text.push_str(rest);
}
