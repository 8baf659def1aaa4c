//! Files that are quantised already: their own run is onnxruntime's, and the model's integers are theirs.

use crate::definition;
use crate::import_support::networks::{assert_refused, run, SIDE};
use crate::import_support::{float_tensor, int, DataType, Onnx};
use assay_durable::progress::Silent;
use assay_prover::import::{self, file_integers, load_png, ImportError, ImportOptions, ImportReport};
use assay_prover::model::{LayerParams, Model, Op, Shape};
use assay_prover::reference;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tract_onnx::pb::{NodeProto, TensorProto};

/// Made by `scripts/quantised-fixtures`, the last two from TFLite.
const FORMS: [&str; 10] = [
    "lenet_operators_i8_i8",
    "lenet_qdq_u8_i8_float_logits",
    "mobilenet_v1_operators_u8_i8_channels",
    "mobilenet_v1_qdq_i8_i8_channels",
    "mobilenet_v1_qdq_u8_u8",
    "resnet_operators_u8_u8",
    "resnet_qdq_i8_symmetric",
    "resnet_qdq_u8_i8",
    "tflite_i8",
    "tflite_u8",
];

fn data(form: &str, suffix: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/quantised/{form}.{suffix}"))
}

fn calibration() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/small/calibration")
}

/// In the order of their names, as the fixtures were made.
fn images() -> Vec<Vec<u8>> {
    let directory = std::fs::read_dir(calibration()).unwrap();
    let mut files: Vec<PathBuf> = directory.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &PathBuf| load_png(path, Shape::new(3, 32, 32)).unwrap();
    files.iter().map(read).collect()
}

fn imported(form: &str, shift: u32) -> (Model, ImportReport) {
    let options = ImportOptions {
        shift,
        ..ImportOptions::default()
    };
    import::import(&data(form, "onnx"), calibration().as_path(), &options, &Silent).unwrap()
}

fn first_largest<T: PartialOrd>(values: &[T]) -> usize {
    (0..values.len()).fold(0, |best, k| if values[k] > values[best] { k } else { best })
}

#[test]
fn the_files_own_run_is_that_of_onnxruntime_tensor_by_tensor() {
    let images = images();
    for form in FORMS {
        let recorded: Value = serde_json::from_slice(&std::fs::read(data(form, "json")).unwrap()).unwrap();
        let recorded_bytes = std::fs::read(data(form, "bin")).unwrap();
        let run = |image: &[u8]| file_integers(&data(form, "onnx"), &ImportOptions::default(), image).unwrap();
        let ours = run(&images[0]);
        let tensors = recorded["tensors"].as_array().unwrap();
        let (mut at, mut different) = (0, 0);
        for tensor in tensors {
            let (name, kept) = (
                tensor["name"].as_str().unwrap(),
                tensor["kept"].as_u64().unwrap() as usize,
            );
            let theirs = &recorded_bytes[at..at + kept];
            let Some((_, bytes)) = ours.iter().find(|(ours, _)| ours == name) else {
                // What a softmax makes of the logits is not computed.
                assert!(
                    form.starts_with("mobilenet") && name.starts_with("probabilities"),
                    "{form}: {name}"
                );
                at += kept;
                continue;
            };
            let far = bytes.iter().zip(theirs).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(far <= Some(1), "{form}: {name} differs by {far:?}");
            different += bytes.iter().zip(theirs).filter(|(a, b)| a != b).count();
            at += kept;
        }
        assert_eq!(at, recorded_bytes.len());
        println!("{form}: {different} of {at} integers differ by one");
        // An average of four bytes in their own scale is often halfway between two integers, and float32 rounds it either way.
        let averages = form == "lenet_qdq_u8_i8_float_logits";
        assert!(
            different * if averages { 30 } else { 2000 } <= at,
            "{form}: {different} of {at}"
        );
        if form.ends_with("float_logits") {
            continue;
        }
        let outputs = recorded["output"].as_array().unwrap();
        let same = images.iter().zip(outputs).filter(|(image, output)| {
            let logits: Vec<f64> = output.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
            let (_, bytes) = run(image).pop().unwrap();
            first_largest(&bytes) == first_largest(&logits)
        });
        assert_eq!(same.count(), images.len(), "{form}");
    }
}

#[test]
fn the_models_integers_are_the_files_within_rounding() {
    for form in FORMS {
        for (shift, mean, most) in [(16, 0.6, 16), (14, 0.9, 40)] {
            let (model, report) = imported(form, shift);
            println!("{form}, shift {shift}\n{}", report.to_table());
            assert!(report.quantised);
            assert!(report.same_top1 + 1 >= report.calibration_images, "{form} {shift}");
            for layer in &report.layers {
                let Some(difference) = layer.difference else {
                    // Logits in float have no bytes.
                    assert!(form.ends_with("float_logits") && layer.node.contains("logits"));
                    continue;
                };
                assert!(
                    difference.mean <= mean && difference.max <= most,
                    "{form} {shift}: {layer:?}"
                );
            }
            assert_eq!(Model::from_bytes(&model.to_bytes().unwrap()).unwrap(), model);
        }
    }
}

#[test]
fn every_quotient_is_that_of_the_definition() {
    let image = &images()[7];
    for form in ["mobilenet_v1_qdq_u8_u8", "resnet_qdq_i8_symmetric"] {
        let (model, _) = imported(form, 16);
        let folded = model.fold().unwrap();
        let trace = reference::run(&model.architecture, &folded, image).unwrap();
        let expected = definition::quotients(&model, image);
        for (i, (layer, expected)) in trace.layers.iter().zip(expected).enumerate() {
            let got: Vec<i64> = layer.q_hat.iter().map(|q| i64::from(*q) - (1 << 15)).collect();
            assert!(got == expected, "{form}: {}", model.architecture.layer_name(i));
        }
    }
}

#[test]
fn without_images_the_model_is_the_same() {
    let form = "resnet_qdq_u8_i8";
    let options = ImportOptions::default();
    let (model, report) = import::import(&data(form, "onnx"), None, &options, &Silent).unwrap();
    assert_eq!(model, imported(form, 16).0);
    assert_eq!(report.calibration_images, 0);
    assert!(report.to_table().contains("without --calibration nothing was compared"));
    let json = serde_json::to_value(&report).unwrap();
    assert!(json["layers"][0].get("difference").is_none() && json["layers"][0].get("float_min").is_none());
}

#[test]
fn a_float_network_needs_images() {
    let onnx = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/small/resnet.onnx");
    let refused = import::import(&onnx, None, &ImportOptions::default(), &Silent).unwrap_err();
    assert!(matches!(refused, ImportError::Uncalibrated), "{refused}");
}

#[test]
fn a_relu_inside_a_symmetric_range_is_clipped_at_its_zero_point() {
    // Relu behind int8 with zero point 0: bytes 128 to 255, which the model has as 0 to 127.
    let (model, report) = imported("resnet_qdq_i8_symmetric", 16);
    let linear = report.layers.iter().filter(|layer| layer.zero == 128).count();
    let clipped = report.layers.iter().filter(|layer| layer.zero == 0).count();
    assert!(linear > 5 && clipped > 5, "{}", report.to_table());
    assert!(model
        .architecture
        .layers
        .iter()
        .any(|layer| matches!(&layer.op, Op::Add { .. })));
}

/// A constant of bytes, raw, signed or not.
fn bytes(onnx: &mut Onnx, name: &str, dims: &[i64], kind: DataType, raw_data: Vec<u8>) {
    onnx.graph().initializer.push(TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: kind as i32,
        raw_data,
        ..Default::default()
    });
}

fn scalar(onnx: &mut Onnx, name: &str, value: f32) {
    onnx.graph().initializer.push(float_tensor(name, &[], vec![value]));
}

/// Image, 1×1 convolution to 4 channels, Relu, pool, 5 classes, every tensor of uint8: scales and zero points are named `x_scale` and
/// `x_zero` of what they belong to.
fn small() -> Onnx {
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
fn with(change: impl FnOnce(&mut Onnx)) -> Onnx {
    let mut onnx = small();
    change(&mut onnx);
    onnx
}

fn constant<'o>(onnx: &'o mut Onnx, name: &str) -> &'o mut TensorProto {
    onnx.graph().initializer.iter_mut().find(|t| t.name == name).unwrap()
}

fn node<'o>(onnx: &'o mut Onnx, name: &str) -> &'o mut NodeProto {
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

#[test]
fn uint8_weights_with_a_zero_point_are_those_of_int8_with_it_taken_off() {
    let (plain, report) = run(&small()).unwrap();
    assert!(report.quantised);
    assert!(
        report
            .layers
            .iter()
            .all(|layer| layer.difference.is_some_and(|d| d.max <= 2)),
        "{}",
        report.to_table()
    );
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
    assert!(
        report
            .layers
            .iter()
            .all(|layer| layer.difference.is_some_and(|d| d.max <= 2)),
        "{}",
        report.to_table()
    );
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
    assert_refused(
        rounded,
        &[
            "node conv",
            "bias of channel 0 has the scale",
            "export scales in float32",
        ],
    );
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
fn constants_of_sixteen_and_four_bits_are_refused_by_name() {
    for (kind, name) in [(DataType::Int16, "INT16"), (DataType::Uint16, "UINT16")] {
        let changed = with(|onnx| constant(onnx, "y_zero").data_type = kind as i32);
        assert_refused(changed, &["constant y_zero", name, "8, 32 or 64 bits"]);
    }
}
