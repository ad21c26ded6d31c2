//! A request's record as its line has it.

use crate::meter::usage::{Beside, Usage};
use crate::observe::json::{cut, write_text};
use crate::observe::record::{Attempt, Record};
use crate::observe::stamp::rfc3339_bytes;

/// Longest text of a client in one field.
const TEXT_BYTES_MAX: usize = 256;
/// Attempts written of one request; a policy's own bound is far below.
const ATTEMPTS_MAX: usize = 64;

/// Writes a record's line, without its end.
///
/// What is the same in every line stands here as it is written: a serializer that is told each
/// name and each kind of value took four times as long, a tenth of what a request costs.
pub(super) fn write_line(to: &mut Vec<u8>, record: &Record) {
    let mut line = Line(to);
    line.put(r#"{"time":"#, Moment(record.at_ms));
    line.put(r#","request_id":"#, &*record.request_id);
    line.put(r#","policy":"#, &*record.policy);
    line.put(r#","method":"#, Cut(&record.method));
    line.put(r#","path":"#, Cut(&record.path));
    line.put(r#","client":"#, record.client.as_deref());
    line.put(r#","model":"#, record.model.as_deref().map(Cut));
    line.put(r#","streaming":"#, record.streaming);
    line.put(r#","arm":"#, record.arm.as_deref());
    line.put(r#","class":"#, record.class.as_deref());
    line.put(r#","target":"#, record.target.as_deref());
    line.attempts(&record.attempts);
    line.put(r#","status":"#, u64::from(record.status));
    line.put(r#","code":"#, record.code);
    line.put(r#","outcome":"#, record.outcome);
    line.tokens(record.usage);
    // What is out of the ordinary stands there only where it is.
    if record.usage_estimated {
        line.put(r#","tokens_estimated":"#, true);
    }
    if record.out_of_retries {
        line.put(r#","out_of_retries":"#, true);
    }
    let first_content = record.first_content_us.map(Millis);
    line.put(r#","first_content_ms":"#, first_content);
    line.put(r#","duration_ms":"#, Millis(record.duration_us));
    line.end("}");
}

struct Line<'t>(&'t mut Vec<u8>);

impl Line<'_> {
    /// A member: what leads to its value, and the value. Not inlined, since code that runs once for
    /// each request is paid for by its length.
    #[inline(never)]
    fn put(&mut self, lead: &str, value: impl Value) {
        self.end(lead);
        value.write(self.0);
    }

    fn end(&mut self, tail: &str) {
        self.0.extend_from_slice(tail.as_bytes());
    }

    fn attempts(&mut self, attempts: &[Attempt]) {
        self.end(r#","attempts":["#);
        for (at, attempt) in attempts.iter().take(ATTEMPTS_MAX).enumerate() {
            let lead = if at == 0 { "" } else { "," };
            self.end(lead);
            self.put(r#"{"target":"#, &*attempt.target);
            self.put(r#","sent":"#, attempt.sent);
            self.put(r#","cause":"#, attempt.cause.as_deref());
            self.put(r#","status":"#, attempt.status.map(u64::from));
            if attempt.continued {
                self.put(r#","continued":"#, true);
            }
            self.put(r#","ms":"#, Millis(attempt.duration_us));
            self.end("}");
        }
        self.end("]");
    }

    /// Every field is null where the provider said nothing: unknown is not zero.
    fn tokens(&mut self, usage: Option<Usage>) {
        let said = |tokens: fn(Usage) -> u64| usage.map(tokens);
        self.put(r#","tokens":{"input":"#, said(|usage| usage.input_total));
        self.put(r#","cached":"#, said(|usage| usage.cache_read));
        self.put(r#","cache_write":"#, said(|usage| usage.cache_write));
        self.put(r#","output":"#, said(|usage| usage.output_total));
        self.put(r#","reasoning":"#, said(|usage| usage.reasoning));
        let beside = usage.map(|usage| usage.beside);
        if let Some(beside) = beside.filter(|beside| *beside != Beside::default()) {
            let input = beside.input_uncached.saturating_add(beside.cache_read);
            let input = input.saturating_add(beside.cache_write);
            self.put(r#","beside":{"input":"#, input);
            self.put(r#","cached":"#, beside.cache_read);
            self.put(r#","cache_write":"#, beside.cache_write);
            self.put(r#","output":"#, beside.output_total);
            self.end("}");
        }
        self.end("}");
    }
}

/// What can be the value of a member.
trait Value {
    fn write(self, to: &mut Vec<u8>);
}

/// A text of a client's, cut to a safe length.
struct Cut<'t>(&'t str);

/// A time of day, from milliseconds since 1970.
struct Moment(u64);

/// Microseconds, told as milliseconds.
struct Millis(u64);

impl<V: Value> Value for Option<V> {
    fn write(self, to: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(to),
            None => to.extend_from_slice(b"null"),
        }
    }
}

impl Value for &str {
    fn write(self, to: &mut Vec<u8>) {
        write_text(to, self);
    }
}

impl Value for Cut<'_> {
    fn write(self, to: &mut Vec<u8>) {
        write_text(to, &cut(self.0, TEXT_BYTES_MAX));
    }
}

impl Value for bool {
    fn write(self, to: &mut Vec<u8>) {
        to.extend_from_slice(if self { b"true" } else { b"false" });
    }
}

impl Value for u64 {
    fn write(self, to: &mut Vec<u8>) {
        to.extend_from_slice(itoa::Buffer::new().format(self).as_bytes());
    }
}

impl Value for Moment {
    fn write(self, to: &mut Vec<u8>) {
        to.push(b'"');
        to.extend_from_slice(&rfc3339_bytes(self.0));
        to.push(b'"');
    }
}

impl Value for Millis {
    /// To the microsecond, without zeros that say nothing, and always with a point: who reads the
    /// log into columns takes the first line's kind of number for that of all.
    fn write(self, to: &mut Vec<u8>) {
        (self.0 / 1000).write(to);
        let part = |unit: u64| b'0' + u8::try_from(self.0 / unit % 10).unwrap_or_default();
        let parts = [b'.', part(100), part(10), part(1)];
        let zeros = parts.iter().skip(2).rev().take_while(|part| **part == b'0');
        let said = parts.len() - zeros.count();
        to.extend_from_slice(parts.get(..said).unwrap_or_default());
    }
}
