//! A daemon with those who hear of it.

use super::notify::Notifier;
use super::server;
use crate::args::patrol::{MetricsArgs, PatrolArgs};
use crate::args::queue::QueueArgs;
use crate::context::Context;
use crate::farm::owner::Farm;
use crate::farm::place::Place;
use assay_exchange::listening::Listening;
use assay_farm::queue::EngagementStatus;
use assay_marketplace::watch::alarms::{tell, ALARMS};
use assay_marketplace::watch::event::Announcer;
use assay_marketplace::watch::vitals::{QueueGauges, Vitals};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks at a farm's queue.
const QUEUE_LOOK: Duration = Duration::from_secs(30);

/// Answers until it is dropped.
#[derive(Debug)]
pub struct Answering(#[expect(dead_code, reason = "held until it is dropped, never read")] Option<Listening>);

/// Tells of these vitals, if it is asked for. A turn may take so long.
///
/// # Errors
/// If the port cannot be had.
pub async fn answer(
    args: &MetricsArgs,
    vitals: &Arc<Vitals>,
    patience: Duration,
    ctx: &Context,
) -> eyre::Result<Answering> {
    let Some(address) = args.metrics else {
        return Ok(Answering(None));
    };
    let listening = server::start(address, vitals.clone(), patience).await?;
    ctx.out
        .note(format_args!("metrics at http://{}/metrics", listening.address()));
    Ok(Answering(Some(listening)))
}

/// Vitals of whatever works in this state directory, with these secrets.
pub fn vitals(ctx: &Context, secrets: Vec<PathBuf>) -> Arc<Vitals> {
    let home = ctx.home.path().to_owned();
    let free = move || {
        let disk = rustix::fs::statvfs(&home).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    };
    Arc::new(Vitals::of(secrets, Some(Box::new(free))))
}

/// Who hears the events of a daemon that proves with these secrets, and with this farm.
///
/// # Errors
/// If the port for metrics cannot be had, or the queue's address is none.
pub async fn announcer(
    args: &PatrolArgs,
    ctx: &Context,
    secrets: Vec<PathBuf>,
    farm: Option<&QueueArgs>,
) -> eyre::Result<(Announcer, Answering)> {
    let vitals = vitals(ctx, secrets);
    let patience = 10 * Duration::from_secs(args.every) + Duration::from_secs(60);
    let answering = answer(&args.metrics, &vitals, patience, ctx).await?;
    let place = farm.map(|farm| Place::if_named(farm, ctx)).transpose()?.flatten();
    if let Some(place) = place.filter(|_| !args.once) {
        tokio::spawn(look_at_queue(place, vitals.clone(), ctx.clone()));
    }
    let notifier = args
        .notify
        .clone()
        .map(|argv| Notifier::start(argv, (*ctx.out).clone()));
    let out = ctx.out.clone();
    let announcer = Announcer::new(move |event| {
        if let Some(notifier) = notifier.as_ref().filter(|_| ALARMS.contains(&event.event)) {
            notifier.tell(event)?;
        }
        out.result(event, event)
    });
    let announcer = announcer.of(vitals);
    // A single pass is somebody's own look.
    if !args.once {
        tokio::spawn(tell(announcer.clone()));
    }
    Ok((announcer, answering))
}

/// Asks the queue from time to time how much there is to do.
async fn look_at_queue(place: Place, vitals: Arc<Vitals>, ctx: Context) {
    let farm = Farm::new(place, false, (*ctx.out).clone());
    loop {
        let said = async { farm.queue().await.ok()?.status(None).await.ok() };
        let said = tokio::time::timeout(QUEUE_LOOK, said).await.ok().flatten();
        let gauges = said.map(|status| {
            let sum = |of: fn(&EngagementStatus) -> u64| status.engagements.iter().map(of).sum();
            QueueGauges {
                queued: sum(|of| of.queued),
                running: sum(|of| of.running),
                done: sum(|of| of.done),
                set_aside: sum(|of| of.set_aside),
            }
        });
        vitals.looked_at_queue(gauges);
        tokio::time::sleep(QUEUE_LOOK).await;
    }
}
