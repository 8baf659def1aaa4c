//! Asks which documents of a corpus match a predicate.

use crate::audit::facts::{Secrets, AUDIT, LEAVES, PREDICATE, REQUEST_HASH, SALT_SHOWN_FOR, SECRETS};
use crate::audit::predicate::as_record;
use crate::audit::published::{KeyUse, Published};
use crate::corpus::leaves;
use crate::delivery::PREDICATE_FILE;
use crate::engagement::{PayingDesk, Sent};
use alloy::primitives::{keccak256, Address, Bytes, B256, U256};
use alloy::rpc::types::TransactionReceipt;
use alloy::sol_types::{SolCall, SolValue};
use assay_chain::audits::Audits;
use assay_chain::error::{hinted, usage};
use assay_chain::journal::Journal;
use assay_chain::venue::{events, Venue, View};
use assay_durable::file::{copy_atomic, parent};
use assay_protocol::abi::corpora::Corpus;
use assay_protocol::abi::IRetrievalMarket::{requestCall, AuditRequested};
use assay_protocol::abi::{Predicate, RequestTerms};
use assay_protocol::retrieval::corpora::MAX_URI;
use assay_protocol::retrieval::statement::{predicate_hash, request_hash};
use assay_protocol::transfer::keys::mc_salt_hash;
use assay_protocol::units::{ether, utc};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Directory with what requests are made of, in a chain's state.
const ASKED: &str = "asked";
/// Name of a corpus's leaves in it.
const LEAVES_COPY: &str = "corpus.leaves";

/// What a request asks for, besides the predicate's weights.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Whose documents.
    pub corpus_id: B256,
    /// Of the predicate.
    pub verifier: Address,
    /// n: documents without a match that are drawn and proven.
    pub samples: u32,
    /// m: the most that may be named besides.
    pub named_max: u32,
    /// The most that may be answered with a match; all if nothing is said.
    pub ones_max: Option<u32>,
    /// The most of those that may be withheld.
    pub withhold_max: u32,
    /// May approve, and overrule what is withheld; nobody if zero.
    pub authority: Address,
    /// b, wei: what the responder locks.
    pub bond: u128,
    /// π, wei.
    pub price: u128,
    /// Seconds: the market's accept window, if not given; more does not count.
    pub expires_in: Option<u64>,
    /// Where the predicate's opening is.
    pub uri: String,
}

impl Ask {
    /// What was signed before must be what is asked now.
    fn require_same(&self, call: &requestCall) -> eyre::Result<()> {
        let terms = &call.t;
        let asked = (
            self.samples,
            self.named_max,
            self.withhold_max,
            self.authority,
            self.bond,
            self.price,
        );
        let before = (
            terms.samples,
            terms.namedMax,
            terms.withholdMax,
            terms.authority,
            terms.bond,
            terms.price,
        );
        if asked == before && self.ones_max.is_none_or(|most| most == terms.onesMax) && self.uri == call.uri {
            return Ok(());
        }
        Err(hinted(
            format!(
                "this predicate was asked of the corpus before, to other terms: a sample of {}, {} named, {} matches, {} withheld, \
                 authority {}, bond {}, price {}, uri {:?}",
                terms.samples,
                terms.namedMax,
                terms.onesMax,
                terms.withholdMax,
                terms.authority,
                ether(U256::from(terms.bond)),
                ether(U256::from(terms.price)),
                call.uri
            ),
            "repeat it with those terms, or take that request back first: assay audit cancel ID",
        ))
    }
}

/// The result of a request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Requested {
    /// Of the audit.
    pub id: B256,
    /// Whose documents.
    pub corpus_id: B256,
    /// Who answers for them.
    pub responder: Address,
    /// Covers all terms and the market's parameters; the responder accepts by it.
    pub request_hash: B256,
    /// Of the predicate.
    pub predicate_hash: B256,
    /// n.
    pub samples: u32,
    /// π, in escrow.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub price_wei: u128,
    /// Last second in which the responder may accept, Unix seconds.
    pub expiry: u64,
    /// The transaction that made the request, now or before.
    pub sent: Sent,
}

impl std::fmt::Display for Requested {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "audit       {}", self.id)?;
        writeln!(f, "corpus      {} of {}", self.corpus_id, self.responder)?;
        writeln!(f, "predicate   {}", self.predicate_hash)?;
        writeln!(f, "sample      {} documents", self.samples)?;
        writeln!(f, "escrowed    {}", ether(U256::from(self.price_wei)))?;
        writeln!(f, "expires     {}", utc(self.expiry))?;
        write!(
            f,
            "next        the responder needs the predicate's opening: hand it over with --to, or publish it; then it accepts or \
             declines"
        )
    }
}

/// Makes the request once; one that is closed or has lapsed makes room for another.
///
/// # Errors
/// If predicate, verifier, leaves and corpus do not belong together, or the same was asked before to other terms.
pub async fn request(
    desk: &PayingDesk<Audits>,
    ask: &Ask,
    published: &Published,
    keys: &KeyUse,
    leaves_file: &Path,
) -> eyre::Result<Requested> {
    if ask.uri.len() > MAX_URI {
        return Err(usage(format!(
            "--uri has {} bytes, at most {MAX_URI} are allowed",
            ask.uri.len()
        )));
    }
    let market = &desk.market;
    let codehash = keccak256(market.chain.code(ask.verifier).await?);
    let predicate = published.predicate(ask.verifier, codehash);
    let corpus = market.corpora.corpus(ask.corpus_id).await?;
    let mut journal = open_offer(desk, ask.corpus_id, &predicate).await?;
    let is_asked = |call: &Bytes| ask.require_same(&requestCall::abi_decode(call)?);
    let resumed = desk
        .account
        .resume_with(&mut journal, "request", ask.price, is_asked, &desk.report);
    let receipt = match resumed.await? {
        Some(receipt) => {
            desk.report.note("this was requested before; this is that request");
            receipt
        }
        None => {
            market.corpora.require_settled(ask.corpus_id).await?;
            require_shape(published, &corpus)?;
            let record = as_record(&predicate, corpus.inputWords);
            published
                .require(predicate_hash(&predicate), record, &market.chain, keys, &desk.report)
                .await?;
            // Copies: what is needed in days is not where it was today. What was checked is kept.
            let (leaves_copy, opening) = copies(desk, ask.corpus_id, published.weights_commit());
            std::fs::create_dir_all(parent(&leaves_copy))?;
            leaves::save(&leaves_copy, &leaves::require_of(leaves_file, &corpus)?)?;
            copy_atomic(published.path(), &opening, false)?;
            let secrets = Secrets::of_offer(&mut journal)?;
            let terms = RequestTerms {
                corpusId: ask.corpus_id,
                predicateHash: predicate_hash(&predicate),
                samples: ask.samples,
                namedMax: ask.named_max,
                onesMax: ask.ones_max.unwrap_or(corpus.size),
                withholdMax: ask.withhold_max,
                saltHash: mc_salt_hash(&secrets.salt()),
                requesterKey: secrets.key()?.public(),
                authority: ask.authority,
                bond: ask.bond,
                price: ask.price,
                expiry: expiry(market, ask.expires_in).await?,
            };
            let call = requestCall {
                t: terms,
                predicate: predicate.clone(),
                uri: ask.uri.clone(),
            };
            let call = desk.paying(&call, ask.price);
            desk.account.send(&mut journal, "request", &call, &desk.report).await?
        }
    };
    finish(desk, &mut journal, &corpus, published, &receipt)
}

/// The journal of the newest request with this predicate about this corpus that is still open, else a new one.
async fn open_offer(desk: &PayingDesk<Audits>, corpus_id: B256, predicate: &Predicate) -> eyre::Result<Journal> {
    let market = &desk.market;
    let now = market.chain.now().await?;
    for number in 0u64.. {
        let name = (desk.address(), corpus_id, predicate_hash(predicate), U256::from(number));
        let name = keccak256(name.abi_encode());
        let journal = Journal::open(&desk.home.offer(&market.chain, market.address, name))?;
        let Some(id) = journal.fact(&AUDIT)? else {
            return Ok(journal);
        };
        let known = desk.journal_path(id);
        let own = Journal::peek(&known, &REQUEST_HASH)?;
        let there = market.find(id).await?.filter(|audit| Some(audit.requestHash) == own);
        let is_over = match there {
            Some(audit) => audit.is_closed() || (audit.is_offer() && now > audit.deadline),
            // A reorganisation took it back: its transaction is sent again, unless its salt is out. Whoever saw that could answer a
            // second audit with it.
            None => Journal::peek(&known, &SALT_SHOWN_FOR)?.is_some(),
        };
        if !is_over {
            return Ok(journal);
        }
    }
    Err(eyre::eyre!("no place for another request"))
}

/// Where the leaves of a corpus and the opening of a predicate are kept, before there is an audit of them.
fn copies(desk: &PayingDesk<Audits>, corpus_id: B256, weights_commit: U256) -> (PathBuf, PathBuf) {
    let dir = desk.home.ids(&desk.market.chain, ASKED);
    let of = |id: B256, name: &str| dir.join(id.to_string()).join(name);
    (of(corpus_id, LEAVES_COPY), of(weights_commit.into(), PREDICATE_FILE))
}

/// Fails unless the documents fit the predicate.
fn require_shape(published: &Published, corpus: &Corpus) -> eyre::Result<()> {
    let words = published.input_words();
    if words == corpus.inputWords {
        return Ok(());
    }
    Err(usage(format!(
        "the predicate reads {words} words, documents of the corpus have {}",
        corpus.inputWords
    )))
}

async fn expiry(market: &Audits, expires_in: Option<u64>) -> eyre::Result<u64> {
    // The block of the request may be some seconds later than this node's clock of now.
    let longest = market.params.windows.accept;
    Ok(market.chain.now().await? + expires_in.unwrap_or(longest).min(longest))
}

fn finish(
    desk: &PayingDesk<Audits>,
    offer: &mut Journal,
    corpus: &Corpus,
    published: &Published,
    receipt: &TransactionReceipt,
) -> eyre::Result<Requested> {
    let event = events::<AuditRequested>(receipt)
        .next()
        .ok_or_else(|| eyre::eyre!("transaction {} made no request", receipt.transaction_hash))?;
    let (id, terms) = (event.id, &event.terms);
    let own = request_hash(id, desk.address(), terms, desk.market.params_hash);
    eyre::ensure!(
        own == event.requestHash,
        "the market calls the request {}, its terms are hashed to {own}",
        event.requestHash
    );
    let secrets = offer
        .fact(&SECRETS)?
        .ok_or_else(|| eyre::eyre!("the journal of the request has lost its secrets"))?;
    let mut journal = desk.journal(id)?;
    journal.set_fact(&SECRETS, &secrets)?;
    journal.set_fact(&REQUEST_HASH, &own)?;
    offer.set_fact(&AUDIT, &id)?;
    let (leaves_copy, opening) = copies(desk, terms.corpusId, published.weights_commit());
    journal.set_fact(&LEAVES, &leaves_copy)?;
    journal.set_fact(&PREDICATE, &opening)?;
    Ok(Requested {
        id,
        corpus_id: terms.corpusId,
        responder: corpus.rs,
        request_hash: own,
        predicate_hash: terms.predicateHash,
        samples: terms.samples,
        price_wei: terms.price,
        expiry: terms.expiry,
        sent: Sent::from(receipt),
    })
}
