//! Sends the notices of the outbox. Every server does; a claim decides which one sends a notice.

mod mail;
mod web;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use metadata::notices::Tried;
use model::channel::{Notice, Target, wait_after};
use model::id::ChannelId;
use tokio::task::JoinSet;

use crate::context::Control;
use crate::error::Error;

/// How many channels are served at once.
const CHANNELS_AT_ONCE: usize = 32;

/// How many notices are sent to one channel at once.
const AT_ONCE: u32 = 8;

/// How often due notices are looked for while others are being sent.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long one run takes on notices.
const RUN: Duration = Duration::from_secs(30);

/// How long a claim lasts: much longer than a try.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// How many old notices are deleted in one transaction.
const FORGET_AT_ONCE: u32 = 500;

/// Sends due notices, for at most [`RUN`] and what is under way then. One that fails is due again later, until it was
/// tried as often as allowed.
///
/// Channels do not wait for each other. After a failure, a channel gets nothing more in this run.
pub(crate) async fn deliver(control: &Control) -> Result<(), Error> {
    let begun = Instant::now();
    let mut taken = BTreeSet::new();
    let mut failed: Option<Error> = None;
    // Tasks of their own: a channel that waits for a connection to the metadata must not wait for this loop.
    let mut running = JoinSet::new();
    loop {
        if failed.is_none() && begun.elapsed() < RUN && running.len() < CHANNELS_AT_ONCE {
            match control.metadata().notice_channels_due().await {
                Ok(due) => {
                    let free = CHANNELS_AT_ONCE - running.len();
                    let due: Vec<_> = due.into_iter().filter(|id| !taken.contains(id)).take(free).collect();
                    for channel in due {
                        taken.insert(channel);
                        let control = control.clone();
                        running.spawn(async move { (channel, deliver_to(&control, channel).await) });
                    }
                }
                Err(error) => failed = Some(error.into()),
            }
        }
        if running.is_empty() {
            return failed.map_or(Ok(()), Err);
        }
        tokio::select! {
            Some(ended) = running.join_next() => match ended.expect("a delivery does not panic") {
                (channel, Ok(true)) => {
                    taken.remove(&channel);
                }
                (_, Ok(false)) => {}
                (_, Err(error)) => failed = failed.or(Some(error)),
            },
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Sends some due notices to a channel. Returns whether there were any and all were delivered.
async fn deliver_to(control: &Control, channel: ChannelId) -> Result<bool, Error> {
    let mut writer = control.metadata().begin().await?;
    let claimed = writer.notices_claim(channel, AT_ONCE, LEASE).await?;
    writer.commit().await?;
    let tries = claimed.iter().map(|notice| attempt(control, notice));
    let mut is_well = !claimed.is_empty();
    for delivered in futures::future::join_all(tries).await {
        is_well &= delivered?;
    }
    Ok(is_well)
}

/// Sends a notice once, and saves the result. Returns whether it was delivered.
async fn attempt(control: &Control, notice: &Notice) -> Result<bool, Error> {
    let mut tried = send(control, notice).await?;
    if let Some(problem) = &tried.problem {
        tracing::warn!(
            notice = notice.id.0,
            channel = notice.channel.0,
            tries = notice.tries,
            problem.id,
            "a notice was not delivered"
        );
    }
    tried.wait = tried.problem.as_ref().and_then(|_| wait_after(notice.tries));
    let is_delivered = tried.problem.is_none();
    let mut writer = control.metadata().begin().await?;
    writer.notice_tried(notice, &tried).await?;
    writer.commit().await?;
    Ok(is_delivered)
}

/// Sends a notice once. Returns what became of it, without a wait.
pub(super) async fn send(control: &Control, notice: &Notice) -> Result<Tried, Error> {
    match control.metadata().channel_target(notice.channel).await {
        Ok(Target::Webhook(webhook)) => web::send(control, notice, webhook).await,
        Ok(Target::Email(email)) => Ok(mail::send(control, notice, &email).await),
        Err(error) if error.is_transient() => Err(error.into()),
        Err(error) => {
            let problem = Some(error.problem().text);
            Ok(Tried { answer: None, problem, left_out: None, wait: None })
        }
    }
}

/// Deletes notices that were finished long ago, in small transactions.
pub(crate) async fn forget(control: &Control) -> Result<(), Error> {
    for _ in 0..100 {
        let mut writer = control.metadata().begin().await?;
        let deleted = writer.notice_forget(FORGET_AT_ONCE).await?;
        writer.commit().await?;
        if deleted < u64::from(FORGET_AT_ONCE) {
            break;
        }
    }
    Ok(())
}
