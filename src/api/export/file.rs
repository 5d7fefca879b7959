//! The file of an export, written while it is read.
//!
//! A few messages or one image at a time, and as fast as the client takes it: an account of any size costs no more memory
//! than [`PAGE`] of its messages or the largest of its images, and a slow client holds neither a connection to the database nor a view of it.

use std::collections::VecDeque;
use std::io;

use bytes::Bytes;
use futures_util::stream;
use poem::Body;
use poem_openapi::types::{Base64, ToJSON};
use sea_orm::QuerySelect;
use serde_json::Value;
use uuid::Uuid;

use super::super::fair::Exporting;
use super::super::time::Time;
use super::{Export, ExportedAttachment, ExportedMessage, ExportedProject};
use crate::app::App;
use crate::auth::{Caller, Held, caller};
use crate::clock;
use crate::entity::{attachment, message, project};
use crate::error::{Error, Result};

/// How many messages, or conversations, are read at once.
const PAGE: u64 = 16;
/// How much is handed on at once, in bytes; a message that is longer goes by itself.
const PIECE: usize = 64 * 1024;

/// The file of everything that the caller has.
pub(super) fn write(app: App, caller: Caller, place: Option<Exporting>) -> Body {
    Body::from_bytes_stream(stream::try_unfold(Writer::new(app, caller, place), |mut writer| async move {
        match writer.piece().await {
            Ok(piece) => Ok(piece.map(|piece| (piece, writer))),
            Err(error) => {
                // The head has been sent: that the file ends early is all that can still be told.
                tracing::warn!(%error, "an export broke off");
                Err(io::Error::other(error))
            }
        }
    }))
}

struct Writer {
    app: App,
    caller: Caller,
    session: Held,
    /// Conversations that are read and not yet begun.
    projects: VecDeque<project::Model>,
    last_project: Option<Uuid>,
    /// The conversation that is being written.
    project: Option<Uuid>,
    /// Its messages that are read and not yet written.
    messages: VecDeque<message::Model>,
    last_message: Option<Uuid>,
    /// The images of the message that is being written.
    images: VecDeque<attachment::About>,
    out: Vec<u8>,
    /// Whether the next item is the first of its list, before which there is no comma.
    is_first: bool,
    is_done: bool,
    /// Held while it is written, so that one person does not take many.
    _place: Option<Exporting>,
}

impl Writer {
    fn new(app: App, caller: Caller, place: Option<Exporting>) -> Self {
        let export = Export { exported_at: Time(clock::now()), user: caller.user.clone().into(), projects: Vec::new() };
        Self {
            session: app.auth.hold(&caller),
            app,
            caller,
            projects: VecDeque::new(),
            last_project: None,
            project: None,
            messages: VecDeque::new(),
            last_message: None,
            images: VecDeque::new(),
            out: up_to(export.to_json(), "projects").into_bytes(),
            is_first: true,
            is_done: false,
            _place: place,
        }
    }

    /// The next piece of the file; none at its end.
    async fn piece(&mut self) -> Result<Option<Bytes>> {
        while self.out.len() < PIECE && !self.is_done {
            if self.session.has_ended() {
                return Err(Error::NotSignedIn);
            }
            if let Some(image) = self.images.pop_front() {
                self.put_image(image).await?;
                continue;
            }
            match (self.messages.pop_front(), self.project) {
                (Some(message), _) => {
                    self.last_message = Some(message.id);
                    self.images = message.attachments().into();
                    let message = ExportedMessage::of(&self.app, message);
                    if self.images.is_empty() {
                        self.put(&message.to_json_string());
                    } else {
                        self.put(&up_to(message.to_json(), "attachments"));
                        self.is_first = true;
                    }
                }
                (None, Some(project)) => self.read_messages(project).await?,
                (None, None) => self.begin_project().await?,
            }
        }
        let piece = std::mem::take(&mut self.out);
        Ok((!piece.is_empty()).then(|| piece.into()))
    }

    async fn read_messages(&mut self, project: Uuid) -> Result<()> {
        let page = message::Entity::oldest(self.caller.id(), project, self.last_message).limit(PAGE);
        self.messages = page.all(self.app.db.reader()).await?.into();
        if self.messages.is_empty() {
            self.project = None;
            self.out.extend_from_slice(b"]}");
            self.is_first = false;
        }
        Ok(())
    }

    /// Adds an image to those of its message. One that has gone meanwhile, with its message, is left out.
    async fn put_image(&mut self, about: attachment::About) -> Result<()> {
        let data = attachment::Entity::data_of(self.app.db.reader(), &[about.id]).await?.pop();
        if let Some((_, data)) = data {
            let image = ExportedAttachment { about: about.into(), data: Base64(data) };
            self.put(&image.to_json_string());
        }
        if self.images.is_empty() {
            self.out.extend_from_slice(b"]}");
            self.is_first = false;
        }
        Ok(())
    }

    async fn begin_project(&mut self) -> Result<()> {
        if self.projects.is_empty() {
            let page = project::Entity::oldest(self.caller.id(), self.last_project).limit(PAGE);
            self.projects = page.all(self.app.db.reader()).await?.into();
        }
        let Some(project) = self.projects.pop_front() else {
            // Of an account that was deleted meanwhile there is nothing more either, and then this is not the whole file.
            caller::again(&self.app.db, &self.app.auth, &self.caller).await?;
            self.out.extend_from_slice(b"]}\n");
            self.is_done = true;
            return Ok(());
        };
        self.project = Some(project.id);
        self.last_project = Some(project.id);
        self.last_message = None;
        self.put(&up_to(ExportedProject::from(project).to_json(), "messages"));
        self.is_first = true;
        Ok(())
    }

    /// Adds an item to the list that is being written.
    fn put(&mut self, item: &str) {
        if !std::mem::take(&mut self.is_first) {
            self.out.extend_from_slice(b",\n");
        }
        self.out.extend_from_slice(item.as_bytes());
    }
}

/// An object up to the begin of a list in it, which comes last.
fn up_to(object: Option<Value>, list: &str) -> String {
    let mut object = object.unwrap_or_default();
    if let Some(fields) = object.as_object_mut() {
        fields.remove(list);
    }
    let text = object.to_string();
    format!("{},\"{list}\":[\n", text.strip_suffix('}').unwrap_or_default())
}
