//! I6: walking away costs a deposit, or before the acknowledgement each side its fee.

use super::play::{gain, pass, probed, set, FULL};
use super::Size;
use crate::books::Agent;
use crate::case::{Case, Game};
use crate::engagement::Engagement;
use crate::error::Error;
use crate::terms::Terms;
use crate::world::World;

type Move = fn(&mut World) -> Result<(), Error>;

pub(super) fn cases(size: Size) -> Vec<Case> {
    let moves: [(&str, Agent, Move, Move); 5] = [
        ("does not acknowledge, not aborts", Agent::Provider, no_ack, aborts),
        (
            "is silent after the probe, not aborts",
            Agent::Provider,
            silent_provider,
            aborts,
        ),
        ("reveals no keys, not goes through", Agent::Consumer, keyless, passes),
        (
            "does not reveal the rest, not goes through",
            Agent::Consumer,
            half_revealed,
            passes,
        ),
        (
            "sends no ciphertext, not goes through",
            Agent::Consumer,
            sends_nothing,
            passes,
        ),
    ];
    let case = |(what, agent, deviates, honest): (&str, Agent, Move, Move)| {
        let play =
            move |world: &mut World, _: &Game| Ok(gain(world, &[agent], deviates)? - gain(world, &[agent], honest)?);
        let strategy = format!("{} {what}", agent.name());
        Case::new("I6", strategy, Terms::cheap_gas(), size.games(2), play).point("always")
    };
    moves.map(case).into()
}

fn passes(world: &mut World) -> Result<(), Error> {
    let right = set(world, true);
    let mut engagement = probed(world, Agent::Consumer, &right)?;
    pass(world, &mut engagement)
}

fn aborts(world: &mut World) -> Result<(), Error> {
    let right = set(world, false);
    probed(world, Agent::Consumer, &right)?.abort(world)
}

fn accepted(world: &mut World) -> Result<Engagement, Error> {
    let right = set(world, true);
    let engagement = Engagement::open(world, Agent::Consumer, FULL, &right)?;
    engagement.accept(world)?;
    Ok(engagement)
}

fn sends_nothing(world: &mut World) -> Result<(), Error> {
    accepted(world)?.timeout(world, Agent::Provider)
}

fn no_ack(world: &mut World) -> Result<(), Error> {
    let engagement = accepted(world)?;
    engagement.commit(world)?;
    engagement.timeout(world, Agent::Consumer)
}

fn keyless(world: &mut World) -> Result<(), Error> {
    let mut engagement = accepted(world)?;
    engagement.commit(world)?;
    engagement.acknowledge(world)?;
    engagement.timeout(world, Agent::Provider)
}

fn silent_provider(world: &mut World) -> Result<(), Error> {
    let right = set(world, false);
    probed(world, Agent::Consumer, &right)?.timeout(world, Agent::Consumer)
}

fn half_revealed(world: &mut World) -> Result<(), Error> {
    let right = set(world, true);
    let engagement = probed(world, Agent::Consumer, &right)?;
    engagement.go_on(world)?;
    engagement.timeout(world, Agent::Provider)
}
