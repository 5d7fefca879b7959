//! The floor: a process that copies bytes between two sockets and looks at none of them.

use std::net::SocketAddr;

use anyhow::Context;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;

use crate::{http, process};

/// Runs until standard input closes.
pub(crate) async fn run(upstream: Option<String>) -> anyhow::Result<()> {
    let upstream: SocketAddr = upstream.context("the splice relay needs the address to relay to")?.parse()?;
    let listener = http::listen()?;
    process::announce(listener.local_addr()?)?;
    loop {
        let Ok((mut client, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            continue;
        };
        tokio::spawn(async move {
            let mut server = TcpStream::connect(upstream).await?;
            client.set_nodelay(true)?;
            server.set_nodelay(true)?;
            copy_bidirectional(&mut client, &mut server).await
        });
    }
}
