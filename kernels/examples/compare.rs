//! Products, transforms and multi-exponentiations of 2^18 elements: stock, portable and lanes in one run, medians and ratios.
//!
//! `cargo run --release -p assay-kernels --example compare [-- THREADS [ROUNDS]]`; one thread and seven rounds if not given. With one
//! thread, times are processor time where Linux tells it, so that neighbours count less; else they are wall time.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use assay_kernels::{Kernels, Operand, Path, Plan, Program, Step, Threads};
use assay_lanes::elements::products;
use halo2_proofs::arithmetic::{best_fft, best_multiexp};
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::halo2curves::group::Curve;
use halo2_proofs::poly::EvaluationDomain;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

const K: u32 = 18;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let number =
        |position: usize, default: usize| std::env::args().nth(position).map_or(Ok(default), |text| text.parse());
    let threads = Threads::new(NonZeroUsize::new(number(1, 1)?).ok_or("no thread")?)?;
    let rounds = number(2, 7)?.max(1);
    let kernels = [Kernels::portable(threads.clone()), Kernels::detect(threads)];
    let kernels = if kernels[1].path() == Path::Portable {
        &kernels[..1]
    } else {
        &kernels[..]
    };
    println!(
        "{} threads, medians of {rounds}, times less than stock in brackets",
        kernels[0].threads().count()
    );

    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let elements: Vec<Fr> = (0..1 << K).map(|_| Fr::random(&mut rng)).collect();
    compare_products(&elements, kernels, rounds);
    compare_transforms(&elements, kernels, rounds);
    compare_programs(&elements, kernels, rounds);
    let bases = bases(1 << K);
    let small = |rng: &mut ChaCha20Rng, bits: u32| Fr::from(rng.next_u64() >> (64 - bits));
    let bytes: Vec<Fr> = (0..1 << K).map(|_| small(&mut rng, 8)).collect();
    let words: Vec<Fr> = (0..1 << K).map(|_| small(&mut rng, 16)).collect();
    let column: Vec<Fr> = (0..1 << K)
        .map(|i| if i < 29_000 { elements[i] } else { words[i / 2] })
        .collect();
    for (what, scalars) in [
        ("8-bit multi-exponentiation of 2^18", &bytes),
        ("16-bit multi-exponentiation of 2^18", &words),
        (
            "16-bit multi-exponentiation of 2^18 with 29,000 full-width rows",
            &column,
        ),
        ("full-width multi-exponentiation of 2^18", &elements),
    ] {
        compare_multiexps(what, scalars, &bases, kernels, rounds.div_ceil(2));
    }
    Ok(())
}

/// A program as quotients have them: 64 times `sum ← sum·y + (a·b(rotated) − c)`.
fn compare_programs(elements: &[Fr], kernels: &[Kernels], rounds: usize) {
    let columns: Vec<&[Fr]> = (0..8).map(|i| &elements[i << (K - 3)..(i + 1) << (K - 3)]).collect();
    let column = |column: u16, rotation| Operand::Column {
        column: column % 8,
        rotation,
    };
    let mut steps = vec![Step::Add {
        to: 0,
        a: column(0, 0),
        b: column(1, 0),
    }];
    for i in 0..64 {
        steps.push(Step::Mul {
            to: 1,
            a: column(i, 0),
            b: column(i + 1, 1),
        });
        steps.push(Step::Sub {
            to: 1,
            a: Operand::Register(1),
            b: column(i + 2, 0),
        });
        steps.push(Step::MulAdd {
            to: 0,
            a: Operand::Register(0),
            b: Operand::Constant(0),
            c: Operand::Register(1),
        });
    }
    steps.push(Step::Store {
        output: 0,
        from: Operand::Register(0),
    });
    let program = Program::new(steps).expect("registers are set");
    let y = elements[0];
    let rows = columns[0].len();
    let mut outputs = vec![vec![Fr::ZERO; rows]; kernels.len() + 1];
    let (stock_output, own_outputs) = outputs.split_first_mut().expect("one at least");
    let mut stock = || {
        for (row, out) in stock_output.iter_mut().enumerate() {
            let mut sum = columns[0][row] + columns[1][row];
            for i in 0..64 {
                sum = sum * y
                    + (columns[i % 8][row] * columns[(i + 1) % 8][(row + 1) % rows] - columns[(i + 2) % 8][row]);
            }
            *out = sum;
        }
    };
    let mut own: Vec<_> = kernels
        .iter()
        .zip(own_outputs)
        .map(|(kernels, output)| {
            (name(kernels), || {
                kernels.run(&program, &columns, &[y], &mut [output.as_mut_slice()])
            })
        })
        .collect();
    let mut runs: Vec<(&str, &mut dyn FnMut())> = vec![("a loop", &mut stock)];
    runs.extend(own.iter_mut().map(|(name, run)| (*name, run as &mut dyn FnMut())));
    report(
        "program of 128 products on 2^15 rows",
        &mut runs,
        rounds,
        kernels[0].threads().count() == 1,
    );
    assert!(outputs.windows(2).all(|pair| pair[0] == pair[1]), "the outputs differ");
}

/// `G·(a + b·i)`.
fn bases(count: usize) -> Vec<G1Affine> {
    let (mut point, step) = (
        G1Affine::generator() * Fr::from(0x1234_5678_9abc),
        G1Affine::generator() * Fr::from(0x0fed_cba9_8765),
    );
    let mut points: Vec<G1> = Vec::with_capacity(count);
    for _ in 0..count {
        points.push(point);
        point += step;
    }
    let mut affine = vec![G1Affine::identity(); count];
    G1::batch_normalize(&points, &mut affine);
    affine
}

fn compare_multiexps(what: &str, scalars: &[Fr], bases: &[G1Affine], kernels: &[Kernels], rounds: usize) {
    let pool = kernels[0].threads();
    let mut sums = vec![G1::default(); kernels.len() + 1];
    let (stock_sum, own_sums) = sums.split_first_mut().expect("one at least");
    let mut stock = || *stock_sum = pool.run(|| best_multiexp(scalars, bases));
    let mut own: Vec<_> = kernels
        .iter()
        .zip(own_sums)
        .map(|(kernels, sum)| (name(kernels), || *sum = kernels.multiexp(scalars, bases)))
        .collect();
    let mut runs: Vec<(&str, &mut dyn FnMut())> = vec![("stock", &mut stock)];
    runs.extend(own.iter_mut().map(|(name, run)| (*name, run as &mut dyn FnMut())));
    report(what, &mut runs, rounds, kernels[0].threads().count() == 1);
    assert!(sums.windows(2).all(|pair| pair[0] == pair[1]), "the sums differ");
}

fn compare_products(elements: &[Fr], kernels: &[Kernels], rounds: usize) {
    let elements = &elements[..1 << 10];
    let mut out = elements.to_vec();
    let mut stock = || {
        for _ in 0..5_000 {
            for (out, element) in out.iter_mut().zip(elements) {
                *out *= element;
            }
        }
    };
    let mut lane_out = elements.to_vec();
    let mut lanes = || {
        if let Some(Path::Lanes(ifma)) = kernels.last().map(Kernels::path) {
            for _ in 0..5_000 {
                products(ifma, elements, black_box(elements), &mut lane_out);
            }
        }
    };
    let mut runs: Vec<(&str, &mut dyn FnMut())> = vec![("stock", &mut stock)];
    if kernels.len() > 1 {
        runs.push(("lanes", &mut lanes));
    }
    report(
        "5,120,000 products with loads and stores",
        &mut runs,
        rounds,
        kernels[0].threads().count() == 1,
    );
}

fn compare_transforms(elements: &[Fr], kernels: &[Kernels], rounds: usize) {
    let domain = EvaluationDomain::<Fr>::new(1, K);
    let plan = Plan::to_values(K);
    let data = domain.get_fft_data(elements.len());
    let mut work: Vec<Vec<Fr>> = vec![elements.to_vec(); kernels.len() + 1];
    let (stock_work, works) = work.split_first_mut().expect("one at least");
    let pool = kernels[0].threads();
    let mut stock = || pool.run(|| best_fft(stock_work, domain.get_omega(), K, data, false));
    let mut own: Vec<_> = kernels
        .iter()
        .zip(works)
        .map(|(kernels, work)| (name(kernels), || kernels.transform(&plan, work)))
        .collect();
    let mut runs: Vec<(&str, &mut dyn FnMut())> = vec![("stock", &mut stock)];
    runs.extend(own.iter_mut().map(|(name, run)| (*name, run as &mut dyn FnMut())));
    report(
        "transform of 2^18",
        &mut runs,
        rounds,
        kernels[0].threads().count() == 1,
    );
    assert!(work.windows(2).all(|pair| pair[0] == pair[1]), "the transforms differ");
}

fn name(kernels: &Kernels) -> &'static str {
    match kernels.path() {
        Path::Portable => "portable",
        Path::Lanes(_) => "lanes",
    }
}

/// Runs everything once a round, in turn, so that all meet the same neighbours; one round more to warm up.
fn report(what: &str, runs: &mut [(&str, &mut dyn FnMut())], rounds: usize, single: bool) {
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); runs.len()];
    for round in 0..=rounds {
        for ((_, run), times) in runs.iter_mut().zip(&mut times) {
            let start = Clock::start(single);
            run();
            if round > 0 {
                times.push(start.elapsed());
            }
        }
    }
    let medians: Vec<f64> = times
        .iter_mut()
        .map(|times| {
            times.sort();
            times[times.len() / 2].as_secs_f64() * 1e3
        })
        .collect();
    let columns: Vec<String> = runs
        .iter()
        .zip(&medians)
        .map(|((name, _), median)| format!("{name} {median:.2} ms ({:.2})", medians[0] / median))
        .collect();
    println!("{what}: {}", columns.join(", "));
}

/// A start in processor time or in wall time.
enum Clock {
    Processor(Duration),
    Wall(Instant),
}

impl Clock {
    fn start(single: bool) -> Self {
        match processor_time().filter(|_| single) {
            Some(time) => Self::Processor(time),
            None => Self::Wall(Instant::now()),
        }
    }

    fn elapsed(&self) -> Duration {
        match self {
            Self::Processor(start) => processor_time().unwrap_or(*start).saturating_sub(*start),
            Self::Wall(start) => start.elapsed(),
        }
    }
}

/// What all threads of this process have run for: the first number of each `schedstat`, in nanoseconds.
fn processor_time() -> Option<Duration> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let mut total = 0;
    for task in tasks {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        total += text.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(total))
}
