//! What the paper publishes of its proofs, as far as this project's notes have it.

/// A row of its Table 1.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    /// Our name of the network.
    pub name: &'static str,
    /// Virtual processors.
    pub cores: u32,
    /// Seconds of a proof.
    pub prove_s: f64,
    /// Of its set-up.
    pub setup_s: Option<f64>,
    /// Of its verification.
    pub verify_s: Option<f64>,
    /// Of a proof.
    pub proof_bytes: Option<usize>,
}

/// In none of them anything is committed to.
pub const TABLE_1: [Published; 3] = [
    Published {
        name: "mobilenet_v2_035_96",
        cores: 32,
        prove_s: 92.0,
        setup_s: Some(49.1),
        verify_s: Some(0.23),
        proof_bytes: Some(5_984),
    },
    Published {
        name: "mobilenet_v2_05_224",
        cores: 64,
        prove_s: 831.9,
        setup_s: None,
        verify_s: None,
        proof_bytes: None,
    },
    Published {
        name: "mobilenet_v2_075_192",
        cores: 96,
        prove_s: 850.7,
        setup_s: None,
        verify_s: None,
        proof_bytes: None,
    },
];
