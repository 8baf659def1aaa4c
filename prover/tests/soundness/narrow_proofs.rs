//! Real proofs in the narrow form, whose statement is bound by a gate and whose columns hold several things.

use crate::challenges::{
    class_balanced_by_an_idle_weight, output_balanced_by_a_multiplicity, output_balanced_by_garbage,
    remainder_balanced_by_a_multiplicity,
};
use crate::cheat::Cheat;
use crate::provers::Setup;
use crate::support::{mock_challenges, Case};
use assay_durable::progress::Silent;
use assay_prover::circuit::Cost;
use assay_prover::model::random::tiny_network;
use assay_prover::proof::{
    check_secret, prove, secret_sizes, verify, ProofBundle, ProveError, ProverInput, VerifyError,
};
use assay_prover::secret::ModelSecret;
use assay_statement::field::{to_be_bytes, Fr};
use assay_statement::instance;
use halo2_proofs::halo2curves::ff::Field;
use std::collections::HashSet;
use std::sync::OnceLock;

fn case(seed: u64) -> Case {
    Case::narrow(tiny_network(10), seed)
}

fn setup() -> &'static Setup {
    static SETUP: OnceLock<Setup> = OnceLock::new();
    SETUP.get_or_init(|| Setup::of(case(0).compiled))
}

/// Proofs of one model by our own prover; it creates the secret, so once.
fn proofs<const N: usize>(case: &Case) -> [ProofBundle; N] {
    let (keys, layout) = (&setup().keys, case.compiled.frozen.layout);
    let blinding = keys.verifying_key().cs().blinding_factors() as u32 + 1;
    let path = setup().dir.path().join("model.secret");
    let secret = ModelSecret::create(&path, layout.weight_columns as u32, layout.salt_rows as u32, blinding).unwrap();
    let salts: Vec<Vec<Fr>> = (0..layout.weight_columns as u32).map(|c| secret.salt(c)).collect();
    std::array::from_fn(|_| {
        let input = ProverInput {
            model: &case.model,
            weight_salts: &salts,
            image: &case.image,
            salt: &case.salt,
            ctx: to_be_bytes(&case.context),
        };
        prove(keys, &input, secret.blinding_rng(), &Silent).expect("a proof")
    })
}

fn check(bundle: &ProofBundle) -> Result<(), VerifyError> {
    verify(setup().keys.verifier(), bundle)
}

/// The weight columns are opened at one point a proof, as in the wide form: their points are the model's, nothing else is the same.
#[test]
fn proofs_of_both_provers_are_accepted_and_share_the_weight_points_alone() {
    let case = case(1);
    let [first, second] = proofs(&case);
    check(&first).unwrap();
    check(&second).unwrap();
    check(&setup().prove_anyway(&Cheat::of(case))).unwrap();
    assert_eq!(
        Cost::of(setup().keys.verifier().compiled()).proof_bytes,
        first.proof().len()
    );
    assert_eq!(first.instances(), second.instances());
    let points = 64 * usize::from(first.weight_points());
    assert_eq!(first.proof()[..points], second.proof()[..points]);
    let words = |bundle: &ProofBundle| -> HashSet<Vec<u8>> {
        bundle.proof()[points..].chunks(32).map(<[u8]>::to_vec).collect()
    };
    assert!(words(&first).is_disjoint(&words(&second)));
}

/// The transcript is in order, and only the gate that binds the statement is violated.
#[test]
fn statement_about_another_context_input_or_class_has_no_proof() {
    for index in [instance::CTX, instance::INPUT_COMMIT, instance::OUTPUT] {
        let mut cheat = Cheat::of(case(1));
        cheat.instances[index] += Fr::ONE;
        assert!(
            matches!(check(&setup().prove_anyway(&cheat)), Err(VerifyError::False)),
            "word {index}"
        );
        if index == instance::CTX {
            cheat.witness.context += Fr::ONE;
            check(&setup().prove_anyway(&cheat)).unwrap();
        }
    }
}

#[test]
fn false_output_has_no_proof() {
    let mut case = case(1);
    let last = case.trace.layers.len() - 1;
    let loser = (case.trace.top1() + 1) % 10;
    case.trace.layers[last].q_hat[loser] = case.trace.logits()[case.trace.top1()] + 1;
    assert!(matches!(
        check(&setup().prove_anyway(&Cheat::of(case))),
        Err(VerifyError::False)
    ));
}

/// What passes where the challenges are constants that the prover knows.
#[test]
fn cheats_made_for_constant_challenges_have_no_proof() {
    let known = mock_challenges();
    for cheat in [
        output_balanced_by_garbage(case(1), &known),
        class_balanced_by_an_idle_weight(case(1), &known),
        remainder_balanced_by_a_multiplicity(case(1), &known),
        output_balanced_by_a_multiplicity(case(1), &known),
    ] {
        assert_eq!(cheat.failures(), []);
        assert!(matches!(check(&setup().prove_anyway(&cheat)), Err(VerifyError::False)));
    }
}

/// A column is opened at a point more than in the wide form, so a secret has a row of blinding more; one of the wide form is refused.
#[test]
fn secret_of_the_wide_form_is_refused() {
    let key = setup().keys.verifier();
    let [columns, salt_rows, blinding_rows] = secret_sizes(key);
    assert_eq!(blinding_rows, 7);
    let secret = |name: &str, rows: u32| {
        ModelSecret::create(&setup().dir.path().join(name), columns, salt_rows, rows).expect("a secret")
    };
    let own = secret("own.secret", blinding_rows);
    check_secret(key, &own).unwrap();
    assert_eq!(own.budget(), u64::from(salt_rows + blinding_rows - 1));
    let wide = secret("wide.secret", blinding_rows - 1);
    assert!(matches!(check_secret(key, &wide), Err(ProveError::Secret { .. })));
}
