//! A small quantised network, and what its scales, zero points and types may be.

use crate::import_support::networks::{assert_refused, run, SIDE};
use crate::import_support::{float_tensor, int, tensor, DataType, Onnx};
use assay_durable::progress::Silent;
use assay_prover::import::{self, ImportOptions, ImportReport, LayerReport};
use assay_prover::model::{LayerParams, Op, ScaledParams};
use tract_onnx::pb::{NodeProto, TensorProto};

/// A constant of bytes, raw, signed or not.
pub(crate) fn bytes(onnx: &mut Onnx, name: &str, dims: &[i64], kind: DataType, raw_data: Vec<u8>) {
    onnx.graph().initializer.push(TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: kind as i32,
        raw_data,
        ..Default::default()
    });
}

pub(crate) fn scalar(onnx: &mut Onnx, name: &str, value: f32) {
    onnx.graph().initializer.push(float_tensor(name, &[], vec![value]));
}

/// Image, 1×1 convolution to 4 channels, Relu, pool, 5 classes, every tensor of uint8: scales and zero points are named `x_scale` and
/// `x_zero` of what they belong to.
pub(crate) fn small() -> Onnx {
    let mut onnx = Onnx::new(SIDE, SIDE);
    for (name, scale, zero) in [
        ("image", 1.0 / 255.0, 0),
        ("y", 0.02, 0),
        ("p", 0.02, 0),
        ("logits", 0.03, 100),
    ] {
        scalar(&mut onnx, &format!("{name}_scale"), scale);
        bytes(&mut onnx, &format!("{name}_zero"), &[], DataType::Uint8, vec![zero]);
    }
    let weights = |count: u8| (0..count).map(|n| n.wrapping_mul(37)).collect();
    bytes(&mut onnx, "w", &[4, 3, 1, 1], DataType::Int8, weights(12));
    bytes(&mut onnx, "v", &[5, 4], DataType::Int8, weights(20));
    for (name, scale) in [("w", 0.01), ("v", 0.02), ("b", 0.01 * (1.0 / 255.0))] {
        scalar(&mut onnx, &format!("{name}_scale"), scale);
    }
    bytes(
        &mut onnx,
        "b",
        &[4],
        DataType::Int32,
        [500i32, -500, 0, 9000].iter().flat_map(|b| b.to_le_bytes()).collect(),
    );
    onnx.node(
        "QuantizeLinear",
        &["image", "image_scale", "image_zero"],
        "image_q",
        vec![],
    )
    .node(
        "DequantizeLinear",
        &["image_q", "image_scale", "image_zero"],
        "image_d",
        vec![],
    )
    .node("DequantizeLinear", &["w", "w_scale"], "w_d", vec![])
    .node("DequantizeLinear", &["b", "b_scale"], "b_d", vec![])
    .node("Conv", &["image_d", "w_d", "b_d"], "conv", vec![])
    .node("Relu", &["conv"], "y", vec![])
    .node("QuantizeLinear", &["y", "y_scale", "y_zero"], "y_q", vec![])
    .node("DequantizeLinear", &["y_q", "y_scale", "y_zero"], "y_d", vec![])
    .node("GlobalAveragePool", &["y_d"], "p", vec![])
    .node("QuantizeLinear", &["p", "p_scale", "p_zero"], "p_q", vec![])
    .node("DequantizeLinear", &["p_q", "p_scale", "p_zero"], "p_d", vec![])
    .node("Flatten", &["p_d"], "f", vec![])
    .node("DequantizeLinear", &["v", "v_scale"], "v_d", vec![])
    .node("Gemm", &["f", "v_d"], "g", vec![int("transB", 1)])
    .node(
        "QuantizeLinear",
        &["g", "logits_scale", "logits_zero"],
        "logits_q",
        vec![],
    )
    .node(
        "DequantizeLinear",
        &["logits_q", "logits_scale", "logits_zero"],
        "logits",
        vec![],
    )
    .output("logits", 5)
}

/// [`small`], changed.
pub(crate) fn with(change: impl FnOnce(&mut Onnx)) -> Onnx {
    let mut onnx = small();
    change(&mut onnx);
    onnx
}

pub(crate) fn constant<'o>(onnx: &'o mut Onnx, name: &str) -> &'o mut TensorProto {
    onnx.graph().initializer.iter_mut().find(|t| t.name == name).unwrap()
}

pub(crate) fn node<'o>(onnx: &'o mut Onnx, name: &str) -> &'o mut NodeProto {
    onnx.graph().node.iter_mut().find(|n| n.name == name).unwrap()
}

/// A node's reader reads what the node reads.
fn without(onnx: &mut Onnx, name: &str) {
    let input = node(onnx, name).input[0].clone();
    onnx.graph().node.retain(|n| n.name != name);
    for reader in &mut onnx.graph().node {
        reader
            .input
            .iter_mut()
            .filter(|i| *i == name)
            .for_each(|i| *i = input.clone());
    }
}

/// Rounding alone: no byte of any layer is farther from the file's own than two.
#[track_caller]
pub(crate) fn assert_close(report: &ImportReport) {
    let close = |layer: &LayerReport| layer.difference.is_some_and(|difference| difference.max <= 2);
    assert!(report.layers.iter().all(close), "{}", report.to_table());
}

#[test]
fn uint8_weights_with_a_zero_point_are_those_of_int8_with_it_taken_off() {
    let (plain, report) = run(&small()).unwrap();
    assert!(report.quantised);
    assert_close(&report);
    let moved = with(|onnx| {
        let w = constant(onnx, "w");
        w.data_type = DataType::Uint8 as i32;
        w.raw_data.iter_mut().for_each(|w| *w = w.wrapping_add(128));
        bytes(onnx, "w_zero", &[], DataType::Uint8, vec![128]);
        node(onnx, "w_d").input.push("w_zero".into());
    });
    assert_eq!(run(&moved).unwrap().0, plain);
    // A zero point in the middle of nowhere: weights from −60 to 195.
    let asymmetric = with(|onnx| {
        constant(onnx, "w").data_type = DataType::Uint8 as i32;
        bytes(onnx, "w_zero", &[], DataType::Uint8, vec![60]);
        node(onnx, "w_d").input.push("w_zero".into());
    });
    let (_, report) = run(&asymmetric).unwrap();
    assert_close(&report);
}

#[test]
fn int8_activations_are_uint8_moved_by_128() {
    let moved = with(|onnx| {
        for name in ["image", "y", "p", "logits"] {
            let zero = constant(onnx, &format!("{name}_zero"));
            zero.data_type = DataType::Int8 as i32;
            zero.raw_data[0] = zero.raw_data[0].wrapping_sub(128);
        }
    });
    assert_eq!(run(&moved).unwrap().0, run(&small()).unwrap().0);
}

#[test]
fn one_scale_for_each_channel_is_that_of_its_weights() {
    let (plain, _) = run(&small()).unwrap();
    let channels = with(|onnx| {
        for name in ["w", "b"] {
            let scale = constant(onnx, &format!("{name}_scale"));
            scale.dims = vec![4];
            scale.float_data = vec![scale.float_data[0]; 4];
            node(onnx, &format!("{name}_d")).attribute.push(int("axis", 0));
        }
        let scales = &mut constant(onnx, "w_scale").float_data;
        scales[2] *= 2.0;
        constant(onnx, "b_scale").float_data[2] *= 2.0;
        // The same numbers: half of the integers for twice the scale.
        for w in &mut constant(onnx, "w").raw_data[6..9] {
            *w = ((*w as i8) / 2 * 2) as u8;
        }
    });
    let halved = with(|onnx| {
        for w in &mut constant(onnx, "w").raw_data[6..9] {
            *w = ((*w as i8) / 2 * 2) as u8;
        }
    });
    let doubled = run(&channels).unwrap().0;
    let (LayerParams::Scaled(doubled), LayerParams::Scaled(single)) =
        (&doubled.params[0], &run(&halved).unwrap().0.params[0].clone())
    else {
        panic!("not scaled")
    };
    assert_eq!(doubled.weights[..6], single.weights[..6]);
    for (twice, once) in doubled.weights[6..9].iter().zip(&single.weights[6..9]) {
        assert!((twice - 2 * once).abs() <= 1, "{twice} {once}");
    }
    assert_ne!(run(&channels).unwrap().0, plain);
}

#[test]
fn what_is_not_quantised_is_refused_with_both_nodes_and_the_cure() {
    let unquantised = with(|onnx| {
        without(onnx, "y_q");
        without(onnx, "y_d");
    });
    assert_refused(
        unquantised,
        &[
            "node p",
            "output of conv (Conv), which is not quantised",
            "op_types_to_quantize",
        ],
    );
    let read_as_integers = with(|onnx| without(onnx, "y_d"));
    assert_refused(read_as_integers, &["node p", "reads integers that no DequantizeLinear"]);
    let clipped = with(|onnx| {
        node(onnx, "logits_q").input[0] = "r".into();
        let relu = NodeProto {
            op_type: "Relu".into(),
            name: "r".into(),
            input: vec!["g".into()],
            output: vec!["r".into()],
            ..Default::default()
        };
        onnx.graph().node.push(relu);
    });
    assert_refused(clipped, &["node g", "logits are clipped"]);
}

#[test]
fn scales_that_contradict_each_other_are_refused() {
    let other_scale = with(|onnx| {
        scalar(onnx, "other", 0.021);
        node(onnx, "y_d").input[1] = "other".into();
    });
    assert_refused(
        other_scale,
        &["node y_d", "scale 0.02", "it was made with scale 0.0199"],
    );
    let other_type = with(|onnx| {
        bytes(onnx, "signed", &[], DataType::Int8, vec![0]);
        node(onnx, "y_d").input[2] = "signed".into();
    });
    assert_refused(other_type, &["node y_d", "differ in type"]);
    let vector = with(|onnx| {
        let scale = constant(onnx, "y_scale");
        (scale.dims, scale.float_data) = (vec![4], vec![0.02; 4]);
        let zero = constant(onnx, "y_zero");
        (zero.dims, zero.raw_data) = (vec![4], vec![0; 4]);
    });
    assert_refused(vector, &["node y_q", "4 scales for what is computed"]);
    let negative = with(|onnx| constant(onnx, "y_scale").float_data[0] = -1.0);
    assert_refused(negative, &["node y_q", "scale y_scale is -1", "positive"]);
    let length = with(|onnx| {
        let scale = constant(onnx, "w_scale");
        (scale.dims, scale.float_data) = (vec![5], vec![0.02; 5]);
        node(onnx, "w_d").attribute.push(int("axis", 0));
    });
    assert_refused(length, &["node w_d", "5 scales along an axis"]);
}

/// In float16 the product of two scales has four digits: kernels on integers and arithmetic in float differ.
#[test]
fn a_bias_whose_scale_is_rounded_to_float16_is_refused() {
    let rounded = with(|onnx| {
        let scale = constant(onnx, "b_scale");
        scale.float_data[0] = half::f16::from_f32(scale.float_data[0]).to_f32();
    });
    // The scale is that of a node's constant, and the bias goes through a node that changes nothing.
    let behind = with(|onnx| {
        let mut scale = constant(onnx, "b_scale").clone();
        scale.float_data[0] = half::f16::from_f32(scale.float_data[0]).to_f32();
        let graph = onnx.graph();
        graph.initializer.retain(|constant| constant.name != "b_scale");
        for node in &mut graph.node {
            let reads = node.input.iter_mut().filter(|name| *name == "b_d");
            reads.for_each(|name| *name = "b_same".into());
        }
        let mut added = |op: &str, inputs: &[&str], output: &str, attributes| {
            graph.node.push(NodeProto {
                name: output.into(),
                op_type: op.into(),
                input: inputs.iter().map(|name| (*name).into()).collect(),
                output: vec![output.into()],
                attribute: attributes,
                ..Default::default()
            });
        };
        added("Constant", &[], "b_scale", vec![tensor("value", scale)]);
        added("Identity", &["b_d"], "b_same", vec![]);
    });
    for refused in [rounded, behind] {
        let said = [
            "node conv",
            "bias of channel 0 has the scale",
            "export scales in float32",
        ];
        assert_refused(refused, &said);
    }
}

#[test]
fn scales_that_are_taken_from_each_image_are_refused() {
    let dynamic = with(|onnx| node(onnx, "y_q").op_type = "DynamicQuantizeLinear".into());
    assert_refused(
        dynamic,
        &["node y_q", "takes its scales from each image", "quantize_static"],
    );
    let mut last = small();
    last.graph().node.iter_mut().for_each(|n| {
        if n.name == "conv" {
            n.op_type = "ConvInteger".into();
        }
    });
    assert_refused(last, &["node conv", "takes its scales from each image"]);
}

#[test]
fn constants_that_no_number_stands_for_are_refused_by_name() {
    // 127 times the largest scale is infinite, and no number times that is none.
    let infinite = with(|onnx| constant(onnx, "w_scale").float_data[0] = f32::MAX);
    assert_refused(infinite, &["constant w_d", "element 1 is infinite"]);
    let empty = with(|onnx| {
        let weights = constant(onnx, "w");
        (weights.dims, weights.raw_data) = (vec![0, 2, 1 << 40, 1 << 40], Vec::new());
        let scale = constant(onnx, "w_scale");
        (scale.dims, scale.float_data) = (vec![2], vec![0.02; 2]);
    });
    assert_refused(empty, &["node w_d", "which is empty"]);
    let outside = with(|onnx| {
        let zero = constant(onnx, "y_zero");
        (zero.raw_data, zero.int32_data) = (Vec::new(), vec![300]);
    });
    assert_refused(outside, &["constant y_zero", "element 300"]);
}

/// As onnxruntime's quantiser writes them: one node on integers where `small` has four.
#[test]
fn operators_on_integers_may_read_a_tensor_twice_and_have_any_attribute() {
    let twice = with(|onnx| {
        let mut sum = Onnx::new(SIDE, SIDE);
        sum = sum.node(
            "QLinearAdd",
            &[
                "y_q", "y_scale", "y_zero", "y_q", "y_scale", "y_zero", "s_scale", "y_zero",
            ],
            "s_q",
            vec![],
        );
        let mut sum = sum.graph().node.remove(0);
        sum.domain = "com.microsoft".into();
        let place = onnx.graph().node.iter().position(|node| node.name == "y_d").unwrap();
        onnx.graph().node.insert(place, sum);
        scalar(onnx, "s_scale", 0.04);
        let read = node(onnx, "y_d");
        (read.input[0], read.input[1]) = ("s_q".into(), "s_scale".into());
    });
    let (model, _) = run(&twice).unwrap();
    assert!(model
        .architecture
        .layers
        .iter()
        .any(|layer| matches!(layer.op, Op::Add { .. })));
    for transposed in [i64::MIN, -1, 2] {
        let gemm = with(|onnx| {
            let gemm = node(onnx, "g");
            (gemm.op_type, gemm.domain) = ("QGemm".into(), "com.microsoft".into());
            gemm.input = ["p_q", "p_scale", "p_zero", "v", "v_scale", "v_zero", ""]
                .map(str::to_owned)
                .into();
            gemm.attribute = vec![int("transB", transposed)];
            bytes(onnx, "v_zero", &[], DataType::Int8, vec![0]);
        });
        assert!(run(&gemm).is_err(), "{transposed}");
    }
}

#[test]
fn constants_of_sixteen_and_four_bits_are_refused_by_name() {
    for (kind, name) in [(DataType::Int16, "INT16"), (DataType::Uint16, "UINT16")] {
        let changed = with(|onnx| constant(onnx, "y_zero").data_type = kind as i32);
        assert_refused(changed, &["constant y_zero", name, "8, 32 or 64 bits"]);
    }
}

#[test]
fn a_clip_inside_of_the_range_is_a_layer_of_its_own() {
    // Bytes from 0 to 25 of 255: zero point 230 in the first layer, which the second takes off again.
    let clipped = with(|onnx| {
        for (name, value) in [("low", 0.0), ("high", 0.5)] {
            scalar(onnx, name, value);
        }
        let clip = node(onnx, "y");
        clip.op_type = "Clip".into();
        clip.input.extend(["low".into(), "high".into()]);
    });
    let (model, report) = run(&clipped).unwrap();
    assert_eq!(
        model.architecture.layers.len(),
        run(&small()).unwrap().0.architecture.layers.len() + 1
    );
    assert_eq!((report.layers[0].zero, report.layers[1].zero), (230, 0));
    assert!(report.layers[1].float_max <= Some(0.5), "{}", report.to_table());
    assert_close(&report);
}

#[test]
fn parameters_beyond_their_bounds_are_refused() {
    type Change = fn(&mut ScaledParams);
    let (model, _) = run(&small()).unwrap();
    let refused = |change: Change| {
        let mut model = model.clone();
        let LayerParams::Scaled(params) = &mut model.params[0] else {
            panic!("not scaled")
        };
        change(params);
        model.validate().unwrap_err().to_string()
    };
    let changes: [(Change, &str); 4] = [
        (|p| p.weights.truncate(11), "weights has 11 entries, expected 12"),
        (|p| p.bias.truncate(3), "bias has 3 entries, expected 4"),
        (|p| p.bias[1] = (1 << 56) + 1, "bias 72057594037927937 is outside"),
        (|p| p.output_zero = 256, "output zero point 256 is outside"),
    ];
    for (change, what) in changes {
        let said = refused(change);
        assert!(said.contains(what), "{said}");
    }
}

#[test]
fn corrupted_scales_never_panic() {
    let (bytes, options) = (small().bytes(), ImportOptions::default());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("network.onnx");
    for i in 0..bytes.len() {
        let mut corrupted = bytes.clone();
        corrupted[i] = corrupted[i].wrapping_add(1 + (i % 250) as u8);
        std::fs::write(&path, &corrupted).unwrap();
        // Some changes only change a weight: those may pass.
        let _ = import::import(&path, None, &options, &Silent);
    }
}
