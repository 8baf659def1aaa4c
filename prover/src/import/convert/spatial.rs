//! Average pools, and reshapes that only flatten.

use super::converter::{error, Converter, Form, Value};
use super::network::{FloatConv, FloatOp};
use super::window::Window;
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
        node.expect_ints("dilations", &[1, 1])?;
        let Some(sides) = node.ints("kernel_shape")? else {
            return Err(node.attribute_error("kernel_shape", "is missing".into()));
        };
        let pads = node.ints("pads")?.unwrap_or(&[0; 4]);
        let is_whole = sides == [x.shape.h as i64, x.shape.w as i64] && pads == [0; 4];
        let sides: Option<Vec<usize>> = sides.iter().map(|side| usize::try_from(*side).ok()).collect();
        match *sides.unwrap_or_default() {
            // Whatever the border and the steps: there is one place for the window.
            [_, _] if is_whole && ["NOTSET", "VALID"].contains(&node.text("auto_pad", "NOTSET")?) => {
                self.push_pool(node, x, Form::Map)
            }
            [h, w] => self.local_average_pool(node, x, h, w),
            _ => Err(node.attribute_error("kernel_shape", "is not two sizes".into())),
        }
    }

    /// The average of a small window, as a depthwise convolution.
    fn local_average_pool(&mut self, node: &Node, x: Value, h: usize, w: usize) -> Result<(), ImportError> {
        let window = Window::of(node, h, w, x.shape)?;
        if !window.pad.is_none() && node.int("count_include_pad", 0)? != 1 {
            let problem = "averages fewer pixels at the border, which no kernel does; supported is count_include_pad 1, or no padding";
            return Err(error(node, problem.into()));
        }
        let covered = |size: usize, pads: usize, kernel: usize| (size + pads - kernel).is_multiple_of(window.stride);
        let Padding {
            top,
            left,
            bottom,
            right,
        } = window.pad;
        let is_exact = covered(x.shape.h, top + bottom, h) && covered(x.shape.w, left + right, w);
        match node.int("ceil_mode", 0)? {
            0 => {}
            1 if is_exact => {}
            _ => {
                let problem = "rounds up, and the last window leaves the map; supported is 0".into();
                return Err(node.attribute_error("ceil_mode", problem));
            }
        }
        let Shape { c, .. } = x.shape;
        let taps = window.kernel.taps();
        if taps == 1 && window.stride == 1 {
            self.alias(node, x);
            return Ok(());
        }
        let conv = FloatConv {
            kind: ConvKind::Depthwise(window.kernel),
            stride: window.stride,
            pad: window.pad,
            weights: vec![1.0 / taps as f64; taps * c],
            bias: vec![0.0; c],
        };
        self.note(node, "a depthwise convolution".into());
        self.push(node, FloatOp::Conv(conv), vec![x.tensor], window.output, Form::Map)
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
            Form::Flat | Form::FlatChannelsLast => {
                return Err(error(node, format!("input {} is no map", names[0])));
            }
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
        self.flat_alias(node, x);
        Ok(())
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
            [1, n] if n == x.shape.len() as i64 => {
                self.flat_alias(node, x);
                Ok(())
            }
            [1, c, h, w]
                if [c, h, w] == [x.shape.c, x.shape.h, x.shape.w].map(|size| size as i64) && x.form == Form::Flat =>
            {
                self.alias(node, Value { form: Form::Map, ..x });
                Ok(())
            }
            _ if resolved == old => {
                self.alias(node, x);
                Ok(())
            }
            _ => Err(error(
                node,
                format!("reshapes {old:?} to {resolved:?}; supported are [1, n] and back"),
            )),
        }
    }

    /// `[1, c, 1, 1]` to `[1, c]`: the axes are an attribute before operator set 13, an input since.
    pub(super) fn squeeze(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["axes"])?;
        let names = self.inputs(node, 1, 2)?;
        let x = self.value(node, names[0])?;
        let axes = match names.get(1) {
            Some(name) => Some(self.integers(node, name)?),
            None => node.ints("axes")?,
        };
        let old = x.onnx_shape();
        let rank = old.len() as i64;
        let mut axes = axes.unwrap_or(&[]).to_vec();
        axes.iter_mut()
            .for_each(|axis| *axis += if *axis < 0 { rank } else { 0 });
        axes.sort_unstable();
        let wanted = match x.form {
            Form::Map => [2, 3],
            _ => [1, 2],
        };
        if rank != 4 || axes != wanted || x.shape.h * x.shape.w != 1 {
            let problem = format!("takes the axes {axes:?} off {old:?}; supported are rows and columns of one pixel");
            return Err(error(node, problem));
        }
        self.flat_alias(node, x);
        Ok(())
    }

    fn flat_alias(&mut self, node: &Node, x: Value) {
        let form = match x.form {
            // The order of the channels of one pixel is one.
            Form::ChannelsLast | Form::FlatChannelsLast if x.shape.h * x.shape.w > 1 => Form::FlatChannelsLast,
            _ => Form::Flat,
        };
        self.alias(node, Value { form, ..x });
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
