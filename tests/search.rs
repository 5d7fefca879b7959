//! Looking for words: in whatever case and script, only one's own, and page by page.

use std::time::Duration;

use loquat::chat::search::Wanted;
use loquat::clock;
use loquat::db::needle::Needle;
use loquat::entity::message;
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::{Person, Provider, Script, Server};

/// A conversation with these messages, as if they had been written one after the other.
pub async fn conversation(server: &Server, person: &Person, name: &str, messages: &[&str]) -> (Uuid, Vec<Uuid>) {
    let made = json_of(person.post("/api/projects/", json!({"name": name})).await, 201).await;
    let project_id: Uuid = made["id"].as_str().unwrap().parse().unwrap();
    let owner_id = person.id().await;
    let transaction = server.app.db.write().await.unwrap();
    let mut ids: Vec<Uuid> = Vec::new();
    for content in messages {
        let blank = message::Model::blank(clock::id(), project_id, owner_id);
        let row = message::Model { content: (*content).to_owned(), parent_id: ids.last().copied(), ..blank };
        ids.push(row.into_active_model().insert(&transaction).await.unwrap().id);
    }
    server.app.db.commit(transaction).await.unwrap();
    (project_id, ids)
}

async fn look(person: &Person, query: &str) -> Vec<Value> {
    let request = person.request(reqwest::Method::GET, "/api/projects/").query(&[("query", query)]);
    let page = json_of(request.send().await.unwrap(), 200).await;
    assert_eq!(page["next_cursor"], json!(null));
    page["items"].as_array().unwrap().clone()
}

fn names(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["name"].as_str().unwrap()).collect()
}

on_both_databases! {
    async fn a_conversation_is_found_by_its_name_and_by_its_messages(kind) {
        let provider = Provider::always(Script::answer("A loquat is a fruit.")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let asked = json_of(ada.post("/api/projects/", json!({"name": "asked"})).await, 201).await;
        let project = asked["id"].as_str().unwrap();
        let turn = ada.ask(project, "what is a LOQUAT?").await;
        ada.events(project, &answer_of(&turn), None).await.until("end").await;
        conversation(&server, &ada, "Loquats", &["nothing"]).await;
        conversation(&server, &ada, "else", &["nothing"]).await;
        let found = look(&ada, "loQuat").await;
        assert_eq!(names(&found), ["Loquats", "asked"], "the most recently used first");
        assert_eq!(found[0]["match"], json!({"message_id": null, "excerpt": "Loquats"}));
        let newest = json!({"message_id": answer_of(&turn), "excerpt": "A loquat is a fruit."});
        assert_eq!(found[1]["match"], newest, "the newest message");
        assert!(look(&ada, "persimmon").await.is_empty());
        assert!(ada.read("/api/projects/").await["items"].as_array().unwrap().iter().all(|item| item["match"].is_null()));
    }

    async fn case_does_not_count_in_any_script_and_nothing_is_a_wildcard(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let texts = ["Größe ПРИВЕТ Σίσυφος", "100% sure", "a_b", r"back\slash", "[x]*?^$. <b>", r"more than LIKE takes: 0% a_b \ [x]*?^$.", "今日は枇杷", "don't; -- \"quoted\"", "two\nlines", "\u{0}nul"];
        for text in texts {
            let text = text.replace('\0', "\u{fffd}");
            conversation(&server, &ada, "talk", &["before", &text, "after"]).await;
        }
        for (query, expected) in [
            ("GRÖSSE", 0), ("gröẞe", 1), ("GRÖ", 1), ("grö", 1), ("gro", 0), ("привет", 1), ("Привет", 1), ("ΣΊΣΥΦΟΣ", 1), ("σίσυφος", 1),
            ("%", 2), ("0% S", 1), ("_", 2), ("a_B", 2), ("a_c", 0), ("\\", 2), ("\\s", 1), ("[X]*", 2), ("[xy]", 0), ("?^$.", 2), ("<b>", 1), (".", 2), ("*?", 2),
            ("枇杷", 1), ("今日は", 1), ("枇", 1), ("杷枇", 0), ("'", 1), ("t; --", 1), ("\"QUOTED\"", 1), ("two\nLINES", 1), ("two lines", 0),
            ("\u{0}NUL", 1), ("') OR 1=1 --", 0), ("é%", 0), ("é_*?[]\\", 0), ("  before ", 10),
            (r"More Than like Takes: 0% A_B \ [X]*?^$.", 1), (r"more than like takes: 00 acb \ [x]*?^$.", 0),
        ] {
            let found = look(&ada, query).await;
            assert_eq!(found.len(), expected, "{query}: {found:?}");
        }
    }

    async fn nobody_elses_text_is_found(kind) {
        let server = Server::start(kind).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        conversation(&server, &ada, "secret plan", &["the treasure lies below the loquat"]).await;
        assert_eq!(look(&ada, "treasure").await.len(), 1);
        for query in ["treasure", "secret", "%", "e"] {
            assert!(look(&eve, query).await.is_empty());
        }
    }

    async fn what_is_found_is_listed_in_pages_like_the_list(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let mut expected = Vec::new();
        for n in 0..47 {
            let text = if n % 3 == 0 { "a loquat" } else { "an apple" };
            let (id, _) = conversation(&server, &ada, &format!("talk {n}"), &[text, "nothing"]).await;
            if n % 3 == 0 {
                expected.insert(0, id.to_string());
            }
        }
        for limit in [1, 5, 16, 200] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = ada.read(&format!("/api/projects/?query=LOQUAT&limit={limit}{cursor}")).await;
                let items = page["items"].as_array().unwrap();
                assert!(items.len() <= limit);
                seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(seen, expected, "{limit}");
        }
        json_of(ada.patch(&format!("/api/projects/{}", expected[3]), json!({"pinned": true})).await, 200).await;
        let pinned = ada.read("/api/projects/?query=loquat&pinned=true").await;
        assert_eq!((pinned["items"].as_array().unwrap().len(), pinned["items"][0]["id"].as_str()), (1, Some(expected[3].as_str())));
        assert_eq!(ada.read("/api/projects/?query=loquat&pinned=false").await["items"].as_array().unwrap().len(), 15);
    }

    async fn a_search_that_takes_too_long_gives_what_it_has_and_the_place_to_go_on_from(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let (oldest, _) = conversation(&server, &ada, "oldest", &["a loquat"]).await;
        for _ in 0..45 {
            ada.project().await;
        }
        let owner_id = ada.id().await;
        let mut below = None;
        let mut pages = Vec::new();
        loop {
            let wanted = Wanted { owner_id, needle: Needle::new("loquat"), pinned: None, below, limit: 10 };
            let (found, next) = server.app.chat.search.page(&server.app.db, &wanted, Duration::ZERO).await.unwrap();
            pages.push(found.into_iter().map(|found| found.project.id).collect::<Vec<_>>());
            match next {
                Some(next) => below = Some(next),
                None => break,
            }
        }
        assert_eq!(pages, [vec![], vec![], vec![oldest]]);
    }

    async fn a_long_conversation_is_looked_through_in_parts(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let (older, _) = conversation(&server, &ada, "older", &["a loquat"]).await;
        let long = "x ".repeat(500_000);
        let mut texts = vec![long.as_str(); 12];
        texts[1] = "a LOQUAT";
        let (project, ids) = conversation(&server, &ada, "long", &texts).await;
        let (mut below, mut parts, mut found) = (None, 0, Vec::new());
        loop {
            let wanted = Wanted { owner_id: ada.id().await, needle: Needle::new("loquat"), pinned: None, below, limit: 10 };
            let (more, next) = server.app.chat.search.page(&server.app.db, &wanted, Duration::ZERO).await.unwrap();
            found.extend(more.into_iter().map(|found| (found.project.id, found.message_id)));
            parts += 1;
            below = next;
            if below.is_none() { break }
        }
        assert_eq!(parts, 4, "three parts of the long one, and the other");
        assert_eq!((found[0], found[1].0, found.len()), ((project, Some(ids[1])), older, 2));
        // Clients may go on in the middle of one too.
        let cursor = format!("9999999999999.{}.{}", project.simple(), ids[5].simple());
        let page = ada.read(&format!("/api/projects/?query=loquat&cursor={cursor}")).await;
        assert_eq!(page["items"][0]["match"]["message_id"], json!(ids[1]));
    }

    async fn the_slow_searches_of_one_person_make_nobody_elses_fail(kind) {
        let server = Server::start(kind).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let long = "a".repeat(1_000_000);
        for _ in 0..8 {
            conversation(&server, &ada, "slow", &[long.as_str(); 4]).await;
        }
        conversation(&server, &eve, "quick", &["a loquat"]).await;
        let slow = format!("{}é", "a".repeat(199));
        let all = (0..8).map(|_| {
            let (ada, slow) = (ada.clone(), slow.clone());
            tokio::spawn(async move { ada.request(reqwest::Method::GET, "/api/projects/").query(&[("query", slow)]).send().await.unwrap().status() })
        });
        let all: Vec<_> = all.collect();
        for _ in 0..5 {
            assert_eq!(names(&look(&eve, "LOQUAT").await), ["quick"]);
        }
        for slow in all {
            let status = slow.await.unwrap();
            assert!([200, 429].contains(&status.as_u16()), "{status}");
        }
    }

    async fn an_excerpt_stands_around_the_match(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let long = format!("{}größe 😀{}", "wörd ".repeat(5000), " after".repeat(5000));
        let (_, ids) = conversation(&server, &ada, "long", &[&long, &"x".repeat(100_000)]).await;
        let found = look(&ada, "GRÖßE").await;
        let expected = format!("…{}größe 😀{}…", "wörd ".repeat(16), " after".repeat(13));
        assert_eq!(found[0]["match"], json!({"message_id": ids[0], "excerpt": expected}));
    }

    async fn a_query_that_cannot_be_is_told(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        for query in ["", "%20%20", &"x".repeat(201), "x&cursor=nonsense", "x&limit=0"] {
            let problem = problem_of(ada.get(&format!("/api/projects/?query={query}")).await, 422, "invalid").await;
            assert!(["query", "cursor", "limit"].contains(&problem["field"].as_str().unwrap()), "{problem}");
        }
        ada.read(&format!("/api/projects/?query={}", "%F0%9F%98%80".repeat(200))).await;
    }
}
