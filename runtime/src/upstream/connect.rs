//! Dials a provider: its addresses in order, each with a fair share of the time.

use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::clock::{Clock, Instant};
use crate::fault::Kind;
use crate::upstream::socket::Wire;
use crate::upstream::{Tls, Upstream};

/// A connection in the making.
pub type Dialling = Pin<Box<dyn Future<Output = io::Result<Wire>> + Send>>;

/// The only way out of the gateway. Tests give pipes instead.
pub trait Dial: Debug + Send + Sync {
    /// Begins to connect to `address`.
    fn dial(&self, address: SocketAddr) -> Dialling;
}

/// Dials TCP.
#[derive(Debug)]
pub struct Tcp;

impl Dial for Tcp {
    fn dial(&self, address: SocketAddr) -> Dialling {
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            watch_peer(&stream)?;
            Ok(Wire::Tcp(stream))
        })
    }
}

/// Sends small writes at once, and notices a peer that is gone without a word.
pub(crate) fn watch_peer(stream: &TcpStream) -> io::Result<()> {
    const SILENCE: Duration = Duration::from_secs(30);
    const PROBES: Duration = Duration::from_secs(10);
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(SILENCE).with_interval(PROBES))?;
    socket.set_tcp_user_timeout(Some(SILENCE))
}

/// A ready connection to `upstream` before `deadline`, or why there is none.
pub(crate) async fn connect(
    upstream: &Upstream,
    dial: &dyn Dial,
    deadline: Instant,
) -> Result<Wire, Kind> {
    let addresses = upstream.addresses.load_full();
    let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    let mut last = Kind::Connect;
    for address in addresses.iter() {
        // A first address that swallows packets must not use up the time of the second.
        let now = Clock.now();
        let share = deadline.saturating_duration_since(now) / left.max(1);
        left = left.saturating_sub(1);
        let ready = async {
            let wire = dial.dial(*address).await.map_err(|_| Kind::Connect)?;
            match &upstream.tls {
                Some(tls) => secure(wire, tls).await,
                None => Ok(wire),
            }
        };
        match tokio::time::timeout_at(now + share, ready).await {
            Ok(Ok(wire)) => return Ok(wire),
            Ok(Err(kind)) => last = kind,
            Err(_) => last = Kind::ConnectTimeout,
        }
    }
    Err(last)
}

async fn secure(wire: Wire, tls: &Tls) -> Result<Wire, Kind> {
    let connector = TlsConnector::from(std::sync::Arc::clone(&tls.config));
    let stream = connector.connect(tls.server_name.clone(), wire).await;
    Ok(Wire::Other(Box::new(stream.map_err(|_| Kind::Tls)?)))
}
