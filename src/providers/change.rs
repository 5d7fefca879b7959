//! Adding, changing and deleting providers.

use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QuerySelect, Set, SqlErr, Unchanged};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use super::{Providers, check};
use crate::audit;
use crate::auth::{Caller, people};
use crate::clock;
use crate::entity::audit_log::Action;
use crate::entity::provider::{self, Audience, Prefill};
use crate::error::{Error, Result};

/// How many there can be.
const MOST: u64 = 50;

/// A provider as it is added.
#[derive(Debug)]
pub struct New {
    /// What people see.
    pub name: String,
    /// The address up to and including `/v1`.
    pub base_url: String,
    /// The key; an empty one is none.
    pub api_key: Option<SecretString>,
    /// How it is asked to go on with an answer.
    pub prefill: Option<Prefill>,
    /// How many tokens its models read; 0 is not known.
    pub context_tokens: Option<u32>,
    /// Whom its models are offered to.
    pub offered_to: Audience,
    /// Whether it is asked at all.
    pub enabled: bool,
}

/// What is to become of a provider; what is left out stays.
#[derive(Debug, Default)]
pub struct Change {
    /// What people see.
    pub name: Option<String>,
    /// The address. Another host forgets the key, unless a new one comes with it.
    pub base_url: Option<String>,
    /// The key; an empty one deletes it.
    pub api_key: Option<SecretString>,
    /// How it is asked to go on with an answer; `Some(None)` finds that out.
    pub prefill: Option<Option<Prefill>>,
    /// How many tokens its models read; 0 is not known.
    pub context_tokens: Option<u32>,
    /// Whom its models are offered to.
    pub offered_to: Option<Audience>,
    /// Whether it is asked at all.
    pub enabled: Option<bool>,
}

impl Providers {
    /// Adds a provider, which is offered at once.
    pub async fn create(&self, by: &Caller, new: New) -> Result<provider::Model> {
        let name = self.free_name(&new.name)?;
        let base_url = check::base_url(&new.base_url)?;
        let key = new.api_key.map(check::api_key).transpose()?.flatten();
        self.allow(&base_url, key.is_some())?;
        let (id, now) = (clock::id(), clock::now());
        let row = provider::Model {
            id,
            name,
            api_key: key.map(|key| self.seal(id, &base_url, &key)),
            base_url: base_url.into(),
            prefill: new.prefill,
            context_tokens: new.context_tokens.map(check::context_tokens).transpose()?.flatten(),
            offered_to: new.offered_to,
            enabled: new.enabled,
            created_at: now,
            updated_at: now,
        };
        let transaction = self.0.db.write().await?;
        people::act(&transaction, by).await?;
        if provider::Entity::find().count(&transaction).await? >= MOST {
            return Err(Error::TooManyProviders { most: MOST });
        }
        let row = row.into_active_model().insert(&transaction).await.map_err(name_taken)?;
        audit::note(&transaction, Some(&by.user), Action::ProviderCreated, &row, &[("address", &row.base_url)]).await?;
        self.0.db.commit(transaction).await?;
        self.load().await?;
        Ok(row)
    }

    /// Changes a provider. Answers that are being written go on as they began.
    pub async fn change(&self, by: &Caller, id: Uuid, change: Change) -> Result<provider::Model> {
        let name = change.name.map(|name| self.free_name(&name)).transpose()?;
        let base_url = change.base_url.map(|url| check::base_url(&url)).transpose()?;
        let key = change.api_key.map(check::api_key).transpose()?;
        let context_tokens = change.context_tokens.map(check::context_tokens).transpose()?;
        let transaction = self.0.db.write().await?;
        people::act(&transaction, by).await?;
        let found = provider::Entity::find_by_id(id).lock_exclusive().one(&transaction).await?;
        let before = found.ok_or(Error::NotFound("model server"))?;
        let mut row = provider::ActiveModel { id: Unchanged(id), ..Default::default() };
        let old_url = Url::parse(&before.base_url).map_err(|error| Error::Internal(error.into()))?;
        let new_url = base_url.as_ref().unwrap_or(&old_url);
        // A key is for one host: whoever changes the address must not make it go somewhere else.
        let keeps_key = before.api_key.is_some() && new_url.origin() == old_url.origin();
        let has_key = key.as_ref().map_or(keeps_key, Option::is_some);
        if key.is_some() || base_url.is_some() {
            self.allow(new_url, has_key)?;
        }
        match key {
            Some(key) => row.api_key = Set(key.map(|key| self.seal(id, new_url, &key))),
            None if !keeps_key => row.api_key = Set(None),
            None => {}
        }
        row.name = name.map_or_else(Default::default, Set);
        row.base_url = base_url.map_or_else(Default::default, |url| Set(url.into()));
        row.prefill = change.prefill.map_or_else(Default::default, Set);
        row.context_tokens = context_tokens.map_or_else(Default::default, Set);
        row.offered_to = change.offered_to.map_or_else(Default::default, Set);
        row.enabled = change.enabled.map_or_else(Default::default, Set);
        row.updated_at = Set(clock::now());
        let row = row.update(&transaction).await.map_err(name_taken)?;
        audit::note(&transaction, Some(&by.user), Action::ProviderChanged, &row, &[("address", &row.base_url)]).await?;
        self.0.db.commit(transaction).await?;
        self.load().await?;
        Ok(row)
    }

    /// Deletes a provider with its key and what was said of its models. Conversations with them stay.
    pub async fn delete(&self, by: &Caller, id: Uuid) -> Result<()> {
        let transaction = self.0.db.write().await?;
        people::act(&transaction, by).await?;
        let found = provider::Entity::find_by_id(id).lock_exclusive().one(&transaction).await?;
        let row = found.ok_or(Error::NotFound("model server"))?;
        provider::Entity::delete_by_id(id).exec(&transaction).await?;
        audit::note(&transaction, Some(&by.user), Action::ProviderDeleted, &row, &[]).await?;
        self.0.db.commit(transaction).await?;
        self.load().await
    }

    /// A name that no provider of the operator has; the database knows the others.
    fn free_name(&self, name: &str) -> Result<String> {
        let name = check::name(name)?;
        if self.0.catalog.has_configured(&name) { Err(Error::NameTaken) } else { Ok(name) }
    }

    fn allow(&self, base_url: &Url, has_key: bool) -> Result<()> {
        self.0.catalog.allows(base_url, has_key).map_err(|reason| Error::invalid("base_url", reason))
    }
}

fn name_taken(error: sea_orm::DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::NameTaken,
        _ => error.into(),
    }
}
