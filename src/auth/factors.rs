//! Second factors: what a person shows beside their password, or instead of it.
//!
//! As soon as somebody has an authenticator app or a passkey, their password alone does not sign them in any more. What
//! changes the factors needs the password, and one of the factors where there are any.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QuerySelect};
use secrecy::SecretString;
use uuid::Uuid;

use super::{Auth, SignedIn, accounts};
use crate::audit;
use crate::config::RequiredFactor;
use crate::db::Db;
use crate::entity::audit_log::Action;
use crate::entity::{passkey, recovery_code, totp as app, user};
use crate::error::{Error, Factor, Result};
use crate::vault::Vault;

pub mod challenge;
mod guesses;
pub mod passkeys;
pub mod recovery;
pub mod totp;

use challenge::Challenges;
use guesses::Guesses;
use passkeys::{Assertion, Ceremonies};

/// What checks second factors, in memory.
#[derive(Debug)]
pub(super) struct Factors {
    required: RequiredFactor,
    vault: Vault,
    guesses: Guesses,
    challenges: Challenges,
    ceremonies: Ceremonies,
}

impl Factors {
    pub(super) fn new(required: RequiredFactor, vault: Vault) -> Self {
        Self { required, vault, guesses: Guesses::new(), challenges: Challenges::new(), ceremonies: Ceremonies::new() }
    }
}

/// What somebody shows beside the password.
#[derive(Debug)]
pub enum Proof {
    /// The code that an authenticator app shows.
    Code(SecretString),
    /// One of the codes for when everything else is lost.
    Recovery(SecretString),
    /// A passkey's answer.
    Passkey(Box<Assertion>),
}

/// Which factors a person has.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Since when there is an authenticator app.
    pub totp_since: Option<DateTime<Utc>>,
    /// How many passkeys there are.
    pub passkeys: u64,
    /// How many recovery codes are left.
    pub recovery_codes: u64,
}

impl Standing {
    /// Whether the password alone is not enough.
    pub fn is_on(&self) -> bool {
        self.totp_since.is_some() || self.passkeys > 0
    }

    /// The words of the API for what can be shown at the sign-in.
    fn methods(&self) -> Vec<&'static str> {
        let all = [
            ("code", self.totp_since.is_some()),
            ("passkey", self.passkeys > 0),
            ("recovery_code", self.recovery_codes > 0),
        ];
        all.into_iter().filter(|(_, has)| *has).map(|(word, _)| word).collect()
    }
}

/// Which factors a person has.
pub async fn standing(db: &impl ConnectionTrait, user_id: Uuid) -> Result<Standing> {
    let app = app::Entity::confirmed(user_id).one(db).await?;
    Ok(Standing {
        totp_since: app.and_then(|app| app.confirmed_at),
        passkeys: passkey::Entity::owned_by(user_id).count(db).await?,
        recovery_codes: recovery_code::Entity::owned_by(user_id).count(db).await?,
    })
}

/// Whether a person must have a second factor here.
pub fn is_required(auth: &Auth, user: &user::Model) -> bool {
    match auth.factors.required {
        RequiredFactor::Nobody => false,
        RequiredFactor::Administrators => user.role == user::Role::Admin,
        RequiredFactor::Everyone => true,
    }
}

/// Whether a person must have a second factor, and has none.
pub(super) async fn is_missing(db: &Db, auth: &Auth, user: &user::Model) -> Result<bool> {
    Ok(is_required(auth, user) && !standing(db.reader(), user.id).await?.is_on())
}

/// Begins the second step of a sign-in, for somebody whose password was right and who has a second factor.
pub(super) async fn ask(db: &Db, auth: &Auth, user: &user::Model) -> Result<()> {
    let standing = standing(db.reader(), user.id).await?;
    if !standing.is_on() {
        return Ok(());
    }
    let challenge = auth.keys.issue_challenge(user)?;
    Err(Error::Factor(Factor::Required { challenge, methods: standing.methods() }))
}

/// Makes sure that it is the person, before their factors change.
pub async fn confirm(
    db: &Db,
    auth: &Auth,
    person: &SignedIn,
    password: SecretString,
    proof: Option<Proof>,
) -> Result<()> {
    let user = &person.caller.user;
    accounts::check_password(auth, user, password, "password").await?;
    if !standing(db.reader(), user.id).await?.is_on() {
        return Ok(());
    }
    let proof = proof.ok_or_else(|| {
        Error::invalid("code", "give a code of your authenticator app, a recovery code or a passkey's answer too")
    })?;
    check(db, auth, user.id, proof).await
}

/// Whether what is shown is this person's; a code is used up by it.
pub(super) async fn check(db: &Db, auth: &Auth, user_id: Uuid, proof: Proof) -> Result<()> {
    match proof {
        Proof::Code(code) => totp::check(db, auth, user_id, &code).await,
        Proof::Recovery(code) => recovery::spend(db, user_id, &code).await,
        Proof::Passkey(assertion) => match passkeys::check(db, auth, *assertion).await? == user_id {
            true => Ok(()),
            false => Err(Error::Factor(Factor::Wrong("credential"))),
        },
    }
}

/// Takes every second factor from an account, for somebody who has lost theirs. Returns whether there was one.
pub async fn reset(db: &Db, user: &user::Model) -> Result<bool> {
    let user_id = user.id;
    let transaction = db.write().await?;
    lock(&transaction, user_id).await?;
    let was_on = standing(&transaction, user_id).await?.is_on();
    app::Entity::delete_by_id(user_id).exec(&transaction).await?;
    passkey::Entity::delete_all_owned(user_id).exec(&transaction).await?;
    recovery_code::Entity::delete_all_owned(user_id).exec(&transaction).await?;
    if was_on {
        audit::note(&transaction, None, Action::FactorsReset, user, &[]).await?;
    }
    db.commit(transaction).await?;
    Ok(was_on)
}

async fn note(transaction: &DatabaseTransaction, user: &user::Model, action: Action, factor: &str) -> Result<()> {
    audit::note(transaction, Some(user), action, user, &[("factor", factor)]).await
}

/// One change of a person's factors after the other.
async fn lock(transaction: &impl ConnectionTrait, user_id: Uuid) -> Result<()> {
    let person = user::Entity::find_by_id(user_id).lock_exclusive().one(transaction).await?;
    person.map(drop).ok_or(Error::NotSignedIn)
}

/// Whoever has lost their last factor needs no recovery codes any more.
async fn tidy(transaction: &impl ConnectionTrait, user_id: Uuid) -> Result<()> {
    if !standing(transaction, user_id).await?.is_on() {
        recovery_code::Entity::delete_all_owned(user_id).exec(transaction).await?;
    }
    Ok(())
}
