//! Tokens that are not as ours are: each is nobody's, whatever is wrong with it, and all are answered alike.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use loquat::clock;
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

use crate::harness::client::problem_of;
use crate::harness::{Person, Server};

/// What the servers of the tests sign with.
const KEY: &[u8] = b"a key for tests only: 0123456789abcdef";
const ANOTHER_KEY: &[u8] = b"another key of more than 32 letters";

fn encoded(part: &str) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

/// A MAC of the first two parts.
macro_rules! mac {
    ($hash:ty, $key:expr, $text:expr) => {
        Hmac::<$hash>::new_from_slice($key).unwrap().chain_update($text).finalize().into_bytes().to_vec()
    };
}

/// A token of these parts, as they are written, signed with HMAC-SHA-256.
fn raw(header: &str, claims: &str, key: &[u8]) -> String {
    let text = format!("{}.{}", encoded(header), encoded(claims));
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac!(Sha256, key, &text)))
}

fn signed(header: &Value, claims: &Value) -> String {
    raw(&header.to_string(), &claims.to_string(), KEY)
}

fn ours() -> Value {
    json!({"typ": "JWT", "alg": "HS256"})
}

/// The same with one field more, or another value of it.
fn with(value: &Value, field: &str, other: impl Into<Value>) -> Value {
    let mut value = value.clone();
    value[field] = other.into();
    value
}

fn without(value: &Value, field: &str) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().remove(field);
    value
}

/// What a person's own token says.
fn claims_of(person: &Person) -> Value {
    let token = person.cookie.as_ref().unwrap().split_once('=').unwrap().1;
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}

/// Broken ones: what is wrong with each, and the `Cookie` header.
fn corpus(claims: &Value, stranger: &Value, ended: &Value) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let good = signed(&ours(), claims);
    let parts: Vec<&str> = good.split('.').collect();
    let (head, body, signature) = (parts[0], parts[1], parts[2]);
    let text = format!("{head}.{body}");
    let plain = claims.to_string();
    let mut add = |what: &str, token: String| all.push((what.to_owned(), format!("access_token={token}")));

    for algorithm in [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!("nOnE"),
        json!(""),
        json!(null),
        json!(0),
        json!(["HS256"]),
        json!({"HS256": 1}),
        json!("hs256"),
        json!("HS256 "),
        json!("RS256"),
        json!("RS512"),
        json!("PS256"),
        json!("ES256"),
        json!("EdDSA"),
        json!("HS384"),
        json!("HS512"),
        json!("A256GCM"),
    ] {
        let header = with(&ours(), "alg", algorithm.clone());
        let unsigned = format!("{}.{body}.", encoded(&header.to_string()));
        add(&format!("alg {algorithm}, signed as ours"), signed(&header, claims));
        add(&format!("alg {algorithm}, unsigned"), unsigned);
    }
    add("no alg", signed(&json!({"typ": "JWT"}), claims));
    let longer = |name: &str| format!("{}.{body}", encoded(&with(&ours(), "alg", name).to_string()));
    let (hs384, hs512) = (longer("HS384"), longer("HS512"));
    add("signed with SHA-384", format!("{hs384}.{}", URL_SAFE_NO_PAD.encode(mac!(Sha384, KEY, &hs384))));
    add("signed with SHA-512", format!("{hs512}.{}", URL_SAFE_NO_PAD.encode(mac!(Sha512, KEY, &hs512))));
    add("SHA-512 that says SHA-256", format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac!(Sha512, KEY, &text))));

    add("another key", raw(&ours().to_string(), &plain, ANOTHER_KEY));
    add("an empty key", raw(&ours().to_string(), &plain, b""));
    add("a key of zeroes", raw(&ours().to_string(), &plain, &[0; 32]));
    add("the key with one letter more", raw(&ours().to_string(), &plain, &[KEY, b"x"].concat()));
    add("no signature", text.clone());
    add("an empty signature", format!("{text}."));
    add("half a signature", format!("{text}.{}", &signature[..20]));
    add("a signature of one letter", format!("{text}.A"));
    add("a longer signature", format!("{good}AAAA"));
    add("a signature twice", format!("{good}.{signature}"));
    let mut flipped = mac!(Sha256, KEY, &text);
    flipped[31] ^= 1;
    add("a flipped bit", format!("{text}.{}", URL_SAFE_NO_PAD.encode(&flipped)));
    add(
        "the signature in hexadecimal",
        format!("{text}.{}", flipped.iter().map(|b| format!("{b:02x}")).collect::<String>()),
    );
    add("a padded signature", format!("{text}.{}", URL_SAFE.encode(mac!(Sha256, KEY, &text))));
    add("another's signature", format!("{text}.{}", signed(&ours(), stranger).rsplit('.').next().unwrap()));
    add(
        "claims of a stranger beneath one's own signature",
        format!("{head}.{}.{signature}", encoded(&stranger.to_string())),
    );

    let now = clock::now().timestamp();
    for (what, exp) in [
        ("just now", json!(now)),
        ("a year ago", json!(now - 31_536_000)),
        ("zero", json!(0)),
        ("negative", json!(-1)),
        ("text", json!((now + 600).to_string())),
        ("null", json!(null)),
        ("true", json!(true)),
        ("a list", json!([now + 600])),
        ("too large", json!(1e300)),
    ] {
        add(&format!("exp {what}"), signed(&ours(), &with(claims, "exp", exp)));
    }
    add("nbf in the future", signed(&ours(), &with(claims, "nbf", now + 600)));
    add("nbf that is text", signed(&ours(), &with(claims, "nbf", "soon")));
    for claim in ["sub", "uid", "sid", "iat", "exp", "iss", "aud"] {
        add(&format!("no {claim}"), signed(&ours(), &without(claims, claim)));
        add(&format!("{claim} is a number in a list"), signed(&ours(), &with(claims, claim, json!([1]))));
        add(&format!("{claim} is null"), signed(&ours(), &with(claims, claim, json!(null))));
    }
    for (claim, value) in [
        ("iss", "somebody"),
        ("iss", "LOQUAT"),
        ("iss", ""),
        ("aud", "somebody"),
        ("aud", "loquat "),
        ("uid", "ada"),
        ("sid", "1"),
        ("sid", "' OR 1=1 --"),
        ("uid", "00000000-0000-0000-0000-000000000000"),
        ("sid", "01a2062a-e80f-7480-8fc1-84bb6936022a"),
        ("sid", "\u{ff11}\u{0000}"),
    ] {
        add(&format!("{claim} {value:?}"), signed(&ours(), &with(claims, claim, value)));
    }
    add("the session of a stranger", signed(&ours(), &with(claims, "sid", stranger["sid"].clone())));
    add("a stranger in one's own session", signed(&ours(), &with(claims, "uid", stranger["uid"].clone())));
    add("a session that has ended", signed(&ours(), ended));
    add(
        "two people",
        raw(&ours().to_string(), &plain.replacen('{', &format!("{{\"uid\":{},", stranger["uid"]), 1), KEY),
    );
    add(
        "two sessions",
        raw(&ours().to_string(), &plain.replacen('{', &format!("{{\"sid\":{},", stranger["sid"]), 1), KEY),
    );

    let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(ANOTHER_KEY), "alg": "HS256"});
    for (field, value) in [
        ("jwk", jwk.clone()),
        ("jku", json!("https://evil.example/keys.json")),
        ("x5u", json!("https://evil.example/key.pem")),
        ("x5c", json!(["MAo="])),
        ("kid", json!("../../../../dev/null")),
        ("kid", json!("1' UNION SELECT 'x")),
        ("kid", json!("1")),
    ] {
        let header = with(&ours(), field, value);
        add(&format!("{field}, and the key of that"), raw(&header.to_string(), &plain, ANOTHER_KEY));
        // Ours never have it.
        add(field, signed(&header, claims));
    }
    for (field, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
        ("cty", json!("JWT")),
        ("zip", json!("DEF")),
        ("enc", json!("A128GCM")),
        ("typ", json!("at+jwt")),
        ("typ", json!(1)),
    ] {
        add(&format!("{field} {value}"), signed(&with(&ours(), field, value.clone()), claims));
    }
    add("no typ", signed(&json!({"alg": "HS256"}), claims));
    add("two algorithms", raw(r#"{"typ":"JWT","alg":"none","alg":"HS256"}"#, &plain, KEY));
    add("unencoded claims", {
        let text =
            format!("{}.{}", encoded(r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#), plain.replace(',', "%2C"));
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac!(Sha256, KEY, &text)))
    });
    add("a token in a token", raw(r#"{"typ":"JWT","cty":"JWT","alg":"HS256"}"#, &format!("\"{good}\""), KEY));
    add("encrypted, by its form", format!("{head}.{body}.{signature}.{body}.{signature}"));
    for claims in ["", "null", "[]", "7", "\"loquat\"", "{", "{}", "\u{feff}{}", &"[".repeat(5000)] {
        add(&format!("claims {claims:.10}"), raw(&ours().to_string(), claims, KEY));
    }
    for header in ["", "null", "[]", "{", "{}", "\u{feff}{}"] {
        add(&format!("header {header:.10}"), raw(header, &plain, KEY));
    }
    let resigned = |text: String| {
        let signature = URL_SAFE_NO_PAD.encode(mac!(Sha256, KEY, &text));
        format!("{text}.{signature}")
    };
    add("bytes that are no text", resigned(format!("{head}.{}", URL_SAFE_NO_PAD.encode([0xff, 0xfe, 0x7b]))));
    add(
        "claims in the other base64, padded",
        resigned(format!("{head}.{}==", STANDARD.encode(&plain).trim_end_matches('='))),
    );
    add("claims that are no base64", resigned(format!("{head}.!!!!")));
    add("trailing bits", resigned(format!("{head}.{}B", encoded("{}"))));

    for (what, token) in [
        ("nothing", String::new()),
        ("a dot", ".".to_owned()),
        ("two dots", "..".to_owned()),
        ("a dot behind", format!("{good}.")),
        ("three dots behind", format!("{good}...")),
        ("a dot before", format!(".{good}")),
        ("a space inside", good.replacen('.', ". ", 1)),
        ("a tab inside", good.replacen('.', ".\t", 1)),
        ("in quotes", format!("\"{good}\"")),
        ("percent signs", good.replace('.', "%2E")),
        ("a word before", format!("Bearer {good}")),
        ("letters of other scripts", "é.ü.ß".to_owned()),
        ("full-width dots", good.replace('.', "\u{ff0e}")),
        ("an invisible letter", good.replacen('.', ".\u{200b}", 1)),
        ("huge", format!("{head}.{}.{signature}", "A".repeat(40_000))),
        ("huge, and with all dots", ".".repeat(40_000)),
        ("upside down", format!("{signature}.{body}.{head}")),
        ("in capitals", good.to_uppercase()),
    ] {
        add(what, token);
    }
    all.push(("a wrong cookie before the right one".to_owned(), format!("access_token=x; access_token={good}")));
    all.push(("an empty cookie before the right one".to_owned(), format!("access_token=; access_token={good}")));
    for name in
        ["ACCESS_TOKEN", "Access_Token", "access_token2", "xaccess_token", "__Host-access_token", "access%5ftoken"]
    {
        all.push((format!("called {name}"), format!("{name}={good}")));
    }
    all
}

on_both_databases! {
    async fn whatever_is_wrong_with_a_token_it_is_nobodys(kind) {
        let server = Server::start(kind).await;
        let (ada, eve, gone) = (server.person("ada").await, server.person("eve").await, server.person("gone").await);
        let ended = claims_of(&gone);
        assert_eq!(gone.post("/api/logout/", json!({})).await.status(), 204);
        let nobody = Person::nobody(&server);
        let show = async |cookie: &str| {
            let cookie = HeaderValue::from_bytes(cookie.as_bytes()).unwrap();
            nobody.request(Method::GET, "/api/check_session/").header("cookie", cookie).send().await.unwrap()
        };
        // What the corpus is made with makes good ones too.
        let claims = claims_of(&ada);
        let good = signed(&ours(), &claims);
        for cookie in [format!("access_token={good}"), format!("theme=dark; access_token={good}; other=1"), format!("access_token={good}; access_token=x")] {
            assert_eq!(show(&cookie).await.status(), 200, "{cookie}");
        }
        // Another program's cookie of the same host may hold any bytes.
        for other in [&b"other=\xe9; "[..], "name=Zoë; ".as_bytes(), b"\xff\xfe=\x80; ; =; "] {
            let cookie = HeaderValue::from_bytes(&[other, format!("access_token={good}").as_bytes()].concat()).unwrap();
            let response = nobody.request(Method::GET, "/api/check_session/").header("cookie", cookie).send().await.unwrap();
            assert_eq!(response.status(), 200, "{other:?}");
        }
        let corpus = corpus(&claims, &claims_of(&eve), &ended);
        assert!(corpus.len() > 150, "{}", corpus.len());
        let expected = problem_of(nobody.get("/api/check_session/").await, 401, "not_signed_in").await;
        for (what, cookie) in corpus {
            let response = show(&cookie).await;
            assert_eq!(response.status(), 401, "{what}: {cookie:.300}");
            assert_eq!(response.headers()["www-authenticate"], "Bearer", "{what}");
            assert!(!response.headers().contains_key("set-cookie"), "{what}");
            let mut problem = problem_of(response, 401, "not_signed_in").await;
            problem["request_id"] = expected["request_id"].clone();
            assert_eq!(problem, expected, "{what}");
        }
        assert_eq!(show(&format!("access_token={good}")).await.status(), 200);
    }
}
