//! The load harness: what Loquat costs beside a byte splice and nginx, in one run and one table.
//!
//! `cargo bench --bench relay [-- WORD … --quick]` runs the loads whose names hold one of the words (`paced`, `flat`,
//! `first`, `hold`, `sign-ins`, `flood`), or all of them. `--quick` takes less than a minute and is for finding out whether
//! anything broke; `--many` holds 10,000 streams instead of 1,000; `--hold-seconds N` holds them for so long.
//! `--only nginx,SQLite` leaves out servers of other names; `LOQUAT=path` measures another executable.
//!
//! **How it measures.** Every server gets the same load from the same model server, one server after the other and in
//! turns, so that what else the machine does falls on all of them. The figures to trust are ratios within a run and
//! processor seconds, which `/proc` counts for the server's processes alone (of Loquat on PostgreSQL: with those of
//! PostgreSQL); times are as good as the machine is quiet, and the last line tells how quiet it was.
//!
//! **Who runs where.** The model server, the splice and the servers are processes of their own; the clients are this
//! process. Clients and model server have one thread each and do no more than they must: the answers are made before
//! they are asked for, one timer serves all paced streams, and clients compare bytes in place. Paced, both together
//! take a fifth of a processor or so, and the server has what is left of two. Flat out, the three compete: there the
//! processor seconds count, and the rate is that of the whole machine.
//!
//! **What is checked.** Every byte: of relays that pass on the model's events, that they are the same; of Loquat that
//! each delta's text and position, and the content of the end, are what the model said. One wrong byte, or a stream that
//! does not end as it should, and the run fails.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use load::{Beside, Outcome, Paced};
use report::Results;
use target::{Kind, LEFT_OUT, Stage, Target};
use tokio::signal::unix::{SignalKind, signal};

mod answer;
mod check;
mod client;
mod http;
mod load;
mod postgres;
mod process;
mod report;
mod simulator;
mod splice;
mod table;
mod target;

/// Files for ten thousand streams through a relay, on either side of it.
const FILES: u64 = 65_536;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let role = arguments.first().cloned().unwrap_or_default();
    let done = runtime.map_err(Into::into).and_then(|runtime| {
        runtime.block_on(async {
            match role.as_str() {
                "relay-simulator" => simulator::run().await,
                "relay-splice" => splice::run(arguments.pop()).await,
                // `cargo test --all-targets` runs benches too, without this word; a test measures nothing.
                _ if !arguments.iter().any(|argument| argument == "--bench") => {
                    say("this measures only when `cargo bench` runs it, or with --bench");
                    Ok(())
                }
                _ => unless_interrupted(measure(&arguments)).await,
            }
        })
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("relay: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn unless_interrupted(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
        _ = terminate.recv() => anyhow::bail!("terminated"),
    }
}

/// What the command line asks for.
struct Wish {
    words: Vec<String>,
    quick: bool,
    many: bool,
    hold: Duration,
    only: Option<String>,
}

impl Wish {
    fn read(arguments: &[String]) -> anyhow::Result<Self> {
        let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
        let quick = has("--quick");
        let mut wish = Self {
            words: Vec::new(),
            quick,
            many: has("--many"),
            only: None,
            hold: milliseconds(if quick { 1000 } else { 20_000 }),
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--hold-seconds" => {
                    let number = arguments.next().context("--hold-seconds needs a number")?;
                    wish.hold = Duration::from_secs(number.parse()?);
                }
                "--only" => wish.only = Some(arguments.next().context("--only needs a part of a name")?.clone()),
                "--quick" | "--many" | "--bench" => {}
                flag if flag.starts_with('-') => anyhow::bail!("{flag} means nothing here"),
                word => wish.words.push(word.to_owned()),
            }
        }
        Ok(wish)
    }

    fn wants(&self, load: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| load.contains(word.as_str()))
    }
}

fn milliseconds(number: u64) -> Duration {
    Duration::from_millis(number)
}

async fn measure(arguments: &[String]) -> anyhow::Result<()> {
    let wish = Wish::read(arguments)?;
    if rlimit::Resource::NOFILE.set(FILES, FILES).is_err() {
        rlimit::increase_nofile_limit(FILES)?;
    }
    let mut stage = Stage::set(wish.only.clone())?;
    let (began, busy) = (Instant::now(), process::machine_busy());
    let mut broken = 0;
    let (streams, rounds) = (500, if wish.quick { 1 } else { 2 });
    let (ramp, window) = if wish.quick { (800, 1200) } else { (2000, 10_000) };
    let steady = Paced { streams, period: 50, ramp: milliseconds(ramp), window: milliseconds(window) };

    if wish.wants("paced") {
        let heading = format!("Paced: {streams} streams, a delta of six bytes every 50 ms on each");
        let results =
            in_turns(&mut stage, &Kind::ALL, rounds, async |target| load::paced(target, steady, Beside::Nothing).await);
        broken += show(&results.await, report::paced, heading);
    }
    if wish.wants("flat") {
        let deltas = if wish.quick { 4_000 } else { 20_000 };
        let heading = format!("Flat out: 50 streams of {deltas} deltas, as fast as they go");
        let results = in_turns(&mut stage, &Kind::ALL, rounds, async |target| load::flat(target, 50, deltas).await);
        broken += show(&results.await, report::flat, heading);
    }
    if wish.wants("first") {
        let times = if wish.quick { 30 } else { 200 };
        let results = first_token(&mut stage, times).await?;
        broken += show(&results, report::first_token, format!("First token: one stream at a time, {times} times"));
    }
    if wish.wants("hold") {
        let (streams, period) = match (wish.many, wish.quick) {
            (true, _) => (many(), 1000),
            (false, false) => (1_000, 200),
            (false, true) => (300, 200),
        };
        let ramp = milliseconds(streams as u64 * 2);
        let held = Paced { streams, period, ramp, window: wish.hold };
        let kinds: &[Kind] = if wish.quick { &[Kind::Nginx, Kind::Sqlite] } else { &Kind::ALL[1..] };
        let heading = format!("Hold: {streams} streams, a delta every {period} ms on each, for {:?}", wish.hold);
        let results = in_turns(&mut stage, kinds, 1, async |target| load::paced(target, held, Beside::Nothing).await);
        broken += show(&results.await, report::hold, heading);
    }
    if wish.wants("sign-ins") {
        let heading = format!("Sign-ins: four people over and over, while the {streams} paced streams run");
        let kinds: &[Kind] = if wish.quick { &[Kind::Sqlite] } else { &[Kind::Sqlite, Kind::Postgres] };
        let results =
            in_turns(&mut stage, kinds, 1, async |target| load::paced(target, steady, Beside::SignIns(4)).await);
        broken += show(&results.await, report::sign_ins, heading);
    }
    if wish.wants("flood") {
        let heading =
            format!("Flood: 200 wrong passwords at once, over and over, while the {streams} paced streams run");
        let kinds: &[Kind] = if wish.quick { &[Kind::Sqlite] } else { &[Kind::Sqlite, Kind::Postgres] };
        let results =
            in_turns(&mut stage, kinds, 1, async |target| load::paced(target, steady, Beside::Flood(200)).await);
        broken += show(&results.await, report::flood, heading);
    }

    let elapsed = began.elapsed().as_secs_f64();
    let ours = process::usage(&[std::process::id()]).cpu;
    let others = (process::machine_busy() - busy - ours).max(0.0) / elapsed;
    say(&measured_how(&stage, elapsed, rounds, others));
    anyhow::ensure!(broken == 0, "{broken} streams were lost or wrong");
    Ok(())
}

/// Ten thousand, or as many as a server may have files for, with one to the client and one to the model server each.
fn many() -> usize {
    let files = rlimit::Resource::NOFILE.get_hard().map_or(FILES, |hard| hard.min(FILES));
    10_000.min((files.saturating_sub(200) / 2) as usize)
}

/// Starts each server, gives each its load in turns, and ends them.
async fn in_turns(
    stage: &mut Stage,
    kinds: &[Kind],
    rounds: usize,
    load: impl AsyncFn(&Target) -> anyhow::Result<Outcome>,
) -> Results {
    let mut started = Vec::new();
    for &kind in kinds {
        started.push((kind, stage.start(kind).await.map_err(|error| format!("{error:#}")), Ok(Outcome::default())));
    }
    for round in 0..rounds {
        // There and back, so that what changes in time falls on all of them alike.
        let order: Vec<usize> =
            if round % 2 == 0 { (0..kinds.len()).collect() } else { (0..kinds.len()).rev().collect() };
        for at in order {
            let (kind, target, sum) = &mut started[at];
            let Ok(target) = target else { continue };
            complain(&format!("{} …", kind.name()));
            match (load(target).await, &mut *sum) {
                (Ok(outcome), Ok(sum)) => sum.add(outcome),
                (Err(error), _) => *sum = Err(format!("failed: {error:#}")),
                (Ok(_), Err(_)) => {}
            }
        }
    }
    started.into_iter().map(|(kind, target, sum)| (kind, target.and(sum))).collect()
}

async fn first_token(stage: &mut Stage, times: usize) -> anyhow::Result<Results> {
    let (mut targets, mut missing) = (Vec::new(), Vec::new());
    for kind in Kind::ALL {
        match stage.start(kind).await {
            Ok(target) => targets.push(target),
            Err(error) => missing.push((kind, Err(format!("{error:#}")))),
        }
    }
    let outcomes = load::first_token(&targets, times).await?;
    let mut results: Results = targets.iter().map(|target| target.kind).zip(outcomes.into_iter().map(Ok)).collect();
    results.extend(missing);
    Ok(results)
}

/// Prints a table and returns how many streams were lost or wrong.
fn show(results: &Results, table: fn(&Results, String) -> table::Table, heading: String) -> usize {
    say(&table(results, heading).text());
    let mut broken = 0;
    for (kind, result) in results {
        match result {
            Ok(outcome) => {
                for reason in outcome.lost.iter().take(3) {
                    complain(&format!("{}: {reason}", kind.name()));
                }
                broken += outcome.lost.len();
            }
            Err(reason) if reason == LEFT_OUT => {}
            Err(reason) if reason.starts_with("failed") || *kind == Kind::Sqlite => {
                complain(&format!("{}: {reason}", kind.name()));
                broken += 1;
            }
            // What is not installed cannot be wrong.
            Err(_) => {}
        }
    }
    broken
}

fn measured_how(stage: &Stage, elapsed: f64, rounds: usize, others: f64) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "\nMeasured in one run of {elapsed:.0} s on {cores} processors that other programs kept {:.0} % busy, Linux {}, nginx {}: \
         each server in turn, {rounds} rounds, on loopback, every byte checked. CPU is utime + stime of all processes of a \
         server (with PostgreSQL's own), memory is the server's alone; the model server took {:.0} s.",
        others * 100.0 / cores.max(1) as f64,
        kernel.trim(),
        target::nginx_version(),
        stage.simulator().cpu,
    )
}

#[expect(clippy::print_stdout, reason = "the tables are what this program is for")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "progress and mistakes belong beside the tables")]
fn complain(text: &str) {
    eprintln!("{text}");
}
