//! Where everything lies in the verifier's memory.
//!
//! Addresses are fixed when the contract is generated. Each transcript segment is laid out as it is hashed: one word
//! for the previous hash, then the bytes of the proof, so that copying and hashing take one instruction each and every
//! commitment and evaluation keeps its address afterwards.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    error::GenerateError,
    key_words::{key_words, KeyWord},
    protocol::{Point, Poly, Protocol, Query, Segment, Squeezed},
};

pub(crate) const WORD: usize = 0x20;
pub(crate) const POINT: usize = 0x40;

/// End of the words in which precompiles get their input: accumulator, term, pairing.
const SCRATCH_END: usize = 0x200;

/// Table records hold addresses of 16 bits.
const MAX_MEMORY: usize = 0x10000;

/// Products over all rotations are written as one expression, which must fit the EVM's reachable stack.
const MAX_ROTATIONS: usize = 8;

/// A named range of memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// What lies there.
    pub name: String,
    /// First byte.
    pub start: usize,
    /// Length in bytes.
    pub len: usize,
}

/// A transcript segment: `[previous hash][data]`.
#[derive(Clone, Debug)]
pub(crate) struct SegmentAt {
    pub(crate) start: usize,
    /// Bytes after the hash word, instances included.
    pub(crate) len: usize,
    /// Points of the proof: a range of memory.
    pub(crate) points: (usize, usize),
    /// Where the proof's bytes go, where they are in the proof, and how many there are.
    pub(crate) copy: (usize, usize, usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) regions: Vec<Region>,
    pub(crate) segments: Vec<SegmentAt>,
    pub(crate) instances: usize,
    pub(crate) evals: usize,
    pub(crate) challenges: HashMap<Squeezed, usize>,
    /// Values of the Lagrange polynomials; start of the words that are inverted together.
    pub(crate) lagrange: usize,
    pub(crate) lagrange_first_row: i32,
    pub(crate) inverse_vanishing: usize,
    pub(crate) inverse_x: usize,
    pub(crate) inverse_first_diff: usize,
    pub(crate) prefix_products: usize,
    pub(crate) x_to_n: usize,
    pub(crate) instance_eval: usize,
    pub(crate) quotient_eval: usize,
    pub(crate) quotient: usize,
    pub(crate) opening_sum: usize,
    pub(crate) v_power: usize,
    pub(crate) basis: usize,
    /// `u − x·ω^rotation`, in the order of `Protocol::rotations`.
    pub(crate) distances: usize,
    /// `−τ·G2`
    pub(crate) string: usize,
    pub(crate) vk_data: usize,
    pub(crate) vk_data_len: usize,
    pub(crate) spills: usize,
    pub(crate) proof_len: usize,
    key_words: HashMap<KeyWord, usize>,
    points: HashMap<Point, usize>,
    eval_at: HashMap<Query, usize>,
}

impl Plan {
    pub(crate) fn new(protocol: &Protocol) -> Result<Self, GenerateError> {
        let rotations = protocol.rotations();
        if rotations.len() > MAX_ROTATIONS {
            return Err(GenerateError::TooManyRotations {
                got: rotations.len(),
                max: MAX_ROTATIONS,
            });
        }
        let mut memory = Memory::default();
        memory.take("precompile inputs", SCRATCH_END);

        let mut points = HashMap::new();
        let mut segments = vec![];
        let (mut instances, mut evals, mut proof_len) = (0, 0, 0);
        for (i, segment) in protocol.segments.iter().enumerate() {
            let instance_bytes = if i == 0 { protocol.num_instances * WORD } else { 0 };
            let proof_bytes = segment.points.len() * POINT + segment.evals * WORD;
            let len = instance_bytes + proof_bytes;
            // An empty segment is hashed with the byte of a repeated challenge, which needs a place.
            let start = memory.take(
                &format!("transcript {i}: {}", contents(segment, i == 0)),
                WORD + len.max(1),
            );
            let data = start + WORD + instance_bytes;
            if i == 0 {
                instances = start + WORD;
            }
            if segment.evals > 0 {
                evals = data + segment.points.len() * POINT;
            }
            points.extend(
                segment
                    .points
                    .iter()
                    .enumerate()
                    .map(|(j, point)| (*point, data + POINT * j)),
            );
            let points_end = data + segment.points.len() * POINT;
            segments.push(SegmentAt {
                start,
                len,
                points: (data, points_end),
                copy: (data, proof_len, proof_bytes),
            });
            proof_len += proof_bytes;
        }

        let names: Vec<Squeezed> = protocol
            .segments
            .iter()
            .flat_map(|segment| segment.challenges.clone())
            .collect();
        let challenges_at = memory.take("challenges", names.len() * WORD);
        let challenges = names
            .iter()
            .enumerate()
            .map(|(i, name)| (*name, challenges_at + WORD * i))
            .collect();

        let rows = protocol.lagrange_rows();
        let lagrange = memory.take("Lagrange polynomials at x", rows.len() * WORD);
        let inverse_vanishing = memory.take("1 / (x^n - 1)", WORD);
        let inverse_x = memory.take("1 / x", WORD);
        let inverse_first_diff = memory.take("1 / vanishing difference of the first rotation set", WORD);
        let inverted = rows.len() + 3;
        let prefix_products = memory.take("prefix products, then modexp", inverted * WORD + 6 * WORD);
        let x_to_n = memory.take("x^n", WORD);
        let instance_eval = memory.take("instance polynomial at x", WORD);
        let quotient_eval = memory.take("quotient at x", WORD);
        let quotient = memory.take("quotient commitment", POINT);
        let opening_sum = memory.take("sum of the opened values", WORD);
        let v_power = memory.take("power of opening v", WORD);
        let most_rotations = protocol.sets.iter().map(|set| set.rotations.len()).max().unwrap_or(0);
        let basis = memory.take("interpolation basis at u", most_rotations * WORD);
        let distances = memory.take("u - x * omega^rotation", rotations.len() * WORD);

        let table = protocol
            .sets
            .iter()
            .map(|set| set.polys.len() * record_len(set.rotations.len()));
        let string = memory.take("point of the reference string", 4 * WORD);
        let words = key_words(protocol);
        let vk_data_len = words.len() * WORD + fixed_polys(protocol).len() * POINT + table.sum::<usize>();
        let vk_data = memory.take("verifying key data", vk_data_len);
        let spills = memory
            .regions
            .last()
            .map_or(0, |last| last.start + last.len)
            .next_multiple_of(WORD);

        let eval_at = protocol
            .evals
            .iter()
            .enumerate()
            .map(|(i, query)| (*query, evals + WORD * i))
            .collect();
        let mut plan = Self {
            regions: memory.regions,
            segments,
            instances,
            evals,
            challenges,
            lagrange,
            lagrange_first_row: rows.start,
            inverse_vanishing,
            inverse_x,
            inverse_first_diff,
            prefix_products,
            x_to_n,
            instance_eval,
            quotient_eval,
            quotient,
            opening_sum,
            v_power,
            basis,
            distances,
            string,
            vk_data,
            vk_data_len,
            spills,
            proof_len,
            key_words: words
                .iter()
                .enumerate()
                .map(|(i, word)| (*word, vk_data + WORD * i))
                .collect(),
            points,
            eval_at,
        };
        let commitments = vk_data + words.len() * WORD;
        for (i, poly) in fixed_polys(protocol).into_iter().enumerate() {
            plan.points.insert(Point::Commitment(poly), commitments + POINT * i);
        }
        plan.points.insert(Point::Commitment(Poly::Quotient), quotient);
        plan.eval_at.insert(
            Query {
                poly: Poly::Quotient,
                rotation: 0,
            },
            quotient_eval,
        );
        plan.eval_at.insert(
            Query {
                poly: Poly::Instance,
                rotation: 0,
            },
            instance_eval,
        );
        Ok(plan)
    }

    /// Reserves the spilled words, which are known last.
    pub(crate) fn close(&mut self, spilled_words: usize) -> Result<(), GenerateError> {
        let end = self.spills + spilled_words * WORD;
        if end > MAX_MEMORY {
            return Err(GenerateError::MemoryTooLarge {
                bytes: end,
                max: MAX_MEMORY,
            });
        }
        self.regions.push(Region {
            name: "intermediate values".into(),
            start: self.spills,
            len: spilled_words * WORD,
        });
        Ok(())
    }

    /// Address of a point; every point of the protocol has one.
    pub(crate) fn point(&self, point: Point) -> usize {
        self.points[&point]
    }

    pub(crate) fn commitment(&self, poly: Poly) -> usize {
        self.point(Point::Commitment(poly))
    }

    /// Address of an evaluation, if the proof opens the polynomial there.
    pub(crate) fn eval(&self, query: Query) -> Option<usize> {
        self.eval_at.get(&query).copied()
    }

    pub(crate) fn challenge(&self, challenge: Squeezed) -> usize {
        self.challenges[&challenge]
    }

    /// Address of a number of the key data.
    pub(crate) fn key_word(&self, word: KeyWord) -> usize {
        self.key_words[&word]
    }

    /// Address of the Lagrange polynomial of a row; blinding rows are negative.
    pub(crate) fn lagrange(&self, row: i32) -> usize {
        self.lagrange + WORD * (row - self.lagrange_first_row) as usize
    }
}

impl Plan {
    /// Where the tables of the opening are: behind the commitments of the verifying key.
    pub(crate) fn opening_table(&self, protocol: &Protocol) -> usize {
        self.vk_data + self.key_words.len() * WORD + fixed_polys(protocol).len() * POINT
    }
}

/// Bytes of a table record for a polynomial opened at `rotations` points.
pub(crate) fn record_len(rotations: usize) -> usize {
    2 + 2 * rotations
}

/// The opened polynomials whose commitments come with the verifying key, in the order of its data.
pub(crate) fn fixed_polys(protocol: &Protocol) -> Vec<Poly> {
    let opened = protocol.sets.iter().flat_map(|set| set.polys.iter().copied());
    opened
        .filter(|poly| matches!(poly, Poly::Fixed(_) | Poly::Sigma(_)))
        .collect()
}

/// `1 point`, `2 points`
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn contents(segment: &Segment, first: bool) -> String {
    let mut parts = vec![if first { "key digest, instances" } else { "hash" }.to_string()];
    if !segment.points.is_empty() {
        parts.push(count(segment.points.len(), "point"));
    }
    if segment.evals > 0 {
        parts.push(count(segment.evals, "evaluation"));
    }
    parts.join(", ")
}

/// Hands out consecutive regions, each a whole number of words, so that none can overlap.
#[derive(Default)]
struct Memory {
    regions: Vec<Region>,
}

impl Memory {
    fn take(&mut self, name: &str, len: usize) -> usize {
        let start = self.regions.last().map_or(0, |last| last.start + last.len);
        self.regions.push(Region {
            name: name.into(),
            start,
            len: len.next_multiple_of(WORD),
        });
        start
    }
}
