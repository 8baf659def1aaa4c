//! ONNX import: every supported spelling agrees with the float run, everything else is refused by name.

#[path = "import/concat.rs"]
mod concat;
#[path = "import/convolutions.rs"]
mod convolutions;
mod definition;
#[path = "import/hostile.rs"]
mod hostile;
mod import_support;
#[path = "import/operators.rs"]
mod operators;
#[path = "import/quantised.rs"]
mod quantised;
#[path = "import/quantised_concat.rs"]
mod quantised_concat;
#[path = "import/scales.rs"]
mod scales;
#[path = "import/wild.rs"]
mod wild;
#[path = "import/windows.rs"]
mod windows;

use assay_durable::progress::Silent;
use assay_prover::import::{self, ImportError, ImportOptions, RangeMethod};
use assay_prover::model::{LayerParams, Op, OutputMode};
use import_support::networks::*;
use import_support::*;
use std::error::Error;
use std::path::Path;

#[test]
fn padded_layer_reads_the_zero_point_of_a_linear_tensor_as_zero() {
    let onnx = stem()
        .weights("w1", &[4, 4, 1, 1])
        .uniform("b1", &[4], -0.5, 0.0)
        .node("Conv", &["x", "w1", "b1"], "bottleneck", vec![])
        .weights("w2", &[4, 1, 3, 3])
        .node(
            "Conv",
            &["bottleneck", "w2"],
            "y",
            vec![ints("pads", &[1, 1, 1, 1]), int("group", 4)],
        );
    let model = assert_agrees(&with_head(onnx, 4));
    match &model.architecture.layers[2].op {
        Op::Conv(conv) => assert!(conv.input_zero > 0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn residual_add_agrees_with_the_float_run() {
    let onnx = stem()
        .weights("w1", &[4, 4, 1, 1])
        .node("Conv", &["x", "w1"], "a", vec![])
        .weights("w2", &[4, 4, 1, 1])
        .node("Conv", &["a", "w2"], "b", vec![])
        .node("Add", &["a", "b"], "y", vec![]);
    let model = assert_agrees(&with_head(onnx, 4));
    assert!(matches!(model.architecture.layers[3].op, Op::Add { .. }));
}

#[test]
fn batch_norm_and_separate_bias_are_folded_into_the_convolution() {
    let onnx = stem()
        .weights("w", &[6, 4, 1, 1])
        .uniform("gamma", &[6], -1.5, 1.5)
        .uniform("beta", &[6], -0.5, 0.5)
        .uniform("mean", &[6], -0.5, 0.5)
        .uniform("variance", &[6], 0.1, 2.0)
        .uniform("shift", &[1, 6, 1, 1], -0.5, 0.5)
        .node("Conv", &["x", "w"], "conv", vec![])
        .node(
            "BatchNormalization",
            &["conv", "gamma", "beta", "mean", "variance"],
            "bn",
            vec![float("epsilon", 1e-3)],
        )
        .node("Add", &["shift", "bn"], "biased", vec![])
        .node("Clip", &["biased", "zero", "six"], "y", vec![]);
    let model = assert_agrees(&with_head(onnx, 6));
    assert_eq!(model.architecture.layers.len(), 4);
}

#[test]
fn activations_in_every_spelling_agree_with_the_float_run() {
    let clip_attributes = |onnx: Onnx| {
        onnx.opset(10)
            .node("Clip", &["c"], "y", vec![float("min", 0.0), float("max", 6.0)])
    };
    let relu = |onnx: Onnx| onnx.node("Relu", &["c"], "y", vec![]);
    let relu_then_clip = |onnx: Onnx| {
        onnx.node("Relu", &["c"], "r", vec![])
            .node("Clip", &["r", "zero", "one"], "y", vec![])
    };
    let clip_without_max = |onnx: Onnx| onnx.node("Clip", &["c", "zero"], "y", vec![]);
    let conv = |stem: Onnx| {
        stem.weights("w", &[6, 4, 1, 1])
            .floats("one", &[], vec![1.0])
            .node("Conv", &["x", "w"], "c", vec![])
    };
    // Before operator set 11 the stem's bounds are attributes too.
    let old_stem = Onnx::new(SIDE, SIDE)
        .weights("stem_w", &[4, 3, 3, 3])
        .node("Conv", &["image", "stem_w"], "stem", vec![ints("pads", &[1, 1, 1, 1])])
        .node("Clip", &["stem"], "x", vec![float("min", 0.0), float("max", 6.0)]);
    assert_agrees(&with_head(clip_attributes(conv(old_stem)), 6));
    for activation in [relu, relu_then_clip, clip_without_max] {
        assert_agrees(&with_head(activation(conv(stem())), 6));
    }
}

#[test]
fn pools_and_classifiers_in_every_spelling_agree_with_the_float_run() {
    type Spelling = fn(Onnx) -> Onnx;
    let pools: [(&str, i64, Spelling); 6] = [
        ("global", 13, |o| {
            o.node("GlobalAveragePool", &["x"], "p", vec![])
                .node("Flatten", &["p"], "f", vec![])
        }),
        ("average", 13, |o| {
            o.node("AveragePool", &["x"], "p", vec![ints("kernel_shape", &[8, 8])])
                .node("Flatten", &["p"], "f", vec![int("axis", -3)])
        }),
        ("mean", 13, |o| {
            o.node(
                "ReduceMean",
                &["x"],
                "f",
                vec![ints("axes", &[2, 3]), int("keepdims", 0)],
            )
        }),
        ("mean, negative axes", 13, |o| {
            o.node("ReduceMean", &["x"], "p", vec![ints("axes", &[-1, -2])])
                .integers("shape", vec![1, -1])
                .node("Reshape", &["p", "shape"], "f", vec![])
        }),
        ("mean, axes as input", 18, |o| {
            o.integers("axes", vec![2, 3])
                .node("ReduceMean", &["x", "axes"], "f", vec![int("keepdims", 0)])
        }),
        ("dropout and identity", 13, |o| {
            o.node("GlobalAveragePool", &["x"], "p", vec![])
                .node("Identity", &["p"], "i", vec![])
                .node("Dropout", &["i"], "d", vec![])
                .integers("shape", vec![0, 4])
                .node("Reshape", &["d", "shape"], "f", vec![])
        }),
    ];
    for (name, opset, pool) in pools {
        println!("{name}");
        let onnx = pool(stem().opset(opset))
            .weights("w", &[5, 4])
            .node("Gemm", &["f", "w"], "logits", vec![int("transB", 1)])
            .output("logits", 5);
        assert_agrees(&onnx);
    }
    let pooled = || stem().node("GlobalAveragePool", &["x"], "p", vec![]);
    let flat = || pooled().node("Flatten", &["p"], "f", vec![]);
    let classifiers = [
        flat()
            .uniform("w", &[4, 5], -1.0, 1.0)
            .uniform("b", &[1, 5], -1.0, 1.0)
            .node("Gemm", &["f", "w", "b"], "logits", vec![float("alpha", 1.0)]),
        flat()
            .uniform("w", &[4, 5], -1.0, 1.0)
            .uniform("b", &[5], -1.0, 1.0)
            .node("MatMul", &["f", "w"], "product", vec![])
            .node("Add", &["product", "b"], "logits", vec![]),
        pooled()
            .weights("w", &[5, 4, 1, 1])
            .node("Conv", &["p", "w"], "scores", vec![])
            .node("Flatten", &["scores"], "logits", vec![]),
        flat()
            .integers("shape", vec![1, 4, 1, 1])
            .node("Reshape", &["f", "shape"], "m", vec![])
            .node(
                "Constant",
                &[],
                "w",
                vec![tensor("value", float_tensor("w", &[2, 4, 1, 1], vec![0.5; 8]))],
            )
            .node("Conv", &["m", "w"], "logits", vec![]),
    ];
    for onnx in classifiers {
        assert_agrees(&onnx.output("logits", 5));
    }
}

#[test]
fn image_zero_point_and_scale_enter_the_first_layer() {
    let options = ImportOptions {
        input_scale: 2.0 / 255.0,
        input_zero: 128,
        range: RangeMethod::MinMax,
        ..ImportOptions::default()
    };
    let onnx = stem().node("Identity", &["x"], "y", vec![]);
    let (model, report) = run_with(&with_head(onnx, 4), &options).unwrap();
    match &model.architecture.layers[0].op {
        Op::Conv(conv) => assert_eq!(conv.input_zero, 128),
        other => panic!("{other:?}"),
    }
    assert!(
        report.layers.iter().all(|l| l.sqnr_db.unwrap_or(99.0) > 25.0),
        "{}",
        report.to_table()
    );
}

#[test]
fn smaller_shift_imports_a_small_network() {
    let options = ImportOptions {
        shift: 12,
        ..ImportOptions::default()
    };
    let onnx = stem().node("Identity", &["x"], "y", vec![]);
    let (model, _) = run_with(&with_head(onnx, 4), &options).unwrap();
    assert_eq!(model.architecture.shift, 12);
    assert!(model.fold().unwrap().check_total(&model.architecture).is_ok());
}

/// A bias is in units of its channel's multiplier: what weights of nearly nothing would choose leaves it no room in 32 bits.
#[test]
fn a_weak_channel_with_a_large_bias_is_imported_whatever_the_shift() {
    for weight in [0.0, 1e-12, 1e-6] {
        let mut weights: Vec<f32> = (0..16).map(|n| 0.3 - 0.04 * n as f32).collect();
        weights[4..8].fill(weight);
        let onnx = stem()
            .floats("w", &[4, 4, 1, 1], weights)
            // The second one is 5.5 of at most 6: 234·2^24 in the units of the finest grid.
            .floats("b", &[4], vec![0.5, 5.5, -0.5, 0.25])
            .node("Conv", &["x", "w", "b"], "c", vec![])
            .node("Clip", &["c", "zero", "six"], "y", vec![]);
        let onnx = with_head(onnx, 4);
        // The tables of 17 to 19 are too small for this network.
        for shift in [16, 20, 21, 22, 23, 24] {
            let options = ImportOptions {
                shift,
                ..ImportOptions::default()
            };
            let (model, report) = run_with(&onnx, &options).unwrap_or_else(|e| panic!("{shift}: {e}"));
            let LayerParams::Conv(params) = &model.params[1] else {
                panic!("{:?}", model.params[1])
            };
            let unit = f64::from(1u32 << shift);
            let constant = f64::from(params.bias[1]) * f64::from(params.multiplier[1]) / unit;
            // The byte of 5.5 where 255 is 6, to a hundredth.
            assert!((constant - 5.5 / 6.0 * 255.0).abs() < 0.01, "{shift}: {constant}");
            assert!(report.layers[1].sqnr_db > Some(25.0), "{shift}\n{}", report.to_table());
        }
    }
}

#[test]
fn unsupported_operators_and_uses_are_refused_with_the_nodes_name() {
    let on_x = |op: &str, inputs: &[&str], attributes| with_head(stem().node(op, inputs, "y", attributes), 4);
    assert_refused(
        on_x("Sigmoid", &["x"], vec![]),
        &["node y", "Sigmoid", "operator set 13"],
    );
    assert_refused(
        on_x("Sigmoid", &["x"], vec![]),
        &["node y", "Sigmoid", "supported are Add, ArgMax, AveragePool, "],
    );
    assert_refused(
        on_x("MaxPool", &["x"], vec![ints("kernel_shape", &[2, 2])]),
        &[
            "node y (MaxPool)",
            "convolution of stride 2 or an AveragePool in its place",
        ],
    );
    assert_refused(
        on_x("Add", &["x", "image"], vec![]),
        &["node y", "adds shapes 4x8x8 and 3x8x8"],
    );
    assert_refused(on_x("Add", &["x", "nothing"], vec![]), &["node y", "nothing"]);
    assert_refused(on_x("Clip", &["x", "six", "six"], vec![]), &["node y", "clips from 6"]);
    assert_refused(on_x("Clip", &["x", "zero", "zero"], vec![]), &["node y", "clips to 0"]);
    assert_refused(on_x("Clip", &["x", "zero", "x"], vec![]), &["node y", "x is computed"]);
    assert_refused(on_x("Conv", &["x"], vec![]), &["node y", "1 inputs"]);
    assert_refused(on_x("Conv", &["x", "x"], vec![]), &["node y", "x is computed"]);
    assert_refused(
        on_x("ReduceMean", &["x"], vec![ints("axes", &[1, 2])]),
        &["node y", "axes 2 and 3"],
    );
    assert_refused(
        stem()
            .node("Flatten", &["x"], "flat", vec![])
            .weights("w", &[5, 256])
            .node("Gemm", &["flat", "w"], "y", vec![int("transB", 1)])
            .output("y", 5),
        &["node y", "all of the map 4x8x8", "up to 7x7"],
    );
    assert_refused(
        with_head(
            stem()
                .integers("s", vec![1, 16, 4, 4])
                .node("Reshape", &["x", "s"], "y", vec![]),
            4,
        ),
        &["node y", "reshapes"],
    );
    assert_refused(
        with_head(
            stem()
                .integers("s", vec![7, -1])
                .node("Reshape", &["x", "s"], "y", vec![]),
            4,
        ),
        &["node y", "cannot reshape"],
    );
    let relu_on_image = Onnx::new(SIDE, SIDE).node("Relu", &["image"], "y", vec![]);
    assert_refused(with_head(relu_on_image, 3), &["node y", "reads the image"]);
    let mut clipped = base().node("Relu", &["logits"], "end", vec![]);
    clipped = clipped.output("end", 5);
    assert_refused(clipped, &["node logits", "logits are clipped"]);
    let mut custom = base();
    custom.graph().node[2].domain = "com.example".into();
    assert_refused(custom, &["node conv", "com.example.Conv"]);
    let gemm = stem()
        .node("GlobalAveragePool", &["x"], "p", vec![])
        .node("Flatten", &["p"], "f", vec![])
        .weights("w", &[5, 3])
        .node("Gemm", &["f", "w"], "logits", vec![int("transB", 1)])
        .output("logits", 5);
    assert_refused(gemm, &["node logits", "map 3 numbers to 5", "4"]);
    let unread = base().node("Relu", &["y"], "dead", vec![]);
    assert_refused(unread, &["output logits", "not the output of the last layer"]);
}

#[test]
fn unsupported_files_are_refused() {
    for opset in [0, 8, 24, 1000] {
        assert_refused(base().opset(opset), &["operator set", "9 to 23"]);
    }
    let change = |change: fn(&mut Onnx)| {
        let mut onnx = base();
        change(&mut onnx);
        onnx
    };
    assert_refused(change(|o| o.proto.graph = None), &["no graph"]);
    assert_refused(change(|o| o.graph().input.clear()), &["without an input"]);
    assert_refused(
        change(|o| o.graph().input.push(value_info("second", &[1, 3, 8, 8]))),
        &["input second", "second input"],
    );
    assert_refused(change(|o| o.graph().output.clear()), &["0 graph outputs"]);
    assert_refused(
        change(|o| o.graph().output[0].name = "absent".into()),
        &["output absent", "not computed"],
    );
    assert_refused(
        change(|o| o.graph().output[0].name = "y".into()),
        &["output y", "not the output of the last layer"],
    );
    assert_refused(
        change(|o| o.graph().input[0] = value_info("image", &[1, 4, 8, 8])),
        &["input image", "[1, 4, 8, 8]", "3 channels or 1"],
    );
    assert_refused(
        change(|o| o.graph().input[0] = value_info("image", &[2, 3, 8, 8])),
        &["input image", "batch of 2"],
    );
    assert_refused(
        change(|o| o.graph().input[0] = value_info("image", &[1, 3, -8, 8])),
        &["input image"],
    );
    assert_refused(
        change(|o| o.graph().input[0] = value_info("image", &[1, 3, 8])),
        &["input image"],
    );
    assert_refused(
        change(|o| {
            let node = o.graph().node[2].clone();
            o.graph().node.push(node);
        }),
        &["node conv", "conv is defined twice"],
    );
    assert_refused(
        change(|o| o.graph().node[2].output.clear()),
        &["node conv", "no output"],
    );
    assert_refused(
        change(|o| o.graph().node[2].input[0] = "nothing".into()),
        &["node conv", "no node makes nothing"],
    );
}

#[test]
fn unsupported_constants_are_refused_by_name() {
    let constant = |change: fn(&mut tract_onnx::pb::TensorProto)| {
        let mut onnx = base();
        let w = onnx.graph().initializer.iter_mut().find(|t| t.name == "w").unwrap();
        change(w);
        onnx
    };
    assert_refused(
        constant(|w| w.float_data[7] = f32::NAN),
        &["constant w", "element 7", "finite"],
    );
    assert_refused(
        constant(|w| w.float_data[0] = f32::INFINITY),
        &["constant w", "element 0"],
    );
    assert_refused(
        constant(|w| w.data_type = DataType::Uint16 as i32),
        &["constant w", "UINT16"],
    );
    assert_refused(constant(|w| w.data_type = 99), &["constant w", "99"]);
    assert_refused(constant(|w| w.dims[0] = -4), &["constant w", "-4"]);
    assert_refused(
        constant(|w| w.dims = vec![i64::MAX, i64::MAX, 3, 3]),
        &["constant w", "too large"],
    );
    assert_refused(
        constant(|w| w.float_data.truncate(3)),
        &["constant w", "3 elements", "144"],
    );
    assert_refused(constant(|w| w.raw_data = vec![0; 7]), &["constant w", "raw data"]);
    assert_refused(
        constant(|w| w.data_location = Some(1)),
        &["constant w", "both in the file and outside"],
    );
    assert_refused(
        constant(|w| w.data_type = DataType::Int64 as i32),
        &["constant w", "0 elements"],
    );
    assert_refused(constant(|w| w.name = "zero".into()), &["constant zero", "twice"]);
}

#[test]
fn network_that_some_image_drives_out_of_the_table_is_refused_with_the_layers_name() {
    let huge = |scale: f32| {
        let weights = (0..144).map(|i| if i % 2 == 0 { scale } else { -scale }).collect();
        let onnx = stem()
            .floats("w", &[4, 4, 3, 3], weights)
            .node("Conv", &["x", "w"], "conv", vec![ints("pads", &[1, 1, 1, 1])])
            .node("Clip", &["conv", "zero", "six"], "y", vec![]);
        with_head(onnx, 4)
    };
    assert_refused(huge(100.0), &["node conv", "no proof"]);
    assert_refused(huge(1e6), &["conv", "multiplier"]);
}

#[test]
fn calibration_images_that_do_not_fit_are_refused_by_path() {
    let directory = tempfile::tempdir().unwrap();
    let onnx = base().write(directory.path());
    let import = || import::import(&onnx, directory.path(), &ImportOptions::default(), &Silent).unwrap_err();
    assert!(matches!(import(), ImportError::NoImages { .. }));
    std::fs::write(directory.path().join("0.png"), b"\x89PNG\r\n\x1a\nrubbish").unwrap();
    assert!(import().to_string().contains("0.png"));
    write_images(directory.path(), 1, 9, 8);
    std::fs::remove_file(directory.path().join("0.png")).unwrap();
    assert!(import().to_string().contains("9x8 pixels"));
    let absent = import::import(
        &onnx,
        Path::new("no/such/directory"),
        &ImportOptions::default(),
        &Silent,
    );
    assert!(matches!(absent, Err(ImportError::Read { .. })));
}

/// The stem, read by a head of this many classes.
fn of_classes(classes: i64) -> Onnx {
    let body = stem()
        .weights("w", &[6, 4, 1, 1])
        .node("Conv", &["x", "w"], "y", vec![]);
    with_classes(body, 6, classes)
}

#[test]
fn output_is_the_architectures_and_the_report_measures_by_it() {
    let with = |output, classes| {
        let options = ImportOptions {
            output,
            ..ImportOptions::default()
        };
        run_with(&of_classes(classes), &options)
    };
    let (class, of_class) = with(OutputMode::Top1, 7).unwrap();
    assert_eq!(class.architecture.output, OutputMode::Top1);
    assert!(!serde_json::to_string(&of_class).unwrap().contains("same_top5"));
    let (five, report) = with(OutputMode::Top5, 7).unwrap();
    assert_eq!(five.architecture.output, OutputMode::Top5);
    assert!(five.params == class.params, "the output changes no number");
    assert_eq!(report.same_top1, of_class.same_top1);
    let same = report.same_top5.unwrap();
    assert!(same <= report.calibration_images);
    let line = format!("the same five classes as the float network on {same} of 6 calibration images");
    assert!(report.to_table().contains(&line), "{}", report.to_table());
    assert_eq!(with(OutputMode::Bit, 2).unwrap().0.architecture.output, OutputMode::Bit);
    assert_eq!(with(OutputMode::Logits, 5).unwrap().0.architecture.outputs(), 5);
    for (output, classes, why) in [
        (OutputMode::Bit, 3, "exactly 2 classes, the network has 3"),
        (OutputMode::Top5, 5, "at least 6 classes, the network has 5"),
    ] {
        let refused = with(output, classes).unwrap_err();
        let (mut said, mut cause) = (Vec::new(), Some(&refused as &dyn Error));
        while let Some(error) = cause {
            said.push(error.to_string());
            cause = error.source();
        }
        assert!(said.iter().any(|cause| cause.contains(why)), "{said:?}");
    }
}

#[test]
fn option_without_meaning_is_refused() {
    for input_scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let options = ImportOptions {
            input_scale,
            ..ImportOptions::default()
        };
        assert!(matches!(
            run_with(&base(), &options),
            Err(ImportError::Option {
                option: "input_scale",
                ..
            })
        ));
    }
    for shift in [0, 8, 25, u32::MAX] {
        let options = ImportOptions {
            shift,
            ..ImportOptions::default()
        };
        assert!(
            matches!(
                run_with(&base(), &options),
                Err(ImportError::Option { option: "shift", .. })
            ),
            "{shift}"
        );
    }
}

#[test]
fn truncated_and_corrupted_files_never_panic() {
    let bytes = base().bytes();
    let directory = tempfile::tempdir().unwrap();
    write_images(directory.path(), 1, SIDE as u32, SIDE as u32);
    let path = directory.path().join("network.onnx");
    let import = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        import::import(&path, directory.path(), &ImportOptions::default(), &Silent)
    };
    assert!(import(&bytes).is_ok());
    for len in (0..bytes.len()).step_by(11) {
        assert!(import(&bytes[..len]).is_err(), "length {len}");
    }
    for i in (0..bytes.len()).step_by(7) {
        let mut corrupted = bytes.clone();
        corrupted[i] = corrupted[i].wrapping_add(1 + (i % 250) as u8);
        // Some changes only change a weight: those may pass.
        let _ = import(&corrupted);
    }
}

#[test]
fn report_is_a_table_and_a_json_document() {
    let (model, report) = run(&base()).unwrap();
    let table = report.to_table();
    assert_eq!(
        table.lines().count(),
        report.changes.len() + model.architecture.layers.len() + 2
    );
    assert!(table.contains("2 Clip: folded into the layers before"));
    assert!(table.contains("layer 01 conv 3×3"));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["parameters"], model.architecture.parameter_count());
    assert_eq!(json["layers"][2]["name"], "layer 02 pool");
}
