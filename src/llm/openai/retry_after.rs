//! How long a provider asks to wait.

use std::time::{Duration, SystemTime};

use chrono::DateTime;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The longest wait that is believed.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Reads `Retry-After` (seconds, a fraction of them, or an HTTP date) and OpenAI's finer `retry-after-ms`. `None` when it
/// is absent or rubbish.
pub(super) fn read(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let fine = text("retry-after-ms").and_then(|ms| ms.parse::<f64>().ok()).map(|ms| ms / 1000.0).and_then(seconds);
    fine.or_else(|| {
        let value = text(RETRY_AFTER.as_str())?;
        value.parse::<f64>().ok().and_then(seconds).or_else(|| until(value, now))
    })
}

fn seconds(seconds: f64) -> Option<Duration> {
    (seconds >= 0.0 && seconds.is_finite())
        .then(|| Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST))
}

/// The time until an HTTP date; none is left when it has passed.
fn until(date: &str, now: SystemTime) -> Option<Duration> {
    let date = DateTime::parse_from_rfc2822(date).ok()?;
    Some(SystemTime::from(date).duration_since(now).unwrap_or_default().min(LONGEST))
}
