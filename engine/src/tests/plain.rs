//! Circuits at the edges: of nothing, of columns that are equal, of very many columns.

use halo2_proofs::circuit::{Cell, Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Fixed, Instance};
use halo2_proofs::poly::Rotation;

/// No column, no gate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nothing;

impl Circuit<Fr> for Nothing {
    type Config = ();
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        *self
    }

    fn configure(_: &mut ConstraintSystem<Fr>) {}

    fn synthesize(&self, (): (), _: impl Layouter<Fr>) -> Result<(), Error> {
        Ok(())
    }
}

/// Two of each column with the same values; advice columns differ in their blinding alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Twins;

#[derive(Clone, Copy, Debug)]
pub(super) struct TwinColumns {
    advice: [Column<Advice>; 2],
    fixed: [Column<Fixed>; 2],
    instance: [Column<Instance>; 2],
}

impl Circuit<Fr> for Twins {
    type Config = TwinColumns;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        *self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> TwinColumns {
        let advice = [(); 2].map(|()| meta.advice_column());
        let fixed = [(); 2].map(|()| meta.fixed_column());
        let instance = [(); 2].map(|()| meta.instance_column());
        advice.iter().for_each(|column| meta.enable_equality(*column));
        instance.iter().for_each(|column| meta.enable_equality(*column));
        for (advice, fixed) in advice.into_iter().zip(fixed) {
            meta.create_gate("next is the square", |meta| {
                let fixed = meta.query_fixed(fixed, Rotation::cur());
                let own = meta.query_advice(advice, Rotation::cur());
                let next = meta.query_advice(advice, Rotation::next());
                vec![fixed * (own.clone() * own - next)]
            });
        }
        TwinColumns {
            advice,
            fixed,
            instance,
        }
    }

    fn synthesize(&self, columns: TwinColumns, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "all",
            |mut region| {
                for i in 0..2 {
                    let advice = columns.advice[i];
                    region.assign_fixed(columns.fixed[i], 0, Fr::one());
                    for (row, value) in [5, 25].into_iter().enumerate() {
                        let cell = region.assign_advice(advice, row, Value::known(Fr::from(value))).cell();
                        let instance = Cell {
                            row_offset: row,
                            column: columns.instance[i].into(),
                        };
                        region.constrain_equal(cell, instance);
                    }
                }
                Ok(())
            },
        )
    }
}

/// 256 advice columns with equality, never assigned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wide;

impl Circuit<Fr> for Wide {
    type Config = ();
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        *self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) {
        for _ in 0..256 {
            let column = meta.advice_column();
            meta.enable_equality(column);
        }
    }

    fn synthesize(&self, (): (), _: impl Layouter<Fr>) -> Result<(), Error> {
        Ok(())
    }
}
