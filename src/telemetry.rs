//! Logs for operators, and error reports to Sentry that hold nothing of anybody's conversations.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
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
    let colours = config.log_format == LogFormat::Human && io::stderr().is_terminal();
    let lines = move || Lines { colours };
    let lines = match config.log_format {
        LogFormat::Human => fmt::layer().with_writer(lines).with_ansi(colours).with_target(false).boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(lines).boxed(),
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

/// Standard error, where every event is one line and nobody's words do anything to a terminal.
///
/// The formatters see to most of that, but let the message itself break the line, and some characters through that terminals
/// take for commands.
struct Lines {
    /// Whether the formatter colours its lines; it has made harmless what is not its own.
    colours: bool,
}

impl Write for Lines {
    /// Called once for each event, with all of it.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        io::stderr().lock().write_all(one_line(&text, self.colours).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The same with everything escaped, as JSON does it too, that ends a line or is a command, but for its own end.
fn one_line(event: &str, colours: bool) -> Cow<'_, str> {
    let odd = |c: char| (c.is_control() && !(colours && c == '\u{1b}')) || matches!(c, '\u{2028}' | '\u{2029}');
    let (line, end) = event.strip_suffix('\n').map_or((event, ""), |line| (line, "\n"));
    if !line.contains(odd) {
        return event.into();
    }
    let escaped = line.chars().map(|c| if odd(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() });
    (escaped.collect::<String>() + end).into()
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
    fn an_event_is_one_line_whatever_it_holds() {
        assert_eq!(one_line("plain é\n", false), "plain é\n");
        assert_eq!(
            one_line("a\nb\r\u{1b}[31m\u{9b}\u{2028}\u{7f}\n", false),
            "a\\u000ab\\u000d\\u001b[31m\\u009b\\u2028\\u007f\n"
        );
        assert_eq!(one_line("\u{1b}[32mINFO\u{1b}[0m a\nb\n", true), "\u{1b}[32mINFO\u{1b}[0m a\\u000ab\n");
        assert_eq!(one_line("no end", false), "no end");
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
