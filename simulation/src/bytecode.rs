//! The contracts' creation code, as forge compiled it.

use crate::error::Error;
use alloy::primitives::{address, Address, Bytes};
use std::collections::BTreeMap;

/// Who deploys: its addresses are known beforehand, so that registry and markets can name each other.
pub(crate) const DEPLOYER: Address = address!("00000000000000000000000000000000000000d0");

/// Without parameters, in the order in which they are created.
pub(crate) const SHARED: [&str; 5] = [
    "PoseidonT4",
    "TransferJudge",
    "PublishedTransfers",
    "ProofJudge",
    "OutputJudge",
];

/// With parameters, created after the shared ones and the verifier, in this order.
pub(crate) const MARKETPLACE: [&str; 3] = ["ModelRegistry", "AccuracyMarket", "PredictionMarket"];

/// What audits need beside the shared ones, without parameters, created after the marketplace.
pub(crate) const AUDITING: [&str; 3] = ["CorpusRegistry", "DocumentJudge", "SharedKeyJudge"];

/// The market of audits, created last, with parameters.
pub(crate) const RETRIEVAL: &str = "RetrievalMarket";

/// Creation code by contract, linked, without constructor arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bytecode(BTreeMap<&'static str, Bytes>);

impl Bytecode {
    /// Asks `load` for every contract by name, with the libraries that it may be linked to.
    ///
    /// # Errors
    /// If `load` has one.
    pub fn load<E: std::fmt::Display>(
        mut load: impl FnMut(&str, &[(&str, Address)]) -> Result<Bytes, E>,
    ) -> Result<Self, Error> {
        let poseidon = [("PoseidonT4", DEPLOYER.create(0))];
        let names = SHARED.into_iter().chain(MARKETPLACE).chain(AUDITING).chain([RETRIEVAL]);
        let codes = names.map(|contract| {
            let code = load(contract, &poseidon).map_err(|error| Error::Code {
                contract,
                reason: error.to_string(),
            })?;
            Ok((contract, code))
        });
        codes.collect::<Result<_, _>>().map(Self)
    }

    /// The contracts with their code, by name.
    pub fn contracts(&self) -> impl Iterator<Item = (&'static str, &Bytes)> {
        self.0.iter().map(|(name, code)| (*name, code))
    }

    pub(crate) fn of(&self, contract: &'static str) -> Result<&Bytes, Error> {
        self.0.get(contract).ok_or(Error::Code {
            contract,
            reason: "it was never asked for".into(),
        })
    }
}
