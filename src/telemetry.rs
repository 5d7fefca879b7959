//! Logs for operators, and error reports to Sentry that hold nothing of anybody's conversations.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sentry::integrations::tracing::ErrorLayer;
use sentry::protocol::Event;
use sentry::transports::ReqwestHttpTransportOptions;
use sentry::{ClientInitGuard, ClientOptions, Transport, TransportFactory, TransportOptions};
use tracing_subscriber::filter::{FilterExt, LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};
use uuid::Uuid;

use crate::config::{Config, LogFormat};
use crate::http;

tokio::task_local! {
    /// The id of the request that the current task answers.
    pub static REQUEST_ID: Uuid;
}

/// The id of the request being answered; a new one outside of requests.
pub fn request_id() -> Uuid {
    REQUEST_ID.try_with(|id| *id).unwrap_or_else(|_| crate::clock::id())
}

/// Keeps error reports flowing; dropping it sends what is left.
#[must_use]
pub struct Telemetry {
    _sentry: Option<ClientInitGuard>,
}

/// Starts logging to standard error, and error reports where a Sentry address is set.
pub fn start(config: &Config) -> Telemetry {
    let sentry = config.sentry_dsn.as_ref().and_then(start_sentry);
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = match config.log_format {
        LogFormat::Human => fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(std::io::stderr).boxed(),
    };
    // Only errors are reported, and no breadcrumbs: what went before an error can be somebody's words.
    let reports = sentry.as_ref().map(|_| ErrorLayer::new().with_filter(ours(LevelFilter::ERROR)));
    // A second server in one process, as in tests, keeps the first one's log.
    let _ = tracing_subscriber::registry()
        .with(reports)
        .with(lines.with_filter(filter.and(ours(LevelFilter::TRACE))))
        .try_init();
    Telemetry { _sentry: sentry }
}

/// Everything up to a level, but for what webauthn-rs calls an error: that is somebody's wrong answer, of which anybody can send
/// as many as they like. It is refused, and told at `debug` by us.
fn ours(level: LevelFilter) -> Targets {
    Targets::new().with_default(level).with_target("webauthn_rs", LevelFilter::OFF)
}

fn start_sentry(dsn: &SecretString) -> Option<ClientInitGuard> {
    let dsn = dsn.expose_secret();
    let client = http::client(reqwest::Client::builder).ok()?;
    let options = ClientOptions::new()
        .dsn(dsn)
        .release(concat!("loquat@", env!("CARGO_PKG_VERSION")))
        .send_default_pii(false)
        .max_breadcrumbs(0)
        .attach_stacktrace(true)
        .shutdown_timeout(Duration::from_secs(2))
        .before_send(|event| Some(scrub(event)))
        .transport(Reports(client));
    Some(sentry::init(options))
}

/// Sends reports with our own client: the one that the library makes for itself panics where no certificates are.
struct Reports(reqwest::Client);

impl TransportFactory for Reports {
    fn create_transport_with_options(&self, options: TransportOptions) -> Arc<dyn Transport> {
        Arc::new(ReqwestHttpTransportOptions::from(options).with_client(self.0.clone()).build())
    }
}

/// Removes everything that could hold a prompt, an answer, a cookie or a key.
///
/// What may stay is listed, not what must go: a field that a later version adds is not sent.
fn scrub(event: Event<'static>) -> Event<'static> {
    let mut clean = Event {
        event_id: event.event_id,
        level: event.level,
        timestamp: event.timestamp,
        platform: event.platform,
        release: event.release,
        environment: event.environment,
        logger: event.logger,
        message: event.message.map(|message| without_quotes(&message)),
        exception: event.exception,
        stacktrace: event.stacktrace,
        threads: event.threads,
        sdk: event.sdk,
        debug_meta: event.debug_meta,
        ..Event::default()
    };
    for exception in &mut clean.exception.values {
        exception.value = exception.value.take().map(|value| without_quotes(&value));
    }
    for (name, context) in event.contexts {
        let allowed = matches!(name.as_str(), "os" | "rust" | "device" | "trace");
        if allowed {
            clean.contexts.insert(name, context);
        }
    }
    clean
}

/// Cuts a message at its first quotation: a panic about a string quotes the string.
fn without_quotes(message: &str) -> String {
    match message.find(['`', '"']) {
        Some(quote) => format!("{}[…]", &message[..quote]),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentry::protocol::{Breadcrumb, Exception, Request, User};

    #[test]
    fn what_a_stranger_sends_wrong_is_no_error_of_ours() {
        let error = &tracing::Level::ERROR;
        assert!(ours(LevelFilter::ERROR).would_enable("loquat::api::failure", error));
        assert!(ours(LevelFilter::TRACE).would_enable("sqlx::query", &tracing::Level::DEBUG));
        for theirs in ["webauthn_rs", "webauthn_rs_core::core", "webauthn_rs::interface"] {
            assert!(!ours(LevelFilter::ERROR).would_enable(theirs, error), "{theirs}");
        }
    }

    #[test]
    fn an_error_report_holds_nothing_of_a_conversation() {
        let canary = "canary-7f3a";
        let mut event = Event {
            message: Some(format!("could not parse \"{canary}\"")),
            user: Some(User { email: Some(canary.to_owned()), ..User::default() }),
            request: Some(Request {
                data: Some(canary.to_owned()),
                cookies: Some(canary.to_owned()),
                ..Request::default()
            }),
            server_name: Some(canary.into()),
            exception: vec![Exception {
                ty: "panic".to_owned(),
                value: Some(format!("byte index 5 is not a char boundary; it is inside `{canary}`")),
                ..Exception::default()
            }]
            .into(),
            ..Event::default()
        };
        event.extra.insert("prompt".to_owned(), canary.into());
        event.tags.insert("key".to_owned(), canary.to_owned());
        event.breadcrumbs.values.push(Breadcrumb { message: Some(canary.to_owned()), ..Breadcrumb::default() });
        let sent = format!("{:?}", scrub(event));
        assert!(!sent.contains(canary), "{sent}");
        assert!(sent.contains("could not parse"), "{sent}");
    }
}
