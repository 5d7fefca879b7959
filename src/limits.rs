//! The limits that administrators set: kept in the database, in force from the moment they are stored, on this server and
//! after every start, until they are taken back to what the server was started with.
//!
//! A stored limit wins over the environment. Were it the other way round, a limit that the environment sets could never be
//! changed while the server runs, and one that was changed would be another after a restart than before it.
//!
//! How often anybody may guess at passwords and keys is none of them: those limits guard the administrators' own accounts
//! too, and whoever gets into one of them is not to lift them for the next.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sea_orm::{DbBackend, EntityTrait};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::audit::{self, Target};
use crate::auth::{Caller, people};
use crate::chat::Chat;
use crate::clock;
use crate::config;
use crate::db::Db;
use crate::entity::audit_log::Action;
use crate::entity::limit;
use crate::error::{Error, Result};

/// A limit that administrators can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// Questions of one person within a minute.
    TurnsPerMinute,
    /// Answers of one person that are written at once or wait.
    LiveAnswersPerPerson,
    /// Answers that are written at once in all.
    LiveAnswers,
    /// Answers that wait for their turn.
    WaitingAnswers,
    /// Bytes of one question.
    MessageBytes,
    /// Open sockets of one person.
    SocketsPerPerson,
    /// Bytes of text that one person stores.
    StoragePerPerson,
    /// Conversations of one person.
    ConversationsPerPerson,
    /// Messages of one conversation.
    MessagesPerConversation,
}

impl Limit {
    /// Every one, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::TurnsPerMinute,
        Self::LiveAnswersPerPerson,
        Self::LiveAnswers,
        Self::WaitingAnswers,
        Self::MessageBytes,
        Self::SocketsPerPerson,
        Self::StoragePerPerson,
        Self::ConversationsPerPerson,
        Self::MessagesPerConversation,
    ];

    /// What it is called in the table, in the audit log and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::TurnsPerMinute => "turns_per_minute",
            Self::LiveAnswersPerPerson => "live_answers_per_person",
            Self::LiveAnswers => "live_answers",
            Self::WaitingAnswers => "waiting_answers",
            Self::MessageBytes => "message_bytes",
            Self::SocketsPerPerson => "sockets_per_person",
            Self::StoragePerPerson => "storage_per_person",
            Self::ConversationsPerPerson => "conversations_per_person",
            Self::MessagesPerConversation => "messages_per_conversation",
        }
    }

    /// The least that somebody can do anything with, and the most that is still a limit.
    pub fn bounds(self) -> (u64, u64) {
        match self {
            Self::TurnsPerMinute => (1, 100_000),
            Self::LiveAnswersPerPerson => (1, 10_000),
            Self::LiveAnswers | Self::WaitingAnswers => (1, 1_000_000),
            Self::MessageBytes => (1024, 1 << 30),
            Self::SocketsPerPerson => (1, 10_000),
            Self::StoragePerPerson => (1 << 20, 1 << 50),
            Self::ConversationsPerPerson => (1, 1_000_000),
            Self::MessagesPerConversation => (2, 1_000_000),
        }
    }

    /// Where the settings have it.
    fn place(self, limits: &mut config::Limits) -> &mut Option<usize> {
        match self {
            Self::TurnsPerMinute => &mut limits.turns_per_minute,
            Self::LiveAnswersPerPerson => &mut limits.live_answers_each,
            Self::LiveAnswers => &mut limits.live_answers,
            Self::WaitingAnswers => &mut limits.waiting_answers,
            Self::MessageBytes => &mut limits.message_bytes,
            Self::SocketsPerPerson => &mut limits.sockets.per_person,
            Self::StoragePerPerson => &mut limits.storage.per_person,
            Self::ConversationsPerPerson => &mut limits.storage.conversations,
            Self::MessagesPerConversation => &mut limits.storage.messages,
        }
    }

    fn check(self, value: u64, settings: &config::Limits) -> Result<()> {
        let (least, most) = self.bounds();
        if value != 0 && !(least..=most).contains(&value) {
            return Err(Error::invalid(
                self.word(),
                format!("give a number from {least} to {most}, or 0 for no limit"),
            ));
        }
        match self.surpassed(value, settings) {
            Some(most) => Err(Error::invalid(
                self.word(),
                format!(
                    "requests may have {most} bytes in all: give no more than that, or raise LOQUAT_MAX_BODY_BYTES first"
                ),
            )),
            None => Ok(()),
        }
    }

    /// The setting that keeps a value from ever counting: no question is larger than its request.
    fn surpassed(self, value: u64, settings: &config::Limits) -> Option<u64> {
        let most = settings.body_bytes.filter(|_| self == Self::MessageBytes)? as u64;
        (value > most).then_some(most)
    }
}

/// A limit as it stands. 0 means that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which one.
    pub limit: Limit,
    /// What it is now.
    pub value: u64,
    /// What the server was started with.
    pub as_started: u64,
    /// Whether an administrator has set it.
    pub is_set: bool,
}

/// The limits; cheap to clone.
#[derive(Clone)]
pub struct Limits(Arc<Inner>);

struct Inner {
    db: Db,
    chat: Chat,
    as_started: config::Limits,
    now: RwLock<Now>,
    /// Held while the database is read, so that of two readers the later one has the last word.
    loading: Mutex<()>,
}

#[derive(Clone)]
struct Now {
    limits: Arc<config::Limits>,
    set: BTreeMap<Limit, u64>,
}

impl Limits {
    /// What the server was started with, until it is known what administrators have set.
    pub fn new(db: Db, chat: Chat, as_started: config::Limits) -> Self {
        let now = RwLock::new(Now { limits: Arc::new(as_started.clone()), set: BTreeMap::new() });
        Self(Arc::new(Inner { db, chat, as_started, now, loading: Mutex::default() }))
    }

    /// Every limit as it is now, those that cannot be changed included.
    pub fn now(&self) -> Arc<config::Limits> {
        self.standing().limits
    }

    /// Those that administrators can set, in the order in which they are shown.
    pub fn list(&self) -> Vec<Standing> {
        let Now { limits, set } = self.standing();
        let (mut now, mut as_started) = (config::Limits::clone(&limits), self.0.as_started.clone());
        let amount = |limit: Limit, limits: &mut config::Limits| limit.place(limits).map_or(0, |most| most as u64);
        let stand = |limit| Standing {
            limit,
            value: amount(limit, &mut now),
            as_started: amount(limit, &mut as_started),
            is_set: set.contains_key(&limit),
        };
        Limit::ALL.into_iter().map(stand).collect()
    }

    /// Puts in force what the database has, if that is something new.
    pub async fn load(&self) -> Result<()> {
        let _loading = self.0.loading.lock().await;
        let rows = limit::Entity::find().all(self.0.db.reader()).await?;
        let set = understand(&rows);
        if set == self.standing().set {
            return Ok(());
        }
        let mut limits = self.0.as_started.clone();
        for (limit, value) in &set {
            let most = usize::try_from(*value).unwrap_or(usize::MAX);
            *limit.place(&mut limits) = Some(most).filter(|most| *most > 0);
            tracing::info!(
                limit = limit.word(),
                value,
                "an administrator has set this limit; the setting does not count"
            );
            if let Some(most) = limit.surpassed(*value, &limits) {
                tracing::warn!(
                    limit = limit.word(),
                    value,
                    most,
                    "this limit does not count, as LOQUAT_MAX_BODY_BYTES lets less arrive: raise that, or lower the limit"
                );
            }
        }
        self.0.chat.set_limits(&limits);
        *self.0.now.write().unwrap_or_else(PoisonError::into_inner) = Now { limits: Arc::new(limits), set };
        Ok(())
    }

    /// Sets some limits, in force at once, and takes those back for which there is nothing.
    pub async fn change(&self, by: &Caller, changes: &[(Limit, Option<u64>)]) -> Result<Vec<Standing>> {
        for (limit, value) in changes {
            value.map(|value| limit.check(value, &self.0.as_started)).transpose()?;
        }
        if changes.is_empty() {
            return Ok(self.list());
        }
        let transaction = self.0.db.write().await?;
        // Nobody else changes them meanwhile, so what was before is what the entry says.
        people::act(&transaction, by).await?;
        let set = understand(&limit::Entity::find().all(&transaction).await?);
        let (mut put, mut taken_back) = (Vec::new(), Vec::new());
        for (limit, value) in changes.iter().filter(|(limit, value)| set.get(limit) != value.as_ref()) {
            let as_started = limit.place(&mut self.0.as_started.clone()).map_or(0, |most| most as u64);
            let before = set.get(limit).copied().unwrap_or(as_started);
            let after = value.unwrap_or(as_started);
            match value {
                Some(value) => put.push(limit::Model {
                    name: limit.word().to_owned(),
                    value: i64::try_from(*value).unwrap_or(i64::MAX),
                    changed_at: clock::now(),
                }),
                None => taken_back.push(limit.word()),
            }
            let how = if value.is_some() { "set" } else { "taken_back" };
            let (before, after) = (before.to_string(), after.to_string());
            let details = [("limit", limit.word()), ("before", &before), ("after", &after), ("how", how)];
            audit::note(&transaction, Some(&by.user), Action::LimitChanged, Target::SERVER, &details).await?;
        }
        if !put.is_empty() {
            limit::Entity::put(put).exec_without_returning(&transaction).await?;
        }
        if !taken_back.is_empty() {
            limit::Entity::take_back(taken_back).exec(&transaction).await?;
        }
        self.0.db.commit(transaction).await?;
        self.load().await?;
        Ok(self.list())
    }

    /// Looks from time to time for what other instances changed. Nobody else writes to a SQLite database.
    pub fn watch(&self, every: Duration, until: CancellationToken) -> impl Future<Output = ()> + use<> {
        let limits = self.clone();
        async move {
            if limits.0.db.backend() == DbBackend::Sqlite {
                return;
            }
            while until.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
                if let Err(error) = limits.load().await {
                    tracing::debug!(%error, "the limits that administrators set could not be looked up");
                }
            }
        }
    }

    fn standing(&self) -> Now {
        self.0.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The limits of a table. A name that nobody here knows is one of another version, and waits for it.
fn understand(rows: &[limit::Model]) -> BTreeMap<Limit, u64> {
    let known = |row: &limit::Model| {
        let limit = Limit::ALL.into_iter().find(|limit| limit.word() == row.name)?;
        Some((limit, u64::try_from(row.value).ok()?))
    };
    rows.iter().filter_map(known).collect()
}
