//! Settings: every mistake at once, secrets never shown, and the README's table.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Output};

use crate::contract::matches_file;
use crate::harness::eventually;
use crate::harness::process::Running;

/// Runs the executable with nothing of this process's environment.
fn loquat(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_loquat"))
        .args(arguments)
        .env_clear()
        .env("HOME", dir.path())
        .envs(environment.iter().copied())
        .current_dir(dir.path())
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn every_mistake_is_told_at_once_with_its_remedy() {
    let output = loquat(
        &["serve"],
        &[
            ("LOQUAT_LISTEN", "nowhere"),
            ("DATABASE_URL", "mysql://x"),
            ("SECRET_KEY", "weak"),
            ("OPENAI_BASE_URL", "not an address"),
            ("LOQUAT_PUBLIC_URL", "chat.example.org"),
            ("LOQUAT_ALLOWED_HOSTS", "chat.example.org:8080"),
            ("LOQUAT_ALLOWED_ORIGINS", "https://a.example, *"),
            ("LOQUAT_TRUSTED_PROXIES", "10.0.0.0/33"),
            ("LOQUAT_SIGNUP", "maybe"),
            ("LOQUAT_PROVIDERS", "/nonexistent.toml"),
            ("OPENAI_API_KEY_FILE", "/nonexistent"),
            ("SENTRY_DSN", "nonsense"),
            ("LOQUAT_LOG_FORMAT", "xml"),
            ("LOQUAT_MAX_BODY_BYTES", "many"),
            ("LOQUAT_SHUTDOWN_GRACE", "60"),
            ("LOQUAT_MAX_WRONG_PASSWORDS", "-1"),
            ("LOQUAT_SESSION_DAYS", "4000"),
            ("LOQUAT_SESSION_IDLE_DAYS", "NaN"),
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    let told = stderr(&output);
    for (name, remedy) in [
        ("LOQUAT_LISTEN", "127.0.0.1:8080"),
        ("DATABASE_URL", "sqlite:// or postgres://"),
        ("SECRET_KEY", "openssl rand -hex 32"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1"),
        ("LOQUAT_PUBLIC_URL", "https://chat.example.org"),
        ("LOQUAT_ALLOWED_HOSTS", "no port"),
        ("LOQUAT_ALLOWED_ORIGINS", "no *"),
        ("LOQUAT_TRUSTED_PROXIES", "10.0.0.0/8"),
        ("LOQUAT_SIGNUP", "open, invite or closed"),
        ("LOQUAT_PROVIDERS", "check the path"),
        ("OPENAI_API_KEY_FILE", "check the path"),
        ("SENTRY_DSN", "https://KEY@HOST/PROJECT"),
        ("LOQUAT_LOG_FORMAT", "human or json"),
        ("LOQUAT_MAX_BODY_BYTES", "whole number"),
        ("LOQUAT_SHUTDOWN_GRACE", "at most 25"),
        ("LOQUAT_MAX_WRONG_PASSWORDS", "whole number"),
        ("LOQUAT_SESSION_DAYS", "at most 3650"),
        ("LOQUAT_SESSION_IDLE_DAYS", "give days"),
    ] {
        let line =
            told.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name} is not told:\n{told}"));
        assert!(line.starts_with("error: ") && line.contains(remedy), "{line}");
    }
}

#[tokio::test]
async fn a_mistyped_setting_is_refused_and_what_others_set_is_not() {
    let told = stderr(&loquat(&["serve"], &[("LOQUAT_SIGN_UP", "canary"), ("LOQUAT_LISTEN", "nowhere")]));
    assert!(told.contains("LOQUAT_SIGN_UP is no setting: call it LOQUAT_SIGNUP"), "{told}");
    assert!(told.contains("LOQUAT_LISTEN") && told.lines().count() == 2 && !told.contains("canary"), "{told}");
    let of_others = [
        ("LOQUAT_SERVICE_HOST", "10.0.0.1"),
        ("LOQUAT_PORT", "tcp://10.0.0.1:8080"),
        ("LOQUAT_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("LOQUAT_FAILPOINT", "nowhere"),
        ("LOQUAT_IMAGE_TAG", "latest"),
        ("LOQUAT_DEFAULT_MODEL", "nobody-has-it"),
    ];
    let server = Running::start(&of_others);
    for told in ["LOQUAT_IMAGE_TAG is no setting", "LOQUAT_DEFAULT_MODEL names is not there"] {
        eventually(told, async || server.log().contains(told)).await;
    }
    assert_eq!(server.log().matches("is no setting").count(), 1, "{}", server.log());
}

#[test]
fn a_question_has_to_fit_into_a_request() {
    let mistakes = |message: &str, body: &str| {
        // The listed address is one that nobody has, so that nothing starts where there is no mistake.
        let settings =
            [("LOQUAT_MAX_MESSAGE_BYTES", message), ("LOQUAT_MAX_BODY_BYTES", body), ("LOQUAT_LISTEN", "192.0.2.1:0")];
        stderr(&loquat(&["serve"], &settings))
    };
    for (message, body) in [("2000000", ""), ("200_000", "100000")] {
        let told = mistakes(message, body);
        assert!(told.contains("LOQUAT_MAX_MESSAGE_BYTES is 2") && told.contains("LOQUAT_MAX_BODY_BYTES"), "{told}");
        assert!(told.contains("raise that") && told.lines().count() == 1, "{told}");
    }
    // A default follows, and what has no bound contradicts none.
    for (message, body) in [("", "100000"), ("0", "100000"), ("2000000", "0"), ("2000000", "2000000"), ("", "")] {
        let told = mistakes(message, body);
        assert!(told.contains("cannot listen on 192.0.2.1") && !told.contains("_BYTES"), "{message} {body}: {told}");
    }
}

#[test]
fn a_secret_is_given_once() {
    for name in ["DATABASE_URL", "SECRET_KEY", "OPENAI_API_KEY", "SENTRY_DSN"] {
        let told = stderr(&loquat(&["serve"], &[(name, "canary"), (&format!("{name}_FILE"), "/nonexistent")]));
        assert!(told.contains(&format!("{name} and {name}_FILE are both set")) && !told.contains("canary"), "{told}");
    }
    let file = ("DATABASE_URL_FILE", "/nonexistent");
    let told = stderr(&loquat(&["migrate", "status", "--database-url", "sqlite://canary.db"], &[file]));
    assert!(told.contains("DATABASE_URL and DATABASE_URL_FILE are both set"), "{told}");
}

#[tokio::test]
async fn cookies_that_browsers_would_not_keep_are_warned_of() {
    const TOLD: &str = "nobody can sign in by plain HTTP";
    let start = |more: (&str, &str)| Running::start(&[("LOQUAT_ALLOWED_ORIGINS", "https://app.example.org"), more]);
    let server = start(("LOQUAT_PUBLIC_URL", "http://chat.example.org"));
    eventually(TOLD, async || server.log().contains(TOLD)).await;
    for https in [("LOQUAT_PUBLIC_URL", "https://chat.example.org"), ("LOQUAT_TRUSTED_PROXIES", "127.0.0.1")] {
        let server = start(https);
        eventually("it offers the set-up", async || server.log().contains("no administrator yet")).await;
        assert!(!server.log().contains(TOLD), "{}", server.log());
    }
}

#[test]
fn a_secret_is_never_shown() {
    let dir = tempfile::tempdir().unwrap();
    let providers = dir.path().join("providers.toml");
    std::fs::write(&providers, "[[provider]]\nname = \"x\"\nbase_url = \"http://a/v1\"\napi_key = canary-unquoted\n")
        .unwrap();
    let output = loquat(
        &["serve"],
        &[
            ("DATABASE_URL", "postgres://user:canary-password@127.0.0.1:1/x?sslmode=disable"),
            ("SECRET_KEY", "canary"),
            ("OPENAI_API_KEY", "canary-key"),
            ("OPENAI_BASE_URL", "http://user:canary-in-address@host/v1"),
            ("LOQUAT_PROVIDERS", providers.to_str().unwrap()),
        ],
    );
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("line 4") && !told.contains("canary"), "{told}");
    let empty =
        loquat(&["serve"], &[("LOQUAT_SIGNUP", ""), ("LOQUAT_MAX_BODY_BYTES", ""), ("LOQUAT_LOG_FORMAT", "xml")]);
    assert_eq!(stderr(&empty).lines().count(), 1, "what is given but empty counts as not given: {}", stderr(&empty));
    let unreachable = loquat(
        &["serve"],
        &[
            ("DATABASE_URL", "postgres://user:canary-password@127.0.0.1:1/x"),
            ("SECRET_KEY", "0123456789abcdef0123456789abcdef"),
        ],
    );
    let told = stderr(&unreachable);
    assert!(told.contains("PostgreSQL x on 127.0.0.1") && !told.contains("canary"), "{told}");
}

#[test]
fn secrets_are_redacted_in_every_debug() {
    use loquat::config::{Database, Provider};
    use secrecy::SecretString;
    let secret = || SecretString::from("canary".to_owned());
    let provider = Provider { api_key: Some(secret()), ..Provider::new("x", "http://127.0.0.1/v1".parse().unwrap()) };
    let keys = loquat::auth::token::Keys::new(&secret());
    for shown in [format!("{provider:?}"), format!("{:?}", Database::Postgres(secret())), format!("{keys:?}")] {
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[test]
fn postgres_needs_a_key_of_its_own_and_says_so() {
    let told = stderr(&loquat(&["serve"], &[("DATABASE_URL", "postgres://user@127.0.0.1:1/x")]));
    assert!(told.contains("SECRET_KEY is missing") && told.contains("openssl rand -hex 32"), "{told}");
}

/// The executable in a directory, with nothing of this process's environment.
fn within(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loquat"));
    command.args(arguments).env_clear().env("HOME", dir).current_dir(dir);
    command
}

#[test]
fn the_env_file_and_secret_files_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let told = |text: &str| {
        std::fs::write(dir.path().join(".env"), text).unwrap();
        stderr(&within(dir.path(), &["serve"]).output().unwrap())
    };
    let perhaps = told("LOQUAT_SIGNUP=perhaps\n");
    assert!(perhaps.contains("LOQUAT_SIGNUP is \"perhaps\""), "{perhaps}");
    // A $ is a $, and in what is told too.
    let dollar = told("HOME_OF=x\nLOQUAT_SIGNUP=p$HOME_OF-${HOME_OF}\n");
    assert!(dollar.contains("LOQUAT_SIGNUP is \"p$HOME_OF-${HOME_OF}\""), "{dollar}");
    let broken = told("# fine\nLOQUAT_SIGNUP=open\nSECRET_KEY=canary with 'a quote\n");
    assert!(broken.contains("line 3 of the file .env") && !broken.contains("canary"), "{broken}");
    for harmless in ["--version", "--help"] {
        assert!(within(dir.path(), &[harmless]).output().unwrap().status.success(), "{harmless}");
    }
    let key = dir.path().join("key");
    std::fs::write(&key, "short\n").unwrap();
    let told = stderr(&loquat(&["serve"], &[("SECRET_KEY_FILE", key.to_str().unwrap())]));
    assert!(told.contains("SECRET_KEY is weak"), "{told}");
}

#[test]
fn an_env_file_that_cannot_be_read_is_named_and_one_that_cannot_be_seen_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(".env");
    std::fs::create_dir(&file).unwrap();
    let told = stderr(&within(dir.path(), &["openapi"]).output().unwrap());
    assert!(told.contains(file.to_str().unwrap()) && told.contains("another directory"), "{told}");
    std::fs::remove_dir(&file).unwrap();
    std::fs::write(&file, "LOQUAT_SIGNUP=perhaps\n").unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o000)).unwrap();
    // Root reads everything, so it lends its rights to nobody in particular, inside the directory and in this order.
    let is_root = std::fs::metadata(&file).unwrap().uid() == 0;
    let lent: &[&str] = if is_root { &["setpriv", "--reuid=4711", "--regid=4711", "--clear-groups"] } else { &[] };
    let told = |mode: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", "chmod \"$0\" . && exec \"$@\"", mode]).args(lent);
        command.args([env!("CARGO_BIN_EXE_loquat"), "openapi"]).current_dir(dir.path());
        stderr(&command.output().unwrap())
    };
    let unreadable = told("0755");
    assert!(unreadable.contains(&format!("{} cannot be read (Permission denied", file.display())), "{unreadable}");
    assert_eq!(told("0600"), "");
    std::fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn the_help_names_every_setting() {
    let help = loquat(&["serve", "--help"], &[]);
    let help = String::from_utf8(help.stdout).unwrap();
    for name in [
        "DATABASE_URL",
        "SECRET_KEY_FILE",
        "OPENAI_API_KEY_FILE",
        "OPENAI_BASE_URL",
        "SENTRY_DSN_FILE",
        "RUST_LOG",
        "LOQUAT_LISTEN",
        "LOQUAT_DATA_DIR",
        "LOQUAT_SIGNUP",
        "LOQUAT_PUBLIC_URL",
        "LOQUAT_ALLOWED_ORIGINS",
        "LOQUAT_TRUSTED_PROXIES",
        "LOQUAT_PROVIDERS",
        "LOQUAT_DEFAULT_MODEL",
        "LOQUAT_MAX_BODY_BYTES",
        "LOQUAT_MAX_SIGN_INS_PER_MINUTE",
        "LOQUAT_SESSION_IDLE_DAYS",
    ] {
        assert!(help.contains(name), "{name}");
    }
}

#[test]
fn the_readme_has_the_table_of_settings() {
    let (begin, end) = ("<!-- settings:begin -->\n", "<!-- settings:end -->");
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (before, rest) = readme.split_once(begin).expect("README.md has lost <!-- settings:begin -->");
    let (_, after) = rest.split_once(end).expect("README.md has lost <!-- settings:end -->");
    let wanted = format!("{before}{begin}{}{end}{after}", loquat::cli::settings_table());
    matches_file("README.md", &wanted, "run `UPDATE=1 cargo test --test main settings`");
}
