//! Runs in lanes against what programs mean, and what a run refuses.

use std::panic::{catch_unwind, AssertUnwindSafe};

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::{run, Operand, Program, Registers, Step};
use crate::detect::tests::lanes;

/// Random elements, every third with the highest words and every fifth zero.
fn elements(count: usize, seed: u64) -> Vec<Fr> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let highest = -Fr::from(2).pow([256]).invert().unwrap();
    let chosen = |i: usize, random| match i {
        _ if i.is_multiple_of(3) => highest,
        _ if i.is_multiple_of(5) => Fr::ZERO,
        _ => random,
    };
    (0..count).map(|i| chosen(i, Fr::random(&mut rng))).collect()
}

/// The outputs after a run in lanes on registers that another run has left.
fn after(
    program: &Program,
    columns: &[Vec<Fr>],
    constants: &[Fr],
    first_row: usize,
    outputs: &[Vec<Fr>],
) -> Option<Vec<Vec<Fr>>> {
    let ifma = lanes()?;
    let columns: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
    let mut outputs = outputs.to_vec();
    let mut views: Vec<&mut [Fr]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    let mut registers = Registers::default();
    let from = Operand::Constant(0);
    let other = Program::new(vec![Step::Add {
        to: 0,
        a: from,
        b: from,
    }])
    .unwrap();
    run(
        ifma,
        &other,
        &[],
        &[Fr::ONE; 9],
        0,
        &mut [&mut [Fr::ONE; 8]],
        &mut registers,
    );
    run(
        ifma,
        program,
        &columns,
        constants,
        first_row,
        &mut views,
        &mut registers,
    );
    Some(outputs)
}

#[test]
fn every_operand_is_that_of_its_row() {
    let constants = elements(8, 1)[6..].to_vec();
    let (one, other) = (Operand::Constant(0), Operand::Constant(1));
    let [r0, r1, r2] = [0, 1, 2].map(Operand::Register);
    let (first, second) = (Operand::Output(0), Operand::Output(1));
    for rotation in [0, 1, -1, 7, -9, 64, i32::MAX, i32::MIN] {
        let column = |column| Operand::Column { column, rotation };
        let steps = vec![
            Step::Add {
                to: 0,
                a: column(0),
                b: one,
            },
            Step::Mul {
                to: 1,
                a: r0,
                b: column(1),
            },
            Step::Sub { to: 2, a: other, b: r1 },
            Step::Store { output: 1, from: r2 },
            Step::MulAdd {
                to: 0,
                a: r2,
                b: r1,
                c: first,
            },
            Step::Store { output: 0, from: r0 },
            Step::Add {
                to: 2,
                a: second,
                b: first,
            },
            Step::Store { output: 2, from: r2 },
        ];
        let program = Program::new(steps).unwrap();
        for (length, first_row, rows) in [
            (8, 0, 8),
            (64, 0, 64),
            (72, 0, 72),
            (72, 8, 64),
            (200, 64, 136),
            (8, 8, 0),
        ] {
            let columns = [elements(length, 2), elements(length, 3)];
            let before = [4, 5, 6].map(|seed| elements(rows, seed));
            let Some(outputs) = after(&program, &columns, &constants, first_row, &before) else {
                return;
            };
            for row in 0..rows {
                let place = (first_row + row) as i64 + i64::from(rotation);
                let [a, b] = [0, 1].map(|i| columns[i][place.rem_euclid(length as i64) as usize]);
                let product = (a + constants[0]) * b;
                let difference = constants[1] - product;
                let sum = difference * product + before[0][row];
                assert_eq!(
                    [0, 1, 2].map(|i| outputs[i][row]),
                    [sum, difference, difference + sum],
                    "{length} {first_row} {row} {rotation}"
                );
            }
        }
    }
}

/// `0 − times·c`, where `c` is `p − 1` in lanes, as much as a difference may have to add; or 1, which would be `p + 1` if constants were not
/// brought below the prime. A difference never adds 84: what it takes that from would have the bound 0.
#[test]
fn differences_add_every_multiple() {
    let (zero, c) = (Operand::Constant(0), Operand::Constant(1));
    let lane_one = Fr::from(2).pow([260]).invert().unwrap();
    for (times, value) in (1..=83).flat_map(|times| [(times, -lane_one), (times, lane_one)]) {
        let sum = Operand::Register(0);
        let mut steps: Vec<Step> = (1..times)
            .map(|i| Step::Add {
                to: 0,
                a: if i == 1 { c } else { sum },
                b: c,
            })
            .collect();
        let b = if times == 1 { c } else { sum };
        steps.push(Step::Sub { to: 1, a: zero, b });
        let from = Operand::Register(1);
        steps.push(Step::Store { output: 0, from });
        let program = Program::new(steps).unwrap();
        let Some(outputs) = after(&program, &[], &[Fr::ZERO, value], 0, &[vec![Fr::ONE; 8]]) else {
            return;
        };
        assert_eq!(outputs[0], [-Fr::from(times) * value; 8], "{times}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let Some(ifma) = lanes() else { return };
    let column = |column| Operand::Column { column, rotation: 0 };
    let steps = vec![
        Step::MulAdd {
            to: 0,
            a: column(0),
            b: column(1),
            c: Operand::Constant(0),
        },
        Step::Store {
            output: 1,
            from: Operand::Register(0),
        },
    ];
    let program = Program::new(steps).unwrap();
    let refused = |columns: &[usize], constants: usize, first_row: usize, outputs: &[usize]| {
        let columns: Vec<Vec<Fr>> = columns.iter().map(|&rows| vec![Fr::ONE; rows]).collect();
        let columns: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
        let mut outputs: Vec<Vec<Fr>> = outputs.iter().map(|&rows| vec![Fr::ONE; rows]).collect();
        let mut outputs: Vec<&mut [Fr]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
        let constants = vec![Fr::ONE; constants];
        let mut registers = Registers::default();
        let run = || {
            run(
                ifma,
                &program,
                &columns,
                &constants,
                first_row,
                &mut outputs,
                &mut registers,
            )
        };
        catch_unwind(AssertUnwindSafe(run)).is_err()
    };
    assert!(!refused(&[16, 16], 1, 8, &[8, 8]));
    assert!(!refused(&[8, 8], 1, 0, &[8, 8]));
    // Too few of each, where there is no row that would miss them.
    assert!(!refused(&[8, 8], 1, 0, &[0, 0]));
    assert!(refused(&[8], 1, 0, &[0, 0]));
    assert!(refused(&[8, 8], 0, 0, &[0, 0]));
    assert!(refused(&[8, 8], 1, 0, &[0]));
    // Rows of outputs.
    assert!(refused(&[16, 16], 1, 0, &[12, 12]));
    assert!(refused(&[16, 16], 1, 0, &[8, 16]));
    // Rows of columns.
    assert!(refused(&[7, 7], 1, 0, &[0, 0]));
    assert!(refused(&[16, 24], 1, 0, &[8, 8]));
    assert!(refused(&[16, 16], 1, 16, &[8, 8]));
    assert!(refused(&[16, 16], 1, 8, &[16, 16]));
    let nothing = Program::new(Vec::new()).unwrap();
    run(ifma, &nothing, &[], &[], 0, &mut [], &mut Registers::default());
}
