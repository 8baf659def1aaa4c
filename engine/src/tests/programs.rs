//! Compiled programs compute what they were made of.

use super::setup::{backends, threads};
use crate::compile::{Node, Parts};
use crate::{EngineError, Inputs, Instruction};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rand::rngs::StdRng;
use rand::Rng;
use rand_core::SeedableRng;

const SLOTS: usize = 5;
const ROWS: usize = 256;

/// A random program and its value in every row, computed beside it.
fn random_program(rng: &mut StdRng, columns: &[Vec<Fr>], challenges: &[Fr], size: usize) -> (Parts, Node, Vec<Fr>) {
    let mut parts = Parts::default();
    let mut nodes: Vec<(Node, Vec<Fr>)> = Vec::new();
    for _ in 0..size {
        let made = match rng.gen_range(0..9) {
            0 => {
                let small = [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(9)];
                let value = small[rng.gen_range(0..small.len())];
                (parts.constant(value), vec![value; ROWS])
            }
            1 => {
                let index = rng.gen_range(0..challenges.len());
                (parts.challenge(index), vec![challenges[index]; ROWS])
            }
            2 | 3 => {
                let (slot, rotation) = (rng.gen_range(0..SLOTS), rng.gen_range(0..ROWS));
                let rows = (0..ROWS).map(|row| columns[slot][(row + rotation) % ROWS]);
                (parts.load(slot, rotation), rows.collect())
            }
            _ if nodes.is_empty() => continue,
            4 => {
                let (node, rows) = nodes[rng.gen_range(0..nodes.len())].clone();
                (parts.negate(node), rows.iter().map(|value| -value).collect())
            }
            operation => {
                let [(a, left), (b, right)] = [(); 2].map(|()| nodes[rng.gen_range(0..nodes.len())].clone());
                let rows = left.iter().zip(&right);
                match operation {
                    5 => (parts.add(a, b), rows.map(|(a, b)| a + b).collect()),
                    6 => (parts.subtract(a, b), rows.map(|(a, b)| a - b).collect()),
                    _ => (parts.multiply(a, b), rows.map(|(a, b)| a * b).collect()),
                }
            }
        };
        nodes.push(made);
    }
    let mut sum = (parts.constant(Fr::ZERO), vec![Fr::ZERO; ROWS]);
    for (node, rows) in &nodes {
        sum.0 = parts.add(sum.0, *node);
        sum.1.iter_mut().zip(rows).for_each(|(sum, value)| *sum += value);
    }
    (parts, sum.0, sum.1)
}

#[test]
fn random_programs_compute_their_parts() {
    let threads = threads(2);
    let backends = backends(&threads);
    for seed in 0..200 {
        let mut rng = StdRng::seed_from_u64(seed);
        let columns: Vec<Vec<Fr>> = (0..SLOTS)
            .map(|_| (0..ROWS).map(|_| Fr::random(&mut rng)).collect())
            .collect();
        let challenges = [Fr::random(&mut rng), Fr::random(&mut rng)];
        let size = rng.gen_range(1..200);
        let (parts, node, expected) = random_program(&mut rng, &columns, &challenges, size);
        let program = parts.program(node);
        let uniforms = program.uniforms(&challenges);
        for row in [0, 1, ROWS - 1] {
            let value = program.value(&uniforms, |slot, rotation| columns[slot][(row + rotation) % ROWS]);
            assert_eq!(value, expected[row], "seed {seed}, row {row}");
        }
        let columns: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
        let inputs = Inputs {
            columns: &columns,
            uniforms: &uniforms,
        };
        let before = Fr::random(&mut rng);
        let expected: Vec<Fr> = expected.iter().map(|value| before + value).collect();
        for backend in &backends {
            let mut output = vec![before; ROWS];
            backend.run(&program, &inputs, &mut output).unwrap();
            assert_eq!(output, expected, "seed {seed}");
        }
    }
}

#[test]
fn a_program_with_more_values_than_the_kernels_count_is_an_error_and_not_slow() {
    let threads = threads(1);
    let mut parts = Parts::default();
    let mut sum = parts.load(0, 0);
    let challenges: Vec<Fr> = (0..=u64::from(u16::MAX)).map(Fr::from).collect();
    for index in 0..challenges.len() {
        let challenge = parts.challenge(index);
        sum = parts.add(sum, challenge);
    }
    let program = parts.program(sum);
    let column = vec![Fr::ONE; ROWS];
    let inputs = Inputs {
        columns: &[&column],
        uniforms: &program.uniforms(&challenges),
    };
    let mut output = vec![Fr::ZERO; ROWS];
    let [stock, portable, fast] = backends(&threads);
    stock.run(&program, &inputs, &mut output).unwrap();
    assert_eq!(output, vec![Fr::ONE + challenges.iter().sum::<Fr>(); ROWS]);
    for backend in [portable, fast] {
        let refused = backend.run(&program, &inputs, &mut output);
        assert!(matches!(refused, Err(EngineError::ProgramSize { uniforms, .. }) if uniforms == challenges.len()));
    }
}

#[test]
fn equal_parts_are_computed_once_and_constants_not_at_all() {
    let mut parts = Parts::default();
    let [a, b] = [0, 1].map(|slot| parts.load(slot, 0));
    let [zero, one] = [Fr::ZERO, Fr::ONE].map(|value| parts.constant(value));
    let product = parts.multiply(a, b);
    let again = parts.multiply(b, a);
    assert_eq!(product, again);
    let same = parts.multiply(product, one);
    let nothing = parts.multiply(a, zero);
    let same = parts.add(same, nothing);
    let negated = parts.negate(same);
    let negated = parts.negate(negated);
    assert_eq!(negated, product);
    let double = parts.add(product, again);
    let program = parts.program(double);
    let count = |wanted: fn(&Instruction) -> bool| program.instructions().iter().filter(|i| wanted(i)).count();
    assert_eq!(count(|i| matches!(i, Instruction::Load { .. })), 2);
    assert_eq!(count(|i| matches!(i, Instruction::Multiply { .. })), 1);
    assert_eq!(program.instructions().len(), 4);
    assert!(program.registers() <= 2);
}

#[test]
fn what_is_the_same_in_every_row_is_no_instruction() {
    let mut parts = Parts::default();
    let [beta, gamma] = [0, 1].map(|index| parts.challenge(index));
    let product = parts.multiply(beta, gamma);
    let sum = parts.add(product, beta);
    let column = parts.load(0, 0);
    let scaled = parts.multiply(column, sum);
    let program = parts.program(scaled);
    assert_eq!(program.instructions().len(), 2);
    let [beta, gamma] = [3, 5].map(Fr::from);
    let uniforms = program.uniforms(&[beta, gamma]);
    assert_eq!(program.value(&uniforms, |_, _| Fr::from(2)), Fr::from(36));
}

#[test]
fn a_column_that_is_used_again_much_later_is_loaded_again() {
    let mut parts = Parts::default();
    let first = parts.load(0, 0);
    let mut sum = parts.multiply(first, first);
    for slot in 1..100 {
        let column = parts.load(slot, 0);
        let square = parts.multiply(column, column);
        sum = parts.add(sum, square);
    }
    let sum = parts.multiply(sum, first);
    let program = parts.program(sum);
    let loads = |i: &&Instruction| matches!(i, Instruction::Load { slot: 0, .. });
    assert_eq!(program.instructions().iter().filter(loads).count(), 2);
    assert!(program.registers() <= 3, "{} registers", program.registers());
}
