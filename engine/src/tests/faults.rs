//! A small circuit, whole or with one thing wrong with it.

use halo2_proofs::circuit::{Cell, Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Fixed, Instance, SecondPhase, Selector};
use halo2_proofs::poly::Rotation;

/// What is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fault {
    #[default]
    None,
    /// A lookup argument.
    Lookup,
    /// A gate of this degree.
    Degree(usize),
    /// A column is queried at 0 and at this rotation.
    Rotation(i32),
    /// One advice column more, of which nothing is asked, in the first or the second phase.
    Unused {
        second: bool,
    },
    OtherConstraint,
    OtherFixed,
    OtherCopy,
    /// Equality on one column more.
    OtherEquality,
    AdviceOutside,
    FixedOutside,
    CopyOutside,
    CopyWithoutEquality,
    SelectorOutside,
    UnknownValue,
    /// A value is read back from the cell that it was assigned to.
    ReadBack,
    Synthesis,
    WrongSquare,
    WrongCopy,
}

#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) a: Column<Advice>,
    b: Column<Advice>,
    q: Column<Fixed>,
    s: Selector,
    p: Column<Instance>,
    outside: Selector,
}

/// `b = a²` in four rows; `a` in row 0 is the statement, in rows 1 and 2 the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Faulty(pub(super) Fault);

/// `a`.
pub(super) const VALUES: [u64; 4] = [3, 5, 5, 7];

impl Circuit<Fr> for Faulty {
    type Config = Columns;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Fault;

    fn params(&self) -> Fault {
        self.0
    }

    fn without_witnesses(&self) -> Self {
        *self
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Columns {
        unreachable!("configured with parameters")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, fault: Fault) -> Columns {
        let (a, b) = (meta.advice_column(), meta.advice_column());
        let (q, s, p) = (meta.fixed_column(), meta.selector(), meta.instance_column());
        meta.enable_equality(a);
        meta.enable_equality(p);
        if fault == Fault::OtherEquality {
            meta.enable_equality(b);
        }
        let mut larger = meta.clone();
        let outside = [(); 2].map(|()| larger.selector())[1];
        meta.create_gate("square", |meta| {
            let s = meta.query_selector(s);
            let q = meta.query_fixed(q, Rotation::cur());
            let a = meta.query_advice(a, Rotation::cur());
            let b = meta.query_advice(b, Rotation::cur());
            let square = if fault == Fault::OtherConstraint {
                a.clone() + a
            } else {
                a.clone() * a
            };
            vec![("b = a²", s.clone() * (square - b)), ("q", s * (q.clone() - q))]
        });
        match fault {
            Fault::Unused { second: false } => {
                meta.advice_column();
            }
            Fault::Unused { second: true } => {
                meta.advice_column_in(SecondPhase);
            }
            Fault::Lookup => {
                let table = meta.lookup_table_column();
                meta.lookup("small", |meta| vec![(meta.query_advice(a, Rotation::cur()), table)]);
            }
            Fault::Degree(degree) => meta.create_gate("high", |meta| {
                let s = meta.query_selector(s);
                let a = meta.query_advice(a, Rotation::cur());
                vec![(1..degree).fold(s, |product, _| product * a.clone())]
            }),
            Fault::Rotation(rotation) => meta.create_gate("far", |meta| {
                let s = meta.query_selector(s);
                let near = meta.query_advice(b, Rotation::cur());
                let far = meta.query_advice(b, Rotation(rotation));
                vec![s * (near - far)]
            }),
            _ => {}
        }
        Columns { a, b, q, s, p, outside }
    }

    fn synthesize(&self, columns: Columns, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let Columns { a, b, q, s, p, outside } = columns;
        let fault = self.0;
        let far = 1000;
        layouter.assign_region(
            || "all",
            |mut region| {
                let mut read_back = Value::unknown();
                for (row, value) in VALUES.into_iter().enumerate() {
                    let mut value = Fr::from(value);
                    if fault == Fault::WrongCopy && row == 2 {
                        value += Fr::one();
                    }
                    s.enable(&mut region, row)?;
                    region.assign_fixed(q, row, Fr::from(row as u64 + u64::from(fault == Fault::OtherFixed)));
                    let assigned = region.assign_advice(a, row, Value::known(value));
                    read_back = assigned.value().map(|value| **value);
                    let wrong = Fr::from(u64::from(fault == Fault::WrongSquare && row == 3));
                    region.assign_advice(b, row, Value::known(value * value + wrong));
                }
                let cell = |column, row_offset| Cell { row_offset, column };
                region.constrain_equal(cell(a.into(), 0), cell(p.into(), 0));
                region.constrain_equal(cell(a.into(), 1), cell(a.into(), 2));
                match fault {
                    Fault::OtherCopy => region.constrain_equal(cell(a.into(), 4), cell(a.into(), 5)),
                    Fault::AdviceOutside => {
                        region.assign_advice(b, far, Value::known(Fr::one()));
                    }
                    Fault::FixedOutside => {
                        region.assign_fixed(q, far, Fr::one());
                    }
                    Fault::CopyOutside => region.constrain_equal(cell(a.into(), far), cell(a.into(), 0)),
                    Fault::CopyWithoutEquality => region.constrain_equal(cell(b.into(), 0), cell(a.into(), 0)),
                    Fault::SelectorOutside => outside.enable(&mut region, 1)?,
                    Fault::UnknownValue => {
                        region.assign_advice(b, 6, Value::<Fr>::unknown());
                    }
                    Fault::ReadBack => {
                        region.assign_advice(b, 6, read_back);
                    }
                    Fault::Synthesis => return Err(Error::Synthesis),
                    _ => {}
                }
                Ok(())
            },
        )
    }
}
