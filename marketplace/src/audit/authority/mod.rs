//! What an authority does in audits: it approves requests and overrules what is withheld. It can move no money.

pub mod approve;
pub mod overrule;
