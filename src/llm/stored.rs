//! Providers that administrators added, whom their models are offered to, and what is known of every provider.

use std::collections::BTreeMap;

use url::Url;
use uuid::Uuid;

use super::Error;
use crate::config::Provider;
pub use crate::entity::provider::Audience;
use crate::entity::user::Role;
use crate::vault::Locked;

/// Who asks for models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Anybody who is signed in.
    Member,
    /// An administrator.
    Administrator,
}

impl From<Role> for Asker {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Administrator,
            Role::Member => Self::Member,
        }
    }
}

impl Audience {
    /// Whether somebody belongs to it.
    pub fn has(self, asker: Asker) -> bool {
        match self {
            Self::Nobody => false,
            Self::Administrators => asker == Asker::Administrator,
            Self::Everyone => true,
        }
    }
}

/// A provider that an administrator added.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its row.
    pub id: Uuid,
    /// Where it is, and with which key. Its `models` stay empty: it is asked for them.
    pub provider: Provider,
    /// Why its key cannot be read, where it has one that cannot. It is not asked anything then.
    pub locked: Option<Locked>,
    /// Whom its models are offered to.
    pub policy: Policy,
}

/// What an administrator said of a provider's models.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// Whom those are offered to of which nothing else is said.
    pub offered_to: Audience,
    /// Single ones. They are offered even if the provider does not list them, which not every provider does.
    pub models: BTreeMap<String, Audience>,
    /// The one that answers when none is chosen, unless the settings name another.
    pub default: Option<String>,
    /// The one that names conversations, for everybody.
    pub naming: Option<String>,
}

impl Policy {
    /// Whom a model is offered to.
    pub fn audience(&self, model: &str) -> Audience {
        self.models.get(model).copied().unwrap_or(self.offered_to)
    }
}

/// Where a provider comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `OPENAI_BASE_URL` and `OPENAI_API_KEY`.
    Environment,
    /// The `LOQUAT_PROVIDERS` file.
    File,
    /// A usual port of this machine.
    Found,
    /// An administrator, in the settings.
    Stored(Uuid),
}

/// What is known of a provider.
#[derive(Clone, Debug)]
pub struct Known {
    /// Where it comes from.
    pub origin: Origin,
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: Url,
    /// Whether it has a key.
    pub has_key: bool,
    /// What it listed last; `None` when it never did.
    pub models: Option<Vec<KnownModel>>,
    /// Whether it has been asked for its models yet.
    pub asked: bool,
    /// Why it did not list its models when it was asked last.
    pub trouble: Option<Error>,
}

/// A model as its provider lists it.
#[derive(Clone, Debug)]
pub struct KnownModel {
    /// The provider's name for it.
    pub name: String,
    /// How many tokens it reads, where that is known.
    pub context_tokens: Option<u32>,
    /// Whether it can be given images.
    pub images: bool,
}
