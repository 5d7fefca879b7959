//! A PostgreSQL of the run's own, with the settings it has out of the box.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::process::{self, Process};

/// A running PostgreSQL.
pub(crate) struct Postgres {
    process: Process,
    port: u16,
    bin: PathBuf,
    // Dropped last: its directory goes when nobody writes there any more.
    _dir: tempfile::TempDir,
}

/// A user that PostgreSQL agrees to run as.
struct Owner {
    uid: u32,
    gid: u32,
}

impl Postgres {
    /// Starts one; `None` when it is not installed.
    pub(crate) fn start() -> anyhow::Result<Option<Self>> {
        let Some(bin) = bin_dir() else { return Ok(None) };
        let owner = owner();
        let dir = tempfile::Builder::new().prefix("relay-postgres-").tempdir()?;
        let data = dir.path().join("data");
        fs::create_dir(&data)?;
        if let Some(Owner { uid, gid }) = owner {
            chown(dir.path(), Some(uid), Some(gid))?;
            chown(&data, Some(uid), Some(gid))?;
        }
        let made = run_as(owner.as_ref(), &bin.join("initdb"))
            .args(["--auth=trust", "--username=loquat", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status()?;
        ensure!(made.success(), "initdb failed");
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let runner = owner.as_ref().map(setpriv);
        let process = Process::kept(runner, &bin.join("postgres"), |command| {
            command.arg("-D").arg(&data).args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k"]).arg(dir.path());
            command.args(["-c", "logging_collector=off"]).current_dir("/").stderr(Stdio::null());
        })?;
        let began = Instant::now();
        // The server writes "ready" into its file once it takes connections.
        while !fs::read_to_string(data.join("postmaster.pid")).is_ok_and(|text| text.contains("ready")) {
            ensure!(began.elapsed() < Duration::from_secs(30), "PostgreSQL did not start");
            process::pause(Duration::from_millis(20));
        }
        Ok(Some(Self { process, port, bin, _dir: dir }))
    }

    /// Makes a database and returns its address.
    pub(crate) fn database(&self, name: &str) -> anyhow::Result<String> {
        let made = Command::new(self.bin.join("createdb"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "loquat", name])
            .status()
            .context("createdb cannot be run")?;
        ensure!(made.success(), "the database {name} cannot be made");
        Ok(format!("postgres://loquat@127.0.0.1:{}/{name}", self.port))
    }

    /// The process below which everything of it runs.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

/// Where the server's programs are: on the path, links followed, or where Debian puts them.
fn bin_dir() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).filter_map(|dir| {
        let program = fs::canonicalize(dir.join("initdb")).ok()?;
        Some(program.parent()?.to_owned())
    });
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|dir| dir.path().join("bin"));
    let whole = |dir: &PathBuf| ["initdb", "postgres", "createdb"].iter().all(|name| dir.join(name).is_file());
    on_path.chain(debian).filter(whole).max()
}

/// PostgreSQL refuses to run as root, so root lends it to another user.
fn owner() -> Option<Owner> {
    let id = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse::<u32>().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    ["postgres", "nobody"].iter().find_map(|user| Some(Owner { uid: id(&["-u", user])?, gid: id(&["-g", user])? }))
}

fn setpriv(owner: &Owner) -> Command {
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={}", owner.uid)).arg(format!("--regid={}", owner.gid)).arg("--clear-groups");
    command
}

fn run_as(owner: Option<&Owner>, program: &Path) -> Command {
    let Some(owner) = owner else { return Command::new(program) };
    let mut command = setpriv(owner);
    command.arg(program).current_dir("/");
    command
}
