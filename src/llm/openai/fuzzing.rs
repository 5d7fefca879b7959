//! What holds for the reader of streams whatever a provider sends. The fuzzer looks for bytes for which it does not, and a
//! test holds it for all that the fuzzer has kept.

use std::sync::Arc;
use std::time::Duration;

use super::reading::Reading;
use super::{Clients, Endpoint};
use crate::config::{Provider, ProviderLimits};
use crate::llm::egress::Rules;
use crate::llm::{Error, Finish, Part};

/// All that a stream came to.
#[derive(Debug, PartialEq)]
struct Heard {
    text: String,
    reasoning: String,
    end: Result<Finish, Error>,
}

/// Reads a stream in one piece, in single bytes and in pieces of odd sizes, which must come to the same, within bounds.
///
/// The input's first byte says how the stream ends and how tight the bounds are, the second how it is cut.
///
/// # Panics
///
/// When anything of this does not hold.
pub fn read_stream(input: &[u8]) {
    let [how, seed, body @ ..] = input else { return };
    let whole = how & 1 == 0;
    let (line_bytes, answer_bytes) = if how & 2 == 0 { (256 * 1024, 1024 * 1024) } else { (160, 48) };
    let limits = ProviderLimits {
        connect: Duration::ZERO,
        first_byte: None,
        silence: None,
        total: None,
        answer_bytes: Some(answer_bytes),
        line_bytes,
        context_tokens: None,
    };
    let in_one = read(body, whole, &limits, || usize::MAX);
    let in_bytes = read(body, whole, &limits, || 1);
    assert_eq!(in_one, in_bytes, "read in one piece and byte by byte");
    let mut state = u32::from(*seed) + 1;
    let in_pieces = read(body, whole, &limits, || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        1 + (state >> 24) as usize % 23
    });
    assert_eq!(in_one, in_pieces, "read in one piece and in pieces");
}

fn read(body: &[u8], whole: bool, limits: &ProviderLimits, mut next: impl FnMut() -> usize) -> Heard {
    let mut reading = reading(limits.clone());
    let mut parts = Vec::new();
    let mut rest = body;
    let mut failed = None;
    while !rest.is_empty() && failed.is_none() {
        let (piece, after) = rest.split_at(next().min(rest.len()));
        rest = after;
        failed = reading.read(piece, &mut parts).err();
        assert!(reading.held() <= 3 * limits.line_bytes + body.len().min(8 * 1024 * 1024), "{} bytes", reading.held());
    }
    let end = match failed {
        Some(error) => Err(error),
        None => reading.end(whole, &mut parts),
    };
    let (mut text, mut reasoning) = (String::new(), String::new());
    for part in &parts {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::Reasoning(part) => reasoning.push_str(part),
        }
    }
    assert_eq!(text.len() + reasoning.len(), reading.bytes(), "what was counted and what was given out");
    // What stands for characters that never became whole may come on top.
    assert!(reading.bytes() <= limits.answer_bytes.unwrap_or(usize::MAX) + 6, "{} bytes", reading.bytes());
    assert!(!text.contains('\0') && !reasoning.contains('\0'), "a database refuses a zero");
    Heard { text, reasoning, end }
}

fn reading(limits: ProviderLimits) -> Reading {
    let address = "http://127.0.0.1:9/v1".parse().expect("an address");
    let provider = Provider::new("Fuzzed", address);
    let endpoint = Endpoint::new(provider, limits, Arc::new(Clients::new(Duration::ZERO, Rules::default())));
    Reading::new(Arc::new(endpoint), "m".to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn what_the_fuzzer_kept_reads_the_same_however_it_is_cut() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/stream");
        let mut count = 0;
        for file in fs::read_dir(&corpus).unwrap().flatten() {
            super::read_stream(&fs::read(file.path()).unwrap());
            count += 1;
        }
        assert!(count > 50, "the corpus in {} has only {count} inputs", corpus.display());
    }
}
