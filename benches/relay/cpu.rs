//! Cores to pin to, and time spent on them.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Failure;

/// Where the proxy runs and where all else runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    /// The core of the proxy alone.
    pub(crate) proxy: usize,
    /// The core of load and provider.
    pub(crate) rest: usize,
}

impl Cores {
    /// Two cores this process may use, or why there are none.
    pub(crate) fn find() -> Result<Cores, &'static str> {
        if Command::new("taskset").arg("--version").output().is_err() {
            return Err("`taskset` is absent (package util-linux): nothing is pinned");
        }
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let allowed = status
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        let mut cores = allowed
            .unwrap_or_default()
            .trim()
            .split(',')
            .flat_map(range);
        match (cores.next(), cores.next()) {
            (Some(proxy), Some(rest)) => Ok(Cores { proxy, rest }),
            _ => Err("fewer than two cores: nothing is pinned"),
        }
    }
}

/// `4` or `4-7`, as the kernel writes sets of cores.
fn range(text: &str) -> Vec<usize> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) => (first..=last).collect(),
        _ => Vec::new(),
    }
}

/// Nanoseconds that all threads of a process have been on a processor, as the scheduler counts.
///
/// The kernel brings the figure of a running thread up to date only at its next tick, so it is
/// read when the process has nothing to do.
pub(crate) fn on_cpu_ns(process: u32) -> Result<u64, Failure> {
    let mut sum = 0;
    for thread in fs::read_dir(Path::new("/proc").join(process.to_string()).join("task"))? {
        let line = fs::read_to_string(thread?.path().join("schedstat"))?;
        let ns: u64 = line.split(' ').next().unwrap_or_default().parse()?;
        sum += ns;
    }
    Ok(sum)
}
