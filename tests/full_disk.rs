//! The disk is full while an answer is written: it streams on, questions are refused with a remedy, and once there is room
//! everything is stored.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use loquat::config::{Data, Database};
use sea_orm::ConnectionTrait;
use secrecy::SecretString;
use serde_json::json;

use crate::harness::audit::{self, Witness};
use crate::harness::client::{answer_of, problem_of};
use crate::harness::events::text;
use crate::harness::postgres::Cluster;
use crate::harness::{Kind, Provider, Script, Server, within};

/// A small file system of its own in memory. Mounting takes root, or `sudo` without a password.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path, size: &str) -> Self {
        fs::create_dir_all(at).unwrap();
        let mounted =
            mount(&["mount", "-t", "tmpfs", "-o", &format!("size={size},mode=0777"), "tmpfs", at.to_str().unwrap()]);
        assert!(mounted, "a small tmpfs cannot be mounted: run the tests as root, or allow sudo without a password");
        Self(at.to_owned())
    }

    /// Leaves no byte free.
    fn fill(&self) {
        let mut ballast = fs::File::create(self.0.join("ballast")).unwrap();
        for size in [64 * 1024, 4096, 1] {
            let block = vec![b'x'; size];
            while ballast.write_all(&block).is_ok() {}
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        mount(&["umount", "--lazy", self.0.to_str().unwrap()]);
    }
}

fn mount(command: &[&str]) -> bool {
    let quiet = |command: &[&str]| {
        Command::new(command[0]).args(&command[1..]).output().is_ok_and(|output| output.status.success())
    };
    quiet(command) || quiet(&[&["sudo", "-n"], command].concat())
}

/// A database that lives on a small disk. On PostgreSQL its tables do; its log stays where it is, as without it there is
/// no database at all.
async fn on_a_small_disk(kind: Kind, dir: &Path) -> (Data, Disk, Option<Cluster>) {
    let place = dir.join("disk");
    match kind {
        Kind::Sqlite => {
            let disk = Disk::mount(&place, "4m");
            (Data { dir: place.clone(), database: Database::Sqlite(place.join("loquat.db")) }, disk, None)
        }
        Kind::Postgres => {
            let disk = Disk::mount(&place, "24m");
            let space = place.join("space");
            fs::create_dir(&space).unwrap();
            // One of its own: without its disk it would not be of use to anybody else.
            let cluster = Cluster::start(|_| Vec::new());
            cluster.lend(&space);
            // The way to it has to be open for the user that the database runs as.
            fs::set_permissions(dir, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
            let name = "small";
            let db = sea_orm::Database::connect(cluster.url("postgres")).await.unwrap();
            db.execute_unprepared(&format!("CREATE TABLESPACE {name} LOCATION '{}'", space.display())).await.unwrap();
            db.execute_unprepared(&format!("CREATE DATABASE {name} TABLESPACE {name}")).await.unwrap();
            db.close().await.unwrap();
            (
                Data { dir: dir.to_owned(), database: Database::Postgres(SecretString::from(cluster.url(name))) },
                disk,
                Some(cluster),
            )
        }
    }
}

on_both_databases! {
    async fn a_full_disk_loses_nothing_and_is_told(kind) {
        // Text that no database can make smaller.
        let words = |seed: u64| -> String {
            let mut state = seed;
            (0..200_000).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from_digit(u32::try_from(state >> 60).unwrap(), 16).unwrap()
            }).collect()
        };
        let script = (0..4).fold(Script::stream().delta("begun ").gate(), |script, n| script.delta(&words(n))).gate().end();
        let provider = Provider::start(move |n, _| if n == 0 { script.clone() } else { Script::answer("short") }).await;
        let configured = provider.configured();
        let outside = tempfile::tempdir().unwrap();
        let (data, disk, cluster) = on_a_small_disk(kind, outside.path()).await;
        let server = Server::on(tempfile::tempdir().unwrap(), data, |config| {
            config.migrate = true;
            config.providers = vec![configured];
        }).await;
        let ada = server.person("ada").await;
        let (project, other) = (ada.project().await, ada.project().await);
        let answer = answer_of(&ada.ask(&project, "Tell me everything").await);
        let mut events = ada.events(&project, &answer, None).await;
        events.until("message").await;

        disk.fill();
        provider.open();
        // The stream goes on, and nobody is told of an end that is not stored.
        let mut seen = String::new();
        while seen.len() < 800_000 {
            seen += &text(&within(5, "the next words", events.until("message")).await);
        }
        provider.open();
        let path = format!("/api/projects/{other}/messages");
        let question = words(9);
        let refused = ada.post(&path, json!({"content": question})).await;
        assert_eq!(refused.headers()["retry-after"], "30");
        let problem = problem_of(refused, 503, "disk_full").await;
        assert!(problem["detail"].as_str().unwrap().contains("administrator has to make room"), "{problem}");
        let early = tokio::time::timeout(Duration::from_millis(800), events.next()).await;
        assert!(early.is_err(), "before there is room comes {early:?}");
        // What is there can be read.
        assert_eq!(ada.messages(&project).await[1]["status"], "running");

        disk.make_room();
        let end = within(20, "the end", events.until("end")).await.pop().unwrap();
        assert_eq!((end.data["status"].as_str(), end.data["content"].as_str().unwrap().len()), (Some("complete"), 800_006));
        let turn = answer_of(&ada.ask(&other, "And now?").await);
        ada.events(&other, &turn, None).await.until("end").await;
        audit::assert_clean(&server.app.config.data, &provider, &Witness::default()).await;
        server.stop().await;
        if let Some(cluster) = cluster {
            cluster.stop("immediate");
        }
        drop(disk);
    }
}

/// SQLite rolls back by itself when it is full. What follows has to be a transaction of its own, and not one that the
/// library believes to be inside the failed one: such a one takes no lock, and after a second failure commits nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_transaction_that_sqlite_has_rolled_back_is_a_whole_one() {
    let provider = Provider::always(Script::answer("yes")).await;
    let server = Server::with_provider(Kind::Sqlite, &provider).await;
    let ada = server.person("ada").await;
    let project = ada.project().await;
    // The one connection that writes is told that the file must not grow.
    let writing = server.app.db.write().await.unwrap();
    writing.execute_unprepared("PRAGMA max_page_count = 1").await.unwrap();
    server.app.db.commit(writing).await.unwrap();
    let path = format!("/api/projects/{project}/messages");
    problem_of(ada.post(&path, json!({"content": "x".repeat(200_000)})).await, 503, "disk_full").await;

    let writing = server.app.db.write().await.unwrap();
    let other = audit::connect(&server.app.config.data).await;
    other.execute_unprepared("PRAGMA busy_timeout = 0").await.unwrap();
    let refused = other.execute_unprepared("BEGIN IMMEDIATE").await.unwrap_err().to_string();
    assert!(refused.contains("locked"), "{refused}");
    writing.rollback().await.unwrap();
    other.close().await.unwrap();

    let answer = answer_of(&ada.ask(&project, "Question?").await);
    ada.events(&project, &answer, None).await.until("end").await;
    let ended = [(answer, ("complete".to_owned(), "yes".to_owned()))].into();
    audit::assert_clean(&server.app.config.data, &provider, &Witness { ended, ..Witness::default() }).await;
}
