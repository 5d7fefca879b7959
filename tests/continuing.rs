//! Going on with an answer that was cut short: from its exact end, once, and with nothing lost.

use loquat::config::Prefill;
use loquat::entity::answer_chunk::{self, Kind};
use loquat::entity::message::{self, Status};
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set, Unchanged};
use serde_json::{Value, json};

use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::events::{reasoning, text};
use crate::harness::{self, Person, Provider, Script, Server, eventually};

/// A server whose provider wants to be asked in this way.
async fn server_of(kind: harness::Kind, provider: &Provider, prefill: Option<Prefill>) -> Server {
    let configured = loquat::config::Provider { prefill, ..provider.configured() };
    Server::with(kind, move |config| config.providers = vec![configured]).await
}

fn go_on(project: &str, message: &str) -> String {
    format!("/api/projects/{project}/messages/{message}/continue")
}

/// An answer that was stopped in the middle.
async fn stopped(ada: &Person, project: &str, until: &str) -> String {
    let answer = answer_of(&ada.ask(project, "tell me").await);
    let mut events = ada.events(project, &answer, None).await;
    let mut heard = String::new();
    while heard != until {
        let event = events.next().await.unwrap();
        heard.push_str(event.data["delta"].as_str().unwrap_or_default());
    }
    json_of(ada.post(&format!("/api/projects/{project}/messages/{answer}/stop"), json!({})).await, 200).await;
    answer
}

fn length_limit(script: Script) -> Script {
    script.chunk(json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]})).send("data: [DONE]\n\n")
}

on_both_databases! {
    async fn a_stopped_answer_goes_on_from_its_exact_end(kind) {
        let provider = Provider::start(|n, _| match n {
            0 => Script::stream().delta("Once upon a ti").gate(),
            _ => Script::stream().reasoning("where was I").delta("me, né").delta("e.").end(),
        })
        .await;
        let server = server_of(kind, &provider, Some(Prefill::LastMessage)).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = stopped(&ada, &project, "Once upon a ti").await;

        let turn = json_of(ada.post(&go_on(&project, &answer), json!({})).await, 202).await;
        assert_eq!((answer_of(&turn), &turn["assistant_message"]["status"]), (answer.clone(), &json!("running")));
        assert_eq!(turn["user_message"]["content"], "tell me");
        let events = ada.events(&project, &answer, None).await.rest().await;
        assert_eq!(text(&events), "Once upon a time, née.");
        assert_eq!(reasoning(&events), "where was I");
        let end = &events.last().unwrap().data;
        assert_eq!((end["content"].as_str(), end["status"].as_str()), (Some("Once upon a time, née."), Some("complete")));
        // What the second call cost, and an estimate of the first, which the provider could not count.
        assert_eq!(end["usage"]["estimated"], true);
        assert!(end["usage"]["completion_tokens"].as_u64().unwrap() > 3);
        let told = &provider.calls()[1]["messages"];
        let expected = json!([
            {"role": "user", "content": "tell me"},
            {"role": "assistant", "content": "Once upon a ti"},
        ]);
        assert_eq!(told, &expected);
        // From the middle of the part that was there before, and from the end of it.
        for position in [4, 14] {
            let rest = ada.events(&project, &answer, Some(position)).await.rest().await;
            assert_eq!(text(&rest), "Once upon a time, née."[position as usize..]);
        }
        let messages = ada.messages(&project).await;
        assert_eq!((messages.len(), &messages[1]["content"]), (2, &json!("Once upon a time, née.")));
        assert_eq!(messages[1]["siblings"], json!([answer]));
    }

    async fn each_provider_is_asked_as_it_wants_it(kind) {
        for (prefill, field) in [
            (Some(Prefill::Prefix), Some("prefix")),
            (Some(Prefill::ContinueFinalMessage), Some("continue_final_message")),
            (None, None),
        ] {
            let provider = Provider::start(|n, _| match n {
                0 => length_limit(Script::stream().delta("half")),
                _ => Script::answer(" whole"),
            })
            .await;
            let server = server_of(kind, &provider, prefill).await;
            let ada = server.person("ada").await;
            let project = ada.project().await;
            let answer = answer_of(&ada.ask(&project, "go").await);
            ada.events(&project, &answer, None).await.until("end").await;
            json_of(ada.post(&go_on(&project, &answer), json!({})).await, 202).await;
            let events = ada.events(&project, &answer, None).await.rest().await;
            assert_eq!(text(&events), "half whole");
            assert_eq!(events.last().unwrap().data["finish_reason"], "stop");
            let call = provider.calls()[1].clone();
            let messages = call["messages"].as_array().unwrap();
            assert_eq!(messages[1]["content"], "half");
            match field {
                Some("prefix") => assert_eq!(messages[1]["prefix"], true),
                Some(_) => {
                    assert_eq!((messages.len(), &call["add_generation_prompt"]), (2, &json!(false)));
                    assert_eq!(call["continue_final_message"], true);
                }
                None => {
                    assert_eq!((messages.len(), &messages[2]["role"]), (3, &json!("user")));
                    assert!(messages[2]["content"].as_str().unwrap().contains("Go on"), "{messages:?}");
                }
            }
        }
    }

    async fn a_provider_that_refuses_a_prefill_is_asked_in_words(kind) {
        let provider = Provider::start(|n, _| match n {
            0 => length_limit(Script::stream().delta("half")),
            1 => Script::response(
                400,
                "",
                &json!({"error": {"message": "Assistant response prefill is incompatible with enable_thinking."}}).to_string(),
            ),
            _ => Script::answer(" whole"),
        })
        .await;
        let server = server_of(kind, &provider, Some(Prefill::LastMessage)).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "go").await);
        ada.events(&project, &answer, None).await.until("end").await;
        json_of(ada.post(&go_on(&project, &answer), json!({})).await, 202).await;
        assert_eq!(text(&ada.events(&project, &answer, None).await.rest().await), "half whole");
        assert_eq!(provider.calls()[2]["messages"].as_array().unwrap().len(), 3);
    }

    async fn what_cannot_go_on_is_refused_and_stays_as_it_is(kind) {
        let provider = Provider::start(|n, _| match n {
            0 => Script::answer("whole"),
            1 => Script::stream().delta("half").gate(),
            _ => Script::answer("more"),
        })
        .await;
        let server = server_of(kind, &provider, None).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let turn = ada.ask(&project, "one").await;
        let (question, answer) = (turn["user_message"]["id"].as_str().unwrap().to_owned(), answer_of(&turn));
        ada.events(&project, &answer, None).await.until("end").await;
        problem_of(ada.post(&go_on(&project, &answer), json!({})).await, 409, "not_continuable").await;
        let problem = problem_of(ada.post(&go_on(&project, &question), json!({})).await, 422, "invalid").await;
        assert_eq!(problem["field"], "message_id");

        let half = answer_of(&ada.ask(&project, "two").await);
        let running = problem_of(ada.post(&go_on(&project, &half), json!({})).await, 409, "answer_running").await;
        assert_eq!(running["message_id"], half.as_str());
        // The next call has to be the third.
        eventually("the model is asked", async || provider.calls().len() == 2).await;
        let stop = format!("/api/projects/{project}/messages/{half}/stop");
        json_of(ada.post(&stop, json!({})).await, 200).await;
        // The conversation goes on after it, so it is what the next question was about.
        let next = answer_of(&ada.ask(&project, "three").await);
        ada.events(&project, &next, None).await.until("end").await;
        problem_of(ada.post(&go_on(&project, &half), json!({})).await, 409, "not_continuable").await;

        let eve = server.person("eve").await;
        problem_of(eve.post(&go_on(&project, &half), json!({})).await, 404, "not_found").await;
        assert_eq!(provider.calls().len(), 3);
    }

    async fn the_same_request_goes_on_once(kind) {
        let provider = Provider::start(|n, _| match n {
            0 => length_limit(Script::stream().delta("half")),
            _ => Script::stream().delta(" whole").gate().end(),
        })
        .await;
        let server = server_of(kind, &provider, None).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "go").await);
        ada.events(&project, &answer, None).await.until("end").await;
        let body = json!({"client_request_id": "only-once"});
        let path = go_on(&project, &answer);
        let all = futures_util::future::join_all((0..12).map(|_| ada.post(&path, body.clone()))).await;
        for response in all {
            assert_eq!(answer_of(&json_of(response, 202).await), answer);
        }
        // Without that id all but one come too late.
        provider.open();
        ada.events(&project, &answer, None).await.until("end").await;
        let again = json_of(ada.post(&path, body.clone()).await, 202).await;
        assert_eq!(again["assistant_message"]["content"], "half whole");
        assert_eq!(provider.calls().len(), 2);
        // The id is taken, whatever it is used for.
        let other = ada.project().await;
        let reused = ada.post(&format!("/api/projects/{other}/messages"), json!({"content": "x", "client_request_id": "only-once"})).await;
        problem_of(reused, 409, "client_request_id_reused").await;
    }

    async fn a_crash_in_the_middle_of_going_on_keeps_what_was_there_before(kind) {
        let provider = Provider::always(length_limit(Script::stream().reasoning("hm").delta("half"))).await;
        let server = server_of(kind, &provider, None).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "go").await);
        ada.events(&project, &answer, None).await.until("end").await;
        let (dir, data) = server.stop().await;

        // As a crash leaves it: running again, with what it had, and with a stored part of what came then.
        let db = loquat::db::Db::open(&data).await.unwrap();
        let id = answer.parse().unwrap();
        let transaction = db.write().await.unwrap();
        let row = message::ActiveModel { id: Unchanged(id), status: Set(Status::Running), ..Default::default() };
        row.update(&transaction).await.unwrap();
        let chunk = answer_chunk::Model { message_id: id, position: 6, kind: Kind::Text, content: " whole".to_owned() };
        chunk.into_active_model().insert(&transaction).await.unwrap();
        db.commit(transaction).await.unwrap();
        db.close().await;

        let server = Server::on(dir, data, |_| {}).await;
        let ada = ada.moved_to(&server);
        let message = ada.messages(&project).await[1].clone();
        assert_eq!((&message["status"], &message["content"]), (&json!("interrupted"), &json!("half whole")));
        assert_eq!((&message["reasoning"], &message["usage"]["estimated"]), (&json!("hm"), &json!(true)));
    }

    async fn an_answer_that_is_cut_off_again_keeps_both_parts(kind) {
        let provider = Provider::start(|n, _| match n {
            0 => Script::stream().delta("one ").reset(),
            1 => Script::stream().delta("two ").gate(),
            _ => Script::answer("three"),
        })
        .await;
        let server = server_of(kind, &provider, None).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "go").await);
        ada.events(&project, &answer, None).await.until("failed").await;
        json_of(ada.post(&go_on(&project, &answer), json!({})).await, 202).await;
        // Stored as far as it came, before the server goes.
        eventually("the second part is stored", async || {
            let chunks = answer_chunk::Entity::of(answer.parse().unwrap());
            !sea_orm::Select::all(chunks, server.app.db.reader()).await.unwrap().is_empty()
        })
        .await;
        let (dir, data) = server.stop().await;
        let configured = provider.configured();
        let server = Server::on(dir, data, move |config| config.providers = vec![configured]).await;
        let ada = ada.moved_to(&server);
        let messages = ada.messages(&project).await;
        assert_eq!(messages[1]["status"], "interrupted");
        assert_eq!(messages[1]["content"], "one two ");
        assert_eq!(messages[1]["failure"], Value::Null);
        json_of(ada.post(&go_on(&project, &answer), json!({})).await, 202).await;
        assert_eq!(text(&ada.events(&project, &answer, None).await.rest().await), "one two three");
    }
}
