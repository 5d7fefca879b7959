//! `loquat rotate-secret`: another key, however it is cut off.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Output;

use loquat::auth::factors::totp;
use loquat::auth::password::Hasher;
use loquat::auth::{self, NewAccount};
use loquat::db::{Db, schema};
use loquat::entity::totp as apps;
use loquat::entity::user::Role;
use loquat::vault::{Resealed, Vault};
use sea_orm::{ConnectionTrait, EntityTrait};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::harness::client::{PASSWORD, json_of, problem_of};
use crate::harness::process::{self, Running, borrowed, environment};
use crate::harness::{Kind, Person, Provider, Script, Server};
use crate::providers::{ask, path_of};

const OLD: &str = "an old key for tests only: 0123456789";
const NEW: &str = "a new key for tests only: 0123456789ab";
const KEY: &str = "sk-canary-0123456789-abcdefgh-WXYZ";

type Settings = Vec<(&'static str, String)>;

/// What a server is started with, whose model servers of the settings may be on this machine.
async fn settings(kind: Kind, dir: &Path, provider: &Provider) -> Settings {
    let mut settings = environment(kind, dir, provider).await;
    settings.retain(|(name, _)| !name.starts_with("OPENAI_"));
    settings.push(("OPENAI_BASE_URL", "http://127.0.0.1:9/v1".to_owned()));
    settings.push(("LOQUAT_ALLOWED_PROVIDER_HOSTS", "127.0.0.1".to_owned()));
    settings.push(("RUST_LOG", "loquat=trace,hyper_util=trace,reqwest=trace".to_owned()));
    settings
}

/// The same settings with another secret key.
fn keyed(settings: &Settings, key: &str) -> Settings {
    let others = settings.iter().filter(|(name, _)| *name != "SECRET_KEY").cloned();
    others.chain([("SECRET_KEY", key.to_owned())]).collect()
}

/// Makes the administrator beneath the server.
async fn make_root(settings: &Settings, dir: &Path) {
    let db = Db::open(&process::data(&borrowed(settings), dir)).await.unwrap();
    schema::up(&db).await.unwrap();
    let password = SecretString::from(PASSWORD.to_owned());
    let account = NewAccount { email: "root@example.org".to_owned(), password, name: None };
    auth::create_account(&db, &Hasher::new(None), account, Role::Admin).await.unwrap();
    db.close().await;
}

async fn root(server: &Running) -> Person {
    let mut root = Person::at(&server.url);
    root.email = "root@example.org".to_owned();
    root.sign_in().await;
    root
}

/// A directory with a model server stored under the first key, and the cookie of its administrator.
async fn prepared(settings: &Settings, provider: &Provider) -> (tempfile::TempDir, Person) {
    let dir = tempfile::tempdir().unwrap();
    make_root(settings, dir.path()).await;
    let server = Running::on(dir, &borrowed(settings));
    let root = root(&server).await;
    let new = json!({"name": "shop", "base_url": format!("http://{}/v1", provider.address), "api_key": KEY});
    json_of(root.post("/api/providers/", new).await, 201).await;
    (server.kill(), root)
}

fn rotate(dir: &Path, settings: &Settings, more: &[(&str, &str)]) -> Output {
    let mut command = process::command(dir);
    command.arg("rotate-secret").envs(borrowed(settings)).envs(more.iter().copied()).output().unwrap()
}

/// Whether a server with these settings reads the stored key; the old cookie must be worth nothing.
async fn reads(dir: tempfile::TempDir, settings: &Settings, before: &Person, provider: &Provider) -> tempfile::TempDir {
    let asked = provider.calls().len();
    let server = Running::on(dir, &borrowed(settings));
    problem_of(before.clone().at_address(&server.url).get("/api/providers/").await, 401, "not_signed_in").await;
    let root = root(&server).await;
    let shop = root.read("/api/providers/").await["items"][0].clone();
    assert_eq!((&shop["state"], &shop["key_hint"]), (&json!("works"), &json!("WXYZ")), "{}", server.log());
    assert_eq!(ask(&root, "shop/scripted").await.1.data["content"], "hi");
    assert!(provider.record()[asked].head.contains(KEY));
    json_of(root.get(&path_of(&shop)).await, 200).await;
    assert!(!server.log().contains("sk-canary"), "the key is in the log");
    server.kill()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_data_directory_is_replaced() {
    let provider = Provider::always(Script::answer("hi")).await;
    let settings = settings(Kind::Sqlite, Path::new("/"), &provider).await;
    let (dir, before) = prepared(&settings, &provider).await;
    let old = std::fs::read_to_string(dir.path().join("secret-key")).unwrap();
    let output = rotate(dir.path(), &settings, &[]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        said.contains("1 stored secret\n") && said.contains("1 session\n") && said.contains("secret-key\n"),
        "{said}"
    );
    let new = std::fs::read_to_string(dir.path().join("secret-key")).unwrap();
    assert!(new != old && new.len() == 64 && !said.contains(&new));
    assert!(!dir.path().join("secret-key.next").exists());
    let dir = reads(dir, &settings, &before, &provider).await;
    // Once more, and from the file to a key that is given.
    assert!(rotate(dir.path(), &settings, &[]).status.success());
    let given = keyed(&settings, NEW);
    assert!(rotate(dir.path(), &given, &[]).status.success());
    reads(dir, &given, &before, &provider).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_it_is_cut_off_no_key_is_lost() {
    let provider = Provider::always(Script::answer("hi")).await;
    let settings = settings(Kind::Sqlite, Path::new("/"), &provider).await;
    for (place, told) in
        [("rotation.before_commit", "nothing has changed"), ("rotation.after_commit", "is complete now")]
    {
        let (dir, before) = prepared(&settings, &provider).await;
        let output = rotate(dir.path(), &settings, &[("LOQUAT_FAILPOINT", place)]);
        assert_eq!(output.status.code(), None, "{place}: it died");
        assert!(dir.path().join("secret-key").exists() && dir.path().join("secret-key.next").exists());
        let server = Running::on(dir, &borrowed(&settings));
        assert!(server.log().contains(told), "{place}: {}", server.log());
        let root = root(&server).await;
        assert_eq!(root.read("/api/providers/").await["items"][0]["state"], "works", "{place}");
        let dir = server.kill();
        assert!(rotate(dir.path(), &settings, &[]).status.success(), "{place}");
        assert!(!dir.path().join("secret-key.next").exists());
        // Also when the next thing after the cut is not a start, but another try.
        reads(dir, &settings, &before, &provider).await;
        let (dir, before) = prepared(&settings, &provider).await;
        rotate(dir.path(), &settings, &[("LOQUAT_FAILPOINT", place)]);
        assert!(rotate(dir.path(), &settings, &[]).status.success(), "{place}");
        reads(dir, &settings, &before, &provider).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_given_is_replaced_on_both_databases() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let provider = Provider::always(Script::answer("hi")).await;
        let settings = settings(kind, Path::new("/"), &provider).await;
        let (old, new) = (keyed(&settings, OLD), keyed(&settings, NEW));
        let (dir, before) = prepared(&old, &provider).await;
        for (more, told) in [
            (&[][..], "SECRET_KEY_PREVIOUS is missing"),
            (&[("SECRET_KEY_PREVIOUS", NEW)][..], "the new key is the old one"),
        ] {
            let output = rotate(dir.path(), &new, more);
            let error = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.code() == Some(1) && error.contains(told), "{error}");
        }
        // A wrong old key changes nothing.
        let wrong = rotate(dir.path(), &new, &[("SECRET_KEY_PREVIOUS", "neither of the two, but long enough")]);
        let error = String::from_utf8(wrong.stderr).unwrap();
        assert!(wrong.status.code() == Some(1) && error.contains("nothing has changed"), "{error}");
        let died =
            rotate(dir.path(), &new, &[("SECRET_KEY_PREVIOUS", OLD), ("LOQUAT_FAILPOINT", "rotation.before_commit")]);
        assert_eq!(died.status.code(), None);
        let output = rotate(dir.path(), &new, &[("SECRET_KEY_PREVIOUS", OLD)]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let again = rotate(dir.path(), &new, &[("SECRET_KEY_PREVIOUS", OLD)]);
        assert!(String::from_utf8(again.stdout).unwrap().contains("1 that had the new key already"));
        reads(dir, &new, &before, &provider).await;
    }
}

/// Runs a command with the rights of another user, which root can.
fn as_user(user: u32, dir: &Path, arguments: &[&str]) -> Output {
    let mut command = process::command(dir);
    command.uid(user).gid(user).args(arguments).output().unwrap()
}

#[test]
fn what_root_makes_belongs_to_whom_the_server_runs_as() {
    const SERVICE: u32 = 4711;
    let dir = tempfile::tempdir().unwrap();
    if fs::metadata(dir.path()).unwrap().uid() != 0 {
        // Only root makes files for others.
        return;
    }
    chown(dir.path(), Some(SERVICE), Some(SERVICE)).unwrap();
    let up = process::command(dir.path()).args(["migrate", "up"]).output().unwrap();
    assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
    fs::write(dir.path().join("secret-key"), OLD).unwrap();
    chown(dir.path().join("secret-key"), Some(0), Some(SERVICE)).unwrap();
    fs::set_permissions(dir.path().join("secret-key"), Permissions::from_mode(0o644)).unwrap();
    assert!(rotate(dir.path(), &Settings::new(), &[]).status.success());
    let owner = |name: &str| {
        let file = fs::metadata(dir.path().join(name)).unwrap();
        (file.uid(), file.gid(), file.mode() & 0o777)
    };
    assert_eq!(owner("secret-key"), (0, SERVICE, 0o640));
    assert_eq!([owner("loquat.db"), owner("loquat.db.lock")], [(SERVICE, SERVICE, 0o600); 2]);

    chown(dir.path().join("secret-key"), Some(SERVICE), Some(SERVICE)).unwrap();
    fs::set_permissions(dir.path().join("secret-key"), Permissions::from_mode(0o600)).unwrap();
    assert!(rotate(dir.path(), &Settings::new(), &[]).status.success());
    assert_eq!(owner("secret-key"), (SERVICE, SERVICE, 0o600));
    // The service goes on with all of it, and with a key that is somebody else's it says what to do.
    let rotated = as_user(SERVICE, dir.path(), &["rotate-secret"]);
    assert!(rotated.status.success(), "{}", String::from_utf8_lossy(&rotated.stderr));
    chown(dir.path().join("secret-key"), Some(0), Some(0)).unwrap();
    let told = String::from_utf8(as_user(SERVICE, dir.path(), &["rotate-secret"]).stderr).unwrap();
    assert!(told.contains("secret-key cannot be read") && told.contains("chown"), "{told}");
}

#[test]
fn a_server_that_runs_keeps_its_key() {
    let server = Running::start(&[]);
    let output = rotate(server.dir.path(), &Settings::new(), &[]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && error.contains("another Loquat is using the database"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_version_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = process::command(dir.path()).args(arguments).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    run(&["migrate", "up"]);
    let told = run(&["rotate-secret"]);
    assert!(told.contains("there is no key to replace"), "{told}");
    fs::write(dir.path().join("secret-key"), OLD).unwrap();
    run(&["migrate", "down"]);
    let older = run(&["rotate-secret"]);
    assert!(older.contains("not up to date: run `loquat migrate up`"), "{older}");
    run(&["migrate", "up"]);
    let db = Db::open(&process::data(&[], dir.path())).await.unwrap();
    let transaction = db.write().await.unwrap();
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m99990101_000001_later', 0)";
    transaction.execute_unprepared(newer).await.unwrap();
    db.commit(transaction).await.unwrap();
    db.close().await;
    let newer = run(&["rotate-secret"]);
    assert!(newer.contains("needs that newer Loquat"), "{newer}");
    assert_eq!(fs::read_to_string(dir.path().join("secret-key")).unwrap(), OLD);
    assert!(!dir.path().join("secret-key.next").exists());
}

on_both_databases! {
    async fn authenticator_apps_are_sealed_anew_too(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let made = json_of(ada.post("/api/second_factor/totp", json!({"password": PASSWORD})).await, 201).await;
        let db = &server.app.db;
        let id = ada.id().await;
        let vaults = ["a key for tests only: 0123456789abcdef", NEW].map(|key| Vault::new(&SecretString::from(key.to_owned())));
        let reseal = async |old: &Vault, new: &Vault| {
            let transaction = db.write().await.unwrap();
            let mut resealed = Resealed::default();
            totp::reseal(&transaction, old, new, &mut resealed).await.unwrap();
            db.commit(transaction).await.unwrap();
            resealed
        };
        let [old, new] = &vaults;
        assert!(totp::uses(db.reader(), old).await.unwrap());
        assert_eq!(reseal(old, new).await, Resealed { done: 1, ..Resealed::default() });
        assert_eq!(reseal(old, new).await, Resealed { already: 1, ..Resealed::default() });
        assert!(totp::uses(db.reader(), new).await.unwrap() && !totp::uses(db.reader(), old).await.unwrap());
        let app = apps::Entity::find_by_id(id).one(db.reader()).await.unwrap().unwrap();
        let secret = new.open(&["totp.sealed_secret", &id.to_string()], &app.sealed_secret).unwrap();
        assert_eq!(secret.expose_secret(), made["secret"]);
        // With a key that it was never sealed with nothing is lost.
        let other = Vault::new(&SecretString::from("quite another key: 0123456789abcdef".to_owned()));
        assert_eq!(reseal(&other, old).await.unreadable.len(), 1);
        assert!(totp::uses(db.reader(), new).await.unwrap());
    }
}
