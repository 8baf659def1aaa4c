//! Attributes of ONNX nodes: known ones with their defaults, unknown ones refused.

use crate::import::error::ImportError;
use crate::import::parse::{Attribute, Node};

/// Typed access to attributes; what is missing has its default.
impl Node {
    /// Refuses attributes whose meaning the converter does not know.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), ImportError> {
        // The smallest name, so that the message does not depend on the map's order.
        match self
            .attributes
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
            .min()
        {
            None => Ok(()),
            Some(name) => Err(self.attribute_error(name, "is not supported".into())),
        }
    }

    pub(super) fn int(&self, name: &str, default: i64) -> Result<i64, ImportError> {
        match self.attributes.get(name) {
            None => Ok(default),
            Some(Attribute::Int(value)) => Ok(*value),
            Some(_) => Err(self.attribute_error(name, "is not an integer".into())),
        }
    }

    pub(super) fn ints(&self, name: &str) -> Result<Option<&[i64]>, ImportError> {
        match self.attributes.get(name) {
            None => Ok(None),
            Some(Attribute::Ints(values)) => Ok(Some(values)),
            Some(_) => Err(self.attribute_error(name, "is not a list of integers".into())),
        }
    }

    pub(crate) fn float(&self, name: &str, default: f32) -> Result<f32, ImportError> {
        match self.attributes.get(name) {
            None => Ok(default),
            Some(Attribute::Float(value)) => Ok(*value),
            Some(_) => Err(self.attribute_error(name, "is not a float".into())),
        }
    }

    pub(super) fn text(&self, name: &str, default: &'static str) -> Result<&str, ImportError> {
        match self.attributes.get(name) {
            None => Ok(default),
            Some(Attribute::Text(value)) => Ok(value),
            Some(_) => Err(self.attribute_error(name, "is not a string".into())),
        }
    }

    /// An integer attribute that must have this value, also its default.
    pub(super) fn expect_int(&self, name: &str, expected: i64) -> Result<(), ImportError> {
        match self.int(name, expected)? {
            got if got == expected => Ok(()),
            got => Err(self.attribute_error(name, format!("is {got}, supported is {expected}"))),
        }
    }

    /// A list attribute that must have this value, also its default.
    pub(super) fn expect_ints(&self, name: &str, expected: &[i64]) -> Result<(), ImportError> {
        match self.ints(name)? {
            Some(got) if got != expected => {
                Err(self.attribute_error(name, format!("is {got:?}, supported is {expected:?}")))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn attribute_error(&self, attribute: &str, problem: String) -> ImportError {
        ImportError::Attribute {
            node: self.name.clone(),
            op: self.op.clone(),
            attribute: attribute.to_owned(),
            problem,
        }
    }
}
