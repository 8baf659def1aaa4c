//! The paper's first network, (0.35, 96) with 1001 classes: keys, a proof with committed weights and input, and the
//! generated contract's verdict on it, compared with `paper_network.snap`. `BLESS=1` rewrites the record.
//!
//! What `assay plan` prints has to agree: to the byte, and to a part in four hundred of the gas.
//!
//! Times are not compared: `scripts/bench` prints them.

use assay_bench::prove::{measure, Args, Report};
use assay_marketplace::plan::search::{choose, Profile};
use assay_marketplace::plan::verification;
use assay_prover::circuit::{Compiled, Cost, FrozenArchitecture};
use assay_prover::model::random::mobilenet_v2;
use assay_prover::model::Architecture;
use std::path::Path;

const ARCH: &str = "mobilenet_v2_035_96";

/// Of one proof in the layout of a profile.
fn report_of(arch: &str, profile: Profile) -> Report {
    let args = Args {
        arch: arch.into(),
        profile,
        lanes: None,
        shift: 16,
        repeat: 1,
        portable: false,
        stock: false,
        memory: None,
        json: false,
    };
    measure(&args).unwrap()
}

#[test]
fn the_generated_verifier_of_the_paper_network_costs_what_is_recorded() {
    let report = report_of(ARCH, Profile::Fast);
    let frozen = FrozenArchitecture::plan(mobilenet_v2(0.35, 96, 1001)).unwrap();
    let verification = verification::of(&frozen).unwrap().unwrap();
    let cost = Cost::of(&Compiled::new(frozen).unwrap());
    assert_eq!(cost.advice_columns, report.advice_columns);
    assert_eq!(cost.commitments, report.commitments);
    assert_eq!(cost.proof_bytes, report.proof_bytes);
    assert_eq!(verification.calldata_bytes, report.calldata_bytes);
    let counted = verification.gas.total();
    assert!(
        report.gas_at_most.abs_diff(counted) < counted / 400,
        "{verification:?} {report:?}"
    );

    let measured = format!(
        "arch {}\nk {}\nadvice_columns {}\ncommitments {}\nrows_used {}\nproof_bytes {}\ncalldata_bytes {}\n\
         gas_at_most {}\nverifier_code_bytes {}\nvk_code_bytes {}\n",
        report.arch,
        report.k,
        report.advice_columns,
        report.commitments,
        report.rows_used,
        report.proof_bytes,
        report.calldata_bytes,
        report.gas_at_most,
        report.verifier_code_bytes,
        report.vk_code_bytes,
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/paper_network.snap");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, measured).unwrap();
        return;
    }
    let recorded = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(measured, recorded, "if that is meant: BLESS=1 cargo test");
}

/// A proof in the narrow form, made, checked by the library's verifier and by the contract in an EVM.
#[test]
fn the_contract_of_a_network_in_the_narrow_form_takes_its_proof_for_what_was_counted() {
    let report = report_of("mobilenet_v2_035_32_10", Profile::CheapGas);
    assert_eq!(report.activations_per_row, 1);
    let frozen = choose(&mobilenet_v2(0.35, 32, 10), Profile::CheapGas).unwrap().frozen;
    let counted = verification::of(&frozen).unwrap().unwrap().gas.total();
    assert!(report.gas_at_most.abs_diff(counted) < counted / 400, "{report:?}");
    assert!(report.gas_at_most < 450_000, "{report:?}");
    let cost = Cost::of(&Compiled::new(frozen).unwrap());
    assert_eq!(
        (cost.commitments, cost.proof_bytes),
        (report.commitments, report.proof_bytes)
    );
}

/// What two limbs cost, counted: the same rows, one column of high limbs a lane and a helper for them.
#[test]
fn shift_24_of_the_paper_network_costs_what_architecture_md_says() {
    let frozen = FrozenArchitecture::plan(Architecture {
        shift: 24,
        ..mobilenet_v2(0.35, 96, 1001)
    })
    .unwrap();
    let gas = verification::of(&frozen).unwrap().unwrap().gas.total();
    let one_limb = FrozenArchitecture::plan(mobilenet_v2(0.35, 96, 1001)).unwrap();
    assert_eq!(frozen.layout, one_limb.layout);
    let cost = Cost::of(&Compiled::new(frozen).unwrap());
    let counted = (
        cost.rows_used,
        cost.advice_columns,
        cost.commitments,
        cost.proof_bytes,
        gas,
    );
    assert_eq!(counted, (254_729, 31, 62, 4_896, 672_682));
}
