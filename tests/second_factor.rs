//! Authenticator apps and recovery codes: set up, asked for at the sign-in, good once, and not guessed.

use futures_util::future::join_all;
use jsonwebtoken::{EncodingKey, Header};
use loquat::clock;
use loquat::entity::{recovery_code, session, totp, user};
use reqwest::{Method, Response};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, Set};
use serde_json::{Value, json};

use crate::harness::client::{PASSWORD, json_of, problem_of};
use crate::harness::factors::{App, challenge, forget_used_codes, second_step, set_up, with_app};
use crate::harness::process::{Running, command};
use crate::harness::{Person, Server};

/// The password was right; what comes next?
async fn first_step(person: &Person) -> Response {
    person.elsewhere().post("/api/login/", json!({"email": person.email, "password": PASSWORD})).await
}

on_both_databases! {
    async fn an_app_is_set_up_in_two_steps_and_asked_for_from_then_on(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let standing = ada.read("/api/second_factor").await;
        assert_eq!(standing, json!({"is_on": false, "is_required": false, "totp_since": null, "passkeys": 0, "recovery_codes": 0, "passkeys_possible": false}));
        let wrong = ada.post("/api/second_factor/totp", json!({"password": "four other words or so"})).await;
        assert_eq!(problem_of(wrong, 422, "wrong_password").await["field"], "password");
        problem_of(ada.post("/api/second_factor/totp/confirm", json!({"code": "123456"})).await, 409, "nothing_to_confirm").await;
        let begun = json_of(ada.post("/api/second_factor/totp", json!({"password": PASSWORD})).await, 201).await;
        let secret = begun["secret"].as_str().unwrap();
        assert_eq!(secret.len(), 32);
        assert!(begun["url"].as_str().unwrap().contains(secret) && begun["url"].as_str().unwrap().contains("ada%40example.org"), "{begun}");
        assert!(begun["qr"]["size"].as_u64().unwrap() > 30 && begun["qr"]["path"].as_str().unwrap().starts_with("M0 0h7"), "{begun}");
        // Before a code has shown that the app has it, nobody is asked, and it can be begun anew.
        ada.clone().sign_in().await;
        let again = json_of(ada.post("/api/second_factor/totp", json!({"password": PASSWORD})).await, 201).await;
        assert_ne!(again["secret"], begun["secret"]);
        let app = App::new(again["secret"].as_str().unwrap());
        for wrong in [App::new(secret).code(0), app.code(3), app.code(-3)] {
            problem_of(ada.post("/api/second_factor/totp/confirm", json!({"code": wrong})).await, 401, "wrong_factor").await;
        }
        ada.clone().sign_in().await;
        let on = json_of(ada.post("/api/second_factor/totp/confirm", json!({"code": app.code(0)})).await, 200).await;
        assert_eq!(on["recovery_codes"].as_array().unwrap().len(), 10);
        let standing = ada.read("/api/second_factor").await;
        assert_eq!((&standing["is_on"], &standing["recovery_codes"]), (&json!(true), &json!(10)));
        // The session that was there stays, and a new one needs the code.
        ada.read("/api/check_session/").await;
        let asked = first_step(&ada).await;
        assert!(asked.headers().get("set-cookie").is_none());
        let asked = problem_of(asked, 401, "second_factor_required").await;
        assert_eq!(asked["methods"], json!(["code", "recovery_code"]));
        forget_used_codes(&server, &ada).await;
        let response = second_step(&ada, &asked["challenge"], json!({"code": app.code(0)})).await;
        let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        assert_eq!(json_of(response, 200).await["email"], "ada@example.org");
        let mut signed_in = ada.clone();
        signed_in.cookie = Some(cookie);
        signed_in.read("/api/projects/").await;
        // It is shown once: what is stored does not tell it, and there is none to set up beside it.
        let row = totp::Entity::find_by_id(ada.id().await).one(server.app.db.reader()).await.unwrap().unwrap();
        assert!(!row.sealed_secret.contains(&app.secret) && row.sealed_secret.len() > 60, "{}", row.sealed_secret);
        let more = json!({"password": PASSWORD, "recovery_code": on["recovery_codes"][0]});
        problem_of(ada.post("/api/second_factor/totp", more).await, 409, "totp_is_on").await;
        let stored = recovery_code::Entity::find().all(server.app.db.reader()).await.unwrap();
        assert!(stored.iter().all(|row| row.code_hash.len() == 64));
        assert_eq!(stored.len(), 9);
    }

    async fn a_code_is_good_once_however_many_try(kind) {
        let server = Server::start(kind).await;
        let (ada, app, _) = with_app(&server, "ada").await;
        forget_used_codes(&server, &ada).await;
        let challenges = [challenge(&ada).await, challenge(&ada).await, challenge(&ada).await, challenge(&ada).await];
        let code = app.code(0);
        let all = join_all(challenges.iter().map(|challenge| second_step(&ada, challenge, json!({"code": code})))).await;
        let let_in = all.iter().filter(|response| response.status() == 200).count();
        assert_eq!(let_in, 1);
        for response in all.into_iter().filter(|response| response.status() != 200) {
            assert_eq!(problem_of(response, 401, "wrong_factor").await["field"], "code");
        }
        // Those before it are worth nothing either.
        for old in [0, -1] {
            problem_of(second_step(&ada, &challenge(&ada).await, json!({"code": app.code(old)})).await, 401, "wrong_factor").await;
        }
        // Wherever it was used: what confirms the app signs nobody in.
        let (eve, app, _) = with_app(&server, "eve").await;
        let confirmed = app.confirmed.clone().unwrap();
        problem_of(second_step(&eve, &challenge(&eve).await, json!({"code": confirmed})).await, 401, "wrong_factor").await;
    }

    async fn recovery_codes_of_the_first_version_go_on_working(kind) {
        let server = Server::start(kind).await;
        let (ada, _, codes) = with_app(&server, "ada").await;
        assert!(codes.iter().all(|code| code.len() == 34 && code.split('-').count() == 7), "{codes:?}");
        // printf 0123456789abcdef | sha256sum
        let code_hash = "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f";
        let old = recovery_code::ActiveModel { id: Set(clock::id()), user_id: Set(ada.id().await), code_hash: Set(code_hash.to_owned()) };
        let transaction = server.app.db.write().await.unwrap();
        old.insert(&transaction).await.unwrap();
        server.app.db.commit(transaction).await.unwrap();
        let shown = json!({"recovery_code": "0123-4567-89AB-CDEF"});
        json_of(second_step(&ada, &challenge(&ada).await, shown.clone()).await, 200).await;
        problem_of(second_step(&ada, &challenge(&ada).await, shown).await, 401, "wrong_factor").await;
        json_of(second_step(&ada, &challenge(&ada).await, json!({"recovery_code": codes[9]})).await, 200).await;
    }

    async fn a_recovery_code_is_good_once_and_new_ones_end_the_old(kind) {
        let server = Server::start(kind).await;
        let (ada, app, codes) = with_app(&server, "ada").await;
        let sloppy = codes[0].to_uppercase().replace('-', " ");
        json_of(second_step(&ada, &challenge(&ada).await, json!({"recovery_code": sloppy})).await, 200).await;
        problem_of(second_step(&ada, &challenge(&ada).await, json!({"recovery_code": codes[0]})).await, 401, "wrong_factor").await;
        assert_eq!(ada.read("/api/second_factor").await["recovery_codes"], 9);
        let challenges = [challenge(&ada).await, challenge(&ada).await, challenge(&ada).await];
        let all = join_all(challenges.iter().map(|challenge| second_step(&ada, challenge, json!({"recovery_code": codes[1]})))).await;
        assert_eq!(all.iter().filter(|response| response.status() == 200).count(), 1);
        // Somebody else's is none of hers.
        let (eve, _, of_eve) = with_app(&server, "eve").await;
        problem_of(second_step(&ada, &challenge(&ada).await, json!({"recovery_code": of_eve[0]})).await, 401, "wrong_factor").await;
        assert_eq!(eve.read("/api/second_factor").await["recovery_codes"], 10);
        forget_used_codes(&server, &ada).await;
        let asked = json!({"password": PASSWORD, "code": app.code(0)});
        let renewed = json_of(ada.post("/api/second_factor/recovery_codes", asked).await, 201).await;
        problem_of(second_step(&ada, &challenge(&ada).await, json!({"recovery_code": codes[2]})).await, 401, "wrong_factor").await;
        json_of(second_step(&ada, &challenge(&ada).await, json!({"recovery_code": renewed["recovery_codes"][9]})).await, 200).await;
        assert_eq!(ada.read("/api/second_factor").await["recovery_codes"], 9);
    }

    async fn wrong_codes_are_counted_for_each_sign_in_and_each_account(kind) {
        let server = Server::start(kind).await;
        let (ada, app, codes) = with_app(&server, "ada").await;
        let wrong = app.code(100);
        let first = challenge(&ada).await;
        for _ in 0..5 {
            problem_of(second_step(&ada, &first, json!({"code": wrong})).await, 401, "wrong_factor").await;
        }
        // A right one does not help this sign-in any more, and another sign-in is none the worse.
        problem_of(second_step(&ada, &first, json!({"recovery_code": codes[0]})).await, 401, "challenge_ended").await;
        forget_used_codes(&server, &ada).await;
        json_of(second_step(&ada, &challenge(&ada).await, json!({"code": app.code(0)})).await, 200).await;
        // Many at once are all counted, over however many sign-ins.
        let challenges = [challenge(&ada).await, challenge(&ada).await, challenge(&ada).await, challenge(&ada).await];
        let guesses = challenges.iter().flat_map(|challenge| (0..4).map(move |_| challenge));
        let all = join_all(guesses.map(|challenge| second_step(&ada, challenge, json!({"code": wrong})))).await;
        assert_eq!(all.iter().filter(|response| response.status() == 401).count(), 10);
        forget_used_codes(&server, &ada).await;
        let refused = second_step(&ada, &challenge(&ada).await, json!({"code": app.code(0)})).await;
        let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=6 * 3600).contains(&wait), "{wait}");
        problem_of(refused, 429, "too_many_guesses").await;
        // Nor where she is signed in already. What nobody guesses still helps, and nobody else is held up.
        let removal = json!({"password": PASSWORD, "code": app.code(0)});
        let refused = ada.request(Method::DELETE, "/api/second_factor/totp").json(&removal).send().await.unwrap();
        problem_of(refused, 429, "too_many_guesses").await;
        json_of(second_step(&ada, &challenge(&ada).await, json!({"recovery_code": codes[0]})).await, 200).await;
        let (eve, app, _) = with_app(&server, "eve").await;
        forget_used_codes(&server, &eve).await;
        json_of(second_step(&eve, &challenge(&eve).await, json!({"code": app.code(0)})).await, 200).await;
    }

    async fn a_challenge_is_for_one_person_one_password_and_one_sign_in(kind) {
        let server = Server::start(kind).await;
        let (ada, _, codes) = with_app(&server, "ada").await;
        let (eve, of_eve, codes_of_eve) = with_app(&server, "eve").await;
        forget_used_codes(&server, &eve).await;
        let first = challenge(&ada).await;
        let first_text = first.as_str().unwrap();
        for theirs in [json!({"code": of_eve.code(0)}), json!({"recovery_code": codes_of_eve[0]})] {
            problem_of(second_step(&ada, &first, theirs).await, 401, "wrong_factor").await;
        }
        // Tampered with, made up, or of a session.
        let mut parts = first_text.split('.');
        let (header, payload, signature) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let of_another = challenge(&eve).await.as_str().unwrap().split('.').nth(1).unwrap().to_owned();
        let session = ada.cookie.as_ref().unwrap().split_once('=').unwrap().1.to_owned();
        for wrong in [
            String::new(),
            "x.y.z".to_owned(),
            format!("{header}.{payload}."),
            format!("{header}.{of_another}.{signature}"),
            format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}."),
            first_text[..first_text.len() - 2].to_owned(),
            session,
        ] {
            problem_of(second_step(&ada, &json!(wrong), json!({"recovery_code": codes[0]})).await, 401, "challenge_ended").await;
        }
        // Ended, though rightly signed.
        let mut claims: Value = serde_json::from_slice(&base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload).unwrap()).unwrap();
        let sign = |claims: &Value| jsonwebtoken::encode(&Header::default(), claims, &EncodingKey::from_secret(b"a key for tests only: 0123456789abcdef")).unwrap();
        let left = claims["exp"].as_i64().unwrap() - clock::now().timestamp();
        assert!((200..=300).contains(&left), "{left}");
        claims["exp"] = json!(clock::now().timestamp() - 1);
        problem_of(second_step(&ada, &json!(sign(&claims)), json!({"recovery_code": codes[0]})).await, 401, "challenge_ended").await;
        // It opens nothing else.
        let mut as_cookie = Person::nobody(&server);
        as_cookie.cookie = Some(format!("access_token={first_text}"));
        problem_of(as_cookie.get("/api/check_session/").await, 401, "not_signed_in").await;
        problem_of(Person::nobody(&server).program(first_text).get("/api/check_session/").await, 401, "key_invalid").await;
        // Good once, with another code too.
        json_of(second_step(&ada, &first, json!({"recovery_code": codes[0]})).await, 200).await;
        problem_of(second_step(&ada, &first, json!({"recovery_code": codes[1]})).await, 401, "challenge_ended").await;
        // Not after the password has changed, for which no code is needed.
        let second = challenge(&ada).await;
        let change = json!({"password": "another set of four words", "current_password": PASSWORD});
        json_of(ada.patch("/api/users/me", change).await, 200).await;
        problem_of(second_step(&ada, &second, json!({"recovery_code": codes[1]})).await, 401, "challenge_ended").await;
        assert_eq!(ada.read("/api/second_factor").await["recovery_codes"], 9);
        // One thing is shown at a time.
        let both = second_step(&eve, &challenge(&eve).await, json!({"code": of_eve.code(0), "recovery_code": codes_of_eve[0]})).await;
        problem_of(both, 422, "invalid").await;
        assert_eq!(problem_of(second_step(&eve, &challenge(&eve).await, json!({})).await, 422, "invalid").await["field"], "code");
    }

    async fn only_the_right_password_tells_that_there_is_a_second_factor(kind) {
        let server = Server::start(kind).await;
        let (ada, ..) = with_app(&server, "ada").await;
        let plain = server.person("ben").await;
        let mut told = Vec::new();
        for email in [&ada.email, &plain.email, "nobody@example.org"] {
            let response = ada.post("/api/login/", json!({"email": email, "password": "not this one at all"})).await;
            let mut problem = problem_of(response, 401, "wrong_credentials").await;
            problem["request_id"].take();
            told.push(problem);
        }
        assert!(told.iter().all(|problem| *problem == told[0]), "{told:?}");
    }

    async fn what_changes_the_factors_needs_the_password_and_a_factor(kind) {
        let server = Server::start(kind).await;
        let (ada, app, codes) = with_app(&server, "ada").await;
        let remove = async |body: Value| ada.request(Method::DELETE, "/api/second_factor/totp").json(&body).send().await.unwrap();
        assert_eq!(problem_of(remove(json!({"password": PASSWORD})).await, 422, "invalid").await["field"], "code");
        assert_eq!(problem_of(remove(json!({"password": "x", "recovery_code": codes[0]})).await, 422, "wrong_password").await["field"], "password");
        problem_of(remove(json!({"password": PASSWORD, "code": app.code(50)})).await, 401, "wrong_factor").await;
        for path in ["/api/second_factor/totp", "/api/second_factor/recovery_codes"] {
            problem_of(ada.post(path, json!({"password": PASSWORD})).await, 422, "invalid").await;
        }
        assert_eq!(ada.read("/api/second_factor").await["recovery_codes"], 10, "a wrong password uses no code up");
        assert_eq!(remove(json!({"password": PASSWORD, "recovery_code": codes[0]})).await.status(), 204);
        let standing = ada.read("/api/second_factor").await;
        assert_eq!((&standing["is_on"], &standing["recovery_codes"]), (&json!(false), &json!(0)));
        ada.clone().sign_in().await;
        problem_of(remove(json!({"password": PASSWORD})).await, 404, "not_found").await;
        problem_of(ada.post("/api/second_factor/recovery_codes", json!({"password": PASSWORD})).await, 409, "no_second_factor").await;
        // With the account everything of it goes.
        let (eve, ..) = with_app(&server, "eve").await;
        let id = eve.id().await;
        let transaction = server.app.db.write().await.unwrap();
        user::Entity::delete_by_id(id).exec(&transaction).await.unwrap();
        server.app.db.commit(transaction).await.unwrap();
        assert_eq!(recovery_code::Entity::find().count(server.app.db.reader()).await.unwrap(), 0);
        assert_eq!(totp::Entity::find().count(server.app.db.reader()).await.unwrap(), 0);
    }

    async fn keys_and_sessions_from_before_go_on(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let program = ada.program(&ada.new_key("chat").await.1);
        let (ada, ..) = set_up(ada).await;
        program.project().await;
        ada.project().await;
        assert_eq!(ada.read("/api/sessions/").await["items"].as_array().unwrap().len(), 1);
        // A first step alone makes no session.
        challenge(&ada).await;
        assert_eq!(session::Entity::find().count(server.app.db.reader()).await.unwrap(), 1);
    }

    async fn a_secret_that_cannot_be_read_lets_nobody_in_and_a_recovery_code_does(kind) {
        let server = Server::start(kind).await;
        let (ada, app, codes) = with_app(&server, "ada").await;
        let (eve, of_eve, _) = with_app(&server, "eve").await;
        // Eve's sealed secret in Ada's row, as somebody who can write to the database might have it.
        let rows = async |person: &Person| totp::Entity::find_by_id(person.id().await).one(server.app.db.reader()).await.unwrap().unwrap();
        let (hers, theirs) = (rows(&ada).await, rows(&eve).await);
        let mut changed = hers.into_active_model();
        changed.sealed_secret = Set(theirs.sealed_secret);
        changed.last_step = Set(None);
        let transaction = server.app.db.write().await.unwrap();
        changed.update(&transaction).await.unwrap();
        server.app.db.commit(transaction).await.unwrap();
        for code in [app.code(0), of_eve.code(0)] {
            problem_of(second_step(&ada, &challenge(&ada).await, json!({"code": code})).await, 401, "wrong_factor").await;
        }
        json_of(second_step(&ada, &challenge(&ada).await, json!({"recovery_code": codes[0]})).await, 200).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_lost_everything_is_let_in_by_the_operator() {
    let server = Running::start(&[]);
    let ada = Person::at(&server.url).join("ada").await;
    let begun = json_of(ada.post("/api/second_factor/totp", json!({"password": PASSWORD})).await, 201).await;
    let code = App::new(begun["secret"].as_str().unwrap()).code(0);
    json_of(ada.post("/api/second_factor/totp/confirm", json!({"code": code})).await, 200).await;
    problem_of(first_step(&ada).await, 401, "second_factor_required").await;
    let reset = |email: &str| {
        let output = command(server.dir.path()).args(["reset-second-factor", email]).output().unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), text(&output.stdout) + &text(&output.stderr))
    };
    let (done, told) = reset("ben@example.org");
    assert!(!done && told.contains("there is no account"), "{told}");
    let (done, told) = reset("Ada@Example.org");
    assert!(done && told.contains("password alone"), "{told}");
    let (done, told) = reset("ada@example.org");
    assert!(done && told.contains("no second factor"), "{told}");
    ada.clone().sign_in().await;
    assert_eq!(ada.read("/api/second_factor").await["recovery_codes"], 0);
}
