//! Additions of any points: sums, doublings, opposites, infinities.
//!
//! | points | numerator | denominator | result |
//! |---|---|---|---|
//! | different `x` | `y_2 − y_1` | `x_2 − x_1` | the sum |
//! | equal | `3·x_1²` | `2·y_1` | the double |
//! | opposite | any | 1 | infinity |
//! | one is infinity | any | 1 | the other |

use halo2_proofs::halo2curves::bn256::Fq;

use super::batch::Complete;
use super::gather::{gathered, idle, indices, store_some, Coordinates};
use super::packed::Point;
use crate::eight::{inverse::inverses, Eight};
use crate::modulus::Prime;

/// `out[i] = points[pairs[i][0]] + points[pairs[i][1]]` for as many `out` as there are pairs.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn add(points: &[Point], pairs: &[[u32; 2]], out: &mut [Point], kept: &mut Vec<Complete>) {
    kept.clear();
    let one = Eight::<Fq>::splat(&Fq::UNIT);
    // Below (1 + 0.0119·2·1.1)·p < 1.1·p.
    let mut product = one;
    for eight in pairs.chunks(8) {
        let first = canonical(gathered(points, indices(eight, 0)));
        let second = canonical(gathered(points, indices(eight, 1)));
        let (same_x, same_y) = (first.x.minus(second.x).zeros(), first.y.minus(second.y).zeros());
        let finite = !(first.infinity | second.infinity);
        let doubling = same_x & same_y & finite;
        let opposite = same_x & !same_y & finite;
        // All below 2·p but for the numerator of a doubling: 3·1.02·p.
        let square = first.x.times(first.x);
        let denominator = second
            .x
            .minus_below::<1>(first.x)
            .select(doubling, first.y.plus(first.y))
            .normal();
        let denominator = denominator.select(opposite | !finite | idle(eight.len()), one);
        let numerator = second
            .y
            .minus_below::<1>(first.y)
            .select(doubling, square.plus(square).plus(square))
            .normal();
        kept.push(Complete {
            prefix: product,
            denominator,
            numerator,
            first,
            second,
            opposite,
        });
        product = product.times(denominator);
    }
    // A lane is zero only if a point is not on the curve; its sums are then of no use, as it is itself.
    let (mut inverse, _) = inverses(product, Fq::from(256));
    let mut groups = out.chunks_mut(8).rev();
    for kept in kept.iter().rev() {
        let out = groups.next().expect("as many groups as were kept");
        let Complete {
            prefix,
            denominator,
            numerator,
            first,
            second,
            opposite,
        } = kept;
        // Below (1 + 0.0119·1.1·1.1)·p < 1.02·p and below (1 + 0.0119·3.06·1.02)·p < 1.04·p; the square below 1.02·p.
        let one_over = prefix.times(inverse);
        inverse = inverse.times(*denominator);
        let slope = numerator.times(one_over);
        // Below 5.02·p, then 4.01·p, then 2.01·p.
        let x = slope
            .times(slope)
            .minus_below::<4>(first.x.plus(second.x))
            .lower_by::<4>()
            .lower_by::<2>()
            .normal();
        // Below p + 3·p; then below (1 + 0.0119·4·1.04)·p + 3·p < 4.05·p and below 2.05·p.
        let run = first.x.minus_below::<3>(x).normal();
        let y = run.times(slope).minus_below::<3>(first.y).lower_by::<2>().normal();
        let choose = |sum: Eight<Fq>, first_one: Eight<Fq>, second_one: Eight<Fq>| {
            sum.select(second.infinity, first_one)
                .select(first.infinity, second_one)
                .keep(!opposite)
        };
        let sums = Coordinates {
            x: choose(x, first.x, second.x),
            y: choose(y, first.y, second.y),
            infinity: 0,
        };
        store_some(&sums, out);
    }
}

/// Both coordinates canonical; of infinity both are zero.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn canonical(point: Coordinates) -> Coordinates {
    // The y of a negated infinity is 3·p.
    Coordinates {
        x: point.x.canonical(),
        y: point.y.normal().canonical(),
        infinity: point.infinity,
    }
}
