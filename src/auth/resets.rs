//! Links with which people set a new password, made by administrators: each is good once, for a day.

use chrono::{DateTime, Duration, Utc};
use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QuerySelect, Set};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{Auth, Caller, people, secret};
use crate::audit;
use crate::clock;
use crate::db::Db;
use crate::entity::audit_log::Action;
use crate::entity::{password_reset, session, user};
use crate::error::{Error, Result};

/// What every token begins with, so that people, and programs that look for leaked secrets, know one when they see it.
const BEGIN: &str = "lqr_";
/// How long a link is good.
const LIFETIME: Duration = Duration::days(1);

/// A new link, whose token nobody can show again.
#[derive(Debug)]
pub struct Link {
    /// Its token.
    pub token: SecretString,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

impl Link {
    /// The page that it opens. No server sees what stands behind the `#`.
    pub fn path(&self) -> String {
        format!("/reset#token={}", self.token.expose_secret())
    }
}

/// Makes a link for somebody; the one before it is worth nothing any more.
pub async fn create(db: &Db, by: &Caller, user_id: Uuid) -> Result<Link> {
    let transaction = db.write().await?;
    people::act(&transaction, by).await?;
    let user = user::Entity::find_by_id(user_id).lock_exclusive().one(&transaction).await?;
    let user = user.ok_or(Error::NotFound("person"))?;
    let link = insert(&transaction, by, &user).await?;
    db.commit(transaction).await?;
    Ok(link)
}

/// A link in the place of the one before it.
pub(super) async fn insert(transaction: &DatabaseTransaction, by: &Caller, user: &user::Model) -> Result<Link> {
    let (token, token_hash) = secret::new(BEGIN);
    let now = clock::now();
    let expires_at = now + LIFETIME;
    password_reset::Entity::delete_ended(now).exec(transaction).await?;
    password_reset::Entity::delete_by_id(user.id).exec(transaction).await?;
    let row = password_reset::ActiveModel {
        user_id: Set(user.id),
        token_hash: Set(token_hash),
        created_by: Set(by.id()),
        created_at: Set(now),
        expires_at: Set(expires_at),
    };
    row.insert(transaction).await?;
    audit::note(transaction, Some(&by.user), Action::ResetLinkCreated, user, &[]).await?;
    Ok(Link { token, expires_at })
}

/// Sets a new password with the token of a link, which is then used up, and ends every session of its person. Keys stay.
pub async fn redeem(db: &Db, auth: &Auth, token: &str, new: SecretString) -> Result<()> {
    let hash = secret::hex(&secret::hash(BEGIN, token).ok_or(Error::ResetInvalid)?);
    let now = clock::now();
    let found = password_reset::Entity::with_hash(&hash, now).find_also_related(user::Entity).one(db.reader()).await?;
    let Some((reset, Some(user))) = found else { return Err(Error::ResetInvalid) };
    // A password that will not do costs no link, and only who has one has a password hashed.
    auth.hasher.check_is_good(&new, &user.email, user.name.as_deref())?;
    let hashed_password = auth.hasher.hash(new).await?;
    let transaction = db.write().await?;
    let user = user::Entity::find_by_id(reset.user_id).lock_exclusive().one(&transaction).await?;
    let spent = password_reset::Entity::delete_with_hash(&hash).exec(&transaction).await?.rows_affected == 1;
    let in_time = reset.expires_at > clock::now();
    let Some(user) = user.filter(|_| spent && in_time) else { return Err(Error::ResetInvalid) };
    let mut user = user.into_active_model();
    user.hashed_password = Set(hashed_password);
    user.updated_at = Set(clock::now());
    let user = user.update(&transaction).await?;
    session::Entity::delete_of(user.id).exec(&transaction).await?;
    audit::note(&transaction, Some(&user), Action::PasswordReset, &user, &[]).await?;
    db.commit(transaction).await?;
    auth.recent.forget();
    Ok(())
}
