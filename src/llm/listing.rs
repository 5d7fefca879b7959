//! Which models are offered under which names, and which one a name means. Pure.

use std::sync::Arc;

use super::Model;
use super::openai::{Endpoint, ListedModel};
use crate::config::Prefill;

/// The name of the built-in demo, which no provider's model can take.
pub(super) const DEMO: &str = "demo";
/// What a server is asked for when it lists nothing and nothing is set: those with a single model ignore the name.
const UNNAMED: &str = "default";

/// A provider and what it offers.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) endpoint: Arc<Endpoint>,
    /// Its models; `None` when it does not list them, so that it may have any.
    pub(super) models: Option<Vec<ListedModel>>,
}

/// Every model that is offered, the demo last.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) sources: Vec<Source>,
    pub(super) models: Vec<Model>,
}

impl Listing {
    /// Names the models of `sources`. `default` is the administrator's wish.
    pub(super) fn new(sources: Vec<Source>, default: Option<&str>) -> Self {
        let wish = default.and_then(|name| Wish::place(name, &sources));
        let mut models: Vec<Model> = Vec::new();
        let mut chosen = None;
        for (place, source) in sources.iter().enumerate() {
            let wished = wish.as_ref().filter(|wish| wish.source == place).map(|wish| wish.name);
            for listed in offered(source, wished) {
                let mut model = source.model(&listed);
                if model.id == DEMO || models.iter().any(|other| other.id == model.id) {
                    model.id = format!("{}/{}", source.endpoint.name, listed.id);
                }
                if models.iter().any(|other| other.id == model.id) {
                    continue;
                }
                if wished == Some(listed.id.as_str()) {
                    chosen = Some(models.len());
                }
                models.push(model);
            }
        }
        models.push(demo());
        let chosen = chosen.or_else(|| (default == Some(DEMO)).then(|| models.len() - 1));
        models[chosen.unwrap_or_default()].is_default = true;
        Self { sources, models }
    }

    /// The model that answers when none is named.
    pub(super) fn default_model(&self) -> Option<&Model> {
        self.models.iter().find(|model| model.is_default)
    }

    /// The model that `name` means: an id, a bare name that some provider has, `provider/model`, or any name where a
    /// provider does not list what it has.
    pub(super) fn find(&self, name: &str) -> Option<Model> {
        let known = self.models.iter().find(|model| model.id == name);
        if let Some(model) = known.or_else(|| self.models.iter().find(|model| model.wire_name == name)) {
            return Some(model.clone());
        }
        let by_prefix = self.sources.iter().find_map(|source| {
            let rest = name.strip_prefix(source.endpoint.name.as_str())?.strip_prefix('/')?;
            Some((source, rest))
        });
        if let Some((source, rest)) = by_prefix {
            let here = |model: &&Model| model.wire_name == rest && model.provider == source.endpoint.name;
            let known = self.models.iter().find(here).cloned();
            return known.or_else(|| (source.models.is_none() && !rest.is_empty()).then(|| source.unlisted(rest)));
        }
        self.sources.iter().find(|source| source.models.is_none()).map(|source| source.unlisted(name))
    }
}

impl Source {
    fn unlisted(&self, name: &str) -> Model {
        self.model(&ListedModel { id: name.to_owned(), ..ListedModel::default() })
    }

    fn model(&self, listed: &ListedModel) -> Model {
        let provider = self.endpoint.name.clone();
        let name = listed.id.clone();
        Model {
            id: if self.endpoint.named { format!("{provider}/{name}") } else { name.clone() },
            name: name.clone(),
            provider,
            is_default: false,
            built_in: false,
            context_tokens: self.endpoint.context_of(listed),
            prefill: self.endpoint.prefill_of(listed),
            wire_name: name,
            endpoint: Some(self.endpoint.clone()),
        }
    }
}

fn demo() -> Model {
    Model {
        id: DEMO.to_owned(),
        name: "Demo (scripted)".to_owned(),
        provider: "Loquat".to_owned(),
        is_default: false,
        built_in: true,
        context_tokens: None,
        prefill: Prefill::LastMessage,
        wire_name: DEMO.to_owned(),
        endpoint: None,
    }
}

/// Where the administrator's default model is to be found.
struct Wish<'a> {
    source: usize,
    name: &'a str,
}

impl<'a> Wish<'a> {
    /// With the provider it names, else with the first that lists it, else with the first that lists nothing. The setting
    /// also holds where a configured provider lists other models only: such lists are often incomplete.
    fn place(wish: &'a str, sources: &[Source]) -> Option<Self> {
        let prefixed = sources.iter().enumerate().find_map(|(source, provider)| {
            let name = wish.strip_prefix(provider.endpoint.name.as_str())?.strip_prefix('/')?;
            Some(Self { source, name })
        });
        if prefixed.is_none() && wish == DEMO {
            return None;
        }
        let lists =
            |source: &Source| source.models.as_ref().is_some_and(|models| models.iter().any(|model| model.id == wish));
        let bare = |source| Self { source, name: wish };
        prefixed
            .or_else(|| sources.iter().position(lists).map(bare))
            .or_else(|| sources.iter().position(|source| source.models.is_none()).map(bare))
            .or_else(|| sources.iter().position(|source| !source.endpoint.discovered).map(bare))
    }
}

/// The models a source offers: what it lists, with those that cannot chat at the end, and what was wished of it.
fn offered(source: &Source, wished: Option<&str>) -> Vec<ListedModel> {
    let named = |name: &str| ListedModel { id: name.to_owned(), ..ListedModel::default() };
    let Some(listed) = &source.models else {
        return vec![named(wished.unwrap_or(UNNAMED))];
    };
    let (others, mut models): (Vec<_>, Vec<_>) = listed.iter().cloned().partition(|model| cannot_chat(&model.id));
    models.extend(others);
    if let Some(wished) = wished.filter(|wished| !listed.iter().any(|model| model.id == *wished)) {
        models.insert(0, named(wished));
    }
    models
}

/// Whether a model is evidently for something else. The large providers list them all together, in no useful order, and the
/// first of a list must be able to answer.
fn cannot_chat(name: &str) -> bool {
    const OTHERS: [&str; 14] = [
        "embed",
        "whisper",
        "tts",
        "dall-e",
        "moderation",
        "transcribe",
        "realtime",
        "audio",
        "image",
        "davinci-002",
        "babbage-002",
        "rerank",
        "sora",
        "guard",
    ];
    let name = name.to_lowercase();
    OTHERS.iter().any(|other| name.contains(other))
}
