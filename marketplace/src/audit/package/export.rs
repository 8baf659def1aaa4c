//! Anybody with a node: makes a package of an audit that has ended.

use super::check::{examine, Ask};
use super::container::{begin, require_free};
use super::events::{event_of, proven};
use super::reading::Reading;
use super::record::{Record, SCHEMA, VERSION};
use super::relayed::{is_about, is_by_call, Relayed};
use super::report::report;
use super::result::EvidenceExported;
use super::standing::{market_slots, registry_slots};
use super::weights::{candidates, key, read};
use crate::audit::predicate::requested;
use crate::engagement::Site;
use alloy::consensus::BlockHeader;
use alloy::primitives::{keccak256, Address, Bytes, B256};
use alloy::providers::Provider;
use alloy::sol_types::{SolEvent, SolValue};
use assay_chain::account_proof::AccountProof;
use assay_chain::artefact::Release;
use assay_chain::audits::Audits;
use assay_chain::block_proof::{BlockProof, ProvenBlock};
use assay_chain::client::Chain;
use assay_chain::error::{hinted, hinted_because};
use assay_chain::given_code;
use assay_chain::history::history;
use assay_chain::inclusion::Nodes;
use assay_chain::market::all_answers;
use assay_chain::venue::{unsettled, Venue};
use assay_durable::read::read_regular;
use assay_durable::report::Reporter;
use assay_protocol::abi::IRetrievalMarket::AuditRequested;
use assay_protocol::abi::{AuditState, AuditView};
use assay_protocol::retrieval::statement::audit_id;
use assay_prover::proof::ModelOpening;
use eyre::WrapErr;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Far above the largest network that has a proof.
const MAX_PREDICATE: u64 = 256 << 20;

/// What goes into a package besides what the chain says, and where it goes.
#[derive(Debug, Clone)]
pub struct Files {
    /// The opening of the predicate's weights.
    pub predicate: PathBuf,
    /// Documents opened to their originals.
    pub documents: Option<PathBuf>,
    /// The package.
    pub out: PathBuf,
}

/// The block that a package ends with.
#[derive(Debug, Clone, Copy)]
struct End {
    number: u64,
    hash: B256,
}

/// Makes the package of an audit that has ended, and checks it before anybody sees it.
///
/// # Errors
/// If the audit has not ended, a file does not belong to it, or the node does not serve what is needed; another file is never
/// replaced.
pub async fn export(site: &Site<Audits>, id: B256, files: &Files, ask: &Ask) -> eyre::Result<EvidenceExported> {
    require_free(&files.out)?;
    let given = read_regular(&files.predicate, MAX_PREDICATE);
    let given = given.wrap_err_with(|| format!("cannot read {}", files.predicate.display()))?;
    let opening = read(&given).map_err(|why| {
        hinted(
            format!("{}: {why}", files.predicate.display()),
            "--predicate takes what assay model open writes",
        )
    })?;
    let record = gather(site, id, &opening, ask).await?;
    // What is checked is what was written: a file that changes meanwhile is read once.
    let mut package = begin(&files.out, &record, &given, files.documents.as_deref())?;
    let checked = examine(&record, &given, package.documents()?, ask, &site.report)?;
    let bytes = package.commit()?;
    Ok(EvidenceExported::new(&record, &checked, files.out.clone(), bytes))
}

/// Everything that a node says of an audit, with what leads to it from the hashes of blocks.
async fn gather(site: &Site<Audits>, id: B256, opening: &ModelOpening, ask: &Ask) -> eyre::Result<Record> {
    let (end, market) = ended(&site.market, id).await?;
    let chain = &market.chain;
    let audit = market.newest(id).await?;
    let request = requested(&market, id, &audit).await?;
    let predicate = &request.predicate;
    let key = key(opening, predicate, audit.inputWords, chain.id, &ask.srs, &site.report)?;
    let mut codes = given_code::read(chain, market.address, &market.params).await?;
    let verifier = chain.code(predicate.verifier).await?;
    let (data_hash, named) = candidates(&key, &verifier)?;
    let key_data = with_code(chain, &named, data_hash).await?;
    codes.insert(predicate.verifier, verifier);
    let (blocks, mut nodes) = blocks(site, &market, id, end).await?;
    let accounts = accounts(&market, id, &audit, &codes, key_data).await?;
    let more = AccountProof::fetch(chain, &accounts, end.hash).await.map_err(|why| {
        let hint = "a package needs eth_getProof of a recent block: name a node that serves it with --rpc-url";
        hinted_because(why, "the node does not prove accounts", hint)
    })?;
    nodes.add(&more);
    // What the node told besides is left behind.
    let proven = proven(&blocks, &mut nodes)?;
    for account in &accounts {
        account.check(
            proven.last().map(|last| last.state_root).unwrap_or_default(),
            &mut nodes,
        )?;
    }
    let relayed = relayed(&market, id, &proven, &site.report).await?;
    let mut record = Record {
        schema: SCHEMA.into(),
        version: VERSION,
        release: Release::hash(),
        report: Vec::new(),
        chain_id: chain.id,
        market: market.address,
        audit: id,
        request_number: number_of(&market, id, &audit).await?,
        params: market.params.abi_encode().into(),
        reference_string: key.srs().id().0.into(),
        key_data,
        blocks,
        accounts,
        relayed,
        nodes: nodes.followed(),
        codes,
    };
    record.report = report(&Reading::of(&record, ask.trusted_deployment)?)?;
    Ok(record)
}

/// The newest settled block and the market as of it, once the audit had ended.
async fn ended(market: &Audits, id: B256) -> eyre::Result<(End, Audits)> {
    let (at, settled) = market.chain.newest_settled().await?;
    let block = market.chain.provider.get_block(at).await?;
    let header = block.ok_or_else(|| eyre::eyre!("the node has no block {at}"))?.header;
    let end = End {
        number: header.number(),
        hash: header.hash,
    };
    let then = market.as_of(end.hash);
    if then
        .find(id)
        .await?
        .is_some_and(|audit| audit.state == AuditState::Closed)
    {
        return Ok((end, then));
    }
    let now = market.newest(id).await?;
    if now.state == AuditState::Closed {
        return Err(unsettled("audit", id, settled).into());
    }
    Err(hinted(
        format!("audit {id} has not ended: it is in state {:?}", now.state),
        format!("evidence is of audits that are closed; how it goes on: assay audit show {id}"),
    ))
}

/// The blocks in which the audit went on, and the last one; with the nodes that lead to its transactions.
async fn blocks(site: &Site<Audits>, market: &Audits, id: B256, end: End) -> eyre::Result<(Vec<BlockProof>, Nodes)> {
    let logs = history(&market.chain, market.address, id, AuditRequested::SIGNATURE_HASH).await?;
    let mut named = BTreeMap::from([((end.number, end.hash), BTreeSet::new())]);
    for log in logs {
        let (Some(number), Some(hash), Some(index)) = (log.block_number, log.block_hash, log.transaction_index) else {
            return Err(eyre::eyre!("the node's logs do not say which block they are of"));
        };
        if number <= end.number {
            named.entry((number, hash)).or_default().insert(index);
        }
    }
    let bar = site.report.bar("reading blocks", named.len() as u64);
    let done = Cell::new(0);
    let asked = named.into_iter().map(|((_, hash), transactions)| {
        let (bar, done) = (&bar, &done);
        async move {
            let block = BlockProof::fetch(&market.chain, hash, transactions.into_iter().collect()).await?;
            done.set(done.get() + 1);
            bar.set(done.get());
            Ok(block)
        }
    });
    let (mut proofs, mut nodes) = (Vec::new(), Nodes::default());
    for (proof, way) in all_answers(asked).await? {
        proofs.push(proof);
        nodes.add(&way);
    }
    Ok((proofs, nodes))
}

/// Asks a node for the calls about an audit that other contracts made; what it does not say is left out, with a word about it.
///
/// # Errors
/// If an event is none of the market's.
async fn relayed(market: &Audits, id: B256, blocks: &[ProvenBlock], out: &Reporter) -> eyre::Result<Vec<Relayed>> {
    let mut all = Vec::new();
    for transaction in blocks.iter().flat_map(|block| &block.transactions) {
        let events = transaction
            .logs
            .iter()
            .filter_map(|log| event_of(log, market.address, id));
        let events = events.collect::<eyre::Result<Vec<_>>>()?;
        let count = events.iter().filter(|event| is_by_call(event)).count();
        if count == 0 || transaction.to == Some(market.address) {
            continue;
        }
        let why = match market.calls_within(transaction.hash).await {
            Ok(calls) => {
                let calls: Vec<Bytes> = calls.into_iter().filter(|call| is_about(call, id)).collect();
                if calls.len() == count {
                    let transaction = transaction.hash;
                    all.push(Relayed { transaction, calls });
                    continue;
                }
                format!("it made {} calls, {count} of which did something", calls.len())
            }
            Err(why) => format!("use a node that answers debug_traceTransaction: {why:#}"),
        };
        out.warn(format_args!(
            "transaction {} called the market through another contract, and what it carried is not in the package: {why}",
            transaction.hash
        ));
    }
    Ok(all)
}

/// Contracts with the words of storage that say how the audit stands.
async fn accounts(
    market: &Audits,
    id: B256,
    audit: &AuditView,
    codes: &BTreeMap<Address, Bytes>,
    key_data: Option<Address>,
) -> eyre::Result<Vec<AccountProof>> {
    let (corpora, corpus) = (&market.corpora, audit.corpusId);
    let accepted = market.accepted_ids(corpus).await?;
    let attestations = corpora.attestation_count(corpus).await?;
    let of: BTreeSet<Address> = codes.keys().copied().chain(key_data).collect();
    let account = |address: Address| {
        let slots = match address {
            at if at == market.address => market_slots(id, audit, &accepted),
            at if at == corpora.address => registry_slots(corpus, attestations),
            _ => Vec::new(),
        };
        AccountProof { address, slots }
    };
    Ok(of.into_iter().map(account).collect())
}

/// The first of these contracts with this code.
async fn with_code(chain: &Chain, named: &[Address], hash: B256) -> eyre::Result<Option<Address>> {
    for at in named {
        if keccak256(chain.code(*at).await?) == hash {
            return Ok(Some(*at));
        }
    }
    Ok(None)
}

/// Which request for the corpus the audit was: its id says it.
async fn number_of(market: &Audits, id: B256, audit: &AuditView) -> eyre::Result<u64> {
    let count = market.request_count(audit.corpusId).await?;
    let of = |number: &u64| audit_id(market.chain.id, market.address, audit.corpusId, *number) == id;
    let number = (0..count).find(of);
    number.ok_or_else(|| eyre::eyre!("contract {} names its audits in another way", market.address))
}
