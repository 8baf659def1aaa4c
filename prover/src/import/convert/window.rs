//! What a kernel or an average moves over: its size, steps and border.

use super::converter::error;
use crate::import::error::ImportError;
use crate::import::parse::Node;
use crate::model::{Kernel, Padding, Shape};

/// A window that moves over a map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) kernel: Kernel,
    /// 1 or 2.
    pub(super) stride: usize,
    /// On each side less than the kernel.
    pub(super) pad: Padding,
    /// Rows and columns of what it makes of the map, with the map's channels.
    pub(super) output: Shape,
}

impl Window {
    /// The window of `node`, of `h` rows and `w` columns, over a map of `input`.
    ///
    /// # Errors
    /// If its size, stride or padding is not supported, or larger than the map.
    pub(super) fn of(node: &Node, h: usize, w: usize, input: Shape) -> Result<Self, ImportError> {
        const SIDES: std::ops::RangeInclusive<usize> = 1..=Kernel::MAX_SIDE;
        if !SIDES.contains(&h) || !SIDES.contains(&w) {
            let problem = format!(
                "has a {h}x{w} kernel; supported are 1 to {} rows and columns",
                Kernel::MAX_SIDE
            );
            return Err(error(node, problem));
        }
        let kernel = Kernel { h, w };
        let stride = match node.ints("strides")?.unwrap_or(&[1, 1]) {
            [1, 1] => 1,
            [2, 2] => 2,
            strides => {
                let problem = format!("is {strides:?}; supported are [1, 1] and [2, 2]");
                return Err(node.attribute_error("strides", problem));
            }
        };
        let pad = padding(node, kernel, stride, input)?;
        let rows = input.h + pad.top + pad.bottom;
        let columns = input.w + pad.left + pad.right;
        if rows < h || columns < w {
            return Err(error(
                node,
                format!("has a {h}x{w} kernel, larger than {input} with its padding"),
            ));
        }
        let output = Shape::new(input.c, (rows - h) / stride + 1, (columns - w) / stride + 1);
        Ok(Self {
            kernel,
            stride,
            pad,
            output,
        })
    }
}

fn padding(node: &Node, kernel: Kernel, stride: usize, input: Shape) -> Result<Padding, ImportError> {
    let pads = node.ints("pads")?;
    let auto_pad = node.text("auto_pad", "NOTSET")?;
    if auto_pad != "NOTSET" && pads.is_some_and(|pads| auto_pad != "VALID" || pads.iter().any(|pad| *pad != 0)) {
        return Err(node.attribute_error("pads", "is given besides auto_pad".into()));
    }
    // Before and behind, so that every step of the input has an output; an odd pixel goes to the end, or to the beginning.
    let same = |size: usize, kernel: usize, first: bool| {
        let needed = (size.div_ceil(stride) - 1) * stride + kernel;
        let pads = needed.saturating_sub(size);
        if first {
            (pads.div_ceil(2), pads / 2)
        } else {
            (pads / 2, pads.div_ceil(2))
        }
    };
    match auto_pad {
        "NOTSET" => {
            let pads = pads.unwrap_or(&[0; 4]);
            // ONNX order: top, left, bottom, right.
            let sizes: Vec<usize> = pads.iter().filter_map(|pad| usize::try_from(*pad).ok()).collect();
            match *sizes {
                [top, left, bottom, right] if top.max(bottom) < kernel.h && left.max(right) < kernel.w => Ok(Padding {
                    top,
                    left,
                    bottom,
                    right,
                }),
                _ => {
                    let problem = format!(
                        "is {pads:?}; supported are four sizes below the kernel's, {}x{}",
                        kernel.h, kernel.w
                    );
                    Err(node.attribute_error("pads", problem))
                }
            }
        }
        "SAME_UPPER" | "SAME_LOWER" => {
            let first = auto_pad == "SAME_LOWER";
            let ((top, bottom), (left, right)) = (same(input.h, kernel.h, first), same(input.w, kernel.w, first));
            Ok(Padding {
                top,
                left,
                bottom,
                right,
            })
        }
        "VALID" => Ok(Padding::NONE),
        other => {
            let problem = format!("is {other}; supported are NOTSET, SAME_UPPER, SAME_LOWER and VALID");
            Err(node.attribute_error("auto_pad", problem))
        }
    }
}
