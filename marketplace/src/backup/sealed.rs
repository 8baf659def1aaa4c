//! Files in one encrypted file: a tar archive inside of an age file, which a passphrase opens (scrypt, then ChaCha20-Poly1305 in
//! chunks). `age -d FILE | tar t` reads it where this program is lost.
//!
//! The last entry is the manifest: what it is about, and length and SHA-256 of every file before it. An age file that ends early, or of
//! which a byte is another, does not open; the manifest says the same of the files that were put into it.
//!
//! # Soundness
//! Whoever knows the passphrase can make archives with any content: names in it lead into the directory that is filled and nowhere
//! else, and nothing but regular files is made. Nothing in it is compressed, and files with holes are no regular files, so that what is
//! written is no longer than the archive.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use age::secrecy::SecretString;
use age::stream::StreamWriter;
use age::{scrypt, DecryptError, Decryptor, Encryptor};
use assay_chain::error::hinted;
use assay_durable::directory::create_private_dir;
use assay_durable::file::{Access, Pending};
use assay_durable::read::open_regular;
use eyre::WrapErr;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};

const VERSION: u32 = 1;
const MANIFEST: &str = "manifest.json";
const MAX_MANIFEST: u64 = 256 << 20;

/// log₂ of scrypt's cost: 256 MiB and about a second for each try of a passphrase. Pinned, since a machine that is busy when it is
/// measured would take less.
pub(super) const WORK: u8 = if cfg!(test) { 8 } else { 18 };
/// Most that is taken on to open a file.
const MAX_WORK: u8 = 21;

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// With slashes, below the directory that is filled.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest<T> {
    version: u32,
    about: T,
    files: Vec<Entry>,
}

/// Hashes and counts what is read through it.
struct Hashed<R> {
    from: R,
    hash: Sha256,
    bytes: u64,
}

impl<R> Hashed<R> {
    fn new(from: R) -> Self {
        Self {
            from,
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    fn entry(self, path: &str) -> Entry {
        Entry {
            path: path.to_owned(),
            bytes: self.bytes,
            sha256: hex::encode(self.hash.finalize()),
        }
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.hash.update(buffer.get(..read).unwrap_or_default());
        self.bytes += read as u64;
        Ok(read)
    }
}

/// An archive that is being written; nobody sees it before [`Sealing::finish`].
pub(super) struct Sealing {
    path: PathBuf,
    tar: tar::Builder<StreamWriter<Pending>>,
    files: Vec<Entry>,
}

impl Sealing {
    /// # Errors
    /// Those of the operating system.
    pub(super) fn begin(path: &Path, passphrase: SecretString) -> eyre::Result<Self> {
        let mut recipient = scrypt::Recipient::new(passphrase);
        recipient.set_work_factor(WORK);
        let encryptor = Encryptor::with_recipients(std::iter::once(&recipient as _))?;
        let pending = Pending::begin(path, Access::Private)?;
        Ok(Self {
            path: path.to_owned(),
            tar: tar::Builder::new(encryptor.wrap_output(pending)?),
            files: Vec::new(),
        })
    }

    /// Takes a file as it is now.
    ///
    /// # Errors
    /// If it cannot be read, or becomes shorter meanwhile.
    pub(super) fn add(&mut self, path: &str, file: &Path) -> eyre::Result<()> {
        let opened = open_regular(file)?;
        let length = opened.metadata()?.len();
        let mut content = Hashed::new(BufReader::new(opened).take(length));
        self.append(path, length, &mut content)?;
        eyre::ensure!(content.bytes == length, "it changes while it is read");
        self.files.push(content.entry(path));
        Ok(())
    }

    fn append(&mut self, path: &str, length: u64, content: impl Read) -> eyre::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(length);
        header.set_mode(0o600);
        Ok(self.tar.append_data(&mut header, path, content)?)
    }

    /// Puts the archive in its place, synced; how many files are in it, and bytes of them.
    ///
    /// # Errors
    /// If something is there, which is left alone.
    pub(super) fn finish(mut self, about: &impl Serialize) -> eyre::Result<Vec<Entry>> {
        let manifest = Manifest {
            version: VERSION,
            about,
            files: std::mem::take(&mut self.files),
        };
        let bytes = serde_json::to_vec(&manifest)?;
        self.append(MANIFEST, bytes.len() as u64, bytes.as_slice())?;
        let pending = self.tar.into_inner()?.finish()?;
        // It was looked for before, too: this takes long.
        eyre::ensure!(self.path.symlink_metadata().is_err(), "something is there by now");
        pending.commit()?;
        Ok(manifest.files)
    }
}

/// Where a name of an archive leads, below `dir`.
fn place(dir: &Path, name: &str) -> eyre::Result<PathBuf> {
    let path = Path::new(name);
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    // Components swallow what is doubled, so that two names could lead to one place.
    let is_plain =
        !name.is_empty() && path.components().all(is_plain) && name.split('/').all(|part| !["", "."].contains(&part));
    eyre::ensure!(is_plain, "{name:?} does not lead into the directory that is restored");
    Ok(dir.join(path))
}

/// Makes a file that its owner alone can read.
///
/// # Errors
/// Those of the operating system, also if it is there.
pub(super) fn write_private(place: &Path, content: &mut dyn Read) -> eyre::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = BufWriter::new(options.open(place)?);
    io::copy(content, &mut file)?;
    Ok(file.flush()?)
}

/// Fills `dir`, in which nothing else is, with the files of the archive; what it is about, and what is in it. `put` makes each of its
/// content, given its name in the archive and where it is to be.
///
/// # Errors
/// For another passphrase, and for an archive that is damaged, with the file that is.
pub(super) fn unseal<T: DeserializeOwned>(
    archive: &Path,
    passphrase: SecretString,
    dir: &Path,
    put: impl FnMut(&str, &Path, &mut dyn Read) -> eyre::Result<()>,
) -> eyre::Result<(T, Vec<Entry>)> {
    let shown = archive.display();
    let file = open_regular(archive).wrap_err_with(|| format!("cannot read {shown}"))?;
    let mut identity = scrypt::Identity::new(passphrase);
    identity.set_max_work_factor(MAX_WORK);
    let opened = Decryptor::new_buffered(BufReader::new(file))
        .and_then(|decryptor| decryptor.decrypt(std::iter::once(&identity as _)));
    let mut plain = match opened {
        Ok(plain) => plain,
        Err(DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed | DecryptError::InvalidMac) => {
            return Err(hinted(
                format!("the passphrase does not open {shown}"),
                "give the one that it was made with; if it is, the beginning of the file is damaged: take another copy",
            ))
        }
        Err(error) => return Err(error).wrap_err_with(|| format!("{shown} is no backup of this program")),
    };
    let mut found = BTreeMap::new();
    let mut last = "its beginning".to_owned();
    let read = fill(&mut plain, dir, put, &mut found, &mut last);
    let manifest: Manifest<T> = read.wrap_err_with(|| damaged(archive, &last))?;
    // The end of the last chunk says that nothing is missing.
    io::copy(&mut plain, &mut io::sink()).wrap_err_with(|| damaged(archive, "its end"))?;
    eyre::ensure!(
        manifest.version == VERSION,
        "{shown}: version {}, this program reads {VERSION}",
        manifest.version
    );
    for listed in &manifest.files {
        match found.remove(&listed.path) {
            Some(entry) if entry == *listed => {}
            _ => eyre::bail!(damaged(archive, &listed.path)),
        }
    }
    if let Some(path) = found.keys().next() {
        eyre::bail!("{shown} has a file that it does not list: {path}");
    }
    Ok((manifest.about, manifest.files))
}

fn damaged(archive: &Path, part: &str) -> String {
    format!("{} is damaged at {part}: take another copy", archive.display())
}

/// Writes the files; `found` gets each, `last` the one that is being read.
fn fill<T: DeserializeOwned>(
    plain: impl Read,
    dir: &Path,
    mut put: impl FnMut(&str, &Path, &mut dyn Read) -> eyre::Result<()>,
    found: &mut BTreeMap<String, Entry>,
    last: &mut String,
) -> eyre::Result<Manifest<T>> {
    let mut tar = tar::Archive::new(plain);
    for entry in tar.entries()? {
        let mut entry = entry?;
        let name = String::from_utf8(entry.path_bytes().into_owned()).wrap_err("a name is no text")?;
        last.clone_from(&name);
        eyre::ensure!(
            entry.header().entry_type() == tar::EntryType::Regular,
            "{name} is no regular file"
        );
        if name == MANIFEST {
            let mut bytes = Vec::new();
            entry.by_ref().take(MAX_MANIFEST).read_to_end(&mut bytes)?;
            return serde_json::from_slice(&bytes).wrap_err("the manifest does not parse");
        }
        let place = place(dir, &name)?;
        if let Some(parent) = place.parent() {
            create_private_dir(parent)?;
        }
        let mut content = Hashed::new(entry);
        put(&name, &place, &mut content)?;
        found.insert(name.clone(), content.entry(&name));
    }
    eyre::bail!("it has no manifest")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn passphrase(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    /// An archive with what `fill` puts into it.
    fn archive(dir: &Path, fill: impl FnOnce(&mut Sealing)) -> PathBuf {
        let path = dir.join("archive");
        let mut sealing = Sealing::begin(&path, passphrase("right")).unwrap();
        fill(&mut sealing);
        sealing.finish(&"about").unwrap();
        path
    }

    fn open(archive: &Path, with: &str) -> eyre::Result<(String, Vec<Entry>, tempfile::TempDir)> {
        let dir = tempfile::tempdir().unwrap();
        let (about, files) = unseal(archive, passphrase(with), dir.path(), |_, place, content| {
            write_private(place, content)
        })?;
        Ok((about, files, dir))
    }

    #[test]
    fn files_come_back_as_they_were_and_are_their_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, vec![7; 200_000]).unwrap();
        let long = format!("{}/{}", "a".repeat(90), "b".repeat(90));
        let archive = archive(dir.path(), |sealing| {
            sealing.add(&long, &file).unwrap();
            sealing.add("x/y", &file).unwrap();
        });
        let (about, files, to) = open(&archive, "right").unwrap();
        assert_eq!((about.as_str(), files.len(), &files[0].path), ("about", 2, &long));
        for name in [long.as_str(), "x/y"] {
            assert_eq!(fs::read(to.path().join(name)).unwrap(), vec![7; 200_000]);
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(
                (mode(&archive), mode(&to.path().join("x/y")), mode(&to.path().join("x"))),
                (0o600, 0o600, 0o700)
            );
        }
        let sealed = fs::read(&archive).unwrap();
        assert!(sealed.starts_with(b"age-encryption.org/v1\n-> scrypt "));
        // What is there is left alone.
        let again = Sealing::begin(&archive, passphrase("right")).unwrap();
        assert!(again.finish(&"other").is_err());
        assert_eq!(fs::read(&archive).unwrap(), sealed);
    }

    #[test]
    fn damage_a_missing_end_and_another_passphrase_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, vec![7; 200_000]).unwrap();
        let archive = archive(dir.path(), |sealing| {
            for name in ["first", "second"] {
                sealing.add(name, &file).unwrap();
            }
        });
        let says = |with: &str| format!("{:#}", open(&archive, with).err().unwrap());
        assert!(
            says("wrong").starts_with("the passphrase does not open"),
            "{}",
            says("wrong")
        );
        let whole = fs::read(&archive).unwrap();
        let mut changed = whole.clone();
        changed[300_000] ^= 1;
        fs::write(&archive, &changed).unwrap();
        assert!(says("right").contains("is damaged at second"), "{}", says("right"));
        for length in [whole.len() - 1, whole.len() / 4, 10, 0] {
            fs::write(&archive, &whole[..length]).unwrap();
            assert!(open(&archive, "right").is_err(), "{length} bytes");
        }
        fs::write(&archive, b"no age file at all").unwrap();
        assert!(says("right").contains("is no backup"), "{}", says("right"));
    }

    /// As somebody writes them who knows the passphrase, and how to write names that are not checked.
    fn hostile(dir: &Path, names: &[&str], kind: tar::EntryType, manifest: &serde_json::Value) -> PathBuf {
        let path = dir.join("hostile");
        let _ = fs::remove_file(&path);
        let mut sealing = Sealing::begin(&path, passphrase("right")).unwrap();
        let mut append = |name: &str, kind, content: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(kind);
            header.set_size(content.len() as u64);
            // Holes are between parts that are listed: here there is none.
            header.as_gnu_mut().unwrap().realsize = *b"00000000000\0";
            if kind == tar::EntryType::Symlink {
                header.set_link_name("/etc").unwrap();
            }
            header.set_cksum();
            sealing.tar.append(&header, content).unwrap();
        };
        for name in names {
            append(name, kind, b"");
        }
        append(
            MANIFEST,
            tar::EntryType::Regular,
            &serde_json::to_vec(manifest).unwrap(),
        );
        sealing.tar.into_inner().unwrap().finish().unwrap().commit().unwrap();
        path
    }

    #[test]
    fn no_name_leads_out_and_nothing_but_what_is_listed_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let manifest = |files: serde_json::Value| serde_json::json!({"version": 1, "about": "", "files": files});
        let empty = hex::encode(Sha256::digest(b""));
        let listed = |name: &str| manifest(serde_json::json!([{"path": name, "bytes": 0, "sha256": empty}]));
        let regular = tar::EntryType::Regular;
        let refused = |names: &[&str], kind, manifest: &serde_json::Value, expected: &str| {
            let archive = hostile(dir.path(), names, kind, manifest);
            let said = format!("{:#}", open(&archive, "right").err().unwrap());
            assert!(said.contains(expected), "{names:?}: {said}");
        };
        for name in ["../out", "/tmp/out", "a/../../out", "a//b", "./a", "a/."] {
            refused(&[name], regular, &listed(name), "does not lead into");
        }
        refused(&["a"], tar::EntryType::Symlink, &listed("a"), "no regular file");
        refused(&["a"], tar::EntryType::GNUSparse, &listed("a"), "no regular file");
        refused(&["a"], tar::EntryType::Directory, &listed("a"), "no regular file");
        refused(&["a", "a"], regular, &listed("a"), "damaged at a");
        refused(&["a", "a/b"], regular, &listed("a"), "damaged at a/b");
        refused(&["a"], regular, &manifest(serde_json::json!([])), "does not list: a");
        refused(&[], regular, &listed("a"), "damaged at a");
        refused(
            &["a"],
            regular,
            &manifest(serde_json::json!([{"path": "a", "bytes": 1, "sha256": empty}])),
            "damaged at a",
        );
        refused(
            &[],
            regular,
            &serde_json::json!({"version": 2, "about": "", "files": []}),
            "version 2",
        );
        let archive = hostile(dir.path(), &["a"], regular, &listed("a"));
        assert!(
            open(&archive, "right").is_ok(),
            "what makes the others fail is what they say"
        );
    }
}
