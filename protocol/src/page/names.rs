//! Names of the values of the contracts' enumerations, as documents have them.

use crate::abi::{
    Adjudication, Assurance, AuditAssurance, AuditOutcome, AuditState, BadData, Counter, DemandState, Metric, Mode,
    ModelStatus, Outcome, Privacy, RoundOutcome, RoundState, State,
};
use alloy::sol_types::SolEnum;
use std::collections::BTreeMap;
use std::fmt::Debug;

fn of<T: SolEnum + Debug>() -> Vec<String> {
    let values = (0..=u8::MAX).map_while(|value| T::try_from(value).ok());
    values.take(T::COUNT).map(|value| format!("{value:?}")).collect()
}

/// By enumeration, in the order of their values.
pub(super) fn all() -> BTreeMap<&'static str, Vec<String>> {
    macro_rules! named {
        ($($name:ident),*) => { BTreeMap::from([$((stringify!($name), of::<$name>())),*]) };
    }
    named![
        Adjudication,
        Assurance,
        AuditAssurance,
        AuditOutcome,
        AuditState,
        BadData,
        Counter,
        DemandState,
        Metric,
        Mode,
        ModelStatus,
        Outcome,
        Privacy,
        RoundOutcome,
        RoundState,
        State
    ]
}
