//! Turns: D0 to D8, as far as one process can show them.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::events::{Events, reasoning, text};
use crate::harness::{Provider, Script, Server, eventually, within};

on_both_databases! {
    async fn the_source_documents_stream_gives_deltas_then_the_whole_answer(kind) {
        let provider = Provider::always(Script::answer("It is a small orange fruit.")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let mut events = Events::new(ada.stream(&project, "What is a loquat?").send().await.unwrap());
        let seen = events.rest().await;
        let raw = String::from_utf8(events.raw.clone()).unwrap();
        assert!(raw.starts_with("retry: 3000\nevent: start\nid: 0\ndata: {\"message_id\":"), "{raw}");
        assert!(raw.contains("\ndata: {\"delta\":\"It "), "{raw}");
        assert_eq!(text(&seen), "It is a small orange fruit.");
        let end = seen.last().unwrap();
        assert_eq!(end.name, "end");
        assert_eq!(end.data["content"], "It is a small orange fruit.");
        assert_eq!(end.data["status"], "complete");
        assert_eq!(end.data["usage"], json!({"prompt_tokens": 7, "completion_tokens": 3, "reasoning_tokens": null, "estimated": false, "cached": false}));

        let messages = ada.messages(&project).await;
        assert_eq!(messages.len(), 2);
        assert_eq!((messages[0]["role"].as_str(), messages[0]["content"].as_str()), (Some("user"), Some("What is a loquat?")));
        assert_eq!(messages[1]["content"], "It is a small orange fruit.");
        assert_eq!(messages[1]["status"], "complete");
        assert_eq!(messages[1]["parent_id"], messages[0]["id"]);
        assert_eq!(provider.calls().len(), 1);
    }

    async fn both_messages_are_stored_before_the_model_is_asked(kind) {
        let provider = Provider::always(Script::stream().gate().delta("late").end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        ada.ask(&project, "hello").await;
        let messages = ada.messages(&project).await;
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[1]["status"], "running");
        provider.open();
    }

    async fn the_same_request_again_gives_the_same_turn_and_asks_no_model(kind) {
        let provider = Provider::always(Script::answer("once")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let path = format!("/api/projects/{project}/messages");
        let ask = || async { json_of(ada.post(&path, json!({"content": "hi", "client_request_id": "r1"})).await, 202).await };
        let all: Vec<_> = futures_util::future::join_all((0..8).map(|_| ask())).await;
        for turn in &all {
            assert_eq!(answer_of(turn), answer_of(&all[0]));
        }
        ada.events(&project, &answer_of(&all[0]), None).await.until("end").await;
        let again = ask().await;
        assert_eq!(answer_of(&again), answer_of(&all[0]));
        let streamed = ada.stream(&project, "hi").query(&[("client_request_id", "r1")]).send().await.unwrap();
        assert_eq!(text(&Events::new(streamed).rest().await), "once");
        assert_eq!(provider.calls().len(), 1);
        assert_eq!(ada.messages(&project).await.len(), 2);

        let other = ada.project().await;
        let elsewhere = ada.post(&format!("/api/projects/{other}/messages"), json!({"content": "hi", "client_request_id": "r1"})).await;
        problem_of(elsewhere, 409, "client_request_id_reused").await;
        let bob = server.person("bob").await;
        let bobs = bob.project().await;
        json_of(bob.post(&format!("/api/projects/{bobs}/messages"), json!({"content": "hi", "client_request_id": "r1"})).await, 202).await;
    }

    async fn the_same_request_many_times_at_once_is_one_whatever_it_asks_for(kind) {
        let provider = Provider::always(Script::stream().delta("so far").gate().end()).await;
        let server = Server::with_provider_and(kind, &provider, |config| config.limits.live_answers_each = Some(1)).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let first = ada.ask(&project, "hi").await;
        let messages = format!("/api/projects/{project}/messages");
        let (question, answer) = (&first["user_message"]["id"], answer_of(&first));
        let (question, path) = (question.as_str().unwrap().to_owned(), format!("{messages}/{answer}"));
        ada.events(&project, &answer, None).await.until("message").await;
        ada.post(&format!("{path}/stop"), json!({})).await;
        let continued = json!({"client_request_id": "c"});
        let edited = json!({"content": "hello", "client_request_id": "e"});
        let again = json!({"client_request_id": "a"});
        for (calls, (method, path, body)) in (2..).zip([
            (Method::POST, format!("{path}/continue"), continued),
            (Method::PATCH, format!("{messages}/{question}"), edited),
            (Method::POST, format!("{path}/regenerate"), again),
        ]) {
            let ask = || async { json_of(ada.request(method.clone(), &path).json(&body).send().await.unwrap(), 202).await };
            let all: Vec<_> = futures_util::future::join_all((0..12).map(|_| ask())).await;
            assert!(all.iter().all(|turn| answer_of(turn) == answer_of(&all[0])), "{path}");
            let answer = answer_of(&all[0]);
            ada.events(&project, &answer, None).await.until("message").await;
            ada.post(&format!("{messages}/{answer}/stop"), json!({})).await;
            assert_eq!(provider.calls().len(), calls, "{path}");
        }
    }

    async fn a_second_answer_at_once_is_refused_with_the_live_one(kind) {
        let provider = Provider::always(Script::stream().delta("one").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let path = format!("/api/projects/{project}/messages");
        let asked = futures_util::future::join_all((0..6).map(|n| ada.post(&path, json!({"content": format!("{n}")})))).await;
        let (mut accepted, mut refused) = (Vec::new(), Vec::new());
        for response in asked {
            match response.status().as_u16() {
                202 => accepted.push(json_of(response, 202).await),
                _ => refused.push(problem_of(response, 409, "answer_running").await),
            }
        }
        assert_eq!((accepted.len(), refused.len()), (1, 5));
        for problem in refused {
            assert_eq!(problem["message_id"].as_str().unwrap(), answer_of(&accepted[0]));
        }
        assert_eq!(ada.read(&format!("/api/projects/{project}")).await["live_message_id"], answer_of(&accepted[0]).as_str());
        provider.open();
        ada.events(&project, &answer_of(&accepted[0]), None).await.until("end").await;
        assert_eq!(provider.calls().len(), 1);
        // The way is free as soon as the end has been sent.
        json_of(ada.post(&path, json!({"content": "next"})).await, 202).await;
        provider.open();
    }

    async fn stopping_keeps_the_text_and_cuts_the_provider_off(kind) {
        let provider = Provider::always(Script::stream().delta("so far").gate().delta(" never said").end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        let mut events = ada.events(&project, &answer, None).await;
        events.until("message").await;
        let began = Instant::now();
        let stop = format!("/api/projects/{project}/messages/{answer}/stop");
        let stopped = json_of(ada.post(&stop, json!({})).await, 200).await;
        assert_eq!((stopped["status"].as_str(), stopped["content"].as_str()), (Some("stopped"), Some("so far")));
        eventually("the provider sees its client leave", async || provider.left() == 1).await;
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        let end = events.rest().await.pop().unwrap();
        assert_eq!((end.name.as_str(), end.data["status"].as_str()), ("end", Some("stopped")));
        let again = json_of(ada.post(&stop, json!({})).await, 200).await;
        assert_eq!(again["status"], "stopped");
    }

    async fn a_closed_tab_is_not_a_stop(kind) {
        let provider = Provider::always(Script::stream().delta("first ").gate().delta("second").end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let mut events = Events::new(ada.stream(&project, "hi").send().await.unwrap());
        let position = events.until("message").await.pop().unwrap().id;
        drop(events);
        provider.open();
        let answer = ada.messages(&project).await[1]["id"].as_str().unwrap().to_owned();
        let rest = ada.events(&project, &answer, position).await.until("end").await;
        assert_eq!(text(&rest), "second");
        assert_eq!(rest.last().unwrap().data["content"], "first second");
    }

    async fn deleting_a_conversation_cuts_its_answer_off_and_leaves_no_row(kind) {
        let provider = Provider::always(Script::stream().delta("gone").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        let mut events = ada.events(&project, &answer, None).await;
        events.until("message").await;
        eventually("a part is stored", async || rows(&server, "answer_chunks").await == 1).await;
        assert_eq!(ada.delete(&format!("/api/projects/{project}")).await.status(), 204);
        eventually("the provider sees its client leave", async || provider.left() == 1).await;
        let last = within(2, "the stream ends", events.rest()).await.pop().unwrap();
        assert_eq!((last.name.as_str(), last.data["code"].as_str()), ("failed", Some("deleted")));
        assert_eq!(rows(&server, "messages").await, 0);
        assert_eq!(rows(&server, "answer_chunks").await, 0);
        problem_of(ada.follow(&project, &answer, None).await, 404, "not_found").await;
    }

    async fn deleting_an_account_cuts_its_answers_off_and_leaves_no_row(kind) {
        let provider = Provider::always(Script::stream().delta("gone").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        ada.ask(&project, "hi").await;
        eventually("the model is asked", async || provider.calls().len() == 1).await;
        assert_eq!(ada.delete_account().await.status(), 204);
        eventually("the provider sees its client leave", async || provider.left() == 1).await;
        for table in ["users", "sessions", "projects", "messages", "answer_chunks"] {
            assert_eq!(rows(&server, table).await, 0, "{table}");
        }
        problem_of(ada.get("/api/check_session/").await, 401, "not_signed_in").await;
    }

    async fn what_was_said_is_stored_within_half_a_second(kind) {
        let provider = Provider::always(Script::stream().reasoning("hm").delta("kept").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        ada.events(&project, &answer, None).await.until("message").await;
        let said = Instant::now();
        eventually("the parts are stored", async || rows(&server, "answer_chunks").await == 2).await;
        assert!(said.elapsed() < Duration::from_millis(700), "{:?}", said.elapsed());
        provider.open();
        ada.events(&project, &answer, None).await.until("end").await;
        assert_eq!(rows(&server, "answer_chunks").await, 0);
    }

    async fn unfinished_answers_are_interrupted_at_the_next_start(kind) {
        let provider = Provider::always(Script::stream().reasoning("hm").delta("as far as").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        ada.events(&project, &answer, None).await.until("message").await;
        eventually("the parts are stored", async || rows(&server, "answer_chunks").await == 2).await;
        // What a crash leaves: the rows as they are now, and no process that writes them.
        let data = server.app.config.data.clone();
        let before = loquat::chat::recovery::interrupt_unfinished(&server.app.db).await.unwrap();
        assert_eq!(before, 1);
        let messages = ada.messages(&project).await;
        assert_eq!((messages[1]["status"].as_str(), messages[1]["reasoning"].as_str()), (Some("interrupted"), Some("hm")));
        // The old process wakes up and must not change what the new one has closed.
        provider.open();
        eventually("the old answer is given up", async || server.app.chat.answers.is_empty()).await;
        let (dir, _) = server.stop().await;
        let server = Server::on(dir, data, |_| {}).await;
        let ada = ada.moved_to(&server);
        let messages = ada.messages(&project).await;
        assert_eq!((messages[1]["status"].as_str(), messages[1]["content"].as_str()), (Some("interrupted"), Some("as far as")));
        let events = ada.events(&project, &answer, None).await.rest().await;
        assert_eq!((text(&events).as_str(), reasoning(&events).as_str()), ("as far as", "hm"));
        assert_eq!(events.last().unwrap().data["status"], "interrupted");
        assert_eq!(provider.calls().len(), 1);
    }

    async fn a_stopping_server_refuses_new_turns_and_interrupts_what_does_not_finish(kind) {
        let provider = Provider::always(Script::stream().delta("begun").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let other = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        let mut events = ada.events(&project, &answer, None).await;
        events.until("message").await;
        server.tell_to_stop();
        eventually("the server is not ready any more", async || ada.get("/readyz").await.status() == 503).await;
        let refused = ada.post(&format!("/api/projects/{other}/messages"), json!({"content": "hi"})).await;
        assert_eq!(refused.headers()["retry-after"], "5");
        problem_of(refused, 503, "shutting_down").await;
        let end = events.rest().await.pop().unwrap();
        assert_eq!((end.data["status"].as_str(), end.data["content"].as_str()), (Some("interrupted"), Some("begun")));
        let (dir, data) = server.stop().await;
        let server = Server::on(dir, data, |_| {}).await;
        let ada = ada.moved_to(&server);
        assert_eq!(ada.messages(&project).await[1]["status"], "interrupted");
    }

    async fn a_stopping_server_lets_short_answers_finish(kind) {
        let provider = Provider::always(Script::stream().delta("short").gate().end()).await;
        let configured = provider.configured();
        let server = Server::with(kind, |config| {
            config.providers = vec![configured];
            config.limits.shutdown_grace = Duration::from_secs(20);
        }).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        let mut events = ada.events(&project, &answer, None).await;
        events.until("message").await;
        server.tell_to_stop();
        eventually("the server is not ready any more", async || ada.get("/readyz").await.status() == 503).await;
        provider.open();
        assert_eq!(events.rest().await.pop().unwrap().data["status"], "complete");
    }

    async fn a_provider_that_breaks_off_fails_the_answer_and_keeps_its_text(kind) {
        let provider = Provider::always(Script::stream().delta("half an ans").reset()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        let events = ada.events(&project, &answer, None).await.rest().await;
        let failed = events.last().unwrap();
        assert_eq!((failed.name.as_str(), failed.data["code"].as_str()), ("failed", Some("provider_cut_off")));
        assert_eq!(text(&events), "half an ans");
        let stored = &ada.messages(&project).await[1];
        assert_eq!((stored["status"].as_str(), stored["content"].as_str()), (Some("failed"), Some("half an ans")));
        assert_eq!(stored["failure"]["code"], "provider_cut_off");
        assert_eq!(provider.calls().len(), 1);
        let again = ada.events(&project, &answer, None).await.rest().await;
        assert_eq!(again.last().unwrap().data["detail"], failed.data["detail"]);
    }

    async fn a_refused_key_names_the_setting_and_never_the_key(kind) {
        let provider = Provider::always(Script::response(401, "content-type: application/json\r\n", r#"{"error": {"message": "Incorrect API key provided: sk-canary-key-of-the-provider"}}"#)).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let mut events = Events::new(ada.stream(&project, "hi").send().await.unwrap());
        let failed = events.rest().await.pop().unwrap();
        assert_eq!(failed.data["code"], "provider_key_refused");
        let raw = String::from_utf8(events.raw).unwrap();
        assert!(raw.contains("OPENAI_API_KEY") && !raw.contains("canary"), "{raw}");
    }

    async fn a_conversation_is_told_to_the_model_in_order(kind) {
        let provider = Provider::start(|n, _| Script::answer(&format!("answer {n}"))).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        for question in ["one", "two", "three"] {
            let answer = answer_of(&ada.ask(&project, question).await);
            ada.events(&project, &answer, None).await.until("end").await;
        }
        let told: Vec<String> = provider.calls()[2]["messages"].as_array().unwrap().iter().map(|message| format!("{}: {}", message["role"].as_str().unwrap(), message["content"].as_str().unwrap())).collect();
        assert_eq!(told, ["user: one", "assistant: answer 0", "user: two", "assistant: answer 1", "user: three"]);
    }

    async fn a_question_can_follow_an_older_answer(kind) {
        let provider = Provider::start(|n, _| Script::answer(&format!("answer {n}"))).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let path = format!("/api/projects/{project}/messages");
        let first = answer_of(&ada.ask(&project, "one").await);
        ada.events(&project, &first, None).await.until("end").await;
        let second = answer_of(&ada.ask(&project, "two").await);
        ada.events(&project, &second, None).await.until("end").await;
        let branch = json_of(ada.post(&path, json!({"content": "instead", "parent_id": first})).await, 202).await;
        ada.events(&project, &answer_of(&branch), None).await.until("end").await;
        let shown: Vec<_> = ada.messages(&project).await.iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect();
        assert_eq!(shown, ["one", "answer 0", "instead", "answer 2"]);
        assert_eq!(provider.calls()[2]["messages"].as_array().unwrap().len(), 3);
        for wrong in [branch["user_message"]["id"].clone(), json!("01a2062a-e80f-7480-8fc1-84bb6936022a")] {
            let refused = problem_of(ada.post(&path, json!({"content": "x", "parent_id": wrong})).await, 422, "invalid").await;
            assert_eq!(refused["field"], "parent_id");
        }
    }

    async fn an_answer_says_how_long_it_took(kind) {
        let pause = Duration::from_millis(60);
        let script = Script::stream().pause(pause).delta("slowly ").pause(pause).delta("said").end();
        let provider = Provider::always(script).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let began = Instant::now();
        let answer = answer_of(&ada.ask(&project, "Take your time").await);
        let end = ada.events(&project, &answer, None).await.until("end").await.pop().unwrap();
        let most = began.elapsed().as_millis() as u64;
        let timing = &end.data["timing"];
        let (first, all) = (timing["first_token_ms"].as_u64().unwrap(), timing["duration_ms"].as_u64().unwrap());
        assert!((60..=most).contains(&first) && (first + 50..=most).contains(&all), "{timing} of {most}");
        let messages = ada.messages(&project).await;
        assert_eq!((&messages[0]["timing"], &messages[1]["timing"]), (&serde_json::Value::Null, timing));
    }

    async fn a_client_that_leaves_at_any_moment_leaves_no_turn_half_done(kind) {
        use tokio::io::AsyncWriteExt;
        let provider = Provider::always(Script::answer("done")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        for n in 0..60 {
            let project = ada.project().await;
            let body = json!({"content": "hi"}).to_string();
            let request = format!(
                "POST /api/projects/{project}/messages HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                server.address, ada.cookie.as_ref().unwrap(), body.len()
            );
            let mut socket = tokio::net::TcpStream::connect(server.address).await.unwrap();
            socket.write_all(request.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_micros(n * 150)).await;
            drop(socket);
        }
        // The last of them may still be on its way in when nothing else is running.
        eventually("every turn that was stored has been asked, once, and has ended", async || {
            let turns = i64::try_from(provider.calls().len()).unwrap();
            server.app.chat.answers.is_empty()
                && unfinished(&server).await == 0
                && rows(&server, "messages").await == 2 * turns
        })
        .await;
        assert_eq!(rows(&server, "answer_chunks").await, 0);
    }

    async fn two_hundred_answers_at_once_are_all_whole(kind) {
        let words: String = (0..40).map(|n| format!("word{n} ")).collect();
        let provider = Provider::always(Script::answer(&words)).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let answers = futures_util::future::join_all((0..200).map(|_| async {
            let project = ada.project().await;
            let events = Events::new(ada.stream(&project, "hi").send().await.unwrap()).rest().await;
            (text(&events), events.last().unwrap().data["content"].as_str().unwrap().to_owned())
        })).await;
        for (deltas, content) in answers {
            assert_eq!(deltas, words);
            assert_eq!(content, words);
        }
        assert_eq!(provider.calls().len(), 200);
        assert_eq!(rows(&server, "answer_chunks").await, 0);
    }
}

/// How many rows a table has.
async fn rows(server: &Server, table: &str) -> i64 {
    count(server, table).await
}

/// How many answers are marked as being written.
async fn unfinished(server: &Server) -> i64 {
    count(server, "messages WHERE status = 'running'").await
}

async fn count(server: &Server, what: &str) -> i64 {
    use sea_orm::{ConnectionTrait, Statement};
    let db = server.app.db.reader();
    let count = Statement::from_string(db.get_database_backend(), format!("SELECT count(*) AS n FROM {what}"));
    db.query_one_raw(count).await.unwrap().unwrap().try_get("", "n").unwrap()
}
