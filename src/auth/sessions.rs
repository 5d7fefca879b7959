//! A person's sessions, which are the devices they are signed in on: told apart, listed and ended.

use sea_orm::{ActiveModelTrait, EntityTrait, QuerySelect, Set};
use uuid::Uuid;

use super::caller::Credential;
use super::{Auth, Caller, SignedIn, Ticket};
use crate::audit::{self, Target};
use crate::clock;
use crate::db::Db;
use crate::entity::audit_log::Action;
use crate::entity::{session, user};
use crate::error::{Error, Result};

/// How much of what a browser calls itself is kept, in characters.
const LONGEST_USER_AGENT: usize = 300;

/// What is known of where somebody signs in.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// What it calls itself.
    pub(super) user_agent: Option<String>,
    /// Where it is.
    pub(super) address: Option<String>,
    /// The session that it has already, which ends when it signs in anew: nobody could see or use it any more.
    pub(super) replaces: Option<Uuid>,
}

impl Device {
    /// A device that calls itself so, at an address.
    pub fn new(user_agent: Option<&str>, address: Option<String>) -> Self {
        let user_agent = user_agent.map(|name| name.trim().chars().take(LONGEST_USER_AGENT).collect::<String>());
        Self { user_agent: user_agent.filter(|name| !name.is_empty()), address, replaces: None }
    }

    /// The same device, which shows that it is signed in as somebody.
    pub fn signed_in_as(self, caller: Option<&Caller>) -> Self {
        let replaces = caller.and_then(|caller| match caller.credential {
            Credential::Session(id) => Some(id),
            Credential::Key(_) => None,
        });
        Self { replaces, ..self }
    }
}

/// Begins a session of somebody who has shown who they are.
pub(super) async fn begin(db: &Db, auth: &Auth, user: &user::Model, device: &Device) -> Result<Ticket> {
    if !user.is_active() {
        return Err(Error::AccountDeactivated);
    }
    let now = clock::now();
    let session = session::ActiveModel {
        id: Set(clock::id()),
        user_id: Set(user.id),
        created_at: Set(now),
        expires_at: Set(auth.lifetime.end(now, now)),
        user_agent: Set(device.user_agent.clone()),
        address: Set(device.address.clone()),
        last_seen_at: Set(Some(now)),
    };
    let transaction = db.write().await?;
    let known = user::Entity::find_by_id(user.id).lock_exclusive().one(&transaction).await?;
    // Meanwhile it may have been deactivated, or have got another password, which ended the sessions that there were.
    if known.is_none_or(|known| !known.is_active() || known.hashed_password != user.hashed_password) {
        return Err(Error::WrongCredentials);
    }
    user::Entity::seen(user.id, now).exec(&transaction).await?;
    session::Entity::delete_ended(now).exec(&transaction).await?;
    if let Some(old) = device.replaces {
        session::Entity::delete_by_id(old).exec(&transaction).await?;
    }
    let session = session.insert(&transaction).await?;
    db.commit(transaction).await?;
    if device.replaces.is_some() {
        auth.recent.forget();
    }
    auth.seen.begun(Credential::Session(session.id));
    Ticket::new(auth, user, &session)
}

/// A person's sessions, newest first, at most `limit` from below one of them.
pub async fn list(db: &Db, caller: &Caller, below: Option<Uuid>, limit: u64) -> Result<Vec<session::Model>> {
    let living = session::Entity::living(caller.id(), clock::now(), below);
    Ok(living.limit(limit).all(db.reader()).await?)
}

/// Ends one of the caller's sessions at once. Somebody else's is not found.
pub async fn end(db: &Db, auth: &Auth, caller: &Caller, session_id: Uuid) -> Result<()> {
    let transaction = db.write().await?;
    let ended = session::Entity::delete_owned(caller.id(), session_id).exec(&transaction).await?;
    db.commit(transaction).await?;
    if ended.rows_affected == 0 {
        return Err(Error::NotFound("session"));
    }
    auth.recent.forget();
    Ok(())
}

/// Ends all of the caller's sessions but the one that asks.
pub async fn end_others(db: &Db, auth: &Auth, person: &SignedIn) -> Result<()> {
    let transaction = db.write().await?;
    session::Entity::delete_others(person.caller.id(), person.session_id).exec(&transaction).await?;
    db.commit(transaction).await?;
    auth.recent.forget();
    Ok(())
}

/// All sessions of somebody, newest first, for whoever runs the server.
pub async fn all_of(db: &Db, user_id: Uuid) -> Result<Vec<session::Model>> {
    Ok(session::Entity::living(user_id, clock::now(), None).all(db.reader()).await?)
}

/// Ends all sessions of somebody, or of everybody. Returns how many had not ended by themselves.
pub async fn end_all(db: &Db, user: Option<&user::Model>) -> Result<u64> {
    let transaction = db.write().await?;
    session::Entity::delete_ended(clock::now()).exec(&transaction).await?;
    let all = match user {
        Some(user) => session::Entity::delete_of(user.id),
        None => session::Entity::delete_many(),
    };
    let ended = all.exec(&transaction).await?;
    let target = user.map_or(Target::SERVER, Target::from);
    audit::note(&transaction, None, Action::SessionsEnded, target, &[]).await?;
    db.commit(transaction).await?;
    Ok(ended.rows_affected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_calls_itself_is_kept_up_to_a_length() {
        let named = |name: &str| Device::new(Some(name), None).user_agent;
        assert_eq!(named(" curl/8 "), Some("curl/8".to_owned()));
        assert_eq!(named("  "), None);
        assert_eq!(named(&"é".repeat(301)), Some("é".repeat(300)));
        assert_eq!(Device::default().user_agent, None);
    }
}
