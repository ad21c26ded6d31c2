//! The window's listener. It runs on the background thread, never on a worker.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::{Admin, Answer, Question};
use crate::clock::Clock;

/// Connections at once; more wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 64;
/// From a connection's first byte to the end of a head.
const HEAD_WAIT: Duration = Duration::from_secs(5);
/// One connection lives this long at most, so that idle ones cannot take every place for good.
const CONNECTION_WAIT: Duration = Duration::from_mins(2);

/// Serves until the future is dropped.
pub async fn serve(admin: Admin, listener: TcpListener) {
    let admin = Arc::new(admin);
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let admin = Arc::clone(&admin);
                tokio::spawn(async move {
                    // A connection that ends badly concerns only who made it.
                    let _ended = timeout(CONNECTION_WAIT, connection(&admin, stream)).await;
                    drop(place);
                });
            }
            // Out of descriptors, most likely: something must end before more can come.
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn connection(admin: &Admin, stream: TcpStream) -> hyper::Result<()> {
    let Ok(local) = stream.local_addr() else {
        return Ok(());
    };
    let answer = |request| async move { Ok::<_, Infallible>(respond(admin, &request, local)) };
    Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .await
}

fn respond(admin: &Admin, request: &Request<Incoming>, local: SocketAddr) -> Response<Full<Bytes>> {
    // A host that is not text is no name we know.
    let host = request
        .headers()
        .get(HOST)
        .map(|host| host.to_str().unwrap_or(""));
    let Answer {
        status,
        content_type,
        body,
    } = admin.answer(&Question {
        method: request.method(),
        path: request.uri().path(),
        host,
        local: local.ip(),
        now_ms: Clock.wall_ms(),
    });
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
