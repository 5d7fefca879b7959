//! Model servers that administrators add in the settings: kept in the database, with sealed keys, and offered by the
//! catalog from the moment they are stored.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::EntityTrait;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use crate::config::{self, Provider};
use crate::db::Db;
use crate::entity::{provider, provider_model};
use crate::error::{Error, Result};
use crate::llm::{self, Catalog, KnownModel, Policy, Stored};
use crate::vault::{Locked, Vault};

mod change;
mod check;
mod models;
mod reseal;

pub use change::{Change, New};
pub use models::{ModelChange, Spoken};
pub use reseal::{reseal, uses};

/// What keys are sealed for, beside their row and the origin of its address.
const API_KEY: &str = "providers.api_key";
/// Of a key with at least so many characters …
const LONG_KEY: usize = 16;
/// … the last ones are shown, so that an administrator knows which it is.
const SHOWN: usize = 4;

/// The model servers of the settings; cheap to clone.
#[derive(Clone)]
pub struct Providers(Arc<Inner>);

struct Inner {
    db: Db,
    vault: Vault,
    catalog: Catalog,
    /// What the catalog has. Held while the database is read, so that of two readers the later one has the last word.
    loaded: Mutex<Option<Rows>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Rows {
    providers: Vec<provider::Model>,
    models: Vec<provider_model::Model>,
}

impl Providers {
    /// The providers of a database, offered by a catalog.
    pub fn new(db: Db, vault: Vault, catalog: Catalog) -> Self {
        Self(Arc::new(Inner { db, vault, catalog, loaded: Mutex::default() }))
    }

    /// Gives the catalog what the database has, if that is something new. Says which keys cannot be read.
    pub async fn load(&self) -> Result<()> {
        let mut loaded = self.0.loaded.lock().await;
        let rows = Rows {
            providers: provider::Entity::in_order().all(self.0.db.reader()).await?,
            models: provider_model::Entity::in_order().all(self.0.db.reader()).await?,
        };
        if loaded.as_ref() == Some(&rows) {
            return Ok(());
        }
        let mut all = Vec::with_capacity(rows.providers.len());
        for row in &rows.providers {
            let stored = match self.stored(row, &rows.models) {
                Ok(stored) => stored,
                Err(error) => {
                    tracing::error!(provider = row.name, %error, "a model server of the settings is left out");
                    continue;
                }
            };
            if let Some(reason) = stored.locked {
                tracing::error!(
                    provider = row.name,
                    "the stored key of this model server cannot be read: {reason}. start with the SECRET_KEY that it was stored under, run `loquat rotate-secret` if that was changed on purpose, or enter the key again in the settings"
                );
            }
            if self.0.catalog.has_configured(&row.name) {
                tracing::warn!(
                    provider = row.name,
                    "a model server of the settings is not offered: LOQUAT_PROVIDERS or the environment has one of the same name"
                );
            }
            if row.enabled {
                all.push(stored);
            }
        }
        self.0.catalog.set_stored(all);
        *loaded = Some(rows);
        Ok(())
    }

    /// Looks from time to time for what other instances changed. Nobody else writes to a SQLite database.
    pub fn watch(&self, every: Duration, until: CancellationToken) -> impl Future<Output = ()> + use<> {
        let providers = self.clone();
        async move {
            if providers.0.db.backend() == sea_orm::DbBackend::Sqlite {
                return;
            }
            while until.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
                if let Err(error) = providers.load().await {
                    tracing::debug!(%error, "the model servers of the settings could not be looked up");
                }
            }
        }
    }

    /// All of them, the oldest first.
    pub async fn list(&self) -> Result<Vec<provider::Model>> {
        Ok(provider::Entity::in_order().all(self.0.db.reader()).await?)
    }

    /// One of them.
    pub async fn get(&self, id: Uuid) -> Result<provider::Model> {
        let found = provider::Entity::find_by_id(id).one(self.0.db.reader()).await?;
        found.ok_or(Error::NotFound("model server"))
    }

    /// The end of a provider's key, if that is long and can be read.
    pub fn key_hint(&self, row: &provider::Model) -> Option<String> {
        let key = self.key(row).ok().flatten()?;
        let key = key.expose_secret();
        (key.len() >= LONG_KEY).then(|| key.chars().skip(key.chars().count() - SHOWN).collect())
    }

    /// Asks a provider for its models now.
    pub async fn check(&self, id: Uuid) -> Result<Result<Vec<KnownModel>, llm::Error>> {
        let row = self.get(id).await?;
        let rows = provider_model::Entity::of(id).all(self.0.db.reader()).await?;
        let checked = self.0.catalog.check(self.stored(&row, &rows)?).await;
        if row.enabled {
            self.0.catalog.renew().await;
        }
        Ok(checked)
    }

    /// A provider as the catalog knows it.
    fn stored(&self, row: &provider::Model, models: &[provider_model::Model]) -> Result<Stored> {
        let base_url = Url::parse(&row.base_url).map_err(|error| Error::Internal(error.into()))?;
        let (api_key, locked) = match self.key(row) {
            Ok(key) => (key, None),
            Err(locked) => (None, Some(locked)),
        };
        let mut provider = Provider { api_key, named: true, ..Provider::new(row.name.clone(), base_url) };
        provider.context_tokens = row.context_tokens.and_then(|tokens| u32::try_from(tokens).ok());
        provider.prefill = row.prefill.map(config::Prefill::from);
        let mut policy = Policy { offered_to: row.offered_to, ..Policy::default() };
        for model in models.iter().filter(|model| model.provider_id == row.id) {
            let name = || model.name.clone();
            policy.models.insert(name(), model.offered_to.unwrap_or(row.offered_to));
            policy.default = policy.default.or_else(|| model.is_default.then(name));
            policy.naming = policy.naming.or_else(|| model.is_naming.then(name));
            let context_tokens = model.context_tokens.and_then(|tokens| u32::try_from(tokens).ok());
            provider.contexts.extend(context_tokens.map(|tokens| (name(), tokens)));
            provider.image_models.extend(model.images.map(|images| (name(), images)));
        }
        Ok(Stored { id: row.id, provider, locked, policy })
    }

    fn key(&self, row: &provider::Model) -> Result<Option<SecretString>, Locked> {
        let Some(sealed) = &row.api_key else { return Ok(None) };
        let id = row.id.to_string();
        self.0.vault.open(&[API_KEY, &id, &origin(&row.base_url)], sealed).map(Some)
    }

    fn seal(&self, id: Uuid, base_url: &Url, key: &SecretString) -> String {
        let origin = base_url.origin().ascii_serialization();
        self.0.vault.seal(&[API_KEY, &id.to_string(), &origin], key)
    }
}

/// Whom a key is for: scheme, host and port.
fn origin(base_url: &str) -> String {
    Url::parse(base_url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

impl From<provider::Prefill> for config::Prefill {
    fn from(prefill: provider::Prefill) -> Self {
        match prefill {
            provider::Prefill::None => Self::None,
            provider::Prefill::LastMessage => Self::LastMessage,
            provider::Prefill::Prefix => Self::Prefix,
            provider::Prefill::ContinueFinalMessage => Self::ContinueFinalMessage,
        }
    }
}
