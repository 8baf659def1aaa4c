//! A table that does not satisfy its circuit is no proof, and the error says where.

use super::circuits::RandomCircuit;
use super::faults::{Fault, Faulty, VALUES};
use super::setup::{engine, params, proof, prover, threads};
use super::shapes::Shape;
use crate::evaluation::{check_identity, Values};
use crate::polynomials::Polynomial;
use crate::{Cell, ColumnKind, EngineError, Key, Options, ReferenceString, Stock};
use halo2_proofs::halo2curves::bn256::Fr;

const BOTH: [Options; 2] = [
    Options {
        check: true,
        keep: false,
    },
    Options {
        check: false,
        keep: true,
    },
];

fn cell(kind: ColumnKind, column: usize, row: usize) -> Cell {
    Cell { kind, column, row }
}

#[test]
fn the_error_names_gate_constraint_row_and_cells() {
    let (stock, threads) = (Stock::default(), threads(1));
    let engine = engine(&stock, &threads);
    let reference = ReferenceString::new(&params(5)).unwrap();
    let key = Key::generate(&engine, &reference, &Faulty(Fault::None), false).unwrap();
    let statement = [Fr::from(VALUES[0])];
    for options in BOTH {
        let prover = prover(engine, &key, &reference, options);
        let error = proof(&prover, &Faulty(Fault::WrongSquare), &[&statement], 3, None).unwrap_err();
        let text = "constraint \"b = a²\" of gate \"square\" does not hold at row 3: fixed column 1 at row 3, \
                    advice column 0 at row 3, advice column 1 at row 3";
        assert_eq!(error.to_string(), text);
        let error = proof(&prover, &Faulty(Fault::WrongCopy), &[&statement], 3, None).unwrap_err();
        let rows = [1, 2].map(|row| cell(ColumnKind::Advice, 0, row));
        assert!(matches!(error, EngineError::Copy { left, right } if [left, right] == rows));
        let other = [Fr::from(VALUES[0] + 1)];
        let error = proof(&prover, &Faulty(Fault::None), &[&other], 3, None).unwrap_err();
        let [advice, instance] = [ColumnKind::Advice, ColumnKind::Instance].map(|kind| cell(kind, 0, 0));
        assert!(matches!(error, EngineError::Copy { left, right } if left == advice && right == instance));
    }
}

#[test]
fn tampered_outputs_and_inputs_of_random_circuits_are_found() {
    let (stock, threads) = (Stock::default(), threads(2));
    let engine = engine(&stock, &threads);
    let reference = ReferenceString::new(&params(5)).unwrap();
    let mut copies = 0;
    for seed in 0..12 {
        let honest = RandomCircuit::new(Shape::random(seed, 5));
        let config = honest.config();
        let plan = honest.plan(&config);
        let instances = plan.instances();
        let instances: Vec<&[Fr]> = instances.iter().map(Vec::as_slice).collect();
        let key = Key::generate(&engine, &reference, &honest, false).unwrap();
        for options in BOTH {
            let prover = prover(engine, &key, &reference, options);
            for (i, gate) in config.gates.iter().enumerate() {
                let row = plan.gate_rows(i)[0];
                let mut circuit = honest.clone();
                circuit.tampered = Some((gate.output.index(), row));
                let error = proof(&prover, &circuit, &instances, seed, None).unwrap_err();
                // The output may be read by later gates and copied; its own gate is the first that breaks, unless an
                // earlier row of a later gate reads it.
                let EngineError::Gate { cells, .. } = error else {
                    panic!("{error}")
                };
                let tampered = cell(ColumnKind::Advice, gate.output.index(), row);
                assert!(cells.contains(&tampered), "seed {seed}: {cells:?} without {tampered}");
            }
            let Some((column, row)) = plan.copied_input() else {
                continue;
            };
            let mut circuit = honest.clone();
            circuit.tampered = Some((column, row));
            match proof(&prover, &circuit, &instances, seed, None).unwrap_err() {
                EngineError::Copy { left, right } => {
                    let tampered = cell(ColumnKind::Advice, column, row);
                    assert!([left, right].contains(&tampered));
                    copies += 1;
                }
                EngineError::Gate { .. } => {}
                other => panic!("{other}"),
            }
        }
    }
    assert!(copies > 0, "no copy alone was broken");
}

#[test]
fn values_that_break_the_identity_are_refused() {
    let (stock, threads) = (Stock::default(), threads(1));
    let engine = engine(&stock, &threads);
    let reference = ReferenceString::new(&params(5)).unwrap();
    let key = Key::generate(&engine, &reference, &Faulty(Fault::None), false).unwrap();
    let challenges = [11, 12, 13].map(Fr::from);
    let x = Fr::from(99);
    // All polynomials zero: what is left of the constraints is l_0·1 in its place, and the quotient is not that.
    let error = check_identity(&key, &Values::new(), &challenges, x);
    assert!(matches!(error, Err(EngineError::Identity)));
    let quotient = Values::from([((Polynomial::Quotient, 0), Fr::one())]);
    assert!(matches!(
        check_identity(&key, &quotient, &challenges, x),
        Err(EngineError::Identity)
    ));
    let on_the_domain = check_identity(&key, &quotient, &challenges, Fr::one());
    assert!(matches!(on_the_domain, Err(EngineError::Challenge)));
}
