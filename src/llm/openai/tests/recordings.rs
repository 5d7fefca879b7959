//! Every recorded stream, played from a socket as it was recorded, and cut into other pieces.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::expected::EXPECTED;
use super::{Heard, hear, join};
use crate::llm::openai::Endpoint;
use crate::llm::openai::clients::Clients;
use crate::llm::openai::reading::Reading;
use crate::llm::tests::provider::{Reply, ScriptedProvider, Then, limits};

/// How a recording must end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expected {
    /// With this reason, and these tokens: prompt, completion, reasoning.
    Ends(&'static str, Option<[Option<u32>; 3]>),
    /// With this error code.
    Fails(&'static str),
}

struct Recording {
    pieces: Vec<Vec<u8>>,
    /// Whether the connection ended as it should.
    ended: bool,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings")
}

impl Recording {
    fn open(name: &str) -> Self {
        let lines = fs::read_to_string(folder().join(format!("{name}.jsonl"))).unwrap();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let pieces = lines.iter().filter_map(|line| line["bytes_b64"].as_str()).map(from_base64).collect();
        Self { pieces, ended: lines.last().unwrap()["end"] == "eof" }
    }

    /// The body without the chunks of HTTP, and whether it is whole.
    fn body(&self) -> (Vec<u8>, bool) {
        let bytes = self.pieces.concat();
        let head = memchr::memmem::find(&bytes, b"\r\n\r\n").unwrap();
        let (head, mut rest) = (String::from_utf8_lossy(&bytes[..head]).to_lowercase(), &bytes[head + 4..]);
        if !head.contains("transfer-encoding: chunked") {
            return (rest.to_vec(), self.ended);
        }
        let mut body = Vec::new();
        while let Some(line) = memchr::memmem::find(rest, b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
            rest = &rest[line + 2..];
            if size == 0 || rest.len() < size {
                body.extend_from_slice(&rest[..rest.len().min(size)]);
                return (body, size == 0);
            }
            body.extend_from_slice(&rest[..size]);
            rest = &rest[size + 2..];
        }
        (body, false)
    }

    fn status(&self) -> u16 {
        String::from_utf8_lossy(&self.pieces.concat()[9..12]).parse().unwrap()
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

fn assert_heard(name: &str, how: &str, heard: &Heard, text: &str, reasoning: &str, expected: Expected) {
    assert_eq!(heard.text, text, "text of {name}, {how}");
    assert_eq!(heard.reasoning, reasoning, "reasoning of {name}, {how}");
    match (&heard.end, expected) {
        (Ok(finish), Expected::Ends(reason, usage)) => {
            let heard =
                finish.usage.map(|usage| [usage.prompt_tokens, usage.completion_tokens, usage.reasoning_tokens]);
            assert_eq!((finish.reason.as_str(), heard), (reason, usage), "end of {name}, {how}");
        }
        (Err(error), Expected::Fails(code)) => assert_eq!(error.code(), code, "error of {name}, {how}: {error}"),
        (end, expected) => panic!("{name}, {how}, ended with {end:?} and not {expected:?}"),
    }
}

#[test]
fn every_recording_has_its_row() {
    let mut files = BTreeSet::new();
    for server in fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap()).filter(|entry| entry.path().is_dir()) {
        for file in fs::read_dir(server.path()).unwrap().map(|entry| entry.unwrap().path()) {
            let name =
                format!("{}/{}", server.file_name().to_str().unwrap(), file.file_stem().unwrap().to_str().unwrap());
            files.insert(name);
        }
    }
    let rows: BTreeSet<String> = EXPECTED.iter().map(|row| row.0.to_owned()).collect();
    assert_eq!(files, rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recording_comes_to_what_was_sent() {
    let played = EXPECTED.iter().map(|(name, text, reasoning, expected)| async move {
        let recording = Recording::open(name);
        let reply = Reply { pieces: recording.pieces.clone(), then: Then::Close };
        let provider = ScriptedProvider::start(vec![reply]).await;
        let heard = hear(&provider.catalog(limits())).await;
        assert_heard(name, "as recorded", &heard, text, reasoning, *expected);

        let may_pass = matches!(recording.status(), 429 | 500..=504) && heard.code() != "provider_quota";
        assert_eq!(provider.requests().len(), if may_pass { 3 } else { 1 }, "calls for {name}");
    });
    futures_util::future::join_all(played).await;
}

#[test]
fn pieces_of_any_size_come_to_the_same() {
    for (name, text, reasoning, expected) in EXPECTED {
        let recording = Recording::open(name);
        if recording.status() != 200 {
            continue;
        }
        let (body, whole) = recording.body();
        assert_heard(name, "in one piece", &read(&body, whole, || usize::MAX), text, reasoning, *expected);
        assert_heard(name, "byte by byte", &read(&body, whole, || 1), text, reasoning, *expected);
        for seed in 0..20 {
            let mut random = seed * 2 + 1;
            let next = || {
                // xorshift: the cuts are the same at every run.
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                1 + (random % 97) as usize
            };
            assert_heard(name, "cut at random", &read(&body, whole, next), text, reasoning, *expected);
        }
    }
}

/// Reads a body in pieces as long as `next` says.
fn read(body: &[u8], whole: bool, mut next: impl FnMut() -> usize) -> Heard {
    let mut reading = reading();
    let mut parts = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(next().min(rest.len()));
        rest = after;
        if let Err(error) = reading.read(piece, &mut parts) {
            return join(&parts, Err(error));
        }
    }
    let end = reading.end(whole, &mut parts);
    join(&parts, end)
}

pub(super) fn reading() -> Reading {
    let mut provider = crate::config::Provider::new("Test", "http://127.0.0.1:9/v1".parse().unwrap());
    provider.api_key = Some("the-key-itself".to_owned().into());
    let endpoint = Endpoint::new(provider, limits(), Arc::new(Clients::hurried()));
    Reading::new(Arc::new(endpoint), "m".to_owned())
}

/// Reads a body in one piece, and again byte by byte, which must make no difference.
pub(super) fn read_body(body: &[u8]) -> Heard {
    let heard = read(body, true, || usize::MAX);
    assert_eq!(heard, read(body, true, || 1));
    heard
}
