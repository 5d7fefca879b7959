//! `/api/users`: registering, and one's own account.

use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use secrecy::SecretString;
use serde::Deserialize;
use uuid::Uuid;

use super::body::Body;
use super::cookie::{self, Client};
use super::failure::Failure;
use super::session::{Access, Session};
use super::time::Time;
use super::{Group, aside};
use crate::app::App;
use crate::auth::{self, AccountChange, Caller, NewAccount, factors};
use crate::entity::user;
use crate::error::Error;

pub(super) struct Api;

/// A person with an account.
#[derive(Object)]
pub(crate) struct User {
    /// Who it is, for ever.
    id: Uuid,
    /// The address, in lower case.
    email: String,
    /// What the person wants to be called.
    name: Option<String>,
    /// What the person may do.
    role: Role,
    /// When the account was made.
    created_at: Time,
    /// When it was last changed.
    updated_at: Time,
    /// Whether the person must set a second factor up before they can do anything else.
    second_factor_missing: bool,
}

/// What a person may do.
#[derive(Clone, Copy, Enum, Deserialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    /// Uses the application.
    Member,
    /// Runs it.
    Admin,
}

impl From<user::Role> for Role {
    fn from(role: user::Role) -> Self {
        match role {
            user::Role::Member => Self::Member,
            user::Role::Admin => Self::Admin,
        }
    }
}

impl From<Role> for user::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Member => Self::Member,
            Role::Admin => Self::Admin,
        }
    }
}

impl From<user::Model> for User {
    fn from(user: user::Model) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            role: user.role.into(),
            created_at: Time(user.created_at),
            updated_at: Time(user.updated_at),
            second_factor_missing: false,
        }
    }
}

impl From<Caller> for User {
    fn from(caller: Caller) -> Self {
        Self { second_factor_missing: caller.lacks_factor, ..caller.user.into() }
    }
}

impl User {
    /// Somebody who has no second factor, as they are after a sign-in by password alone.
    pub(super) fn without_factor(app: &App, user: user::Model) -> Self {
        let second_factor_missing = factors::is_required(&app.auth, &user);
        Self { second_factor_missing, ..user.into() }
    }
}

/// What an account is made from.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct NewUser {
    /// The address to sign in with.
    #[oai(validator(max_length = 254))]
    email: String,
    /// 8 to 256 characters, and none of the passwords that everybody guesses first.
    #[oai(validator(min_length = 8, max_length = 256))]
    password: String,
    /// What you want to be called.
    #[oai(validator(max_length = 100))]
    name: Option<String>,
    /// The token of an invitation, which is then used up.
    #[oai(validator(max_length = 200))]
    invite: Option<String>,
}

/// What to change about an account; what is left out stays.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct UserChange {
    /// What you want to be called; empty removes the name.
    #[oai(validator(max_length = 100))]
    name: Option<String>,
    /// A new password. Ends every other session.
    #[oai(validator(min_length = 8, max_length = 256))]
    password: Option<String>,
    /// The password it replaces.
    #[oai(validator(max_length = 256))]
    current_password: Option<String>,
}

/// What it takes to delete an account.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct Farewell {
    /// Your password, so that nobody else does it at a screen that you left.
    #[oai(validator(max_length = 256))]
    password: String,
}

#[derive(ApiResponse)]
enum Registered {
    /// The account is made. Sign in next.
    #[oai(status = 201)]
    Created(Json<User>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// The account is gone, with everything that belonged to it.
    #[oai(status = 204)]
    Gone(#[oai(header = "Set-Cookie")] String),
}

#[OpenApi(tag = "Group::Accounts")]
impl Api {
    /// Registers
    ///
    /// Anybody may, where sign-up is open, and with an invitation anywhere. It does not sign in. From one address only so
    /// many an hour: 429 `too_many_registrations`.
    #[oai(path = "/api/users", method = "post", operation_id = "register")]
    async fn register(
        &self,
        app: Data<&App>,
        client: Data<&Client>,
        body: Body<NewUser>,
    ) -> Result<Registered, Failure> {
        let NewUser { email, password, name, invite } = body.0;
        let account = NewAccount { email, password: SecretString::from(password), name };
        let mut attempt = app.auth.limits.registration(client.address)?;
        let outcome = attempt.settle(auth::register(&app.db, &app.auth, account, invite).await);
        aside::tell(attempt.standings);
        Ok(Registered::Created(Json(User::without_factor(&app, outcome?))))
    }

    /// Shows your account
    ///
    /// For signed-in people.
    #[oai(path = "/api/users/me", method = "get", operation_id = "get_me")]
    async fn me(&self, access: Access) -> Result<Json<User>, Failure> {
        Ok(Json(access.0.user.into()))
    }

    /// Changes your account
    ///
    /// For signed-in people. A new password needs the current one, and ends every other session. After too many wrong
    /// ones: 429 `too_many_wrong_passwords`.
    #[oai(path = "/api/users/me", method = "patch", operation_id = "change_me")]
    async fn change(&self, app: Data<&App>, session: Session, body: Body<UserChange>) -> Result<Json<User>, Failure> {
        let UserChange { name, password, current_password } = body.0;
        let password = match (password, current_password) {
            (Some(new), Some(current)) => Some((SecretString::from(new), SecretString::from(current))),
            (Some(_), None) => {
                return Err(
                    Error::invalid("current_password", "to change the password, give the current one too").into()
                );
            }
            (None, _) => None,
        };
        let change = AccountChange { name, password };
        let user = auth::change_account(&app.db, &app.auth, &session.0, change).await?;
        Ok(Json(user.into()))
    }

    /// Deletes your account
    ///
    /// For signed-in people who know their password. Everything goes with it, at once and for good; running answers are
    /// cut off. After too many wrong passwords: 429 `too_many_wrong_passwords`. The last administrator stays: 409
    /// `last_administrator`.
    #[oai(path = "/api/users/me", method = "delete", operation_id = "delete_me")]
    async fn delete(
        &self,
        app: Data<&App>,
        client: Data<&Client>,
        session: Session,
        body: Body<Farewell>,
    ) -> Result<Deleted, Failure> {
        let password = SecretString::from(body.0.password);
        auth::delete_account(&app.db, &app.auth, &session.0, password).await?;
        app.chat.forget_owner(session.0.caller.id());
        Ok(Deleted::Gone(cookie::sign_out(&app.config, **client)))
    }
}
