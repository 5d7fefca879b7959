//! How often anybody may guess: at passwords, keys and invitations, from one address and for one account.

use futures_util::future::join_all;
use loquat::config::{AccountLimits, Config};
use reqwest::header::HeaderValue;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::contract::operations;
use crate::harness::client::{PASSWORD, answer_of, json_of, problem_of};
use crate::harness::{Kind, Person, Provider, Script, Server};

/// A server behind a proxy on this machine, which believes who its clients are, with some limits.
async fn behind_a_proxy(kind: Kind, accounts: AccountLimits) -> Server {
    Server::with(kind, |config| {
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        config.limits.accounts = accounts;
    })
    .await
}

/// Sends a body as a client at some address.
async fn from(person: &Person, address: &str, path: &str, body: &Value) -> Response {
    let request = person.request(Method::POST, path).header("x-forwarded-for", address);
    request.json(body).send().await.unwrap()
}

async fn sign_in(person: &Person, address: &str, email: &str, password: &str) -> Response {
    from(&person.elsewhere(), address, "/api/login/", &json!({"email": email, "password": password})).await
}

/// What a response says of a limit: what it counts, how often in how many seconds, how often more, and the seconds until
/// it is once more.
fn told(response: &Response) -> Vec<(String, u64, u64, u64, u64)> {
    let header =
        |name: &str| response.headers().get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned());
    let parse = |text: String, keys: [&str; 2]| -> Vec<(String, u64, u64)> {
        let parts = text.split(", ").filter(|part| !part.is_empty());
        let parsed = parts.map(|part| {
            let fields: Vec<&str> = part.split(';').collect();
            let value = |at: usize| fields[at].strip_prefix(&format!("{}=", keys[at - 1])).unwrap().parse().unwrap();
            assert_eq!(fields.len(), 3, "{part}");
            (fields[0].trim_matches('"').to_owned(), value(1), value(2))
        });
        parsed.collect()
    };
    let (policies, standings) = (parse(header("ratelimit-policy"), ["q", "w"]), parse(header("ratelimit"), ["r", "t"]));
    assert_eq!(policies.len(), standings.len());
    let both = policies.into_iter().zip(standings);
    both.map(|((name, q, w), (same, r, t))| {
        assert_eq!(name, same);
        (name, q, w, r, t)
    })
    .collect()
}

/// Refused with 429, for this reason, with the time to wait in three places.
async fn refused(response: Response, code: &str) -> u64 {
    let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    let of_limits = told(&response);
    assert_eq!((of_limits.len(), of_limits[0].3, of_limits[0].4), (1, 0, wait), "{of_limits:?}");
    let problem = problem_of(response, 429, code).await;
    assert_eq!(problem["retry_after"], wait);
    wait
}

const SIGN_INS: AccountLimits = AccountLimits {
    sign_ins_per_minute: Some(3),
    wrong_passwords: None,
    registrations_per_hour: None,
    wrong_keys_per_minute: None,
};

on_both_databases! {
    async fn each_address_has_so_many_sign_ins_right_or_wrong(kind) {
        let server = behind_a_proxy(kind, SIGN_INS).await;
        let ada = server.person("ada").await;
        for (n, password) in [PASSWORD, "not the one", PASSWORD].iter().enumerate() {
            let response = sign_in(&ada, "198.51.100.1", &ada.email, password).await;
            assert_eq!(response.status(), if *password == PASSWORD { 200 } else { 401 });
            assert_eq!(told(&response), [("sign-ins".to_owned(), 3, 60, 2 - n as u64, 20)]);
        }
        let hashed = server.app.auth.hasher.done();
        for email in [ada.email.as_str(), "nobody@example.org", "no address at all"] {
            let wait = refused(sign_in(&ada, "198.51.100.1", email, PASSWORD).await, "too_many_sign_ins").await;
            assert!((1..=20).contains(&wait), "{wait}");
        }
        assert_eq!(server.app.auth.hasher.done(), hashed, "a flood costs no hashing");
        // What a client writes before the address that the proxy adds in the same line changes nothing.
        for before in [&b"\xff"[..], b"203.0.113.9", b"\xe9, unknown", b","] {
            let forwarded = HeaderValue::from_bytes(&[before, b", 198.51.100.1"].concat()).unwrap();
            let body = json!({"email": ada.email, "password": PASSWORD});
            let request = ada.elsewhere().request(Method::POST, "/api/login/").header("x-forwarded-for", forwarded);
            refused(request.json(&body).send().await.unwrap(), "too_many_sign_ins").await;
        }
        assert_eq!(sign_in(&ada, "198.51.100.2", &ada.email, PASSWORD).await.status(), 200);
    }

    async fn an_address_of_ipv6_is_its_64(kind) {
        let server = behind_a_proxy(kind, SIGN_INS).await;
        let ada = server.person("ada").await;
        for address in ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2:0:0:0:3"] {
            assert_eq!(sign_in(&ada, address, &ada.email, PASSWORD).await.status(), 200);
        }
        refused(sign_in(&ada, "2001:db8:1:2:abcd::", &ada.email, PASSWORD).await, "too_many_sign_ins").await;
        assert_eq!(sign_in(&ada, "2001:db8:1:3::1", &ada.email, PASSWORD).await.status(), 200);
        // One of IPv4 is itself in either form.
        for address in ["::ffff:198.51.100.7", "198.51.100.7", "::ffff:c633:6407"] {
            assert_eq!(sign_in(&ada, address, &ada.email, PASSWORD).await.status(), 200);
        }
        refused(sign_in(&ada, "198.51.100.7", &ada.email, PASSWORD).await, "too_many_sign_ins").await;
    }

    async fn without_a_trusted_proxy_no_header_makes_another_address(kind) {
        let server = Server::with(kind, |config| config.limits.accounts = SIGN_INS).await;
        let ada = server.person("ada").await;
        // Signing in was the first one.
        for n in 0..2 {
            assert_eq!(sign_in(&ada, &format!("198.51.100.{n}"), &ada.email, PASSWORD).await.status(), 200);
        }
        refused(sign_in(&ada, "198.51.100.3", &ada.email, PASSWORD).await, "too_many_sign_ins").await;
    }

    async fn a_client_cannot_choose_its_address_through_a_trusted_proxy(kind) {
        let server = behind_a_proxy(kind, SIGN_INS).await;
        let ada = server.person("ada").await;
        // The proxy adds the true one behind whatever was claimed.
        for n in 0..3 {
            assert_eq!(sign_in(&ada, &format!("203.0.113.{n}, 198.51.100.1"), &ada.email, PASSWORD).await.status(), 200);
        }
        refused(sign_in(&ada, "203.0.113.9, 198.51.100.1", &ada.email, PASSWORD).await, "too_many_sign_ins").await;
    }

    async fn an_account_has_so_many_wrong_passwords_and_one_that_is_not_there_as_many(kind) {
        let server = behind_a_proxy(kind, AccountLimits { wrong_passwords: Some(3), ..AccountLimits::default() }).await;
        let ada = server.person("ada").await;
        let mut answers = Vec::new();
        for (at, email) in [(1, ada.email.as_str()), (2, "nobody@example.org")] {
            let mut all = Vec::new();
            for n in 0..3 {
                let email = if n == 1 { email.to_uppercase() } else { email.to_owned() };
                let response = sign_in(&ada, &format!("198.51.{at}.{n}"), &email, "not the one").await;
                let limits = told(&response);
                assert_eq!(limits, [("wrong-passwords".to_owned(), 3, 600, 2 - n, 200)]);
                let problem = problem_of(response, 401, "wrong_credentials").await;
                all.push((limits, problem["title"].clone(), problem["detail"].clone()));
            }
            // From anywhere, and the right one too.
            let hashed = server.app.auth.hasher.done();
            let response = sign_in(&ada, &format!("198.51.{at}.99"), email, PASSWORD).await;
            let (policy, names) = (response.headers()["ratelimit-policy"].clone(), response.headers().keys().map(ToString::to_string).collect::<Vec<_>>());
            let wait = refused(response, "too_many_wrong_passwords").await;
            assert!((100..=200).contains(&wait), "{wait}");
            assert_eq!(server.app.auth.hasher.done(), hashed);
            answers.push((all, policy, names));
        }
        assert_eq!(answers[0], answers[1]);
        // Whoever is signed in stays so, and others sign in.
        ada.read("/api/check_session/").await;
        server.person("ben").await;
    }

    async fn right_passwords_do_not_count_for_the_account(kind) {
        let server = behind_a_proxy(kind, AccountLimits { wrong_passwords: Some(2), ..AccountLimits::default() }).await;
        let ada = server.person("ada").await;
        for n in 0..6 {
            let response = sign_in(&ada, &format!("198.51.100.{n}"), &ada.email, PASSWORD).await;
            assert_eq!(told(&response)[0].3, 2);
            json_of(response, 200).await;
        }
        problem_of(sign_in(&ada, "198.51.100.7", &ada.email, "not the one").await, 401, "wrong_credentials").await;
        json_of(sign_in(&ada, "198.51.100.7", &ada.email, PASSWORD).await, 200).await;
    }

    async fn of_many_guesses_at_once_no_more_are_let_through(kind) {
        let server = behind_a_proxy(kind, AccountLimits { wrong_passwords: Some(5), ..AccountLimits::default() }).await;
        let ada = server.person("ada").await;
        let hashed = server.app.auth.hasher.done();
        let addresses: Vec<String> = (0..40).map(|n| format!("198.51.100.{n}")).collect();
        let all = join_all(addresses.iter().map(|address| sign_in(&ada, address, &ada.email, "not the one"))).await;
        let count = |status: u16| all.iter().filter(|response| response.status() == status).count();
        assert_eq!((count(401), count(429)), (5, 35));
        assert_eq!(server.app.auth.hasher.done() - hashed, 5);
    }

    async fn known_and_unknown_accounts_cost_the_same_hashing(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let mut cost = Vec::new();
        for email in [ada.email.as_str(), "nobody@example.org", "not an address", ""] {
            let before = server.app.auth.hasher.done();
            problem_of(sign_in(&ada, "", email, "not the one").await, 401, "wrong_credentials").await;
            cost.push(server.app.auth.hasher.done() - before);
        }
        assert_eq!(cost, [1, 1, 1, 1]);
    }

    async fn ones_own_password_is_guessed_as_seldom(kind) {
        let server = behind_a_proxy(kind, AccountLimits { wrong_passwords: Some(2), ..AccountLimits::default() }).await;
        let ada = server.person("ada").await;
        let change = |current: &str| json!({"password": "another set of four words", "current_password": current});
        let wrong = problem_of(ada.patch("/api/users/me", change("wrong, entirely")).await, 422, "wrong_password").await;
        assert_eq!(wrong["field"], "current_password");
        let delete = |password: &str| ada.request(Method::DELETE, "/api/users/me").json(&json!({"password": password})).send();
        let wrong = problem_of(delete("wrong, entirely").await.unwrap(), 422, "wrong_password").await;
        assert_eq!(wrong["field"], "password");
        let hashed = server.app.auth.hasher.done();
        refused(ada.patch("/api/users/me", change(PASSWORD)).await, "too_many_wrong_passwords").await;
        refused(delete(PASSWORD).await.unwrap(), "too_many_wrong_passwords").await;
        assert_eq!(server.app.auth.hasher.done(), hashed);
        // A new name is no guess, and a stranger who guesses at the door does not keep anybody from their own account.
        json_of(ada.patch("/api/users/me", json!({"name": "Ada L."})).await, 200).await;
        json_of(sign_in(&ada, "198.51.100.1", &ada.email, PASSWORD).await, 200).await;
    }

    async fn an_account_is_deleted_by_whoever_knows_its_password(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let delete = |body: Value| ada.request(Method::DELETE, "/api/users/me").json(&body).send();
        for (body, field) in [(json!({}), "password"), (json!({"password": 5}), "password"), (json!({"password": "x".repeat(257)}), "password"), (json!({"password": PASSWORD, "really": true}), "really")] {
            assert_eq!(problem_of(delete(body).await.unwrap(), 422, "invalid").await["field"], field);
        }
        problem_of(ada.delete("/api/users/me").await, 415, "unsupported_media_type").await;
        assert_eq!(ada.read("/api/check_session/").await["email"], ada.email.as_str());
        let gone = delete(json!({"password": PASSWORD})).await.unwrap();
        assert!(gone.status() == 204 && gone.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
        problem_of(sign_in(&ada, "", &ada.email, PASSWORD).await, 401, "wrong_credentials").await;
    }

    async fn each_address_registers_so_many(kind) {
        let server = behind_a_proxy(kind, AccountLimits { registrations_per_hour: Some(3), ..AccountLimits::default() }).await;
        let nobody = Person::nobody(&server);
        let register = async |address: &str, name: &str, password: &str, invite: Option<&str>| {
            let mut body = json!({"email": format!("{name}@example.org"), "password": password});
            if let Some(invite) = invite {
                body["invite"] = invite.into();
            }
            from(&nobody, address, "/api/users/", &body).await
        };
        // What nobody learns anything from does not count.
        for _ in 0..5 {
            let weak = register("198.51.100.1", "ada", "password", None).await;
            assert_eq!(told(&weak), [("registrations".to_owned(), 3, 3600, 3, 1200)]);
            problem_of(weak, 422, "invalid").await;
        }
        let made = register("198.51.100.1", "ada", PASSWORD, None).await;
        assert_eq!(told(&made)[0].3, 2);
        json_of(made, 201).await;
        problem_of(register("198.51.100.1", "ada", PASSWORD, None).await, 409, "email_taken").await;
        problem_of(register("198.51.100.1", "eve", PASSWORD, Some("lqi_guessed")).await, 403, "invite_invalid").await;
        let hashed = server.app.auth.hasher.done();
        let wait = refused(register("198.51.100.1", "eve", PASSWORD, None).await, "too_many_registrations").await;
        assert!((1000..=1200).contains(&wait), "{wait}");
        assert_eq!(server.app.auth.hasher.done(), hashed);
        json_of(register("198.51.100.2", "eve", PASSWORD, None).await, 201).await;
    }

    async fn each_address_has_so_many_wrong_keys_and_right_ones_go_on(kind) {
        let server = behind_a_proxy(kind, AccountLimits { wrong_keys_per_minute: Some(3), ..AccountLimits::default() }).await;
        let ada = server.person("ada").await;
        let ((used_id, used), (_, fresh)) = (ada.new_key("read").await, ada.new_key("read").await);
        let with = async |address: &str, key: &str| {
            let request = ada.program(key).request(Method::GET, "/api/check_session/");
            request.header("x-forwarded-for", address).send().await.unwrap()
        };
        for _ in 0..10 {
            assert_eq!(with("198.51.100.1", &used).await.status(), 200);
        }
        for wrong in ["x", &format!("lq_{}", "0".repeat(64)), ""] {
            problem_of(with("198.51.100.1", wrong).await, 401, "key_invalid").await;
        }
        let wait = refused(with("198.51.100.1", &format!("lq_{}", "1".repeat(64))).await, "too_many_wrong_keys").await;
        assert!((1..=20).contains(&wait), "{wait}");
        // One that was right a moment ago is no guess, whatever others at its address do; one that nobody knows is.
        assert_eq!(with("198.51.100.1", &used).await.status(), 200);
        refused(with("198.51.100.1", &fresh).await, "too_many_wrong_keys").await;
        assert_eq!(with("198.51.100.2", &fresh).await.status(), 200);
        // And it has no credit when it has ended.
        assert_eq!(ada.delete(&format!("/api/keys/{used_id}")).await.status(), 204);
        problem_of(with("198.51.100.1", &used).await, 401, "key_invalid").await;
        refused(with("198.51.100.1", &used).await, "too_many_wrong_keys").await;
        // The cookie is nobody's guess.
        assert_eq!(from(&ada, "198.51.100.1", "/api/projects/", &json!({})).await.status(), 201);
    }

    async fn without_limits_nobody_is_refused_and_nothing_is_told(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        for _ in 0..40 {
            let response = ada.post("/api/login/", json!({"email": "nobody@example.org", "password": "not the one"})).await;
            assert!(response.status() == 401 && !response.headers().contains_key("ratelimit"));
            problem_of(ada.program("x").get("/api/check_session/").await, 401, "key_invalid").await;
        }
    }

    async fn questions_tell_how_many_more_are_welcome(kind) {
        let provider = Provider::always(Script::answer("a fruit")).await;
        let configured = provider.configured();
        let server = Server::with(kind, move |config: &mut Config| {
            config.providers = vec![configured];
            config.limits.turns_per_minute = Some(5);
        })
        .await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let messages = format!("/api/projects/{project}/messages");
        // Where the machine is slow, one more may have become welcome meanwhile.
        let counts = |response: &Response, left: u64| {
            let of_turns = told(response);
            assert!(matches!(&of_turns[..], [(name, 5, 60, r, 12)] if name == "turns" && (left..5).contains(r)), "{of_turns:?}");
        };
        let done = async |answer: &str| drop(ada.events(&project, answer, None).await.until("end").await);
        let question = json!({"content": "What is a loquat?", "client_request_id": "one"});
        let first = ada.post(&messages, question.clone()).await;
        counts(&first, 4);
        let first = json_of(first, 202).await;
        let (question_id, answer) = (first["user_message"]["id"].as_str().unwrap().to_owned(), answer_of(&first));
        done(&answer).await;
        // The same request once more costs nothing, and neither does what is no question.
        assert_eq!(told(&ada.post(&messages, question).await), []);
        assert_eq!(told(&ada.get(&messages).await), []);
        let again = ada.post(&format!("{messages}/{answer}/regenerate"), json!({})).await;
        counts(&again, 3);
        let again = answer_of(&json_of(again, 202).await);
        done(&again).await;
        let edited = ada.patch(&format!("{messages}/{question_id}"), json!({"content": "And a medlar?"})).await;
        counts(&edited, 2);
        done(&answer_of(&json_of(edited, 202).await)).await;
        let streamed = ada.stream(&project, "And a quince?").send().await.unwrap();
        assert_eq!(streamed.status(), 200);
        counts(&streamed, 1);
        assert!(streamed.text().await.unwrap().contains("event: end"));
        let refusal = loop {
            let response = ada.stream(&ada.project().await, "And?").send().await.unwrap();
            if response.status() == 429 {
                break response;
            }
            assert!(response.text().await.unwrap().contains("event: end"));
        };
        let wait = refused(refusal, "too_many_turns").await;
        assert!((1..=12).contains(&wait), "{wait}");
    }
}

#[test]
fn the_document_tells_what_is_limited_and_when_to_try_again() {
    let limited = [
        "login",
        "login_second_factor",
        "login_passkey",
        "login_passkey_options",
        "register",
        "create_message",
        "edit_message",
        "regenerate_message",
        "continue_message",
        "stream_message",
        "generate_name",
    ];
    let mut found = 0;
    for (method, path, operation) in operations() {
        let is_limited = limited.contains(&operation["operationId"].as_str().unwrap());
        found += usize::from(is_limited);
        for (status, response) in operation["responses"].as_object().unwrap() {
            let has = |name: &str| response["headers"][name]["description"].is_string();
            let place = format!("{method} {path} {status}");
            let is_refusal = status.starts_with(['4', '5']);
            assert_eq!(has("Retry-After"), is_refusal, "{place}");
            for name in ["ratelimit-policy", "ratelimit"] {
                assert_eq!(has(name), is_limited && !status.starts_with('5'), "{place} {name}");
            }
        }
    }
    assert_eq!(found, limited.len());
}
