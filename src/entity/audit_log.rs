//! The audit log: who did what, when, and to whom. Entries are only ever added, and deleted when they are old.

use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;

/// An entry. It names people as they were called then, because they may be gone by the time that it is read.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub struct Model {
    /// In the order of time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// When it was done.
    pub at: DateTimeUtc,
    /// Who did it; none for the command line and the server itself.
    pub actor_id: Option<Uuid>,
    /// Their address at that time.
    #[sea_orm(column_type = "Text", nullable)]
    pub actor_email: Option<String>,
    /// What was done.
    pub action: Action,
    /// What it was done to.
    pub target_kind: TargetKind,
    /// Which one.
    pub target_id: Option<Uuid>,
    /// What that was called: the address of a person, the name of a key.
    #[sea_orm(column_type = "Text", nullable)]
    pub target_label: Option<String>,
    /// What else there is to say: an object of words, as JSON. Never a secret.
    #[sea_orm(column_type = "Text")]
    pub details: String,
}

/// What can be done that others may ask about later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Action {
    /// Somebody made their own account.
    UserRegistered,
    /// An account was made for somebody.
    UserCreated,
    /// An account cannot be used any more.
    UserDeactivated,
    /// An account can be used again.
    UserActivated,
    /// Somebody may do more, or less.
    UserRoleChanged,
    /// Somebody is called something else.
    UserRenamed,
    /// An account is gone.
    UserDeleted,
    /// Somebody has a new password in place of one that they knew.
    PasswordChanged,
    /// A link was made with which somebody sets a new password.
    ResetLinkCreated,
    /// Somebody has a new password by such a link.
    PasswordReset,
    /// An API key was made.
    KeyCreated,
    /// An API key is worth nothing any more.
    KeyDeleted,
    /// Somebody was invited.
    InviteCreated,
    /// An invitation was taken back.
    InviteDeleted,
    /// Somebody signs in with more than a password from now on, or with one way more.
    FactorAdded,
    /// One of these ways is gone.
    FactorRemoved,
    /// All of them were taken from somebody who had lost them.
    FactorsReset,
    /// Somebody, or everybody, was signed out by whoever runs the server.
    SessionsEnded,
    /// A model server was added.
    ProviderCreated,
    /// A model server is asked otherwise.
    ProviderChanged,
    /// A model server is gone.
    ProviderDeleted,
    /// Something was said of a model, such as whom it is for.
    ModelChanged,
    /// A limit is another from now on.
    LimitChanged,
    /// What is stored under the secret key was sealed with another one.
    SecretRotated,
}

/// What something can be done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum TargetKind {
    /// A person.
    User,
    /// An API key.
    Key,
    /// An invitation.
    Invite,
    /// A model server.
    Provider,
    /// The server as a whole.
    Server,
}

/// Relations are followed by the finders below, not by the library.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The entries, newest first, from below one of them: all, or those of one kind, or of one actor.
    pub fn newest(action: Option<Action>, actor_id: Option<Uuid>, below: Option<Uuid>) -> Select<Self> {
        let select = Self::find().order_by_desc(Column::Id);
        let select = action.into_iter().fold(select, |select, action| select.filter(Column::Action.eq(action)));
        let select = actor_id.into_iter().fold(select, |select, id| select.filter(Column::ActorId.eq(id)));
        below.into_iter().fold(select, |select, id| select.filter(Column::Id.lt(id)))
    }

    /// The entries from before a time.
    pub fn delete_before(time: DateTimeUtc) -> sea_orm::DeleteMany<Self> {
        Self::delete_many().filter(Column::At.lt(time))
    }
}
