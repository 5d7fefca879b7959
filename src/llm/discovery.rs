//! Finding model servers on this machine when no provider is configured.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use url::Url;

use super::listing::Source;
use super::openai::{Clients, Endpoint, ListedModel};
use crate::config::{Provider, ProviderLimits};

/// The ports that model servers listen on unless told otherwise.
pub(super) const PORTS: [u16; 4] = [11434, 8080, 1234, 8000];

/// The time for all of them together; a server on this machine answers in a few milliseconds.
const TIME: Duration = Duration::from_millis(300);

/// The model servers that answer on `ports` of this machine now, in that order.
pub(super) async fn find(ports: &[u16], limits: &ProviderLimits, clients: &Arc<Clients>) -> Vec<Source> {
    let found = join_all(ports.iter().map(|port| probe(*port, limits.clone(), clients.clone()))).await;
    found.into_iter().flatten().collect()
}

async fn probe(port: u16, limits: ProviderLimits, clients: Arc<Clients>) -> Option<Source> {
    let base_url = Url::parse(&format!("http://127.0.0.1:{port}/v1")).ok()?;
    let mut endpoint = Endpoint::new(Provider::new("", base_url), limits, clients);
    endpoint.discovered = true;
    let models = endpoint.list(TIME).await.ok().filter(|models| !models.is_empty())?;
    endpoint.name = server_name(port, &models);
    Some(Source { models: Some(models), ..Source::of(Arc::new(endpoint)) })
}

/// Tells the servers apart by whom they say their models belong to, else by the port.
fn server_name(port: u16, models: &[ListedModel]) -> String {
    let owner = models.first().map(|model| model.owner.as_str()).unwrap_or_default();
    match (owner, port) {
        ("llamacpp", _) => "llama.cpp".to_owned(),
        ("vllm", _) => "vLLM".to_owned(),
        ("organization_owner", _) | (_, 1234) => "LM Studio".to_owned(),
        ("library", _) | (_, 11434) => "Ollama".to_owned(),
        _ => format!("127.0.0.1:{port}"),
    }
}
