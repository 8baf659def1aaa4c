//! Sums of many lists of points: neighbours are added in pairs, level by level, all lists together, until each has one point left.

use assay_lanes::memory::prefetch;
use assay_lanes::points::NEGATED;

use super::adder::Adder;

/// Points by which the loads run ahead.
const AHEAD: usize = 16;

/// Buffers, one a thread.
pub(super) struct Tree<A: Adder> {
    indices: Vec<u32>,
    next_indices: Vec<u32>,
    counts: Vec<u32>,
    pairs: Vec<[u32; 2]>,
    singles: Vec<u32>,
    points: Vec<A::Point>,
    next_points: Vec<A::Point>,
    pub(super) scratch: A::Scratch,
}

impl<A: Adder> Default for Tree<A> {
    fn default() -> Self {
        Self {
            indices: Vec::new(),
            next_indices: Vec::new(),
            counts: Vec::new(),
            pairs: Vec::new(),
            singles: Vec::new(),
            points: Vec::new(),
            next_points: Vec::new(),
            scratch: A::Scratch::default(),
        }
    }
}

impl<A: Adder> Tree<A> {
    /// List `i` has the next `counts[i]` of the signed `indices` into `points`; `out[i]` becomes its sum, infinity if it is empty.
    pub(super) fn sums(
        &mut self,
        adder: &A,
        points: &[A::Point],
        indices: &[u32],
        counts: &[u32],
        out: &mut [A::Point],
    ) {
        self.counts.clear();
        self.counts.extend_from_slice(counts);
        let mut longest = counts.iter().copied().max().unwrap_or(0);
        if longest <= 1 {
            write(counts, out, A::INFINITY, |place| A::signed(points, indices[place]));
            return;
        }
        self.level(adder, points, indices);
        longest = longest.div_ceil(2);
        while longest > 1 {
            let (points, indices) = (std::mem::take(&mut self.points), std::mem::take(&mut self.indices));
            self.level(adder, &points, &indices);
            (self.next_points, self.next_indices) = (points, indices);
            longest = longest.div_ceil(2);
        }
        write(&self.counts, out, A::INFINITY, |place| {
            self.points[self.indices[place] as usize]
        });
    }

    /// One level: adds the pairs, keeps what has no partner. Leaves the halved lists in `self`.
    fn level(&mut self, adder: &A, points: &[A::Point], indices: &[u32]) {
        let sums: usize = self.counts.iter().map(|count| (count / 2) as usize).sum();
        // Room for one more each: what has no partner is written without asking whether it is there, which would be guessed wrong every
        // second time.
        grow(&mut self.pairs, sums, [0; 2]);
        grow(&mut self.singles, self.counts.len() + 1, 0);
        grow(&mut self.next_indices, sums + self.counts.len() + 1, 0);
        let (mut place, mut pair, mut single, mut next) = (0, 0, 0, 0);
        for count in &mut self.counts {
            let size = *count as usize;
            let list = &indices[place..place + size];
            for (out, two) in self.pairs[pair..pair + size / 2].iter_mut().zip(list.chunks_exact(2)) {
                *out = [two[0], two[1]];
            }
            for (i, out) in self.next_indices[next..next + size / 2].iter_mut().enumerate() {
                *out = (pair + i) as u32;
            }
            self.singles[single] = list.last().copied().unwrap_or(0);
            self.next_indices[next + size / 2] = (sums + single) as u32;
            (place, pair, single, next) = (
                place + size,
                pair + size / 2,
                single + size % 2,
                next + size.div_ceil(2),
            );
            *count = size.div_ceil(2) as u32;
        }
        // Sums first, then what had no partner.
        grow(&mut self.next_points, sums + single, A::INFINITY);
        let (added, kept) = self.next_points.split_at_mut(sums);
        adder.add(points, &self.pairs[..sums], added, &mut self.scratch);
        let singles = &self.singles[..single];
        for (i, (kept, &index)) in kept.iter_mut().zip(singles).enumerate() {
            if let Some(index) = singles.get(i + AHEAD) {
                prefetch(points, (index & !NEGATED) as usize);
            }
            *kept = A::signed(points, index);
        }
        std::mem::swap(&mut self.points, &mut self.next_points);
        std::mem::swap(&mut self.indices, &mut self.next_indices);
    }
}

/// Makes a buffer at least `length` long. None gets shorter: filling it again at the next level would take as long as the level's lists.
fn grow<T: Copy>(buffer: &mut Vec<T>, length: usize, filling: T) {
    if buffer.len() < length {
        buffer.resize(length, filling);
    }
}

/// Writes the one point of each list, or infinity.
fn write<P: Copy>(counts: &[u32], out: &mut [P], infinity: P, point: impl Fn(usize) -> P) {
    let mut place = 0;
    for (out, &count) in out.iter_mut().zip(counts) {
        if count > 0 {
            *out = point(place);
            place += 1;
        } else {
            *out = infinity;
        }
    }
}
