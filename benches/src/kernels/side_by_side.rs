//! Ways to do one operation, timed in turn and compared.

use super::clock::Clock;
use assay_kernels::{Kernels, Path, Threads};
use eyre::ensure;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The measurements.
#[derive(Debug, Serialize)]
struct Report {
    log_size: u32,
    threads: usize,
    lanes: bool,
    measured: Vec<Measured>,
}

/// One operation.
#[derive(Debug, Serialize)]
struct Measured {
    what: &'static str,
    /// Medians in milliseconds, by who does it: `stock`, `portable`, `lanes`.
    ms: BTreeMap<&'static str, f64>,
    /// How many times less time than `stock`.
    ratio: BTreeMap<&'static str, f64>,
}

/// What all measurements share.
pub(super) struct Bench {
    /// The portable path, and lanes if there are any; one pool.
    pub(super) kernels: Vec<Kernels>,
    rounds: u32,
    /// log₂ of the elements.
    pub(super) log_size: u32,
    measured: Vec<Measured>,
}

/// A way to do the operation; returns nothing, leaves its result where it can be compared.
pub(super) type Run<'a> = (&'static str, Box<dyn FnMut() + 'a>);

impl Bench {
    /// Both paths of this machine with `threads`, nothing measured.
    pub(super) fn new(threads: Threads, rounds: u32, log_size: u32) -> Self {
        let detected = Kernels::detect(threads.clone());
        let mut kernels = vec![Kernels::portable(threads)];
        if detected.path() != Path::Portable {
            kernels.push(detected);
        }
        Self {
            kernels,
            rounds,
            log_size,
            measured: Vec::new(),
        }
    }

    /// Runs everything once a round, in turn, so that all meet the same neighbours; one round more to warm up.
    pub(super) fn time(&mut self, what: &'static str, mut runs: Vec<Run<'_>>) {
        let single = self.kernels[0].threads().count() == 1;
        let mut times: Vec<Vec<Duration>> = vec![Vec::new(); runs.len()];
        for round in 0..=self.rounds {
            for ((_, run), times) in runs.iter_mut().zip(&mut times) {
                let start = Clock::start(single);
                run();
                if round > 0 {
                    times.push(start.elapsed());
                }
            }
        }
        let median = |times: &mut Vec<Duration>| {
            times.sort();
            times[times.len() / 2].as_secs_f64() * 1e3
        };
        let ms: BTreeMap<_, _> = runs
            .iter()
            .zip(&mut times)
            .map(|((name, _), times)| (*name, median(times)))
            .collect();
        let ratio = ms.iter().map(|(name, time)| (*name, ms["stock"] / time)).collect();
        eprintln!("{what}");
        self.measured.push(Measured { what, ms, ratio });
    }

    /// Prints all that was measured.
    pub(super) fn report(self, json: bool) -> eyre::Result<()> {
        println!(
            "2^{} elements, medians of {}, in ms; times less than the library in brackets",
            self.log_size, self.rounds
        );
        for Measured { what, ms, ratio } in &self.measured {
            let cells: Vec<String> = ["stock", "portable", "lanes"]
                .iter()
                .filter_map(|name| Some(format!("{name} {:.2} ({:.2})", ms.get(name)?, ratio.get(name)?)))
                .collect();
            println!("{what}: {}", cells.join(", "));
        }
        if json {
            let report = Report {
                log_size: self.log_size,
                threads: self.kernels[0].threads().count(),
                lanes: self.kernels.len() > 1,
                measured: self.measured,
            };
            println!("{}", serde_json::to_string(&report)?);
        }
        Ok(())
    }
}

/// Whether all ways have one result.
pub(super) fn same<T: PartialEq>(results: &[T]) -> eyre::Result<()> {
    ensure!(results.windows(2).all(|pair| pair[0] == pair[1]), "the results differ");
    Ok(())
}

/// The path of kernels.
pub(super) fn name(kernels: &Kernels) -> &'static str {
    match kernels.path() {
        Path::Portable => "portable",
        Path::Lanes(_) => "lanes",
    }
}
