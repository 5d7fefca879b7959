//! People who can sign in.

use sea_orm::entity::prelude::*;

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Who this is, for ever: the address may change, this does not.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The address, in lower case.
    #[sea_orm(unique, column_type = "Text")]
    pub email: String,
    /// What the person wants to be called.
    #[sea_orm(column_type = "Text", nullable)]
    pub name: Option<String>,
    /// The password's argon2id hash, in PHC form.
    #[sea_orm(column_type = "Text")]
    pub hashed_password: String,
    /// What the person may do.
    pub role: Role,
    /// When the account was made.
    pub created_at: DateTimeUtc,
    /// When it was last changed.
    pub updated_at: DateTimeUtc,
    /// Since when nobody can use it; none while it is active.
    pub deactivated_at: Option<DateTimeUtc>,
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Role {
    /// Uses the application.
    #[sea_orm(string_value = "member")]
    Member,
    /// Runs it.
    #[sea_orm(string_value = "admin")]
    Admin,
}

impl Role {
    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }
}

/// Relations are followed by the finders below, not by the library.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The account with this address, which must already be in lower case.
    pub fn with_email(email: &str) -> Select<Self> {
        Self::find().filter(Column::Email.eq(email))
    }

    /// Those who run the application.
    pub fn administrators() -> Select<Self> {
        Self::find().filter(Column::Role.eq(Role::Admin))
    }
}
