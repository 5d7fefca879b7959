//! Who is behind a request: the person, what they showed, and what may be done with that.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Auth;
use super::api_keys;
use super::factors;
use super::secret::{self, Hash};
use crate::clock;
use crate::db::Db;
use crate::entity::api_key::{self, Scope};
use crate::entity::{session, user};
use crate::error::{Error, Factor, Result};

/// What somebody showed. It can end at any time, and then nothing more is done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// The session of a cookie.
    Session(Uuid),
    /// An API key.
    Key(Uuid),
}

impl Credential {
    /// The sessions and the keys among several.
    pub(super) fn apart(all: &[Self]) -> (Vec<Uuid>, Vec<Uuid>) {
        let (mut sessions, mut keys) = (Vec::new(), Vec::new());
        for one in all {
            match *one {
                Self::Session(id) => sessions.push(id),
                Self::Key(id) => keys.push(id),
            }
        }
        (sessions, keys)
    }
}

/// The person behind a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who it is.
    pub user: user::Model,
    /// What they showed.
    pub credential: Credential,
    /// What may be done with that; never more than the person may.
    pub scope: Scope,
    /// Whether the person must have a second factor here and has none. Then they can do nothing but set one up.
    pub lacks_factor: bool,
}

impl Caller {
    /// Whose rows this caller may touch.
    pub fn id(&self) -> Uuid {
        self.user.id
    }

    /// Refuses whoever has to set a second factor up first.
    pub fn has_factors(self) -> Result<Self> {
        if self.lacks_factor { Err(Error::Factor(Factor::SetupRequired)) } else { Ok(self) }
    }

    /// Refuses what the key is not for.
    pub fn check_scope(&self, needed: Scope) -> Result<()> {
        if self.scope < needed { Err(Error::ScopeInsufficient { needed: needed.word() }) } else { Ok(()) }
    }

    /// The same if it is an administrator; refuses everybody else, and their keys that are for less.
    pub fn administrator(self) -> Result<Self> {
        if self.user.role != user::Role::Admin {
            return Err(Error::AdminOnly);
        }
        self.check_scope(Scope::Admin)?;
        Ok(self)
    }

    /// The same as somebody with a session; refuses a key.
    pub fn signed_in(self) -> Result<SignedIn> {
        match self.credential {
            Credential::Session(session_id) => Ok(SignedIn { caller: self, session_id }),
            Credential::Key(_) => Err(Error::SessionRequired),
        }
    }
}

/// Somebody with a session. Only they change who can act for them, so that whoever finds a key cannot make more of them
/// or take the account over.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who it is.
    pub caller: Caller,
    /// The session of this request.
    pub session_id: Uuid,
}

impl SignedIn {
    /// Refuses whoever has to set a second factor up first.
    pub fn has_factors(self) -> Result<Self> {
        Ok(Self { caller: self.caller.has_factors()?, session_id: self.session_id })
    }
}

/// What is shown, before it is known whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shown {
    /// The session that a token names, and its person.
    Session { sid: Uuid, uid: Uuid },
    /// A key.
    Key(Hash),
}

/// Who the token of a cookie belongs to, if its session still lives, and whether it is time for a new token.
pub async fn of_token(db: &Db, auth: &Auth, token: &str) -> Result<(Caller, bool)> {
    let claims = auth.keys.read(token).ok_or(Error::NotSignedIn)?;
    let caller = known(db, auth, Shown::Session { sid: claims.sid, uid: claims.uid }).await?;
    Ok((caller, auth.lifetime.is_due(&claims, clock::now())))
}

/// Who an API key belongs to, if it still lives. From each address only so many wrong ones are looked for.
pub async fn of_key(db: &Db, auth: &Auth, key: &str, from: IpAddr) -> Result<Caller> {
    let shown = api_keys::hash(key).map(Shown::Key);
    let look = async || match shown {
        Some(shown) => known(db, auth, shown).await,
        None => Err(Error::KeyInvalid),
    };
    // What was right a while ago is no guess: a program must not fail because another one at its address does.
    if let Some(shown) = &shown
        && auth.recent.was_right(shown)
    {
        let outcome = look().await;
        if matches!(outcome, Err(Error::KeyInvalid)) {
            auth.recent.is_wrong(shown);
        }
        return outcome;
    }
    let mut attempt = auth.limits.key(from)?;
    let outcome = look().await;
    if let (Some(shown), Ok(_)) = (shown, &outcome) {
        auth.recent.is_right(shown);
    }
    attempt.settle(outcome)
}

async fn known(db: &Db, auth: &Auth, shown: Shown) -> Result<Caller> {
    let caller = match auth.recent.get(&shown) {
        Some(caller) => caller,
        None => {
            let moment = auth.recent.moment();
            let (caller, expires_at) = match shown {
                Shown::Session { sid, uid } => in_session(db, auth, sid, uid).await?,
                Shown::Key(hash) => {
                    with_key(db, auth, api_key::Entity::with_hash(&secret::hex(&hash), clock::now())).await?
                }
            };
            auth.recent.put(&moment, shown, caller.clone(), expires_at);
            caller
        }
    };
    auth.note_use(db, &caller);
    Ok(caller)
}

/// The same caller once more, if what they showed still lives: for a connection that outlasts its request.
pub async fn again(db: &Db, auth: &Auth, caller: &Caller) -> Result<Caller> {
    let (caller, _) = match caller.credential {
        Credential::Session(id) => in_session(db, auth, id, caller.id()).await?,
        Credential::Key(id) => with_key(db, auth, api_key::Entity::valid(id, clock::now())).await?,
    };
    caller.has_factors()
}

/// Whose session it is, as the database has it, and when it ends.
async fn in_session(db: &Db, auth: &Auth, session_id: Uuid, user_id: Uuid) -> Result<(Caller, Option<DateTime<Utc>>)> {
    let found = session::Entity::valid(session_id, user_id, clock::now())
        .find_also_related(user::Entity)
        .one(db.reader())
        .await?;
    let Some((session, Some(user))) = found else { return Err(Error::NotSignedIn) };
    if !user.is_active() {
        return Err(Error::NotSignedIn);
    }
    let scope = Scope::of(user.role);
    let lacks_factor = factors::is_missing(db, auth, &user).await?;
    let caller = Caller { user, credential: Credential::Session(session.id), scope, lacks_factor };
    Ok((caller, Some(session.expires_at)))
}

/// Whose key it is, as the database has it, and when it ends.
async fn with_key(
    db: &Db,
    auth: &Auth,
    key: sea_orm::Select<api_key::Entity>,
) -> Result<(Caller, Option<DateTime<Utc>>)> {
    let found = key.find_also_related(user::Entity).one(db.reader()).await?;
    let Some((key, Some(user))) = found else { return Err(Error::KeyInvalid) };
    if !user.is_active() {
        return Err(Error::KeyInvalid);
    }
    // An administrator can become a member, and then their keys may no more than they.
    let scope = key.scope.min(Scope::of(user.role));
    let lacks_factor = factors::is_missing(db, auth, &user).await?;
    Ok((Caller { user, credential: Credential::Key(key.id), scope, lacks_factor }, key.expires_at))
}
