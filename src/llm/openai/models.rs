//! Asking a provider which models it has.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use super::clients::NoResponse;
use super::failure::Failure;
use super::response::Response;
use super::{ERROR_BODY_BYTES, ERROR_BODY_TIME, Endpoint};
use crate::llm::Error;

/// The most that is read of a list of models; OpenRouter's is half a megabyte.
const LIST_BYTES: usize = 4 * 1024 * 1024;

/// A model as its provider lists it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::llm) struct ListedModel {
    pub(in crate::llm) id: String,
    /// `owned_by`, which tells local servers apart.
    pub(in crate::llm) owner: String,
    /// How many tokens it reads, where the provider tells.
    pub(in crate::llm) context_tokens: Option<u32>,
}

impl Endpoint {
    /// The models it lists, in its order, or why it does not.
    pub(in crate::llm) async fn list(&self, time: Duration) -> Result<Vec<ListedModel>, Error> {
        let late = Error::Timeout { provider: self.name.clone(), what: "did not list its models", limit: time };
        let list = timeout(time, self.ask_for_list(time)).await.unwrap_or(Err(late))?;
        // Some gateways give the bare list.
        let Some(items) = list.get("data").unwrap_or(&list).as_array() else {
            return Err(self.no_list());
        };
        let models = items.iter().filter_map(|item| {
            let id = item["id"].as_str().filter(|id| !id.is_empty())?;
            Some(ListedModel {
                id: id.to_owned(),
                owner: item["owned_by"].as_str().unwrap_or_default().to_owned(),
                context_tokens: context_tokens(item),
            })
        });
        Ok(models.collect())
    }

    async fn ask_for_list(&self, time: Duration) -> Result<Value, Error> {
        let url = self.url("models");
        let way = self.way(&url)?;
        let client = self.clients.of(&url, way).map_err(|reason| self.unreachable(reason))?;
        let sent = client.get(url).headers(self.headers()?).send().await;
        let response = sent.map(Response::from).map_err(|error| match NoResponse::from(error) {
            NoResponse::Unreachable(reason) => self.unreachable(&reason),
            NoResponse::Refused(refused) => self.refused(refused),
            NoResponse::CutOff => Error::CutOff { provider: self.name.clone() },
        })?;
        let status = response.status;
        if status.is_redirection() {
            let what = format!("a redirect to another address (HTTP {})", status.as_u16());
            return Err(Error::BadResponse { provider: self.name.clone(), what });
        }
        if matches!(status.as_u16(), 404 | 405) {
            let (provider, status) = (self.name.clone(), Some(status.as_u16()));
            return Err(Error::Provider { provider, status, message: String::new(), retry_after: None });
        }
        if !status.is_success() {
            let body = response.body.read_up_to(ERROR_BODY_BYTES, ERROR_BODY_TIME).await;
            return Err(Failure::of_response(status.as_u16(), None, &body).into_error(self, "a list of models"));
        }
        let body = response.body.read_up_to(LIST_BYTES, time).await;
        serde_json::from_slice::<Value>(&body).map_err(|_| self.no_list())
    }

    fn no_list(&self) -> Error {
        Error::BadResponse { provider: self.name.clone(), what: "no list of models".to_owned() }
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
