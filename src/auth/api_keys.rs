//! A person's API keys: made, listed and revoked. The key itself is shown once, and only its hash is kept.

use chrono::Duration;
use sea_orm::{ActiveModelTrait, EntityTrait, PaginatorTrait, QuerySelect, Set};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Auth, Caller, SignedIn, normal_name};
use crate::clock;
use crate::db::Db;
use crate::entity::api_key::{self, Scope};
use crate::entity::user;
use crate::error::{Error, Result};

/// What every key begins with, so that people, and programs that look for leaked secrets, know one when they see it.
const BEGIN: &str = "lq_";
/// How many random bytes a key has; they are written in hexadecimal.
const RANDOM_BYTES: usize = 32;
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

/// The SHA-256 of a key.
pub(super) type Hash = [u8; 32];

/// The hash of what has the form of a key; nothing else is worth a look into the database.
pub(super) fn hash(key: &str) -> Option<Hash> {
    let random = key.strip_prefix(BEGIN)?;
    let is_key = random.len() == 2 * RANDOM_BYTES && random.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
    is_key.then(|| Sha256::digest(key).into())
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes a key. Returns what is kept of it, and the key, which nobody can show again.
pub async fn create(db: &Db, owner: &SignedIn, new: NewKey) -> Result<(api_key::Model, SecretString)> {
    let name = normal_name(Some(new.name))?;
    let name =
        name.ok_or_else(|| Error::invalid("name", "a key needs a name, so that you know later what it is for"))?;
    if new.scope > Scope::of(owner.caller.user.role) {
        return Err(Error::invalid("scope", "only an administrator can have an admin key; choose read or chat"));
    }
    let key = SecretString::from(format!("{BEGIN}{}", hex(&rand::random::<[u8; RANDOM_BYTES]>())));
    let hash = hash(key.expose_secret()).ok_or_else(|| Error::Internal(anyhow::anyhow!("a new key has no form")))?;
    let now = clock::now();
    let row = api_key::ActiveModel {
        id: Set(clock::id()),
        user_id: Set(owner.caller.id()),
        name: Set(name),
        scope: Set(new.scope),
        prefix: Set(key.expose_secret().chars().take(PREFIX).collect()),
        token_hash: Set(hex(&hash)),
        created_at: Set(now),
        expires_at: Set(new.lifetime.map(|lifetime| now + lifetime)),
        last_used_at: Set(None),
    };
    let transaction = db.write().await?;
    // One after the other, so that two at once do not both count to one below the limit.
    let person = user::Entity::find_by_id(owner.caller.id()).lock_exclusive().one(&transaction).await?;
    let person = person.ok_or(Error::NotSignedIn)?;
    if api_key::Entity::owned_by(person.id, None).count(&transaction).await? >= MOST {
        return Err(Error::TooManyKeys { most: MOST });
    }
    let row = row.insert(&transaction).await?;
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
    let deleted = api_key::Entity::delete_owned(owner.id(), key_id).exec(&transaction).await?;
    db.commit(transaction).await?;
    if deleted.rows_affected == 0 {
        return Err(Error::NotFound("key"));
    }
    auth.recent.forget();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_the_form_of_a_key_is_looked_for() {
        let key = format!("lq_{}", "0123456789abcdef".repeat(4));
        assert!(hash(&key).is_some());
        let longer = format!("{key}0");
        for wrong in ["", "lq_", &key[1..], &key[..66], &longer, &key.replace('a', "A"), &key.replace('a', "é")] {
            assert_eq!(hash(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_hash_is_that_of_the_whole_key() {
        let key = format!("lq_{}", "0".repeat(64));
        // printf 'lq_%064d' 0 | sha256sum
        let known = "e9636e56a899f023d3ec410b67b98643d38f84473cbd35e3a7526288dabc4c5d";
        assert_eq!(hex(&hash(&key).unwrap()), known);
    }
}
