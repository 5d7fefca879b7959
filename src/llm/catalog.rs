//! All providers and their models: listed when first asked for, kept for a minute, and renewed behind the reader's back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::listing::{Listing, Source};
use super::openai::{Clients, Endpoint, ListedModel};
use super::{Answer, Error, Finish, Model, Part, Request, demo, discovery};
use crate::config::{Provider, ProviderLimits};

/// How long a list is current.
const CURRENT: Duration = Duration::from_secs(60);
/// How long it is when something did not list its models: a server that has just been started should soon be seen.
const CURRENT_WITH_GAPS: Duration = Duration::from_secs(10);
/// How old a list must be for an unknown name to renew it at once.
const RENEWABLE: Duration = Duration::from_secs(5);
/// The longest that anybody waits for a list.
const WAIT: Duration = Duration::from_secs(2);
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
    listed_at: Option<Instant>,
    /// Closed when the renewal that is under way has ended.
    renewal: Option<watch::Receiver<()>>,
}

impl Catalog {
    /// A catalog of the configured providers or, when there are none, of the model servers found on this machine's usual
    /// ports except `own_port`. Nothing is called before the first question.
    pub fn new(
        providers: Vec<Provider>,
        default_model: Option<String>,
        limits: ProviderLimits,
        own_port: Option<u16>,
    ) -> Self {
        let local_ports = discovery::PORTS.into_iter().filter(|port| Some(*port) != own_port).collect();
        let clients = Clients::new(limits.connect);
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
        let sources = configured.iter().map(|configured| configured.source(None)).collect();
        let listing = Arc::new(Listing::new(sources, default_model.as_deref()));
        let state = Mutex::new(State { listing, listed_at: None, renewal: None });
        Self(Arc::new(Inner { configured, default_model, limits, clients, local_ports, state }))
    }

    /// Every model that is offered, in the providers' order, the built-in demo last. Waits for the first list at most 2 s;
    /// later ones are renewed while the last is given. A provider that cannot be reached still has its configured names.
    pub async fn models(&self) -> Vec<Model> {
        self.listing(CURRENT).await.models.clone()
    }

    /// The model that an id or a provider's own name means; without one, the default. [`Error::ModelUnknown`] if none.
    pub async fn resolve(&self, id: Option<&str>) -> Result<Model, Error> {
        let listing = self.listing(CURRENT).await;
        let Some(id) = id else {
            return listing.default_model().cloned().ok_or_else(|| Error::ModelUnknown { model: "default".to_owned() });
        };
        if let Some(model) = listing.find(id) {
            return Ok(model);
        }
        // It may have been added since.
        let found = self.renewed().await.and_then(|listing| listing.find(id));
        found.ok_or_else(|| Error::ModelUnknown { model: id.chars().take(100).collect() })
    }

    /// The same from the list that is known, without waiting for anybody; `None` also where waiting might find it.
    pub fn known(&self, id: Option<&str>) -> Option<Model> {
        let state = self.0.state();
        state.listed_at?;
        match id {
            Some(id) => state.listing.find(id),
            None => state.listing.default_model().cloned(),
        }
    }

    /// Asks a model. Returns once its provider has accepted, after at most two retries.
    pub async fn answer(&self, request: Request) -> Result<Answer, Error> {
        match &request.model.endpoint {
            None => Ok(Answer::Demo(demo::Stream::new(&request.messages, demo::PACE))),
            Some(endpoint) => Ok(Answer::OpenAi(Box::new(endpoint.clone().answer(&request).await?))),
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

    /// The list, which may be older than `current` while it is being renewed.
    async fn listing(&self, current: Duration) -> Arc<Listing> {
        let renewal = {
            let mut state = self.0.state();
            if state.listed_at.is_some_and(|at| at.elapsed() < current.min(state.lasts())) {
                return state.listing.clone();
            }
            let renewal = self.renewal(&mut state);
            if state.listed_at.is_some() {
                return state.listing.clone();
            }
            renewal
        };
        ended(renewal).await;
        self.0.state().listing.clone()
    }

    /// The list as it is now; `None` when the one that is known is only seconds old.
    async fn renewed(&self) -> Option<Arc<Listing>> {
        let renewal = {
            let mut state = self.0.state();
            if state.listed_at.is_some_and(|at| at.elapsed() < RENEWABLE) {
                return None;
            }
            self.renewal(&mut state)
        };
        ended(renewal).await;
        Some(self.0.state().listing.clone())
    }

    /// The renewal under way, or a new one.
    fn renewal(&self, state: &mut State) -> watch::Receiver<()> {
        if let Some(renewal) = state.renewal.as_ref().filter(|renewal| renewal.has_changed().is_ok()) {
            return renewal.clone();
        }
        let (ends_when_dropped, renewal) = watch::channel(());
        state.renewal = Some(renewal.clone());
        let inner = self.0.clone();
        // On its own, so that whoever asked first does not wait for the slowest provider. It is bounded by `LISTING` and
        // holds nothing that a shutdown could lose.
        tokio::spawn(async move {
            inner.renew().await;
            drop(ends_when_dropped);
        });
        renewal
    }
}

async fn ended(mut renewal: watch::Receiver<()>) {
    // Either way there is a list to give: the renewed one, or what is known without it.
    let _ = timeout(WAIT, renewal.changed()).await;
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn renew(&self) {
        let before = self.state().listing.clone();
        let sources = if self.configured.is_empty() {
            discovery::find(&self.local_ports, &self.limits, &self.clients).await
        } else {
            join_all(self.configured.iter().zip(&before.sources).map(|(configured, before)| configured.list(before)))
                .await
        };
        let listing = Arc::new(Listing::new(sources, self.default_model.as_deref()));
        let mut state = self.state();
        state.listing = listing;
        state.listed_at = Some(Instant::now());
    }
}

impl State {
    fn lasts(&self) -> Duration {
        let sources = &self.listing.sources;
        let has_gaps = sources.is_empty() || sources.iter().any(|source| source.models.is_none());
        if has_gaps { CURRENT_WITH_GAPS } else { CURRENT }
    }
}

impl Configured {
    fn source(&self, listed: Option<Vec<ListedModel>>) -> Source {
        let named = |name: &String| ListedModel { id: name.clone(), ..ListedModel::default() };
        let models = if self.0.models.is_empty() { listed } else { Some(self.0.models.iter().map(named).collect()) };
        Source { endpoint: self.0.clone(), models }
    }

    /// Asks the provider what it has, unless the administrator named it. One that fails keeps what it listed last.
    async fn list(&self, before: &Source) -> Source {
        if !self.0.models.is_empty() {
            return self.source(None);
        }
        let Some(listed) = self.0.list(LISTING).await else {
            tracing::info!(provider = self.0.name, "the provider did not list its models");
            return before.clone();
        };
        self.source(Some(listed).filter(|models| !models.is_empty()))
    }
}
