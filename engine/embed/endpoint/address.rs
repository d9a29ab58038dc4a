//! Where an endpoint is, and which of its models is asked.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::error::{AddressFault, EndpointError};

/// The address of an OpenAI-compatible interface and the name of a model that it serves.
///
/// Written `http(s)://host[:port][/path]#model`; the path usually ends in `/v1`, and an ending
/// `/embeddings` is left out, as it is always added. User names and passwords are refused, because
/// a command line is seen by others, and so is a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointAddress {
    secure: bool,
    /// Host and, where given, port, in lower case.
    host: String,
    /// The path without a slash at its end; may be empty.
    path: String,
    model: String,
}

impl EndpointAddress {
    /// Host and, where given, port: for people, so that they see where texts went.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The model's name at the endpoint.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Whether what is sent is encrypted on its way.
    #[must_use]
    pub const fn is_encrypted(&self) -> bool {
        self.secure
    }

    /// Whether the host is this machine: `localhost`, a name below it, or a loopback address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let name = match self.host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or(rest),
            None => self.host.split(':').next().unwrap_or(&self.host),
        };
        name == "localhost"
            || name.ends_with(".localhost")
            || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Where the interface is, without the model.
    pub(super) fn base(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}{}", self.host, self.path)
    }

    /// Where embeddings are asked for.
    pub(super) fn url(&self) -> String {
        format!("{}/embeddings", self.base())
    }
}

impl fmt::Display for EndpointAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.base(), self.model)
    }
}

impl FromStr for EndpointAddress {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = |fault| EndpointError::Address { fault };
        let (scheme, rest) = text.split_once("://").ok_or(fault(AddressFault::Scheme))?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(fault(AddressFault::Scheme)),
        };
        let (place, model) = rest.split_once('#').ok_or(fault(AddressFault::Model))?;
        let model = model.trim();
        if model.is_empty() {
            return Err(fault(AddressFault::Model));
        }
        let (host, path) = match place.find('/') {
            Some(slash) => place.split_at(slash),
            None => (place, ""),
        };
        if host.contains('@') {
            return Err(fault(AddressFault::Password));
        }
        if place.contains('?') {
            return Err(fault(AddressFault::Query));
        }
        let odd = |c: char| c.is_whitespace() || c.is_control() || !c.is_ascii();
        if place.contains(odd) || !is_host(host) {
            return Err(fault(AddressFault::Host));
        }
        let path = path.trim_end_matches('/');
        let path = path.strip_suffix("/embeddings").unwrap_or(path).trim_end_matches('/');
        Ok(Self {
            secure,
            host: host.to_ascii_lowercase(),
            path: path.to_owned(),
            model: model.to_owned(),
        })
    }
}

/// Whether `host` is a name, an IPv4 address, or an IPv6 address in brackets, and perhaps a port.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let Some((address, after)) = rest.split_once(']') else { return false };
            if !address.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6()) {
                return false;
            }
            match (after, after.strip_prefix(':')) {
                ("", _) => (address, None),
                (_, Some(port)) => (address, Some(port)),
                _ => return false,
            }
        }
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    !name.is_empty() && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> EndpointAddress {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn addresses_are_read() {
        let address = read("http://Localhost:8080/v1/#BAAI/bge-m3:latest");
        assert_eq!(address.host(), "localhost:8080");
        assert_eq!(address.model(), "BAAI/bge-m3:latest");
        assert_eq!(address.url(), "http://localhost:8080/v1/embeddings");
        assert_eq!(address.to_string(), "http://localhost:8080/v1#BAAI/bge-m3:latest");
        let same = read("HTTP://localhost:8080/v1/embeddings#BAAI/bge-m3:latest");
        assert_eq!(address, same);
        assert!(read("https://example.org#m").is_encrypted());
        assert_eq!(read("https://example.org#m").url(), "https://example.org/embeddings");
    }

    #[test]
    fn loopback_is_this_machine_only() {
        for host in
            ["localhost", "localhost:1", "a.localhost", "127.0.0.1:80", "127.8.9.1", "[::1]:80"]
        {
            assert!(read(&format!("http://{host}/v1#m")).is_loopback(), "{host}");
        }
        for host in ["example.org", "10.0.0.1:80", "[2001:db8::1]:80", "localhost.example.org"] {
            assert!(!read(&format!("http://{host}/v1#m")).is_loopback(), "{host}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, wanted) in [
            ("ftp://host/v1#m", AddressFault::Scheme),
            ("host/v1#m", AddressFault::Scheme),
            ("http://host/v1", AddressFault::Model),
            ("http://host/v1# ", AddressFault::Model),
            ("http://me:secret@host/v1#m", AddressFault::Password),
            ("http://host/v1?version=2#m", AddressFault::Query),
            ("http:///v1#m", AddressFault::Host),
            ("http://host:0/v1#m", AddressFault::Host),
            ("http://host:port/v1#m", AddressFault::Host),
            ("http://ho st/v1#m", AddressFault::Host),
            ("http://[1.2.3.4]/v1#m", AddressFault::Host),
        ] {
            let error = text.parse::<EndpointAddress>().unwrap_err();
            assert!(
                matches!(&error, EndpointError::Address { fault } if *fault == wanted),
                "{text}: {error}"
            );
            assert!(!error.to_string().contains("secret"));
        }
    }
}
