//! Random circuits: a random constraint system with a witness that satisfies it.

use super::shapes::{configure, Config, Shape};
use super::witnesses::{Plan, CONSTANT};
use halo2_proofs::circuit::{Cell, Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Circuit, ConstraintSystem, Error};

/// A circuit with its witness.
#[derive(Clone, Debug)]
pub(super) struct RandomCircuit {
    pub(super) shape: Shape,
    /// Adds one to a cell after the witness is made: index of the advice column, row.
    pub(super) tampered: Option<(usize, usize)>,
}

impl RandomCircuit {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, tampered: None }
    }

    pub(super) fn config(&self) -> Config {
        configure(&mut ConstraintSystem::default(), &self.shape)
    }

    pub(super) fn plan<'a>(&self, config: &'a Config) -> Plan<'a> {
        Plan::of(self.shape.seed, self.tampered, config)
    }
}

impl Circuit<Fr> for RandomCircuit {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Shape;

    fn params(&self) -> Shape {
        self.shape.clone()
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Config {
        unreachable!("configured with parameters")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, shape: Shape) -> Config {
        configure(meta, &shape)
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let plan = self.plan(&config);
        layouter.assign_region(
            || "all",
            |mut region| {
                for (column, rows) in plan.fixed() {
                    for (row, value) in rows {
                        region.assign_fixed(column, row, value);
                    }
                }
                for (selector, rows) in plan.selectors() {
                    for row in rows {
                        selector.enable(&mut region, row)?;
                    }
                }
                for [left, right] in plan.copies() {
                    region.constrain_equal(left, right);
                }
                let mut known = vec![None; config.challenges.len()];
                for phase in 0..self.shape.phases {
                    for challenge in &config.challenges {
                        region
                            .get_challenge(*challenge)
                            .map(|value| known[challenge.index()] = Some(value));
                    }
                    // A phase whose challenges are not there yet gets zeros for them.
                    let challenges: Vec<Fr> = known.iter().map(|value| value.unwrap_or(Fr::zero())).collect();
                    for (column, values) in plan.advice(phase, &challenges) {
                        for (row, value) in values.into_iter().enumerate() {
                            region.assign_advice(column, row, Value::known(value));
                        }
                    }
                    if phase + 1 < self.shape.phases && !self.shape.repeated {
                        region.next_phase();
                    }
                }
                let constant = Cell {
                    row_offset: 0,
                    column: config.sink.into(),
                };
                region.constrain_constant(constant, CONSTANT)
            },
        )
    }
}
