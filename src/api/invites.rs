//! `/api/invites`: the invitations of administrators.

use chrono::Duration;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use secrecy::ExposeSecret;
use serde::Deserialize;
use uuid::Uuid;

use super::body::Body;
use super::failure::Failure;
use super::session::Administrator;
use super::time::Time;
use super::users::Role;
use super::{Group, page};
use crate::app::App;
use crate::auth::invites;
use crate::entity::invite;

pub(super) struct Api;

/// How long an invitation lasts when nothing is said.
const USUAL_DAYS: u32 = 7;

/// An invitation, without its link.
#[derive(Object)]
struct Invite {
    /// Its id.
    id: Uuid,
    /// What the person that it makes may do.
    role: Role,
    /// The administrator who made it.
    created_by: Option<Uuid>,
    /// When it was made.
    created_at: Time,
    /// When it ends.
    expires_at: Time,
}

impl From<invite::Model> for Invite {
    fn from(invite: invite::Model) -> Self {
        Self {
            id: invite.id,
            role: invite.role.into(),
            created_by: invite.created_by,
            created_at: Time(invite.created_at),
            expires_at: Time(invite.expires_at),
        }
    }
}

/// A page of invitations, the newest first.
#[derive(Object)]
struct InvitePage {
    /// The invitations.
    items: Vec<Invite>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// What an invitation is made from.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct NewInvite {
    /// What the person that it makes may do; `member` when left out.
    role: Option<Role>,
    /// After how many days it ends; 7 when left out.
    #[oai(validator(minimum(value = "1"), maximum(value = "90")))]
    expires_in_days: Option<u32>,
}

/// A new invitation with its link, which is shown this once.
#[derive(Object)]
struct NewInviteMade {
    /// What is kept of it.
    invite: Invite,
    /// The token, for `invite` of `POST /api/users/`.
    token: String,
    /// The page that it opens, to be put behind the address of this server. The token stands behind a `#`, so that no
    /// server and no proxy has it in its log.
    path: String,
}

#[derive(ApiResponse)]
enum Created {
    /// The invitation is made. This is the only time that its token is shown.
    #[oai(status = 201)]
    Created(Json<NewInviteMade>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// The invitation is worth nothing any more.
    #[oai(status = 204)]
    Gone,
}

#[OpenApi(tag = "Group::Administration")]
impl Api {
    /// Lists the invitations
    ///
    /// For administrators. The newest comes first; those that were used or have ended are gone.
    #[oai(path = "/api/invites", method = "get", operation_id = "list_invites")]
    async fn list(
        &self,
        app: Data<&App>,
        _administrator: Administrator,
        /// `next_cursor` of the page before.
        cursor: Query<Option<String>>,
        /// How many to list, 1 to 200; 50 when left out.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u32>>,
    ) -> Result<Json<InvitePage>, Failure> {
        let size = limit.0.unwrap_or(page::USUAL);
        let below = page::below(cursor.0.as_deref())?;
        let mut found = invites::list(&app.db, below, u64::from(size) + 1).await?;
        let next_cursor = page::cut(&mut found, size, |last| last.id.to_string());
        Ok(Json(InvitePage { items: found.into_iter().map(Invite::from).collect(), next_cursor }))
    }

    /// Invites somebody
    ///
    /// For administrators. Whoever has the link makes one account with it, also where sign-up is closed. At most 1000 wait
    /// to be used.
    #[oai(path = "/api/invites", method = "post", operation_id = "create_invite")]
    async fn create(
        &self,
        app: Data<&App>,
        administrator: Administrator,
        body: Body<NewInvite>,
    ) -> Result<Created, Failure> {
        let NewInvite { role, expires_in_days } = body.0;
        let role = role.unwrap_or(Role::Member).into();
        let lifetime = Duration::days(expires_in_days.unwrap_or(USUAL_DAYS).into());
        let (invite, token) = invites::create(&app.db, &administrator.0, role, lifetime).await?;
        let path = invites::path(&token);
        let token = token.expose_secret().to_owned();
        Ok(Created::Created(Json(NewInviteMade { invite: invite.into(), token, path })))
    }

    /// Takes an invitation back
    ///
    /// For administrators. Accounts that were made with others stay.
    #[oai(path = "/api/invites/:invite_id", method = "delete", operation_id = "delete_invite")]
    async fn delete(
        &self,
        app: Data<&App>,
        administrator: Administrator,
        /// The invitation.
        invite_id: Path<Uuid>,
    ) -> Result<Deleted, Failure> {
        invites::delete(&app.db, &administrator.0, invite_id.0).await?;
        Ok(Deleted::Gone)
    }
}
