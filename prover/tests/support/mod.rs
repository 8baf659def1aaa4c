//! Small networks with witnesses, for the circuit's tests.
#![allow(dead_code, reason = "each test program uses a part, some all of it")]

pub(crate) mod weakening;

use assay_prover::circuit::phase2::{Challenges, Phase2};
use assay_prover::circuit::{CircuitParams, Columns, Compiled, FrozenArchitecture, Layout, NetworkCircuit};
use assay_prover::model::random::tiny_network;
use assay_prover::model::{
    Architecture, Conv, ConvKind, FoldedModel, Layer, LayerParams, Model, Op, OutputMode, Padding, Shape, TensorId,
};
use assay_prover::reference::{self, Trace};
use assay_prover::witness::{Inputs, Witness};
use assay_statement::field::Fr;
use assay_statement::input::{input_commit, InputSalt};
use assay_statement::instance::with_outputs;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::dev::{AdviceCellValue, MockProver};
use halo2_proofs::halo2curves::ff::PrimeField;
use halo2_proofs::plonk::{Advice, Challenge, Circuit, Column, ConstraintSystem, Error, FirstPhase, SecondPhase};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::sync::Arc;

/// Salt rows of the test circuits: enough to exercise them, few enough for a small circuit.
pub(crate) const SALT_ROWS: usize = 32;

/// The shift whose remainders have two limbs, over the tables of shift 10.
pub(crate) const TWO_LIMBS: u32 = 18;

/// The smallest such shift, over tables whose quotients leave just room for a byte.
pub(crate) const LEAST_TWO_LIMBS: u32 = 17;

/// A case of an architecture from a seed.
pub(crate) type Of = fn(Architecture, u64) -> Case;
/// In both forms of the circuit.
pub(crate) const FORMS: [Of; 2] = [Case::of, Case::narrow];

/// One statement about a small network.
pub(crate) struct Case {
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) model: Model,
    pub(crate) folded: FoldedModel,
    pub(crate) salts: Vec<Vec<Fr>>,
    pub(crate) trace: Trace,
    pub(crate) image: Vec<u8>,
    pub(crate) salt: InputSalt,
    pub(crate) context: Fr,
}

impl Case {
    /// The network with every kind of layer, and remainders of two limbs over tables as large.
    pub(crate) fn two_limbs(seed: u64) -> Self {
        Self::of(tiny_network(TWO_LIMBS), seed)
    }

    /// The same at the smallest shift of two limbs: half as many quotients, so that every sum is a part of what it is at [`TWO_LIMBS`].
    pub(crate) fn least_two_limbs(seed: u64) -> Self {
        // The larger the part, the more outputs are not clipped.
        let models = (4..40).map(|part| {
            let mut model = Model::random(tiny_network(TWO_LIMBS), seed).expect("random parameters are valid");
            model.architecture.shift = LEAST_TWO_LIMBS;
            let smaller = |multiplier: &mut u32| *multiplier = (*multiplier / part).max(1);
            for params in &mut model.params {
                match params {
                    LayerParams::Conv(p) => p.multiplier.iter_mut().for_each(smaller),
                    LayerParams::Add(p) => [&mut p.lhs_multiplier, &mut p.rhs_multiplier]
                        .into_iter()
                        .for_each(smaller),
                    LayerParams::Pool(p) => smaller(&mut p.multiplier),
                    LayerParams::Concat | LayerParams::Scaled(_) => {}
                }
            }
            model
        });
        let is_total = |model: &Model| model.fold().is_ok_and(|f| f.check_total(&model.architecture).is_ok());
        let model = models.into_iter().find(is_total).expect("a small enough part is total");
        let frozen = FrozenArchitecture::plan_with(model.architecture.clone(), 3, SALT_ROWS).expect("the network fits");
        Self::with_model(frozen, model, seed)
    }

    /// The same model and image with another output.
    pub(crate) fn with_output(self, output: OutputMode) -> Self {
        let Layout { lanes, salt_rows, .. } = self.compiled.frozen.layout;
        let mut model = self.model;
        model.architecture.output = output;
        let frozen = FrozenArchitecture::plan_with(model.architecture.clone(), lanes, salt_rows);
        let mut case = Self::with_model(frozen.expect("the network fits"), model, 0);
        case.trace = reference::run(&case.model.architecture, &case.folded, &self.image).expect("the model is total");
        case.image = self.image;
        case
    }

    /// The network with every kind of layer.
    pub(crate) fn tiny(seed: u64) -> Self {
        Self::of(tiny_network(10), seed)
    }

    /// The same with another output.
    pub(crate) fn tiny_with(output: OutputMode, seed: u64) -> Self {
        Self::of(tiny_with(output), seed)
    }

    pub(crate) fn of(architecture: Architecture, seed: u64) -> Self {
        let frozen = FrozenArchitecture::plan_with(architecture, 3, SALT_ROWS).expect("the network fits");
        Self::frozen(frozen, seed)
    }

    /// In the narrow form.
    pub(crate) fn narrow(architecture: Architecture, seed: u64) -> Self {
        let frozen = FrozenArchitecture::plan_with(architecture, Layout::NARROW, SALT_ROWS).expect("the network fits");
        Self::frozen(frozen, seed)
    }

    pub(crate) fn frozen(frozen: FrozenArchitecture, seed: u64) -> Self {
        let model = Model::random(frozen.architecture.clone(), seed).expect("random parameters are valid");
        Self::with_model(frozen, model, seed)
    }

    pub(crate) fn with_model(frozen: FrozenArchitecture, model: Model, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let folded = model.fold().expect("the model folds");
        let image: Vec<u8> = (0..frozen.architecture.image_len()).map(|_| rng.gen()).collect();
        let trace = reference::run(&frozen.architecture, &folded, &image).expect("the model is total");
        let salts = (0..frozen.layout.weight_columns)
            .map(|_| (0..frozen.layout.salt_rows).map(|_| Fr::from(rng.next_u64())).collect())
            .collect();
        let compiled = Arc::new(Compiled::new(frozen).expect("the plan compiles"));
        Self {
            compiled,
            model,
            folded,
            salts,
            trace,
            image,
            salt: InputSalt(rng.gen()),
            context: Fr::from(rng.next_u64()),
        }
    }

    pub(crate) fn witness(&self) -> Witness {
        Witness::new(&Inputs {
            arch: &self.compiled.frozen.architecture,
            layout: &self.compiled.frozen.layout,
            floor: &self.compiled.floor,
            folded: &self.folded,
            weight_salts: &self.salts,
            trace: &self.trace,
            image: &self.image,
            salt: &self.salt,
            context: self.context,
        })
    }

    pub(crate) fn circuit(&self) -> NetworkCircuit<'static> {
        NetworkCircuit::with_witness(self.compiled.clone(), self.witness())
    }

    pub(crate) fn instances(&self) -> Vec<Fr> {
        let outputs = self.trace.outputs(self.compiled.frozen.architecture.output);
        let outputs = outputs.into_iter().map(Fr::from_u128);
        with_outputs(self.context, input_commit(&self.image, &self.salt), outputs)
    }

    pub(crate) fn k(&self) -> u32 {
        self.compiled.frozen.layout.k
    }
}

/// The network with every kind of layer and this output: of two classes for a bit, else of ten.
pub(crate) fn tiny_with(output: OutputMode) -> Architecture {
    let mut architecture = tiny_network(10);
    architecture.output = output;
    if output == OutputMode::Bit {
        let last = architecture.layers.last_mut().expect("there are layers");
        last.output.c = 2;
        match &mut last.op {
            Op::Conv(conv) => conv.out_channels = 2,
            _ => unreachable!("the last layer is a convolution"),
        }
    }
    architecture
}

/// Three channels of a square image, their averages over the whole map, and ten classes.
pub(crate) fn pooled_network(side: usize, shift: u32) -> Architecture {
    let conv = |input, out_channels, kind, pad| {
        Op::Conv(Conv {
            input: TensorId(input),
            out_channels,
            kind,
            stride: 1,
            pad,
            input_zero: 0,
        })
    };
    let layer = |op, c, side| Layer {
        op,
        output: Shape::new(c, side, side),
    };
    Architecture {
        input: Shape::new(3, side, side),
        shift,
        layers: vec![
            layer(conv(0, 3, ConvKind::DENSE_3X3, Padding::ONE), 3, side),
            layer(Op::GlobalAvgPool { input: TensorId(1) }, 3, 1),
            layer(conv(2, 10, ConvKind::Pointwise, Padding::NONE), 10, 1),
        ],
        output: OutputMode::Top1,
    }
}

/// The constraint system of a circuit, and its columns.
pub(crate) fn configure(compiled: &Compiled) -> (ConstraintSystem<Fr>, Columns) {
    let mut cs = ConstraintSystem::default();
    let params = CircuitParams::of(&compiled.frozen);
    let columns = NetworkCircuit::configure_with_params(&mut cs, params);
    (cs, columns)
}

/// A non-negative field element below 2^64.
pub(crate) fn small(v: &Fr) -> Option<u64> {
    let repr = v.to_repr();
    let (low, high) = repr.split_at(8);
    high.iter()
        .all(|b| *b == 0)
        .then(|| low.iter().rev().fold(0, |acc, b| (acc << 8) | u64::from(*b)))
}

/// Multiplicities that a prover would give these cells: entries that are in no table are not counted.
pub(crate) fn recount(compiled: &Compiled, witness: &mut Witness) {
    let entries = compiled.fixed.table_rows;
    let lookups = match compiled.floor.narrow {
        None => 0..compiled.floor.on_rows,
        // Behind the rows of the statement, before the tables.
        Some(rows) => 3..rows.table,
    };
    let mut counts = [vec![0u64; entries], vec![0u64; entries]];
    for lane in 0..compiled.frozen.layout.lanes {
        for (n, counts) in counts.iter_mut().enumerate() {
            for value in &witness.cells[3 * lane + n][lookups.clone()] {
                if let Some(count) = small(value).and_then(|v| counts.get_mut(v as usize)) {
                    *count += 1;
                }
            }
        }
    }
    for high in witness.high.iter().flat_map(|column| &column[..compiled.floor.on_rows]) {
        if let Some(count) = small(high).and_then(|v| counts[0].get_mut((v as usize).saturating_add(entries / 2))) {
            *count += 1;
        }
    }
    let [pair, range] = counts;
    let columns = match compiled.floor.narrow {
        None => vec![
            (&mut witness.pair_multiplicity[..], pair),
            (&mut witness.range_multiplicity[..], range),
        ],
        Some(rows) => vec![(&mut witness.cells[0][rows.table..], [pair, range].concat())],
    };
    for (column, counts) in columns {
        for (cell, count) in column.iter_mut().zip(counts) {
            *cell = Fr::from(count);
        }
    }
}

/// The challenges of the mock prover: constants, the same for every circuit with four of them. Against it a cheat may
/// know them beforehand; a prover of real proofs does not.
pub(crate) fn mock_challenges() -> Challenges {
    let prover = MockProver::run(5, &Reveal, Vec::new()).expect("the circuit is tiny");
    let (column, _) = Reveal::configure(&mut ConstraintSystem::default());
    let values = prover.advice_values(column);
    let value = |row: usize| match &values[row] {
        AdviceCellValue::Assigned(v) => v.evaluate(),
        AdviceCellValue::Poison(_) => unreachable!("the row is usable"),
    };
    Challenges {
        alpha: value(0),
        gamma: value(1),
        beta: value(2),
        theta: value(3),
    }
}

/// Phase 2 under the mock prover's challenges.
pub(crate) fn mock_phase_2(compiled: &Compiled, witness: &Witness) -> Phase2 {
    Phase2::new(compiled, witness, &mock_challenges())
}

/// Writes its four challenges into cells.
struct Reveal;

impl Circuit<Fr> for Reveal {
    type Config = (Column<Advice>, [Challenge; 4]);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        meta.advice_column_in(FirstPhase);
        let challenges = [(); 4].map(|()| meta.challenge_usable_after(FirstPhase));
        (meta.advice_column_in(SecondPhase), challenges)
    }

    fn synthesize(&self, (column, challenges): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let values: [Value<Fr>; 4] = challenges.map(|c| layouter.get_challenge(c));
        layouter.assign_region(
            || "challenges",
            |mut region| {
                for (row, value) in values.iter().enumerate() {
                    region.assign_advice(column, row, *value);
                }
                Ok(())
            },
        )
    }
}
