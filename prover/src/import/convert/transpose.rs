//! Transposes that only move the channels: TensorFlow's files have them last.

use super::converter::{error, Converter, Form, Value};
use crate::import::error::ImportError;
use crate::import::parse::Node;

impl Converter {
    pub(super) fn transpose(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["perm"])?;
        let names = self.inputs(node, 1, 1)?;
        let x = self.value(node, names[0])?;
        let rank = x.onnx_shape().len() as i64;
        let reversed: Vec<i64> = (0..rank).rev().collect();
        let permutation = node.ints("perm")?.unwrap_or(&reversed);
        let form = match (x.form, permutation) {
            (Form::Map, [0, 2, 3, 1]) => Form::ChannelsLast,
            (Form::ChannelsLast, [0, 3, 1, 2]) => Form::Map,
            (form, same) if same.iter().copied().eq(0..rank) => form,
            (_, permutation) => {
                let problem = format!(
                    "moves the axes of {:?} to {permutation:?}; only channels may move",
                    x.onnx_shape()
                );
                return Err(error(node, problem));
            }
        };
        self.alias(node, Value { form, ..x });
        Ok(())
    }
}
