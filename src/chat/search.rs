//! Looks through a person's conversations for some text.
//!
//! Without an index of words, which would serve some languages only, looking means reading. What bounds it: only the
//! person's own conversations are read, in the order of their list and each one's messages newest first, by the indexes
//! `projects_of_owner` and `messages_of_project`; it ends when a page is full; and after [`PATIENCE`] it gives what it has
//! and the place to go on from. To read through 100,000 messages of 1 KiB takes SQLite 0.3 s, and 2 s where the text is long or has
//! letters beyond ASCII that have cases; PostgreSQL takes 2 to 5 s for any text. It is read in steps of a few conversations, or of a part of a long one, and few steps at once are taken for
//! all people, in the order in which they wait: so a connection is soon free for others, and the next step may be another
//! person's. Each person's own searches are one after the other, so that nobody takes all the places.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use moka::sync::Cache;
use sea_orm::QuerySelect;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use uuid::Uuid;

use crate::db::Db;
use crate::db::needle::Needle;
use crate::entity::{message, project};
use crate::error::{Error, Result};

/// How long it is looked for one page; at least one step is taken.
pub const PATIENCE: Duration = Duration::from_secs(1);
/// How many steps are taken at once: half of the connections that read from SQLite.
const AT_ONCE: usize = 2;
/// How long a search waits for others.
const WAITS: Duration = Duration::from_secs(5);
/// How many conversations one step looks through at most.
const STEP: u64 = 20;
/// How many bytes one step looks through at most, or one message: a tenth of a second on PostgreSQL.
const STEP_BYTES: i64 = 4 * 1024 * 1024;
/// How many messages of a long conversation one step looks through at most.
const STEP_MESSAGES: u64 = 4096;
/// How many people's searches are kept apart. Whoever is forgotten while looking may look twice at once.
const REMEMBERED: u64 = 4096;
/// How much stands around what was found, in characters on either side.
const AROUND: usize = 80;

/// What is looked for, and where.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Whose conversations are looked through.
    pub owner_id: Uuid,
    /// The text.
    pub needle: Needle,
    /// Only those that are pinned, or only the others.
    pub pinned: Option<bool>,
    /// Only what is below this place in the list.
    pub below: Option<Place>,
    /// How many conversations are wanted.
    pub limit: usize,
}

/// A conversation that has the text.
#[derive(Clone, Debug)]
pub struct Found {
    /// The conversation.
    pub project: project::Model,
    /// The newest message that has it; none where it is in the name.
    pub message_id: Option<Uuid>,
    /// The name, or what stands around the text in the message.
    pub excerpt: String,
}

/// How far the list was looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// When the last conversation was used.
    pub updated_at: DateTime<Utc>,
    /// The last conversation.
    pub project_id: Uuid,
    /// The message down to which it was looked through; none where all of it was.
    pub message_id: Option<Uuid>,
}

impl Place {
    /// Behind a conversation.
    pub fn after(project: &project::Model) -> Self {
        Self { updated_at: project.updated_at, project_id: project.id, message_id: None }
    }
}

/// What was found, and how far it was looked where there may be more.
pub type Page = (Vec<Found>, Option<Place>);

/// Looks through conversations, few at a time.
#[derive(Debug)]
pub struct Search {
    places: Semaphore,
    /// Held by each person's search.
    people: Cache<Uuid, Arc<Mutex<()>>>,
}

impl Default for Search {
    fn default() -> Self {
        Self { places: Semaphore::new(AT_ONCE), people: Cache::new(REMEMBERED) }
    }
}

impl Search {
    /// The next page of conversations whose name or messages have the text. It may be short, or empty, when it took longer than
    /// `patience`.
    pub async fn page(&self, db: &Db, wanted: &Wanted, patience: Duration) -> Result<Page> {
        let person = self.people.get_with(wanted.owner_id, Arc::default);
        let _turn = timeout(WAITS, person.lock()).await.map_err(|_| Error::TooManyRequests)?;
        let began = Instant::now();
        let (mut found, mut place) = (Vec::new(), wanted.below);
        loop {
            let (more, next) = self.step(db, wanted, place, wanted.limit - found.len()).await?;
            found.extend(more);
            place = next;
            if place.is_none() || found.len() == wanted.limit || began.elapsed() >= patience {
                return Ok((found, place));
            }
        }
    }

    /// Looks through some more from a place on, for at most so many.
    async fn step(&self, db: &Db, wanted: &Wanted, place: Option<Place>, most: usize) -> Result<Page> {
        let _place = timeout(WAITS, self.places.acquire()).await.map_err(busy)?;
        if let Some(place) = place.filter(|place| place.message_id.is_some())
            && let Some(project) =
                project::Entity::owned_one(wanted.owner_id, place.project_id).one(db.reader()).await?
        {
            return look_in(db, wanted, project, place).await;
        }
        let below = place.map(|place| (place.updated_at, place.project_id));
        let recent = project::Entity::recent(wanted.owner_id, below);
        let recent = wanted.pinned.into_iter().fold(recent, project::Entity::only_pinned);
        let mut step = recent.limit(STEP).all(db.reader()).await?;
        let (listed, fitting) = (step.len(), fitting(db, wanted, &step).await?);
        step.truncate(fitting.max(1));
        let Some(last) = step.last().map(Place::after) else { return Ok((Vec::new(), None)) };
        if fitting == 0 {
            let long = step.remove(0);
            return look_in(db, wanted, long, last).await;
        }
        let next = Some(last).filter(|_| listed as u64 == STEP || fitting < listed);
        let mut found = look(db, wanted, step).await?;
        if found.len() < most {
            return Ok((found, next));
        }
        found.truncate(most);
        let end = found.last().map(|found| Place::after(&found.project));
        Ok((found, end.filter(|end| next.is_some() || *end != last)))
    }
}

fn busy(_: Elapsed) -> Error {
    Error::Busy { retry_after: Duration::from_secs(1) }
}

/// How many of these conversations, from the first, can be looked through in one step.
async fn fitting(db: &Db, wanted: &Wanted, step: &[project::Model]) -> Result<usize> {
    let ids = step.iter().map(|project| project.id).collect();
    let lengths = message::Entity::bytes_in(db.reader(), wanted.owner_id, ids).await?;
    let mut bytes = 0;
    let fits = |project: &&project::Model| {
        bytes += lengths.get(&project.id).copied().unwrap_or_default();
        bytes <= STEP_BYTES
    };
    Ok(step.iter().take_while(fits).count())
}

/// Which of these conversations have the text, and where.
async fn look(db: &Db, wanted: &Wanted, step: Vec<project::Model>) -> Result<Vec<Found>> {
    let needle = &wanted.needle;
    let unnamed =
        step.iter().filter(|project| needle.find(&project.name).is_none()).map(|project| project.id).collect();
    let newest = message::Entity::newest_with(db.reader(), wanted.owner_id, unnamed, needle).await?;
    let mut found = Vec::new();
    for project in step {
        if needle.find(&project.name).is_some() {
            found.push(Found::by_name(project));
        } else if let Some(message_id) = newest.get(&project.id).copied() {
            found.extend(found_in(db, wanted, project, message_id).await?);
        }
    }
    Ok(found)
}

/// Whether a long conversation has the text in its name or in its next messages below a place in it.
async fn look_in(db: &Db, wanted: &Wanted, project: project::Model, place: Place) -> Result<Page> {
    let (needle, before) = (&wanted.needle, place.message_id);
    let after = Place { message_id: None, ..place };
    if before.is_none() && needle.find(&project.name).is_some() {
        return Ok((vec![Found::by_name(project)], Some(after)));
    }
    let lengths = message::Entity::lengths(db.reader(), wanted.owner_id, project.id, before, STEP_MESSAGES).await?;
    let mut bytes = 0;
    let fits = |(_, length): &&(Uuid, i32)| {
        bytes += i64::from(*length);
        bytes <= STEP_BYTES
    };
    let fitting = lengths.iter().take_while(fits).count().max(1);
    let Some((oldest, _)) = lengths.get(fitting - 1).copied() else {
        return Ok((Vec::new(), Some(after)));
    };
    let part = (oldest, before);
    let newest = message::Entity::newest_between(db.reader(), wanted.owner_id, project.id, part, needle).await?;
    match newest {
        Some(message_id) => Ok((found_in(db, wanted, project, message_id).await?.into_iter().collect(), Some(after))),
        None => Ok((Vec::new(), Some(Place { message_id: Some(oldest), ..place }))),
    }
}

/// A conversation by its message that has the text; none where that is gone meanwhile.
async fn found_in(db: &Db, wanted: &Wanted, project: project::Model, message_id: Uuid) -> Result<Option<Found>> {
    let content = message::Entity::content_of(db.reader(), message_id).await?;
    Ok(content.map(|content| {
        let excerpt = excerpt(&content, wanted.needle.find(&content).unwrap_or(0..0));
        Found { excerpt, message_id: Some(message_id), project }
    }))
}

impl Found {
    fn by_name(project: project::Model) -> Self {
        Self { excerpt: project.name.clone(), message_id: None, project }
    }
}

/// A part of a text with what stands around it, in whole words where there are any; `…` stands for what is left out.
fn excerpt(text: &str, found: Range<usize>) -> String {
    let (before, after) = (&text[..found.start], &text[found.end..]);
    let begin = match before.char_indices().rev().nth(AROUND - 1) {
        None | Some((0, _)) => 0,
        Some((at, _)) if before[..at].ends_with(char::is_whitespace) => at,
        // The first word is cut, and left out where another one follows.
        Some((at, _)) => before[at..].find(char::is_whitespace).map_or(at, |space| at + space),
    };
    let end = match after.char_indices().nth(AROUND) {
        None => after.len(),
        Some((at, next)) if next.is_whitespace() => at,
        Some((at, _)) => after[..at].rfind(char::is_whitespace).unwrap_or(at),
    };
    let part = text[begin..found.end + end].trim();
    let (left, right) = (if begin > 0 { "…" } else { "" }, if end < after.len() { "…" } else { "" });
    format!("{left}{part}{right}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(text: &str, word: &str) -> String {
        excerpt(text, Needle::new(word).find(text).unwrap())
    }

    #[test]
    fn an_excerpt_is_what_stands_around_in_whole_words() {
        assert_eq!(around("a loquat", "LOQUAT"), "a loquat");
        let long = format!("{}loquat{}", "word ".repeat(40), " after".repeat(40));
        let expected = format!("…{}loquat{}…", "word ".repeat(16), " after".repeat(13));
        assert_eq!(around(&long, "loquat"), expected);
        let cut = format!("x{} loquat {}x", "word ".repeat(40), "word ".repeat(40));
        let excerpt = around(&cut, "loquat");
        assert!(excerpt.starts_with("…word ") && excerpt.ends_with(" word…"), "{excerpt}");
    }

    #[test]
    fn an_excerpt_is_cut_between_characters_where_there_are_no_words() {
        let text = format!("{}枇杷{}", "果".repeat(200), "😀".repeat(200));
        assert_eq!(around(&text, "枇杷"), format!("…{}枇杷{}…", "果".repeat(80), "😀".repeat(80)));
    }
}
