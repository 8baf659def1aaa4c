//! `bench kernels`: products, transforms, programs, inversions and multi-exponentiations of the library, portable and in lanes, in one run.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `clock` | processor time or wall time | nothing here |
//! | `side_by_side` | ways to do one operation, timed in turn | `clock` |
//! | `operations` | the operations | `side_by_side` |

mod clock;
mod operations;
mod side_by_side;

use assay_kernels::Threads;
use eyre::WrapErr;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use operations::bases;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use side_by_side::Bench;
use std::num::NonZeroUsize;

/// Full-width rows of a column of small numbers, as the witness has them.
const FULL_WIDTH_ROWS: usize = 29_000;

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// log₂ of the elements
    #[arg(long, default_value_t = 18, value_parser = clap::value_parser!(u32).range(10..=24))]
    pub log_size: u32,
    /// Threads; of one thread, processor time is taken where Linux tells it
    #[arg(long, default_value = "1")]
    pub threads: NonZeroUsize,
    /// Rounds whose median counts, after one to warm up
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: u32,
    /// Print one JSON object as the last line
    #[arg(long)]
    pub json: bool,
}

/// Runs `bench kernels`.
///
/// # Errors
/// If two results differ, or the operating system gives no threads.
pub fn run(args: &Args) -> eyre::Result<()> {
    let threads = Threads::new(args.threads).wrap_err("no threads")?;
    let mut bench = Bench::new(threads, args.repeat, args.log_size);
    let mut rng = StdRng::seed_from_u64(1);
    let elements: Vec<Fr> = (0..1 << args.log_size).map(|_| Fr::random(&mut rng)).collect();
    bench.products(&elements)?;
    bench.transform("transform to values", &elements, false)?;
    bench.transform("transform to coefficients", &elements, true)?;
    bench.inversions(&elements)?;
    bench.program(&elements)?;
    let bases = bases(elements.len());
    let small = |rng: &mut StdRng, bits: u32| Fr::from(rng.next_u64() >> (64 - bits));
    let bytes: Vec<Fr> = elements.iter().map(|_| small(&mut rng, 8)).collect();
    let words: Vec<Fr> = elements.iter().map(|_| small(&mut rng, 16)).collect();
    let mut column = words.clone();
    let rows = FULL_WIDTH_ROWS.min(column.len() / 8);
    column[..rows].copy_from_slice(&elements[..rows]);
    bench.multiexp("8-bit multi-exponentiation", &bytes, &bases)?;
    bench.multiexp("16-bit multi-exponentiation", &words, &bases)?;
    bench.multiexp("the same with some full-width rows", &column, &bases)?;
    bench.multiexp("full multi-exponentiation", &elements, &bases)?;
    bench.report(args.json)
}
