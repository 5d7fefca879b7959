//! The second step of a sign-in: a token says that the password was right, and a factor is shown with it.
//!
//! The token is no session: no route but the second step takes it, for some minutes, once, and not after the password has
//! changed.

use chrono::Duration;
use moka::sync::Cache;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::{Proof, check};
use crate::auth::journal::{self, How};
use crate::auth::sessions::{self, Device};
use crate::auth::{Auth, Ticket};
use crate::db::Db;
use crate::entity::user;
use crate::error::{Error, Factor, Result};

/// How long somebody has to find their phone.
pub(in crate::auth) const LIFETIME: Duration = Duration::minutes(5);
/// How often one token may be tried.
const MOST_TRIES: u32 = 5;
/// How many tokens are remembered. Only whoever knows a password makes one that can be tried.
const REMEMBERED: u64 = 100_000;

/// How often each token was tried, in memory.
#[derive(Debug)]
pub(super) struct Challenges(Cache<Uuid, u32>);

impl Challenges {
    pub(super) fn new() -> Self {
        // As long as a token lasts, from its last try on.
        let lifetime = LIFETIME.to_std().unwrap_or_default();
        Self(Cache::builder().max_capacity(REMEMBERED).time_to_live(lifetime).build())
    }

    /// Counts a try before it is looked at, so that many at once are not all looked at.
    fn count(&self, id: Uuid) -> Result<()> {
        let tried =
            self.0.entry(id).and_upsert_with(|tried| tried.map_or(1, |tried| tried.into_value().saturating_add(1)));
        if tried.into_value() > MOST_TRIES { Err(Error::Factor(Factor::ChallengeEnded)) } else { Ok(()) }
    }

    /// It was used, and is worth nothing any more.
    fn end(&self, id: Uuid) {
        self.0.insert(id, u32::MAX);
    }
}

/// Signs in with what a first step gave and a second factor. Returns the person and the signed token of the session.
pub async fn answer(
    db: &Db,
    auth: &Auth,
    challenge: &str,
    proof: Proof,
    device: Device,
) -> Result<(user::Model, Ticket)> {
    let claims = auth.keys.read_challenge(challenge).ok_or(Factor::ChallengeEnded)?;
    let user = user::Entity::find_by_id(claims.uid).one(db.reader()).await?.ok_or(Factor::ChallengeEnded)?;
    if !claims.fits(&user) {
        return Err(Factor::ChallengeEnded.into());
    }
    let how = How::from(&proof);
    let outcome: Result<_> = async {
        auth.factors.challenges.count(claims.jti)?;
        check(db, auth, user.id, proof).await?;
        auth.factors.challenges.end(claims.jti);
        sessions::begin(db, auth, &user, &device).await
    }
    .await;
    journal::sign_in(how, Some(&user), &device, &outcome);
    Ok((user, outcome?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn a_token_is_tried_a_few_times_and_used_once() {
        let challenges = Challenges::new();
        let (guessed, used) = (clock::id(), clock::id());
        (0..MOST_TRIES).for_each(|_| challenges.count(guessed).unwrap());
        assert!((0..3).all(|_| challenges.count(guessed).is_err()));
        challenges.count(used).unwrap();
        challenges.end(used);
        assert!((0..3).all(|_| challenges.count(used).is_err()));
    }
}
