//! Who is calling: accounts, passwords, sessions, API keys.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, EntityTrait, Set, SqlErr};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::audit;
use crate::clock;
use crate::config::{RequiredFactor, Signup};
use crate::db::Db;
use crate::entity::audit_log::Action;
use crate::entity::{invite, password_reset, session, user};
use crate::error::{Error, Result};
use crate::vault::Vault;

pub mod accounts;
pub mod api_keys;
pub mod caller;
pub mod factors;
mod guessable;
pub mod invites;
mod journal;
pub mod lifetime;
pub mod limits;
pub mod password;
pub mod people;
mod recent;
pub mod resets;
mod secret;
mod seen;
pub mod sessions;
pub mod token;
mod watch;
mod workers;

use factors::Factors;
use journal::How;
use lifetime::Lifetime;
use limits::Limits;
use password::Hasher;
use recent::Recent;
use seen::Seen;
use sessions::Device;
use token::Keys;
use watch::Watch;

pub use caller::{Caller, SignedIn};
pub use watch::Held;

/// What it takes to say who is calling.
#[derive(Debug)]
pub struct Auth {
    /// Hashes and checks passwords, a few at a time.
    pub hasher: Hasher,
    /// Signs and checks tokens.
    pub keys: Keys,
    /// Who may register.
    pub signup: Signup,
    /// How often anybody may guess.
    pub limits: Limits,
    lifetime: Lifetime,
    factors: Factors,
    recent: Arc<Recent>,
    seen: Arc<Seen>,
    watch: Arc<Watch>,
}

impl Auth {
    /// Nobody has called yet.
    pub fn new(
        hasher: Hasher,
        keys: Keys,
        signup: Signup,
        limits: Limits,
        lifetime: Lifetime,
        required: RequiredFactor,
        vault: Vault,
    ) -> Self {
        Self {
            hasher,
            keys,
            signup,
            limits,
            lifetime,
            factors: Factors::new(required, vault),
            recent: Arc::new(Recent::new()),
            seen: Arc::new(Seen::new()),
            watch: Arc::default(),
        }
    }

    /// Has it noted, at some time soon, that the caller's session or key is being used.
    pub fn note_use(&self, db: &Db, caller: &Caller) {
        self.seen.note(db, caller.credential);
    }

    /// Looks after something that outlasts its request, such as a stream: it learns when the caller's session or key has
    /// ended.
    pub fn hold(&self, caller: &Caller) -> Held {
        self.watch.hold(caller.credential)
    }

    /// Looks after all that is held, until `closing`. What this process ends is told at once, what others end within `every`.
    pub fn watch(&self, db: Db, every: Duration, closing: CancellationToken) -> impl Future<Output = ()> + use<> {
        Arc::clone(&self.watch).run(Arc::clone(&self.recent), db, every, closing)
    }
}

/// What an account is made from.
#[derive(Debug)]
pub struct NewAccount {
    /// The address, as typed.
    pub email: String,
    /// The password.
    pub password: SecretString,
    /// What the person wants to be called.
    pub name: Option<String>,
}

/// Registers somebody who came by themselves, or with an invitation, which is then used up.
pub async fn register(db: &Db, auth: &Auth, account: NewAccount, invite: Option<String>) -> Result<user::Model> {
    if let Some(token) = invite {
        let invite = invites::find(db, &token).await?;
        let made = store_account(db, &auth.hasher, account, invite.role, Origin::Invite(invite)).await?;
        return Ok(made.0);
    }
    match auth.signup {
        Signup::Open => Ok(store_account(db, &auth.hasher, account, user::Role::Member, Origin::Open).await?.0),
        Signup::Invite => {
            Err(Error::SignupClosed("registration here is by invitation only; ask an administrator for one"))
        }
        Signup::Closed => Err(Error::SignupClosed("registration is closed here; ask an administrator for an account")),
    }
}

/// Makes an account for whoever runs the server. Two at once with one address: the second is told that it is taken.
pub async fn create_account(db: &Db, hasher: &Hasher, account: NewAccount, role: user::Role) -> Result<user::Model> {
    Ok(store_account(db, hasher, account, role, Origin::CommandLine).await?.0)
}

/// Where an account comes from.
enum Origin<'a> {
    /// Its person came by themselves.
    Open,
    /// Its person was invited.
    Invite(invite::Model),
    /// Whoever runs the server.
    CommandLine,
    /// An administrator; its person sets the password.
    Administrator(&'a Caller),
}

/// An account and the use of its invitation are one step: an address that is taken costs no invitation.
async fn store_account(
    db: &Db,
    hasher: &Hasher,
    account: NewAccount,
    role: user::Role,
    origin: Origin<'_>,
) -> Result<(user::Model, Option<resets::Link>)> {
    let email = normal_email(&account.email)?;
    let name = normal_name(account.name)?;
    hasher.check_is_good(&account.password, &email, name.as_deref())?;
    let hashed_password = hasher.hash(account.password).await?;
    let now = clock::now();
    let user = user::ActiveModel {
        id: Set(clock::id()),
        email: Set(email),
        name: Set(name),
        hashed_password: Set(hashed_password),
        role: Set(role),
        created_at: Set(now),
        updated_at: Set(now),
        deactivated_at: Set(None),
        last_seen_at: Set(None),
    };
    let transaction = db.write().await?;
    match &origin {
        Origin::Invite(invite) => invites::spend(invite, &transaction).await?,
        Origin::Administrator(by) => people::act(&transaction, by).await?,
        Origin::Open | Origin::CommandLine => {}
    }
    let user = user.insert(&transaction).await.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::EmailTaken,
        _ => error.into(),
    })?;
    let role = ("role", user.role.word());
    let mut link = None;
    match &origin {
        Origin::Open => audit::note(&transaction, Some(&user), Action::UserRegistered, &user, &[role]).await?,
        Origin::Invite(invite) => {
            let invite_id = invite.id.to_string();
            let details = [role, ("invite_id", &invite_id)];
            audit::note(&transaction, Some(&user), Action::UserRegistered, &user, &details).await?;
        }
        Origin::CommandLine => audit::note(&transaction, None, Action::UserCreated, &user, &[role]).await?,
        Origin::Administrator(by) => {
            audit::note(&transaction, Some(&by.user), Action::UserCreated, &user, &[role]).await?;
            link = Some(resets::insert(&transaction, by, &user).await?);
        }
    }
    db.commit(transaction).await?;
    Ok((user, link))
}

/// A session as its browser keeps it.
#[derive(Debug)]
pub struct Ticket {
    /// The signed token.
    pub token: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

impl Ticket {
    pub(super) fn new(auth: &Auth, user: &user::Model, session: &session::Model) -> Result<Self> {
        Ok(Self { token: auth.keys.issue(user, session)?, expires_at: session.expires_at })
    }
}

/// Checks address and password and begins a session; whoever has a second factor is asked for it first. How often that may be tried, [`Limits::sign_in`] says.
pub async fn login(
    db: &Db,
    auth: &Auth,
    email: &str,
    password: SecretString,
    device: Device,
) -> Result<(user::Model, Ticket)> {
    let user = match normal_email(email) {
        Ok(email) => user::Entity::with_email(&email).one(db.reader()).await?,
        Err(_) => None,
    };
    // An unknown account costs the same time, so that nobody can list who has one.
    let hash = user.as_ref().map(|user| user.hashed_password.clone());
    let outcome: Result<_> = async {
        let right = auth.hasher.verify(password, hash).await?;
        let Some(user) = user.as_ref().filter(|_| right) else { return Err(Error::WrongCredentials) };
        // Only whoever knows the password is told.
        if !user.is_active() {
            return Err(Error::AccountDeactivated);
        }
        factors::ask(db, auth, user).await?;
        Ok((user.clone(), sessions::begin(db, auth, user, &device).await?))
    }
    .await;
    journal::sign_in(How::Password, user.as_ref(), &device, &outcome);
    outcome
}

/// Ends a session at once.
pub async fn logout(db: &Db, auth: &Auth, person: &SignedIn) -> Result<()> {
    let transaction = db.write().await?;
    session::Entity::delete_by_id(person.session_id).exec(&transaction).await?;
    db.commit(transaction).await?;
    auth.recent.forget();
    Ok(())
}

/// What a person changes about their account.
#[derive(Debug, Default)]
pub struct AccountChange {
    /// What they want to be called; empty removes the name.
    pub name: Option<String>,
    /// A new password, with the one it replaces.
    pub password: Option<(SecretString, SecretString)>,
}

/// Changes an account. A new password ends every other session; keys stay, each with a name and an end of its own.
pub async fn change_account(db: &Db, auth: &Auth, person: &SignedIn, change: AccountChange) -> Result<user::Model> {
    let caller = &person.caller;
    let mut user: user::ActiveModel = caller.user.clone().into();
    if let Some(name) = change.name {
        user.name = Set(normal_name(Some(name))?);
    }
    let new_password = change.password.is_some();
    if let Some((new, current)) = change.password {
        accounts::check_password(auth, &caller.user, current, "current_password").await?;
        auth.hasher.check_is_good(&new, &caller.user.email, caller.user.name.as_deref())?;
        user.hashed_password = Set(auth.hasher.hash(new).await?);
    }
    user.updated_at = Set(clock::now());
    let transaction = accounts::write_in_session(db, person).await?;
    let user = user.update(&transaction).await?;
    if new_password {
        session::Entity::delete_others(user.id, person.session_id).exec(&transaction).await?;
        // Whoever has a link for another one must not take the account back with it.
        password_reset::Entity::delete_by_id(user.id).exec(&transaction).await?;
        audit::note(&transaction, Some(&user), Action::PasswordChanged, &user, &[]).await?;
    }
    db.commit(transaction).await?;
    auth.recent.forget();
    Ok(user)
}

/// Deletes an account with everything that belongs to it, for whoever knows its password.
pub async fn delete_account(db: &Db, auth: &Auth, person: &SignedIn, password: SecretString) -> Result<()> {
    let user = &person.caller.user;
    accounts::check_password(auth, user, password, "password").await?;
    people::patiently(|| async {
        let transaction = db.write().await?;
        people::make_way(&transaction, user.id).await?;
        accounts::lock_in_session(&transaction, person).await?;
        people::remove(&transaction, user.id).await?;
        audit::note(&transaction, Some(user), Action::UserDeleted, user, &[]).await?;
        Ok(db.commit(transaction).await?)
    })
    .await?;
    auth.recent.forget();
    Ok(())
}

/// The address in the one form that is stored: trimmed and in lower case.
///
/// It only has to look like an address; whether it is one, only a message to it could tell.
fn normal_email(email: &str) -> Result<String> {
    let email = email.trim().to_lowercase();
    let wrong = || Error::invalid("email", "this is not an email address; write it as name@example.org");
    let (local, domain) = email.rsplit_once('@').ok_or_else(wrong)?;
    let odd = |c: char| c.is_whitespace() || c.is_control();
    if local.is_empty() || domain.is_empty() || email.len() > 254 || email.contains(odd) || local.contains('@') {
        return Err(wrong());
    }
    if domain.starts_with('.') || domain.ends_with('.') || domain.contains("..") {
        return Err(wrong());
    }
    Ok(email)
}

fn normal_name(name: Option<String>) -> Result<Option<String>> {
    let Some(name) = name.map(|name| name.trim().replace('\0', "\u{fffd}")).filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    if name.chars().count() > 100 {
        return Err(Error::invalid("name", "a name has at most 100 characters"));
    }
    Ok(Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_stored_in_one_form() {
        assert_eq!(normal_email("  Ada@Example.ORG ").unwrap(), "ada@example.org");
        for wrong in ["", "ada", "@example.org", "ada@", "a b@example.org", "ada@@example.org", "ada@.org", "a\0@b.c"] {
            assert!(normal_email(wrong).is_err(), "{wrong:?}");
        }
    }
}
