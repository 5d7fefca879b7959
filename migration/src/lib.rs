//! The database's history: every change to the schema, oldest first.
//!
//! A migration is frozen once released. It never imports the application's entities, because those
//! describe today's tables and a migration describes the tables of its own day.

pub use sea_orm_migration::prelude::{MigrationTrait, MigratorTrait};

mod columns;
mod m20261123_000001_accounts;
mod m20261123_000002_conversations;
mod m20261123_000003_continuations;
mod m20261123_000004_timing;
mod m20261123_000005_devices_and_pins;
mod m20261123_000006_api_keys;
mod m20261123_000007_invites;
mod m20261123_000008_people;
mod m20261123_000009_providers;
mod m20261123_000010_second_factors;
mod m20261123_000011_limits;
mod m20261124_000012_image_models;
mod m20261124_000013_attachments;

/// Runs, reverts and lists the migrations.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_accounts::Migration),
            Box::new(m20261123_000002_conversations::Migration),
            Box::new(m20261123_000003_continuations::Migration),
            Box::new(m20261123_000004_timing::Migration),
            Box::new(m20261123_000005_devices_and_pins::Migration),
            Box::new(m20261123_000006_api_keys::Migration),
            Box::new(m20261123_000007_invites::Migration),
            Box::new(m20261123_000008_people::Migration),
            Box::new(m20261123_000009_providers::Migration),
            Box::new(m20261123_000010_second_factors::Migration),
            Box::new(m20261123_000011_limits::Migration),
            Box::new(m20261124_000012_image_models::Migration),
            Box::new(m20261124_000013_attachments::Migration),
        ]
    }
}
