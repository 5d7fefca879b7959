//! A PostgreSQL of our own, started once for all tests and ended with them.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// A running PostgreSQL.
pub struct Cluster {
    pub port: u16,
    child: Mutex<Child>,
    dir: tempfile::TempDir,
    settings: Vec<String>,
}

/// What the shell around a server is told when the server's directory is needed again.
const KEEP: &[u8] = b"keep\n";

static SHARED: OnceLock<Cluster> = OnceLock::new();

impl Cluster {
    /// The one that all tests share.
    pub fn shared() -> &'static Self {
        SHARED.get_or_init(|| Self::start(|_| Vec::new()))
    }

    /// Starts one; `extra` prepares files in its directory and returns further settings.
    pub fn start(extra: impl FnOnce(&Path) -> Vec<String>) -> Self {
        let bin = bin_dir();
        let owner = owner();
        let dir = tempfile::Builder::new().prefix("loquat-postgres-").tempdir().unwrap();
        let data = dir.path().join("data");
        fs::create_dir(&data).unwrap();
        if let Some((_, uid, gid)) = &owner {
            chown(dir.path(), Some(*uid), Some(*gid)).unwrap();
            chown(&data, Some(*uid), Some(*gid)).unwrap();
        }
        let made = as_owner(&owner, &bin.join("initdb"))
            .args(["--auth=trust", "--username=loquat", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        assert!(made.is_ok_and(|status| status.success()), "initdb failed; install the package postgresql");
        let settings = extra(&data);
        if let Some((_, uid, gid)) = &owner {
            for entry in fs::read_dir(&data).unwrap().flatten() {
                chown(entry.path(), Some(*uid), Some(*gid)).unwrap();
            }
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Mutex::new(launch(dir.path(), port, &settings));
        let cluster = Self { port, child, dir, settings };
        cluster.wait(&data);
        cluster
    }

    /// Stops it as `pg_ctl stop` does: `fast` ends its connections, `immediate` is a crash.
    pub fn stop(&self, mode: &str) {
        let stopped = as_owner(&owner(), &bin_dir().join("pg_ctl"))
            .args(["stop", "--silent", "-m", mode, "-D"])
            .arg(self.dir.path().join("data"))
            .status();
        assert!(stopped.is_ok_and(|status| status.success()), "pg_ctl could not stop the server");
        // The shell around it has been waiting for its own end.
        let mut child = self.child.lock().unwrap();
        child.stdin.take().unwrap().write_all(KEEP).unwrap();
        child.wait().unwrap();
    }

    /// Starts it again where it was.
    pub fn start_again(&self) {
        *self.child.lock().unwrap() = launch(self.dir.path(), self.port, &self.settings);
        self.wait(&self.dir.path().join("data"));
    }

    /// Gives a directory to the user that the server runs as.
    pub fn lend(&self, dir: &Path) {
        if let Some((_, uid, gid)) = owner() {
            chown(dir, Some(uid), Some(gid)).unwrap();
        }
    }

    /// The server writes "ready" into its pid file once it takes connections.
    fn wait(&self, data: &Path) {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) {
            if fs::read_to_string(data.join("postmaster.pid")).is_ok_and(|text| text.contains("ready")) {
                return;
            }
            #[expect(clippy::disallowed_methods, reason = "no runtime is needed to start a process")]
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("PostgreSQL did not start");
    }

    /// The address of a database in it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://loquat@127.0.0.1:{}/{database}", self.port)
    }
}

fn launch(dir: &Path, port: u16, settings: &[String]) -> Child {
    // The shell ends the server when this process ends, however it ends: then its standard input closes. The directory that
    // all tests share would stay too, with gigabytes of their databases.
    let mut command = as_owner(&owner(), Path::new("/bin/sh"));
    command
        .arg("-c")
        .arg(
            "dir=$1; shift; \"$0\" \"$@\" & server=$!; read -r said; kill -INT $server; wait $server; \
              [ \"$said\" = keep ] || rm -rf \"$dir\"",
        )
        .arg(bin_dir().join("postgres"))
        .arg(dir)
        .arg("-D")
        .arg(dir.join("data"))
        .args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k"])
        .arg(dir)
        .args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=400"]);
    for setting in settings {
        command.args(["-c", setting]);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Where the server programs are: on the path, or where Debian puts them.
fn bin_dir() -> PathBuf {
    let on_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let debian =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let mut found: Vec<PathBuf> =
        on_path.chain(debian).filter(|dir| dir.join("initdb").is_file() && dir.join("postgres").is_file()).collect();
    found.sort();
    found.pop().expect("PostgreSQL's initdb was not found; install the package postgresql")
}

/// PostgreSQL refuses to run as root, so root lends it to another user.
fn owner() -> Option<(String, u32, u32)> {
    let id = |args: &[&str]| {
        let output = Command::new("id").args(args).output().ok().filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok()?.trim().parse::<u32>().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    ["postgres", "nobody"].iter().find_map(|user| Some(((*user).to_owned(), id(&["-u", user])?, id(&["-g", user])?)))
}

fn as_owner(owner: &Option<(String, u32, u32)>, program: &Path) -> Command {
    let Some((_, uid, gid)) = owner else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}")).arg("--clear-groups").arg(program);
    command.current_dir("/");
    command
}
