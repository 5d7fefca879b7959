//! Branches: nothing is ever overwritten, and what is shown is the person's choice.

use std::sync::Arc;

use futures_util::FutureExt;
use loquat::chat::Outcome;
use loquat::chat::running::Running;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::events::{Events, text};
use crate::harness::{Kind, Person, Provider, Script, Server, Socket, eventually, within};
use crate::search::conversation;

/// A conversation of two turns, at a model that numbers its answers.
async fn two_turns(kind: Kind) -> (Server, Provider, Person, String, Vec<Value>) {
    let provider = Provider::start(|n, _| Script::answer(&format!("answer {n}"))).await;
    let server = Server::with_provider(kind, &provider).await;
    let ada = server.person("ada").await;
    let project = ada.project().await;
    for question in ["one", "two"] {
        let turn = ada.ask(&project, question).await;
        finish(&ada, &project, &turn).await;
    }
    let messages = ada.messages(&project).await;
    (server, provider, ada, project, messages)
}

async fn finish(ada: &Person, project: &str, turn: &Value) {
    ada.events(project, &answer_of(turn), None).await.until("end").await;
}

async fn shown(ada: &Person, project: &str) -> Vec<String> {
    ada.messages(project).await.iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

fn path(project: &str, message: &Value, rest: &str) -> String {
    format!("/api/projects/{project}/messages/{}{rest}", message["id"].as_str().unwrap())
}

on_both_databases! {
    async fn an_answer_made_again_stands_beside_the_first(kind) {
        let (_server, provider, ada, project, messages) = two_turns(kind).await;
        let again = json_of(ada.post(&path(&project, &messages[1], "/regenerate"), json!({})).await, 202).await;
        assert_eq!(again["user_message"]["id"], messages[0]["id"]);
        assert_eq!(again["assistant_message"]["parent_id"], messages[0]["id"]);
        assert_eq!(again["assistant_message"]["siblings"], json!([messages[1]["id"], again["assistant_message"]["id"]]));
        finish(&ada, &project, &again).await;
        assert_eq!(shown(&ada, &project).await, ["one", "answer 2"]);
        assert_eq!(provider.calls()[2]["messages"], json!([{"role": "user", "content": "one"}]));

        // The other branch is still there, to its end.
        let back = ada.patch(&format!("/api/projects/{project}"), json!({"active_message_id": messages[1]["id"]})).await;
        assert_eq!(json_of(back, 200).await["active_message_id"], messages[3]["id"]);
        assert_eq!(shown(&ada, &project).await, ["one", "answer 0", "two", "answer 1"]);
    }

    async fn an_edited_question_stands_beside_the_first(kind) {
        let (_server, provider, ada, project, messages) = two_turns(kind).await;
        let edited = json_of(ada.patch(&path(&project, &messages[2], ""), json!({"content": "two, really"})).await, 202).await;
        finish(&ada, &project, &edited).await;
        assert_eq!(shown(&ada, &project).await, ["one", "answer 0", "two, really", "answer 2"]);
        assert_eq!(provider.calls()[2]["messages"].as_array().unwrap().len(), 3);
        // The very first question too, which has no parent.
        let edited = json_of(ada.patch(&path(&project, &messages[0], ""), json!({"content": "uno"})).await, 202).await;
        finish(&ada, &project, &edited).await;
        let now = ada.messages(&project).await;
        assert_eq!(now.len(), 2);
        assert_eq!(now[0]["siblings"], json!([messages[0]["id"], now[0]["id"]]));
        let old = json_of(ada.get(&path(&project, &messages[2], "")).await, 200).await;
        assert_eq!(old["content"], "two");
    }

    async fn long_messages_come_in_pages_that_are_bounded_and_all_of_them_in_order(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let lengths = [900_000, 900_000, 10, 500_000, 400_000, 200_000, 1_500_000, 0, 300_000, 700_000];
        let texts: Vec<String> = lengths.iter().enumerate().map(|(n, length)| format!("{n} {}", "é".repeat(length * 2))).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (project, ids) = conversation(&server, &ada, "long", &texts).await;
        let path = format!("/api/projects/{project}");
        json_of(ada.patch(&path, json!({"active_message_id": ids[9]})).await, 200).await;
        for limit in [200, 3] {
            let (mut pages, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = ada.read(&format!("{path}/messages?limit={limit}{cursor}")).await;
                let contents = page["items"].as_array().unwrap().iter().map(|item| item["content"].as_str().unwrap().to_owned());
                pages.insert(0, contents.collect::<Vec<_>>());
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            for page in &pages {
                let bytes: usize = page.iter().map(String::len).sum();
                assert!(page.len() == 1 || (page.len() <= limit && bytes <= 4 * 1024 * 1024), "{limit}: {bytes}");
            }
            assert!(limit == 3 || pages.len() == 6, "{}", pages.len());
            assert!(pages.concat() == texts, "{limit}");
        }
    }

    async fn making_again_twice_by_accident_asks_once(kind) {
        let (_server, provider, ada, project, messages) = two_turns(kind).await;
        let (body, regenerate) = (json!({"client_request_id": "again-1"}), path(&project, &messages[3], "/regenerate"));
        let all = futures_util::future::join_all((0..5).map(|_| ada.post(&regenerate, body.clone()))).await;
        let mut answers = Vec::new();
        for response in all {
            answers.push(answer_of(&json_of(response, 202).await));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1);
        let edit = json!({"content": "two again", "client_request_id": "edit-1"});
        ada.events(&project, &answers[0], None).await.until("end").await;
        let first = json_of(ada.patch(&path(&project, &messages[2], ""), edit.clone()).await, 202).await;
        finish(&ada, &project, &first).await;
        let second = json_of(ada.patch(&path(&project, &messages[2], ""), edit).await, 202).await;
        assert_eq!(answer_of(&first), answer_of(&second));
        assert_eq!(provider.calls().len(), 4);
    }

    async fn the_first_request_keeps_its_own_answer_after_it_was_made_again(kind) {
        let provider = Provider::start(|n, _| Script::answer(&format!("answer {n}"))).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let messages = format!("/api/projects/{project}/messages");
        let ask = || async { json_of(ada.post(&messages, json!({"content": "hi", "client_request_id": "r"})).await, 202).await };
        let first = ask().await;
        finish(&ada, &project, &first).await;
        let again = json_of(ada.post(&path(&project, &first["assistant_message"], "/regenerate"), json!({})).await, 202).await;
        finish(&ada, &project, &again).await;
        assert_eq!(answer_of(&ask().await), answer_of(&first));
        // So does a client that lost its stream.
        for query in ["content=hi&client_request_id=r", "content=hi"] {
            let stream = ada.request(Method::GET, &format!("{messages}/stream?{query}")).header("last-event-id", "0");
            let events = Events::new(stream.send().await.unwrap()).rest().await;
            assert_eq!(text(&events), "answer 0", "{query}");
        }
    }

    async fn a_request_whose_answer_was_deleted_is_told_so(kind) {
        let provider = Provider::always(Script::answer("yes")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let messages = format!("/api/projects/{project}/messages");
        let question = json!({"content": "hi", "client_request_id": "r"});
        let turn = json_of(ada.post(&messages, question.clone()).await, 202).await;
        finish(&ada, &project, &turn).await;
        assert_eq!(ada.delete(&path(&project, &turn["assistant_message"], "")).await.status(), 204);
        let stream = format!("{messages}/stream?content=hi&client_request_id=r");
        for refused in [ada.post(&messages, question.clone()).await, ada.get(&stream).await] {
            let problem = problem_of(refused, 409, "client_request_id_reused").await;
            assert_eq!(problem["field"], "client_request_id");
            assert!(problem["detail"].as_str().unwrap().contains("was deleted"), "{problem}");
        }
        let mut socket = Socket::of(&server, &ada).await;
        let send = json!({"type": "send", "project_id": project, "content": "hi", "client_request_id": "r"});
        let refused = socket.ask(send).await;
        assert_eq!((&refused["type"], &refused["problem"]["code"]), (&json!("problem"), &json!("client_request_id_reused")), "{refused}");
        // With another it is another question.
        let again = json_of(ada.post(&messages, json!({"content": "hi", "client_request_id": "s"})).await, 202).await;
        finish(&ada, &project, &again).await;
        assert_eq!(provider.calls().len(), 2);
        // Which stands below the first by now, and is no answer to it.
        problem_of(ada.post(&messages, question).await, 409, "client_request_id_reused").await;
        let reconnecting = ada.request(Method::GET, &stream).header("last-event-id", "0").send().await.unwrap();
        assert_eq!(reconnecting.status(), 204);
    }

    async fn a_deleted_message_takes_its_branch_along_and_the_one_beside_it_is_shown(kind) {
        let (_server, _provider, ada, project, messages) = two_turns(kind).await;
        let again = json_of(ada.post(&path(&project, &messages[1], "/regenerate"), json!({})).await, 202).await;
        finish(&ada, &project, &again).await;
        assert_eq!(ada.delete(&path(&project, &again["assistant_message"], "")).await.status(), 204);
        assert_eq!(shown(&ada, &project).await, ["one", "answer 0", "two", "answer 1"]);
        assert_eq!(ada.delete(&path(&project, &messages[2], "")).await.status(), 204);
        assert_eq!(shown(&ada, &project).await, ["one", "answer 0"]);
        problem_of(ada.get(&path(&project, &messages[3], "")).await, 404, "not_found").await;
        assert_eq!(ada.delete(&path(&project, &messages[0], "")).await.status(), 204);
        assert!(shown(&ada, &project).await.is_empty());
        // The conversation goes on from nothing.
        let turn = ada.ask(&project, "afresh").await;
        finish(&ada, &project, &turn).await;
        assert_eq!(shown(&ada, &project).await.len(), 2);
    }

    async fn deleting_above_a_running_answer_cuts_it_off(kind) {
        let provider = Provider::always(Script::stream().delta("begun").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let turn = ada.ask(&project, "hi").await;
        let mut events = ada.events(&project, &answer_of(&turn), None).await;
        events.until("message").await;
        assert_eq!(ada.delete(&path(&project, &turn["user_message"], "")).await.status(), 204);
        eventually("the provider sees its client leave", async || provider.left() == 1).await;
        assert_eq!(events.rest().await.pop().unwrap().data["code"], "deleted");
        eventually("nothing is running", async || server.app.chat.answers.is_empty()).await;
    }

    // Between its commit and the moment in which it is its conversation's live one.
    async fn an_answer_that_has_just_been_stored_is_cut_off_too(kind) {
        let provider = Provider::always(Script::stream().delta("begun").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        for whole in [true, false] {
            let project = ada.project().await;
            let turn = ada.ask(&project, "hi").await;
            ada.events(&project, &answer_of(&turn), None).await.until("message").await;
            let answers = &server.app.chat.answers;
            let running = answers.get(answer_of(&turn).parse().unwrap()).unwrap();
            answers.leave(&running);
            answers.enter(&running);
            // Another that is not stored yet is in no branch of its own.
            let coming = Running::new(loquat::clock::id(), loquat::clock::id(), running.project_id, running.owner_id);
            let coming = Arc::new(coming);
            answers.enter(&coming);
            let gone = if whole { format!("/api/projects/{project}") } else { path(&project, &turn["user_message"], "") };
            assert_eq!(ada.delete(&gone).await.status(), 204);
            assert_eq!(within(10, "it is cut off", running.cancelled()).await, Outcome::Gone);
            assert_eq!(coming.cancelled().now_or_never(), whole.then_some(Outcome::Gone));
            answers.leave(&coming);
        }
        eventually("nothing is running", async || server.app.chat.answers.is_empty()).await;
    }

    async fn only_questions_are_edited_and_only_answers_made_again(kind) {
        let (server, provider, ada, project, messages) = two_turns(kind).await;
        problem_of(ada.patch(&path(&project, &messages[1], ""), json!({"content": "x"})).await, 422, "invalid").await;
        problem_of(ada.post(&path(&project, &messages[0], "/regenerate"), json!({})).await, 422, "invalid").await;
        problem_of(ada.patch(&path(&project, &messages[0], ""), json!({"content": " "})).await, 422, "invalid").await;
        let eve = server.person("eve").await;
        let hers = eve.project().await;
        for project in [&project, &hers] {
            problem_of(eve.get(&path(project, &messages[1], "")).await, 404, "not_found").await;
            problem_of(eve.patch(&path(project, &messages[0], ""), json!({"content": "x"})).await, 404, "not_found").await;
            problem_of(eve.delete(&path(project, &messages[0], "")).await, 404, "not_found").await;
            problem_of(eve.post(&path(project, &messages[1], "/regenerate"), json!({})).await, 404, "not_found").await;
        }
        // Nor does anything else change with it.
        let before = eve.read(&format!("/api/projects/{hers}")).await;
        let foreign = json!({"active_message_id": messages[1]["id"], "name": "changed", "pinned": true});
        let foreign = eve.patch(&format!("/api/projects/{hers}"), foreign).await;
        assert_eq!(problem_of(foreign, 422, "invalid").await["field"], "active_message_id");
        assert_eq!(eve.read(&format!("/api/projects/{hers}")).await, before);
        assert_eq!(shown(&ada, &project).await.len(), 4);
        assert_eq!(provider.calls().len(), 2);
    }

    async fn whatever_was_done_before_the_model_is_told_the_branch_that_is_shown(kind) {
        let seed = rand::random::<u32>();
        let mut random = StdRng::seed_from_u64(seed.into());
        // Each answer can be continued.
        let provider = Provider::start(|n, _| {
            let reason = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]});
            Script::stream().delta(&format!("answer {n}. ")).chunk(reason).send("data: [DONE]\n\n")
        })
        .await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let mut known: Vec<Value> = Vec::new();
        for number in 0..40 {
            let shown = ada.messages(&project).await;
            let of_role = |role: &str| -> Vec<&Value> { shown.iter().filter(|message| message["role"] == role).collect() };
            let (questions, answers) = (of_role("user"), of_role("assistant"));
            let question = json!({"content": format!("question {number}")});
            let begun = match random.random_range(0..10) {
                0 if !answers.is_empty() => {
                    ada.post(&path(&project, answers.choose(&mut random).unwrap(), "/regenerate"), json!({})).await
                }
                1 if !questions.is_empty() => {
                    ada.patch(&path(&project, questions.choose(&mut random).unwrap(), ""), question).await
                }
                2 | 3 if shown.last().is_some_and(|last| last["role"] == "assistant") => {
                    ada.post(&path(&project, answers.last().unwrap(), "/continue"), json!({})).await
                }
                4 if !known.is_empty() => {
                    // Some of them were deleted meanwhile.
                    let id = known.choose(&mut random).unwrap();
                    ada.patch(&format!("/api/projects/{project}"), json!({"active_message_id": id})).await;
                    continue;
                }
                5 if !shown.is_empty() && random.random_bool(0.5) => {
                    assert_eq!(ada.delete(&path(&project, shown.choose(&mut random).unwrap(), "")).await.status(), 204);
                    continue;
                }
                _ => ada.post(&format!("/api/projects/{project}/messages"), question).await,
            };
            let turn = json_of(begun, 202).await;
            finish(&ada, &project, &turn).await;
            known.extend([turn["user_message"]["id"].clone(), turn["assistant_message"]["id"].clone()]);

            let mut expected: Vec<(String, String)> = Vec::new();
            let now = ada.messages(&project).await;
            for message in &now[..now.len() - 1] {
                let (role, content) = (message["role"].as_str().unwrap(), message["content"].as_str().unwrap());
                match expected.last_mut() {
                    Some((last, before)) if last == role => *before += &format!("\n\n{content}"),
                    _ => expected.push((role.to_owned(), content.to_owned())),
                }
            }
            let calls = provider.calls();
            let told = calls.last().unwrap()["messages"].as_array().unwrap();
            let told = told.iter().map(|told| (told["role"].as_str().unwrap().to_owned(), told["content"].as_str().unwrap().to_owned()));
            // A model that goes on is told its own answer too, and asked to.
            let told: Vec<_> = told.take(expected.len()).collect();
            assert_eq!(told, expected, "number {number} of seed {seed}");
        }
    }
}
