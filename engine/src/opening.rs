//! All openings as two points (SHPLONK, `BDFG20` section 4, as the library has it).
//!
//! Polynomials that are opened at the same set `S_i` of points are one group, in the order in which groups and polynomials first
//! appear. With `R_ij` the polynomial of degree below `|S_i|` through the values of `P_ij`, `Z_i = Π_{s ∈ S_i} (X − s)`, `Z_T` the
//! product over all points, and `z_i = Z_T(u)/Z_i(u)`:
//!
//! ```text
//! N_i = Σ_j y^j·(P_ij − R_ij)        h = Σ_i v^i·N_i/Z_i                                   first point
//! L = Σ_i v^i·z_i·Σ_j y^j·(P_ij − R_ij(u)) − Z_T(u)·h        L/(X − u)/z_0                 second point
//! ```
//!
//! `P_ij` has degree at most `n`, that of a blinded quotient; both points then need degrees below `n`.

use crate::backend::Basis;
use crate::domain::{powers, product_of_roots, Domain};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::evaluation::Values;
use crate::polynomial::{add_scaled, combined, divide_by_root, value};
use crate::polynomials::{Polynomial, Polynomials, Query};
use crate::reference::ReferenceString;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// The polynomials that are opened at the same points.
struct Group {
    rotations: BTreeSet<usize>,
    members: Vec<Polynomial>,
}

fn groups(queries: &[Query]) -> Vec<Group> {
    let mut polynomials: Vec<(Polynomial, BTreeSet<usize>)> = Vec::new();
    for (polynomial, rotation) in queries {
        match polynomials.iter_mut().find(|(known, _)| known == polynomial) {
            Some((_, rotations)) => {
                rotations.insert(*rotation);
            }
            None => polynomials.push((*polynomial, BTreeSet::from([*rotation]))),
        }
    }
    let mut groups: Vec<Group> = Vec::new();
    for (polynomial, rotations) in polynomials {
        match groups.iter_mut().find(|group| group.rotations == rotations) {
            Some(group) => group.members.push(polynomial),
            None => groups.push(Group {
                rotations,
                members: vec![polynomial],
            }),
        }
    }
    groups
}

/// A group under the challenge `y`.
struct Combined {
    points: Vec<Fr>,
    /// `Σ_j y^j·P_ij`.
    polynomial: Vec<Fr>,
    /// `Σ_j y^j·R_ij`.
    interpolation: Vec<Fr>,
}

impl Combined {
    fn of(group: &Group, polynomials: &Polynomials<'_>, values: &Values, x: Fr, y: Fr) -> Result<Self, EngineError> {
        let points: Vec<Fr> = group
            .rotations
            .iter()
            .map(|rotation| polynomials.key.domain.rotated(x, *rotation))
            .collect();
        let members: Vec<&[Fr]> = group
            .members
            .iter()
            .map(|member| polynomials.coefficients(*member))
            .collect();
        let mut sums = vec![Fr::ZERO; points.len()];
        for (member, power) in group.members.iter().zip(powers(y)) {
            for (sum, rotation) in sums.iter_mut().zip(&group.rotations) {
                // Every query was evaluated before.
                *sum += power * values.get(&(*member, *rotation)).ok_or(EngineError::Identity)?;
            }
        }
        Ok(Self {
            polynomial: combined(&members, y),
            interpolation: interpolate(&points, &sums)?,
            points,
        })
    }

    /// `N_i/Z_i`.
    fn quotient(&self) -> Vec<Fr> {
        let mut quotient = self.polynomial.clone();
        for (c, low) in quotient.iter_mut().zip(&self.interpolation) {
            *c -= low;
        }
        self.points
            .iter()
            .for_each(|point| divide_by_root(&mut quotient, *point));
        quotient
    }
}

/// The polynomial of degree below `points.len()` through the values; no two points are equal.
fn interpolate(points: &[Fr], values: &[Fr]) -> Result<Vec<Fr>, EngineError> {
    let mut sum = vec![Fr::ZERO; points.len()];
    for (own, (point, at_point)) in points.iter().zip(values).enumerate() {
        let others: Vec<Fr> = (0..points.len()).filter(|i| *i != own).map(|i| points[i]).collect();
        let denominator = others.iter().fold(Fr::ONE, |product, other| product * (point - other));
        let inverse = Option::<Fr>::from(denominator.invert()).ok_or(EngineError::Challenge)?;
        let factor = inverse * at_point;
        for (sum, c) in sum.iter_mut().zip(product_of_roots(&others)) {
            *sum += factor * c;
        }
    }
    Ok(sum)
}

/// `Π (at − point)`.
fn vanishing(points: impl Iterator<Item = Fr>, at: Fr) -> Fr {
    points.fold(Fr::ONE, |product, point| product * (at - point))
}

/// Writes the opening of the queries' polynomials, whose values are known.
pub(crate) fn open<E: EncodedChallenge<G1Affine>, T: TranscriptWrite<G1Affine, E>>(
    engine: &Engine<'_>,
    reference: &ReferenceString,
    polynomials: &Polynomials<'_>,
    queries: &[Query],
    values: &Values,
    x: Fr,
    transcript: &mut T,
) -> Result<(), EngineError> {
    let domain: &Domain = &polynomials.key.domain;
    let y = *transcript.squeeze_challenge_scalar::<()>();
    let groups = groups(queries);
    let v = *transcript.squeeze_challenge_scalar::<()>();

    let (combined_groups, quotient) = engine.threads.run(|| {
        let all: Result<Vec<Combined>, EngineError> = groups
            .iter()
            .map(|group| Combined::of(group, polynomials, values, x, y))
            .collect();
        let all = all?;
        let quotients: Vec<Vec<Fr>> = all.par_iter().map(Combined::quotient).collect();
        let quotients: Vec<&[Fr]> = quotients.iter().map(Vec::as_slice).collect();
        Ok::<_, EngineError>((all, combined(&quotients, v)))
    })?;
    for point in engine.commit(reference, Basis::Powers, &[&quotient])? {
        transcript.write_point(point)?;
    }

    let u = *transcript.squeeze_challenge_scalar::<()>();
    let rotations: BTreeSet<usize> = groups.iter().flat_map(|group| &group.rotations).copied().collect();
    let others = |group: &Group| {
        let others = rotations.difference(&group.rotations);
        vanishing(others.map(|rotation| domain.rotated(x, *rotation)), u)
    };
    let differences: Vec<Fr> = groups.iter().map(others).collect();
    let all = vanishing(rotations.iter().map(|rotation| domain.rotated(x, *rotation)), u);
    let first = differences.first().and_then(|first| Option::<Fr>::from(first.invert()));
    let scale = first.ok_or(EngineError::Challenge)?;
    let witness = engine.threads.run(|| {
        let mut sum = Vec::new();
        for ((group, difference), power) in combined_groups.iter().zip(&differences).zip(powers(v)) {
            let factor = scale * power * difference;
            add_scaled(&mut sum, factor, &group.polynomial);
            sum[0] -= factor * value(&group.interpolation, u);
        }
        add_scaled(&mut sum, -(scale * all), &quotient);
        divide_by_root(&mut sum, u);
        sum
    });
    for point in engine.commit(reference, Basis::Powers, &[&witness])? {
        transcript.write_point(point)?;
    }
    Ok(())
}
