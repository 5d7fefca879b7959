//! Reads an event stream as a browser would, strictly.

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use serde_json::Value;

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub name: String,
    pub id: Option<u64>,
    pub data: Value,
}

/// An open event stream.
pub struct Events {
    body: std::pin::Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    buffer: Vec<u8>,
    /// Every byte that came, as it came.
    pub raw: Vec<u8>,
}

impl Events {
    pub fn new(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self { body: Box::pin(response.bytes_stream()), buffer: Vec::new(), raw: Vec::new() }
    }

    /// The next event; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = self.buffer.drain(..end + 2).collect();
                match parse(std::str::from_utf8(&event[..end]).unwrap()) {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            match super::within(60, "an event", self.body.next()).await {
                Some(Ok(bytes)) => {
                    self.raw.extend_from_slice(&bytes);
                    self.buffer.extend_from_slice(&bytes);
                }
                _ => return None,
            }
        }
    }

    /// Reads on until an event of this name, and returns all on the way, it included.
    pub async fn until(&mut self, name: &str) -> Vec<Event> {
        let mut seen = Vec::new();
        while let Some(event) = self.next().await {
            let found = event.name == name;
            seen.push(event);
            if found {
                return seen;
            }
        }
        panic!("the stream ended without {name}: {seen:?}");
    }

    /// Reads to the end of the stream.
    pub async fn rest(&mut self) -> Vec<Event> {
        let mut seen = Vec::new();
        while let Some(event) = self.next().await {
            seen.push(event);
        }
        seen
    }
}

fn parse(text: &str) -> Option<Event> {
    let mut event = Event { name: "message".to_owned(), id: None, data: Value::Null };
    for line in text.lines() {
        assert!(!line.contains('\r'), "a bare CR would end a line in a browser: {line:?}");
        match line.split_once(": ").unwrap_or((line, "")) {
            ("event", name) => event.name = name.to_owned(),
            ("id", id) => event.id = Some(id.parse().unwrap()),
            ("data", data) => {
                assert!(event.data.is_null(), "one line of data for each event");
                event.data = serde_json::from_str(data).unwrap();
            }
            ("retry", _) | (":", _) => {}
            other => panic!("{other:?}"),
        }
    }
    // A comment is no event.
    (!event.data.is_null()).then_some(event)
}

/// The whole events among bytes that may be cut anywhere.
pub fn whole(bytes: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut rest = bytes;
    while let Some(end) = rest.windows(2).position(|two| two == b"\n\n") {
        events.extend(parse(std::str::from_utf8(&rest[..end]).unwrap()));
        rest = &rest[end + 2..];
    }
    events
}

/// The text that events add up to.
pub fn text(events: &[Event]) -> String {
    add_up(events, "message")
}

/// The reasoning that events add up to.
pub fn reasoning(events: &[Event]) -> String {
    add_up(events, "reasoning")
}

fn add_up(events: &[Event], name: &str) -> String {
    events.iter().filter(|event| event.name == name).map(|event| event.data["delta"].as_str().unwrap()).collect()
}
