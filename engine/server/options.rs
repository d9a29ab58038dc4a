//! How a server is run.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Where it listens unless told otherwise: this machine only.
pub const DEFAULT_BIND: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8787);

/// How a server is run. The defaults suit an office of a few dozen people.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Address and port; port 0 takes a free one.
    pub bind: SocketAddr,
    /// Names under which it is reached, beside its own address: of a proxy in front of it.
    pub hosts: Vec<String>,
    /// Whether a proxy in front speaks TLS, so that cookies are sent over it only.
    pub behind_tls: bool,
    /// Requests per second and caller, on average; twice as many at once.
    pub rate: u32,
    /// Requests worked on at once; the next ones are turned away.
    pub concurrency: usize,
    /// Full matches of texts worked on at once.
    pub matches_at_once: usize,
    /// Longest that one request may take.
    pub timeout: Duration,
    /// Largest body of a request that is no upload, in bytes.
    pub body_bytes: usize,
    /// Largest upload, in bytes.
    pub upload_bytes: usize,
    /// How often the published night is looked for.
    pub look_every: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            bind: DEFAULT_BIND,
            hosts: Vec::new(),
            behind_tls: false,
            rate: 50,
            concurrency: 64 * cores,
            matches_at_once: 2 * cores,
            timeout: Duration::from_secs(20),
            body_bytes: 1 << 20,
            upload_bytes: 100 << 20,
            look_every: Duration::from_secs(2),
        }
    }
}
