//! What this program is.

use assay_chain::artefact::Release;
use std::sync::LazyLock;

/// The version and the commit that it was built from, `unknown` outside of a checkout.
pub fn short() -> &'static str {
    concat!(env!("CARGO_PKG_VERSION"), " (commit ", env!("ASSAY_COMMIT"), ")")
}

/// What proofs are computed with on this machine.
pub fn engine() -> &'static str {
    match assay_prover::proof::has_lanes() {
        true => "eight lanes of AVX-512 IFMA",
        false => "portable, without AVX-512 IFMA",
    }
}

/// For `--version`: also what it runs on, and which contracts it deploys and recognises.
pub fn long() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let (short, engine, release) = (short(), engine(), Release::hash());
        let target = env!("ASSAY_TARGET");
        format!("{short}\ntarget     {target}\nengine     {engine}\ncontracts  release {release}")
    });
    &TEXT
}
