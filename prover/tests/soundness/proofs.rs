//! Real proofs: what they bind, and what the verifier refuses.

use crate::challenges::{
    class_balanced_by_an_idle_weight, output_balanced_by_a_multiplicity, output_balanced_by_garbage,
    remainder_balanced_by_a_multiplicity,
};
use crate::cheat::Cheat;
use crate::provers::{keys, Setup};
use crate::support::{mock_challenges, Case};
use assay_durable::progress::Silent;
use assay_prover::circuit::{Cost, FrozenArchitecture, NetworkCircuit};
use assay_prover::model::random::tiny_network;
use assay_prover::model::{LayerParams, Model, Op, Padding};
use assay_prover::proof::bundle::{BundleError, HEADER_LEN};
use assay_prover::proof::{prove, verify, weights_commit, ProofBundle, ProveError, ProverInput, VerifyError};
use assay_prover::secret::ModelSecret;
use assay_statement::field::{to_be_bytes, Fr};
use assay_statement::input::{input_commit, InputSalt};
use assay_statement::instance;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::keygen_vk_custom;
use halo2_proofs::SerdeFormat;
use rand_core::OsRng;
use std::collections::HashSet;
use std::sync::OnceLock;

fn setup() -> &'static Setup {
    static SETUP: OnceLock<Setup> = OnceLock::new();
    SETUP.get_or_init(|| Setup::of(Case::tiny(0).compiled))
}

fn frozen() -> FrozenArchitecture {
    Case::tiny(0).compiled.frozen.clone()
}

/// A model, its secret, and something to prove.
struct Owner {
    case: Case,
    secret: ModelSecret,
    salts: Vec<Vec<Fr>>,
}

impl Owner {
    fn new(seed: u64) -> Self {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let layout = frozen().layout;
        let blinding = setup().keys.verifying_key().cs().blinding_factors() as u32 + 1;
        let path = setup().dir.path().join(format!("{number}.secret"));
        let secret =
            ModelSecret::create(&path, layout.weight_columns as u32, layout.salt_rows as u32, blinding).unwrap();
        let salts = (0..layout.weight_columns as u32).map(|c| secret.salt(c)).collect();
        Self {
            case: Case::tiny(seed),
            secret,
            salts,
        }
    }

    fn prove(&self) -> ProofBundle {
        self.prove_with(&self.case.image, &self.salts)
    }

    fn prove_with(&self, image: &[u8], salts: &[Vec<Fr>]) -> ProofBundle {
        let input = self.input(image, salts);
        prove(&setup().keys, &input, self.secret.blinding_rng(), &Silent).expect("a proof")
    }

    fn input<'a>(&'a self, image: &'a [u8], salts: &'a [Vec<Fr>]) -> ProverInput<'a> {
        let ctx = to_be_bytes(&self.case.context);
        ProverInput {
            model: &self.case.model,
            weight_salts: salts,
            image,
            salt: &self.case.salt,
            ctx,
        }
    }

    fn commit(&self) -> [u8; 32] {
        let key = setup().keys.verifier();
        weights_commit(key, &self.case.model, &self.salts, self.secret.blinding_rng()).expect("a commitment")
    }
}

/// One honest proof for all tests that only spoil it.
fn honest() -> &'static ProofBundle {
    static HONEST: OnceLock<ProofBundle> = OnceLock::new();
    HONEST.get_or_init(|| Owner::new(1).prove())
}

fn check(bundle: &ProofBundle) -> Result<(), VerifyError> {
    verify(setup().keys.verifier(), bundle)
}

fn with(bundle: &ProofBundle, instances: Vec<[u8; 32]>, proof: Vec<u8>) -> ProofBundle {
    ProofBundle::new(
        *bundle.arch_id(),
        *bundle.vk_digest(),
        bundle.weight_points(),
        instances,
        proof,
    )
    .unwrap()
}

#[test]
fn honest_proof_is_accepted_from_both_provers() {
    check(honest()).unwrap();
    check(&setup().prove_anyway(&Cheat::of(Case::tiny(1)))).unwrap();
}

#[test]
fn cost_counts_the_bytes_of_a_proof() {
    let cost = Cost::of(setup().keys.verifier().compiled());
    assert_eq!(cost.proof_bytes, honest().proof().len());
}

#[test]
fn false_output_has_no_proof() {
    let mut case = Case::tiny(1);
    let last = case.trace.layers.len() - 1;
    let loser = (case.trace.top1() + 1) % 10;
    case.trace.layers[last].q_hat[loser] = case.trace.logits()[case.trace.top1()] + 1;
    let bundle = setup().prove_anyway(&Cheat::of(case));
    assert!(matches!(check(&bundle), Err(VerifyError::False)));
}

/// The cheats of `challenges`, which pass where the challenges are these constants.
#[test]
fn cheats_made_for_constant_challenges_have_no_proof() {
    let known = mock_challenges();
    for cheat in [
        output_balanced_by_garbage(Case::tiny(1), &known),
        class_balanced_by_an_idle_weight(Case::tiny(1), &known),
        remainder_balanced_by_a_multiplicity(Case::tiny(1), &known),
        output_balanced_by_a_multiplicity(Case::tiny(1), &known),
    ] {
        assert_eq!(cheat.failures(), []);
        assert!(matches!(check(&setup().prove_anyway(&cheat)), Err(VerifyError::False)));
    }
}

/// A proof shown with instances that it was not made for. Transcript and instance polynomial change with them: this
/// shows nothing of the circuit, which the next test is about.
#[test]
fn proof_shown_for_another_context_input_or_class_is_rejected() {
    for index in [instance::CTX, instance::INPUT_COMMIT, instance::OUTPUT] {
        let mut instances = honest().statement().unwrap().instances().unwrap();
        instances[index] += Fr::ONE;
        let bundle = with(
            honest(),
            instances.iter().map(to_be_bytes).collect(),
            honest().proof().to_vec(),
        );
        assert!(matches!(check(&bundle), Err(VerifyError::False)), "instance {index}");
    }
    let exchanged: Vec<_> = [1, 0, 2].map(|i| honest().instances()[i]).to_vec();
    assert!(matches!(
        check(&with(honest(), exchanged, honest().proof().to_vec())),
        Err(VerifyError::False)
    ));
}

/// A prover who says from the beginning what it will claim: its transcript is in order, and only the circuit's binding of
/// instance and cell is violated.
#[test]
fn statement_about_another_context_input_or_class_has_no_proof() {
    for index in [instance::CTX, instance::INPUT_COMMIT, instance::OUTPUT] {
        let mut cheat = Cheat::of(Case::tiny(1));
        cheat.instances[index] += Fr::ONE;
        let bundle = setup().prove_anyway(&cheat);
        assert!(matches!(check(&bundle), Err(VerifyError::False)), "instance {index}");
        // Nothing else is wrong with it: for a witness of that context there is a proof.
        if index == instance::CTX {
            cheat.witness.context += Fr::ONE;
            check(&setup().prove_anyway(&cheat)).unwrap();
        }
    }
}

#[test]
fn more_or_fewer_instances_are_rejected() {
    let instances = honest().instances();
    for instances in [instances[..2].to_vec(), [instances, &[[0; 32]]].concat(), Vec::new()] {
        let bundle = with(honest(), instances, honest().proof().to_vec());
        assert!(matches!(check(&bundle), Err(VerifyError::Instances { .. })));
    }
}

#[test]
fn instance_at_or_above_the_modulus_is_refused() {
    let mut modulus = to_be_bytes(&-Fr::ONE);
    modulus[31] += 1;
    for index in 0..3 {
        let mut bytes = honest().to_bytes();
        bytes[HEADER_LEN + 32 * index..][..32].copy_from_slice(&modulus);
        assert!(matches!(
            ProofBundle::from_bytes(&bytes),
            Err(BundleError::NonCanonicalInstance { .. })
        ));
    }
}

#[test]
fn proof_for_another_verifying_key_is_rejected() {
    let mut architecture = tiny_network(10);
    match &mut architecture.layers[8].op {
        Op::Conv(conv) => conv.pad = Padding::ONE,
        _ => unreachable!("layer 8 is a convolution of stride 2"),
    }
    let other = FrozenArchitecture::plan_with(architecture, 3, 32).unwrap();
    assert_eq!(other.layout, frozen().layout);
    let other = keys(&setup().dir, &other);
    assert!(matches!(
        verify(other.verifier(), honest()),
        Err(VerifyError::Architecture { .. })
    ));
    let bundle = |digest: [u8; 32]| {
        let proof = honest().proof().to_vec();
        let points = honest().weight_points();
        ProofBundle::new(
            other.verifier().arch_id(),
            digest,
            points,
            honest().instances().to_vec(),
            proof,
        )
        .unwrap()
    };
    let claims_nothing = bundle(*honest().vk_digest());
    assert!(matches!(
        verify(other.verifier(), &claims_nothing),
        Err(VerifyError::VerifyingKey { .. })
    ));
    let claims_to_be_its_own = bundle(other.vk_digest());
    assert!(matches!(
        verify(other.verifier(), &claims_to_be_its_own),
        Err(VerifyError::False)
    ));
}

/// Salt rows are rows without a gate: their number is part of the architecture's id, not of the circuit.
#[test]
fn layouts_that_differ_in_salt_rows_share_the_verifying_key_but_not_the_id() {
    let other = FrozenArchitecture::plan_with(tiny_network(10), 3, 33).unwrap();
    let other = keys(&setup().dir, &other);
    assert_eq!(other.vk_digest(), setup().keys.vk_digest());
    assert!(matches!(
        verify(other.verifier(), honest()),
        Err(VerifyError::Architecture { .. })
    ));
}

#[test]
fn bundle_that_counts_its_weight_points_wrongly_is_rejected() {
    let (arch, digest) = (*honest().arch_id(), *honest().vk_digest());
    for points in [honest().weight_points() - 1, honest().weight_points() + 1] {
        let bundle = ProofBundle::new(
            arch,
            digest,
            points,
            honest().instances().to_vec(),
            honest().proof().to_vec(),
        )
        .unwrap();
        assert!(matches!(check(&bundle), Err(VerifyError::WeightPoints { .. })));
    }
}

#[test]
fn truncated_and_extended_proofs_are_rejected() {
    let proof = honest().proof();
    let points = usize::from(honest().weight_points()) * 64;
    for length in [
        points,
        points + 1,
        points + 63,
        points + 64,
        proof.len() / 2,
        proof.len() - 64,
        proof.len() - 1,
    ] {
        let bundle = with(honest(), honest().instances().to_vec(), proof[..length].to_vec());
        let refused = check(&bundle);
        assert!(
            matches!(refused, Err(VerifyError::False)),
            "{length} of {} bytes: {refused:?}",
            proof.len()
        );
    }
    for more in [1, 32, 64] {
        let bundle = with(
            honest(),
            honest().instances().to_vec(),
            [proof, &vec![0; more]].concat(),
        );
        assert!(matches!(check(&bundle), Err(VerifyError::Length)), "{more} bytes more");
    }
}

/// Every word: a changed bit, no canonical number, zero. Scalars among them get past decoding, and so do the points that
/// [`exchanged_points_of_a_proof_are_rejected`] puts in.
#[test]
fn changed_words_of_a_proof_are_rejected_without_panic() {
    let proof = honest().proof();
    assert_eq!(proof.len() % 32, 0);
    for word in 0..proof.len() / 32 {
        let change = |f: &dyn Fn(&mut [u8])| {
            let mut changed = proof.to_vec();
            f(&mut changed[32 * word..32 * word + 32]);
            let bundle = with(honest(), honest().instances().to_vec(), changed);
            assert!(matches!(check(&bundle), Err(VerifyError::False)), "word {word}");
        };
        change(&|w| w[31 - word % 32] ^= 1 << (word % 8));
        change(&|w| w.fill(0xff));
        change(&|w| w.fill(0));
    }
}

/// Points of the curve that are not the prover's: each commitment exchanged for its negative or for another one.
#[test]
fn exchanged_points_of_a_proof_are_rejected() {
    let proof = honest().proof();
    let points = usize::from(honest().weight_points());
    for point in 0..points + 4 {
        let mut changed = proof.to_vec();
        changed.copy_within(64 * (point + 1)..64 * (point + 2), 64 * point);
        let bundle = with(honest(), honest().instances().to_vec(), changed);
        assert!(matches!(check(&bundle), Err(VerifyError::False)), "point {point}");
    }
}

/// The weights of a proof are those of its first points: the registered points do not fit another model's proof.
#[test]
fn registered_points_in_front_of_another_models_proof_are_rejected() {
    let (registered, other) = (Owner::new(1), Owner::new(2));
    let (mine, theirs) = (registered.prove(), other.prove());
    check(&theirs).unwrap();
    assert_ne!(theirs.weights_commit(), registered.commit());
    let points = 64 * usize::from(mine.weight_points());
    let spliced = [&mine.proof()[..points], &theirs.proof()[points..]].concat();
    let bundle = with(honest(), theirs.instances().to_vec(), spliced);
    assert_eq!(bundle.weights_commit(), registered.commit());
    assert!(matches!(check(&bundle), Err(VerifyError::False)));
}

/// A multiplier of the add or the pool one larger, everything computed from it: a proof of another model, and it says so.
#[test]
fn model_changed_in_one_multiplier_shows_another_weights_commitment() {
    let mut owner = Owner::new(3);
    let registered = owner.commit();
    match &mut owner.case.model.params[6] {
        LayerParams::Add(add) => add.lhs_multiplier += 1,
        _ => unreachable!("layer 6 is the add"),
    }
    let bundle = owner.prove();
    check(&bundle).unwrap();
    assert_ne!(bundle.weights_commit(), registered);
}

/// The registered commitment, that of `create::weights_commit` and that of every proof are one.
#[test]
fn two_proofs_share_the_weight_points_and_no_other_word() {
    let owner = Owner::new(1);
    let (first, second) = (owner.prove(), owner.prove());
    check(&second).unwrap();
    assert_eq!(
        first.instances(),
        second.instances(),
        "the same model, image, salt and context"
    );
    assert_eq!(first.weights_commit(), owner.commit());
    assert_eq!(second.weights_commit(), owner.commit());
    let points = 64 * usize::from(first.weight_points());
    assert_eq!(first.proof()[..points], second.proof()[..points]);
    let words = |bundle: &ProofBundle| -> HashSet<[u8; 32]> {
        bundle.proof()[points..]
            .chunks(32)
            .map(|w| w.try_into().unwrap())
            .collect()
    };
    let (a, b) = (words(&first), words(&second));
    let shared: Vec<_> = a.intersection(&b).map(hex::encode).collect();
    assert!(shared.is_empty(), "{shared:?}");
    assert_eq!(
        a.len(),
        (first.proof().len() - points) / 32,
        "no word occurs twice within a proof"
    );
}

#[test]
fn proof_of_another_image_shows_the_same_weights_commitment() {
    let owner = Owner::new(1);
    let image: Vec<u8> = owner.case.image.iter().map(|b| b.wrapping_add(77)).collect();
    let bundle = owner.prove_with(&image, &owner.salts);
    check(&bundle).unwrap();
    assert_eq!(bundle.weights_commit(), owner.commit());
}

#[test]
fn owners_of_equal_weights_have_different_commitments() {
    let (one, other) = (Owner::new(1), Owner::new(1));
    assert!(one.case.model == other.case.model);
    assert_ne!(one.commit(), other.commit());
    // Nor do columns show that they are equal: no two points of one model agree.
    let proof = honest().proof();
    let points: HashSet<&[u8]> = proof[..64 * usize::from(honest().weight_points())].chunks(64).collect();
    assert_eq!(points.len(), usize::from(honest().weight_points()));
}

#[test]
fn models_of_one_architecture_share_the_verifying_key() {
    let key = |circuit: &NetworkCircuit<'static>| {
        let vk = keygen_vk_custom(setup().keys.verifier().srs().params(), circuit, false).unwrap();
        (vk.to_bytes(SerdeFormat::Processed), to_be_bytes(&vk.transcript_repr()))
    };
    let (one, other) = (Case::tiny(1), Case::tiny(2));
    assert!(one.model != other.model);
    let keys = [
        key(&one.circuit()),
        key(&other.circuit()),
        key(&NetworkCircuit::for_keygen(one.compiled.clone())),
    ];
    assert!(keys[0] == keys[1] && keys[1] == keys[2]);
    assert_eq!(keys[0].1, setup().keys.vk_digest());
}

/// The prover insists on salts of the layout's size; whether they are random it cannot know.
#[test]
fn omitted_salts_are_refused_and_zero_salts_prove_without_hiding() {
    let owner = Owner::new(1);
    let omit = |salts: &[Vec<Fr>]| {
        let input = owner.input(&owner.case.image, salts);
        prove(&setup().keys, &input, owner.secret.blinding_rng(), &Silent).map(drop)
    };
    let short: Vec<Vec<Fr>> = owner.salts.iter().map(|s| s[1..].to_vec()).collect();
    for salts in [&[][..], &owner.salts[1..], &short] {
        assert!(matches!(omit(salts), Err(ProveError::WeightSalts { .. })));
    }
    // Zero salts are sound and accepted: they cost the owner the secrecy of the weights, nobody else anything.
    let zeros: Vec<Vec<Fr>> = owner.salts.iter().map(|s| vec![Fr::ZERO; s.len()]).collect();
    let bundle = owner.prove_with(&owner.case.image, &zeros);
    check(&bundle).unwrap();
    assert_ne!(bundle.weights_commit(), owner.commit());
}

/// A zero salt proves as well; the commitment is then one that everybody can compute from the image.
#[test]
fn zero_image_salt_proves_and_hides_nothing() {
    let mut owner = Owner::new(1);
    owner.case.salt = InputSalt([0; 31]);
    let bundle = owner.prove();
    check(&bundle).unwrap();
    assert_eq!(
        bundle.statement().unwrap().input_commit,
        to_be_bytes(&input_commit(&owner.case.image, &InputSalt([0; 31])))
    );
}

#[test]
fn model_of_another_architecture_or_context_above_the_modulus_is_refused() {
    let owner = Owner::new(1);
    let mut architecture = tiny_network(10);
    architecture.shift = 11;
    let model = Model::random(architecture, 1).unwrap();
    let input = ProverInput {
        model: &model,
        ..owner.input(&owner.case.image, &owner.salts)
    };
    assert!(matches!(
        prove(&setup().keys, &input, OsRng, &Silent),
        Err(ProveError::Architecture)
    ));
    let input = ProverInput {
        ctx: [0xff; 32],
        ..owner.input(&owner.case.image, &owner.salts)
    };
    assert!(matches!(
        prove(&setup().keys, &input, OsRng, &Silent),
        Err(ProveError::Context)
    ));
}
