//! Builds small ONNX files and calibration directories.

#![allow(dead_code)] // each test file uses its part

pub(crate) mod networks;

use prost::Message;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::path::{Path, PathBuf};
use tract_onnx::pb;

use pb::attribute_proto::AttributeType;
pub(crate) use pb::tensor_proto::DataType;

/// An ONNX file under construction; tests change `proto` as they like.
pub(crate) struct Onnx {
    pub(crate) proto: pb::ModelProto,
    rng: ChaCha20Rng,
}

impl Onnx {
    /// No nodes, one input `image` `[1, 3, h, w]`.
    pub(crate) fn new(h: i64, w: i64) -> Self {
        let graph = pb::GraphProto {
            name: "test".into(),
            input: vec![value_info("image", &[1, 3, h, w])],
            ..Default::default()
        };
        let proto = pb::ModelProto {
            ir_version: 8,
            opset_import: vec![pb::OperatorSetIdProto {
                domain: String::new(),
                version: 13,
            }],
            graph: Some(graph),
            ..Default::default()
        };
        Self {
            proto,
            rng: ChaCha20Rng::seed_from_u64(11),
        }
    }

    pub(crate) fn graph(&mut self) -> &mut pb::GraphProto {
        self.proto.graph.as_mut().unwrap()
    }

    pub(crate) fn opset(mut self, version: i64) -> Self {
        self.proto.opset_import[0].version = version;
        self
    }

    /// Adds a node whose name is the name of its output.
    pub(crate) fn node(mut self, op: &str, inputs: &[&str], output: &str, attributes: Vec<pb::AttributeProto>) -> Self {
        self.graph().node.push(pb::NodeProto {
            op_type: op.into(),
            name: output.into(),
            input: inputs.iter().map(|s| (*s).into()).collect(),
            output: vec![output.into()],
            attribute: attributes,
            ..Default::default()
        });
        self
    }

    /// Random weights of about unit gain.
    pub(crate) fn weights(mut self, name: &str, dims: &[i64]) -> Self {
        let count: i64 = dims.iter().product();
        let fan_in: i64 = dims[1..].iter().product();
        let limit = (3.0 / fan_in as f32).sqrt();
        let data = (0..count).map(|_| self.rng.gen_range(-limit..limit)).collect();
        self.floats(name, dims, data)
    }

    /// Random numbers from `low` to `high`.
    pub(crate) fn uniform(mut self, name: &str, dims: &[i64], low: f32, high: f32) -> Self {
        let count: i64 = dims.iter().product();
        let data = (0..count).map(|_| self.rng.gen_range(low..high)).collect();
        self.floats(name, dims, data)
    }

    pub(crate) fn floats(mut self, name: &str, dims: &[i64], data: Vec<f32>) -> Self {
        self.graph().initializer.push(float_tensor(name, dims, data));
        self
    }

    pub(crate) fn integers(mut self, name: &str, data: Vec<i64>) -> Self {
        self.graph().initializer.push(pb::TensorProto {
            name: name.into(),
            dims: vec![data.len() as i64],
            data_type: DataType::Int64 as i32,
            int64_data: data,
            ..Default::default()
        });
        self
    }

    pub(crate) fn output(mut self, name: &str, classes: i64) -> Self {
        self.graph().output = vec![value_info(name, &[1, classes])];
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.proto.encode_to_vec()
    }

    pub(crate) fn write(&self, directory: &Path) -> PathBuf {
        let path = directory.join("network.onnx");
        std::fs::write(&path, self.bytes()).unwrap();
        path
    }
}

pub(crate) fn value_info(name: &str, dims: &[i64]) -> pb::ValueInfoProto {
    use pb::tensor_shape_proto::{dimension::Value, Dimension};
    let dim = dims.iter().map(|n| Dimension {
        value: Some(Value::DimValue(*n)),
        ..Default::default()
    });
    let tensor = pb::type_proto::Tensor {
        elem_type: DataType::Float as i32,
        shape: Some(pb::TensorShapeProto { dim: dim.collect() }),
    };
    pb::ValueInfoProto {
        name: name.into(),
        r#type: Some(pb::TypeProto {
            value: Some(pb::type_proto::Value::TensorType(tensor)),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub(crate) fn float_tensor(name: &str, dims: &[i64], data: Vec<f32>) -> pb::TensorProto {
    pb::TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: DataType::Float as i32,
        float_data: data,
        ..Default::default()
    }
}

fn attribute(name: &str, kind: AttributeType) -> pb::AttributeProto {
    pb::AttributeProto {
        name: name.into(),
        r#type: kind as i32,
        ..Default::default()
    }
}

pub(crate) fn int(name: &str, value: i64) -> pb::AttributeProto {
    pb::AttributeProto {
        i: value,
        ..attribute(name, AttributeType::Int)
    }
}

pub(crate) fn ints(name: &str, values: &[i64]) -> pb::AttributeProto {
    pb::AttributeProto {
        ints: values.to_vec(),
        ..attribute(name, AttributeType::Ints)
    }
}

pub(crate) fn float(name: &str, value: f32) -> pb::AttributeProto {
    pb::AttributeProto {
        f: value,
        ..attribute(name, AttributeType::Float)
    }
}

pub(crate) fn text(name: &str, value: &str) -> pb::AttributeProto {
    pb::AttributeProto {
        s: value.into(),
        ..attribute(name, AttributeType::String)
    }
}

pub(crate) fn tensor(name: &str, value: pb::TensorProto) -> pb::AttributeProto {
    pb::AttributeProto {
        t: Some(value),
        ..attribute(name, AttributeType::Tensor)
    }
}

/// Smooth random images as PNG files.
pub(crate) fn write_images(directory: &Path, count: usize, w: u32, h: u32) {
    let mut rng = ChaCha20Rng::seed_from_u64(23);
    for n in 0..count {
        let [fx, fy, phase]: [f32; 3] = [
            rng.gen_range(0.1..0.8),
            rng.gen_range(0.1..0.8),
            rng.gen_range(0.0..6.0),
        ];
        let image = image::RgbImage::from_fn(w, h, |x, y| {
            let wave = (x as f32 * fx + y as f32 * fy + phase).sin();
            let channel = |gain: f32| (127.5 + 127.5 * gain * wave) as u8;
            image::Rgb([channel(1.0), channel(-0.7), channel(0.4)])
        });
        image.save(directory.join(format!("{n:03}.png"))).unwrap();
    }
}
