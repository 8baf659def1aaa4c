//! Bounds on open connections, strangers' included.

use axum::{Extension, Router};
use axum_server::accept::Accept;
use std::collections::HashMap;
use std::future::{ready, Ready};
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;

/// Closes connections beyond the bounds as soon as they are made, before a TLS handshake.
#[derive(Debug, Clone)]
pub(super) struct Connections(Arc<Open>);

#[derive(Debug)]
struct Open {
    most: usize,
    most_of_one: usize,
    by_host: Mutex<HashMap<IpAddr, usize>>,
}

impl Connections {
    /// At most `most` at one time, and `most_of_one` of one host.
    pub(super) fn new(most: usize, most_of_one: usize) -> Self {
        Self(Arc::new(Open {
            most,
            most_of_one,
            by_host: Mutex::default(),
        }))
    }

    fn admit(&self, address: IpAddr) -> io::Result<Admitted> {
        let host = host(address);
        let mut by_host = self.0.by_host.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = by_host.values().sum();
        let own = by_host.get(&host).copied().unwrap_or(0);
        if all >= self.0.most || own >= self.0.most_of_one {
            return Err(io::Error::other("too many connections"));
        }
        by_host.insert(host, own + 1);
        Ok(Admitted {
            open: self.0.clone(),
            host,
        })
    }
}

/// A connection that counts until this is dropped.
#[derive(Debug)]
struct Admitted {
    open: Arc<Open>,
    host: IpAddr,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut by_host = self.open.by_host.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = by_host.get_mut(&self.host) {
            *own -= 1;
            if *own == 0 {
                by_host.remove(&self.host);
            }
        }
    }
}

/// What one host is counted by: of IPv6 the first 64 bits, since whoever has one address there has all with the same ones.
fn host(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

impl Accept<TcpStream, Router> for Connections {
    type Stream = TcpStream;
    type Service = Router;
    type Future = Ready<io::Result<(TcpStream, Router)>>;

    fn accept(&self, stream: TcpStream, service: Router) -> Self::Future {
        let admitted = stream.peer_addr().and_then(|peer| self.admit(peer.ip()));
        // The service lives as long as its connection, and what it carries with it.
        ready(admitted.map(|admitted| (stream, service.layer(Extension(Arc::new(admitted))))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_takes_its_part_and_no_more() {
        let connections = Connections::new(5, 2);
        let admit = |address: &str| connections.admit(address.parse().unwrap());
        let first = admit("192.0.2.1").unwrap();
        // The same host to a socket that listens for both kinds.
        let second = admit("::ffff:192.0.2.1").unwrap();
        assert!(admit("192.0.2.1").is_err());
        let third = admit("2001:db8:0:1::1").unwrap();
        let _fourth = admit("2001:db8:0:1:ffff::2").unwrap();
        assert!(admit("2001:db8:0:1::3").is_err());
        let _fifth = admit("2001:db8:0:2::1").unwrap();
        assert!(admit("192.0.2.2").is_err(), "no more in all");
        drop((first, second, third));
        let _more = (admit("192.0.2.2").unwrap(), admit("2001:db8:0:1::3").unwrap());
        assert!(admit("2001:db8:0:1::4").is_err());
        assert_eq!(
            connections.0.by_host.lock().unwrap().len(),
            3,
            "hosts that left are forgotten"
        );
    }
}
