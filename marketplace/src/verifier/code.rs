//! The verifier contract of an architecture: generated, compiled, deployed, and compared with what is on chain.

use crate::engagement::Sent;
use crate::instructions::instructions;
use crate::verifier::known;
use crate::verifier::record::metric_of;
use alloy::primitives::{keccak256, Address, Bytes, B256};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use assay_chain::account::Account;
use assay_chain::address_book::VerifierEntry;
use assay_chain::client::{Call, Chain};
use assay_chain::error::{hinted, hinted_because};
use assay_chain::journal::Journal;
use assay_chain::packages;
use assay_durable::report::Reporter;
use assay_prover::circuit::{FrozenArchitecture, KeyShape};
use assay_prover::proof::VerifierKey;
use assay_statement::{instance, statement};
use assay_verifier_gen::evm::{Compiled, Compiler, Evm, SOLC_VERSION};
use assay_verifier_gen::{CallWords, Generated, Interface, KzgKey, VerifierSpec, MAX_CODE_LEN};
use eyre::WrapErr;

pub(crate) const CONTRACT: &str = "AssayVerifier";
/// What makes it again.
const COMMAND: &str = "assay mp deploy-verifier";
/// What the market calls a verifier with.
const WORDS: CallWords = CallWords {
    notice: "Checks a proof for one of the market's models.",
    names: &statement::CALL_WORDS,
    hash: statement::WEIGHTS_WORD,
};

/// The verifier contract that the market takes for this key; `command` makes it again.
///
/// # Errors
/// If the key's proofs are none for a market, see [`metric_of`].
pub fn spec<'a>(key: &'a VerifierKey, contract_name: &'a str, command: &'a str) -> eyre::Result<VerifierSpec<'a>> {
    Ok(VerifierSpec {
        vk: key.verifying_key(),
        kzg: KzgKey::from(key.srs().params()),
        num_instances: instance::COUNT,
        interface: interface(&key.compiled().frozen)?,
        contract_name,
        command,
    })
}

/// The contract for a key that is not there yet: to be counted, not made.
///
/// # Errors
/// As [`spec`].
pub(crate) fn planned_spec<'a>(shape: &'a KeyShape, frozen: &FrozenArchitecture) -> eyre::Result<VerifierSpec<'a>> {
    Ok(VerifierSpec {
        vk: shape.verifying_key(),
        kzg: KzgKey::of_generators(),
        num_instances: instance::COUNT,
        interface: interface(frozen)?,
        contract_name: CONTRACT,
        command: COMMAND,
    })
}

/// The verifier's source, before there is a key: that of the key, as it follows from the constraint system.
///
/// # Errors
/// If there is no contract for the architecture.
pub(crate) fn planned_source(frozen: &FrozenArchitecture) -> eyre::Result<String> {
    let shape = KeyShape::of(frozen);
    Ok(planned_spec(&shape, frozen)?.generate()?.verifier_source)
}

/// Whether the verifier of an architecture can be made here: said before a key is, which may take minutes.
///
/// # Errors
/// If there is no contract for it, or it has to be compiled and the compiler is nowhere.
pub fn require_makeable(frozen: &FrozenArchitecture) -> eyre::Result<()> {
    match known::compiled(&planned_source(frozen)?) {
        Some(_) => Ok(()),
        None => compiler().map(|_| ()),
    }
}

fn interface(frozen: &FrozenArchitecture) -> eyre::Result<Interface> {
    metric_of(frozen.architecture.output)?;
    Ok(Interface::Bound {
        words: WORDS,
        leading_points: frozen.layout.weight_columns,
    })
}

/// The compiler of this release, wherever npm installed it: it is told by its hash, so that it does not matter where.
///
/// # Errors
/// If it is nowhere, with the command that installs it.
pub fn compiler() -> eyre::Result<Compiler> {
    Compiler::among(&packages::folders()).map_err(|error| {
        let hint = format!("run: npm install solc@{SOLC_VERSION}");
        hinted_because(error.into(), "verifier contracts cannot be compiled here", hint)
    })
}

/// The two contracts of one verifying key.
#[derive(Debug)]
pub struct VerifierCode {
    /// The Solidity.
    pub generated: Generated,
    /// By this release's compiler, see `foundry.toml`.
    pub compiled: Compiled,
    /// As registered.
    pub vk_digest: B256,
}

impl VerifierCode {
    /// Generates the Solidity and compiles it, where it is not on record what comes of it.
    ///
    /// # Errors
    /// If the key's proofs are none for a market, see [`metric_of`], or there is no contract for it; where a compiler is needed, those of
    /// `compiler`.
    pub fn generate(
        key: &VerifierKey,
        compiler: impl FnOnce() -> eyre::Result<Compiler>,
        out: &Reporter,
    ) -> eyre::Result<Self> {
        let spec = spec(key, CONTRACT, COMMAND)?;
        let _bar = out.bar("generating the verifier contract", 0);
        let generated = spec.generate()?;
        let compiled = match known::compiled(&generated.verifier_source) {
            Some(known) => known,
            None => compiler()?
                .compile(&generated.verifier_source, CONTRACT)
                .wrap_err("cannot compile the verifier contract")?,
        };
        for (name, len) in [
            ("verifier", compiled.runtime_len),
            ("key data", generated.vk_data.len()),
        ] {
            eyre::ensure!(
                len <= MAX_CODE_LEN,
                "the {name} contract has {len} bytes of code, a chain takes {MAX_CODE_LEN}"
            );
        }
        Ok(Self {
            generated,
            compiled,
            vk_digest: key.vk_digest().into(),
        })
    }

    fn initcode(&self, vk_data: Address) -> Bytes {
        let mut code = self.compiled.initcode.clone();
        code.extend(self.generated.constructor_args(vk_data.into_array()));
        code.into()
    }

    /// Deploys both contracts, once per journal; says what each transaction cost.
    pub async fn deploy(
        &self,
        account: &Account,
        journal: &mut Journal,
        out: &Reporter,
    ) -> eyre::Result<(VerifierEntry, Vec<Sent>)> {
        // Named by what is created: contracts that another version of this program made of the same key are others.
        let named = |what: &str, call: &Call| format!("{what}-{}", hex::encode(&keccak256(&call.data)[..8]));
        let data_call = Call::create(self.generated.vk_data_initcode().into());
        let data_receipt = account
            .send(journal, &named("vk-data", &data_call), &data_call, out)
            .await?;
        let vk_data = created(&data_receipt)?;
        let call = Call::create(self.initcode(vk_data));
        let receipt = account.send(journal, &named("verifier", &call), &call, out).await?;
        let address = created(&receipt)?;
        let entry = VerifierEntry {
            address,
            codehash: keccak256(account.chain.provider.get_code_at(address).await?),
            vk_data,
            vk_digest: self.vk_digest,
        };
        Ok((entry, vec![Sent::from(&data_receipt), Sent::from(&receipt)]))
    }

    /// keccak256 of what the creation code leaves behind where the key's data are at `vk_data`: found out here, without a node.
    ///
    /// # Errors
    /// If it leaves nothing.
    pub fn code_hash(&self, vk_data: Address) -> eyre::Result<B256> {
        let mut machine = Evm::new().with_code(vk_data.into_array(), &self.generated.vk_data);
        let deployed = machine.deploy(&self.initcode(vk_data));
        Ok(deployed
            .wrap_err("cannot create the verifier contract")?
            .code_hash
            .into())
    }

    /// Compares the contract at `verifier` with what this key generates.
    ///
    /// The key's data lies in a second contract whose address is part of the verifier's code: it is found there by its
    /// code hash, and the expected code is what the creation code leaves behind with that address.
    ///
    /// # Errors
    /// If the node does not answer; inside, if any byte differs.
    pub async fn compare(&self, chain: &Chain, verifier: Address) -> eyre::Result<Result<(), VerifierDiffers>> {
        let code = chain.code(verifier).await?;
        let data_hash: B256 = self.generated.manifest.vk_data_codehash.parse().wrap_err("manifest")?;
        for vk_data in addresses_in(&code) {
            if keccak256(chain.code(vk_data).await?) != data_hash {
                continue;
            }
            let request = TransactionRequest::default().input(self.initcode(vk_data).into());
            let mut request = request;
            request.to = Some(alloy::primitives::TxKind::Create);
            if chain.provider.call(request).block(chain.at()).await? == code {
                return Ok(Ok(()));
            }
            break;
        }
        Ok(Err(VerifierDiffers(verifier)))
    }

    /// As [`VerifierCode::compare`].
    ///
    /// # Errors
    /// If any byte differs.
    pub async fn check(&self, chain: &Chain, verifier: Address) -> eyre::Result<()> {
        self.compare(chain, verifier).await?.map_err(|differs| {
            hinted(
                differs.to_string(),
                "do not trust it; check --arch and --srs, or ask the provider how it was generated",
            )
        })
    }
}

/// A contract that is not what an architecture gives.
#[derive(Debug, thiserror::Error)]
#[error("the contract at {0} is not the verifier of this architecture and reference string")]
pub struct VerifierDiffers(Address);

fn created(receipt: &alloy::rpc::types::TransactionReceipt) -> eyre::Result<Address> {
    receipt
        .contract_address
        .ok_or_else(|| eyre::eyre!("transaction {} created no contract", receipt.transaction_hash))
}

/// keccak256 of the contract with the data of this key.
///
/// # Errors
/// If the key's proofs are none for a market, see [`metric_of`].
pub(crate) fn key_data_hash(key: &VerifierKey) -> eyre::Result<B256> {
    let generated = spec(key, CONTRACT, COMMAND)?.generate()?;
    generated.manifest.vk_data_codehash.parse().wrap_err("manifest")
}

/// Addresses that code pushes as a 32-byte word, as the compiler writes immutables.
pub(crate) fn addresses_in(code: &[u8]) -> Vec<Address> {
    let words = instructions(code).filter(|i| i.data.len() == 32 && i.data[..12] == [0; 12]);
    let mut found: Vec<Address> = words.map(|word| Address::from_slice(&word.data[12..])).collect();
    found.dedup();
    found
}
