//! What a transaction may cost: what the node says about fees, within limits that are not the node's.

use crate::error::Hinted;
use alloy::primitives::utils::Unit;
use alloy::primitives::U256;
use assay_protocol::units::{about_ether, decimal, grouped, rounded_up};

const GWEI: u128 = 1_000_000_000;

/// Most that whoever makes a block gets per gas unless told otherwise: far above what gets a transaction into a block on an
/// ordinary day. A transaction that takes another one's place has to outbid its tip, which may have been this already: it may
/// give twice as much.
const DEFAULT_MAX_TIP: u128 = 5 * GWEI;

/// Most that gas may cost unless told otherwise: this price of all of it, or this part of what the transaction sends if that is
/// more. Calls that send nothing have a deposit behind them that only the contracts know: hence a price, which days of high fees
/// keep below.
const DEFAULT_MAX_PRICE: u128 = 250 * GWEI;
const DEFAULT_MAX_PART: u128 = 10;

/// What transactions may cost; where nothing is told, the defaults hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct FeeLimits {
    /// Most to pay per gas, wei.
    pub max_fee: Option<u128>,
    /// Most of it that is for whoever makes the block, wei per gas.
    pub max_priority_fee: Option<u128>,
    /// Most that the gas of one transaction may cost, wei.
    pub max_cost: Option<u128>,
}

/// Wei per gas.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fees {
    pub(super) max_fee: u128,
    /// The part of it for whoever makes the block.
    pub(super) tip: u128,
}

/// What a node says about fees, wei per gas.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quote {
    /// Of the newest block.
    pub(super) base: u128,
    pub(super) tip: u128,
}

/// Gas costs more now than it may. Later it may not.
#[derive(Debug, thiserror::Error)]
#[error("gas is too dear")]
pub struct TooDear {
    source: Hinted,
}

impl TooDear {
    /// `error` says what gas costs and what it may cost, `hint` which option allows more.
    pub fn new(error: String, hint: String) -> Self {
        let source = Hinted {
            error,
            hint,
            cause: None,
        };
        Self { source }
    }
}

impl FeeLimits {
    /// The fees of a transaction of at most so much gas that sends `value_wei`: twice the base fee and the tip, so that it
    /// stays acceptable while fees rise, or less where the limits ask for it and the next block still takes it. No less than
    /// `floor`.
    ///
    /// # Errors
    /// If the limits do not allow what the next block, or the floor, asks for.
    pub(super) fn fees(&self, quote: Quote, floor: Fees, gas: u64, value_wei: u128) -> Result<Fees, TooDear> {
        let max_tip = self.max_priority_fee.unwrap_or(DEFAULT_MAX_TIP);
        let max_replacing_tip = max_tip.saturating_mul(2);
        let tip = quote.tip.min(max_tip).max(floor.tip);
        if tip > max_replacing_tip {
            return Err(TooDear::new(
                format!(
                    "to take the place of one that no block took, the transaction has to give {} per gas to whoever makes the \
                     block: twice --max-priority-fee is {}",
                    in_gwei(tip),
                    in_gwei(max_replacing_tip)
                ),
                "repeat the command when a block has taken that one, or raise --max-priority-fee".into(),
            ));
        }
        let least = quote.base.saturating_add(tip).max(floor.max_fee);
        let wanted = quote.base.saturating_mul(2).saturating_add(tip).max(floor.max_fee);
        if let Some(max_fee) = self.max_fee.filter(|max_fee| *max_fee < least) {
            return Err(TooDear::new(
                format!(
                    "the transaction has to offer {} per gas, --max-fee is {}",
                    in_gwei(least),
                    in_gwei(max_fee)
                ),
                "wait until fees fall, or raise --max-fee".into(),
            ));
        }
        let cost = |fee: u128| fee.saturating_mul(gas.into());
        let default = cost(DEFAULT_MAX_PRICE).max(value_wei / DEFAULT_MAX_PART);
        let max_cost = self.max_cost.unwrap_or(default);
        if cost(least) > max_cost {
            let allowed = about_ether(U256::from(max_cost));
            let allowed = match self.max_cost {
                Some(_) => format!("--max-cost is {allowed}"),
                None => format!(
                    "{allowed} is allowed, {} per gas or a tenth of what the transaction sends",
                    in_gwei(DEFAULT_MAX_PRICE)
                ),
            };
            let room = decimal(rounded_up(U256::from(cost(wanted)), 3), Unit::ETHER);
            return Err(TooDear::new(
                format!(
                    "gas would cost up to {} ({} gas at {}): {allowed}",
                    about_ether(U256::from(cost(least))),
                    grouped(gas),
                    in_gwei(least)
                ),
                format!("wait until fees fall, or allow it, with room for fees that rise: --max-cost {room}"),
            ));
        }
        let max_fee = self.max_fee.unwrap_or(u128::MAX).min(max_cost / u128::from(gas.max(1)));
        Ok(Fees {
            max_fee: wanted.min(max_fee),
            tip,
        })
    }
}

fn in_gwei(wei: u128) -> String {
    format!("{} gwei", decimal(rounded_up(U256::from(wei), 6), Unit::GWEI))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAS: u64 = 200_000;
    const NONE: Fees = Fees { max_fee: 0, tip: 0 };
    const ETHER: u128 = GWEI * GWEI;

    fn quote(base: u128, tip: u128) -> Quote {
        Quote {
            base: base * GWEI,
            tip: tip * GWEI,
        }
    }

    fn fees(max_fee: u128, tip: u128) -> Fees {
        Fees {
            max_fee: max_fee * GWEI,
            tip: tip * GWEI,
        }
    }

    fn refusal(result: Result<Fees, TooDear>) -> String {
        let source = result.unwrap_err().source;
        format!("{}; {}", source.error, source.hint)
    }

    #[test]
    fn fees_follow_the_base_fee_and_a_bounded_tip() {
        let limits = FeeLimits::default();
        assert_eq!(limits.fees(quote(20, 1), NONE, GAS, 0).unwrap(), fees(41, 1));
        assert_eq!(limits.fees(quote(20, 50_000), NONE, GAS, 0).unwrap(), fees(45, 5));
        let told = FeeLimits {
            max_priority_fee: Some(2 * GWEI),
            ..limits
        };
        assert_eq!(told.fees(quote(20, 50_000), NONE, GAS, 0).unwrap(), fees(42, 2));
        let lie = Quote {
            base: u128::MAX,
            tip: u128::MAX,
        };
        assert!(limits.fees(lie, NONE, u64::MAX, u128::MAX).is_err());
    }

    #[test]
    fn without_limits_gas_costs_a_price_or_a_tenth_of_what_is_sent() {
        let limits = FeeLimits::default();
        // Less room for fees that rise, but the next block takes it.
        assert_eq!(limits.fees(quote(200, 1), NONE, GAS, 0).unwrap(), fees(250, 1));
        assert_eq!(limits.fees(quote(249, 1), NONE, GAS, 0).unwrap(), fees(250, 1));
        assert!(limits.fees(quote(250, 1), NONE, GAS, 0).is_err());
        // 0.1 ETH for 200,000 gas.
        assert_eq!(limits.fees(quote(250, 1), NONE, GAS, ETHER).unwrap(), fees(500, 1));
        assert!(limits.fees(quote(500, 1), NONE, GAS, ETHER).is_err());
    }

    #[test]
    fn a_refusal_says_what_gas_would_cost_and_how_to_allow_it() {
        let limits = FeeLimits::default();
        let said = refusal(limits.fees(quote(100_000, 0), NONE, 187_900, 41 * ETHER / 1000));
        assert_eq!(
            said,
            "gas would cost up to 18.79 ETH (187,900 gas at 100000 gwei): 0.04698 ETH is allowed, 250 gwei per gas or a tenth \
             of what the transaction sends; wait until fees fall, or allow it, with room for fees that rise: --max-cost 37.6"
        );
        let told = |max_cost| FeeLimits {
            max_cost: Some(max_cost),
            ..limits
        };
        let allowed = told(376 * ETHER / 10)
            .fees(quote(100_000, 0), NONE, 187_900, 0)
            .unwrap();
        assert_eq!(allowed, fees(200_000, 0));
        let said = refusal(told(ETHER / 1000).fees(quote(20, 1), NONE, GAS, ETHER));
        assert!(
            said.contains("0.0042 ETH") && said.contains("--max-cost is 0.001 ETH"),
            "{said}"
        );
    }

    #[test]
    fn a_fee_that_was_told_is_a_bound_as_long_as_the_next_block_takes_it() {
        let told = |max_fee| FeeLimits {
            max_fee: Some(max_fee * GWEI),
            ..FeeLimits::default()
        };
        assert_eq!(told(30).fees(quote(20, 1), NONE, GAS, 0).unwrap(), fees(30, 1));
        assert_eq!(told(21).fees(quote(20, 1), NONE, GAS, 0).unwrap(), fees(21, 1));
        let said = refusal(told(20).fees(quote(20, 1), NONE, GAS, 0));
        assert!(
            said.contains("has to offer 21 gwei per gas, --max-fee is 20 gwei"),
            "{said}"
        );
        // It does not lift the default.
        assert!(told(9_000).fees(quote(4_000, 1), NONE, GAS, 0).is_err());
    }

    #[test]
    fn replacements_outbid_within_the_same_limits() {
        let limits = FeeLimits::default();
        let outbid = |floor, base| limits.fees(quote(base, 1), floor, GAS, 0);
        assert_eq!(outbid(fees(60, 6), 20).unwrap(), fees(60, 6));
        assert_eq!(outbid(fees(40, 10), 20).unwrap(), fees(50, 10));
        assert!(refusal(outbid(fees(60, 11), 20))
            .contains("11 gwei per gas to whoever makes the block: twice --max-priority-fee is 10 gwei"));
        assert!(refusal(outbid(fees(251, 6), 20)).contains("(200,000 gas at 251 gwei)"));
        let told = FeeLimits {
            max_fee: Some(59 * GWEI),
            ..limits
        };
        assert!(refusal(told.fees(quote(20, 1), fees(60, 6), GAS, 0)).contains("--max-fee is 59 gwei"));
    }
}
