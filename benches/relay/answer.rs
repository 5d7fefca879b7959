//! What the simulated model says: the same bytes every time, so that a client can check each one.

/// Bytes of text in a delta: a number of five digits and a space, so that a lost, doubled or moved one shows.
pub(crate) const DELTA: usize = 6;

const ROLE: &str = r#"{"role":"assistant","content":""}"#;

/// An answer as server-sent events.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    deltas: usize,
    opening: usize,
    step: usize,
}

impl Body {
    /// The events one after the other: what a client of a relay has to receive.
    pub(crate) fn plain(deltas: usize) -> Self {
        Self::new(deltas, false)
    }

    /// The same as the body of a response, each event a chunk of its own as model servers send them.
    pub(crate) fn framed(deltas: usize) -> Self {
        Self::new(deltas, true)
    }

    fn new(deltas: usize, framed: bool) -> Self {
        let mut bytes = Vec::new();
        let mut event = |data: &str| {
            let event = format!("data: {data}\n\n");
            if framed {
                bytes.extend_from_slice(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes());
            } else {
                bytes.extend_from_slice(event.as_bytes());
            }
            bytes.len()
        };
        let opening = event(&chunk(ROLE, "null"));
        let mut end = opening;
        for number in 0..deltas {
            end = event(&chunk(&format!(r#"{{"content":"{}"}}"#, word(number)), "null"));
        }
        event(&chunk("{}", r#""stop""#));
        event(&format!(
            r#"{{"id":"chatcmpl-relay","object":"chat.completion.chunk","created":1767225600,"model":"relay","choices":[],"usage":{{"prompt_tokens":7,"completion_tokens":{deltas},"total_tokens":{}}}}}"#,
            deltas + 7
        ));
        event("[DONE]");
        if framed {
            bytes.extend_from_slice(b"0\r\n\r\n");
        }
        Self { bytes, deltas, opening, step: (end - opening).checked_div(deltas).unwrap_or(1) }
    }

    /// Where the bytes of the first `deltas` end; the closing events go with the last.
    pub(crate) fn end_of(&self, deltas: usize) -> usize {
        if deltas >= self.deltas { self.bytes.len() } else { self.opening + deltas * self.step }
    }

    /// How many deltas are whole in the first bytes.
    pub(crate) fn deltas_in(&self, bytes: usize) -> usize {
        (bytes.saturating_sub(self.opening) / self.step).min(self.deltas)
    }
}

/// The whole text of an answer.
pub(crate) fn text(deltas: usize) -> String {
    (0..deltas).map(word).collect()
}

fn word(number: usize) -> String {
    format!("{:05} ", number % 100_000)
}

fn chunk(delta: &str, finish_reason: &str) -> String {
    format!(
        r#"{{"id":"chatcmpl-relay","object":"chat.completion.chunk","created":1767225600,"model":"relay","choices":[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish_reason}}}]}}"#
    )
}
