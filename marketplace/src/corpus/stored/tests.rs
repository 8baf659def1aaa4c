use super::{build, StoredCorpus};
use alloy::primitives::B256;
use assay_durable::report::Reporter;
use assay_protocol::merkle::root_from;
use assay_protocol::testset::ImageSize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const SIZE: ImageSize = ImageSize { height: 2, width: 3 };

fn put(folder: &Path, name: &str, byte: u8) {
    let image = image::RgbImage::from_pixel(3, 2, image::Rgb([byte; 3]));
    image.save(folder.join(name)).unwrap();
}

/// A folder of documents that all differ.
fn folder(dir: &Path, count: u8) -> PathBuf {
    let folder = dir.join("documents");
    std::fs::create_dir(&folder).unwrap();
    (0..count).for_each(|i| put(&folder, &format!("{i:03}.png"), i));
    folder
}

fn made(folder: &Path, dir: &Path) -> eyre::Result<StoredCorpus> {
    Ok(build(folder, SIZE, dir, &Reporter::silent())?.corpus)
}

/// Names in the order of the corpus.
fn names(corpus: &StoredCorpus) -> Vec<String> {
    let name = |index| {
        corpus
            .path(index)
            .unwrap()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    (0..corpus.len()).map(name).collect()
}

#[test]
fn every_document_opens_its_leaf_and_the_order_says_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let (documents, dir) = (folder(temp.path(), 60), temp.path().join("corpus"));
    let corpus = made(&documents, &dir).unwrap();
    assert_eq!((corpus.len(), corpus.size(), corpus.shape().words), (60, SIZE, 1));
    for index in 0..60 {
        let original = corpus.document(index).unwrap();
        assert_eq!(original.bytes, std::fs::read(corpus.path(index).unwrap()).unwrap());
        let path = corpus.tree().path(index).unwrap();
        assert_eq!(
            root_from(original.document.leaf(index), index, &path),
            corpus.tree().root()
        );
    }
    assert!(corpus.document(60).is_err());
    let sorted: Vec<String> = names(&corpus)
        .into_iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    assert_eq!(sorted.len(), 60);
    assert_ne!(sorted, names(&corpus), "60! orders");
    let other = made(&documents, &temp.path().join("other")).unwrap();
    assert_ne!(names(&other), names(&corpus));
    assert_ne!(other.tree().root(), corpus.tree().root());
}

#[cfg(unix)]
#[test]
fn salts_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let temp = tempfile::tempdir().unwrap();
    let (documents, dir) = (folder(temp.path(), 3), temp.path().join("corpus"));
    made(&documents, &dir).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(
        (mode(&dir.join("salts")), mode(&dir.join("commitments"))),
        (0o600, 0o600)
    );
}

/// Ended anywhere, the next command makes the same corpus; nothing that was committed to is made again.
#[test]
fn what_was_ended_early_goes_on_with_the_same_order_and_salts() {
    let temp = tempfile::tempdir().unwrap();
    let (documents, dir) = (folder(temp.path(), 20), temp.path().join("corpus"));
    let whole = made(&documents, &dir).unwrap();
    let salts = std::fs::read(dir.join("salts")).unwrap();
    let commitments = std::fs::read(dir.join("commitments")).unwrap();
    for end in [0, 1, 72, 72 * 7 + 40, 72 * 19, 72 * 20] {
        std::fs::write(dir.join("commitments"), &commitments[..end]).unwrap();
        if end < commitments.len() {
            let said = format!("{:#}", StoredCorpus::open(&dir).unwrap_err());
            assert!(said.contains("not finished"), "{said}");
        }
        // What is committed to already is not read again.
        let done = end / 72;
        let away = temp.path().join("away.png");
        if done > 0 {
            let path = whole.path(0).unwrap();
            std::fs::rename(&path, &away).unwrap();
            std::fs::write(&path, b"no image").unwrap();
        }
        let built = build(&documents, SIZE, &dir, &Reporter::silent()).unwrap();
        assert_eq!((built.before, built.corpus.tree().root()), (done, whole.tree().root()));
        if done > 0 {
            std::fs::rename(&away, whole.path(0).unwrap()).unwrap();
        }
        assert_eq!(std::fs::read(dir.join("salts")).unwrap(), salts);
        assert_eq!(std::fs::read(dir.join("commitments")).unwrap(), commitments);
    }
    std::fs::remove_file(dir.join("commitments")).unwrap();
    assert_eq!(made(&documents, &dir).unwrap().tree().root(), whole.tree().root());
}

#[test]
fn a_directory_is_of_one_folder_of_documents() {
    let temp = tempfile::tempdir().unwrap();
    let (documents, dir) = (folder(temp.path(), 4), temp.path().join("corpus"));
    made(&documents, &dir).unwrap();
    let says = |expected: &str| {
        let said = format!("{:#}", made(&documents, &dir).unwrap_err());
        assert!(
            said.contains(expected) && said.contains(dir.to_str().unwrap()),
            "{said}"
        );
    };
    put(&documents, "new.png", 9);
    says("new.png is not among them");
    std::fs::remove_file(documents.join("new.png")).unwrap();
    std::fs::remove_file(documents.join("002.png")).unwrap();
    says("002.png is missing");
    put(&documents, "002.png", 2);
    let large = ImageSize { height: 3, width: 2 };
    assert!(build(&documents, large, &dir, &Reporter::silent()).is_err());
    assert!(made(&documents, &dir).is_ok());
}

#[test]
fn a_document_that_was_altered_is_named_and_not_opened() {
    let temp = tempfile::tempdir().unwrap();
    let (documents, dir) = (folder(temp.path(), 4), temp.path().join("corpus"));
    let corpus = made(&documents, &dir).unwrap();
    let path = corpus.path(2).unwrap();
    let good = std::fs::read(&path).unwrap();
    put(&documents, path.file_name().unwrap().to_str().unwrap(), 77);
    let said = format!("{:#}", corpus.document(2).unwrap_err());
    assert!(
        said.contains(path.to_str().unwrap()) && said.contains("SHA-256"),
        "{said}"
    );
    std::fs::write(&path, good).unwrap();
    assert!(corpus.document(2).is_ok());
}

#[test]
fn damaged_salts_are_refused_or_lead_elsewhere() {
    let temp = tempfile::tempdir().unwrap();
    let (documents, dir) = (folder(temp.path(), 4), temp.path().join("corpus"));
    let corpus = made(&documents, &dir).unwrap();
    let file = dir.join("salts");
    let good = std::fs::read(&file).unwrap();
    let mut cases = vec![
        Vec::new(),
        good[..good.len() - 1].to_vec(),
        [good.clone(), vec![0]].concat(),
    ];
    for at in [0, 16, 24] {
        let mut bad = good.clone();
        bad[at] ^= 0x80;
        cases.push(bad);
    }
    for bad in cases {
        std::fs::write(&file, &bad).unwrap();
        let said = format!("{:#}", StoredCorpus::open(&dir).unwrap_err());
        assert!(said.contains(file.to_str().unwrap()), "{said}");
    }
    // A salt of a file: no other root than the one on chain is opened.
    let mut bad = good.clone();
    let at = good.len() - "000.png".len() - 2 - 1;
    bad[at] ^= 1;
    std::fs::write(&file, &bad).unwrap();
    let other = StoredCorpus::open(&dir)
        .map(|other| other.tree().root())
        .unwrap_or(B256::ZERO);
    assert_ne!(other, corpus.tree().root());
}

#[test]
fn what_is_no_image_of_the_size_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let (documents, dir) = (folder(temp.path(), 2), temp.path().join("corpus"));
    image::RgbImage::new(4, 4).save(documents.join("large.png")).unwrap();
    let said = format!("{:#}", made(&documents, &dir).unwrap_err());
    assert!(said.contains("large.png") && said.contains("4x4 pixels"), "{said}");
}

#[test]
fn originals_are_compared_again_where_only_their_hashes_are_known() {
    let temp = tempfile::tempdir().unwrap();
    let (documents, dir) = (folder(temp.path(), 40), temp.path().join("corpus"));
    let corpus = made(&documents, &dir).unwrap();
    let out = Reporter::silent();
    corpus.require_unaltered(40, &out).unwrap();
    let path = corpus.path(30).unwrap();
    let good = std::fs::read(&path).unwrap();
    put(&documents, path.file_name().unwrap().to_str().unwrap(), 77);
    let said = format!("{:#}", corpus.require_unaltered(31, &out).unwrap_err());
    let expected = format!("document 30, {}, was altered", path.display());
    assert!(said.contains(&expected) && said.contains("SHA-256"), "{said}");
    corpus.require_unaltered(30, &out).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(corpus.require_unaltered(40, &out).is_err());
    std::fs::write(&path, good).unwrap();
    corpus.require_unaltered(40, &out).unwrap();
}

#[test]
fn copies_are_reported() {
    let temp = tempfile::tempdir().unwrap();
    let documents = folder(temp.path(), 4);
    assert!(made(&documents, &temp.path().join("corpus"))
        .unwrap()
        .duplicates()
        .is_empty());
    std::fs::copy(documents.join("001.png"), documents.join("x.png")).unwrap();
    std::fs::copy(documents.join("001.png"), documents.join("y.png")).unwrap();
    let corpus = made(&documents, &temp.path().join("again")).unwrap();
    assert_eq!(corpus.duplicates(), [["001.png", "x.png", "y.png"]]);
}

/// New salts would make another corpus of the same documents, of which half the commitments are under the old ones.
#[test]
fn salts_that_are_lost_are_not_drawn_again() {
    let temp = tempfile::tempdir().unwrap();
    let (documents, dir) = (folder(temp.path(), 4), temp.path().join("corpus"));
    let root = made(&documents, &dir).unwrap().tree().root();
    let away = temp.path().join("salts");
    std::fs::rename(dir.join("salts"), &away).unwrap();
    let said = format!("{:#}", made(&documents, &dir).unwrap_err());
    assert!(said.contains("has lost its salts"), "{said}");
    std::fs::rename(&away, dir.join("salts")).unwrap();
    assert_eq!(made(&documents, &dir).unwrap().tree().root(), root);
}

#[test]
fn a_directory_is_of_one_root_once_that_is_settled() {
    let temp = tempfile::tempdir().unwrap();
    let (documents, dir) = (folder(temp.path(), 4), temp.path().join("corpus"));
    let corpus = made(&documents, &dir).unwrap();
    corpus.settle_root().unwrap();
    corpus.settle_root().unwrap();
    let good = std::fs::read(dir.join("salts")).unwrap();
    let mut bad = good.clone();
    // Of the salt of the last file: its name is behind it, with its length.
    let at = bad.len() - "000.png".len() - 3;
    bad[at] ^= 1;
    std::fs::write(dir.join("salts"), bad).unwrap();
    // Not one row is of those salts.
    let built = build(&documents, SIZE, &dir, &Reporter::silent()).unwrap();
    assert_eq!(built.before, 0);
    let said = format!("{:#}", built.corpus.settle_root().unwrap_err());
    assert!(
        said.contains(&corpus.tree().root().to_string()) && said.contains("leads to"),
        "{said}"
    );
    std::fs::write(dir.join("salts"), good).unwrap();
    made(&documents, &dir).unwrap().settle_root().unwrap();
}
