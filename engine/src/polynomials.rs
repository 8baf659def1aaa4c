//! The polynomials that are opened, and at which points.
//!
//! Points are `x·ω^rotation`, with rotations modulo `n`. Two polynomials are never taken for one, however equal they are: the
//! verifier groups its commitments by where they come from.

use crate::key::Key;
use crate::unchanging::Source;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;

/// One of the proof's polynomials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Polynomial {
    Fixed(usize),
    Sigma(usize),
    Instance(usize),
    Advice(usize),
    Product(usize),
    Random,
    /// `Σ_i x^(i·n)·h_i`.
    Quotient,
}

/// A polynomial at `x·ω^rotation`.
pub(crate) type Query = (Polynomial, usize);

/// The coefficients of all of them.
#[derive(Clone, Copy)]
pub(crate) struct Polynomials<'a> {
    pub(crate) key: &'a Key,
    pub(crate) instance: &'a [Vec<Fr>],
    pub(crate) advice: &'a [Source<'a>],
    pub(crate) products: &'a [Vec<Fr>],
    pub(crate) random: &'a [Fr],
    pub(crate) quotient: &'a [Fr],
}

impl<'a> Polynomials<'a> {
    pub(crate) fn coefficients(&self, polynomial: Polynomial) -> &'a [Fr] {
        match polynomial {
            Polynomial::Fixed(i) => self.key.fixed[i].coefficients(),
            Polynomial::Sigma(i) => self.key.sigma[i].coefficients(),
            Polynomial::Instance(i) => &self.instance[i],
            Polynomial::Advice(i) => self.advice[i].coefficients(),
            Polynomial::Product(i) => &self.products[i],
            Polynomial::Random => self.random,
            Polynomial::Quotient => self.quotient,
        }
    }
}

/// All queries of a circuit's proof, in parts.
#[derive(Debug)]
pub(crate) struct Queries {
    advice: Vec<Query>,
    fixed: Vec<Query>,
    sigma: Vec<Query>,
    /// By set: at `x` and `ω·x`; then, but for the last set, at `ω^u·x`.
    products: Vec<Vec<Query>>,
    /// Not in the proof: the verifier computes these values.
    instance: Vec<Query>,
}

impl Queries {
    pub(crate) fn of(key: &Key) -> Self {
        let system: &ConstraintSystem<Fr> = key.system();
        let rotation = |rotation: i32| key.domain.rotation(rotation);
        let advice = system.advice_queries().iter();
        let fixed = system.fixed_queries().iter();
        let instance = system.instance_queries().iter();
        let sets = key.slots.product;
        let last = rotation(-(system.blinding_factors() as i32 + 1));
        let set = |i: usize| {
            let rotations = [0, rotation(1), last];
            let count = if i + 1 < sets { 3 } else { 2 };
            rotations[..count]
                .iter()
                .map(|at| (Polynomial::Product(i), *at))
                .collect()
        };
        Self {
            advice: advice
                .map(|(column, at)| (Polynomial::Advice(column.index()), rotation(at.0)))
                .collect(),
            fixed: fixed
                .map(|(column, at)| (Polynomial::Fixed(column.index()), rotation(at.0)))
                .collect(),
            sigma: (0..key.slots.sigma).map(|i| (Polynomial::Sigma(i), 0)).collect(),
            products: (0..sets).map(set).collect(),
            instance: instance
                .map(|(column, at)| (Polynomial::Instance(column.index()), rotation(at.0)))
                .collect(),
        }
    }

    /// Those whose values are in the proof, in the proof's order.
    pub(crate) fn written(&self) -> Vec<Query> {
        let mut queries = [
            self.advice.as_slice(),
            &self.fixed,
            &[(Polynomial::Random, 0)],
            &self.sigma,
        ]
        .concat();
        queries.extend(self.products.iter().flatten());
        queries
    }

    /// Those whose values are not: the statement's and the quotient's.
    pub(crate) fn unwritten(&self) -> Vec<Query> {
        [self.instance.as_slice(), &[(Polynomial::Quotient, 0)]].concat()
    }

    /// Those that are opened, in the order in which the verifier lists them.
    pub(crate) fn opened(&self) -> Vec<Query> {
        let mut queries = self.advice.clone();
        queries.extend(self.products.iter().flat_map(|set| &set[..2]));
        queries.extend(self.products.iter().rev().flat_map(|set| &set[2..]));
        queries.extend(&self.fixed);
        queries.extend(&self.sigma);
        queries.extend([(Polynomial::Quotient, 0), (Polynomial::Random, 0)]);
        queries
    }
}
