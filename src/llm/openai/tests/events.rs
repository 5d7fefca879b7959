//! Shapes of single events: text, reasoning, tokens and errors, as different servers write them.

use super::recordings::{read_body, reading};
use super::{Heard, join};
use crate::llm::{Error, FinishReason, Part, Usage};

const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;

/// Reads events given by their data, without `[DONE]`.
fn read(events: &[&str]) -> Heard {
    let body: String = events.iter().map(|data| format!("data: {data}\n\n")).collect();
    read_body(body.as_bytes())
}

/// The text of one delta, followed by a proper end.
fn text_of(delta: &str) -> String {
    let heard = read(&[&format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#), STOP]);
    assert!(heard.end.is_ok(), "{:?}", heard.end);
    heard.text
}

#[test]
fn content_is_read_in_every_shape() {
    assert_eq!(text_of(r#"{"content":"hi"}"#), "hi");
    assert_eq!(text_of(r#"{"content":null}"#), "");
    assert_eq!(
        text_of(r#"{"content":[{"type":"text","text":"a"},{"type":"image_url"},{"type":"text","text":"b"}]}"#),
        "ab"
    );
    assert_eq!(text_of(r#"{"content":{"type":"text","text":"a"}}"#), "a");
    assert_eq!(text_of(r#"{"content":5}"#), "");
    assert_eq!(text_of(r#"{"content":"a","content":"b"}"#), "b");
    assert_eq!(text_of(r#"{"content":"quote \" and \\ and é \n"}"#), "quote \" and \\ and é \n");
}

#[test]
fn fields_of_other_types_do_not_end_the_stream() {
    for oddity in [
        r#""role":7"#,
        r#""tool_calls":"none""#,
        r#""reasoning":{"effort":"low"}"#,
        r#""reasoning_content":false"#,
        r#""refusal":[]"#,
        r#""extra":{"deep":[[[{"x":null}]]]}"#,
        r#""audio":"\ud83d""#,
    ] {
        assert_eq!(text_of(&format!(r#"{{{oddity},"content":"hi"}}"#)), "hi", "{oddity}");
    }
    for oddity in [
        r#""usage":"many""#,
        r#""usage":[1]"#,
        r#""x_groq":7"#,
        r#""id":{}"#,
        r#""error":null"#,
        r#""error":"""#,
        r#""error":{}"#,
        r#""created":"now""#,
    ] {
        let chunk =
            format!(r#"{{{oddity},"choices":[{{"index":"0","delta":{{"content":"hi"}},"finish_reason":""}}]}}"#);
        let heard = read(&[&chunk, STOP]);
        assert_eq!((heard.text.as_str(), heard.code()), ("hi", "no error"), "{oddity}");
    }
}

#[test]
fn only_the_first_choice_is_ours() {
    let both = r#"{"choices":[{"index":1,"delta":{"content":"no"}},{"index":0,"delta":{"content":"yes"}}]}"#;
    let other = r#"{"choices":[{"index":1,"delta":{},"finish_reason":"length"}]}"#;
    let heard = read(&[both, other, r#"{"choices":[{"delta":{"content":"!"}}]}"#, STOP]);
    assert_eq!(heard.text, "yes!");
    assert_eq!(heard.end.unwrap().reason, FinishReason::Stop);
}

#[test]
fn reasoning_is_kept_apart_and_taken_once() {
    let heard = read(&[
        r#"{"choices":[{"delta":{"reasoning_content":"a","reasoning":"a"}}]}"#,
        r#"{"choices":[{"delta":{"reasoning":"b"}}]}"#,
        r#"{"choices":[{"delta":{"reasoning_content":"","reasoning":"c"}}]}"#,
        r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"d"}]},{"type":"text","text":"T"}]}}]}"#,
        r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":"e"}]}}]}"#,
        STOP,
    ]);
    assert_eq!((heard.reasoning.as_str(), heard.text.as_str()), ("abcde", "T"));
}

#[test]
fn inline_thinking_is_kept_apart() {
    assert_eq!(text_of(r#"{"content":"<think>x</think>y"}"#), "y");
    assert_eq!(text_of(r#"{"content":"see <think>x</think>"}"#), "see <think>x</think>");
}

#[test]
fn what_is_held_back_for_a_tag_stays_before_what_is_thought_after_it() {
    // The first thought teaches how thoughts look, so that the second one takes the short way.
    let deltas = [
        r#"{"reasoning_content":"so"}"#,
        r#"{"content":"\r\n"}"#,
        r#"{"reasoning_content":"hm"}"#,
        r#"{"content":"Yes."}"#,
    ];
    let mut parts = Vec::new();
    let mut reading = reading();
    for delta in deltas {
        let event = format!("data: {{\"choices\":[{{\"delta\":{delta}}}]}}\n\n");
        reading.read(event.as_bytes(), &mut parts).unwrap();
    }
    let text = |text: &str| Part::Text(text.to_owned());
    let thought = |text: &str| Part::Reasoning(text.to_owned());
    assert_eq!(parts, [thought("so"), text("\r\n"), thought("hm"), text("Yes.")]);
}

#[test]
fn tokens_are_found_wherever_they_are_put() {
    let usage = |prompt, completion, reasoning| {
        Some(Usage { prompt_tokens: prompt, completion_tokens: completion, reasoning_tokens: reasoning })
    };
    let extra = r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":2}}}"#;
    assert_eq!(read(&[STOP, extra, "[DONE]"]).end.unwrap().usage, usage(Some(3), Some(5), Some(2)));

    let with_finish =
        r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3.0,"completion_tokens":"5"}}"#;
    assert_eq!(read(&[with_finish]).end.unwrap().usage, usage(Some(3), Some(5), None));

    let every = |n: u32| {
        format!(
            r#"{{"choices":[{{"delta":{{"content":"x"}}}}],"usage":{{"prompt_tokens":3,"completion_tokens":{n}}}}}"#
        )
    };
    assert_eq!(read(&[&every(1), &every(2), STOP]).end.unwrap().usage, usage(Some(3), Some(2), None));

    let groq = r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":3,"completion_tokens":5}}}"#;
    assert_eq!(read(&[groq]).end.unwrap().usage, usage(Some(3), Some(5), None));

    assert_eq!(read(&[STOP, r#"{"choices":[],"usage":null}"#]).end.unwrap().usage, None);
    assert_eq!(read(&[STOP, r#"{"choices":[],"usage":{}}"#]).end.unwrap().usage, None);
}

#[test]
fn a_reason_may_come_with_the_last_text() {
    let heard = read(&[r#"{"choices":[{"delta":{"content":"hi"},"finish_reason":"length"}]}"#]);
    assert_eq!((heard.text.as_str(), heard.end.unwrap().reason), ("hi", FinishReason::Length));
}

#[test]
fn reasons_have_the_names_of_the_wire() {
    for (wire, name) in [
        ("stop", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
        ("insufficient_system_resource", "insufficient_system_resource"),
    ] {
        let heard = read(&[&format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"{wire}"}}]}}"#)]);
        assert_eq!(heard.end.unwrap().reason.as_str(), name);
    }
}

#[test]
fn an_error_in_any_shape_ends_the_answer_and_keeps_its_text() {
    let text = r#"{"choices":[{"delta":{"content":"so far"}}]}"#;
    for error in [
        r#"{"error":{"message":"out of order","type":"server_error","code":null}}"#,
        r#"{"error":{"message":"out of order","code":"500"}}"#,
        r#"{"error":"out of order"}"#,
        r#"{"detail":"out of order"}"#,
        r#"{"detail":[{"loc":["body"],"msg":"out of order"}]}"#,
        r#"[{"error":{"code":500,"message":"out of order","status":"INTERNAL"}}]"#,
        r#"{"object":"error","message":"out of order","code":500}"#,
        r#"{"object":"error","message":{"detail":[{"msg":"out of order"}]}}"#,
        r#"{"error":{"message":{"detail":"out of order"}}}"#,
        r#"{"message":"out of order"}"#,
        r#"{"error":{"code":502,"message":"out of order"},"choices":[]}"#,
        r#"{"choices":[{"delta":{"content":""},"finish_reason":"error"}],"error":{"message":"out of order"}}"#,
        r#"{"choices":[{"delta":{},"error":{"message":"out of order"}}]}"#,
        r#"{"id":"x","type":"error","message":"out of order"}"#,
    ] {
        for done in [&[][..], &["[DONE]"]] {
            let heard = read(&[&[text, error], done].concat());
            assert_eq!((heard.text.as_str(), heard.code()), ("so far", "provider_error"), "{error}");
            assert!(heard.end.unwrap_err().to_string().contains("out of order"), "{error}");
        }
    }
}

#[test]
fn an_event_named_error_is_one_whatever_it_says() {
    for data in [r#"{"message":"out of order"}"#, "out of order", r#"{"error":"out of order"}"#] {
        let heard = read_body(format!("data: {STOP}\n\nevent: error\ndata: {data}\n\n").as_bytes());
        assert_eq!(heard.code(), "provider_error");
        assert!(heard.end.unwrap_err().to_string().contains("out of order"), "{data}");
    }
}

#[test]
fn an_error_after_the_reason_is_still_an_error() {
    assert_eq!(read(&[STOP, r#"{"error":"out of order"}"#, "[DONE]"]).code(), "provider_error");
}

#[test]
fn errors_in_the_stream_get_their_own_codes() {
    for (error, code) in [
        (r#"{"error":{"message":"slow down","code":429}}"#, "provider_rate_limited"),
        (r#"{"error":{"message":"slow down","type":"rate_limit_error"}}"#, "provider_rate_limited"),
        (r#"{"error":{"message":"pay","code":"insufficient_quota"}}"#, "provider_quota"),
        (r#"{"error":{"message":"no","code":"401"}}"#, "provider_key_refused"),
        (r#"{"error":{"message":"x","code":"context_length_exceeded"}}"#, "context_too_long"),
        (r#"{"error":{"message":"This model's maximum context length is 4096 tokens."}}"#, "context_too_long"),
        (r#"{"error":{"message":"x","code":"content_filter"}}"#, "content_filtered"),
        (r#"{"error":{"message":"The model `x` does not exist.","code":404}}"#, "model_not_found"),
    ] {
        assert_eq!(read(&[error]).code(), code, "{error}");
    }
}

#[test]
fn harmless_data_is_read_over() {
    for harmless in [
        "",
        "{not json}",
        "ping",
        r#"{"type":"ping"}"#,
        "{}",
        "[]",
        "null",
        "7",
        r#"{"choices":null}"#,
        r#"{"choices":[]}"#,
    ] {
        let heard = read(&[
            r#"{"choices":[{"delta":{"content":"a"}}]}"#,
            harmless,
            r#"{"choices":[{"delta":{"content":"b"}}]}"#,
            STOP,
        ]);
        assert_eq!((heard.text.as_str(), heard.code()), ("ab", "no error"), "{harmless}");
    }
}

#[test]
fn a_damaged_piece_of_text_is_not_left_out_silently() {
    let heard = read(&[r#"{"choices":[{"delta":{"content":"a"}}]}"#, r#"{"choices":[{"delta":{"content":"b"}}"#, STOP]);
    assert_eq!((heard.text.as_str(), heard.code()), ("a", "provider_bad_response"));
}

#[test]
fn done_alone_is_no_success() {
    let text = r#"{"choices":[{"delta":{"content":"a"}}]}"#;
    assert_eq!(read(&[text, "[DONE]"]).code(), "provider_cut_off");
    assert_eq!(read(&["[DONE]"]).code(), "provider_cut_off");
    assert_eq!(read(&[text]).code(), "provider_cut_off");
}

#[test]
fn nothing_counts_after_done() {
    let heard = read(&[STOP, "[DONE]", r#"{"choices":[{"delta":{"content":"late"}}]}"#, r#"{"error":"late"}"#]);
    assert_eq!((heard.text.as_str(), heard.code()), ("", "no error"));
}

#[test]
fn a_last_event_without_its_blank_line_counts_when_it_is_whole() {
    let text = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    for ending in ["", "\n", "\r\n"] {
        let heard = read_body(format!("{text}data: {STOP}{ending}").as_bytes());
        assert_eq!((heard.text.as_str(), heard.code()), ("a", "no error"));
    }
    let half = &STOP[..STOP.len() - 1];
    assert_eq!(read_body(format!("{text}data: {half}").as_bytes()).code(), "provider_cut_off");
}

#[test]
fn a_cut_before_the_reason_fails_and_after_it_does_not() {
    let read_cut = |events: &[&str]| {
        let (mut reading, mut parts) = (reading(), Vec::new());
        let body: String = events.iter().map(|data| format!("data: {data}\n\n")).collect();
        reading.read(body.as_bytes(), &mut parts).unwrap();
        let end = reading.end(false, &mut parts);
        join(&parts, end)
    };
    let text = r#"{"choices":[{"delta":{"content":"a"}}]}"#;
    assert_eq!(read_cut(&[text]).code(), "provider_cut_off");
    assert_eq!(read_cut(&[]).code(), "provider_cut_off");
    assert_eq!(read_cut(&[text, STOP]).code(), "no error");
}

#[test]
fn what_is_no_stream_is_told_apart() {
    for (body, code) in [
        ("", "provider_bad_response"),
        ("\n\n\n", "provider_bad_response"),
        (": only a comment\n\n", "provider_bad_response"),
        ("<!doctype html><p>hello", "provider_bad_response"),
        ("\n  <html>", "provider_bad_response"),
        ("\u{1f}\u{8b}\u{8}", "provider_bad_response"),
        ("hello there", "provider_bad_response"),
        ("{\"hello\":1}", "provider_bad_response"),
        ("{\"choices\":[]}", "provider_bad_response"),
        ("{\"choices\":[{\"mess", "provider_bad_response"),
        ("{\"error\":{\"message\":\"no\",\"code\":\"context_length_exceeded\"}}", "context_too_long"),
        ("{\"error\":\"no\"}", "provider_error"),
        ("{\"detail\":\"no\"}", "provider_error"),
        ("[{\"error\":{\"code\":429}}]", "provider_rate_limited"),
    ] {
        assert_eq!(read_body(body.as_bytes()).code(), code, "{body}");
    }
}

#[test]
fn an_answer_in_one_piece_is_taken_whole() {
    let body = "\u{feff}\n{\"choices\":[{\"index\":0,\"message\":{\"content\":\"hi\",\"reasoning_content\":\"hm\"}}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}";
    let heard = read_body(body.as_bytes());
    assert_eq!((heard.text.as_str(), heard.reasoning.as_str()), ("hi", "hm"));
    let finish = heard.end.unwrap();
    assert_eq!(finish.reason, FinishReason::Stop);
    assert_eq!(finish.usage.unwrap().completion_tokens, Some(2));
}

#[test]
fn an_answer_over_the_cap_is_cut_between_characters() {
    let mut reading = reading();
    let mut parts = Vec::new();
    let delta = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n", "é".repeat(50_001));
    let error = loop {
        if let Err(error) = reading.read(delta.as_bytes(), &mut parts) {
            break error;
        }
    };
    assert_eq!(error, Error::AnswerTooLong { limit: 1024 * 1024 });
    let heard = join(&parts, Err(error));
    assert_eq!(heard.text, "é".repeat(512 * 1024));
    assert_eq!(heard.code(), "answer_too_long");
}

#[test]
fn parts_of_one_kind_that_arrive_together_are_one() {
    let (mut reading, mut parts) = (reading(), Vec::new());
    let delta = |field: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"{field}\":\"x\"}}}}]}}\n\n");
    let body = [delta("reasoning"), delta("reasoning"), delta("content"), delta("content"), delta("content")].concat();
    reading.read(body.as_bytes(), &mut parts).unwrap();
    assert_eq!(parts.len(), 2);
}
