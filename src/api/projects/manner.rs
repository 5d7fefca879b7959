//! How a conversation is answered: by which model, told what, with which parameters.

use sea_orm::{ActiveValue, Set};

use crate::api::parameters::Parameters;
use crate::app::App;
use crate::entity::project;
use crate::error::{Error, Result};
use crate::llm;

/// What a request says of it; what is left out stays.
pub(super) struct Manner {
    pub(super) model: Option<String>,
    pub(super) system_prompt: Option<String>,
    pub(super) parameters: Option<Parameters>,
}

impl Manner {
    /// Puts it into a conversation, once it is known to be right.
    pub(super) async fn put(self, app: &App, asker: llm::Asker, project: &mut project::ActiveModel) -> Result<()> {
        if let Some(model) = self.model {
            let model = app.chat.catalog.resolve(Some(&model), asker).await;
            project.model = Set(Some(model.map_err(|error| Error::ModelUnknown(error.to_string()))?.id));
        }
        if let Some(prompt) = self.system_prompt {
            let prompt = prompt.replace('\0', "\u{fffd}");
            project.system_prompt = Set(Some(prompt).filter(|prompt| !prompt.trim().is_empty()));
        }
        if let Some(parameters) = self.parameters {
            let parameters = parameters.check()?;
            let text = serde_json::to_string(&parameters).map_err(|error| Error::Internal(error.into()))?;
            project.parameters = Set(Some(text).filter(|_| parameters != llm::Parameters::default()));
        }
        Ok(())
    }
}

/// How many bytes of text a conversation gets more by a change, or less where it is below nothing.
pub(super) fn growth(before: Option<&project::Model>, change: &project::ActiveModel) -> i64 {
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let more = |value: &ActiveValue<Option<String>>, before: Option<&Option<String>>| match value {
        ActiveValue::Set(text) => length(text) as i64 - before.map_or(0, length) as i64,
        _ => 0,
    };
    let name = match &change.name {
        ActiveValue::Set(name) => name.len() as i64 - before.map_or(0, |before| before.name.len()) as i64,
        _ => 0,
    };
    let prompt = more(&change.system_prompt, before.map(|before| &before.system_prompt));
    let parameters = more(&change.parameters, before.map(|before| &before.parameters));
    name + prompt + parameters
}
