//! Asking a provider which models it has.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use super::clients::NoResponse;
use super::failure::Failure;
use super::response::Response;
use super::{ERROR_BODY_BYTES, ERROR_BODY_TIME, Endpoint};
use crate::llm::{Error, KnownModel};

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
    /// Whether it can be given images, where the provider tells.
    pub(in crate::llm) images: Option<bool>,
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
                images: images(item).or_else(|| images_beside(&list, id)),
            })
        });
        Ok(models.collect())
    }

    /// What is known of one of its models.
    pub(in crate::llm) fn known(&self, model: &ListedModel) -> KnownModel {
        KnownModel { name: model.id.clone(), context_tokens: self.context_of(model), images: self.takes_images(model) }
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

/// Whether a model can be given images, as vendors list it: OpenRouter, Hugging Face and newer llama.cpp as `architecture`,
/// whose older form is one text; GitHub as `supported_input_modalities`; Mistral as a capability that is true or false;
/// LM Studio as the type. A list of capabilities that leaves it out says nothing: many are about other things.
fn images(item: &Value) -> Option<bool> {
    let architecture = &item["architecture"];
    let modalities =
        [&architecture["input_modalities"], &item["supported_input_modalities"], &item["input_modalities"]];
    let listed = modalities.into_iter().find_map(Value::as_array).map(|modalities| has(modalities, &["image"]));
    let in_one_text = || {
        let (input, _) = architecture["modality"].as_str()?.split_once("->")?;
        Some(input.split('+').any(|modality| modality == "image"))
    };
    let capabilities = &item["capabilities"];
    let capable = || {
        let among_them = capabilities.as_array().is_some_and(|words| has(words, &SEEING));
        capabilities["vision"].as_bool().or(among_them.then_some(true))
    };
    let by_type = || match item["type"].as_str()? {
        "vlm" => Some(true),
        "llm" => Some(false),
        _ => None,
    };
    listed.or_else(in_one_text).or_else(capable).or_else(by_type)
}

/// The same in the list that llama.cpp gives beside `data`. It knows whether it was started with the part that sees.
fn images_beside(list: &Value, id: &str) -> Option<bool> {
    let item = list["models"].as_array()?.iter().find(|item| item["name"] == id)?;
    Some(has(item["capabilities"].as_array()?, &SEEING))
}

/// What a model that sees is called among its capabilities.
const SEEING: [&str; 2] = ["multimodal", "vision"];

fn has(words: &[Value], wanted: &[&str]) -> bool {
    words.iter().filter_map(Value::as_str).any(|word| wanted.contains(&word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_vendors_list_tells_whether_a_model_takes_images() {
        for (expected, item) in [
            // OpenRouter, today and before.
            (
                Some(true),
                json!({"architecture": {"modality": "text+image->text", "input_modalities": ["text", "image"]}}),
            ),
            (Some(false), json!({"architecture": {"modality": "text->text", "input_modalities": ["text"]}})),
            (Some(true), json!({"architecture": {"modality": "text+image->text"}})),
            (Some(false), json!({"architecture": {"modality": "text->text+image"}})),
            (None, json!({"architecture": {"modality": "text"}})),
            // GitHub, whose capabilities are about other things.
            (
                Some(true),
                json!({"supported_input_modalities": ["text", "image", "audio"], "capabilities": ["streaming"]}),
            ),
            (Some(false), json!({"supported_input_modalities": ["text"]})),
            // Mistral.
            (Some(true), json!({"type": "base", "capabilities": {"completion_chat": true, "vision": true}})),
            (Some(false), json!({"type": "base", "capabilities": {"completion_chat": true, "vision": false}})),
            // LM Studio.
            (Some(true), json!({"type": "vlm", "capabilities": ["tool_use"]})),
            (Some(false), json!({"type": "llm", "capabilities": ["tool_use"]})),
            (Some(true), json!({"capabilities": ["vision", "text"]})),
            // vLLM, Groq, Together, OpenAI and Ollama say nothing, and nobody is misled by nonsense.
            (None, json!({"id": "a", "owned_by": "vllm", "max_model_len": 4096})),
            (None, json!({"type": "chat", "context_length": 131_072})),
            (None, json!({"architecture": "image", "capabilities": "vision", "type": 7, "input_modalities": {}})),
            (None, json!({"architecture": null, "capabilities": {"vision": "yes"}})),
            (None, json!("a")),
        ] {
            assert_eq!(images(&item), expected, "{item}");
        }
    }

    #[test]
    fn llama_cpp_tells_it_beside_its_list() {
        let list =
            |capabilities: Value| json!({"models": [{"name": "tiny", "capabilities": capabilities}], "data": []});
        assert_eq!(images_beside(&list(json!(["completion", "multimodal"])), "tiny"), Some(true));
        assert_eq!(images_beside(&list(json!(["completion"])), "tiny"), Some(false));
        assert_eq!(images_beside(&list(json!(["completion"])), "another"), None);
        assert_eq!(images_beside(&list(Value::Null), "tiny"), None);
        assert_eq!(images_beside(&json!([]), "tiny"), None);
    }
}
