//! What is generated.

use crate::manifest::Manifest;
use crate::vk_data::initcode;

/// A verifier and the contract that holds its key's data.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Solidity; the constructor takes the address of the deployed [`Self::vk_data`].
    pub verifier_source: String,
    /// Runtime code of the data contract, `0x00 || data`.
    pub vk_data: Vec<u8>,
    /// What there is to know about both without reading them.
    pub manifest: Manifest,
}

impl Generated {
    /// Deployment code of the data contract.
    pub fn vk_data_initcode(&self) -> Vec<u8> {
        initcode(&self.vk_data)
    }
}
