//! Providers that speak OpenAI's chat-completions format: asking, trying again, and listing models.

mod body;
mod chunk;
mod clients;
mod failure;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod lenient;
mod reading;
mod response;
mod retry_after;
mod shape;
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

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    USER_AGENT,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::{Error, Request};
use crate::config::{Prefill, Provider, ProviderLimits};
use body::Body;
pub(super) use clients::Clients;
use clients::NoResponse;
use failure::Failure;
use response::Response;
pub(super) use stream::Stream;

/// The longest that a provider may ask to wait before its request is given up instead.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most that is read of an error's body, and the time for it.
const ERROR_BODY_BYTES: usize = 64 * 1024;
const ERROR_BODY_TIME: Duration = Duration::from_secs(5);
/// The most that is read of a list of models; OpenRouter's is half a megabyte.
const LIST_BYTES: usize = 4 * 1024 * 1024;

/// Where a provider answers, and what it needs to be told.
pub(super) struct Endpoint {
    /// What the provider is called.
    pub(super) name: String,
    base_url: Url,
    api_key: Option<SecretString>,
    /// Whether it is one of the `LOQUAT_PROVIDERS` file.
    pub(super) named: bool,
    /// The models that the administrator named; empty asks the provider.
    pub(super) models: Vec<String>,
    contexts: BTreeMap<String, u32>,
    context_tokens: Option<u32>,
    prefill: Option<Prefill>,
    /// Whether it was found on this machine, and not configured.
    pub(super) discovered: bool,
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
            prefill: provider.prefill,
            discovered: false,
            limits,
            clients,
            no_stream_options: AtomicBool::new(false),
        }
    }

    /// Where its key is set, for the administrator who has to mend it.
    fn key_setting(&self) -> String {
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
    pub(super) async fn answer(self: Arc<Self>, request: &Request) -> Result<Stream, Error> {
        let started = Instant::now();
        let Some(total) = self.limits.total else { return self.attempts(request, started).await };
        let name = self.name.clone();
        timeout(total, self.attempts(request, started))
            .await
            .unwrap_or_else(|_| Err(Error::Timeout { provider: name, what: "did not answer", limit: total }))
    }

    async fn attempts(self: Arc<Self>, request: &Request, started: Instant) -> Result<Stream, Error> {
        let model = &request.model.wire_name;
        let mut body = Body::new(request, !self.no_stream_options.load(Ordering::Relaxed));
        let mut pauses = self.clients.pauses.into_iter();
        loop {
            let asked = Instant::now();
            let (pause, error) = match self.ask(&body).await {
                Ok(response) => return Ok(Stream::new(self, model.clone(), response.body, started, asked)),
                Err(Setback::Final(error)) => return Err(error),
                Err(Setback::Unreachable(error)) => (pauses.next().map(jittered), error),
                Err(Setback::Refused(failure)) => {
                    if body.give_up_what(&failure) {
                        self.no_stream_options.store(body.stream_options.is_none(), Ordering::Relaxed);
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
    async fn ask(&self, body: &Body<'_>) -> Result<Response, Setback> {
        let url = self.url("chat/completions");
        let mut headers = self.headers().map_err(Setback::Final)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // What we made ourselves can be written as JSON.
        let body = serde_json::to_vec(body).unwrap_or_default();
        let sending = self.clients.post(url, &headers, body);
        let response = match self.limits.first_byte {
            Some(limit) => timeout(limit, sending).await.map_err(|_| Setback::Final(self.no_first_byte(limit)))?,
            None => sending.await,
        };
        let response = response.map_err(|error| match error {
            NoResponse::Unreachable(reason) => Setback::Unreachable(self.unreachable(&reason)),
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
        match response.headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
            None | Some(b"" | b"identity") => Ok(response),
            Some(_) => {
                let what = "a compressed answer, which was not asked for".to_owned();
                Err(Setback::Final(Error::BadResponse { provider: self.name.clone(), what }))
            }
        }
    }

    /// The models it lists, in its order; `None` when it does not, or not in this time.
    pub(super) async fn list(&self, time: Duration) -> Option<Vec<ListedModel>> {
        let url = self.url("models");
        let client = self.clients.of(&url).ok()?;
        let listing = async {
            let headers = self.headers().ok()?;
            let response = Response::from(client.get(url).headers(headers).send().await.ok()?);
            if !response.status.is_success() {
                return None;
            }
            let body = response.body.read_up_to(LIST_BYTES, time).await;
            serde_json::from_slice::<Value>(&body).ok()
        };
        let list = timeout(time, listing).await.ok().flatten()?;
        // Some gateways give the bare list.
        let items = list.get("data").unwrap_or(&list).as_array()?;
        let models = items.iter().filter_map(|item| {
            let id = item["id"].as_str().filter(|id| !id.is_empty())?;
            Some(ListedModel {
                id: id.to_owned(),
                owner: item["owned_by"].as_str().unwrap_or_default().to_owned(),
                context_tokens: context_tokens(item),
            })
        });
        Some(models.collect())
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

    fn unreachable(&self, reason: &str) -> Error {
        Error::Unreachable { provider: self.name.clone(), reason: failure::sanitise(reason, self) }
    }

    fn no_first_byte(&self, limit: Duration) -> Error {
        Error::Timeout { provider: self.name.clone(), what: "sent nothing", limit }
    }
}

/// How many tokens a model reads, under the names that vendors list it by: vLLM; OpenRouter and Together; Groq; Mistral;
/// LM Studio; llama.cpp, which tells what it was started with and what the model was trained for.
fn context_tokens(item: &Value) -> Option<u32> {
    const NAMES: [&str; 5] =
        ["max_model_len", "context_length", "context_window", "max_context_length", "loaded_context_length"];
    let named = NAMES.iter().map(|name| &item[*name]);
    let meta = ["n_ctx", "n_ctx_train"].iter().map(|name| &item["meta"][*name]);
    named.chain(meta).find_map(Value::as_u64).and_then(|tokens| u32::try_from(tokens).ok()).filter(|tokens| *tokens > 0)
}

/// A model as its provider lists it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ListedModel {
    pub(super) id: String,
    /// `owned_by`, which tells local servers apart.
    pub(super) owner: String,
    /// How many tokens it reads, where the provider tells.
    pub(super) context_tokens: Option<u32>,
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
