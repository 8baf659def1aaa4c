//! The verifying key of a small circuit as text, and the ids of the architectures people deploy: a change here is a new
//! verifier contract for everyone. `ASSAY_BLESS=1` writes the files anew.

mod support;

use assay_durable::cache::Cache;
use assay_durable::progress::Silent;
use assay_prover::circuit::{FrozenArchitecture, Layout};
use assay_prover::model::random::{joined_network, kernel_network, mobilenet_v2_with_padding, tiny_network};
use assay_prover::model::{Architecture, OutputMode, Padding};
use assay_prover::proof::VerifierKey;
use assay_prover::srs::Srs;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use support::tiny_with;

/// Compares with the file, or writes it.
fn pin(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    if std::env::var_os("ASSAY_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(&path, text).expect("the file");
        return;
    }
    let pinned = std::fs::read_to_string(&path).unwrap_or_default();
    for (n, (pinned, now)) in pinned.lines().zip(text.lines()).enumerate() {
        assert_eq!(
            pinned,
            now,
            "{name}, line {}: bless it with ASSAY_BLESS=1 if the change is meant",
            n + 1
        );
    }
    assert!(
        pinned == text,
        "{name} has another length: bless it with ASSAY_BLESS=1 if the change is meant"
    );
}

/// Of 32 salt rows, under the development string.
fn key_of(architecture: Architecture, lanes: usize) -> (FrozenArchitecture, VerifierKey) {
    let frozen = FrozenArchitecture::plan_with(architecture, lanes, 32).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::at(dir.path());
    let srs = Arc::new(Srs::dev(frozen.layout.k, &cache, &Silent).unwrap());
    let key = VerifierKey::load_or_build(&frozen, srs, &cache, &Silent).unwrap();
    (frozen, key)
}

/// Every kernel, and channels that are joined: their gates are the test network's, what is fixed and copied is not. And remainders of two
/// limbs, which have a lookup more.
#[test]
fn verifying_keys_of_other_networks_are_pinned() {
    let networks = [
        ("kernel_network", kernel_network(10)),
        ("joined_network", joined_network(10)),
        ("tiny_network", tiny_network(18)),
    ];
    pin("pinned_keys.txt", &keys("3 activations per row", 3, networks));
}

/// An image read by stride 2, whole, and joined, and both outputs.
#[test]
fn verifying_keys_of_the_narrow_form_are_pinned() {
    let networks = [
        ("tiny_network", tiny_network(10)),
        ("tiny_network that tells a bit", tiny_with(OutputMode::Bit)),
        ("kernel_network", kernel_network(10)),
        ("joined_network", joined_network(10)),
    ];
    let text = keys("narrow form", Layout::NARROW, networks);
    pin("pinned_narrow_keys.txt", &text);
}

/// A line for each network.
fn keys<const N: usize>(form: &str, lanes: usize, networks: [(&str, Architecture); N]) -> String {
    let mut text = format!("{form}, 32 salt rows, development string: layout; arch id; digest of the key.\n");
    for (name, architecture) in networks {
        let (frozen, key) = key_of(architecture, lanes);
        let layout = serde_json::to_string(&frozen.layout).unwrap();
        let [arch, digest] = [key.arch_id(), key.vk_digest()].map(hex::encode);
        writeln!(text, "{name}({}) {layout} {arch} {digest}", frozen.architecture.shift).unwrap();
    }
    text
}

#[test]
fn verifying_key_of_the_test_network_is_pinned() {
    let (frozen, key) = key_of(tiny_network(10), 3);
    let cs = key.verifying_key().cs();

    let mut text = String::new();
    let mut line = |s: String| writeln!(text, "{s}").expect("writing to a string");
    line("Verifying key of tiny_network(10), 3 activations per row, 32 salt rows, development string.".into());
    line(format!("layout {}", serde_json::to_string(&frozen.layout).unwrap()));
    line(format!("arch id {}", hex::encode(key.arch_id())));
    line(format!("vk digest {}", hex::encode(key.vk_digest())));
    line(format!(
        "fixed columns {}, advice columns {}, instance columns {}",
        cs.num_fixed_columns(),
        cs.num_advice_columns(),
        cs.num_instance_columns()
    ));
    line(format!("phase of advice columns {:?}", cs.advice_column_phase()));
    line(format!("phase of challenges {:?}", cs.challenge_phase()));
    line(format!(
        "degree {}, blinding factors {}",
        cs.degree(),
        cs.blinding_factors()
    ));
    line(format!("lookups {}", cs.lookups().len()));
    let copied: Vec<String> = cs
        .permutation()
        .get_columns()
        .iter()
        .map(|c| format!("{:?} {}", c.column_type(), c.index()))
        .collect();
    line(format!("copied columns {}", copied.join(", ")));
    let queries = |queries: Vec<(usize, i32)>| {
        queries
            .iter()
            .map(|(c, r)| format!("{c}@{r}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    line(format!(
        "advice queries {}",
        queries(cs.advice_queries().iter().map(|(c, r)| (c.index(), r.0)).collect())
    ));
    line(format!(
        "fixed queries {}",
        queries(cs.fixed_queries().iter().map(|(c, r)| (c.index(), r.0)).collect())
    ));
    for gate in cs.gates() {
        line(format!("gate {}", gate.name()));
        for (n, polynomial) in gate.polynomials().iter().enumerate() {
            line(format!(
                "  {n} {:?}, degree {}",
                gate.constraint_name(n),
                polynomial.degree()
            ));
            line(format!("    {}", polynomial.identifier()));
        }
    }
    pin("pinned_vk_tiny.txt", &text);
}

#[test]
fn architecture_ids_and_layouts_of_mobilenet_v2_are_pinned() {
    let mut text = String::from("MobileNet v2 with PyTorch padding: width, resolution, classes; layout; arch id.\n");
    for (width, resolution, classes) in [(0.35, 96, 1001), (0.35, 96, 10)] {
        let architecture = mobilenet_v2_with_padding(width, resolution, classes, Padding::ONE);
        let frozen = FrozenArchitecture::plan(architecture).unwrap();
        let layout = serde_json::to_string(&frozen.layout).unwrap();
        writeln!(
            text,
            "({width}, {resolution}, {classes}) {layout} {}",
            hex::encode(frozen.arch_id())
        )
        .unwrap();
    }
    pin("pinned_layouts.txt", &text);
}
