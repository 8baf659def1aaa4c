//! Random small networks: the definition on integers, the reference executor and the circuit agree.
//!
//! `ASSAY_FUZZ_CASES` sets the number of networks, of which the larger shifts take seconds each; the seed is fixed.

mod definition;
mod support;

use assay_prover::circuit::{Compiled, FrozenArchitecture, Layout};
use assay_prover::model::{
    Architecture, Conv, ConvKind, Groups, Kernel, Layer, Model, Op, OutputMode, Padding, ParamsError, Shape, TensorId,
};
use assay_statement::field::Fr;
use definition::{found, half, quotients, random_architecture};
use halo2_proofs::dev::MockProver;
use halo2_proofs::halo2curves::ff::Field;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use support::{Case, FORMS, SALT_ROWS};

const SEED: u64 = 9;
const DEFAULT_CASES: usize = 100;
/// Largest shift whose networks are tried in the narrow form, too.
const NARROW_SHIFT: u32 = 11;

/// Small tables most of the time, one limb or two, each shift at least once: a circuit has twice as many rows as a smaller one.
fn shift_of(case: usize, rng: &mut ChaCha20Rng) -> u32 {
    let shifts = Architecture::MIN_SHIFT..=Architecture::MAX_SHIFT;
    match shifts.clone().nth(case) {
        Some(shift) => shift,
        None => {
            let bits = (shifts.start() + rng.gen::<u32>().trailing_zeros()).min(16);
            bits + if rng.gen() { 8 } else { 0 }
        }
    }
}

/// A network whose random parameters are total, with its layout.
fn random_network(shift: u32, output: OutputMode, rng: &mut ChaCha20Rng) -> (FrozenArchitecture, Model) {
    loop {
        let mut architecture = random_architecture(rng, shift);
        architecture.output = output;
        if architecture.validate().is_err() {
            // It has another number of classes.
            continue;
        }
        let lanes = rng.gen_range(3..=8);
        let model = match Model::random(architecture.clone(), rng.gen()) {
            Ok(model) => model,
            Err(ParamsError::NotTotal { .. }) => continue,
            Err(other) => panic!("{other}"),
        };
        let frozen = FrozenArchitecture::plan_with(architecture, lanes, SALT_ROWS).expect("a plan");
        return (frozen, model);
    }
}

/// What a proof reveals of the logits, by counting for each class how many are above it.
fn outputs(mode: OutputMode, logits: &[i64], half: i64) -> Vec<Fr> {
    let above = |class: usize| {
        let is_above = |other: &usize| (-logits[*other], *other) < (-logits[class], class);
        (0..logits.len()).filter(is_above).count()
    };
    let best = |most: usize| (0..logits.len()).filter(move |class| above(*class) < most);
    match mode {
        OutputMode::Top1 | OutputMode::Bit => best(1).map(|class| Fr::from(class as u64)).collect(),
        OutputMode::Top5 => {
            let place = |(n, class): (usize, usize)| Fr::from(class as u64) * Fr::from(1 << 16).pow([n as u64]);
            vec![best(5).enumerate().map(place).sum()]
        }
        OutputMode::Logits => logits.iter().map(|logit| Fr::from((logit + half) as u64)).collect(),
    }
}

#[test]
fn definition_reference_and_circuit_agree_on_random_networks() {
    let cases = std::env::var("ASSAY_FUZZ_CASES").map_or(DEFAULT_CASES, |n| n.parse().expect("a number"));
    eprintln!("{cases} networks from seed {SEED}");
    for n in 0..cases {
        let mut rng = ChaCha20Rng::seed_from_u64(SEED);
        rng.set_stream(n as u64);
        let shift = shift_of(n, &mut rng);
        let output = OutputMode::ALL[n % OutputMode::ALL.len()];
        let (frozen, model) = random_network(shift, output, &mut rng);
        let (name, seed) = (format!("network {n} of seed {SEED}"), rng.gen());
        if shift <= NARROW_SHIFT && matches!(output, OutputMode::Top1 | OutputMode::Bit) {
            let architecture = frozen.architecture.clone();
            let narrow = FrozenArchitecture::plan_with(architecture, Layout::NARROW, SALT_ROWS).expect("a plan");
            let case = Case::with_model(narrow, model.clone(), seed);
            no_row_is_of_two_kinds(&case.compiled, &name);
            agree(&case, &name);
        }
        agree(&Case::with_model(frozen, model, seed), &name);
    }
}

/// Of the narrow form: what the rows are for is said by four columns, and by one more beside them for the weights.
fn no_row_is_of_two_kinds(compiled: &Compiled, name: &str) {
    let fixed = &compiled.fixed;
    let lookup = fixed.coefficients.last().expect("there are coefficients");
    for row in 0..compiled.floor.usable {
        let is = |column: &[u8]| usize::from(column[row] != 0);
        let of_state = is(&fixed.round) + is(&fixed.arith_kind);
        assert!(is(lookup) + is(&fixed.block) + of_state <= 1, "{name}, row {row}");
        assert!(is(&fixed.weight_kind) + of_state <= 1, "{name}, row {row}");
    }
}

/// The definition, the reference executor and the circuit say the same of an image.
fn agree(case: &Case, name: &str) {
    let told = format!("{name}: {:?}", case.compiled.frozen);
    let architecture = &case.compiled.frozen.architecture;
    let expected = quotients(&case.model, &case.image);
    let half = half(architecture.shift);
    for (layer, expected) in case.trace.layers.iter().zip(&expected) {
        assert_eq!(&found(layer, architecture.shift), expected, "{told}");
    }
    let logits = expected.last().expect("there are logits");
    let mut instances = case.instances();
    instances.truncate(assay_statement::instance::OUTPUT);
    instances.extend(outputs(architecture.output, logits, half));
    let prover = MockProver::run(case.k(), &case.circuit(), vec![instances]).expect("synthesis");
    if let Err(failures) = prover.verify_par() {
        panic!("{told}: {failures:#?}");
    }
}

/// No tensor but the image and the logits; an image that a pool, a sum or a pointwise layer reads; one input channel for each group.
#[test]
fn networks_at_the_edges_agree_too() {
    let conv = |input: usize, kind, out_channels| {
        Op::Conv(Conv {
            input: TensorId(input),
            out_channels,
            kind,
            stride: 1,
            pad: Padding::NONE,
            input_zero: 0,
        })
    };
    let by_two = |input: usize, out_channels| {
        Op::Conv(Conv {
            input: TensorId(input),
            out_channels,
            kind: ConvKind::Dense(Kernel { h: 1, w: 1 }),
            stride: 2,
            pad: Padding::NONE,
            input_zero: 0,
        })
    };
    let every_pixel_by_two = Op::Conv(Conv {
        input: TensorId(1),
        out_channels: 3,
        kind: ConvKind::Dense(Kernel::THREE),
        stride: 2,
        pad: Padding::NONE,
        input_zero: 0,
    });
    let image = TensorId::IMAGE;
    let whole = ConvKind::Dense(Kernel { h: 7, w: 7 });
    let grouped = ConvKind::Grouped(Kernel::THREE, Groups(3));
    let join = |inputs: &[usize]| Op::Concat {
        inputs: inputs.iter().map(|input| TensorId(*input)).collect(),
    };
    let networks: [(&str, &[(Op, Shape)]); 7] = [
        ("one kernel", &[(conv(0, whole, 200), Shape::new(200, 1, 1))]),
        (
            "pool of the image",
            &[
                (Op::GlobalAvgPool { input: image }, Shape::new(3, 1, 1)),
                (conv(1, ConvKind::Pointwise, 4), Shape::new(4, 1, 1)),
            ],
        ),
        (
            "image and a layer of it, added",
            &[
                (conv(0, ConvKind::Pointwise, 3), Shape::new(3, 7, 7)),
                (
                    Op::Add {
                        lhs: image,
                        rhs: TensorId(1),
                    },
                    Shape::new(3, 7, 7),
                ),
                (conv(2, whole, 4), Shape::new(4, 1, 1)),
            ],
        ),
        (
            "groups of one channel",
            &[
                (conv(0, grouped, 30), Shape::new(30, 5, 5)),
                (Op::GlobalAvgPool { input: TensorId(1) }, Shape::new(30, 1, 1)),
                (conv(2, ConvKind::Pointwise, 4), Shape::new(4, 1, 1)),
            ],
        ),
        (
            "nothing but the image, joined with itself",
            &[
                (join(&[0, 0]), Shape::new(6, 7, 7)),
                (conv(1, ConvKind::Pointwise, 3), Shape::new(3, 7, 7)),
                (conv(2, whole, 4), Shape::new(4, 1, 1)),
            ],
        ),
        (
            "the image joined with itself, read with stride 2 in no other way",
            &[
                (join(&[0, 0]), Shape::new(6, 7, 7)),
                (every_pixel_by_two, Shape::new(3, 3, 3)),
                (conv(2, ConvKind::Dense(Kernel::THREE), 4), Shape::new(4, 1, 1)),
            ],
        ),
        (
            "joined tensors that are read with stride 2, and by a pool",
            &[
                (conv(0, ConvKind::Pointwise, 2), Shape::new(2, 7, 7)),
                (conv(0, ConvKind::Pointwise, 1), Shape::new(1, 7, 7)),
                (join(&[1, 2, 1]), Shape::new(5, 7, 7)),
                (by_two(3, 3), Shape::new(3, 4, 4)),
                (join(&[4, 4]), Shape::new(6, 4, 4)),
                (Op::GlobalAvgPool { input: TensorId(5) }, Shape::new(6, 1, 1)),
                (conv(6, ConvKind::Pointwise, 4), Shape::new(4, 1, 1)),
            ],
        ),
    ];
    for (name, layers) in networks {
        let layers = layers.iter().cloned().map(|(op, output)| Layer { op, output });
        let architecture = Architecture {
            input: Shape::new(3, 7, 7),
            shift: 10,
            layers: layers.collect(),
            output: OutputMode::Top1,
        };
        for of in FORMS {
            agree(&of(architecture.clone(), 5), name);
        }
    }
}
