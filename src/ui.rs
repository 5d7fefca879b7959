//! The page, from inside the executable: compressed, with strong ETags, and one document for every address.

use std::borrow::Cow;
use std::io::Read;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use flate2::read::GzDecoder;
use moka::sync::Cache;
use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Request, Response};
use rust_embed::RustEmbed;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::api::{self, is_known};
use crate::app::App;

/// `ui/dist`, prepared by `build.rs`.
#[derive(RustEmbed)]
#[folder = "$OUT_DIR/page"]
struct Files;

/// The page's policy: nothing from anywhere else, nothing inline, no evaluation, no HTML from strings, and no frames but
/// the one that draws diagrams.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                          font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; frame-src 'self'; \
                          base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
                          require-trusted-types-for 'script'; trusted-types loquat-worker";

/// The document in which diagrams are drawn, by a large library out of text that a model wrote …
const DIAGRAMS: &str = "diagrams.html";
/// … and its policy: as a sandbox it has no origin, hence no cookie and no storage, and it can reach nothing but its own
/// scripts. Styles stand in the pictures themselves.
const DIAGRAMS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; sandbox allow-scripts; \
                               base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// What the built page holds in the places that the server fills in.
const THEME_PLACE: &str = "data-theme=\"system\"";
const BOOT_PLACE: &str = "<script type=\"application/json\" id=\"boot\">{}</script>";

/// How long a file is kept unpacked for the next one who cannot unpack it.
const UNPACKED: Duration = Duration::from_secs(60);

/// Files that were asked for by clients that take no compressed ones, once for all of these.
static PLAIN: LazyLock<Cache<String, (Bytes, String)>> =
    LazyLock::new(|| Cache::builder().time_to_idle(UNPACKED).build());

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let file = Files::get("index.html").map(|file| file.data.into_owned()).unwrap_or_default();
    String::from_utf8_lossy(&file).into_owned()
});

/// Answers for everything that is not the API.
pub async fn answer(app: &App, request: &Request) -> Response {
    let mut response = match *request.method() {
        Method::GET | Method::HEAD => find(app, request).await,
        _ => {
            let mut response = Response::builder().status(StatusCode::METHOD_NOT_ALLOWED).finish();
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            response
        }
    };
    if request.method() == Method::HEAD {
        let length = response.headers().get(header::CONTENT_LENGTH).cloned();
        response.set_body(());
        if let Some(length) = length {
            response.headers_mut().insert(header::CONTENT_LENGTH, length);
        }
    }
    response
}

async fn find(app: &App, request: &Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if path.is_empty() || path == "index.html" {
        return document(app, request).await;
    }
    if let Some(response) = asset(path, request.headers()) {
        return response;
    }
    // An address inside the page; but a script that is gone must not be answered with the page.
    let last = path.rsplit('/').next().unwrap_or_default();
    if path.starts_with("assets/") || last.contains('.') {
        return Response::builder()
            .status(StatusCode::NOT_FOUND)
            .content_type("text/plain; charset=utf-8")
            .body("there is no such file\n");
    }
    document(app, request).await
}

fn asset(path: &str, asked: &HeaderMap) -> Option<Response> {
    if path.ends_with(".br") || path.ends_with(".gz") {
        return None;
    }
    let accepted = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let packed = |encoding: &'static str, ending: &str| {
        let file = accepts(accepted, encoding).then(|| file(&format!("{path}.{ending}"))).flatten()?;
        Some((file, Some(encoding)))
    };
    let plain = || Some((file(path).or_else(|| unpacked(path))?, None));
    let ((data, tag), encoding) = packed("br", "br").or_else(|| packed("gzip", "gz")).or_else(plain)?;
    let mut response = if is_known(asked, &tag) {
        Response::builder().status(StatusCode::NOT_MODIFIED).finish()
    } else {
        let kind = mime_guess::from_path(path).first_or_octet_stream();
        let kind = match (kind.type_().as_str(), path.ends_with(".webmanifest")) {
            (_, true) => "application/manifest+json".to_owned(),
            ("text", _) => format!("{kind}; charset=utf-8"),
            _ => kind.to_string(),
        };
        let length = HeaderValue::from(data.len());
        let mut response = Response::builder().content_type(kind).body(data);
        response.headers_mut().insert(header::CONTENT_LENGTH, length);
        if let Some(encoding) = encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    let headers = response.headers_mut();
    // Files below assets/ have their hash in their name, so a new version has a new name.
    let cache =
        if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "public, max-age=3600" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if path == DIAGRAMS {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DIAGRAMS_POLICY));
    }
    if path.starts_with("assets/") {
        // A document without an origin is a stranger to its own server; and these files are no secret.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    Some(response)
}

/// A file as it is kept, and its tag.
fn file(path: &str) -> Option<(Bytes, String)> {
    let file = Files::get(path)?;
    let data = match file.data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => data.into(),
    };
    Some((data, tag_of(&file.metadata.sha256_hash())))
}

/// A file that is kept only compressed, as it was. However many ask for it, and take it slowly, there is one.
fn unpacked(path: &str) -> Option<(Bytes, String)> {
    PLAIN.optionally_get_with_by_ref(path, || {
        let packed = Files::get(&format!("{path}.gz"))?;
        let mut plain = Vec::new();
        GzDecoder::new(&*packed.data).read_to_end(&mut plain).ok()?;
        let tag = tag_of(&Sha256::digest(&plain));
        Some((plain.into(), tag))
    })
}

/// What is in the executable of others, with their licences; the page has it at `/licenses.txt`.
pub fn notices() -> String {
    let text = unpacked("licenses.txt").map(|(text, _)| text).unwrap_or_default();
    String::from_utf8_lossy(&text).into_owned()
}

/// The page's one document, with who is signed in and which theme is wanted written into it, so that the first paint
/// needs neither a request nor a script.
async fn document(app: &App, request: &Request) -> Response {
    let theme = theme(request.headers());
    let boot = json!({
        "user": api::signed_in(app, request).await,
        "signup": app.config.signup.as_str(),
        "passkeys": api::passkeys_work(app, request),
        "max_attachments_per_message": app.config.limits.attachments.per_message,
        "max_attachment_bytes": app.config.limits.attachments.bytes,
        "version": env!("CARGO_PKG_VERSION"),
        "theme": theme,
    });
    // Inside a script element only "<" could end it early.
    let boot = boot.to_string().replace('<', "\\u003c");
    let text = DOCUMENT.replacen(THEME_PLACE, &format!("data-theme=\"{theme}\""), 1).replacen(
        BOOT_PLACE,
        &BOOT_PLACE.replace("{}", &boot),
        1,
    );
    let tag = format!("\"{}\"", hex(&Sha256::digest(text.as_bytes())));
    let mut response = if is_known(request.headers(), &tag) {
        Response::builder().status(StatusCode::NOT_MODIFIED).finish()
    } else {
        let length = HeaderValue::from(text.len());
        let mut response = Response::builder().content_type("text/html; charset=utf-8").body(text);
        response.headers_mut().insert(header::CONTENT_LENGTH, length);
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("cookie"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn theme(headers: &HeaderMap) -> &'static str {
    let cookies = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let chosen = cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix("theme="));
    match chosen {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "system",
    }
}

/// Whether an `Accept-Encoding` takes an encoding (RFC 9110, section 12.5.3).
fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|part| {
        let mut part = part.split(';').map(str::trim);
        let named = part.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding) || name == "*");
        let refused =
            part.any(|parameter| matches!(parameter.replace(' ', "").as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        named && !refused
    })
}

fn tag_of(hash: &[u8]) -> String {
    format!("\"{}\"", hex(hash))
}

fn hex(hash: &[u8]) -> String {
    hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_page_has_the_places_that_the_server_fills_in() {
        assert!(DOCUMENT.contains(THEME_PLACE), "index.html has lost {THEME_PLACE}");
        assert!(DOCUMENT.contains(BOOT_PLACE), "index.html has lost {BOOT_PLACE}");
    }

    #[test]
    fn however_many_take_a_file_that_they_cannot_unpack_there_is_one() {
        let all: Vec<Bytes> = (0..100).filter_map(|_| unpacked("licenses.txt")).map(|(file, _)| file).collect();
        assert!(all.len() == 100 && all[0].len() > 100_000, "{} of {} bytes", all.len(), all[0].len());
        assert!(all.iter().all(|file| file.as_ptr() == all[0].as_ptr()));
        assert_eq!(unpacked("no/such/file"), None);
    }

    #[test]
    fn an_encoding_is_taken_only_when_the_client_takes_it() {
        assert!(accepts("gzip, deflate, br, zstd", "br"));
        assert!(accepts("br;q=0.5", "br"));
        assert!(accepts("*", "br"));
        assert!(!accepts("gzip, br;q=0", "br"));
        assert!(!accepts("", "br"));
    }
}
