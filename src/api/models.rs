//! `/api/models`: what can be asked.

use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::Group;
use super::failure::Failure;
use super::session::Access;
use crate::app::App;
use crate::llm;

pub(super) struct Api;

/// A model that can be asked.
#[derive(Object)]
struct Model {
    /// What to give as `model` when asking.
    id: String,
    /// What to show.
    name: String,
    /// Who offers it.
    provider: String,
    /// Whether it answers when no model is given.
    is_default: bool,
    /// Whether it is the built-in demonstration, which is no language model.
    built_in: bool,
    /// How many tokens of a conversation it reads, where that is known or set; older messages are left out beyond it.
    context_tokens: Option<u32>,
    /// Whether a question to it can have images attached.
    images: bool,
}

impl From<llm::Model> for Model {
    fn from(model: llm::Model) -> Self {
        Self {
            id: model.id,
            name: model.name,
            provider: model.provider,
            is_default: model.is_default,
            built_in: model.built_in,
            context_tokens: model.context_tokens,
            images: model.images,
        }
    }
}

/// Every model that can be asked; always one page.
#[derive(Object)]
struct Models {
    /// The models, those of the first provider first.
    items: Vec<Model>,
    /// Always null: there are no more pages.
    next_cursor: Option<String>,
}

#[OpenApi(tag = "Group::Models")]
impl Api {
    /// Lists the models that can be asked
    ///
    /// For signed-in people: those that are offered to the one who asks. The list is at most a minute old; providers that do not answer are shown with what
    /// is known of them.
    #[oai(path = "/api/models", method = "get", operation_id = "list_models")]
    async fn list(&self, app: Data<&App>, access: Access) -> Result<Json<Models>, Failure> {
        let items = app.chat.catalog.models(access.0.user.role.into()).await.into_iter().map(Model::from).collect();
        Ok(Json(Models { items, next_cursor: None }))
    }
}
