//! Responder: commits to the documents of a folder.

use super::leaves;
use super::registry::{journal, require_known, require_short, CORPUS};
use super::stored::{build, StoredCorpus};
use crate::engagement::{Desk, Sent};
use crate::proving::load_arch;
use alloy::primitives::{Address, Bytes, B256};
use alloy::sol_types::SolCall;
use assay_chain::corpora::Corpora;
use assay_chain::error::{hinted, usage};
use assay_durable::file::parent;
use assay_protocol::abi::corpora::Corpus;
use assay_protocol::abi::corpora::ICorpusRegistry::commitCall;
use assay_protocol::testset::ImageSize;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Duplicates that are named one by one.
const NAMED: usize = 5;

/// The result of a commitment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CorpusCommitted {
    /// Of the corpus.
    pub id: B256,
    /// `CorpusRegistry`.
    pub registry: Address,
    /// Who answers for it.
    pub responder: Address,
    /// Commits to all documents.
    pub root: B256,
    /// How many those are.
    pub size: u32,
    /// L: words of a model input.
    pub input_words: u32,
    /// ρ: of these, how many are hashed at a time.
    pub words_per_hash: u32,
    /// Order, salts, commitments.
    pub corpus: PathBuf,
    /// Every leaf of it, for whoever asks for an audit.
    pub leaves: PathBuf,
    /// Where the originals are.
    pub originals: PathBuf,
    /// Names of files that are the same byte for byte, each group once.
    pub duplicates: Vec<Vec<String>>,
    /// The transaction that committed to it, now or before; absent if this machine does not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
    #[serde(skip)]
    pixels: ImageSize,
}

impl std::fmt::Display for CorpusCommitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ImageSize { height, width } = self.pixels;
        writeln!(f, "corpus      {}", self.id)?;
        writeln!(f, "documents   {} of {height} × {width} pixels", self.size)?;
        writeln!(f, "root        {}", self.root)?;
        for names in self.duplicates.iter().take(NAMED) {
            writeln!(f, "duplicates  {}", names.join(", "))?;
        }
        if let Some(more) = self.duplicates.len().checked_sub(NAMED).filter(|more| *more > 0) {
            writeln!(f, "            and {more} groups more")?;
        }
        writeln!(f, "kept in     {}", self.corpus.display())?;
        writeln!(
            f,
            "            without it and {} no document can be opened or proven: keep copies of both",
            self.originals.display()
        )?;
        writeln!(f, "leaves      {}", self.leaves.display())?;
        writeln!(
            f,
            "            publish it where --uri points: a requester asks for an audit only if it has every leaf"
        )?;
        write!(
            f,
            "next        a source says what it knows: assay corpus attest {} --statement FILE",
            self.id
        )
    }
}

/// The size of the images that an architecture reads.
///
/// # Errors
/// If the file is no architecture.
pub fn size_of(arch: &Path) -> eyre::Result<ImageSize> {
    let input = load_arch(arch)?.architecture.input;
    Ok(ImageSize {
        height: input.h.try_into()?,
        width: input.w.try_into()?,
    })
}

/// Where the corpus of a folder is kept if nobody says otherwise: beside it.
///
/// # Errors
/// If the folder is not there, or has no name.
pub fn beside(folder: &Path) -> eyre::Result<PathBuf> {
    let no_name = || usage(format!("{} has no name: say with --corpus where", folder.display()));
    let folder = folder
        .canonicalize()
        .map_err(|_| usage(format!("there is no folder {}", folder.display())))?;
    let mut name = folder.file_name().ok_or_else(no_name)?.to_owned();
    name.push(".corpus");
    Ok(parent(&folder).join(name))
}

/// Commits to the documents of a folder, once: repeated, it goes on where it was, and finds what it did. Every leaf is in a file
/// before, at `leaves` or beside `dir`.
///
/// # Errors
/// Those of [`build`] and of [`leaves`], and if the registry is not known.
pub async fn commit(
    desk: &Desk<Corpora>,
    folder: &Path,
    size: ImageSize,
    dir: &Path,
    leaves: Option<&Path>,
    uri: &str,
) -> eyre::Result<CorpusCommitted> {
    require_short(uri)?;
    require_known(desk).await?;
    let built = build(folder, size, dir, &desk.report)?;
    let corpus = built.corpus;
    let record = corpus.record(desk.address())?;
    let id = desk.market.id_of(&record);
    let Corpus { root, size, .. } = record;
    let call = commitCall {
        root,
        size,
        inputWords: record.inputWords,
        wordsPerHash: record.wordsPerHash,
        uri: uri.to_owned(),
    };
    corpus.settle_root()?;
    let leaves = match leaves {
        Some(path) => path.to_owned(),
        None => leaves::beside(dir)?,
    };
    leaves::require_outside(&leaves, &[corpus.originals(), dir])?;
    leaves::save(&leaves, corpus.leaves())?;
    let mut journal = journal(desk, id)?;
    journal.set_fact(&CORPUS, &dir.canonicalize()?)?;
    // Of documents of an earlier run only hashes were read now; what is on chain already stays.
    if built.before > 0 && desk.market.find(id).await?.is_none() {
        corpus.require_unaltered(built.before, &desk.report)?;
    }
    let is_asked = |data: &Bytes| require_same(&commitCall::abi_decode(data)?, uri);
    let resumed = desk
        .account
        .resume_with(&mut journal, "commit", 0, is_asked, &desk.report)
        .await?;
    let sent = match resumed {
        Some(receipt) => Some(Sent::from(&receipt)),
        None if desk.market.find(id).await?.is_some() => None,
        None => {
            let call = desk.market.call(&call);
            let receipt = desk.account.send(&mut journal, "commit", &call, &desk.report).await?;
            Some(Sent::from(&receipt))
        }
    };
    let result = finished(desk, id, &corpus, leaves, sent);
    let repeated: usize = result.duplicates.iter().map(|group| group.len() - 1).sum();
    if repeated > 0 {
        desk.report.warn(format_args!(
            "copies of other documents, byte for byte: {repeated}; whoever audits the corpus may ask why"
        ));
    }
    Ok(result)
}

fn finished(
    desk: &Desk<Corpora>,
    id: B256,
    corpus: &StoredCorpus,
    leaves: PathBuf,
    sent: Option<Sent>,
) -> CorpusCommitted {
    let shape = corpus.shape();
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    CorpusCommitted {
        id,
        registry: desk.market.address,
        responder: desk.address(),
        root: corpus.tree().root(),
        size: corpus.len() as u32,
        input_words: shape.words,
        words_per_hash: shape.per_hash,
        corpus: corpus.dir().to_owned(),
        leaves,
        originals: corpus.originals().to_owned(),
        duplicates: corpus.duplicates().into_iter().map(owned).collect(),
        sent,
        pixels: corpus.size(),
    }
}

/// What was signed before cannot get another uri.
fn require_same(before: &commitCall, uri: &str) -> eyre::Result<()> {
    if before.uri == uri {
        return Ok(());
    }
    Err(hinted(
        format!("this corpus was committed to before, with uri {:?}", before.uri),
        "repeat the command with that --uri; what is committed to is not changed",
    ))
}
