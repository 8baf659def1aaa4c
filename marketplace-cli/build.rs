//! Notes the commit and the target that the program is built from and for.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo:rustc-env=ASSAY_TARGET={target}");
    println!("cargo:rustc-env=ASSAY_COMMIT={}", commit().unwrap_or("unknown".into()));
}

/// What goes into the program, as git's patterns below the top of the checkout.
const SOURCES: [&str; 8] = [
    ":(glob)*/src/**/*.rs",
    ":(glob)*/templates/**",
    ":(glob)*/Cargo.toml",
    ":(glob)*/build.rs",
    "Cargo.toml",
    "Cargo.lock",
    "chain/artefacts",
    "marketplace-cli/page",
];

/// The commit of the checkout that this crate is part of; none in an unpacked archive, whatever repository that lies in.
fn commit() -> Option<String> {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    let top = git(&here, &["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != here.parent()?.canonicalize().ok()? {
        return None;
    }
    // Every commit and every checkout adds a line to it.
    let log = here.join(git(&here, &["rev-parse", "--git-path", "logs/HEAD"])?);
    println!("cargo:rerun-if-changed={}", log.display());
    let top = Path::new(&top);
    for file in git(top, &[&["ls-files", "--"], &SOURCES[..]].concat())?.lines() {
        println!("cargo:rerun-if-changed={}", top.join(file).display());
    }
    stamp(top)
}

/// The commit of a checkout, and whether the program is made from something else.
pub(crate) fn stamp(top: &Path) -> Option<String> {
    let commit = git(top, &["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(top, &[&["status", "--porcelain", "--"], &SOURCES[..]].concat())?;
    let dirty = if changed.is_empty() { "" } else { "-dirty" };
    Some(format!("{commit}{dirty}"))
}

fn git(at: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).current_dir(at).output().ok()?;
    let said = output.status.success().then_some(output.stdout)?;
    Some(String::from_utf8(said).ok()?.trim().to_owned())
}
