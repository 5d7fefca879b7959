//! `/api/keys`: the API keys that programs use in your name.

use chrono::Duration;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use secrecy::ExposeSecret;
use serde::Deserialize;
use uuid::Uuid;

use super::body::Body;
use super::failure::Failure;
use super::session::Session;
use super::time::Time;
use super::{Group, page};
use crate::app::App;
use crate::auth::api_keys;
use crate::entity::api_key;

pub(super) struct Api;

/// An API key, without the key itself.
#[derive(Object)]
struct Key {
    /// Its id.
    id: Uuid,
    /// What you call it.
    name: String,
    /// What may be done with it.
    scope: Scope,
    /// Its first characters, to recognise it by.
    prefix: String,
    /// When it was made.
    created_at: Time,
    /// When it ends by itself; null for never.
    expires_at: Option<Time>,
    /// When it was last used, to within a minute or two; null for never.
    last_used_at: Option<Time>,
}

impl From<api_key::Model> for Key {
    fn from(key: api_key::Model) -> Self {
        Self {
            id: key.id,
            name: key.name,
            scope: key.scope.into(),
            prefix: key.prefix,
            created_at: Time(key.created_at),
            expires_at: key.expires_at.map(Time),
            last_used_at: key.last_used_at.map(Time),
        }
    }
}

/// What may be done with a key: `read` looks and changes nothing, `chat` does everything that you can do with conversations,
/// `admin` runs the server too, which is for administrators only. Each allows what those before it do, and none more than its
/// owner may.
#[derive(Clone, Copy, Enum, Deserialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
enum Scope {
    /// Everything that changes nothing and asks no model.
    Read,
    /// Everything that you can do with conversations.
    Chat,
    /// Running the server.
    Admin,
}

impl From<api_key::Scope> for Scope {
    fn from(scope: api_key::Scope) -> Self {
        match scope {
            api_key::Scope::Read => Self::Read,
            api_key::Scope::Chat => Self::Chat,
            api_key::Scope::Admin => Self::Admin,
        }
    }
}

impl From<Scope> for api_key::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Read => Self::Read,
            Scope::Chat => Self::Chat,
            Scope::Admin => Self::Admin,
        }
    }
}

/// A page of keys, the newest first.
#[derive(Object)]
struct KeyPage {
    /// The keys.
    items: Vec<Key>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// What a key is made from.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct NewKey {
    /// What you call it, 1 to 100 characters.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// What may be done with it.
    scope: Scope,
    /// After how many days it ends, 1 to 3650; never when left out.
    #[oai(validator(minimum(value = "1"), maximum(value = "3650")))]
    expires_in_days: Option<u32>,
}

/// A new key.
#[derive(Object)]
struct NewKeyMade {
    /// What is kept of it.
    key: Key,
    /// The key itself, to be sent as `Authorization: Bearer`. It is shown this once and cannot be shown again.
    secret: String,
}

#[derive(ApiResponse)]
enum Created {
    /// The key is made.
    #[oai(status = 201)]
    Created(Json<NewKeyMade>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// The key is worth nothing any more.
    #[oai(status = 204)]
    Gone,
}

#[OpenApi(tag = "Group::Accounts")]
impl Api {
    /// Lists your API keys
    ///
    /// For signed-in people. The newest comes first; those that have ended are listed too, until you delete them.
    #[oai(path = "/api/keys", method = "get", operation_id = "list_keys")]
    async fn list(
        &self,
        app: Data<&App>,
        session: Session,
        /// `next_cursor` of the page before.
        cursor: Query<Option<String>>,
        /// How many to list, 1 to 200; 50 when left out.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u32>>,
    ) -> Result<Json<KeyPage>, Failure> {
        let size = limit.0.unwrap_or(page::USUAL);
        let below = page::below(cursor.0.as_deref())?;
        let mut found = api_keys::list(&app.db, &session.0.caller, below, u64::from(size) + 1).await?;
        let next_cursor = page::cut(&mut found, size, |last| last.id.to_string());
        Ok(Json(KeyPage { items: found.into_iter().map(Key::from).collect(), next_cursor }))
    }

    /// Makes an API key
    ///
    /// For signed-in people. The answer has the key itself, this once: only its hash is kept. You have at most 100.
    #[oai(path = "/api/keys", method = "post", operation_id = "create_key")]
    async fn create(&self, app: Data<&App>, session: Session, body: Body<NewKey>) -> Result<Created, Failure> {
        let NewKey { name, scope, expires_in_days } = body.0;
        let lifetime = expires_in_days.map(|days| Duration::days(days.into()));
        let new = api_keys::NewKey { name, scope: scope.into(), lifetime };
        let (key, secret) = api_keys::create(&app.db, &session.0, new).await?;
        Ok(Created::Created(Json(NewKeyMade { key: key.into(), secret: secret.expose_secret().to_owned() })))
    }

    /// Deletes an API key
    ///
    /// For whose key it is. It is worth nothing at once, and what is open with it, streams and sockets, ends.
    #[oai(path = "/api/keys/:key_id", method = "delete", operation_id = "delete_key")]
    async fn delete(
        &self,
        app: Data<&App>,
        session: Session,
        /// The key.
        key_id: Path<Uuid>,
    ) -> Result<Deleted, Failure> {
        api_keys::delete(&app.db, &app.auth, &session.0.caller, key_id.0).await?;
        Ok(Deleted::Gone)
    }
}
