//! A person's API keys: made, listed and revoked. The key itself is shown once, and only its hash is kept.

use chrono::Duration;
use sea_orm::{ActiveModelTrait, EntityTrait, PaginatorTrait, QuerySelect, Set};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::secret::{self, Hash};
use super::{Auth, Caller, SignedIn, accounts, normal_name};
use crate::audit;
use crate::clock;
use crate::db::Db;
use crate::entity::api_key::{self, Scope};
use crate::entity::audit_log::Action;
use crate::error::{Error, Result};

/// What every key begins with, so that people, and programs that look for leaked secrets, know one when they see it.
const BEGIN: &str = "lq_";
/// How much of a key is kept to recognise it by, in characters. The 224 bits that stay secret are still more than enough.
const PREFIX: usize = BEGIN.len() + 8;
/// How many keys one person has at most.
const MOST: u64 = 100;

/// What a key is made from.
#[derive(Debug)]
pub struct NewKey {
    /// What its owner calls it.
    pub name: String,
    /// What may be done with it.
    pub scope: Scope,
    /// How long it lasts; none for one that does not end by itself.
    pub lifetime: Option<Duration>,
}

/// The hash of what has the form of a key.
pub(super) fn hash(key: &str) -> Option<Hash> {
    secret::hash(BEGIN, key)
}

/// Makes a key. Returns what is kept of it, and the key, which nobody can show again.
pub async fn create(db: &Db, owner: &SignedIn, new: NewKey) -> Result<(api_key::Model, SecretString)> {
    let name = normal_name(Some(new.name))?;
    let name =
        name.ok_or_else(|| Error::invalid("name", "a key needs a name, so that you know later what it is for"))?;
    if new.scope > Scope::of(owner.caller.user.role) {
        return Err(Error::invalid("scope", "only an administrator can have an admin key; choose read or chat"));
    }
    let (key, token_hash) = secret::new(BEGIN);
    let now = clock::now();
    let row = api_key::ActiveModel {
        id: Set(clock::id()),
        user_id: Set(owner.caller.id()),
        name: Set(name),
        scope: Set(new.scope),
        prefix: Set(key.expose_secret().chars().take(PREFIX).collect()),
        token_hash: Set(token_hash),
        created_at: Set(now),
        expires_at: Set(new.lifetime.map(|lifetime| now + lifetime)),
        last_used_at: Set(None),
    };
    // One after the other, so that two at once do not both count to one below the limit.
    let transaction = accounts::write_in_session(db, owner).await?;
    let person = &owner.caller.user;
    if api_key::Entity::owned_by(person.id, None).count(&transaction).await? >= MOST {
        return Err(Error::TooManyKeys { most: MOST });
    }
    let row = row.insert(&transaction).await?;
    audit::note(&transaction, Some(person), Action::KeyCreated, &row, &[("scope", row.scope.word())]).await?;
    db.commit(transaction).await?;
    Ok((row, key))
}

/// A person's keys, newest first, at most `limit` from below one of them. Those that have ended are among them.
pub async fn list(db: &Db, owner: &Caller, below: Option<Uuid>, limit: u64) -> Result<Vec<api_key::Model>> {
    Ok(api_key::Entity::owned_by(owner.id(), below).limit(limit).all(db.reader()).await?)
}

/// Revokes one of a person's keys at once. Somebody else's is not found.
pub async fn delete(db: &Db, auth: &Auth, owner: &Caller, key_id: Uuid) -> Result<()> {
    let transaction = db.write().await?;
    let key = api_key::Entity::owned_one(owner.id(), key_id).lock_exclusive().one(&transaction).await?;
    let key = key.ok_or(Error::NotFound("key"))?;
    api_key::Entity::delete_by_id(key_id).exec(&transaction).await?;
    audit::note(&transaction, Some(&owner.user), Action::KeyDeleted, &key, &[("scope", key.scope.word())]).await?;
    db.commit(transaction).await?;
    auth.recent.forget();
    Ok(())
}
