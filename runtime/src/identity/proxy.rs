//! The PROXY protocol: a balancer says, before the first byte of HTTP, for whom it has connected.

use std::io;
use std::net::{IpAddr, SocketAddr};

use ppp::{v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest line of version 1, its end included.
const LINE_BYTES_MAX: usize = 107;
/// How version 2 begins.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// The bytes of a version 2 head before its variable part.
const FIXED_BYTES: usize = 16;
/// The longest variable part that is read: addresses take 216 bytes, the rest are notes.
const REST_BYTES_MAX: usize = 4096;

/// Reads the head that a believed balancer sends, and no byte behind it. Who says nothing of an
/// address (a health check) has connected for itself.
pub async fn announced(
    io: &mut (impl AsyncRead + Unpin),
    hop: SocketAddr,
) -> io::Result<SocketAddr> {
    // No head of either version is shorter than the signature.
    let mut head = vec![0; SIGNATURE.len()];
    io.read_exact(&mut head).await?;
    if head == SIGNATURE {
        return second(io, head, hop).await;
    }
    if head.starts_with(b"PROXY ") {
        return first(io, head, hop).await;
    }
    Err(wrong("no PROXY protocol before the first request"))
}

async fn first(
    io: &mut (impl AsyncRead + Unpin),
    mut head: Vec<u8>,
    hop: SocketAddr,
) -> io::Result<SocketAddr> {
    // What follows the line is HTTP's, and a line says its length nowhere.
    while !head.ends_with(b"\r\n") {
        if head.len() >= LINE_BYTES_MAX {
            return Err(wrong("a PROXY line without an end"));
        }
        head.push(io.read_u8().await?);
    }
    let read = v1::Header::try_from(head.as_slice());
    match read
        .map_err(|_| wrong("a PROXY line that says nothing"))?
        .addresses
    {
        v1::Addresses::Tcp4(tcp) => Ok(of(tcp.source_address.into(), tcp.source_port)),
        v1::Addresses::Tcp6(tcp) => Ok(of(tcp.source_address.into(), tcp.source_port)),
        v1::Addresses::Unknown => Ok(hop),
    }
}

async fn second(
    io: &mut (impl AsyncRead + Unpin),
    mut head: Vec<u8>,
    hop: SocketAddr,
) -> io::Result<SocketAddr> {
    head.resize(FIXED_BYTES, 0);
    let (_, fixed) = head.split_at_mut(SIGNATURE.len());
    io.read_exact(fixed).await?;
    let length = match *fixed {
        [_, _, high, low] => usize::from(u16::from_be_bytes([high, low])),
        _ => 0,
    };
    if length > REST_BYTES_MAX {
        return Err(wrong("a PROXY head that is too long"));
    }
    head.resize(FIXED_BYTES + length, 0);
    let (_, rest) = head.split_at_mut(FIXED_BYTES);
    io.read_exact(rest).await?;
    let read = v2::Header::try_from(head.as_slice());
    let header = read.map_err(|_| wrong("a PROXY head that says nothing"))?;
    if header.command == v2::Command::Local {
        return Ok(hop);
    }
    match header.addresses {
        v2::Addresses::IPv4(it) => Ok(of(it.source_address.into(), it.source_port)),
        v2::Addresses::IPv6(it) => Ok(of(it.source_address.into(), it.source_port)),
        v2::Addresses::Unspecified => Ok(hop),
        v2::Addresses::Unix(_) => Err(wrong("a PROXY head of a socket without an address")),
    }
}

fn of(address: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(address, port)
}

fn wrong(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::announced;

    fn hop() -> SocketAddr {
        "10.0.0.2:9".parse().unwrap()
    }

    /// Who is announced, and what is left for HTTP.
    fn read(bytes: &[u8]) -> Result<(String, Vec<u8>), String> {
        let mut io = bytes;
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let found = runtime.unwrap().block_on(announced(&mut io, hop()));
        let found = found.map_err(|why| why.to_string())?;
        Ok((found.to_string(), io.to_vec()))
    }

    fn binary(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let mut bytes = b"\r\n\r\n\0\r\nQUIT\n".to_vec();
        bytes.extend([0x20 | command, family]);
        bytes.extend(u16::try_from(addresses.len()).unwrap().to_be_bytes());
        bytes.extend(addresses);
        bytes
    }

    #[test]
    fn both_versions_are_read_to_their_last_byte_and_no_further() {
        let line = b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\nGET /";
        assert_eq!(
            read(line).unwrap(),
            ("203.0.113.7:4711".into(), b"GET /".to_vec())
        );
        let line = b"PROXY TCP6 2001:db8::1 ::1 4711 443\r\nGET /";
        assert_eq!(read(line).unwrap().0, "[2001:db8::1]:4711");
        let mut bytes = binary(1, 0x11, &[203, 0, 113, 7, 10, 0, 0, 1, 0x12, 0x67, 1, 0xbb]);
        bytes.extend(b"GET /");
        assert_eq!(
            read(&bytes).unwrap(),
            ("203.0.113.7:4711".into(), b"GET /".to_vec())
        );
    }

    #[test]
    fn a_balancer_that_speaks_for_itself_is_the_caller() {
        assert_eq!(
            read(b"PROXY UNKNOWN\r\nGET /").unwrap().0,
            hop().to_string()
        );
        assert_eq!(read(&binary(0, 0, &[])).unwrap().0, hop().to_string());
        let local = binary(0, 0x11, &[203, 0, 113, 7, 10, 0, 0, 1, 0x12, 0x67, 1, 0xbb]);
        assert_eq!(read(&local).unwrap().0, hop().to_string());
    }

    #[test]
    fn anything_else_is_refused_and_nothing_is_read_without_end() {
        let endless = [b"PROXY ".to_vec(), vec![b'x'; 4096]].concat();
        let mut long = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff".to_vec();
        long.resize(70_000, 0);
        for bytes in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"PROXY TCP4 203.0.113.7\r\n",
            b"PROXY TCP4 203.0.113.777 10.0.0.1 1 2\r\n",
            b"\r\n\r\n\0\r\nQUIX\nxxxx",
            b"PROXY",
            &endless,
            &long,
            &binary(1, 0x31, &[0; 216]),
            &binary(1, 0x11, &[1, 2, 3]),
            &binary(7, 0x11, &[0; 12]),
        ] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }
}
