//! What a client has already (RFC 9110, section 13.1.2).

use poem::http::{HeaderMap, header};

/// Whether a client has what this tag stands for.
pub fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let Some(known) = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) else { return false };
    known.split(',').map(|known| known.trim().trim_start_matches("W/")).any(|known| known == tag || known == "*")
}
