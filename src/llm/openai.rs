//! Providers that speak OpenAI's chat-completions format: asking, trying again, and listing models.

mod body;
mod chunk;
mod clients;
mod failure;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod lenient;
mod models;
mod reading;
mod response;
mod retry_after;
mod shape;
mod shown;
mod stream;
#[cfg(test)]
mod tests;
mod text;
mod thinking;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    USER_AGENT,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinError;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::egress::{Refused, Way};
use super::{Error, Request, sight};
use crate::config::{Prefill, Provider, ProviderLimits};
use crate::vault::Locked;
use body::Body;
pub(super) use clients::Clients;
use clients::NoResponse;
use failure::Failure;
pub(super) use models::ListedModel;
use response::Response;
pub(super) use stream::Stream;

/// The longest that a provider may ask to wait before its request is given up instead.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most that is read of an error's body, and the time for it.
const ERROR_BODY_BYTES: usize = 64 * 1024;
const ERROR_BODY_TIME: Duration = Duration::from_secs(5);

/// Why a key is not sent without TLS.
const OPEN_KEY: &str = "its key would cross the network where others can read it. its address should begin with https, or whoever runs this server can vouch for the host with LOQUAT_ALLOWED_PROVIDER_HOSTS";

/// Where a provider answers, and what it needs to be told.
pub(super) struct Endpoint {
    /// What the provider is called.
    pub(super) name: String,
    pub(super) base_url: Url,
    api_key: Option<SecretString>,
    /// Whether it is one of the `LOQUAT_PROVIDERS` file.
    pub(super) named: bool,
    /// The models that the administrator named; empty asks the provider.
    pub(super) models: Vec<String>,
    contexts: BTreeMap<String, u32>,
    context_tokens: Option<u32>,
    image_models: BTreeMap<String, bool>,
    images: Option<bool>,
    prefill: Option<Prefill>,
    /// Whether it was found on this machine, and not configured.
    pub(super) discovered: bool,
    /// Whether an administrator added it in the settings, so that it may not be everywhere.
    pub(super) stored: bool,
    /// Why its stored key cannot be read.
    pub(super) locked: Option<Locked>,
    limits: ProviderLimits,
    clients: Arc<Clients>,
    /// Whether it refused `stream_options` once, so that it is not asked again.
    no_stream_options: AtomicBool,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.name)
    }
}

/// Why one attempt failed.
enum Setback {
    /// No connection; nothing was sent.
    Unreachable(Error),
    /// The provider answered with an error.
    Refused(Failure),
    /// Anything after which another attempt might be answered twice.
    Final(Error),
}

impl Endpoint {
    /// The endpoint of a configured or discovered provider.
    pub(super) fn new(provider: Provider, limits: ProviderLimits, clients: Arc<Clients>) -> Self {
        Self {
            name: provider.name,
            base_url: provider.base_url,
            api_key: provider.api_key,
            named: provider.named,
            models: provider.models,
            contexts: provider.contexts,
            context_tokens: provider.context_tokens,
            image_models: provider.image_models,
            images: provider.images,
            prefill: provider.prefill,
            discovered: false,
            stored: false,
            locked: None,
            limits,
            clients,
            no_stream_options: AtomicBool::new(false),
        }
    }

    /// Whether it is asked with a key.
    pub(super) fn has_key(&self) -> bool {
        self.api_key.is_some()
    }

    /// Where its key is set, for the administrator who has to mend it.
    fn key_setting(&self) -> String {
        if self.stored {
            return format!("the key of {} in the settings, under model servers", self.name);
        }
        match (self.named, &self.api_key) {
            (true, _) => format!("the key of {} in the LOQUAT_PROVIDERS file", self.name),
            (false, Some(_)) => "OPENAI_API_KEY".to_owned(),
            (false, None) => "OPENAI_API_KEY, which is not set".to_owned(),
        }
    }

    /// How many tokens one of its models reads: as it was set, else as it was listed, else as for every other.
    pub(super) fn context_of(&self, model: &ListedModel) -> Option<u32> {
        let set = self.contexts.get(&model.id).copied().or(self.context_tokens).or(model.context_tokens);
        set.or(self.limits.context_tokens).filter(|tokens| *tokens > 0)
    }

    /// Whether one of its models can be given images: as it was set, else as it was listed, else as its name tells.
    pub(super) fn takes_images(&self, model: &ListedModel) -> bool {
        let set = self.image_models.get(&model.id).copied().or(self.images).or(model.images);
        set.unwrap_or_else(|| sight::by_name(&model.id))
    }

    /// How one of its models is asked to go on with an answer: as it was set, else as its vendor is known to want it.
    pub(super) fn prefill_of(&self, model: &ListedModel) -> Prefill {
        let host = self.base_url.host_str().unwrap_or_default();
        let is_at = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
        let known = match model.owner.as_str() {
            "vllm" | "sglang" => Prefill::ContinueFinalMessage,
            "llamacpp" | "library" => Prefill::LastMessage,
            _ if is_at("mistral.ai") || is_at("deepseek.com") => Prefill::Prefix,
            _ if is_at("openrouter.ai") => Prefill::LastMessage,
            _ => Prefill::None,
        };
        self.prefill.unwrap_or(known)
    }

    /// Asks for a streamed answer. Returns once the provider has accepted the request.
    pub(super) async fn answer(self: Arc<Self>, request: Request) -> Result<Stream, Error> {
        let started = Instant::now();
        let Some(total) = self.limits.total else { return self.attempts(request, started).await };
        let name = self.name.clone();
        timeout(total, self.attempts(request, started))
            .await
            .unwrap_or_else(|_| Err(Error::Timeout { provider: name, what: "did not answer", limit: total }))
    }

    async fn attempts(self: Arc<Self>, mut request: Request, started: Instant) -> Result<Stream, Error> {
        let begun = shown::take(&mut request.messages).await.map_err(|error| self.unmade(error))?;
        let model = &request.model.wire_name;
        let mut body = Body::new(begun, &request, !self.no_stream_options.load(Ordering::Relaxed));
        let mut pauses = self.clients.pauses.into_iter();
        loop {
            let asked = Instant::now();
            let (pause, error) = match self.ask(body.json()).await {
                Ok(response) => return Ok(Stream::new(self, model.clone(), response.body, started, asked)),
                Err(Setback::Final(error)) => return Err(error),
                Err(Setback::Unreachable(error)) => (pauses.next().map(jittered), error),
                Err(Setback::Refused(failure)) => {
                    if body.give_up_what(&failure) {
                        self.no_stream_options.store(body.options.stream_options.is_none(), Ordering::Relaxed);
                        continue;
                    }
                    let pause = pause_before_retry(&failure, &mut pauses);
                    (pause, failure.into_error(&self, model))
                }
            };
            let Some(pause) = pause else { return Err(error) };
            tracing::debug!(provider = self.name, code = error.code(), ?pause, "asking the provider again");
            sleep(pause).await;
        }
    }

    /// One attempt, up to the head of a successful response.
    async fn ask(&self, body: Bytes) -> Result<Response, Setback> {
        let url = self.url("chat/completions");
        let way = self.way(&url).map_err(Setback::Final)?;
        let mut headers = self.headers().map_err(Setback::Final)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let sending = self.clients.post(url, way, &headers, body);
        let response = match self.limits.first_byte {
            Some(limit) => timeout(limit, sending).await.map_err(|_| Setback::Final(self.no_first_byte(limit)))?,
            None => sending.await,
        };
        let response = response.map_err(|error| match error {
            NoResponse::Unreachable(reason) => Setback::Unreachable(self.unreachable(&reason)),
            NoResponse::Refused(refused) => Setback::Final(self.refused(refused)),
            NoResponse::CutOff => Setback::Final(Error::CutOff { provider: self.name.clone() }),
        })?;
        let status = response.status;
        if status.is_redirection() {
            let what = format!("a redirect to another address (HTTP {})", status.as_u16());
            return Err(Setback::Final(Error::BadResponse { provider: self.name.clone(), what }));
        }
        if !status.is_success() {
            let retry_after = retry_after::read(&response.headers, SystemTime::now());
            let body = response.body.read_up_to(ERROR_BODY_BYTES, ERROR_BODY_TIME).await;
            return Err(Setback::Refused(Failure::of_response(status.as_u16(), retry_after, &body)));
        }
        match response.headers.get(CONTENT_ENCODING).map(|coding| coding.as_bytes().to_ascii_lowercase()).as_deref() {
            None | Some(b"" | b"identity") => Ok(response),
            Some(_) => {
                let what = "a compressed answer, which was not asked for".to_owned();
                Err(Setback::Final(Error::BadResponse { provider: self.name.clone(), what }))
            }
        }
    }

    /// The address of one of the API's operations. A query, as Azure's base URLs have, is kept.
    fn url(&self, operation: &str) -> Url {
        let mut url = self.base_url.clone();
        let path = url.path().trim_end_matches('/').trim_end_matches("/chat/completions").to_owned();
        url.set_path(&format!("{path}/{operation}"));
        url
    }

    /// What every request says.
    fn headers(&self) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("*/*")),
            (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
            (USER_AGENT, HeaderValue::from_static(clients::USER_AGENT)),
        ]);
        let Some(key) = &self.api_key else { return Ok(headers) };
        let key = key.expose_secret();
        // Azure's deployments know this header only; its Bearer is for tokens of its directory.
        let is_azure = self.base_url.host_str().is_some_and(|host| host.ends_with(".azure.com"));
        let (name, value) = match is_azure {
            true => (HeaderName::from_static("api-key"), HeaderValue::from_str(key)),
            false => (AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {key}"))),
        };
        let mut value = value.map_err(|_| self.unreachable("its key cannot be sent"))?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Ok(headers)
    }

    /// Whether its address, as it is written, may be connected to at all.
    pub(super) fn may_be_asked(&self) -> Result<(), Error> {
        self.way(&self.base_url).map(drop)
    }

    /// How it may be connected to; an error where it may not.
    fn way(&self, url: &Url) -> Result<Way, Error> {
        if let Some(reason) = self.locked {
            return Err(Error::KeyUnreadable { provider: self.name.clone(), reason });
        }
        if !self.stored {
            return Ok(Way::Free);
        }
        let way = self.clients.way(url).map_err(|refused| self.refused(refused))?;
        if way == Way::Checked && url.scheme() == "http" && self.api_key.is_some() {
            let reason = OPEN_KEY.to_owned();
            return Err(Error::AddressRefused { provider: self.name.clone(), reason });
        }
        Ok(way)
    }

    fn refused(&self, Refused(what): Refused) -> Error {
        let reason = format!(
            "its address is {what}, where model servers that were added in the settings may not be. whoever runs this server can allow it with LOQUAT_ALLOWED_PROVIDER_HOSTS"
        );
        Error::AddressRefused { provider: self.name.clone(), reason }
    }

    /// A panic goes on where it would have been; all else is the end of the server.
    fn unmade(&self, error: JoinError) -> Error {
        match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Error::CutOff { provider: self.name.clone() },
        }
    }

    fn unreachable(&self, reason: &str) -> Error {
        Error::Unreachable { provider: self.name.clone(), reason: failure::sanitise(reason, self) }
    }

    fn no_first_byte(&self, limit: Duration) -> Error {
        Error::Timeout { provider: self.name.clone(), what: "sent nothing", limit }
    }
}

/// How long to wait before asking again; `None` when the failure stands.
fn pause_before_retry(failure: &Failure, pauses: &mut impl Iterator<Item = Duration>) -> Option<Duration> {
    if !failure.is_passing() {
        return None;
    }
    let pause = jittered(pauses.next()?);
    match failure.retry_after {
        Some(wait) if wait > PATIENCE => None,
        Some(wait) => Some(wait.max(pause)),
        None => Some(pause),
    }
}

fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.5..1.5))
}
