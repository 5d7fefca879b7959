//! Registering, signing in and out, and one's own account.

use reqwest::Method;
use serde_json::json;

use crate::harness::client::{PASSWORD, json_of, problem_of};
use crate::harness::{Person, Server};
use loquat::config::Signup;

on_both_databases! {
    async fn a_person_registers_signs_in_and_out(kind) {
        let server = Server::start(kind).await;
        let nobody = Person::nobody(&server);
        let made = json_of(nobody.post("/api/users/", json!({"email": " Ada@Example.org ", "password": PASSWORD, "name": "Ada"})).await, 201).await;
        assert_eq!((made["email"].as_str(), made["role"].as_str()), (Some("ada@example.org"), Some("member")));
        assert!(made.get("hashed_password").is_none());
        let login = nobody.post("/api/login/", json!({"email": "ADA@example.org", "password": PASSWORD})).await;
        let cookie = login.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.starts_with("access_token=") && cookie.contains("; HttpOnly; SameSite=Strict; Path=/; Max-Age="), "{cookie}");
        assert!(!cookie.contains("Secure"), "plain HTTP on a home network stays signed in");
        assert_eq!(json_of(login, 200).await["id"], made["id"]);

        let mut ada = nobody.clone();
        ada.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        assert_eq!(ada.read("/api/check_session/").await["email"], "ada@example.org");
        assert_eq!(ada.read("/api/users/me").await["name"], "Ada");
        let out = ada.post("/api/logout/", json!({})).await;
        assert_eq!(out.status(), 204);
        assert!(out.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
        // The copy of the cookie is worth nothing: the session is gone on the server.
        problem_of(ada.get("/api/check_session/").await, 401, "not_signed_in").await;
        assert_eq!(ada.post("/api/logout/", json!({})).await.status(), 204);
    }

    async fn one_address_has_one_account_however_many_register_at_once(kind) {
        let server = Server::start(kind).await;
        let nobody = Person::nobody(&server);
        let all = futures_util::future::join_all((0..12).map(|_| nobody.post("/api/users/", json!({"email": "ada@example.org", "password": PASSWORD})))).await;
        let mut made = 0;
        for response in all {
            match response.status().as_u16() {
                201 => made += 1,
                _ => assert_eq!(problem_of(response, 409, "email_taken").await["field"], "email"),
            }
        }
        assert_eq!(made, 1);
    }

    async fn a_new_password_ends_every_other_session(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let mut other = ada.clone();
        other.sign_in().await;
        let change = json!({"password": "another set of four words", "current_password": "wrong, entirely"});
        assert_eq!(problem_of(ada.patch("/api/users/me", change).await, 422, "wrong_password").await["field"], "current_password");
        let change = json!({"password": "another set of four words", "current_password": PASSWORD, "name": "Ada L."});
        assert_eq!(json_of(ada.patch("/api/users/me", change).await, 200).await["name"], "Ada L.");
        ada.read("/api/users/me").await;
        problem_of(other.get("/api/users/me").await, 401, "not_signed_in").await;
        let old = ada.post("/api/login/", json!({"email": ada.email, "password": PASSWORD})).await;
        problem_of(old, 401, "wrong_credentials").await;
    }
}

on_both_databases! {
    async fn bad_registrations_are_refused_with_the_field_and_change_nothing(kind) {
        let server = Server::start(kind).await;
        let nobody = Person::nobody(&server);
        for (body, field) in [
            (json!({"email": "ada", "password": PASSWORD}), "email"),
            (json!({"email": "ada@example.org", "password": "short"}), "password"),
            (json!({"email": "ada@example.org", "password": "password1"}), "password"),
            (json!({"email": "ada@example.org", "password": "x7".repeat(200)}), "password"),
            (json!({"email": "ada@example.org"}), "password"),
            (json!({"email": 5, "password": PASSWORD}), "email"),
            (json!({"email": "ada@example.org", "password": PASSWORD, "role": "admin"}), "role"),
            (json!({"email": "ada@example.org", "password": PASSWORD, "id": "x"}), "id"),
            (json!({"email": "ada@example.org", "password": PASSWORD, "name": "n".repeat(101)}), "name"),
        ] {
            let problem = problem_of(nobody.post("/api/users/", body.clone()).await, 422, "invalid").await;
            assert_eq!(problem["field"], field, "{body}");
        }
        problem_of(
            nobody.post("/api/login/", json!({"email": "ada@example.org", "password": PASSWORD})).await,
            401,
            "wrong_credentials",
        )
        .await;
    }
}

on_both_databases! {
    async fn unknown_accounts_and_wrong_passwords_are_answered_alike(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let wrong = problem_of(
            ada.post("/api/login/", json!({"email": ada.email, "password": "not the one"})).await,
            401,
            "wrong_credentials",
        )
        .await;
        let unknown = problem_of(
            ada.post("/api/login/", json!({"email": "eve@example.org", "password": "not the one"})).await,
            401,
            "wrong_credentials",
        )
        .await;
        assert_eq!((&wrong["title"], &wrong["detail"]), (&unknown["title"], &unknown["detail"]));
    }
}

on_both_databases! {
    async fn where_sign_up_is_not_open_nobody_registers(kind) {
        for signup in [Signup::Closed, Signup::Invite] {
            let server = Server::with(kind, |config| config.signup = signup).await;
            let nobody = Person::nobody(&server);
            let refused = nobody.post("/api/users/", json!({"email": "ada@example.org", "password": PASSWORD})).await;
            problem_of(refused, 403, "signup_closed").await;
            assert_eq!(nobody.read("/api/settings").await["signup"], signup.as_str());
        }
    }
}

on_both_databases! {
    async fn a_password_that_anyone_would_guess_is_refused_wherever_one_is_set(kind) {
        let server = Server::with(kind, |config| config.public_url = Some("https://orchard.example.org".parse().unwrap())).await;
        let nobody = Person::nobody(&server);
        for bad in ["Corvette", "Loquat2026!", "orchard-1", "Lovelace1815", "ada.byron99", "12345678"] {
            let body = json!({"email": "ada.byron@mail.example", "password": bad, "name": "Ada Lovelace"});
            assert_eq!(problem_of(nobody.post("/api/users/", body).await, 422, "invalid").await["field"], "password", "{bad}");
        }
        let ada = server.person("adalovelace").await;
        for bad in ["AdaLovelace7", "starwars"] {
            let change = json!({"password": bad, "current_password": PASSWORD});
            assert_eq!(problem_of(ada.patch("/api/users/me", change).await, 422, "invalid").await["field"], "password", "{bad}");
        }
        ada.elsewhere().sign_in().await;
    }
}

on_both_databases! {
    async fn a_token_that_is_not_ours_is_nobody(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let real = ada.cookie.clone().unwrap();
        for cookie in ["access_token=", "access_token=rubbish", "access_token=a.b.c", &format!("{real}x"), "other=1"] {
            let mut eve = ada.clone();
            eve.cookie = Some(cookie.to_owned());
            problem_of(eve.get("/api/check_session/").await, 401, "not_signed_in").await;
        }
        problem_of(
            Person::nobody(&server).request(Method::GET, "/api/projects/").send().await.unwrap(),
            401,
            "not_signed_in",
        )
        .await;
    }
}
