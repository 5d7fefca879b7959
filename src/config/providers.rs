//! The model providers of the settings: the `OPENAI_*` pair and the `LOQUAT_PROVIDERS` file.

use std::collections::BTreeMap;
use std::env;
use std::fs;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::ServeSettings;
use super::parse::{Problems, given};

/// A server that speaks OpenAI's chat-completions format.
#[derive(Clone, Debug)]
pub struct Provider {
    /// What people see, and the first half of `provider/model` where the providers come from a file.
    pub name: String,
    /// The address up to and including `/v1`.
    pub base_url: Url,
    /// The key, where it wants one.
    pub api_key: Option<SecretString>,
    /// The models to offer; empty asks the provider itself.
    pub models: Vec<String>,
    /// Whether its models are called `provider/model`, as those of a file are.
    pub named: bool,
    /// How many tokens of a conversation single models can read …
    pub contexts: BTreeMap<String, u32>,
    /// … and the rest of them.
    pub context_tokens: Option<u32>,
    /// Whether single models can be given images …
    pub image_models: BTreeMap<String, bool>,
    /// … and the rest of them.
    pub images: Option<bool>,
    /// How it wants to be asked to go on with an answer; `None` where that is to be found out.
    pub prefill: Option<Prefill>,
}

impl Provider {
    /// A provider about which nothing else is known.
    pub fn new(name: impl Into<String>, base_url: Url) -> Self {
        Self {
            name: name.into(),
            base_url,
            api_key: None,
            models: Vec::new(),
            named: false,
            contexts: BTreeMap::new(),
            context_tokens: None,
            image_models: BTreeMap::new(),
            images: None,
            prefill: None,
        }
    }
}

/// How a provider is asked to go on with an answer that was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prefill {
    /// It cannot; it is asked in words instead.
    None,
    /// The conversation ends with what there is of the answer (llama.cpp, Ollama, OpenRouter).
    LastMessage,
    /// The same, and that message is marked with `prefix` (Mistral, DeepSeek).
    Prefix,
    /// The same, with `continue_final_message` beside the conversation (vLLM, SGLang).
    ContinueFinalMessage,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    provider: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    base_url: String,
    api_key: Option<SecretString>,
    api_key_env: Option<String>,
    api_key_file: Option<String>,
    #[serde(default)]
    models: Vec<EntryModel>,
    context_tokens: Option<u32>,
    images: Option<bool>,
    prefill: Option<Prefill>,
}

/// A model: its name, or a table with what is to be known of it.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a model is its name, or a table such as { name = \"…\", context_tokens = 32768, images = true }"
)]
enum EntryModel {
    Name(String),
    Table(ModelTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelTable {
    name: String,
    context_tokens: Option<u32>,
    images: Option<bool>,
}

/// The providers in order: the pair from the environment first, then those of the file.
pub(super) fn read(settings: &ServeSettings, problems: &mut Problems) -> Option<Vec<Provider>> {
    let mut providers: Vec<Provider> = pair(settings, problems).into_iter().collect();
    let Some(path) = given(&settings.providers) else { return Some(providers) };
    let file = match fs::read_to_string(path) {
        Ok(text) => toml::from_str::<File>(&text).map_err(|error| {
            // The message of the parser can quote the line, and the line can hold a key.
            let line = error.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            format!("LOQUAT_PROVIDERS: line {line} of {path} is not right: {}", error.message())
        }),
        Err(error) => Err(format!(
            "LOQUAT_PROVIDERS names {path}, which cannot be read ({error}): check the path and its permissions"
        )),
    };
    match file {
        Err(problem) => problems.add(problem),
        Ok(file) if file.provider.is_empty() => {
            problems.add(format!(
                "LOQUAT_PROVIDERS: {path} lists no provider: add a [[provider]] table with name and base_url"
            ));
        }
        Ok(file) => {
            for entry in file.provider {
                let name = entry.name.clone();
                if name.trim().is_empty() || name.contains('/') {
                    problems.add(format!(
                        "LOQUAT_PROVIDERS: {path} has a provider called {name:?}: give each a name without a slash"
                    ));
                } else if providers.iter().any(|other| other.name == name) {
                    problems.add(format!(
                        "LOQUAT_PROVIDERS: {path} has two providers called {name:?}: give each its own name"
                    ));
                } else if let Some(provider) = from_entry(entry, path, problems) {
                    providers.push(provider);
                }
            }
        }
    }
    Some(providers)
}

fn pair(settings: &ServeSettings, problems: &mut Problems) -> Option<Provider> {
    let api_key = problems.secret("OPENAI_API_KEY", &settings.openai_api_key_file);
    let base_url = match given(&settings.openai_base_url) {
        Some(url) => base_url("OPENAI_BASE_URL", url, problems)?,
        None if api_key.is_some() => Url::parse("https://api.openai.com/v1").ok()?,
        None => return None,
    };
    let name = if base_url.host_str() == Some("api.openai.com") {
        "OpenAI".to_owned()
    } else {
        let host = base_url.host_str().unwrap_or_default();
        base_url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    };
    Some(Provider { api_key, ..Provider::new(name, base_url) })
}

fn from_entry(entry: Entry, path: &str, problems: &mut Problems) -> Option<Provider> {
    let place = format!("LOQUAT_PROVIDERS: provider {:?} in {path}", entry.name);
    let given_keys = [entry.api_key.is_some(), entry.api_key_env.is_some(), entry.api_key_file.is_some()];
    if given_keys.iter().filter(|given| **given).count() > 1 {
        problems.add(format!("{place} has more than one of api_key, api_key_env and api_key_file: keep one"));
    }
    let api_key = match (entry.api_key, entry.api_key_env, entry.api_key_file) {
        (Some(key), ..) => Some(key),
        (_, Some(name), _) => match env::var(&name) {
            Ok(key) if !key.trim().is_empty() => Some(SecretString::from(key.trim().to_owned())),
            _ => {
                problems.add(format!("{place} wants its key from the variable {name}, which is not set"));
                None
            }
        },
        (_, _, Some(file)) => match fs::read_to_string(&file) {
            Ok(key) if !key.trim().is_empty() => Some(SecretString::from(key.trim().to_owned())),
            _ => {
                problems.add(format!("{place} wants its key from {file}, which cannot be read or is empty"));
                None
            }
        },
        _ => None,
    };
    let base_url = base_url(&place, &entry.base_url, problems)?;
    let mut provider = Provider { api_key, named: true, ..Provider::new(entry.name, base_url) };
    provider.context_tokens = entry.context_tokens;
    provider.images = entry.images;
    provider.prefill = entry.prefill;
    for model in entry.models {
        let ModelTable { name, context_tokens, images } = match model {
            EntryModel::Name(name) => ModelTable { name, context_tokens: None, images: None },
            EntryModel::Table(table) => table,
        };
        provider.contexts.extend(context_tokens.map(|tokens| (name.clone(), tokens)));
        provider.image_models.extend(images.map(|images| (name.clone(), images)));
        provider.models.push(name);
    }
    Some(provider)
}

fn base_url(place: &str, value: &str, problems: &mut Problems) -> Option<Url> {
    match Url::parse(value) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            if url.password().is_some() || !url.username().is_empty() {
                problems.add(format!(
                    "{place} has a key or password inside its address: give it as OPENAI_API_KEY or api_key instead"
                ));
                return None;
            }
            Some(url)
        }
        _ => {
            problems.add(format!("{place} is not an address ({value:?}): give one such as http://127.0.0.1:11434/v1"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_says_of_models_is_known_of_each() {
        let text = r#"
            [[provider]]
            name = "cellar"
            base_url = "http://10.0.0.7:8000/v1"
            context_tokens = 32768
            images = false
            models = ["plain", { name = "seeing", images = true }, { name = "short", context_tokens = 4096 }]
        "#;
        let entry = toml::from_str::<File>(text).unwrap().provider.pop().unwrap();
        let provider = from_entry(entry, "providers.toml", &mut Problems::default()).unwrap();
        assert_eq!(provider.models, ["plain", "seeing", "short"]);
        assert_eq!((provider.context_tokens, provider.images), (Some(32_768), Some(false)));
        assert_eq!(provider.contexts, [("short".to_owned(), 4096)].into());
        assert_eq!(provider.image_models, [("seeing".to_owned(), true)].into());
        let wrong = text.replace("images = false", "images = \"no\"");
        assert!(toml::from_str::<File>(&wrong).is_err_and(|error| error.message().contains("boolean")));
        let misspelt = text.replace("images = true", "image = true");
        assert!(toml::from_str::<File>(&misspelt).is_err_and(|error| error.message().contains("images = true")));
    }
}
