//! The machine: revm with mainnet's rules and identifier, so that windows have mainnet's lengths; a block that is set by hand, and balances that can be read.

use crate::error::Error;
use alloy::primitives::{Address, Bytes, Log, U256};
use revm::context::result::{ExecutionResult, Output};
use revm::context::TxEnv;
use revm::database::InMemoryDB;
use revm::handler::{MainnetContext, MainnetEvm};
use revm::primitives::hardfork::SpecId;
use revm::primitives::TxKind;
use revm::{Context, Database, ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext};

/// Of every transaction: the cap of EIP-7825.
const GAS_LIMIT: u64 = 1 << 24;

/// What a transaction did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) output: Bytes,
    pub(crate) logs: Vec<Log>,
    pub(crate) gas: u64,
    pub(crate) success: bool,
    pub(crate) created: Option<Address>,
}

/// A chain in memory.
pub(crate) struct Machine(MainnetEvm<MainnetContext<InMemoryDB>>);

impl Machine {
    pub(crate) fn new(db: InMemoryDB) -> Self {
        let context = Context::mainnet().with_db(db).modify_cfg_chained(|cfg| {
            cfg.set_spec_and_mainnet_gas_params(SpecId::OSAKA);
            cfg.disable_nonce_check = true;
        });
        Self(context.build_mainnet())
    }

    /// The state as it is now, to start others from.
    pub(crate) fn state(&self) -> InMemoryDB {
        self.0.ctx.journaled_state.database.clone()
    }

    pub(crate) fn set_block(&mut self, seconds: u64, base_fee: u64) {
        self.0.ctx.modify_block(|block| {
            block.timestamp = U256::from(seconds);
            block.basefee = base_fee;
            block.beneficiary = Address::repeat_byte(0xbe);
            block.gas_limit = 60_000_000;
        });
    }

    pub(crate) fn fund(&mut self, account: Address, wei: U256) {
        let info = revm::state::AccountInfo {
            balance: wei,
            ..Default::default()
        };
        self.0.ctx.journaled_state.database.insert_account_info(account, info);
    }

    pub(crate) fn balance(&mut self, account: Address) -> Result<U256, Error> {
        let info = self.0.ctx.journaled_state.database.basic(account).map_err(refused)?;
        Ok(info.map(|info| info.balance).unwrap_or_default())
    }

    pub(crate) fn send(
        &mut self,
        from: Address,
        to: Option<Address>,
        data: Vec<u8>,
        value: u128,
        gas_price: u128,
    ) -> Result<Done, Error> {
        let tx = transaction(from, to, data, value, gas_price)?;
        Ok(done(self.0.transact_commit(tx).map_err(refused)?))
    }

    /// Calls without leaving a trace; `from` must have the balance for the gas.
    pub(crate) fn view(&mut self, from: Address, to: Address, data: Vec<u8>, gas_price: u128) -> Result<Done, Error> {
        let tx = transaction(from, Some(to), data, 0, gas_price)?;
        Ok(done(self.0.transact(tx).map_err(refused)?.result))
    }
}

fn transaction(
    from: Address,
    to: Option<Address>,
    data: Vec<u8>,
    value: u128,
    gas_price: u128,
) -> Result<TxEnv, Error> {
    let tx = TxEnv::builder()
        .caller(from)
        .kind(to.map_or(TxKind::Create, TxKind::Call))
        .data(data.into())
        .value(U256::from(value))
        .gas_price(gas_price)
        .gas_limit(GAS_LIMIT)
        .build();
    tx.map_err(refused)
}

fn done(result: ExecutionResult) -> Done {
    let gas = result.tx_gas_used();
    match result {
        ExecutionResult::Success { output, logs, .. } => {
            let (output, created) = match output {
                Output::Call(bytes) => (bytes, None),
                Output::Create(bytes, created) => (bytes, created),
            };
            Done {
                output,
                logs,
                gas,
                success: true,
                created,
            }
        }
        ExecutionResult::Revert { output, .. } => failed(output, gas),
        ExecutionResult::Halt { reason, .. } => failed(format!("{reason:?}").into_bytes().into(), gas),
    }
}

fn failed(output: Bytes, gas: u64) -> Done {
    Done {
        output,
        logs: Vec::new(),
        gas,
        success: false,
        created: None,
    }
}

fn refused(error: impl std::fmt::Debug) -> Error {
    Error::Transaction {
        reason: format!("{error:?}"),
    }
}
