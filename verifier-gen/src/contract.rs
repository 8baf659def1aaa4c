//! Puts the parts together: every value that the templates ask for.

use assay_transcript::fr_to_be;
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use sha3::{Digest, Keccak256};

use crate::generated::Generated;
use crate::spec::{CallWords, Interface, VerifierSpec};
use crate::{
    calldata::{encode_bound, proof_offset, selector, REJECTED_SIGNATURE},
    constraints::{constraints, Constraint},
    error::GenerateError,
    expr::{Emitter, Graph, Id},
    key_words::KeyWord,
    manifest::Manifest,
    opening,
    plan::{fixed_polys, Plan, POINT, WORD},
    protocol::{Point, Poly, Protocol, Squeezed},
    template::{check_contract_name, comment, constant, render, Entry, Values},
    vk_data::{g1_words, g2_words, KeyData},
};

impl VerifierSpec<'_> {
    /// Writes the contracts.
    ///
    /// # Errors
    /// Circuits that the contract cannot follow, see [`GenerateError`]. The size of the verifier's code is known only
    /// to the compiler: check it against [`MAX_CODE_LEN`](crate::MAX_CODE_LEN).
    ///
    /// # Examples
    /// ```
    /// use assay_verifier_gen::{Interface, KzgKey, VerifierSpec, MAX_CODE_LEN};
    /// use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
    /// use halo2_proofs::halo2curves::bn256::Fr;
    /// use halo2_proofs::plonk::{keygen_vk, Advice, Circuit, Column, ConstraintSystem, Error};
    /// use halo2_proofs::poly::{kzg::commitment::ParamsKZG, Rotation};
    ///
    /// /// Every cell of the column is 0 or 1.
    /// struct Bits;
    ///
    /// impl Circuit<Fr> for Bits {
    ///     type Config = Column<Advice>;
    ///     type FloorPlanner = SimpleFloorPlanner;
    /// #   type Params = ();
    /// #   fn without_witnesses(&self) -> Self { Bits }
    ///
    ///     fn configure(meta: &mut ConstraintSystem<Fr>) -> Column<Advice> {
    ///         let (bits, _statement) = (meta.advice_column(), meta.instance_column());
    ///         meta.create_gate("bit", |cells| {
    ///             let bit = cells.query_advice(bits, Rotation::cur());
    ///             [bit.clone() * bit.clone() - bit]
    ///         });
    ///         bits
    ///     }
    ///
    ///     fn synthesize(&self, _: Column<Advice>, _: impl Layouter<Fr>) -> Result<(), Error> {
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let params = ParamsKZG::setup(4, rand::rngs::OsRng);
    /// let spec = VerifierSpec {
    ///     vk: &keygen_vk(&params, &Bits)?,
    ///     kzg: KzgKey::from(&params),
    ///     num_instances: 1,
    ///     interface: Interface::Raw,
    ///     contract_name: "BitsVerifier",
    ///     command: "cargo test --doc",
    /// };
    /// let generated = spec.generate()?;
    /// assert!(generated.verifier_source.contains("contract BitsVerifier"));
    /// assert!(generated.vk_data.len() <= MAX_CODE_LEN);
    /// // A call is one word of the statement, then the proof.
    /// let manifest = &generated.manifest;
    /// assert_eq!(manifest.calldata_len, 32 + manifest.proof_len);
    /// assert_eq!(manifest.proof_len, 64 * manifest.proof_points + 32 * manifest.proof_scalars);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn generate(&self) -> Result<Generated, GenerateError> {
        generate(self)
    }
}

fn generate(spec: &VerifierSpec) -> Result<Generated, GenerateError> {
    check_contract_name(spec.contract_name)?;
    let kzg = &spec.kzg;
    if bool::from(kzg.g1.is_identity() | kzg.g2.is_identity() | kzg.s_g2.is_identity()) {
        return Err(GenerateError::IdentityInParams);
    }
    let protocol = Protocol::new(spec.vk, spec.num_instances)?;
    check_interface(spec, &protocol)?;
    let mut plan = Plan::new(&protocol)?;

    let mut graph = Graph::default();
    let constraints = constraints(spec.vk, &protocol, &plan, &mut graph)?;
    let (numerator, spilled_words) = numerator(&graph, &constraints, plan.spills);
    plan.close(spilled_words)?;
    let key_data = KeyData::new(spec.vk, &protocol, &plan)?;

    let manifest = manifest(spec, &protocol, &plan, &key_data, constraints.len());
    let mut values = Values::default();
    head(&mut values, spec, &protocol, &plan, &manifest);
    constants(&mut values, spec, &protocol, &plan, &manifest);
    body(&mut values, spec, &protocol, &plan);
    values.lines("numerator", numerator);
    let entry = match spec.interface {
        Interface::Raw => Entry::Raw,
        Interface::Bound { .. } => Entry::Bound,
    };
    Ok(Generated {
        verifier_source: render(entry, values),
        vk_data: key_data.0,
        string: spec.kzg.words_of_string(),
        manifest,
    })
}

pub(crate) fn check_interface(spec: &VerifierSpec, protocol: &Protocol) -> Result<(), GenerateError> {
    let Interface::Bound { words, leading_points } = spec.interface else {
        return Ok(());
    };
    let (instances, hash, words) = (spec.num_instances, words.hash, words.names.len());
    if words != instances + 1 {
        return Err(GenerateError::CallWords { words, instances });
    }
    if hash >= words {
        return Err(GenerateError::HashWord { hash, words });
    }
    let (asked, available) = (leading_points, protocol.first_phase_points);
    if asked == 0 || asked > available {
        return Err(GenerateError::LeadingPoints { asked, available });
    }
    Ok(())
}

fn manifest(spec: &VerifierSpec, protocol: &Protocol, plan: &Plan, key_data: &KeyData, constraints: usize) -> Manifest {
    let calldata_len = match spec.interface {
        Interface::Raw => spec.num_instances * WORD + plan.proof_len,
        Interface::Bound { words, .. } => {
            encode_bound(&[0; 32], &vec![[0; 32]; words.names.len()], &vec![0; plan.proof_len]).len()
        }
    };
    Manifest {
        contract: spec.contract_name.into(),
        generator: generator(),
        interface: spec.interface,
        vk_digest: format!("0x{}", hex::encode(fr_to_be(&spec.vk.transcript_repr()))),
        vk_data_codehash: format!("0x{}", hex::encode(Keccak256::digest(&key_data.0))),
        vk_data_len: key_data.0.len(),
        num_instances: spec.num_instances,
        proof_len: plan.proof_len,
        calldata_len,
        k: protocol.k,
        proof_points: protocol.segments.iter().map(|segment| segment.points.len()).sum(),
        proof_scalars: protocol.evals.len(),
        vk_points: fixed_polys(protocol).len(),
        constraints,
        memory: plan.regions.clone(),
    }
}

fn generator() -> String {
    format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
}

/// Comments at the top of the contract.
fn head(values: &mut Values, spec: &VerifierSpec, protocol: &Protocol, plan: &Plan, manifest: &Manifest) {
    values.line("generator", generator());
    values.line("command", comment(spec.command));
    values.line("contract", spec.contract_name);
    let commitments = format!(
        "{} commitments in the key and {} points in the proof",
        manifest.vk_points, manifest.proof_points
    );
    values.line("commitments", commitments);
    values.line("num_instances", spec.num_instances);
    values.line("proof_len", plan.proof_len);
    let region = |region: &crate::Region| format!("///   {:#06x} {:#06x}  {}", region.start, region.len, region.name);
    let mut memory_map = vec!["///   start  length".to_string()];
    memory_map.extend(plan.regions.iter().map(region));
    values.lines("memory_map", memory_map);
    let eval = |(i, query): (usize, &crate::protocol::Query)| {
        format!(
            "///   {:#06x}  {} at rotation {}",
            plan.evals + WORD * i,
            query.poly,
            query.rotation
        )
    };
    values.lines("eval_map", protocol.evals.iter().enumerate().map(eval).collect());
}

fn constants(values: &mut Values, spec: &VerifierSpec, protocol: &Protocol, plan: &Plan, manifest: &Manifest) {
    values.line(
        "proof_rejected",
        format!("0x{}", hex::encode(selector(REJECTED_SIGNATURE))),
    );
    let word = |bytes: &[u8; 32]| format!("0x{}", hex::encode(bytes));
    let address = |address: usize| format!("{address:#06x}");

    let names = ["G1_X", "G1_Y", "G2_X1", "G2_X0", "G2_Y1", "G2_Y0"];
    let words = [&g1_words(&spec.kzg.g1)[..], &g2_words(&spec.kzg.g2)].concat();
    let params = names.iter().zip(&words);
    values.lines(
        "params",
        params.map(|(name, bytes)| constant(name, word(bytes))).collect(),
    );

    let mut layout = vec![
        constant("CALLDATA_LEN", manifest.calldata_len),
        constant("PROOF_LEN", plan.proof_len),
        constant("INSTANCES_LEN", spec.num_instances * WORD),
    ];
    if let Interface::Bound { words, leading_points } = spec.interface {
        layout.push(constant("PROOF_OFFSET", proof_offset(words.names.len())));
        layout.push(constant("WEIGHT_POINTS_LEN", leading_points * POINT));
        bound_words(values, &words, leading_points);
    }
    layout.push(constant("EVALS_LEN", protocol.evals.len() * WORD));
    layout.push(constant("KEY_DATA_LEN", plan.vk_data_len));
    values.lines("layout", layout);

    let queried_end = plan.instances
        + if protocol.queries_instance {
            spec.num_instances * WORD
        } else {
            0
        };
    let last_chunk = plan.point(Point::QuotientChunk(protocol.quotient_chunks - 1));
    let places = [
        ("ACC_SCALAR", 0x40),
        // Beyond the words that addTerm writes.
        ("G1_AT", 0x100),
        ("TRANSCRIPT", plan.segments[0].start),
        ("INSTANCES", plan.instances),
        ("INSTANCES_QUERIED_END", queried_end),
        ("FIRST_POINTS", plan.segments[0].points.0),
        ("EVALS", plan.evals),
        ("X", plan.challenge(Squeezed::X)),
        ("Y", plan.challenge(Squeezed::Y)),
        ("OPENING_U", plan.challenge(Squeezed::OpeningU)),
        ("LAGRANGE", plan.lagrange),
        ("LAGRANGE_ROW_0", plan.lagrange(0)),
        ("LAGRANGE_END", plan.inverse_vanishing),
        ("INVERSE_VANISHING", plan.inverse_vanishing),
        ("INVERSE_X", plan.inverse_x),
        ("INVERSE_FIRST_DIFFERENCE", plan.inverse_first_diff),
        ("INVERTED_END", plan.prefix_products),
        ("PREFIX_PRODUCTS", plan.prefix_products),
        ("X_TO_N", plan.x_to_n),
        ("INSTANCE_EVAL", plan.instance_eval),
        ("QUOTIENT_EVAL", plan.quotient_eval),
        ("QUOTIENT", plan.quotient),
        ("QUOTIENT_CHUNKS", plan.point(Point::QuotientChunk(0))),
        ("QUOTIENT_LAST_CHUNK", last_chunk),
        ("OPENING_SUM", plan.opening_sum),
        ("W", plan.point(Point::W)),
        ("W_PRIME", plan.point(Point::WPrime)),
        ("NEG_S_G2", plan.string),
        ("KEY_DATA_AT", plan.vk_data),
        ("VK_DIGEST", plan.key_word(KeyWord::Digest)),
        ("LOG_ROWS", plan.key_word(KeyWord::LogRows)),
        ("ROWS_INVERSE", plan.key_word(KeyWord::RowsInverse)),
        ("OMEGA", plan.key_word(KeyWord::Omega)),
        ("FIRST_ROOT", plan.key_word(KeyWord::FirstRoot)),
    ];
    values.lines(
        "places",
        places.iter().map(|(name, at)| constant(name, address(*at))).collect(),
    );
    debug_assert_eq!(plan.commitment(Poly::Quotient), plan.quotient);
}

/// What the entry says of the words it is called with, and how it reads them.
fn bound_words(values: &mut Values, words: &CallWords, leading_points: usize) {
    let CallWords { notice, names, hash } = *words;
    values.line("notice", comment(notice));
    values.line("words", comment(&names.join(", ")));
    values.line("hash_word", comment(names[hash]));
    values.line("word_count", names.len());
    values.line("leading_points", leading_points);
    let at = |word: usize| format!("{:#04x}", word * WORD);
    values.line("hash_at", at(hash));
    // Runs of words around the hash: from which word, to which instance, how many.
    let runs = [(0, 0, hash), (hash + 1, hash, names.len() - hash - 1)];
    let offset = |base: &str, words: usize| match words {
        0 => base.to_owned(),
        _ => format!("add({base}, {})", at(words)),
    };
    let copies = runs.into_iter().filter(|(_, _, count)| *count > 0);
    let copy = |(from, to, count)| {
        let (to, from) = (offset("INSTANCES", to), offset("inst", from));
        format!("calldatacopy({to}, {from}, {})", at(count))
    };
    values.lines("copy_instances", copies.map(copy).collect());
}

/// The generated statements, except for the constraints.
fn body(values: &mut Values, spec: &VerifierSpec, protocol: &Protocol, plan: &Plan) {
    let proof_at = match spec.interface {
        Interface::Raw => "INSTANCES_LEN",
        Interface::Bound { .. } => "PROOF_OFFSET",
    };
    let copies = plan
        .segments
        .iter()
        .map(|segment| segment.copy)
        .filter(|(_, _, len)| *len > 0);
    let copy = |(to, from, len): (usize, usize, usize)| {
        let from = if from == 0 {
            proof_at.to_string()
        } else {
            format!("add({proof_at}, {from:#x})")
        };
        format!("calldatacopy({to:#06x}, {from}, {len:#x})")
    };
    values.lines("copy_proof", copies.map(copy).collect());

    let points = plan
        .segments
        .iter()
        .map(|segment| segment.points)
        .filter(|(from, to)| from < to);
    values.lines(
        "require_points",
        points
            .map(|(from, to)| format!("requirePoints({from:#06x}, {to:#06x})"))
            .collect(),
    );

    let mut transcript = vec![];
    for (i, (segment, place)) in protocol.segments.iter().zip(&plan.segments).enumerate() {
        let mut challenges = segment.challenges.iter();
        let Some(first) = challenges.next() else { continue };
        let mut hashed = place.len;
        if hashed == 0 {
            // Nothing but a digest: hashed like a challenge that follows a challenge.
            transcript.push(format!("mstore8({:#06x}, 1)", place.start + WORD));
            hashed = 1;
        }
        let at = |challenge: &Squeezed| format!("{:#06x}", plan.challenge(*challenge));
        transcript.push("{".into());
        let (start, len) = (place.start, WORD + hashed);
        transcript.push(format!(
            "    let h := squeeze({start:#06x}, {len:#x}, {}) // {first}",
            at(first)
        ));
        for challenge in challenges {
            transcript.push(format!("    h := squeezeAgain(h, {}) // {challenge}", at(challenge)));
        }
        let next_is_hashed = protocol
            .segments
            .get(i + 1)
            .is_some_and(|next| !next.challenges.is_empty());
        if next_is_hashed {
            transcript.push(format!("    mstore({:#06x}, h)", plan.segments[i + 1].start));
        }
        transcript.push("}".into());
    }
    values.lines("transcript", transcript);
    values.lines("distances", opening::distances(protocol, plan));
    values.line("first_difference", opening::first_difference(protocol, plan));
    values.line("first_vanishing", opening::first_vanishing(protocol, plan));
    values.lines("sets", opening::sets(protocol, plan));
}

/// `acc := acc·y + constraint` for every constraint, and how many words it spills.
pub(crate) fn numerator(graph: &Graph, constraints: &[Constraint], spills_at: usize) -> (Vec<String>, usize) {
    let roots: Vec<Id> = constraints.iter().map(|constraint| constraint.value).collect();
    let mut emitter = Emitter::new(graph, &roots, spills_at);
    let mut lines = vec![];
    for constraint in constraints {
        let (statements, value) = emitter.write(constraint.value);
        lines.push(format!("// {}", comment(&constraint.what)));
        lines.extend(statements);
        lines.push(format!("acc := addmod(mulmod(acc, y, r), {value}, r)"));
    }
    (lines, emitter.spilled_words())
}
