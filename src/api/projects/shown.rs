//! Conversations as the API shows them.

use poem_openapi::{Enum, Object};
use uuid::Uuid;

use super::super::parameters::Parameters;
use super::super::time::Time;
use crate::app::App;
use crate::chat::search::Found;
use crate::entity::project::{self, NameSource};

/// A conversation.
#[derive(Object)]
pub(in crate::api) struct Project {
    /// Its id.
    id: Uuid,
    /// What it is called.
    name: String,
    /// Where the name comes from.
    name_source: Source,
    /// The model of the newest turn, which answers the next one unless another is asked for.
    model: Option<String>,
    /// What the model is told before everything else.
    system_prompt: Option<String>,
    /// How the model is to answer.
    parameters: Parameters,
    /// The newest message of the branch that is shown.
    active_message_id: Option<Uuid>,
    /// The answer that is being written in it now.
    live_message_id: Option<Uuid>,
    /// Whether you keep it at the top.
    pinned: bool,
    /// Where the text is that was looked for; null where nothing was.
    #[oai(rename = "match")]
    found: Option<ProjectMatch>,
    /// When it was made.
    created_at: Time,
    /// When it was last used or renamed.
    updated_at: Time,
}

/// Where a conversation has the text that was looked for.
#[derive(Object)]
pub(in crate::api) struct ProjectMatch {
    /// The newest message that has it; null when the name has it.
    message_id: Option<Uuid>,
    /// The name, or what stands around the text in the message: some 80 characters on either side, and `…` where more was
    /// left out.
    excerpt: String,
}

/// Where a conversation's name comes from.
#[derive(Enum)]
#[oai(rename = "NameSource", rename_all = "snake_case")]
pub(in crate::api) enum Source {
    /// It has none of its own yet.
    Default,
    /// The first words of the first question.
    FirstWords,
    /// A model that read the first turn.
    Model,
    /// You.
    User,
}

impl From<NameSource> for Source {
    fn from(source: NameSource) -> Self {
        match source {
            NameSource::Default => Self::Default,
            NameSource::FirstWords => Self::FirstWords,
            NameSource::Model => Self::Model,
            NameSource::User => Self::User,
        }
    }
}

/// A conversation as it is.
pub(in crate::api) fn show(app: &App, project: project::Model) -> Project {
    let parameters = project.parameters().into();
    Project {
        live_message_id: app.chat.answers.in_project(project.id).map(|running| running.message_id),
        id: project.id,
        name: project.name,
        name_source: project.name_source.into(),
        parameters,
        system_prompt: project.system_prompt,
        model: project.model,
        active_message_id: project.leaf_id,
        pinned: project.pinned,
        found: None,
        created_at: Time(project.created_at),
        updated_at: Time(project.updated_at),
    }
}

/// A conversation that was found.
pub(super) fn show_found(app: &App, found: Found) -> Project {
    let Found { project, message_id, excerpt } = found;
    Project { found: Some(ProjectMatch { message_id, excerpt }), ..show(app, project) }
}
