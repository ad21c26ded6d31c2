//! Conditions about the address that a request comes from.

use claw_table::Fact;

use super::cond::{Presence, Reader, operator, turned, wrong};
use super::fields;
use super::lets::Meaning;
use super::names::Sort;
use crate::codes::Code;
use crate::model::{Ask as Question, Cond, Net, NetFault};
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::{Ask, Op, Value};
use crate::syntax::lexer::Kind;

impl Reader<'_, '_> {
    /// `ip in 10.0.0.0/8, offices`
    pub(super) fn ip(&mut self, ask: &Ask) -> Option<Cond> {
        if let Some(extra) = ask.of.first() {
            self.unexpected(extra, "ip", "in 10.0.0.0/8");
            return None;
        }
        let Some(test) = &ask.test else {
            self.no_test(ask, "ip in 10.0.0.0/8");
            return None;
        };
        match self.presence(test, &Fact::Ip) {
            Presence::Values => {}
            Presence::Asked(cond) => return Some(cond),
            Presence::Bad => return None,
        }
        let is_turned = match test.op {
            Op::Is | Op::In => false,
            Op::IsNot | Op::NotIn => true,
            Op::Like | Op::Mentions | Op::Less | Op::LessEqual | Op::More | Op::MoreEqual => {
                let message = format!("`{}` does not fit an address", test.op.words());
                self.report.add(
                    operator(test.op_span, message)
                        .help("write `ip in 10.0.0.0/8`, or `ip is 10.0.0.5`"),
                );
                return None;
            }
        };
        let is_one = matches!(test.op, Op::Is | Op::IsNot);
        let read = test.values.iter().map(|value| self.nets(value));
        let read: Vec<Option<Vec<(Net, &Value)>>> = read.collect();
        let nets: Vec<(Net, &Value)> = read.into_iter().collect::<Option<Vec<_>>>()?.concat();
        if let Some((net, value)) = nets.iter().find(|(net, _)| is_one && !net.is_single()) {
            let due = if test.op == Op::Is { "in" } else { "not in" };
            let message = format!("`{}` asks for one address", test.op.words());
            self.report.add(
                operator(test.op_span, message)
                    .and(value.span, format!("`{net}` is a range"))
                    .help(format!("write `ip {due} {net}`"))
                    .fix(test.op_span, due),
            );
            return None;
        }
        let mut nets: Vec<Net> = nets.into_iter().map(|(net, _)| net).collect();
        nets.sort_unstable();
        nets.dedup();
        let found = Cond::Test(Fact::Ip, Question::In(nets));
        Some(turned(found, is_turned))
    }

    /// The ranges that one value on the right side stands for.
    fn nets<'v>(&mut self, value: &'v Value) -> Option<Vec<(Net, &'v Value)>> {
        if value.kind == Kind::Word && self.names.sort(&value.text) == Some(Sort::Let) {
            let (what, due) = match self.meaning(value)? {
                Meaning::Set(values) => return self.listed_nets(value, &values),
                Meaning::Times(_) => ("a list of times", "ask the clock for it: `time in"),
                Meaning::Cond(_) => ("a condition", "write it by itself: `when"),
            };
            let message = format!("`{}` is {what}, and a list of addresses is due", value.text);
            self.report
                .add(wrong(value.span, message).help(format!("{due} {}`", value.text)));
            return None;
        }
        if is_address(value) {
            return net(value, self.report).map(|net| vec![(net, value)]);
        }
        if value.kind == Kind::Word && self.names.is_excused(&value.text) {
            return None;
        }
        let found = wrong(
            value.span,
            format!("`{}` is not an address", fields::shown(value)),
        );
        self.report.add(if Net::read(&value.text).is_ok() {
            found
                .help(format!("write it without quotes: `{}`", value.text))
                .fix(value.span, value.text.clone())
        } else if value.kind == Kind::Word {
            super::cond::no_let(
                value,
                self.names,
                "an address is written `10.0.0.0/8` or `fe80::1`",
            )
        } else {
            found.help("write an address or a range: `10.0.0.5`, `10.0.0.0/8`, `fe80::/10`")
        });
        None
    }

    /// The ranges of a `let`.
    fn listed_nets<'v>(
        &mut self,
        value: &'v Value,
        values: &[Value],
    ) -> Option<Vec<(Net, &'v Value)>> {
        let listed = values
            .iter()
            .map(|one| is_address(one).then(|| net(one, self.report)).flatten());
        let listed: Option<Vec<Net>> = listed.collect();
        if listed.is_none() {
            let message = format!(
                "`{}` is a list of texts, and a list of addresses is due",
                value.text
            );
            self.report.add(
                wrong(value.span, message)
                    .help("list addresses: `let offices = 10.0.0.0/8, fe80::/10`"),
            );
        }
        Some(listed?.into_iter().map(|net| (net, value)).collect())
    }
}

/// Whether the value is written like an address.
pub(super) fn is_address(value: &Value) -> bool {
    matches!(value.kind, Kind::Ip4 | Kind::Ip6)
}

/// A range of addresses; what is wrong with it is reported.
pub(super) fn net(value: &Value, report: &mut Report) -> Option<Net> {
    let bad = |message: String| Diagnostic::new(Code::BadUrl, value.span, message);
    let text = &value.text;
    let found = match Net::read(text) {
        Ok(net) => return Some(net),
        Err(NetFault::NoAddress) => bad(format!("`{text}` is no address"))
            .help("four numbers up to 255, or up to eight groups of hexadecimal digits"),
        Err(NetFault::Bits { most }) => bad(format!("`{text}` has more bits than an address"))
            .help(format!("after the slash stands a number from 0 to {most}")),
        Err(NetFault::HostBits { net, host }) => {
            bad(format!("`{text}` is a range and an address in it"))
                .label("bits behind the slash's are set")
                .help(format!(
                    "write `{net}` for the range, or `{host}` for the one address"
                ))
        }
    };
    report.add(found);
    None
}
