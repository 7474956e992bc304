//! Sends a notice as an e-mail.

use std::time::{Duration, SystemTime};

use metadata::notices::Tried;
use model::channel::email::Letter;
use model::channel::{Email, Notice};
use model::text::Text;
use storage::mail::{LeftOut, MailError, Postmark, Reply};

use crate::context::Control;

/// Hands a notice over to the mail server once. Each try has the same number, so that mail programs recognize a
/// repeated one.
pub(super) async fn send(control: &Control, notice: &Notice, email: &Email) -> Tried {
    let Some(letter) = Letter::from_json(&notice.body) else {
        let problem = Some(Text::new("notice-unreadable"));
        return Tried { answer: None, problem, left_out: None, wait: None };
    };
    let written_us = u64::try_from(notice.created.0).unwrap_or(0);
    let number = format!("lifeboat-{}-{written_us}", notice.id);
    let written = SystemTime::UNIX_EPOCH + Duration::from_micros(written_us);
    match control.context.rules.mail(email, &letter, &Postmark { number, written }).await {
        Ok(accepted) => {
            let left_out = |left_out: LeftOut| refused("notice-mail-recipients-left-out", left_out);
            let left_out = accepted.left_out.map(left_out);
            Tried { answer: Some(accepted.code), problem: None, left_out, wait: None }
        }
        Err(error) => {
            let (answer, problem) = explained(error, email);
            Tried { answer, problem: Some(problem), left_out: None, wait: None }
        }
    }
}

fn refused(id: &str, left_out: LeftOut) -> Text {
    let LeftOut { addresses, reply: Reply { code, text } } = left_out;
    let refused = Text::new(id).with("addresses", addresses.join(", ")).with("status", code);
    Text { raw: Some(text), ..refused }
}

/// Returns the code of the answer, and why the notice was not delivered.
fn explained(error: MailError, email: &Email) -> (Option<u16>, Text) {
    let of = |reply: Reply, text: Text| {
        (Some(reply.code), Text { raw: Some(reply.text), ..text.with("status", reply.code) })
    };
    let user = email.account.as_ref().map_or("", |account| account.user.as_str());
    let raw = |id: &str, raw: String| (None, Text { raw: Some(raw), ..Text::new(id) });
    match error {
        MailError::Refused(refused) => (None, Text::new("notice-address-refused").with("address", refused.0)),
        MailError::Late(seconds) => (None, Text::new("notice-mail-no-answer").with("seconds", seconds)),
        MailError::Connection(why) => raw("notice-no-connection", why),
        MailError::NoTls => (None, Text::new("notice-mail-no-tls")),
        MailError::Certificate(why) => raw("notice-mail-certificate", why),
        MailError::Tls(why) => raw("notice-mail-tls-failed", why),
        MailError::NoLogOn => (None, Text::new("notice-mail-log-on-not-offered")),
        MailError::LogOn(reply) => of(reply, Text::new("notice-mail-log-on-refused").with("user", user)),
        MailError::Sender(reply) => {
            of(reply, Text::new("notice-mail-sender-refused").with("address", &email.from))
        }
        MailError::Recipients(left_out) => {
            (Some(left_out.reply.code), refused("notice-mail-recipients-refused", left_out))
        }
        MailError::Reply(reply) => of(reply, Text::new("notice-mail-not-accepted")),
        MailError::Malformed(why) => raw("notice-mail-malformed-answer", why),
    }
}
