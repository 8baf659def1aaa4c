//! The quantised network: architecture (public) and parameters (secret).
//!
//! Knows neither ONNX nor field elements. A tensor is channel-major `[c, h, w]`; tensor 0 is the image, tensor `i + 1`
//! the output of layer `i`.
//!
//! | module | content |
//! |---|---|
//! | [`shape`] | sizes of a tensor |
//! | [`op`] | layers and their geometry |
//! | [`architecture`] | the public layer list, its checks and its canonical form |
//! | [`params`] | the secret integers of each layer, and how they fold |

pub mod architecture;
pub mod op;
pub mod params;
pub mod shape;

pub use architecture::{Architecture, ArchitectureError, OutputMode};
pub use op::{Conv, ConvKind, Layer, Op, Padding, TensorId};
pub use params::{
    AddParams, ConvParams, FoldedLayer, FoldedModel, LayerParams, Model, ParamsError, PoolParams, QRange,
};
pub use shape::Shape;
