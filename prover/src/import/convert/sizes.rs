//! Constants, and arithmetic on sizes: exporters of open batches compute the shape of a reshape in the graph.

use super::converter::{error, Converter};
use crate::import::constant::{Constant, Data};
use crate::import::error::ImportError;
use crate::import::parse::{Attribute, Node};
use std::sync::Arc;

/// Sizes in a list.
const MAX_SIZES: usize = 64;

impl Converter {
    pub(super) fn constant_node(&mut self, node: &Node) -> Result<(), ImportError> {
        let scalar = |data: Data| Arc::new(Constant { dims: vec![], data });
        let mut attributes = node.attributes.iter();
        let constant = match (attributes.next(), attributes.next()) {
            (Some((name, Attribute::Tensor(value))), None) if name == "value" => value.clone(),
            (Some((name, Attribute::Float(value))), None) if name == "value_float" && value.is_finite() => {
                scalar(Data::Float(vec![*value]))
            }
            (Some((name, Attribute::Int(value))), None) if name == "value_int" => scalar(Data::Int(vec![*value])),
            (Some((name, Attribute::Ints(values))), None) if name == "value_ints" => Arc::new(Constant {
                dims: vec![values.len()],
                data: Data::Int(values.clone()),
            }),
            _ => return Err(error(node, "holds no tensor, finite float or integers".into())),
        };
        self.constants.insert(node.output.clone(), constant);
        Ok(())
    }

    fn set_integers(&mut self, node: &Node, dims: Vec<usize>, data: Vec<i64>) {
        let data = Data::Int(data);
        let constant = Arc::new(Constant { dims, data });
        self.constants.insert(node.output.clone(), constant);
    }

    /// A list of sizes: one axis, and no more of them than shapes have.
    fn list(&self, node: &Node, name: &str) -> Result<&[i64], ImportError> {
        let integers = self.integers(node, name)?;
        let dims = &self.constant(node, name)?.dims;
        if dims.len() == 1 && integers.len() <= MAX_SIZES {
            Ok(integers)
        } else {
            let problem = format!("input {name} has shape {dims:?}, expected a list of up to {MAX_SIZES} sizes");
            Err(error(node, problem))
        }
    }

    /// The sizes of a tensor.
    pub(super) fn shape(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["start", "end"])?;
        let names = self.inputs(node, 1, 1)?;
        let sizes = self.value(node, names[0])?.onnx_shape();
        let rank = sizes.len() as i64;
        // Negative ends count from the last size.
        let place = |at: i64| (if at < 0 { at.saturating_add(rank) } else { at }).clamp(0, rank) as usize;
        let (start, end) = (place(node.int("start", 0)?), place(node.int("end", rank)?));
        let sizes = sizes.get(start..end).unwrap_or_default().to_vec();
        self.set_integers(node, vec![sizes.len()], sizes);
        Ok(())
    }

    /// Some of a list of integers.
    pub(super) fn gather(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["axis"])?;
        expect_first_axis(node)?;
        let names = self.inputs(node, 2, 2)?;
        let from = self.list(node, names[0])?;
        let places = match self.constant(node, names[1])?.dims.len() {
            0 => self.integers(node, names[1])?,
            _ => self.list(node, names[1])?,
        };
        let rank = from.len() as i64;
        let picked = places.iter().map(|at| {
            let at = if *at < 0 { at.saturating_add(rank) } else { *at };
            usize::try_from(at).ok().and_then(|at| from.get(at)).copied()
        });
        let picked: Option<Vec<i64>> = picked.collect();
        let picked = picked.ok_or_else(|| error(node, format!("takes {places:?} of {rank} integers")))?;
        let dims = self.constant(node, names[1])?.dims.clone();
        self.set_integers(node, dims, picked);
        Ok(())
    }

    /// A list of one integer from that integer.
    pub(super) fn unsqueeze(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["axes"])?;
        let names = self.inputs(node, 1, 2)?;
        let axes = match names.get(1) {
            Some(name) => Some(self.integers(node, name)?),
            None => node.ints("axes")?,
        };
        let integers = self.integers(node, names[0])?.to_vec();
        let dims = &self.constant(node, names[0])?.dims;
        if !dims.is_empty() || !matches!(axes, Some([0 | -1])) {
            let problem = format!("adds the axes {axes:?} to {dims:?}; supported is one integer that becomes a list");
            return Err(error(node, problem));
        }
        self.set_integers(node, vec![1], integers);
        Ok(())
    }

    /// Lists of integers, one behind the other.
    pub(super) fn join_lists(&mut self, node: &Node) -> Result<(), ImportError> {
        expect_first_axis(node)?;
        let mut joined = Vec::new();
        for name in &node.inputs {
            joined.extend_from_slice(self.list(node, name)?);
            if joined.len() > MAX_SIZES {
                return Err(error(node, format!("joins more than {MAX_SIZES} sizes")));
            }
        }
        self.set_integers(node, vec![joined.len()], joined);
        Ok(())
    }

    /// Between float types, all of which are read as float32, or between integers.
    pub(super) fn cast(&mut self, node: &Node) -> Result<(), ImportError> {
        const FLOAT: i64 = 1;
        const INTEGERS: [i64; 2] = [6, 7];
        node.only(&["to", "saturate"])?;
        let names = self.inputs(node, 1, 1)?;
        let to = node.int("to", 0)?;
        let unsupported = || node.attribute_error("to", format!("is element type {to}, which is not supported here"));
        if let Some(constant) = self.constants.get(names[0]) {
            let kept = match constant.data {
                Data::Float(_) => to == FLOAT,
                Data::Int(_) => INTEGERS.contains(&to),
                Data::Byte { .. } => false,
            };
            if !kept {
                return Err(unsupported());
            }
            let constant = constant.clone();
            self.constants.insert(node.output.clone(), constant);
            return Ok(());
        }
        let x = self.value(node, names[0])?;
        let is_class = self.end.as_ref().is_some_and(|end| end.op == "ArgMax");
        if to != FLOAT && !(is_class && INTEGERS.contains(&to)) {
            return Err(unsupported());
        }
        self.alias(node, x);
        Ok(())
    }
}

/// Of a list, which has one.
fn expect_first_axis(node: &Node) -> Result<(), ImportError> {
    match node.int("axis", 0)? {
        0 | -1 => Ok(()),
        other => Err(node.attribute_error("axis", format!("is {other}, supported is the axis of a list, 0"))),
    }
}
