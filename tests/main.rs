//! The whole product through its front door, on SQLite and on PostgreSQL.
#![allow(missing_docs, reason = "tests are read, not linked to")]
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]
#![allow(unreachable_pub, reason = "the harness is a library inside one binary")]

#[macro_use]
mod harness;

mod accounts;
mod at_once;
mod attachments;
mod audit;
mod audit_log;
mod binary;
mod bounds;
mod branches;
mod continuing;
mod contract;
mod cuts;
mod deactivation;
mod deep;
mod export;
mod failpoints;
mod fair;
mod faults;
mod floods;
mod full_disk;
mod guard;
mod guessing;
mod host;
mod invites;
mod keys;
mod kills;
mod lifetimes;
mod limits;
mod logs;
mod lost_commits;
mod migrations;
mod models;
mod naming;
mod operator;
mod outages;
mod page;
mod passkeys;
mod people;
mod postgres_tls;
mod projects;
mod promises;
mod providers;
mod races;
mod recordings;
mod required_factor;
mod resets;
mod rotation;
mod scopes;
mod search;
mod second_factor;
mod seen;
mod sentry;
mod server;
mod sessions;
mod set_limits;
mod settings;
mod socket;
mod socket_bounds;
mod storage;
mod strangers;
mod streams;
mod superseded;
mod tls;
mod tokens;
mod turns;
