//! The loops of [`assay_kernels`]: in lanes where the processor has them, portable elsewhere.

use crate::backend::{Backend, Basis, Inputs};
use crate::domain::Domain;
use crate::error::EngineError;
use crate::program::{Instruction, Operand, Program};
use assay_kernels::{Kernels, Operand as Source, Path, Plan, Program as Steps, Step, Threads};
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_proofs::halo2curves::ff::Field as _;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Which transform of a domain.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Transform {
    Values,
    Coefficients,
    /// On the coset of this shift.
    CosetValues(Fr),
    /// From the coset of this shift.
    CosetCoefficients(Fr),
}

/// Fast loops on a pool of threads, which must be the one that the engine runs on.
pub struct Fast {
    kernels: Kernels,
    /// Their factors are kept, each computed where it is needed first.
    plans: Mutex<HashMap<(u32, Transform), Arc<Plan>>>,
}

impl std::fmt::Debug for Fast {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fast")
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}

impl Fast {
    /// The best path of this machine; the environment may force the portable one, see [`assay_kernels::PORTABLE_VARIABLE`].
    pub fn detect(threads: &Threads) -> Self {
        Self::with(Kernels::detect(threads.clone()))
    }

    /// The portable path.
    pub fn portable(threads: &Threads) -> Self {
        Self::with(Kernels::portable(threads.clone()))
    }

    fn with(kernels: Kernels) -> Self {
        Self {
            kernels,
            plans: Mutex::default(),
        }
    }

    /// The path that is taken.
    pub fn path(&self) -> Path {
        self.kernels.path()
    }

    fn plan(&self, domain: &Domain, transform: Transform) -> Arc<Plan> {
        let k = domain.k();
        // Nothing runs in parallel under the lock: a plan computes its factors when it is used.
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let made = plans.entry((k, transform)).or_insert_with(|| {
            Arc::new(match transform {
                Transform::Values => Plan::to_values(k),
                Transform::Coefficients => Plan::to_coefficients(k),
                Transform::CosetValues(shift) => Plan::to_coset(k, shift),
                Transform::CosetCoefficients(shift) => Plan::from_coset(k, shift),
            })
        });
        made.clone()
    }
}

impl Backend for Fast {
    fn multi_exponentiation(&self, _: Basis, points: &[G1Affine], scalars: &[Fr]) -> G1 {
        // Panics if there are more scalars than points.
        self.kernels.multiexp(scalars, &points[..scalars.len()])
    }

    fn transform(&self, domain: &Domain, values: &mut [Fr]) {
        self.kernels.transform(&self.plan(domain, Transform::Values), values);
    }

    fn inverse_transform(&self, domain: &Domain, values: &mut [Fr]) {
        self.kernels
            .transform(&self.plan(domain, Transform::Coefficients), values);
    }

    fn coset_values(&self, domain: &Domain, coset: usize, values: &mut [Fr]) {
        let shift = domain.shifts()[coset];
        self.kernels
            .transform(&self.plan(domain, Transform::CosetValues(shift)), values);
    }

    fn coset_coefficients(&self, domain: &Domain, coset: usize, values: &mut [Fr]) {
        let shift = domain.shifts()[coset];
        self.kernels
            .transform(&self.plan(domain, Transform::CosetCoefficients(shift)), values);
    }

    fn invert(&self, values: &mut [Fr]) {
        self.kernels.invert(values);
    }

    fn run(&self, program: &Program, inputs: &Inputs<'_>, output: &mut [Fr]) -> Result<(), EngineError> {
        let translated = Translated::of(program, inputs.uniforms).ok_or_else(|| EngineError::ProgramSize {
            instructions: program.instructions().len(),
            registers: program.registers(),
            uniforms: inputs.uniforms.len(),
        })?;
        let columns: Vec<&[Fr]> = translated.slots.iter().map(|slot| inputs.columns[*slot]).collect();
        self.kernels
            .run(&translated.steps, &columns, &translated.constants, &mut [output]);
        Ok(())
    }
}

/// A program in the kernels' words.
struct Translated {
    steps: Steps,
    /// The slots that it loads, by the kernels' number of the column.
    slots: Vec<usize>,
    /// The uniforms, and zero.
    constants: Vec<Fr>,
}

impl Translated {
    /// None if it does not fit.
    fn of(program: &Program, uniforms: &[Fr]) -> Option<Self> {
        let zero = Source::Constant(u16::try_from(uniforms.len()).ok()?);
        let mut translation = Translation {
            columns: HashMap::new(),
            slots: Vec::new(),
            loaded: vec![None; program.registers()],
        };
        let mut steps = Vec::with_capacity(program.instructions().len() + 1);
        for instruction in program.instructions() {
            match *instruction {
                Instruction::Load { to, slot, rotation } => {
                    translation.loaded[to] = Some(translation.column(slot, rotation)?);
                }
                Instruction::Negate { to, value } => {
                    let b = translation.source(value)?;
                    let to = translation.target(to)?;
                    steps.push(Step::Sub { to, a: zero, b });
                }
                Instruction::Add { to, left, right } => {
                    let [a, b] = translation.sources(left, right)?;
                    let to = translation.target(to)?;
                    steps.push(Step::Add { to, a, b });
                }
                Instruction::Subtract { to, left, right } => {
                    let [a, b] = translation.sources(left, right)?;
                    let to = translation.target(to)?;
                    steps.push(Step::Sub { to, a, b });
                }
                Instruction::Multiply { to, left, right } => {
                    let [a, b] = translation.sources(left, right)?;
                    let to = translation.target(to)?;
                    steps.push(Step::Mul { to, a, b });
                }
            }
        }
        let sum = u16::try_from(program.registers()).ok()?;
        steps.push(Step::Add {
            to: sum,
            a: Source::Output(0),
            b: translation.source(program.output())?,
        });
        steps.push(Step::Store {
            output: 0,
            from: Source::Register(sum),
        });
        let mut constants = uniforms.to_vec();
        constants.push(Fr::ZERO);
        Some(Self {
            steps: Steps::new(steps).ok()?,
            slots: translation.slots,
            constants,
        })
    }
}

/// What is known at an instruction.
struct Translation {
    /// By slot, the kernels' number of the column.
    columns: HashMap<usize, u16>,
    slots: Vec<usize>,
    /// Registers that hold a column as it is: whoever uses one reads the column instead.
    loaded: Vec<Option<Source>>,
}

impl Translation {
    fn column(&mut self, slot: usize, rotation: usize) -> Option<Source> {
        let next = u16::try_from(self.slots.len()).ok()?;
        let column = *self.columns.entry(slot).or_insert(next);
        if column == next {
            self.slots.push(slot);
        }
        Some(Source::Column {
            column,
            rotation: i32::try_from(rotation).ok()?,
        })
    }

    fn source(&self, operand: Operand) -> Option<Source> {
        Some(match operand {
            Operand::Register(register) => match self.loaded[register] {
                Some(column) => column,
                None => Source::Register(u16::try_from(register).ok()?),
            },
            Operand::Uniform(uniform) => Source::Constant(u16::try_from(uniform).ok()?),
        })
    }

    fn sources(&self, left: Operand, right: Operand) -> Option<[Source; 2]> {
        Some([self.source(left)?, self.source(right)?])
    }

    fn target(&mut self, register: usize) -> Option<u16> {
        self.loaded[register] = None;
        u16::try_from(register).ok()
    }
}
