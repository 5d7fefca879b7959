//! The one source of ids and times, so that both databases store the same values.

use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

/// Now, in UTC, cut to milliseconds: what both databases can keep exactly.
pub fn now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the clock")]
    let now = Utc::now();
    now.trunc_subsecs(3)
}

/// A new UUIDv7: unique, and sorted by the time it was made.
pub fn id() -> Uuid {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that makes ids")]
    Uuid::now_v7()
}

/// A time as the API writes it: RFC 3339 with milliseconds and `Z`.
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
