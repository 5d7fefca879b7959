//! The tables: columns, and the finders that say whose rows they find.

pub mod answer_chunk;
pub mod api_key;
pub mod continuation;
pub mod invite;
pub mod message;
pub mod passkey;
pub mod project;
pub mod recovery_code;
pub mod session;
pub mod totp;
pub mod user;
