//! A web address that receives notices.

use crate::problem::Problem;
use crate::secret::Secret;

/// The most headers of a webhook.
const HEADERS_MAX: usize = 16;

/// The most characters of a header's value, and of a signature's secret.
const VALUE_MAX: usize = 4_096;

/// The headers that Lifeboat or the protocol sets.
const OWN_HEADERS: [&str; 8] = [
    "host",
    "content-length",
    "content-type",
    "connection",
    "transfer-encoding",
    "te",
    "upgrade",
    "user-agent",
];

/// The prefix of the headers that Lifeboat adds to each notice.
const OWN_PREFIX: &str = "lifeboat-";

/// A web address. The headers and the signature belong to the URL: another URL needs them again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The URL.
    pub url: Secret,
    /// The names and values of its headers.
    pub headers: Vec<(String, Secret)>,
    /// The secret of the signature, if notices are signed.
    pub signature: Option<Secret>,
}

/// The changes of a web address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookChange {
    /// Its new URL. Then the stored headers and the stored signature do not stay.
    pub url: Option<Secret>,
    /// All headers.
    pub headers: Option<Vec<(String, Secret)>>,
    /// The secret of the signature; `Some(None)` removes it.
    pub signature: Option<Option<Secret>>,
}

impl Webhook {
    /// Checks the headers and the secret of the signature.
    ///
    /// # Errors
    /// Refuses too many headers, headers that Lifeboat sets, malformed names, and values with other than visible
    /// characters or blanks.
    pub fn check(&self) -> Result<(), Problem> {
        if self.headers.len() > HEADERS_MAX {
            return Err(Problem::invalid("channel-headers-too-many").with("most", HEADERS_MAX));
        }
        for (at, (name, value)) in self.headers.iter().enumerate() {
            let lower = name.to_ascii_lowercase();
            let is_token = !name.is_empty()
                && name.len() <= 128
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            let is_own = OWN_HEADERS.contains(&lower.as_str()) || lower.starts_with(OWN_PREFIX);
            let is_twice = self.headers[..at].iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
            if !is_token || is_own || is_twice {
                return Err(Problem::invalid("channel-header-name-malformed").with("header", name));
            }
            let is_visible = value.expose().bytes().all(|byte| (b' '..=b'~').contains(&byte));
            if !is_visible || value.is_empty() || value.expose().len() > VALUE_MAX {
                return Err(Problem::invalid("channel-header-value-malformed").with("header", name));
            }
        }
        match &self.signature {
            Some(secret) if !(16..=VALUE_MAX).contains(&secret.expose().len()) => {
                Err(Problem::invalid("channel-signature-malformed").with("least", 16).with("most", VALUE_MAX))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn changed(self, change: &WebhookChange) -> Result<Self, Problem> {
        let moves = change.url.as_ref().is_some_and(|url| *url != self.url);
        let lacks_headers = !self.headers.is_empty() && change.headers.is_none();
        let lacks_signature = self.signature.is_some() && change.signature.is_none();
        if moves && (lacks_headers || lacks_signature) {
            return Err(Problem::invalid("channel-secrets-needed"));
        }
        Ok(Self {
            url: change.url.clone().unwrap_or(self.url),
            headers: change.headers.clone().unwrap_or(self.headers),
            signature: change.signature.clone().unwrap_or(self.signature),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Webhook;
    use crate::secret::Secret;

    #[test]
    fn only_headers_that_belong_to_the_user_are_accepted() {
        let check = |headers: &[(&str, &str)], signature: Option<&str>| {
            let headers =
                headers.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
            let signature = signature.map(Secret::new);
            Webhook { url: Secret::new("https://h/"), headers, signature }.check()
        };
        assert!(check(&[("Authorization", "Bearer x"), ("X-Team", "dba")], Some(&"s".repeat(16))).is_ok());
        let long = "x".repeat(4_097);
        let wrong = [
            ("", "x"),
            ("a b", "x"),
            ("a:b", "x"),
            ("Host", "x"),
            ("content-type", "x"),
            ("Lifeboat-Event", "x"),
            ("A", ""),
            ("A", "x\r\nB: y"),
            ("A", "é"),
            ("A", long.as_str()),
        ];
        for (name, value) in wrong {
            assert!(check(&[(name, value)], None).is_err(), "{name:?} {value:?}");
        }
        assert!(check(&[("A", "x"), ("a", "y")], None).is_err(), "twice");
        assert!(check(&[], Some("too short")).is_err());
    }
}
