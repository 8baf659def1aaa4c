//! Compiles contracts with the pinned solc and runs them in an in-process EVM, with mainnet's limits.
//!
//! For tests, benchmarks, and for whoever compares a verifier without a node. Rules and prices are those of the Osaka fork; code size is limited by EIP-170 unless a
//! test raises the limit on purpose.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use revm::{
    context::{result::ExecutionResult, result::Output, ContextTr, TxEnv},
    database::InMemoryDB,
    handler::{MainnetContext, MainnetEvm},
    primitives::{hardfork::SpecId, Address, TxKind},
    state::{AccountInfo, Bytecode},
    Context, ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext,
};
use serde_json::{json, Value};
use sha2::Sha256;
use sha3::{Digest, Keccak256};
use thiserror::Error;

use crate::generated::Generated;

/// Gas for deployments and for calls without a limit of their own: the cap of a transaction (EIP-7825).
pub const MAX_GAS: u64 = 1 << 24;

#[derive(Debug, Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum EvmError {
    #[error(
        "solc {SOLC_VERSION}, the compiler of this release, is not installed; run: npm install solc@{SOLC_VERSION}"
    )]
    NoSolc,
    #[error(
        "{path} is not the compiler of this release: its SHA-256 is {got}, that of solc {SOLC_VERSION} is {SOLC_SHA256}; run: npm \
         install solc@{SOLC_VERSION}"
    )]
    OtherSolc { path: PathBuf, got: String },
    #[error("cannot read the compiler {path}")]
    ReadSolc { path: PathBuf, source: std::io::Error },
    #[error("cannot run node, which solc needs")]
    RunSolc(#[source] std::io::Error),
    #[error("solc failed: {stderr}")]
    SolcFailed { stderr: String },
    #[error("solc answered with something else than JSON")]
    SolcAnswer(#[from] serde_json::Error),
    #[error("solc refused the source:\n{messages}")]
    Compile { messages: String },
    #[error("the source has no contract {contract}")]
    NoContract { contract: String },
    #[error("deployment failed: {reason}")]
    Deploy { reason: String },
    #[error("not a valid transaction: {reason}")]
    Transaction { reason: String },
}

/// The compiler of this release, as `package.json` names it.
pub const SOLC_VERSION: &str = "0.8.37";
/// SHA-256 of its `soljson.js`, in hexadecimal: the compiler is this file and nothing beside it. Another one could give other code,
/// and a verifier that accepts anything would compare as the right one.
pub const SOLC_SHA256: &str = "221d7a667378b5068d913e75fe092507e061363cd1d23b64c49ae82febabad4c";

/// The compiler that npm installed, with the settings of `foundry.toml`. Of what lies beside it nothing is run.
#[derive(Clone, Debug)]
pub struct Compiler {
    soljson: PathBuf,
}

/// What node runs: the compiler and its input come on standard input, so that what runs is what was hashed.
const RUN: &str = "\
const { readFileSync, writeSync } = require('fs');
const all = readFileSync(0);
const end = 8 + Number(all.readBigUInt64BE(0));
const solc = new module.constructor();
solc._compile(all.toString('utf8', 8, end), 'soljson.js');
// Its runtime installs handlers that would hide errors.
process.removeAllListeners('uncaughtException');
const compile = solc.exports.cwrap('solidity_compile', 'string', ['string', 'number', 'number']);
const answer = Buffer.from(compile(all.toString('utf8', end), 0, 0));
for (let at = 0; at < answer.length;) {
  try { at += writeSync(1, answer, at); } catch (e) { if (e.code !== 'EAGAIN') throw e; }
}
";

/// A compiled contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// Deployment code, without constructor arguments.
    pub initcode: Vec<u8>,
    /// Bytes of the code that deployment leaves behind.
    pub runtime_len: usize,
}

impl Compiler {
    /// The compiler in the packages of the repository at `root`.
    ///
    /// # Errors
    /// If there is none, or another one than this release's.
    pub fn in_repo(root: &Path) -> Result<Self, EvmError> {
        Self::among(&[root.join("node_modules")])
    }

    /// The compiler of this release in the first of these `node_modules` folders that has it.
    ///
    /// # Errors
    /// If none has one, or only another one than this release's.
    pub fn among(folders: &[PathBuf]) -> Result<Self, EvmError> {
        let files = folders.iter().map(|folder| folder.join("solc/soljson.js"));
        let mut refused = EvmError::NoSolc;
        for soljson in files.filter(|file| file.is_file()) {
            let compiler = Self { soljson };
            match compiler.read() {
                Ok(_) => return Ok(compiler),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// The compiler's file, if it is that of this release.
    ///
    /// # Errors
    /// [`EvmError::ReadSolc`], and [`EvmError::OtherSolc`] with both hashes.
    fn read(&self) -> Result<Vec<u8>, EvmError> {
        let path = || self.soljson.clone();
        let solc = std::fs::read(&self.soljson).map_err(|source| EvmError::ReadSolc { path: path(), source })?;
        let got = hex::encode(Sha256::digest(&solc));
        match got == SOLC_SHA256 {
            true => Ok(solc),
            false => Err(EvmError::OtherSolc { path: path(), got }),
        }
    }

    /// Compiles one contract of a self-contained source, with the optimizer on.
    pub fn compile(&self, source: &str, contract: &str) -> Result<Compiled, EvmError> {
        self.compile_with(source, contract, true)
    }

    /// The same with the optimizer on or off.
    pub fn compile_with(&self, source: &str, contract: &str, optimize: bool) -> Result<Compiled, EvmError> {
        let input = json!({
            "language": "Solidity",
            "sources": { "source.sol": { "content": source } },
            "settings": {
                "optimizer": { "enabled": optimize, "runs": 200 },
                "evmVersion": "cancun",
                "viaIR": false,
                "metadata": { "bytecodeHash": "none", "appendCBOR": false },
                "outputSelection": { "*": { "*": ["evm.bytecode.object", "evm.deployedBytecode.object"] } },
            },
        });
        let answer = self.run(&input)?;
        let messages: Vec<&str> = answer["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|message| message["severity"] == "error")
            .filter_map(|message| message["formattedMessage"].as_str())
            .collect();
        if !messages.is_empty() {
            return Err(EvmError::Compile {
                messages: messages.join("\n"),
            });
        }
        let evm = &answer["contracts"]["source.sol"][contract]["evm"];
        let code = |which: &str| evm[which]["object"].as_str().and_then(|text| hex::decode(text).ok());
        match (code("bytecode"), code("deployedBytecode")) {
            (Some(initcode), Some(runtime)) => Ok(Compiled {
                initcode,
                runtime_len: runtime.len(),
            }),
            _ => Err(EvmError::NoContract {
                contract: contract.into(),
            }),
        }
    }

    fn run(&self, input: &Value) -> Result<Value, EvmError> {
        let solc = self.read()?;
        let mut child = Command::new("node")
            .args(["-e", RUN])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(EvmError::RunSolc)?;
        // The input is read to its end before any output is written, so this cannot block; a child that dies early
        // closes the pipe, and its exit status says why.
        if let Some(mut stdin) = child.stdin.take() {
            let length = (solc.len() as u64).to_be_bytes();
            for part in [&length[..], &solc, input.to_string().as_bytes()] {
                let _ = stdin.write_all(part);
            }
        }
        let output = child.wait_with_output().map_err(EvmError::RunSolc)?;
        if !output.status.success() {
            return Err(EvmError::SolcFailed {
                stderr: String::from_utf8_lossy(&output.stderr).trim().into(),
            });
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// A contract on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// Where it is.
    pub address: [u8; 20],
    /// Bytes of runtime code.
    pub code_len: usize,
    /// keccak256 of the runtime code, as `extcodehash` says it.
    pub code_hash: [u8; 32],
    /// Gas of the whole deployment transaction.
    pub gas_used: u64,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallStatus {
    /// By `return` or `stop`.
    Returned,
    /// By the contract's own `revert`.
    Reverted,
    /// Out of gas, or another exceptional halt.
    Halted(String),
}

/// A finished call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallOutcome {
    /// How it ended.
    pub status: CallStatus,
    /// Return data, or the data of the revert.
    pub output: Vec<u8>,
    /// Gas of the whole transaction: 21,000, calldata, execution.
    pub gas_used: u64,
}

impl CallOutcome {
    /// The call returned one word, `true`.
    pub fn accepted(&self) -> bool {
        self.status == CallStatus::Returned && self.output == true_word()
    }

    /// The call did not return at all.
    pub fn rejected(&self) -> bool {
        self.status != CallStatus::Returned
    }
}

/// ABI encoding of `true`.
fn true_word() -> [u8; 32] {
    let mut word = [0; 32];
    word[31] = 1;
    word
}

/// A chain of its own, empty at first.
#[expect(missing_debug_implementations, reason = "revm's machine has none")]
pub struct Evm {
    inner: MainnetEvm<MainnetContext<InMemoryDB>>,
    sender: Address,
}

impl Default for Evm {
    fn default() -> Self {
        Self::new()
    }
}

impl Evm {
    /// With the code size limit of EIP-170.
    pub fn new() -> Self {
        Self::with_code_limit(None)
    }

    /// With another code size limit than EIP-170's: to run contracts that no chain would take.
    pub fn with_code_limit(limit: Option<usize>) -> Self {
        let context = Context::mainnet()
            .with_db(InMemoryDB::default())
            .modify_cfg_chained(|cfg| {
                cfg.set_spec_and_mainnet_gas_params(SpecId::OSAKA);
                cfg.limit_contract_code_size = limit;
                cfg.disable_nonce_check = true;
            });
        Self {
            inner: context.build_mainnet(),
            sender: Address::ZERO,
        }
    }

    /// With a contract at `address`, however it came there.
    pub fn with_code(mut self, address: [u8; 20], code: &[u8]) -> Self {
        let contract = AccountInfo::from_bytecode(Bytecode::new_raw(code.to_vec().into()));
        self.inner
            .ctx
            .db_mut()
            .insert_account_info(Address::from(address), contract);
        self
    }

    /// With every transaction sent by `sender`, so that contracts get the addresses they have on another chain.
    pub fn sent_by(mut self, sender: [u8; 20]) -> Self {
        self.sender = Address::from(sender);
        self
    }

    /// Deploys code; constructor arguments come at its end.
    pub fn deploy(&mut self, initcode: &[u8]) -> Result<Deployed, EvmError> {
        let tx = self.transaction(TxKind::Create, initcode, MAX_GAS)?;
        match self.inner.transact_commit(tx).map_err(invalid)? {
            ExecutionResult::Success {
                output: Output::Create(code, Some(address)),
                gas,
                ..
            } => Ok(Deployed {
                address: address.into_array(),
                code_len: code.len(),
                code_hash: Keccak256::digest(&code).into(),
                gas_used: gas.tx_gas_used(),
            }),
            other => Err(EvmError::Deploy {
                reason: format!("{other:?}"),
            }),
        }
    }

    /// Deploys the data contract of a generated verifier, then the compiled verifier: `(data, verifier)`.
    pub fn deploy_verifier(
        &mut self,
        generated: &Generated,
        verifier: &Compiled,
    ) -> Result<(Deployed, Deployed), EvmError> {
        let data = self.deploy(&generated.vk_data_initcode())?;
        let mut initcode = verifier.initcode.clone();
        initcode.extend(generated.constructor_args(data.address));
        Ok((data, self.deploy(&initcode)?))
    }

    /// Calls a contract in a transaction that is then forgotten.
    ///
    /// # Errors
    /// A gas limit below the intrinsic cost of the transaction.
    pub fn call(&mut self, to: &Deployed, calldata: &[u8], gas_limit: u64) -> Result<CallOutcome, EvmError> {
        let tx = self.transaction(TxKind::Call(Address::from(to.address)), calldata, gas_limit)?;
        let result = self.inner.transact(tx).map_err(invalid)?.result;
        let gas_used = result.tx_gas_used();
        let status = match &result {
            ExecutionResult::Success { .. } => CallStatus::Returned,
            ExecutionResult::Revert { .. } => CallStatus::Reverted,
            ExecutionResult::Halt { reason, .. } => CallStatus::Halted(format!("{reason:?}")),
        };
        Ok(CallOutcome {
            status,
            output: result.into_output().unwrap_or_default().to_vec(),
            gas_used,
        })
    }

    fn transaction(&self, kind: TxKind, data: &[u8], gas_limit: u64) -> Result<TxEnv, EvmError> {
        let tx = TxEnv::builder()
            .caller(self.sender)
            .kind(kind)
            .data(data.to_vec().into())
            .gas_limit(gas_limit)
            .build();
        tx.map_err(|error| EvmError::Transaction {
            reason: format!("{error:?}"),
        })
    }
}

fn invalid(error: impl std::fmt::Debug) -> EvmError {
    EvmError::Transaction {
        reason: format!("{error:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with a file where the compiler is.
    struct Checkout(PathBuf);

    impl Checkout {
        fn with(name: &str, soljson: &[u8]) -> Self {
            let root = std::env::temp_dir().join(format!("assay-{name}-{}", std::process::id()));
            std::fs::create_dir_all(root.join("node_modules/solc")).unwrap();
            std::fs::write(root.join("node_modules/solc/soljson.js"), soljson).unwrap();
            Self(root)
        }
    }

    impl Drop for Checkout {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn no_other_compiler_is_run_than_the_one_of_this_release() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let soljson = std::fs::read(here.join("node_modules/solc/soljson.js")).unwrap();
        let package: Value = serde_json::from_slice(&std::fs::read(here.join("package.json")).unwrap()).unwrap();
        assert_eq!(package["dependencies"]["solc"], SOLC_VERSION);
        Compiler::in_repo(here).unwrap();

        // Whatever lies beside it in a checkout is not run.
        let same = Checkout::with("same", &soljson);
        let compiled = Compiler::in_repo(&same.0)
            .unwrap()
            .compile("contract A {}", "A")
            .unwrap();
        assert!(!compiled.initcode.is_empty());
        let other = Checkout::with("other", &[&soljson[..], b"\n"].concat());
        let refused = Compiler::in_repo(&other.0).unwrap_err();
        assert!(matches!(refused, EvmError::OtherSolc { .. }), "{refused}");
        // Another one in front keeps nobody from the right one.
        let folders = [&other, &same].map(|checkout| checkout.0.join("node_modules"));
        Compiler::among(&folders).unwrap();
        std::fs::remove_file(other.0.join("node_modules/solc/soljson.js")).unwrap();
        let refused = Compiler::in_repo(&other.0).unwrap_err();
        assert!(refused.to_string().contains("npm install solc@0.8.37"), "{refused}");
    }
}
