//! Memory for bodies: what is held of requests and answers, over the whole process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// All bodies held by the process, together.
pub type Held = Arc<AtomicUsize>;

/// Memory granted to one body; it is given back when this is dropped.
#[derive(Debug)]
pub struct Room {
    all: Held,
    bytes: usize,
}

/// All bodies together would hold too many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Room {
    /// Room for nothing yet, out of what all bodies share.
    pub fn of(all: &Held) -> Self {
        Self {
            all: Arc::clone(all),
            bytes: 0,
        }
    }

    /// Grants so many bytes more, unless all bodies together would hold more than `bytes_max`.
    ///
    /// # Errors
    /// They would; nothing was granted.
    pub fn grow(&mut self, more: usize, bytes_max: usize) -> Result<(), Full> {
        let taken = self
            .all
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                held.checked_add(more).filter(|held| *held <= bytes_max)
            });
        taken.map_err(|_| Full)?;
        self.bytes += more;
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
