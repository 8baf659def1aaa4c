//! Convolutions and matrix products, as layers with weights.

use super::converter::{error, Converter, Form, Value};
use super::network::{FloatConv, FloatOp};
use crate::import::error::ImportError;
use crate::import::parse::Node;
use crate::model::{ConvKind, Padding, Shape};

const MAX_CHANNELS: usize = 1 << 16;

impl Converter {
    pub(super) fn conv(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"])?;
        let names = self.inputs(node, 2, 3)?;
        let x = self.map(node, names[0])?;
        let (dims, weights) = self.floats(node, names[1])?;
        let [out_channels, in_per_group, kernel_h, kernel_w] = *dims else {
            return Err(error(node, format!("weights have shape {dims:?}, expected four sizes")));
        };
        if out_channels == 0 || out_channels > MAX_CHANNELS {
            return Err(error(node, format!("has {out_channels} output channels")));
        }
        node.expect_ints("kernel_shape", &[kernel_h as i64, kernel_w as i64])?;
        node.expect_ints("dilations", &[1, 1])?;
        let group = node.int("group", 1)?;
        let depthwise = group != 1 && group == x.shape.c as i64 && in_per_group == 1 && out_channels == x.shape.c;
        if group != 1 && !depthwise {
            let problem = format!("is {group}; supported are 1, and {} for a depthwise kernel", x.shape.c);
            return Err(node.attribute_error("group", problem));
        }
        if !depthwise && in_per_group != x.shape.c {
            let problem = format!("weights read {in_per_group} channels, the input has {}", x.shape.c);
            return Err(error(node, problem));
        }
        let kind = match (kernel_h, kernel_w, depthwise) {
            (1, 1, false) => ConvKind::Pointwise,
            (3, 3, false) => ConvKind::Dense3x3,
            (3, 3, true) => ConvKind::Depthwise3x3,
            _ => {
                let kernel = if depthwise { "depthwise kernel" } else { "kernel" };
                let problem = format!("has a {kernel_h}x{kernel_w} {kernel}; supported are 3x3, and 1x1 with group 1");
                return Err(error(node, problem));
            }
        };
        let stride = stride(node, kind)?;
        let pad = padding(node, kind, stride)?;
        let corner = kind == ConvKind::Pointwise && stride == 2;
        let (kind, pad) = if corner {
            (ConvKind::Dense3x3, Padding::SAME_STRIDE_2)
        } else {
            (kind, pad)
        };
        if stride == 2 && (x.shape.h % 2 == 1 || x.shape.w % 2 == 1) {
            return Err(error(node, format!("has stride 2 on the odd size {}", x.shape)));
        }
        let weights = weights.iter().map(|w| f64::from(*w));
        // The window of an even pixel begins with it: the other eight weights are 0.
        let weights: Vec<f64> = if corner {
            weights
                .flat_map(|w| [w, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
                .collect()
        } else {
            weights.collect()
        };
        let bias = match names.get(2) {
            Some(name) => self.per_channel(node, name, out_channels)?,
            None => vec![0.0; out_channels],
        };
        if corner {
            self.note(
                node,
                "1x1 at stride 2: as the corner of 3x3, nine times the weights".into(),
            );
        }
        let conv = FloatConv {
            kind,
            stride,
            pad,
            weights,
            bias,
        };
        let output = Shape::new(out_channels, x.shape.h / stride, x.shape.w / stride);
        self.push(node, FloatOp::Conv(conv), vec![x.tensor], output, Form::Map)
    }

    /// `Y = alpha·X·B + beta·C`.
    pub(super) fn gemm(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["alpha", "beta", "transA", "transB"])?;
        let names = self.inputs(node, 2, 3)?;
        let x = self.vector(node, names[0])?;
        let [alpha, beta] = [node.float("alpha", 1.0)?, node.float("beta", 1.0)?].map(f64::from);
        if !alpha.is_finite() || !beta.is_finite() {
            return Err(error(node, "has an alpha or a beta that is not finite".into()));
        }
        node.expect_int("transA", 0)?;
        let transposed = match node.int("transB", 0)? {
            0 => false,
            1 => true,
            other => return Err(node.attribute_error("transB", format!("is {other}, supported are 0 and 1"))),
        };
        let (classes, mut weights) = self.matrix(node, names[1], x.shape.c, transposed)?;
        weights.iter_mut().for_each(|weight| *weight *= alpha);
        let mut bias = match names.get(2) {
            None => vec![0.0; classes],
            Some(name) => self.row(node, name, classes)?,
        };
        bias.iter_mut().for_each(|bias| *bias *= beta);
        if (alpha, beta) != (1.0, 1.0) {
            self.note(
                node,
                format!("alpha {alpha} and beta {beta} are in its weights and bias"),
            );
        }
        self.push_matrix(node, x, weights, bias)
    }

    /// `Y = X·B`.
    pub(super) fn mat_mul(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&[])?;
        let names = self.inputs(node, 2, 2)?;
        let x = self.vector(node, names[0])?;
        let (classes, weights) = self.matrix(node, names[1], x.shape.c, false)?;
        self.push_matrix(node, x, weights, vec![0.0; classes])
    }

    fn push_matrix(&mut self, node: &Node, x: Value, weights: Vec<f64>, bias: Vec<f64>) -> Result<(), ImportError> {
        let output = Shape::new(bias.len(), 1, 1);
        let conv = FloatConv {
            kind: ConvKind::Pointwise,
            stride: 1,
            pad: Padding::NONE,
            weights,
            bias,
        };
        self.push(node, FloatOp::Conv(conv), vec![x.tensor], output, Form::Flat)
    }

    /// A constant matrix as `[out, in]`, and its number of outputs; `transposed` says that it is stored that way.
    fn matrix(
        &self,
        node: &Node,
        name: &str,
        in_channels: usize,
        transposed: bool,
    ) -> Result<(usize, Vec<f64>), ImportError> {
        let (dims, data) = self.floats(node, name)?;
        let (rows, columns) = match *dims {
            [out, inner] if transposed => (out, inner),
            [inner, out] => (out, inner),
            _ => return Err(error(node, format!("weights have shape {dims:?}, expected two sizes"))),
        };
        if columns != in_channels || rows == 0 || rows > MAX_CHANNELS {
            let problem = format!("weights map {columns} numbers to {rows}, the input has {in_channels}");
            return Err(error(node, problem));
        }
        let index = |o: usize, c: usize| if transposed { o * columns + c } else { c * rows + o };
        let weights = (0..rows).flat_map(|o| (0..columns).map(move |c| (o, c)));
        Ok((rows, weights.map(|(o, c)| f64::from(data[index(o, c)])).collect()))
    }

    /// A constant of shape `[n]` or `[1, n]`.
    fn row(&self, node: &Node, name: &str, n: usize) -> Result<Vec<f64>, ImportError> {
        let (dims, data) = self.floats(node, name)?;
        if dims != [n] && dims != [1, n] {
            return Err(error(node, format!("input {name} has shape {dims:?}, expected [{n}]")));
        }
        Ok(data.iter().map(|x| f64::from(*x)).collect())
    }
}

fn stride(node: &Node, kind: ConvKind) -> Result<usize, ImportError> {
    match (node.ints("strides")?.unwrap_or(&[1, 1]), kind) {
        ([1, 1], _) => Ok(1),
        ([2, 2], _) => Ok(2),
        (strides, _) => {
            let problem = format!("is {strides:?}; supported are [1, 1] and [2, 2]");
            Err(node.attribute_error("strides", problem))
        }
    }
}

fn padding(node: &Node, kind: ConvKind, stride: usize) -> Result<Padding, ImportError> {
    let pads = node.ints("pads")?;
    let pointwise = kind == ConvKind::Pointwise;
    let auto_pad = node.text("auto_pad", "NOTSET")?;
    if auto_pad != "NOTSET" && pads.is_some_and(|pads| auto_pad != "VALID" || pads.iter().any(|pad| *pad != 0)) {
        return Err(node.attribute_error("pads", "is given besides auto_pad".into()));
    }
    match auto_pad {
        "NOTSET" => match (pads.unwrap_or(&[0, 0, 0, 0]), pointwise, stride) {
            ([0, 0, 0, 0], true, _) => Ok(Padding::NONE),
            ([1, 1, 1, 1], false, _) => Ok(Padding::ONE),
            // ONNX order: top, left, bottom, right.
            ([0, 0, 1, 1], false, 2) => Ok(Padding::SAME_STRIDE_2),
            (pads, ..) => {
                let problem = format!(
                    "is {pads:?}; supported are none for 1x1 kernels, [1, 1, 1, 1] for 3x3, [0, 0, 1, 1] at stride 2"
                );
                Err(node.attribute_error("pads", problem))
            }
        },
        // Size-preserving: nothing to add around a 1×1 kernel, one pixel in all around a 3×3 one at stride 2.
        "SAME_UPPER" | "SAME_LOWER" if pointwise => Ok(Padding::NONE),
        "SAME_UPPER" | "SAME_LOWER" if stride == 1 => Ok(Padding::ONE),
        "SAME_UPPER" => Ok(Padding::SAME_STRIDE_2),
        "VALID" if pointwise => Ok(Padding::NONE),
        other => Err(node.attribute_error(
            "auto_pad",
            format!("is {other}, which is not supported for this kernel"),
        )),
    }
}
