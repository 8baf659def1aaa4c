//! Random constraint systems.
//!
//! Every gate is `factor·(body − output)`: the factor a simple selector, a complex one or a fixed column, the body a random
//! polynomial in input columns, earlier gates' outputs, fixed and instance columns at rotations −3 … 3 and challenges of
//! earlier phases, the output a column of its own.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{
    Advice, Any, Challenge, Column, ConstraintSystem, Expression, FirstPhase, Fixed, Instance, SecondPhase, Selector,
    ThirdPhase, VirtualCells,
};
use halo2_proofs::poly::Rotation;
use rand::rngs::StdRng;
use rand::Rng;
use rand_core::SeedableRng;

/// Highest rotation of a query, by amount.
pub(super) const REACH: usize = 3;

/// What a random circuit looks like.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    pub(super) seed: u64,
    pub(super) k: u32,
    pub(super) phases: usize,
    pub(super) degree: usize,
    pub(super) instance_columns: usize,
    /// Set the minimum degree to `degree`, whatever the gates have.
    pub(super) minimum: bool,
    /// The circuit is synthesized once for each phase, instead of calling `next_phase`.
    pub(super) repeated: bool,
}

impl Shape {
    pub(super) fn random(seed: u64, k: u32) -> Self {
        let mut rng = StdRng::seed_from_u64(seed ^ 0x5eed);
        Self {
            seed,
            k,
            phases: rng.gen_range(1..=3),
            degree: rng.gen_range(3..=5),
            instance_columns: rng.gen_range(0..=3),
            minimum: rng.gen_bool(0.3),
            repeated: rng.gen_bool(0.3),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Factor {
    Selector(Selector),
    Fixed(Column<Fixed>),
}

#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub(super) factor: Factor,
    pub(super) body: Expression<Fr>,
    pub(super) output: Column<Advice>,
}

#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) inputs: Vec<Column<Advice>>,
    pub(super) gates: Vec<Gate>,
    pub(super) sink: Column<Advice>,
    pub(super) tables: Vec<Column<Fixed>>,
    pub(super) instances: Vec<Column<Instance>>,
    pub(super) challenges: Vec<Challenge>,
    pub(super) last_row: usize,
}

fn advice(meta: &mut ConstraintSystem<Fr>, phase: usize) -> Column<Advice> {
    match phase {
        0 => meta.advice_column_in(FirstPhase),
        1 => meta.advice_column_in(SecondPhase),
        _ => meta.advice_column_in(ThirdPhase),
    }
}

fn challenge(meta: &mut ConstraintSystem<Fr>, phase: usize) -> Challenge {
    match phase {
        0 => meta.challenge_usable_after(FirstPhase),
        1 => meta.challenge_usable_after(SecondPhase),
        _ => meta.challenge_usable_after(ThirdPhase),
    }
}

/// Adds the columns and gates of a shape.
pub(super) fn configure(meta: &mut ConstraintSystem<Fr>, shape: &Shape) -> Config {
    let mut rng = StdRng::seed_from_u64(shape.seed);
    let tables: Vec<_> = (0..rng.gen_range(1..=2)).map(|_| meta.fixed_column()).collect();
    let instances: Vec<_> = (0..shape.instance_columns).map(|_| meta.instance_column()).collect();
    let mut inputs = Vec::new();
    let mut challenges = Vec::new();
    let mut outputs = Vec::new();
    for phase in 0..shape.phases {
        inputs.extend((0..rng.gen_range(1..=2)).map(|_| advice(meta, phase)));
        outputs.extend((0..rng.gen_range(1..=2)).map(|_| (advice(meta, phase), phase)));
        challenges.extend((0..rng.gen_range(0..=2)).map(|_| challenge(meta, phase)));
    }
    let sink = advice(meta, shape.phases - 1);
    let constants = meta.fixed_column();
    meta.enable_constant(constants);
    meta.enable_equality(sink);
    inputs.iter().for_each(|column| meta.enable_equality(*column));
    outputs.iter().for_each(|(column, _)| meta.enable_equality(*column));
    tables.iter().for_each(|column| meta.enable_equality(*column));
    instances.iter().for_each(|column| meta.enable_equality(*column));
    if shape.minimum {
        meta.set_minimum_degree(shape.degree);
    }

    let mut gates: Vec<Gate> = Vec::new();
    for (i, (output, phase)) in outputs.into_iter().enumerate() {
        let mut columns: Vec<Column<Any>> = Vec::new();
        columns.extend(tables.iter().map(|column| Column::<Any>::from(*column)));
        columns.extend(instances.iter().map(|column| Column::<Any>::from(*column)));
        let of_phase = |column: &&Column<Advice>| usize::from(column.column_type().phase()) <= phase;
        columns.extend(
            inputs
                .iter()
                .filter(of_phase)
                .map(|column| Column::<Any>::from(*column)),
        );
        columns.extend(gates.iter().map(|gate| Column::<Any>::from(gate.output)));
        let usable: Vec<Challenge> = challenges
            .iter()
            .filter(|c| usize::from(c.phase()) < phase)
            .copied()
            .collect();
        let factor = match rng.gen_range(0..3) {
            0 => Factor::Selector(meta.selector()),
            1 => Factor::Selector(meta.complex_selector()),
            _ => Factor::Fixed(meta.fixed_column()),
        };
        let mut body = None;
        meta.create_gate(format!("gate {i}"), |meta| {
            let made = polynomial(meta, &mut rng, &columns, &usable, shape.degree - 1);
            body = Some(made.clone());
            let factor = match factor {
                Factor::Selector(selector) => meta.query_selector(selector),
                Factor::Fixed(column) => meta.query_fixed(column, Rotation::cur()),
            };
            let output = meta.query_advice(output, Rotation::cur());
            vec![("body = output", factor * (made - output))]
        });
        gates.push(Gate {
            factor,
            body: body.unwrap(),
            output,
        });
    }
    Config {
        last_row: (1 << shape.k) - (meta.blinding_factors() + 1) - 1,
        inputs,
        gates,
        sink,
        tables,
        instances,
        challenges,
    }
}

/// A random polynomial of exactly this degree.
fn polynomial(
    meta: &mut VirtualCells<'_, Fr>,
    rng: &mut StdRng,
    columns: &[Column<Any>],
    challenges: &[Challenge],
    degree: usize,
) -> Expression<Fr> {
    let mut leaf = |rng: &mut StdRng| {
        let column = columns[rng.gen_range(0..columns.len())];
        let at = Rotation(rng.gen_range(-(REACH as i32)..=REACH as i32));
        meta.query_any(column, at)
    };
    let uniform = |rng: &mut StdRng| match rng.gen_range(0..4) {
        0 => Expression::Constant(Fr::from(rng.gen_range(0..3u64))),
        1 => Expression::Constant(-Fr::from(rng.gen_range(0..1u64 << 40))),
        _ if challenges.is_empty() => Expression::Constant(Fr::one()),
        _ => Expression::Challenge(challenges[rng.gen_range(0..challenges.len())]),
    };
    let mut sum: Option<Expression<Fr>> = None;
    for term in 0..rng.gen_range(1..=4) {
        let factors = if term == 0 { degree } else { rng.gen_range(0..=degree) };
        let mut product = uniform(rng);
        for _ in 0..factors {
            let factor = match rng.gen_range(0..4) {
                0 => leaf(rng) - leaf(rng),
                1 => leaf(rng) + uniform(rng),
                2 => -leaf(rng),
                _ => leaf(rng),
            };
            product = if rng.gen_bool(0.5) {
                product * factor
            } else {
                factor * product
            };
        }
        if rng.gen_bool(0.3) {
            product = product * Fr::from(rng.gen_range(0..4u64));
        }
        sum = Some(match sum {
            None => product,
            Some(sum) if rng.gen_bool(0.5) => sum - product,
            Some(sum) => sum + product,
        });
    }
    sum.unwrap()
}
