//! All providers and their models: listed when first asked for, kept for a minute, and renewed behind the reader's back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use url::Url;
use uuid::Uuid;

use super::egress::Rules;
use super::listing::{Listing, Source};
use super::openai::{Clients, Endpoint, ListedModel};
use super::{Answer, Asker, Error, Finish, Known, KnownModel, Model, Part, Policy, Request, Stored, demo, discovery};
use crate::config::{AllowedHost, Provider, ProviderLimits};

mod renewal;

use renewal::CURRENT;

/// The longest that a provider may take to list, while nobody waits.
const LISTING: Duration = Duration::from_secs(10);
/// The most text that [`Catalog::short_text`] gives, in bytes.
const SHORT: usize = 4096;

/// The models that can be asked. Cheap to clone; clones share their connections and what they know.
#[derive(Clone)]
pub struct Catalog(Arc<Inner>);

struct Inner {
    configured: Vec<Configured>,
    default_model: Option<String>,
    limits: ProviderLimits,
    clients: Arc<Clients>,
    local_ports: Vec<u16>,
    state: Mutex<State>,
}

struct Configured(Arc<Endpoint>);

struct State {
    listing: Arc<Listing>,
    /// The providers that administrators added. Answers that are being written keep those they have.
    stored: Arc<[Source]>,
    listed_at: Option<Instant>,
    /// Closed when the renewal that is under way has ended.
    renewal: Option<watch::Receiver<()>>,
}

impl Catalog {
    /// A catalog of the configured providers or, when there are none, of the model servers found on this machine's usual
    /// ports except `own_port`. Nothing is called before the first question. Those of [`Catalog::set_stored`] may be at
    /// `allowed` hosts and on the public internet.
    pub fn new(
        providers: Vec<Provider>,
        allowed: Vec<AllowedHost>,
        default_model: Option<String>,
        limits: ProviderLimits,
        own_port: Option<u16>,
    ) -> Self {
        let local_ports = discovery::PORTS.into_iter().filter(|port| Some(*port) != own_port).collect();
        let clients = Clients::new(limits.connect, Rules::new(allowed));
        Self::assemble(providers, default_model, limits, local_ports, clients)
    }

    /// The same, looking on other ports than the usual ones and calling with these clients.
    pub(super) fn assemble(
        providers: Vec<Provider>,
        default_model: Option<String>,
        limits: ProviderLimits,
        local_ports: Vec<u16>,
        clients: Clients,
    ) -> Self {
        let clients = Arc::new(clients);
        let configured: Vec<Configured> = providers
            .into_iter()
            .map(|provider| Configured(Arc::new(Endpoint::new(provider, limits.clone(), clients.clone()))))
            .collect();
        let sources = configured.iter().map(Configured::source).collect();
        let listing = Arc::new(Listing::new(sources, default_model.as_deref()));
        let state = Mutex::new(State { listing, stored: Arc::default(), listed_at: None, renewal: None });
        Self(Arc::new(Inner { configured, default_model, limits, clients, local_ports, state }))
    }

    /// Every model that somebody is offered, in the providers' order, the built-in demo last. Waits for the first list at
    /// most 2 s; later ones are renewed while the last is given. A provider that cannot be reached still has its
    /// configured names.
    pub async fn models(&self, asker: Asker) -> Vec<Model> {
        self.listing(CURRENT).await.models(asker).to_vec()
    }

    /// The model that an id or a provider's own name means; without one, the default. [`Error::ModelUnknown`] if none, or
    /// if it is not offered to whoever asks.
    pub async fn resolve(&self, id: Option<&str>, asker: Asker) -> Result<Model, Error> {
        let listing = self.listing(CURRENT).await;
        let Some(id) = id else {
            let default = listing.default_model(asker).cloned();
            return default.ok_or_else(|| Error::ModelUnknown { model: "default".to_owned() });
        };
        if let Some(model) = listing.find(id, asker) {
            return Ok(model);
        }
        // It may have been added since.
        let found = self.renewed().await.and_then(|listing| listing.find(id, asker));
        found.ok_or_else(|| Error::ModelUnknown { model: id.chars().take(100).collect() })
    }

    /// The model that administrators chose to name conversations.
    pub async fn naming_model(&self) -> Option<Model> {
        self.listing(CURRENT).await.naming.clone()
    }

    /// What is known of every provider, in their order.
    pub async fn providers(&self) -> Vec<Known> {
        self.listing(CURRENT).await.sources.iter().map(Source::known).collect()
    }

    /// Whether the settings name the default model, so that what administrators chose does not count.
    pub fn fixed_default(&self) -> Option<&str> {
        self.0.default_model.as_deref()
    }

    /// Whether a provider of the settings or the environment has this name.
    pub fn has_configured(&self, name: &str) -> bool {
        self.0.configured.iter().any(|configured| configured.0.name == name)
    }

    /// Why a provider that an administrator wants to add cannot be there, as far as its address tells.
    pub fn allows(&self, base_url: &Url, has_key: bool) -> Result<(), String> {
        let refusal = |error| match error {
            Error::AddressRefused { reason, .. } => reason,
            error => error.to_string(),
        };
        let api_key = has_key.then(|| SecretString::from(String::new()));
        let provider = Provider { api_key, ..Provider::new("", base_url.clone()) };
        let stored = Stored { id: Uuid::nil(), provider, locked: None, policy: Policy::default() };
        self.0.source(stored).endpoint.may_be_asked().map_err(refusal)
    }

    /// Replaces the providers that administrators added. From now on these are offered; answers that are being written
    /// keep the one they have.
    pub fn set_stored(&self, stored: Vec<Stored>) {
        let mut state = self.0.state();
        let sources: Vec<Source> = stored
            .into_iter()
            // The operator's word counts more; two of one name would give two models one id.
            .filter(|stored| !self.has_configured(&stored.provider.name))
            .map(|stored| {
                let before = state.stored.iter().find(|source| source.id == Some(stored.id)).cloned();
                let source = self.0.source(stored);
                let same_place = before.filter(|before| before.endpoint.base_url == source.endpoint.base_url);
                Source { models: same_place.and_then(|before| before.models), ..source }
            })
            .collect();
        let others = state.listing.sources.iter().filter(|source| source.id.is_none()).cloned();
        let (found, configured): (Vec<Source>, Vec<Source>) = others.partition(|source| source.endpoint.discovered);
        let all = configured.into_iter().chain(sources.iter().cloned()).chain(found).collect();
        state.listing = Arc::new(Listing::new(all, self.0.default_model.as_deref()));
        state.stored = sources.into();
        // The next who asks waits for a list that is not known yet, and a renewal of the old one is not taken.
        state.listed_at = state.listed_at.filter(|_| state.stored.iter().all(|source| source.models.is_some()));
        state.renewal = None;
    }

    /// Asks a provider for its models, whether or not it is one of the catalog.
    pub async fn check(&self, stored: Stored) -> Result<Vec<KnownModel>, Error> {
        let endpoint = self.0.source(stored).endpoint;
        let listed = endpoint.list(LISTING).await?;
        Ok(listed.iter().map(|listed| endpoint.known(listed)).collect())
    }

    /// Asks a model. Returns once its provider has accepted, after at most two retries.
    pub async fn answer(&self, request: Request) -> Result<Answer, Error> {
        match &request.model.endpoint {
            None => Ok(Answer::Demo(demo::Stream::new(&request.messages, demo::PACE))),
            Some(endpoint) => Ok(Answer::OpenAi(Box::new(endpoint.clone().answer(request).await?))),
        }
    }

    /// Asks for a short text, such as a name, and waits for all of it. Long ones are cut at 4 KiB, which stops the model.
    /// Reasoning is left out.
    pub async fn short_text(&self, request: Request, time: Duration) -> Result<String, Error> {
        let provider = request.model.provider.clone();
        let whole = async {
            let mut answer = self.answer(request).await?;
            let mut text = String::new();
            let mut parts = Vec::new();
            loop {
                let finish: Option<Finish> = answer.next(&mut parts).await?;
                for part in parts.drain(..) {
                    if let Part::Text(more) = part {
                        text.push_str(&more);
                    }
                }
                if finish.is_some() || text.len() >= SHORT {
                    text.truncate(text.floor_char_boundary(SHORT));
                    return Ok(text);
                }
            }
        };
        timeout(time, whole).await.unwrap_or(Err(Error::Timeout {
            provider,
            what: "did not complete its answer",
            limit: time,
        }))
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The source of a provider that an administrator added, of which nothing is known yet.
    fn source(&self, stored: Stored) -> Source {
        let Stored { id, provider, locked, policy } = stored;
        let mut endpoint = Endpoint::new(provider, self.limits.clone(), self.clients.clone());
        (endpoint.stored, endpoint.named, endpoint.locked) = (true, true, locked);
        Source { id: Some(id), policy: Arc::new(policy), ..Source::of(Arc::new(endpoint)) }
    }
}

impl Configured {
    /// What is known before it was asked: what the operator named.
    fn source(&self) -> Source {
        let named = |name: &String| ListedModel { id: name.clone(), ..ListedModel::default() };
        let models = Some(self.0.models.iter().map(named).collect()).filter(|models: &Vec<_>| !models.is_empty());
        Source { models, ..Source::of(self.0.clone()) }
    }
}
