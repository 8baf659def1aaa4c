//! A model is kept only if every image has a proof.

use super::error::ImportError;
use super::fold::FusedNetwork;
use crate::model::{FoldedModel, Model, ParamsError, QRange};

/// Checks the architecture, every bound, and totality: no image may exist for which an honest owner has no proof.
pub(super) fn validate(model: &Model, network: &FusedNetwork) -> Result<(FoldedModel, Vec<QRange>), ImportError> {
    let folded = model.fold()?;
    let ranges = folded
        .check_total(&model.architecture)
        .map_err(|source| match &source {
            ParamsError::NotTotal { layer, .. } => {
                let index = (0..network.layers.len()).find(|i| model.architecture.layer_name(*i) == *layer);
                let node = index.map_or_else(String::new, |i| format!(" (node {})", network.layers[i].node));
                ImportError::NotTotal {
                    layer: format!("{layer}{node}"),
                    source,
                }
            }
            _ => ImportError::Model(source),
        })?;
    Ok((folded, ranges))
}
