//! What becomes of the money that a call sends: what it locks, what it pays, and when what comes back.
//!
//! The tables of the contracts' interfaces in words, by the call. What is in no table sends its money for good.

use crate::client::Call;
use alloy::primitives::Address;
use alloy::sol_types::SolCall;
use assay_protocol::abi::{IAccuracyMarket, ICredits, IModelRegistry, IPredictionMarket, IRetrievalMarket};
use assay_protocol::units::ether;
use serde::Serialize;

/// What becomes of the money that a call sends, in words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Money {
    /// What the contract holds for a time; `null` if nothing.
    pub locks: Option<&'static str>,
    /// What somebody else has for good; `null` if nothing.
    pub pays: Option<&'static str>,
    /// When what of it comes back; `null` if never.
    pub back: Option<&'static str>,
}

const STAKE: Money = Money {
    locks: Some("the stake"),
    pays: None,
    back: Some("what strikes leave of it, to the model's provider, once the model has left (assay mp exit) and the unbonding delay is over"),
};

/// What is sent, by the call's selector.
const SENT: [([u8; 4], Money); 11] = [
    (
        IAccuracyMarket::openCall::SELECTOR,
        Money {
            locks: Some("the deposit"),
            pays: Some("the fee once a provider accepts"),
            back: Some("what the result leaves of the deposit when the engagement closes; all of it if nobody accepts"),
        },
    ),
    (
        // An audit's has the same selector.
        IAccuracyMarket::acceptCall::SELECTOR,
        Money {
            locks: Some("the deposit, of an audit the bond"),
            pays: Some("the market's fee, which audits have not"),
            back: Some("the deposit or bond at the end, unless what is due by then is missing"),
        },
    ),
    (
        IAccuracyMarket::challengeCall::SELECTOR,
        Money {
            locks: None,
            pays: Some("for the proof, once it is there"),
            back: Some("if the engagement ends without it: assay mc reclaim"),
        },
    ),
    (
        IAccuracyMarket::demandFullCall::SELECTOR,
        Money {
            locks: Some("the price of the proofs that are missing"),
            pays: None,
            back: Some("what no proof has earned when the engagement closes"),
        },
    ),
    (
        IPredictionMarket::openCall::SELECTOR,
        Money {
            locks: Some("what contests and a publication may cost"),
            pays: Some("the price and the fee once a provider serves"),
            back: Some("what contests and a publication do not take when the round closes; all of it if nobody serves"),
        },
    ),
    (
        IPredictionMarket::serveCall::SELECTOR,
        Money {
            locks: Some("the deposit"),
            pays: Some("the fee"),
            back: Some("the deposit when the round closes, unless a contested prediction is not proven"),
        },
    ),
    (
        IPredictionMarket::contestCall::SELECTOR,
        Money {
            locks: None,
            pays: Some("the gas of the proofs, and of the deposit twice a proof's price for each prediction that is proven after all"),
            back: Some("what the base fee leaves of it, as credit; all of it if a proof is missing at the end"),
        },
    ),
    (
        IRetrievalMarket::requestCall::SELECTOR,
        Money {
            locks: None,
            pays: Some("the price if the responder accepts and answers"),
            back: Some("all of it if nobody accepts, or a proof or a delivery is missing at the end"),
        },
    ),
    (
        IRetrievalMarket::demandCall::SELECTOR,
        Money {
            locks: Some("what a publication may cost"),
            pays: None,
            back: Some("when the demand is settled, less half of what a publication has cost by then"),
        },
    ),
    (IModelRegistry::registerCall::SELECTOR, STAKE),
    (IModelRegistry::topUpCall::SELECTOR, STAKE),
];

/// What calls that send nothing give away of what a contract holds, by their selectors; those whose amounts are in the call are in
/// [`given`].
const GIVEN: [([u8; 4], &str); 4] = [
    (
        IAccuracyMarket::acceptResultCall::SELECTOR,
        "accepts the result: the provider has its deposit back and is paid as for a proven one, and nothing can be challenged after",
    ),
    (
        IAccuracyMarket::abortCall::SELECTOR,
        "gives up the payment of a success: the deposit comes back with what aborting pays, the fee does not",
    ),
    (
        IAccuracyMarket::concedeCall::SELECTOR,
        "gives the whole deposit to the consumer",
    ),
    (
        // An audit's has the same selector.
        IPredictionMarket::confirmCall::SELECTOR,
        "ends it as right: the other side has its deposit or bond back and its price, and nothing can be contested or demanded after",
    ),
];

/// What becomes of the money that this call sends; nothing is known of one that is in no table.
pub(crate) fn sent(call: &Call) -> Money {
    let selector = call.data.get(..4);
    let known = SENT.iter().find(|(known, _)| Some(&known[..]) == selector);
    known.map(|(_, money)| *money).unwrap_or_default()
}

/// Until when what a call offers can be accepted, Unix seconds; until somebody does, it can be taken back at any time.
pub(crate) fn acceptable_until(call: &Call) -> Option<u64> {
    let data = &call.data;
    let open = || Some(IAccuracyMarket::openCall::abi_decode(data).ok()?.terms.expiry);
    let round = || Some(IPredictionMarket::openCall::abi_decode(data).ok()?.terms.expiry);
    let request = || Some(IRetrievalMarket::requestCall::abi_decode(data).ok()?.t.expiry);
    open().or_else(round).or_else(request)
}

/// What a call gives away that is in a contract already; `None` if nothing, or only to who signs.
pub(crate) fn given(call: &Call, from: Address) -> Option<String> {
    let data = &call.data;
    if let Ok(split) = IAccuracyMarket::agreeCloseCall::abi_decode(data) {
        let [mc, mp] = [split.mcAmount, split.mpAmount].map(ether);
        return Some(format!(
            "offers to end it with {mc} for the consumer and {mp} for the provider"
        ));
    }
    if let Some((_, gives)) = GIVEN.iter().find(|(known, _)| data.get(..4) == Some(&known[..])) {
        return Some((*gives).to_owned());
    }
    let withdrawal = ICredits::withdrawCall::abi_decode(data).ok()?;
    (withdrawal.to != from).then(|| format!("pays the whole credit to {}", withdrawal.to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::{B256, U256};

    #[test]
    fn each_payable_call_is_in_the_table_once() {
        let selectors: std::collections::BTreeSet<_> = SENT.iter().map(|(selector, _)| selector).collect();
        assert_eq!(selectors.len(), SENT.len());
        // The one selector that two markets have.
        assert_eq!(
            IAccuracyMarket::acceptCall::SELECTOR,
            IRetrievalMarket::acceptCall::SELECTOR
        );
        for (_, money) in SENT {
            assert!(
                (money.locks.is_some() || money.pays.is_some()) && money.back.is_some(),
                "{money:?}"
            );
        }
    }

    #[test]
    fn a_call_without_value_may_give_money_away() {
        let own = Address::repeat_byte(1);
        let withdraw = |to| Call::new(Address::ZERO, &ICredits::withdrawCall { to });
        assert_eq!(given(&withdraw(own), own), None);
        let other = given(&withdraw(Address::repeat_byte(2)), own).unwrap();
        assert!(other.ends_with("0x0202020202020202020202020202020202020202"), "{other}");
        let split = IAccuracyMarket::agreeCloseCall {
            id: B256::ZERO,
            guard: B256::ZERO,
            mcAmount: U256::from(2_000_000_000_000_000_000u64),
            mpAmount: U256::ZERO,
        };
        let split = given(&Call::new(Address::ZERO, &split), own).unwrap();
        assert!(split.contains("2 ETH for the consumer"), "{split}");
        let cancel = IAccuracyMarket::cancelCall { id: B256::ZERO };
        assert_eq!(given(&Call::new(Address::ZERO, &cancel), own), None);
        // The one selector that two markets have.
        assert_eq!(
            IPredictionMarket::confirmCall::SELECTOR,
            IRetrievalMarket::confirmCall::SELECTOR
        );
        let (id, guard) = (B256::ZERO, B256::ZERO);
        let calls = [
            Call::new(Address::ZERO, &IAccuracyMarket::acceptResultCall { id, guard }),
            Call::new(Address::ZERO, &IAccuracyMarket::abortCall { id, guard }),
            Call::new(Address::ZERO, &IAccuracyMarket::concedeCall { id, guard }),
            Call::new(Address::ZERO, &IRetrievalMarket::confirmCall { id, guard }),
        ];
        let told: std::collections::BTreeSet<_> = calls.iter().filter_map(|call| given(call, own)).collect();
        assert_eq!(told.len(), calls.len());
    }
}
