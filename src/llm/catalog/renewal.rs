//! Keeping the list of models current: renewed behind the reader's back, by one renewal at a time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::{Catalog, Inner, LISTING, State};
use crate::llm::discovery;
use crate::llm::listing::{Listing, Source};

/// How long a list is current.
pub(super) const CURRENT: Duration = Duration::from_secs(60);
/// How long it is when something did not list its models: a server that has just been started should soon be seen.
const CURRENT_WITH_GAPS: Duration = Duration::from_secs(10);
/// How old a list must be for an unknown name to renew it at once.
const RENEWABLE: Duration = Duration::from_secs(5);
/// The longest that anybody waits for a list.
const WAIT: Duration = Duration::from_secs(2);

impl Catalog {
    /// Renews the list at once, and returns when that is done, or after 2 s.
    pub async fn renew(&self) {
        let renewal = {
            let mut state = self.0.state();
            self.renewal(&mut state)
        };
        ended(renewal).await;
    }

    /// The list, which may be older than `current` while it is being renewed.
    pub(super) async fn listing(&self, current: Duration) -> Arc<Listing> {
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
    pub(super) async fn renewed(&self) -> Option<Arc<Listing>> {
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
    /// Asks everybody. What comes is not taken if other providers were set meanwhile.
    async fn renew(&self) {
        let (before, stored) = {
            let state = self.state();
            (state.listing.clone(), state.stored.clone())
        };
        let asked = before.sources.iter().filter(|source| !source.endpoint.discovered);
        let finding = async {
            match self.configured.is_empty() {
                true => discovery::find(&self.local_ports, &self.limits, &self.clients).await,
                false => Vec::new(),
            }
        };
        let (mut sources, found) = join(join_all(asked.map(list)), finding).await;
        sources.extend(found);
        let listing = Arc::new(Listing::new(sources, self.default_model.as_deref()));
        let mut state = self.state();
        if Arc::ptr_eq(&state.stored, &stored) {
            state.listing = listing;
            state.listed_at = Some(Instant::now());
        }
    }
}

impl State {
    fn lasts(&self) -> Duration {
        let sources = &self.listing.sources;
        let has_gaps = sources.is_empty() || sources.iter().any(|source| source.models.is_none());
        if has_gaps { CURRENT_WITH_GAPS } else { CURRENT }
    }
}

/// Asks a provider what it has, unless the operator named it. One that fails keeps what it listed last.
async fn list(before: &Source) -> Source {
    if !before.endpoint.models.is_empty() {
        return before.clone();
    }
    match before.endpoint.list(LISTING).await {
        Ok(listed) => {
            let models = Some(listed).filter(|models| !models.is_empty());
            Source { models, asked: true, trouble: None, ..before.clone() }
        }
        Err(trouble) => {
            tracing::info!(
                provider = before.endpoint.name,
                code = trouble.code(),
                "the provider did not list its models"
            );
            Source { asked: true, trouble: Some(trouble), ..before.clone() }
        }
    }
}
