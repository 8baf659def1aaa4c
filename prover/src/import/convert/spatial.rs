//! Average pools, and reshapes that only flatten.

use super::converter::{error, Converter, Form, Value};
use super::network::{FloatConv, FloatOp};
use crate::import::error::ImportError;
use crate::import::parse::Node;
use crate::model::{ConvKind, Padding, Shape};

impl Converter {
    pub(super) fn global_average_pool(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&[])?;
        let names = self.inputs(node, 1, 1)?;
        let x = self.map(node, names[0])?;
        self.push_pool(node, x, Form::Map)
    }

    /// An average pool whose window is the whole map, or a small one.
    pub(super) fn average_pool(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&[
            "auto_pad",
            "ceil_mode",
            "count_include_pad",
            "dilations",
            "kernel_shape",
            "pads",
            "strides",
        ])?;
        let names = self.inputs(node, 1, 1)?;
        let x = self.map(node, names[0])?;
        let whole = [x.shape.h as i64, x.shape.w as i64];
        let pads = node.ints("pads")?.unwrap_or(&[0; 4]);
        match node.text("auto_pad", "NOTSET")? {
            "NOTSET" => {}
            "VALID" if pads == [0; 4] => {}
            "VALID" => return Err(node.attribute_error("pads", "is given besides auto_pad".into())),
            other => return Err(node.attribute_error("auto_pad", format!("is {other}, supported is NOTSET"))),
        }
        node.expect_ints("dilations", &[1, 1])?;
        match (node.ints("kernel_shape")?, pads) {
            (None, _) => Err(node.attribute_error("kernel_shape", "is missing".into())),
            (Some(window), [0, 0, 0, 0]) if window == whole => self.push_pool(node, x, Form::Map),
            (Some(window), pads) => self.local_average_pool(node, x, window, pads),
        }
    }

    /// The average of a small window, as a depthwise convolution: 3×3 with a border of one pixel that counts, or 2×2 in the corner of
    /// 3×3 at stride 2, where the other weights are 0.
    fn local_average_pool(&mut self, node: &Node, x: Value, window: &[i64], pads: &[i64]) -> Result<(), ImportError> {
        let strides = node.ints("strides")?.unwrap_or(&[1, 1]);
        node.expect_int("ceil_mode", 0)?;
        let counts_border = node.int("count_include_pad", 0)? == 1;
        let Shape { c, h, w } = x.shape;
        let even = h % 2 == 0 && w % 2 == 0;
        let (stride, pad, side) = match (window, strides, pads) {
            ([2, 2], [2, 2], [0, 0, 0, 0]) if even => (2, Padding::SAME_STRIDE_2, 2),
            ([3, 3], [1, 1], [1, 1, 1, 1]) if counts_border => (1, Padding::ONE, 3),
            ([3, 3], [2, 2], [1, 1, 1, 1]) if counts_border && even => (2, Padding::ONE, 3),
            _ => {
                let problem = format!(
                    "averages {window:?} at strides {strides:?} with pads {pads:?} of {}; supported are the whole map, [2, 2] at \
                     strides [2, 2] of even sizes, and [3, 3] with pads of 1 that count (count_include_pad), of even sizes at stride 2",
                    x.shape
                );
                return Err(error(node, problem));
            }
        };
        let share = 1.0 / (side * side) as f64;
        let tap = |at: usize| if at / 3 < side && at % 3 < side { share } else { 0.0 };
        let conv = FloatConv {
            kind: ConvKind::Depthwise3x3,
            stride,
            pad,
            weights: (0..9 * c).map(|at| tap(at % 9)).collect(),
            bias: vec![0.0; c],
        };
        self.note(node, "a depthwise convolution".into());
        let output = Shape::new(c, h / stride, w / stride);
        self.push(node, FloatOp::Conv(conv), vec![x.tensor], output, Form::Map)
    }

    /// A mean over rows and columns; the axes are an attribute before operator set 18, an input since.
    pub(super) fn reduce_mean(&mut self, node: &Node) -> Result<(), ImportError> {
        let axes_are_input = self.opset >= 18;
        let known: &[&str] = if axes_are_input {
            &["keepdims", "noop_with_empty_axes"]
        } else {
            &["axes", "keepdims"]
        };
        node.only(known)?;
        let names = self.inputs(node, 1, if axes_are_input { 2 } else { 1 })?;
        let x = self.value(node, names[0])?;
        let wanted: [i64; 2] = match x.form {
            Form::Map => [2, 3],
            Form::ChannelsLast => [1, 2],
            Form::Flat => return Err(error(node, format!("input {} is no map", names[0]))),
        };
        let axes = match names.get(1) {
            Some(name) => Some(self.integers(node, name)?),
            None => node.ints("axes")?,
        };
        // Negative axes count from the end.
        let mut axes: Vec<i64> = axes
            .unwrap_or(&[])
            .iter()
            .map(|a| if *a < 0 { a.saturating_add(4) } else { *a })
            .collect();
        axes.sort_unstable();
        if axes != wanted {
            let [rows, columns] = wanted;
            return Err(error(
                node,
                format!("does not reduce exactly rows and columns (axes {rows} and {columns})"),
            ));
        }
        let form = match node.int("keepdims", 1)? {
            0 => Form::Flat,
            1 => x.form,
            other => return Err(node.attribute_error("keepdims", format!("is {other}, supported are 0 and 1"))),
        };
        self.push_pool(node, x, form)
    }

    fn push_pool(&mut self, node: &Node, x: Value, form: Form) -> Result<(), ImportError> {
        self.push(node, FloatOp::Pool, vec![x.tensor], Shape::new(x.shape.c, 1, 1), form)
    }

    /// `[1, c, 1, 1]` to `[1, c]`.
    pub(super) fn flatten(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["axis"])?;
        let names = self.inputs(node, 1, 1)?;
        let x = self.value(node, names[0])?;
        let axis = node.int("axis", 1)?;
        let rank = x.onnx_shape().len() as i64;
        if axis != 1 && axis != 1 - rank {
            return Err(node.attribute_error("axis", format!("is {axis}, supported is 1")));
        }
        self.flat_alias(node, x)
    }

    /// A reshape to `[1, c]` or back to `[1, c, 1, 1]`.
    pub(super) fn reshape(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["allowzero"])?;
        node.expect_int("allowzero", 0)?;
        let names = self.inputs(node, 2, 2)?;
        let x = self.value(node, names[0])?;
        let target = self.integers(node, names[1])?;
        let old = x.onnx_shape();
        let resolved = resolve_reshape(&old, target)
            .ok_or_else(|| error(node, format!("cannot reshape {old:?} to {target:?}")))?;
        match *resolved {
            [1, c] if c == x.shape.c as i64 => self.flat_alias(node, x),
            [1, c, 1, 1] if c == x.shape.c as i64 && x.shape.h * x.shape.w == 1 => {
                self.alias(node, Value { form: Form::Map, ..x });
                Ok(())
            }
            _ if resolved == old => {
                self.alias(node, x);
                Ok(())
            }
            _ => Err(error(
                node,
                format!("reshapes {old:?} to {resolved:?}; supported are [1, c] and [1, c, 1, 1]"),
            )),
        }
    }

    fn flat_alias(&mut self, node: &Node, x: Value) -> Result<(), ImportError> {
        if x.shape.h * x.shape.w != 1 {
            return Err(error(
                node,
                format!(
                    "flattens the map {}; only a pooled map of one pixel is supported",
                    x.shape
                ),
            ));
        }
        self.alias(node, Value { form: Form::Flat, ..x });
        Ok(())
    }
}

/// ONNX's rules: 0 copies a size, one −1 is what remains.
fn resolve_reshape(old: &[i64], target: &[i64]) -> Option<Vec<i64>> {
    let total: i64 = old.iter().product();
    let mut new = Vec::with_capacity(target.len());
    for (i, size) in target.iter().enumerate() {
        new.push(match size {
            0 => *old.get(i)?,
            -1 | 1.. => *size,
            _ => return None,
        });
    }
    let known = new
        .iter()
        .filter(|n| **n > 0)
        .try_fold(1i64, |product, n| product.checked_mul(*n))?;
    let mut free = new.iter_mut().filter(|n| **n == -1);
    if let Some(free) = free.next() {
        *free = (known > 0 && total % known == 0).then(|| total / known)?;
    }
    if new.contains(&-1) || new.iter().try_fold(1i64, |p, n| p.checked_mul(*n)) != Some(total) {
        return None;
    }
    Some(new)
}
