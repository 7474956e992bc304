//! Sends the notices of the outbox. Every server does; a claim decides which one sends a notice.

use std::time::Duration;

use metadata::notices::Tried;
use model::Secret;
use model::channel::{Notice, wait_after};
use model::text::Text;
use ring::hmac;
use storage::post::{Message, PostError};

use crate::context::Control;
use crate::error::Error;

/// How many notices are sent at once.
const AT_ONCE: u32 = 8;

/// How many times that many are sent in one run of the watcher.
const ROUNDS: u32 = 16;

/// How long a claim lasts: much longer than a try.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// How many old notices are deleted in one transaction.
const FORGET_AT_ONCE: u32 = 500;

/// Sends all due notices once. One that fails is due again later, until it was tried as often as allowed.
pub(crate) async fn deliver(control: &Control) -> Result<(), Error> {
    for _ in 0..ROUNDS {
        if !control.metadata().notice_is_due().await? {
            break;
        }
        let mut writer = control.metadata().begin().await?;
        let claimed = writer.notices_claim(AT_ONCE, LEASE).await?;
        writer.commit().await?;
        let tries = claimed.iter().map(|notice| attempt(control, notice));
        for tried in futures::future::join_all(tries).await {
            tried?;
        }
    }
    Ok(())
}

async fn attempt(control: &Control, notice: &Notice) -> Result<(), Error> {
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
    let mut writer = control.metadata().begin().await?;
    writer.notice_tried(notice, &Tried { answer, problem, wait }).await?;
    Ok(writer.commit().await?)
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
