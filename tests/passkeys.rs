//! Passkeys: added, signed in with, and worth nothing to whoever has something else.

use futures_util::future::join_all;
use loquat::entity::{passkey, session};
use reqwest::{Method, Response};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::harness::authenticator::Authenticator;
use crate::harness::client::{PASSWORD, json_of, problem_of};
use crate::harness::factors::{challenge, forget_used_codes, second_step, with_app};
use crate::harness::{Kind, Person, Server};

async fn server(kind: Kind) -> Server {
    Server::with(kind, |config| config.public_url = Some("https://chat.example.org".parse().unwrap())).await
}

/// Adds a device's passkey; `proof` beside the password where somebody has a second factor.
async fn add(person: &Person, device: &mut Authenticator, proof: Value) -> Response {
    let mut body = proof;
    body["password"] = json!(PASSWORD);
    let asked = json_of(person.post("/api/passkeys/options", body).await, 200).await;
    let credential = device.create(&asked["options"]);
    let answer = json!({"ceremony_id": asked["ceremony_id"], "credential": credential});
    person.post("/api/passkeys/", json!({"name": "phone", "answer": answer})).await
}

/// What a device answers when it is asked to sign in.
async fn answer(person: &Person, device: &mut Authenticator) -> Value {
    let asked = json_of(person.post("/api/login/passkey/options", json!({})).await, 200).await;
    json!({"ceremony_id": asked["ceremony_id"], "credential": device.get(&asked["options"])})
}

async fn sign_in(person: &Person, device: &mut Authenticator) -> Response {
    let answer = answer(person, device).await;
    person.elsewhere().post("/api/login/passkey", answer).await
}

on_both_databases! {
    async fn with_a_passkey_one_signs_in_without_a_password(kind) {
        let server = server(kind).await;
        let (ada, nobody) = (server.person("ada").await, Person::nobody(&server));
        let wrong = ada.post("/api/passkeys/options", json!({"password": "four other words or so"})).await;
        assert_eq!(problem_of(wrong, 422, "wrong_password").await["field"], "password");
        let asked = json_of(ada.post("/api/passkeys/options", json!({"password": PASSWORD})).await, 200).await;
        let selection = &asked["options"]["authenticatorSelection"];
        assert_eq!((&selection["residentKey"], &selection["userVerification"]), (&json!("required"), &json!("required")), "{asked}");
        assert_eq!(asked["options"]["rp"]["id"], "chat.example.org");
        let mut phone = Authenticator::new();
        let made = json_of(add(&ada, &mut phone, json!({})).await, 201).await;
        assert_eq!((&made["passkey"]["name"], &made["passkey"]["last_used_at"]), (&json!("phone"), &json!(null)));
        let codes = made["recovery_codes"].as_array().unwrap();
        assert_eq!(codes.len(), 10);
        let response = sign_in(&nobody, &mut phone).await;
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with("access_token=") && cookie.contains("HttpOnly"), "{cookie}");
        let mut by_passkey = nobody.clone();
        by_passkey.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        assert_eq!(json_of(response, 200).await["email"], "ada@example.org");
        assert_eq!(by_passkey.id().await, ada.id().await);
        let listed = ada.read("/api/passkeys/").await;
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
        assert!(listed["items"][0]["last_used_at"].is_string());
        // The password alone is not enough any more.
        let asked = ada.post("/api/login/", json!({"email": ada.email, "password": PASSWORD})).await;
        assert_eq!(problem_of(asked, 401, "second_factor_required").await["methods"], json!(["passkey", "recovery_code"]));
        json_of(second_step(&ada, &challenge(&ada).await, json!({"recovery_code": codes[0]})).await, 200).await;
        // The same device again is no second passkey, and a second device brings no new codes.
        let again = answer(&ada, &mut phone).await;
        problem_of(add(&ada, &mut phone, json!({"passkey": again})).await, 409, "passkey_known").await;
        let (mut laptop, proof) = (Authenticator::new(), answer(&ada, &mut phone).await);
        assert_eq!(json_of(add(&ada, &mut laptop, json!({"passkey": proof})).await, 201).await["recovery_codes"], json!(null));
        json_of(sign_in(&nobody, &mut laptop).await, 200).await;
        // Nor is it one of somebody else's account.
        let ben = server.person("ben").await;
        let mut same = Authenticator::new();
        same.id.clone_from(&phone.id);
        problem_of(add(&ben, &mut same, json!({})).await, 409, "passkey_known").await;
        assert_eq!(ben.read("/api/second_factor").await["is_on"], false);
        // Nobody else's list has them, and nobody else deletes them.
        let eve = server.person("eve").await;
        assert!(eve.read("/api/passkeys/").await["items"].as_array().unwrap().is_empty());
        let path = format!("/api/passkeys/{}", made["passkey"]["id"].as_str().unwrap());
        problem_of(eve.request(Method::DELETE, &path).json(&json!({"password": PASSWORD})).send().await.unwrap(), 404, "not_found").await;
        problem_of(ada.request(Method::DELETE, &path).json(&json!({"password": PASSWORD})).send().await.unwrap(), 422, "invalid").await;
        let proof = json!({"password": PASSWORD, "passkey": answer(&ada, &mut laptop).await});
        assert_eq!(ada.request(Method::DELETE, &path).json(&proof).send().await.unwrap().status(), 204);
        problem_of(sign_in(&nobody, &mut phone).await, 401, "wrong_factor").await;
        json_of(sign_in(&nobody, &mut laptop).await, 200).await;
    }

    async fn a_passkey_has_an_id_that_the_standard_allows(kind) {
        let server = server(kind).await;
        let ada = server.person("ada").await;
        let with_id = |length: usize| {
            let mut device = Authenticator::new();
            device.id = (0..length).map(|_| rand::random()).collect();
            device
        };
        for length in [1024, 3000] {
            let refused = add(&ada, &mut with_id(length), json!({})).await;
            assert_eq!(problem_of(refused, 422, "invalid").await["field"], "credential");
        }
        let mut longest = with_id(1023);
        assert_eq!(add(&ada, &mut longest, json!({})).await.status(), 201);
        assert_eq!(sign_in(&ada, &mut longest).await.status(), 200);
    }

    async fn nobody_fills_the_waiting_room_of_the_others(kind) {
        let server = Server::with(kind, |config| {
            config.public_url = Some("https://chat.example.org".parse().unwrap());
            config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
            config.limits.accounts.sign_ins_per_minute = Some(5);
        })
        .await;
        let nobody = Person::nobody(&server);
        let ask = async |from: &str| {
            let request = nobody.request(Method::POST, "/api/login/passkey/options").header("x-forwarded-for", from);
            request.json(&json!({})).send().await.unwrap()
        };
        for _ in 0..5 {
            assert_eq!(ask("198.51.100.1").await.status(), 200);
        }
        problem_of(ask("198.51.100.1").await, 429, "too_many_sign_ins").await;
        assert_eq!(ask("198.51.100.2").await.status(), 200);
    }

    async fn an_answer_is_good_once_and_for_its_question(kind) {
        let server = server(kind).await;
        let (ada, nobody) = (server.person("ada").await, Person::nobody(&server));
        let mut phone = Authenticator::new();
        json_of(add(&ada, &mut phone, json!({})).await, 201).await;
        let body = answer(&nobody, &mut phone).await;
        let all = join_all((0..6).map(|_| nobody.post("/api/login/passkey", body.clone()))).await;
        let mut let_in = 0;
        for response in all {
            match response.status().as_u16() {
                200 => let_in += 1,
                _ => drop(problem_of(response, 401, "challenge_ended").await),
            }
        }
        assert_eq!(let_in, 1);
        let mut other = answer(&nobody, &mut phone).await;
        let asked = json_of(nobody.post("/api/login/passkey/options", json!({})).await, 200).await;
        other["ceremony_id"] = asked["ceremony_id"].clone();
        problem_of(nobody.post("/api/login/passkey", other).await, 401, "wrong_factor").await;
        let unknown = json!({"ceremony_id": "01a2062a-e80f-7480-8fc1-84bb6936022a", "credential": phone.get(&asked["options"])});
        problem_of(nobody.post("/api/login/passkey", unknown).await, 401, "challenge_ended").await;
        for rubbish in [json!({}), json!({"id": 1}), json!({"id": "", "rawId": "", "type": "x", "response": {}})] {
            let asked = json_of(nobody.post("/api/login/passkey/options", json!({})).await, 200).await;
            let body = json!({"ceremony_id": asked["ceremony_id"], "credential": rubbish});
            assert_eq!(problem_of(nobody.post("/api/login/passkey", body).await, 422, "invalid").await["field"], "credential");
        }
        // What one began to add, another cannot finish.
        let eve = server.person("eve").await;
        let asked = json_of(eve.post("/api/passkeys/options", json!({"password": PASSWORD})).await, 200).await;
        let made = Authenticator::new().create(&asked["options"]);
        let stolen = json!({"name": "x", "answer": {"ceremony_id": asked["ceremony_id"], "credential": made}});
        problem_of(ada.post("/api/passkeys/", stolen).await, 401, "challenge_ended").await;
    }

    async fn what_is_wrong_with_an_answer_is_noticed(kind) {
        let server = server(kind).await;
        let (ada, eve, nobody) = (server.person("ada").await, server.person("eve").await, Person::nobody(&server));
        let (mut phone, mut of_eve) = (Authenticator::new(), Authenticator::new());
        json_of(add(&ada, &mut phone, json!({})).await, 201).await;
        json_of(add(&eve, &mut of_eve, json!({})).await, 201).await;
        let before = session::Entity::find().count(server.app.db.reader()).await.unwrap();
        let wrongs: [fn(&mut Authenticator); 5] = [
            |device| device.origin = "https://chat.example.org.evil.example".to_owned(),
            |device| device.origin = "http://chat.example.org".to_owned(),
            |device| device.site = "evil.example".to_owned(),
            |device| device.verified = false,
            |device| device.id = rand::random::<[u8; 16]>().to_vec(),
        ];
        for (number, wrong) in wrongs.iter().enumerate() {
            let (origin, site, id) = (phone.origin.clone(), phone.site.clone(), phone.id.clone());
            wrong(&mut phone);
            let refused = sign_in(&nobody, &mut phone).await;
            assert_eq!(refused.status(), 401, "{number}");
            problem_of(refused, 401, "wrong_factor").await;
            (phone.origin, phone.site, phone.id, phone.verified) = (origin, site, id, true);
        }
        // Her own key, for somebody else's account; and a signature of something else.
        let own = std::mem::replace(&mut of_eve.user_handle, phone.user_handle.clone());
        problem_of(sign_in(&nobody, &mut of_eve).await, 401, "wrong_factor").await;
        of_eve.id.clone_from(&phone.id);
        problem_of(sign_in(&nobody, &mut of_eve).await, 401, "wrong_factor").await;
        of_eve.user_handle = own;
        let mut tampered = answer(&nobody, &mut phone).await;
        let mut again = answer(&nobody, &mut phone).await;
        tampered["credential"]["response"]["signature"] = again["credential"]["response"]["signature"].take();
        problem_of(nobody.post("/api/login/passkey", tampered).await, 401, "wrong_factor").await;
        // A device that has not seen who holds it makes no passkey, and neither does another site's.
        for wrong in [wrongs[0], wrongs[2], wrongs[3]] {
            let mut device = Authenticator::new();
            wrong(&mut device);
            let proof = json!({"passkey": answer(&ada, &mut phone).await});
            problem_of(add(&ada, &mut device, proof).await, 401, "wrong_factor").await;
        }
        // Somebody else's passkey proves nothing, where one is signed in.
        let (mut second, third) = (Authenticator::new(), server.person("ben").await);
        json_of(add(&third, &mut second, json!({})).await, 201).await;
        let body = json!({"password": PASSWORD, "passkey": answer(&ada, &mut second).await});
        problem_of(ada.post("/api/second_factor/recovery_codes", body).await, 401, "wrong_factor").await;
        assert_eq!(session::Entity::find().count(server.app.db.reader()).await.unwrap(), before + 1, "the one of ben alone");
        json_of(sign_in(&nobody, &mut phone).await, 200).await;
    }

    async fn a_passkey_that_counts_backwards_is_refused(kind) {
        let server = server(kind).await;
        let (ada, nobody) = (server.person("ada").await, Person::nobody(&server));
        let mut phone = Authenticator::new();
        json_of(add(&ada, &mut phone, json!({})).await, 201).await;
        phone.counter = 41;
        json_of(sign_in(&nobody, &mut phone).await, 200).await;
        for counter in [41, 40, 7] {
            phone.counter = counter;
            // It counts before it signs, so that the first of these is the same number once more.
            problem_of(sign_in(&nobody, &mut phone).await, 401, "wrong_factor").await;
        }
        phone.counter = 42;
        json_of(sign_in(&nobody, &mut phone).await, 200).await;
        let row = passkey::Entity::find().one(server.app.db.reader()).await.unwrap().unwrap();
        assert!(row.credential.contains("\"counter\":43"), "{}", row.credential);
    }

    async fn either_factor_helps_to_be_rid_of_the_other(kind) {
        let server = server(kind).await;
        let (ada, app, _) = with_app(&server, "ada").await;
        forget_used_codes(&server, &ada).await;
        let mut phone = Authenticator::new();
        let made = json_of(add(&ada, &mut phone, json!({"code": app.code(0)})).await, 201).await;
        assert_eq!(made["recovery_codes"], json!(null), "those of the app stay");
        let body = json!({"password": PASSWORD, "passkey": answer(&ada, &mut phone).await});
        assert_eq!(ada.request(Method::DELETE, "/api/second_factor/totp").json(&body).send().await.unwrap().status(), 204);
        assert_eq!(ada.read("/api/second_factor").await["recovery_codes"], 10);
        let path = format!("/api/passkeys/{}", made["passkey"]["id"].as_str().unwrap());
        let body = json!({"password": PASSWORD, "passkey": answer(&ada, &mut phone).await});
        assert_eq!(ada.request(Method::DELETE, &path).json(&body).send().await.unwrap().status(), 204);
        let standing = ada.read("/api/second_factor").await;
        assert_eq!((&standing["is_on"], &standing["recovery_codes"]), (&json!(false), &json!(0)));
        ada.clone().sign_in().await;
    }

    async fn where_browsers_allow_none_the_server_says_so(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        assert_eq!(ada.read("/api/settings").await["passkeys"], false);
        problem_of(ada.post("/api/passkeys/options", json!({"password": PASSWORD})).await, 409, "passkeys_unavailable").await;
        problem_of(ada.post("/api/login/passkey/options", json!({})).await, 409, "passkeys_unavailable").await;
        // As localhost they work, whatever the settings say.
        let port = server.address.port();
        let local = ada.request(Method::GET, "/api/settings").header("host", format!("localhost:{port}"));
        assert_eq!(json_of(local.send().await.unwrap(), 200).await["passkeys"], true);
    }
}
