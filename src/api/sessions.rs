//! `/api/sessions`: where you are signed in.

use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use super::cookie::{self, Client};
use super::failure::Failure;
use super::session::Session;
use super::time::Time;
use super::{Group, page};
use crate::app::App;
use crate::auth::sessions;

pub(super) struct Api;

/// A session: one sign-in, of one browser or program.
#[derive(Object)]
struct Device {
    /// Its id.
    id: Uuid,
    /// Whether it is the one that asks.
    is_current: bool,
    /// What the browser or program called itself at the sign-in.
    user_agent: Option<String>,
    /// The address that the sign-in came from.
    address: Option<String>,
    /// When it was signed in.
    created_at: Time,
    /// When it was last used, to within a minute or two.
    last_seen_at: Time,
    /// When it ends by itself.
    expires_at: Time,
}

/// A page of sessions, the newest sign-in first.
#[derive(Object)]
struct DevicePage {
    /// The sessions.
    items: Vec<Device>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

#[derive(ApiResponse)]
enum Ended {
    /// The session has ended. If it was the one that asked, its cookie is cleared.
    #[oai(status = 204)]
    Done(#[oai(header = "Set-Cookie")] Option<String>),
}

#[derive(ApiResponse)]
enum OthersEnded {
    /// All other sessions have ended.
    #[oai(status = 204)]
    Done,
}

#[OpenApi(tag = "Group::Accounts")]
impl Api {
    /// Lists where you are signed in
    ///
    /// For signed-in people. Each sign-in is a session, and the newest comes first.
    #[oai(path = "/api/sessions", method = "get", operation_id = "list_sessions")]
    async fn list(
        &self,
        app: Data<&App>,
        session: Session,
        /// `next_cursor` of the page before.
        cursor: Query<Option<String>>,
        /// How many to list, 1 to 200; 50 when left out.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u32>>,
    ) -> Result<Json<DevicePage>, Failure> {
        let size = limit.0.unwrap_or(page::USUAL);
        let below = page::below(cursor.0.as_deref())?;
        let mut found = sessions::list(&app.db, &session.0.caller, below, u64::from(size) + 1).await?;
        let next_cursor = page::cut(&mut found, size, |last| last.id.to_string());
        let items = found.into_iter().map(|found| Device {
            id: found.id,
            is_current: found.id == session.0.session_id,
            user_agent: found.user_agent,
            address: found.address,
            created_at: Time(found.created_at),
            last_seen_at: Time(found.last_seen_at.unwrap_or(found.created_at)),
            expires_at: Time(found.expires_at),
        });
        Ok(Json(DevicePage { items: items.collect(), next_cursor }))
    }

    /// Signs all your other devices out
    ///
    /// For signed-in people. The session that asks goes on; all others end at once, with their open streams and sockets.
    #[oai(path = "/api/sessions", method = "delete", operation_id = "end_other_sessions")]
    async fn end_others(&self, app: Data<&App>, session: Session) -> Result<OthersEnded, Failure> {
        sessions::end_others(&app.db, &app.auth, &session.0).await?;
        Ok(OthersEnded::Done)
    }

    /// Signs one of your devices out
    ///
    /// For whose session it is. It ends at once, with its open streams and sockets. Ending the session that asks signs out
    /// and clears the cookie.
    #[oai(path = "/api/sessions/:session_id", method = "delete", operation_id = "end_session")]
    async fn end(
        &self,
        app: Data<&App>,
        client: Data<&Client>,
        session: Session,
        /// The session.
        session_id: Path<Uuid>,
    ) -> Result<Ended, Failure> {
        sessions::end(&app.db, &app.auth, &session.0.caller, session_id.0).await?;
        let is_own = session.0.session_id == session_id.0;
        Ok(Ended::Done(is_own.then(|| cookie::sign_out(&app.config, **client))))
    }
}
