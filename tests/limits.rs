//! Limits: so many answers of one person, so many in all, a queue that is fair, and what a model can read.

use loquat::config::{PromptCache, Provider as Configured};
use serde_json::{Value, json};

use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::events::text;
use crate::harness::{Provider, Script, Server, eventually};

fn contents(call: &Value) -> Vec<String> {
    call["messages"].as_array().unwrap().iter().map(|m| m["content"].as_str().unwrap().to_owned()).collect()
}

on_both_databases! {
    async fn a_person_has_so_many_answers_at_once(kind) {
        let provider = Provider::always(Script::stream().delta("a").gate().end()).await;
        let server = Server::with_provider_and(kind, &provider, |config| config.limits.live_answers_each = Some(2)).await;
        let (ada, ben) = (server.person("ada").await, server.person("ben").await);
        let mut projects = Vec::new();
        for _ in 0..3 {
            projects.push(ada.project().await);
        }
        let first = answer_of(&ada.ask(&projects[0], "one").await);
        ada.ask(&projects[1], "two").await;
        let ask = |project: &str| format!("/api/projects/{project}/messages");
        let refused = ada.post(&ask(&projects[2]), json!({"content": "three"})).await;
        assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
        let problem = problem_of(refused, 429, "too_many_answers").await;
        assert!(problem["detail"].as_str().unwrap().starts_with("2 of your answers"), "{problem}");
        assert!(ada.messages(&projects[2]).await.is_empty());
        // A second one in the same conversation is that, and not one too many.
        problem_of(ada.post(&ask(&projects[0]), json!({"content": "x"})).await, 409, "answer_running").await;
        let other = ben.project().await;
        ben.ask(&other, "mine").await;
        // One that is stopped before its model is asked never asks it.
        eventually("three are asked", async || provider.calls().len() == 3).await;
        // One that has ended makes way at once.
        json_of(ada.post(&format!("{}/{first}/stop", ask(&projects[0])), json!({})).await, 200).await;
        ada.ask(&projects[2], "three").await;
        eventually("the fourth is asked", async || provider.calls().len() == 4).await;
    }

    async fn those_that_wait_are_told_their_place_and_nobody_is_passed_over(kind) {
        let provider = Provider::always(Script::stream().delta("a").gate().end()).await;
        let server = Server::with_provider_and(kind, &provider, |config| {
            config.limits.live_answers = Some(1);
            config.limits.waiting_answers = Some(3);
        })
        .await;
        let (ada, ben) = (server.person("ada").await, server.person("ben").await);
        let mut asked = Vec::new();
        for (person, name) in [(&ada, "a1"), (&ada, "a2"), (&ada, "a3"), (&ben, "b1")] {
            let project = person.project().await;
            let answer = answer_of(&person.ask(&project, name).await);
            asked.push((person, project, answer));
        }
        let full = ben.project().await;
        let refused = ben.post(&format!("/api/projects/{full}/messages"), json!({"content": "b2"})).await;
        assert!(refused.headers().contains_key("retry-after"));
        problem_of(refused, 429, "queue_full").await;

        let mut watching = Vec::new();
        for (person, project, answer) in &asked[1..] {
            watching.push(person.events(project, answer, None).await);
        }
        let mut places = Vec::new();
        for events in &mut watching {
            places.push(events.until("queued").await.last().unwrap().data["position"].as_u64().unwrap());
        }
        // Ben came last and has nothing yet.
        assert_eq!(places, [2, 3, 1]);
        eventually("the first is asked", async || provider.calls().len() == 1).await;

        // A waiting answer can be stopped, and is never asked for.
        let (_, project, answer) = &asked[1];
        let stopped = json_of(ada.post(&format!("/api/projects/{project}/messages/{answer}/stop"), json!({})).await, 200).await;
        assert_eq!((&stopped["status"], &stopped["content"], &stopped["usage"]), (&json!("stopped"), &json!(""), &Value::Null));
        assert_eq!(watching[1].until("queued").await.last().unwrap().data["position"], 2);
        for _ in 0..3 {
            provider.open();
        }
        let heard = watching[2].rest().await;
        assert_eq!((heard[0].name.as_str(), &heard[0].data["position"], text(&heard)), ("queued", &json!(0), "a".to_owned()));
        assert_eq!(text(&watching[1].rest().await), "a");
        let order: Vec<String> = provider.calls().iter().map(|call| contents(call)[0].clone()).collect();
        assert_eq!(order, ["a1", "b1", "a3"]);
    }

    async fn a_person_asks_so_often_in_a_minute(kind) {
        let provider = Provider::always(Script::answer("yes")).await;
        let server = Server::with_provider_and(kind, &provider, |config| config.limits.turns_per_minute = Some(3)).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let path = format!("/api/projects/{project}/messages");
        let body = |id: usize| json!({"content": format!("{id}"), "client_request_id": format!("request-{id}")});
        for id in 0..3 {
            let answer = answer_of(&json_of(ada.post(&path, body(id)).await, 202).await);
            ada.events(&project, &answer, None).await.until("end").await;
        }
        let refused = ada.post(&path, body(3)).await;
        let wait: u32 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=20).contains(&wait), "{wait}");
        assert_eq!(problem_of(refused, 429, "too_many_turns").await["retry_after"], wait);
        // A request that was answered before is no new one.
        json_of(ada.post(&path, body(2)).await, 202).await;
        let ben = server.person("ben").await;
        let his = ben.project().await;
        ben.ask(&his, "hi").await;
        eventually("his is asked", async || provider.calls().len() == 4).await;
    }

    async fn a_question_that_is_refused_does_not_count(kind) {
        let provider = Provider::always(Script::stream().delta("a").gate().end()).await;
        let server = Server::with_provider_and(kind, &provider, |config| {
            config.limits.turns_per_minute = Some(3);
            config.limits.live_answers_each = Some(2);
        })
        .await;
        let ada = server.person("ada").await;
        let (one, two, three) = (ada.project().await, ada.project().await, ada.project().await);
        let ask = |project: &str| format!("/api/projects/{project}/messages");
        let first = answer_of(&ada.ask(&one, "one").await);
        for _ in 0..5 {
            problem_of(ada.post(&ask(&one), json!({"content": "x"})).await, 409, "answer_running").await;
        }
        ada.ask(&two, "two").await;
        for _ in 0..5 {
            problem_of(ada.post(&ask(&three), json!({"content": "x"})).await, 429, "too_many_answers").await;
        }
        json_of(ada.post(&format!("{}/{first}/stop", ask(&one)), json!({})).await, 200).await;
        ada.ask(&three, "three").await;
    }

    async fn a_long_conversation_is_cut_to_what_the_model_reads(kind) {
        let provider = Provider::start(|n, _| Script::answer(&format!("{n}{}", "y".repeat(400)))).await;
        let configured = Configured { contexts: [("scripted".to_owned(), 1000)].into(), ..provider.configured() };
        let server = Server::with(kind, move |config| config.providers = vec![configured]).await;
        let ada = server.person("ada").await;
        let models = ada.read("/api/models/").await;
        assert_eq!(models["items"][0]["context_tokens"], 1000);
        let project = ada.project().await;
        ada.patch(&format!("/api/projects/{project}"), json!({"system_prompt": "be brief"})).await;
        for n in 0..8 {
            let answer = answer_of(&ada.ask(&project, &format!("{n}{}", "x".repeat(400))).await);
            ada.events(&project, &answer, None).await.until("end").await;
        }
        // 1000 tokens less a quarter for the answer; each message is some 105 by our estimate.
        let calls = provider.calls();
        let (early, late) = (contents(&calls[2]), contents(&calls[7]));
        assert_eq!((early.len(), &early[0][..]), (6, "be brief"));
        assert_eq!((late.len(), &late[0][..]), (8, "be brief"));
        assert!(late[1].starts_with("4x") && late[7].starts_with("7x"), "{late:?}");
        assert_eq!(calls[7]["messages"][1]["role"], "user");
        // Nothing of it is gone for the person.
        assert_eq!(ada.messages(&project).await.len(), 16);
    }

    async fn the_prompt_cache_gives_the_same_person_the_same_answer_for_nothing(kind) {
        let provider = Provider::start(|n, _| Script::stream().reasoning("hm").delta(&format!("answer {n} ")).delta(&"z".repeat(200)).end()).await;
        let cache = PromptCache { bytes: Some(1024 * 1024), time: None };
        let server = Server::with_provider_and(kind, &provider, |config| config.prompt_cache = Some(cache)).await;
        let (ada, ben) = (server.person("ada").await, server.person("ben").await);
        let whole = async |person: &crate::harness::Person, question: &str| {
            let project = person.project().await;
            let answer = answer_of(&person.ask(&project, question).await);
            let events = person.events(&project, &answer, None).await.rest().await;
            (project, answer, text(&events), events.last().unwrap().data["usage"].clone())
        };
        let (_, _, first, usage) = whole(&ada, "what?").await;
        assert_eq!((&usage["cached"], &usage["estimated"]), (&json!(false), &json!(false)));
        let (project, answer, second, usage) = whole(&ada, "what?").await;
        assert_eq!((&first, provider.calls().len()), (&second, 1));
        assert_eq!(usage, json!({"prompt_tokens": 7, "completion_tokens": 3, "reasoning_tokens": null, "estimated": false, "cached": true}));
        let stored = ada.messages(&project).await[1].clone();
        assert_eq!((&stored["usage"], &stored["reasoning"]), (&usage, &json!("hm")));
        // Another answer was wanted, another question, another person: each asks the model.
        let again = ada.post(&format!("/api/projects/{project}/messages/{answer}/regenerate"), json!({})).await;
        let again = answer_of(&json_of(again, 202).await);
        ada.events(&project, &again, None).await.until("end").await;
        whole(&ada, "what? ").await;
        whole(&ben, "what?").await;
        assert_eq!(provider.calls().len(), 4);
        // With the parameters.
        let other = ada.project().await;
        ada.patch(&format!("/api/projects/{other}"), json!({"parameters": {"temperature": 0.5}})).await;
        let answer = answer_of(&ada.ask(&other, "what?").await);
        ada.events(&other, &answer, None).await.until("end").await;
        assert_eq!(provider.calls().len(), 5);
    }

    async fn what_the_provider_does_not_count_is_estimated_and_says_so(kind) {
        let provider = Provider::start(|n, _| match n {
            0 => Script::stream().reasoning("well").delta("forty letters of an answer, more or less").chunk(json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})).send("data: [DONE]\n\n"),
            _ => Script::response(401, "", "{}"),
        })
        .await;
        let server = Server::with_provider_and(kind, &provider, |_| {}).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "how many?").await);
        let end = ada.events(&project, &answer, None).await.until("end").await;
        let usage = json!({"prompt_tokens": 7, "completion_tokens": 11, "reasoning_tokens": 1, "estimated": true, "cached": false});
        assert_eq!(end.last().unwrap().data["usage"], usage);
        assert_eq!(ada.messages(&project).await[1]["usage"], usage);
        // One that no model answered has cost nothing.
        let answer = answer_of(&ada.ask(&project, "again").await);
        ada.events(&project, &answer, None).await.until("failed").await;
        assert_eq!(ada.messages(&project).await[3]["usage"], Value::Null);
    }
}
