//! Import of `.ptau` files that snarkjs made during the test.

mod srs_support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use assay_durable::cache::{Cache, CacheEvent};
use assay_durable::progress::Silent;
use assay_prover::srs::{Origin, PtauError, Srs, SrsError};
use halo2_proofs::halo2curves::bn256::G2Affine;
use halo2_proofs::halo2curves::serde::SerdeObject;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use srs_support::{entry_without_top, next_power_pairs_up, prove_and_verify, tau_pairs_up};
use std::io::Write;

const POWER: u32 = 8;
/// Section header: type and length.
const SECTION_HEADER: usize = 12;

/// Files of one small ceremony.
struct Ceremony {
    dir: tempfile::TempDir,
    /// One contribution and a beacon.
    raw: Vec<u8>,
    /// The same, prepared for phase 2.
    prepared: Vec<u8>,
    /// Nobody contributed.
    fresh: Vec<u8>,
}

fn ceremony() -> &'static Ceremony {
    static CEREMONY: OnceLock<Ceremony> = OnceLock::new();
    CEREMONY.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let power = POWER.to_string();
        snarkjs(dir.path(), &["new", "bn128", &power, "fresh.ptau"]);
        snarkjs(
            dir.path(),
            &["contribute", "fresh.ptau", "one.ptau", "--name=one", "-e=only a test"],
        );
        snarkjs(
            dir.path(),
            &["beacon", "one.ptau", "raw.ptau", "0102030405060708", "10", "-n=final"],
        );
        snarkjs(dir.path(), &["prepare", "phase2", "raw.ptau", "prepared.ptau"]);
        let read = |name: &str| std::fs::read(dir.path().join(name)).expect("snarkjs wrote the file");
        let (raw, prepared, fresh) = (read("raw.ptau"), read("prepared.ptau"), read("fresh.ptau"));
        Ceremony {
            dir,
            raw,
            prepared,
            fresh,
        }
    })
}

fn snarkjs(dir: &Path, args: &[&str]) {
    let cli = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules/snarkjs/build/cli.cjs");
    assert!(
        cli.exists(),
        "{} is missing: run `npm ci` in the repository's root first",
        cli.display()
    );
    let output = Command::new("node")
        .arg(cli)
        .arg("powersoftau")
        .args(args)
        .current_dir(dir)
        .output()
        .expect("`node` must be on the PATH to run this test");
    assert!(
        output.status.success(),
        "snarkjs powersoftau {args:?}: {}",
        String::from_utf8_lossy(&output.stdout)
    );
}

/// Imports bytes as a file, with an empty cache.
fn import(bytes: &[u8], k: u32) -> Result<Srs, PtauError> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("x.ptau");
    std::fs::write(&path, bytes).unwrap();
    Srs::import_ptau(&path, k, &Cache::at(dir.path().join("cache")), &Silent).map_err(|e| match e {
        SrsError::Ptau { source, .. } => source,
        other => panic!("{other}"),
    })
}

/// `(type, offset of the content, its length)` of every section.
fn sections(bytes: &[u8]) -> Vec<(u32, usize, usize)> {
    let count = u32::from_le_bytes(bytes[8..12].try_into().unwrap());
    let mut offset = 12;
    (0..count)
        .map(|_| {
            let section = u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap());
            let len = u64::from_le_bytes(bytes[offset + 4..offset + 12].try_into().unwrap()) as usize;
            let content = offset + SECTION_HEADER;
            offset = content + len;
            (section, content, len)
        })
        .collect()
}

fn section(bytes: &[u8], wanted: u32) -> (usize, usize) {
    let (_, offset, len) = sections(bytes)
        .into_iter()
        .find(|s| s.0 == wanted)
        .expect("the section exists");
    (offset, len)
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

#[test]
fn imported_string_is_sound_carries_a_proof_and_knows_its_file() {
    for k in [1, 5, POWER] {
        let srs = import(&ceremony().raw, k).unwrap();
        assert_eq!(srs.k(), k);
        assert!(k > 5 || tau_pairs_up(&srs));
        assert!(next_power_pairs_up(&srs));
        assert!(!srs.is_development());
        let file_sha256 = Sha256::digest(&ceremony().raw).into();
        assert_eq!(srs.origin(), Origin::Ptau { file_sha256 });
    }
    prove_and_verify(import(&ceremony().raw, 6).unwrap().params());
    prove_and_verify(import(&ceremony().prepared, 6).unwrap().params());
}

#[test]
fn a_prepared_file_gives_the_same_string_as_the_raw_one() {
    for k in [1, 2, 7, POWER] {
        let (raw, prepared) = (
            import(&ceremony().raw, k).unwrap(),
            import(&ceremony().prepared, k).unwrap(),
        );
        assert_eq!(raw.id(), prepared.id());
        let bytes = |srs: &Srs| {
            let mut bytes = Vec::new();
            halo2_proofs::poly::commitment::Params::write(srs.params(), &mut bytes).unwrap();
            bytes
        };
        assert!(bytes(&raw) == bytes(&prepared), "both bases agree, k = {k}");
    }
}

#[test]
fn the_second_import_comes_from_the_cache() {
    let path: PathBuf = ceremony().dir.path().join("raw.ptau");
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::at(dir.path());
    let first = Srs::import_ptau(&path, 6, &cache, &Silent).unwrap();
    assert!(matches!(first.cache_event(), CacheEvent::Built));
    let second = Srs::import_ptau(&path, 6, &cache, &Silent).unwrap();
    assert!(matches!(second.cache_event(), CacheEvent::Loaded));
    assert_eq!(
        (first.id(), first.g(), first.top(), first.origin()),
        (second.id(), second.g(), second.top(), second.origin())
    );
}

#[test]
fn an_entry_without_the_next_power_is_rebuilt_from_the_file_and_says_so() {
    let path: PathBuf = ceremony().dir.path().join("raw.ptau");
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::at(dir.path());
    let k = 6u32;
    let file_sha256: [u8; 32] = Sha256::digest(&ceremony().raw).into();
    let old = entry_without_top(&[b"ptau", &k.to_be_bytes(), &file_sha256]);
    let payload = b"the points without the next power";
    let store = || {
        cache
            .store("srs-ptau", &old, |writer| writer.write_all(payload))
            .unwrap()
    };
    store();
    let elsewhere = Srs::import_ptau(Path::new("none.ptau"), k, &cache, &Silent).unwrap_err();
    let cause = std::error::Error::source(&elsewhere).unwrap().to_string();
    assert!(cause.contains("name it where it lies now"), "{cause}");

    let rebuilt = Srs::import_ptau(&path, k, &cache, &Silent).unwrap();
    let warning = rebuilt.cache_event().warning().expect("a warning");
    assert!(warning.contains("τ^n·G"), "{warning}");
    assert!(next_power_pairs_up(&rebuilt));
    assert!(!cache.path("srs-ptau", &old).exists());
    // Written anew by an older version: there is nothing to say, and it is left alone.
    store();
    let loaded = Srs::import_ptau(&path, k, &cache, &Silent).unwrap();
    assert!(matches!(loaded.cache_event(), CacheEvent::Loaded));
    assert_eq!(loaded.top(), rebuilt.top());
}

#[test]
fn a_file_without_contribution_is_refused() {
    assert!(matches!(import(&ceremony().fresh, 5), Err(PtauError::NoContribution)));
}

#[test]
fn more_powers_than_the_file_has_are_refused() {
    let result = import(&ceremony().raw, POWER + 1);
    assert!(matches!(result, Err(PtauError::TooSmall { power: POWER, k: 9 })));
}

#[test]
fn a_missing_file_is_an_error_with_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let error = Srs::import_ptau(&dir.path().join("none.ptau"), 5, &Cache::at(dir.path()), &Silent).unwrap_err();
    assert!(error.to_string().contains("none.ptau"), "{error}");
}

#[test]
fn a_flipped_byte_in_anything_that_is_read_is_refused() {
    let bytes = &ceremony().prepared;
    let k = 5;
    let (header, header_len) = section(bytes, 1);
    let (tau_g1, _) = section(bytes, 2);
    let (tau_g2, _) = section(bytes, 3);
    let (lagrange, _) = section(bytes, 12);
    let lagrange = lagrange + 64 * ((1 << k) - 1);
    // Magic, version, count of sections; every section's type and length; the header but for the ceremony's power.
    let mut positions: Vec<usize> = (0..12).collect();
    for (kind, content, _) in sections(bytes) {
        // A flipped type of a section that is not read names another one that is not read.
        let from = if [1, 2, 3].contains(&kind) {
            content - SECTION_HEADER
        } else {
            content - 8
        };
        positions.extend(from..content);
    }
    positions.extend(header..header + header_len - 4);
    // Points: both coordinates of the first, the second, one in the middle and the last of those that are needed.
    for byte in [0, 31, 32, 63] {
        for point in [0, 1, 17, (1 << k) - 1] {
            positions.push(tau_g1 + 64 * point + byte);
            positions.push(lagrange + 64 * point + byte);
        }
        // The next power.
        positions.push(tau_g1 + (64 << k) + byte);
    }
    positions.extend((0..256).step_by(15).map(|byte| tau_g2 + byte));
    for at in positions {
        let result = import(&flipped(bytes, at), k);
        assert!(result.is_err(), "a flip at byte {at} was accepted");
    }
}

#[test]
fn a_point_replaced_by_another_point_is_refused_for_the_stated_reason() {
    let k = 5;
    let bytes = &ceremony().prepared;
    let copy = |kind: u32, size: usize, from: usize, to: usize| {
        let mut bytes = bytes.clone();
        let (offset, _) = section(&bytes, kind);
        let point = bytes[offset + size * from..][..size].to_vec();
        bytes[offset + size * to..][..size].copy_from_slice(&point);
        import(&bytes, k).unwrap_err()
    };
    assert!(matches!(copy(2, 64, 1, 0), PtauError::NotTheGenerator { section: 2 }));
    assert!(matches!(copy(2, 64, 3, 7), PtauError::NotPowers));
    assert!(matches!(copy(2, 64, 40, 31), PtauError::NotPowers));
    assert!(matches!(copy(2, 64, 40, 32), PtauError::NotPowers));
    assert!(matches!(copy(3, 128, 1, 0), PtauError::NotTheGenerator { section: 3 }));
    assert!(matches!(copy(3, 128, 2, 1), PtauError::NotPowers));
    assert!(matches!(copy(12, 64, 40, 33), PtauError::LagrangeMismatch));
    let mut infinity = bytes.clone();
    let (offset, _) = section(&infinity, 2);
    infinity[offset + 64 * 4..][..64].fill(0);
    assert!(matches!(
        import(&infinity, k),
        Err(PtauError::NotAPoint { section: 2, index: 4 })
    ));
}

#[test]
fn bytes_that_are_not_read_change_the_files_hash_and_nothing_else() {
    let bytes = &ceremony().raw;
    let original = import(bytes, 5).unwrap();
    let beyond = section(bytes, 2).0 + 64 * 33;
    let mut positions = vec![beyond];
    positions.extend([4, 5, 6, 7].map(|kind| section(bytes, kind).0));
    for at in positions {
        let changed = import(&flipped(bytes, at), 5).unwrap();
        assert_eq!((changed.id(), changed.g()), (original.id(), original.g()));
        assert_ne!(changed.origin(), original.origin());
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let bytes = &ceremony().prepared;
    let mut lengths: Vec<usize> = (0..100).collect();
    for (_, content, len) in sections(bytes) {
        for boundary in [
            content - SECTION_HEADER,
            content - 8,
            content,
            content + 1,
            content + len / 2,
            content + len,
        ] {
            lengths.extend([boundary.saturating_sub(1), boundary]);
        }
    }
    for len in lengths.into_iter().filter(|len| *len < bytes.len()) {
        let error = import(&bytes[..len], 5).expect_err("cut");
        assert!(matches!(error, PtauError::UnexpectedEnd { .. }), "{len} bytes: {error}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(matches!(import(&longer, 5), Err(PtauError::TrailingBytes { .. })));
}

#[test]
fn sections_that_are_missing_doubled_or_out_of_order_are_refused() {
    let bytes = &ceremony().raw;
    let parts: Vec<(u32, &[u8])> = sections(bytes)
        .iter()
        .map(|(kind, at, len)| (*kind, &bytes[at - SECTION_HEADER..at + len]))
        .collect();
    let assemble = |kinds: &[u32]| {
        let mut file = bytes[..8].to_vec();
        file.extend((kinds.len() as u32).to_le_bytes());
        for kind in kinds {
            file.extend(parts.iter().find(|p| p.0 == *kind).expect("the section exists").1);
        }
        import(&file, 5)
    };
    assert!(assemble(&[1, 3, 2]).is_ok(), "any order after the header is fine");
    assert!(matches!(
        assemble(&[1, 3]),
        Err(PtauError::MissingSection { section: 2 })
    ));
    assert!(matches!(
        assemble(&[1, 2]),
        Err(PtauError::MissingSection { section: 3 })
    ));
    assert!(matches!(
        assemble(&[1, 2, 3, 2]),
        Err(PtauError::DuplicateSection { section: 2 })
    ));
    assert!(matches!(
        assemble(&[1, 2, 3, 1]),
        Err(PtauError::HeaderNotFirst { section: 1, .. })
    ));
    assert!(matches!(
        assemble(&[2, 1, 3]),
        Err(PtauError::HeaderNotFirst { section: 2, .. })
    ));
    assert!(matches!(assemble(&[]), Err(PtauError::SectionCount { got: 0 })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(head in 0usize..200, tail in prop::collection::vec(any::<u8>(), 0..300)) {
        let bytes = &ceremony().raw;
        let file = [&bytes[..head], &tail[..]].concat();
        prop_assert!(import(&file, 5).is_err());
    }
}

/// The development string in the clothes of a ceremony; sections that nobody reads are left out.
fn development_string_as_ptau(power: u32) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let srs = Srs::dev(power + 1, &Cache::at(dir.path()), &Silent).unwrap();
    let mut tau_g1: Vec<u8> = srs.g().iter().flat_map(|point| point.to_raw_bytes()).collect();
    tau_g1.truncate(64 * ((2 << power) - 1));
    let mut tau_g2 = [G2Affine::generator(), srs.params().s_g2()]
        .map(|point| point.to_raw_bytes())
        .concat();
    tau_g2.resize(128 << power, 0);
    let (header, header_len) = section(&ceremony().raw, 1);
    let mut header = ceremony().raw[header..header + header_len].to_vec();
    header[36..40].copy_from_slice(&power.to_le_bytes());
    let mut file = [&b"ptau"[..], &1u32.to_le_bytes(), &3u32.to_le_bytes()].concat();
    for (kind, content) in [(1u32, header), (2, tau_g1), (3, tau_g2)] {
        file.extend(kind.to_le_bytes());
        file.extend((content.len() as u64).to_le_bytes());
        file.extend(content);
    }
    file
}

#[test]
fn the_development_string_does_not_hide_in_a_ptau_file() {
    let imported = import(&development_string_as_ptau(4), 4).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let dev = Srs::dev(4, &Cache::at(dir.path()), &Silent).unwrap();
    assert!(imported.is_development());
    assert_ne!(imported.origin(), dev.origin());
    assert_eq!(
        (imported.id(), imported.g()),
        (dev.id(), dev.g()),
        "one string has one id"
    );
}

/// `cargo test --release --test ptau -- --ignored --nocapture` prints how long the Lagrange basis takes.
#[test]
#[ignore = "a measurement"]
fn timing_of_an_import_of_2_16_powers() {
    let file = development_string_as_ptau(16);
    let start = std::time::Instant::now();
    import(&file, 16).unwrap();
    println!("imported in {:?}", start.elapsed());
}
