//! What is looked at on this machine.

use super::check::Check;
use crate::args::srs::SrsArgs;
use crate::context::Context;
use crate::version;
use assay_chain::error::hint_of;
use assay_chain::packages;
use assay_durable::cache::Cache;
use assay_marketplace::proving::reference_string::SrsChoice;
use assay_marketplace::verifier::code::compiler;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Less room than this is little: keys and reference strings of large networks take gigabytes.
const LITTLE_BYTES: u64 = 4 << 30;

/// Less than this, and what must be written cannot be.
const NO_BYTES: u64 = 64 << 20;

pub(super) fn checks(ctx: &Context, srs: &SrsArgs) -> Vec<Check> {
    let mut checks = vec![Check::fine(
        "program",
        format!("assay {}, {}", version::short(), version::engine()),
    )];
    let files = ctx.settings.files();
    let files: Vec<&str> = files.keys().copied().collect();
    checks.push(match files.is_empty() {
        true => Check::fine("settings", "in no file"),
        false => Check::fine("settings", format!("in {}", files.join(" and "))),
    });
    checks.push(directory("state directory", ctx.home.path(), "--home DIR"));
    checks.push(match Cache::user() {
        Ok(cache) => directory("cache", cache.root(), "ASSAY_CACHE_DIR"),
        Err(error) => Check::wrong(
            "cache",
            error.to_string(),
            "set ASSAY_CACHE_DIR to a directory with some gigabytes",
        ),
    });
    checks.push(reference_string(&srs.choice));
    checks.push(match compiler() {
        Ok(_) => Check::fine("solc", "found, that of this release"),
        Err(error) => {
            let cure = format!(
                "only for verifiers that are not on record; {}",
                hint_of(&error).unwrap_or_default()
            );
            Check::look("solc", format!("{error:#}"), cure)
        }
    });
    checks.push(match packages::on_path("node") {
        Some(node) => Check::fine("Node.js", node.display().to_string()),
        None => Check::look(
            "Node.js",
            "node is not on the PATH",
            "only for verifiers that are not on record, whose compiler it runs: install Node.js",
        ),
    });
    checks.push(match packages::anvil() {
        Ok(anvil) => Check::fine("anvil", anvil.display().to_string()),
        Err(_) => Check::look(
            "anvil",
            "not installed",
            format!("only for devnets: npm install {}", packages::ANVIL),
        ),
    });
    checks
}

/// A directory that is written to, once there is something to write; `option` names another one.
fn directory(what: &'static str, path: &Path, option: &str) -> Check {
    let shown = path.display();
    // What is not there yet is made in what is.
    let there: PathBuf = path
        .ancestors()
        .find(|path| path.exists())
        .unwrap_or(Path::new("/"))
        .to_owned();
    if let Err(error) = tempfile::tempfile_in(&there) {
        let cure = format!(
            "make {} writable, or name another directory with {option}",
            there.display()
        );
        return Check::wrong(what, format!("{shown} cannot be written to: {error}"), cure);
    }
    let free = match rustix::fs::statvfs(&there) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => {
            return Check::look(
                what,
                format!("{shown}, of unknown size: {error}"),
                "see that there is room",
            )
        }
    };
    let found = format!("{shown}, {:.1} GB free", free as f64 / 1e9);
    let cure = format!("make room, or name a directory on another disk with {option}");
    match free {
        ..NO_BYTES => Check::wrong(what, found, cure),
        NO_BYTES..LITTLE_BYTES => Check::look(what, found, cure),
        _ => Check::fine(what, found),
    }
}

/// The string that `--srs` names, as far as it can be seen without reading all of it.
fn reference_string(choice: &SrsChoice) -> Check {
    const WHAT: &str = "reference string";
    let SrsChoice::Ptau(path) = choice else {
        return Check::look(
            WHAT,
            "dev, whose secret everybody knows",
            "for devnets alone; elsewhere --srs FILE of a ceremony",
        );
    };
    let mut magic = [0; 4];
    match fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic)) {
        Ok(()) if &magic == b"ptau" => Check::fine(WHAT, path.display().to_string()),
        Ok(()) => Check::wrong(
            WHAT,
            format!("{} is no .ptau file", path.display()),
            "name a .ptau file of snarkjs with --srs",
        ),
        Err(error) => Check::wrong(
            WHAT,
            format!("{}: {error}", path.display()),
            "name a .ptau file of snarkjs with --srs",
        ),
    }
}
