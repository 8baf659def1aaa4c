//! Which rows of the narrow form hold what.
//!
//! ```text
//! rows                                  φ, x, y                    w
//! 0            the statement, α, γ      the statement, α, γ        weights,
//! 3            tensors, the image,      sums, and the lookup's     layer after layer
//!              numbers in range         …
//! table        both tables              the lookup's sum           …
//! on_rows      nothing looked up        zero
//! on_rows + 1  garbage                  sums                       …
//! words        idle                                                …
//! poseidon     hash chain               its state                  its state
//! end          arithmetic               operands                   accumulator
//! usable
//! ```
//!
//! The weight columns have salt in their last rows, as in the wide form; `w` is bound to a weight column on rows of weights only.
//!
//! # Soundness
//! Each kind of row is one value of one of four fixed columns, by what the lookup, the hash, the arithmetic and the rest do, and no row
//! is of two kinds: the regions follow one another. Weights have a fixed column of their own and stand beside the others in the rows
//! before `poseidon`, where `w` is theirs; from there on it is the hash's and the arithmetic's. `circuit::narrow` looks at all rows
//! before a key is made. What a gate reads of the rows behind its own stays within a region, or is the first row of the next, which
//! takes a result: of the lookup's sum (`on_rows`), of the hash (its last row) and of the arithmetic (a row without an operation).

use super::error::FloorError;
use super::floor::{hash_rows, place_garbage, place_weights, Floor, NarrowRows, TensorRows};
use super::kinds::{ACTIVATION, BYTE};
use super::layout::Layout;
use super::narrow_statement;
use crate::model::{Architecture, Cut, OutputMode, TensorId};

/// Rows that hold the statement: context, commitment to the image, output.
pub(crate) const STATEMENT_ROWS: usize = 3;

/// Rows of an architecture in the narrow form.
///
/// # Errors
/// If the layout is too small for the architecture, or the architecture is not one the form supports.
pub(super) fn place(arch: &Architecture, layout: &Layout) -> Result<Floor, FloorError> {
    layout.validate()?;
    arch.validate()?;
    if arch.input.c != 3 {
        return Err(FloorError::Image { channels: arch.input.c });
    }
    if !matches!(arch.output, OutputMode::Top1 | OutputMode::Bit) {
        return Err(FloorError::NarrowOutput { output: arch.output });
    }
    // A second limb would be a third lookup of the row.
    let cut = arch.cut();
    if cut.limbs() != 1 {
        return Err(FloorError::NarrowShift {
            shift: arch.shift,
            max: Cut::MAX_TABLE_BITS,
        });
    }
    let k = layout.k;
    let usable = (1usize << k) - layout.reserved_rows();
    let too_few = |needed: usize| FloorError::Rows {
        what: "the tensors and the hash",
        needed,
        available: usable,
        k,
    };

    let strided = arch.strided();
    let mut tensors: Vec<TensorRows> = (0..=arch.layers.len())
        .map(|t| {
            let (tensor, mut shape) = (TensorId(t), arch.shape(TensorId(t)));
            if arch.parts(tensor) != [tensor] {
                shape.c = 0;
            }
            let (kind, to_next) = match tensor {
                TensorId::IMAGE => (BYTE, shape.c),
                _ => (ACTIVATION, 1),
            };
            TensorRows {
                shape,
                start: 0,
                line_rows: shape.w,
                kind,
                strided: strided[t],
                pixel_rows: Some(to_next),
            }
        })
        .collect();
    let mut row = STATEMENT_ROWS;
    let (image, computed) = tensors.split_first_mut().expect("the image is there");
    for tensor in computed.iter_mut().chain([image]) {
        tensor.start = row;
        row = tensor.rows().end;
    }
    let ranges = row;
    let table = ranges + narrow_statement::range_rows(arch);
    let on_rows = table + 2 * cut.table_rows();
    // Before the exponents of large maps are looked at.
    if on_rows > usable {
        return Err(too_few(on_rows));
    }
    let (garbage, words) = place_garbage(arch, layout, on_rows + 1);
    let (weights, weight_end) = place_weights(arch, layout, usable)?;
    // φ of the row behind `on_rows` is zero, of the hash's first row the tag.
    let poseidon = (words + 1).max(weight_end);
    let end = poseidon + hash_rows(arch);
    if end > usable {
        return Err(too_few(end));
    }
    Ok(Floor {
        tensors,
        weights,
        garbage,
        on_rows,
        words,
        poseidon,
        end,
        weight_end,
        usable,
        arith: [end..usable, usable..usable, usable..usable],
        narrow: Some(NarrowRows { ranges, table }),
    })
}
