//! The reference executor against the definition.

mod definition;

use assay_prover::model::{
    mobilenet_v2, mobilenet_v2_with_padding, tiny_network, AddParams, Architecture, Conv, ConvKind, ConvParams, Layer,
    LayerParams, Model, Op, OutputMode, Padding, ParamsError, PoolParams, Shape, TensorId,
};
use assay_prover::reference::{self, ReferenceError};
use definition::{found, half, quotients, random_architecture};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::time::{Duration, Instant};

/// A random architecture, from a seed.
fn arb_architecture() -> impl Strategy<Value = Architecture> {
    any::<u64>().prop_map(|seed| {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let shift = rng.gen_range(Architecture::MIN_SHIFT..=Architecture::MAX_SHIFT);
        random_architecture(&mut rng, shift)
    })
}

/// Parameters without any care: large and small multipliers, any zero points.
fn careless_model(architecture: Architecture, rng: &mut ChaCha20Rng) -> Model {
    let last = architecture.layers.len() - 1;
    let max_bits = architecture.shift - 5;
    let mut params = Vec::new();
    for (i, layer) in architecture.layers.iter().enumerate() {
        let mut multiplier = || {
            let bits = rng.gen_range(1..=max_bits);
            rng.gen_range(1..=1u32 << bits)
        };
        let multipliers: Vec<u32> = (0..layer.output.c.max(2)).map(|_| multiplier()).collect();
        let output_zero = if i == last {
            rng.gen_range(-100..100)
        } else {
            rng.gen_range(0..=255)
        };
        params.push(match &layer.op {
            Op::Conv(conv) => LayerParams::Conv(ConvParams {
                weights: (0..architecture.weight_count(conv))
                    .map(|_| rng.gen_range(-20..=20))
                    .collect(),
                bias: (0..conv.out_channels).map(|_| rng.gen_range(-1000..1000)).collect(),
                multiplier: multipliers[..conv.out_channels].to_vec(),
                input_zero: if conv.pad.is_none() { rng.gen() } else { conv.input_zero },
                output_zero,
            }),
            Op::Add { .. } => LayerParams::Add(AddParams {
                lhs_multiplier: multipliers[0],
                rhs_multiplier: multipliers[1],
                lhs_zero: rng.gen(),
                rhs_zero: rng.gen(),
                output_zero,
            }),
            Op::Concat { .. } => LayerParams::Concat,
            Op::GlobalAvgPool { .. } => LayerParams::Pool(PoolParams {
                multiplier: multipliers[0],
                input_zero: rng.gen(),
                output_zero,
            }),
        });
    }
    Model { architecture, params }
}

/// All zero, all 255, and a random image.
fn images(arch: &Architecture, rng: &mut ChaCha20Rng) -> Vec<Vec<u8>> {
    let len = arch.image_len();
    vec![vec![0; len], vec![255; len], (0..len).map(|_| rng.gen()).collect()]
}

/// Compares one run with the definition; `true` if it stayed inside the table.
fn agrees(model: &Model, image: &[u8]) -> bool {
    let arch = &model.architecture;
    let half = half(arch.shift);
    let expected = quotients(model, image);
    let folded = model.fold().expect("parameters are valid");
    match reference::run(arch, &folded, image) {
        Ok(trace) => {
            for (i, (layer, q)) in trace.layers.iter().zip(&expected).enumerate() {
                assert_eq!(&found(layer, arch.shift), q, "{}", arch.layer_name(i));
                let clipped: Vec<u8> = q.iter().map(|q| (*q).clamp(0, 255) as u8).collect();
                assert_eq!(layer.out, clipped, "{}", arch.layer_name(i));
                assert!(layer.r.iter().all(|r| *r < 1 << arch.shift));
            }
            true
        }
        Err(ReferenceError::OutOfRange { layer, channel, .. }) => {
            let first = (0..expected.len()).find(|i| expected[*i].iter().any(|q| *q < -half || *q >= half));
            let first = first.expect("the definition leaves the table too");
            assert_eq!(layer, arch.layer_name(first));
            let size = arch.layers[first].output.h * arch.layers[first].output.w;
            assert!(expected[first][channel * size..(channel + 1) * size]
                .iter()
                .any(|q| *q < -half || *q >= half));
            false
        }
        Err(other) => panic!("{other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn reference_agrees_with_the_definition_on_random_networks(arch in arb_architecture(), seed in any::<u64>()) {
        prop_assert_eq!(arch.validate(), Ok(()));
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let model = careless_model(arch, &mut rng);
        let total = model.fold().unwrap().check_total(&model.architecture);
        for image in images(&model.architecture, &mut rng) {
            let inside = agrees(&model, &image);
            prop_assert!(inside || total.is_err(), "a total model left the table");
        }
    }

    #[test]
    fn random_models_are_total_and_stay_in_their_bounds(arch in arb_architecture(), seed in any::<u64>()) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let model = match Model::random(arch, seed) {
            Ok(model) => model,
            Err(ParamsError::NotTotal { .. }) => return Ok(()),
            Err(other) => panic!("{other}"),
        };
        let arch = &model.architecture;
        let folded = model.fold().unwrap();
        let bounds = folded.check_total(arch).unwrap();
        let half = half(arch.shift);
        for image in images(arch, &mut rng) {
            prop_assert!(agrees(&model, &image));
            let trace = reference::run(arch, &folded, &image).unwrap();
            for (layer, bound) in trace.layers.iter().zip(&bounds) {
                for q_hat in &layer.q_hat {
                    let q = i64::from(*q_hat) - half;
                    prop_assert!((bound.min..=bound.max).contains(&q));
                }
            }
        }
    }
}

#[test]
fn totality_bounds_are_reached_by_some_image() {
    // One pointwise layer on one pixel: the extreme images are bytes 0 and 255 by the sign of each weight.
    let arch = Architecture {
        input: Shape::new(3, 1, 1),
        shift: 16,
        layers: vec![Layer {
            op: Op::Conv(Conv {
                input: TensorId::IMAGE,
                out_channels: 2,
                kind: ConvKind::Pointwise,
                stride: 1,
                pad: Padding::NONE,
                input_zero: 0,
            }),
            output: Shape::new(2, 1, 1),
        }],
        output: OutputMode::Top1,
    };
    let params = LayerParams::Conv(ConvParams {
        weights: vec![100, -50, 3, -7, 8, 9],
        bias: vec![500, -700],
        multiplier: vec![40_000, 3_000],
        input_zero: 11,
        output_zero: 5,
    });
    let model = Model {
        architecture: arch.clone(),
        params: vec![params],
    };
    let folded = model.fold().unwrap();
    let bounds = folded.check_total(&arch).unwrap();
    let q = |image: [u8; 3]| i64::from(reference::run(&arch, &folded, &image).unwrap().layers[0].q_hat[0]) - (1 << 15);
    assert_eq!(q([255, 0, 255]), bounds[0].max);
    assert_eq!(q([0, 255, 0]), bounds[0].min);
}

#[test]
fn tiny_network_has_every_kind_of_layer_and_both_paddings_and_clips() {
    for shift in [10, 12, 16] {
        let arch = tiny_network(shift);
        arch.validate().unwrap();
        let convs: Vec<&Conv> = arch
            .layers
            .iter()
            .filter_map(|l| if let Op::Conv(conv) = &l.op { Some(conv) } else { None })
            .collect();
        for kind in [ConvKind::Pointwise, ConvKind::DENSE_3X3, ConvKind::DEPTHWISE_3X3] {
            assert!(convs.iter().any(|conv| conv.kind == kind));
        }
        for pad in [Padding::ONE, Padding::SAME_STRIDE_2] {
            assert!(convs.iter().any(|conv| conv.stride == 2 && conv.pad == pad));
        }
        assert!(convs.iter().any(|conv| conv.input_zero != 0));
        assert!(arch.layers.iter().any(|l| matches!(l.op, Op::Add { .. })));
        let (mut low, mut high) = (0, 0);
        for seed in 0..4 {
            let model = Model::random(arch.clone(), seed).unwrap();
            for image in images(&arch, &mut ChaCha20Rng::seed_from_u64(seed)) {
                assert!(agrees(&model, &image));
                let trace = reference::run(&arch, &model.fold().unwrap(), &image).unwrap();
                let clipped = trace
                    .layers
                    .iter()
                    .flat_map(|l| l.q_hat.iter())
                    .map(|q| i64::from(*q) - (1 << (shift - 1)));
                clipped.for_each(|q| {
                    low += usize::from(q < 0);
                    high += usize::from(q > 255);
                });
            }
        }
        assert!(
            low > 0 && high > 0,
            "shift {shift}: {low} quotients below 0, {high} above 255"
        );
    }
}

#[test]
fn mobilenet_has_the_counts_of_the_paper() {
    // Weights and biases; residual adds have 3 more secret numbers each, the pool 2.
    let extra = 10 * 3 + 2;
    for (width, resolution, weights, activations) in [
        (0.35, 96, 1_671_369, 543_217),
        (0.5, 224, 1_960_689, 3_763_129),
        (0.75, 192, 2_624_385, 4_437_193),
    ] {
        let arch = mobilenet_v2(width, resolution, 1001);
        assert_eq!(arch.validate(), Ok(()));
        assert_eq!(arch.parameter_count() - extra, weights);
        assert_eq!(arch.activation_count(), activations);
        let other = mobilenet_v2_with_padding(width, resolution, 1001, Padding::ONE);
        assert_eq!(other.validate(), Ok(()));
        assert_eq!(other.activation_count(), activations);
    }
}

#[test]
fn random_mobilenet_uses_the_range_of_its_bytes_and_runs_fast() {
    let arch = mobilenet_v2(0.35, 96, 1001);
    let model = Model::random(arch.clone(), 7).unwrap();
    let folded = model.fold().unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let image: Vec<u8> = (0..arch.image_len()).map(|_| rng.gen()).collect();
    let mut fastest = Duration::MAX;
    let mut trace = None;
    for _ in 0..3 {
        let start = Instant::now();
        trace = Some(reference::run(&arch, &folded, &image).unwrap());
        fastest = fastest.min(start.elapsed());
    }
    println!("reference, (0.35, 96): {fastest:?}");
    assert!(fastest < Duration::from_millis(500), "{fastest:?}");
    for (i, layer) in trace.unwrap().layers.iter().enumerate().take(arch.layers.len() - 1) {
        let share = |byte: u8| layer.out.iter().filter(|out| **out == byte).count() as f64 / layer.out.len() as f64;
        assert!(share(0) < 0.6 && share(255) < 0.2, "{}", arch.layer_name(i));
    }
}

#[test]
fn the_same_seed_gives_the_same_model_and_another_seed_another() {
    let model = |seed| Model::random(tiny_network(10), seed).unwrap();
    assert!(model(3) == model(3));
    assert!(model(3) != model(4));
}

#[test]
fn top1_is_the_lowest_index_among_the_largest_logits() {
    let layer = |q_hat: Vec<u32>| reference::LayerTrace {
        r: vec![0; q_hat.len()],
        out: vec![0; q_hat.len()],
        q_hat,
    };
    let top1 = |q_hat: Vec<u32>| {
        let layers = vec![layer(vec![9, 9]), layer(q_hat)];
        reference::Trace { image: vec![], layers }.top1()
    };
    assert_eq!(top1(vec![5, 7, 7, 1]), 1);
    assert_eq!(top1(vec![7, 7, 7]), 0);
    assert_eq!(top1(vec![0, 1]), 1);
}

#[test]
fn image_of_another_size_is_an_error() {
    let arch = tiny_network(10);
    let folded = Model::random(arch.clone(), 1).unwrap().fold().unwrap();
    for len in [0, arch.image_len() - 1, arch.image_len() + 1] {
        let error = reference::run(&arch, &folded, &vec![0; len]).unwrap_err();
        assert_eq!(
            error,
            ReferenceError::ImageLength {
                expected: arch.image_len(),
                got: len
            }
        );
    }
}
