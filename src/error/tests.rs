//! What every error tells.

use super::*;
use crate::pace::Counted;

#[test]
fn whoever_is_to_try_again_is_told_when() {
    let second = Duration::from_secs(1);
    let too_often =
        |counted| Error::TooOften(Standing { counted, most: 1, within: second, remaining: 0, next: second });
    let source = || DbErr::Custom("away".to_owned());
    let all = [
        too_often(Counted::Turns),
        too_often(Counted::SignIns),
        too_often(Counted::WrongPasswords),
        too_often(Counted::Registrations),
        too_often(Counted::WrongKeys),
        Error::TooManyAnswers { most: 1 },
        Error::QueueFull,
        Error::TooManySockets { limit: 1 },
        Error::TooManyFollows { limit: 1 },
        Error::TooManyConnections,
        Error::Busy { retry_after: second },
        Error::ShuttingDown,
        Error::DatabaseTrouble { trouble: Trouble::Busy, source: source() },
        Error::DatabaseTrouble { trouble: Trouble::Full, source: source() },
        Error::DatabaseTrouble { trouble: Trouble::Away, source: source() },
    ];
    for error in all {
        assert!(matches!(error.status(), 429 | 503), "{error}");
        assert!(error.retry_after().is_some_and(|time| time >= second), "{error}");
    }
}

#[test]
fn a_cause_is_told_once() {
    let locked = || DbErr::Exec(sea_orm::RuntimeErr::SqlxError(std::sync::Arc::new(sqlx::Error::PoolTimedOut)));
    let told = with_causes(&Error::from(locked()).for_operator().context("nothing was done"));
    let waited = "pool timed out while waiting for an open connection";
    assert!(told.starts_with("nothing was done: the database cannot be reached"), "{told}");
    assert_eq!(told.matches(waited).count(), 1, "{told}");
}
