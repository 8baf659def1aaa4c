//! I9 of an audit of a corpus.

use super::condition::Condition;
use super::costs::Costs;
use crate::audits::{fair_price, hiding_factor};
use crate::error::Error;
use crate::words::number;

/// An audit of a corpus; amounts in ether.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AuditCase {
    /// z: documents that were answered with no.
    pub zeros: u64,
    /// n: how many of them are proven.
    pub samples: u64,
    /// R: documents that could be hidden.
    pub hidden: u64,
    /// v: what hiding one is worth.
    pub value: f64,
    /// b: the responder's bond.
    pub bond: f64,
    /// π: what the responder is paid.
    pub price: f64,
    /// Of proofs and gas.
    pub costs: Costs,
}

/// I9: hiding does not pay, and answering does.
///
/// # Errors
/// If the counts do not go together.
pub fn audit(case: &AuditCase) -> Result<Vec<Condition>, Error> {
    let bond = case.value * hiding_factor(case.zeros, case.hidden, case.samples)?;
    let price = fair_price(case.samples, case.costs.compute() + case.costs.answer());
    let about = |verb: &str| {
        format!(
            "hiding up to {} of {} documents {verb} when {} are proven: a bond of {} ETH deters it",
            case.hidden,
            case.zeros,
            case.samples,
            number(bond)
        )
    };
    let paid = |verb: &str| {
        format!(
            "the responder {verb}: π {} ETH, its proofs {} ETH",
            number(case.price),
            number(price)
        )
    };
    Ok(vec![
        Condition::at_least("I9 bond", case.bond, bond, [about("does not pay"), about("pays")]),
        Condition::at_least("I9 price", case.price, price, [paid("does not lose"), paid("loses")]),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::condition::failing;
    use super::super::costs::of_the_page;
    use super::*;

    #[test]
    fn every_audit_condition_fails_where_it_should() {
        let good = AuditCase {
            zeros: 9900,
            samples: 299,
            hidden: 100,
            value: 1.0,
            bond: 105.0,
            price: 1.0,
            costs: of_the_page(),
        };
        let fails = |case: AuditCase| failing(&audit(&case).unwrap());
        assert_eq!(fails(good), "");
        assert_eq!(fails(AuditCase { bond: 104.8, ..good }), "I9 bond");
        assert_eq!(fails(AuditCase { price: 0.4, ..good }), "I9 price");
        assert!(audit(&AuditCase { hidden: 9901, ..good }).is_err());
    }
}
