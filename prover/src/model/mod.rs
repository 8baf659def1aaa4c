//! The quantised network: architecture (public) and parameters (secret).
//!
//! Knows neither ONNX nor field elements. A tensor is channel-major `[c, h, w]`; tensor 0 is the image, tensor `i + 1`
//! the output of layer `i`.
//!
//! | module | content |
//! |---|---|
//! | [`shape`] | sizes of a tensor |
//! | [`op`] | layers and their geometry |
//! | [`cut`] | quotients and remainders of a shift |
//! | [`architecture`] | the public layer list, its checks and its canonical form |
//! | [`params`] | the secret integers of each layer and their bounds |
//! | [`folded`] | the numbers a proof commits to, and totality |
//! | [`mod@file`] | the model file |
//! | [`networks`] | MobileNet v2, and small networks for tests |
//! | [`random`] | random parameters |

pub mod architecture;
pub mod cut;
pub mod file;
pub mod folded;
pub mod networks;
pub mod op;
pub mod params;
pub mod random;
pub mod shape;

pub use architecture::{Architecture, ArchitectureError, OutputMode};
pub use cut::Cut;
pub use file::ModelFileError;
pub use folded::{FoldedLayer, FoldedModel, QRange};
pub use networks::{joined_network, kernel_network, mobilenet_v2, mobilenet_v2_with_padding, tiny_network};
pub use op::{Conv, ConvKind, Groups, Kernel, Layer, Op, Padding, TensorId};
pub use params::{AddParams, ConvParams, LayerParams, Model, ParamsError, PoolParams, ScaledParams};
pub use shape::Shape;
