//! What the verifying key fixes about a proof: order of the transcript, evaluations, and openings.
//!
//! The orders are those of halo2-axiom's `verify_proof` and `VerifierSHPLONK`; they are nowhere written down but there.

use std::{collections::HashSet, fmt};

use halo2_proofs::{
    halo2curves::{
        bn256::{Fr, G1Affine},
        ff::Field,
    },
    plonk::{Any, Column, Expression, VerifyingKey},
};

use crate::error::GenerateError;

/// A committed polynomial, or the instance column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Poly {
    Instance,
    Advice(usize),
    Fixed(usize),
    /// Of the copy constraints, by position among the permutation columns.
    Sigma(usize),
    PermutationProduct(usize),
    LookupInput(usize),
    LookupTable(usize),
    LookupProduct(usize),
    /// Blinds the multi-opening.
    Random,
    /// Folded from its chunks by the verifier.
    Quotient,
}

impl fmt::Display for Poly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance => write!(f, "instance"),
            Self::Advice(i) => write!(f, "advice {i}"),
            Self::Fixed(i) => write!(f, "fixed {i}"),
            Self::Sigma(i) => write!(f, "sigma {i}"),
            Self::PermutationProduct(i) => write!(f, "permutation product {i}"),
            Self::LookupInput(i) => write!(f, "lookup {i} permuted input"),
            Self::LookupTable(i) => write!(f, "lookup {i} permuted table"),
            Self::LookupProduct(i) => write!(f, "lookup {i} product"),
            Self::Random => write!(f, "random"),
            Self::Quotient => write!(f, "quotient"),
        }
    }
}

/// A polynomial at `x · ω^rotation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Query {
    pub(crate) poly: Poly,
    pub(crate) rotation: i32,
}

fn at(poly: Poly, rotation: i32) -> Query {
    Query { poly, rotation }
}

/// A point of the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Point {
    Commitment(Poly),
    QuotientChunk(usize),
    /// First opening proof of SHPLONK, `W` of BDFG20.
    W,
    /// Second opening proof of SHPLONK, `W'` of BDFG20.
    WPrime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Squeezed {
    /// Challenge of the circuit, by its index in the constraint system.
    Circuit(usize),
    Theta,
    Beta,
    Gamma,
    Y,
    X,
    /// Combines the polynomials of one rotation set.
    OpeningY,
    /// Combines the rotation sets.
    OpeningV,
    /// The point at which the combination is opened.
    OpeningU,
}

impl fmt::Display for Squeezed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Circuit(i) => write!(f, "circuit challenge {i}"),
            Self::Theta => write!(f, "theta"),
            Self::Beta => write!(f, "beta"),
            Self::Gamma => write!(f, "gamma"),
            Self::Y => write!(f, "y"),
            Self::X => write!(f, "x"),
            Self::OpeningY => write!(f, "opening y"),
            Self::OpeningV => write!(f, "opening v"),
            Self::OpeningU => write!(f, "opening u"),
        }
    }
}

/// What is absorbed between two groups of challenges: points, or all evaluations, then the challenges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) points: Vec<Point>,
    pub(crate) evals: usize,
    pub(crate) challenges: Vec<Squeezed>,
}

/// Polynomials opened at the same points. Rotations ascend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RotationSet {
    pub(crate) rotations: Vec<i32>,
    pub(crate) polys: Vec<Poly>,
}

#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    /// log₂ of the rows.
    pub(crate) k: u32,
    pub(crate) omega: Fr,
    pub(crate) blinding_factors: usize,
    /// Columns per permutation product.
    pub(crate) permutation_chunk: usize,
    pub(crate) quotient_chunks: usize,
    pub(crate) num_instances: usize,
    pub(crate) queries_instance: bool,
    pub(crate) first_phase_points: usize,
    /// In the order of the proof; the first one also absorbs the key's digest and the instances.
    pub(crate) segments: Vec<Segment>,
    /// In the order of the proof.
    pub(crate) evals: Vec<Query>,
    /// In the order in which SHPLONK combines them.
    pub(crate) sets: Vec<RotationSet>,
}

impl Protocol {
    pub(crate) fn new(vk: &VerifyingKey<G1Affine>, num_instances: usize) -> Result<Self, GenerateError> {
        let cs = vk.cs();
        let domain = vk.get_domain();
        let quotient_chunks = domain.get_quotient_poly_degree();
        let max_degree = quotient_chunks + 1;
        let blinding_factors = cs.blinding_factors();
        check_instances(vk, num_instances)?;
        check_degrees(vk, max_degree)?;

        let permutation_chunk = max_degree - 2;
        let shape = Shape {
            products: cs.permutation().get_columns().len().div_ceil(permutation_chunk),
            lookups: cs.lookups().len(),
            last: -(blinding_factors as i32 + 1),
        };
        let evals = evaluations(vk, &shape);
        let openings = openings(vk, &shape);
        check_openings(&evals, &openings, domain.get_n())?;
        let phases = cs.advice_column_phase();
        Ok(Self {
            k: domain.k(),
            omega: domain.get_omega(),
            blinding_factors,
            permutation_chunk,
            quotient_chunks,
            num_instances,
            queries_instance: !cs.instance_queries().is_empty(),
            first_phase_points: phases.iter().filter(|phase| **phase == 0).count(),
            segments: segments(vk, &shape, quotient_chunks, evals.len()),
            evals,
            sets: rotation_sets(&openings),
        })
    }

    /// All rotations of all sets, ascending.
    pub(crate) fn rotations(&self) -> Vec<i32> {
        let mut all: Vec<i32> = self.sets.iter().flat_map(|set| set.rotations.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// `ω^rotation`.
    pub(crate) fn omega_pow(&self, rotation: i32) -> Fr {
        let power = self.omega.pow_vartime([u64::from(rotation.unsigned_abs())]);
        match rotation {
            0.. => power,
            _ => power.invert().expect("roots of unity are not zero"),
        }
    }

    /// Rows whose Lagrange polynomials are needed: blinding rows as negative numbers, then the instance rows.
    pub(crate) fn lagrange_rows(&self) -> std::ops::Range<i32> {
        let instances = if self.queries_instance { self.num_instances } else { 0 };
        -(self.blinding_factors as i32 + 1)..instances.max(1) as i32
    }
}

/// Sizes of the arguments, and the rotation of the last usable row.
struct Shape {
    products: usize,
    lookups: usize,
    last: i32,
}

/// The polynomial behind a column.
pub(crate) fn column_poly(column: &Column<Any>) -> Poly {
    match column.column_type() {
        Any::Advice(_) => Poly::Advice(column.index()),
        Any::Fixed => Poly::Fixed(column.index()),
        Any::Instance => Poly::Instance,
    }
}

fn segments(vk: &VerifyingKey<G1Affine>, shape: &Shape, quotient_chunks: usize, evals: usize) -> Vec<Segment> {
    let cs = vk.cs();
    let mut script = Script::default();
    let column_phases = cs.advice_column_phase();
    let last_phase = column_phases.iter().copied().max().unwrap_or(0);
    for phase in 0..=last_phase {
        let columns = (0..column_phases.len()).filter(|column| column_phases[*column] == phase);
        script.points(columns.map(Poly::Advice));
        let challenge_phases = cs.challenge_phase();
        let challenges = (0..challenge_phases.len()).filter(|index| challenge_phases[*index] == phase);
        challenges.for_each(|index| script.squeeze(Squeezed::Circuit(index)));
    }
    script.squeeze(Squeezed::Theta);
    script.points((0..shape.lookups).flat_map(|i| [Poly::LookupInput(i), Poly::LookupTable(i)]));
    script.squeeze(Squeezed::Beta);
    script.squeeze(Squeezed::Gamma);
    script.points((0..shape.products).map(Poly::PermutationProduct));
    script.points((0..shape.lookups).map(Poly::LookupProduct));
    script.points([Poly::Random]);
    script.squeeze(Squeezed::Y);
    (0..quotient_chunks).for_each(|i| script.point(Point::QuotientChunk(i)));
    script.squeeze(Squeezed::X);
    script.open().evals = evals;
    script.squeeze(Squeezed::OpeningY);
    script.squeeze(Squeezed::OpeningV);
    script.point(Point::W);
    script.squeeze(Squeezed::OpeningU);
    script.point(Point::WPrime);
    script.0
}

#[derive(Default)]
struct Script(Vec<Segment>);

impl Script {
    /// The segment to absorb into: a new one once the last has been squeezed.
    fn open(&mut self) -> &mut Segment {
        if self.0.last().is_none_or(|last| !last.challenges.is_empty()) {
            self.0.push(Segment::default());
        }
        self.0.last_mut().expect("just pushed")
    }

    fn point(&mut self, point: Point) {
        self.open().points.push(point);
    }

    fn points(&mut self, polys: impl IntoIterator<Item = Poly>) {
        polys.into_iter().for_each(|poly| self.point(Point::Commitment(poly)));
    }

    fn squeeze(&mut self, challenge: Squeezed) {
        if self.0.is_empty() {
            self.0.push(Segment::default());
        }
        self.0.last_mut().expect("not empty").challenges.push(challenge);
    }
}

/// The evaluations in the order of the proof.
fn evaluations(vk: &VerifyingKey<G1Affine>, shape: &Shape) -> Vec<Query> {
    let cs = vk.cs();
    let advice = cs
        .advice_queries()
        .iter()
        .map(|(column, rotation)| at(Poly::Advice(column.index()), rotation.0));
    let fixed = cs
        .fixed_queries()
        .iter()
        .map(|(column, rotation)| at(Poly::Fixed(column.index()), rotation.0));
    let sigmas = (0..vk.permutation().commitments().len()).map(|i| at(Poly::Sigma(i), 0));
    let products = (0..shape.products).flat_map(|i| {
        let poly = Poly::PermutationProduct(i);
        let last = (i + 1 < shape.products).then_some(at(poly, shape.last));
        [at(poly, 0), at(poly, 1)].into_iter().chain(last)
    });
    let lookups = (0..shape.lookups).flat_map(|i| {
        [
            at(Poly::LookupProduct(i), 0),
            at(Poly::LookupProduct(i), 1),
            at(Poly::LookupInput(i), 0),
            at(Poly::LookupInput(i), -1),
            at(Poly::LookupTable(i), 0),
        ]
    });
    advice
        .chain(fixed)
        .chain([at(Poly::Random, 0)])
        .chain(sigmas)
        .chain(products)
        .chain(lookups)
        .collect()
}

/// The same queries and the quotient's, in the order given to SHPLONK.
fn openings(vk: &VerifyingKey<G1Affine>, shape: &Shape) -> Vec<Query> {
    let cs = vk.cs();
    let advice = cs
        .advice_queries()
        .iter()
        .map(|(column, rotation)| at(Poly::Advice(column.index()), rotation.0));
    let products = (0..shape.products)
        .map(Poly::PermutationProduct)
        .flat_map(|poly| [at(poly, 0), at(poly, 1)]);
    let products_last = (0..shape.products)
        .rev()
        .skip(1)
        .map(|i| at(Poly::PermutationProduct(i), shape.last));
    let lookups = (0..shape.lookups).flat_map(|i| {
        [
            at(Poly::LookupProduct(i), 0),
            at(Poly::LookupInput(i), 0),
            at(Poly::LookupTable(i), 0),
            at(Poly::LookupInput(i), -1),
            at(Poly::LookupProduct(i), 1),
        ]
    });
    let fixed = cs
        .fixed_queries()
        .iter()
        .map(|(column, rotation)| at(Poly::Fixed(column.index()), rotation.0));
    let sigmas = (0..vk.permutation().commitments().len()).map(|i| at(Poly::Sigma(i), 0));
    let vanishing = [at(Poly::Quotient, 0), at(Poly::Random, 0)];
    advice
        .chain(products)
        .chain(products_last)
        .chain(lookups)
        .chain(fixed)
        .chain(sigmas)
        .chain(vanishing)
        .collect()
}

fn rotation_sets(openings: &[Query]) -> Vec<RotationSet> {
    let mut polys: Vec<(Poly, Vec<i32>)> = vec![];
    for query in openings {
        match polys.iter_mut().find(|(poly, _)| *poly == query.poly) {
            Some((_, rotations)) => rotations.push(query.rotation),
            None => polys.push((query.poly, vec![query.rotation])),
        }
    }
    let mut sets: Vec<RotationSet> = vec![];
    for (poly, mut rotations) in polys {
        rotations.sort_unstable();
        match sets.iter_mut().find(|set| set.rotations == rotations) {
            Some(set) => set.polys.push(poly),
            None => sets.push(RotationSet {
                rotations,
                polys: vec![poly],
            }),
        }
    }
    sets
}

fn check_instances(vk: &VerifyingKey<G1Affine>, num_instances: usize) -> Result<(), GenerateError> {
    let cs = vk.cs();
    let columns = cs.num_instance_columns();
    if columns > 1 {
        return Err(GenerateError::InstanceColumns { got: columns });
    }
    if let Some((_, rotation)) = cs.instance_queries().iter().find(|(_, rotation)| rotation.0 != 0) {
        return Err(GenerateError::RotatedInstance { rotation: rotation.0 });
    }
    let usable_rows = (vk.get_domain().get_n() as usize).saturating_sub(cs.blinding_factors() + 1);
    let max = if columns == 0 { 0 } else { usable_rows };
    if num_instances > max {
        return Err(GenerateError::TooManyInstances {
            got: num_instances,
            max,
        });
    }
    Ok(())
}

fn check_degrees(vk: &VerifyingKey<G1Affine>, max: usize) -> Result<(), GenerateError> {
    let degree_of = |expressions: &[Expression<Fr>]| expressions.iter().map(Expression::degree).max().unwrap_or(0);
    let gates = vk
        .cs()
        .gates()
        .iter()
        .map(|gate| (format!("gate {:?}", gate.name()), degree_of(gate.polynomials())));
    let lookups = vk.cs().lookups().iter().map(|lookup| {
        let (input, table) = (
            degree_of(lookup.input_expressions()),
            degree_of(lookup.table_expressions()),
        );
        (format!("lookup {:?}", lookup.name()), 2 + input.max(1) + table.max(1))
    });
    match gates.chain(lookups).find(|(_, degree)| *degree > max) {
        Some((what, degree)) => Err(GenerateError::DegreeTooHigh { what, degree, max }),
        None => Ok(()),
    }
}

/// Two evaluations of one polynomial at one point would let the prover choose between them.
fn check_openings(evals: &[Query], openings: &[Query], rows: u64) -> Result<(), GenerateError> {
    for queries in [evals, openings] {
        let mut seen = HashSet::new();
        if let Some(query) = queries.iter().find(|query| !seen.insert(**query)) {
            return Err(GenerateError::DuplicateQuery {
                poly: query.poly.to_string(),
                rotation: query.rotation,
            });
        }
    }
    let mut rotations: Vec<i32> = openings.iter().map(|query| query.rotation).collect();
    rotations.sort_unstable();
    rotations.dedup();
    for (i, second) in rotations.iter().enumerate() {
        let same_row = |first: &&i32| (i64::from(*second) - i64::from(**first)).rem_euclid(rows as i64) == 0;
        if let Some(first) = rotations[..i].iter().find(same_row) {
            return Err(GenerateError::CoincidingRotations {
                first: *first,
                second: *second,
                rows,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomial_opened_twice_at_one_point_is_refused() {
        let once = [at(Poly::Advice(0), 0), at(Poly::Fixed(0), 0), at(Poly::Advice(0), 1)];
        assert_eq!(check_openings(&once, &once, 64), Ok(()));
        let twice = [once.as_slice(), &[at(Poly::Fixed(0), 0)]].concat();
        let error = Err(GenerateError::DuplicateQuery {
            poly: "fixed 0".into(),
            rotation: 0,
        });
        assert_eq!(check_openings(&twice, &once, 64), error);
        assert_eq!(check_openings(&once, &twice, 64), error);
    }

    #[test]
    fn rotation_sets_keep_the_order_of_first_opening() {
        let openings = [
            at(Poly::Advice(1), 1),
            at(Poly::Advice(0), 0),
            at(Poly::Advice(1), 0),
            at(Poly::Random, 0),
        ];
        let sets = rotation_sets(&openings);
        assert_eq!(
            sets[0],
            RotationSet {
                rotations: vec![0, 1],
                polys: vec![Poly::Advice(1)]
            }
        );
        assert_eq!(
            sets[1],
            RotationSet {
                rotations: vec![0],
                polys: vec![Poly::Advice(0), Poly::Random]
            }
        );
    }
}
