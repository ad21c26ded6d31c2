//! What a made-up request says has to fit together: no request is in two places at once.

use std::net::IpAddr;

use claw_table::policy::{Client, Gateway};

use super::Reading;
use crate::codes::Code;
use crate::model::{World, endpoint};
use crate::oracle::{Request, holds};
use crate::report::Diagnostic;
use crate::syntax::ast::Statement;

/// What is known of requests where a test stands.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) struct Around<'a> {
    /// The path that the gateway strips.
    base: Option<&'a str>,
    /// Who may call.
    clients: &'a [Client],
}

impl<'a> Around<'a> {
    pub(in crate::check) fn of(gateway: &'a Gateway, clients: &'a [Client]) -> Self {
        Self {
            base: gateway.base.as_deref(),
            clients,
        }
    }
}

impl Reading<'_> {
    /// Tells what no request says together.
    pub(super) fn fits(&mut self, fields: &[&Statement]) {
        let said = |word: &str| {
            let field = fields.iter().find(|field| field.keyword.is_word(word))?;
            field.groups.iter().flatten().next()
        };
        if let (Some(path), Some(word)) = (said("path"), said("endpoint")) {
            let told = endpoint(&path.text, self.around.base);
            if told != word.text {
                let message = format!("`{}` does not ask for `{}`", path.text, word.text);
                self.report.add(
                    Diagnostic::new(Code::WrongValue, word.span, message)
                        .label(format!("that path is `endpoint {told}`"))
                        .and(path.span, "the path of this request")
                        .help("leave `endpoint` out; it follows from the path"),
                );
            }
        }
        let (Some(name), Some(from)) = (said("client"), said("ip")) else {
            return;
        };
        let Ok(ip) = from.text.parse::<IpAddr>() else {
            return;
        };
        if !calls(self.around.clients, &name.text, ip) {
            let message = format!("client `{}` does not call from {ip}", name.text);
            self.report.add(
                Diagnostic::new(Code::WrongValue, name.span, message)
                    .and(from.span, "the address of this request")
                    .help("leave one of the two out, or name an address of this client"),
            );
        }
    }
}

/// Whether a client can call from an address.
fn calls(clients: &[Client], name: &str, ip: IpAddr) -> bool {
    let request = Request {
        client: Some(name.to_owned()),
        ip: Some(ip),
        ..Request::default()
    };
    let known = World::known(clients);
    known.is_none_or(|known| holds(&known, &request))
}
