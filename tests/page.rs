//! The page, as the executable serves it.

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Kind, Person, Server};

/// The JSON that the server wrote into the page.
pub fn boot(html: &str) -> Value {
    let begin = html.split("id=\"boot\">").nth(1).unwrap();
    serde_json::from_str(begin.split("</script>").next().unwrap()).unwrap()
}

on_both_databases! {
    async fn the_page_knows_who_is_signed_in_and_which_theme_is_wanted(kind) {
        let server = Server::start(kind).await;
        let nobody = Person::nobody(&server);
        let html = nobody.get("/").await.text().await.unwrap();
        assert_eq!(boot(&html)["user"], Value::Null);
        assert_eq!((boot(&html)["signup"].as_str(), boot(&html)["theme"].as_str()), (Some("open"), Some("system")));

        let mut ada = server.person("ada").await;
        ada.patch("/api/users/me", serde_json::json!({"name": "</script><script>alert(1)</script>"})).await;
        ada.cookie = Some(format!("{}; theme=dark", ada.cookie.unwrap()));
        let page = ada.get("/c/anything/at-all").await;
        assert_eq!(page.headers()["cache-control"], "private, no-cache");
        let html = page.text().await.unwrap();
        assert!(html.contains("<html lang=\"en\" data-theme=\"dark\""));
        assert!(!html.contains("<script>alert"), "a name cannot leave the data island");
        assert_eq!(boot(&html)["user"]["email"], "ada@example.org");
        assert_eq!(boot(&html)["user"]["name"], "</script><script>alert(1)</script>");
    }
}

on_both_databases! {
    async fn the_page_has_the_strict_policy_and_no_inline_code(kind) {
        let server = Server::start(kind).await;
        let page = Person::nobody(&server).get("/").await;
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && policy.contains("require-trusted-types-for 'script'"), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-src 'self'; "), "{policy}");
        assert_eq!(page.headers()["x-content-type-options"], "nosniff");
        let html = page.text().await.unwrap();
        for script in html.split("<script").skip(1) {
            assert!(script.contains("src=\"/") || script.contains("type=\"application/json\""), "{script}");
        }
        assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains(" onload="));
    }
}

#[tokio::test]
async fn diagrams_are_drawn_in_a_sandbox_that_reaches_nothing() {
    let server = Server::start(Kind::Sqlite).await;
    let nobody = Person::nobody(&server);
    for path in ["/diagrams.html", "/diagrams.html?x"] {
        let page = nobody.get(path).await;
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        let rules: Vec<_> = policy.split("; ").collect();
        for rule in ["default-src 'none'", "script-src 'self'", "sandbox allow-scripts", "frame-ancestors 'self'"] {
            assert!(rules.contains(&rule), "{policy}");
        }
        assert!(!policy.contains("allow-same-origin") && !policy.contains("connect-src"), "{policy}");
        let html = page.text().await.unwrap();
        // Without an origin it gets its scripts as a stranger.
        let script = html.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
        let script = nobody.request(Method::GET, script).header("origin", "null").send().await.unwrap();
        assert_eq!(
            (script.status().as_u16(), &script.headers()["access-control-allow-origin"]),
            (200, &"*".parse().unwrap())
        );
    }
    // What knows people stays closed to it.
    for path in ["/", "/api/check_session/", "/api/docs"] {
        let response = nobody.request(Method::GET, path).header("origin", "null").send().await.unwrap();
        assert!(!response.headers().contains_key("access-control-allow-origin"), "{path}");
    }
}

on_both_databases! {
    async fn assets_are_compressed_cached_and_never_sent_twice(kind) {
        let server = Server::start(kind).await;
        let nobody = Person::nobody(&server);
        let html = nobody.get("/").await.text().await.unwrap();
        let script = html.split("src=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert!(script.starts_with("/assets/") && script.ends_with(".js"), "{script}");
        let get = |encoding: &'static str| nobody.request(Method::GET, &script).header("accept-encoding", encoding);
        let (plain, gzip, brotli) = (
            get("identity").send().await.unwrap(),
            get("gzip").send().await.unwrap(),
            get("gzip, br").send().await.unwrap(),
        );
        assert!(plain.headers().get("content-encoding").is_none());
        assert_eq!(
            (gzip.headers()["content-encoding"].as_bytes(), brotli.headers()["content-encoding"].as_bytes()),
            (&b"gzip"[..], &b"br"[..])
        );
        for response in [&plain, &gzip, &brotli] {
            assert_eq!(response.headers()["cache-control"], "public, max-age=31536000, immutable");
            assert_eq!(response.headers()["vary"], "accept-encoding");
            assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/javascript"));
        }
        let tag = brotli.headers()["etag"].to_str().unwrap().to_owned();
        assert!(
            tag.starts_with('"') && tag != plain.headers()["etag"].to_str().unwrap(),
            "strong, and one for each encoding"
        );
        let known = get("br").header("if-none-match", &tag).send().await.unwrap();
        assert_eq!((known.status().as_u16(), known.bytes().await.unwrap().len()), (304, 0));
        let length = brotli.headers()["content-length"].clone();
        let body = brotli.bytes().await.unwrap();
        let plain_length = plain.headers()["content-length"].to_str().unwrap().parse::<usize>().unwrap();
        let plain = plain.text().await.unwrap();
        assert!(body.len() < plain.len() && plain_length == plain.len() && plain.contains("import"));
        let head = nobody.request(Method::HEAD, &script).header("accept-encoding", "br").send().await.unwrap();
        assert_eq!((head.status().as_u16(), &head.headers()["content-length"]), (200, &length));
        assert!(head.bytes().await.unwrap().is_empty());
    }
}

on_both_databases! {
    async fn addresses_inside_the_page_get_it_and_missing_files_do_not(kind) {
        let server = Server::start(kind).await;
        let nobody = Person::nobody(&server);
        for path in ["/login", "/c/01a2062a", "/settings/"] {
            let response = nobody.get(path).await;
            assert_eq!(response.status(), 200, "{path}");
            assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        }
        for path in ["/assets/gone-12345678.js", "/missing.png", "/assets/"] {
            assert_eq!(nobody.get(path).await.status(), 404, "{path}");
        }
        // As they stand: a client's library would straighten them first.
        for path in ["/../Cargo.toml", "/assets/../../etc/passwd", "/assets/..%2f..%2fetc/passwd", "/%2e%2e/Cargo.toml"] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", server.address);
            let answer = server.raw(&request).await;
            assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        }
        let api = nobody.get("/api/nothing/here").await;
        crate::harness::client::problem_of(api, 404, "not_found").await;
        assert_eq!(nobody.post("/login", serde_json::json!({})).await.status(), 405);
    }
}

#[tokio::test]
async fn what_is_in_the_executable_of_others_is_named_with_its_licence() {
    let server = Server::start(Kind::Sqlite).await;
    let response = Person::nobody(&server).get("/licenses.txt").await;
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    let told = response.text().await.unwrap();
    for name in [
        "poem 3",
        "sea-orm 2",
        "rustls 0.23",
        "webauthn-rs 0.6",
        "react 19",
        "katex 0.16",
        "mermaid 11",
        "highlight.js 11",
    ] {
        assert!(told.contains(&format!("\n{name}")), "{name} is not named");
    }
    for words in [
        "Copyright (c) 2026",
        "Copyright (c) Meta Platforms, Inc.",
        "Dan Wheeler and Dropbox",
        "Apache License",
        "Permission is hereby granted",
    ] {
        assert!(told.contains(words), "{words} is not there");
    }
    // What only tests and builds need is not shipped.
    for name in ["rcgen 0", "vite 8", "vitest 4", "playwright-core 1"] {
        assert!(!told.contains(&format!("\n{name}")), "{name} is not shipped");
    }
}
