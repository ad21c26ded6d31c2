//! One token at a time, byte by byte. Each function reads what the grammar's rule of its name reads
//! and says where that ends.

use super::Kind;

/// A text as bytes. Past its end stands a zero, which belongs to no token but a strange one.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a> {
    bytes: &'a [u8],
}

impl<'a> Bytes<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
        }
    }

    /// The token that begins at a place inside the text, and its end.
    pub(super) fn token(self, at: usize) -> (Kind, usize) {
        match self.get(at) {
            b' ' | b'\t' => (Kind::Blank, self.run(at, |b| matches!(b, b' ' | b'\t'))),
            b'\r' if self.get(at + 1) == b'\n' => (Kind::Newline, at + 2),
            b'\n' | b'\r' => (Kind::Newline, at + 1),
            b'#' => (self.remark(at), self.run(at, |b| !is_line_end(b))),
            b'"' => self.text(at + 1),
            b if b.is_ascii_alphabetic() => self.name(at),
            b'0'..=b'9' | b'$' | b':' => self.number_like(at).unwrap_or_else(|| self.mark(at)),
            b'-' => match self.amount(at + 1) {
                Some(end) => (Kind::Negative, end),
                None => self.mark(at),
            },
            _ => self.mark(at),
        }
    }

    fn get(self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// Where the bytes of a kind that begin here end.
    fn run(self, at: usize, belongs: impl Fn(u8) -> bool) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let length = rest.iter().position(|b| !belongs(*b));
        at + length.unwrap_or(rest.len())
    }

    /// Two hashes are documentation, more of them a banner.
    fn remark(self, at: usize) -> Kind {
        if self.get(at + 1) == b'#' && self.get(at + 2) != b'#' {
            Kind::Doc
        } else {
            Kind::Comment
        }
    }

    /// What stands after an opening quote.
    fn text(self, at: usize) -> (Kind, usize) {
        let mut at = at;
        loop {
            at = self.run(at, |b| !matches!(b, b'"' | b'\\') && !is_line_end(b));
            match self.get(at) {
                b'"' => return (Kind::Text, at + 1),
                b'\\' if at + 1 < self.bytes.len() && !is_line_end(self.get(at + 1)) => {
                    at += 1 + self.width(at + 1);
                }
                _ => return (Kind::OpenText, at),
            }
        }
    }

    /// A name is tried first, because most tokens are names; only an address may begin like one.
    fn name(self, at: usize) -> (Kind, usize) {
        if let Some(end) = self.ip6(at) {
            return (Kind::Ip6, end);
        }
        if let Some(end) = self.days(at) {
            return (Kind::Range, end);
        }
        let end = self.joined(at, |b| matches!(b, b'-' | b'.'));
        if self.get(end) == b'/' && is_name(self.get(end + 1)) {
            return (Kind::Path, self.segments(end + 1));
        }
        (Kind::Word, end)
    }

    /// In the order of the grammar: the most specific literal first.
    fn number_like(self, at: usize) -> Option<(Kind, usize)> {
        let tries = [
            (Kind::Date, Self::date as fn(Self, usize) -> Option<usize>),
            (Kind::ClockRange, Self::clock_range),
            (Kind::Ip6, Self::ip6),
            (Kind::Ip4, Self::ip4),
            (Kind::Clock, Self::clock),
            (Kind::Money, Self::money),
            (Kind::Percent, Self::percent),
            (Kind::Range, Self::range),
            (Kind::Amount, Self::amount),
            (Kind::Odd, Self::odd),
        ];
        let mut tries = tries.into_iter();
        tries.find_map(|(kind, read)| read(self, at).map(|end| (kind, end)))
    }

    fn date(self, at: usize) -> Option<usize> {
        let at = self.byte(self.digits::<4>(at)?, b'-')?;
        let at = self.byte(self.digits::<2>(at)?, b'-')?;
        self.edge(self.digits::<2>(at)?)
    }

    fn clock_range(self, at: usize) -> Option<usize> {
        let at = self.dots(self.hour(at)?)?;
        self.edge(self.hour(at)?)
    }

    fn ip6(self, at: usize) -> Option<usize> {
        let group = self.at_most::<4>(at, |b| b.is_ascii_hexdigit());
        let second = self.byte(group, b':')?;
        self.byte(self.at_most::<4>(second, |b| b.is_ascii_hexdigit()), b':')?;
        let mut end = at;
        loop {
            match self.get(end) {
                b':' => {}
                b if b.is_ascii_hexdigit() => {}
                b'.' if self.get(end + 1).is_ascii_digit() => {}
                _ => break,
            }
            end += 1;
        }
        self.edge(self.prefix_bits(end))
    }

    fn ip4(self, at: usize) -> Option<usize> {
        let mut at = self.octet(at)?;
        for _ in 0..3 {
            at = self.octet(self.byte(at, b'.')?)?;
        }
        self.edge(self.prefix_bits(at))
    }

    fn clock(self, at: usize) -> Option<usize> {
        self.edge(self.hour(at)?)
    }

    fn money(self, at: usize) -> Option<usize> {
        let at = self.number(self.byte(at, b'$')?)?;
        let unit = self.byte(at, b'/').and_then(|at| self.letters(at));
        self.edge(unit.unwrap_or(at))
    }

    /// No edge after it: a letter that follows is a word of its own.
    fn percent(self, at: usize) -> Option<usize> {
        self.byte(self.number(at)?, b'%')
    }

    fn range(self, at: usize) -> Option<usize> {
        let at = self.dots(self.quantity(at)?)?;
        self.edge(self.quantity(at)?)
    }

    fn amount(self, at: usize) -> Option<usize> {
        self.edge(self.quantity(at)?)
    }

    /// Begins like a number or a price and is neither.
    fn odd(self, at: usize) -> Option<usize> {
        match self.get(at) {
            b'$' if self.get(at + 1) == b'.' => Some(self.segments(at + 2)),
            b'$' | b'0'..=b'9' => Some(self.segments(at + 1)),
            _ => None,
        }
    }

    fn hour(self, at: usize) -> Option<usize> {
        self.digits::<2>(self.byte(self.digits::<2>(at)?, b':')?)
    }

    fn octet(self, at: usize) -> Option<usize> {
        let end = self.at_most::<3>(at, |b| b.is_ascii_digit());
        (end > at).then_some(end)
    }

    fn prefix_bits(self, at: usize) -> usize {
        let bits = self.byte(at, b'/').and_then(|at| self.octet(at));
        bits.unwrap_or(at)
    }

    fn number(self, at: usize) -> Option<usize> {
        let whole = self.some_digits(at)?;
        let part = self.byte(whole, b'.').and_then(|at| self.some_digits(at));
        Some(part.unwrap_or(whole))
    }

    fn quantity(self, at: usize) -> Option<usize> {
        let number = self.number(at)?;
        let Some(mut at) = self.letters(number) else {
            return Some(number);
        };
        while let Some(end) = self.some_digits(at).and_then(|at| self.letters(at)) {
            at = end;
        }
        Some(at)
    }

    fn days(self, at: usize) -> Option<usize> {
        let at = self.dots(self.day(at)?)?;
        self.edge(self.day(at)?)
    }

    fn day(self, at: usize) -> Option<usize> {
        let end = self.at_most::<3>(at, |b| b.is_ascii_alphabetic());
        (end == at + 3).then_some(end)
    }

    fn dots(self, at: usize) -> Option<usize> {
        self.byte(self.byte(at, b'.')?, b'.')
    }

    fn byte(self, at: usize, due: u8) -> Option<usize> {
        (self.get(at) == due).then_some(at + 1)
    }

    fn digits<const COUNT: usize>(self, at: usize) -> Option<usize> {
        let end = self.at_most::<COUNT>(at, |b| b.is_ascii_digit());
        (end == at + COUNT).then_some(end)
    }

    fn some_digits(self, at: usize) -> Option<usize> {
        let end = self.run(at, |b| b.is_ascii_digit());
        (end > at).then_some(end)
    }

    fn letters(self, at: usize) -> Option<usize> {
        let end = self.run(at, |b| b.is_ascii_alphabetic());
        (end > at).then_some(end)
    }

    fn at_most<const COUNT: usize>(self, at: usize, belongs: impl Fn(u8) -> bool) -> usize {
        let mut end = at;
        while end < at + COUNT && belongs(self.get(end)) {
            end += 1;
        }
        end
    }

    /// Characters of a name, and joints that stand between two of them.
    fn joined(self, at: usize, is_joint: impl Fn(u8) -> bool) -> usize {
        let mut at = at;
        loop {
            at = self.run(at, is_name);
            if !is_joint(self.get(at)) || !is_name(self.get(at + 1)) {
                return at;
            }
            at += 1;
        }
    }

    /// What may follow the slash of a target.
    fn segments(self, at: usize) -> usize {
        self.joined(at, is_joint)
    }

    /// Nothing of a name goes on here.
    fn edge(self, at: usize) -> Option<usize> {
        let next = self.get(at);
        let goes_on = is_name(next) || is_joint(next) && is_name(self.get(at + 1));
        (!goes_on).then_some(at)
    }

    /// Punctuation, of this language, of others and of none.
    fn mark(self, at: usize) -> (Kind, usize) {
        let kind = match (self.get(at), self.get(at + 1)) {
            (b'-', b'>') => return (Kind::Arrow, at + 2),
            (b'<' | b'>', b'=') => return (Kind::Order, at + 2),
            (b'=', b'=' | b'>') | (b'&', b'&') | (b'|', b'|') | (b'!', b'=') | (b'.', b'.') => {
                return (Kind::Foreign, at + 2);
            }
            (b'{', _) => Kind::Open,
            (b'}', _) => Kind::Close,
            (b'(', _) => Kind::ParenOpen,
            (b')', _) => Kind::ParenClose,
            (b',', _) => Kind::Comma,
            (b';', _) => Kind::Semicolon,
            (b'=', _) => Kind::Equal,
            (b'<' | b'>', _) => Kind::Order,
            (
                b':' | b'!' | b'-' | b'[' | b']' | b'*' | b'+' | b'.' | b'/' | b'|' | b'&' | b'\''
                | b'?' | b'@' | b'%' | b'~' | b'^' | b'`' | b'\\' | b'_',
                _,
            ) => Kind::Foreign,
            (0xEF, 0xBB) if self.get(at + 2) == 0xBF => return (Kind::Mark, at + 3),
            _ => return (Kind::Bad, at + self.width(at)),
        };
        (kind, at + 1)
    }

    /// How many bytes the character that begins here has.
    fn width(self, at: usize) -> usize {
        match self.get(at) {
            ..0xC0 => 1,
            0xC0..0xE0 => 2,
            0xE0..0xF0 => 3,
            0xF0.. => 4,
        }
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_joint(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b':' | b'@' | b'/')
}
