//! Random small networks: the definition on integers, the reference executor and the circuit agree.
//!
//! `ASSAY_FUZZ_CASES` sets the number of networks, of which the larger shifts take seconds each; the seed is fixed.

mod definition;
mod support;

use assay_prover::circuit::FrozenArchitecture;
use assay_prover::model::{Architecture, Model, OutputMode, ParamsError};
use assay_statement::field::Fr;
use definition::{quotients, random_architecture};
use halo2_proofs::dev::MockProver;
use halo2_proofs::halo2curves::ff::Field;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use support::{Case, SALT_ROWS};

const SEED: u64 = 9;
const DEFAULT_CASES: usize = 100;

/// Small shifts most of the time, each shift at least once: a circuit has twice as many rows as a smaller one.
fn shift_of(case: usize, rng: &mut ChaCha20Rng) -> u32 {
    let shifts = Architecture::MIN_SHIFT..=Architecture::MAX_SHIFT;
    match shifts.clone().nth(case) {
        Some(shift) => shift,
        None => (shifts.start() + rng.gen::<u32>().trailing_zeros()).min(*shifts.end()),
    }
}

/// A network whose random parameters are total, with its layout.
fn random_network(shift: u32, output: OutputMode, rng: &mut ChaCha20Rng) -> (FrozenArchitecture, Model) {
    loop {
        let mut architecture = random_architecture(rng, shift);
        architecture.output = output;
        if architecture.validate().is_err() {
            // It has another number of classes.
            continue;
        }
        let lanes = rng.gen_range(3..=8);
        let model = match Model::random(architecture.clone(), rng.gen()) {
            Ok(model) => model,
            Err(ParamsError::NotTotal { .. }) => continue,
            Err(other) => panic!("{other}"),
        };
        let frozen = FrozenArchitecture::plan_with(architecture, lanes, SALT_ROWS).expect("a plan");
        return (frozen, model);
    }
}

/// What a proof reveals of the logits, by counting for each class how many are above it.
fn outputs(mode: OutputMode, logits: &[i64], half: i64) -> Vec<Fr> {
    let above = |class: usize| {
        let is_above = |other: &usize| (-logits[*other], *other) < (-logits[class], class);
        (0..logits.len()).filter(is_above).count()
    };
    let best = |most: usize| (0..logits.len()).filter(move |class| above(*class) < most);
    match mode {
        OutputMode::Top1 | OutputMode::Bit => best(1).map(|class| Fr::from(class as u64)).collect(),
        OutputMode::Top5 => {
            let place = |(n, class): (usize, usize)| Fr::from(class as u64) * Fr::from(1 << 16).pow([n as u64]);
            vec![best(5).enumerate().map(place).sum()]
        }
        OutputMode::Logits => logits.iter().map(|logit| Fr::from((logit + half) as u64)).collect(),
    }
}

#[test]
fn definition_reference_and_circuit_agree_on_random_networks() {
    let cases = std::env::var("ASSAY_FUZZ_CASES").map_or(DEFAULT_CASES, |n| n.parse().expect("a number"));
    eprintln!("{cases} networks from seed {SEED}");
    for n in 0..cases {
        let mut rng = ChaCha20Rng::seed_from_u64(SEED);
        rng.set_stream(n as u64);
        let shift = shift_of(n, &mut rng);
        let output = OutputMode::ALL[n % OutputMode::ALL.len()];
        let (frozen, model) = random_network(shift, output, &mut rng);
        let case = Case::with_model(frozen, model, rng.gen());
        let told = format!("network {n} of seed {SEED}: {:?}", case.compiled.frozen);

        let expected = quotients(&case.model, &case.image);
        let half = 1i64 << (shift - 1);
        for (layer, expected) in case.trace.layers.iter().zip(&expected) {
            let found: Vec<i64> = layer.q_hat.iter().map(|q| i64::from(*q) - half).collect();
            assert_eq!(&found, expected, "{told}");
        }
        let logits = expected.last().expect("there are logits");
        let mut instances = case.instances();
        instances.truncate(assay_statement::instance::OUTPUT);
        instances.extend(outputs(case.compiled.frozen.architecture.output, logits, half));
        let prover = MockProver::run(case.k(), &case.circuit(), vec![instances]).expect("synthesis");
        if let Err(failures) = prover.verify_par() {
            panic!("{told}: {failures:#?}");
        }
    }
}
