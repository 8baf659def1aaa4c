//! Where a quantised file goes from real numbers to bytes and back.
//!
//! int8 is uint8 moved down by 128: tensors are bytes here, and zero points are those of bytes.

use super::converter::{error, Converter, Value};
use super::network::FloatOp;
use crate::import::constant::{Constant, Data};
use crate::import::error::ImportError;
use crate::import::parse::Node;
use crate::import::quant::Quant;
use std::sync::Arc;

/// What moves int8 up to uint8.
const SIGNED_ZERO: i64 = 128;

/// Scales and zero points as a node has them: one, or one for each slice along an axis.
struct Grid {
    scales: Vec<f64>,
    zeros: Vec<i64>,
    /// Whether the zero points are int8, or uint8; nothing if they are left out, or int32.
    signed: Option<bool>,
}

impl Converter {
    /// `clip(round(x / scale) + zero)`, halves to the even neighbour.
    pub(super) fn quantize_linear(&mut self, node: &Node) -> Result<(), ImportError> {
        const UINT8: i64 = 2;
        const INT8: i64 = 3;
        node.only(&["axis", "block_size", "output_dtype", "precision", "saturate"])?;
        node.expect_int("block_size", 0)?;
        let names = self.inputs(node, 2, 3)?;
        let grid = self.grid(node, names[1], names.get(2).copied())?;
        let signed = match (node.int("output_dtype", 0)?, grid.signed) {
            (0, signed) => signed.unwrap_or(false),
            (UINT8, None | Some(false)) => false,
            (INT8, None | Some(true)) => true,
            (other, _) => {
                let problem =
                    format!("is element type {other}; supported are 2 (uint8) and 3 (int8), as the zero point has");
                return Err(node.attribute_error("output_dtype", problem));
            }
        };
        if self.constants.contains_key(names[0]) {
            let (dims, data) = self.floats(node, names[0])?;
            let slices = slices(node, dims, &grid)?;
            let (min, max) = if signed { (-128.0, 127.0) } else { (0.0, 255.0) };
            let values = data.iter().zip(slices).map(|(x, slice)| {
                let rounded = (f64::from(*x) / grid.scales[slice]).round_ties_even();
                (rounded + grid.zeros[slice] as f64).clamp(min, max) as i64
            });
            let data = Data::Byte {
                signed,
                values: values.collect(),
            };
            let dims = dims.to_vec();
            return self.insert(node, Constant { dims, data });
        }
        let x = self.value(node, names[0])?;
        if self.end.is_some() {
            self.alias(node, x);
            return Ok(());
        }
        let quant = of_tensor(node, &grid, signed)?;
        self.push(node, FloatOp::Quantise(quant), vec![x.tensor], x.shape, x.form)?;
        if signed {
            self.signed.insert(self.network.layers.len());
        }
        Ok(())
    }

    /// `scale·(q − zero)`.
    pub(super) fn dequantize_linear(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["axis", "block_size", "output_dtype"])?;
        node.expect_int("block_size", 0)?;
        node.expect_int("output_dtype", 0)
            .or_else(|_| node.expect_int("output_dtype", 1))?;
        let names = self.inputs(node, 2, 3)?;
        let grid = self.grid(node, names[1], names.get(2).copied())?;
        if let Some(constant) = self.constants.get(names[0]) {
            let (values, signed) = match &constant.data {
                Data::Byte { signed, values } => (values, Some(*signed)),
                Data::Int(values) => (values, None),
                Data::Float(_) => {
                    let problem = format!("input {} holds floats, expected int8, uint8 or int32", names[0]);
                    return Err(error(node, problem));
                }
            };
            if grid.signed.is_some() && grid.signed != signed {
                return Err(other_type(node, names[0]));
            }
            let slices = slices(node, &constant.dims, &grid)?;
            let reals = values
                .iter()
                .zip(slices)
                .map(|(q, slice)| ((*q as f64 - grid.zeros[slice] as f64) * grid.scales[slice]) as f32);
            let data = Data::Float(reals.collect());
            let dims = constant.dims.clone();
            return self.insert(node, Constant { dims, data });
        }
        let x = self.value(node, names[0])?;
        if self.end.is_some() {
            self.alias(node, x);
            return Ok(());
        }
        let (signed, made) = self.bytes(node, names[0], x)?;
        if grid.signed.unwrap_or(signed) != signed {
            return Err(other_type(node, names[0]));
        }
        let quant = of_tensor(node, &grid, signed)?;
        if let Some(made) = made.filter(|made| *made != quant) {
            let problem = format!(
                "reads {} with scale {} and zero point {}, but it was made with scale {} and zero point {}; quantise the network again",
                names[0],
                quant.scale,
                shown(quant, signed),
                made.scale,
                shown(made, signed)
            );
            return Err(error(node, problem));
        }
        self.push(node, FloatOp::Dequantise(quant), vec![x.tensor], x.shape, x.form)
    }

    /// Whether a tensor of integers is signed, and what it was made with; nothing of the image.
    fn bytes(&self, node: &Node, name: &str, x: Value) -> Result<(bool, Option<Quant>), ImportError> {
        let made = x.tensor.checked_sub(1).map(|layer| &self.network.layers[layer].op);
        match (made, self.network.integer_input) {
            (None, Some(signed)) => Ok((signed, None)),
            (Some(FloatOp::Quantise(quant)), _) => Ok((self.signed.contains(&x.tensor), Some(*quant))),
            _ => Err(error(
                node,
                format!("input {name} holds floats, expected int8 or uint8"),
            )),
        }
    }

    fn grid(&self, node: &Node, scale: &str, zero: Option<&str>) -> Result<Grid, ImportError> {
        let (dims, scales) = self.floats(node, scale)?;
        if dims.len() > 1 {
            let problem =
                format!("scale {scale} has shape {dims:?}; supported is one number, or one for each slice of one axis");
            return Err(error(node, problem));
        }
        // A float16 scale that is too small for its type is 0.
        let is_scale = |scale: &&f32| (f32::MIN_POSITIVE..=f32::MAX).contains(*scale);
        if let Some(wrong) = scales.iter().find(|scale| !is_scale(scale)) {
            let problem = format!("scale {scale} is {wrong}, expected a positive number; export scales in float32");
            return Err(error(node, problem));
        }
        let scales: Vec<f64> = scales.iter().map(|scale| f64::from(*scale)).collect();
        let (zeros, signed) = match zero {
            None => (vec![0; scales.len()], None),
            Some(name) => match &self.constant(node, name)?.data {
                Data::Byte { signed, values } => (values.clone(), Some(*signed)),
                Data::Int(values) => (values.clone(), None),
                Data::Float(_) => {
                    let problem = format!("zero point {name} is a float; supported are int8 and uint8");
                    return Err(error(node, problem));
                }
            },
        };
        if zeros.len() != scales.len() {
            let problem = format!("has {} scales and {} zero points", scales.len(), zeros.len());
            return Err(error(node, problem));
        }
        Ok(Grid { scales, zeros, signed })
    }

    fn insert(&mut self, node: &Node, constant: Constant) -> Result<(), ImportError> {
        if let Data::Float(values) = &constant.data {
            self.count_numbers(values.len())?;
            if let Some(index) = values.iter().position(|value| !value.is_finite()) {
                let tensor = node.output.clone();
                return Err(ImportError::NotFinite { tensor, index });
            }
        }
        self.constants.insert(node.output.clone(), Arc::new(constant));
        Ok(())
    }
}

/// Of each element, the slice whose scale it has.
fn slices<'g>(node: &Node, dims: &[usize], grid: &'g Grid) -> Result<impl Iterator<Item = usize> + 'g, ImportError> {
    let count = grid.scales.len();
    if dims.contains(&0) {
        return Err(error(
            node,
            format!("reads a constant of the shape {dims:?}, which is empty"),
        ));
    }
    let rank = dims.len() as i64;
    let axis = node.int("axis", 1)?;
    let axis = if axis < 0 { axis.saturating_add(rank) } else { axis };
    let axis = usize::try_from(axis)
        .ok()
        .filter(|axis| dims.get(*axis) == Some(&count));
    let behind = match (count, axis) {
        (1, _) => 1,
        (_, Some(axis)) => dims[axis + 1..].iter().product(),
        // A list has one axis.
        (_, None) if *dims == [count] => 1,
        _ => {
            let problem = format!("has {count} scales along an axis of {dims:?} that it does not fit");
            return Err(error(node, problem));
        }
    };
    Ok((0..).map(move |element: usize| element / behind % count))
}

fn other_type(node: &Node, name: &str) -> ImportError {
    error(
        node,
        format!("input {name} and its zero point differ in type: int8 and uint8"),
    )
}

/// The scale and zero point of a whole tensor.
fn of_tensor(node: &Node, grid: &Grid, signed: bool) -> Result<Quant, ImportError> {
    let ([scale], [zero]) = (&grid.scales[..], &grid.zeros[..]) else {
        let problem = format!(
            "has {} scales for what is computed; supported is one for a tensor, only weights may have one for each channel",
            grid.scales.len()
        );
        return Err(error(node, problem));
    };
    let zero = zero.saturating_add(if signed { SIGNED_ZERO } else { 0 });
    match u8::try_from(zero) {
        Ok(zero) => Ok(Quant { scale: *scale, zero }),
        Err(_) => Err(error(node, "has a zero point that is no byte".into())),
    }
}

/// A zero point as the file has it.
fn shown(quant: Quant, signed: bool) -> i64 {
    i64::from(quant.zero) - if signed { SIGNED_ZERO } else { 0 }
}
