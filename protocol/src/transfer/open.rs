//! Decrypts and checks the examples at a range of positions, once their keys are out.

use super::chunks::Part;
use super::cipher::decrypt;
use super::ciphertext::Ciphertext;
use super::evidence::Evidence;
use super::fault::{self, Fault};
use super::keys::KeysOfRecord;
use super::payload::{header, ChunkWords, Received};
use super::places::{Place, Places};
use super::secret::ExampleKey;
use alloy::primitives::{B256, U256};
use assay_statement::input::InputSalt;
use rayon::prelude::*;
use std::ops::Range;

/// Examples that are in memory as cipher words at one time.
const BATCH: usize = 64;

/// What a set of positions holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// Every example, in the order of the positions.
    Good(Vec<Received>),
    /// The fault of the lowest faulty position: the sender can be convicted of it.
    Faulty(Box<Evidence>),
}

/// Why positions cannot be read. A fault that convicts the sender is a result, not one of these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum OpenError<E> {
    #[error(transparent)]
    Cipher(#[from] E),
    #[error("position {position}, where no fault was found before: {fault}")]
    Fault { position: usize, fault: Fault },
    #[error("the key of position {position} is not out")]
    NoKey { position: usize },
    #[error("there is no position {position} among {examples} examples")]
    NoPosition { position: usize, examples: usize },
    #[error("a ciphertext of {got} examples, not {expected}")]
    Slots { expected: usize, got: usize },
    #[error("{got} leaves for {expected} examples")]
    TestLeaves { expected: usize, got: usize },
}

/// Decrypts and checks `positions`. `test_leaves` are the committed leaf hashes of the whole set by index; `step` hears how many
/// positions are done.
///
/// # Errors
/// For a ciphertext that cannot be read or has changed since it was opened, and for arguments that do not belong together.
/// Faults of the sender are no errors.
pub fn open<C: Ciphertext, P: Places>(
    ciphertext: &mut C,
    order: &P,
    test_leaves: &[B256],
    keys: &KeysOfRecord,
    positions: Range<usize>,
    step: impl Fn(u64),
) -> Result<Opened, OpenError<C::Error>> {
    let mut received = Vec::with_capacity(positions.len());
    let keep = |example| {
        received.push(example);
        step(received.len() as u64);
    };
    Ok(match scan(ciphertext, order, test_leaves, keys, positions, keep)? {
        None => Opened::Good(received),
        Some(evidence) => Opened::Faulty(evidence),
    })
}

/// As [`open`], but the examples are handed to `visit` one by one and not kept; the evidence, if there is a fault.
///
/// # Errors
/// Those of [`open`].
pub fn scan<C: Ciphertext, P: Places>(
    ciphertext: &mut C,
    order: &P,
    test_leaves: &[B256],
    keys: &KeysOfRecord,
    positions: Range<usize>,
    mut visit: impl FnMut(Received),
) -> Result<Option<Box<Evidence>>, OpenError<C::Error>> {
    let layout = *ciphertext.layout();
    require_lengths(ciphertext, order, test_leaves)?;
    let (engagement_id, tag) = (ciphertext.engagement_id(), *order.leaf_tag());
    let mut rest = positions;
    while !rest.is_empty() {
        let batch = rest.start..rest.end.min(rest.start + BATCH);
        rest.start = batch.end;
        let locked = batch
            .map(|position| {
                let (place, key) = place_and_key(order, keys, position)?;
                Ok((position, place, key, ciphertext.read_example(place.slot)?))
            })
            .collect::<Result<Vec<_>, OpenError<C::Error>>>()?;
        let opened: Vec<_> = locked
            .into_par_iter()
            .map(|(position, place, key, words)| {
                let (index, first) = (place.index, layout.chunk(place.slot, Part::Header));
                let chunks = decrypt(engagement_id, first, &key, words);
                let example = match fault::first(&layout, &tag, index, &chunks, test_leaves[index]) {
                    None => received_example(index, &chunks, layout.input_words()),
                    Some(fault) => Err(fault),
                };
                example.map_err(|fault| (position, place, fault))
            })
            .collect();
        for example in opened {
            match example {
                Ok(example) => visit(example),
                Err((position, place, fault)) => {
                    let evidence = Evidence::collect_at(ciphertext, test_leaves, position, place, fault)?;
                    return Ok(Some(Box::new(evidence)));
                }
            }
        }
    }
    Ok(None)
}

/// What a header says that opens its committed test leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Dataset index.
    pub index: usize,
    /// Of the image with its salt; the chunks that must lead to it are not looked at.
    pub input_commit: U256,
    /// Of any size: one that is no class is never predicted.
    pub label: U256,
    /// Hides the label in the test leaf.
    pub leaf_salt: B256,
}

/// Decrypts the header at one position and nothing else; or says what is wrong with it.
///
/// # Errors
/// Those of [`open`].
pub fn read_header<C: Ciphertext, P: Places>(
    ciphertext: &mut C,
    order: &P,
    test_leaves: &[B256],
    keys: &KeysOfRecord,
    position: usize,
) -> Result<Result<Header, Fault>, OpenError<C::Error>> {
    require_lengths(ciphertext, order, test_leaves)?;
    let (Place { index, slot }, key) = place_and_key(order, keys, position)?;
    let words = ciphertext.read_header(slot)?;
    let first = ciphertext.layout().chunk(slot, Part::Header);
    let head = &decrypt(ciphertext.engagement_id(), first, &key, vec![words])[0];
    Ok(
        match fault::in_header(order.leaf_tag(), index, head, test_leaves[index]) {
            Some(fault) => Err(fault),
            None => Ok(Header {
                index,
                input_commit: U256::from_be_bytes(head[header::INPUT_COMMIT]),
                label: U256::from_be_bytes(head[header::LABEL]),
                leaf_salt: head[header::LEAF_SALT].into(),
            }),
        },
    )
}

/// Decrypts the example at one position, of a set in which no fault was found: that is not looked for again.
///
/// # Errors
/// Those of [`open`].
pub fn faultless<C: Ciphertext, P: Places>(
    ciphertext: &mut C,
    order: &P,
    keys: &KeysOfRecord,
    position: usize,
) -> Result<Received, OpenError<C::Error>> {
    let (Place { index, slot }, key) = place_and_key(order, keys, position)?;
    let words = ciphertext.read_example(slot)?;
    let layout = ciphertext.layout();
    let chunks = decrypt(
        ciphertext.engagement_id(),
        layout.chunk(slot, Part::Header),
        &key,
        words,
    );
    received_example(index, &chunks, layout.input_words()).map_err(|fault| OpenError::Fault { position, fault })
}

fn require_lengths<C: Ciphertext, P: Places>(
    ciphertext: &C,
    order: &P,
    test_leaves: &[B256],
) -> Result<(), OpenError<C::Error>> {
    let slots = ciphertext.layout().examples();
    if order.slots() != slots {
        return Err(OpenError::Slots {
            expected: order.slots(),
            got: slots,
        });
    }
    if test_leaves.len() == order.leaves() {
        return Ok(());
    }
    Err(OpenError::TestLeaves {
        expected: order.leaves(),
        got: test_leaves.len(),
    })
}

fn place_and_key<E, P: Places>(
    order: &P,
    keys: &KeysOfRecord,
    position: usize,
) -> Result<(Place, ExampleKey), OpenError<E>> {
    let examples = order.slots();
    let place = order
        .place(position)
        .ok_or(OpenError::NoPosition { position, examples })?;
    let key = keys.key(position, place.index).ok_or(OpenError::NoKey { position })?;
    Ok((place, key))
}

/// The example in chunks without a fault; of their faults it meets only one.
fn received_example(index: usize, chunks: &[ChunkWords], input_words: usize) -> Result<Received, Fault> {
    let head = &chunks[0];
    let message = chunks[1..].iter().flat_map(|chunk| chunk[1..].iter().copied());
    Ok(Received {
        index,
        input_commit: U256::from_be_bytes(head[header::INPUT_COMMIT]),
        label: U256::from_be_bytes(head[header::LABEL]),
        leaf_salt: head[header::LEAF_SALT].into(),
        input_salt: InputSalt::from_word(&head[header::INPUT_SALT]).ok_or(Fault::Salt)?,
        words: message.take(input_words).collect(),
    })
}
