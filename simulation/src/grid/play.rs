//! What several grids play alike.

use crate::books::Agent;
use crate::engagement::{Engagement, Offer};
use crate::error::Error;
use crate::world::World;
use assay_protocol::abi::{Adjudication, Mode};

/// Of the encrypted modes, with a result that stands unless challenged; all must be right.
pub(crate) const FULL: Offer = Offer::new(Mode::FULL, Adjudication::OPTIMISTIC, 10_000);

/// What some agents earn together by a play.
pub(crate) fn gain(
    world: &mut World,
    agents: &[Agent],
    play: impl FnOnce(&mut World) -> Result<(), Error>,
) -> Result<i128, Error> {
    let profit = |world: &World| agents.iter().map(|agent| world.profit(*agent)).sum::<i128>();
    let before = profit(world);
    play(world)?;
    Ok(profit(world) - before)
}

/// As many examples as a set has, all answered right or all wrong.
pub(crate) fn set(world: &World, right: bool) -> Vec<bool> {
    vec![right; world.site.terms.prices.examples() as usize]
}

/// An engagement in FULL up to the decision of a provider that has probed.
pub(crate) fn probed(world: &mut World, consumer: Agent, right: &[bool]) -> Result<Engagement, Error> {
    let engagement = Engagement::probing(world, consumer, FULL, right)?;
    engagement.infer(world);
    Ok(engagement)
}

/// An honest provider has probed enough right ones: it goes on, proves all, and its consumer accepts.
pub(crate) fn pass(world: &mut World, engagement: &mut Engagement) -> Result<(), Error> {
    engagement.proceed(world)?;
    let correct = engagement.correct();
    let paid = correct.len() as u128 * crate::terms::wei(world.site.terms.prices.proof);
    // What proving the set costs: Z each. The proofs are kept, so that their gas is no transaction's.
    world.book(Agent::Provider, crate::books::Cause::Compute, -paid.cast_signed());
    engagement.post(world, &correct)?;
    engagement.accept_result(world)
}
