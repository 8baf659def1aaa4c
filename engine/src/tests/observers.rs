//! Steps are told in order.

use super::faults::{Fault, Faulty, VALUES};
use super::setup::{params, proof, threads};
use crate::{Engine, Key, Observer, Options, Prover, ReferenceString, Stock};
use halo2_proofs::halo2curves::bn256::Fr;
use std::cell::RefCell;
use std::time::Duration;

#[derive(Default)]
struct Log(RefCell<Vec<(bool, &'static str)>>);

impl Observer for Log {
    fn begin(&self, step: &'static str) {
        self.0.borrow_mut().push((true, step));
    }

    fn end(&self, step: &'static str, _: Duration) {
        self.0.borrow_mut().push((false, step));
    }
}

#[test]
fn every_step_begins_and_ends_unless_it_fails() {
    let (stock, threads, log) = (Stock::default(), threads(1), Log::default());
    let engine = Engine {
        backend: &stock,
        threads: &threads,
        observer: &log,
    };
    let reference = ReferenceString::new(&params(5)).unwrap();
    let key = Key::generate(&engine, &reference, &Faulty(Fault::None), false).unwrap();
    log.0.take();
    let prover = Prover {
        engine,
        key: &key,
        reference: &reference,
        options: Options::default(),
        remembered: None,
    };
    let statement = [Fr::from(VALUES[0])];
    proof(&prover, &Faulty(Fault::None), &[&statement], 1, None).unwrap();
    let steps = log.0.take();
    let names: Vec<&str> = steps
        .iter()
        .filter(|(begin, _)| *begin)
        .map(|(_, name)| *name)
        .collect();
    let expected = [
        "commit to advice columns",
        "check the witness",
        "commit to the permutation",
        "commit to the random polynomial",
        "divide by the vanishing polynomial",
        "commit to the quotient",
        "evaluate",
        "open",
    ];
    assert_eq!(names, expected);
    assert!(steps
        .chunks(2)
        .all(|pair| pair == [(true, pair[0].1), (false, pair[0].1)]));

    proof(&prover, &Faulty(Fault::WrongSquare), &[&statement], 1, None).unwrap_err();
    assert_eq!(log.0.take().last(), Some(&(true, "check the witness")));
}
