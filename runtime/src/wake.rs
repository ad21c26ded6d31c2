//! Wake-ups that nobody needs.
//!
//! Both ends of hyper's body channels run in one task here: whoever takes a chunk wakes the very task
//! that is taking it. Each of these wake-ups would be one more poll of a whole connection for
//! nothing, as many as there are chunks.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// What becomes of a wake-up on this thread. Those of other threads always arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hush {
    /// It arrives.
    Off,
    /// It is kept back.
    On,
    /// One was kept back.
    Missed,
}

thread_local! {
    static HUSH: Cell<Hush> = const { Cell::new(Hush::Off) };
}

/// What `poll` gives, and whether it woke a task of [`Light`] that now was not woken. It is for the
/// caller to know who polls on.
pub(crate) fn hushed<T>(poll: impl FnOnce() -> T) -> (T, bool) {
    /// However the poll ends: a thread that stayed hushed would never wake anybody.
    struct Hushed;
    impl Drop for Hushed {
        fn drop(&mut self) {
            HUSH.set(Hush::Off);
        }
    }
    HUSH.set(Hush::On);
    let hushed = Hushed;
    let polled = poll();
    let missed = HUSH.get() == Hush::Missed;
    drop(hushed);
    (polled, missed)
}

/// Polls a future so that [`hushed`] reaches all that it waits for.
#[derive(Debug, Default)]
pub(crate) struct Light {
    /// The task's own waker, and the one in its place.
    wakers: Option<(Waker, Waker)>,
}

impl Light {
    /// The future's own poll.
    pub(crate) fn poll<F: Future>(
        &mut self,
        future: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<F::Output> {
        if !matches!(&self.wakers, Some((task, _)) if task.will_wake(cx.waker())) {
            self.wakers = None;
        }
        let (_, light) = self.wakers.get_or_insert_with(|| {
            let task = cx.waker().clone();
            (task.clone(), Waker::from(Arc::new(Sleeper(task))))
        });
        future.poll(&mut Context::from_waker(light))
    }
}

struct Sleeper(Waker);

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        match HUSH.get() {
            Hush::Off => self.0.wake_by_ref(),
            Hush::On | Hush::Missed => HUSH.set(Hush::Missed),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often the task was woken while `polled` had its waker.
    fn woken(polled: impl Fn(&Waker)) -> usize {
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut future = pin!(std::future::poll_fn(|cx| {
            polled(cx.waker());
            Poll::<()>::Pending
        }));
        let mut light = Light::default();
        for _ in 0..2 {
            let polled = light.poll(future.as_mut(), &mut Context::from_waker(&waker));
            assert!(polled.is_pending());
        }
        count.0.load(Ordering::Relaxed) / 2
    }

    #[test]
    fn what_is_hushed_wakes_nobody_and_is_told() {
        assert_eq!(woken(Waker::wake_by_ref), 1);
        let silent = |waker: &Waker| {
            let ((), missed) = hushed(|| waker.wake_by_ref());
            assert!(missed);
            assert_eq!(hushed(|| 7), (7, false));
        };
        assert_eq!(woken(silent), 0);
    }

    #[test]
    fn another_thread_is_always_heard() {
        let other = |waker: &Waker| {
            let waker = waker.clone();
            let ((), missed) = hushed(|| std::thread::spawn(|| waker.wake()).join().unwrap());
            assert!(!missed);
        };
        assert_eq!(woken(other), 1);
    }

    #[test]
    fn a_panic_ends_the_hush() {
        let _ = std::panic::catch_unwind(|| hushed(|| panic!("a bug")));
        assert_eq!(woken(Waker::wake_by_ref), 1);
    }
}
