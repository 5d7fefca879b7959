//! Providers that administrators add: offered from the moment they are set, beside those of the operator.

use std::time::Duration;

use super::provider::{Reply, ScriptedProvider, Then, limits};
use crate::clock;
use crate::config::AllowedHost;
use crate::llm::egress::Rules;
use crate::llm::openai::Clients;
use crate::llm::{Asker, Audience, Catalog, Policy, Stored};

fn catalog() -> Catalog {
    let rules = Rules::new(vec![AllowedHost::parse("127.0.0.1").unwrap()]);
    let clients = Clients::new(Duration::from_secs(10), rules);
    Catalog::assemble(vec![], None, limits(), Vec::new(), clients)
}

fn stored(name: &str, server: &ScriptedProvider, policy: Policy) -> Stored {
    Stored { id: clock::id(), provider: server.settings(name, true), locked: None, policy }
}

async fn ids(catalog: &Catalog, asker: Asker) -> Vec<String> {
    catalog.models(asker).await.into_iter().map(|model| model.id).collect()
}

async fn listing(names: &[&str]) -> ScriptedProvider {
    ScriptedProvider::start(vec![Reply::models(names)]).await
}

#[tokio::test]
async fn a_list_that_was_asked_for_before_does_not_bring_back_what_is_gone() {
    let slow = ScriptedProvider::start(vec![Reply { pieces: vec![], then: Then::Hold }]).await;
    let quick = listing(&["b"]).await;
    let catalog = catalog();
    catalog.set_stored(vec![stored("slow", &slow, Policy::default())]);
    let asked = tokio::spawn({
        let catalog = catalog.clone();
        async move { ids(&catalog, Asker::Member).await }
    });
    while slow.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    catalog.set_stored(vec![stored("quick", &quick, Policy::default())]);
    assert_eq!(ids(&catalog, Asker::Member).await, ["quick/b", "demo"]);
    // Whoever asked for the old list gets what is offered now.
    assert_eq!(asked.await.unwrap(), ["quick/b", "demo"]);
}

#[tokio::test]
async fn each_is_offered_what_is_for_them_and_has_a_default() {
    let server = listing(&["a", "b", "c"]).await;
    let models = [("a", Audience::Administrators), ("b", Audience::Nobody)];
    let policy = Policy {
        models: models.map(|(name, audience)| (name.to_owned(), audience)).into(),
        naming: Some("b".to_owned()),
        ..Policy::default()
    };
    let catalog = catalog();
    catalog.set_stored(vec![stored("x", &server, policy)]);
    assert_eq!(ids(&catalog, Asker::Member).await, ["x/c", "demo"]);
    assert_eq!(ids(&catalog, Asker::Administrator).await, ["x/a", "x/c", "demo"]);
    assert_eq!(catalog.resolve(None, Asker::Member).await.unwrap().id, "x/c");
    assert_eq!(catalog.resolve(None, Asker::Administrator).await.unwrap().id, "x/a");
    assert!(catalog.resolve(Some("a"), Asker::Member).await.is_err());
    assert!(catalog.resolve(Some("x/b"), Asker::Administrator).await.is_err());
    assert_eq!(catalog.naming_model().await.unwrap().id, "x/b");
}

#[tokio::test]
async fn one_that_does_not_list_takes_the_names_that_are_offered() {
    let server = ScriptedProvider::start(vec![Reply::whole(404, "", "")]).await;
    let policy = Policy {
        offered_to: Audience::Nobody,
        models: [("mine".to_owned(), Audience::Everyone)].into(),
        ..Policy::default()
    };
    let catalog = catalog();
    catalog.set_stored(vec![stored("x", &server, policy)]);
    assert_eq!(ids(&catalog, Asker::Member).await, ["x/mine", "demo"]);
    assert!(catalog.resolve(Some("x/other"), Asker::Administrator).await.is_err());
}
