//! Does what a client asks for over a socket, by the same functions as the HTTP routes.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures_util::FutureExt;
use uuid::Uuid;

use super::super::failure::Failure;
use super::super::{message, projects, shown};
use super::event::{SocketAccepted, SocketEvent, SocketProblem, SocketProject, SocketStopped, SocketUnfollowed};
use super::follows::Follow;
use super::request::{
    SocketContinue, SocketEdit, SocketFollow, SocketRegenerate, SocketRequest, SocketSend, SocketStop, SocketUnfollow,
};
use crate::app::App;
use crate::auth::{Caller, caller};
use crate::chat::turn::{self, Asked, Request};
use crate::entity::project;
use crate::error::{Error, Result as Outcome};
use crate::{clock, telemetry};

/// What has come of something that was done beside the socket.
#[derive(Default)]
pub(super) struct Done {
    /// What to tell the client.
    pub(super) say: Option<String>,
    /// What to follow from now on.
    pub(super) follow: Option<Box<Follow>>,
    /// What to follow no longer.
    pub(super) unfollow: Option<Uuid>,
    /// The session or key has ended.
    pub(super) signed_out: bool,
}

impl Done {
    fn say(event: &SocketEvent) -> Self {
        Self { say: Some(event.text()), ..Self::default() }
    }

    /// The news that something could not be done.
    pub(super) fn refused(reference: Option<String>, error: Error) -> Self {
        let problem = Failure::from(error).into();
        Self::say(&SocketEvent::Problem(SocketProblem { reference, problem }))
    }
}

/// Does what was asked for, in the name of whoever is signed in at this moment.
pub(super) async fn run(app: App, caller: Caller, reference: Option<String>, request: SocketRequest) -> Done {
    let id = clock::id();
    let began = Instant::now();
    let word = word(&request);
    let done = telemetry::REQUEST_ID.scope(id, async {
        let doing = AssertUnwindSafe(carry_out(&app, &caller, reference.clone(), request)).catch_unwind();
        let panicked = || Err(Error::Internal(anyhow::anyhow!("a panic while answering a socket")));
        match doing.await.unwrap_or_else(|_| panicked()) {
            Ok(done) => (200, done),
            Err(Error::NotSignedIn | Error::KeyInvalid) => (401, Done { signed_out: true, ..Done::default() }),
            Err(error) => (error.status(), Done::refused(reference, error)),
        }
    });
    let (status, done) = done.await;
    let ms = began.elapsed().as_millis() as u64;
    tracing::info!(target: "loquat::access", request_id = %id, method = "WS", path = word, status, ms, "request");
    done
}

fn word(request: &SocketRequest) -> &'static str {
    match request {
        SocketRequest::Send(_) => "send",
        SocketRequest::Edit(_) => "edit",
        SocketRequest::Regenerate(_) => "regenerate",
        SocketRequest::Continue(_) => "continue",
        SocketRequest::Stop(_) => "stop",
        SocketRequest::Follow(_) => "follow",
        SocketRequest::Unfollow(_) => "unfollow",
    }
}

async fn carry_out(app: &App, caller: &Caller, reference: Option<String>, request: SocketRequest) -> Outcome<Done> {
    let caller = &caller::again(&app.db, &app.auth, caller).await?;
    app.auth.note_use(&app.db, caller);
    caller.check_scope(request.needed_scope())?;
    match request {
        SocketRequest::Send(SocketSend {
            project_id,
            content,
            client_request_id,
            parent_id,
            model,
            attachments,
            ..
        }) => {
            let asked = Asked::New { content, parent_id, attachments: attachments.unwrap_or_default() };
            ask(app, caller, reference, project_id, Request { asked, client_request_id, model }).await
        }
        SocketRequest::Edit(SocketEdit {
            project_id,
            message_id,
            content,
            client_request_id,
            model,
            attachments,
            ..
        }) => {
            let asked = Asked::Edited { message_id, content, attachments };
            ask(app, caller, reference, project_id, Request { asked, client_request_id, model }).await
        }
        SocketRequest::Regenerate(SocketRegenerate { project_id, message_id, client_request_id, model, .. }) => {
            let asked = Asked::Again { message_id };
            ask(app, caller, reference, project_id, Request { asked, client_request_id, model }).await
        }
        SocketRequest::Continue(SocketContinue { project_id, message_id, client_request_id, model, .. }) => {
            let asked = Asked::Continue { message_id };
            ask(app, caller, reference, project_id, Request { asked, client_request_id, model }).await
        }
        SocketRequest::Stop(SocketStop { project_id, message_id, .. }) => {
            let message = turn::stop(&app.chat, caller.id(), project_id, message_id).await?;
            let message = shown::one(app, message).await?;
            Ok(Done::say(&SocketEvent::Stopped(SocketStopped { reference, message })))
        }
        SocketRequest::Follow(SocketFollow { project_id, message_id, last_event_id, .. }) => {
            let answer = message::find(app, caller, project_id, message_id).await?;
            let follow = message::follow(app, answer, last_event_id).await?;
            match Follow::new(project_id, message_id, follow) {
                Some(follow) => Ok(Done { follow: Some(Box::new(follow)), ..Done::default() }),
                None => Ok(unfollow(reference, message_id)),
            }
        }
        SocketRequest::Unfollow(SocketUnfollow { message_id, .. }) => Ok(unfollow(reference, message_id)),
    }
}

/// Starts a turn and follows its answer.
async fn ask(
    app: &App,
    caller: &Caller,
    reference: Option<String>,
    project_id: Uuid,
    request: Request,
) -> Outcome<Done> {
    let turn = turn::start(&app.chat, &caller.user, project_id, request).await?;
    let answer = turn.answer.clone();
    let shown = shown::turn(app, turn).await?;
    let message_id = answer.id;
    let follow = Follow::new(project_id, message_id, message::follow(app, answer, None).await?).map(Box::new);
    let (user_message, assistant_message) = (shown.user_message, shown.assistant_message);
    let accepted = SocketAccepted { reference, user_message, assistant_message };
    Ok(Done { follow, ..Done::say(&SocketEvent::Accepted(accepted)) })
}

fn unfollow(reference: Option<String>, message_id: Uuid) -> Done {
    let unfollowed = SocketEvent::Unfollowed(SocketUnfollowed { reference, message_id });
    Done { unfollow: Some(message_id), ..Done::say(&unfollowed) }
}

/// Looks up a conversation of which there is news; what is gone by now will be told by other news.
pub(super) async fn look_up(app: App, caller: Caller, project_id: Uuid) -> Done {
    let look = async {
        let caller = caller::again(&app.db, &app.auth, &caller).await?;
        Ok(project::Entity::owned_one(caller.id(), project_id).one(app.db.reader()).await?)
    };
    match look.await {
        Ok(Some(project)) => {
            let project = projects::show(&app, project);
            Done::say(&SocketEvent::Project(SocketProject { project }))
        }
        Ok(None) => Done::default(),
        Err(Error::NotSignedIn | Error::KeyInvalid) => Done { signed_out: true, ..Done::default() },
        Err(error) => {
            tracing::warn!(%error, "a conversation could not be looked up for a socket");
            // It has missed something, and is told so.
            Done::say(&SocketEvent::Resync(super::event::SocketResync {}))
        }
    }
}
