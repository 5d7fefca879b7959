//! The audit log: who did what that others may ask about later. An entry is written in the transaction of what it tells, so
//! that there is neither without the other.

use std::collections::BTreeMap;

use sea_orm::{ActiveModelTrait, DatabaseTransaction, QuerySelect, Set};
use uuid::Uuid;

use crate::clock;
use crate::db::Db;
use crate::entity::audit_log::{self, Action, TargetKind};
use crate::entity::{api_key, invite, provider, user};
use crate::error::Result;

/// What something is done to: which one, and what it is called. Never a secret.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// What it is.
    pub kind: TargetKind,
    /// Which one.
    pub id: Option<Uuid>,
    /// What it is called.
    pub label: Option<&'a str>,
}

impl<'a> From<&'a user::Model> for Target<'a> {
    fn from(user: &'a user::Model) -> Self {
        Self { kind: TargetKind::User, id: Some(user.id), label: Some(&user.email) }
    }
}

impl<'a> From<&'a api_key::Model> for Target<'a> {
    fn from(key: &'a api_key::Model) -> Self {
        Self { kind: TargetKind::Key, id: Some(key.id), label: Some(&key.name) }
    }
}

impl<'a> From<&'a provider::Model> for Target<'a> {
    fn from(provider: &'a provider::Model) -> Self {
        Self { kind: TargetKind::Provider, id: Some(provider.id), label: Some(&provider.name) }
    }
}

impl From<&invite::Model> for Target<'_> {
    fn from(invite: &invite::Model) -> Self {
        Self { kind: TargetKind::Invite, id: Some(invite.id), label: None }
    }
}

impl Target<'_> {
    /// The server, or everybody on it.
    pub const SERVER: Self = Self { kind: TargetKind::Server, id: None, label: None };
}

/// Notes what is done in a transaction, by a person, or by the command line or the server itself where that is none.
///
/// The details are what else there is to say, such as the new role. They, too, are shown to every administrator.
pub async fn note(
    transaction: &DatabaseTransaction,
    by: Option<&user::Model>,
    action: Action,
    target: impl Into<Target<'_>>,
    details: &[(&str, &str)],
) -> Result<()> {
    let target = target.into();
    let details: BTreeMap<_, _> = details.iter().copied().collect();
    let entry = audit_log::ActiveModel {
        id: Set(clock::id()),
        at: Set(clock::now()),
        actor_id: Set(by.map(|user| user.id)),
        actor_email: Set(by.map(|user| user.email.clone())),
        action: Set(action),
        target_kind: Set(target.kind),
        target_id: Set(target.id),
        target_label: Set(target.label.map(str::to_owned)),
        details: Set(serde_json::to_string(&details).unwrap_or_default()),
    };
    entry.insert(transaction).await?;
    Ok(())
}

/// Which entries are looked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Only of this kind.
    pub action: Option<Action>,
    /// Only what this person did.
    pub actor_id: Option<Uuid>,
    /// Only what was before this entry.
    pub below: Option<Uuid>,
}

/// Entries, newest first.
pub async fn list(db: &Db, wanted: Wanted, limit: u64) -> Result<Vec<audit_log::Model>> {
    let Wanted { action, actor_id, below } = wanted;
    Ok(audit_log::Entity::newest(action, actor_id, below).limit(limit).all(db.reader()).await?)
}

/// The details of an entry; what cannot be read counts as none.
pub fn details(entry: &audit_log::Model) -> BTreeMap<String, String> {
    serde_json::from_str(&entry.details).unwrap_or_default()
}

/// Deletes the entries that are older than this, and tells how many.
pub async fn delete_older(db: &Db, kept: chrono::Duration) -> Result<u64> {
    let Some(before) = clock::now().checked_sub_signed(kept) else { return Ok(0) };
    let transaction = db.write().await?;
    let deleted = audit_log::Entity::delete_before(before).exec(&transaction).await?;
    db.commit(transaction).await?;
    Ok(deleted.rows_affected)
}
