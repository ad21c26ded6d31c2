//! The simulator's own HTTP/1.1: it reads requests with bounds, and writes heads byte by byte.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// One request, read whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// `POST`.
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// Names in lower case, values as sent, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the client wants to keep the connection.
    pub keeps: Keeps,
}

/// Whether a client keeps its connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keeps {
    /// It does.
    #[default]
    Yes,
    /// It said `connection: close`, or speaks HTTP/1.0.
    No,
}

impl Request {
    /// The first value of a header, its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }

    /// The path without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// Why no request could be read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The client closed the connection between two requests.
    #[error("the client closed the connection")]
    Closed,
    /// It is not HTTP/1.1, or larger than the simulator takes.
    #[error("{0}")]
    Bad(&'static str),
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Larger requests are refused.
const HEAD_BYTES_MAX: usize = 256 << 10;
const BODY_BYTES_MAX: usize = 64 << 20;

/// Bytes that were received and not yet used.
#[derive(Debug, Default)]
pub struct Inbox {
    bytes: Vec<u8>,
}

impl Inbox {
    /// Receives once more; the number of bytes, 0 at the end of the connection.
    pub async fn receive(&mut self, link: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
        // Pauses are watched for a client that leaves; what it sends meanwhile is not kept forever.
        if self.bytes.len() > HEAD_BYTES_MAX + BODY_BYTES_MAX {
            self.bytes.clear();
        }
        link.read_buf(&mut self.bytes).await
    }

    async fn more(&mut self, link: &mut (impl AsyncRead + Unpin)) -> Result<(), Unread> {
        match self.receive(link).await? {
            0 => Err(Unread::Bad("the connection ended inside a request")),
            _ => Ok(()),
        }
    }

    /// Takes the first `length` bytes, receiving until they are there.
    async fn take(
        &mut self,
        length: usize,
        link: &mut (impl AsyncRead + Unpin),
    ) -> Result<Vec<u8>, Unread> {
        while self.bytes.len() < length {
            self.more(link).await?;
        }
        let rest = self.bytes.split_off(length);
        Ok(std::mem::replace(&mut self.bytes, rest))
    }

    /// Takes up to and with the first `mark`.
    async fn take_until(
        &mut self,
        mark: &[u8],
        (most, link): (usize, &mut (impl AsyncRead + Unpin)),
    ) -> Result<Vec<u8>, Unread> {
        let mut searched = 0;
        loop {
            let fresh = self.bytes.get(searched..).unwrap_or_default();
            if let Some(at) = memchr::memmem::find(fresh, mark) {
                return self.take(searched + at + mark.len(), link).await;
            }
            if self.bytes.len() > most {
                return Err(Unread::Bad("a head is larger than the simulator takes"));
            }
            searched = self.bytes.len().saturating_sub(mark.len());
            self.more(link).await?;
        }
    }
}

/// Reads one head. A client that leaves between two requests is [`Unread::Closed`].
pub async fn read_head(
    inbox: &mut Inbox,
    link: &mut (impl AsyncRead + Unpin),
) -> Result<Request, Unread> {
    if inbox.bytes.is_empty() && inbox.receive(link).await? == 0 {
        return Err(Unread::Closed);
    }
    let head = inbox
        .take_until(b"\r\n\r\n", (HEAD_BYTES_MAX, link))
        .await?;
    parse_head(&String::from_utf8_lossy(&head))
}

fn parse_head(head: &str) -> Result<Request, Unread> {
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let [method, target, version] = first.split(' ').collect::<Vec<_>>()[..] else {
        return Err(Unread::Bad("the request line is not METHOD TARGET VERSION"));
    };
    let mut headers = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let Some((name, value)) = line.split_once(':') else {
            return Err(Unread::Bad("a header has no colon"));
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        ..Request::default()
    };
    let connection = request
        .header("connection")
        .unwrap_or_default()
        .to_ascii_lowercase();
    if version != "HTTP/1.1" || connection.contains("close") {
        request.keeps = Keeps::No;
    }
    Ok(request)
}

/// Reads the body that a head announces.
pub async fn read_body(
    request: &Request,
    inbox: &mut Inbox,
    link: &mut (impl AsyncRead + Unpin),
) -> Result<Vec<u8>, Unread> {
    if request
        .header("transfer-encoding")
        .is_some_and(|coding| coding.ends_with("chunked"))
    {
        return read_chunks(inbox, link).await;
    }
    let Some(length) = request.header("content-length") else {
        return Ok(Vec::new());
    };
    match length.parse::<usize>() {
        Ok(length) if length <= BODY_BYTES_MAX => inbox.take(length, link).await,
        Ok(_) => Err(Unread::Bad("the body is larger than the simulator takes")),
        Err(_) => Err(Unread::Bad("content-length is not a number")),
    }
}

async fn read_chunks(
    inbox: &mut Inbox,
    link: &mut (impl AsyncRead + Unpin),
) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    loop {
        let size = inbox.take_until(b"\r\n", (HEAD_BYTES_MAX, link)).await?;
        let size = String::from_utf8_lossy(&size);
        let size = size.split(';').next().unwrap_or_default().trim();
        let Ok(size) = usize::from_str_radix(size, 16) else {
            return Err(Unread::Bad("a chunk has no size"));
        };
        if size == 0 {
            // Trailers, up to an empty line.
            while inbox.take_until(b"\r\n", (HEAD_BYTES_MAX, link)).await? != b"\r\n" {}
            return Ok(body);
        }
        if size > BODY_BYTES_MAX || body.len() + size > BODY_BYTES_MAX {
            return Err(Unread::Bad("the body is larger than the simulator takes"));
        }
        body.append(&mut inbox.take(size, link).await?);
        inbox.take(2, link).await?;
    }
}

/// Writes a status line and headers.
pub fn head(status: u16, headers: &[(&str, String)]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {status} {}\r\n", reason(status));
    for (name, value) in headers {
        out.extend([name, ": ", value, "\r\n"]);
    }
    out += "\r\n";
    out.into_bytes()
}

/// One chunk of the chunked transfer coding.
pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut out = format!("{:x}\r\n", bytes.len()).into_bytes();
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
    out
}

/// The end of the chunked transfer coding.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

fn reason(status: u16) -> &'static str {
    http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Unknown")
}

#[cfg(test)]
mod tests {
    use super::{Inbox, Keeps, Unread, read_body, read_head};
    use proptest::prelude::{any, prop, proptest};

    async fn read(bytes: &[u8]) -> Result<super::Request, Unread> {
        let mut link = bytes;
        let mut inbox = Inbox::default();
        let mut request = read_head(&mut inbox, &mut link).await?;
        request.body = read_body(&request, &mut inbox, &mut link).await?;
        Ok(request)
    }

    fn now<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(work)
    }

    #[test]
    fn lengths_and_chunks_give_the_same_body() {
        let length = b"POST /v1/x?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
        let chunks = b"POST /v1/x?a=b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\
                       2\r\nhe\r\n3;ext=1\r\nllo\r\n0\r\nTrailer: x\r\n\r\n";
        for bytes in [&length[..], &chunks[..]] {
            let request = now(read(bytes)).unwrap();
            assert_eq!(request.body, b"hello");
            assert_eq!((request.path(), request.keeps), ("/v1/x", Keeps::Yes));
            assert_eq!(request.header("host"), Some("h"));
        }
        let old = now(read(b"GET / HTTP/1.0\r\n\r\n")).unwrap();
        assert_eq!(old.keeps, Keeps::No);
    }

    #[test]
    fn what_has_no_end_or_no_bound_is_refused() {
        assert!(matches!(now(read(b"")), Err(Unread::Closed)));
        let endless = [b"GET / HTTP/1.1\r\nx: ".to_vec(), vec![b'a'; 300 << 10]].concat();
        for bytes in [
            &endless[..],
            b"GET / HTTP/1.1\r\n",
            b"GET /\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhi",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ] {
            assert!(matches!(now(read(bytes)), Err(Unread::Bad(_))));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_request_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = now(read(&bytes));
            let _ = now(read(&[b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", &bytes[..]].concat()));
        }
    }
}
