//! Which models are offered under which names, and which one a name means. Pure.

use std::sync::Arc;

use uuid::Uuid;

use super::openai::{Endpoint, ListedModel};
use super::{Asker, Audience, Error, Known, Model, Origin, Policy};
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
    /// Whether it was asked for them yet.
    pub(super) asked: bool,
    /// Why it did not list them when it was asked last.
    pub(super) trouble: Option<Error>,
    /// The row of one that an administrator added.
    pub(super) id: Option<Uuid>,
    /// What an administrator said of its models.
    pub(super) policy: Arc<Policy>,
}

/// Every model that is offered, the demo last.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) sources: Vec<Source>,
    /// What members are offered …
    everyone: Vec<Model>,
    /// … and what administrators are.
    administrators: Vec<Model>,
    /// The model that names conversations, whether or not it is offered.
    pub(super) naming: Option<Model>,
}

impl Listing {
    /// Names the models of `sources`. `default` is the operator's wish, which wins over what administrators chose.
    pub(super) fn new(sources: Vec<Source>, default: Option<&str>) -> Self {
        let wish = match default {
            Some(name) => Wish::place(name, &sources),
            None => Wish::of_administrators(&sources),
        };
        let mut models: Vec<Model> = Vec::new();
        let mut chosen = None;
        let mut naming = None;
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
                    chosen = Some(model.id.clone());
                }
                if source.policy.naming.as_deref() == Some(&listed.id) {
                    naming = Some(model.clone());
                }
                models.push(model);
            }
        }
        models.push(demo());
        let chosen = chosen.or_else(|| (default == Some(DEMO)).then(|| DEMO.to_owned()));
        let offer = |asker| offer(&models, asker, chosen.as_deref());
        let (everyone, administrators) = (offer(Asker::Member), offer(Asker::Administrator));
        Self { everyone, administrators, naming, sources }
    }

    /// What somebody is offered.
    pub(super) fn models(&self, asker: Asker) -> &[Model] {
        match asker {
            Asker::Member => &self.everyone,
            Asker::Administrator => &self.administrators,
        }
    }

    /// The model that answers somebody who names none.
    pub(super) fn default_model(&self, asker: Asker) -> Option<&Model> {
        self.models(asker).iter().find(|model| model.is_default)
    }

    /// The model that `name` means: an id, a bare name that some provider has, `provider/model`, or any name where a
    /// provider does not list what it has.
    pub(super) fn find(&self, name: &str, asker: Asker) -> Option<Model> {
        let models = self.models(asker);
        let known = models.iter().find(|model| model.id == name);
        if let Some(model) = known.or_else(|| models.iter().find(|model| model.wire_name == name)) {
            return Some(model.clone());
        }
        let unlisted = |source: &Source, name: &str| {
            let may_have_it = source.models.is_none() && !name.is_empty() && source.policy.audience(name).has(asker);
            may_have_it.then(|| source.unlisted(name))
        };
        let by_prefix = self.sources.iter().find_map(|source| {
            let rest = name.strip_prefix(source.endpoint.name.as_str())?.strip_prefix('/')?;
            Some((source, rest))
        });
        if let Some((source, rest)) = by_prefix {
            let here = |model: &&Model| model.wire_name == rest && model.provider == source.endpoint.name;
            return models.iter().find(here).cloned().or_else(|| unlisted(source, rest));
        }
        self.sources.iter().find_map(|source| unlisted(source, name))
    }
}

/// The models for somebody. The first is the default where the chosen one is not among them.
fn offer(models: &[Model], asker: Asker, chosen: Option<&str>) -> Vec<Model> {
    let mut models: Vec<Model> = models.iter().filter(|model| model.offered_to.has(asker)).cloned().collect();
    let place = chosen.and_then(|chosen| models.iter().position(|model| model.id == chosen));
    if let Some(model) = models.get_mut(place.unwrap_or_default()) {
        model.is_default = true;
    }
    models
}

impl Source {
    /// One of which nothing is known, and whose models are for everyone.
    pub(super) fn of(endpoint: Arc<Endpoint>) -> Self {
        Self { endpoint, models: None, asked: false, trouble: None, id: None, policy: Arc::default() }
    }

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
            images: self.endpoint.takes_images(listed),
            offered_to: self.policy.audience(&name),
            prefill: self.endpoint.prefill_of(listed),
            wire_name: name,
            endpoint: Some(self.endpoint.clone()),
        }
    }

    /// What is known of it.
    pub(super) fn known(&self) -> Known {
        let endpoint = &self.endpoint;
        let origin = match self.id {
            Some(id) => Origin::Stored(id),
            None if endpoint.discovered => Origin::Found,
            None if endpoint.named => Origin::File,
            None => Origin::Environment,
        };
        let known = |listed: &ListedModel| endpoint.known(listed);
        Known {
            origin,
            name: endpoint.name.clone(),
            address: endpoint.base_url.clone(),
            has_key: endpoint.has_key(),
            models: self.models.as_ref().map(|models| models.iter().map(known).collect()),
            asked: self.asked,
            trouble: self.trouble.clone(),
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
        images: true,
        offered_to: Audience::Everyone,
        prefill: Prefill::LastMessage,
        wire_name: DEMO.to_owned(),
        endpoint: None,
    }
}

/// Where the default model is to be found.
struct Wish<'a> {
    source: usize,
    name: &'a str,
}

impl<'a> Wish<'a> {
    /// What an administrator chose in the settings.
    fn of_administrators(sources: &'a [Source]) -> Option<Self> {
        sources
            .iter()
            .enumerate()
            .find_map(|(source, provider)| Some(Self { source, name: provider.policy.default.as_deref()? }))
    }

    /// With the provider it names, else with the first that lists it, else with the first that lists nothing. The setting
    /// also holds where a configured provider lists other models only: such lists are often incomplete.
    fn place(wish: &'a str, sources: &'a [Source]) -> Option<Self> {
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

/// The models a source offers: what it lists, with those that cannot chat at the end, and what was wished of it or an
/// administrator spoke of.
fn offered(source: &Source, wished: Option<&str>) -> Vec<ListedModel> {
    let named = |name: &str| ListedModel { id: name.to_owned(), ..ListedModel::default() };
    let policy = &source.policy;
    let spoken_of = policy.models.keys().chain(&policy.default).chain(&policy.naming);
    let Some(listed) = &source.models else {
        let mut names: Vec<&str> = wished.into_iter().chain(spoken_of.map(String::as_str)).collect();
        names.dedup();
        let names = if names.is_empty() { vec![UNNAMED] } else { names };
        return names.into_iter().map(named).collect();
    };
    let (others, mut models): (Vec<_>, Vec<_>) = listed.iter().cloned().partition(|model| cannot_chat(&model.id));
    models.extend(others);
    if let Some(wished) = wished.filter(|wished| !listed.iter().any(|model| model.id == *wished)) {
        models.insert(0, named(wished));
    }
    for name in spoken_of {
        if !models.iter().any(|model| model.id == *name) {
            models.push(named(name));
        }
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
