//! Connections: hyper with limits on what a client may take.

use crate::metrics::Gauge;
use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Connections at once; more wait to be accepted.
const CONNECTIONS_MAX: usize = 4_096;
/// Time that a client has for the head of a request, and for silence between the pieces of its body, unless said otherwise.
pub const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Requests of one HTTP/2 connection at once.
const H2_STREAMS_MAX: u32 = 250;
/// Streams that an HTTP/2 client may open and reset at once; more are an attack.
const H2_RESETS_MAX: usize = 20;
/// Silence after which a connection's other end is asked whether it is still there, and the time between such questions.
const PROBE: Duration = Duration::from_secs(30);
/// Questions without answer after which a connection is over.
const PROBES: u32 = 4;
/// Bytes of a request's head.
const HEADER_BYTES_MAX: usize = 64 << 10;
/// Time that open requests have to end when the server does.
const GRACE: Duration = Duration::from_secs(10);

/// Serves until `stop` is ready, then lets open requests end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    open: Gauge,
    silence: Duration,
    stop: impl Future<Output = ()>,
    before_grace: impl Future<Output = ()>,
) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(silence).max_buf_size(HEADER_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEADER_BYTES_MAX as u32)
        .max_concurrent_streams(H2_STREAMS_MAX)
        .max_pending_accept_reset_streams(H2_RESETS_MAX)
        .keep_alive_interval(PROBE)
        .keep_alive_timeout(PROBE);
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        let Some((stream, permit)) = accepted else { continue };
        // Small chunks must leave at once.
        if let Err(e) = stream.set_nodelay(true).and_then(|()| probe(&stream)) {
            tracing::debug!(error = %e, "a connection broke off");
            continue;
        }
        let service = TowerToHyperService::new(router.clone());
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        let present = open.enter();
        tokio::spawn(async move {
            if let Err(e) = connection.await {
                tracing::debug!(error = %e, "a connection ended with an error");
            }
            drop((permit, present));
        });
    }
    drop(listener);
    // Streams end when their pipelines do.
    before_grace.await;
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests that did not end in time are cut off");
    }
}

/// Has the kernel find out when the other end of a silent connection is gone.
fn probe(stream: &tokio::net::TcpStream) -> std::io::Result<()> {
    use rustix::net::sockopt;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, PROBE)?;
    sockopt::set_tcp_keepintvl(stream, PROBE)?;
    sockopt::set_tcp_keepcnt(stream, PROBES)?;
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(e) => {
            // Out of file descriptors, mostly: wait for connections to end.
            tracing::warn!(error = %e, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}
