//! Whatever the cuts, a reader's prefix and what it gets from there are the whole text, once.

use std::task::Waker;

use super::*;
use Kind::{Reasoning, Text};

/// An answer that thinks, speaks, thinks again and speaks again, in characters of one to four bytes.
const ANSWER: [(Kind, &str); 7] = [
    (Reasoning, "hm — "),
    (Reasoning, "let me see"),
    (Text, "Ciao "),
    (Text, "😀\n\n"),
    (Reasoning, "é?"),
    (Text, "\"quoted\" \\ and\r\nbroken"),
    (Text, "終"),
];

fn whole(kind: Kind) -> String {
    ANSWER.iter().filter(|(of, _)| *of == kind).map(|(_, part)| *part).collect()
}

/// What a client makes of events: both texts, and the id of the last one.
#[derive(Clone, Default, Debug, PartialEq)]
struct Client {
    text: String,
    reasoning: String,
    last_id: Option<u64>,
    closed: bool,
}

impl Client {
    fn take(&mut self, events: &[u8]) {
        let events = std::str::from_utf8(events).unwrap();
        for event in events.split_terminator("\n\n") {
            let (mut name, mut id, mut data) = ("message", None, None);
            for line in event.lines() {
                match line.split_once(": ").unwrap_or((line, "")) {
                    ("event", value) => name = value,
                    ("id", value) => id = Some(value.parse::<u64>().unwrap()),
                    ("data", value) => data = Some(serde_json::from_str::<serde_json::Value>(value).unwrap()),
                    ("retry", _) => {}
                    other => panic!("{other:?}"),
                }
            }
            let data = data.unwrap();
            if let Some(id) = id {
                assert!(self.last_id.is_none_or(|before| before <= id), "ids go up");
                self.last_id = Some(id);
            }
            match name {
                "message" => self.text.push_str(data["delta"].as_str().unwrap()),
                "reasoning" => self.reasoning.push_str(data["delta"].as_str().unwrap()),
                "snapshot" => {
                    self.text = data["content"].as_str().unwrap().to_owned();
                    self.reasoning = data["reasoning"].as_str().unwrap_or_default().to_owned();
                }
                "end" => self.closed = true,
                other => panic!("{other}"),
            }
        }
    }

    fn read_all(&mut self, log: &Log, place: &mut Place) {
        while let More::Events(events) = log.read(place, Waker::noop()) {
            self.take(&events);
        }
    }
}

const CLOSING: &[u8] = b"event: end\nid: 9007199254740991\ndata: {}\n\n";

fn spoken() -> Log {
    let log = Log::default();
    for part in ANSWER {
        log.append([part]);
    }
    log.close(Bytes::from_static(CLOSING));
    log
}

#[test]
fn a_client_that_is_cut_after_any_event_has_the_whole_text_once() {
    for cut in 0..=ANSWER.len() {
        let log = Log::default();
        let mut client = Client::default();
        let (mut place, _) = log.enter(None);
        for (number, part) in ANSWER.into_iter().enumerate() {
            if number < cut {
                assert_eq!(log.read(&mut place, Waker::noop()), More::Wait);
            }
            log.append([part]);
            if number < cut {
                let More::Events(events) = log.read(&mut place, Waker::noop()) else { panic!("an event") };
                assert_eq!(events.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"data")).count(), 1);
                client.take(&events);
            }
        }
        log.close(Bytes::from_static(CLOSING));
        (place, _) = log.enter(client.last_id);
        client.read_all(&log, &mut place);
        assert_eq!((client.text, client.reasoning, client.closed), (whole(Text), whole(Reasoning), true));
    }
}

#[test]
fn any_position_between_characters_can_be_resumed_from() {
    let log = spoken();
    let said = log.said();
    for position in (0..=said.len()).filter(|position| said.position(*position as u64).is_some()) {
        let (mut before, mut begin) = (Said::default(), 0);
        for (kind, part) in said.parts(0) {
            before.push(kind, &part[..part.len().min(position.saturating_sub(begin))]);
            begin += part.len();
        }
        let mut client = Client { text: before.all(Text), reasoning: before.all(Reasoning), ..Client::default() };
        let (mut place, snapshot) = log.enter(Some(position as u64));
        assert!(snapshot.is_none());
        client.read_all(&log, &mut place);
        assert_eq!((client.text, client.reasoning), (whole(Text), whole(Reasoning)), "from {position}");
    }
}

#[test]
fn a_position_that_nobody_can_have_starts_over_with_a_snapshot() {
    let log = spoken();
    let said = log.said();
    let inside = (0..said.len() as u64).find(|id| said.position(*id).is_none()).unwrap();
    for id in [inside, log.len() as u64 + 1, 1 << 32, u64::MAX] {
        let mut client = Client { text: "stale".to_owned(), ..Client::default() };
        let (mut place, snapshot) = log.enter(Some(id));
        client.take(&snapshot.expect("a snapshot"));
        client.read_all(&log, &mut place);
        assert_eq!((client.text, client.reasoning), (whole(Text), whole(Reasoning)));
    }
}

#[test]
fn a_finished_message_resumes_exactly_like_the_live_answer() {
    let live = spoken().said();
    let layout = live.layout();
    let stored = Said::of(&live.all(Text), live.reasoning().as_deref(), layout.as_deref());
    assert_eq!(stored, live);
    assert_eq!(layout.as_deref(), Some("17,11,3,25"));

    let mut usual = Said::default();
    usual.push(Reasoning, "first");
    usual.push(Text, "then");
    assert_eq!(usual.layout(), None);
    assert_eq!(Said::of("then", Some("first"), None), usual);

    let mut late = Said::default();
    late.push(Text, "spoke");
    late.push(Reasoning, "thought");
    assert_eq!(late.layout().as_deref(), Some("0,5,7"));
    assert_eq!(Said::of("spoke", Some("thought"), Some("0,5,7")), late);
}

/// A few bytes that were seen and not stored, at each of three crashes; after the second nothing was said before the third.
#[test]
fn a_place_in_what_a_crash_took_along_is_none_in_what_was_said_instead() {
    let lives: [(&[&str], usize); 4] =
        [(&["Once ", "upon ", "a ", "time"], 6), (&["sed to"], 6), (&["nder ", "the ", "é"], 11), (&["hill"], 15)];
    let mut said = Said::default();
    let mut clients = vec![Client::default()];
    for (words, kept) in lives {
        let log = Log::after(said.clone());
        let mut client = Client::default();
        let (mut place, _) = log.enter(None);
        client.read_all(&log, &mut place);
        for word in words {
            log.append([(Text, *word)]);
            client.read_all(&log, &mut place);
            clients.push(client.clone());
        }
        said = Said::of(&client.text[..kept], None, said.layout().as_deref());
        said.crashed();
    }
    assert_eq!(said.layout().as_deref(), Some(";6,6,11,15"));
    let log = Log::after(said.clone());
    log.append([(Text, "s.")]);
    let mut told_anew = 0;
    for mut client in clients {
        let (mut place, snapshot) = log.enter(client.last_id);
        told_anew += usize::from(snapshot.is_some());
        snapshot.iter().for_each(|snapshot| client.take(snapshot));
        client.read_all(&log, &mut place);
        assert_eq!(client.text, "Once under hills.");
    }
    assert_eq!(told_anew, 6);
    let ids = [0, 5, 6, 7, 11, 12, 15, 16].map(|position| log.said().id(position));
    let after = |crashes: u64, position| (crashes << 32) + position;
    assert_eq!(ids, [0, 5, 6, after(2, 7), after(2, 11), after(3, 12), after(3, 15), after(4, 16)]);
}

#[test]
fn a_damaged_layout_loses_no_text() {
    for layout in ["", "x", "99", "1,1,1,1,1,1", "-1", "0,99999", ";", ";x", "9;99", "2,1;1,x", ";;"] {
        let said = Said::of("é text", Some("thought"), Some(layout));
        assert_eq!((said.all(Text).as_str(), said.all(Reasoning).as_str()), ("é text", "thought"), "{layout}");
    }
}

#[test]
fn a_reader_far_behind_gets_few_large_events() {
    let log = Log::default();
    let words: Vec<String> = (0..5000).map(|n| format!("word{n} ")).collect();
    for word in &words {
        log.append([(Text, word.as_str())]);
    }
    let (mut place, _) = log.enter(None);
    let mut client = Client::default();
    let mut reads = 0;
    while let More::Events(events) = log.read(&mut place, Waker::noop()) {
        client.take(&events);
        reads += 1;
    }
    assert_eq!(client.text, words.concat());
    assert!(reads <= 2, "{reads}");
}

#[test]
fn a_log_that_goes_on_gives_what_was_said_before_too() {
    let mut before = Said::default();
    before.push(Text, "one two ");
    for (position, expected) in [(0, "one two three"), (4, "two three"), (8, "three")] {
        let log = Log::after(before.clone());
        let (mut place, _) = log.enter(Some(position));
        let mut client = Client::default();
        client.read_all(&log, &mut place);
        log.append([(Text, "three")]);
        client.read_all(&log, &mut place);
        assert_eq!(client.text, expected);
    }
}

#[test]
fn a_name_reaches_readers_once_and_newcomers_too() {
    let log = Log::default();
    let (mut place, _) = log.enter(None);
    log.set_name("Loquats");
    assert!(
        matches!(log.read(&mut place, Waker::noop()), More::Events(name) if name.ends_with(b"{\"name\":\"Loquats\"}\n\n"))
    );
    assert_eq!(log.read(&mut place, Waker::noop()), More::Wait);
    let (mut late, _) = log.enter(None);
    assert!(matches!(log.read(&mut late, Waker::noop()), More::Events(_)));
}

#[test]
fn a_reader_that_leaves_is_forgotten() {
    let log = Log::default();
    let (mut place, _) = log.enter(None);
    assert_eq!(log.read(&mut place, Waker::noop()), More::Wait);
    assert_eq!(log.read(&mut place, Waker::noop()), More::Wait);
    assert_eq!(log.lock().waiting.len(), 1);
    log.leave(&place);
    assert_eq!(log.lock().waiting.len(), 0);
}

#[test]
fn what_is_stored_is_asked_for_once() {
    let log = Log::default();
    log.append([(Reasoning, "hm"), (Text, "yes")]);
    let (parts, end) = log.unstored().unwrap();
    let part = |position, kind, content: &str| Unstored { position, kind, content: content.to_owned() };
    assert_eq!(parts, [part(0, Reasoning, "hm"), part(2, Text, "yes")]);
    log.set_stored(end);
    assert_eq!(log.unstored(), None);
    log.append([(Text, "!")]);
    assert_eq!(log.unstored().unwrap().0, [part(5, Text, "!")]);
}
