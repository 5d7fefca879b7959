//! Broken characters, wherever they are broken.

use super::recordings::read_body;
use crate::llm::openai::text::Decoder;

/// The text of deltas whose JSON strings have these bytes.
fn text_of(deltas: &[&[u8]]) -> String {
    let mut body = Vec::new();
    for delta in deltas {
        body.extend_from_slice(b"data: {\"choices\":[{\"delta\":{\"content\":\"");
        body.extend_from_slice(delta);
        body.extend_from_slice(b"\"}}]}\n\n");
    }
    body.extend_from_slice(b"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
    let heard = read_body(&body);
    assert!(heard.end.is_ok(), "{:?}", heard.end);
    heard.text
}

#[test]
fn characters_survive_packets_of_one_byte() {
    assert_eq!(text_of(&["naïve 你好 👨‍👩‍👧‍👦 🇫🇷".as_bytes()]), "naïve 你好 👨‍👩‍👧‍👦 🇫🇷");
}

#[test]
fn broken_bytes_become_replacement_characters_and_the_stream_lives() {
    assert_eq!(text_of(&[b"a\xFFb"]), "a\u{FFFD}b");
    assert_eq!(text_of(&[b"a\xE4\xBDb", b"c"]), "a\u{FFFD}bc");
    assert_eq!(text_of(&[b"\xC0\x80\xF5"]), "\u{FFFD}\u{FFFD}\u{FFFD}");
    assert_eq!(text_of(&[b"end\xF0\x9F"]), "end\u{FFFD}");
}

#[test]
fn surrogates_become_characters_in_pairs_and_replacement_characters_alone() {
    assert_eq!(text_of(&[br"\ud83d\ude00"]), "😀");
    assert_eq!(text_of(&[br"a\ud83db"]), "a\u{FFFD}b");
    assert_eq!(text_of(&[br"a\ude00b"]), "a\u{FFFD}b");
    assert_eq!(text_of(&[br"\ude00\ud83d"]), "\u{FFFD}\u{FFFD}");
    assert_eq!(text_of(&[br"\ud83d\ud83d\ude00"]), "\u{FFFD}😀");
    assert_eq!(text_of(&[br"\uD83Dx", br"\uDE00"]), "\u{FFFD}x\u{FFFD}");
}

#[test]
fn halves_of_a_character_in_two_deltas_are_joined() {
    assert_eq!(text_of(&[br"a\ud83d", br"\ude00b"]), "a😀b");
    assert_eq!(text_of(&[br"a\ud83d", b"", br"\ude00b"]), "a😀b");
    assert_eq!(text_of(&[b"\xE4", b"\xBD", b"\xA0"]), "你");
    assert_eq!(text_of(&[br"a\ud83d", b"b"]), "a\u{FFFD}b");
    assert_eq!(text_of(&[br"a\ud83d"]), "a\u{FFFD}");
}

#[test]
fn a_zero_becomes_a_replacement_character() {
    assert_eq!(text_of(&[br"a\u0000b", b"\0"]), "a\u{FFFD}b\u{FFFD}");
}

#[test]
fn any_two_cuts_of_any_bytes_come_to_the_same() {
    let bytes = b"a\xED\xA0\xBD\xED\xB8\x80\xE4\xBD\xA0\xFF\xED\xB8\x80\xED\xA0\xBD\0\xF0\x9F\x98\x80\xF0\x9F";
    let decode = |cuts: [usize; 2]| {
        let (mut decoder, mut text) = (Decoder::default(), String::new());
        for piece in [&bytes[..cuts[0]], &bytes[cuts[0]..cuts[1]], &bytes[cuts[1]..]] {
            decoder.decode(piece, &mut text);
        }
        decoder.finish(&mut text);
        text
    };
    // Surrogates come whole from JSON escapes, so they are not cut inside.
    let whole = |cut: &usize| ![2, 3, 5, 6, 12, 13, 15, 16].contains(cut);
    for first in (0..=bytes.len()).filter(whole) {
        for second in (first..=bytes.len()).filter(whole) {
            assert_eq!(
                decode([first, second]),
                "a😀你\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}😀\u{FFFD}",
                "cut at {first}, {second}"
            );
        }
    }
}
