//! Files that are quantised already: their own run is onnxruntime's, and the model's integers are theirs.

use crate::definition;
use assay_durable::progress::Silent;
use assay_prover::import::{self, file_integers, load_png, ImportError, ImportOptions, ImportReport};
use assay_prover::model::{Model, Op, Shape};
use assay_prover::reference;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Made by `scripts/quantised-fixtures`, the last two from TFLite.
const FORMS: [&str; 13] = [
    "lenet_operators_i8_i8",
    "lenet_qdq_u8_i8_float_logits",
    "mobilenet_v1_operators_u8_i8_channels",
    "mobilenet_v1_qdq_i8_i8_channels",
    "mobilenet_v1_qdq_u8_u8",
    "resnet_operators_u8_u8",
    "resnet_qdq_i8_symmetric",
    "resnet_qdq_u8_i8",
    "squeezenet_operators_u8_i8_channels",
    "squeezenet_qdq_i8_symmetric",
    "squeezenet_qdq_u8_i8",
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
    import_at(form, shift).unwrap()
}

fn import_at(form: &str, shift: u32) -> Result<(Model, ImportReport), ImportError> {
    let options = ImportOptions {
        shift,
        ..ImportOptions::default()
    };
    import::import(&data(form, "onnx"), calibration().as_path(), &options, &Silent)
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
            let (model, report) = match import_at(form, shift) {
                Ok(imported) => imported,
                // Its classifier reads a whole map: the worst case of all images is outside of the tables of 2^14.
                Err(ImportError::NotTotal { .. }) if form.starts_with("squeezenet") && shift == 14 => continue,
                Err(error) => panic!("{form} {shift}: {error}"),
            };
            println!("{form}, shift {shift}\n{}", report.to_table());
            assert!(report.quantised);
            assert!(report.same_top1 + 1 >= report.calibration_images, "{form} {shift}");
            for layer in &report.layers {
                let Some(difference) = layer.difference else {
                    // Logits in float have no bytes.
                    assert!(form.ends_with("float_logits") && layer.node.contains("logits"));
                    continue;
                };
                // A classifier fitted to features of random kernels multiplies their differences by twenty.
                let logits = form.starts_with("squeezenet") && layer.node.starts_with("logits");
                let times = if logits { 6.0 } else { 1.0 };
                assert!(
                    difference.mean <= times * mean && difference.max <= most,
                    "{form} {shift}: {layer:?}"
                );
            }
            assert_eq!(Model::from_bytes(&model.to_bytes().unwrap()).unwrap(), model);
        }
    }
}

/// With eight bits more, sums that are within 2^−25·Σx of halfway are rounded otherwise, and those that are halfway, which the file rounds to
/// the even neighbour and the model up: the averages of four bytes in their own scale.
#[test]
fn with_two_limbs_the_integers_of_some_files_are_met_one_by_one() {
    let exact = [
        "mobilenet_v1_operators_u8_i8_channels",
        "mobilenet_v1_qdq_i8_i8_channels",
        "squeezenet_qdq_i8_symmetric",
        "tflite_i8",
        "tflite_u8",
    ];
    for form in FORMS {
        let (_, report) = imported(form, 24);
        let differences = report.layers.iter().filter_map(|layer| layer.difference);
        let (mean, most) = differences.fold((0f64, 0), |(mean, most), difference| {
            (mean.max(difference.mean), most.max(difference.max))
        });
        let logits = report.layers.last().and_then(|layer| layer.difference);
        println!("{form}: {mean:.4} on average in the layer where it is most, {most} at most; logits {logits:?}");
        let averages = form == "lenet_qdq_u8_i8_float_logits";
        let allowed = match exact.contains(&form) {
            true => 0.0,
            false if averages => 0.2,
            false => 0.03,
        };
        assert!(mean <= allowed && most <= 4, "{form}: {mean} {most}");
        assert_eq!(report.same_top1, report.calibration_images, "{form}");
    }
}

#[test]
fn every_quotient_is_that_of_the_definition() {
    let image = &images()[7];
    for form in ["mobilenet_v1_qdq_u8_u8", "resnet_qdq_i8_symmetric"] {
        for shift in [16, 24] {
            let (model, _) = imported(form, shift);
            let folded = model.fold().unwrap();
            let trace = reference::run(&model.architecture, &folded, image).unwrap();
            let expected = definition::quotients(&model, image);
            for (i, (layer, expected)) in trace.layers.iter().zip(expected).enumerate() {
                let got = definition::found(layer, shift);
                assert!(got == expected, "{form}: {}", model.architecture.layer_name(i));
            }
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

#[test]
fn a_corrupted_file_never_panics() {
    let whole = std::fs::read(data("lenet_operators_i8_i8", "onnx")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("network.onnx");
    // Names, scales and what behind them is no weight.
    for i in (whole.len() - 2500..whole.len()).step_by(5) {
        let mut corrupted = whole.clone();
        corrupted[i] = corrupted[i].wrapping_add(1 + (i % 250) as u8);
        std::fs::write(&path, &corrupted).unwrap();
        let _ = import::import(&path, None, &ImportOptions::default(), &Silent);
    }
}
