//! Other sites cannot act for a signed-in person; allowed ones can, and may read the answer.

use reqwest::Method;
use serde_json::json;

use crate::harness::client::problem_of;
use crate::harness::{Person, Provider, Script, Server};

/// What a browser sends along, and whether that may change something.
fn senders(own: &str) -> Vec<(Vec<(&'static str, String)>, bool)> {
    let own = own.to_owned();
    vec![
        (vec![("sec-fetch-site", "same-origin".into())], true),
        (vec![("sec-fetch-site", "same-origin".into()), ("origin", own.clone())], true),
        (vec![("sec-fetch-site", "cross-site".into())], false),
        (vec![("sec-fetch-site", "cross-site".into()), ("origin", "https://evil.example".into())], false),
        (vec![("sec-fetch-site", "same-site".into()), ("origin", "http://127.0.0.1:9".into())], false),
        // Typed into the address bar, or a bookmark: no page of ours did that.
        (vec![("sec-fetch-site", "none".into())], false),
        (vec![("sec-fetch-site", "cross-site".into()), ("origin", "https://friend.example".into())], true),
        (vec![("sec-fetch-site", "nonsense".into())], false),
        (vec![("origin", own.clone())], true),
        (vec![("origin", "https://evil.example".into())], false),
        (vec![("origin", "null".into())], false),
        (vec![("origin", format!("{own}.evil.example"))], false),
        (vec![("origin", "https://friend.example".into())], true),
        (vec![("origin", "https://friend.example.evil.example".into())], false),
        (vec![("referer", format!("{own}/c/1?x=y"))], true),
        (vec![("referer", "https://evil.example/x".into())], false),
        (vec![("referer", "rubbish".into())], false),
        (vec![], true),
    ]
}

on_both_databases! {
    async fn only_our_own_and_allowed_pages_change_anything_or_spend_money(kind) {
        let provider = Provider::always(Script::answer("spent")).await;
        let configured = provider.configured();
        let server = Server::with(kind, |config| {
            config.allowed_origins = vec!["https://friend.example".to_owned()];
            config.providers = vec![configured];
        })
        .await;
        let ada = server.person("ada").await;
        let mut asked = 0;
        for (headers, allowed) in senders(&format!("http://{}", server.address)) {
            let with = |mut request: reqwest::RequestBuilder| {
                for (name, value) in &headers {
                    request = request.header(*name, value);
                }
                request
            };
            let project = ada.project().await;
            let rename = ada.request(Method::PATCH, &format!("/api/projects/{project}")).json(&json!({"name": "changed"}));
            let renamed = with(rename).send().await.unwrap();
            let streamed = with(ada.stream(&project, "hi")).send().await.unwrap();
            if allowed {
                assert_eq!((renamed.status().as_u16(), streamed.status().as_u16()), (200, 200), "{headers:?}");
                let _ = streamed.text().await;
                asked += 1;
            } else {
                problem_of(renamed, 403, "cross_site").await;
                problem_of(streamed, 403, "cross_site").await;
                assert_eq!(ada.read(&format!("/api/projects/{project}")).await["name_source"], "default", "{headers:?}");
                assert!(ada.messages(&project).await.is_empty());
            }
            assert_eq!(provider.calls().len(), asked, "{headers:?}");
        }
    }
}

on_both_databases! {
    async fn allowed_origins_may_read_with_credentials_and_others_may_not(kind) {
        let server = Server::with(kind, |config| {
            config.allowed_origins = vec!["https://friend.example".to_owned()];
            config.limits.body_bytes = Some(1000);
        })
        .await;
        let ada = server.person("ada").await;
        let from = |origin: &'static str| ada.request(Method::GET, "/api/users/me").header("origin", origin);
        let friend = from("https://friend.example").send().await.unwrap();
        assert_eq!(friend.headers()["access-control-allow-origin"], "https://friend.example");
        assert_eq!(friend.headers()["access-control-allow-credentials"], "true");
        assert!(friend.headers().get_all("vary").iter().any(|value| value == "origin"));
        let evil = from("https://evil.example").send().await.unwrap();
        assert!(evil.headers().get("access-control-allow-origin").is_none());
        // A shared cache must not give what the one was told to the other.
        assert!(evil.headers().get_all("vary").iter().any(|value| value == "origin"));
        // Also what is refused before any operation is reached.
        for (origin, told) in [("https://friend.example", true), ("https://evil.example", false)] {
            let too_large = ada.request(Method::POST, "/api/projects/").header("origin", origin);
            let refused = too_large.body(" ".repeat(1001)).send().await.unwrap();
            assert_eq!(refused.headers().contains_key("access-control-allow-origin"), told, "{origin}");
            problem_of(refused, 413, "too_large").await;
        }

        let preflight = |origin: &'static str| {
            let request = ada.request(Method::OPTIONS, "/api/projects/").header("origin", origin);
            request.header("access-control-request-method", "POST").header("access-control-request-headers", "content-type")
        };
        let yes = preflight("https://friend.example").send().await.unwrap();
        assert_eq!(yes.status(), 204);
        assert!(yes.headers()["access-control-allow-methods"].to_str().unwrap().contains("POST"));
        let no = preflight("https://evil.example").send().await.unwrap();
        assert!(no.headers().get("access-control-allow-origin").is_none());
        assert!(no.headers().get("access-control-allow-methods").is_none());
        // Other origins need SameSite=None, which browsers take only with Secure.
        let login =
            ada.post("/api/login/", json!({"email": ada.email, "password": crate::harness::client::PASSWORD})).await;
        let cookie = login.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.contains("SameSite=None") && cookie.contains("Secure"), "{cookie}");
    }
}

on_both_databases! {
    async fn without_allowed_origins_nobody_elses_page_reads_anything(kind) {
        let server = Server::start(kind).await;
        let answer = Person::nobody(&server)
            .request(Method::GET, "/api/settings")
            .header("origin", "https://evil.example")
            .send()
            .await
            .unwrap();
        assert!(answer.headers().keys().all(|name| !name.as_str().starts_with("access-control")));
    }
}

on_both_databases! {
    async fn the_cookie_is_secure_when_the_browser_came_by_https(kind) {
        let server = Server::with(kind, |config| {
            config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
            config.public_url = Some("https://chat.example.org".parse().unwrap());
        })
        .await;
        let ada = server.person("ada").await;
        let login = |scheme: &'static str| {
            let body = json!({"email": ada.email, "password": crate::harness::client::PASSWORD});
            let request = ada.elsewhere().request(Method::POST, "/api/login/").header("x-forwarded-proto", scheme).json(&body);
            // The proxy passed on what the browser said of itself.
            request.header("origin", "https://chat.example.org").header("host", "127.0.0.1:8080")
        };
        let https = login("https").send().await.unwrap();
        assert!(https.headers()["set-cookie"].to_str().unwrap().contains("; Secure"));
        assert!(https.headers().contains_key("strict-transport-security"));
    }
}
