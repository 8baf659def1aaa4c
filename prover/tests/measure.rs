//! What proofs of a real architecture take.

use assay_durable::cache::Cache;
use assay_durable::progress::{Progress, Silent};
use assay_prover::circuit::{Footprint, FrozenArchitecture, Layout};
use assay_prover::model::random::mobilenet_v2;
use assay_prover::model::Model;
use assay_prover::proof::{prove_with_secret, secret_sizes, verify, Inference, Keys, Memory};
use assay_prover::secret::{reserve_proof, ModelSecret};
use assay_prover::srs::Srs;
use assay_statement::input::InputSalt;
use std::sync::Mutex;
use std::time::Instant;

/// Says when each phase began.
struct Steps(Mutex<Instant>);

impl Progress for Steps {
    fn phase(&self, name: &str, _: u64) {
        println!(
            "  {:7.2} s, {} MB: {name}",
            self.0.lock().unwrap().elapsed().as_secs_f64(),
            status("VmRSS")
        );
    }
}

/// Of this process, MB.
fn status(field: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(field)).unwrap();
    let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kibibytes * 1024 / 1_000_000
}

/// Processor time of this process, all threads together, seconds.
fn processor() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<u64> = text
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse().unwrap())
        .collect();
    (fields[0] + fields[1]) as f64 / 100.0
}

/// `ASSAY_MEASURE="0.35 96 small 3" cargo test --release --test measure -- --ignored --nocapture`: three proofs of a width and a
/// resolution in a memory mode; a fifth word is the number of activations a row.
#[test]
#[ignore = "a measurement"]
fn proofs_of_a_real_architecture() {
    let wish = std::env::var("ASSAY_MEASURE").unwrap_or_else(|_| "0.35 96 fast 2".into());
    let words: Vec<&str> = wish.split_whitespace().collect();
    let (width, resolution) = (words[0].parse().unwrap(), words[1].parse().unwrap());
    let (memory, repeat): (Memory, usize) = (words[2].parse().unwrap(), words[3].parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let architecture = mobilenet_v2(width, resolution, 1001);
    let lanes = words.get(4).map_or(3, |lanes| lanes.parse().unwrap());
    let frozen = FrozenArchitecture::plan_with(architecture, lanes, Layout::DEFAULT_SALT_ROWS).unwrap();
    let k = frozen.layout.k;
    let footprint = Footprint::of(&frozen);
    println!(
        "{wish}: k = {k}, {} by itself; {footprint:?}",
        Memory::of_machine(&footprint.memory)
    );
    let srs = Srs::dev(k, &Cache::user().unwrap(), &Silent).unwrap();
    let (start, busy) = (Instant::now(), processor());
    let steps = Steps(Mutex::new(start));
    let keys = Keys::load_or_build(&frozen, srs.into(), &Cache::at(dir.path()), &steps)
        .unwrap()
        .with_memory(memory);
    println!("keys: {:?}, {:.2} s of processors", start.elapsed(), processor() - busy);

    let model = Model::random(frozen.architecture.clone(), 1).unwrap();
    let path = dir.path().join("model.secret");
    let [columns, salts, blinding] = secret_sizes(keys.verifier());
    ModelSecret::create(&path, columns, salts, blinding).unwrap();
    for number in 0..repeat {
        let image = vec![number as u8 + 3; model.architecture.image_len()];
        reserve_proof(&path).unwrap();
        let inference = Inference {
            model: &model,
            secret: &ModelSecret::open(&path).unwrap(),
            image: &image,
            salt: &InputSalt::random(),
            ctx: [0; 32],
        };
        let (start, busy) = (Instant::now(), processor());
        *steps.0.lock().unwrap() = start;
        let bundle = prove_with_secret(&keys, &inference, &steps).unwrap();
        let busy = processor() - busy;
        println!(
            "proof {number}: {:?}, {busy:.2} s of processors, {:.2} µs a row; peak {} MB",
            start.elapsed(),
            busy * 1e6 / f64::from(1 << k),
            status("VmHWM")
        );
        verify(keys.verifier(), &bundle).unwrap();
    }
}
