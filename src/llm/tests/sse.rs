//! The WHATWG rules for event streams, after the cases of their test suite.

use crate::llm::sse::{Event, Reader, TooLong};

/// Reads a stream in pieces of `size` bytes into (name, data) pairs.
fn read_in(stream: &[u8], size: usize) -> Vec<(String, String)> {
    let mut reader = Reader::new(1024);
    let mut events = Vec::new();
    for mut piece in stream.chunks(size) {
        while let Some(Event { name, data }) = reader.next(&mut piece).unwrap() {
            events.push((String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(data).into_owned()));
        }
        assert!(piece.is_empty());
    }
    events
}

/// The same however the stream is cut.
fn read(stream: &str) -> Vec<(String, String)> {
    let events = read_in(stream.as_bytes(), usize::MAX);
    for size in 1..8 {
        assert_eq!(read_in(stream.as_bytes(), size), events, "in pieces of {size}");
    }
    events
}

fn data(stream: &str) -> Vec<String> {
    read(stream).into_iter().map(|(_, data)| data).collect()
}

#[test]
fn lines_end_in_any_of_three_ways() {
    assert_eq!(data("data: a\n\ndata: b\n\n"), ["a", "b"]);
    assert_eq!(data("data: a\r\n\r\ndata: b\r\n\r\n"), ["a", "b"]);
    assert_eq!(data("data: a\r\rdata: b\r\r"), ["a", "b"]);
    assert_eq!(data("data: a\rdata: b\r\ndata: c\n\n"), ["a\nb\nc"]);
    assert_eq!(data("data: a\n\r\ndata: b\r\n\n"), ["a", "b"]);
}

#[test]
fn an_event_ends_at_the_first_byte_of_its_blank_line() {
    assert_eq!(read_in(b"data: a\r\n\r", 1).len(), 1);
}

#[test]
fn several_data_lines_are_joined() {
    assert_eq!(data("data: a\ndata: b\n\n"), ["a\nb"]);
    assert_eq!(data("data\ndata\n\n"), ["\n"]);
    assert_eq!(data("data:\n\n"), [""]);
    assert_eq!(data("data\n\n"), [""]);
    assert_eq!(data("data: a\ndata:\ndata: b\n\n"), ["a\n\nb"]);
}

#[test]
fn one_space_after_the_colon_is_not_data() {
    assert_eq!(data("data:a\n\ndata: a\n\ndata:  a\n\ndata:\ta\n\n"), ["a", "a", " a", "\ta"]);
}

#[test]
fn colons_after_the_first_are_data() {
    assert_eq!(data("data:a:b\n\n"), ["a:b"]);
}

#[test]
fn comments_and_other_fields_are_read_over() {
    assert_eq!(data(": hello\ndata: a\n:\n:data: no\n\n"), ["a"]);
    assert_eq!(data("foo: bar\n\n\n\ndata: a\nid: 7\nretry: 3\nfoo\n\n"), ["a"]);
    assert_eq!(data("Data: no\ndata : no\n data: no\n\ndata: a\n\n"), ["a"]);
    assert!(data("event: x\nid: 1\n\n").is_empty());
}

#[test]
fn a_byte_order_mark_counts_only_at_the_start() {
    assert_eq!(data("\u{feff}data: a\n\n\u{feff}data: no\n\ndata: \u{feff}b\n\n"), ["a", "\u{feff}b"]);
    assert!(data("\u{feff}\u{feff}data: no\n\n").is_empty());
}

#[test]
fn a_name_belongs_to_its_event_alone() {
    let events = read("event: a\nevent: b\ndata: 1\n\ndata: 2\n\nevent: lost\n\ndata: 3\n\n");
    let events: Vec<(&str, &str)> = events.iter().map(|(name, data)| (name.as_str(), data.as_str())).collect();
    assert_eq!(events, [("b", "1"), ("", "2"), ("", "3")]);
}

#[test]
fn a_name_may_come_before_the_data_in_another_packet() {
    let mut reader = Reader::new(1024);
    assert_eq!(reader.next(&mut &b"event: error\n"[..]), Ok(None));
    assert_eq!(reader.next(&mut &b"data: x\n\n"[..]), Ok(Some(Event { name: b"error", data: b"x" })));
}

#[test]
fn an_unfinished_last_event_is_dropped_unless_asked_for() {
    assert!(data("data: a\n").is_empty());
    for stream in ["data: a\ndata: b", "data: a\ndata: b\n", "data: a\r\ndata: b\r"] {
        let mut reader = Reader::new(1024);
        assert_eq!(reader.next(&mut stream.as_bytes()), Ok(None));
        assert_eq!(reader.unfinished(), Some(Event { name: b"", data: b"a\nb" }));
    }
    let mut reader = Reader::new(1024);
    assert!(reader.next(&mut &b"data: a\n\n"[..]).unwrap().is_some());
    assert_eq!(reader.unfinished(), None);
}

#[test]
fn broken_characters_pass_through() {
    let mut reader = Reader::new(1024);
    assert_eq!(reader.next(&mut &b"data: \xFF\xE4\n\n"[..]), Ok(Some(Event { name: b"", data: b"\xFF\xE4" })));
}

#[test]
fn a_line_over_the_bound_fails_and_holds_no_more_than_the_bound() {
    let mut reader = Reader::new(1024);
    let flood = vec![b'x'; 4 * 1024 * 1024];
    let mut read = 0;
    let result = flood.chunks(100).try_for_each(|mut piece| {
        read += piece.len();
        reader.next(&mut piece).map(drop)
    });
    assert_eq!(result, Err(TooLong));
    assert!(read <= 1200, "{read} bytes were taken");
}

#[test]
fn the_bound_is_the_same_for_a_line_in_one_piece_and_in_single_bytes() {
    for length in 50..80 {
        let stream = format!("data:1\n\ndata:{}\n\n", "x".repeat(length));
        let read = |size: usize| {
            let mut reader = Reader::new(64);
            stream.as_bytes().chunks(size).try_fold(0, |events, mut piece| {
                let mut found = 0;
                while reader.next(&mut piece)?.is_some() {
                    found += 1;
                }
                Ok(events + found)
            })
        };
        let fits = if "data:".len() + length <= 64 { Ok(2) } else { Err(TooLong) };
        for size in [1, 2, stream.len()] {
            assert_eq!(read(size), fits, "{length} bytes, in pieces of {size}");
        }
    }
}

#[test]
fn data_over_the_bound_fails_in_lines_too() {
    let mut reader = Reader::new(1024);
    let lines = "data: 0123456789\n".repeat(200);
    assert_eq!(reader.next(&mut lines.as_bytes()), Err(TooLong));
}

#[test]
fn comments_without_end_are_no_reason_to_fail() {
    let mut reader = Reader::new(64);
    for _ in 0..10_000 {
        assert_eq!(reader.next(&mut &b": keep-alive\n\n"[..]), Ok(None));
    }
}
