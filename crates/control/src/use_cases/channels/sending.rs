//! Sends the notices of the outbox. Every server does; a claim decides which one sends a notice.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use metadata::notices::Tried;
use model::Secret;
use model::channel::{Notice, wait_after};
use model::id::ChannelId;
use model::text::Text;
use ring::hmac;
use storage::post::{Message, PostError};
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
    let (answer, problem) = send(control, notice).await?;
    if let Some(problem) = &problem {
        tracing::warn!(
            notice = notice.id.0,
            channel = notice.channel.0,
            tries = notice.tries,
            problem.id,
            "a notice was not delivered"
        );
    }
    let wait = problem.as_ref().and_then(|_| wait_after(notice.tries));
    let is_delivered = problem.is_none();
    let mut writer = control.metadata().begin().await?;
    writer.notice_tried(notice, &Tried { answer, problem, wait }).await?;
    writer.commit().await?;
    Ok(is_delivered)
}

/// Sends a notice once. Returns the HTTP status of the answer, and why it was not delivered.
pub(super) async fn send(control: &Control, notice: &Notice) -> Result<(Option<u16>, Option<Text>), Error> {
    let secrets = match control.metadata().channel_secrets(notice.channel).await {
        Ok(secrets) => secrets,
        Err(error) if error.is_transient() => return Err(error.into()),
        Err(error) => return Ok((None, Some(error.problem().text))),
    };
    let time_s = control.metadata().now().await?.0 / 1_000_000;
    let mut headers = secrets.headers;
    headers.push(("Lifeboat-Notice".to_owned(), Secret::new(notice.id.to_string())));
    headers.push(("Lifeboat-Try".to_owned(), Secret::new(notice.tries.to_string())));
    if let Some(secret) = &secrets.signature {
        headers.push(("Lifeboat-Signature".to_owned(), Secret::new(signature(secret, time_s, &notice.body))));
    }
    let message = Message { url: secrets.url, headers, body: notice.body.clone() };
    Ok(match control.context.rules.post(message).await {
        Ok(status) => (Some(status), None),
        Err(error) => {
            let (status, text) = explained(&error);
            (status, Some(text))
        }
    })
}

/// Returns the signature of a message: the time, and the HMAC-SHA256 of the time, a dot and the text.
fn signature(secret: &Secret, time_s: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let tag = hmac::sign(&key, format!("{time_s}.{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={time_s},v1={hex}")
}

fn explained(error: &PostError) -> (Option<u16>, Text) {
    let text = |id: &str| Text { raw: Some(error.to_string()), ..Text::new(id) };
    match error {
        PostError::Url | PostError::Header => (None, text("channel-url-malformed")),
        PostError::Refused(refused) => (None, Text::new("notice-address-refused").with("address", refused.0)),
        PostError::Late => (None, Text::new("notice-no-answer")),
        PostError::Redirect(status) => (Some(*status), Text::new("notice-redirected").with("status", status)),
        PostError::Answer(status) => (Some(*status), Text::new("notice-not-accepted").with("status", status)),
        PostError::Connection(_) => (None, text("notice-no-connection")),
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

#[cfg(test)]
mod tests {
    use model::Secret;

    use super::signature;

    #[test]
    fn a_receiver_can_compute_the_signature() {
        // Computed with: printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
        let signed = signature(&Secret::new("0123456789abcdef"), 1_700_000_000, r#"{"a":1}"#);
        assert_eq!(
            signed,
            "t=1700000000,v1=9eb18f493f8ec135d9eb2dad817c369bb4e9cbfa818657897a7437c1cd8c3a23"
        );
    }
}
