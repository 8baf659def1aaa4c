//! Verifiers that were compiled beforehand: whoever needs one of them needs no compiler.
//!
//! A verifier's source follows from the constraint system alone: from the activations a row, the weight columns and the shift, not from
//! the network or its rows. A few dozen serve nearly every model.
//!
//! # Soundness
//! The record is no new trust: it is code of this program as any other, and the tests compile every source anew.

use alloy::primitives::{keccak256, Bytes, B256};
use assay_verifier_gen::evm::Compiled;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const RECORD: &str = include_str!("../../artefacts/verifiers.json");

static KNOWN: LazyLock<Record> = LazyLock::new(|| serde_json::from_str(RECORD).expect("the record of this release"));

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// How it was written.
    generated: String,
    /// By keccak256 of the source.
    verifiers: BTreeMap<B256, Known>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    /// For a reader: activations a row, weight columns, shift.
    of: String,
    /// Creation code, without the constructor's arguments.
    initcode: Bytes,
    /// Bytes of the code that it leaves behind.
    runtime_len: usize,
}

/// What the compiler of this release makes of this source, if that is on record.
pub(crate) fn compiled(source: &str) -> Option<Compiled> {
    let known = KNOWN.verifiers.get(&keccak256(source))?;
    Some(Compiled {
        initcode: known.initcode.to_vec(),
        runtime_len: known.runtime_len,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::search::{choose, Profile};
    use crate::verifier::code::{planned_source, CONTRACT};
    use assay_prover::circuit::{FrozenArchitecture, Layout};
    use assay_prover::model::random::{mobilenet_v2, tiny_network};
    use assay_prover::model::Architecture;
    use assay_verifier_gen::evm::Compiler;
    use std::path::Path;

    const GENERATED: &str = "ASSAY_BLESS=1 cargo test -p assay-marketplace known; do not edit";

    /// Activations a row, weight columns, shift: what plans of MobileNets of 10 and of 1,001 classes take, and what the default layout of
    /// networks between them does.
    fn listed() -> Vec<(usize, usize, u32)> {
        let fast = (3..=12).map(|columns| (3, columns, 16));
        let others = [
            (1, 3, 16),
            (4, 3, 16),
            (6, 3, 16),
            (6, 15, 16),
            (3, 3, 24),
            (3, 4, 24),
            (3, 7, 24),
            (6, 3, 24),
        ];
        fast.chain(others).collect()
    }

    /// Its source does not depend on the network.
    fn source(lanes: usize, weight_columns: usize, shift: u32) -> String {
        let frozen = FrozenArchitecture {
            architecture: tiny_network(shift),
            layout: Layout {
                k: 20,
                lanes,
                weight_columns,
                salt_rows: Layout::DEFAULT_SALT_ROWS,
            },
        };
        planned_source(&frozen).unwrap()
    }

    #[test]
    fn the_record_is_what_the_compiler_gives() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let compiler = Compiler::in_repo(root).unwrap();
        let made = listed().into_iter().map(|(lanes, columns, shift)| {
            let source = source(lanes, columns, shift);
            let compiled = compiler.compile(&source, CONTRACT).unwrap();
            let known = Known {
                of: format!("{lanes} activations a row, {columns} weight columns, shift {shift}"),
                initcode: compiled.initcode.into(),
                runtime_len: compiled.runtime_len,
            };
            (keccak256(&source), known)
        });
        let made = Record {
            generated: GENERATED.into(),
            verifiers: made.collect(),
        };
        let text = serde_json::to_string_pretty(&made).unwrap() + "\n";
        if std::env::var_os("ASSAY_BLESS").is_some() {
            std::fs::write(root.join("marketplace/artefacts/verifiers.json"), text).unwrap();
            return;
        }
        assert!(
            text == RECORD,
            "marketplace/artefacts/verifiers.json differs: {GENERATED}"
        );
    }

    /// The model of the first steps, and the paper's first, however it is planned for.
    #[test]
    fn models_that_people_have_need_no_compiler() {
        let digits = mobilenet_v2(0.35, 96, 10);
        let paper = mobilenet_v2(0.35, 96, 1001);
        for (architecture, profile) in [
            (digits.clone(), Profile::Fast),
            (paper.clone(), Profile::Fast),
            (paper, Profile::CheapGas),
            (Architecture { shift: 24, ..digits }, Profile::Fast),
        ] {
            let found = choose(&architecture, profile).unwrap();
            let source = planned_source(&found.frozen).unwrap();
            assert!(compiled(&source).is_some(), "{profile}: {:?}", found.frozen.layout);
        }
        // A network of another shift is none of them.
        let other = FrozenArchitecture::plan(tiny_network(11)).unwrap();
        assert_eq!(compiled(&planned_source(&other).unwrap()), None);
    }
}
