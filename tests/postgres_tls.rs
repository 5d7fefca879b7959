//! PostgreSQL over TLS, verified against an authority that the test makes, and refused with another.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use loquat::config::{Data, Database};
use loquat::db::{Db, schema};
use secrecy::SecretString;

use crate::harness::authority::Authority;
use crate::harness::postgres::Cluster;

/// Makes the server's certificate for `localhost` and returns the settings that use it.
fn certify(authority: &Authority, data: &Path) -> Vec<String> {
    let (certificate, key) = authority.certify(&["localhost"]);
    fs::write(data.join("server.crt"), certificate).unwrap();
    fs::write(data.join("server.key"), key).unwrap();
    fs::set_permissions(data.join("server.key"), fs::Permissions::from_mode(0o600)).unwrap();
    // Nobody gets in without TLS.
    fs::write(data.join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").unwrap();
    ["ssl=on", "ssl_cert_file=server.crt", "ssl_key_file=server.key"].map(str::to_owned).to_vec()
}

async fn open(url: String) -> anyhow::Result<Db> {
    Db::open(&Data { dir: "/".into(), database: Database::Postgres(SecretString::from(url)) }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verified_connection_works_and_an_unverified_one_is_refused() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (ours, other) = (Authority::new("Ours"), Authority::new("Another"));
    let cluster = Cluster::start(|data| certify(&ours, data));
    let dir = tempfile::tempdir().unwrap();
    let roots = |name: &str, authority: &Authority| {
        let path = dir.path().join(name);
        fs::write(&path, &authority.certificate).unwrap();
        path.display().to_string()
    };
    let (right, wrong) = (roots("right.pem", &ours), roots("wrong.pem", &other));
    let url = |host: &str, rest: &str| format!("postgres://loquat@{host}:{}/postgres?{rest}", cluster.port);

    let db = open(url("localhost", &format!("sslmode=verify-full&sslrootcert={right}"))).await.unwrap();
    schema::up(&db).await.unwrap();
    assert_eq!(db.warning(), None);
    db.close().await;

    let refused = [
        (url("localhost", &format!("sslmode=verify-full&sslrootcert={wrong}")), "another authority"),
        (url("localhost", "sslmode=verify-full"), "only the system's authorities"),
        (url("127.0.0.1", &format!("sslmode=verify-full&sslrootcert={right}")), "another name than the certificate's"),
        (url("localhost", "sslmode=verify-full&sslrootcert=/nonexistent.pem"), "a file that is not there"),
        (url("localhost", "sslmode=disable"), "no TLS at all"),
    ];
    for (url, why) in refused {
        let error = open(url).await.expect_err(why);
        assert!(format!("{error:#}").contains("sslmode and sslrootcert"), "{why}: {error:#}");
    }
}

#[tokio::test]
async fn an_unverified_connection_to_elsewhere_is_warned_about() {
    // Nothing is connected to: only what the address says is looked at.
    for (url, warned) in [
        ("postgres://u@db.example.org/x", true),
        ("postgres://u@db.example.org/x?sslmode=require", true),
        ("postgres://u@db.example.org/x?sslmode=verify-full", false),
        ("postgres://u@localhost/x", false),
        ("postgres://u@127.0.0.1/x", false),
        ("postgres://u@/x?host=/var/run/postgresql", false),
    ] {
        assert_eq!(loquat::db::warning_for(url).is_some(), warned, "{url}");
    }
}
