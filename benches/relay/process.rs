//! The processes of a run: they end with it, however it ends, and the kernel counts what they use.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;

/// Ends the program when this process ends, however it ends: then the standard input of the shell closes.
const KEEPER: &str = "trap '' INT; \"$0\" \"$@\" & server=$!; read _; kill -INT $server; wait $server";
/// How long a program may take to end before it is killed.
const PATIENCE: Duration = Duration::from_secs(5);
/// The kernel counts processor time in these (`USER_HZ`, which is 100 on every Linux that Rust runs on).
const TICKS_PER_SECOND: f64 = 100.0;

/// A program that runs, and everything that it has started.
pub(crate) struct Process {
    child: Child,
    output: Option<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts this program again in another role. It ends by itself when its standard input closes.
    pub(crate) fn role(arguments: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments);
        Self::spawn(command)
    }

    /// Starts another program as `prepare` says, under a shell that ends it when this process ends.
    pub(crate) fn kept(
        runner: Option<Command>,
        program: &std::path::Path,
        prepare: impl FnOnce(&mut Command),
    ) -> anyhow::Result<Self> {
        let mut command = match runner {
            Some(mut runner) => {
                runner.arg("/bin/sh");
                runner
            }
            None => Command::new("/bin/sh"),
        };
        command.arg("-c").arg(KEEPER).arg(program);
        prepare(&mut command);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be started", command.get_program().display()))?;
        let output = child.stdout.take().map(BufReader::new);
        Ok(Self { child, output })
    }

    /// The address in the first line that it prints, after the last space or slash.
    pub(crate) fn address(&mut self) -> anyhow::Result<SocketAddr> {
        let mut line = String::new();
        self.output.as_mut().context("it has no output")?.read_line(&mut line)?;
        let address = line.trim().rsplit([' ', '/']).next().unwrap_or_default();
        address.parse().with_context(|| format!("no address in {line:?}; did it start?"))
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            pause(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says where this process listens, and ends it when the one that started it is gone.
pub(crate) fn announce(address: SocketAddr) -> anyhow::Result<()> {
    let mut output = std::io::stdout();
    writeln!(output, "listens on {address}")?;
    output.flush()?;
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "nothing else runs while a program is waited for")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// What some processes and all their children have used and hold.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Seconds of processor time, in and for the program.
    pub(crate) cpu: f64,
    /// Bytes of memory that are resident.
    pub(crate) resident: u64,
}

/// Adds up the trees below some processes.
pub(crate) fn usage(roots: &[u32]) -> Usage {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut own: HashMap<u32, f64> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Some((parent, cpu)) = stat(id) else { continue };
        children.entry(parent).or_default().push(id);
        own.insert(id, cpu);
    }
    let mut sum = Usage::default();
    let mut left = roots.to_vec();
    while let Some(id) = left.pop() {
        sum.cpu += own.get(&id).copied().unwrap_or_default();
        sum.resident += resident(id).unwrap_or_default();
        left.extend(children.get(&id).into_iter().flatten());
    }
    sum
}

/// Parent and seconds of processor time, those of children that have ended included. Source: proc_pid_stat(5).
fn stat(id: u32) -> Option<(u32, f64)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name before it can hold anything, parentheses included.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = fields.get(11..15)?.iter().filter_map(|field| field.parse::<f64>().ok()).sum();
    Some((fields.get(1)?.parse().ok()?, ticks / TICKS_PER_SECOND))
}

fn resident(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}

/// Seconds that all processors together were busy since the machine started.
pub(crate) fn machine_busy() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<f64> =
        stat.lines().next().unwrap_or_default().split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal: all but idle and iowait.
    fields.iter().take(8).enumerate().filter(|(at, _)| !matches!(at, 3 | 4)).map(|(_, n)| n).sum::<f64>()
        / TICKS_PER_SECOND
}
