//! Conversations: pages, names, and nobody else's.

use serde_json::json;

use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::{Provider, Script, Server, Socket};

on_both_databases! {
    async fn conversations_are_listed_in_pages_the_most_recently_used_first(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let mut made = Vec::new();
        for n in 0..7 {
            let project = json_of(ada.post("/api/projects/", json!({"name": format!("talk {n}")})).await, 201).await;
            made.push(project["id"].as_str().unwrap().to_owned());
        }
        // Renaming uses it.
        json_of(ada.patch(&format!("/api/projects/{}", made[2]), json!({"name": "  renamed \n here "})).await, 200).await;
        let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = ada.read(&format!("/api/projects/?limit=3{cursor}")).await;
            pages += 1;
            seen.extend(page["items"].as_array().unwrap().iter().map(|project| project["id"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut expected: Vec<_> = made.iter().rev().cloned().collect();
        expected.retain(|id| *id != made[2]);
        expected.insert(0, made[2].clone());
        assert_eq!(seen, expected);
        assert_eq!(pages, 3);
        let renamed = ada.read(&format!("/api/projects/{}", made[2])).await;
        assert_eq!((renamed["name"].as_str(), renamed["name_source"].as_str()), (Some("renamed here"), Some("user")));
    }

    async fn a_pinned_conversation_is_listed_apart_and_stays_where_it_was(kind) {
        let server = Server::start(kind).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let (first, second, third) = (ada.project().await, ada.project().await, ada.project().await);
        let before = ada.read(&format!("/api/projects/{first}")).await;
        assert_eq!(before["pinned"], false);
        let mut socket = Socket::of(&server, &ada).await;
        let pinned = json_of(ada.patch(&format!("/api/projects/{first}"), json!({"pinned": true})).await, 200).await;
        assert_eq!((&pinned["pinned"], &pinned["updated_at"]), (&json!(true), &before["updated_at"]));
        let news = socket.until("project").await;
        assert_eq!((news["project"]["id"].as_str(), &news["project"]["pinned"]), (Some(first.as_str()), &json!(true)));
        let ids = async |query: &str| {
            let page = ada.read(&format!("/api/projects/{query}")).await;
            let items = page["items"].as_array().unwrap();
            (items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), page["next_cursor"].clone())
        };
        let all = [third.clone(), second.clone(), first.clone()];
        assert_eq!(ids("").await.0, all);
        assert_eq!(ids("?pinned=true").await, (vec![first.clone()], json!(null)));
        assert_eq!(ids("?pinned=false").await.0, all[..2]);
        let (one, cursor) = ids("?pinned=false&limit=1").await;
        assert_eq!(one, all[..1]);
        assert_eq!(ids(&format!("?pinned=false&limit=1&cursor={}", cursor.as_str().unwrap())).await, (all[1..2].to_vec(), json!(null)));
        // With something else it is a use.
        let both = json!({"pinned": false, "name": "used"});
        json_of(ada.patch(&format!("/api/projects/{first}"), both).await, 200).await;
        assert_eq!((ids("").await.0[0].as_str(), ids("?pinned=true").await.0.len()), (first.as_str(), 0));
        problem_of(eve.patch(&format!("/api/projects/{first}"), json!({"pinned": true})).await, 404, "not_found").await;
        assert_eq!(problem_of(ada.patch(&format!("/api/projects/{first}"), json!({"pinned": 1})).await, 422, "invalid").await["field"], "pinned");
        assert_eq!(problem_of(ada.get("/api/projects/?pinned=maybe").await, 422, "invalid").await["field"], "pinned");
    }

    async fn a_long_conversation_is_read_page_by_page_in_reading_order(kind) {
        let provider = Provider::start(|n, _| Script::answer(&format!("answer {n}"))).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        for n in 0..5 {
            let answer = answer_of(&ada.ask(&project, &format!("question {n}")).await);
            ada.events(&project, &answer, None).await.until("end").await;
        }
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = ada.read(&format!("/api/projects/{project}/messages?limit=4{cursor}")).await;
            let items: Vec<_> = page["items"].as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect();
            all.splice(0..0, items);
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let expected: Vec<_> = (0..5).flat_map(|n| [format!("question {n}"), format!("answer {n}")]).collect();
        assert_eq!(all, expected);
    }

    async fn somebody_elses_conversation_does_not_exist(kind) {
        let provider = Provider::always(Script::answer("secret")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let eve = server.person("eve").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        ada.events(&project, &answer, None).await.until("end").await;
        let base = format!("/api/projects/{project}");
        for response in [
            eve.get(&base).await,
            eve.patch(&base, json!({"name": "mine"})).await,
            eve.delete(&base).await,
            eve.get(&format!("{base}/messages")).await,
            eve.post(&format!("{base}/messages"), json!({"content": "hi"})).await,
            eve.stream(&project, "hi").send().await.unwrap(),
            eve.stream(&project, "hi").header("last-event-id", "1").send().await.unwrap(),
            eve.get(&format!("{base}/messages/stream")).await,
            eve.follow(&project, &answer, None).await,
            eve.post(&format!("{base}/messages/{answer}/stop"), json!({})).await,
            eve.post(&format!("{base}/generate_name"), json!({})).await,
        ] {
            problem_of(response, 404, "not_found").await;
        }
        // Nor by way of a conversation of her own.
        let hers = eve.project().await;
        problem_of(eve.follow(&hers, &answer, None).await, 404, "not_found").await;
        let cursor = eve.get(&format!("/api/projects/{hers}/messages?cursor={answer}")).await;
        problem_of(cursor, 422, "invalid").await;
        let parent = eve.post(&format!("/api/projects/{hers}/messages"), json!({"content": "x", "parent_id": answer})).await;
        assert_eq!(problem_of(parent, 422, "invalid").await["field"], "parent_id");
        assert!(eve.read("/api/projects/").await["items"].as_array().unwrap().iter().all(|item| item["id"] == hers.as_str()));
        assert_eq!(provider.calls().len(), 1);
    }

    async fn a_conversation_has_its_own_model_instructions_and_parameters(kind) {
        let provider = Provider::always(Script::answer("yes")).await;
        let mut configured = provider.configured();
        configured.models = vec!["scripted".to_owned(), "other".to_owned()];
        let server = Server::with(kind, move |config| config.providers = vec![configured]).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let path = format!("/api/projects/{project}");
        let parameters = json!({"temperature": 0.3, "top_p": 0.95, "max_tokens": 100, "reasoning_effort": "low", "extra": {"seed": 7, "logit_bias": {"1": -5}}});
        let change = json!({"model": "other", "system_prompt": "be brief", "parameters": parameters});
        let changed = json_of(ada.patch(&path, change).await, 200).await;
        assert_eq!(changed["parameters"], parameters);
        assert_eq!((changed["model"].as_str(), changed["system_prompt"].as_str()), (Some("other"), Some("be brief")));
        assert_eq!(changed["name_source"], "default", "what is left out stays");
        let answer = answer_of(&ada.ask(&project, "hi").await);
        ada.events(&project, &answer, None).await.until("end").await;
        let sent = &provider.calls()[0];
        assert_eq!((sent["model"].as_str(), sent["max_tokens"].as_u64(), sent["seed"].as_u64()), (Some("other"), Some(100), Some(7)));
        assert_eq!((sent["temperature"].as_f64(), sent["top_p"].as_f64(), sent["reasoning_effort"].as_str()), (Some(0.3), Some(0.95), Some("low")));
        assert_eq!(sent["messages"][0], json!({"role": "system", "content": "be brief"}));

        // It can be made so at once, and nothing is made when that is refused.
        let wanted = json!({"model": "other", "system_prompt": "be brief", "parameters": parameters});
        let made = json_of(ada.post("/api/projects/", wanted).await, 201).await;
        assert_eq!((&made["model"], &made["system_prompt"], &made["parameters"]), (&json!("other"), &json!("be brief"), &parameters));
        let all = ada.read("/api/projects/").await["items"].as_array().unwrap().len();
        for (wrong, field) in [(json!({"parameters": {"temperature": 3}}), "parameters.temperature"), (json!({"model": "nobody's"}), "model")] {
            assert_eq!(json_of(ada.post("/api/projects/", wrong).await, 422).await["field"], field);
        }
        assert_eq!(ada.read("/api/projects/").await["items"].as_array().unwrap().len(), all);

        let removed = json_of(ada.patch(&path, json!({"system_prompt": "", "parameters": {}})).await, 200).await;
        assert_eq!((&removed["system_prompt"], &removed["parameters"]), (&json!(null), &json!({})));
        for (change, field) in [
            (json!({"parameters": {"temperature": 3}}), "parameters.temperature"),
            (json!({"parameters": {"max_tokens": 0}}), "parameters.max_tokens"),
            (json!({"parameters": {"heat": 1}}), "parameters.heat"),
            (json!({"parameters": {"extra": {"messages": []}}}), "parameters.extra"),
            (json!({"parameters": {"extra": {"x": "x".repeat(9000)}}}), "parameters.extra"),
            (json!({"system_prompt": 5}), "system_prompt"),
            (json!({"leaf_id": null}), "leaf_id"),
        ] {
            assert_eq!(problem_of(ada.patch(&path, change).await, 422, "invalid").await["field"], field);
        }
        problem_of(ada.patch(&path, json!({"model": "nobody's"})).await, 422, "model_unknown").await;
    }

    async fn odd_characters_survive_or_are_replaced_but_never_break(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let odd = "a\u{0}b \u{202e}rtl\u{feff} 👩\u{200d}👩\u{200d}👧 ' \" \\ -- ; DROP TABLE users \u{10ffff}";
        let project = json_of(ada.post("/api/projects/", json!({"name": odd})).await, 201).await;
        assert_eq!(project["name"], odd.replace('\0', "\u{fffd}"));
        let turn = ada.ask(project["id"].as_str().unwrap(), odd).await;
        assert_eq!(turn["user_message"]["content"], odd.replace('\0', "\u{fffd}"));
    }
}

on_both_databases! {
    async fn bad_input_is_told_with_its_field_and_changes_nothing(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let messages = format!("/api/projects/{project}/messages");
        for (path, body, field) in [
            ("/api/projects/", json!({"name": "n".repeat(201)}), "name"),
            ("/api/projects/", json!({"owner_id": "x"}), "owner_id"),
            (messages.as_str(), json!({"content": " \n "}), "content"),
            (messages.as_str(), json!({"content": "x".repeat(300_000)}), "content"),
            (messages.as_str(), json!({"content": ["x"]}), "content"),
            (messages.as_str(), json!({"content": "x", "client_request_id": ""}), "client_request_id"),
            (messages.as_str(), json!({"content": "x", "client_request_id": "r".repeat(65)}), "client_request_id"),
            (messages.as_str(), json!({"content": "x", "parent_id": "not an id"}), "parent_id"),
            (messages.as_str(), json!({"content": "x", "status": "complete"}), "status"),
        ] {
            let problem = problem_of(ada.post(path, body).await, 422, "invalid").await;
            assert_eq!(problem["field"], field);
        }
        let unknown =
            problem_of(ada.post(&messages, json!({"content": "x", "model": "gpt-99"})).await, 422, "model_unknown").await;
        assert_eq!(unknown["field"], "model");
        problem_of(ada.patch(&format!("/api/projects/{project}"), json!({"name": " "})).await, 422, "invalid").await;
        let id = "0".repeat(32);
        let [early, late] = [-8_000_000_000_000_000_i64, 8_000_000_000_000_000].map(|time| format!("cursor={time}.{id}"));
        for query in ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=1.2", &early, &late, &format!("query=x&{early}")] {
            problem_of(ada.get(&format!("/api/projects/?{query}")).await, 422, "invalid").await;
        }
        problem_of(ada.get("/api/projects/not-an-id").await, 404, "not_found").await;
        assert!(ada.messages(&project).await.is_empty());
    }
}
