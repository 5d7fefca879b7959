//! What a server says when it has started.

use std::io::Write;
use std::net::SocketAddr;

use super::print;
use crate::app::App;
use crate::auth::invites;
use crate::error::Error;
use crate::llm::Asker;

/// Three lines: where it listens, where its data is, and which models it found.
pub(super) fn greet(app: &App, address: SocketAddr) {
    print(&format!(
        "Loquat {} listens on {}\nData: {}\n",
        env!("CARGO_PKG_VERSION"),
        own_address(app, address),
        app.db.describe()
    ));
    if let Some(warning) = app.db.warning() {
        tracing::warn!("{warning}");
    }
    let app = app.clone();
    // Looking for models can take a moment when a provider is slow, and nobody has to wait for it.
    tokio::spawn(async move {
        let names: Vec<String> = app
            .chat
            .catalog
            .models(Asker::Administrator)
            .await
            .iter()
            .map(|model| {
                if model.built_in {
                    format!("{} (built in)", model.id)
                } else {
                    format!("{} ({})", model.id, model.provider)
                }
            })
            .collect();
        let shown = names.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
        let more = if names.len() > 8 { format!(" and {} more", names.len() - 8) } else { String::new() };
        print(&format!("Models: {shown}{more}\n"));
        look_for_default(&app).await;
    });
}

/// Tells when the model that the settings have answer is not there: another one answers then, and nobody would know why.
async fn look_for_default(app: &App) {
    let catalog = &app.chat.catalog;
    let Some(model) = catalog.fixed_default() else { return };
    if catalog.resolve(Some(model), Asker::Administrator).await.is_err() {
        tracing::warn!(
            model,
            "the model that LOQUAT_DEFAULT_MODEL names is not there, so another answers: give one of those that are \
             listed, or look after its model server"
        );
    }
}

/// Tells how to become the first administrator, while there is none.
///
/// Not with the log, whose lines go to more places, and not among the lines for programs on standard output.
pub(super) async fn offer_setup(app: &App, address: SocketAddr) -> anyhow::Result<()> {
    if let Some(token) = invites::setup(&app.db).await.map_err(Error::for_operator)? {
        let link = format!("{}{}", own_address(app, address), invites::path(&token));
        let mut err = std::io::stderr().lock();
        let _ =
            writeln!(err, "There is no administrator yet. Whoever opens this within a day becomes one, once: {link}");
    }
    Ok(())
}

fn own_address(app: &App, address: SocketAddr) -> String {
    let scheme = if app.config.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{address}")
}
