//! Cuts a byte stream into whole events without copying, decoding or waiting.
//!
//! ```text
//! chunk   …tail of an open event│ event │ event │ event │ head of the next…
//!          begun earlier ───────┘       └ ranges ┘      └ cut: bytes before it may leave
//! ```
//!
//! Lines end at CR LF, LF or CR, freely mixed; an empty line ends the event. No byte is looked at
//! twice, however the stream is split, and nothing is kept but a few flags: whoever needs the bytes
//! of an event that crosses chunks holds them himself.

use memchr::memchr2;
use thiserror::Error;

use crate::sse::EVENT_BYTES_MAX;

/// Where one stream stands between two chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framer {
    /// Bytes of the open event in earlier chunks.
    open_bytes: usize,
    /// Lines of the open event that have ended.
    lines: u32,
    /// Whether the next byte begins a line.
    at_line_start: bool,
    /// Whether the last byte was a CR that may be half of a CR LF.
    cr_pending: bool,
    bom: Bom,
    event_bytes_max: usize,
}

/// A byte order mark is dropped at the start of a stream, and may itself come in pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bom {
    /// This many of its bytes have come, and nothing else.
    Possible(usize),
    /// The stream has begun.
    Past,
}

/// One whole event: everything after the last boundary, through its empty line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Where its part in this chunk begins.
    pub start: usize,
    /// Where it ends in this chunk.
    pub end: usize,
    /// Whether it began in an earlier chunk.
    pub begun_before: bool,
    /// Lines before the empty one.
    pub lines: u32,
}

/// An event is longer than the bound; the stream cannot be followed any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an event is longer than {event_bytes_max} bytes")]
pub struct TooLong {
    /// The bound.
    pub event_bytes_max: usize,
}

impl Default for Framer {
    fn default() -> Self {
        Self::new(EVENT_BYTES_MAX)
    }
}

impl Framer {
    /// A framer at the start of a stream. An event's length counts through the byte that
    /// completes its empty line.
    pub fn new(event_bytes_max: usize) -> Self {
        Self {
            open_bytes: 0,
            lines: 0,
            at_line_start: true,
            cr_pending: false,
            bom: Bom::Possible(0),
            event_bytes_max,
        }
    }

    /// Walks the next chunk. Take every frame, then [`Frames::finish`].
    #[inline]
    pub fn frames<'a>(&'a mut self, chunk: &'a [u8]) -> Frames<'a> {
        let opening = self.opening(chunk);
        Frames {
            at: opening.at,
            start: opening.start,
            opening,
            at_line_start: self.at_line_start,
            lines: self.lines,
            open_bytes: self.open_bytes,
            chunk,
            framer: self,
        }
    }

    /// Bytes of the open event so far.
    pub fn open_bytes(&self) -> usize {
        self.open_bytes
    }

    /// Settles what the last chunk left undecided about this one's first bytes.
    #[inline]
    fn opening(&mut self, chunk: &[u8]) -> Opening {
        let mut opening = Opening::default();
        if self.cr_pending && !chunk.is_empty() {
            self.cr_pending = false;
            // The line ended at the CR; an LF here is its other half, not an empty line.
            if chunk.first() == Some(&b'\n') {
                opening.at = 1;
                // If that CR ended an event too, the event has left and the LF is nobody's.
                opening.start = usize::from(self.open_bytes == 0);
            }
        }
        if self.bom != Bom::Past {
            self.byte_order_mark(chunk, &mut opening);
        }
        opening
    }

    #[cold]
    fn byte_order_mark(&mut self, chunk: &[u8], opening: &mut Opening) {
        let Bom::Possible(before) = self.bom else {
            return;
        };
        let mut seen = before;
        for (byte, length) in chunk.iter().zip(1..) {
            if MARK.get(seen) != Some(byte) {
                self.bom = Bom::Past;
                // What came of a mark in earlier chunks was the start of a field name after all.
                self.at_line_start = before == 0;
                return;
            }
            seen += 1;
            if seen == MARK.len() {
                self.bom = Bom::Past;
                self.open_bytes = 0;
                self.at_line_start = true;
                opening.at = length;
                opening.start = length;
                opening.drops_held = true;
                return;
            }
        }
        self.bom = Bom::Possible(seen);
    }
}

const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// What a chunk's first bytes turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opening {
    /// Where the open event goes on: after a byte order mark, or after a late LF.
    pub start: usize,
    /// Where to look for line ends from.
    at: usize,
    /// A byte order mark ended here: it is no part of the stream, and what was held of it is dropped.
    pub drops_held: bool,
}

/// The whole events of one chunk, in order.
#[derive(Debug)]
pub struct Frames<'a> {
    framer: &'a mut Framer,
    chunk: &'a [u8],
    opening: Opening,
    /// Where to look for the next line end from.
    at: usize,
    /// Where the open event begins.
    start: usize,
    at_line_start: bool,
    lines: u32,
    /// Bytes of the open event in earlier chunks.
    open_bytes: usize,
}

impl Frames<'_> {
    /// What the chunk's first bytes turned out to be.
    pub fn opening(&self) -> Opening {
        self.opening
    }

    /// The bytes from the next event on, where no event is open.
    #[inline]
    pub fn ahead(&self) -> Option<&[u8]> {
        if self.open_bytes > 0 {
            return None;
        }
        self.chunk.get(self.start..)
    }

    /// Passes over one whole event of `length` bytes that the caller has recognised in
    /// [`Frames::ahead`], and gives its end.
    #[inline]
    pub fn pass(&mut self, length: usize) -> usize {
        self.at = self.start + length;
        self.start = self.at;
        self.at
    }

    /// Remembers where the stream stands and gives the cut: bytes before it belong to whole events,
    /// bytes from it on to the open one.
    ///
    /// # Errors
    /// The open event has passed the bound.
    #[inline]
    pub fn finish(self) -> Result<usize, TooLong> {
        let open_bytes = self.open_bytes + (self.chunk.len() - self.start);
        self.framer.open_bytes = open_bytes;
        self.framer.at_line_start = self.at_line_start;
        self.framer.lines = self.lines;
        if open_bytes > self.framer.event_bytes_max {
            return Err(self.framer.too_long());
        }
        Ok(self.start)
    }

    #[inline]
    fn frame(&mut self, complete: usize, end: usize) -> Result<Frame, TooLong> {
        if self.open_bytes + (complete - self.start) > self.framer.event_bytes_max {
            return Err(self.framer.too_long());
        }
        let frame = Frame {
            start: self.start,
            end,
            begun_before: self.open_bytes > 0,
            lines: self.lines,
        };
        self.at = end;
        self.start = end;
        self.open_bytes = 0;
        self.lines = 0;
        self.at_line_start = true;
        Ok(frame)
    }
}

impl Iterator for Frames<'_> {
    type Item = Result<Frame, TooLong>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.chunk.get(self.at..)?;
            let Some(length) = memchr2(b'\n', b'\r', rest) else {
                self.at_line_start &= rest.is_empty();
                self.at = self.chunk.len();
                return None;
            };
            let empty = length == 0 && self.at_line_start;
            let line_end = self.at + length + 1;
            let next = self.chunk.get(line_end);
            if rest.get(length) == Some(&b'\n') {
                if empty {
                    return Some(self.frame(line_end, line_end));
                }
                self.lines += 1;
                // By far the most common end, so it costs no second search.
                if next == Some(&b'\n') {
                    return Some(self.frame(line_end + 1, line_end + 1));
                }
                self.at = line_end;
            } else {
                // An LF that follows belongs to this line end; one in the next chunk is skipped
                // there. Waiting for it would hold a finished event back.
                self.framer.cr_pending = next.is_none();
                self.at = line_end + usize::from(next == Some(&b'\n'));
                if empty {
                    return Some(self.frame(line_end, self.at));
                }
                self.lines += 1;
            }
            self.at_line_start = true;
        }
    }
}

impl Framer {
    fn too_long(&self) -> TooLong {
        TooLong {
            event_bytes_max: self.event_bytes_max,
        }
    }
}
