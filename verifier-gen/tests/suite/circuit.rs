//! One toy circuit with a knob for every feature of the constraint system.
//!
//! Columns of bits, their running dot product, and running sums of them under challenges; the result is an instance.

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::{
        bn256::Fr,
        ff::{Field, FromUniformBytes},
    },
    plonk::{
        Advice, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, FirstPhase, Fixed, Instance,
        SecondPhase, Selector, TableColumn, ThirdPhase,
    },
    poly::Rotation,
};

/// Size and features of a toy circuit.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub k: u32,
    /// First-phase columns of bits, at least two.
    pub bits: usize,
    /// 1 to 3.
    pub phases: usize,
    /// Challenges after the first phase, if there is a second one.
    pub challenges: usize,
    /// Columns of bits under copy constraints; with any, the dot product and the instance column are, too.
    pub permuted: usize,
    pub lookups: usize,
    pub instances: usize,
    /// Constraints of degree five, over this many fixed columns.
    pub constraints: usize,
    pub fixed: usize,
    /// A gate reads the instance column directly.
    pub instance_gate: bool,
    /// A fixed column of zeros, whose commitment is infinity.
    pub zero_fixed: bool,
    /// An advice column that no gate reads, so that the proof never opens it.
    pub unread: bool,
    /// A gate over rotations −2 to 2.
    pub far_rotations: bool,
}

impl Shape {
    /// Two gates, no arguments, one instance that nothing reads.
    pub const PLAIN: Self = Self {
        k: 6,
        bits: 3,
        phases: 1,
        challenges: 1,
        permuted: 0,
        lookups: 0,
        instances: 1,
        constraints: 2,
        fixed: 1,
        instance_gate: false,
        zero_fixed: false,
        unread: false,
        far_rotations: false,
    };
}

impl Default for Shape {
    fn default() -> Self {
        Self::PLAIN
    }
}

#[derive(Clone, Debug)]
pub struct Config {
    shape: Shape,
    bits: Vec<Column<Advice>>,
    dot: Column<Advice>,
    second: Option<Column<Advice>>,
    third: Option<Column<Advice>>,
    copied_instance: Option<Column<Advice>>,
    unread: Option<Column<Advice>>,
    challenges: Vec<Challenge>,
    late_challenge: Option<Challenge>,
    fixed: Vec<Column<Fixed>>,
    q_step: Selector,
    q_far: Option<Selector>,
    q_instance: Option<Selector>,
    q_lookups: Vec<Selector>,
    table: Option<(TableColumn, TableColumn)>,
    instance: Column<Instance>,
}

/// Rows of the running sums.
const ROWS: usize = 20;

/// Entries of the lookup table: `(v, v mod 2)`.
const TABLE: u64 = 4;

#[derive(Clone, Debug)]
pub struct Toy {
    pub shape: Shape,
}

impl Toy {
    /// The statement that this witness satisfies.
    pub fn instances(&self) -> Vec<Fr> {
        let dot: u64 = (0..ROWS).map(|row| bit(0, row) * bit(1, row)).sum();
        let mut wide = [0x5a; 64];
        let others = (1..self.shape.instances).map(|i| {
            wide[..8].copy_from_slice(&(i as u64).to_le_bytes());
            Fr::from_uniform_bytes(&wide)
        });
        [Fr::from(dot)]
            .into_iter()
            .chain(others)
            .take(self.shape.instances)
            .collect()
    }
}

fn bit(column: usize, row: usize) -> u64 {
    // Row 1 is one in every column, for the copy constraints.
    u64::from(row == 1 || (row * 7 + column * 5 + row * row * (column + 1)).is_multiple_of(3))
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Params(pub Shape);

impl Circuit<Fr> for Toy {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Params;

    fn params(&self) -> Params {
        Params(self.shape)
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        Self::configure_with_params(meta, Params::default())
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, Params(shape): Params) -> Config {
        let bits: Vec<_> = (0..shape.bits).map(|_| meta.advice_column_in(FirstPhase)).collect();
        let dot = meta.advice_column_in(FirstPhase);
        let copied_instance = shape.instance_gate.then(|| meta.advice_column_in(FirstPhase));
        let unread = shape.unread.then(|| meta.advice_column_in(FirstPhase));
        let late = shape.phases > 1;
        let challenge_count = if late { shape.challenges } else { 0 };
        let challenges: Vec<_> = (0..challenge_count)
            .map(|_| meta.challenge_usable_after(FirstPhase))
            .collect();
        let second = late.then(|| meta.advice_column_in(SecondPhase));
        let third_phase = shape.phases > 2;
        let late_challenge = third_phase.then(|| meta.challenge_usable_after(SecondPhase));
        let third = third_phase.then(|| meta.advice_column_in(ThirdPhase));
        let fixed: Vec<_> = (0..shape.fixed).map(|_| meta.fixed_column()).collect();
        let instance = meta.instance_column();
        if shape.permuted > 0 {
            meta.enable_equality(instance);
            meta.enable_equality(dot);
            bits.iter()
                .take(shape.permuted)
                .for_each(|column| meta.enable_equality(*column));
        }

        let q_step = meta.selector();
        meta.create_gate("running dot product", |m| {
            let q = m.query_selector(q_step);
            let product = m.query_advice(bits[0], Rotation::cur()) * m.query_advice(bits[1], Rotation::cur());
            let (here, next) = (
                m.query_advice(dot, Rotation::cur()),
                m.query_advice(dot, Rotation::next()),
            );
            vec![("next = here + product", q * (next - here - product))]
        });
        // bit · (bit − 1) · (other + challenge or constant) · (other or next row + constant) · fixed
        meta.create_gate("bits", |m| {
            let queried: Vec<_> = bits
                .iter()
                .map(|column| m.query_advice(*column, Rotation::cur()))
                .collect();
            let next: Vec<_> = bits
                .iter()
                .map(|column| m.query_advice(*column, Rotation::next()))
                .collect();
            let selectors: Vec<_> = fixed
                .iter()
                .map(|column| m.query_fixed(*column, Rotation::cur()))
                .collect();
            (0..shape.constraints)
                .map(|i| {
                    let (a, b) = (queried[i % shape.bits].clone(), queried[(i + 1) % shape.bits].clone());
                    let shift = Expression::Constant(Fr::from(i as u64 + 2));
                    let c = next[(i * 3 + 2) % shape.bits].clone() - Expression::Constant(Fr::from(i as u64 + 1));
                    let one = Expression::Constant(Fr::ONE);
                    selectors[i % shape.fixed].clone() * a.clone() * (a - one) * (b + shift) * c
                })
                .collect::<Vec<_>>()
        });
        if let Some(second) = second {
            meta.create_gate("running sum", |m| {
                let q = m.query_selector(q_step);
                let (here, next) = (
                    m.query_advice(second, Rotation::cur()),
                    m.query_advice(second, Rotation::next()),
                );
                let terms = challenges.iter().enumerate().skip(1).map(|(i, challenge)| {
                    let bit = m.query_advice(bits[i % shape.bits], Rotation::cur());
                    m.query_challenge(*challenge) * bit
                });
                let sum = terms.fold(Expression::Constant(Fr::ZERO), |sum, term| sum + term);
                let first = m.query_advice(bits[0], Rotation::cur());
                let factor = m.query_challenge(challenges[0]);
                vec![q * (next - here * factor - first - sum)]
            });
        }
        if let (Some(second), Some(third), Some(challenge)) = (second, third, late_challenge) {
            meta.create_gate("running sum of the running sum", |m| {
                let q = m.query_selector(q_step);
                let (here, next) = (
                    m.query_advice(third, Rotation::cur()),
                    m.query_advice(third, Rotation::next()),
                );
                let (value, factor) = (m.query_advice(second, Rotation::cur()), m.query_challenge(challenge));
                vec![q * (next - here * factor - value)]
            });
        }
        let q_instance = copied_instance.map(|column| {
            let q = meta.selector();
            meta.create_gate("instance", |m| {
                let (copy, value) = (
                    m.query_advice(column, Rotation::cur()),
                    m.query_instance(instance, Rotation::cur()),
                );
                vec![m.query_selector(q) * (copy - value)]
            });
            q
        });
        if shape.zero_fixed {
            let zero = meta.fixed_column();
            meta.create_gate("nothing", |m| {
                vec![m.query_fixed(zero, Rotation::cur()) * m.query_advice(bits[0], Rotation::cur())]
            });
        }
        let q_far = shape.far_rotations.then(|| {
            let q = meta.selector();
            meta.create_gate("far bits", |m| {
                let far = [-2, -1, 1, 2].map(|rotation| m.query_advice(bits[1], Rotation(rotation)));
                let here = m.query_advice(bits[0], Rotation::cur());
                let q = m.query_selector(q);
                far.into_iter()
                    .map(|value| q.clone() * (value.clone() * value.clone() - value) * here.clone())
                    .collect::<Vec<_>>()
            });
            q
        });
        let table = (shape.lookups > 0).then(|| (meta.lookup_table_column(), meta.lookup_table_column()));
        let q_lookups: Vec<_> = (0..shape.lookups).map(|_| meta.complex_selector()).collect();
        for (i, q) in q_lookups.iter().enumerate() {
            let (value, parity) = table.expect("there are lookups");
            meta.lookup("two bits", |m| {
                let q = m.query_selector(*q);
                let low = m.query_advice(bits[i % shape.bits], Rotation::cur());
                let high = m.query_advice(bits[(i + 1) % shape.bits], Rotation::cur());
                vec![
                    (q.clone() * (low.clone() + high * Fr::from(2)), value),
                    (q * low, parity),
                ]
            });
        }
        Config {
            shape,
            bits,
            dot,
            second,
            third,
            copied_instance,
            unread,
            challenges,
            late_challenge,
            fixed,
            q_step,
            q_far,
            q_instance,
            q_lookups,
            table,
            instance,
        }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        if let Some((value, parity)) = config.table {
            layouter.assign_table(
                || "two bits",
                |mut table| {
                    for i in 0..TABLE {
                        table.assign_cell(|| "value", value, i as usize, || Value::known(Fr::from(i)))?;
                        table.assign_cell(|| "parity", parity, i as usize, || Value::known(Fr::from(i % 2)))?;
                    }
                    Ok(())
                },
            )?;
        }
        let instances = self.instances();
        let result = layouter.assign_region(
            || "main",
            |mut region| {
                let mut dot = 0;
                let mut result = None;
                for row in 0..=ROWS {
                    let mut cells = vec![];
                    for (i, column) in config.bits.iter().enumerate() {
                        cells.push(
                            region
                                .assign_advice(*column, row, Value::known(Fr::from(bit(i, row))))
                                .cell(),
                        );
                    }
                    if row == 1 {
                        let permuted = &cells[..config.shape.permuted];
                        permuted
                            .iter()
                            .skip(1)
                            .for_each(|cell| region.constrain_equal(permuted[0], *cell));
                    }
                    result = Some(
                        region
                            .assign_advice(config.dot, row, Value::known(Fr::from(dot)))
                            .cell(),
                    );
                    dot += bit(0, row) * bit(1, row);
                    for (i, column) in config.fixed.iter().enumerate() {
                        region.assign_fixed(*column, row, Fr::from((row % (i + 2)) as u64));
                    }
                    if row < ROWS {
                        config.q_step.enable(&mut region, row)?;
                        config.q_lookups.iter().try_for_each(|q| q.enable(&mut region, row))?;
                    }
                    if let Some(q) = config.q_far.filter(|_| row >= 2 && row + 2 <= ROWS) {
                        q.enable(&mut region, row)?;
                    }
                }
                if let (Some(column), Some(q)) = (config.copied_instance, config.q_instance) {
                    for (row, value) in instances.iter().enumerate() {
                        region.assign_advice(column, row, Value::known(*value));
                        q.enable(&mut region, row)?;
                    }
                }
                if let Some(column) = config.unread {
                    region.assign_advice(column, 0, Value::known(Fr::from(7)));
                }
                if let Some(second) = config.second {
                    region.next_phase();
                    let challenges: Vec<_> = config.challenges.iter().map(|c| region.get_challenge(*c)).collect();
                    let mut sums = vec![Value::known(Fr::ZERO)];
                    for row in 0..=ROWS {
                        let here = sums[row];
                        region.assign_advice(second, row, here);
                        let mut next = here * challenges[0] + Value::known(Fr::from(bit(0, row)));
                        for (i, challenge) in challenges.iter().enumerate().skip(1) {
                            next = next + *challenge * Value::known(Fr::from(bit(i % config.shape.bits, row)));
                        }
                        sums.push(next);
                    }
                    if let (Some(third), Some(challenge)) = (config.third, config.late_challenge) {
                        region.next_phase();
                        let challenge = region.get_challenge(challenge);
                        let mut here = Value::known(Fr::ZERO);
                        for (row, sum) in sums.iter().enumerate().take(ROWS + 1) {
                            region.assign_advice(third, row, here);
                            here = here * challenge + *sum;
                        }
                    }
                }
                Ok(result.expect("there are rows"))
            },
        )?;
        if config.shape.permuted > 0 && config.shape.instances > 0 {
            layouter.constrain_instance(result, config.instance, 0);
        }
        Ok(())
    }
}
