//! What of a response's bytes is content, and where that ends (RFC 9112, sections 6 and 7).

/// The most that may come in one piece of what nobody reads: the padding and extensions of one chunk's size, and all
/// trailers together. It is not for the whole body, in which every chunk may have a few of such bytes.
const UNREAD: usize = 16 * 1024;
/// Digits of a chunk's size, so that it fits 60 bits.
const DIGITS: u8 = 15;

/// How the end of a body is told.
#[derive(Debug, PartialEq)]
pub(super) enum Framing {
    /// So many bytes are left.
    Length(u64),
    /// The content comes in chunks.
    Chunked(Chunked),
    /// The end of the connection is the end of the body.
    Close,
}

/// A reader of chunks.
#[derive(Debug, PartialEq)]
pub(super) struct Chunked {
    at: At,
    /// Bytes beside this chunk's size so far, or those of the trailers.
    unread: usize,
}

/// What the next byte is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    Size { size: u64, digits: u8 },
    Extension { size: u64 },
    SizeEnd { size: u64 },
    Data { left: u64 },
    DataReturn,
    DataEnd,
    TrailerBegin,
    Trailer,
    TrailerEnd,
    LastEnd,
    End,
}

const BEGIN: At = At::Size { size: 0, digits: 0 };

/// What a piece of a body holds.
#[derive(Debug, PartialEq)]
pub(super) struct Content {
    /// Bytes of content, which now stand at the piece's beginning.
    pub(super) length: usize,
    /// Whether the body is complete. What comes after its end is nothing that anybody asked for.
    pub(super) done: bool,
    /// Whether what follows the content is not what a body is made of.
    pub(super) broken: bool,
}

/// The bytes are not what a body, or a head, is made of.
#[derive(Debug, PartialEq)]
pub(super) struct Malformed;

impl Framing {
    pub(super) fn chunked() -> Self {
        Self::Chunked(Chunked { at: BEGIN, unread: 0 })
    }

    /// Whether nothing is missing when the connection ends here.
    pub(super) fn may_end(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunked) => chunked.at == At::End,
            Self::Close => true,
        }
    }

    /// Takes the next piece of the body, however it is cut, and moves its content together, so that many small chunks
    /// are read as one.
    pub(super) fn strip(&mut self, piece: &mut [u8]) -> Content {
        match self {
            Self::Length(left) => {
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(piece.len());
                *left -= length as u64;
                Content { length, done: *left == 0, broken: false }
            }
            Self::Chunked(chunked) => chunked.strip(piece),
            Self::Close => Content { length: piece.len(), done: false, broken: false },
        }
    }
}

impl Chunked {
    fn strip(&mut self, piece: &mut [u8]) -> Content {
        let (mut read, mut length) = (0, 0);
        while let Some(&byte) = piece.get(read) {
            if let At::Data { left } = self.at {
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len() - read);
                piece.copy_within(read..read + here, length);
                (read, length) = (read + here, length + here);
                let left = left - here as u64;
                self.at = if left == 0 { At::DataReturn } else { At::Data { left } };
                continue;
            }
            if self.at == At::End {
                break;
            }
            match self.step(byte) {
                Ok(at) => self.at = at,
                // What came before it was said all the same.
                Err(Malformed) => return Content { length, done: false, broken: true },
            }
            read += 1;
        }
        Content { length, done: self.at == At::End, broken: false }
    }

    /// Takes a byte that is no content.
    fn step(&mut self, byte: u8) -> Result<At, Malformed> {
        Ok(match (self.at, byte) {
            (At::Size { size, digits }, _) if byte.is_ascii_hexdigit() && digits < DIGITS => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                At::Size { size: size << 4 | u64::from(digit), digits: digits + 1 }
            }
            (At::Size { size, digits: 1.. }, b'\r') => At::SizeEnd { size },
            (At::Size { size, digits: 1.. }, b';' | b' ' | b'\t') => At::Extension { size },
            (At::Extension { size }, b'\r') => At::SizeEnd { size },
            (At::Extension { .. } | At::Trailer, byte) if byte != b'\n' && byte != b'\r' => self.pass_over()?,
            (At::SizeEnd { size }, b'\n') => {
                self.unread = 0;
                if size == 0 { At::TrailerBegin } else { At::Data { left: size } }
            }
            (At::DataReturn, b'\r') => At::DataEnd,
            (At::DataEnd, b'\n') => BEGIN,
            (At::TrailerBegin, b'\r') => At::LastEnd,
            (At::TrailerBegin, byte) if byte != b'\n' => {
                self.pass_over()?;
                At::Trailer
            }
            (At::Trailer, b'\r') => At::TrailerEnd,
            (At::TrailerEnd, b'\n') => At::TrailerBegin,
            (At::LastEnd, b'\n') => At::End,
            _ => return Err(Malformed),
        })
    }

    fn pass_over(&mut self) -> Result<At, Malformed> {
        self.unread += 1;
        if self.unread > UNREAD { Err(Malformed) } else { Ok(self.at) }
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// The content of a body that comes in these pieces, and whether it ended; `None` when it is malformed.
    fn read<'a>(mut framing: Framing, pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<(Vec<u8>, bool)> {
        let (mut content, mut done) = (Vec::new(), false);
        for piece in pieces {
            assert!(!done || piece.is_empty(), "nothing is read after the end");
            let mut piece = piece.to_vec();
            let found = framing.strip(&mut piece);
            if found.broken {
                return None;
            }
            content.extend_from_slice(&piece[..found.length]);
            done = found.done;
        }
        assert_eq!(done, framing.may_end());
        Some((content, done))
    }

    const CHUNKS: &[u8] =
        b"5\r\nhello\r\n1;name=\"value\"\r\n \r\n00A \t\r\nworld\r\n\r\n!\r\n000\r\nTrailer: one\r\nanother: two\r\n\r\n";
    const SAID: &[u8] = b"hello world\r\n\r\n!";

    #[test]
    fn chunks_are_the_same_however_they_are_cut() {
        let whole = Some((SAID.to_vec(), true));
        assert_eq!(read(Framing::chunked(), [CHUNKS]), whole);
        for size in 1..CHUNKS.len() {
            assert_eq!(read(Framing::chunked(), CHUNKS.chunks(size)), whole, "by {size}");
        }
        let mut random = StdRng::seed_from_u64(7);
        for _ in 0..2000 {
            let (mut rest, mut pieces) = (CHUNKS, Vec::new());
            while !rest.is_empty() {
                let (piece, later) = rest.split_at(random.random_range(0..=rest.len()));
                pieces.push(piece);
                rest = later;
            }
            assert_eq!(read(Framing::chunked(), pieces), whole);
        }
    }

    #[test]
    fn chunks_that_break_off_anywhere_are_not_complete() {
        for end in 0..CHUNKS.len() {
            let (content, done) = read(Framing::chunked(), [&CHUNKS[..end]]).unwrap();
            assert!(!done && SAID.starts_with(&content), "after {end}");
        }
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        for body in [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            "+1\r\n",
            ";x\r\n",
            "1\n",
            "1\r\r",
            "1;a\nb\r\n",
            "1\r\nab\r\n",
            "1\r\na\n",
            "1\r\na\r\r",
            "0\r\n\n",
            "0\r\nx\n",
            "0\r\nx\r\r",
            "0\r\n\rx",
            "1000000000000000\r\n",
            "10000000000000000000000000\r\n",
        ] {
            assert_eq!(read(Framing::chunked(), [body.as_bytes()]), None, "{body:?}");
            assert_eq!(read(Framing::chunked(), body.as_bytes().chunks(1)), None, "{body:?} by bytes");
        }
    }

    #[test]
    fn what_came_before_something_that_is_no_chunk_is_kept() {
        let mut piece = b"5\r\nhello\r\nZZ\r\n".to_vec();
        let found = Framing::chunked().strip(&mut piece);
        assert_eq!((found, &piece[..5]), (Content { length: 5, done: false, broken: true }, &b"hello"[..]));
    }

    #[test]
    fn extensions_and_trailers_have_a_bound() {
        for body in [
            format!("1;{}", "x".repeat(UNREAD + 1)),
            format!("1{}", " ".repeat(UNREAD + 2)),
            format!("0\r\n{}", "x: y\r\n".repeat(UNREAD)),
        ] {
            assert_eq!(read(Framing::chunked(), body.as_bytes().chunks(1000)), None);
        }
    }

    #[test]
    fn a_long_body_may_have_a_few_such_bytes_in_every_chunk() {
        for chunk in ["1;x\r\na\r\n", "1  \t\r\na\r\n"] {
            let body = chunk.repeat(UNREAD + 1) + "0;x\r\nTrailer: one\r\n\r\n";
            for size in [7, body.len()] {
                let (content, done) = read(Framing::chunked(), body.as_bytes().chunks(size)).unwrap();
                assert!(done && content == b"a".repeat(UNREAD + 1), "{chunk:?} by {size}");
            }
        }
    }

    #[test]
    fn random_bytes_do_no_harm() {
        let mut random = StdRng::seed_from_u64(8);
        for _ in 0..5000 {
            let letters = b"0123af\r\n\r\n; x";
            let body: Vec<u8> = (0..40).map(|_| letters[random.random_range(0..letters.len())]).collect();
            let mut framing = Framing::chunked();
            let at_once = framing.strip(&mut body.clone());
            let mut framing = Framing::chunked();
            let mut by_bytes = Content { length: 0, done: false, broken: false };
            for byte in body {
                if by_bytes.done || by_bytes.broken {
                    break;
                }
                let next = framing.strip(&mut [byte]);
                by_bytes = Content { length: by_bytes.length + next.length, ..next };
            }
            assert_eq!(at_once, by_bytes);
        }
    }

    #[test]
    fn a_length_ends_after_so_many_bytes() {
        assert_eq!(read(Framing::Length(5), [&b"he"[..], b"llo"]), Some((b"hello".to_vec(), true)));
        assert_eq!(read(Framing::Length(5), [&b"hell"[..]]), Some((b"hell".to_vec(), false)));
        let found = |length, done| Content { length, done, broken: false };
        assert_eq!(Framing::Length(2).strip(&mut b"hello".to_vec()), found(2, true));
        assert_eq!(Framing::chunked().strip(&mut b"0\r\n\r\nHTTP/1.1".to_vec()), found(0, true));
        let mut close = Framing::Close;
        assert_eq!(close.strip(&mut b"hello".to_vec()), found(5, false));
        assert!(close.may_end());
    }
}
