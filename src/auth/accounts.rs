//! What is done to an account, by whoever runs the server and by its own person, where that takes care.

use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QuerySelect, Set};
use secrecy::SecretString;

use super::password::Hasher;
use super::{Auth, SignedIn, journal, normal_email};
use crate::audit;
use crate::clock;
use crate::db::Db;
use crate::entity::audit_log::Action;
use crate::entity::{password_reset, session, user};
use crate::error::{Error, Result};

/// The account with an address, in any case.
pub async fn find(db: &Db, email: &str) -> Result<user::Model> {
    let email = normal_email(email)?;
    let user = user::Entity::with_email(&email).one(db.reader()).await?;
    user.ok_or_else(|| Error::invalid("email", format!("there is no account with the address {email}")))
}

/// Gives an account another password and ends all its sessions, at once. Returns how many those were.
pub async fn reset_password(db: &Db, hasher: &Hasher, user: &user::Model, password: SecretString) -> Result<u64> {
    hasher.check_is_good(&password, &user.email, user.name.as_deref())?;
    let hashed_password = hasher.hash(password).await?;
    let mut change = user.clone().into_active_model();
    change.hashed_password = Set(hashed_password);
    change.updated_at = Set(clock::now());
    let transaction = db.write().await?;
    change.update(&transaction).await?;
    let ended = session::Entity::delete_of(user.id).exec(&transaction).await?;
    password_reset::Entity::delete_by_id(user.id).exec(&transaction).await?;
    audit::note(&transaction, None, Action::PasswordReset, user, &[]).await?;
    db.commit(transaction).await?;
    Ok(ended.rows_affected)
}

/// Refuses a wrong password of somebody who is signed in, and any when too many were wrong.
pub(super) async fn check_password(
    auth: &Auth,
    user: &user::Model,
    password: SecretString,
    field: &'static str,
) -> Result<()> {
    let outcome: Result<_> = async {
        let mut attempt = auth.limits.own_password(user.id)?;
        let right = auth.hasher.verify(password, Some(user.hashed_password.clone())).await;
        attempt.settle(right.and_then(|right| if right { Ok(()) } else { Err(Error::WrongPassword { field }) }))
    }
    .await;
    journal::confirmed(user, &outcome);
    outcome
}

/// Begins a transaction in which the session still lives. Another process, such as the command line, may have ended it
/// since the request was let in, because its password is known to somebody else.
pub(super) async fn write_in_session(db: &Db, person: &SignedIn) -> Result<DatabaseTransaction> {
    let transaction = db.write().await?;
    lock_in_session(&transaction, person).await?;
    Ok(transaction)
}

/// Locks the account of a person whose session still lives.
pub(super) async fn lock_in_session(transaction: &DatabaseTransaction, person: &SignedIn) -> Result<()> {
    // The person first, as everybody does who ends sessions, so that no two wait for each other.
    let user_id = person.caller.id();
    user::Entity::find_by_id(user_id).lock_exclusive().one(transaction).await?.ok_or(Error::NotSignedIn)?;
    let session = session::Entity::valid(person.session_id, user_id, clock::now());
    session.one(transaction).await?.ok_or(Error::NotSignedIn)?;
    Ok(())
}
