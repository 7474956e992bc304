//! The errors of a storage, and their meaning.

use std::io;

use model::Problem;
use model::problem::codes;
use rustix::io::Errno;

/// A storage operation failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} `{place}`: {kind}")]
pub struct Error {
    kind: ErrorKind,
    verb: &'static str,
    place: String,
    #[source]
    cause: Option<io::Error>,
}

/// The meaning of a storage error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is nothing with that name.
    #[error("it does not exist")]
    Missing,
    /// The file system is mounted read-only.
    #[error("the file system is read-only")]
    ReadOnly,
    /// The user that this server runs as lacks the permission.
    #[error("permission is denied")]
    Denied,
    /// No space is left.
    #[error("the storage is full")]
    Full,
    /// The user's or directory's quota is used up.
    #[error("the quota is used up")]
    Quota,
    /// The path contains a symbolic link, which is not followed.
    #[error("it is a symbolic link, which Lifeboat does not follow")]
    SymbolicLink,
    /// What should be a directory is something else.
    #[error("it is not a directory")]
    NotADirectory,
    /// What should be a file is something else.
    #[error("it is not a file")]
    NotAFile,
    /// The directory is not below a root that an administrator allows.
    #[error("it is outside the allowed directories")]
    OutsideRoots {
        /// The allowed roots.
        roots: Vec<String>,
    },
    /// The directory is another program's backup destination.
    #[error("it is in a backup destination of an OceanBase cluster")]
    InsideDestination,
    /// The configuration names a root that cannot be one.
    #[error("it is not an absolute path without `..`")]
    RootMalformed,
    /// An object cannot have this name.
    #[error("objects cannot have that name")]
    KeyMalformed,
    /// The object is larger than the caller allows.
    #[error("it has {found} bytes, more than the {limit} expected")]
    TooLarge {
        /// Its size, in bytes.
        found: u64,
        /// The allowed size, in bytes.
        limit: u64,
    },
    /// There are more objects than a listing may contain.
    #[error("it contains more than {limit} objects")]
    TooMany {
        /// The maximum number of objects in a listing.
        limit: usize,
    },
    /// The content that was read back differs from what was written.
    #[error("its contents differ from what was written")]
    Altered,
    /// The bucket or container does not exist.
    #[error("the bucket does not exist")]
    BucketMissing,
    /// The service does not know the access key, or the secret is wrong.
    #[error("the service does not accept the access key")]
    KeyRefused,
    /// An object storage needs an access key and its secret.
    #[error("the access key or its secret is missing")]
    KeyMissing,
    /// The secret of a Google Cloud storage is not the key file of its account.
    #[error("the secret is not the key file of that service account")]
    KeyFileMalformed,
    /// The endpoint is not a valid address.
    #[error("it is not an address of a service")]
    EndpointMalformed,
    /// The answer of an object store is larger than the limit.
    #[error("the answer has more than {limit} bytes")]
    AnswerTooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The endpoint is a refused address: a link-local one, a cloud's metadata service, or one that the configuration
    /// refuses.
    #[error("requests to that address are not allowed")]
    AddressRefused,
    /// This server's clock and the service's differ too much.
    #[error("this server's clock differs too much from the service's")]
    ClockWrong,
    /// The object may not be changed or deleted yet.
    #[error("it is locked against changes")]
    Locked,
    /// The access key is valid, but has no permission for this.
    #[error("the access key has no right to do that")]
    Forbidden,
    /// A transient failure of disk or network.
    #[error("the storage does not answer properly")]
    Passing,
    /// Any other failure of disk or network.
    #[error("the storage answers with an error")]
    Other,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, verb: &'static str, place: &str) -> Self {
        Self { kind, verb, place: place.to_owned(), cause: None }
    }

    pub(crate) fn io(verb: &'static str, place: &str, cause: impl Into<io::Error>) -> Self {
        let cause = cause.into();
        Self { kind: meaning(&cause), verb, place: place.to_owned(), cause: Some(cause) }
    }

    /// Adds the cause.
    pub(crate) fn because(self, cause: io::Error) -> Self {
        Self { cause: Some(cause), ..self }
    }

    /// Returns its meaning.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Returns the affected file, directory or object.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Returns whether a later retry may help without any action.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind == ErrorKind::Passing
    }

    /// Returns the error as a message for users.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let plain = |id| Problem::outside(id).coded(codes::STORAGE_INACCESSIBLE).with("place", &self.place);
        let problem = match &self.kind {
            ErrorKind::Missing => plain("storage-missing"),
            ErrorKind::ReadOnly => plain("storage-read-only"),
            ErrorKind::Denied => plain("storage-denied"),
            ErrorKind::Full => plain("storage-full"),
            ErrorKind::Quota => plain("storage-quota"),
            ErrorKind::SymbolicLink => plain("storage-symbolic-link"),
            ErrorKind::NotADirectory => plain("storage-not-a-directory"),
            ErrorKind::NotAFile => plain("storage-not-a-file"),
            ErrorKind::OutsideRoots { roots } => Problem::invalid("storage-outside-roots")
                .with("place", &self.place)
                .with("roots", if roots.is_empty() { "-".to_owned() } else { roots.join(", ") }),
            ErrorKind::InsideDestination => {
                Problem::invalid("storage-inside-destination").with("place", &self.place)
            }
            ErrorKind::RootMalformed => Problem::invalid("storage-root-malformed").with("place", &self.place),
            ErrorKind::KeyMalformed => Problem::invalid("storage-key-malformed").with("place", &self.place),
            ErrorKind::TooLarge { found, limit } => {
                plain("storage-object-too-large").with("found", found).with("limit", limit)
            }
            ErrorKind::TooMany { limit } => plain("storage-too-many-objects").with("limit", limit),
            ErrorKind::AnswerTooLarge { limit } => plain("storage-answer-too-large").with("limit", limit),
            ErrorKind::Altered => plain("storage-altered"),
            ErrorKind::BucketMissing => plain("storage-bucket-absent"),
            ErrorKind::KeyRefused => plain("storage-key-refused"),
            ErrorKind::KeyMissing => plain("storage-key-missing"),
            ErrorKind::KeyFileMalformed => plain("storage-key-file-malformed"),
            ErrorKind::EndpointMalformed => {
                Problem::invalid("storage-endpoint-malformed").with("endpoint", &self.place)
            }
            ErrorKind::AddressRefused => {
                Problem::invalid("storage-address-refused").with("endpoint", &self.place)
            }
            ErrorKind::ClockWrong => plain("storage-clock-wrong"),
            ErrorKind::Locked => plain("storage-locked"),
            ErrorKind::Forbidden => plain("storage-forbidden"),
            ErrorKind::Passing => plain("storage-passing"),
            ErrorKind::Other => plain("storage-other"),
        };
        match &self.cause {
            Some(cause) => problem.raw(cause),
            None => problem,
        }
    }
}

/// Returns the meaning of an operating system error for a storage.
fn meaning(cause: &io::Error) -> ErrorKind {
    match Errno::from_io_error(cause) {
        Some(Errno::NOENT) => ErrorKind::Missing,
        Some(Errno::ROFS) => ErrorKind::ReadOnly,
        Some(Errno::ACCESS | Errno::PERM) => ErrorKind::Denied,
        Some(Errno::NOSPC) => ErrorKind::Full,
        Some(Errno::DQUOT) => ErrorKind::Quota,
        Some(Errno::LOOP) => ErrorKind::SymbolicLink,
        Some(Errno::NOTDIR) => ErrorKind::NotADirectory,
        Some(Errno::ISDIR) => ErrorKind::NotAFile,
        Some(Errno::NAMETOOLONG) => ErrorKind::KeyMalformed,
        Some(
            Errno::IO
            | Errno::INTR
            | Errno::AGAIN
            | Errno::BUSY
            | Errno::STALE
            | Errno::TIMEDOUT
            | Errno::CONNRESET
            | Errno::CONNREFUSED
            | Errno::NOTCONN
            | Errno::HOSTDOWN
            | Errno::HOSTUNREACH
            | Errno::NETDOWN
            | Errno::NETUNREACH
            | Errno::NFILE
            | Errno::MFILE
            | Errno::NOMEM
            | Errno::NOLCK,
        ) => ErrorKind::Passing,
        _ => ErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use model::text::{Language, has_problem};

    use super::{Error, ErrorKind};

    fn every_kind() -> Vec<ErrorKind> {
        vec![
            ErrorKind::Missing,
            ErrorKind::ReadOnly,
            ErrorKind::Denied,
            ErrorKind::Full,
            ErrorKind::Quota,
            ErrorKind::SymbolicLink,
            ErrorKind::NotADirectory,
            ErrorKind::NotAFile,
            ErrorKind::OutsideRoots { roots: vec!["/backup".into(), "/data".into()] },
            ErrorKind::OutsideRoots { roots: vec![] },
            ErrorKind::InsideDestination,
            ErrorKind::RootMalformed,
            ErrorKind::KeyMalformed,
            ErrorKind::TooLarge { found: 9, limit: 8 },
            ErrorKind::TooMany { limit: 7 },
            ErrorKind::Altered,
            ErrorKind::BucketMissing,
            ErrorKind::KeyRefused,
            ErrorKind::KeyMissing,
            ErrorKind::KeyFileMalformed,
            ErrorKind::EndpointMalformed,
            ErrorKind::AddressRefused,
            ErrorKind::AnswerTooLarge { limit: 6 },
            ErrorKind::ClockWrong,
            ErrorKind::Locked,
            ErrorKind::Forbidden,
            ErrorKind::Passing,
            ErrorKind::Other,
        ]
    }

    #[test]
    fn every_error_has_words_without_a_gap_in_both_languages() {
        for kind in every_kind() {
            let text = Error::new(kind.clone(), "write", "/backup/x").problem().text;
            assert!(has_problem(&text.id), "{}", text.id);
            for language in [Language::En, Language::Zh] {
                let words = [Some(text.message(language)), text.cause(language), text.action(language)];
                assert!(!words.iter().flatten().any(|words| words.contains('{')), "{kind:?}: {words:?}");
            }
        }
    }

    #[test]
    fn only_what_passes_by_itself_is_tried_again() {
        let cases =
            [(5, true), (116, true), (110, true), (28, false), (30, false), (13, false), (122, false)];
        for (number, transient) in cases {
            let error = Error::io("write", "/backup/x", io::Error::from_raw_os_error(number));
            assert_eq!(error.is_transient(), transient, "{error:?}");
        }
    }

    #[test]
    fn a_message_does_not_repeat_its_cause() {
        let error = Error::io("write", "/backup/x", io::Error::from_raw_os_error(28));
        assert_eq!(error.to_string(), "cannot write `/backup/x`: the storage is full");
        assert_eq!(*error.kind(), ErrorKind::Full);
    }
}
