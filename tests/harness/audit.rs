//! What has to hold of the database after every fault, told in words where it does not.
//!
//! A turn is known by its question, so every question of an audited test has to be one paragraph of its own words.

use std::collections::{HashMap, HashSet};

use loquat::chat::said::Said;
use loquat::config::{Data, Database};
use loquat::entity::answer_chunk::{self, Kind};
use loquat::entity::message::{self, Model as Message, Role, Status};
use loquat::entity::project;
use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait, QueryOrder, Statement};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::provider::{Call, Provider};

/// What clients were told, which the database must not contradict.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// Questions that were answered with a 2xx.
    pub accepted: HashSet<String>,
    /// Answers that ended before a client's eyes, by their id: the status and the text of the ending.
    pub ended: HashMap<String, (String, String)>,
    /// Questions that were deleted with their conversations.
    pub deleted: HashSet<String>,
    /// Answers that a process is writing at this moment.
    pub live: usize,
}

/// Fails with every rule that is broken.
pub async fn assert_clean(data: &Data, provider: &Provider, witness: &Witness) {
    let broken = violations(data, provider, witness).await;
    assert!(broken.is_empty(), "the audit found:\n  {}", broken.join("\n  "));
}

/// Every rule that is broken, in words.
pub async fn violations(data: &Data, provider: &Provider, witness: &Witness) -> Vec<String> {
    let db = connect(data).await;
    let mut audit = Audit {
        messages: message::Entity::find().order_by_asc(message::Column::Id).all(&db).await.unwrap(),
        projects: project::Entity::find().all(&db).await.unwrap(),
        calls: provider.record(),
        witness,
        broken: Vec::new(),
    };
    let chunks = answer_chunk::Entity::find()
        .order_by_asc(answer_chunk::Column::MessageId)
        .order_by_asc(answer_chunk::Column::Position)
        .all(&db)
        .await
        .unwrap();
    audit.integrity(&db).await;
    audit.trees();
    audit.unfinished(&chunks);
    audit.texts(&chunks);
    audit.calls();
    audit.witnesses();
    db.close().await.unwrap();
    audit.broken
}

/// Opens it as any other program would, without Loquat's own rules.
pub async fn connect(data: &Data) -> DatabaseConnection {
    let url = match &data.database {
        Database::Sqlite(path) => format!("sqlite://{}", path.display()),
        Database::Postgres(url) => url.expose_secret().to_owned(),
    };
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.unwrap()
}

struct Audit<'a> {
    messages: Vec<Message>,
    projects: Vec<project::Model>,
    calls: Vec<Call>,
    witness: &'a Witness,
    broken: Vec<String>,
}

impl Audit<'_> {
    async fn integrity(&mut self, db: &DatabaseConnection) {
        if db.get_database_backend() != sea_orm::DbBackend::Sqlite {
            return;
        }
        let ask = |sql: &str| Statement::from_string(db.get_database_backend(), sql.to_owned());
        for row in db.query_all_raw(ask("PRAGMA integrity_check")).await.unwrap() {
            let told: String = row.try_get("", "integrity_check").unwrap();
            if told != "ok" {
                self.broken.push(format!("PRAGMA integrity_check: {told}"));
            }
        }
        let orphans = db.query_all_raw(ask("PRAGMA foreign_key_check")).await.unwrap().len();
        if orphans > 0 {
            self.broken.push(format!("{orphans} rows point at rows that are not there"));
        }
    }

    /// Every conversation is one tree in which questions and answers take turns, and its shown end is in it.
    fn trees(&mut self) {
        let by_id: HashMap<Uuid, &Message> = self.messages.iter().map(|message| (message.id, message)).collect();
        let answered: HashSet<Uuid> = self.messages.iter().filter_map(|message| message.parent_id).collect();
        for message in &self.messages {
            let place = short(message);
            let parent = message.parent_id.map(|id| by_id.get(&id));
            match parent {
                Some(None) => self.broken.push(format!("{place} replies to a message that is not there")),
                Some(Some(parent)) if parent.role == message.role => {
                    self.broken.push(format!("{place} replies to a message of the same role"));
                }
                Some(Some(parent)) if parent.project_id != message.project_id => {
                    self.broken.push(format!("{place} replies into another conversation"));
                }
                Some(Some(parent)) if parent.id >= message.id => {
                    self.broken.push(format!("{place} is older than what it replies to"));
                }
                None if message.role == Role::Assistant => {
                    self.broken.push(format!("{place} is an answer to nothing"));
                }
                _ => {}
            }
            if message.role == Role::User && !answered.contains(&message.id) {
                self.broken.push(format!("{place} is a question without an answer, half of a turn"));
            }
        }
        for project in &self.projects {
            let has_any = self.messages.iter().any(|message| message.project_id == project.id);
            let leaf = project.leaf_id.and_then(|id| by_id.get(&id));
            if has_any && leaf.is_none_or(|leaf| leaf.project_id != project.id) {
                self.broken.push(format!("the conversation {} shows a branch that is not there", project.id));
            }
        }
    }

    /// No unfinished row without somebody who writes it, and parts without gaps that belong to such rows alone.
    fn unfinished(&mut self, chunks: &[answer_chunk::Model]) {
        let running: HashSet<Uuid> = self
            .messages
            .iter()
            .filter(|message| message.status == Status::Running)
            .map(|message| message.id)
            .collect();
        if running.len() > self.witness.live {
            let broken = format!("{} answers are marked as running, and {} are", running.len(), self.witness.live);
            self.broken.push(broken);
        }
        let mut place = (Uuid::nil(), 0);
        for chunk in chunks {
            if !running.contains(&chunk.message_id) {
                self.broken.push(format!("parts of the finished answer {} were left behind", chunk.message_id));
            }
            if place.0 != chunk.message_id {
                // A continued answer has text from before its first part.
                let answer = self.messages.iter().find(|message| message.id == chunk.message_id);
                let begun =
                    answer.map_or(0, |answer| answer.content.len() + answer.reasoning.as_ref().map_or(0, String::len));
                place = (chunk.message_id, begun);
            }
            if usize::try_from(chunk.position).unwrap() != place.1 {
                self.broken.push(format!("a gap in the parts of {}: {} after {}", place.0, chunk.position, place.1));
            }
            place.1 = usize::try_from(chunk.position).unwrap() + chunk.content.len();
        }
    }

    /// Complete answers are what was sent; every other one is a beginning of it.
    fn texts(&mut self, chunks: &[answer_chunk::Model]) {
        let by_id: HashMap<Uuid, &Message> = self.messages.iter().map(|message| (message.id, message)).collect();
        let mut calls: HashMap<&str, Vec<&Call>> = HashMap::new();
        for call in &self.calls {
            calls.entry(call.question()).or_default().push(call);
        }
        for answer in self.messages.iter().filter(|message| message.role == Role::Assistant) {
            let question = answer.parent_id.and_then(|id| by_id.get(&id)).map_or("", |question| &question.content);
            let mut stored = Said::of(&answer.content, answer.reasoning.as_deref(), answer.layout.as_deref());
            for chunk in chunks.iter().filter(|chunk| chunk.message_id == answer.id) {
                stored.push(chunk.kind, &chunk.content);
            }
            let stored = bytes(stored.parts(0));
            let mut sent = calls.get(question).into_iter().flatten().map(|call| {
                let said = call.said.iter().map(|(_, kind, text)| (*kind, text.as_str()));
                (bytes(said), call.finished)
            });
            let fits = match answer.status {
                Status::Complete => sent.any(|(sent, finished)| finished && sent == stored),
                _ => stored.is_empty() || sent.any(|(sent, _)| sent.starts_with(&stored)),
            };
            if !fits {
                let what = format!("{} ({:?}, {} bytes)", short(answer), answer.status, stored.len());
                self.broken.push(format!("{what} is not what the provider sent for {question:?}"));
            }
        }
    }

    /// One call for every accepted turn, and none without one.
    fn calls(&mut self) {
        let mut answers: HashMap<&str, Vec<&Message>> = HashMap::new();
        let by_id: HashMap<Uuid, &Message> = self.messages.iter().map(|message| (message.id, message)).collect();
        for answer in self.messages.iter().filter(|message| message.role == Role::Assistant) {
            if let Some(question) = answer.parent_id.and_then(|id| by_id.get(&id)) {
                answers.entry(&question.content).or_default().push(answer);
            }
        }
        let mut called: HashMap<&str, Vec<&Call>> = HashMap::new();
        for call in &self.calls {
            called.entry(call.question()).or_default().push(call);
        }
        for (question, calls) in &called {
            if self.witness.deleted.contains(*question) {
                continue;
            }
            let Some(answers) = answers.get(question) else {
                self.broken.push(format!("the provider was asked {question:?}, which is not stored"));
                continue;
            };
            let repeatable = |call: &&&Call| matches!(call.status, Some(429 | 500..=504));
            let once = calls.iter().filter(|call| !repeatable(call)).count();
            if once > answers.len() || calls.len() > 3 * answers.len() {
                let count = calls.len();
                self.broken.push(format!("the provider was asked {question:?} {count} times, {once} of them for good"));
            }
        }
        for (question, answers) in &answers {
            let whole = answers.iter().filter(|answer| answer.status == Status::Complete).count();
            if called.get(question).map_or(0, Vec::len) < whole {
                self.broken.push(format!("{question:?} has a complete answer that no provider gave"));
            }
            if answers.len() > 1 {
                self.broken.push(format!("{question:?} was asked once and has {} answers", answers.len()));
            }
        }
    }

    /// What a client was told is so.
    fn witnesses(&mut self) {
        let questions: HashSet<&str> = self
            .messages
            .iter()
            .filter(|message| message.role == Role::User)
            .map(|message| message.content.as_str())
            .collect();
        for question in &self.witness.accepted {
            if !questions.contains(question.as_str()) && !self.witness.deleted.contains(question) {
                self.broken.push(format!("{question:?} was accepted and is not stored"));
            }
        }
        for (id, (status, content)) in &self.witness.ended {
            let stored = self.messages.iter().find(|message| message.id.to_string() == *id);
            let same = stored.is_some_and(|stored| {
                loquat::chat::event::status_word(stored.status) == status && stored.content == *content
            });
            if !same {
                let is = stored.map(|stored| (stored.status, stored.content.len()));
                let length = content.len();
                self.broken.push(format!("{id} was told to be {status} with {length} bytes, and is {is:?}"));
            }
        }
    }
}

/// A log byte by byte, each with what it is a part of.
fn bytes<'a>(parts: impl Iterator<Item = (Kind, &'a str)>) -> Vec<(Kind, u8)> {
    parts.flat_map(|(kind, text)| text.bytes().map(move |byte| (kind, byte))).collect()
}

fn short(message: &Message) -> String {
    let begin: String = message.content.chars().take(24).collect();
    format!("the {:?} message {} {begin:?}", message.role, message.id)
}
