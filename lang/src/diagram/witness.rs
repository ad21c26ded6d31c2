//! Requests made up from the diagram: one for each arm that it can end in.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use claw_table::{ArmId, Fact, GuardId};

use super::atoms::{Field, Sample, Values};
use super::audit::AuditedDiagram;
use super::from_model::Built;
use super::store::Ref;
use crate::model::shown;
use crate::moment::Moment;
use crate::oracle::Request;

impl AuditedDiagram<'_> {
    /// For each arm that some request ends in, one such request.
    pub fn witnesses(&self) -> Vec<(ArmId, Request)> {
        let ways = self.built.reached.iter();
        ways.map(|(arm, path)| (*arm, self.built.request(path)))
            .collect()
    }

    /// For each guard of what bounds traffic, one request that meets it and one that does not, as
    /// far as there are such.
    pub fn guarded(&self) -> Vec<(GuardId, Request)> {
        let built = &self.built;
        let guards = (0..).map(GuardId).zip(&built.real_guards);
        guards
            .flat_map(|(guard, (met, unmet))| {
                let ends =
                    [*met, *unmet].map(|from| built.paths(from, Some(Ref::YES)).remove(&Ref::YES));
                let ends = ends.into_iter().flatten();
                ends.map(move |path| (guard, built.request(&path)))
            })
            .collect()
    }
}

/// What a request says of which no condition asks.
pub(crate) fn ordinary() -> Request {
    Request {
        method: Some("POST".to_owned()),
        path: Some("/v1/chat/completions".to_owned()),
        host: Some("localhost".to_owned()),
        endpoint: Some("chat".to_owned()),
        model: Some("model".to_owned()),
        ip: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        messages: Some(1),
        tokens: Some(1000),
        at: Some(Moment::ordinary()),
        ..Request::default()
    }
}

impl Built<'_> {
    /// For each end of a diagram of these fields, the atoms on one way to it. Where one end is wanted,
    /// no other is looked for when it is found.
    pub(super) fn paths(&self, from: Ref, wanted: Option<Ref>) -> BTreeMap<Ref, Vec<(u16, u16)>> {
        let mut found: BTreeMap<Ref, Vec<(u16, u16)>> = BTreeMap::new();
        let mut seen = vec![false; self.store.node_count()];
        let mut open = vec![(from, Vec::new())];
        while let Some((at, path)) = open.pop() {
            let Some(node) = at.node() else {
                found.entry(at).or_insert(path);
                if wanted == Some(at) {
                    break;
                }
                continue;
            };
            if seen
                .get_mut(node)
                .is_none_or(|seen| std::mem::replace(seen, true))
            {
                continue;
            }
            let (field, runs) = self.store.open(node);
            let usual = self.usual(field);
            let (mut first, mut plainest) = (0, None);
            for run in runs {
                if run.last >= self.least(field) {
                    let mut longer = path.clone();
                    longer.push((field, self.natural(field, first, run.last)));
                    let is_usual = usual.is_some_and(|usual| (first..=run.last).contains(&usual));
                    plainest = plainest.or(is_usual.then_some(open.len()));
                    open.push((run.to, longer));
                }
                first = run.last.saturating_add(1);
            }
            // What is pushed last is gone on with first.
            if let Some(tail) = plainest.and_then(|at| open.get_mut(at..)) {
                tail.rotate_left(1);
            }
        }
        found
    }

    /// The most ordinary atom of a run: a request has a method and a model, but few headers.
    pub(crate) fn natural(&self, field: u16, first: u16, last: u16) -> u16 {
        let first = first.max(self.least(field));
        if let Some(usual) = self.usual(field).filter(|it| (first..=last).contains(it)) {
            return usual;
        }
        let rare = |field: &Field| field.fact.repeats() || matches!(field.fact, Fact::Contains(..));
        let absent = self.fields.get(usize::from(field)).is_some_and(rare);
        if first == 0 && last > 0 && !absent {
            1
        } else {
            first
        }
    }

    /// The atom of what is mostly asked for, where a field is about that.
    fn usual(&self, field: u16) -> Option<u16> {
        let field = self.fields.get(usize::from(field))?;
        match &field.values {
            Values::Text(text) if field.fact == Fact::Endpoint => Some(text.atom_of("chat")),
            Values::Text(_)
            | Values::Number { .. }
            | Values::Address(_)
            | Values::Time(_)
            | Values::Json(_)
            | Values::Flag => None,
        }
    }

    /// The first atom of a field that a request can have: where clients are declared, a caller is
    /// one of them, and neither absent nor another.
    pub(crate) fn least(&self, field: u16) -> u16 {
        let field = self.fields.get(usize::from(field));
        let is_client = field.is_some_and(|field| field.fact == Fact::Client);
        if is_client && !self.model.world.callers.is_empty() {
            2
        } else {
            0
        }
    }

    /// A request with these atoms of these fields, ordinary in all else.
    pub(crate) fn request(&self, path: &[(u16, u16)]) -> Request {
        let mut request = ordinary();
        for (field, atom) in path {
            if let Some(field) = self.fields.get(usize::from(*field)) {
                set(&mut request, &field.fact, field.sample(*atom));
            }
        }
        request.prompt = self.prompt(path);
        for held in &self.held {
            held.say(path, self, &mut request);
        }
        request.at = self.moment(path).or(request.at);
        request
    }
}

impl Built<'_> {
    /// A prompt that mentions the lists of keywords that are set on the way, and none of the others:
    /// of each list a keyword in which none of theirs is found, in a part of its own.
    fn prompt(&self, path: &[(u16, u16)]) -> Vec<String> {
        let lists = path.iter().filter_map(|(field, atom)| {
            let fact = &self.fields.get(usize::from(*field))?.fact;
            Some((fact.keywords()?, *atom != 0))
        });
        let lists: Vec<(&[String], bool)> = lists.collect();
        let unsaid: Vec<&String> = lists
            .iter()
            .filter(|(_, is_said)| !is_said)
            .flat_map(|(list, _)| *list)
            .collect();
        let mut parts: Vec<String> = Vec::new();
        for (list, _) in lists.iter().filter(|(_, is_said)| *is_said) {
            let is_free = |one: &&String| !unsaid.iter().any(|other| one.contains(other.as_str()));
            let one = list.iter().filter(is_free).min_by_key(|one| one.len());
            parts.extend(one.cloned());
        }
        parts.sort_unstable();
        parts.dedup();
        parts
    }
}

pub(super) fn set(request: &mut Request, fact: &Fact, sample: Sample) {
    let (mut texts, mut number, mut address, mut flag) = (Vec::new(), None, None, false);
    let mut member = None;
    match sample {
        Sample::Absent => {}
        Sample::Texts(found) => texts = found,
        Sample::Number(found) => number = Some(found),
        Sample::Address(found) => address = Some(shown(found)),
        Sample::Member(found) => member = Some(found),
        Sample::Flag(found) => flag = found,
    }
    let named = |name: &String| {
        let name = name.clone();
        texts
            .iter()
            .map(move |text| (name.clone(), text.clone().into_bytes()))
            .collect::<Vec<_>>()
    };
    match fact {
        Fact::Method => request.method = texts.into_iter().next(),
        Fact::Path => request.path = texts.into_iter().next(),
        Fact::Host => request.host = texts.into_iter().next(),
        Fact::Endpoint => request.endpoint = texts.into_iter().next(),
        Fact::Model => request.model = texts.into_iter().next(),
        Fact::Header(name) => request.headers.extend(named(name)),
        Fact::Query(name) => request.query.extend(named(name)),
        Fact::Ip => request.ip = address,
        Fact::Client => request.client = texts.into_iter().next(),
        Fact::MaxOutput => request.max_output = number,
        Fact::Messages => request.messages = number,
        Fact::Temperature => request.temperature = number,
        Fact::Body(pointer) => {
            request
                .body
                .extend(member.map(|member| (pointer.clone(), member)));
        }
        Fact::Session => request.session = texts.into_iter().next(),
        Fact::Tokens => request.tokens = number,
        // What is said of all lists together, of one text and of all clocks is said at the end.
        Fact::Mentions(_) | Fact::Contains(..) | Fact::Time(_) => {}
        Fact::CallerKey => request.caller_key = flag,
        Fact::Streaming => request.streaming = flag,
        Fact::Has(can) => {
            request.has = (request.has & !can.bit()) | if flag { can.bit() } else { 0 };
        }
    }
}
