//! From slices to the tables that are printed.

use std::fmt::Write;

/// What one slice of one proxy came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice {
    /// Requests answered, or events delivered.
    pub(crate) units: u64,
    /// CPU of the proxy over the slice.
    pub(crate) cpu_ns: u64,
    /// Wall time of the slice.
    pub(crate) elapsed_ns: u64,
    /// Half of the latencies are below it.
    pub(crate) p50_us: u64,
    /// All but one in a hundred are below it.
    pub(crate) p99_us: u64,
    /// Memory of the proxy before the connections of the slice were opened.
    pub(crate) idle_kib: u64,
    /// The same at its end, when all are open.
    pub(crate) loaded_kib: u64,
}

impl Slice {
    pub(crate) fn cpu_us(&self) -> f64 {
        self.cpu_ns as f64 / 1e3 / self.units.max(1) as f64
    }

    fn rate(&self) -> f64 {
        self.units as f64 * 1e9 / self.elapsed_ns.max(1) as f64
    }
}

/// All slices of one proxy, a round each.
#[derive(Clone, Debug)]
pub(crate) struct Rounds {
    /// The proxy.
    pub(crate) name: &'static str,
    /// The slices in the order of rounds.
    pub(crate) slices: Vec<Slice>,
}

impl Rounds {
    fn median(&self, figure: impl Fn(&Slice) -> f64) -> f64 {
        median(self.slices.iter().map(figure).collect())
    }

    /// Both proxies' slices of one round stand minutes apart at most: the ratio is taken within a
    /// round, and of the ratios the median.
    fn ratio(&self, to: &Rounds) -> f64 {
        let pairs = self.slices.iter().zip(&to.slices);
        median(
            pairs
                .map(|(own, other)| own.cpu_us() / other.cpu_us())
                .collect(),
        )
    }
}

pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// One table: a line per proxy, its median CPU with the extremes, and what it is beside the others.
pub(crate) fn table(unit: &str, proxies: &[Rounds]) -> String {
    let mut text = format!(
        "{:<12}{:>13}{:>17}{:>10}{:>10}{:>12}{:>9}{:>9}\n",
        "proxy",
        format!("us CPU/{unit}"),
        "min..max",
        "x nginx",
        "x hyper",
        format!("{unit}s/s"),
        "p50 us",
        "p99 us",
    );
    let beside = |proxy: &Rounds, name: &str| {
        let other = proxies.iter().find(|other| other.name == name);
        other.map_or("-".to_owned(), |other| format!("{:.2}", proxy.ratio(other)))
    };
    for proxy in proxies {
        let cpu: Vec<f64> = proxy.slices.iter().map(Slice::cpu_us).collect();
        let least = cpu.iter().copied().fold(f64::INFINITY, f64::min);
        let most = cpu.iter().copied().fold(0.0, f64::max);
        let _ = writeln!(
            text,
            "{:<12}{:>13.2}{:>17}{:>10}{:>10}{:>12.0}{:>9.0}{:>9.0}",
            proxy.name,
            proxy.median(Slice::cpu_us),
            format!("{least:.2}..{most:.2}"),
            beside(proxy, "nginx"),
            beside(proxy, "bare hyper"),
            proxy.median(Slice::rate),
            proxy.median(|slice| slice.p50_us as f64),
            proxy.median(|slice| slice.p99_us as f64),
        );
    }
    text
}
