//! The transcript against snark-verifier's `EvmTranscript`, byte for byte, and what it must refuse.

use assay_transcript::{KeccakChallenge, KeccakRead, KeccakWrite};
use halo2_proofs::{
    halo2curves::{
        bn256::{Fq, Fr, G1Affine},
        ff::{Field, PrimeField},
        group::{prime::PrimeCurveAffine, Curve},
    },
    transcript::{
        EncodedChallenge, Transcript, TranscriptRead, TranscriptReadBuffer, TranscriptWrite, TranscriptWriterBuffer,
    },
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use snark_verifier::{loader::native::NativeLoader, system::halo2::transcript::evm::EvmTranscript};

#[derive(Clone, Copy, Debug)]
enum Step {
    CommonScalar(Fr),
    CommonPoint(G1Affine),
    Scalar(Fr),
    Point(G1Affine),
    Challenge,
}

fn arb_steps(seed: u64) -> Vec<Step> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let len = rng.gen_range(1..60);
    (0..len)
        .map(|_| match rng.gen_range(0..5) {
            0 => Step::CommonScalar(Fr::random(&mut rng)),
            1 => Step::CommonPoint(random_point(&mut rng)),
            2 => Step::Scalar(Fr::random(&mut rng)),
            3 => Step::Point(random_point(&mut rng)),
            _ => Step::Challenge,
        })
        .collect()
}

fn random_point(rng: &mut ChaCha20Rng) -> G1Affine {
    (G1Affine::generator() * Fr::random(rng)).to_affine()
}

fn write_all<E: EncodedChallenge<G1Affine>, T: TranscriptWriterBuffer<Vec<u8>, G1Affine, E>>(
    steps: &[Step],
) -> (Vec<u8>, Vec<Fr>) {
    let mut transcript = T::init(Vec::new());
    let mut challenges = vec![];
    for step in steps {
        match *step {
            Step::CommonScalar(s) => transcript.common_scalar(s).unwrap(),
            Step::CommonPoint(p) => transcript.common_point(p).unwrap(),
            Step::Scalar(s) => transcript.write_scalar(s).unwrap(),
            Step::Point(p) => transcript.write_point(p).unwrap(),
            Step::Challenge => challenges.push(transcript.squeeze_challenge().get_scalar()),
        }
    }
    (transcript.finalize(), challenges)
}

fn read_all(steps: &[Step], proof: &[u8]) -> Vec<Fr> {
    let mut transcript = KeccakRead::init(proof);
    let mut challenges = vec![];
    for step in steps {
        match *step {
            Step::CommonScalar(s) => transcript.common_scalar(s).unwrap(),
            Step::CommonPoint(p) => transcript.common_point(p).unwrap(),
            Step::Scalar(s) => assert_eq!(transcript.read_scalar().unwrap(), s),
            Step::Point(p) => assert_eq!(transcript.read_point().unwrap(), p),
            Step::Challenge => challenges.push(transcript.squeeze_challenge().get_scalar()),
        }
    }
    transcript.finish().unwrap();
    challenges
}

#[test]
fn bytes_and_challenges_equal_those_of_snark_verifier() {
    type Reference = EvmTranscript<G1Affine, NativeLoader, Vec<u8>, Vec<u8>>;
    for seed in 0..200 {
        let steps = arb_steps(seed);
        let (proof, challenges) = write_all::<KeccakChallenge, KeccakWrite<Vec<u8>>>(&steps);
        let (reference_proof, reference_challenges) = write_all::<_, Reference>(&steps);
        assert_eq!(proof, reference_proof, "seed {seed}");
        assert_eq!(challenges, reference_challenges, "seed {seed}");
        assert_eq!(read_all(&steps, &proof), challenges, "seed {seed}");
    }
}

#[test]
fn challenge_is_the_hash_reduced_modulo_r() {
    let all_ones = KeccakChallenge::new(&[0xff; 32]).get_scalar();
    let mut two_to_256_minus_1 = Fr::ONE;
    for _ in 0..256 {
        two_to_256_minus_1 = two_to_256_minus_1.double();
    }
    assert_eq!(all_ones, two_to_256_minus_1 - Fr::ONE);
}

#[test]
fn infinity_is_refused_by_writer_and_reader() {
    let mut writer = KeccakWrite::init(Vec::new());
    assert!(writer.write_point(G1Affine::identity()).is_err());
    assert!(writer.common_point(G1Affine::identity()).is_err());
    assert!(writer.finalize().is_empty());
    assert!(KeccakRead::init(&[0u8; 64][..]).read_point().is_err());
}

#[test]
fn encodings_that_are_not_reduced_are_refused() {
    let generator = be_words([1, 2]);
    assert!(KeccakRead::init(&generator[..]).read_point().is_ok());
    for coordinate in 0..2 {
        let mut bytes = generator.clone();
        add_be(
            &mut bytes[32 * coordinate..32 * coordinate + 32],
            &modulus_be(Fq::MODULUS),
        );
        assert!(KeccakRead::init(&bytes[..]).read_point().is_err());
    }
    let r = modulus_be(Fr::MODULUS);
    assert!(KeccakRead::init(&r[..]).read_scalar().is_err());
    assert!(KeccakRead::init(&[0xff; 32][..]).read_scalar().is_err());
}

#[test]
fn points_off_the_curve_are_refused() {
    assert!(KeccakRead::init(&be_words([1, 3])[..]).read_point().is_err());
    assert!(KeccakRead::init(&be_words([0, 1])[..]).read_point().is_err());
}

#[test]
fn short_and_long_streams_are_refused() {
    assert!(KeccakRead::init(&be_words([1, 2])[..63]).read_point().is_err());
    assert!(KeccakRead::init(&[0u8; 31][..]).read_scalar().is_err());
    let mut reader = KeccakRead::init(&[0u8; 33][..]);
    reader.read_scalar().unwrap();
    assert!(reader.finish().is_err());
}

fn be_words(words: [u8; 2]) -> Vec<u8> {
    words
        .iter()
        .flat_map(|w| [[0; 31].as_slice(), &[*w]].concat())
        .collect()
}

fn modulus_be(modulus: &str) -> [u8; 32] {
    hex::decode(modulus.trim_start_matches("0x"))
        .unwrap()
        .try_into()
        .unwrap()
}

fn add_be(to: &mut [u8], what: &[u8; 32]) {
    let mut carry = 0;
    for (a, b) in to.iter_mut().zip(what).rev() {
        let sum = u16::from(*a) + u16::from(*b) + carry;
        *a = sum as u8;
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
}
