//! Sends a notice to a web address.

use metadata::notices::Tried;
use model::Secret;
use model::channel::{Notice, Webhook};
use model::text::Text;
use ring::hmac;
use storage::post::{Message, PostError};

use crate::context::Control;
use crate::error::Error;

/// Posts a notice once, with its number and signature.
pub(super) async fn send(control: &Control, notice: &Notice, webhook: Webhook) -> Result<Tried, Error> {
    let time_s = control.metadata().now().await?.0 / 1_000_000;
    let Webhook { url, mut headers, signature } = webhook;
    headers.push(("Lifeboat-Notice".to_owned(), Secret::new(notice.id.to_string())));
    headers.push(("Lifeboat-Try".to_owned(), Secret::new(notice.tries.to_string())));
    if let Some(secret) = &signature {
        headers.push(("Lifeboat-Signature".to_owned(), Secret::new(signed(secret, time_s, &notice.body))));
    }
    let message = Message { url, headers, body: notice.body.clone() };
    Ok(match control.context.rules.post(message).await {
        Ok(status) => Tried { answer: Some(status), problem: None, left_out: None, wait: None },
        Err(error) => {
            let (answer, problem) = explained(&error);
            Tried { answer, problem: Some(problem), left_out: None, wait: None }
        }
    })
}

/// Returns the signature of a message: the time, and the HMAC-SHA256 of the time, a dot and the text.
fn signed(secret: &Secret, time_s: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let tag = hmac::sign(&key, format!("{time_s}.{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={time_s},v1={hex}")
}

/// Returns the status of an answer, and why the notice was not delivered.
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

#[cfg(test)]
mod tests {
    use model::Secret;

    use super::signed;

    #[test]
    fn a_receiver_can_compute_the_signature() {
        // Computed with: printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
        let signature = signed(&Secret::new("0123456789abcdef"), 1_700_000_000, r#"{"a":1}"#);
        assert_eq!(
            signature,
            "t=1700000000,v1=9eb18f493f8ec135d9eb2dad817c369bb4e9cbfa818657897a7437c1cd8c3a23"
        );
    }
}
