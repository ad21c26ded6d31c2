//! The rounds: every proxy in turn, the first of one round last in the next.

use std::net::SocketAddr;

use crate::contestant::{self, Contestant};
use crate::cpu::Cores;
use crate::figures::{self, Rounds, Slice};
use crate::load::Order;
use crate::process::Running;
use crate::wire::Kind;
use crate::{Failure, memory, pacer};

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
        let period = if kind == Kind::Many {
            pacer::SLOW_PERIOD
        } else {
            pacer::PERIOD
        };
        let (length, lanes, period_ms) = (self.length, self.lanes, period.as_millis());
        let streams = format!("{length} ms of {lanes} streams, an event each {period_ms} ms");
        match kind {
            Kind::Plain => format!("{length} requests over {lanes} connections"),
            Kind::Alone | Kind::Many => format!("{streams}, evenly spread"),
            Kind::Bursts => format!("{streams}, those of one ms at once"),
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
const MANY: Size = Size {
    lanes: 5_000,
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
        Ok(program) => println!("clawgate: {}", program.display()),
        Err(why) => println!("note: without the gateway: {why}"),
    }
    bench.all(core)?;
    if bench.proxies.iter().all(|proxy| proxy.name != "nginx") {
        println!("note: without nginx: it is not installed");
    }
    let alone = bench.alone()?;
    println!(
        "the peers alone: {:.0} requests/s\n",
        alone.units as f64 * 1e9 / alone.elapsed_ns as f64
    );

    for &kind in &settings.kinds {
        let (warm, size) = match kind {
            Kind::Plain => (PLAIN_WARM, PLAIN),
            Kind::Alone | Kind::Bursts => (PACED_WARM, PACED),
            Kind::Many => {
                println!("many, 3 rounds of {}", MANY.describe(kind));
                println!("{}", memory::table(MANY.lanes, &bench.fresh(core, 3)?));
                continue;
            }
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
    upstream: SocketAddr,
    proxies: Vec<Contestant>,
    peers: Running,
}

impl Bench {
    fn start(cores: Option<Cores>) -> Result<Bench, Failure> {
        let mut peers = Running::role(cores.map(|cores| cores.rest), &["peers"])?;
        let upstream = peers.line()?.parse()?;
        Ok(Bench {
            upstream,
            proxies: Vec::new(),
            peers,
        })
    }

    /// Starts every proxy there is, in place of those that ran.
    fn all(&mut self, core: Option<usize>) -> Result<(), Failure> {
        self.proxies.clear();
        if let Ok(program) = contestant::clawgate() {
            let gateway = contestant::gateway(core, self.upstream, program)?;
            self.proxies.push(gateway);
        }
        self.proxies.push(contestant::twin(core, self.upstream)?);
        self.proxies.extend(contestant::nginx(core, self.upstream)?);
        Ok(())
    }

    /// Rounds of many streams, each with processes of its own.
    fn fresh(&mut self, core: Option<usize>, rounds: usize) -> Result<Vec<Rounds>, Failure> {
        let mut found: Vec<Rounds> = Vec::new();
        for _ in 0..rounds {
            self.all(core)?;
            self.rounds(Kind::Plain, PLAIN_WARM, 1)?;
            let round = self.rounds(Kind::Many, MANY, 1)?;
            if found.is_empty() {
                found = round;
            } else {
                for (all, more) in found.iter_mut().zip(round) {
                    all.slices.extend(more.slices);
                }
            }
        }
        Ok(found)
    }

    fn rounds(&mut self, kind: Kind, size: Size, rounds: usize) -> Result<Vec<Rounds>, Failure> {
        let empty = |proxy: &Contestant| Rounds {
            name: proxy.name,
            slices: Vec::new(),
        };
        let mut found: Vec<Rounds> = self.proxies.iter().map(empty).collect();
        for round in 0..rounds {
            for turn in 0..found.len() {
                let which = (round + turn) % found.len();
                let name = found[which].name;
                let slice = self.slice(which, kind, size);
                found[which]
                    .slices
                    .push(slice.map_err(|failure| format!("{name}: {failure}"))?);
            }
        }
        Ok(found)
    }

    fn slice(&mut self, which: usize, kind: Kind, size: Size) -> Result<Slice, Failure> {
        let proxy = &self.proxies[which];
        let order = Order {
            address: proxy.address,
            kind,
            lanes: size.lanes,
            length: size.length,
        };
        let idle_kib = proxy.resident_kib()?;
        self.peers.tell(&order.line())?;
        self.peers.line()?;
        let before_ns = proxy.on_cpu_ns()?;
        let slice = counted(&mut self.peers)?;
        let cpu_ns = proxy.on_cpu_ns()?.saturating_sub(before_ns);
        let loaded_kib = proxy.resident_kib()?;
        self.peers.tell("end")?;
        if cpu_ns == 0 {
            return Err("the scheduler counts no time: /proc/PID/task/*/schedstat".into());
        }
        Ok(Slice {
            cpu_ns,
            idle_kib,
            loaded_kib,
            ..slice
        })
    }

    /// The peers talking to each other.
    fn alone(&mut self) -> Result<Slice, Failure> {
        let Size { lanes, length } = PLAIN;
        let order = Order {
            address: self.upstream,
            kind: Kind::Plain,
            lanes,
            length,
        };
        self.peers.tell(&order.line())?;
        self.peers.line()?;
        let slice = counted(&mut self.peers)?;
        self.peers.tell("end")?;
        Ok(slice)
    }
}

/// The slice itself.
fn counted(peers: &mut Running) -> Result<Slice, Failure> {
    peers.tell("go")?;
    let line = peers.line()?;
    let figures: Vec<u64> = line.split(' ').flat_map(str::parse).collect();
    match figures[..] {
        [units, elapsed_ns, p50_us, p99_us] => Ok(Slice {
            units,
            cpu_ns: 0,
            idle_kib: 0,
            loaded_kib: 0,
            elapsed_ns,
            p50_us,
            p99_us,
        }),
        _ => Err(format!("the peers said `{line}`").into()),
    }
}
