//! What the constraint system itself must look like.

use crate::cheat::{at, expect_wrong_copy, Cheat, Failure};
use crate::recorder::{At, Recorder};
use crate::support::{configure, pooled_network, Case, FORMS, TWO_LIMBS};
use assay_prover::circuit::program::{Cell, Col};
use assay_prover::circuit::{Compiled, FrozenArchitecture, Layout};
use assay_prover::model::random::{joined_network, kernel_network, mobilenet_v2, tiny_network};
use assay_prover::model::Op;
use assay_prover::plan::layout::Form;
use assay_statement::field::Fr;
use assay_statement::instance;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::Any;
use halo2_proofs::poly::Rotation;
use std::collections::HashSet;
use std::sync::Arc;

fn layouts() -> Vec<Arc<Compiled>> {
    let tiny =
        [3, 4, 5, 6, Layout::NARROW].map(|lanes| FrozenArchitecture::plan_with(tiny_network(10), lanes, 32).unwrap());
    let limbs = [3, 4, 8].map(|lanes| FrozenArchitecture::plan_with(tiny_network(TWO_LIMBS), lanes, 32).unwrap());
    let joined =
        [3, 4, Layout::NARROW].map(|lanes| FrozenArchitecture::plan_with(joined_network(10), lanes, 32).unwrap());
    let joined_limbs = FrozenArchitecture::plan_with(joined_network(TWO_LIMBS), 3, 32).unwrap();
    let pooled =
        [3, Layout::NARROW].map(|lanes| FrozenArchitecture::plan_with(pooled_network(32, 12), lanes, 32).unwrap());
    // As many positions as a pool may have.
    let pooled_most = FrozenArchitecture::plan(pooled_network(64, 16)).unwrap();
    let large = FrozenArchitecture::plan(mobilenet_v2(0.35, 96, 1001)).unwrap();
    tiny.into_iter()
        .chain(limbs)
        .chain(joined)
        .chain([joined_limbs])
        .chain(pooled)
        .chain([pooled_most])
        .chain([large])
        .map(|frozen| Arc::new(Compiled::new(frozen).unwrap()))
        .collect()
}

/// halo2-axiom clamps the degree to 5: the mock prover accepts more, no real proof of it verifies.
#[test]
fn no_gate_has_a_degree_above_five() {
    for compiled in layouts() {
        let (cs, _) = configure(&compiled);
        for gate in cs.gates() {
            for (n, polynomial) in gate.polynomials().iter().enumerate() {
                let degree = polynomial.degree();
                assert!(
                    degree <= 5,
                    "{} / {} has degree {degree}",
                    gate.name(),
                    gate.constraint_name(n)
                );
            }
        }
        assert_eq!(cs.degree(), 5);
        assert!(
            cs.lookups().is_empty(),
            "the library's own lookups would raise the degree unseen"
        );
    }
}

#[test]
fn every_constraint_has_a_name_of_its_own() {
    for compiled in layouts() {
        let (cs, _) = configure(&compiled);
        let mut names = HashSet::new();
        for gate in cs.gates() {
            for n in 0..gate.polynomials().len() {
                let name = (gate.name(), gate.constraint_name(n));
                assert!(!name.1.is_empty(), "constraint {n} of {}", gate.name());
                assert!(names.insert(name), "{name:?} twice");
            }
        }
    }
}

#[test]
fn every_challenge_is_drawn_after_all_columns_of_phase_1() {
    for compiled in layouts() {
        let (cs, columns) = configure(&compiled);
        assert_eq!(
            cs.challenge_phase(),
            [0; 4],
            "usable after phase 0, drawn before phase 1"
        );
        let phases = cs.advice_column_phase();
        let phase_1: HashSet<usize> = columns
            .weights
            .iter()
            .chain(&columns.cells)
            .chain([&columns.pair_multiplicity, &columns.range_multiplicity])
            .chain(&columns.high)
            .map(|c| c.index())
            .collect();
        let Layout {
            lanes, weight_columns, ..
        } = compiled.frozen.layout;
        let expected = match compiled.frozen.layout.form() {
            Form::Wide => weight_columns + (2 + compiled.frozen.architecture.cut().limbs()) * lanes + 2,
            Form::Narrow => weight_columns + 4,
        };
        assert_eq!(phase_1.len(), expected);
        for (column, phase) in phases.iter().enumerate() {
            assert_eq!(*phase == 0, phase_1.contains(&column), "column {column}");
        }
    }
}

/// One opening of a weight column per proof, and nothing but the weight gates reads it.
#[test]
fn weight_columns_come_first_and_are_queried_once() {
    for compiled in layouts() {
        let (cs, columns) = configure(&compiled);
        for (n, column) in columns.weights.iter().enumerate() {
            assert_eq!(column.index(), n);
            let queries: Vec<Rotation> = cs
                .advice_queries()
                .iter()
                .filter(|(c, _)| c == column)
                .map(|(_, at)| *at)
                .collect();
            assert_eq!(queries, [Rotation::cur()]);
            assert!(!cs.permutation().get_columns().iter().any(|c| *c == (*column).into()));
        }
    }
}

/// In the wide form the instances are copied, too; in the narrow one a gate reads them.
#[test]
fn only_columns_of_phase_2_and_the_instances_are_copied() {
    for compiled in layouts() {
        let (cs, columns) = configure(&compiled);
        let copied: HashSet<_> = cs.permutation().get_columns().into_iter().collect();
        let expected = [
            columns.acc_x,
            columns.acc_y,
            columns.acc_w,
            columns.a,
            columns.b,
            columns.acc,
        ];
        for column in expected {
            assert!(copied.contains(&column.into()));
        }
        let polynomials = cs.gates().iter().flat_map(|gate| gate.polynomials());
        let reading = polynomials.filter(|p| !p.extract_instances().is_empty()).count();
        let copies_instances = copied.contains(&columns.instance.into());
        let (wide, narrow) = ((7, true, 0), (3, false, 1));
        let form = match compiled.frozen.layout.form() {
            Form::Wide => wide,
            Form::Narrow => narrow,
        };
        assert_eq!((copied.len(), copies_instances, reading), form);
        assert!(copied.iter().all(|c| !matches!(c.column_type(), Any::Fixed)));
    }
}

/// No gate is active on a salt row of a weight column: its cells are random.
#[test]
fn no_weight_gate_is_active_on_a_salt_row() {
    for compiled in layouts() {
        let salt = compiled.floor.salt_rows(&compiled.frozen.layout);
        assert!(compiled.floor.weight_end <= salt.start);
        assert_eq!(salt.len(), compiled.frozen.layout.salt_rows);
        assert!(compiled.fixed.weight_kind[salt].iter().all(|kind| *kind == 0));
        let default = FrozenArchitecture::plan(tiny_network(10)).unwrap();
        assert!(default.layout.salt_rows >= 1 << 13);
    }
}

/// Every layer that computes has an identity of its own, and every instance is bound to exactly one cell.
#[test]
fn every_layer_is_closed_by_an_equality_and_every_instance_is_bound() {
    for compiled in layouts() {
        let program = &compiled.program;
        let layers = compiled.frozen.architecture.layers.iter();
        let computing = layers.filter(|layer| !matches!(layer.op, Op::Concat { .. })).count();
        assert_eq!(program.identities.len(), computing);
        let cells: HashSet<Cell> = program.identities.iter().flat_map(|(l, r)| [*l, *r]).collect();
        assert_eq!(cells.len(), 2 * program.identities.len());
        let (_, columns) = configure(&compiled);
        let Recorder { copies, bound, .. } = Recorder::new(&compiled);
        let copies: HashSet<(At, At)> = copies.into_iter().collect();
        let received = |(left, right): &(Cell, Cell)| copies.contains(&(at(&columns, *left), at(&columns, *right)));
        assert!(program.identities.iter().all(received));
        let mut bound: Vec<usize> = bound.into_iter().map(|(_, index)| index).collect();
        bound.sort_unstable();
        match compiled.frozen.layout.form() {
            Form::Wide => assert_eq!(bound, [0, 1, 2]),
            Form::Narrow => assert!(bound.is_empty(), "a gate binds them"),
        }
    }
}

/// What the circuit itself binds, whatever a transcript does: a statement about another context, image or class.
#[test]
fn every_instance_is_bound_by_its_cell() {
    let compiled = Case::tiny(1).compiled;
    let floor = &compiled.floor;
    let context = (compiled.program.instances.iter()).find(|(_, index)| *index == instance::CTX);
    for (index, cell) in [
        (instance::CTX, context.expect("a cell").0),
        // The row after the last round, and the row after the last class.
        (instance::INPUT_COMMIT, Cell::new(Col::AccX, floor.end - 2)),
        (instance::OUTPUT, Cell::new(Col::Acc, floor.logits().rows().end)),
    ] {
        let mut cheat = Cheat::of(Case::tiny(1));
        cheat.instances[index] += Fr::ONE;
        let failures = cheat.failures();
        assert!(failures.contains(&Failure::Instance(index)), "{failures:?}");
        expect_wrong_copy(&failures, cell);
    }
}

/// The gates know nothing of concatenations, nor of how large a map a pool reads: both are in the fixed columns and the copies.
#[test]
fn joined_channels_and_large_pools_have_the_gates_of_every_network() {
    let gates = |compiled: &Compiled| {
        let (cs, _) = configure(compiled);
        let gates = cs.gates().iter();
        let named =
            |gate: &halo2_proofs::plonk::Gate<Fr>| (gate.name().to_owned(), format!("{:?}", gate.polynomials()));
        gates.map(named).collect::<Vec<_>>()
    };
    for lanes in [3, Layout::NARROW] {
        let of = |network| Compiled::new(FrozenArchitecture::plan_with(network, lanes, 32).unwrap()).unwrap();
        // All of them read the image whole, and have as many weight columns.
        let plain = gates(&of(kernel_network(16)));
        for other in [joined_network(16), pooled_network(32, 16), pooled_network(64, 16)] {
            let layers = other.layers.len();
            assert!(gates(&of(other)) == plain, "{lanes}: the network of {layers} layers");
        }
    }
}

/// Gates that use the next row stay inside the rows that proofs do not blind.
#[test]
fn nothing_is_assigned_on_a_blinding_row() {
    let networks = || [tiny_network(10), joined_network(10), pooled_network(32, 12)];
    for (of, network) in FORMS.into_iter().flat_map(|of| networks().map(|network| (of, network))) {
        let case = of(network, 1);
        let rows = 1usize << case.k();
        let (cs, _) = configure(&case.compiled);
        let blinding = cs.blinding_factors() + 1;
        assert!(case.compiled.floor.usable < rows - blinding + 1);
        let witness = case.witness();
        for column in witness.weights.iter().chain(&witness.cells) {
            assert_eq!(column.len(), case.compiled.floor.usable);
        }
    }
}
