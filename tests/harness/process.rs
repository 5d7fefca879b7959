//! The executable as a process: started, told to stop, killed.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use loquat::config::{Data, Database};
use secrecy::{ExposeSecret, SecretString};

use super::database::{self, Kind};
use super::provider::Provider;

/// A server process, killed when the test is done with it.
pub struct Running {
    pub url: String,
    pub dir: tempfile::TempDir,
    child: Child,
    log: Arc<Mutex<String>>,
    pub greeting: Vec<String>,
}

impl Running {
    /// Starts one on a new directory.
    pub fn start(environment: &[(&str, &str)]) -> Self {
        Self::on(tempfile::tempdir().unwrap(), environment)
    }

    /// Starts one on a directory that exists.
    pub fn on(dir: tempfile::TempDir, environment: &[(&str, &str)]) -> Self {
        let mut running = Self::launch(dir, environment);
        let mut lines = BufReader::new(running.child.stdout.take().unwrap()).lines();
        running.greeting = lines.by_ref().take(3).map_while(Result::ok).collect();
        assert_eq!(running.greeting.len(), 3, "the server did not start: {}", running.log());
        running.url = running.greeting[0].split_whitespace().last().unwrap().to_owned();
        running
    }

    /// Starts one that may well die before it says a word.
    pub fn launch(dir: tempfile::TempDir, environment: &[(&str, &str)]) -> Self {
        let mut child = command(dir.path())
            .args(["serve", "--listen", "127.0.0.1:0"])
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let mut stderr = child.stderr.take().unwrap();
        std::thread::spawn({
            let log = Arc::clone(&log);
            move || {
                let mut buffer = [0; 4096];
                while let Ok(read @ 1..) = stderr.read(&mut buffer) {
                    log.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
                }
            }
        });
        Self { url: String::new(), dir, child, log, greeting: Vec::new() }
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// How much memory it holds at this moment, in bytes.
    pub fn resident(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }

    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Waits for its end and returns the exit code.
    pub fn wait(&mut self, limit: Duration) -> Option<i32> {
        self.status(limit).code()
    }

    /// Waits until it has aborted by itself, and keeps its directory.
    pub fn aborted(mut self) -> tempfile::TempDir {
        const SIGABRT: i32 = 6;
        let status = self.status(Duration::from_secs(20));
        assert_eq!(status.signal(), Some(SIGABRT), "{status}: {}", self.log());
        std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap())
    }

    fn status(&mut self, limit: Duration) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < limit, "it did not end within {limit:?}");
            #[expect(clippy::disallowed_methods, reason = "a process is waited for outside of any runtime")]
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Kills it as a power cut would, and keeps its directory.
    pub fn kill(mut self) -> tempfile::TempDir {
        self.signal("-9");
        self.wait(Duration::from_secs(5));
        std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The executable with nothing of this process's environment.
pub fn command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loquat"));
    command.env_clear().env("LOQUAT_DATA_DIR", dir).env("HOME", dir).env("LOQUAT_SHUTDOWN_GRACE", "1").current_dir(dir);
    command
}

/// The settings that point a server at a database of a kind and a scripted provider.
pub async fn environment(kind: Kind, dir: &Path, provider: &Provider) -> Vec<(&'static str, String)> {
    // A test asks more in a minute than a person may.
    let mut all = vec![
        ("LOQUAT_MAX_TURNS_PER_MINUTE", "0".to_owned()),
        ("LOQUAT_MAX_LIVE_ANSWERS_PER_USER", "0".to_owned()),
        ("OPENAI_BASE_URL", format!("http://{}/v1", provider.address)),
        ("OPENAI_API_KEY", "sk-test".to_owned()),
    ];
    if let Database::Postgres(url) = database::fresh(kind, dir).await.database {
        all.push(("DATABASE_URL", url.expose_secret().to_owned()));
        all.push(("SECRET_KEY", "a key for tests only: 0123456789abcdef".to_owned()));
    }
    all
}

/// Where a server with these settings keeps its data.
pub fn data(environment: &[(&str, &str)], dir: &Path) -> Data {
    let url = environment.iter().find(|(name, _)| *name == "DATABASE_URL");
    let database = match url {
        Some((_, url)) => Database::Postgres(SecretString::from((*url).to_owned())),
        None => Database::Sqlite(dir.join("loquat.db")),
    };
    Data { dir: dir.to_owned(), database }
}

pub fn borrowed<'a>(environment: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    environment.iter().map(|(name, value)| (*name, value.as_str())).collect()
}
