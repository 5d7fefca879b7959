//! The table of what providers do wrong, row by row, with what Loquat makes of each.

use std::time::Duration;

use loquat::entity::answer_chunk::Kind;
use serde_json::{Value, json};

use crate::harness::Script;

/// One thing that a provider does.
pub struct Fault {
    /// What it is; the question of its turn, so one paragraph and the only one of its kind.
    pub words: String,
    /// What the provider does on the first call, the second, and on all further ones.
    pub calls: Vec<Script>,
    /// How often it is asked in all.
    pub asked: usize,
    /// At least this long passes.
    pub takes: Duration,
    pub then: Then,
}

/// What a person gets.
pub enum Then {
    /// This text, complete.
    Says(String),
    /// A failure with this code, the text so far, and these words in its reason.
    Fails { code: &'static str, kept: String, tells: Vec<&'static str> },
}

/// What no failure may repeat: the key, and whatever else was in the body.
pub const SECRETS: [&str; 2] = ["sk-canary-key-of-the-provider", "canary-body"];

pub const TEXT: &str = "Ciao 終 😀!";

fn fault(words: impl Into<String>, calls: Vec<Script>, asked: usize, then: Then) -> Fault {
    Fault { words: words.into(), calls, asked, takes: Duration::ZERO, then }
}

fn says(words: &str, script: Script, text: &str) -> Fault {
    fault(words, vec![script], 1, Then::Says(text.to_owned()))
}

fn fails(words: &str, script: Script, code: &'static str, kept: &str) -> Fault {
    let then = Then::Fails { code, kept: kept.to_owned(), tells: Vec::new() };
    fault(words, vec![script], 1, then)
}

fn good() -> Script {
    Script::answer(TEXT)
}

fn error(status: u16, headers: &str) -> Script {
    let body = json!({"error": {
        "message": "out of order sk-canary-key-of-the-provider", "request": "canary-body", "debug": {"prompt": "canary-body"},
    }});
    Script::response(status, &format!("content-type: application/json\r\n{headers}"), &body.to_string())
}

fn page(status: u16) -> Script {
    Script::response(status, "content-type: text/html\r\n", "<html><body>canary-body</body></html>")
}

fn in_seconds(seconds: i64) -> String {
    (loquat::clock::now() + chrono::Duration::seconds(seconds)).to_rfc2822().replace("+0000", "GMT")
}

/// The text in two halves with something between them.
fn with(between: &str) -> Script {
    Script::stream().delta("Ciao 終").send(between).delta(" 😀!").end()
}

/// A stream of these bytes that says this.
fn raw(bytes: impl Into<Vec<u8>>, text: &str) -> Script {
    Script::stream().say(Kind::Text, text).finish().bytes(bytes.into())
}

/// A whole stream as one string, with this end of line.
fn lines(end: &str) -> String {
    let chunks = [
        json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}),
        json!({"choices": [{"index": 0, "delta": {"content": "Ciao 終"}}]}),
        json!({"choices": [{"index": 0, "delta": {"content": " 😀!"}}]}),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
    ];
    let mut all: String = chunks.iter().map(|chunk| format!("data: {chunk}{end}{end}")).collect();
    all.push_str(&format!("data: [DONE]{end}{end}"));
    all
}

fn choice(delta: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

/// Text with a reason to stop beside it.
fn stopping(text: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": "stop"}]})
}

const STOP: &str = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;

/// 429 with `Retry-After`: waits if short, else fails and tells the time.
pub fn too_many_requests() -> Vec<Fault> {
    let waits = |how: &str, header: String, takes: u64| {
        let calls = vec![error(429, &format!("retry-after: {header}\r\n")), good()];
        let then = Then::Says(TEXT.to_owned());
        Fault { takes: Duration::from_millis(takes), ..fault(format!("429 with {how}"), calls, 2, then) }
    };
    let tells = |how: &str, header: String, told: &'static str| {
        let calls = vec![error(429, &format!("retry-after: {header}\r\n"))];
        let then =
            Then::Fails { code: "provider_rate_limited", kept: String::new(), tells: vec![told, "too many requests"] };
        fault(format!("429 with {how}"), calls, 1, then)
    };
    let always = vec![error(429, "retry-after: when it suits me\r\n")];
    let gives_up =
        Then::Fails { code: "provider_rate_limited", kept: String::new(), tells: vec!["try again in a minute"] };
    vec![
        waits("a short time in seconds", "1".to_owned(), 1000),
        waits("a short time as a date", in_seconds(3), 1000),
        waits("a time that has passed", in_seconds(-60), 0),
        waits("rubbish for a time", "soon".to_owned(), 0),
        waits("a negative time", "-3".to_owned(), 0),
        waits("an infinite time", "inf".to_owned(), 0),
        tells("a long time in seconds", "3600".to_owned(), "try again in 60 minutes"),
        tells("a long time as a date", in_seconds(4 * 3600 - 60), "try again in 4 hours"),
        fault("429 with rubbish for a time, again and again", always, 3, gives_up),
    ]
}

/// 500–504: at most two retries, before the first delta only. 400, 401, 403, 404: at once, without keys or bodies.
pub fn statuses() -> Vec<Fault> {
    let mut all = Vec::new();
    for status in 500..=504 {
        let then = Then::Says(TEXT.to_owned());
        all.push(fault(format!("{status} twice"), vec![error(status, ""), error(status, ""), good()], 3, then));
        let then = Then::Fails { code: "provider_error", kept: String::new(), tells: vec!["out of order"] };
        all.push(fault(
            format!("{status} three times"),
            vec![error(status, ""), error(status, ""), error(status, ""), good()],
            3,
            then,
        ));
    }
    let setting: &[&str] = &["OPENAI_API_KEY", "administrator"];
    for (status, code, tells) in [
        (400, "provider_error", &[][..]),
        (401, "provider_key_refused", setting),
        (403, "provider_key_refused", setting),
        (404, "provider_error", &["base URL"]),
    ] {
        for (form, script) in [("JSON", error(status, "")), ("a page", page(status))] {
            let then = Then::Fails { code, kept: String::new(), tells: tells.to_vec() };
            all.push(fault(format!("{status} with {form}"), vec![script, good()], 1, then));
        }
    }
    let location = |status| Script::response(status, "location: /v1/elsewhere\r\n", "");
    for status in [301, 302, 307, 308] {
        let then = Then::Fails { code: "provider_bad_response", kept: String::new(), tells: vec!["redirect"] };
        all.push(fault(format!("{status} to another address"), vec![location(status), good()], 1, then));
    }
    all
}

/// A reset, an end without `[DONE]` or `finish_reason`, an error object in mid-stream with HTTP 200.
pub fn broken_off() -> Vec<Fault> {
    let half = || Script::stream().delta("half an ans");
    let chunked = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let event = format!("data: {}\n\n", choice(json!({"content": "half an ans"})));
    let in_chunks = Script::default()
        .send(chunked)
        .say(Kind::Text, "half an ans")
        .send(&format!("{:x}\r\n{event}\r\n40\r\ndata", event.len()));
    let trouble = json!({"error": {"message": "overloaded", "code": 503, "type": "server_error"}});
    vec![
        fails("a reset before anything", Script::default().reset(), "provider_cut_off", ""),
        fails("a reset after the head", Script::stream().reset(), "provider_cut_off", ""),
        // The client reads what came before it hears of the reset only when there is a moment between the two.
        fails(
            "a reset in mid-stream",
            half().pause(Duration::from_millis(200)).reset(),
            "provider_cut_off",
            "half an ans",
        ),
        fails("an end without finish_reason or DONE", half(), "provider_cut_off", "half an ans"),
        fails("DONE without finish_reason", half().send("data: [DONE]\n\n"), "provider_cut_off", "half an ans"),
        fails("an end inside of a chunk", in_chunks, "provider_cut_off", "half an ans"),
        fails(
            "an end inside of an event",
            half().send("data: {\"choices\":[{\"delta\":{\"cont"),
            "provider_cut_off",
            "half an ans",
        ),
        fails("an error object in mid-stream", half().chunk(trouble.clone()), "provider_error", "half an ans"),
        fails(
            "an error object and then more",
            half().chunk(trouble.clone()).send("data: {\"choices\":[{\"delta\":{\"content\":\"no\"}}]}\n\n"),
            "provider_error",
            "half an ans",
        ),
        fails(
            "an error object instead of a stream",
            Script::response(200, "", &trouble.to_string()),
            "provider_error",
            "",
        ),
        fails(
            "an event that is called error",
            half().send("event: error\ndata: overloaded\n\n"),
            "provider_error",
            "half an ans",
        ),
        fails(
            "a reset after text that came after the finish_reason",
            half().send(&format!("{STOP}\n\n")).delta("wer").pause(Duration::from_millis(200)).reset(),
            "provider_cut_off",
            "half an answer",
        ),
        fails(
            "an error beside its finish_reason",
            half().send(&format!("{STOP}\n\n")).chunk(trouble),
            "provider_error",
            "half an ans",
        ),
    ]
}

/// What is odd and no fault: the right text.
pub fn odd() -> Vec<Fault> {
    let ping = ": OPENROUTER PROCESSING\n\n:\n\n";
    let unknown = r#"{"id":7,"choices":[{"index":0,"delta":{"content":"終 ","tool_calls":null,"annotations":[{}]},"logprobs":null,"x":[1,{"y":null}]}],"system_fingerprint":{},"service_tier":null}"#;
    let one_byte = lines("\n").bytes().fold(Script::stream().say(Kind::Text, TEXT).finish(), |script, byte| {
        script.bytes(vec![byte]).pause(Duration::from_millis(1))
    });
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}});
    vec![
        says("role-only chunks", with(&format!("data: {}\n\n", choice(json!({"role": "assistant"})))), TEXT),
        says("empty chunks", with("data: {}\n\ndata:\n\ndata: {\"choices\":[{\"delta\":{}}]}\n\n"), TEXT),
        says("empty choices with usage", with(&format!("data: {usage}\n\n")), TEXT),
        says("comments", with(ping), TEXT),
        says("null content", with(&format!("data: {}\n\n", choice(json!({"role": null, "content": null})))), TEXT),
        says("CRLF", raw(lines("\r\n"), TEXT), TEXT),
        says("CR", raw(lines("\r"), TEXT), TEXT),
        says("a BOM", raw(format!("\u{feff}{}", lines("\n")), TEXT), TEXT),
        says("several events in one packet", raw(lines("\n"), TEXT), TEXT),
        says("one byte in a packet", one_byte, TEXT),
        says(
            "unknown fields",
            Script::stream()
                .delta("Ciao ")
                .say(Kind::Text, "終 ")
                .send(&format!("data: {unknown}\n\n"))
                .delta("😀!")
                .end(),
            TEXT,
        ),
        says(
            "no DONE after the finish_reason",
            Script::stream().delta(TEXT).finish().send(&format!("{STOP}\n\n")),
            TEXT,
        ),
        says(
            "a finish_reason in every chunk, and a long pause",
            Script::stream()
                .say(Kind::Text, "Ciao 終")
                .chunk(stopping("Ciao 終"))
                .say(Kind::Text, " 😀")
                .chunk(stopping(" 😀"))
                .pause(Duration::from_millis(2500))
                .say(Kind::Text, "!")
                .chunk(stopping("!"))
                .finish()
                .send("data: [DONE]\n\n"),
            TEXT,
        ),
        says("no blank line at the end", Script::stream().delta(TEXT).finish().send(STOP), TEXT),
        says(
            "a reset after the finish_reason",
            Script::stream()
                .delta(TEXT)
                .finish()
                .send(&format!("{STOP}\n\n"))
                .pause(Duration::from_millis(200))
                .reset(),
            TEXT,
        ),
    ]
}

/// Invalid UTF-8, a character split over packets, lone surrogates, U+0000: U+FFFD where nothing else can be.
pub fn characters() -> Vec<Fault> {
    let content = |inside: &[u8]| [b"data: {\"choices\":[{\"delta\":{\"content\":\"", inside, b"\"}}]}\n\n"].concat();
    let done = format!("{STOP}\n\ndata: [DONE]\n\n").into_bytes();
    let stream = |contents: &[&[u8]], text: &str| {
        let all: Vec<u8> = contents.iter().flat_map(|inside| content(inside)).chain(done.clone()).collect();
        raw(all, text)
    };
    let split = content("a終b".as_bytes());
    let (before, after) = split.split_at(split.iter().position(|byte| *byte == 0xE7).unwrap() + 1);
    let split =
        Script::stream().say(Kind::Text, "a終b").finish().bytes(before.to_vec()).pause(Duration::from_millis(50));
    vec![
        says(
            "invalid UTF-8",
            stream(&[b"a\xFFb", b"c\xE7\xB5d", b"\xF0\x9F\x98"], "a\u{fffd}bc\u{fffd}d\u{fffd}"),
            "a\u{fffd}bc\u{fffd}d\u{fffd}",
        ),
        says("a character split over packets", split.bytes([after, &done].concat()), "a終b"),
        says("a character split over deltas", stream(&[b"a\xE7\xB5", b"\x82b"], "a終b"), "a終b"),
        says("a lone surrogate", stream(&[br"a\ud800b", br"\udc00c"], "a\u{fffd}b\u{fffd}c"), "a\u{fffd}b\u{fffd}c"),
        says("a pair of surrogates in two deltas", stream(&[br"a\ud83d", br"\ude00b"], "a😀b"), "a😀b"),
        says("a zero", stream(&[br"a\u0000b", b"c"], "a\u{fffd}bc"), "a\u{fffd}bc"),
    ]
}

/// HTML with 200, an empty body, gzip unasked, an endless line, and answers beyond the caps.
pub fn no_answer() -> Vec<Fault> {
    let bad = |words: &str, script: Script, kept: &str, told: &'static str| {
        let then =
            Then::Fails { code: "provider_bad_response", kept: kept.to_owned(), tells: vec![told, "administrator"] };
        fault(words, vec![script, good()], 1, then)
    };
    let gzip = "\u{1f}\u{8b}\u{8}";
    let flood =
        (0..64).fold(Script::stream().delta("begun").send("data: "), |script, _| script.send(&"x".repeat(1024 * 1024)));
    let long_line = choice(json!({"content": "x".repeat(256 * 1024)}));
    let longest = 256 * 1024 - choice(json!({"content": ""})).to_string().len() - "data: ".len();
    let longest = "x".repeat(longest);
    let delta = "word ".repeat(2000);
    let endless = (0..150).fold(Script::stream(), |script, _| script.delta(&delta));
    let most: String = delta.repeat(150)[..1024 * 1024].to_owned();
    let too_long = Then::Fails { code: "answer_too_long", kept: most, tells: vec!["1048576 bytes"] };
    vec![
        bad("HTML with 200", page(200), "", "a web page"),
        bad("an empty body", Script::response(200, "content-type: text/event-stream\r\n", ""), "", "an empty answer"),
        bad("gzip with its label", Script::response(200, "content-encoding: gzip\r\n", gzip), "", "compressed"),
        bad(
            "gzip without a label",
            Script::response(200, "content-type: text/event-stream\r\n", gzip),
            "",
            "compressed",
        ),
        bad("JSON that is no answer", Script::response(200, "", "[1, 2]"), "", "JSON"),
        bad("an endless line", flood, "begun", "a line longer than any event"),
        bad(
            "a line of more than 256 KiB",
            Script::stream().delta("begun").chunk(long_line).end(),
            "begun",
            "a line longer than any event",
        ),
        says("a line of 256 KiB", Script::stream().delta(&longest).end(), &longest),
        fault("an answer of more than 1 MiB", vec![endless], 1, too_long),
    ]
}
