//! The people of this server, as administrators see and change them: their accounts, and never what they talk about.

use std::collections::HashMap;

use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait, QuerySelect, Set};
use uuid::Uuid;

use super::resets::Link;
use super::{Auth, Caller, NewAccount, Origin, normal_name, secret, store_account};
use crate::audit;
use crate::clock;
use crate::db::needle::Needle;
use crate::db::{self, Db};
use crate::entity::audit_log::Action;
use crate::entity::user::{self, Role};
use crate::entity::{invite, message, password_reset, project, session};
use crate::error::{Error, Result, Trouble};

/// A person, with what of them can be counted.
#[derive(Debug)]
pub struct Person {
    /// The account.
    pub user: user::Model,
    /// How many conversations they have.
    pub conversations: u64,
    /// On how many devices they are signed in.
    pub sessions: u64,
}

/// People, newest first, from below one of them: all, or those whose address or name has a text.
pub async fn list(db: &Db, query: Option<&Needle>, below: Option<Uuid>, limit: u64) -> Result<Vec<Person>> {
    let mut select = user::Entity::newest(below);
    if let Some(needle) = query {
        select = user::Entity::only_with(select, needle, db.backend());
    }
    count(db, select.limit(limit).all(db.reader()).await?).await
}

/// One person.
pub async fn get(db: &Db, id: Uuid) -> Result<Person> {
    let user = user::Entity::find_by_id(id).one(db.reader()).await?;
    with_counts(db, user.ok_or(Error::NotFound("person"))?).await
}

/// A person, counted anew.
pub async fn with_counts(db: &Db, user: user::Model) -> Result<Person> {
    count(db, vec![user]).await?.pop().ok_or(Error::NotFound("person"))
}

async fn count(db: &Db, users: Vec<user::Model>) -> Result<Vec<Person>> {
    let ids = || users.iter().map(|user| user.id);
    let counted = |rows: Vec<(Uuid, i64)>| {
        rows.into_iter().map(|(id, count)| (id, count.unsigned_abs())).collect::<HashMap<_, _>>()
    };
    let conversations = counted(project::Entity::count_of(ids()).into_tuple().all(db.reader()).await?);
    let sessions = counted(session::Entity::count_of(ids(), clock::now()).into_tuple().all(db.reader()).await?);
    let of = |counts: &HashMap<Uuid, u64>, user: &user::Model| counts.get(&user.id).copied().unwrap_or_default();
    Ok(users
        .into_iter()
        .map(|user| Person { conversations: of(&conversations, &user), sessions: of(&sessions, &user), user })
        .collect())
}

/// What an administrator makes an account from. The person sets the password.
#[derive(Debug)]
pub struct NewPerson {
    /// The address, as typed.
    pub email: String,
    /// What the person is called.
    pub name: Option<String>,
    /// What the person may do.
    pub role: Role,
}

/// Makes an account, and the link with which its person sets the first password.
pub async fn create(db: &Db, auth: &Auth, by: &Caller, new: NewPerson) -> Result<(Person, Link)> {
    // Until then there is a password that nobody knows.
    let (password, _) = secret::new("");
    let account = NewAccount { email: new.email, password, name: new.name };
    let (user, link) = store_account(db, &auth.hasher, account, new.role, Origin::Administrator(by)).await?;
    let person = Person { user, conversations: 0, sessions: 0 };
    Ok((person, link.ok_or_else(|| Error::Internal(anyhow::anyhow!("an account was made without its link")))?))
}

/// What an administrator changes about somebody; what is left out stays.
#[derive(Debug, Default)]
pub struct PersonChange {
    /// What the person is called; empty removes the name.
    pub name: Option<String>,
    /// What the person may do.
    pub role: Option<Role>,
    /// Whether the account can be used.
    pub active: Option<bool>,
}

/// Changes somebody. Who is deactivated is signed out everywhere; who is no administrator any more loses what they made as
/// one and what is still to be used.
pub async fn change(db: &Db, auth: &Auth, by: &Caller, id: Uuid, change: PersonChange) -> Result<user::Model> {
    let name = change.name.map(|name| normal_name(Some(name))).transpose()?;
    let transaction = db.write().await?;
    act(&transaction, by).await?;
    let before = user::Entity::find_by_id(id).lock_exclusive().one(&transaction).await?;
    let before = before.ok_or(Error::NotFound("person"))?;
    let note = async |action, details: &[(&str, &str)]| {
        audit::note(&transaction, Some(&by.user), action, &before, details).await
    };
    let mut user = before.clone().into_active_model();
    if let Some(name) = name.filter(|name| *name != before.name) {
        user.name = Set(name);
        note(Action::UserRenamed, &[]).await?;
    }
    if let Some(role) = change.role.filter(|role| *role != before.role) {
        user.role = Set(role);
        note(Action::UserRoleChanged, &[("role", role.word())]).await?;
    }
    match change.active.filter(|active| *active != before.is_active()) {
        Some(true) => {
            user.deactivated_at = Set(None);
            note(Action::UserActivated, &[]).await?;
        }
        Some(false) => {
            user.deactivated_at = Set(Some(clock::now()));
            note(Action::UserDeactivated, &[]).await?;
        }
        None => {}
    }
    if !user.is_changed() {
        return Ok(before);
    }
    user.updated_at = Set(clock::now());
    let user = user.update(&transaction).await?;
    if before.is_administrator() && !user.is_administrator() {
        keep_an_administrator(&transaction).await?;
        invite::Entity::delete_made_by(user.id).exec(&transaction).await?;
        password_reset::Entity::delete_made_by(user.id).exec(&transaction).await?;
    }
    if !user.is_active() {
        session::Entity::delete_of(user.id).exec(&transaction).await?;
        password_reset::Entity::delete_by_id(user.id).exec(&transaction).await?;
    }
    db.commit(transaction).await?;
    auth.recent.forget();
    Ok(user)
}

/// Deletes somebody with everything that belongs to them.
pub async fn delete(db: &Db, auth: &Auth, by: &Caller, id: Uuid) -> Result<()> {
    patiently(|| async {
        let transaction = db.write().await?;
        act(&transaction, by).await?;
        make_way(&transaction, id).await?;
        let user = remove(&transaction, id).await?;
        audit::note(&transaction, Some(&by.user), Action::UserDeleted, &user, &[]).await?;
        Ok(db.commit(transaction).await?)
    })
    .await?;
    auth.recent.forget();
    Ok(())
}

/// Deletes once more where others stood in the way: answers that are being stored lock their rows in an order of their own, and
/// of two transactions that wait for each other PostgreSQL ends one.
pub(super) async fn patiently<D: Future<Output = Result<()>>>(delete: impl Fn() -> D) -> Result<()> {
    match delete().await {
        Err(Error::DatabaseTrouble { trouble: Trouble::Busy, .. }) => delete().await,
        outcome => outcome,
    }
}

/// Lets nobody act any more who was an administrator when they asked and is none by now: what is taken from them with the role
/// must not come back a moment later. Until the transaction ends nobody's role is changed by another.
pub async fn act(transaction: &DatabaseTransaction, by: &Caller) -> Result<()> {
    db::alone(transaction, db::Alone::Administrators).await?;
    let still = user::Entity::find_by_id(by.id()).one(transaction).await?;
    if still.is_some_and(|user| user.is_administrator()) { Ok(()) } else { Err(Error::AdminOnly) }
}

/// What comes before an account is deleted, and before it is locked, so that no two wait for each other: the turn among those
/// who take administrators away, and the conversations, in which a question locks its own before it looks at its person.
pub(super) async fn make_way(transaction: &DatabaseTransaction, id: Uuid) -> Result<()> {
    db::alone(transaction, db::Alone::Administrators).await?;
    project::Entity::lock_of(id).into_tuple::<Uuid>().all(transaction).await?;
    Ok(())
}

/// Deletes an account for which way was made, unless nobody would be left to run the server.
pub(super) async fn remove(transaction: &DatabaseTransaction, id: Uuid) -> Result<user::Model> {
    let user = user::Entity::find_by_id(id).lock_exclusive().one(transaction).await?;
    let user = user.ok_or(Error::NotFound("person"))?;
    message::Entity::delete_of_person(transaction, id).await?;
    user::Entity::delete_by_id(id).exec(transaction).await?;
    if user.is_administrator() {
        keep_an_administrator(transaction).await?;
    }
    Ok(user)
}

/// Refuses what has just been done if nobody is left to run the server. Whoever asks is alone in doing so: two who demote
/// each other would else both see the other.
async fn keep_an_administrator(transaction: &DatabaseTransaction) -> Result<()> {
    let left = user::Entity::administrators().limit(1).count(transaction).await?;
    if left == 0 { Err(Error::LastAdministrator) } else { Ok(()) }
}
