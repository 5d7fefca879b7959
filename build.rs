//! Puts the page into the executable: makes sure that `ui/dist` exists, compresses it, and notes the commit.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// What the page is built from.
const SOURCES: [&str; 8] = [
    "src",
    "public",
    "index.html",
    "diagrams.html",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "tsconfig.json",
];

/// Types that are worth compressing; images and fonts already are.
const COMPRESSIBLE: [&str; 8] = ["html", "js", "css", "svg", "json", "webmanifest", "txt", "map"];

fn main() {
    println!("cargo::rerun-if-env-changed=LOQUAT_UI_DIST");
    note_commit();
    if let Err(message) = embed_page() {
        // One line that says what to do, instead of a panic with a backtrace.
        println!("cargo::error={message}");
    }
}

fn embed_page() -> Result<(), String> {
    let dist = match std::env::var_os("LOQUAT_UI_DIST") {
        Some(dist) => PathBuf::from(dist),
        None => built_page(Path::new("ui"))?,
    };
    println!("cargo::rerun-if-changed={}", dist.display());
    if !dist.join("index.html").is_file() {
        return Err(format!("{} holds no index.html: build the page with `npm run build` in ui/", dist.display()));
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("page");
    let _ = fs::remove_dir_all(&out);
    copy_compressed(&dist, &out).map_err(|error| format!("the page could not be prepared: {error}"))
}

/// `ui/dist`, built now unless it is newer than everything it is made from.
fn built_page(ui: &Path) -> Result<PathBuf, String> {
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", ui.join(source).display());
    }
    let dist = ui.join("dist");
    let built = modified(&dist.join("index.html"));
    let changed = SOURCES.iter().filter_map(|source| newest(&ui.join(source))).max();
    if built.is_some() && built >= changed {
        return Ok(dist);
    }
    let install = newest(&ui.join("package-lock.json")) > modified(&ui.join("node_modules/.package-lock.json"));
    if install {
        npm(ui, &["ci", "--no-audit", "--no-fund"])?;
    }
    npm(ui, &["run", "build"])?;
    Ok(dist)
}

fn npm(ui: &Path, arguments: &[&str]) -> Result<(), String> {
    let command = format!("npm {}", arguments.join(" "));
    let output = Command::new("npm").args(arguments).current_dir(ui).output().map_err(|_| {
        "the page is not built and npm was not found: install Node.js 20 or newer, or put a built page into ui/dist"
            .to_owned()
    })?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    for line in String::from_utf8_lossy(&text).lines() {
        println!("cargo::warning={line}");
    }
    Err(format!("`{command}` failed in ui/: run it there to see why"))
}

fn newest(path: &Path) -> Option<SystemTime> {
    if !path.is_dir() {
        return modified(path);
    }
    let entries = fs::read_dir(path).ok()?;
    entries.flatten().filter_map(|entry| newest(&entry.path())).max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// Copies every file; what compressing makes smaller, only so, with brotli and with gzip. The server unpacks it for the few
/// clients that take neither.
fn copy_compressed(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_compressed(&path, &target)?;
            continue;
        }
        let content = fs::read(&path)?;
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        // index.html is completed for each visitor, so a compressed one would be of no use.
        let packs = COMPRESSIBLE.contains(&extension) && path.file_name().is_some_and(|name| name != "index.html");
        let packed = if packs { Some((brotli(&content)?, gzip(&content)?)) } else { None };
        match packed {
            Some((brotli, gzip)) if brotli.len().max(gzip.len()) < content.len() => {
                fs::write(with_ending(&target, ".br"), brotli)?;
                fs::write(with_ending(&target, ".gz"), gzip)?;
            }
            _ => fs::write(&target, &content)?,
        }
    }
    Ok(())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The best there is for a release; quick enough to wait for otherwise.
fn is_release() -> bool {
    std::env::var("PROFILE").is_ok_and(|profile| profile == "release")
}

fn brotli(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let quality = if is_release() { 11 } else { 3 };
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 64 * 1024, quality, 22);
    writer.write_all(content)?;
    Ok(writer.into_inner())
}

fn gzip(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let level = if is_release() { 9 } else { 3 };
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
    writer.write_all(content)?;
    writer.finish()
}

/// Which commit this is, for `--version`; nothing outside of a checkout.
fn note_commit() {
    // Written by every commit and checkout; a path that is not there would make every build start over.
    if Path::new(".git/logs/HEAD").exists() {
        println!("cargo::rerun-if-changed=.git/logs/HEAD");
    }
    let output = Command::new("git").args(["rev-parse", "--short=10", "HEAD"]).output();
    let commit = output.ok().filter(|output| output.status.success()).map(|output| output.stdout).unwrap_or_default();
    let commit = String::from_utf8_lossy(&commit);
    let commit = if commit.is_empty() { String::new() } else { format!(" ({})", commit.trim()) };
    println!("cargo::rustc-env=LOQUAT_VERSION={}{commit}", env!("CARGO_PKG_VERSION"));
}
