//! Mutated and hostile ONNX files: each ends in an error or in a model, never in a panic, and in bounded memory.
//!
//! They are imported in a process of their own whose memory is limited, so that whatever ends a process is a failure with a case's number.
//! `ASSAY_FUZZ_CASES` sets how many there are; the seed is fixed.

mod import_support;
#[path = "import_fuzz/mutation.rs"]
mod mutation;

use assay_durable::progress::Silent;
use assay_prover::import::{self, ImportError, ImportOptions};
use assay_prover::model::Model;
use import_support::networks::{base, stem, with_head, SIDE};
use import_support::{float, int, ints, write_images, Onnx};
use mutation::mutated;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::panic::catch_unwind;
use std::path::Path;
use std::process::Command;

const SEED: u64 = 14;
const DEFAULT_CASES: u64 = 600;
/// Kibibytes of addresses, most of which are the threads' stacks and stocks.
const MEMORY: u64 = 2 << 20;
/// Set for the process that imports.
const CHILD: &str = "ASSAY_FUZZ_CHILD";

/// Networks with every operator that is supported, which import as they are.
fn networks() -> Vec<Onnx> {
    let normalised = stem()
        .weights("w", &[4, 1, 3, 3])
        .uniform("gamma", &[4], 0.5, 1.5)
        .uniform("beta", &[4], -0.5, 0.5)
        .uniform("variance", &[4], 0.5, 2.0)
        .node(
            "Conv",
            &["x", "w"],
            "conv",
            vec![ints("pads", &[1; 4]), int("group", 4)],
        )
        .node(
            "BatchNormalization",
            &["conv", "gamma", "beta", "beta", "variance"],
            "bn",
            vec![float("epsilon", 1e-3)],
        )
        .node("Add", &["bn", "x"], "sum", vec![])
        .node(
            "AveragePool",
            &["sum"],
            "y",
            vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])],
        );
    let shaped = stem()
        .integers("zero_place", vec![0])
        .integers("rest", vec![-1])
        .node("Transpose", &["x"], "last", vec![ints("perm", &[0, 2, 3, 1])])
        .node(
            "ReduceMean",
            &["last"],
            "mean",
            vec![ints("axes", &[1, 2]), int("keepdims", 1)],
        )
        .node("Shape", &["mean"], "sizes", vec![])
        .node("Gather", &["sizes", "zero_place"], "batch", vec![])
        .node("Concat", &["batch", "rest"], "shape", vec![int("axis", 0)])
        .node("Reshape", &["mean", "shape"], "features", vec![])
        .weights("w", &[4, 5])
        .uniform("b", &[5], -1.0, 1.0)
        .node("MatMul", &["features", "w"], "product", vec![])
        .node("Add", &["product", "b"], "logits", vec![])
        .node("Softmax", &["logits"], "shares", vec![int("axis", 1)])
        .output("shares", 5);
    vec![base(), with_head(normalised, 4), shaped]
}

#[test]
fn mutated_files_end_in_an_error_or_a_model() {
    let cases = std::env::var("ASSAY_FUZZ_CASES").map_or(DEFAULT_CASES, |n| n.parse().expect("a number"));
    if std::env::var_os(CHILD).is_some() {
        return import_all(cases);
    }
    let limited =
        format!("ulimit -v {MEMORY}; exec \"$0\" --exact mutated_files_end_in_an_error_or_a_model --nocapture");
    let child = Command::new("sh")
        .args(["-c", &limited])
        .arg(std::env::current_exe().unwrap())
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr);
    let last = said.lines().rev().take(40).collect::<Vec<_>>();
    assert!(
        child.status.success(),
        "{}:\n{}",
        child.status,
        last.into_iter().rev().collect::<Vec<_>>().join("\n")
    );
    eprintln!(
        "{}",
        said.lines()
            .rfind(|line| line.contains(" cases from seed "))
            .unwrap_or_default()
    );
}

fn import_all(cases: u64) {
    let folder = tempfile::tempdir().unwrap();
    write_images(folder.path(), 2, SIDE as u32, SIDE as u32);
    std::fs::write(folder.path().join("beside.bin"), vec![0; 1 << 12]).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
    let networks = networks();
    for network in &networks {
        import(&network.bytes(), folder.path()).unwrap();
    }
    let (mut imported, mut refused) = (0, 0);
    for case in 0..cases {
        let mut rng = ChaCha20Rng::seed_from_u64(SEED);
        rng.set_stream(case);
        let network = &networks[rng.gen_range(0..networks.len())];
        let bytes = mutated(&network.proto, &mut rng);
        eprintln!("case {case} of seed {SEED}");
        match catch_unwind(|| import(&bytes, folder.path())).expect("no panic") {
            Ok(model) => {
                assert!(Model::from_bytes(&model.to_bytes().unwrap()).unwrap() == model);
                imported += 1;
            }
            Err(error) => {
                let said = error.to_string();
                eprintln!("{said}");
                assert!(!said.is_empty() && !said.chars().any(char::is_control));
                // What the converter has understood is what the float run can run.
                assert!(!matches!(error, ImportError::FloatRun { .. }));
                refused += 1;
            }
        }
    }
    eprintln!("{cases} cases from seed {SEED}: {imported} imported, {refused} refused");
    assert!(imported > cases / 20 && refused > cases / 4, "the cases say little");
}

fn import(bytes: &[u8], folder: &Path) -> Result<Model, ImportError> {
    let path = folder.join("network.onnx");
    std::fs::write(&path, bytes).unwrap();
    import::import(&path, folder, &ImportOptions::default(), &Silent).map(|(model, _)| model)
}
