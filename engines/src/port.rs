//! Ports of loopback that stay an engine's own while it is down.
//!
//! A port out of the system's ephemeral range would not do: while the engine is down, any connection to anywhere may be
//! given that port, and a client that keeps trying to connect to it can end up connected to itself. So ports are taken
//! from below that range. They are reserved by binding the *UDP* port of the same number, which no engine uses, for as
//! long as the owner lives: the system frees it, whatever happens to the owner, and other processes see it at once.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    sync::atomic::{AtomicU16, Ordering},
};

use crate::EngineError;

/// Below are services that people run.
const LOWEST: u16 = 20_000;
/// Linux's default; read from the system where it can be.
const EPHEMERAL: u16 = 32_768;

/// A port of 127.0.0.1 that nobody else of this crate gets.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _reservation: Option<UdpSocket>,
}

impl Port {
    /// A free one.
    pub fn free() -> Result<Self, EngineError> {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let range = range();
        // Processes start at different places, so that they rarely meet.
        let start = u16::try_from(std::process::id() % 397).unwrap_or(0).wrapping_mul(31);
        for _ in 0..range.len() {
            let step = NEXT.fetch_add(1, Ordering::Relaxed);
            let offset = usize::from(start.wrapping_add(step)) % range.len();
            let number = range.start + u16::try_from(offset).unwrap_or(0);
            let Ok(reservation) = UdpSocket::bind((Ipv4Addr::LOCALHOST, number)) else { continue };
            // Bound to all addresses for a moment: an engine of somebody else may listen there.
            if TcpListener::bind((Ipv4Addr::UNSPECIFIED, number)).is_ok() {
                return Ok(Self { number, _reservation: Some(reservation) });
            }
        }
        Err(EngineError::Io {
            what: format!("looking for a free port in {range:?}"),
            source: std::io::ErrorKind::AddrInUse.into(),
        })
    }

    /// The given one, if nobody listens there; or a free one.
    pub(crate) fn given_or_free(given: Option<u16>) -> Result<Self, EngineError> {
        let Some(number) = given else { return Self::free() };
        TcpListener::bind((Ipv4Addr::LOCALHOST, number))
            .map_err(EngineError::io(format!("port {number} of 127.0.0.1")))?;
        Ok(Self { number, _reservation: None })
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.number).into()
    }
}

fn range() -> std::ops::Range<u16> {
    let read = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok();
    let low = read.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or(EPHEMERAL);
    // A system that gives out nearly all ports leaves no better choice.
    if low > LOWEST + 1_000 { LOWEST..low } else { LOWEST..EPHEMERAL }
}
