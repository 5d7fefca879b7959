//! Passkeys (WebAuthn): a key on a person's device, which it uses after it has seen who holds it. That is both factors at
//! once, so no password is asked for.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QuerySelect, Set, SqlErr};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use super::{recovery, tidy};
use crate::auth::journal::{self, How};
use crate::auth::sessions::{self, Device};
use crate::auth::{Auth, SignedIn, Ticket, accounts, normal_name};
use crate::clock;
use crate::db::Db;
use crate::entity::audit_log::Action;
use crate::entity::{passkey, user};
use crate::error::{Error, Factor, Result};

/// How many passkeys one person has at most.
const MOST: u64 = 20;
/// What the audit log calls one.
const PASSKEY: &str = "passkey";
/// The longest id of a passkey in bytes, by the standard. A longer one would not fit into PostgreSQL's index either.
const LONGEST_ID: usize = 1023;
/// How long somebody has to find their device.
const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// How many ceremonies wait for their end; anybody can begin one. The oldest give way.
const WAITING: u64 = 10_000;

/// A JSON object of the WebAuthn standard, such as a browser's `toJSON()` makes and `parse…OptionsFromJSON()` takes.
pub type Object = Map<String, Value>;

/// The site that passkeys are made for. Browsers offer a passkey at the host that it was made for, and nowhere else.
#[derive(Debug)]
pub struct Site(Webauthn);

impl Site {
    /// The site at an origin, if browsers allow passkeys there: by a name, and by HTTPS unless it is this machine.
    pub fn at(origin: &Url) -> Result<Self> {
        let name = origin.domain().filter(|name| origin.scheme() == "https" || *name == "localhost");
        let name = name.ok_or(Factor::PasskeysUnavailable)?;
        let site =
            WebauthnBuilder::new(name, origin).and_then(|builder| builder.rp_name("Loquat").timeout(LIFETIME).build());
        site.map(Self).map_err(|error| Error::Internal(error.into()))
    }
}

/// What was asked of devices and waits for their answers, in memory. Each answer is taken once.
#[derive(Debug)]
pub(super) struct Ceremonies {
    registrations: Cache<Uuid, (Uuid, PasskeyRegistration)>,
    sign_ins: Cache<Uuid, DiscoverableAuthentication>,
}

impl Ceremonies {
    pub(super) fn new() -> Self {
        Self { registrations: waiting(), sign_ins: waiting() }
    }
}

fn waiting<T: Clone + Send + Sync + 'static>() -> Cache<Uuid, T> {
    Cache::builder().max_capacity(WAITING).eviction_policy(EvictionPolicy::lru()).time_to_live(LIFETIME).build()
}

/// What a device is asked, and under which id its answer is expected.
#[derive(Debug)]
pub struct Asked {
    /// The id.
    pub ceremony_id: Uuid,
    /// The options for the browser.
    pub options: Object,
}

/// A device's answer to what [`ask`] asked.
#[derive(Debug)]
pub struct Assertion {
    /// Where it was given.
    pub site: Site,
    /// Which question it answers.
    pub ceremony_id: Uuid,
    /// What the browser has from the device.
    pub credential: Object,
}

/// Begins to add a passkey: what the device is asked.
pub async fn begin(db: &Db, auth: &Auth, person: &SignedIn, site: &Site) -> Result<Asked> {
    let user = &person.caller.user;
    let known = passkey::Entity::owned_by(user.id).all(db.reader()).await?;
    if known.len() as u64 >= MOST {
        return Err(Factor::TooManyPasskeys { most: MOST }.into());
    }
    let known = known.iter().map(|row| Ok(read(row)?.cred_id().clone())).collect::<Result<Vec<_>>>()?;
    let shown = user.name.as_deref().unwrap_or(&user.email);
    let begun = site.0.start_passkey_registration(user.id, &user.email, shown, Some(known));
    let (options, state) = begun.map_err(|error| Error::Internal(error.into()))?;
    let mut options = public_key(&options)?;
    // A device offers by itself what it can find without being told an account.
    if let Some(selection) = options.get_mut("authenticatorSelection").and_then(Value::as_object_mut) {
        selection.insert("residentKey".to_owned(), json!("required"));
        selection.insert("requireResidentKey".to_owned(), json!(true));
    }
    let ceremony_id = clock::id();
    auth.factors.ceremonies.registrations.insert(ceremony_id, (user.id, state));
    Ok(Asked { ceremony_id, options })
}

/// Adds the passkey that a device has made. Returns it, and recovery codes for whoever has none.
pub async fn add(
    db: &Db,
    auth: &Auth,
    person: &SignedIn,
    name: String,
    answer: Assertion,
) -> Result<(passkey::Model, Option<Vec<String>>)> {
    let user_id = person.caller.id();
    let name = normal_name(Some(name))?;
    let name =
        name.ok_or_else(|| Error::invalid("name", "a passkey needs a name, so that you know later which it is"))?;
    let asked = auth.factors.ceremonies.registrations.remove(&answer.ceremony_id);
    let (_, state) = asked.filter(|(asked, _)| *asked == user_id).ok_or(Factor::ChallengeEnded)?;
    let made: RegisterPublicKeyCredential = parse(answer.credential)?;
    let credential_id = URL_SAFE_NO_PAD.encode(&made.raw_id);
    if passkey::Entity::of_device(user_id, &credential_id).one(db.reader()).await?.is_some() {
        return Err(Factor::PasskeyKnown.into());
    }
    let made = answer.site.0.finish_passkey_registration(&made, &state).map_err(|error| refused(&error))?;
    if made.cred_id().len() > LONGEST_ID {
        let detail = format!("the id of a passkey has at most {LONGEST_ID} bytes; use another device");
        return Err(Error::invalid("credential", detail));
    }
    let row = passkey::ActiveModel {
        id: Set(clock::id()),
        user_id: Set(user_id),
        name: Set(name),
        credential_id: Set(URL_SAFE_NO_PAD.encode(made.cred_id())),
        credential: Set(write(&made)?),
        created_at: Set(clock::now()),
        last_used_at: Set(None),
    };
    let transaction = accounts::write_in_session(db, person).await?;
    if passkey::Entity::owned_by(user_id).count(&transaction).await? >= MOST {
        return Err(Factor::TooManyPasskeys { most: MOST }.into());
    }
    let row = row.insert(&transaction).await.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::Factor(Factor::PasskeyKnown),
        _ => error.into(),
    })?;
    let codes = recovery::first(&transaction, user_id).await?;
    super::note(&transaction, &person.caller.user, Action::FactorAdded, PASSKEY).await?;
    db.commit(transaction).await?;
    auth.recent.forget();
    Ok((row, codes))
}

/// A person's passkeys, newest first.
pub async fn list(db: &Db, user_id: Uuid) -> Result<Vec<passkey::Model>> {
    Ok(passkey::Entity::owned_by(user_id).all(db.reader()).await?)
}

/// Deletes one of a person's passkeys. Somebody else's is not found.
pub async fn delete(db: &Db, auth: &Auth, person: &SignedIn, id: Uuid) -> Result<()> {
    let user_id = person.caller.id();
    let transaction = accounts::write_in_session(db, person).await?;
    let deleted = passkey::Entity::delete_owned(user_id, id).exec(&transaction).await?;
    tidy(&transaction, user_id).await?;
    if deleted.rows_affected > 0 {
        super::note(&transaction, &person.caller.user, Action::FactorRemoved, PASSKEY).await?;
    }
    db.commit(transaction).await?;
    auth.recent.forget();
    if deleted.rows_affected == 0 { Err(Error::NotFound("passkey")) } else { Ok(()) }
}

/// Asks whoever has a passkey for this site to show it.
pub fn ask(auth: &Auth, site: &Site) -> Result<Asked> {
    let (options, state) = site.0.start_discoverable_authentication().map_err(|error| Error::Internal(error.into()))?;
    let ceremony_id = clock::id();
    auth.factors.ceremonies.sign_ins.insert(ceremony_id, state);
    Ok(Asked { ceremony_id, options: public_key(&options)? })
}

/// Signs in with a passkey. Returns the person and the signed token of the session.
pub async fn sign_in(db: &Db, auth: &Auth, answer: Assertion, device: Device) -> Result<(user::Model, Ticket)> {
    let mut known = None;
    let outcome: Result<_> = async {
        let user_id = check(db, auth, answer).await?;
        let found = user::Entity::find_by_id(user_id).one(db.reader()).await?;
        let user = &*known.insert(found.ok_or(Factor::Wrong("credential"))?);
        Ok((user.clone(), sessions::begin(db, auth, user, &device).await?))
    }
    .await;
    journal::sign_in(How::Passkey, known.as_ref(), &device, &outcome);
    outcome
}

/// Whose passkey answered, if it did so rightly. Nobody holds the database's write lock up with a wrong answer.
pub(super) async fn check(db: &Db, auth: &Auth, answer: Assertion) -> Result<Uuid> {
    let wrong = || Error::Factor(Factor::Wrong("credential"));
    let state = auth.factors.ceremonies.sign_ins.remove(&answer.ceremony_id).ok_or(Factor::ChallengeEnded)?;
    let shown: PublicKeyCredential = parse(answer.credential)?;
    let site = &answer.site.0;
    let (user_id, credential_id) =
        site.identify_discoverable_authentication(&shown).map_err(|error| refused(&error))?;
    let of_device = passkey::Entity::of_device(user_id, &URL_SAFE_NO_PAD.encode(credential_id));
    let row = of_device.clone().one(db.reader()).await?.ok_or_else(wrong)?;
    let result = site.finish_discoverable_authentication_v2(&shown, state, &read(&row)?).map_err(|error| {
        if matches!(error, WebauthnError::CredentialPossibleCompromise) {
            tell_copy(&row);
        }
        refused(&error)
    })?;
    let transaction = db.write().await?;
    let row = of_device.lock_exclusive().one(&transaction).await?.ok_or_else(wrong)?;
    let mut known = read(&row)?;
    let has_changed = known.update_credential(&result) == Some(true);
    if result.counter() > 0 && !has_changed {
        // Meanwhile another answer of this passkey counted as far.
        tell_copy(&row);
        return Err(wrong());
    }
    let mut row = row.into_active_model();
    if has_changed {
        row.credential = Set(write(&known)?);
    }
    row.last_used_at = Set(Some(clock::now()));
    row.update(&transaction).await?;
    db.commit(transaction).await?;
    Ok(user_id)
}

fn tell_copy(row: &passkey::Model) {
    tracing::warn!(user_id = %row.user_id, passkey_id = %row.id, "a passkey did not count on, so that there may be a copy of it: refused");
}

fn refused(error: &WebauthnError) -> Error {
    tracing::debug!("a passkey was refused: {error}");
    Error::Factor(Factor::Wrong("credential"))
}

fn read(row: &passkey::Model) -> Result<Passkey> {
    serde_json::from_str(&row.credential).map_err(|error| Error::Internal(error.into()))
}

fn write(key: &Passkey) -> Result<String> {
    serde_json::to_string(key).map_err(|error| Error::Internal(error.into()))
}

fn parse<T: DeserializeOwned>(credential: Object) -> Result<T> {
    serde_json::from_value(Value::Object(credential)).map_err(|error| {
        Error::invalid("credential", format!("this is not what a browser makes of a passkey: {error}"))
    })
}

/// The part of the options that browsers take.
fn public_key(options: &impl Serialize) -> Result<Object> {
    let mut options = serde_json::to_value(options).map_err(|error| Error::Internal(error.into()))?;
    match options.get_mut("publicKey").map(Value::take) {
        Some(Value::Object(options)) => Ok(options),
        _ => Err(Error::Internal(anyhow::anyhow!("the options for a passkey are empty"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_need_a_name_and_a_safe_address() {
        for (origin, possible) in [
            ("https://chat.example.org", true),
            ("https://chat.example.org:8443", true),
            ("http://localhost:8080", true),
            ("https://localhost", true),
            ("http://chat.example.org", false),
            ("http://127.0.0.1:8080", false),
            ("https://192.168.1.7", false),
            ("https://[::1]:8443", false),
            ("http://localhost.example.org", false),
        ] {
            assert_eq!(Site::at(&origin.parse().unwrap()).is_ok(), possible, "{origin}");
        }
    }

    #[test]
    fn however_many_begin_so_many_are_remembered() {
        let ceremonies = waiting::<u64>();
        (0..2 * WAITING).for_each(|number| ceremonies.insert(clock::id(), number));
        ceremonies.run_pending_tasks();
        assert!(ceremonies.entry_count() <= WAITING);
        // The last ones are still there.
        assert!(ceremonies.iter().any(|(_, number)| number == 2 * WAITING - 1));
    }
}
