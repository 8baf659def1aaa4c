//! What ends a classifier without changing which class is first.

use super::converter::{error, Converter, End, Form};
use crate::import::error::ImportError;
use crate::import::parse::Node;

impl Converter {
    /// `Softmax` and `LogSoftmax` keep the order of the classes: the logits before them are the output.
    pub(super) fn softmax(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["axis"])?;
        // Before operator set 13 the axis was where a matrix begins.
        self.end(
            node,
            if self.opset < 13 { 1 } else { -1 },
            "dropped: it keeps the order of the classes; the logits before it are the output",
        )
    }

    /// The first class, which is what a proof with the output `top1` says of the logits.
    pub(super) fn arg_max(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["axis", "keepdims", "select_last_index"])?;
        node.expect_int("select_last_index", 0)?;
        let what = "dropped: proofs say the class themselves, or what --output names";
        self.end(node, 0, what)
    }

    fn end(&mut self, node: &Node, axis: i64, what: &str) -> Result<(), ImportError> {
        if let Some(end) = self.end.as_ref().filter(|end| end.op == "ArgMax") {
            return Err(error(
                node,
                format!("comes after {} (ArgMax): what follows is no class", end.node),
            ));
        }
        let names = self.inputs(node, 1, 1)?;
        let x = self.value(node, names[0])?;
        let rank = x.onnx_shape().len() as i64;
        let axis = node.int("axis", axis)?;
        let channels = if x.form == Form::ChannelsLast { rank - 1 } else { 1 };
        if (axis != channels && axis != channels - rank) || x.shape.h * x.shape.w != 1 {
            let problem = format!(
                "is over axis {axis} of {:?}, supported is the axis of the classes",
                x.onnx_shape()
            );
            return Err(error(node, problem));
        }
        self.note(node, what.to_owned());
        self.alias(node, x);
        self.end = Some(End {
            node: node.name.clone(),
            op: node.op.clone(),
        });
        Ok(())
    }
}
