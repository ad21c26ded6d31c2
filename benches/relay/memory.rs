//! What a proxy holds for each stream it carries.
//!
//! ```text
//! fresh process ─ 2 000 plain requests ─ idle ─ 5 000 streams open, four events a second each ─ loaded
//! ```
//!
//! An allocator keeps what it once had, so each round needs processes of its own.

use std::fmt::Write;
use std::fs;

use crate::Failure;
use crate::figures::{Rounds, Slice, median};

/// Memory of a process that is in RAM, in KiB.
pub(crate) fn resident_kib(process: u32) -> Result<u64, Failure> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kib
        .ok_or("the kernel does not say what is resident")?
        .parse()?)
}

/// One table: what each proxy held when idle and when loaded, and what that is a stream.
pub(crate) fn table(streams: usize, proxies: &[Rounds]) -> String {
    let mut text = format!(
        "{:<12}{:>12}{:>14}{:>14}{:>18}{:>14}\n",
        "proxy", "idle MiB", "loaded MiB", "KiB/stream", "more than hyper", "us CPU/event",
    );
    let each = |slice: &Slice| {
        slice.loaded_kib.saturating_sub(slice.idle_kib) as f64 / streams.max(1) as f64
    };
    let of = |proxy: &Rounds, figure: &dyn Fn(&Slice) -> f64| {
        median(proxy.slices.iter().map(figure).collect())
    };
    let twin = proxies.iter().find(|proxy| proxy.name == "bare hyper");
    for proxy in proxies {
        let held = of(proxy, &each);
        let _ = writeln!(
            text,
            "{:<12}{:>12.1}{:>14.1}{:>14.2}{:>18}{:>14.2}",
            proxy.name,
            of(proxy, &|slice| slice.idle_kib as f64 / 1024.0),
            of(proxy, &|slice| slice.loaded_kib as f64 / 1024.0),
            held,
            twin.map_or("-".to_owned(), |twin| format!(
                "{:+.2}",
                held - of(twin, &each)
            )),
            of(proxy, &Slice::cpu_us),
        );
    }
    text
}
