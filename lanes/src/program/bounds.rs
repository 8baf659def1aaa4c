//! Steps with bounds and reductions. Bounds are multiples of `p`, rounded up; every value in a register of lanes is normal.
//!
//! | value | bound in lanes | of single elements |
//! |---|---|---|
//! | a constant | 1 | 1 |
//! | a column or an output | 16: sixteen times the library's words | 1 |
//! | a product of `A` and `B` | `1 + ⌈0.0119·A·B⌉` | `1 + ⌈0.1891·A·B⌉` |
//! | a sum | `A + B` | `A + B` |
//! | a difference | `A + B`: the multiple of `p` that is added is the subtrahend's bound | `A + B` |
//! | after a reduction | 2 | 2 |

use super::step::{Operand, Step};

/// The highest bound in lanes: `84·p < 2^260`.
pub(super) const HIGHEST: u64 = 84;

/// Bounds of one form of elements.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    highest: u64,
    /// Of a column or an output.
    loaded: u64,
    reduced: u64,
    /// What a product of two factors adds to one, in ten thousandths of the product of their bounds.
    growth: u64,
}

/// Of a constant: canonical.
const CONSTANT: u64 = 1;

/// In lanes. A reduction leaves `1.01·p`.
pub(super) const LANES: Limits = Limits {
    highest: HIGHEST,
    loaded: 16,
    reduced: 2,
    growth: 119,
};

/// Of single elements, see [`crate::single`]: factors are below `4·p`. A reduction takes `2·p` off where it can.
pub(super) const SINGLES: Limits = Limits {
    highest: 4,
    loaded: 1,
    reduced: 2,
    growth: 1891,
};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounded {
    /// A step; of a difference the multiple of `p` to add, 0 for all others.
    Step(Step, u64),
    /// Reduces a register.
    Reduce(u16),
}

/// Bounds of registers while steps are followed.
struct Follower<'a> {
    limits: &'a Limits,
    registers: Vec<u64>,
    out: Vec<Bounded>,
}

impl Follower<'_> {
    fn bound(&self, operand: Operand) -> u64 {
        match operand {
            Operand::Register(register) => self.registers[register as usize],
            Operand::Constant(_) => CONSTANT,
            Operand::Column { .. } | Operand::Output(_) => self.limits.loaded,
        }
    }

    /// `1 + ⌈growth·A·B⌉`.
    fn product(&self, a: Operand, b: Operand) -> u64 {
        1 + (self.limits.growth * self.bound(a) * self.bound(b)).div_ceil(10_000)
    }

    /// Reduces those of `operands` that are registers, the highest first, until `bound` is low enough.
    fn lower(&mut self, operands: &[Operand], bound: impl Fn(&Self) -> u64) -> u64 {
        while bound(self) > self.limits.highest {
            let registers = operands.iter().filter_map(|operand| match operand {
                Operand::Register(register) => Some(*register),
                _ => None,
            });
            let highest = registers.max_by_key(|register| self.registers[*register as usize]);
            // Without registers a sum is at most 16 + 16 and a product with a summand 1 + 4 + 16; of single elements 2, and 2 + 1.
            let highest = highest.expect("what is loaded is low");
            self.registers[highest as usize] = self.limits.reduced;
            self.out.push(Bounded::Reduce(highest));
        }
        bound(self)
    }
}

/// The steps, and reductions between them. Every register is set before it is read.
pub(super) fn bounded(steps: &[Step], registers: usize, limits: &Limits) -> Vec<Bounded> {
    let mut follower = Follower {
        limits,
        registers: vec![0; registers],
        out: Vec::with_capacity(steps.len()),
    };
    for &step in steps {
        let (bound, multiple) = match step {
            Step::Add { a, b, .. } => (follower.lower(&[a, b], |f| f.bound(a) + f.bound(b)), 0),
            Step::Sub { a, b, .. } => {
                let bound = follower.lower(&[a, b], |f| f.bound(a) + f.bound(b));
                (bound, follower.bound(b))
            }
            Step::Mul { a, b, .. } => (follower.lower(&[a, b], |f| f.product(a, b)), 0),
            Step::MulAdd { a, b, c, .. } => (follower.lower(&[a, b, c], |f| f.product(a, b) + f.bound(c)), 0),
            Step::Store { .. } => (0, 0),
        };
        if let Some(register) = step.register() {
            follower.registers[register as usize] = bound;
        }
        follower.out.push(Bounded::Step(step, multiple));
    }
    follower.out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_reduced_before_they_pass_the_highest_bound() {
        let column = Operand::Column { column: 0, rotation: 0 };
        let register = Operand::Register(0);
        let mut steps = vec![Step::Add {
            to: 0,
            a: column,
            b: column,
        }];
        steps.extend(
            [Step::Add {
                to: 0,
                a: register,
                b: register,
            }; 5],
        );
        let out = bounded(&steps, 1, &LANES);
        // 32, 64, then 128 would be too much: 2 + 2, 8, 16, 32.
        assert_eq!(out.iter().filter(|step| matches!(step, Bounded::Reduce(0))).count(), 1);
        assert_eq!(out.iter().position(|step| matches!(step, Bounded::Reduce(0))), Some(2));
        // 2 after the reduction, doubled four times.
        let last = Step::Sub {
            to: 0,
            a: column,
            b: register,
        };
        steps.push(last);
        assert_eq!(bounded(&steps, 1, &LANES).last(), Some(&Bounded::Step(last, 32)));
    }

    #[test]
    fn a_difference_adds_what_it_may_take() {
        let column = Operand::Column { column: 0, rotation: 0 };
        let steps = [
            Step::Sub {
                to: 0,
                a: column,
                b: column,
            },
            Step::Sub {
                to: 0,
                a: column,
                b: Operand::Register(0),
            },
        ];
        assert_eq!(
            bounded(&steps, 1, &LANES),
            vec![Bounded::Step(steps[0], 16), Bounded::Step(steps[1], 32)]
        );
        assert_eq!(
            bounded(&steps, 1, &SINGLES),
            vec![Bounded::Step(steps[0], 1), Bounded::Step(steps[1], 2)]
        );
    }

    const COLUMN: Operand = Operand::Column { column: 0, rotation: 0 };
    const ONE: Operand = Operand::Constant(0);

    fn register(register: u16) -> Operand {
        Operand::Register(register)
    }

    /// Registers 0 and 1 with the bounds 64 and 80.
    fn high() -> Vec<Step> {
        let (a, b) = (register(0), register(0));
        vec![
            Step::Add {
                to: 0,
                a: COLUMN,
                b: COLUMN,
            },
            Step::Add { to: 0, a, b },
            Step::Add { to: 1, a, b: COLUMN },
        ]
    }

    /// The registers that are reduced before `last`, and the bound of register 2 after it.
    fn after(mut steps: Vec<Step>, last: Step) -> (Vec<u16>, u64) {
        steps.push(last);
        steps.push(Step::Sub {
            to: 3,
            a: ONE,
            b: register(2),
        });
        let out = bounded(&steps, 4, &LANES);
        let reduced = out.iter().filter_map(|step| match step {
            Bounded::Reduce(register) => Some(*register),
            Bounded::Step(..) => None,
        });
        let Some(&Bounded::Step(_, bound)) = out.last() else {
            panic!("a difference is last")
        };
        (reduced.collect(), bound)
    }

    #[test]
    fn only_differences_add_a_multiple() {
        let (a, b, c) = (COLUMN, COLUMN, COLUMN);
        let steps = [
            Step::Add { to: 0, a, b },
            Step::Mul { to: 0, a, b },
            Step::MulAdd { to: 0, a, b, c },
            Step::Store {
                output: 0,
                from: register(0),
            },
        ];
        for limits in [&LANES, &SINGLES] {
            assert_eq!(bounded(&steps, 1, limits), steps.map(|step| Bounded::Step(step, 0)));
        }
    }

    #[test]
    fn products_have_the_bound_of_their_factors() {
        let mul = |a, b| Step::Mul { to: 2, a, b };
        assert_eq!(after(high(), mul(ONE, ONE)), (vec![], 2));
        assert_eq!(after(high(), mul(COLUMN, COLUMN)), (vec![], 5));
        assert_eq!(after(high(), mul(register(0), COLUMN)), (vec![], 14));
        // 0.0119·6400 = 76.16, where 0.0118 would give 75.52.
        assert_eq!(after(high(), mul(register(1), register(1))), (vec![], 78));
        // 84·84 would give 85: one of two factors is reduced, then 0.0119·168 = 1.9992; or the square's one factor.
        let mut steps = high();
        let to_highest = |to, a| Step::Add { to, a, b: ONE };
        steps.extend([to_highest(1, register(1)); 4]);
        assert_eq!(after(steps.clone(), mul(register(1), register(1))), (vec![1], 2));
        steps.push(Step::Add {
            to: 0,
            a: register(0),
            b: COLUMN,
        });
        steps.extend([to_highest(0, register(0)); 4]);
        let (reduced, bound) = after(steps, mul(register(0), register(1)));
        assert_eq!((reduced.len(), bound), (1, 3));
    }

    #[test]
    fn products_with_a_summand_have_the_sum_of_both_bounds() {
        let mul_add = |a, b, c| Step::MulAdd { to: 2, a, b, c };
        assert_eq!(after(high(), mul_add(COLUMN, COLUMN, COLUMN)), (vec![], 21));
        assert_eq!(after(high(), mul_add(register(1), register(1), ONE)), (vec![], 79));
        // 78 + 16 is too much: the factor is reduced. 14 + 80 is too much: the summand is.
        assert_eq!(after(high(), mul_add(register(1), register(1), COLUMN)), (vec![1], 18));
        assert_eq!(after(high(), mul_add(register(0), COLUMN, register(1))), (vec![1], 16));
    }

    #[test]
    fn single_elements_stay_below_four() {
        let steps = [
            Step::Mul {
                to: 0,
                a: COLUMN,
                b: COLUMN,
            },
            Step::Add {
                to: 1,
                a: register(0),
                b: register(0),
            },
            Step::Mul {
                to: 2,
                a: register(1),
                b: register(1),
            },
            Step::Sub {
                to: 0,
                a: COLUMN,
                b: register(1),
            },
        ];
        let step = |i: usize, multiple| Bounded::Step(steps[i], multiple);
        // 2, then 4; 4·4 would give 5: 2·2 gives 2; then 1 + 2.
        assert_eq!(
            bounded(&steps, 3, &SINGLES),
            vec![step(0, 0), step(1, 0), Bounded::Reduce(1), step(2, 0), step(3, 2)]
        );
    }
}
