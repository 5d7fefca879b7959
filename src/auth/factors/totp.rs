//! Authenticator apps: codes of six digits that change every half minute (RFC 6238).

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, Set, Unchanged};
use secrecy::{ExposeSecret, SecretString};
use totp_rs::{Builder, Secret, Totp};
use uuid::Uuid;

use super::{recovery, tidy};
use crate::auth::{Auth, SignedIn, accounts};
use crate::clock;
use crate::db::Db;
use crate::entity::audit_log::Action;
use crate::entity::totp;
use crate::error::{Error, Factor, Result};
use crate::vault::{Resealed, Vault};

/// What the audit log calls it.
const APP: &str = "app";
/// How the server is called in the app.
const ISSUER: &str = "Loquat";
/// How many random bytes a secret has, as RFC 4226 recommends.
const RANDOM_BYTES: usize = 20;

/// What an app has to be told, which is shown this once.
#[derive(Debug)]
pub struct NewApp {
    /// The secret in base32, for typing.
    pub secret: SecretString,
    /// The address that apps read from a QR code.
    pub url: SecretString,
}

/// Makes a secret for an app. It is asked for at no sign-in before a code shows that the app has it.
pub async fn set_up(db: &Db, auth: &Auth, person: &SignedIn) -> Result<NewApp> {
    let user = &person.caller.user;
    let secret = SecretString::from(Secret::from(rand::random::<[u8; RANDOM_BYTES]>()).to_base32());
    let generator = generator(&secret, &user.email)?;
    let url = generator.to_url().map_err(|error| Error::Internal(anyhow::anyhow!("{error}")))?;
    let row = totp::ActiveModel {
        user_id: Set(user.id),
        sealed_secret: Set(auth.factors.vault.seal(&context(&user.id.to_string()), &secret)),
        created_at: Set(clock::now()),
        confirmed_at: Set(None),
        last_step: Set(None),
    };
    let transaction = accounts::write_in_session(db, person).await?;
    if totp::Entity::confirmed(user.id).one(&transaction).await?.is_some() {
        return Err(Factor::TotpIsOn.into());
    }
    totp::Entity::delete_by_id(user.id).exec(&transaction).await?;
    row.insert(&transaction).await?;
    db.commit(transaction).await?;
    Ok(NewApp { secret, url: SecretString::from(url) })
}

/// Turns the codes on, with the first of them. Returns recovery codes for whoever has none.
pub async fn turn_on(db: &Db, auth: &Auth, person: &SignedIn, code: &SecretString) -> Result<Option<Vec<String>>> {
    let user_id = person.caller.id();
    let app = totp::Entity::find_by_id(user_id).one(db.reader()).await?.ok_or(Factor::NothingToConfirm)?;
    if app.confirmed_at.is_some() {
        return Err(Factor::TotpIsOn.into());
    }
    auth.factors.guesses.count(user_id)?;
    let step = step(auth, &app, code, clock::now()).ok_or(Factor::Wrong("code"))?;
    auth.factors.guesses.forgive(user_id);
    let transaction = accounts::write_in_session(db, person).await?;
    // Meanwhile another tab may have made another secret, or have confirmed this one.
    let spent = totp::Entity::spend(&app, step).exec(&transaction).await?.rows_affected;
    let confirmed = totp::Entity::confirm(user_id, clock::now()).exec(&transaction).await?.rows_affected;
    if spent != 1 || confirmed != 1 {
        return Err(Factor::NothingToConfirm.into());
    }
    let codes = recovery::first(&transaction, user_id).await?;
    super::note(&transaction, &person.caller.user, Action::FactorAdded, APP).await?;
    db.commit(transaction).await?;
    auth.recent.forget();
    Ok(codes)
}

/// Turns the codes off.
pub async fn turn_off(db: &Db, auth: &Auth, person: &SignedIn) -> Result<()> {
    let user_id = person.caller.id();
    let transaction = accounts::write_in_session(db, person).await?;
    let deleted = totp::Entity::delete_by_id(user_id).exec(&transaction).await?;
    tidy(&transaction, user_id).await?;
    if deleted.rows_affected > 0 {
        super::note(&transaction, &person.caller.user, Action::FactorRemoved, APP).await?;
    }
    db.commit(transaction).await?;
    auth.recent.forget();
    if deleted.rows_affected == 0 { Err(Error::NotFound("authenticator app")) } else { Ok(()) }
}

/// Checks a code and uses it up, with all that came before it. Of two at once one is told that it is wrong.
pub(super) async fn check(db: &Db, auth: &Auth, user_id: Uuid, code: &SecretString) -> Result<()> {
    let wrong = || Error::Factor(Factor::Wrong("code"));
    auth.factors.guesses.count(user_id)?;
    let app = totp::Entity::confirmed(user_id).one(db.reader()).await?.ok_or_else(wrong)?;
    let step = step(auth, &app, code, clock::now()).ok_or_else(wrong)?;
    let transaction = db.write().await?;
    let spent = totp::Entity::spend(&app, step).exec(&transaction).await?;
    db.commit(transaction).await?;
    if spent.rows_affected == 0 {
        return Err(wrong());
    }
    auth.factors.guesses.forgive(user_id);
    Ok(())
}

/// Seals the secret of every app that opens with `old` for `new`.
pub async fn reseal(
    transaction: &impl ConnectionTrait,
    old: &Vault,
    new: &Vault,
    resealed: &mut Resealed,
) -> Result<()> {
    for app in totp::Entity::find().all(transaction).await? {
        let id = app.user_id.to_string();
        let what = format!("the authenticator app of account {id}");
        let Some(sealed) = resealed.again(old, new, &context(&id), &app.sealed_secret, &what) else { continue };
        let row =
            totp::ActiveModel { user_id: Unchanged(app.user_id), sealed_secret: Set(sealed), ..Default::default() };
        totp::Entity::update(row).exec(transaction).await?;
    }
    Ok(())
}

/// Whether the secret of any app is sealed with this key.
pub async fn uses(db: &impl ConnectionTrait, vault: &Vault) -> Result<bool> {
    let apps = totp::Entity::find().all(db).await?;
    Ok(apps.iter().any(|app| vault.sealed(&app.sealed_secret)))
}

/// The step whose code it is, if that is the present one or one beside it.
fn step(auth: &Auth, app: &totp::Model, code: &SecretString, now: DateTime<Utc>) -> Option<i64> {
    let secret = match auth.factors.vault.open(&context(&app.user_id.to_string()), &app.sealed_secret) {
        Ok(secret) => secret,
        Err(error) => {
            tracing::warn!(user_id = %app.user_id, "the secret of an authenticator app cannot be read: {error}; `loquat reset-second-factor` lets its owner in again");
            return None;
        }
    };
    step_of(&secret, code.expose_secret(), u64::try_from(now.timestamp()).ok()?)
}

fn step_of(secret: &SecretString, code: &str, time: u64) -> Option<i64> {
    // Apps show the digits in two groups.
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let step = generator(secret, "anybody").ok()?.check(&code, time)?;
    i64::try_from(step).ok()
}

/// SHA-1, six digits, half a minute, one step of tolerance: what every app knows.
fn generator(secret: &SecretString, account: &str) -> Result<Totp> {
    let broken = |error: &dyn std::fmt::Display| Error::Internal(anyhow::anyhow!("a secret of an app: {error}"));
    let secret = Secret::try_from_base32(secret.expose_secret()).map_err(|error| broken(&error))?;
    Builder::new()
        .with_secret(secret)
        .with_issuer(Some(ISSUER))
        // The address has a colon between the server and the account, so the account has none.
        .with_account_name(account.replace(':', "_"))
        .build()
        .map_err(|error| broken(&error))
}

/// Where a sealed secret belongs.
fn context(user_id: &str) -> [&str; 2] {
    ["totp.sealed_secret", user_id]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B: "12345678901234567890".
    fn of_the_rfc() -> SecretString {
        SecretString::from("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned())
    }

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // Appendix B has eight digits; the last six of them are the code of six.
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step_of(&of_the_rfc(), code, time), Some(i64::try_from(time / 30).unwrap()), "{time}");
            let grouped = format!(" {} {} ", &code[..3], &code[3..]);
            assert!(step_of(&of_the_rfc(), &grouped, time).is_some());
        }
    }

    #[test]
    fn a_clock_may_be_one_step_wrong_and_not_two() {
        // The code of step 1, from second 30 to second 59.
        for (time, fits) in [(0, true), (29, true), (30, true), (59, true), (89, true), (90, false), (1000, false)] {
            assert_eq!(step_of(&of_the_rfc(), "287082", time), fits.then_some(1), "{time}");
        }
        // And two steps early: step 37037036 has this code.
        assert_eq!(step_of(&of_the_rfc(), "081804", 1_111_111_109 - 60), None);
        assert_eq!(step_of(&of_the_rfc(), "081804", 1_111_111_109 - 30), Some(37_037_036));
    }

    #[test]
    fn what_is_no_code_fits_nothing() {
        for wrong in ["", "28708", "2870820", "28708a", "+87082", "٢٨٧٠٨٢", "287083", "0x1234"] {
            assert_eq!(step_of(&of_the_rfc(), wrong, 59), None, "{wrong}");
        }
    }

    #[test]
    fn apps_are_told_whose_secret_it_is() {
        let url = generator(&of_the_rfc(), "a:da@example.org").unwrap().to_url().unwrap();
        assert!(url.starts_with("otpauth://totp/Loquat:a_da%40example.org?secret=GEZDGNBVGY3TQOJQ"), "{url}");
        assert!(url.contains("issuer=Loquat"), "{url}");
    }
}
