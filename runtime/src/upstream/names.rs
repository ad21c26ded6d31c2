//! Names of providers and the addresses behind them, kept fresh away from requests.
//!
//! A request reads what stands here and never waits. An answer that was good stays until a better
//! one comes: a resolver that fails takes nothing away.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::clock::{Clock, Instant};

/// Where one provider can be dialled.
pub type Addresses = Arc<ArcSwap<Vec<SocketAddr>>>;

/// A question to a resolver on its way.
pub type Answer = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// A good answer is asked for again after this; the system's resolver tells no lifetime.
const FRESH: Duration = Duration::from_secs(30);
/// A name without an answer is asked for again after this.
const RETRY: Duration = Duration::from_secs(2);
/// Addresses kept of one answer.
const ADDRESSES_MAX: usize = 16;
/// Questions on their way at once. Each may hold a thread of the resolver for as long as that one
/// likes, so the compiler's threads must not be among them.
const QUESTIONS_MAX: usize = 8;

/// Every name in use.
pub struct Names {
    entries: Mutex<BTreeMap<(String, u16), Arc<Entry>>>,
    ask: fn(String, u16) -> Answer,
    room: Arc<Semaphore>,
}

struct Entry {
    addresses: Addresses,
    asking: AtomicBool,
    due: Mutex<Option<Instant>>,
}

impl Names {
    /// Names resolved by the system.
    pub fn new() -> Self {
        Self::with(|host, port| {
            Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
        })
    }

    /// Names resolved by `ask`.
    pub fn with(ask: fn(String, u16) -> Answer) -> Self {
        Self {
            entries: Mutex::default(),
            ask,
            room: Arc::new(Semaphore::new(QUESTIONS_MAX)),
        }
    }

    /// Where a host is: at once if it is an address, else where its name was last found. A name
    /// that is new has no address until [`Names::refresh`] found one.
    pub fn addresses(&self, host: &str, port: u16) -> Addresses {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = literal.parse::<IpAddr>() {
            return Arc::new(ArcSwap::from_pointee(vec![SocketAddr::new(address, port)]));
        }
        let mut entries = lock(&self.entries);
        let entry = entries.entry((host.to_owned(), port)).or_insert_with(|| {
            Arc::new(Entry {
                addresses: Arc::default(),
                asking: AtomicBool::new(false),
                due: Mutex::default(),
            })
        });
        Arc::clone(&entry.addresses)
    }

    /// Asks for every name that is due and forgets those that no upstream holds any more. Returns
    /// when all have answered, or after `wait`; answers that come later are still taken.
    pub async fn refresh(&self, wait: Duration) {
        let now = Clock.now();
        let questions: Vec<_> = {
            let mut entries = lock(&self.entries);
            entries.retain(|_, entry| Arc::strong_count(&entry.addresses) > 1);
            let due = entries.iter().filter(|(_, entry)| entry.is_due(now));
            due.map(|((host, port), entry)| self.question(host, *port, entry))
                .collect()
        };
        let answered = async {
            for question in questions {
                // A question that panicked has no answer; the last good one stays.
                let _ended = question.await;
            }
        };
        // Late answers reach the entry by themselves.
        let _in_time = timeout(wait, answered).await;
    }

    fn question(&self, host: &str, port: u16, entry: &Arc<Entry>) -> tokio::task::JoinHandle<()> {
        entry.asking.store(true, Ordering::Relaxed);
        let (ask, room, entry) = (self.ask, Arc::clone(&self.room), Arc::clone(entry));
        let host = host.to_owned();
        tokio::spawn(async move {
            let _done = Asking(&entry);
            let Ok(_permit) = room.acquire().await else {
                return;
            };
            let found = ask(host, port).await.unwrap_or_default();
            let again = if found.is_empty() { RETRY } else { FRESH };
            *lock(&entry.due) = Some(Clock.now() + again);
            if !found.is_empty() && **entry.addresses.load() != found {
                let kept = found.into_iter().take(ADDRESSES_MAX).collect();
                entry.addresses.store(Arc::new(kept));
            }
        })
    }
}

impl Default for Names {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

impl Entry {
    fn is_due(&self, now: Instant) -> bool {
        !self.asking.load(Ordering::Relaxed) && lock(&self.due).is_none_or(|due| due <= now)
    }
}

/// Marks a name as asked for, also if the question ends badly.
struct Asking<'e>(&'e Entry);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.asking.store(false, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::{FRESH, Names};
    use crate::clock::Clock;

    const WAIT: Duration = Duration::from_secs(2);

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    #[test]
    fn an_address_needs_no_resolver() {
        let names = Names::with(|_, _| Box::pin(async { Err(io::ErrorKind::NotFound.into()) }));
        assert_eq!(
            **names.addresses("127.0.0.1", 80).load(),
            [at("127.0.0.1:80")]
        );
        assert_eq!(**names.addresses("::1", 443).load(), [at("[::1]:443")]);
        assert_eq!(**names.addresses("[::1]", 443).load(), [at("[::1]:443")]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_resolver_takes_no_good_answer_away() {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        let names = Names::with(|_, port| {
            Box::pin(async move {
                match ASKED.fetch_add(1, Ordering::Relaxed) {
                    0 => Ok(vec![SocketAddr::from(([10, 0, 0, 1], port))]),
                    1 => Err(io::ErrorKind::TimedOut.into()),
                    2 => Ok(Vec::new()),
                    _ => Ok(vec![SocketAddr::from(([10, 0, 0, 2], port))]),
                }
            })
        });
        let addresses = names.addresses("llm.example", 443);
        assert!(addresses.load().is_empty());
        names.refresh(WAIT).await;
        assert_eq!(**addresses.load(), [at("10.0.0.1:443")]);
        names.refresh(WAIT).await; // still fresh: nobody is asked
        assert_eq!(ASKED.load(Ordering::Relaxed), 1);
        for _ in 0..2 {
            tokio::time::advance(FRESH).await;
            names.refresh(WAIT).await;
            assert_eq!(**addresses.load(), [at("10.0.0.1:443")]);
        }
        tokio::time::advance(FRESH).await;
        names.refresh(WAIT).await;
        assert_eq!(**addresses.load(), [at("10.0.0.2:443")]);
        // A reload that keeps the provider keeps what is known of it.
        assert_eq!(
            **names.addresses("llm.example", 443).load(),
            [at("10.0.0.2:443")]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_resolver_that_hangs_is_waited_for_once_and_asked_once() {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        let names = Names::with(|_, port| {
            Box::pin(async move {
                ASKED.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(20)).await;
                Ok(vec![SocketAddr::from(([10, 0, 0, 3], port))])
            })
        });
        let addresses = names.addresses("slow.example", 80);
        let began = Clock.now();
        names.refresh(WAIT).await;
        assert_eq!(began.elapsed(), WAIT);
        names.refresh(WAIT).await;
        assert_eq!(ASKED.load(Ordering::Relaxed), 1);
        assert!(addresses.load().is_empty());
        tokio::time::advance(Duration::from_secs(21)).await;
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        assert_eq!(
            **addresses.load(),
            [at("10.0.0.3:80")],
            "a late answer is still an answer"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_that_no_upstream_holds_is_forgotten() {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        let names = Names::with(|_, _| {
            Box::pin(async {
                ASKED.fetch_add(1, Ordering::Relaxed);
                Ok(vec![])
            })
        });
        drop(names.addresses("gone.example", 80));
        names.refresh(WAIT).await;
        assert_eq!(ASKED.load(Ordering::Relaxed), 0);
    }
}
