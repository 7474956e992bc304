//! The meaning of a service's answer. The kinds and codes follow the services' documentation; messages show the
//! answer without secrets.

use std::error::Error as _;
use std::fmt::Write as _;

use model::Secret;
use model::egress::Refused;
use opendal::ErrorKind as Kind;

use super::net::TooMuch;
use crate::error::{Error, ErrorKind};

/// The maximum number of characters of an answer that is shown.
const SHOWN_MAX: usize = 600;

/// Turns an answer into an error.
pub(super) fn error(
    verb: &'static str,
    place: &str,
    cause: &opendal::Error,
    secret: Option<&Secret>,
) -> Error {
    let words = without(secret, &words(cause));
    if source_of::<Refused>(cause).is_some() {
        return Error::new(ErrorKind::AddressRefused, verb, place).because(std::io::Error::other(words));
    }
    if let Some(TooMuch { limit }) = source_of(cause) {
        return Error::new(ErrorKind::AnswerTooLarge { limit: *limit }, verb, place);
    }
    Error::new(meaning(cause), verb, place).because(std::io::Error::other(words))
}

/// Turns the code of an answer that OpenDAL did not handle into an error.
pub(super) fn error_of_code(verb: &'static str, place: &str, status: u16, code: &str, words: &str) -> Error {
    let kind = of_code(code).unwrap_or(match status {
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::Missing,
        429 | 500 | 502..=504 => ErrorKind::Passing,
        _ => ErrorKind::Other,
    });
    Error::new(kind, verb, place).because(std::io::Error::other(words.to_owned()))
}

/// Returns whether the service gave a reason, which is impossible for a HEAD request.
pub(super) fn has_words(cause: &opendal::Error) -> bool {
    !cause.message().is_empty()
}

fn meaning(cause: &opendal::Error) -> ErrorKind {
    let message = cause.message();
    if let Some(kind) = codes(message).find_map(of_code) {
        return kind;
    }
    match cause.kind() {
        // Google Cloud has no separate code for a missing bucket.
        Kind::NotFound if message.contains("specified bucket does not exist") => ErrorKind::BucketMissing,
        Kind::NotFound => ErrorKind::Missing,
        Kind::PermissionDenied => ErrorKind::Forbidden,
        Kind::ConditionNotMatch => ErrorKind::Altered,
        Kind::RateLimited | Kind::Conflict => ErrorKind::Passing,
        _ => match status(cause) {
            Some(507) => ErrorKind::Full,
            Some(408 | 429 | 499 | 500 | 502..=504) => ErrorKind::Passing,
            Some(_) => ErrorKind::Other,
            None if is_about_signing(cause) => ErrorKind::KeyRefused,
            // There is no answer, or its end is missing.
            None if cause.is_temporary() || cause.is_persistent() => ErrorKind::Passing,
            None => ErrorKind::Other,
        },
    }
}

/// Returns the status of the answer, if there was one. OpenDAL has it only in its description.
fn status(cause: &opendal::Error) -> Option<u16> {
    let description = cause.to_string();
    let (_, rest) = description.split_once("response: Parts { status: ")?;
    rest.get(..3)?.parse().ok()
}

/// Returns the meaning of a service's code, if it says more than the status.
fn of_code(code: &str) -> Option<ErrorKind> {
    Some(match code {
        "NoSuchBucket" | "ContainerNotFound" | "ContainerBeingDeleted" => ErrorKind::BucketMissing,
        "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "AuthenticationFailed"
        | "InvalidSecurity"
        | "InvalidAuthenticationInfo"
        | "authError"
        | "invalid_grant"
        | "AuthorizationHeaderMalformed" => ErrorKind::KeyRefused,
        "RequestTimeTooSkewed" | "RequestExpired" => ErrorKind::ClockWrong,
        "QuotaExceeded" | "QuotaExceed" | "UserQuotaExceeded" => ErrorKind::Quota,
        "XMinioStorageFull" | "InsufficientStorage" | "InsufficientStorageSpace" => ErrorKind::Full,
        "FileImmutable"
        | "ObjectLocked"
        | "InvalidObjectState"
        | "BlobImmutableDueToPolicy"
        | "BlobImmutableDueToLegalHold"
        | "retentionPolicyNotMet"
        | "objectUnderActiveHold" => ErrorKind::Locked,
        _ => return None,
    })
}

/// Returns the codes in a message: OpenDAL prints a service's answer as `…Error { code: "…", …, reason: "…" }`.
fn codes(message: &str) -> impl Iterator<Item = &str> {
    ["code: \"", "reason: \""].into_iter().flat_map(move |begin| {
        message.match_indices(begin).filter_map(move |(place, _)| {
            message[place + begin.len()..].split_once('"').map(|(code, _)| code)
        })
    })
}

/// Returns whether the request could not even be signed, or a token for it was refused.
fn is_about_signing(cause: &opendal::Error) -> bool {
    let mut next: Option<&dyn std::error::Error> = cause.source();
    let mut text = cause.message().to_owned();
    while let Some(source) = next {
        let _ = write!(text, " {source}");
        next = source.source();
    }
    text.contains("sign") || text.contains("credential")
}

/// Returns the error of our own check of a request or an answer, if that is the cause.
fn source_of<E: std::error::Error + 'static>(cause: &opendal::Error) -> Option<&E> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = cause.source();
    while let Some(source) = next {
        if let Some(found) = source.downcast_ref() {
            return Some(found);
        }
        next = source.source();
    }
    None
}

/// How OpenDAL prints answers in a service's own format. It prints others unchanged.
const KNOWN_FORMS: [&str; 8] = [
    "S3Error {",
    "OssError {",
    "CosError {",
    "ObsError {",
    "AzblobError {",
    "GcsError",
    "[GcsErrorDetail",
    "[]", // of Google Cloud, without details
];

/// The prefix of OpenDAL's error for an unreadable answer.
const UNREADABLE: &str = "deserialize";

/// Returns the message of an answer, and its cause. Answers without a service's own form are not shown: a typed-in
/// endpoint may be anything, and its answer may contain a secret.
fn words(cause: &opendal::Error) -> String {
    let mut words = match (cause.message(), status(cause)) {
        ("", _) => cause.kind().to_string(),
        (message, _) if message.starts_with(UNREADABLE) => {
            return "the answer has a form that no object store sends".to_owned(); // the causes repeat its body
        }
        (message, Some(status)) if !KNOWN_FORMS.iter().any(|form| message.starts_with(form)) => {
            let bytes = message.len();
            return format!("the answer has status {status} and {bytes} bytes that no object store sends");
        }
        (message, _) => message.to_owned(),
    };
    let mut next = cause.source();
    while let Some(source) = next {
        let _ = write!(words, ": {source}");
        next = source.source();
    }
    words
}

/// Returns a text without the secret, also if it is part of a URL's query, and with a limited length.
fn without(secret: Option<&Secret>, words: &str) -> String {
    let mut words = words.replace('\n', " ");
    if let Some(secret) = secret.filter(|secret| !secret.is_empty()) {
        let encoded: String = url::form_urlencoded::byte_serialize(secret.expose().as_bytes()).collect();
        // A service may repeat a part of a SAS token; only its signature is secret.
        let signature = secret.expose().split('&').find_map(|part| part.split_once("sig=")).map(|(_, it)| it);
        for hidden in [Some(secret.expose()), Some(encoded.as_str()), signature].into_iter().flatten() {
            words = words.replace(hidden, "***");
        }
    }
    if let Some((end, _)) = words.char_indices().nth(SHOWN_MAX) {
        words.truncate(end);
        words.push('…');
    }
    words
}

#[cfg(test)]
mod tests {
    use model::Secret;
    use opendal::{Error as Answer, ErrorKind as Kind};

    use super::error;
    use crate::error::ErrorKind;

    #[test]
    fn the_code_of_an_answer_decides_its_meaning() {
        let cases = [
            (Kind::NotFound, r#"S3Error { code: "NoSuchKey", message: "x" }"#, ErrorKind::Missing),
            (Kind::ConfigInvalid, r#"S3Error { code: "NoSuchBucket" }"#, ErrorKind::BucketMissing),
            (Kind::NotFound, r#"OssError { code: "NoSuchBucket" }"#, ErrorKind::BucketMissing),
            (Kind::NotFound, r#"AzblobError { code: "ContainerNotFound" }"#, ErrorKind::BucketMissing),
            (Kind::PermissionDenied, r#"S3Error { code: "AccessDenied" }"#, ErrorKind::Forbidden),
            (Kind::PermissionDenied, r#"S3Error { code: "SignatureDoesNotMatch" }"#, ErrorKind::KeyRefused),
            (Kind::PermissionDenied, r#"CosError { code: "InvalidAccessKeyId" }"#, ErrorKind::KeyRefused),
            (Kind::PermissionDenied, r#"OssError { code: "RequestTimeTooSkewed" }"#, ErrorKind::ClockWrong),
            (Kind::Unexpected, r#"OssError { code: "FileImmutable" }"#, ErrorKind::Locked),
            (Kind::Unexpected, r#"AzblobError { code: "BlobImmutableDueToPolicy" }"#, ErrorKind::Locked),
            (
                Kind::PermissionDenied,
                r#"[GcsErrorDetail { reason: "retentionPolicyNotMet" }]"#,
                ErrorKind::Locked,
            ),
            (Kind::Unexpected, r#"S3Error { code: "XMinioStorageFull" }"#, ErrorKind::Full),
            (Kind::RateLimited, r#"S3Error { code: "SlowDown" }"#, ErrorKind::Passing),
        ];
        for (kind, message, expected) in cases {
            let found = error("write", "s3://b/x", &Answer::new(kind, message), None);
            assert_eq!(*found.kind(), expected, "{message}");
        }
        let cut = Answer::new(Kind::Unexpected, "send http request").set_temporary().set_persistent();
        assert!(
            error("write", "s3://b/x", &cut, None).is_transient(),
            "tried often enough, and may pass later"
        );
    }

    #[test]
    fn a_secret_that_the_service_repeats_is_not_shown() {
        let secret = Secret::new("sv=2024&sig=hunter2/+=");
        let message = "bad token sv=2024&sig=hunter2/+= or sv%3D2024%26sig%3Dhunter2%2F%2B%3D";
        let found = error("write", "azblob://b/x", &Answer::new(Kind::Unexpected, message), Some(&secret));
        let problem = found.problem();
        let shown = format!("{found} {found:?} {problem:?}");
        assert!(shown.contains("bad token") && !shown.contains("hunter2"), "{shown}");
    }
}
