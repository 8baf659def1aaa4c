//! What is estimated of layouts, compared with what was measured.

use assay_prover::circuit::{Footprint, FrozenArchitecture, Layout};
use assay_prover::model::random::mobilenet_v2;
use assay_prover::proof::{Memory, Speed};

fn footprint(width: f64, resolution: usize, lanes: usize) -> Footprint {
    let architecture = mobilenet_v2(width, resolution, 1001);
    Footprint::of(&FrozenArchitecture::plan_with(architecture, lanes, Layout::DEFAULT_SALT_ROWS).unwrap())
}

/// Gigabytes at the peak of processes that made two proofs, `prover/tests/measure.rs` and `scripts/bench prove --memory`.
#[test]
fn memory_is_estimated_to_a_twentieth_of_what_was_measured() {
    for (width, resolution, lanes, small, fast) in [
        (0.35, 96, 3, 1.10, 2.04),
        (0.35, 96, 6, 1.31, 2.35),
        (0.35, 96, 8, 1.46, 2.57),
        (0.5, 224, 3, 7.7, 14.0),
    ] {
        let memory = footprint(width, resolution, lanes).memory;
        for (estimated, measured) in [(memory.small, small), (memory.fast, fast)] {
            let ratio = estimated as f64 / 1e9 / measured;
            assert!(
                (0.95..1.05).contains(&ratio),
                "({width}, {resolution}), {lanes}: {memory:?}, {ratio}"
            );
        }
    }
}

/// Seconds on two cores in lanes: of proofs after the first, of a first one, of both keys.
#[test]
fn recorded_speeds_give_what_was_recorded() {
    let speed = Speed::recorded();
    let small = footprint(0.35, 96, 3);
    for (what, estimated, measured) in [
        ("fast", speed.proof(&small, Memory::Fast, false), 4.60),
        ("small", speed.proof(&small, Memory::Small, false), 5.22),
        ("first", speed.proof(&small, Memory::Fast, true), 5.6),
        ("keys", speed.keys(&small), 1.6),
        (
            "(0.5, 224)",
            speed.proof(&footprint(0.5, 224, 3), Memory::Small, false),
            45.0,
        ),
    ] {
        let ratio = estimated.as_secs_f64() / measured;
        assert!((0.85..1.15).contains(&ratio), "{what}: {estimated:?}, {ratio}");
    }
}
