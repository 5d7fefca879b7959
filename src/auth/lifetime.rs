//! How long sessions last: one that is used is renewed, up to an age.

use chrono::{DateTime, Duration, Utc};

use super::token::Claims;
use super::{Auth, SignedIn, Ticket};
use crate::clock;
use crate::config::SessionTimes;
use crate::db::Db;
use crate::entity::session;
use crate::error::Result;

/// For sessions that do not end by themselves, all the same.
const LONGEST: Duration = Duration::days(3650);
/// A session is not renewed more often than this, however long it lasts.
const RENEWED_EVERY: Duration = Duration::days(1);

/// How long sessions last.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    /// Without being used.
    idle: Duration,
    /// From the sign-in.
    whole: Duration,
}

impl Lifetime {
    /// As it is set.
    pub fn new(times: &SessionTimes) -> Self {
        let days = |time: Option<std::time::Duration>| {
            time.and_then(|time| Duration::from_std(time).ok()).unwrap_or(LONGEST).min(LONGEST)
        };
        Self { idle: days(times.idle), whole: days(times.whole) }
    }

    /// When a session ends that began then and is used now.
    pub(super) fn end(&self, began: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        (now + self.idle).min(began + self.whole)
    }

    /// Whether a token says too little: its session could last longer by a day, or by a quarter of the time that it may be
    /// idle where that is less.
    ///
    /// It is the token that is looked at and not the session, so that one whose renewal never reached the browser is
    /// renewed by the next request.
    pub(super) fn is_due(&self, token: &Claims, now: DateTime<Utc>) -> bool {
        let (Some(began), Some(ends)) =
            (DateTime::from_timestamp(token.iat, 0), DateTime::from_timestamp(token.exp, 0))
        else {
            return false;
        };
        self.end(began, now) - ends >= RENEWED_EVERY.min(self.idle / 4)
    }
}

/// Renews a session that is being used. A session that has ended meanwhile stays so, and then there is nothing.
pub async fn renew(db: &Db, auth: &Auth, person: &SignedIn) -> Result<Option<Ticket>> {
    let now = clock::now();
    let find = session::Entity::valid(person.session_id, person.caller.id(), now);
    let transaction = db.write().await?;
    let Some(session) = find.clone().one(&transaction).await? else { return Ok(None) };
    let end = auth.lifetime.end(session.created_at, now);
    session::Entity::extend(session.id, now, end).exec(&transaction).await?;
    let Some(session) = find.one(&transaction).await? else { return Ok(None) };
    // After a power cut the next request renews it once more.
    db.commit_unsynced(transaction).await?;
    Ok(Some(Ticket::new(auth, &person.caller.user, &session)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lifetime(idle: i64, whole: i64) -> Lifetime {
        let hours = |hours: i64| (hours > 0).then(|| std::time::Duration::from_secs(hours as u64 * 3600));
        Lifetime::new(&SessionTimes { idle: hours(idle), whole: hours(whole) })
    }

    /// Whether a token is due so many hours after the sign-in that was last renewed at another.
    fn is_due(lifetime: Lifetime, renewed: i64, now: i64) -> bool {
        let began = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let token = Claims {
            iat: began.timestamp(),
            exp: lifetime.end(began, began + Duration::hours(renewed)).timestamp(),
            ..Claims::default()
        };
        lifetime.is_due(&token, began + Duration::hours(now))
    }

    #[test]
    fn a_session_is_renewed_once_a_day_or_after_a_quarter_of_a_shorter_time() {
        let usual = lifetime(14 * 24, 90 * 24);
        assert!(!is_due(usual, 0, 0) && !is_due(usual, 0, 23) && is_due(usual, 0, 24) && is_due(usual, 0, 300));
        assert!(!is_due(usual, 100, 123) && is_due(usual, 100, 124));
        let short = lifetime(8, 90 * 24);
        assert!(!is_due(short, 0, 1) && is_due(short, 0, 2));
    }

    #[test]
    fn no_session_gets_older_than_it_may() {
        let usual = lifetime(14 * 24, 90 * 24);
        // The last renewal reaches the end, and from then on there is nothing to gain.
        assert!(is_due(usual, 75 * 24, 77 * 24));
        assert!((76 * 24..90 * 24).all(|now| !is_due(usual, 76 * 24, now)));
        let began = clock::now();
        assert_eq!(usual.end(began, began + Duration::days(80)), began + Duration::days(90));
        assert_eq!(usual.end(began, began + Duration::days(8)), began + Duration::days(22));
    }

    #[test]
    fn without_a_limit_a_session_lasts_ten_years() {
        let began = clock::now();
        assert_eq!(lifetime(0, 0).end(began, began), began + LONGEST);
        assert_eq!(lifetime(24, 0).end(began, began + Duration::days(500)), began + Duration::days(501));
        assert_eq!(lifetime(0, 48).end(began, began), began + Duration::days(2));
    }
}
