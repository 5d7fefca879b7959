//! The audit that every fault is followed by finds what it is there for: a database that somebody has tampered with.

use sea_orm::ConnectionTrait;

use crate::harness::audit::{self, Witness};
use crate::harness::client::answer_of;
use crate::harness::{Provider, Script, Server};

on_both_databases! {
    async fn every_broken_rule_is_found_and_told(kind) {
        let provider = Provider::always(Script::stream().reasoning("hm ").delta("what was ").delta("said").end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "what?").await);
        ada.events(&project, &answer, None).await.until("end").await;
        let data = server.app.config.data.clone();
        let mut witness = Witness::default();
        witness.accepted.insert("what?".to_owned());
        witness.ended.insert(answer, ("complete".to_owned(), "what was said".to_owned()));
        audit::assert_clean(&data, &provider, &witness).await;

        let part = |position: u32| {
            format!("INSERT INTO answer_chunks SELECT id, {position}, 'text', 'x' FROM messages WHERE role = 'assistant'")
        };
        let broken = [
            ("UPDATE messages SET content = 'what was' WHERE role = 'assistant'".to_owned(), "is not what the provider sent"),
            ("UPDATE messages SET reasoning = NULL".to_owned(), "is not what the provider sent"),
            ("UPDATE messages SET content = 'what else', status = 'failed' WHERE role = 'assistant'".to_owned(), "is not what the provider sent"),
            ("UPDATE messages SET status = 'stopped' WHERE role = 'assistant'".to_owned(), "was told to be complete"),
            ("UPDATE messages SET status = 'running' WHERE role = 'assistant'".to_owned(), "1 answers are marked as running, and 0 are"),
            ("UPDATE messages SET content = 'who?' WHERE role = 'user'".to_owned(), "the provider was asked \"what?\", which is not stored"),
            ("UPDATE messages SET content = 'who?' WHERE role = 'user'".to_owned(), "was accepted and is not stored"),
            ("UPDATE messages SET content = 'who?' WHERE role = 'user'".to_owned(), "a complete answer that no provider gave"),
            ("UPDATE messages SET parent_id = NULL".to_owned(), "is an answer to nothing"),
            ("UPDATE messages SET role = 'user'".to_owned(), "a message of the same role"),
            ("DELETE FROM messages WHERE role = 'assistant'".to_owned(), "half of a turn"),
            ("UPDATE projects SET leaf_id = owner_id".to_owned(), "shows a branch that is not there"),
            (part(0), "were left behind"),
            (part(4), "a gap in the parts"),
        ];
        let db = audit::connect(&data).await;
        for table in ["messages", "projects"] {
            db.execute_unprepared(&format!("CREATE TABLE {table}_before AS SELECT * FROM {table}")).await.unwrap();
        }
        for (tampering, told) in broken {
            db.execute_unprepared(&tampering).await.unwrap();
            let found = audit::violations(&data, &provider, &witness).await;
            assert!(found.iter().any(|found| found.contains(told)), "{tampering}: {found:?}");
            for undo in ["DELETE FROM answer_chunks", "DELETE FROM messages", "DELETE FROM projects", "INSERT INTO projects SELECT * FROM projects_before", "INSERT INTO messages SELECT * FROM messages_before ORDER BY id"] {
                db.execute_unprepared(undo).await.unwrap();
            }
            audit::assert_clean(&data, &provider, &witness).await;
        }
    }

    async fn a_second_call_for_the_same_turn_is_found(kind) {
        let provider = Provider::always(Script::answer("once")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "what?").await);
        ada.events(&project, &answer, None).await.until("end").await;
        let again = reqwest::Client::builder().no_proxy().build().unwrap().post(format!("http://{}/v1/chat/completions", provider.address));
        again.json(&provider.calls()[0]).send().await.unwrap().text().await.unwrap();
        let found = audit::violations(&server.app.config.data, &provider, &Witness::default()).await;
        assert_eq!(found, ["the provider was asked \"what?\" 2 times, 2 of them for good"]);
    }
}
