//! The ciphertext that a provider has acknowledged, opened as far as its keys are out.

use crate::accuracy::provider::findings::contents;
use crate::cipher_file::CipherFile;
use crate::delivery::{CIPHER_FILE, LEAVES_FILE};
use crate::engagement::play::require_party;
use crate::engagement::{Desk, Sent, Site};
use alloy::primitives::{keccak256, Bytes, B256};
use assay_chain::error::hinted;
use assay_chain::market::Market;
use assay_durable::read::read_regular;
use assay_protocol::abi::IAccuracyMarket::proveBadDataCall;
use assay_protocol::abi::{EngagementView, Mode, State, TransferEvidence};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::merkle::MerkleTree;
use assay_protocol::transfer::chunks::Chunks;
use assay_protocol::transfer::evidence::Evidence;
use assay_protocol::transfer::keys::KeysOfRecord;
use assay_protocol::transfer::open::{Header, OpenError};
use assay_protocol::transfer::payload::Received;
use assay_protocol::transfer::secret::MasterKey;
use assay_protocol::transfer::shuffle::Shuffle;
use assay_protocol::transfer::{keys, open};
use eyre::WrapErr;
use std::ops::Range;
use std::path::Path;

/// How the examples of a model are cut into chunks on this market.
pub async fn layout(market: &Market, model_id: B256) -> eyre::Result<Chunks> {
    let words = market.model(model_id).await?.record.inputWords;
    let layout = Chunks::new(
        market.examples() as usize,
        words as usize,
        market.params.transfer.wordsPerChunk as usize,
    );
    Ok(layout?)
}

/// The leaf hashes that the consumer gave away before the acceptance, checked against the test root.
pub fn read_leaves(path: &Path, market: &Market, test_root: B256) -> eyre::Result<Vec<B256>> {
    // A leaf is 66 characters between quotes, whatever white space is around it.
    let limit = 80 * u64::from(market.examples()) + 1024;
    let text = read_regular(path, limit).wrap_err_with(|| format!("cannot read {}", path.display()))?;
    let leaves: Vec<B256> =
        serde_json::from_slice(&text).wrap_err_with(|| format!("{} holds no leaf hashes", path.display()))?;
    eyre::ensure!(
        leaves.len() == market.examples() as usize,
        "{} holds {} leaves, not {}",
        path.display(),
        leaves.len(),
        market.examples()
    );
    let root = MerkleTree::new(&leaves).map(|tree| tree.root());
    eyre::ensure!(
        root == Some(test_root),
        "the leaves in {} do not lead to the test root {test_root}",
        path.display()
    );
    Ok(leaves)
}

/// An acknowledged ciphertext with everything that the chain says about it.
#[derive(Debug)]
pub struct Transfer {
    id: B256,
    file: CipherFile,
    leaves: Vec<B256>,
    /// Over the test leaves of the whole set.
    tree: MerkleTree,
    order: Shuffle,
    /// What `proveBadData` takes as keys now.
    revealed: Bytes,
    keys: KeysOfRecord,
    /// Positions whose keys came out last: the probe set, or the proven set.
    open: Range<usize>,
    /// Hash of everything that the examples follow from.
    contents: B256,
}

impl Transfer {
    /// Reads the files that were acknowledged, and the keys that the consumer revealed.
    ///
    /// # Errors
    /// If no keys are out in this state, or the files are not there any more.
    pub async fn load(site: &Site, id: B256, e: &EngagementView) -> eyre::Result<Self> {
        let files = site.files(id);
        let lost = |error: eyre::Report| {
            hinted(
                format!(
                    "the transfer of engagement {id} is not in {}: {error:#}",
                    files.display()
                ),
                format!(
                    "use the --home in which it was acknowledged, or fetch it again: assay mp ack {id} --from DIR|URL"
                ),
            )
        };
        let leaves = read_leaves(&files.join(LEAVES_FILE), &site.market, e.testRoot).map_err(lost)?;
        let layout = layout(&site.market, e.modelId).await?;
        let file = CipherFile::open_kept(&files.join(CIPHER_FILE), layout, id, e.ctRoot).map_err(|e| lost(e.into()))?;
        let (n, n1) = (
            site.market.examples() as usize,
            site.market.first_proven(e.mode) as usize,
        );
        let order = match e.mode {
            Mode::FULL => Shuffle::new(e.seed, n),
            _ => Shuffle::identity(n),
        };
        let (revealed, keys, open) = match (e.mode, e.state) {
            (Mode::FULL, State::Probing | State::Proceeded) => {
                let packed = site.market.probe_keys(id).await?;
                let probe = keys::unpack(&packed, n1)?;
                (packed, KeysOfRecord { probe, master: None }, 0..n1)
            }
            _ => {
                let master = site.market.master_key(id).await?;
                let keys = KeysOfRecord {
                    probe: Vec::new(),
                    master: Some(MasterKey::new(master.0)),
                };
                (Bytes::copy_from_slice(master.as_slice()), keys, n1..n)
            }
        };
        // Elsewhere the guard is another thing; there the keys were judged before.
        if matches!(e.state, State::Probing | State::Proving) {
            eyre::ensure!(
                keccak256(&revealed) == e.guard,
                "the keys in the node's events are not the ones that the engagement is guarded by"
            );
        }
        Self::of(
            id,
            file,
            leaves,
            order,
            revealed,
            keys,
            open,
            [e.testRoot, e.ctRoot, e.seed],
        )
    }

    /// A file that was acknowledged, with the keys that are out; `roots` are test root, ctRoot and seed.
    ///
    /// # Errors
    /// Without test leaves.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is one thing that the chain or the disk says"
    )]
    pub fn of(
        id: B256,
        file: CipherFile,
        leaves: Vec<B256>,
        order: Shuffle,
        revealed: Bytes,
        keys: KeysOfRecord,
        open: Range<usize>,
        roots: [B256; 3],
    ) -> eyre::Result<Self> {
        let layout = file.layout();
        let sizes = [
            layout.examples(),
            layout.input_words(),
            layout.chunk_words(),
            open.start,
            open.end,
        ];
        let sizes = sizes.map(|size| B256::from(alloy::primitives::U256::from(size)));
        let contents = contents("encrypted", &[&[id, keccak256(&revealed)], &roots[..], &sizes].concat());
        Ok(Self {
            id,
            file,
            tree: MerkleTree::new(&leaves).ok_or_else(|| eyre::eyre!("no test leaves"))?,
            leaves,
            order,
            revealed,
            keys,
            open,
            contents,
        })
    }

    /// Number of positions whose keys came out last.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Before any key is out.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Position of the first of them in the whole set; the methods below count from there.
    pub fn first(&self) -> usize {
        self.open.start
    }

    /// Over the test leaves of the whole set.
    pub fn tree(&self) -> &MerkleTree {
        &self.tree
    }

    /// Hash of everything that the open examples follow from, which [findings](super::findings) are kept under.
    pub fn contents(&self) -> B256 {
        self.contents
    }

    /// Decrypts and checks every example whose key is out; `step` hears of each. The evidence that convicts the consumer, if
    /// it sent bad data.
    ///
    /// # Errors
    /// For a file that cannot be read or was altered.
    pub fn scan(&mut self, mut step: impl FnMut()) -> eyre::Result<Option<Accusation>> {
        let (file, open) = (&mut self.file, self.open.clone());
        let found = open::scan(file, &self.order, &self.leaves, &self.keys, open, |_| step());
        let found = found.map_err(|error| altered(self.id, &error))?;
        Ok(found.map(|evidence| Accusation {
            id: self.id,
            keys: self.revealed.clone(),
            evidence: *evidence,
        }))
    }

    /// The example at a position of a set in which no fault was found.
    ///
    /// # Errors
    /// For a file that cannot be read or was altered.
    pub fn received(&mut self, position: usize) -> eyre::Result<Received> {
        let position = self.open.start + position;
        open::faultless(&mut self.file, &self.order, &self.keys, position).map_err(|error| altered(self.id, &error))
    }

    /// What the header at a position says.
    ///
    /// # Errors
    /// For a file that cannot be read or was altered, and for a header that is bad data.
    pub fn header(&mut self, position: usize) -> eyre::Result<Header> {
        let position = self.open.start + position;
        let header = open::read_header(&mut self.file, &self.order, &self.leaves, &self.keys, position);
        header.map_err(|error| altered(self.id, &error))?.map_err(|fault| {
            hinted(
                format!("the consumer sent bad data at position {position}: {fault}"),
                format!("run: assay mp prove {}, which sends the evidence", self.id),
            )
        })
    }
}

/// What was acknowledged is not on disk any more: no fault of the consumer, and no loss while it can be had again.
fn altered(id: B256, error: &OpenError<crate::cipher_file::CipherError>) -> eyre::Report {
    hinted(
        format!("the kept ciphertext was altered or damaged since it was acknowledged: {error}"),
        format!("fetch it again: assay mp ack {id} --from DIR|URL"),
    )
}

/// What the contract needs to see that the consumer sent bad data.
#[derive(Debug)]
pub struct Accusation {
    id: B256,
    keys: Bytes,
    /// With the example that it is about.
    pub evidence: Evidence,
}

impl Accusation {
    /// Sends the evidence: the consumer loses its deposit.
    pub async fn send(&self, desk: &Desk) -> eyre::Result<Sent> {
        desk.report.warn(format_args!(
            "the consumer sent bad data: {}; sending the evidence",
            self.evidence
        ));
        let call = desk.market.call(&proveBadDataCall {
            id: self.id,
            position: alloy::primitives::U256::from(self.evidence.position),
            keys: self.keys.clone(),
            evidence: TransferEvidence::from(&self.evidence),
        });
        let mut journal = desk.journal(self.id)?;
        let receipt = desk
            .account
            .send(&mut journal, "proveBadData", &call, &desk.report)
            .await?;
        Ok(Sent::from(&receipt))
    }
}

/// The engagement, if it is the provider's and uses an encrypted transfer.
pub async fn encrypted(desk: &Desk, id: B256) -> eyre::Result<EngagementView> {
    let e = desk.market.engagement(id).await?;
    require_party(&e, &desk.account, Party::Provider)?;
    if e.mode == Mode::CLEAR {
        return Err(hinted(
            format!("the examples of engagement {id} are handed over in clear"),
            format!("run: assay mp prove {id} --set DIR"),
        ));
    }
    Ok(e)
}
