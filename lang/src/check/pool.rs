//! `pool`: targets that share requests.

use claw_table::PoolId;
use claw_table::policy::{Balance, Leg, Member, Pool, Sticky};

use super::class::Known;
use super::names::{Names, Sort};
use super::{fields, target, values};
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Line, Statement, Value};
use crate::syntax::lexer::Kind;

/// A pool, and where its members are written.
#[derive(Debug)]
pub(super) struct Read {
    /// The pool as far as it could be read.
    pub pool: Pool,
    /// The place of each member of it.
    pub spans: Vec<Span>,
}

/// Reads `pool NAME { … }`.
pub(super) fn pool(
    it: &Statement,
    known: &Known<'_>,
    names: &mut Names,
    report: &mut Report,
) -> Read {
    let name = it.groups.iter().flatten().next();
    let mut work = Work {
        out: Pool {
            name: name.map_or_else(String::new, |name| name.text.clone()),
            balance: Balance::default(),
            sticky: None,
            members: Vec::new(),
        },
        spans: Vec::new(),
        shares: Vec::new(),
        balance: None,
        known,
        names,
        report,
    };
    let mut is_whole = true;
    for line in it.block.iter().flatten() {
        match line {
            Line::Field(field) if field.keyword.is_word("balance") => work.balance(field),
            Line::Field(field) => is_whole &= work.member(field).is_some(),
            Line::When(when) => {
                fields::when_unfit(when, "pool", work.report);
                is_whole = false;
            }
            Line::Broken(broken) => {
                work.names.excuse(broken);
                is_whole = false;
            }
        }
    }
    if is_whole && it.block.is_some() {
        work.shares(it.span);
    }
    Read {
        pool: work.out,
        spans: work.spans,
    }
}

struct Work<'a> {
    out: Pool,
    spans: Vec<Span>,
    /// What each member says of its share, and where.
    shares: Vec<(Said, Span)>,
    balance: Option<Span>,
    known: &'a Known<'a>,
    names: &'a mut Names,
    report: &'a mut Report,
}

/// What a member says of its share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Weight(u32),
    Percent(u32),
}

impl Work<'_> {
    fn balance(&mut self, field: &Statement) {
        const WAYS: &[(&str, Balance)] = &[
            ("round-robin", Balance::RoundRobin),
            ("weighted", Balance::Weighted),
            ("least-busy", Balance::LeastBusy),
            ("fastest", Balance::Fastest),
            ("cheapest", Balance::Cheapest),
        ];
        const STICKY: &[(&str, Sticky)] = &[
            ("client", Sticky::Client),
            ("session", Sticky::Session),
            ("ip", Sticky::Ip),
        ];
        if let Some(first) = self.balance.replace(field.keyword.span) {
            self.report.add(
                Diagnostic::new(
                    Code::FieldTwice,
                    field.keyword.span,
                    "`balance` stands twice in this pool",
                )
                .and(first, "first here")
                .help("keep one of them"),
            );
            return;
        }
        let group = field.groups.first().map_or(&[][..], Vec::as_slice);
        let (way, sticky) = match group {
            [way] => (way, None),
            [way, word, by] if word.is_word("sticky") => (way, Some(by)),
            _ => {
                fields::shape::<()>(field, "pool", group.get(1), self.report);
                return;
            }
        };
        let what = "a way to share requests";
        let way = fields::choice(way, what, WAYS, self.report);
        self.out.balance = way.unwrap_or_default();
        let what = "what keeps to a member";
        self.out.sticky = sticky.and_then(|by| fields::choice(by, what, STICKY, self.report));
    }

    /// Reads `PROVIDER/MODEL [weight N | N%]`, or the same of a pool.
    fn member(&mut self, field: &Statement) -> Option<()> {
        let group = field.groups.first().map_or(&[][..], Vec::as_slice);
        let said = match group {
            [] => Said::Nothing,
            [share] if share.kind == Kind::Percent => {
                Said::Percent(values::percent(share, self.report)?)
            }
            [word, weight] if word.is_word("weight") => {
                let what = "the weight of a member";
                let weight = values::plain(weight, what, (1, 1_000), self.report)?;
                Said::Weight(u32::try_from(weight).ok()?)
            }
            [other, ..] => return self.unfit(other),
        };
        if let Some(extra) = field.groups.get(1).and_then(|group| group.first()) {
            return self.unfit(extra);
        }
        if field.block.is_some() {
            return self.unfit(&field.keyword);
        }
        let leg = self.leg(&field.keyword)?;
        if let Some(at) = self.out.members.iter().position(|known| known.leg == leg) {
            let first = self.spans.get(at).copied().unwrap_or_default();
            let text = &field.keyword.text;
            self.report.add(
                Diagnostic::new(
                    Code::TargetTwice,
                    field.keyword.span,
                    format!("`{text}` stands twice in pool `{}`", self.out.name),
                )
                .and(first, "first here")
                .help("keep one of them; a larger share is a larger weight"),
            );
            return None;
        }
        self.out.members.push(Member { leg, share: 1 });
        self.spans.push(field.keyword.span);
        self.shares.push((said, field.span));
        Some(())
    }

    fn leg(&mut self, name: &Value) -> Option<Leg> {
        if name.kind == Kind::Path {
            let target = target::target(name, self.known, (self.names, self.report))?;
            return Some(Leg::Target(target));
        }
        let at = self.names.resolve(name, Sort::Pool, self.report)?;
        Some(Leg::Pool(PoolId(u16::try_from(at).ok()?)))
    }

    fn unfit(&mut self, at: &Value) -> Option<()> {
        self.report.add(
            Diagnostic::new(
                Code::WrongValue,
                at.span,
                format!(
                    "`{}` does not fit into a member of a pool",
                    fields::shown(at)
                ),
            )
            .help("write `PROVIDER/MODEL`, with `95%` or `weight 3` behind it if they differ"),
        );
        None
    }

    /// All members say percents, or all say weights, or none says anything.
    fn shares(&mut self, span: Span) {
        if self.shares.is_empty() {
            let found = Diagnostic::new(Code::FieldMissing, span, "this pool has no member");
            self.report
                .add(found.help("write a target on each line: `PROVIDER/MODEL`"));
            return;
        }
        let kind = |said: &Said| std::mem::discriminant(said);
        if let Some(pair) = self.shares.windows(2).find(|pair| match pair {
            [(a, _), (b, _)] => kind(a) != kind(b),
            _ => false,
        }) && let [(_, first), (_, other)] = pair
        {
            self.report.add(
                Diagnostic::new(
                    Code::WrongValue,
                    *other,
                    "the members of a pool share in one way",
                )
                .and(*first, "this one does it otherwise")
                .help("write percents behind all of them, or weights, or nothing"),
            );
            return;
        }
        let mut sum = 0_u64;
        for (member, (said, _)) in self.out.members.iter_mut().zip(&self.shares) {
            member.share = match said {
                Said::Nothing => 1,
                Said::Weight(share) | Said::Percent(share) => *share,
            };
            sum += u64::from(member.share);
        }
        let is_percent = matches!(self.shares.first(), Some((Said::Percent(_), _)));
        if is_percent && sum != 10_000 {
            let percent = |sum: u64| match sum % 100 {
                0 => format!("{} %", sum / 100),
                part => format!("{}.{part:02} %", sum / 100),
            };
            let mut found = Diagnostic::new(
                Code::SharesNotWhole,
                span,
                format!(
                    "the shares of pool `{}` are {} together",
                    self.out.name,
                    percent(sum)
                ),
            );
            for (_, share) in self.shares.iter().take(SHOWN_MAX) {
                found = found.and(*share, "");
            }
            self.report
                .add(found.help("let them add up to 100 %, or write weights"));
        }
    }
}

/// Members that are shown; the rest is left to the reader.
const SHOWN_MAX: usize = 4;

/// Reports pools that lead back to themselves; there is then nothing that they lead to.
pub(super) fn cycles(pools: &[Read], report: &mut Report) {
    let mut done = vec![false; pools.len()];
    for start in 0..pools.len() {
        let mut path = vec![(start, 0)];
        while let Some((at, next)) = path.last_mut() {
            let pool = pools.get(*at).filter(|_| done.get(*at) == Some(&false));
            let Some(member) = pool.and_then(|read| read.pool.members.get(*next)) else {
                if let Some(slot) = done.get_mut(*at) {
                    *slot = true;
                }
                path.pop();
                continue;
            };
            *next += 1;
            let Leg::Pool(inner) = member.leg else {
                continue;
            };
            let open = path.iter().position(|(open, _)| *open == inner.index());
            if let Some(from) = open {
                report.add(ring(pools, path.get(from..).unwrap_or_default()));
                return;
            }
            path.push((inner.index(), 0));
        }
    }
}

fn ring(pools: &[Read], path: &[(usize, usize)]) -> Diagnostic {
    let mut places = path.iter().filter_map(|(at, next)| {
        let read = pools.get(*at)?;
        let span = read.spans.get(next.checked_sub(1)?)?;
        Some((*span, read.pool.name.as_str()))
    });
    let (span, name) = places.next().unwrap_or_default();
    let message = format!("pool `{name}` leads back to itself");
    let found = Diagnostic::new(Code::Cycle, span, message).label("it leads on here");
    places
        .fold(found, |found, (span, name)| {
            found.and(span, format!("pool `{name}` leads on here"))
        })
        .help("a request would be shared without end; take one of these members out")
}
