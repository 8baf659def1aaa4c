//! A network small enough to prove in a second, with every kind of layer.

use assay_prover::model::{Architecture, Conv, ConvKind, Layer, Model, Op, OutputMode, Padding, Shape, TensorId};
use assay_prover::reference;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::path::{Path, PathBuf};

/// 8×8 images, an inverted residual with its add, both strides, pool and classifier; shift 10.
pub fn small_architecture() -> Architecture {
    let conv = |input: usize, kind, out_channels, stride, pad| {
        Op::Conv(Conv {
            input: TensorId(input),
            out_channels,
            kind,
            stride,
            pad,
            input_zero: 0,
        })
    };
    let pointwise = |input, out_channels| conv(input, ConvKind::Pointwise, out_channels, 1, Padding::NONE);
    let depthwise = |input, channels, stride| conv(input, ConvKind::DEPTHWISE_3X3, channels, stride, Padding::ONE);
    let layers = [
        (conv(0, ConvKind::DENSE_3X3, 6, 2, Padding::ONE), Shape::new(6, 4, 4)),
        (depthwise(1, 6, 1), Shape::new(6, 4, 4)),
        (pointwise(2, 4), Shape::new(4, 4, 4)),
        (pointwise(3, 8), Shape::new(8, 4, 4)),
        (depthwise(4, 8, 2), Shape::new(8, 2, 2)),
        (pointwise(5, 4), Shape::new(4, 2, 2)),
        (pointwise(6, 8), Shape::new(8, 2, 2)),
        (depthwise(7, 8, 1), Shape::new(8, 2, 2)),
        (pointwise(8, 4), Shape::new(4, 2, 2)),
        (
            Op::Add {
                lhs: TensorId(6),
                rhs: TensorId(9),
            },
            Shape::new(4, 2, 2),
        ),
        (Op::GlobalAvgPool { input: TensorId(10) }, Shape::new(4, 1, 1)),
        (pointwise(11, 10), Shape::new(10, 1, 1)),
    ];
    Architecture {
        input: Shape::new(3, 8, 8),
        shift: 10,
        layers: layers.into_iter().map(|(op, output)| Layer { op, output }).collect(),
        output: OutputMode::Top1,
    }
}

/// The same with another output; with two classes for a bit.
pub fn small_architecture_with(output: OutputMode) -> Architecture {
    let mut architecture = small_architecture();
    architecture.output = output;
    if output == OutputMode::Bit {
        let last = architecture.layers.last_mut().expect("there are layers");
        last.output.c = 2;
        if let Op::Conv(conv) = &mut last.op {
            conv.out_channels = 2;
        }
    }
    architecture
}

/// Writes random images, others for every seed, named `NNNN_LABEL.png`; the first `correct` labels are the model's own answers, the
/// others are not. Of five classes the answer is the fifth, which is not the class.
pub fn labelled_images(model: &Model, directory: &Path, seed: u64, count: usize, correct: usize) -> Vec<PathBuf> {
    std::fs::create_dir_all(directory).expect("the directory can be made");
    let arch = &model.architecture;
    let folded = model.fold().expect("the model folds");
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    (0..count)
        .map(|n| {
            let bytes: Vec<u8> = (0..arch.image_len()).map(|_| rng.gen()).collect();
            let best = reference::run(arch, &folded, &bytes)
                .expect("the model is total")
                .top5();
            let (right, wrong) = match arch.output {
                OutputMode::Top5 => (best[4], (0..arch.classes()).find(|class| !best.contains(class))),
                _ => (best[0], Some((best[0] + 1) % arch.classes())),
            };
            let label = if n < correct {
                right
            } else {
                wrong.expect("there are more than five classes")
            };
            let path = directory.join(format!("{n:04}_{label}.png"));
            let (w, h) = (arch.input.w as u32, arch.input.h as u32);
            image::RgbImage::from_raw(w, h, bytes)
                .expect("the sizes fit")
                .save(&path)
                .expect("the image can be written");
            path
        })
        .collect()
}
