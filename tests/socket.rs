//! One socket for everything: asking, stopping, following, and the news of other tabs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::client::answer_of;
use crate::harness::events::{reasoning, text};
use crate::harness::socket::connect;
use crate::harness::{Provider, Script, Server, Socket, eventually, within};

const END: u64 = 9_007_199_254_740_991;

fn thoughtful() -> Script {
    Script::stream().reasoning("Let me ").delta("Ciao ").delta("😀\r\n").gate().reasoning("more").delta("\"end\"").end()
}

on_both_databases! {
    async fn a_question_over_a_socket_is_answered_as_by_the_stream(kind) {
        let provider = Provider::always(thoughtful()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let mut socket = Socket::of(&server, &ada).await;
        let accepted = socket.ask(json!({"type": "send", "project_id": project, "content": "hi"})).await;
        assert_eq!((accepted["type"].as_str(), accepted["user_message"]["content"].as_str()), (Some("accepted"), Some("hi")));
        provider.open();
        let answer = answer_of(&accepted);
        let events = socket.answer(&answer).await;
        let streamed = ada.events(&project, &answer, None).await.rest().await;
        assert_eq!((text(&events), reasoning(&events)), (text(&streamed), reasoning(&streamed)));
        assert_eq!((text(&events).as_str(), reasoning(&events).as_str()), ("Ciao 😀\r\n\"end\"", "Let me more"));
        assert_eq!(events.first().unwrap(), streamed.first().unwrap());
        assert_eq!(events.last().unwrap(), streamed.last().unwrap());

        // The same request again is the same turn, whichever way it comes.
        let again = json!({"type": "send", "project_id": project, "content": "once", "client_request_id": "r1"});
        let first = socket.ask(again.clone()).await;
        provider.open();
        socket.answer(&answer_of(&first)).await;
        let second = socket.ask(again).await;
        assert_eq!(answer_of(&first), answer_of(&second));
        assert_eq!(socket.answer(&answer_of(&second)).await.last().unwrap().name, "end");
        assert_eq!(provider.calls().len(), 2);
    }

    async fn a_socket_edits_and_regenerates_and_tells_of_failures(kind) {
        let provider = Provider::start(|n, _| match n {
            2 => Script::response(400, "", "{}"),
            n => Script::answer(&format!("answer {n}")),
        })
        .await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let mut socket = Socket::of(&server, &ada).await;
        let first = socket.ask(json!({"type": "send", "project_id": project, "content": "one"})).await;
        assert_eq!(text(&socket.answer(&answer_of(&first)).await), "answer 0");
        let again = socket.ask(json!({"type": "regenerate", "project_id": project, "message_id": answer_of(&first)})).await;
        assert_eq!(again["user_message"]["id"], first["user_message"]["id"]);
        assert_eq!(text(&socket.answer(&answer_of(&again)).await), "answer 1");
        let edited = json!({"type": "edit", "project_id": project, "message_id": first["user_message"]["id"], "content": "two"});
        let edited = socket.ask(edited).await;
        assert_eq!(edited["user_message"]["siblings"].as_array().unwrap().len(), 2);
        let events = socket.answer(&answer_of(&edited)).await;
        assert_eq!(events.last().unwrap().name, "failed");
    }

    async fn a_socket_goes_on_with_a_stopped_answer(kind) {
        let provider = Provider::start(|n, _| match n {
            0 => Script::stream().delta("Once upon ").gate(),
            _ => Script::answer("a time."),
        })
        .await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let mut socket = Socket::of(&server, &ada).await;
        let answer = answer_of(&socket.ask(json!({"type": "send", "project_id": project, "content": "tell me"})).await);
        while socket.until("event").await["event"]["event"] != "message" {}
        socket.ask(json!({"type": "stop", "project_id": project, "message_id": answer})).await;
        let go_on = json!({"type": "continue", "project_id": project, "message_id": answer});
        let turn = socket.ask(go_on.clone()).await;
        assert_eq!(answer_of(&turn), answer);
        let mut events = Vec::new();
        while !text(&events).ends_with("a time.") {
            events = socket.answer(&answer).await;
        }
        assert_eq!(events.last().unwrap().data["content"], "Once upon a time.");
        assert_eq!(socket.ask(go_on).await["problem"]["code"], "not_continuable");
    }

    async fn an_answer_cut_after_any_event_resumes_over_a_socket_to_the_whole_text(kind) {
        let provider = Provider::always(thoughtful()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        let mut socket = Socket::of(&server, &ada).await;
        let follow = |position: Option<u64>| json!({"type": "follow", "project_id": project, "message_id": answer, "last_event_id": position});
        socket.say(follow(None)).await;
        provider.open();
        let live = socket.answer(&answer).await;
        let whole = (text(&live), reasoning(&live));
        for cut in 0..live.len() {
            let before = &live[..=cut];
            let Some(position) = before.iter().rev().find_map(|event| event.id) else { continue };
            if position == END {
                let nothing = socket.ask(follow(Some(position))).await;
                assert_eq!((nothing["type"].as_str(), nothing["message_id"].as_str()), (Some("unfollowed"), Some(answer.as_str())));
                continue;
            }
            socket.say(follow(Some(position))).await;
            let after = socket.answer(&answer).await;
            assert_eq!(text(before) + &text(&after), whole.0, "cut after {cut}");
            assert_eq!(reasoning(before) + &reasoning(&after), whole.1, "cut after {cut}");
        }
    }

    async fn an_answer_is_stopped_over_a_socket_and_followed_no_longer(kind) {
        let provider = Provider::always(Script::stream().delta("kept").gate().delta("never").end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let mut socket = Socket::of(&server, &ada).await;
        let answer = answer_of(&socket.ask(json!({"type": "send", "project_id": project, "content": "hi"})).await);
        let mut other = Socket::of(&server, &ada).await;
        let follow = json!({"type": "follow", "project_id": project, "message_id": answer});
        other.say(follow).await;
        while other.until("event").await["event"]["event"] != "message" {}
        let gone = other.ask(json!({"type": "unfollow", "message_id": answer})).await;
        assert_eq!(gone["type"], "unfollowed");
        let stopped = socket.ask(json!({"type": "stop", "project_id": project, "message_id": answer})).await;
        assert_eq!((stopped["message"]["status"].as_str(), stopped["message"]["content"].as_str()), (Some("stopped"), Some("kept")));
        within(5, "the provider is left", eventually("left", async || provider.left() == 1)).await;
        // Who has unfollowed hears of the conversation, and nothing of the answer.
        assert_eq!(other.next().await["type"], "project");
        let question = stopped["message"]["parent_id"].clone();
        let refused = socket.ask(json!({"type": "stop", "project_id": project, "message_id": question})).await;
        assert_eq!((refused["problem"]["status"].as_u64(), refused["problem"]["field"].as_str()), (Some(422), Some("message_id")));
    }
}

on_both_databases! {
    async fn every_socket_of_a_person_hears_what_happens_to_their_conversations(kind) {
        let provider = Provider::always(Script::stream().delta("hi").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let mut hers = Socket::of(&server, &eve).await;
        let mut sockets = [Socket::of(&server, &ada).await, Socket::of(&server, &ada).await];
        let project = ada.project().await;
        let path = format!("/api/projects/{project}");
        let mut all_hear = async |what: &str, holds: &dyn Fn(&Value) -> bool| {
            for socket in &mut sockets {
                within(10, what, async { while !holds(&socket.next().await) {} }).await;
            }
        };
        all_hear("made", &|news| news["project"]["id"] == project.as_str() && news["project"]["name_source"] == "default").await;
        let turn = ada.ask(&project, "first words").await;
        let answer = answer_of(&turn);
        all_hear("asked", &|news| {
            let shown = &news["project"];
            shown["live_message_id"] == answer.as_str() && shown["active_message_id"] == answer.as_str() && shown["name"] == "first words"
        })
        .await;
        provider.open();
        all_hear("answered", &|news| news["type"] == "project" && news["project"]["live_message_id"].is_null()).await;
        ada.patch(&path, json!({"name": "Renamed"})).await;
        all_hear("renamed", &|news| news["project"]["name"] == "Renamed").await;
        let question = turn["user_message"]["id"].as_str().unwrap();
        ada.delete(&format!("{path}/messages/{question}")).await;
        all_hear("a message deleted", &|news| news["type"] == "project" && news["project"]["active_message_id"].is_null()).await;
        ada.delete(&path).await;
        all_hear("deleted", &|news| news["type"] == "project_deleted" && news["project_id"] == project.as_str()).await;
        // Somebody else hears of their own only.
        let own = eve.project().await;
        assert_eq!(hers.next().await["project"]["id"], own.as_str());
    }

    async fn a_name_that_a_model_gives_is_news(kind) {
        let provider = Provider::start(|n, _| Script::answer(if n == 0 { "yes" } else { "Loquat Trees" })).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "what").await);
        ada.events(&project, &answer, None).await.until("end").await;
        let mut socket = Socket::of(&server, &ada).await;
        ada.post(&format!("/api/projects/{project}/generate_name"), json!({})).await;
        within(10, "the name", async { while socket.until("project").await["project"]["name"] != "Loquat Trees" {} }).await;
    }

    async fn a_stranger_can_do_nothing_over_a_socket(kind) {
        let provider = Provider::always(Script::stream().delta("hi").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let project = ada.project().await;
        let turn = ada.ask(&project, "hi").await;
        let (question, answer) = (turn["user_message"]["id"].clone(), answer_of(&turn));
        eventually("the model is asked", async || provider.calls().len() == 1).await;
        let mut socket = Socket::of(&server, &eve).await;
        for request in [
            json!({"type": "send", "project_id": project, "content": "hi"}),
            json!({"type": "edit", "project_id": project, "message_id": question, "content": "hi"}),
            json!({"type": "regenerate", "project_id": project, "message_id": answer}),
            json!({"type": "continue", "project_id": project, "message_id": answer}),
            json!({"type": "stop", "project_id": project, "message_id": answer}),
            json!({"type": "follow", "project_id": project, "message_id": answer}),
        ] {
            let refused = socket.ask(request).await;
            assert_eq!((refused["type"].as_str(), refused["problem"]["code"].as_str()), (Some("problem"), Some("not_found")));
        }
        assert_eq!((ada.messages(&project).await.len(), provider.calls().len()), (2, 1));
    }
}

on_both_databases! {
    async fn every_kind_of_message_is_sent_and_documented(kind) {
        let provider = Provider::always(Script::stream().reasoning("hm").delta("hi").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let mut socket = connect(&server, &[("cookie", ada.cookie.as_ref().unwrap())]).await.unwrap();
        let mut seen = BTreeSet::new();
        // `Socket::next` reads each with the document's own types.
        let mut see = async |socket: &mut Socket, kind: &str| loop {
            let message = socket.next().await;
            let word = message["type"].as_str().unwrap().to_owned();
            let found = word == kind;
            seen.insert(word);
            if found {
                return message;
            }
        };
        see(&mut socket, "hello").await;
        let project = ada.project().await;
        see(&mut socket, "project").await;
        socket.say(json!({"type": "send", "ref": "a", "project_id": project, "content": "hi"})).await;
        let answer = answer_of(&see(&mut socket, "accepted").await);
        see(&mut socket, "event").await;
        socket.say(json!({"type": "stop", "project_id": project, "message_id": answer})).await;
        see(&mut socket, "stopped").await;
        socket.say(json!({"type": "unfollow", "message_id": answer})).await;
        see(&mut socket, "unfollowed").await;
        socket.say(json!({"type": "unfollow"})).await;
        see(&mut socket, "problem").await;
        ada.delete(&format!("/api/projects/{project}")).await;
        see(&mut socket, "project_deleted").await;
        let id = ada.id().await;
        for _ in 0..100 {
            server.app.chat.changes.publish(id, loquat::chat::changes::Change::Changed(loquat::clock::id()));
        }
        see(&mut socket, "resync").await;
        let document: Value = serde_json::from_str(&loquat::api::document()).unwrap();
        let known: BTreeSet<String> = document["components"]["schemas"]["SocketEvent"]["discriminator"]["mapping"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        assert_eq!(seen, known);
    }
}
