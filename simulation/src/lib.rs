//! Agents with a policy each play the markets' real bytecode in memory, to see whether the inequalities of
//! [`assay_economics`] hold: `assay simulate` and `docs/economics.md`.
//!
//! A *case* is one strategy at one point around the threshold of its condition. It is played with several seeds, each a *run* on a
//! chain of its own; a run ends with everything closed and withdrawn, and with every wei compared with the books. No file, clock or
//! node: the same seed gives the same report on every machine.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`error`], [`stats`], [`plot`] | what cannot be believed; means and bands; predicted curves | nothing |
//! | [`books`], [`fees`] | wei per agent and cause; the base fee's path | nothing |
//! | [`terms`] | parameters of a deployment, what things cost | `fees` |
//! | [`verifier`] | knows the truth, burns the gas of a real one | nothing |
//! | [`bytecode`], `machine` | the contracts' code; revm with mainnet's rules | `error` |
//! | `site` | a deployment with a registered model | `bytecode`, `machine`, `terms`, `verifier` |
//! | `world` | a run: time, transactions, books, the check at its end | `site` |
//! | `engagement`, `result` | the moves of an engagement | `world` |
//! | `round` | the moves of a round | `engagement`, `world` |
//! | `corpus`, `audit`, `demand` | documents, the moves of an audit and of its demands | `engagement`, `world` |
//! | [`case`](mod@case), [`grid`] | cases; all of them by condition | all moves |
//! | [`measure`] | plays cases over seeds, and judges them | `case`, `world` |
//! | [`exact`] | audits too large to play, by formula | `error` |
//! | [`report`] | claims, statements, JSON, Markdown, SVG | `measure`, `exact` |

mod audit;
pub mod books;
pub mod bytecode;
pub mod case;
mod corpus;
mod demand;
mod engagement;
pub mod error;
pub mod exact;
pub mod fees;
pub mod grid;
mod machine;
pub mod measure;
pub mod plot;
pub mod report;
mod result;
mod round;
mod site;
pub mod stats;
pub mod terms;
pub mod verifier;
mod world;

use bytecode::Bytecode;
use error::Error;
use grid::Size;
use rayon::prelude::*;
use report::{claims, statements, Report};

/// What to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The first seed.
    pub seed: u64,
    /// How many seeds, from that one on.
    pub seeds: u64,
    /// How large a grid.
    pub size: Size,
}

/// Plays the whole grid, on all threads of the machine. `step` hears of each case that is done, and of how many there are.
///
/// # Errors
/// If a run cannot be played, is left open, or leaves a wei unaccounted for.
pub fn simulate(code: &Bytecode, options: Options, step: impl Fn(u64) + Sync) -> Result<Report, Error> {
    let lines: Result<Vec<_>, Error> = grid::cases(options.size)
        .par_iter()
        .map(|case| {
            let line = measure::measure(code, case, options.seed, options.seeds);
            step(1);
            line
        })
        .collect();
    let lines = lines?;
    Ok(Report {
        seed: options.seed,
        seeds: options.seeds,
        smoke: options.size == Size::Smoke,
        runs: lines.len() as u64 * options.seeds,
        gas: lines.iter().map(|line| line.gas).sum(),
        claims: claims(&lines),
        audits: statements(&lines),
        plots: grid::plots(),
        exact: exact::audits()?,
        lines,
    })
}

/// How many cases a grid has: as often is `step` of [`simulate`] called.
pub fn case_count(size: Size) -> u64 {
    grid::cases(size).len() as u64
}

#[cfg(test)]
mod tests;
