//! Hostile models and model files: typed errors, never a panic or an overflow.

use assay_prover::model::{
    joined_network, tiny_network, Architecture, ArchitectureError, Conv, ConvKind, ConvParams, FoldedLayer, Groups,
    Kernel, Layer, LayerParams, Model, ModelFileError, Op, OutputMode, Padding, ParamsError, Shape, TensorId,
};
use assay_prover::reference::{self, ReferenceError};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};

fn tiny() -> Model {
    Model::random(tiny_network(10), 1).unwrap()
}

fn conv_params(model: &mut Model, layer: usize) -> &mut ConvParams {
    match &mut model.params[layer] {
        LayerParams::Conv(params) => params,
        _ => panic!("layer {layer} is no convolution"),
    }
}

/// The counts that the authors of MobileNet v2 published, in millions.
#[test]
fn multiply_adds_are_those_of_the_literature() {
    for (width, resolution, millions) in [(1.0, 224, 300), (0.35, 96, 11), (0.75, 192, 153), (0.5, 224, 97)] {
        let arch = assay_prover::model::random::mobilenet_v2(width, resolution, 1001);
        let all: usize = (0..arch.layers.len()).map(|layer| arch.multiply_adds(layer)).sum();
        assert_eq!(all / 1_000_000, millions, "{width}, {resolution}: {all}");
    }
}

#[test]
fn numbers_outside_their_bounds_are_refused_with_the_layers_name() {
    type Change = fn(&mut Model);
    let cases: [(&str, Change); 6] = [
        ("multiplier", |m| conv_params(m, 1).multiplier[0] = 0),
        ("multiplier", |m| conv_params(m, 1).multiplier[4] = (1 << 24) + 1),
        ("multiplier", |m| conv_params(m, 1).multiplier[2] = u32::MAX),
        ("output zero point", |m| conv_params(m, 1).output_zero = 256),
        ("output zero point", |m| conv_params(m, 1).output_zero = i32::MIN),
        ("output zero point", |m| conv_params(m, 1).output_zero = -1),
    ];
    for (expected, change) in cases {
        let mut model = tiny();
        change(&mut model);
        match model.fold().unwrap_err() {
            ParamsError::Bounds { layer, what, .. } => {
                assert_eq!((what, layer.as_str()), (expected, "layer 01 depthwise 3×3"));
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn parameters_that_do_not_fit_the_architecture_are_refused() {
    let mut model = tiny();
    conv_params(&mut model, 0).weights.pop();
    assert!(matches!(model.fold(), Err(ParamsError::Length { what: "weights", .. })));
    let mut model = tiny();
    conv_params(&mut model, 0).bias.push(1);
    assert!(matches!(model.fold(), Err(ParamsError::Length { what: "bias", .. })));
    let mut model = tiny();
    model.params.swap(6, 7);
    assert!(matches!(model.fold(), Err(ParamsError::Kind { .. })));
    let mut model = tiny();
    model.params.pop();
    assert!(matches!(model.fold(), Err(ParamsError::LayerCount { .. })));
    let mut model = tiny();
    conv_params(&mut model, 7).input_zero = 127;
    assert!(matches!(
        model.fold(),
        Err(ParamsError::InputZero {
            expected: 128,
            got: 127,
            ..
        })
    ));
}

#[test]
fn extreme_valid_parameters_fold_without_overflow_and_are_not_total() {
    for extreme in [i32::MIN, i32::MAX] {
        let mut model = tiny();
        let params = conv_params(&mut model, 0);
        params.bias.fill(extreme);
        params.multiplier.fill(1 << 24);
        params.weights.fill(if extreme < 0 { i8::MIN } else { i8::MAX });
        let error = model.fold().unwrap().check_total(&model.architecture).unwrap_err();
        assert!(matches!(error, ParamsError::NotTotal { channel: 0, .. }), "{error}");
    }
}

/// Multipliers of two limbs may have seven bits more, and a total model's sums stay below 2^(b+s+1).
#[test]
fn larger_multipliers_of_two_limbs_are_bounded_too() {
    let two_limbs = || Model::random(tiny_network(18), 1).unwrap();
    for (most, mut model) in [(1 << 24, tiny()), (1 << 31, two_limbs())] {
        conv_params(&mut model, 1).multiplier[0] = most;
        let error = model.fold().unwrap().check_total(&model.architecture).unwrap_err();
        assert!(matches!(error, ParamsError::NotTotal { bits: 9, .. }), "{error}");
        conv_params(&mut model, 1).multiplier[0] = most + 1;
        assert!(matches!(
            model.fold(),
            Err(ParamsError::Bounds { what: "multiplier", .. })
        ));
    }
    for layer in two_limbs().fold().unwrap().layers {
        let FoldedLayer::Conv { weights, bias } = layer else {
            continue;
        };
        assert!(weights
            .iter()
            .chain(&bias)
            .all(|number| number.abs() < 1 << (10 + 18 + 1)));
    }
}

/// The zero point of a fully connected layer over a large map, times the largest multiplier.
#[test]
fn a_bias_that_does_not_fit_is_refused_when_it_is_folded() {
    let conv = |input: usize, out_channels, kind| {
        Op::Conv(Conv {
            input: TensorId(input),
            out_channels,
            kind,
            stride: 1,
            pad: Padding::NONE,
            input_zero: 0,
        })
    };
    let channels = 1 << 14;
    let whole = ConvKind::Dense(Kernel { h: 7, w: 7 });
    let layers = vec![
        Layer {
            op: conv(0, channels, ConvKind::Pointwise),
            output: Shape::new(channels, 7, 7),
        },
        Layer {
            op: conv(1, 2, whole),
            output: Shape::new(2, 1, 1),
        },
    ];
    let params = |count: usize, out: usize, output_zero| {
        LayerParams::Conv(ConvParams {
            weights: vec![-127; count],
            bias: vec![0; out],
            multiplier: vec![1 << 28; out],
            input_zero: 255,
            output_zero,
        })
    };
    let model = Model {
        architecture: Architecture {
            input: Shape::new(3, 7, 7),
            shift: 24,
            layers,
            output: OutputMode::Top1,
        },
        params: vec![params(3 * channels, channels, 0), params(2 * 49 * channels, 2, 0)],
    };
    let refused = model.fold().unwrap_err();
    assert!(matches!(refused, ParamsError::TooLarge { channel: 0, .. }), "{refused}");
    assert!(refused.to_string().contains("layer 01"), "{refused}");
}

#[test]
fn folded_numbers_that_could_overflow_a_sum_are_refused() {
    let model = tiny();
    let arch = &model.architecture;
    let image = vec![255; arch.image_len()];
    for huge in [i64::MIN, i64::MAX, 1 << 60] {
        for layer in [0, 6, 12] {
            let mut folded = model.fold().unwrap();
            match &mut folded.layers[layer] {
                FoldedLayer::Conv { weights, .. } => weights[0] = huge,
                FoldedLayer::Add { lhs, .. } => *lhs = huge,
                FoldedLayer::Pool { multiplier, .. } => *multiplier = huge,
                FoldedLayer::Concat => unreachable!("the network joins nothing"),
            }
            assert!(matches!(
                folded.check_total(arch),
                Err(ParamsError::TooLarge { channel: 0, .. })
            ));
            assert!(matches!(
                reference::run(arch, &folded, &image),
                Err(ReferenceError::Params(ParamsError::TooLarge { channel: 0, .. }))
            ));
        }
    }
    let mut folded = model.fold().unwrap();
    folded.layers.pop();
    assert!(matches!(folded.check_total(arch), Err(ParamsError::LayerCount { .. })));
}

fn with_output(output: OutputMode, classes: usize) -> Architecture {
    let mut arch = tiny_network(10);
    arch.output = output;
    let last = arch.layers.last_mut().unwrap();
    last.output.c = classes;
    match &mut last.op {
        Op::Conv(conv) => conv.out_channels = classes,
        _ => panic!("the last layer is no convolution"),
    }
    arch
}

#[test]
fn an_output_is_written_as_its_name() {
    for output in OutputMode::ALL {
        let json = serde_json::to_string(&output).unwrap();
        assert_eq!(json, format!("\"{output}\""));
    }
}

#[test]
fn hostile_architectures_are_refused() {
    let check = |change: fn(&mut Architecture)| {
        let mut arch = tiny_network(10);
        change(&mut arch);
        arch.validate().unwrap_err()
    };
    fn conv(arch: &mut Architecture, layer: usize) -> &mut assay_prover::model::Conv {
        match &mut arch.layers[layer].op {
            Op::Conv(conv) => conv,
            _ => panic!("layer {layer} is no convolution"),
        }
    }
    use ArchitectureError as E;
    assert!(matches!(check(|a| a.layers.clear()), E::Empty));
    assert!(matches!(check(|a| a.shift = 25), E::Shift { .. }));
    assert!(matches!(check(|a| a.shift = 0), E::Shift { .. }));
    assert!(matches!(
        check(|a| a.input = Shape::new(usize::MAX, 1, 1)),
        E::Size { .. }
    ));
    assert!(matches!(check(|a| a.input.h = 0), E::Size { .. }));
    assert!(matches!(
        check(|a| conv(a, 0).input = TensorId(usize::MAX)),
        E::UnknownTensor { .. }
    ));
    assert!(matches!(
        check(|a| conv(a, 2).input = TensorId(3)),
        E::UnknownTensor { .. }
    ));
    assert!(matches!(
        check(|a| conv(a, 1).out_channels = 0),
        E::DepthwiseChannels { .. }
    ));
    assert!(matches!(
        check(|a| conv(a, 0).out_channels = usize::MAX),
        E::OutputShape { .. }
    ));
    assert!(matches!(check(|a| conv(a, 0).stride = 0), E::Stride { .. }));
    assert!(matches!(check(|a| conv(a, 2).input_zero = 1), E::UnfoldedZero { .. }));
    assert!(matches!(check(|a| a.input.w = 13), E::OutputShape { .. }));
    for side in [0, 8, usize::MAX] {
        for kernel in [Kernel { h: side, w: 3 }, Kernel { h: 3, w: side }] {
            for kind in [ConvKind::Dense(kernel), ConvKind::Depthwise(kernel)] {
                let mut arch = tiny_network(10);
                conv(&mut arch, 0).kind = kind;
                assert_eq!(
                    arch.validate(),
                    Err(E::Kernel {
                        layer: arch.layer_name(0)
                    })
                );
            }
        }
    }
    // As much border as kernel, or less map than kernel.
    assert!(matches!(check(|a| conv(a, 0).pad.top = 3), E::Padding { .. }));
    assert!(matches!(
        check(|a| conv(a, 0).pad.right = usize::MAX),
        E::Padding { .. }
    ));
    assert!(matches!(check(|a| conv(a, 2).pad.left = 1), E::Padding { .. }));
    let pooled = |a: &mut Architecture| conv(a, 13).kind = ConvKind::Dense(Kernel { h: 1, w: 2 });
    assert!(matches!(check(pooled), E::Padding { .. }));
    for (groups, layer, out_channels) in [
        (0, 0, 5),
        (1, 0, 5),
        (2, 0, 5),
        (3, 0, 5),
        (5, 1, 5),
        (usize::MAX, 0, 5),
    ] {
        let mut arch = tiny_network(10);
        conv(&mut arch, layer).kind = ConvKind::Grouped(Kernel::THREE, Groups(groups));
        conv(&mut arch, layer).out_channels = out_channels;
        assert!(matches!(arch.validate(), Err(E::Groups { .. })), "{groups}");
    }
    // There is one way to say pointwise.
    let dense = |a: &mut Architecture| conv(a, 2).kind = ConvKind::Dense(Kernel { h: 1, w: 1 });
    assert!(matches!(check(dense), E::PointwiseKernel { .. }));
    assert!(matches!(check(|a| conv(a, 2).stride = 2), E::Stride { .. }));
    assert!(matches!(check(|a| conv(a, 0).stride = 3), E::Stride { .. }));
    assert!(matches!(check(|a| a.layers.truncate(3)), E::LastLayer { .. }));
    assert!(matches!(
        check(|a| a.output = OutputMode::Bit),
        E::BitClasses { classes: 10 }
    ));
    for classes in [2, 5] {
        let mut arch = with_output(OutputMode::Top5, classes);
        assert!(matches!(arch.validate(), Err(E::Top5Classes { .. })), "{classes}");
        arch.output = OutputMode::Logits;
        assert_eq!(arch.validate(), Ok(()));
    }
    assert_eq!(with_output(OutputMode::Top5, 6).validate(), Ok(()));
    assert_eq!(with_output(OutputMode::Bit, 2).validate(), Ok(()));
    let layer = |a: &mut Architecture| {
        let last = a.layers[13].clone();
        a.layers.extend(std::iter::repeat_n(last, Architecture::MAX_LAYERS));
    };
    let mut arch = tiny_network(10);
    layer(&mut arch);
    assert!(matches!(arch.validate(), Err(E::TooManyLayers { .. })));
}

#[test]
fn what_cannot_be_joined_is_refused() {
    use ArchitectureError as E;
    // Layers 3 and 6 join tensors 2 and 3; 3, the image, 3 and 2; layer 8 joins tensors that layer 9 reads with stride 2.
    let check = |layer: usize, tensors: &[usize]| {
        let mut arch = joined_network(10);
        arch.layers[layer].op = Op::Concat {
            inputs: tensors.iter().map(|tensor| TensorId(*tensor)).collect(),
        };
        arch.validate()
    };
    assert_eq!(check(3, &[2, 3]), Ok(()));
    assert_eq!(check(3, &[3, 2]), Ok(()));
    for few in [&[][..], &[2]] {
        assert!(matches!(check(3, few), Err(E::Concat { .. })), "{few:?}");
    }
    // One that joins others.
    assert!(matches!(check(6, &[4, 4]), Err(E::Concat { count: 2, .. })));
    assert!(matches!(check(3, &[2, 4]), Err(E::UnknownTensor { tensor: 4, .. })));
    assert!(matches!(check(3, &[2, 2]), Err(E::OutputShape { .. })));
    assert!(matches!(check(13, &[13, 1]), Err(E::JoinedSizes { .. })));
    let many = vec![0; 1 << 15];
    assert!(matches!(check(6, &many), Err(E::OutputShape { .. })));
    // Tensor 5 is read whole, by itself.
    assert!(matches!(check(8, &[5, 8]), Err(E::MixedReaders { tensor: 5, .. })));
    // By the sum that reads tensor 4, tensor 2 is read whole.
    assert!(matches!(check(8, &[2, 2, 5]), Err(E::MixedReaders { tensor: 2, .. })));
    let mut unread = joined_network(10);
    unread.layers[15].op = match unread.layers[12].op.clone() {
        Op::Conv(conv) => Op::Conv(assay_prover::model::Conv {
            input: TensorId(13),
            out_channels: 10,
            kind: ConvKind::Dense(Kernel { h: 3, w: 4 }),
            ..conv
        }),
        _ => panic!("a convolution"),
    };
    unread.layers.remove(14);
    assert_eq!(
        unread.validate(),
        Err(E::Unread {
            layer: unread.layer_name(13)
        })
    );
    unread.layers.pop();
    assert!(matches!(unread.validate(), Err(E::LastLayer { .. })));
}

#[test]
fn joined_channels_have_no_activations_and_come_from_where_they_are_computed() {
    let arch = joined_network(10);
    let computed = arch
        .layers
        .iter()
        .filter(|layer| !matches!(layer.op, Op::Concat { .. }));
    assert_eq!(
        arch.activation_count(),
        computed.map(|layer| layer.output.len()).sum::<usize>()
    );
    let wide = (0..4).map(|c| (TensorId(3), c));
    let image = (0..3).map(|c| (TensorId::IMAGE, c));
    let narrow = (0..3).map(|c| (TensorId(2), c));
    let expected: Vec<_> = wide.clone().chain(image).chain(wide).chain(narrow).collect();
    assert_eq!(arch.sources(TensorId(7)), expected);
    assert_eq!(arch.sources(TensorId(1)), [0, 1, 2].map(|c| (TensorId(1), c)));
    let strided = arch.strided();
    assert_eq!(
        (0..strided.len()).filter(|t| strided[*t]).collect::<Vec<_>>(),
        [6, 8, 9]
    );
    let json = serde_json::to_string(&arch.layers[3].op).unwrap();
    assert_eq!(json, r#"{"concat":{"inputs":[2,3]}}"#);
}

/// Files say what they said when all kernels were 3×3.
#[test]
fn kinds_of_convolutions_have_their_names_in_files() {
    let kernel = Kernel { h: 5, w: 7 };
    for (kind, json, bytes) in [
        (ConvKind::Pointwise, r#""pointwise""#, &[0u8][..]),
        (ConvKind::DENSE_3X3, r#""dense3x3""#, &[1]),
        (ConvKind::DEPTHWISE_3X3, r#""depthwise3x3""#, &[2]),
        (ConvKind::Dense(kernel), r#"{"dense":{"h":5,"w":7}}"#, &[3, 5, 7]),
        (
            ConvKind::Depthwise(kernel),
            r#"{"depthwise":{"h":5,"w":7}}"#,
            &[4, 5, 7],
        ),
    ] {
        assert_eq!(serde_json::to_string(&kind).unwrap(), json);
        assert_eq!(serde_json::from_str::<ConvKind>(json).unwrap(), kind);
        assert_eq!(postcard::to_allocvec(&kind).unwrap(), bytes);
        assert_eq!(postcard::from_bytes::<ConvKind>(bytes).unwrap(), kind);
    }
    for kind in [3, 4] {
        assert!(
            postcard::from_bytes::<ConvKind>(&[kind, 3, 3]).is_err(),
            "a second name"
        );
    }
}

#[test]
fn model_file_round_trips() {
    let model = tiny();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("digits.model");
    model.save(&path).unwrap();
    assert!(Model::load(&path).unwrap() == model);
    // Saving again replaces the file and leaves nothing else.
    model.save(&path).unwrap();
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn model_file_with_any_bit_flipped_is_refused() {
    let bytes = tiny().to_bytes().unwrap();
    for i in 0..bytes.len() {
        let mut corrupted = bytes.clone();
        corrupted[i] ^= 1 << (i % 8);
        assert!(Model::from_bytes(&corrupted).is_err(), "byte {i}");
    }
}

#[test]
fn model_file_cut_or_extended_anywhere_is_refused() {
    let bytes = tiny().to_bytes().unwrap();
    for len in 0..bytes.len() {
        assert!(Model::from_bytes(&bytes[..len]).is_err(), "length {len}");
    }
    let extended = [bytes.as_slice(), &[0]].concat();
    assert!(matches!(
        Model::from_bytes(&extended),
        Err(ModelFileError::Length { .. })
    ));
}

#[test]
fn model_file_errors_say_what_is_wrong() {
    let bytes = tiny().to_bytes().unwrap();
    let with = |index: usize, value: u8| {
        let mut changed = bytes.clone();
        changed[index] = value;
        Model::from_bytes(&changed).unwrap_err()
    };
    assert!(matches!(with(0, b'X'), ModelFileError::Magic));
    assert!(matches!(with(8, 2), ModelFileError::Version { expected: 1, got: 2 }));
    assert!(matches!(with(40, bytes[40] ^ 1), ModelFileError::Hash));
    assert!(matches!(Model::from_bytes(b""), Err(ModelFileError::Magic)));
    assert!(matches!(
        Model::load(std::path::Path::new("no/such/file")),
        Err(ModelFileError::Io { action: "read", .. })
    ));
}

/// A file with a correct hash around any payload.
fn sealed(payload: &[u8]) -> Vec<u8> {
    let mut bytes = b"ASSAYMDL\x01\0\0\0".to_vec();
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(payload);
    let hash = Sha256::digest(&bytes);
    bytes.extend(hash);
    bytes
}

#[test]
fn model_file_with_a_hostile_payload_and_a_correct_hash_is_refused() {
    let bytes = tiny().to_bytes().unwrap();
    let payload = &bytes[20..bytes.len() - 32];
    assert!(Model::from_bytes(&sealed(payload)).is_ok());
    let trailing = sealed(&[payload, &[0]].concat());
    assert!(matches!(Model::from_bytes(&trailing), Err(ModelFileError::Trailing(1))));
    let mut invalid = tiny();
    conv_params(&mut invalid, 0).multiplier[0] = 0;
    assert!(matches!(invalid.to_bytes(), Err(ModelFileError::Invalid(_))));
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    for _ in 0..5000 {
        let mut changed = payload.to_vec();
        for _ in 0..rng.gen_range(1..4) {
            let i = rng.gen_range(0..changed.len());
            changed[i] = rng.gen();
        }
        // Most are refused; whatever is accepted must fold and be bounded without a panic.
        if let Ok(model) = Model::from_bytes(&sealed(&changed)) {
            let folded = model.fold().unwrap();
            let _ = folded.check_total(&model.architecture);
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_are_no_model(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Model::from_bytes(&sealed(&payload));
        prop_assert!(Model::from_bytes(&payload).is_err());
    }
}
