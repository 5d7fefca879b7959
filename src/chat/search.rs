//! Looks through a person's conversations for some text.
//!
//! Without an index of words, which would serve some languages only, looking means reading. What bounds it: only the
//! person's own conversations are read, in the order of their list and each one's messages newest first, by the indexes
//! `projects_of_owner` and `messages_of_project`; it ends when a page is full; and after [`PATIENCE`] it gives what it has
//! and the place to go on from. To read through 100,000 messages of 1 KiB takes SQLite 0.3 s, and 3 s where the text has
//! letters beyond ASCII that have cases; PostgreSQL takes 2 to 5 s for any text, which is that many pages. It is read in
//! steps of a few conversations, so that a connection is soon free for others; the longest step is the longest conversation.

use std::ops::Range;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sea_orm::QuerySelect;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::db::Db;
use crate::db::needle::Needle;
use crate::entity::{message, project};
use crate::error::{Error, Result};

/// How long it is looked for one page; at least one step is taken.
pub const PATIENCE: Duration = Duration::from_secs(1);
/// How many look at once: half of the connections that read from SQLite.
const AT_ONCE: usize = 2;
/// How long a search waits for others.
const WAITS: Duration = Duration::from_secs(5);
/// How many conversations one query looks through.
const STEP: u64 = 20;
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
    pub below: Option<(DateTime<Utc>, Uuid)>,
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

/// What was found, and the last conversation that was looked through where there may be more.
pub type Page = (Vec<Found>, Option<project::Model>);

/// Looks through conversations, few at a time.
#[derive(Debug)]
pub struct Search(Semaphore);

impl Default for Search {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Search {
    /// The next page of conversations whose name or messages have the text. It may be short, or empty, when it took longer than
    /// `patience`.
    pub async fn page(&self, db: &Db, wanted: &Wanted, patience: Duration) -> Result<Page> {
        let busy = |_| Error::Busy { retry_after: Duration::from_secs(1) };
        let _place = tokio::time::timeout(WAITS, self.0.acquire()).await.map_err(busy)?;
        let began = Instant::now();
        let mut found = Vec::new();
        let mut below = wanted.below;
        loop {
            let recent = project::Entity::recent(wanted.owner_id, below);
            let recent = wanted.pinned.into_iter().fold(recent, project::Entity::only_pinned);
            let step = recent.limit(STEP).all(db.reader()).await?;
            let is_last = (step.len() as u64) < STEP;
            let Some(last) = step.last().cloned() else { return Ok((found, None)) };
            for project in look(db, wanted, step).await? {
                let is_at_end = is_last && project.project.id == last.id;
                found.push(project);
                if found.len() == wanted.limit {
                    let next = found.last().filter(|_| !is_at_end).map(|found| found.project.clone());
                    return Ok((found, next));
                }
            }
            if is_last {
                return Ok((found, None));
            }
            if began.elapsed() >= patience {
                return Ok((found, Some(last)));
            }
            below = Some((last.updated_at, last.id));
        }
    }
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
            found.push(Found { excerpt: project.name.clone(), message_id: None, project });
        } else if let Some(message_id) = newest.get(&project.id).copied() {
            // One after the other: each may be as long as a message can be.
            let Some(content) = message::Entity::content_of(db.reader(), message_id).await? else { continue };
            let excerpt = excerpt(&content, needle.find(&content).unwrap_or(0..0));
            found.push(Found { excerpt, message_id: Some(message_id), project });
        }
    }
    Ok(found)
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
