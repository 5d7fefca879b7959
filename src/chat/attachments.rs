//! Images that come with questions: taken in, sent with a question, and told to models.
//!
//! An image is uploaded first and sent after. What is not sent within a day goes away again. Each belongs to one question, and
//! goes with it: a question that is edited gets copies.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use imagesize::ImageType;
use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait, QuerySelect};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::Chat;
use super::storage::{Room, Storage};
use crate::clock;
use crate::config::AttachmentLimits;
use crate::db::Db;
use crate::entity::attachment::{self, About, Entity, Forgotten, Found, MediaType};
use crate::entity::stored::Amount;
use crate::error::{Error, Full, Result};
use crate::llm;

/// How long an image is kept that is not sent.
const KEPT: chrono::Duration = chrono::Duration::days(1);
/// How many of these are deleted in one transaction: of the largest, that is a gigabyte to be marked as free.
const DELETED_AT_ONCE: u64 = 200;
/// How many of one person may wait for their questions: without a limit a program fills the table with tiny ones.
const UNSENT: u64 = 64;
/// The longest edge, in pixels: what a small file can unpack to has to have an end for whoever looks at it.
const LONGEST_EDGE: usize = 16_384;
/// The longest name, in characters.
pub const LONGEST_NAME: usize = 200;
/// How many bytes of images a model is sent at most. Providers refuse requests of some tens of megabytes.
pub(super) const SENT: usize = 20 * 1024 * 1024;
/// How many bytes of images are in memory at once for models that have not begun to answer, for a dozen answers with as many
/// as they may have. As they are sent, they take a third more.
pub(super) const AT_ONCE: usize = 256 * 1024 * 1024;

/// Takes an image in, for a question that is to come.
pub async fn upload(chat: &Chat, owner_id: Uuid, name: Option<&str>, data: Vec<u8>) -> Result<About> {
    if let Some(limit) = chat.attachment_limits.bytes
        && data.len() > limit
    {
        return Err(Error::TooLarge { limit });
    }
    let (media_type, width, height) = look_at(&data)?;
    // As few arrive at once, it need not be exact.
    if Entity::unsent(owner_id).count(chat.db.reader()).await? >= UNSENT {
        return Err(Full::Unsent { most: UNSENT as usize }.into());
    }
    let room = chat.storage.room(owner_id, amount(data.len())).await?;
    let image = attachment::Model {
        id: clock::id(),
        owner_id,
        message_id: None,
        name: name_of(name, media_type),
        media_type,
        width,
        height,
        size_bytes: i32::try_from(data.len()).map_err(|_| Error::TooLarge { limit: i32::MAX as usize })?,
        created_at: clock::now(),
        data,
    };
    let about = image.about();
    let transaction = chat.db.write().await?;
    Entity::insert(image.into_active_model().reset_all()).exec_without_returning(&transaction).await?;
    chat.db.commit(transaction).await?;
    room.keep();
    Ok(about)
}

/// Takes an image away again that was not sent.
pub async fn delete(chat: &Chat, owner_id: Uuid, id: Uuid) -> Result<()> {
    let transaction = chat.db.write().await?;
    let found = Entity::owned_among(owner_id, [id]).into_model::<Found>().one(&transaction).await?;
    let found = found.ok_or(Error::NotFound("attachment"))?;
    if Entity::delete_unsent(owner_id, id).exec(&transaction).await?.rows_affected == 0 {
        return Err(Error::AttachmentSent);
    }
    chat.db.commit(transaction).await?;
    chat.storage.note(owner_id, -amount(found.about.size_bytes.unsigned_abs() as usize));
    Ok(())
}

/// Refuses more than may come with a question, and the same one twice.
pub(super) fn check(limits: AttachmentLimits, ids: &[Uuid]) -> Result<()> {
    if let Some(most) = limits.per_message
        && ids.len() > most
    {
        let detail = format!("a question comes with at most {most} images, this one with {}", ids.len());
        return Err(Error::invalid("attachments", detail));
    }
    match (0..ids.len()).find(|at| ids[..*at].contains(&ids[*at])) {
        Some(at) => Err(Error::invalid("attachments", format!("number {} came before; give each once", at + 1))),
        None => Ok(()),
    }
}

/// Has images come with a question whose row is in the same transaction, in this order. Those that came with another
/// question are copied, for which room is taken.
pub(super) async fn send(
    transaction: &DatabaseTransaction,
    chat: &Chat,
    owner_id: Uuid,
    ids: &[Uuid],
    question_id: Uuid,
) -> Result<Sent> {
    let mut sent = Sent::default();
    if ids.is_empty() {
        return Ok(sent);
    }
    let found = Entity::owned_among(owner_id, ids.iter().copied()).lock_exclusive().into_model::<Found>();
    let found: Vec<Found> = found.all(transaction).await?;
    let size = |found: &Found| found.about.size_bytes.unsigned_abs() as usize;
    let copied: usize = found.iter().filter(|found| found.message_id.is_some()).map(size).sum();
    // Before anything is copied for which there is none.
    if copied > 0 {
        sent.copies = Some(chat.storage.room_at_once(owner_id, copied)?);
    }
    let mut found: HashMap<Uuid, Found> = found.into_iter().map(|found| (found.about.id, found)).collect();
    for (at, id) in ids.iter().enumerate() {
        let Some(Found { about, message_id }) = found.remove(id) else {
            let detail = format!(
                "number {} is no image of yours; upload it again, as what is not sent is kept for a day only",
                at + 1
            );
            return Err(Error::invalid("attachments", detail));
        };
        sent.images.push(if message_id.is_some() {
            Entity::copy(transaction, &about, question_id).await?
        } else {
            Entity::send(*id, question_id).exec(transaction).await?;
            about
        });
    }
    Ok(sent)
}

/// Images that come with a question.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// In the order in which they were given.
    pub(super) images: Vec<About>,
    /// What the copies among them take.
    pub(super) copies: Option<Room>,
}

/// Reads the images that a model is to be sent, and puts each to its message. One that has gone meanwhile is missing.
pub(super) async fn put(db: &Db, wanted: Vec<(usize, About)>, messages: &mut [llm::Message]) -> Result<()> {
    // One after the other: what the database gives is a copy, which is gone before the next.
    for (message, About { id, name, media_type, width, height, .. }) in wanted {
        let data = Entity::data_of(db.reader(), &[id]).await?.pop();
        if let (Some((_, data)), Some(message)) = (data, messages.get_mut(message)) {
            message.images.push(llm::Image { name, media_type: media_type.as_str(), width, height, data });
        }
    }
    Ok(())
}

/// The images that are in memory at once, of all answers whose models have not begun yet. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Memory(Arc<Semaphore>);

/// An answer's part of it, until it is dropped.
pub(super) type Share = OwnedSemaphorePermit;

impl Memory {
    /// With room for so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes)))
    }

    /// Waits until there is room for these images. None where there are none, which wait for nobody.
    pub(super) async fn share(&self, wanted: &[(usize, About)]) -> Option<Share> {
        let bytes: u32 = wanted.iter().map(|(_, about)| about.size_bytes.unsigned_abs()).sum();
        if bytes == 0 {
            return None;
        }
        // Never closed.
        Arc::clone(&self.0).acquire_many_owned(bytes).await.ok()
    }
}

/// Deletes what has been kept long enough without being sent, and tells how many.
pub async fn delete_forgotten(db: &Db, storage: &Storage) -> Result<u64> {
    delete_unsent_before(db, storage, clock::now() - KEPT).await
}

/// Deletes what was uploaded before a moment and not sent, and tells how many. A few at a time, so that whoever else has
/// something to write waits for a few only.
pub async fn delete_unsent_before(db: &Db, storage: &Storage, moment: DateTime<Utc>) -> Result<u64> {
    let mut deleted = 0;
    loop {
        let transaction = db.write().await?;
        let forgotten = Entity::forgotten(moment).limit(DELETED_AT_ONCE).lock_exclusive().into_model::<Forgotten>();
        let forgotten = forgotten.all(&transaction).await?;
        Entity::delete_these(forgotten.iter().map(|image| image.id)).exec(&transaction).await?;
        db.commit(transaction).await?;
        for image in &forgotten {
            storage.note(image.owner_id, -amount(image.size_bytes.unsigned_abs() as usize));
        }
        deleted += forgotten.len() as u64;
        if (forgotten.len() as u64) < DELETED_AT_ONCE {
            return Ok(deleted);
        }
    }
}

/// What an image is, by its own bytes, and how large: what somebody calls it counts for nothing.
fn look_at(data: &[u8]) -> Result<(MediaType, i32, i32)> {
    let not_one =
        || Error::invalid("body", "this is no image that can be attached; send a PNG, JPEG, GIF or WebP file as it is");
    let media_type = match imagesize::image_type(data).map_err(|_| not_one())? {
        ImageType::Png => MediaType::Png,
        ImageType::Jpeg => MediaType::Jpeg,
        ImageType::Gif => MediaType::Gif,
        ImageType::Webp => MediaType::Webp,
        _ => return Err(not_one()),
    };
    let size = imagesize::blob_size(data).map_err(|_| not_one())?;
    if size.width == 0 || size.height == 0 {
        return Err(not_one());
    }
    let edge = |edge: usize| {
        let too_long = || {
            let detail = format!("an image has at most {LONGEST_EDGE} pixels in each direction, this one has {edge}");
            Error::invalid("body", detail)
        };
        i32::try_from(edge).ok().filter(|_| edge <= LONGEST_EDGE).ok_or_else(too_long)
    };
    Ok((media_type, edge(size.width)?, edge(size.height)?))
}

/// What a file is called when it is shown: one line, without what only its own computer knows.
fn name_of(given: Option<&str>, media_type: MediaType) -> String {
    let given = given.unwrap_or_default();
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    // What turns the direction of writing round would have it read as something else.
    let is_hidden = |character: char| {
        character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let name: String = last.chars().filter(|character| !is_hidden(*character)).take(LONGEST_NAME).collect();
    let name = name.trim();
    if !name.is_empty() {
        return name.to_owned();
    }
    format!("image.{}", media_type.as_str().trim_start_matches("image/"))
}

fn amount(bytes: usize) -> Amount {
    Amount { bytes: bytes as i64, conversations: 0 }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    /// The begin of a file of each kind, 5 × 6 pixels.
    fn heads() -> [(MediaType, Vec<u8>); 4] {
        let jpeg =
            b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\0\x11\x08\0\x06\0\x05\x03\x01\x22\0";
        let webp = b"RIFF\x40\0\0\0WEBPVP8 \x20\0\0\0\x30\x01\0\x9d\x01\x2a\x05\0\x06\0";
        [
            (MediaType::Png, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x05\0\0\0\x06\x08\x02\0\0\0".to_vec()),
            (MediaType::Jpeg, jpeg.to_vec()),
            (MediaType::Gif, b"GIF89a\x05\0\x06\0\0\0\0;".to_vec()),
            (MediaType::Webp, webp.to_vec()),
        ]
    }

    #[test]
    fn each_kind_is_known_by_its_first_bytes() {
        for (kind, mut head) in heads() {
            head.resize(100, 1);
            assert_eq!(look_at(&head).unwrap(), (kind, 5, 6));
        }
    }

    #[test]
    fn rubbish_is_refused_and_breaks_nothing() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as usize % below
        };
        let heads = heads();
        for _ in 0..100_000 {
            let mut file = heads[next(4)].1.clone();
            for _ in 0..next(8) {
                let at = next(file.len());
                file[at] = [0, 0xff, next(256) as u8][next(3)];
            }
            file.truncate(next(file.len() + 1));
            if let Ok((_, width, height)) = look_at(&file) {
                assert!((1..=16_384).contains(&width) && (1..=16_384).contains(&height));
            }
        }
    }

    #[tokio::test]
    async fn images_wait_until_there_is_memory_for_them() {
        let image = |size_bytes| About {
            id: clock::id(),
            name: String::new(),
            media_type: MediaType::Png,
            width: 1,
            height: 1,
            size_bytes,
            created_at: clock::now(),
        };
        let memory = Memory::new(100);
        let first = memory.share(&[(0, image(40)), (2, image(30))]).await;
        let (of_more, of_none) = ([(0, image(31))], []);
        let mut waiting = Box::pin(memory.share(&of_more));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert!(memory.share(&of_none).await.is_none());
        drop(first);
        assert!(waiting.await.is_some());
        assert_eq!(memory.0.available_permits(), 100);
    }

    #[test]
    fn a_name_is_one_line_without_a_path() {
        for (given, name) in [
            (Some("C:\\photos\\a.png"), "a.png"),
            (Some("../../etc/passwd"), "passwd"),
            (Some(" a\r\nb\0.png "), "ab.png"),
            (Some("photos/"), "image.png"),
            (Some("\u{202e}gnp.exe"), "gnp.exe"),
            (None, "image.png"),
        ] {
            assert_eq!(name_of(given, MediaType::Png), name);
        }
        assert_eq!(name_of(Some(&"ü".repeat(300)), MediaType::Png).chars().count(), LONGEST_NAME);
    }
}
