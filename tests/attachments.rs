//! Images with questions: taken in, told to the model, kept with their question, and gone with it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use loquat::chat::attachments;
use loquat::clock;
use loquat::config::{AttachmentLimits, StorageLimits};
use loquat::entity::attachment;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use reqwest::{Method, Response};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::socket::Socket;
use crate::harness::{Kind, Person, Provider, Script, Server, within};
use crate::page::boot;

/// The begin of a PNG of this size, and so much of what follows that the file has `length` bytes.
pub fn png(width: u32, height: u32, length: usize) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    file.extend(width.to_be_bytes());
    file.extend(height.to_be_bytes());
    file.extend(b"\x08\x02\0\0\0");
    file.resize(length.max(file.len()), 7);
    file
}

fn gif() -> Vec<u8> {
    b"GIF89a\x02\0\x03\0\0\0\0;".to_vec()
}

/// Uploads a file.
pub async fn upload(person: &Person, name: &str, file: Vec<u8>) -> Response {
    let request = person.request(Method::POST, "/api/attachments").query(&[("name", name)]);
    request.header(CONTENT_TYPE, "application/octet-stream").body(file).send().await.unwrap()
}

/// Uploads an image, and gives its id.
pub async fn uploaded(person: &Person, name: &str, file: Vec<u8>) -> String {
    json_of(upload(person, name, file).await, 201).await["id"].as_str().unwrap().to_owned()
}

async fn ask(person: &Person, project: &str, content: &str, images: &[&str]) -> Response {
    let question = json!({"content": content, "attachments": images});
    person.post(&format!("/api/projects/{project}/messages"), question).await
}

/// Asks, and waits for the end.
async fn ask_whole(person: &Person, project: &str, content: &str, images: &[&str]) -> Value {
    let turn = json_of(ask(person, project, content, images).await, 202).await;
    person.events(project, &answer_of(&turn), None).await.until("end").await;
    turn
}

fn names(message: &Value) -> Vec<&str> {
    message["attachments"].as_array().unwrap().iter().map(|image| image["name"].as_str().unwrap()).collect()
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

async fn stored(server: &Server) -> u64 {
    attachment::Entity::find().count(server.app.db.reader()).await.unwrap()
}

fn part(file: &[u8], media_type: &str) -> Value {
    let url = format!("data:{media_type};base64,{}", STANDARD.encode(file));
    json!({"type": "image_url", "image_url": {"url": url}})
}

/// A server with two models, of which one takes no images.
async fn with_a_blind_model(kind: Kind, provider: &Provider) -> Server {
    Server::with_provider_and(kind, provider, |config| {
        let provider = &mut config.providers[0];
        provider.models = vec!["seeing".to_owned(), "blind".to_owned()];
        provider.image_models = [("seeing".to_owned(), true), ("blind".to_owned(), false)].into();
    })
    .await
}

on_both_databases! {
    async fn an_image_is_what_its_bytes_say_and_comes_back_as_it_was(kind) {
        let server = Server::start(kind).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let file = png(640, 480, 5000);
        let request = ada.request(Method::POST, "/api/attachments/?name=C%3A%5Cphotos%5Ca%20%22b%22%0A%C3%BC.png");
        let image = json_of(request.header(CONTENT_TYPE, "image/gif").body(file.clone()).send().await.unwrap(), 201).await;
        assert_eq!(image["name"], "a \"b\"ü.png");
        let told = json!([image["media_type"], image["width"], image["height"], image["size_bytes"]]);
        assert_eq!(told, json!(["image/png", 640, 480, 5000]));
        let path = format!("/api/attachments/{}", id(&image));
        let back = ada.get(&path).await;
        assert_eq!((back.status().as_u16(), &back.headers()[CONTENT_TYPE]), (200, &"image/png".parse().unwrap()));
        assert_eq!(back.headers()[CONTENT_DISPOSITION], "inline; filename*=UTF-8''a%20%22b%22%C3%BC.png");
        assert_eq!(back.headers()["x-content-type-options"], "nosniff");
        assert_eq!(back.headers()["cache-control"], "private, no-cache");
        let tag = back.headers()[ETAG].to_str().unwrap().to_owned();
        assert_eq!(back.headers()["cross-origin-resource-policy"], "same-origin");
        assert_eq!(back.bytes().await.unwrap(), file);
        assert_eq!(id(&json_of(upload(&ada, "", gif()).await, 201).await).len(), 36);
        // Whoever has it is not sent it again, …
        let again = async |person: &Person, tag: &str| {
            person.request(Method::GET, &path).header(IF_NONE_MATCH, tag).send().await.unwrap()
        };
        for known in [tag.as_str(), "\"other\", *"] {
            let same = again(&ada, known).await;
            assert_eq!((same.status().as_u16(), same.headers()[ETAG].to_str().unwrap()), (304, tag.as_str()));
            assert_eq!(same.headers()["cache-control"], "private, no-cache");
            assert_eq!(same.bytes().await.unwrap(), "");
        }
        assert_eq!(again(&ada, "\"other\"").await.status(), 200);
        // … and nobody else has it, whatever they say.
        problem_of(again(&eve, &tag).await, 404, "not_found").await;
        problem_of(again(&Person::nobody(&server), &tag).await, 401, "not_signed_in").await;
        problem_of(eve.get(&path).await, 404, "not_found").await;
        problem_of(eve.delete(&path).await, 404, "not_found").await;
        assert_eq!(ada.delete(&path).await.status(), 204);
        problem_of(ada.get(&path).await, 404, "not_found").await;
        problem_of(ada.delete(&path).await, 404, "not_found").await;
        assert_eq!(stored(&server).await, 1);
    }

    async fn what_is_no_image_is_refused_and_nothing_is_kept(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let huge = png(20_000, 2, 100);
        let files: [&[u8]; 10] = [
            b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<!doctype html><script>alert(1)</script>",
            b"%PDF-1.7", b"BM\x1e\0\0\0\0\0", b"\x89PNG\r\n\x1a\n", b"GIF89a", &huge, &png(0, 7, 100),
        ];
        for file in files {
            let problem = problem_of(upload(&ada, "a.png", file.to_vec()).await, 422, "invalid").await;
            assert_eq!(problem["field"], "body", "{}", String::from_utf8_lossy(file));
        }
        for content_type in ["text/html", "application/json", "image/svg+xml", "multipart/form-data; boundary=x"] {
            let request = ada.request(Method::POST, "/api/attachments/").header(CONTENT_TYPE, content_type).body(gif());
            problem_of(request.send().await.unwrap(), 415, "unsupported_media_type").await;
        }
        assert_eq!(stored(&server).await, 0);
    }

    async fn images_may_be_larger_than_other_bodies_for_whoever_is_known(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let most = 2 * 1024 * 1024;
        uploaded(&ada, "large.png", png(10, 10, most)).await;
        problem_of(upload(&ada, "larger.png", png(10, 10, most + 1)).await, 413, "too_large").await;
        let program = ada.program(&ada.new_key("chat").await.1);
        uploaded(&program, "large.png", png(10, 10, most)).await;
        problem_of(upload(&ada.program(&ada.new_key("read").await.1), "x.png", gif()).await, 403, "scope_insufficient").await;
        // Of others nothing is kept, however much they send.
        let nobody = Person::nobody(&server);
        problem_of(upload(&nobody, "x.png", gif()).await, 401, "not_signed_in").await;
        problem_of(upload(&nobody, "x.png", png(10, 10, most)).await, 401, "not_signed_in").await;
        let elsewhere = ada.request(Method::POST, "/api/projects/").header(CONTENT_TYPE, "application/json");
        problem_of(elsewhere.body(" ".repeat(most)).send().await.unwrap(), 413, "too_large").await;
        assert_eq!(stored(&server).await, 2);
    }

    async fn a_wrong_key_that_uploads_is_told_so_and_counts_once(kind) {
        let server = Server::with(kind, |config| config.limits.accounts.wrong_keys_per_minute = Some(3)).await;
        let wrong = Person::nobody(&server).program("lq_0123");
        for length in [100, 2 * 1024 * 1024, 3 * 1024 * 1024] {
            problem_of(upload(&wrong, "x.png", png(10, 10, length)).await, 401, "key_invalid").await;
        }
        problem_of(upload(&wrong, "x.png", png(10, 10, 2 * 1024 * 1024)).await, 429, "too_many_wrong_keys").await;
    }

    async fn whoever_signs_out_while_an_image_arrives_has_uploaded_none(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let mut slow = TcpStream::connect(server.address).await.unwrap();
        let head = format!(
            "POST /api/attachments HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\ncontent-type: image/gif\r\ncontent-length: {}\r\n\
             connection: close\r\nexpect: 100-continue\r\n\r\n",
            server.address, ada.cookie.as_ref().unwrap(), gif().len(),
        );
        slow.write_all(head.as_bytes()).await.unwrap();
        // They are known by now: the body is asked for.
        let mut told = vec![0; "HTTP/1.1 100".len()];
        within(15, "an invitation to send", slow.read_exact(&mut told)).await.unwrap();
        assert_eq!(told, b"HTTP/1.1 100");
        assert_eq!(ada.post("/api/logout/", json!({})).await.status(), 204);
        slow.write_all(&gif()).await.unwrap();
        let mut answer = Vec::new();
        within(15, "an answer", slow.read_to_end(&mut answer)).await.unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.contains("HTTP/1.1 401") && answer.contains("not_signed_in"), "{answer}");
        assert_eq!(stored(&server).await, 0);
    }

    async fn everybody_may_know_what_may_come_with_a_question(kind) {
        let told = |settings: &Value| (settings["max_attachments_per_message"].clone(), settings["max_attachment_bytes"].clone());
        for (limits, expected) in [
            (AttachmentLimits { bytes: Some(5000), per_message: Some(2) }, (json!(2), json!(5000))),
            (AttachmentLimits { bytes: None, per_message: None }, (Value::Null, Value::Null)),
        ] {
            let server = Server::with(kind, |config| config.limits.attachments = limits).await;
            let nobody = Person::nobody(&server);
            let settings = nobody.read("/api/settings").await;
            assert!(settings.as_object().unwrap().contains_key("max_attachment_bytes"));
            let page = nobody.get("/").await.text().await.unwrap();
            assert_eq!((told(&settings), told(&boot(&page))), (expected.clone(), expected));
        }
    }

    async fn a_model_is_shown_the_images_of_its_questions(kind) {
        let provider = Provider::always(Script::answer("I see.")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let (first, second) = (png(4, 4, 300), gif());
        let images = [uploaded(&ada, "one.png", first.clone()).await, uploaded(&ada, "two.gif", second.clone()).await];
        let turn = ask_whole(&ada, &project, "what is it?", &[&images[1], &images[0]]).await;
        assert_eq!(names(&turn["user_message"]), ["two.gif", "one.png"]);
        assert_eq!(turn["assistant_message"]["attachments"], json!([]));
        let question = json!({"role": "user", "content": [
            {"type": "text", "text": "what is it?"}, part(&second, "image/gif"), part(&first, "image/png"),
        ]});
        assert_eq!(provider.calls()[0]["messages"], json!([question]));
        // Also when the conversation goes on, and when the answer is made again.
        ask_whole(&ada, &project, "and now?", &[]).await;
        let expected = json!([question, {"role": "assistant", "content": "I see."}, {"role": "user", "content": "and now?"}]);
        assert_eq!(provider.calls()[1]["messages"], expected);
        let again = format!("/api/projects/{project}/messages/{}/regenerate", answer_of(&turn));
        let again = json_of(ada.post(&again, json!({})).await, 202).await;
        ada.events(&project, &answer_of(&again), None).await.until("end").await;
        assert_eq!(provider.calls()[2]["messages"], json!([question]));
        let shown = ada.messages(&project).await;
        assert_eq!(names(&shown[0]), ["two.gif", "one.png"]);
        // What was sent stays with its question.
        problem_of(ada.delete(&format!("/api/attachments/{}", images[0])).await, 409, "attachment_sent").await;
        assert_eq!(ada.get(&format!("/api/attachments/{}", images[0])).await.bytes().await.unwrap(), first);
    }

    async fn an_edited_question_has_images_of_its_own(kind) {
        let provider = Provider::always(Script::answer("ok")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let image = uploaded(&ada, "one.png", png(4, 4, 300)).await;
        let turn = ask_whole(&ada, &project, "one", &[&image]).await;
        let question = format!("/api/projects/{project}/messages/{}", id(&turn["user_message"]));
        let edit = async |change: Value| {
            let turn = json_of(ada.patch(&question, change).await, 202).await;
            ada.events(&project, &answer_of(&turn), None).await.until("end").await;
            turn["user_message"].clone()
        };
        let same = edit(json!({"content": "same"})).await;
        assert_eq!(names(&same), ["one.png"]);
        assert_ne!(id(&same["attachments"][0]), image);
        let added = uploaded(&ada, "two.gif", gif()).await;
        let more = edit(json!({"content": "more", "attachments": [image, added]})).await;
        assert_eq!(names(&more), ["one.png", "two.gif"]);
        let none = edit(json!({"content": "none", "attachments": []})).await;
        assert_eq!(none["attachments"], json!([]));
        let sent: Vec<usize> = provider.calls().iter().map(|call| call["messages"][0]["content"].as_array().map_or(0, Vec::len)).collect();
        assert_eq!(sent, [2, 2, 3, 0]);
        // Each copy goes with its own question.
        assert_eq!(stored(&server).await, 4);
        assert_eq!(ada.delete(&question).await.status(), 204);
        assert_eq!(stored(&server).await, 3);
        let copy = format!("/api/attachments/{}", id(&same["attachments"][0]));
        assert_eq!(ada.get(&copy).await.bytes().await.unwrap(), png(4, 4, 300));
        assert_eq!(ada.delete(&format!("/api/projects/{project}")).await.status(), 204);
        assert_eq!(stored(&server).await, 0);
        uploaded(&ada, "unsent.png", gif()).await;
        assert_eq!(ada.delete_account().await.status(), 204);
        assert_eq!(stored(&server).await, 0);
    }

    async fn what_cannot_come_with_a_question_is_refused_and_no_model_is_asked(kind) {
        let provider = Provider::always(Script::answer("ok")).await;
        let server = Server::with_provider(kind, &provider).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let project = ada.project().await;
        let own = uploaded(&ada, "own.png", gif()).await;
        let others = uploaded(&eve, "eves.png", gif()).await;
        let absent = clock::id().to_string();
        let mut many = Vec::new();
        for _ in 0..4 {
            many.push(uploaded(&ada, "more.png", gif()).await);
        }
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for images in [&[own.as_str(), &others][..], &[&absent], &[&own, &own], &many] {
            let problem = problem_of(ask(&ada, &project, "see?", images).await, 422, "invalid").await;
            assert_eq!(problem["field"], "attachments");
        }
        let wrong = json!({"content": "see?", "attachments": ["no-id"]});
        let wrong = ada.post(&format!("/api/projects/{project}/messages"), wrong).await;
        assert_eq!(problem_of(wrong, 422, "invalid").await["field"], "attachments[0]");
        assert_eq!((ada.messages(&project).await.len(), provider.calls().len()), (0, 0));
        // It is still there to be sent.
        ask_whole(&ada, &project, "see?", &[&own]).await;
        assert_eq!(provider.calls().len(), 1);
        assert_eq!(eve.get(&format!("/api/attachments/{others}")).await.status(), 200);
    }

    async fn a_model_that_takes_none_is_given_their_names(kind) {
        let provider = Provider::always(Script::answer("ok")).await;
        let server = with_a_blind_model(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let image = uploaded(&ada, "one.png", gif()).await;
        let asked = |model: &str, images: Value| json!({"content": "see?", "model": format!("scripted/{model}"), "attachments": images});
        let messages = format!("/api/projects/{project}/messages");
        let problem = problem_of(ada.post(&messages, asked("blind", json!([image]))).await, 422, "invalid").await;
        assert_eq!(problem["field"], "attachments");
        assert!(problem["detail"].as_str().unwrap().contains("blind"), "{problem}");
        for (model, images) in [("seeing", json!([image])), ("blind", json!([])), ("seeing", json!([]))] {
            let turn = json_of(ada.post(&messages, asked(model, images)).await, 202).await;
            ada.events(&project, &answer_of(&turn), None).await.until("end").await;
        }
        let first = |call: usize| provider.calls()[call]["messages"][0]["content"].clone();
        assert_eq!(first(1), "see?\n\n[Image that is not shown here: one.png]");
        assert_eq!((first(0)[1].clone(), first(2)[1].clone()), (part(&gif(), "image/gif"), part(&gif(), "image/gif")));
    }

    async fn a_question_may_consist_of_images_alone(kind) {
        let provider = Provider::always(Script::answer("ok")).await;
        let server = with_a_blind_model(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let messages = format!("/api/projects/{project}/messages");
        let image = uploaded(&ada, "my garden.png", gif()).await;
        let asked = |content: &str, model: &str| json!({"content": content, "attachments": [image], "model": format!("scripted/{model}")});
        let problem = problem_of(ada.post(&messages, asked("", "blind")).await, 422, "invalid").await;
        assert_eq!(problem["field"], "attachments");
        let turn = json_of(ada.post(&messages, asked(" \n", "seeing")).await, 202).await;
        ada.events(&project, &answer_of(&turn), None).await.until("end").await;
        assert_eq!((&turn["user_message"]["content"], names(&turn["user_message"])), (&json!(""), vec!["my garden.png"]));
        let image_alone = json!([{"role": "user", "content": [part(&gif(), "image/gif")]}]);
        assert_eq!(provider.calls()[0]["messages"], image_alone);
        assert_eq!(ada.read(&format!("/api/projects/{project}")).await["name"], "my garden.png");
        // The same images in no other words, and over the socket.
        let question = format!("{messages}/{}", id(&turn["user_message"]));
        let edited = json_of(ada.patch(&question, json!({"content": ""})).await, 202).await;
        ada.events(&project, &answer_of(&edited), None).await.until("end").await;
        assert_eq!(provider.calls()[1]["messages"], image_alone);
        let mut socket = Socket::of(&server, &ada).await;
        let accepted = socket.ask(json!({"type": "send", "project_id": ada.project().await, "content": "", "attachments": [image]})).await;
        socket.answer(id(&accepted["assistant_message"])).await;
        assert_eq!(provider.calls()[2]["messages"], image_alone);
        // Whoever sees none is told its name, and a name is thought of by it.
        let on = json_of(ada.post(&messages, json!({"content": "and?", "model": "scripted/blind"})).await, 202).await;
        ada.events(&project, &answer_of(&on), None).await.until("end").await;
        assert_eq!(provider.calls()[3]["messages"][0]["content"], "[Image that is not shown here: my garden.png]");
        json_of(ada.post(&format!("/api/projects/{project}/generate_name"), json!({})).await, 200).await;
        assert!(provider.calls()[4]["messages"][0]["content"].as_str().unwrap().contains("my garden.png"));
        let file = ada.read("/api/users/me/export").await.to_string();
        assert!(file.contains("\"content\":\"\""), "{file:.300}");
    }

    async fn a_question_of_neither_words_nor_images_is_refused(kind) {
        let provider = Provider::always(Script::answer("ok")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let messages = format!("/api/projects/{project}/messages");
        let turn = ask_whole(&ada, &project, "one", &[]).await;
        let question = format!("{messages}/{}", id(&turn["user_message"]));
        let mut refused = vec![ada.stream(&project, " ").send().await.unwrap()];
        for nothing in [json!({"content": ""}), json!({"content": " \n", "attachments": []})] {
            refused.push(ada.post(&messages, nothing.clone()).await);
            // There are none that it could keep.
            refused.push(ada.patch(&question, nothing).await);
        }
        for refused in refused {
            assert_eq!(problem_of(refused, 422, "invalid").await["field"], "content");
        }
        let mut socket = Socket::of(&server, &ada).await;
        let refused = socket.ask(json!({"type": "send", "project_id": project, "content": ""})).await;
        assert_eq!(refused["problem"]["field"], "content");
        let seen = uploaded(&ada, "one.png", gif()).await;
        let with = ask_whole(&ada, &project, "two", &[&seen]).await;
        let edit = json!({"content": "", "attachments": []});
        let refused = ada.patch(&format!("{messages}/{}", id(&with["user_message"])), edit).await;
        assert_eq!(problem_of(refused, 422, "invalid").await["field"], "content");
        assert_eq!(provider.calls().len(), 2);
    }

    async fn the_same_request_again_is_the_same_turn_with_its_images(kind) {
        let provider = Provider::always(Script::answer("ok")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let image = uploaded(&ada, "one.png", gif()).await;
        let question = json!({"content": "see?", "attachments": [image], "client_request_id": "once"});
        let path = format!("/api/projects/{project}/messages");
        let all = futures_util::future::join_all((0..5).map(|_| ada.post(&path, question.clone()))).await;
        for response in all {
            let turn = json_of(response, 202).await;
            assert_eq!(turn["user_message"]["attachments"][0]["id"], image.as_str());
        }
        assert_eq!((provider.calls().len(), stored(&server).await), (1, 1));
    }

    async fn they_go_over_the_socket_as_well(kind) {
        let provider = Provider::always(Script::answer("ok")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let image = uploaded(&ada, "one.png", gif()).await;
        let mut socket = Socket::of(&server, &ada).await;
        let send = json!({"type": "send", "project_id": project, "content": "see?", "attachments": [image]});
        let accepted = socket.ask(send).await;
        assert_eq!(names(&accepted["user_message"]), ["one.png"]);
        socket.answer(id(&accepted["assistant_message"])).await;
        let question = id(&accepted["user_message"]);
        let edit = json!({"type": "edit", "project_id": project, "message_id": question, "content": "again?"});
        let edited = socket.ask(edit).await;
        assert_eq!(names(&edited["user_message"]), ["one.png"]);
        socket.answer(id(&edited["assistant_message"])).await;
        let shown = |call: usize| provider.calls()[call]["messages"][0]["content"][1].clone();
        assert_eq!((shown(0), shown(1)), (part(&gif(), "image/gif"), part(&gif(), "image/gif")));
    }

    async fn they_count_as_stored(kind) {
        let provider = Provider::always(Script::answer("ok")).await;
        let server = Server::with_provider_and(kind, &provider, |config| {
            config.limits.storage = StorageLimits { per_person: Some(5000), ..StorageLimits::default() };
        })
        .await;
        let ada = server.person("ada").await;
        let project = json_of(ada.post("/api/projects/", json!({"name": "fruit"})).await, 201).await;
        let project = id(&project);
        let used = async || ada.read("/api/users/me/storage").await["used_bytes"].as_u64().unwrap();
        let empty = used().await;
        let image = uploaded(&ada, "one.png", png(4, 4, 2000)).await;
        assert_eq!(used().await, empty + 2000);
        let turn = ask_whole(&ada, project, "?", &[&image]).await;
        assert_eq!(used().await, empty + 2000 + 3);
        problem_of(upload(&ada, "two.png", png(4, 4, 3500)).await, 409, "storage_full").await;
        let unsent = uploaded(&ada, "two.png", png(4, 4, 2000)).await;
        // There is no room for a copy.
        let edit = format!("/api/projects/{project}/messages/{}", id(&turn["user_message"]));
        problem_of(ada.patch(&edit, json!({"content": "!"})).await, 409, "storage_full").await;
        assert_eq!(ada.delete(&format!("/api/attachments/{unsent}")).await.status(), 204);
        let edited = json_of(ada.patch(&edit, json!({"content": "!"})).await, 202).await;
        ada.events(project, &answer_of(&edited), None).await.until("end").await;
        assert_eq!(used().await, empty + 4000 + 3 + 3);
        let counted = loquat::entity::stored::by(server.app.db.reader(), ada.id().await).await.unwrap().bytes as u64;
        assert_eq!((counted, stored(&server).await), (empty + 4000 + 3 + 3, 2));
    }

    async fn what_is_not_sent_goes_after_a_while(kind) {
        let provider = Provider::always(Script::answer("ok")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let sent = uploaded(&ada, "sent.png", gif()).await;
        ask_whole(&ada, &project, "?", &[&sent]).await;
        uploaded(&ada, "unsent.png", gif()).await;
        let (db, storage) = (&server.app.db, &server.app.chat.storage);
        let delete = async |minutes| {
            let moment = clock::now() + chrono::Duration::minutes(minutes);
            attachments::delete_unsent_before(db, storage, moment).await.unwrap()
        };
        assert_eq!((delete(-1).await, delete(1).await), (0, 1));
        assert_eq!(ada.get(&format!("/api/attachments/{sent}")).await.status(), 200);
        // However many there are, and the room that they took is there at once.
        let used = async || ada.read("/api/users/me/storage").await["used_bytes"].as_u64().unwrap();
        let unsent = uploaded(&ada, "unsent.png", gif()).await;
        let unsent = attachment::Entity::find_by_id(unsent.parse::<uuid::Uuid>().unwrap()).one(db.reader()).await.unwrap().unwrap();
        let more = (0..450).map(|_| attachment::Model { id: clock::id(), ..unsent.clone() }.into_active_model().reset_all());
        let transaction = db.write().await.unwrap();
        attachment::Entity::insert_many(more).exec_without_returning(&transaction).await.unwrap();
        db.commit(transaction).await.unwrap();
        let before = used().await;
        assert_eq!((delete(1).await, stored(&server).await), (451, 1));
        assert_eq!(used().await, before - 451 * gif().len() as u64);
    }

    async fn only_so_many_images_wait_for_their_questions(kind) {
        let provider = Provider::always(Script::answer("ok")).await;
        let server = Server::with_provider(kind, &provider).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let mut images = Vec::new();
        for _ in 0..64 {
            images.push(uploaded(&ada, "one.png", gif()).await);
        }
        problem_of(upload(&ada, "more.png", gif()).await, 409, "too_many_unsent_attachments").await;
        uploaded(&eve, "mine.png", gif()).await;
        let project = ada.project().await;
        ask_whole(&ada, &project, "?", &[&images[0]]).await;
        uploaded(&ada, "more.png", gif()).await;
        problem_of(upload(&ada, "more.png", gif()).await, 409, "too_many_unsent_attachments").await;
        assert_eq!(ada.delete(&format!("/api/attachments/{}", images[1])).await.status(), 204);
        uploaded(&ada, "more.png", gif()).await;
    }

    async fn an_export_has_them_whole(kind) {
        let provider = Provider::always(Script::answer("ok")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let files = [png(4, 4, 100_000), gif()];
        let images = [uploaded(&ada, "one.png", files[0].clone()).await, uploaded(&ada, "two.gif", files[1].clone()).await];
        ask_whole(&ada, &project, "?", &[&images[0], &images[1]]).await;
        ask_whole(&ada, &project, "and?", &[]).await;
        let file = ada.read("/api/users/me/export").await;
        let messages = file["projects"][0]["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 4);
        let shown = ada.messages(&project).await;
        for (exported, shown) in messages.iter().zip(&shown) {
            let exported = exported["attachments"].as_array().unwrap();
            for (at, image) in exported.iter().enumerate() {
                let mut about = image.clone();
                let data = about.as_object_mut().unwrap().remove("data").unwrap();
                assert_eq!(STANDARD.decode(data.as_str().unwrap()).unwrap(), files[at]);
                assert_eq!(about, shown["attachments"][at]);
            }
            assert_eq!(exported.len(), names(shown).len());
        }
        assert_eq!(names(&shown[0]).len(), 2);
    }

    async fn the_demo_tells_what_came_with_the_question(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let image = uploaded(&ada, "my `photo`.png", png(640, 480, 5000)).await;
        let turn = json_of(ask(&ada, &project, "see?", &[&image]).await, 202).await;
        let answer = answer_of(&turn);
        let mut events = ada.events(&project, &answer, None).await;
        let mut text = String::new();
        while !text.contains("KiB\n") {
            let event = events.next().await.unwrap();
            text.push_str(event.data["delta"].as_str().unwrap_or_default());
        }
        assert!(text.contains("- `my 'photo'.png`: PNG, 640 × 480 pixels, 5 KiB\n"), "{text}");
    }
}
