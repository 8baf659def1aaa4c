//! Circuits that the generator refuses, each with its own error.

use assay_verifier_gen::{GenerateError, Interface, VerifierSpec};
use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner},
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine, G2Affine},
        group::prime::PrimeCurveAffine,
    },
    plonk::{keygen_vk, Circuit, ConstraintSystem, Error, Expression, VerifyingKey},
    poly::{kzg::commitment::ParamsKZG, Rotation},
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

const K: u32 = 5;

#[derive(Clone, Copy, Debug, Default)]
struct Odd {
    instance_columns: usize,
    instance_rotation: i32,
    /// The gate multiplies this many cells of one column, at these rotations.
    rotations: &'static [i32],
}

impl Circuit<Fr> for Odd {
    type Config = ();
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Self;

    fn params(&self) -> Self {
        *self
    }

    fn without_witnesses(&self) -> Self {
        *self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) {
        Self::configure_with_params(meta, Self::default());
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, odd: Self) {
        let advice = meta.advice_column();
        let instances: Vec<_> = (0..odd.instance_columns).map(|_| meta.instance_column()).collect();
        meta.create_gate("odd", |m| {
            let sum = instances.iter().fold(Expression::Constant(Fr::from(1)), |sum, column| {
                sum + m.query_instance(*column, Rotation(odd.instance_rotation))
            });
            let cells: Vec<_> = odd
                .rotations
                .iter()
                .map(|at| m.query_advice(advice, Rotation(*at)))
                .collect();
            vec![cells.into_iter().fold(sum, |product, cell| product * cell)]
        });
    }

    fn synthesize(&self, (): (), _: impl Layouter<Fr>) -> Result<(), Error> {
        Ok(())
    }
}

fn key(odd: Odd) -> (ParamsKZG<Bn256>, VerifyingKey<G1Affine>) {
    let params = ParamsKZG::<Bn256>::setup(K, ChaCha20Rng::seed_from_u64(1));
    let vk = keygen_vk(&params, &odd).unwrap();
    (params, vk)
}

fn error_for(odd: Odd, change: impl FnOnce(&mut VerifierSpec)) -> Option<GenerateError> {
    let (params, vk) = key(odd);
    let mut spec = VerifierSpec {
        vk: &vk,
        kzg: (&params).into(),
        num_instances: 0,
        interface: Interface::Raw,
        contract_name: "OddVerifier",
        command: "cargo test",
    };
    change(&mut spec);
    spec.generate().err()
}

const PLAIN: Odd = Odd {
    instance_columns: 1,
    instance_rotation: 0,
    rotations: &[0, 1],
};

#[test]
fn plain_circuit_is_supported() {
    assert_eq!(error_for(PLAIN, |_| ()), None);
    assert_eq!(
        error_for(
            Odd {
                instance_columns: 0,
                ..PLAIN
            },
            |_| ()
        ),
        None
    );
}

#[test]
fn two_instance_columns_are_refused() {
    let error = error_for(
        Odd {
            instance_columns: 2,
            ..PLAIN
        },
        |_| (),
    );
    assert_eq!(error, Some(GenerateError::InstanceColumns { got: 2 }));
}

#[test]
fn rotated_instance_query_is_refused() {
    for rotation in [-1, 1] {
        let error = error_for(
            Odd {
                instance_rotation: rotation,
                ..PLAIN
            },
            |_| (),
        );
        assert_eq!(error, Some(GenerateError::RotatedInstance { rotation }));
    }
}

#[test]
fn instances_beyond_the_usable_rows_are_refused() {
    let max = (1 << K) - 6;
    assert_eq!(error_for(PLAIN, |spec| spec.num_instances = max), None);
    let error = error_for(PLAIN, |spec| spec.num_instances = max + 1);
    assert_eq!(error, Some(GenerateError::TooManyInstances { got: max + 1, max }));
    let error = error_for(
        Odd {
            instance_columns: 0,
            ..PLAIN
        },
        |spec| spec.num_instances = 1,
    );
    assert_eq!(error, Some(GenerateError::TooManyInstances { got: 1, max: 0 }));
}

#[test]
fn rotations_that_meet_on_the_same_row_are_refused() {
    let error = error_for(
        Odd {
            rotations: &[-1, 31],
            ..PLAIN
        },
        |_| (),
    );
    assert_eq!(
        error,
        Some(GenerateError::CoincidingRotations {
            first: -1,
            second: 31,
            rows: 32
        })
    );
}

#[test]
fn degree_above_the_quotient_is_refused() {
    // halo2-axiom silently caps the degree at five.
    let error = error_for(
        Odd {
            rotations: &[0, 1, 2, 3, 0],
            ..PLAIN
        },
        |_| (),
    );
    assert_eq!(
        error,
        Some(GenerateError::DegreeTooHigh {
            what: "gate \"odd\"".into(),
            degree: 6,
            max: 5
        })
    );
}

#[test]
fn contract_name_that_is_no_identifier_is_refused() {
    let error = error_for(PLAIN, |spec| spec.contract_name = "Odd { }");
    assert_eq!(error, Some(GenerateError::ContractName { name: "Odd { }".into() }));
}

#[test]
fn parameters_with_infinity_are_refused() {
    let error = error_for(PLAIN, |spec| spec.kzg.s_g2 = G2Affine::identity());
    assert_eq!(error, Some(GenerateError::IdentityInParams));
}
