//! The operations, each done by the library and by both paths.

use super::side_by_side::{name, same, Bench, Run};
use assay_kernels::{Kernels, Operand, Path, Plan, Program, Step};
use assay_lanes::elements::products;
use halo2_proofs::arithmetic::{best_fft, best_multiexp};
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_proofs::halo2curves::ff::{BatchInvert, Field, PrimeField};
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::halo2curves::group::Curve;
use halo2_proofs::poly::EvaluationDomain;
use std::hint::black_box;

/// Elements that are multiplied again and again: they stay in the cache.
const MULTIPLIED: usize = 1 << 10;
/// Times that all of them are multiplied.
const MULTIPLICATIONS: usize = 2_000;
/// Horner steps of the program; each has two products.
const PROGRAM_STEPS: u16 = 64;

impl Bench {
    /// Squares of elements in the cache.
    pub(super) fn products(&mut self, elements: &[Fr]) -> eyre::Result<()> {
        let elements = &elements[..MULTIPLIED];
        let mut outputs = vec![elements.to_vec(); self.kernels.len()];
        let path = self.kernels.last().map(Kernels::path);
        let (stock_out, lane_out) = outputs.split_first_mut().expect("one at least");
        let mut runs: Vec<Run<'_>> = vec![(
            "stock",
            Box::new(move || {
                for _ in 0..MULTIPLICATIONS {
                    for (out, element) in stock_out.iter_mut().zip(black_box(elements)) {
                        *out = element * element;
                    }
                }
            }),
        )];
        if let (Some(Path::Lanes(ifma)), Some(out)) = (path, lane_out.first_mut()) {
            let in_lanes = move || {
                for _ in 0..MULTIPLICATIONS {
                    products(ifma, elements, black_box(elements), out);
                }
            };
            runs.push(("lanes", Box::new(in_lanes)));
        }
        self.time("products in the cache, 2,048,000", runs);
        same(&outputs)
    }

    /// A transform of all elements in one direction.
    pub(super) fn transform(&mut self, what: &'static str, elements: &[Fr], back: bool) -> eyre::Result<()> {
        let domain = EvaluationDomain::<Fr>::new(1, self.log_size);
        let (plan, root, divisor) = if back {
            (
                Plan::to_coefficients(self.log_size),
                domain.get_omega_inv(),
                Fr::TWO_INV.pow_vartime([u64::from(self.log_size)]),
            )
        } else {
            (Plan::to_values(self.log_size), domain.get_omega(), Fr::ONE)
        };
        let data = domain.get_fft_data(elements.len());
        let mut outputs = vec![elements.to_vec(); self.kernels.len() + 1];
        let (stock, own) = outputs.split_first_mut().expect("one at least");
        let (threads, log_size) = (self.kernels[0].threads().clone(), self.log_size);
        let by_library = move || {
            threads.run(|| {
                best_fft(stock, root, log_size, data, back);
                if back {
                    stock.iter_mut().for_each(|element| *element *= divisor);
                }
            })
        };
        let mut runs: Vec<Run<'_>> = vec![("stock", Box::new(by_library))];
        let kernels = self.kernels.clone();
        let plan = &plan;
        for (kernels, output) in kernels.into_iter().zip(own) {
            runs.push((name(&kernels), Box::new(move || kernels.transform(plan, output))));
        }
        self.time(what, runs);
        same(&outputs)
    }

    /// Inverses of all elements.
    pub(super) fn inversions(&mut self, elements: &[Fr]) -> eyre::Result<()> {
        let mut outputs = vec![elements.to_vec(); self.kernels.len() + 1];
        let (stock, own) = outputs.split_first_mut().expect("one at least");
        let mut runs: Vec<Run<'_>> = vec![(
            "stock",
            Box::new(move || {
                stock.batch_invert();
            }),
        )];
        for (kernels, output) in self.kernels.clone().into_iter().zip(own) {
            runs.push((name(&kernels), Box::new(move || kernels.invert(output))));
        }
        self.time("inversions", runs);
        same(&outputs)
    }

    /// As quotients have it: 64 times `sum ← sum·y + (a·b(rotated) − c)`, over columns of an eighth of the elements.
    pub(super) fn program(&mut self, elements: &[Fr]) -> eyre::Result<()> {
        let rows = elements.len() / 8;
        let columns: Vec<&[Fr]> = elements.chunks(rows).collect();
        let program = horner()?;
        let y = elements[0];
        let mut outputs = vec![vec![Fr::ZERO; rows]; self.kernels.len() + 1];
        let (stock, own) = outputs.split_first_mut().expect("one at least");
        let columns = &columns;
        let by_library = move || {
            for (row, out) in stock.iter_mut().enumerate() {
                let at = |column: usize, row: usize| columns[column % 8][row % rows];
                let mut sum = at(0, row) + at(1, row);
                for i in 0..usize::from(PROGRAM_STEPS) {
                    sum = sum * y + (at(i, row) * at(i + 1, row + 1) - at(i + 2, row));
                }
                *out = sum;
            }
        };
        let mut runs: Vec<Run<'_>> = vec![("stock", Box::new(by_library))];
        let program = &program;
        for (kernels, output) in self.kernels.clone().into_iter().zip(own) {
            let name = name(&kernels);
            let run = move || kernels.run(program, columns, &[y], &mut [output.as_mut_slice()]);
            runs.push((name, Box::new(run)));
        }
        self.time("program of 128 products a row, an eighth of the rows", runs);
        same(&outputs)
    }

    /// `Σ scalars_i·bases_i`.
    pub(super) fn multiexp(&mut self, what: &'static str, scalars: &[Fr], bases: &[G1Affine]) -> eyre::Result<()> {
        let mut sums = vec![G1::default(); self.kernels.len() + 1];
        let (stock, own) = sums.split_first_mut().expect("one at least");
        let threads = self.kernels[0].threads().clone();
        let by_library = move || *stock = threads.run(|| best_multiexp(scalars, bases));
        let mut runs: Vec<Run<'_>> = vec![("stock", Box::new(by_library))];
        for (kernels, sum) in self.kernels.clone().into_iter().zip(own) {
            runs.push((
                name(&kernels),
                Box::new(move || *sum = kernels.multiexp(scalars, bases)),
            ));
        }
        self.time(what, runs);
        same(&sums)
    }
}

fn horner() -> eyre::Result<Program> {
    let column = |column: u16, rotation| Operand::Column {
        column: column % 8,
        rotation,
    };
    let (sum, term) = (Operand::Register(0), Operand::Register(1));
    let mut steps = vec![Step::Add {
        to: 0,
        a: column(0, 0),
        b: column(1, 0),
    }];
    for i in 0..PROGRAM_STEPS {
        steps.extend([
            Step::Mul {
                to: 1,
                a: column(i, 0),
                b: column(i + 1, 1),
            },
            Step::Sub {
                to: 1,
                a: term,
                b: column(i + 2, 0),
            },
            Step::MulAdd {
                to: 0,
                a: sum,
                b: Operand::Constant(0),
                c: term,
            },
        ]);
    }
    steps.push(Step::Store { output: 0, from: sum });
    Ok(Program::new(steps)?)
}

/// `G·(a + b·i)`.
pub(super) fn bases(count: usize) -> Vec<G1Affine> {
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
