//! Assay prover.
