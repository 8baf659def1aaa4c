//! What a responder takes on.

use alloy::primitives::Address;
use assay_chain::error::{hinted, usage};
use assay_protocol::abi::AuditView;
use assay_protocol::retrieval::policy::Rules;
use assay_prover::circuit::Footprint;
use assay_prover::proof::Memory;

/// What the responder takes on.
#[derive(Debug, Clone, Default)]
pub struct AcceptPolicy {
    /// Any if empty.
    pub requesters: Vec<Address>,
    /// Authorities that it recognises: another one could be the requester's own, and overrule everything.
    pub authorities: Vec<Address>,
    /// Wei for each document that may have to be proven.
    pub least_price: u128,
    /// Largest bond, wei.
    pub most_bond: u128,
    /// Documents that match and will be withheld, at most.
    pub withholds: u32,
    /// The most documents to hand over: whoever writes the predicate decides what matches it.
    pub most_matches: u32,
    /// The most documents that match in all audits that were ever taken on from here; without bound if nothing is said.
    pub most_in_total: Option<u64>,
    /// Bytes that a proof may take in memory; what this machine has if nothing is said.
    pub most_memory: Option<u64>,
}

impl AcceptPolicy {
    pub(super) fn rules(&self) -> Rules {
        Rules {
            authorities: self.authorities.clone(),
            least_price: self.least_price,
            most_bond: self.most_bond,
            most_ones: self.most_matches,
        }
    }

    pub(super) fn require_requester(&self, audit: &AuditView) -> eyre::Result<()> {
        if self.requesters.is_empty() || self.requesters.contains(&audit.rq) {
            return Ok(());
        }
        Err(usage(format!(
            "the request is of {}, which is none of --requester",
            audit.rq
        )))
    }

    /// Whether so many documents more may match than did in all audits so far.
    pub(super) fn require_total(&self, so_far: u64, more: u64) -> eyre::Result<()> {
        match self.most_in_total {
            Some(most) if so_far.saturating_add(more) > most => Err(hinted(
                format!("{more} documents would come to the {so_far} that match in other audits, {most} may be handed over in total"),
                "allow more with --max-documents-total, or decline the request",
            )),
            _ => Ok(()),
        }
    }

    /// Whether proofs fit the memory: whoever makes the request chooses how many rows its layout has.
    pub(super) fn require_memory(&self, k: u32, needed: &Footprint) -> eyre::Result<()> {
        let mode = Memory::of_machine(&needed.memory);
        self.within(k, mode.of(&needed.memory), Memory::of_whole_machine())
    }

    fn within(&self, k: u32, needed: u64, machine: Option<u64>) -> eyre::Result<()> {
        let gigabytes = |bytes: u64| bytes as f64 / 1e9;
        let (most, whose) = match (self.most_memory, machine) {
            (Some(stated), _) => (stated, "--max-memory allows"),
            (None, Some(machine)) => (machine, "this machine has"),
            (None, None) => return Ok(()),
        };
        if needed <= most {
            return Ok(());
        }
        Err(hinted(
            format!(
                "a proof with the predicate's layout of 2^{k} rows takes about {:.1} GB of memory, {whose} {:.1} GB",
                gigabytes(needed),
                gigabytes(most)
            ),
            "decline the request, or take it on where there is more memory",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIGABYTE: u64 = 1_000_000_000;

    #[test]
    fn a_layout_that_takes_more_memory_than_there_is_or_is_allowed_is_refused() {
        let policy = |most_memory| AcceptPolicy {
            most_memory,
            ..AcceptPolicy::default()
        };
        let free = policy(None);
        assert!(free.within(24, 120 * GIGABYTE, None).is_ok(), "nobody knows");
        assert!(free.within(18, 2 * GIGABYTE, Some(2 * GIGABYTE)).is_ok());
        let said = free
            .within(24, 120 * GIGABYTE, Some(16 * GIGABYTE))
            .unwrap_err()
            .to_string();
        assert!(
            said.contains("2^24 rows takes about 120.0 GB of memory, this machine has 16.0 GB"),
            "{said}"
        );
        let stated = policy(Some(GIGABYTE));
        let said = stated
            .within(18, 2 * GIGABYTE, Some(16 * GIGABYTE))
            .unwrap_err()
            .to_string();
        assert!(said.contains("--max-memory allows 1.0 GB"), "{said}");
        assert!(policy(Some(3 * GIGABYTE))
            .within(18, 2 * GIGABYTE, Some(GIGABYTE))
            .is_ok());
    }

    #[test]
    fn documents_of_all_audits_count() {
        let policy = |most_in_total| AcceptPolicy {
            most_in_total,
            ..AcceptPolicy::default()
        };
        assert!(policy(None).require_total(u64::MAX, 1).is_ok());
        assert!(policy(Some(5)).require_total(3, 2).is_ok());
        let said = policy(Some(5)).require_total(3, 3).unwrap_err().to_string();
        assert!(
            said.contains("3 documents would come to the 3 that match in other audits, 5 may"),
            "{said}"
        );
    }
}
