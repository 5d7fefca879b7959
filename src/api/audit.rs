//! `/api/audit`: who did what.

use std::collections::HashMap;

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use super::failure::Failure;
use super::session::Administrator;
use super::time::Time;
use super::{Group, page};
use crate::app::App;
use crate::audit::{self, Wanted};
use crate::entity::audit_log;

pub(super) struct Api;

/// What somebody did.
#[derive(Object)]
struct AuditEntry {
    /// Its id; ids are in the order of time.
    id: Uuid,
    /// When it was done.
    at: Time,
    /// Who did it; null for the command line.
    actor_id: Option<Uuid>,
    /// Their address at that time.
    actor_email: Option<String>,
    /// What was done.
    action: AuditAction,
    /// What it was done to.
    target_kind: AuditTarget,
    /// Which one. It may be gone.
    target_id: Option<Uuid>,
    /// What that was called: a person's address, a key's name.
    target_label: Option<String>,
    /// What else there is to say, such as the new role.
    details: HashMap<String, String>,
}

/// A page of the audit log, the newest entry first.
#[derive(Object)]
struct AuditPage {
    /// The entries.
    items: Vec<AuditEntry>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// Has a word of the API for each of the table's.
macro_rules! words {
    ($(#[doc = $doc:literal])* $name:ident for $entity:path { $($(#[doc = $words:literal])* $variant:ident,)* }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Enum)]
        #[oai(rename_all = "snake_case")]
        enum $name {
            $($(#[doc = $words])* $variant,)*
        }

        impl From<$entity> for $name {
            fn from(word: $entity) -> Self {
                use $entity as Entity;
                match word {
                    $(Entity::$variant => Self::$variant,)*
                }
            }
        }

        impl From<$name> for $entity {
            fn from(word: $name) -> Self {
                match word {
                    $($name::$variant => Self::$variant,)*
                }
            }
        }
    };
}

words! {
    /// What can be done that others may ask about later.
    AuditAction for audit_log::Action {
        /// Somebody made their own account; `role` is what they may do, `invite_id` the invitation that they used.
        UserRegistered,
        /// An account was made for somebody; `role` is what they may do.
        UserCreated,
        /// An account was deactivated: nobody can use it.
        UserDeactivated,
        /// An account was activated again.
        UserActivated,
        /// Somebody may do more, or less; `role` is what they may do now.
        UserRoleChanged,
        /// An administrator changed what somebody is called.
        UserRenamed,
        /// An account was deleted, by its person or by an administrator.
        UserDeleted,
        /// Somebody replaced their password.
        PasswordChanged,
        /// An administrator made a link with which somebody sets a new password.
        ResetLinkCreated,
        /// Somebody set a new password with such a link.
        PasswordReset,
        /// Somebody made an API key; `scope` is what it is for.
        KeyCreated,
        /// Somebody deleted an API key.
        KeyDeleted,
        /// Somebody was invited; `role` is what they become.
        InviteCreated,
        /// An invitation was taken back.
        InviteDeleted,
        /// Somebody set up an authenticator app or a passkey; `factor` is which of the two.
        FactorAdded,
        /// Somebody removed one; `factor` is which of the two.
        FactorRemoved,
        /// The command line took every second factor from somebody.
        FactorsReset,
        /// The command line signed somebody, or everybody, out.
        SessionsEnded,
        /// An administrator added a model server.
        ProviderCreated,
        /// An administrator changed a model server.
        ProviderChanged,
        /// An administrator deleted a model server.
        ProviderDeleted,
        /// An administrator said something of a model, or took it back; `model` is its name.
        ModelChanged,
        /// An administrator set a limit, or took it back; `limit` is its name, `before` and `after` what it was and is, 0 for
        /// none, `how` one of `set` and `taken_back`.
        LimitChanged,
        /// The command line replaced the secret key.
        SecretRotated,
    }
}

words! {
    /// What something can be done to.
    AuditTarget for audit_log::TargetKind {
        /// A person.
        User,
        /// An API key.
        Key,
        /// An invitation.
        Invite,
        /// A model server.
        Provider,
        /// This server as a whole.
        Server,
    }
}

impl From<audit_log::Model> for AuditEntry {
    fn from(entry: audit_log::Model) -> Self {
        Self {
            details: audit::details(&entry).into_iter().collect(),
            id: entry.id,
            at: Time(entry.at),
            actor_id: entry.actor_id,
            actor_email: entry.actor_email,
            action: entry.action.into(),
            target_kind: entry.target_kind.into(),
            target_id: entry.target_id,
            target_label: entry.target_label,
        }
    }
}

#[OpenApi(tag = "Group::Administration")]
impl Api {
    /// Lists what was done
    ///
    /// For administrators. Accounts, passwords, keys and invitations: who made, changed or deleted them, the newest first.
    /// No conversation is ever in it.
    #[oai(path = "/api/audit", method = "get", operation_id = "list_audit")]
    async fn list(
        &self,
        app: Data<&App>,
        _administrator: Administrator,
        /// Only this kind.
        action: Query<Option<AuditAction>>,
        /// Only what this person did.
        actor_id: Query<Option<Uuid>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<String>>,
        /// How many to list, 1 to 200; 50 when left out.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u32>>,
    ) -> Result<Json<AuditPage>, Failure> {
        let size = limit.0.unwrap_or(page::USUAL);
        let below = page::below(cursor.0.as_deref())?;
        let wanted = Wanted { action: action.0.map(Into::into), actor_id: actor_id.0, below };
        let mut found = audit::list(&app.db, wanted, u64::from(size) + 1).await?;
        let next_cursor = page::cut(&mut found, size, |last| last.id.to_string());
        Ok(Json(AuditPage { items: found.into_iter().map(AuditEntry::from).collect(), next_cursor }))
    }
}
