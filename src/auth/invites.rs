//! Invitations: single-use links that make accounts, and the one that makes the first administrator.

use chrono::Duration;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QuerySelect, Set};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{Caller, people, secret};
use crate::audit;
use crate::clock;
use crate::db::Db;
use crate::entity::audit_log::Action;
use crate::entity::invite;
use crate::entity::user::{self, Role};
use crate::error::{Error, Result};

/// What every token begins with, so that people, and programs that look for leaked secrets, know one when they see it.
const BEGIN: &str = "lqi_";
/// How many invitations can wait to be used.
const MOST: u64 = 1000;
/// How long the first administrator has.
const SETUP_LIFETIME: Duration = Duration::days(1);

/// The page that an invitation opens. No server sees what stands behind the `#`.
pub fn path(token: &SecretString) -> String {
    format!("/register#invite={}", token.expose_secret())
}

/// Makes an invitation. Returns what is kept of it, and its token, which nobody can show again.
pub async fn create(db: &Db, by: &Caller, role: Role, lifetime: Duration) -> Result<(invite::Model, SecretString)> {
    let (row, token) = new(role, Some(by.id()), lifetime);
    let transaction = db.write().await?;
    people::act(&transaction, by).await?;
    let now = clock::now();
    invite::Entity::delete_ended(now).exec(&transaction).await?;
    if invite::Entity::of_administrators(now, None).count(&transaction).await? >= MOST {
        return Err(Error::TooManyInvites { most: MOST });
    }
    let row = row.insert(&transaction).await?;
    audit::note(&transaction, Some(&by.user), Action::InviteCreated, &row, &[("role", role.word())]).await?;
    db.commit(transaction).await?;
    Ok((row, token))
}

/// The invitations that can still be used, newest first, at most `limit` from below one of them.
pub async fn list(db: &Db, below: Option<Uuid>, limit: u64) -> Result<Vec<invite::Model>> {
    Ok(invite::Entity::of_administrators(clock::now(), below).limit(limit).all(db.reader()).await?)
}

/// Takes an invitation back.
pub async fn delete(db: &Db, by: &Caller, id: Uuid) -> Result<()> {
    let transaction = db.write().await?;
    people::act(&transaction, by).await?;
    let invite = invite::Entity::of_administrator(id).lock_exclusive().one(&transaction).await?;
    let invite = invite.ok_or(Error::NotFound("invitation"))?;
    invite::Entity::delete_by_id(id).exec(&transaction).await?;
    let details = [("role", invite.role.word())];
    audit::note(&transaction, Some(&by.user), Action::InviteDeleted, &invite, &details).await?;
    db.commit(transaction).await?;
    Ok(())
}

/// The token that makes the first administrator, while there is none. The one before it is worth nothing any more.
pub async fn setup(db: &Db) -> Result<Option<SecretString>> {
    if has_administrator(db.reader()).await? {
        return Ok(None);
    }
    let (row, token) = new(Role::Admin, None, SETUP_LIFETIME);
    let transaction = db.write().await?;
    invite::Entity::delete_setup().exec(&transaction).await?;
    row.insert(&transaction).await?;
    db.commit(transaction).await?;
    Ok(Some(token))
}

/// The invitation with this token, if it can still be used. To look is not to use it.
pub(super) async fn find(db: &Db, token: &str) -> Result<invite::Model> {
    let hash = secret::hash(BEGIN, token).ok_or(Error::InviteInvalid)?;
    let found = invite::Entity::with_hash(&secret::hex(&hash), clock::now()).one(db.reader()).await?;
    found.ok_or(Error::InviteInvalid)
}

/// Uses an invitation up. Of two at once one is told that it is too late.
pub(super) async fn spend(invite: &invite::Model, transaction: &impl ConnectionTrait) -> Result<()> {
    let deleted = invite::Entity::delete_by_id(invite.id).exec(transaction).await?;
    let in_time = deleted.rows_affected == 1 && invite.expires_at > clock::now();
    // Meanwhile somebody may have run `create-user --admin`.
    let is_late_setup = invite.created_by.is_none() && has_administrator(transaction).await?;
    if in_time && !is_late_setup { Ok(()) } else { Err(Error::InviteInvalid) }
}

async fn has_administrator(db: &impl ConnectionTrait) -> Result<bool> {
    Ok(user::Entity::administrators().limit(1).count(db).await? > 0)
}

fn new(role: Role, created_by: Option<Uuid>, lifetime: Duration) -> (invite::ActiveModel, SecretString) {
    let (token, token_hash) = secret::new(BEGIN);
    let now = clock::now();
    let row = invite::ActiveModel {
        id: Set(clock::id()),
        token_hash: Set(token_hash),
        role: Set(role),
        created_by: Set(created_by),
        created_at: Set(now),
        expires_at: Set(now + lifetime),
    };
    (row, token)
}
