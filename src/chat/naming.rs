//! What a conversation is called: at once from the first words, or the first image where there are none, then better from a
//! model.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::Chat;
use super::changes::Change;
use crate::entity::message::{self, Role};
use crate::entity::project::{self, NameSource};
use crate::error::{Error, Result};
use crate::llm;
use crate::pace::Standing;

/// What a conversation is called before anything is known about it.
pub const DEFAULT: &str = "New conversation";

/// The longest name, in characters.
pub const LONGEST: usize = 200;

/// How long a name made by us may be, in characters.
const SHORT: usize = 48;
/// How long a model may take to think of a name.
const PATIENCE: Duration = Duration::from_secs(12);
/// How many characters of question and answer the model is shown.
const SHOWN: usize = 1500;

/// A name from the first words of a question; `None` when it has no words.
pub fn from_words(question: &str) -> Option<String> {
    let line = question.lines().map(plain).find(|line| !line.is_empty())?;
    Some(shorten(&line))
}

/// A name from a question: its first words, else what its first image is called.
pub fn from_question(question: &message::Model) -> Option<String> {
    from_words(&question.content).or_else(|| Some(shorten(&question.attachments().first()?.name)))
}

/// The conversations for which a model is thinking of a name.
#[derive(Clone, Debug, Default)]
pub(super) struct Underway(Arc<Mutex<HashSet<Uuid>>>);

/// That one of them is, until it is dropped.
struct Thinking {
    underway: Underway,
    project_id: Uuid,
}

impl Underway {
    /// None where one is being thought of already.
    fn enter(&self, project_id: Uuid) -> Option<Thinking> {
        let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(project_id);
        is_new.then(|| Thinking { underway: self.clone(), project_id })
    }
}

impl Drop for Thinking {
    fn drop(&mut self) {
        self.underway.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.project_id);
    }
}

/// A conversation with the name that was found for it.
#[derive(Debug)]
pub struct Named {
    /// The conversation.
    pub project: project::Model,
    /// How far its person is from their limit, where a model was asked.
    pub standing: Option<Standing>,
}

/// Names a conversation after its first turn with one call to the model, and stores the name unless the person
/// has given one meanwhile. When the model cannot help, the name from the first words stays. While one is being thought of,
/// nothing more is done.
pub async fn generate(chat: &Chat, project: project::Model, asker: llm::Asker) -> Result<Named> {
    let as_it_is = |project| Ok(Named { project, standing: None });
    if matches!(project.name_source, NameSource::User | NameSource::Model) {
        return as_it_is(project);
    }
    let Some(_thinking) = chat.names.enter(project.id) else { return as_it_is(project) };
    let first = message::Entity::owned_by(project.owner_id, project.id)
        .filter(message::Column::Role.eq(Role::User))
        .order_by_asc(message::Column::Id)
        .one(chat.db.reader())
        .await?;
    let Some(question) = first else {
        return Err(Error::NothingAsked);
    };
    if chat.stopping.is_cancelled() {
        return Err(Error::ShuttingDown);
    }
    let standing = chat.allowance.take_name(project.owner_id).map_err(Error::TooOften)?;
    let answer = message::Entity::answers_to(question.id).one(chat.db.reader()).await?;
    let answer = answer.map(|answer| chat.content_of(&answer)).unwrap_or_default();
    let thought = ask(chat, project.model.as_deref(), asker, &words_of(&question), &answer).await;
    let (name, source) = match thought {
        Some(name) => (name, NameSource::Model),
        None => match from_question(&question) {
            Some(name) => (name, NameSource::FirstWords),
            None => return Ok(Named { project, standing }),
        },
    };
    store(chat, project.id, &name, source).await?;
    chat.changes.publish(project.owner_id, Change::Changed(project.id));
    let named = project::Entity::owned_one(project.owner_id, project.id).one(chat.db.reader()).await?;
    Ok(Named { project: named.ok_or(Error::NotFound("conversation"))?, standing })
}

/// A question in words: what it has none of is told by the names of its images.
fn words_of(question: &message::Model) -> Cow<'_, str> {
    if !question.content.is_empty() {
        return Cow::Borrowed(&question.content);
    }
    let names: Vec<String> = question.attachments().into_iter().map(|image| image.name).collect();
    Cow::Owned(format!("(images alone: {})", names.join(", ")))
}

async fn ask(chat: &Chat, model: Option<&str>, asker: llm::Asker, question: &str, answer: &str) -> Option<String> {
    let model = match chat.catalog.naming_model().await {
        Some(model) => model,
        None => match chat.catalog.resolve(model, asker).await {
            Ok(model) => model,
            Err(_) => chat.catalog.resolve(None, asker).await.ok()?,
        },
    };
    if model.built_in {
        return None;
    }
    let clip = |text: &str| text.chars().take(SHOWN).collect::<String>();
    let content = format!(
        "Give this conversation a title of two to six words, in its own language. Reply with the title alone: no quotes, no full stop.\n\nQuestion:\n{}\n\nAnswer:\n{}",
        clip(question),
        clip(answer)
    );
    let request = llm::Request {
        model,
        messages: vec![llm::Message::new(llm::Role::User, content)],
        parameters: llm::Parameters { max_tokens: Some(64), ..llm::Parameters::default() },
    };
    match chat.catalog.short_text(request, PATIENCE).await {
        Ok(text) => text.lines().map(plain).rfind(|line| !line.is_empty()).map(|line| shorten(&line)),
        Err(error) => {
            tracing::info!(code = error.code(), "the model could not name a conversation");
            None
        }
    }
}

async fn store(chat: &Chat, project_id: Uuid, name: &str, source: NameSource) -> Result<()> {
    let transaction = chat.db.write().await?;
    let named = project::Entity::update_many()
        .col_expr(project::Column::Name, Expr::value(name))
        .col_expr(project::Column::NameSource, Expr::value(source))
        .filter(project::Column::Id.eq(project_id))
        .filter(project::Column::NameSource.ne(NameSource::User))
        .exec(&transaction)
        .await?;
    chat.db.commit(transaction).await?;
    if named.rows_affected > 0
        && let Some(running) = chat.answers.in_project(project_id)
    {
        running.log.set_name(name);
    }
    Ok(())
}

/// A line without the marks of Markdown and quotation around it.
fn plain(line: &str) -> String {
    let marks = |c: char| c.is_whitespace() || c.is_control() || "#>*_`~-\"'“”„«»".contains(c);
    let line = line.replace("**", "").replace("__", "").replace('`', "");
    line.trim_matches(marks).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Cuts at the end of a word.
fn shorten(line: &str) -> String {
    if line.chars().count() <= SHORT {
        return line.to_owned();
    }
    let cut: String = line.chars().take(SHORT).collect();
    let whole = cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole);
    let whole = if whole.chars().count() < SHORT / 2 { &cut } else { whole };
    format!("{}…", whole.trim_end_matches([',', ';', ':', '.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_words_make_a_name() {
        let name = |text| from_words(text).unwrap();
        assert_eq!(name("What is a loquat?"), "What is a loquat?");
        assert_eq!(name("\n\n## **Plan** my   week\nand more"), "Plan my week");
        assert_eq!(
            name("Please explain to me in simple words how a transformer model works"),
            "Please explain to me in simple words how a…"
        );
        assert_eq!(name(&"あ".repeat(100)).chars().count(), SHORT + 1);
        assert_eq!(from_words("  \n ** \n"), None);
    }
}
