//! Clips, batch norms, adds: what works element by element.

use super::converter::{error, Converter, Form, Value};
use super::network::FloatOp;
use crate::import::error::ImportError;
use crate::import::parse::Node;

impl Converter {
    pub(super) fn batch_norm(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["epsilon", "momentum", "spatial", "training_mode"])?;
        node.expect_int("training_mode", 0)?;
        node.expect_int("spatial", 1)?;
        let names = self.inputs(node, 5, 5)?;
        let x = self.map(node, names[0])?;
        let channels = x.shape.c;
        let epsilon = f64::from(node.float("epsilon", 1e-5)?);
        let [gamma, beta, mean, variance] = [1, 2, 3, 4].map(|i| self.per_channel(node, names[i], channels));
        let (gamma, beta, mean, variance) = (gamma?, beta?, mean?, variance?);
        let mut scale = Vec::with_capacity(channels);
        let mut shift = Vec::with_capacity(channels);
        for c in 0..channels {
            let squared = variance[c] + epsilon;
            if squared.is_nan() || squared <= 0.0 {
                return Err(error(node, format!("variance + epsilon of channel {c} is {squared}")));
            }
            scale.push(gamma[c] / squared.sqrt());
            shift.push(beta[c] - mean[c] * scale[c]);
        }
        self.push(node, FloatOp::Affine { scale, shift }, vec![x.tensor], x.shape, x.form)
    }

    pub(super) fn relu(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&[])?;
        let names = self.inputs(node, 1, 1)?;
        let x = self.value(node, names[0])?;
        self.push(node, FloatOp::Clip { max: None }, vec![x.tensor], x.shape, x.form)
    }

    /// Bounds are attributes before operator set 11, inputs since.
    pub(super) fn clip(&mut self, node: &Node) -> Result<(), ImportError> {
        let names = self.inputs(node, 1, if self.opset < 11 { 1 } else { 3 })?;
        let (min, max) = if self.opset < 11 {
            node.only(&["min", "max"])?;
            (node.float("min", f32::MIN)?, node.float("max", f32::MAX)?)
        } else {
            node.only(&[])?;
            let bound = |i: usize, default: f32| match names.get(i) {
                None | Some(&"") => Ok(default),
                Some(name) => match self.floats(node, name)? {
                    (_, [bound]) => Ok(*bound),
                    (dims, _) => Err(error(
                        node,
                        format!("bound {name} has shape {dims:?}, expected one number"),
                    )),
                },
            };
            (bound(1, f32::MIN)?, bound(2, f32::MAX)?)
        };
        if min != 0.0 {
            return Err(error(node, format!("clips from {min}, supported is 0")));
        }
        if max.is_nan() || max <= 0.0 {
            return Err(error(node, format!("clips to {max}, expected a positive number")));
        }
        let max = (max < f32::MAX).then(|| f64::from(max));
        let x = self.value(node, names[0])?;
        self.push(node, FloatOp::Clip { max }, vec![x.tensor], x.shape, x.form)
    }

    /// A residual add, or a bias with one number per channel.
    pub(super) fn add(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&[])?;
        let names = self.inputs(node, 2, 2)?;
        if names.iter().any(|name| self.constants.contains_key(*name)) {
            return self.affine(node);
        }
        let (lhs, rhs) = (self.value(node, names[0])?, self.value(node, names[1])?);
        if lhs.shape != rhs.shape || lhs.form != rhs.form {
            return Err(error(node, format!("adds shapes {} and {}", lhs.shape, rhs.shape)));
        }
        self.push(node, FloatOp::Add, vec![lhs.tensor, rhs.tensor], lhs.shape, lhs.form)
    }

    /// `Add`, `Sub`, `Mul` or `Div` of a tensor and a constant, with one number per channel or one for all.
    pub(super) fn affine(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&[])?;
        let names = self.inputs(node, 2, 2)?;
        let Some(place) = names.iter().position(|name| self.constants.contains_key(*name)) else {
            return Err(error(
                node,
                "has no constant input; supported is one beside one computed tensor".into(),
            ));
        };
        let x = self.value(node, names[1 - place])?;
        let constant = self.channels(node, names[place], x)?;
        let (scale, shift): (Vec<f64>, Vec<f64>) = constant
            .into_iter()
            .map(|c| match (node.op.as_str(), place) {
                ("Mul", _) => (c, 0.0),
                ("Sub", 1) => (1.0, -c),
                ("Sub", _) => (-1.0, c),
                ("Div", 1) => (1.0 / c, 0.0),
                ("Div", _) => (f64::NAN, 0.0),
                // `Add`.
                _ => (1.0, c),
            })
            .unzip();
        if let Some(channel) = scale.iter().position(|scale| !scale.is_finite()) {
            let problem = format!("divides by what is computed, or by 0 in channel {channel}");
            return Err(error(node, problem));
        }
        self.push(node, FloatOp::Affine { scale, shift }, vec![x.tensor], x.shape, x.form)
    }

    /// A constant beside a tensor, one number per channel.
    fn channels(&self, node: &Node, name: &str, x: Value) -> Result<Vec<f64>, ImportError> {
        let channels = x.shape.c;
        let (dims, data) = self.floats(node, name)?;
        // Sizes of 1 in front may be left out.
        let places = [channels, 1, 1];
        let places = if x.form == Form::Map { &places[..] } else { &places[..1] };
        let ones = dims.iter().take_while(|size| **size == 1).count();
        // A flat map of several pixels has no axis of channels.
        let has_channels = matches!(x.form, Form::Map | Form::ChannelsLast) || x.shape.h * x.shape.w == 1;
        let is_per_channel = dims[ones..] == *places || (channels == 1 && dims[ones..].is_empty());
        let fits = dims.len() <= x.onnx_shape().len() && (data.len() == 1 || (has_channels && is_per_channel));
        if !fits {
            let problem = format!(
                "constant has shape {dims:?}, expected one number per channel of {}",
                x.shape
            );
            return Err(error(node, problem));
        }
        let numbers = data.iter().cycle().take(channels);
        Ok(numbers.map(|x| f64::from(*x)).collect())
    }

    pub(super) fn identity(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&[])?;
        let names = self.inputs(node, 1, 1)?;
        if let Some(constant) = self.constants.get(names[0]) {
            self.constants.insert(node.output.clone(), constant.clone());
        } else {
            let x = self.value(node, names[0])?;
            self.alias(node, x);
        }
        Ok(())
    }

    /// Nothing at inference.
    pub(super) fn dropout(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["ratio", "seed"])?;
        let names = self.inputs(node, 1, 3)?;
        if names.len() == 3 {
            return Err(error(node, "has a training mode input".into()));
        }
        let x = self.value(node, names[0])?;
        self.alias(node, x);
        Ok(())
    }
}
