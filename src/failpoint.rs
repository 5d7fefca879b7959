//! Named places at which a test lets the process die, as it would by a power cut; a release has none of it.

/// Aborts the process when the environment variable `LOQUAT_FAILPOINT` names this place. `name:3` means the third time
/// that it is reached.
#[cfg(debug_assertions)]
pub fn hit(place: &str) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static CHOSEN: LazyLock<Option<(String, u64)>> =
        LazyLock::new(|| std::env::var("LOQUAT_FAILPOINT").ok().and_then(|setting| read(&setting)));
    static HITS: AtomicU64 = AtomicU64::new(0);

    let Some((name, time)) = CHOSEN.as_ref() else { return };
    if name == place && HITS.fetch_add(1, Ordering::SeqCst) + 1 == *time {
        std::process::abort();
    }
}

/// Nothing, and nothing of its argument either.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn hit(_place: &str) {}

/// A place and at which time it counts, the first unless another is given.
#[cfg(debug_assertions)]
fn read(setting: &str) -> Option<(String, u64)> {
    if setting.is_empty() {
        return None;
    }
    match setting.split_once(':') {
        Some((name, time)) => Some((name.to_owned(), time.parse().ok()?)),
        None => Some((setting.to_owned(), 1)),
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::read;

    #[test]
    fn a_place_counts_at_the_first_time_unless_another_is_given() {
        assert_eq!(read("flush.before_commit"), Some(("flush.before_commit".to_owned(), 1)));
        assert_eq!(read("flush.before_commit:3"), Some(("flush.before_commit".to_owned(), 3)));
        assert_eq!(read("flush.before_commit:x"), None);
        assert_eq!(read(""), None);
    }
}
