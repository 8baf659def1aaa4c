//! What is generated.

use crate::manifest::Manifest;
use crate::vk_data::initcode;

/// A verifier and the contract that holds its key's data.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Solidity, the same for all keys of a constraint system; what the constructor takes is [`Self::constructor_args`].
    pub verifier_source: String,
    /// Runtime code of the data contract, `0x00 || data`.
    pub vk_data: Vec<u8>,
    pub(crate) string: [[u8; 32]; 4],
    /// What there is to know about both without reading them.
    pub manifest: Manifest,
}

impl Generated {
    /// What comes behind the verifier's deployment code, where [`Self::vk_data`] is the code of the contract at `vk_data`.
    pub fn constructor_args(&self, vk_data: [u8; 20]) -> Vec<u8> {
        [&[0; 12][..], &vk_data, &self.string.concat()].concat()
    }

    /// Deployment code of the data contract.
    pub fn vk_data_initcode(&self) -> Vec<u8> {
        initcode(&self.vk_data)
    }
}
