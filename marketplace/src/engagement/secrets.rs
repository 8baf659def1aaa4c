//! What a consumer must not lose and nobody may see before its time: the salt of its half of the seed, and the key of the
//! transfer.

use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_chain::journal::{Fact, Journal};
use assay_protocol::abi::Mode;
use assay_protocol::transfer::secret::{MasterKey, McSalt};
use serde::{Deserialize, Serialize};

/// See [`facts`](super::facts).
pub const TRANSFER_SECRETS: Fact<Secrets> = Fact::new("transferSecrets");

/// In the journal of the offer before the offer is sent, and then in that of the engagement.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    mc_salt: B256,
    master: B256,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(hidden)")
    }
}

impl Secrets {
    /// Those of an offer, drawn once; none if the examples go over in clear.
    pub fn of_offer(journal: &mut Journal, mode: Mode) -> eyre::Result<Option<Self>> {
        if mode == Mode::CLEAR {
            return Ok(None);
        }
        if let Some(secrets) = journal.fact(&TRANSFER_SECRETS)? {
            return Ok(Some(secrets));
        }
        let secrets = Self {
            mc_salt: B256::from(*McSalt::random().expose()),
            master: B256::from(*MasterKey::random().expose()),
        };
        journal.set_fact(&TRANSFER_SECRETS, &secrets)?;
        Ok(Some(secrets))
    }

    /// # Errors
    /// If this program did not make the offer.
    pub fn of_engagement(journal: &Journal, id: B256) -> eyre::Result<Self> {
        journal.fact(&TRANSFER_SECRETS)?.ok_or_else(|| {
            hinted(
                format!("the secrets of engagement {id} are not here"),
                "use the --home in which the offer was made",
            )
        })
    }

    /// A copy that is wiped on drop.
    pub fn salt(&self) -> McSalt {
        McSalt::new(self.mc_salt.0)
    }

    /// A copy that is wiped on drop.
    pub fn master(&self) -> MasterKey {
        MasterKey::new(self.master.0)
    }
}
