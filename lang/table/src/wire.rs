//! Bytes of one value after another, little endian, with no gap and no second spelling.
//!
//! A count is believed only as far as bytes are left for it, so a hostile length costs nothing.

/// What a section turned out not to be.
pub(crate) type Fault = &'static str;

/// A value with one spelling in bytes.
pub(crate) trait Wire: Sized {
    /// The fewest bytes a value takes. Never zero.
    const BYTES_MIN: usize;

    /// Appends the value.
    fn put(&self, out: &mut Vec<u8>);

    /// Takes one value off the front.
    fn take(from: &mut Reader<'_>) -> Result<Self, Fault>;
}

/// The bytes of a section that are not read yet.
#[derive(Debug)]
pub(crate) struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'b [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or("ends early")?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or("ends early")?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A count of things that take at least `bytes_min` bytes each, all of which must be here.
    fn count(&mut self, bytes_min: usize) -> Result<usize, Fault> {
        let count = u32::take(self)? as usize;
        match count.checked_mul(bytes_min) {
            Some(bytes) if bytes <= self.rest.len() => Ok(count),
            _ => Err("counts more than it holds"),
        }
    }
}

macro_rules! numbers {
    ($($raw:ty),*) => {$(
        impl Wire for $raw {
            const BYTES_MIN: usize = size_of::<$raw>();

            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn take(from: &mut Reader<'_>) -> Result<Self, Fault> {
                Ok(Self::from_le_bytes(from.array()?))
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, u128);

impl Wire for [u8; 32] {
    const BYTES_MIN: usize = 32;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Fault> {
        from.array()
    }
}

impl Wire for bool {
    const BYTES_MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        u8::from(*self).put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Fault> {
        match u8::take(from)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err("neither yes nor no"),
        }
    }
}

impl Wire for String {
    const BYTES_MIN: usize = 4;

    fn put(&self, out: &mut Vec<u8>) {
        put_count(self.len(), out);
        out.extend_from_slice(self.as_bytes());
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let count = from.count(1)?;
        let bytes = from.bytes(count)?;
        std::str::from_utf8(bytes)
            .map(str::to_owned)
            .map_err(|_| "text that is not UTF-8")
    }
}

impl<T: Wire> Wire for Vec<T> {
    const BYTES_MIN: usize = 4;

    fn put(&self, out: &mut Vec<u8>) {
        put_count(self.len(), out);
        for each in self {
            each.put(out);
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let count = from.count(T::BYTES_MIN)?;
        // Grown as values arrive: a value in memory may be many times its bytes here.
        (0..count).map(|_| T::take(from)).collect::<Result<_, _>>()
    }
}

impl<T: Wire> Wire for Option<T> {
    const BYTES_MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Fault> {
        if bool::take(from)? {
            T::take(from).map(Some)
        } else {
            Ok(None)
        }
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    const BYTES_MIN: usize = A::BYTES_MIN + B::BYTES_MIN;

    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Fault> {
        Ok((A::take(from)?, B::take(from)?))
    }
}

/// A list longer than a count can say is cut off in the count, and then refused by `open`. The
/// compiler's budget on bytes lies far below.
pub(crate) fn put_count(count: usize, out: &mut Vec<u8>) {
    u32::try_from(count).unwrap_or(u32::MAX).put(out);
}

/// A struct is its fields, one after another.
macro_rules! record {
    ($($name:ident { $($field:ident: $ty:ty),* $(,)? })*) => {$(
        impl $crate::wire::Wire for $name {
            const BYTES_MIN: usize = 0 $(+ <$ty as $crate::wire::Wire>::BYTES_MIN)*;

            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }

            fn take(
                from: &mut $crate::wire::Reader<'_>,
            ) -> Result<Self, $crate::wire::Fault> {
                Ok(Self { $($field: <$ty as $crate::wire::Wire>::take(from)?),* })
            }
        }
    )*};
}

/// A choice is its number in this list, then what it carries.
macro_rules! choice {
    ($($name:ident { $($tag:literal => $variant:ident $(($ty:ty))?),* $(,)? })*) => {$(
        impl $crate::wire::Wire for $name {
            const BYTES_MIN: usize = 1;

            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $($crate::wire::choice!(@pattern value $variant $($ty)?) => {
                        let tag: u8 = $tag;
                        tag.put(out);
                        $($crate::wire::choice!(@put value out $ty);)?
                    })*
                }
            }

            fn take(
                from: &mut $crate::wire::Reader<'_>,
            ) -> Result<Self, $crate::wire::Fault> {
                match u8::take(from)? {
                    $($tag => Ok(Self::$variant $((<$ty as $crate::wire::Wire>::take(from)?))?),)*
                    _ => Err("an unknown choice"),
                }
            }
        }
    )*};
    (@pattern $value:ident $variant:ident) => { Self::$variant };
    (@pattern $value:ident $variant:ident $ty:ty) => { Self::$variant($value) };
    (@put $value:ident $out:ident $ty:ty) => { $value.put($out) };
}

/// A newtype is what it wraps.
macro_rules! wrapped {
    ($($name:ident($ty:ty)),* $(,)?) => {$(
        impl $crate::wire::Wire for $name {
            const BYTES_MIN: usize = <$ty as $crate::wire::Wire>::BYTES_MIN;

            fn put(&self, out: &mut Vec<u8>) {
                self.0.put(out);
            }

            fn take(
                from: &mut $crate::wire::Reader<'_>,
            ) -> Result<Self, $crate::wire::Fault> {
                <$ty as $crate::wire::Wire>::take(from).map(Self)
            }
        }
    )*};
}

pub(crate) use {choice, record, wrapped};

#[cfg(test)]
mod tests {
    use super::{Reader, Wire};

    #[test]
    fn a_count_beyond_the_bytes_present_is_refused_before_anything_is_kept() {
        let hostile = u32::MAX.to_le_bytes();
        assert_eq!(
            Vec::<(u64, String)>::take(&mut Reader::new(&hostile)),
            Err("counts more than it holds")
        );
        assert_eq!(
            String::take(&mut Reader::new(&hostile)),
            Err("counts more than it holds")
        );
    }

    #[test]
    fn a_value_has_one_spelling() {
        assert_eq!(
            bool::take(&mut Reader::new(&[2])),
            Err("neither yes nor no")
        );
        assert_eq!(
            <Option<u8> as Wire>::take(&mut Reader::new(&[3, 0])),
            Err("neither yes nor no")
        );
        assert_eq!(
            String::take(&mut Reader::new(&[1, 0, 0, 0, 0xff])),
            Err("text that is not UTF-8")
        );
    }
}
