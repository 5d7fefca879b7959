//! The tables: columns, and the finders that say whose rows they find.

pub mod answer_chunk;
pub mod api_key;
pub mod attachment;
pub mod audit_log;
pub mod continuation;
pub mod invite;
pub mod limit;
pub mod message;
pub mod passkey;
pub mod password_reset;
pub mod project;
pub mod provider;
pub mod provider_model;
pub mod recovery_code;
pub mod session;
pub mod stored;
pub mod totp;
pub mod user;
