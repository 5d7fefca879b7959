//! Another `SECRET_KEY`: everything that is stored under the old one is sealed anew, in one transaction.
//!
//! With a key of the data directory the new one is written beside it first, then the database is changed, then the new
//! file takes the place of the old one. Whenever that is cut off, both keys are there, or the one that is needed is; the
//! next start, or the next rotation, sees by the stored secrets themselves which one that is.

use std::path::PathBuf;

use sea_orm::{ConnectionTrait, EntityTrait};
use secrecy::{ExposeSecret, SecretString};

use super::secret;
use crate::audit::{self, Target};
use crate::auth::factors::totp;
use crate::config::{Config, Data, Rotation};
use crate::db::{self, Db, schema};
use crate::entity::audit_log::Action;
use crate::entity::session;
use crate::error::{Error, Result};
use crate::failpoint;
use crate::providers;
use crate::vault::{Resealed, Vault};

/// What a rotation did.
#[derive(Debug)]
pub struct Rotated {
    /// What became of the stored secrets.
    pub secrets: Resealed,
    /// How many sessions it ended. Their tokens are signed with the old key, and worth nothing under the new one.
    pub sessions: u64,
    /// The file of the new key, where the data directory keeps it.
    pub file: Option<PathBuf>,
}

/// Seals every stored secret for a new key. On SQLite no server may run meanwhile; on PostgreSQL every instance is to be
/// started again with the new key.
pub async fn rotate(data: &Data, keys: &Rotation) -> anyhow::Result<Rotated> {
    // First of all: a database that is older or newer than this executable can hold secrets in tables that it does not know.
    let db = schema::open(data).await?;
    let _ownership = db::own(data).await?;
    let kept = secret::kept(&data.dir)?;
    let (new, old) = match (&keys.new, keys.old.clone()) {
        (Some(new), old) => (new.clone(), old.or(kept)),
        (None, Some(_)) => anyhow::bail!(
            "SECRET_KEY is missing: give the new key as SECRET_KEY, and the old one as SECRET_KEY_PREVIOUS"
        ),
        (None, None) => {
            anyhow::ensure!(
                kept.is_some(),
                "there is no key to replace: {} has no secret-key; where SECRET_KEY is given, give the new one as SECRET_KEY and the old one as SECRET_KEY_PREVIOUS",
                data.dir.display()
            );
            (secret::make_next(&data.dir)?, kept)
        }
    };
    let Some(old) = old else {
        anyhow::bail!(
            "SECRET_KEY_PREVIOUS is missing: give the key that the secrets are stored under, there or in a file with --old-key-file"
        );
    };
    anyhow::ensure!(
        old.expose_secret() != new.expose_secret(),
        "the new key is the old one: make another with `openssl rand -hex 32`, and give it as SECRET_KEY"
    );
    let sealed = seal_anew(&db, &Vault::new(&old), &Vault::new(&new)).await.map_err(Error::for_operator)?;
    let Some((secrets, sessions)) = sealed else {
        anyhow::bail!(
            "nothing has changed: none of the stored secrets can be read with the old key; give the one they are stored under, or enter them again in the settings first"
        );
    };
    failpoint::hit("rotation.after_commit");
    let file = if keys.new.is_none() { Some(secret::take_next(&data.dir)?) } else { None };
    db.close().await;
    Ok(Rotated { secrets, sessions, file })
}

/// Changes nothing, and returns nothing, where there are secrets and neither key opens any.
async fn seal_anew(db: &Db, old: &Vault, new: &Vault) -> Result<Option<(Resealed, u64)>> {
    let transaction = db.write().await?;
    let mut secrets = Resealed::default();
    providers::reseal(&transaction, old, new, &mut secrets).await?;
    totp::reseal(&transaction, old, new, &mut secrets).await?;
    if secrets.done + secrets.already == 0 && !secrets.unreadable.is_empty() {
        return Ok(None);
    }
    let sessions = session::Entity::delete_many().exec(&transaction).await?.rows_affected;
    audit::note(&transaction, None, Action::SecretRotated, Target::SERVER, &[]).await?;
    failpoint::hit("rotation.before_commit");
    db.commit(transaction).await?;
    Ok(Some((secrets, sessions)))
}

/// Ends a rotation that was cut off, and returns the key that counts.
pub(super) async fn finish(config: &Config, db: &Db, key: SecretString) -> anyhow::Result<SecretString> {
    if config.secret_key.is_some() {
        return Ok(key);
    }
    let Some(next) = secret::next(&config.data.dir)? else { return Ok(key) };
    if is_used(db.reader(), &Vault::new(&next)).await.map_err(Error::for_operator)? {
        let file = secret::take_next(&config.data.dir)?;
        tracing::warn!(file = %file.display(), "a rotation of the secret key was cut off at its very end, and is complete now");
        return Ok(next);
    }
    tracing::warn!(
        "a rotation of the secret key was cut off, and nothing has changed; run `loquat rotate-secret` again"
    );
    Ok(key)
}

/// Whether any secret is sealed with a key.
async fn is_used(db: &impl ConnectionTrait, vault: &Vault) -> Result<bool> {
    Ok(providers::uses(db, vault).await? || totp::uses(db, vault).await?)
}
