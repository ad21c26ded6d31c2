//! The rounds: every proxy in turn, the first of one round last in the next.

use std::net::SocketAddr;

use crate::contestant::{self, Contestant};
use crate::cpu::Cores;
use crate::figures::{self, Rounds, Slice};
use crate::process::Running;
use crate::wire::Kind;
use crate::{Failure, pacer};

/// What the command line can choose.
pub(crate) struct Settings {
    /// Slices of each kind for each proxy.
    pub(crate) rounds: usize,
    /// The kinds to measure.
    pub(crate) kinds: Vec<Kind>,
}

/// How much one slice holds.
#[derive(Clone, Copy)]
struct Size {
    /// Keep-alive connections of the closed loop, or streams.
    lanes: usize,
    /// Requests of a plain slice, milliseconds of a paced one.
    length: u64,
}

impl Size {
    fn describe(self, kind: Kind) -> String {
        let (length, lanes, period_ms) = (self.length, self.lanes, pacer::PERIOD.as_millis());
        match kind {
            Kind::Plain => format!("{length} requests over {lanes} connections"),
            Kind::Alone => {
                format!(
                    "{length} ms, {lanes} streams with an event each {period_ms} ms, evenly spread"
                )
            }
            Kind::Bursts => format!(
                "{length} ms, {lanes} streams with an event each {period_ms} ms, those of one ms at once"
            ),
        }
    }
}

const PLAIN: Size = Size {
    lanes: 32,
    length: 20_000,
};
const PACED: Size = Size {
    lanes: 128,
    length: 4_000,
};
const PLAIN_WARM: Size = Size {
    lanes: 32,
    length: 2_000,
};
const PACED_WARM: Size = Size {
    lanes: 128,
    length: 500,
};
const PLAIN_SMOKE: Size = Size {
    lanes: 4,
    length: 200,
};
const PACED_SMOKE: Size = Size {
    lanes: 16,
    length: 200,
};

/// The whole comparison; about four minutes.
pub(crate) fn full(settings: &Settings) -> Result<(), Failure> {
    let cores = Cores::find().map_err(|why| println!("note: {why}")).ok();
    let core = cores.map(|cores| cores.proxy);
    let mut bench = Bench::start(cores)?;
    match contestant::clawgate() {
        Ok(program) => {
            println!("clawgate: {}", program.display());
            bench
                .proxies
                .push(contestant::gateway(core, bench.upstream, program)?);
        }
        Err(why) => println!("note: without the gateway: {why}"),
    }
    bench.proxies.push(contestant::twin(core, bench.upstream)?);
    match contestant::nginx(core, bench.upstream)? {
        Some(nginx) => bench.proxies.push(nginx),
        None => println!("note: without nginx: it is not installed"),
    }
    let alone = bench.load(bench.upstream, Kind::Plain, PLAIN)?.run()?;
    println!(
        "load and provider alone: {:.0} requests/s\n",
        alone.units as f64 * 1e9 / alone.elapsed_ns as f64
    );

    for &kind in &settings.kinds {
        let (warm, size) = match kind {
            Kind::Plain => (PLAIN_WARM, PLAIN),
            Kind::Alone | Kind::Bursts => (PACED_WARM, PACED),
        };
        bench.rounds(kind, warm, 1)?;
        let rounds = bench.rounds(kind, size, settings.rounds)?;
        println!(
            "{}, {} rounds of {}",
            kind.word(),
            settings.rounds,
            size.describe(kind)
        );
        println!("{}", figures::table(kind.unit(), &rounds));
    }
    Ok(())
}

/// One small round of the twin: that the bench still works is all it asks.
pub(crate) fn smoke() -> Result<(), Failure> {
    let mut bench = Bench::start(None)?;
    bench.proxies.push(contestant::twin(None, bench.upstream)?);
    for kind in Kind::ALL {
        let size = if kind == Kind::Plain {
            PLAIN_SMOKE
        } else {
            PACED_SMOKE
        };
        println!(
            "{}",
            figures::table(kind.unit(), &bench.rounds(kind, size, 1)?)
        );
    }
    Ok(())
}

struct Bench {
    cores: Option<Cores>,
    upstream: SocketAddr,
    proxies: Vec<Contestant>,
    _provider: Running,
}

impl Bench {
    fn start(cores: Option<Cores>) -> Result<Bench, Failure> {
        let mut provider = Running::role(cores.map(|cores| cores.rest), &["upstream"])?;
        let upstream = provider.line()?.parse()?;
        Ok(Bench {
            cores,
            upstream,
            proxies: Vec::new(),
            _provider: provider,
        })
    }

    fn rounds(&self, kind: Kind, size: Size, rounds: usize) -> Result<Vec<Rounds>, Failure> {
        let empty = |proxy: &Contestant| Rounds {
            name: proxy.name,
            slices: Vec::new(),
        };
        let mut found: Vec<Rounds> = self.proxies.iter().map(empty).collect();
        for round in 0..rounds {
            for turn in 0..self.proxies.len() {
                let which = (round + turn) % self.proxies.len();
                found[which]
                    .slices
                    .push(self.slice(&self.proxies[which], kind, size)?);
            }
        }
        Ok(found)
    }

    fn slice(&self, proxy: &Contestant, kind: Kind, size: Size) -> Result<Slice, Failure> {
        let failed = |failure| Failure::from(format!("{}: {failure}", proxy.name));
        let mut load = self.load(proxy.address, kind, size).map_err(failed)?;
        let before_ns = proxy.on_cpu_ns()?;
        let slice = load.run().map_err(failed)?;
        let cpu_ns = proxy.on_cpu_ns()?.saturating_sub(before_ns);
        if cpu_ns == 0 {
            return Err("the scheduler counts no time: /proc/PID/task/*/schedstat".into());
        }
        if kind != Kind::Plain {
            expect_whole(proxy.name, slice, size)?;
        }
        Ok(Slice { cpu_ns, ..slice })
    }

    /// Load with all its connections open and used once, before the slice begins.
    fn load(&self, address: SocketAddr, kind: Kind, size: Size) -> Result<Load, Failure> {
        let [address, lanes, length] = [
            address.to_string(),
            size.lanes.to_string(),
            size.length.to_string(),
        ];
        let words = ["load", &address, kind.word(), &lanes, &length];
        let mut process = Running::role(self.cores.map(|cores| cores.rest), &words)?;
        process.line()?;
        Ok(Load { process })
    }
}

struct Load {
    process: Running,
}

impl Load {
    /// The slice itself; the connections stay open until the load is dropped.
    fn run(&mut self) -> Result<Slice, Failure> {
        self.process.tell("go")?;
        let line = self.process.line()?;
        let figures: Vec<u64> = line.split(' ').flat_map(str::parse).collect();
        match figures[..] {
            [units, elapsed_ns, p50_us, p99_us] => Ok(Slice {
                units,
                cpu_ns: 0,
                elapsed_ns,
                p50_us,
                p99_us,
            }),
            _ => Err(format!("the load said `{line}`").into()),
        }
    }
}

/// A proxy that sheds or stalls events would look cheap.
fn expect_whole(name: &str, slice: Slice, size: Size) -> Result<(), Failure> {
    let due = slice.elapsed_ns * size.lanes as u64 / pacer::PERIOD.as_nanos() as u64;
    if slice.units * 10 < due * 9 {
        return Err(format!("{name}: {} events of {due} came in time", slice.units).into());
    }
    Ok(())
}
