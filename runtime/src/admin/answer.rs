//! What is answered to whom: pure, so that every answer can be looked at in a test.

use std::net::IpAddr;

use http::{Method, StatusCode};
use serde_json::json;

use super::{Admin, policy, scrape};
use crate::observe::json::line;
use crate::policy::load::hex;

const JSON: &str = "application/json";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What somebody asks of the window.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The method.
    pub method: &'q Method,
    /// The path, without the query.
    pub path: &'q str,
    /// The `host` header, if there is one.
    pub host: Option<&'q str>,
    /// Where the question arrived.
    pub local: IpAddr,
    /// Now, in milliseconds since 1970.
    pub now_ms: u64,
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// What the body is.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Admin {
    /// The answer to one question.
    pub fn answer(&self, question: &Question<'_>) -> Answer {
        if !is_trusted(question.host, question.local) {
            return refusal(
                StatusCode::FORBIDDEN,
                "bad_host",
                "ask by address, or as `localhost`: a name could be somebody else's page in a browser",
            );
        }
        if !matches!(*question.method, Method::GET | Method::HEAD) {
            return refusal(
                StatusCode::METHOD_NOT_ALLOWED,
                "read_only",
                "nothing here can be changed; use GET",
            );
        }
        match question.path {
            "/healthz" => self.health(question.now_ms),
            "/readyz" => self.readiness(),
            "/metrics" => Answer {
                status: StatusCode::OK,
                content_type: OPEN_METRICS,
                body: scrape::text(self),
            },
            "/policy" => self.policy(),
            _ => refusal(
                StatusCode::NOT_FOUND,
                "not_found",
                "here are /healthz, /readyz, /metrics and /policy",
            ),
        }
    }

    /// The process is alive. It never looks at a provider: a provider that is down must not take
    /// the gateway, which may have another, out of service.
    fn health(&self, now_ms: u64) -> Answer {
        let snapshot = self.live.peek();
        let about = snapshot.table.about();
        ok(&json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "compiler": about.compiler,
            "policy": snapshot.digest.to_str().unwrap_or_default(),
            "source_digest": hex(&about.source),
            "behaviour_digest": hex(&about.behaviour),
            "uptime_s": now_ms.saturating_sub(self.started_ms) / 1000,
        }))
    }

    /// Traffic may come. There is always a policy: without one the process does not start.
    fn readiness(&self) -> Answer {
        if self.is_draining() {
            let mut answer = ok(&json!({ "ready": false, "why": "draining" }));
            answer.status = StatusCode::SERVICE_UNAVAILABLE;
            return answer;
        }
        ok(&json!({ "ready": true }))
    }

    fn policy(&self) -> Answer {
        ok(&policy::page(&self.live.take(), &self.status.load()))
    }
}

fn ok(value: &serde_json::Value) -> Answer {
    Answer {
        status: StatusCode::OK,
        content_type: JSON,
        body: line(value) + "\n",
    }
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Answer {
    let mut answer = ok(&json!({ "error": { "code": code, "message": message } }));
    answer.status = status;
    answer
}

/// A page on the web can make a browser ask under any name that it points at this address, but it
/// cannot make it say an address. So a name other than `localhost` is refused, and on loopback any
/// address that is not loopback. No header at all is a probe of a balancer, never a browser.
fn is_trusted(host: Option<&str>, local: IpAddr) -> bool {
    let Some(host) = host else { return true };
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    if host.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let literal = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let address = literal.unwrap_or(host).parse::<IpAddr>();
    address.is_ok_and(|address| address.is_loopback() || !local.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_trusted;

    #[test]
    fn only_addresses_and_localhost_may_ask() {
        let loopback = "127.0.0.1".parse().unwrap();
        let inside = "10.0.0.5".parse().unwrap();
        for host in [
            "localhost",
            "LOCALHOST:9090",
            "127.0.0.1",
            "127.0.0.1:9090",
            "[::1]:9090",
            "[::1]",
        ] {
            assert!(is_trusted(Some(host), loopback), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:9090",
            "localhost.evil.example",
            "10.0.0.5",
            "",
            "127.0.0.1.evil.example",
            "a:b:c",
        ] {
            assert!(!is_trusted(Some(host), loopback), "{host}");
        }
        assert!(is_trusted(None, loopback));
        assert!(is_trusted(Some("10.0.0.5:9090"), inside));
        assert!(!is_trusted(Some("evil.example:9090"), inside));
    }
}
