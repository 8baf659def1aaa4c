//! Convolutions and matrix products, as layers with weights.

use super::converter::{error, Converter, Form, Value, MAX_CHANNELS};
use super::network::{FloatConv, FloatOp};
use super::window::Window;
use crate::import::error::ImportError;
use crate::import::parse::Node;
use crate::model::{ConvKind, Groups, Kernel, Padding, Shape};

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
        let groups = node.int("group", 1)?;
        let groups = usize::try_from(groups).ok().filter(|groups| *groups > 0);
        let divides = |groups: &usize| x.shape.c.is_multiple_of(*groups) && out_channels.is_multiple_of(*groups);
        let Some(groups) = groups.filter(divides) else {
            let problem = format!(
                "must divide the {} channels that it reads and the {out_channels} that it makes",
                x.shape.c
            );
            return Err(node.attribute_error("group", problem));
        };
        if in_per_group != x.shape.c / groups {
            let problem = format!(
                "weights read {in_per_group} channels, the input has {} in {groups} groups",
                x.shape.c
            );
            return Err(error(node, problem));
        }
        let window = Window::of(node, kernel_h, kernel_w, x.shape)?;
        let Window { kernel, stride, .. } = window;
        let kind = match groups {
            1 if kernel.taps() == 1 && stride == 1 => ConvKind::Pointwise,
            1 => ConvKind::Dense(kernel),
            _ if groups == x.shape.c && groups == out_channels => ConvKind::Depthwise(kernel),
            _ => ConvKind::Grouped(kernel, Groups(groups)),
        };
        let weights = weights.iter().map(|w| f64::from(*w)).collect();
        let bias = match names.get(2) {
            Some(name) => self.per_channel(node, name, out_channels)?,
            None => vec![0.0; out_channels],
        };
        let conv = FloatConv {
            kind,
            stride,
            pad: window.pad,
            weights,
            bias,
        };
        let output = Shape {
            c: out_channels,
            ..window.output
        };
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
        let (classes, mut weights) = self.matrix(node, names[1], x.shape.len(), transposed)?;
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
        let (classes, weights) = self.matrix(node, names[1], x.shape.len(), false)?;
        self.push_matrix(node, x, weights, vec![0.0; classes])
    }

    /// A matrix over a flat map is a kernel as large as the map.
    fn push_matrix(&mut self, node: &Node, x: Value, weights: Vec<f64>, bias: Vec<f64>) -> Result<(), ImportError> {
        let Shape { c, h, w } = x.shape;
        if h.max(w) > Kernel::MAX_SIDE {
            let problem = format!(
                "reads all of the map {}; supported are maps of up to {side}x{side}",
                x.shape,
                side = Kernel::MAX_SIDE
            );
            return Err(error(node, problem));
        }
        let (kind, weights) = match (h * w, x.form) {
            (1, _) => (ConvKind::Pointwise, weights),
            (map, Form::FlatChannelsLast) => {
                let outputs = weights.chunks_exact(map * c);
                let by_channel =
                    |kernel: &[f64]| -> Vec<f64> { (0..map * c).map(|n| kernel[n % map * c + n / map]).collect() };
                (ConvKind::Dense(Kernel { h, w }), outputs.flat_map(by_channel).collect())
            }
            _ => (ConvKind::Dense(Kernel { h, w }), weights),
        };
        if h * w > 1 {
            self.note(node, format!("a {h}x{w} kernel over the map {}", x.shape));
        }
        let output = Shape::new(bias.len(), 1, 1);
        let conv = FloatConv {
            kind,
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
