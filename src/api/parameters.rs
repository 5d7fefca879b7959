//! How a conversation's model is to answer, as the API takes and shows it.

use std::collections::BTreeMap;

use poem_openapi::Object;
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::llm;

/// The longest JSON of the parameters that are passed on as they are, in bytes.
const MOST_EXTRA: usize = 8 * 1024;

/// What a turn itself decides, so that it cannot be passed on.
const RESERVED: [&str; 12] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "n",
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "reasoning_effort",
    "continue_final_message",
    "add_generation_prompt",
];

/// How a model is to answer; what is left out is up to its provider.
#[derive(Debug, Object, Deserialize)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    /// How freely it chooses its words.
    #[oai(validator(minimum(value = "0"), maximum(value = "2")))]
    temperature: Option<f64>,
    /// From which share of the likeliest words it chooses.
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    top_p: Option<f64>,
    /// At most so many tokens of answer.
    #[oai(validator(minimum(value = "1"), maximum(value = "10000000")))]
    max_tokens: Option<u32>,
    /// How much it thinks first, in its provider's word, such as `low`, `medium` or `high`.
    #[oai(validator(min_length = 1, max_length = 32))]
    reasoning_effort: Option<String>,
    /// Anything else that its provider knows, passed on as it is.
    extra: Option<BTreeMap<String, Value>>,
}

impl Parameters {
    /// What is stored, if it may be.
    pub(super) fn check(self) -> Result<llm::Parameters> {
        let extra = self.extra.unwrap_or_default();
        if let Some(name) = extra.keys().find(|name| RESERVED.contains(&name.as_str())) {
            let detail =
                format!("{name} cannot be passed on: it has a field of its own, or the conversation decides it");
            return Err(Error::invalid("parameters.extra", detail));
        }
        if serde_json::to_string(&extra).is_ok_and(|text| text.len() > MOST_EXTRA) {
            return Err(Error::invalid("parameters.extra", format!("at most {MOST_EXTRA} bytes are passed on")));
        }
        Ok(llm::Parameters {
            temperature: self.temperature,
            top_p: self.top_p,
            max_tokens: self.max_tokens,
            reasoning_effort: self.reasoning_effort,
            extra,
        })
    }
}

impl From<llm::Parameters> for Parameters {
    fn from(parameters: llm::Parameters) -> Self {
        Self {
            temperature: parameters.temperature,
            top_p: parameters.top_p,
            max_tokens: parameters.max_tokens,
            reasoning_effort: parameters.reasoning_effort,
            extra: Some(parameters.extra).filter(|extra| !extra.is_empty()),
        }
    }
}
