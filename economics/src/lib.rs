//! The arithmetic behind the markets: how many samples, what they show, which prices and deposits deter whom, what it costs.
//!
//! Functions of numbers: no files, no clock, no chain. Amounts are in any one unit, the same for all of a call; only
//! [`conditions`] speaks of ether. *Paper*: Kang, Hashimoto, Stoica, Sun, arXiv 2210.08674; where it is wrong, the item says so,
//! and [`paper`] has what it prints.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`error`], [`share`] | what cannot be computed; probabilities as they are written | nothing |
//! | [`binomial`], [`hoeffding`] | samples of something large: sizes and bounds | `share` |
//! | [`hypergeometric`] | samples of a corpus of known size, exact | `share` |
//! | [`belief`] | what a probe tells about the rest of a set | nothing |
//! | [`accuracy`], [`tuning`] | the accuracy market: payments, α*, I1 to I7; consumers that tune their set (I5) | nothing |
//! | [`rounds`], [`audits`] | contested predictions (I8, I10 to I13), samples of a corpus (I9) | `hypergeometric` |
//! | [`cost`] | a proof in time, gas and money | nothing |
//! | [`conditions`] | every inequality by name: whether it holds, by which numbers | all of these |
//! | [`paper`], [`words`] | what the paper prints, and what is wrong with it; numbers in words | nothing |

pub mod accuracy;
pub mod audits;
pub mod belief;
pub mod binomial;
pub mod conditions;
pub mod cost;
pub mod error;
pub mod hoeffding;
pub mod hypergeometric;
pub mod paper;
pub mod rounds;
pub mod share;
pub mod tuning;
pub mod words;
