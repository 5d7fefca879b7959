//! Model servers and their models as the API has them.

use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use secrecy::SecretString;
use serde::Deserialize;
use uuid::Uuid;

use super::words::{Audience, Prefill, ProviderSource, ProviderState, state, trouble};
use crate::api::time::Time;
use crate::app::App;
use crate::entity::provider;
use crate::llm::{self, Known, KnownModel, Origin};
use crate::providers::{self, Spoken};

/// A model server that was added here.
#[derive(Object)]
pub(super) struct Provider {
    /// Its id.
    id: Uuid,
    /// What people see, and the first half of its models' ids.
    name: String,
    /// Its address, usually ending in `/v1`.
    base_url: String,
    /// Whether it has a key.
    has_key: bool,
    /// The last four characters of the key, if it is long and can be read.
    key_hint: Option<String>,
    /// How an answer that was cut short is gone on with.
    prefill: Prefill,
    /// How many tokens of a conversation its models read, where that was said.
    context_tokens: Option<u32>,
    /// Whom its models are offered to of which nothing else is said.
    offered_to: Audience,
    /// Whether it is asked at all.
    enabled: bool,
    /// How it was when it was asked last.
    state: ProviderState,
    /// What is wrong, in words.
    detail: Option<String>,
    /// How many models it lists, where it does.
    model_count: Option<u32>,
    /// When it was added.
    created_at: Time,
    /// When it was last changed.
    updated_at: Time,
}

/// A model server that the operator of this server set, or that was found on its machine.
#[derive(Object)]
pub(super) struct ConfiguredProvider {
    /// What people see.
    name: String,
    /// Its address, without a query.
    base_url: String,
    /// Where it comes from.
    source: ProviderSource,
    /// Whether it has a key.
    has_key: bool,
    /// How it was when it was asked last.
    state: ProviderState,
    /// What is wrong, in words.
    detail: Option<String>,
    /// How many models it has, where that is known.
    model_count: Option<u32>,
}

/// Every model server.
#[derive(Object)]
pub(super) struct ProviderList {
    /// Those that were added here, the oldest first.
    pub(super) items: Vec<Provider>,
    /// Always null: there are no more pages.
    pub(super) next_cursor: Option<String>,
    /// Those that are set elsewhere, and cannot be changed here.
    pub(super) configured: Vec<ConfiguredProvider>,
    /// The default model that `LOQUAT_DEFAULT_MODEL` names; what is chosen here does not count then.
    pub(super) fixed_default_model: Option<String>,
}

/// What a model server is added from.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProvider {
    /// What people see: 1 to 64 characters without a slash, unlike every other.
    name: String,
    /// Its address, usually ending in `/v1`; without a query.
    base_url: String,
    /// Its key, if it wants one. It is never shown again.
    api_key: Option<String>,
    /// How an answer that was cut short is gone on with; `auto` when left out.
    prefill: Option<Prefill>,
    /// How many tokens of a conversation its models read; 0 or nothing where that is not known.
    context_tokens: Option<u32>,
    /// Whom its models are offered to; everyone when left out.
    offered_to: Option<Audience>,
    /// Whether it is asked at all; true when left out.
    enabled: Option<bool>,
}

/// What is to become of a model server; what is left out stays.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderChange {
    /// What people see.
    name: Option<String>,
    /// Its address. Another host, port or scheme forgets the key.
    base_url: Option<String>,
    /// Its key; an empty text deletes it.
    api_key: Option<String>,
    /// How an answer that was cut short is gone on with.
    prefill: Option<Prefill>,
    /// How many tokens of a conversation its models read; 0 where that is not known.
    context_tokens: Option<u32>,
    /// Whom its models are offered to of which nothing else is said.
    offered_to: Option<Audience>,
    /// Whether it is asked at all.
    enabled: Option<bool>,
}

/// What a model server answered when it was asked for its models.
#[derive(Object)]
pub(super) struct ProviderCheck {
    /// How it is.
    state: ProviderState,
    /// What is wrong, in words.
    detail: Option<String>,
    /// How many models it lists.
    model_count: u32,
}

/// A model of a model server.
#[derive(Object)]
pub(super) struct ProviderModel {
    /// The name that its server knows it by.
    model: String,
    /// Whom it is offered to.
    offered_to: Audience,
    /// Whether that was said of this model, and not of its model server.
    offered_to_is_own: bool,
    /// How many tokens of a conversation it reads, where that is known or was said.
    context_tokens: Option<u32>,
    /// Whether a question to it can have images attached.
    images: bool,
    /// Whether that was said of this model, and does not come from its model server or its name.
    images_is_own: bool,
    /// Whether it answers when none is chosen.
    is_default: bool,
    /// Whether it names conversations.
    is_naming: bool,
    /// Whether its server lists it.
    is_listed: bool,
}

/// The models of a model server; always one page.
#[derive(Object)]
pub(super) struct ProviderModels {
    /// The models.
    pub(super) items: Vec<ProviderModel>,
    /// Always null: there are no more pages.
    pub(super) next_cursor: Option<String>,
}

/// What is to be said of a model; what is left out stays, and null takes back what was said of its images.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderModelChange {
    /// The name that its server knows it by.
    model: String,
    /// Whom it is offered to.
    offered_to: Option<Audience>,
    /// How many tokens of a conversation it reads; 0 where that is not known.
    context_tokens: Option<u32>,
    /// Whether a question to it can have images attached; null where its model server and its name are to tell.
    #[serde(default)]
    images: MaybeUndefined<bool>,
    /// Whether it answers when none is chosen. It has to be offered to everyone for that.
    is_default: Option<bool>,
    /// Whether it names conversations.
    is_naming: Option<bool>,
}

impl Provider {
    /// A row, with what the catalog knows of it.
    pub(super) fn of(app: &App, row: provider::Model, known: &[Known]) -> Self {
        let known = known.iter().find(|known| known.origin == Origin::Stored(row.id));
        let (state, detail) = match known {
            Some(known) => state(known),
            None if row.enabled => (ProviderState::Unknown, None),
            None => (ProviderState::Disabled, None),
        };
        Self {
            key_hint: app.providers.key_hint(&row),
            id: row.id,
            has_key: row.api_key.is_some(),
            prefill: row.prefill.map_or(Prefill::Auto, Prefill::from),
            context_tokens: row.context_tokens.and_then(|tokens| u32::try_from(tokens).ok()),
            offered_to: row.offered_to.into(),
            enabled: row.enabled,
            state,
            detail,
            model_count: known.and_then(model_count),
            created_at: Time(row.created_at),
            updated_at: Time(row.updated_at),
            name: row.name,
            base_url: row.base_url,
        }
    }
}

impl From<&Known> for ConfiguredProvider {
    fn from(known: &Known) -> Self {
        let (state, detail) = state(known);
        let mut base_url = known.address.clone();
        // A query can hold a key.
        base_url.set_query(None);
        Self {
            name: known.name.clone(),
            base_url: base_url.into(),
            source: known.origin.into(),
            has_key: known.has_key,
            state,
            detail,
            model_count: model_count(known),
        }
    }
}

impl From<Result<Vec<KnownModel>, llm::Error>> for ProviderCheck {
    fn from(checked: Result<Vec<KnownModel>, llm::Error>) -> Self {
        match checked {
            Ok(models) if models.is_empty() => Self { state: ProviderState::NoModels, detail: None, model_count: 0 },
            Ok(models) => Self { state: ProviderState::Works, detail: None, model_count: count(models.len()) },
            Err(error) => Self { state: trouble(&error), detail: Some(error.to_string()), model_count: 0 },
        }
    }
}

fn model_count(known: &Known) -> Option<u32> {
    known.models.as_ref().map(|models| count(models.len()))
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl From<Spoken> for ProviderModel {
    fn from(spoken: Spoken) -> Self {
        Self {
            offered_to: spoken.offered_to.into(),
            offered_to_is_own: spoken.said.offered_to.is_some(),
            context_tokens: spoken.context_tokens,
            images: spoken.images,
            images_is_own: spoken.said.images.is_some(),
            is_default: spoken.said.is_default,
            is_naming: spoken.said.is_naming,
            is_listed: spoken.is_listed,
            model: spoken.said.name,
        }
    }
}

impl ProviderModelChange {
    /// The model, and what is to be said of it.
    pub(super) fn apart(self) -> (String, providers::ModelChange) {
        let Self { model, offered_to, context_tokens, images, is_default, is_naming } = self;
        let offered_to = offered_to.map(provider::Audience::from);
        let images = (!images.is_undefined()).then(|| images.take());
        (model, providers::ModelChange { offered_to, context_tokens, images, is_default, is_naming })
    }
}

impl From<NewProvider> for providers::New {
    fn from(new: NewProvider) -> Self {
        let NewProvider { name, base_url, api_key, prefill, context_tokens, offered_to, enabled } = new;
        Self {
            name,
            base_url,
            api_key: api_key.map(SecretString::from),
            prefill: prefill.and_then(Prefill::stored),
            context_tokens,
            offered_to: offered_to.map(provider::Audience::from).unwrap_or_default(),
            enabled: enabled.unwrap_or(true),
        }
    }
}

impl From<ProviderChange> for providers::Change {
    fn from(change: ProviderChange) -> Self {
        let ProviderChange { name, base_url, api_key, prefill, context_tokens, offered_to, enabled } = change;
        Self {
            name,
            base_url,
            api_key: api_key.map(SecretString::from),
            prefill: prefill.map(Prefill::stored),
            context_tokens,
            offered_to: offered_to.map(provider::Audience::from),
            enabled,
        }
    }
}
