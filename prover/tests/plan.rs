//! What is estimated of layouts, compared with what was measured.

use assay_prover::circuit::{Footprint, FrozenArchitecture, Layout};
use assay_prover::model::random::mobilenet_v2;
use assay_prover::model::{
    Architecture, Conv, ConvKind, Groups, Kernel, Layer, Op, OutputMode, Padding, Shape, TensorId,
};
use assay_prover::plan::choose::lay_out;
use assay_prover::proof::{Memory, Speed};

fn footprint(width: f64, resolution: usize, lanes: usize) -> Footprint {
    let architecture = mobilenet_v2(width, resolution, 1001);
    Footprint::of(&FrozenArchitecture::plan_with(architecture, lanes, Layout::DEFAULT_SALT_ROWS).unwrap())
}

/// Gigabytes at the peak of processes that made two proofs, `prover/tests/measure.rs` and `scripts/bench prove --memory`.
#[test]
fn memory_is_estimated_to_a_twentieth_of_what_was_measured() {
    for (width, resolution, lanes, small, fast) in [
        (0.35, 96, 3, 1.10, 2.04),
        (0.35, 96, 6, 1.31, 2.35),
        (0.35, 96, 8, 1.46, 2.57),
        (0.5, 224, 3, 7.7, 14.0),
    ] {
        let memory = footprint(width, resolution, lanes).memory;
        for (estimated, measured) in [(memory.small, small), (memory.fast, fast)] {
            let ratio = estimated as f64 / 1e9 / measured;
            assert!(
                (0.95..1.05).contains(&ratio),
                "({width}, {resolution}), {lanes}: {memory:?}, {ratio}"
            );
        }
    }
}

/// Seconds on two cores in lanes: of proofs after the first, of a first one, of both keys.
#[test]
fn recorded_speeds_give_what_was_recorded() {
    let speed = Speed::recorded();
    let small = footprint(0.35, 96, 3);
    for (what, estimated, measured) in [
        ("fast", speed.proof(&small, Memory::Fast, false), 4.60),
        ("small", speed.proof(&small, Memory::Small, false), 5.22),
        ("first", speed.proof(&small, Memory::Fast, true), 5.6),
        ("keys", speed.keys(&small), 1.6),
        (
            "(0.5, 224)",
            speed.proof(&footprint(0.5, 224, 3), Memory::Small, false),
            45.0,
        ),
    ] {
        let ratio = estimated.as_secs_f64() / measured;
        assert!((0.85..1.15).contains(&ratio), "{what}: {estimated:?}, {ratio}");
    }
}

/// Appends layers that read the newest tensor.
struct Chain(Architecture);

impl Chain {
    fn last(&self) -> TensorId {
        TensorId(self.0.layers.len())
    }

    fn conv(&mut self, input: TensorId, kind: ConvKind, out_channels: usize, stride: usize, pad: Padding) -> TensorId {
        let conv = Conv {
            input,
            out_channels,
            kind,
            stride,
            pad,
            input_zero: 0,
        };
        let output = conv.output(self.0.shape(input)).unwrap();
        let op = Op::Conv(conv);
        self.0.layers.push(Layer { op, output });
        self.last()
    }

    /// A window of 3×3 at stride 2, as one kernel for each channel, and as many layers of the same size as `each` says.
    fn window(&mut self, each: usize) {
        let channels = |chain: &Self| chain.0.shape(chain.last()).c;
        let odd = self.0.shape(self.last()).h % 2;
        // The last window of an even map leaves it by a pixel.
        let pad = Padding {
            bottom: 1 - odd,
            right: 1 - odd,
            ..Padding::NONE
        };
        self.conv(self.last(), ConvKind::DEPTHWISE_3X3, channels(self), 2, pad);
        for _ in 1..each {
            let kind = ConvKind::Depthwise(Kernel { h: 1, w: 1 });
            self.conv(self.last(), kind, channels(self), 1, Padding::NONE);
        }
    }

    fn fire(&mut self, squeezed: usize, expanded: usize) {
        let x = self.conv(self.last(), ConvKind::Pointwise, squeezed, 1, Padding::NONE);
        let inputs = vec![
            self.conv(x, ConvKind::Pointwise, expanded, 1, Padding::NONE),
            self.conv(x, ConvKind::DENSE_3X3, expanded, 1, Padding::ONE),
        ];
        let output = Shape {
            c: 2 * expanded,
            ..self.0.shape(x)
        };
        let op = Op::Concat { inputs };
        self.0.layers.push(Layer { op, output });
    }

    fn head(&mut self, classes: usize) {
        let output = Shape::new(self.0.shape(self.last()).c, 1, 1);
        let op = Op::GlobalAvgPool { input: self.last() };
        self.0.layers.push(Layer { op, output });
        self.conv(self.last(), ConvKind::Pointwise, classes, 1, Padding::NONE);
    }
}

fn empty(resolution: usize) -> Chain {
    Chain(Architecture {
        input: Shape::new(3, resolution, resolution),
        shift: 16,
        layers: Vec::new(),
        output: OutputMode::Top1,
    })
}

/// SqueezeNet 1.1, whose three pools have a kernel and `each − 1` layers more for each output; what averages the classes comes before them.
fn squeezenet(resolution: usize, each: usize) -> Architecture {
    let mut net = empty(resolution);
    net.conv(TensorId::IMAGE, ConvKind::DENSE_3X3, 64, 2, Padding::NONE);
    for (fires, squeezed, expanded) in [(2, 16, 64), (2, 32, 128), (2, 48, 192), (2, 64, 256)] {
        if squeezed != 64 {
            net.window(each);
        }
        (0..fires).for_each(|_| net.fire(squeezed, expanded));
    }
    net.head(1000);
    net.0
}

/// Three blocks of a stage of ResNeXt-50 (32×4d) with this width; dense kernels would have zeros beside each group's weights.
fn resnext_stage(side: usize, width: usize, kind: ConvKind) -> Architecture {
    let mut net = empty(2 * side);
    net.conv(TensorId::IMAGE, ConvKind::DENSE_3X3, 2 * width, 2, Padding::ONE);
    for _ in 0..3 {
        let x = net.last();
        net.conv(x, ConvKind::Pointwise, width, 1, Padding::NONE);
        net.conv(net.last(), kind, width, 1, Padding::ONE);
        net.conv(net.last(), ConvKind::Pointwise, 2 * width, 1, Padding::NONE);
        let op = Op::Add {
            lhs: x,
            rhs: net.last(),
        };
        let output = net.0.shape(x);
        net.0.layers.push(Layer { op, output });
    }
    net.head(1000);
    net.0
}

/// What `docs/networks.md` says of maxima and of groups: rows used, and their logarithm. Prints activations, memory and the seconds of a later
/// proof at the recorded speed.
#[test]
fn maxima_and_groups_take_the_rows_that_are_documented() {
    let taken = |what: &str, architecture: Architecture, documented: (usize, u32)| {
        let activations = architecture.activation_count();
        let frozen = FrozenArchitecture::plan(architecture).unwrap();
        let (floor, program) = lay_out(&frozen).unwrap();
        let rows = floor.last_row(&program).max(floor.weight_end + frozen.layout.salt_rows);
        let footprint = Footprint::of(&frozen);
        let seconds = Speed::recorded().proof(&footprint, Memory::Small, false);
        println!(
            "{what}: {activations} activations, {rows} of 2^{} rows, {:.0} s, {:.1} GB",
            frozen.layout.k,
            seconds.as_secs_f64(),
            footprint.memory.small as f64 / 1e9
        );
        assert_eq!((rows, frozen.layout.k), documented, "{what}");
    };
    let pools = [1, 9, 21];
    for (resolution, documented) in [
        (96, [(220_731, 18), (431_505, 19), (620_091, 20)]),
        (224, [(1_218_505, 21), (2_135_497, 22), (3_510_985, 22)]),
    ] {
        for (each, documented) in pools.into_iter().zip(documented) {
            let what = format!("SqueezeNet 1.1 at {resolution}, {each} a maximum");
            taken(&what, squeezenet(resolution, each), documented);
        }
    }
    let kernel = Kernel { h: 3, w: 3 };
    let kinds = [ConvKind::Grouped(kernel, Groups(32)), ConvKind::Dense(kernel)];
    for (side, width, documented) in [
        (28, 256, [(1_566_193, 21), (1_565_149, 21)]),
        (14, 512, [(906_843, 20), (1_900_907, 21)]),
        (7, 1024, [(1_956_488, 21), (7_191_070, 23)]),
    ] {
        for (kind, documented) in kinds.into_iter().zip(documented) {
            taken(
                &format!("{kind} at {side}"),
                resnext_stage(side, width, kind),
                documented,
            );
        }
    }
}
