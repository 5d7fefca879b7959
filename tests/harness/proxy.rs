//! A wire to PostgreSQL that breaks at the worst moment: the commit has arrived, its answer has not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// `COMMIT` as a simple query of PostgreSQL's protocol.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
/// How the statement begins that stores a turn, and is a commit of its own.
const TURN: &[u8] = b"\0WITH \"found\"";

/// A relay to PostgreSQL.
pub struct Proxy {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    _stop: DropGuard,
}

#[derive(Default)]
struct Shared {
    armed: AtomicBool,
    lost: AtomicUsize,
}

impl Proxy {
    /// Relays to a port on this machine.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let stop = CancellationToken::new();
        tokio::spawn({
            let (shared, stop) = (Arc::clone(&shared), stop.clone());
            async move {
                while let Some(Ok((client, _))) = stop.run_until_cancelled(listener.accept()).await {
                    let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    let relay = relay(Arc::clone(&shared), client, server);
                    let stop = stop.clone();
                    tokio::spawn(async move { stop.run_until_cancelled(relay).await });
                }
            }
        });
        Self { address, shared, _stop: stop.drop_guard() }
    }

    /// Loses the answer to the next commit, and the connection with it.
    pub fn lose_the_next_commit(&self) {
        self.shared.armed.store(true, Ordering::SeqCst);
    }

    /// How many answers to commits were lost.
    pub fn lost(&self) -> usize {
        self.shared.lost.load(Ordering::SeqCst)
    }
}

async fn relay(shared: Arc<Shared>, mut client: TcpStream, mut server: TcpStream) -> Option<()> {
    let (mut from_client, mut from_server) = (Vec::with_capacity(65536), Vec::with_capacity(65536));
    // What runs the statement that was prepared to store turns.
    let mut run_turn: Option<Vec<u8>> = None;
    let has = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|bytes| bytes == what);
    loop {
        from_client.clear();
        from_server.clear();
        tokio::select! {
            read = client.read_buf(&mut from_client) => if read.ok()? == 0 { return None },
            read = server.read_buf(&mut from_server) => if read.ok()? == 0 { return None },
        }
        client.write_all(&from_server).await.ok()?;
        server.write_all(&from_client).await.ok()?;
        let stores = run_turn.as_ref().is_some_and(|turn| has(&from_client, turn).is_some());
        if let Some(end) = has(&from_client, TURN) {
            // It is prepared under a name of the library's, and run by it.
            let name = from_client[..end].windows(5).rposition(|bytes| bytes == b"sqlx_").unwrap();
            run_turn = Some([b"\0", &from_client[name..=end]].concat());
        }
        if (stores || has(&from_client, COMMIT).is_some()) && shared.armed.swap(false, Ordering::SeqCst) {
            // The server answers only when it has committed.
            server.read_buf(&mut from_server).await.ok()?;
            shared.lost.fetch_add(1, Ordering::SeqCst);
            return None;
        }
    }
}
