//! How far the verifier of a model is known: what a consumer checks before it trusts it with its money, and what a reader
//! needs to know of a verdict.

use crate::instructions::instructions;
use crate::proving::reference_string::SrsUse;
use crate::proving::{load_arch, verifier_key};
use crate::verifier::code::{compiler, VerifierCode, VerifierDiffers};
use crate::verifier::record::{check_any, Determined, RecordMismatch};
use alloy::primitives::{keccak256, Address, Bytes, B256};
use assay_chain::client::Chain;
use assay_chain::error::{hinted, usage};
use assay_durable::report::Reporter;
use assay_protocol::abi::ModelRecord;
use assay_prover::proof::VerifierKey;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// How a model's verifier is judged.
#[derive(Debug, Clone)]
pub struct Trust {
    /// Architecture that the model claims to have: key and contract are made anew from it and compared.
    pub arch: Option<PathBuf>,
    /// The reference string that the key is made under.
    pub srs: SrsUse,
    /// Instead of comparing, trust a verifier with this code hash that was checked before; where no devnet is, `srs` names the
    /// reference string that it was checked under.
    pub trust_codehash: Option<B256>,
}

impl Trust {
    /// Compares with nothing.
    pub fn nobody() -> Self {
        Self {
            arch: None,
            srs: SrsUse::dev(),
            trust_codehash: None,
        }
    }
}

/// How far a verifier is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum VerifierGrade {
    /// Key, record and contract are what the architecture gives.
    #[serde(rename = "REPRODUCED")]
    Reproduced,
    /// It has a code hash that the reader trusts, and code that cannot change; of the record only what all architectures share is
    /// compared.
    #[serde(rename = "SAME CODE")]
    SameCode,
    /// Neither: proofs that it accepts may show nothing.
    #[serde(rename = "NOT CHECKED")]
    NotChecked,
}

impl fmt::Display for VerifierGrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reproduced => "REPRODUCED",
            Self::SameCode => "SAME CODE",
            Self::NotChecked => "NOT CHECKED",
        })
    }
}

/// The grade of a model's verifier, and what it rests on.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifierCheck {
    /// What all of it comes to.
    pub grade: VerifierGrade,
    /// Of the verifier contract, as registered.
    pub address: Address,
    /// As registered: the contracts ask no other code.
    pub codehash: B256,
    /// As registered.
    pub vk_digest: B256,
    /// As registered; the weights stay secret unless their provider opens them.
    pub weights_commit: B256,
    /// As registered.
    pub classes: u32,
    /// As registered, in the contract's words.
    pub metric: String,
    /// Why it is not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl VerifierCheck {
    /// Whether its proofs show what they state.
    pub fn is_known(&self) -> bool {
        self.grade != VerifierGrade::NotChecked
    }
}

impl fmt::Display for VerifierCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.grade, &self.why) {
            (VerifierGrade::Reproduced, _) => write!(f, "REPRODUCED from the architecture"),
            (VerifierGrade::SameCode, _) => write!(f, "SAME CODE as the hash you trust"),
            (grade, Some(why)) => write!(f, "{grade}: {why}"),
            (grade, None) => write!(f, "{grade}"),
        }
    }
}

/// What keeps a verifier from being known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Doubt {
    #[error("nothing to compare it with: give --arch FILE or --trust-codehash HASH")]
    NothingGiven,
    #[error("the code at {0} is not the one that was registered")]
    CodeChanged(Address),
    #[error("{0} is an account that delegates to other code (EIP-7702), which can change")]
    Delegated(Address),
    #[error("the code at {0} reads storage or runs other code in its own place: what it accepts can change")]
    Changeable(Address),
    #[error("the model's verifier has code hash {given}, not {trusted}")]
    OtherHash { given: B256, trusted: B256 },
    #[error(transparent)]
    Record(#[from] RecordMismatch),
    #[error(transparent)]
    Differs(#[from] VerifierDiffers),
}

impl Trust {
    /// Judges a model's verifier.
    ///
    /// # Errors
    /// If it cannot be judged; one that is not what it should be has a grade that says so.
    pub async fn judge(&self, chain: &Chain, record: &ModelRecord, out: &Reporter) -> eyre::Result<VerifierCheck> {
        let (grade, why) = match self.grade(chain, record, out).await? {
            Ok(grade) => (grade, None),
            Err(doubt) => (VerifierGrade::NotChecked, Some(doubt.to_string())),
        };
        Ok(VerifierCheck {
            grade,
            address: record.verifier,
            codehash: record.verifierCodehash,
            vk_digest: record.vkDigest,
            weights_commit: record.weightsCommit.into(),
            classes: record.classes,
            metric: format!("{:?}", record.metric),
            why,
        })
    }

    /// As [`Trust::judge`], for somebody whose money depends on it.
    ///
    /// # Errors
    /// If the verifier is not known.
    pub async fn require(&self, chain: &Chain, record: &ModelRecord, out: &Reporter) -> eyre::Result<VerifierGrade> {
        self.require_given()?;
        self.grade(chain, record, out).await?.map_err(|doubt| {
            hinted(
                doubt.to_string(),
                "do not trust it; check --arch and --srs, or ask the provider how it was generated",
            )
        })
    }

    /// # Errors
    /// If there is nothing to judge a verifier by.
    pub fn require_given(&self) -> eyre::Result<()> {
        if self.arch.is_none() && self.trust_codehash.is_none() {
            return Err(usage("--arch or --trust-codehash is needed to judge the verifier"));
        }
        Ok(())
    }

    async fn grade(
        &self,
        chain: &Chain,
        record: &ModelRecord,
        out: &Reporter,
    ) -> eyre::Result<Result<VerifierGrade, Doubt>> {
        let code = match own_code(chain, record).await? {
            Ok(code) => code,
            Err(doubt) => return Ok(Err(doubt)),
        };
        if let Some(path) = &self.arch {
            let frozen = load_arch(path)?;
            let string = self.srs.load(chain, frozen.layout.k, out)?;
            let key = verifier_key(&frozen, string, out)?;
            if let Err(mismatch) = Determined::by_key(&key)?.check(record) {
                return Ok(Err(mismatch.into()));
            }
            let compared = compare(chain, record, &key, out).await?;
            return Ok(compared.map(|()| VerifierGrade::Reproduced));
        }
        Ok(match self.trust_codehash {
            None => Err(Doubt::NothingGiven),
            Some(trusted) if trusted != record.verifierCodehash => Err(Doubt::OtherHash {
                given: record.verifierCodehash,
                trusted,
            }),
            Some(_) if is_changeable(&code) => Err(Doubt::Changeable(record.verifier)),
            Some(_) => {
                self.srs.check_code(chain, &code, out)?;
                check_any(record).map(|()| VerifierGrade::SameCode).map_err(Doubt::from)
            }
        })
    }
}

/// The code of a model's verifier, if it is the registered one and its own.
async fn own_code(chain: &Chain, record: &ModelRecord) -> eyre::Result<Result<Bytes, Doubt>> {
    let code = chain.code(record.verifier).await?;
    Ok(if keccak256(&code) != record.verifierCodehash {
        Err(Doubt::CodeChanged(record.verifier))
    } else if is_delegated(&code) {
        Err(Doubt::Delegated(record.verifier))
    } else {
        Ok(code)
    })
}

/// Whether a model's verifier is the one of this key.
pub(crate) async fn compare(
    chain: &Chain,
    record: &ModelRecord,
    key: &VerifierKey,
    out: &Reporter,
) -> eyre::Result<Result<(), Doubt>> {
    if let Err(doubt) = own_code(chain, record).await? {
        return Ok(Err(doubt));
    }
    let made = VerifierCode::generate(key, compiler, out)?;
    Ok(made.compare(chain, record.verifier).await?.map_err(Doubt::from))
}

/// Whether this is the code of an account that runs other code as its own (EIP-7702).
fn is_delegated(code: &[u8]) -> bool {
    code.starts_with(&[0xef, 0x01, 0x00])
}

/// Whether what code answers may depend on what can change: any SLOAD, DELEGATECALL or CALLCODE among its instructions. No
/// generated verifier has one.
fn is_changeable(code: &[u8]) -> bool {
    const SLOAD: u8 = 0x54;
    const CALLCODE: u8 = 0xf2;
    const DELEGATECALL: u8 = 0xf4;
    instructions(code).any(|instruction| matches!(instruction.opcode, SLOAD | CALLCODE | DELEGATECALL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delegations_and_proxies_are_told_from_other_code() {
        let delegation = hex::decode("ef01005fbdb2315678afecb367f032d93f642f64180aa3").unwrap();
        assert!(is_delegated(&delegation));
        // EIP-1167.
        let proxy = "363d3d373d3d3d363d735fbdb2315678afecb367f032d93f642f64180aa35af43d82803e903d91602b57fd5bf3";
        let proxy = hex::decode(proxy).unwrap();
        assert!(is_changeable(&proxy) && !is_delegated(&proxy));
        // PUSH1 0xf4, PUSH2 0xf2f4, STOP: data, not instructions.
        assert!(!is_changeable(&[0x60, 0xf4, 0x61, 0xf2, 0xf4, 0x00]));
        assert!(is_changeable(&[0x60, 0x00, 0xf2]));
        // PUSH0, SLOAD.
        assert!(is_changeable(&[0x5f, 0x54]));
        assert!(!is_changeable(&[]));
    }
}
