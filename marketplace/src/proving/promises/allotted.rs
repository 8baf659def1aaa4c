//! What a farm was allotted of a secret's proofs, and what it says that it counted: which farm may count, and from where.

use assay_chain::error::hinted;
use serde::{Deserialize, Serialize};

/// Numbers of a secret's proofs that a farm counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Allotted {
    /// Names the database.
    pub id: String,
    /// Its total, once it is told of it.
    pub allotted: u64,
    /// Its counter and its total, the last time that it was asked.
    pub seen: Counted,
}

/// What a farm counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Counted {
    /// Numbers up to this one are spent.
    pub used: u64,
    /// It grants none above.
    pub total: u64,
}

impl Allotted {
    /// The farm that is named from now on, and counts so. Another one than the `known`, or an old copy of it, only if what was allotted is
    /// `given_up`: then nothing is left that it may have granted before.
    ///
    /// # Errors
    /// If another one is known, or this one had counted further than it says: its database is an old copy.
    pub(super) fn name(known: Option<Self>, id: &str, says: Counted, given_up: bool) -> eyre::Result<Self> {
        let refusal = match &known {
            Some(farm) if farm.id != id => Some(format!(
                "proofs of this secret are counted by farm {}, this is farm {id}",
                farm.id
            )),
            Some(farm) if says.used < farm.seen.used || says.total < farm.seen.total => Some(format!(
                "farm {id} has used {} of {} proofs, it had used {} of {} before: its database is an old copy",
                says.used, says.total, farm.seen.used, farm.seen.total
            )),
            _ => None,
        };
        match (known, refusal) {
            (_, Some(what)) if !given_up => Err(hinted(
                what,
                "name the queue of that farm as it was; if it is gone for good: assay farm submit … --new-farm, which gives up what was \
                 allotted",
            )),
            (Some(farm), None) => Ok(Self {
                seen: says,
                // What it may not have been told of, or have been told of before it became an old copy, is wasted.
                allotted: farm.allotted.min(says.total),
                ..farm
            }),
            _ => Ok(Self {
                id: id.to_owned(),
                // Whatever was granted of it.
                allotted: says.total,
                seen: Counted {
                    used: says.total,
                    total: says.total,
                },
            }),
        }
    }
}
