//! What administrators say of single models: whom they are offered to, what they take, and which one answers or names
//! conversations.

use std::collections::BTreeMap;

use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QuerySelect, SqlErr};
use uuid::Uuid;

use super::{Providers, check};
use crate::audit;
use crate::auth::{Caller, people};
use crate::entity::audit_log::Action;
use crate::entity::provider::{self, Audience};
use crate::entity::provider_model::{self, Column};
use crate::error::{Error, Result};
use crate::llm::{KnownModel, Origin, sees_by_name};

/// How many models of one provider something can be said of.
const MOST: u64 = 1000;

/// A model of a provider, as administrators see it.
#[derive(Debug)]
pub struct Spoken {
    /// What was said of it.
    pub said: provider_model::Model,
    /// Whom it is offered to by that.
    pub offered_to: Audience,
    /// How many tokens it reads, as it was said or as the provider lists it.
    pub context_tokens: Option<u32>,
    /// Whether it can be given images, as it was said or as the catalog knows.
    pub images: bool,
    /// Whether the provider lists it.
    pub is_listed: bool,
}

/// What is to be said of a model; what is left out stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct ModelChange {
    /// Whom it is offered to.
    pub offered_to: Option<Audience>,
    /// How many tokens it reads; 0 is not known.
    pub context_tokens: Option<u32>,
    /// Whether it can be given images; `Some(None)` takes back what was said of that.
    pub images: Option<Option<bool>>,
    /// Whether it answers when none is chosen.
    pub is_default: Option<bool>,
    /// Whether it names conversations.
    pub is_naming: Option<bool>,
}

impl Providers {
    /// The models that a provider lists, in its order, and then those that it does not but that something was said of.
    pub async fn models(&self, id: Uuid) -> Result<Vec<Spoken>> {
        let row = self.get(id).await?;
        let said = provider_model::Entity::of(id).all(self.0.db.reader()).await?;
        let mut said: BTreeMap<String, _> = said.into_iter().map(|model| (model.name.clone(), model)).collect();
        let known = self.0.catalog.providers().await.into_iter().find(|known| known.origin == Origin::Stored(id));
        let spoken = |said: provider_model::Model, listed: Option<KnownModel>| {
            let own = said.context_tokens.and_then(|tokens| u32::try_from(tokens).ok());
            let known = listed.as_ref();
            let images = said.images.or(known.map(|listed| listed.images));
            Spoken {
                offered_to: said.offered_to.unwrap_or(row.offered_to),
                context_tokens: own.or(known.and_then(|listed| listed.context_tokens)),
                images: images.unwrap_or_else(|| sees_by_name(&said.name)),
                is_listed: listed.is_some(),
                said,
            }
        };
        let mut models = Vec::new();
        for listed in known.and_then(|known| known.models).unwrap_or_default() {
            let said = said.remove(&listed.name);
            let said = said.unwrap_or_else(|| provider_model::Model::blank(id, listed.name.clone()));
            models.push(spoken(said, Some(listed)));
        }
        models.extend(said.into_values().map(|said| spoken(said, None)));
        Ok(models)
    }

    /// Says something of a model. One that the provider does not list is offered from now on.
    pub async fn change_model(&self, by: &Caller, id: Uuid, name: &str, change: ModelChange) -> Result<Spoken> {
        let name = check::model(name)?;
        let context_tokens = change.context_tokens.map(check::context_tokens).transpose()?;
        let transaction = self.0.db.write().await?;
        people::act(&transaction, by).await?;
        let found = provider::Entity::find_by_id(id).lock_exclusive().one(&transaction).await?;
        let owner = found.ok_or(Error::NotFound("model server"))?;
        let before = provider_model::Entity::find_by_id((id, name.to_owned())).one(&transaction).await?;
        let is_new = before.is_none();
        if is_new && provider_model::Entity::of(id).count(&transaction).await? >= MOST {
            return Err(Error::TooManyProviders { most: MOST });
        }
        let mut row = before.unwrap_or_else(|| provider_model::Model::blank(id, name.to_owned()));
        row.offered_to = change.offered_to.or(row.offered_to);
        row.context_tokens = context_tokens.unwrap_or(row.context_tokens);
        row.images = change.images.unwrap_or(row.images);
        row.is_default = change.is_default.unwrap_or(row.is_default);
        row.is_naming = change.is_naming.unwrap_or(row.is_naming);
        if row.is_default {
            // Whatever becomes of the others of its provider, the default stays for everyone.
            row.offered_to = row.offered_to.or(Some(owner.offered_to));
            if row.offered_to != Some(Audience::Everyone) {
                let field = if change.offered_to.is_some() { "offered_to" } else { "is_default" };
                let detail = "the model that answers when none is chosen has to be offered to everyone; choose another one for that first, or offer this one to everyone";
                return Err(Error::invalid(field, detail));
            }
        }
        for (mark, is_wanted) in [(Column::IsDefault, change.is_default), (Column::IsNaming, change.is_naming)] {
            if is_wanted == Some(true) {
                provider_model::Entity::unmark(mark).exec(&transaction).await?;
            }
        }
        let stored = row.clone().into_active_model().reset_all();
        let stored = if is_new { stored.insert(&transaction).await } else { stored.update(&transaction).await };
        stored.map_err(|error| match error.sql_err() {
            // Somebody else chose another default in this very moment.
            Some(SqlErr::UniqueConstraintViolation(_)) => Error::Overtaken,
            _ => error.into(),
        })?;
        audit::note(&transaction, Some(&by.user), Action::ModelChanged, &owner, &[("model", name)]).await?;
        self.0.db.commit(transaction).await?;
        self.load().await?;
        let spoken = self.models(id).await?.into_iter().find(|spoken| spoken.said.name == name);
        spoken.ok_or(Error::NotFound("model"))
    }

    /// Takes back what was said of a model, so that it is as its provider says.
    pub async fn forget_model(&self, by: &Caller, id: Uuid, name: &str) -> Result<()> {
        let name = check::model(name)?;
        let owner = self.get(id).await?;
        let transaction = self.0.db.write().await?;
        people::act(&transaction, by).await?;
        let forgotten = provider_model::Entity::delete_by_id((id, name.to_owned())).exec(&transaction).await?;
        if forgotten.rows_affected > 0 {
            audit::note(&transaction, Some(&by.user), Action::ModelChanged, &owner, &[("model", name)]).await?;
        }
        self.0.db.commit(transaction).await?;
        self.load().await
    }
}
