//! Puts the page into the executable: makes sure that `ui/dist` exists, adds the notices of what is in the executable of others,
//! compresses it, and notes the commit.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// What the page is built from.
const SOURCES: [&str; 11] = [
    "src",
    "public",
    "index.html",
    "diagrams.html",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "lingui.config.ts",
    "first-words.ts",
    "third-party.ts",
    "tsconfig.json",
];

/// Types that are worth compressing; images and fonts already are.
const COMPRESSIBLE: [&str; 8] = ["html", "js", "css", "svg", "json", "webmanifest", "txt", "map"];

/// What is in the executable of others, and what they ask to be told with it.
const NOTICES: &str = "licenses.txt";

/// What is said of those that leave the text of this licence out.
const MIT_TERMS: &str = " The terms of the MIT licence are those at the top of this file.";

/// The licence of a list that is in the executable and of others.
const PASSWORDS: &str = "src/auth/common-passwords.license";

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
    copy_compressed(&dist, &out).map_err(|error| format!("the page could not be prepared: {error}"))?;
    let notices = notices(&dist)?;
    pack(notices.as_bytes(), &out.join(NOTICES)).map_err(|error| format!("the notices could not be prepared: {error}"))
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
        if packs { pack(&content, &target)? } else { fs::write(&target, &content)? }
    }
    Ok(())
}

fn pack(content: &[u8], target: &Path) -> std::io::Result<()> {
    let (brotli, gzip) = (brotli(content)?, gzip(content)?);
    if brotli.len().max(gzip.len()) >= content.len() {
        return fs::write(target, content);
    }
    fs::write(with_ending(target, ".br"), brotli)?;
    fs::write(with_ending(target, ".gz"), gzip)
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

/// Our own licence, and those of every crate and every package of the page that are in the executable.
fn notices(dist: &Path) -> Result<String, String> {
    println!("cargo::rerun-if-changed=Cargo.lock");
    let read = |path: &Path| fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    let page =
        read(&dist.join(NOTICES)).map_err(|error| format!("{error}: build the page with `npm run build` in ui/"))?;
    let own = read(Path::new("LICENSE"))?;
    println!("cargo::rerun-if-changed={PASSWORDS}");
    let passwords = read(Path::new(PASSWORDS))?;
    let rule = "-".repeat(80);
    Ok(format!(
        "Loquat is made with the work of many others, under the licences below.\n\n{own}\n{}\n\
         {rule}\nThe list of common passwords\n{rule}\n\n{passwords}\n{page}",
        crates()?
    ))
}

/// What stands in the licence files of the crates that are linked. Those that say the same stand together.
fn crates() -> Result<String, String> {
    let metadata = metadata()?;
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let nodes: HashMap<_, _> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (word(&node["id"]), node)).collect();
    let (mut linked, mut waiting) = (BTreeSet::new(), vec![word(&metadata["resolve"]["root"])]);
    while let Some(id) = waiting.pop() {
        let needed = list(&nodes[&id]["deps"]).into_iter();
        let needed = needed.filter(|needed| list(&needed["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()));
        waiting.extend(needed.map(|needed| word(&needed["pkg"])).filter(|id| linked.insert(id.clone())));
    }
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // Without a source it is ours.
    for one in
        list(&metadata["packages"]).iter().filter(|one| linked.contains(&word(&one["id"])) && !one["source"].is_null())
    {
        let manifest = PathBuf::from(word(&one["manifest_path"]));
        let mut texts = manifest.parent().map(licence_texts).unwrap_or_default();
        if texts.is_empty() {
            let mit = if word(&one["license"]).contains("MIT") { MIT_TERMS } else { "" };
            texts.push(format!("Its package has no text of the licence.{mit} Source: {}", word(&one["repository"])));
        }
        let title = format!("{} {} ({})", word(&one["name"]), word(&one["version"]), word(&one["license"]));
        for text in texts {
            told.entry(text).or_default().insert(title.clone());
        }
    }
    let rule = "-".repeat(80);
    let part = |(text, titles): (String, BTreeSet<String>)| {
        format!("{rule}\n{}\n{rule}\n\n{text}\n", titles.into_iter().collect::<Vec<_>>().join("\n"))
    };
    let mut parts: Vec<String> = told.into_iter().map(part).collect();
    parts.sort();
    Ok(parts.join("\n"))
}

/// What cargo knows of our dependencies. It wants those of the tests too, which a build has no need to download: then it does.
fn metadata() -> Result<serde_json::Value, String> {
    let target = std::env::var("TARGET").unwrap_or_default();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let ask = |more: &[&str]| {
        let arguments = ["metadata", "--format-version=1", "--locked", "--filter-platform", &target];
        let output = Command::new(&cargo).args(arguments).args(more).output();
        let output = output.map_err(|error| format!("cargo metadata: {error}"))?;
        serde_json::from_slice(&output.stdout)
            .map_err(|_| format!("`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
    };
    ask(&["--offline"]).or_else(|_| ask(&[]))
}

fn licence_texts(folder: &Path) -> Vec<String> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_uppercase();
        path.is_file()
            && ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"].iter().any(|start| name.starts_with(start))
    });
    files.sort();
    files
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .map(|text| text.trim().replace("\r\n", "\n"))
        .collect()
}
