//! `/api/admin/users`: the people of this server, for those who run it.

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
use crate::auth::people::{self, NewPerson, PersonChange};
use crate::auth::resets;

pub(super) struct Api;

/// A person, as administrators see them: never what they talk about.
#[derive(Object)]
struct Person {
    /// Who it is, for ever.
    id: Uuid,
    /// The address, in lower case.
    email: String,
    /// What the person is called.
    name: Option<String>,
    /// What the person may do.
    role: Role,
    /// Whether the account can be used.
    is_active: bool,
    /// Since when it cannot.
    deactivated_at: Option<Time>,
    /// When the person was last here, to within a minute or two; null for never.
    last_seen_at: Option<Time>,
    /// How many conversations they have.
    conversations: u64,
    /// On how many devices they are signed in.
    sessions: u64,
    /// When the account was made.
    created_at: Time,
    /// When it was last changed.
    updated_at: Time,
}

impl From<people::Person> for Person {
    fn from(person: people::Person) -> Self {
        let people::Person { user, conversations, sessions } = person;
        Self {
            id: user.id,
            is_active: user.is_active(),
            email: user.email,
            name: user.name,
            role: user.role.into(),
            deactivated_at: user.deactivated_at.map(Time),
            last_seen_at: user.last_seen_at.map(Time),
            conversations,
            sessions,
            created_at: Time(user.created_at),
            updated_at: Time(user.updated_at),
        }
    }
}

/// A page of people, the newest account first.
#[derive(Object)]
struct PersonPage {
    /// The people.
    items: Vec<Person>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// Whom to make an account for.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields, rename = "NewPerson")]
#[serde(deny_unknown_fields)]
struct NewPersonBody {
    /// The address to sign in with.
    #[oai(validator(max_length = 254))]
    email: String,
    /// What the person is called.
    #[oai(validator(max_length = 100))]
    name: Option<String>,
    /// What the person may do; `member` when left out.
    role: Option<Role>,
}

/// What to change about somebody; what is left out stays.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields, rename = "PersonChange")]
#[serde(deny_unknown_fields)]
struct PersonChangeBody {
    /// What the person is called; empty removes the name.
    #[oai(validator(max_length = 100))]
    name: Option<String>,
    /// What the person may do from now on.
    role: Option<Role>,
    /// False keeps the person out until it is true again; nothing of theirs is lost.
    active: Option<bool>,
}

/// A link with which somebody sets a new password, once. It is shown this once.
#[derive(Object)]
struct ResetLink {
    /// The token, for `POST /api/password_resets/`.
    token: String,
    /// The page that it opens, to be put behind the address of this server. The token stands behind a `#`, so that no
    /// server and no proxy has it in its log.
    path: String,
    /// When it ends.
    expires_at: Time,
}

impl From<resets::Link> for ResetLink {
    fn from(link: resets::Link) -> Self {
        Self { path: link.path(), token: link.token.expose_secret().to_owned(), expires_at: Time(link.expires_at) }
    }
}

/// A new person, and the link with which they set their first password.
#[derive(Object)]
struct NewPersonMade {
    /// The person.
    person: Person,
    /// The link.
    link: ResetLink,
}

#[derive(ApiResponse)]
enum Created {
    /// The account is made. This is the only time that its link is shown.
    #[oai(status = 201)]
    Created(Json<NewPersonMade>),
}

#[derive(ApiResponse)]
enum LinkCreated {
    /// The link is made. This is the only time that it is shown.
    #[oai(status = 201)]
    Created(Json<ResetLink>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// The account is gone, with everything that belonged to it.
    #[oai(status = 204)]
    Gone,
}

#[OpenApi(tag = "Group::Administration")]
impl Api {
    /// Lists the people
    ///
    /// For administrators. The newest account comes first. With `query` it lists those whose address or name has that text;
    /// upper and lower case are alike, and no character stands for another.
    #[oai(path = "/api/admin/users", method = "get", operation_id = "list_people")]
    async fn list(
        &self,
        app: Data<&App>,
        _administrator: Administrator,
        /// The text to look for, 1 to 200 characters. Spaces around it do not count.
        #[oai(validator(min_length = 1, max_length = 200))]
        query: Query<Option<String>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<String>>,
        /// How many to list, 1 to 200; 50 when left out.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u32>>,
    ) -> Result<Json<PersonPage>, Failure> {
        let size = limit.0.unwrap_or(page::USUAL);
        let below = page::below(cursor.0.as_deref())?;
        let needle = query.0.as_deref().map(page::needle).transpose()?;
        let mut found = people::list(&app.db, needle.as_ref(), below, u64::from(size) + 1).await?;
        let next_cursor = page::cut(&mut found, size, |last| last.user.id.to_string());
        Ok(Json(PersonPage { items: found.into_iter().map(Person::from).collect(), next_cursor }))
    }

    /// Makes an account for somebody
    ///
    /// For administrators. The answer has a link, this once, with which the person sets their password within a day. To have
    /// people choose their own address, invite them instead.
    #[oai(path = "/api/admin/users", method = "post", operation_id = "create_person")]
    async fn create(
        &self,
        app: Data<&App>,
        administrator: Administrator,
        body: Body<NewPersonBody>,
    ) -> Result<Created, Failure> {
        let NewPersonBody { email, name, role } = body.0;
        let new = NewPerson { email, name, role: role.unwrap_or(Role::Member).into() };
        let (person, link) = people::create(&app.db, &app.auth, &administrator.0, new).await?;
        Ok(Created::Created(Json(NewPersonMade { person: person.into(), link: link.into() })))
    }

    /// Shows a person
    ///
    /// For administrators.
    #[oai(path = "/api/admin/users/:user_id", method = "get", operation_id = "get_person")]
    async fn get(
        &self,
        app: Data<&App>,
        _administrator: Administrator,
        /// The person.
        user_id: Path<Uuid>,
    ) -> Result<Json<Person>, Failure> {
        Ok(Json(people::get(&app.db, user_id.0).await?.into()))
    }

    /// Changes a person
    ///
    /// For administrators. Whoever is deactivated is signed out everywhere, their keys are refused, and their running answers
    /// stop with the text that they have; what is theirs stays. With the role of an administrator go the invitations and the
    /// links for passwords that they made and nobody has used. The last administrator stays one: 409 `last_administrator`.
    #[oai(path = "/api/admin/users/:user_id", method = "patch", operation_id = "change_person")]
    async fn change(
        &self,
        app: Data<&App>,
        administrator: Administrator,
        /// The person.
        user_id: Path<Uuid>,
        body: Body<PersonChangeBody>,
    ) -> Result<Json<Person>, Failure> {
        let PersonChangeBody { name, role, active } = body.0;
        let change = PersonChange { name, role: role.map(Into::into), active };
        let user = people::change(&app.db, &app.auth, &administrator.0, user_id.0, change).await?;
        if !user.is_active() {
            app.chat.stop_owner(user.id);
        }
        Ok(Json(people::with_counts(&app.db, user).await?.into()))
    }

    /// Deletes a person
    ///
    /// For administrators. Everything goes with the account, at once and for good; running answers are cut off. The last
    /// administrator stays: 409 `last_administrator`.
    #[oai(path = "/api/admin/users/:user_id", method = "delete", operation_id = "delete_person")]
    async fn delete(
        &self,
        app: Data<&App>,
        administrator: Administrator,
        /// The person.
        user_id: Path<Uuid>,
    ) -> Result<Deleted, Failure> {
        people::delete(&app.db, &app.auth, &administrator.0, user_id.0).await?;
        app.chat.forget_owner(user_id.0);
        Ok(Deleted::Gone)
    }

    /// Makes a link for a new password
    ///
    /// For administrators. Whoever has it sets the person's password, once and within a day, and every session of theirs ends
    /// then. Until it is used the old password stays. The link before it is worth nothing any more.
    #[oai(path = "/api/admin/users/:user_id/reset_link", method = "post", operation_id = "create_reset_link")]
    async fn create_reset_link(
        &self,
        app: Data<&App>,
        administrator: Administrator,
        /// The person.
        user_id: Path<Uuid>,
    ) -> Result<LinkCreated, Failure> {
        let link = resets::create(&app.db, &administrator.0, user_id.0).await?;
        Ok(LinkCreated::Created(Json(link.into())))
    }
}
