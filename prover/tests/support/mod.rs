//! Small networks with witnesses, for the circuit's tests.
#![allow(dead_code)]

use assay_prover::circuit::{Compiled, FrozenArchitecture, NetworkCircuit};
use assay_prover::commitment::{input_commit, InputSalt};
use assay_prover::field::Fr;
use assay_prover::model::random::tiny_network;
use assay_prover::model::{Architecture, FoldedModel, Model};
use assay_prover::reference::{self, Trace};
use assay_prover::witness::{Statement, Witness};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::sync::Arc;

/// Salt rows of the test circuits: enough to exercise them, few enough for a small circuit.
pub(crate) const SALT_ROWS: usize = 32;

/// One statement about a small network.
pub(crate) struct Case {
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) folded: FoldedModel,
    pub(crate) salts: Vec<Vec<Fr>>,
    pub(crate) trace: Trace,
    pub(crate) image: Vec<u8>,
    pub(crate) salt: InputSalt,
    pub(crate) context: Fr,
}

impl Case {
    /// The network with every kind of layer.
    pub(crate) fn tiny(seed: u64) -> Self {
        Self::of(tiny_network(10), seed)
    }

    pub(crate) fn of(architecture: Architecture, seed: u64) -> Self {
        let frozen = FrozenArchitecture::plan_with(architecture, 3, SALT_ROWS).expect("the network fits");
        Self::frozen(frozen, seed)
    }

    pub(crate) fn frozen(frozen: FrozenArchitecture, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let model = Model::random(frozen.architecture.clone(), seed).expect("random parameters are valid");
        let folded = model.fold().expect("the model folds");
        let image: Vec<u8> = (0..frozen.architecture.image_len()).map(|_| rng.gen()).collect();
        let trace = reference::run(&frozen.architecture, &folded, &image).expect("the model is total");
        let salts = (0..frozen.layout.weight_columns)
            .map(|_| (0..frozen.layout.salt_rows).map(|_| Fr::from(rng.next_u64())).collect())
            .collect();
        let compiled = Arc::new(Compiled::new(frozen).expect("the plan compiles"));
        Self { compiled, folded, salts, trace, image, salt: InputSalt(rng.gen()), context: Fr::from(rng.next_u64()) }
    }

    pub(crate) fn witness(&self) -> Witness {
        Witness::new(&Statement {
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

    /// `[ctx, inputCommit, output]`.
    pub(crate) fn instances(&self) -> Vec<Fr> {
        vec![self.context, input_commit(&self.image, &self.salt), Fr::from(self.trace.top1() as u64)]
    }

    pub(crate) fn k(&self) -> u32 {
        self.compiled.frozen.layout.k
    }
}
