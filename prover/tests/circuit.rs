//! The circuit accepts what the reference computes.

mod support;

use assay_prover::circuit::{Compiled, FloorError, FrozenArchitecture, Layout};
use assay_prover::model::random::{joined_network, kernel_network, mobilenet_v2, tiny_network};
use assay_prover::model::OutputMode;
use halo2_proofs::dev::MockProver;
use support::{tiny_with, Case};

#[test]
fn honest_witness_of_every_layer_kind_is_accepted() {
    for seed in 0..3 {
        let case = Case::tiny(seed);
        let prover = MockProver::run(case.k(), &case.circuit(), vec![case.instances()]).unwrap();
        prover.assert_satisfied_par();
    }
}

#[test]
fn honest_witness_of_every_output_is_accepted() {
    for output in OutputMode::ALL {
        for seed in 0..3 {
            let case = Case::tiny_with(output, seed);
            let instances = case.instances();
            assert_eq!(instances.len(), 2 + case.compiled.frozen.architecture.outputs());
            let prover = MockProver::run(case.k(), &case.circuit(), vec![instances]).unwrap();
            prover.assert_satisfied_par();
        }
    }
}

#[test]
fn more_activations_per_row_make_a_smaller_circuit_that_accepts_too() {
    let three = FrozenArchitecture::plan_with(tiny_network(10), 3, 32).unwrap();
    for lanes in [4, 5, 6, 7] {
        let frozen = FrozenArchitecture::plan_with(tiny_network(10), lanes, 32).unwrap();
        assert!(frozen.layout.k <= three.layout.k);
        assert_ne!(frozen.arch_id(), three.arch_id());
        let case = Case::frozen(frozen, 7);
        MockProver::run(case.k(), &case.circuit(), vec![case.instances()])
            .unwrap()
            .assert_satisfied_par();
    }
}

/// Every kernel and stride, an image read whole and one that is joined, and both outputs.
#[test]
fn one_activation_a_row_makes_a_circuit_of_few_columns_that_accepts_too() {
    let networks = [
        tiny_network(10),
        kernel_network(10),
        joined_network(10),
        tiny_with(OutputMode::Bit),
    ];
    for (seed, architecture) in (0..).zip(networks) {
        let case = Case::narrow(architecture, seed);
        MockProver::run(case.k(), &case.circuit(), vec![case.instances()])
            .unwrap()
            .assert_satisfied_par();
    }
}

#[test]
fn outputs_that_the_narrow_form_does_not_tell_are_refused() {
    for output in [OutputMode::Top5, OutputMode::Logits] {
        let refused = FrozenArchitecture::plan_with(tiny_with(output), Layout::NARROW, 32);
        assert!(
            matches!(&refused, Err(FloorError::NarrowOutput { output: told }) if *told == output),
            "{refused:?}"
        );
    }
}

#[test]
fn a_layout_from_a_file_is_checked_before_it_is_used() {
    let good = FrozenArchitecture::plan_with(tiny_network(10), 3, 32).unwrap();
    for (k, lanes, weight_columns, salt_rows) in [
        (64, 3, 4, 32),
        (2, 3, 4, 32),
        (12, 2, 4, 32),
        (12, 99, 4, 32),
        (12, 3, 2, 32),
        (12, 3, 4, 0),
    ] {
        let layout = Layout {
            k,
            lanes,
            weight_columns,
            salt_rows,
        };
        let bad = FrozenArchitecture { layout, ..good.clone() };
        assert!(
            matches!(Compiled::new(bad), Err(FloorError::Layout { .. })),
            "{layout:?}"
        );
    }
}

/// The frozen layout of the paper's first row: a change is a new verifier for everyone.
#[test]
fn mobilenet_v2_035_96_fits_two_to_the_eighteen_rows() {
    let frozen = FrozenArchitecture::plan(mobilenet_v2(0.35, 96, 1001)).unwrap();
    let layout = frozen.layout;
    let compiled = Compiled::new(frozen).unwrap();
    let floor = &compiled.floor;
    eprintln!(
        "{layout:?}: tensors {}, garbage to {}, words to {}, hash to {}, weights {}, arithmetic steps {} in {:?}, usable {}",
        floor.on_rows, floor.words, floor.poseidon, floor.end, floor.weight_end, compiled.program.steps.len(),
        floor.arith, floor.usable
    );
    assert_eq!(layout.k, 18);
    // What is revealed costs no row of a tensor and no column: five classes need one constant more.
    for (output, steps) in [(OutputMode::Top5, 1), (OutputMode::Logits, 0)] {
        let mut architecture = mobilenet_v2(0.35, 96, 1001);
        architecture.output = output;
        let other = Compiled::new(FrozenArchitecture::plan(architecture).unwrap()).unwrap();
        assert_eq!(other.frozen.layout, layout, "{output}");
        let rows = (other.floor.on_rows, other.floor.end);
        assert_eq!(rows, (compiled.floor.on_rows, compiled.floor.end), "{output}");
        assert_eq!(
            other.program.steps.len(),
            compiled.program.steps.len() + steps,
            "{output}"
        );
    }
}
