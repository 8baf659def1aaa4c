//! I2: after its probe a provider goes on up to a risk of failing of α*.

use super::play::{gain, pass, probed, set};
use super::Size;
use crate::books::Agent;
use crate::case::{Case, Gains};
use crate::terms::Terms;
use crate::world::World;
use assay_economics::accuracy::Opened;

pub(super) fn cases(size: Size) -> Vec<Case> {
    let terms = Terms::cheap_gas();
    let limit = terms.prices.max_failure(Opened::Probes);
    let case = |multiple: f64| {
        let risk = multiple * limit;
        let play = move |world: &mut World, game: &crate::case::Game| {
            let passes = !game.is_in(risk);
            let goes_on = gain(world, &[Agent::Provider], |world| {
                let right = set(world, passes);
                let mut engagement = probed(world, Agent::Consumer, &right)?;
                if passes {
                    return pass(world, &mut engagement);
                }
                engagement.proceed(world)?;
                engagement.infer_rest(world);
                engagement.concede(world)
            })?;
            let aborts = gain(world, &[Agent::Provider], |world| {
                let right = set(world, passes);
                probed(world, Agent::Consumer, &right)?.abort(world)
            })?;
            Ok(goes_on - aborts)
        };
        let case = Case::new("I2", "goes on after the probe, not aborts", terms, size.games(30), play);
        case.at("α*", multiple, Gains::Below)
    };
    size.multiples().iter().map(|multiple| case(*multiple)).collect()
}
