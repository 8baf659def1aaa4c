//! Values of the fixed columns.

use crate::commitment::{input, poseidon};
use crate::model::{Architecture, ConvKind, Op};
use crate::plan::fixed::Fixed;
use crate::plan::floor::Floor;
use crate::plan::kinds::{
    CALL_BOUNDARY, CHAIN_ENDS, CHAIN_GOES_ON, FOLDED_LANES, FULL, IMAGE, KERNEL_ROW, PARTIAL, SINGLE,
};
use crate::plan::layout::Layout;
use crate::plan::program::{Operand, Program};

impl Fixed {
    pub fn new(arch: &Architecture, layout: &Layout, floor: &Floor, program: &Program) -> Self {
        let mut fixed = Self::zero(layout, floor);
        fixed.table_rows = 1 << arch.shift;
        fixed.boundary = [0, floor.on_rows];
        fixed.argmax = floor.logits().rows();
        fixed.tensors(layout, floor);
        fixed.folded_lanes(arch, layout, floor);
        fixed.hash(arch, floor);
        fixed.weights(arch, floor);
        for step in &program.steps {
            fixed.arith_kind[step.row] = step.kind as u8;
            if let Operand::Constant(value) = step.a {
                fixed.constants.push((step.row, value));
            }
        }
        fixed
    }

    fn tensors(&mut self, layout: &Layout, floor: &Floor) {
        let w = layout.lanes;
        for tensor in &floor.tensors {
            for (n, row) in tensor.rows().enumerate() {
                let line_row = n % tensor.line_rows;
                let real = (tensor.shape.w - line_row * w).min(w);
                for lane in 1..real {
                    self.coefficients[lane - 1][row] = 1;
                }
                self.coefficients[w - 1][row] = u8::from(line_row + 1 < tensor.line_rows);
                self.coefficients[w][row] = tensor.kind as u8;
            }
        }
        debug_assert!(IMAGE <= u64::from(u8::MAX));
    }

    fn folded_lanes(&mut self, arch: &Architecture, layout: &Layout, floor: &Floor) {
        for garbage in floor.garbage.iter().flatten() {
            for n in 0..garbage.spatial.garbage.len() * garbage.chain {
                let row = garbage.start + n;
                self.block[row] = FOLDED_LANES as u8;
                self.coefficients[1][row] = u8::from((n + 1) % garbage.chain != 0);
            }
        }
        let rows_each = 32 / layout.fold();
        for n in 0..input::word_count(arch.image_len()) * rows_each {
            let row = floor.words + n;
            self.block[row] = FOLDED_LANES as u8;
            self.coefficients[0][row] = u8::from((n + 1) % rows_each == 0);
        }
    }

    fn hash(&mut self, arch: &Architecture, floor: &Floor) {
        let p = poseidon::parameters();
        let calls = 1 + input::call_count(arch.image_len());
        for call in 0..=calls {
            let boundary = floor.poseidon + call * (p.rounds() + 1);
            self.block[boundary] = CALL_BOUNDARY as u8;
            if call < calls {
                for r in 0..p.rounds() {
                    let row = boundary + 1 + r;
                    self.round[row] = if p.is_full(r) { FULL } else { PARTIAL } as u8;
                    self.round_constants.push((row, r));
                }
            }
        }
    }

    fn weights(&mut self, arch: &Architecture, floor: &Floor) {
        for (i, layer) in arch.layers.iter().enumerate() {
            let rows = floor.weights[i];
            let chains = |from: usize, to: usize, kind: &mut [u8]| {
                for (n, value) in kind[from..to].iter_mut().enumerate() {
                    *value = if (n + 1) % rows.chain == 0 {
                        CHAIN_ENDS
                    } else {
                        CHAIN_GOES_ON
                    } as u8;
                }
            };
            match &layer.op {
                Op::Conv(conv) => {
                    match (conv.kind, conv.stride) {
                        (ConvKind::Depthwise3x3, 1) => self.weight_kind[rows.start..rows.bias].fill(KERNEL_ROW as u8),
                        (ConvKind::Depthwise3x3, _) => self.weight_kind[rows.start..rows.bias].fill(SINGLE as u8),
                        _ => chains(rows.start, rows.bias, &mut self.weight_kind),
                    }
                    chains(rows.bias, rows.bias + rows.chain, &mut self.weight_kind);
                }
                Op::Add { .. } | Op::GlobalAvgPool { .. } => {
                    self.weight_kind[rows.start..rows.bias].fill(SINGLE as u8);
                }
            }
        }
    }
}
