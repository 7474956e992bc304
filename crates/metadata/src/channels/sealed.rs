//! The form in which the target of a channel is sealed.

use model::Secret;
use model::channel::{Email, MailAccount, MailTls, Target, Webhook};
use serde::{Deserialize, Serialize};

/// The first one has no word for its kind: it is older than the others.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Sealed {
    Webhook(SealedWebhook),
    Other(SealedOther),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedWebhook {
    url: String,
    headers: Vec<(String, String)>,
    signature: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
enum SealedOther {
    Email {
        host: String,
        port: u16,
        tls: MailTls,
        user: Option<String>,
        password: Option<String>,
        from: String,
        to: Vec<String>,
    },
}

/// Returns the text to seal.
pub(super) fn text(target: &Target) -> String {
    let text = |secret: &Secret| secret.expose().to_owned();
    let sealed = match target {
        Target::Webhook(Webhook { url, headers, signature }) => Sealed::Webhook(SealedWebhook {
            url: text(url),
            headers: headers.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
            signature: signature.as_ref().map(text),
        }),
        Target::Email(Email { host, port, tls, account, from, to }) => Sealed::Other(SealedOther::Email {
            host: host.clone(),
            port: *port,
            tls: *tls,
            user: account.as_ref().map(|account| account.user.clone()),
            password: account.as_ref().map(|account| text(&account.password)),
            from: from.clone(),
            to: to.clone(),
        }),
    };
    crate::sql::json(&sealed)
}

/// Reads a sealed text.
pub(super) fn target(text: &str) -> Option<Target> {
    Some(match serde_json::from_str(text).ok()? {
        Sealed::Webhook(SealedWebhook { url, headers, signature }) => Target::Webhook(Webhook {
            url: Secret::new(url),
            headers: headers.into_iter().map(|(name, value)| (name, Secret::new(value))).collect(),
            signature: signature.map(Secret::new),
        }),
        Sealed::Other(SealedOther::Email { host, port, tls, user, password, from, to }) => {
            let account = user.zip(password);
            let account =
                account.map(|(user, password)| MailAccount { user, password: Secret::new(password) });
            Target::Email(Email { host, port, tls, account, from, to })
        }
    })
}

#[cfg(test)]
mod tests {
    use model::Secret;
    use model::channel::{Email, MailAccount, MailTls, Target, Webhook};

    use super::{target, text};

    #[test]
    fn what_is_sealed_is_read_again_also_if_an_earlier_version_sealed_it() {
        let webhook = Webhook {
            url: Secret::new("https://h/x"),
            headers: vec![("A".into(), Secret::new("b"))],
            signature: Some(Secret::new("c")),
        };
        let earlier = r#"{"url":"https://h/x","headers":[["A","b"]],"signature":"c"}"#;
        assert_eq!(target(earlier), Some(webhook.clone().into()));
        assert_eq!(text(&webhook.into()), earlier, "an earlier version reads it, too");
        for account in [None, Some(MailAccount { user: "u".into(), password: Secret::new("p") })] {
            let tls = MailTls::Implicit;
            let to = vec!["c@d".into(), "e@f".into()];
            let email = Email { host: "h".into(), port: 465, tls, account, from: "a@b".into(), to };
            let email = Target::from(email);
            assert_eq!(target(&text(&email)), Some(email));
        }
        for broken in ["", "{}", r#"{"kind":"PIGEON"}"#] {
            assert_eq!(target(broken), None, "{broken}");
        }
    }
}
