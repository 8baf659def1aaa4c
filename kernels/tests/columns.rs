//! Programs, inversions and values against the same, element by element.

mod support;

use std::num::NonZeroUsize;

use assay_kernels::{Kernels, Operand, Path, Program, Step, Threads, PORTABLE_VARIABLE};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rand_core::RngCore;
use support::{all_kernels, random, rng};

/// The element whose words inside the library are the integer `p − 1`, the highest there is: `−2^−256`.
fn highest_words() -> Fr {
    -Fr::from(2).pow([256]).invert().unwrap()
}

/// Random elements with 0, 1, −1 and the one with the highest words among them.
fn column(rows: usize, seed: u64) -> Vec<Fr> {
    let mut column = random(rows, seed);
    for (i, element) in column.iter_mut().enumerate() {
        match (i as u64 + seed) % 11 {
            0 => *element = Fr::ZERO,
            1 => *element = Fr::ONE,
            2 => *element = -Fr::ONE,
            3 => *element = highest_words(),
            _ => {}
        }
    }
    column
}

/// What a program means, row by row.
fn reference(program: &Program, columns: &[Vec<Fr>], constants: &[Fr], outputs: &mut [Vec<Fr>]) {
    for row in 0..outputs[0].len() {
        let mut registers = vec![Fr::ZERO; program.registers()];
        for step in program.steps() {
            let read = |operand: Operand| match operand {
                Operand::Register(register) => registers[register as usize],
                Operand::Constant(constant) => constants[constant as usize],
                Operand::Output(output) => outputs[output as usize][row],
                Operand::Column { column, rotation } => {
                    let column = &columns[column as usize];
                    column[(row as i64 + i64::from(rotation)).rem_euclid(column.len() as i64) as usize]
                }
            };
            match *step {
                Step::Add { to, a, b } => registers[to as usize] = read(a) + read(b),
                Step::Sub { to, a, b } => registers[to as usize] = read(a) - read(b),
                Step::Mul { to, a, b } => registers[to as usize] = read(a) * read(b),
                Step::MulAdd { to, a, b, c } => registers[to as usize] = read(a) * read(b) + read(c),
                Step::Store { output, from } => outputs[output as usize][row] = read(from),
            }
        }
    }
}

fn check(program: &Program, rows: usize, constants: &[Fr]) {
    let columns: Vec<Vec<Fr>> = (0..4).map(|i| column(rows, i)).collect();
    check_on(program, &columns, constants);
}

fn check_on(program: &Program, columns: &[Vec<Fr>], constants: &[Fr]) {
    let rows = columns[0].len();
    let before: Vec<Vec<Fr>> = (0..2).map(|i| column(rows, 10 + i)).collect();
    let mut want = before.clone();
    reference(program, columns, constants, &mut want);
    let views: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
    for kernels in all_kernels() {
        let mut outputs = before.clone();
        let mut views_out: Vec<&mut [Fr]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
        kernels.run(program, &views, constants, &mut views_out);
        assert!(
            outputs == want,
            "{rows} rows, {:?}: {:?}",
            kernels.path(),
            program.steps()
        );
    }
}

/// Random programs of sums, differences and products in any order: every bound is met by some.
#[test]
fn random_programs_mean_what_they_say() {
    let mut rng = rng(1);
    let constants = column(5, 3);
    for round in 0..120 {
        let mut steps = Vec::new();
        let registers = 6;
        for to in 0..registers {
            steps.push(Step::Add {
                to,
                a: Operand::Column {
                    column: to % 4,
                    rotation: 0,
                },
                b: Operand::Constant(to % 5),
            });
        }
        // Rounds with few products let sums grow.
        let products = [1, 4, 10][round % 3];
        for _ in 0..40 {
            let mut operand = || match rng.next_u32() % 10 {
                0 => Operand::Constant((rng.next_u32() % 5) as u16),
                1 => Operand::Output((rng.next_u32() % 2) as u16),
                2 | 3 => Operand::Column {
                    column: (rng.next_u32() % 4) as u16,
                    rotation: (rng.next_u32() % 7) as i32 - 3,
                },
                _ => Operand::Register((rng.next_u32() % u32::from(registers)) as u16),
            };
            let (a, b, c) = (operand(), operand(), operand());
            let to = (rng.next_u32() % u32::from(registers)) as u16;
            steps.push(match rng.next_u32() % (10 + products) {
                0..=4 => Step::Add { to, a, b },
                5..=8 => Step::Sub { to, a, b },
                9 => Step::Store {
                    output: to % 2,
                    from: a,
                },
                i if i % 2 == 0 => Step::Mul { to, a, b },
                _ => Step::MulAdd { to, a, b, c },
            });
        }
        steps.extend((0..2).map(|output| Step::Store {
            output,
            from: Operand::Register(output + 1),
        }));
        let rows = [8, 16, 64, 72, 128, 1 << 11][round % 6];
        check(&Program::new(steps).unwrap(), rows, &constants);
    }
}

#[test]
fn sums_and_differences_without_end_stay_right() {
    let register = Operand::Register(0);
    let loaded = Operand::Column { column: 0, rotation: 0 };
    let mut steps = vec![Step::Sub {
        to: 0,
        a: loaded,
        b: loaded,
    }];
    steps.extend(
        [Step::Sub {
            to: 0,
            a: loaded,
            b: register,
        }; 9],
    );
    steps.extend(
        [Step::Add {
            to: 0,
            a: register,
            b: register,
        }; 9],
    );
    steps.extend(
        [Step::Sub {
            to: 0,
            a: register,
            b: loaded,
        }; 9],
    );
    steps.extend(
        [Step::Mul {
            to: 0,
            a: register,
            b: register,
        }; 2],
    );
    steps.extend(
        [Step::MulAdd {
            to: 0,
            a: register,
            b: register,
            c: register,
        }; 9],
    );
    steps.extend((0..2).map(|output| Step::Store { output, from: register }));
    check(&Program::new(steps).unwrap(), 64, &[]);
}

/// Products of factors that are as high as their bounds allow, to the last bits, taken from zero: a bound that is too low by one makes the
/// difference negative. The factors are `i·a + j·c` and `l·a + n·c`: `a` has the highest words, `c` is `−k·2^−260`, in lanes `p − k`.
#[test]
fn products_of_the_highest_factors_stay_below_their_bounds() {
    let (zero, c) = (Operand::Constant(0), Operand::Constant(1));
    let a = Operand::Column { column: 0, rotation: 0 };
    let (x, y) = (Operand::Register(0), Operand::Register(1));
    let columns = vec![vec![highest_words(); 16]];
    let lane_one = Fr::from(2).pow([260]).invert().unwrap();
    // Of each the product is more than 1 + ⌈0.0118·A·B⌉ times p, with A = 16·i + j and B = 16·l + n.
    for (i, j, l, n, k) in [
        (1, 15, 2, 9, 13),
        (1, 13, 4, 9, 2),
        (2, 1, 4, 13, 17),
        (3, 7, 3, 9, 12),
        (3, 3, 5, 3, 8),
        (3, 15, 5, 2, 1),
        (4, 8, 4, 16, 5),
        (4, 8, 5, 0, 9),
    ] {
        for summand in [None, Some(c)] {
            let mut steps = Vec::new();
            for (to, columns, constants) in [(0, i, j), (1, l, n)] {
                let register = Operand::Register(to);
                let mut add = |a, b| steps.push(Step::Add { to, a, b });
                let terms = [vec![a; columns], vec![c; constants]].concat();
                add(terms[0], terms[1]);
                terms[2..].iter().for_each(|&term| add(register, term));
            }
            steps.push(match summand {
                None => Step::Mul { to: 0, a: x, b: y },
                Some(c) => Step::MulAdd { to: 0, a: x, b: y, c },
            });
            steps.push(Step::Sub { to: 0, a: zero, b: x });
            steps.extend((0..2).map(|output| Step::Store { output, from: x }));
            let constants = [Fr::ZERO, -Fr::from(k) * lane_one];
            check_on(&Program::new(steps).unwrap(), &columns, &constants);
        }
    }
}

#[test]
fn rotations_wrap_around_at_both_ends() {
    for rows in [1, 2, 4, 8, 16, 64, 2048] {
        for rotation in [0, 1, -1, 3, -7, 8, -64, 2047, i32::MAX, i32::MIN] {
            let steps = (0..2)
                .map(|output| Step::Store {
                    output,
                    from: Operand::Column { column: 1, rotation },
                })
                .collect();
            check(&Program::new(steps).unwrap(), rows, &[]);
        }
    }
}

#[test]
fn one_output_is_enough() {
    let from = Operand::Column { column: 0, rotation: 1 };
    let program = Program::new(vec![Step::Store { output: 0, from }]).unwrap();
    let mut want = column(64, 1);
    let column = want.clone();
    want.rotate_left(1);
    for kernels in all_kernels() {
        let mut out = vec![Fr::ZERO; 64];
        kernels.run(&program, &[&column], &[], &mut [&mut out]);
        assert!(out == want, "{:?}", kernels.path());
    }
}

/// Columns of no rows are as long as outputs that are not there.
#[test]
fn without_outputs_there_are_no_rows() {
    for kernels in all_kernels() {
        kernels.run(&Program::new(Vec::new()).unwrap(), &[&[]], &[], &mut []);
    }
}

#[test]
#[should_panic(expected = "columns as long as the outputs")]
fn columns_of_another_length_are_refused() {
    let program = Program::new(vec![Step::Store {
        output: 0,
        from: Operand::Column { column: 0, rotation: 0 },
    }])
    .unwrap();
    all_kernels()[0].run(&program, &[&[Fr::ONE; 8]], &[], &mut [&mut [Fr::ONE; 16]]);
}

#[test]
fn slices_are_inverted_scaled_added_and_evaluated() {
    for kernels in all_kernels() {
        for rows in [0, 1, 5, 8, 1000, 4096, 4097, 10_000] {
            let (a, b) = (column(rows, 1), column(rows, 2));
            let x = random(1, 3)[0];
            let mut out = a.clone();
            kernels.invert(&mut out);
            assert!(out
                .iter()
                .zip(&a)
                .all(|(out, a)| *out * a == if *a == Fr::ZERO { Fr::ZERO } else { Fr::ONE }));
            assert!(out
                .iter()
                .zip(&a)
                .all(|(out, a)| (*out == Fr::ZERO) == (*a == Fr::ZERO)));
            let mut out = a.clone();
            kernels.scale(&mut out, x);
            assert!(out.iter().zip(&a).all(|(out, a)| *out == *a * x));
            let mut out = a.clone();
            kernels.add_scaled(&mut out, x, &b);
            assert!(out.iter().zip(&a).zip(&b).all(|((out, a), b)| *out == *a + x * b));
            assert_eq!(
                kernels.evaluate(&a, x),
                a.iter().rev().fold(Fr::ZERO, |sum, a| sum * x + a)
            );
        }
    }
}

/// The only test of this file that asks for the variable; it is set for a child process, not for this one.
#[test]
fn the_variable_forces_the_portable_path() {
    if std::env::var_os(PORTABLE_VARIABLE).is_some() {
        let kernels = Kernels::detect(Threads::new(NonZeroUsize::MIN).unwrap());
        assert_eq!(kernels.path(), Path::Portable);
        return;
    }
    let test = std::env::current_exe().unwrap();
    let child = |value: &str| {
        let mut command = std::process::Command::new(&test);
        command
            .args(["the_variable_forces_the_portable_path", "--exact"])
            .env(PORTABLE_VARIABLE, value);
        command.output().unwrap().status.success()
    };
    assert!(child("1"));
    // Any other value forces nothing: there the assertion above fails where the processor has lanes.
    assert_eq!(child("0"), assay_lanes::Ifma::detect().is_none());
}
