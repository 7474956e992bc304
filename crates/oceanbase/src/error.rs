//! The errors of connections and statements, with their meaning: cause, next action, and whether to retry.
//!
//! The table in [`meaning`] maps the server's error numbers to problems; their texts are in `model/texts`.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use model::cluster::Address;
use model::problem::Problem;
use model::size;

use crate::mask;
use crate::statement::Statement;
use crate::wire::{Failure, Refusal, TooLarge};

mod meaning;
mod problem;

pub use problem::problem_of_result;

/// The server's error number for a missing table or view.
pub(crate) const NO_SUCH_TABLE: u16 = 1146;

/// How many characters of a statement or value an error shows.
const SHOWN_CHARACTERS: usize = 200;

/// A failure of a connection or statement.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host name resolves to no address.
    #[error("the host of {address} is not known")]
    UnknownHost {
        /// The address as it was given.
        address: Address,
        /// The resolver's message.
        #[source]
        cause: io::Error,
    },
    /// The host name resolves to a forbidden address.
    #[error("{address} leads to {ip}, which is refused")]
    AddressRefused {
        /// The address as it was given.
        address: Address,
        /// The resolved address.
        ip: IpAddr,
    },
    /// The connection could not be established.
    #[error("can't connect to {address}")]
    Unreachable {
        /// The server.
        address: Address,
        /// The system's message.
        #[source]
        cause: io::Error,
    },
    /// The peer does not answer, or it accepts the connection and then sends nothing, like a hanging server.
    #[error("{address} did not answer within {}", size::span(*after))]
    Silent {
        /// The server.
        address: Address,
        /// How long we waited.
        after: Duration,
        /// Whether the connection is accepted.
        accepts: bool,
    },
    /// The peer answers, but it is not a MySQL server.
    #[error("{address} does not speak the MySQL protocol")]
    NotMysql {
        /// The server.
        address: Address,
        /// Its first line, if readable.
        greeting: Option<String>,
    },
    /// The encrypted connection could not be established.
    #[error("no encrypted connection to {address}: {cause}")]
    Tls {
        /// The server.
        address: Address,
        /// What was wrong.
        cause: String,
    },
    /// The server requires an unknown authentication method.
    #[error("{address} asks for the authentication method {method}")]
    UnknownAuthentication {
        /// The server.
        address: Address,
        /// The method.
        method: String,
    },
    /// The server refused the user's name or password.
    #[error("{address} refused the user {user}")]
    AccessDenied {
        /// The server.
        address: Address,
        /// The user.
        user: String,
        /// Whether a password was given.
        with_password: bool,
        /// Whether the server called itself a MariaDB before it refused.
        is_mariadb: bool,
        /// The server's message.
        text: String,
    },
    /// The server speaks the protocol but is not a known product.
    #[error("{address} is neither an OceanBase nor a MySQL: {found}")]
    UnknownServer {
        /// The server.
        address: Address,
        /// The server's description of itself.
        found: String,
    },
    /// The server cannot be taken over: MySQL, MariaDB, or an OceanBase version without backup.
    #[error("{address} can't be taken over")]
    NotSupported {
        /// The server.
        address: Address,
        /// Why.
        #[source]
        problem: Box<Problem>,
    },
    /// No address answered.
    #[error("none of the addresses {} answered", listed(reasons))]
    NoneAnswered {
        /// The error of each address.
        reasons: Vec<Error>,
    },
    /// The server refused a statement, or a log-on for another reason than the password.
    #[error("ERROR {number} ({sqlstate}) from {address}: {text}")]
    Server {
        /// The server.
        address: Address,
        /// The statement without its secrets; empty for a log-on.
        statement: String,
        /// The server's number.
        number: u16,
        /// The error's SQLSTATE.
        sqlstate: String,
        /// The server's message, without secrets.
        text: String,
    },
    /// The server did not answer a statement in time. It is unknown how much of the statement took effect.
    #[error("{address} did not answer within {} to: {statement}", size::span(*after))]
    TimedOut {
        /// The server.
        address: Address,
        /// The statement without its secrets.
        statement: String,
        /// How long we waited.
        after: Duration,
    },
    /// The connection was lost. It is unknown how much of the statement took effect.
    #[error("lost the connection to {address} at: {statement}")]
    Broken {
        /// The server.
        address: Address,
        /// The statement without its secrets.
        statement: String,
        /// What went wrong; `None` when the connection was closed before this statement.
        #[source]
        cause: Option<io::Error>,
    },
    /// The server's answer exceeds the limit.
    #[error("{address} sent more than {} in answer to: {statement}", size::bytes(*limit as u64))]
    AnswerTooLarge {
        /// The server.
        address: Address,
        /// The statement without its secrets.
        statement: String,
        /// The limit in bytes.
        limit: usize,
        /// The setting of the limit.
        setting: &'static str,
    },
    /// The server's answer has an unexpected value.
    #[error("expected {expected} in column {column}, found {found}, in the answer to: {statement}")]
    UnexpectedAnswer {
        /// The statement without its secrets.
        statement: String,
        /// The column.
        column: String,
        /// The expected value.
        expected: &'static str,
        /// The found value.
        found: String,
    },
}

impl Error {
    /// Returns the server's error number, if the server refused.
    #[must_use]
    pub fn number(&self) -> Option<u16> {
        match self {
            Self::Server { number, .. } => Some(*number),
            Self::NoneAnswered { reasons } => reasons.last().and_then(Self::number),
            _ => None,
        }
    }

    /// Returns whether it is a server error with that number whose message contains those words.
    pub(crate) fn is_refusal(&self, of: u16, words: &str) -> bool {
        match self {
            Self::Server { number, text, .. } => *number == of && text.contains(words),
            Self::NoneAnswered { reasons } => reasons.last().is_some_and(|last| last.is_refusal(of, words)),
            _ => false,
        }
    }

    /// Returns whether the same attempt may succeed a little later, without a change by a user.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Silent { .. } | Self::TimedOut { .. } | Self::Broken { .. } => {
                true
            }
            Self::UnknownHost { cause, .. } => {
                cause.kind() == io::ErrorKind::TimedOut || cause.to_string().contains("Temporary failure")
            }
            Self::Server { number, .. } => meaning::of_number(*number).retry != meaning::Retry::Never,
            Self::NoneAnswered { reasons } => reasons.iter().any(Self::is_transient),
            Self::NotMysql { .. }
            | Self::Tls { .. }
            | Self::UnknownAuthentication { .. }
            | Self::AccessDenied { .. }
            | Self::UnknownServer { .. }
            | Self::NotSupported { .. }
            | Self::AddressRefused { .. }
            | Self::AnswerTooLarge { .. }
            | Self::UnexpectedAnswer { .. } => false,
        }
    }

    /// Returns whether the cause is in the server, so that the error says nothing about the statement.
    #[must_use]
    pub fn is_of_server(&self) -> bool {
        self.number().is_some_and(meaning::is_of_server)
    }

    /// Returns whether the server refused because the user lacks a privilege.
    pub(crate) fn is_about_privileges(&self) -> bool {
        self.number().is_some_and(|number| meaning::of_number(number).text == "database-privilege-missing")
    }

    /// Returns whether the error concerns only this server, so that another server of the cluster may succeed.
    pub(crate) fn is_about_one_server(&self) -> bool {
        match self {
            Self::UnknownHost { .. } | Self::AddressRefused { .. } | Self::NotMysql { .. } => true,
            Self::Server { number, .. } => meaning::of_number(*number).retry == meaning::Retry::Elsewhere,
            error => error.is_transient(),
        }
    }

    /// Returns whether the connection is usable after this error.
    pub(crate) fn leaves_connection(&self) -> bool {
        self.number().is_some_and(meaning::leaves_connection)
    }

    pub(crate) fn none_answered(mut reasons: Vec<Self>) -> Self {
        if reasons.len() == 1 { reasons.remove(0) } else { Self::NoneAnswered { reasons } }
    }

    /// Returns the error for a refused log-on.
    pub(crate) fn of_log_on(
        refusal: Refusal,
        user: &str,
        with_password: bool,
        is_mariadb: bool,
        address: Address,
    ) -> Self {
        let Refusal { number, sqlstate, text } = refusal;
        match number {
            meaning::ACCESS_DENIED => {
                Self::AccessDenied { address, user: user.to_owned(), with_password, is_mariadb, text }
            }
            _ => Self::Server { address, statement: String::new(), number, sqlstate, text },
        }
    }

    /// Returns the error for a failed statement.
    pub(crate) fn of_statement(failure: Failure, statement: &Statement, server: &Address) -> Self {
        let (address, masked) = (server.clone(), shortened(&statement.masked));
        match failure {
            Failure::Refused(Refusal { number, sqlstate, text }) => Self::Server {
                address,
                statement: masked,
                number,
                sqlstate,
                text: shortened(&mask::mask_echo(&text, statement)),
            },
            Failure::Lost(cause) => match TooLarge::of(&cause) {
                Some(&TooLarge { limit, setting }) => {
                    Self::AnswerTooLarge { address, statement: masked, limit, setting }
                }
                None => Self::Broken { address, statement: masked, cause: Some(cause) },
            },
        }
    }

    pub(crate) fn timed_out(statement: &Statement, server: &Address, after: Duration) -> Self {
        Self::TimedOut { address: server.clone(), statement: shortened(&statement.masked), after }
    }

    /// Returns the error for a connection that was closed before this statement.
    pub(crate) fn broken(statement: &Statement, server: &Address) -> Self {
        Self::Broken { address: server.clone(), statement: shortened(&statement.masked), cause: None }
    }

    /// Returns the error for an answer without the required rows.
    pub(crate) fn no_rows(statement: &Statement) -> Self {
        Self::UnexpectedAnswer {
            statement: shortened(&statement.masked),
            column: "1".to_owned(),
            expected: "a row",
            found: "none".to_owned(),
        }
    }
}

fn listed(reasons: &[Error]) -> String {
    reasons.iter().filter_map(Error::address).map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Error {
    fn address(&self) -> Option<&Address> {
        match self {
            Self::UnknownHost { address, .. }
            | Self::AddressRefused { address, .. }
            | Self::AnswerTooLarge { address, .. }
            | Self::Unreachable { address, .. }
            | Self::Silent { address, .. }
            | Self::NotMysql { address, .. }
            | Self::Tls { address, .. }
            | Self::UnknownAuthentication { address, .. }
            | Self::AccessDenied { address, .. }
            | Self::UnknownServer { address, .. }
            | Self::NotSupported { address, .. }
            | Self::Server { address, .. }
            | Self::TimedOut { address, .. }
            | Self::Broken { address, .. } => Some(address),
            Self::NoneAnswered { .. } | Self::UnexpectedAnswer { .. } => None,
        }
    }
}

/// Truncates a long text.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use model::cluster::Address;
    use model::problem::Problem;
    use model::text::Language;

    use super::{Error, SHOWN_CHARACTERS, shortened};
    use crate::statement::Statement;

    fn one_of_each() -> Vec<Error> {
        let address = Address { host: "db1".into(), port: 2881 };
        let at = || address.clone();
        let text = || "x".to_owned();
        let cause = || io::Error::from(io::ErrorKind::HostUnreachable);
        let statement = Statement::read("SELECT 1");
        let denied = |is_mariadb, with_password| {
            let (address, user, text) = (at(), text(), text());
            Error::AccessDenied { address, user, with_password, is_mariadb, text }
        };
        vec![
            Error::UnknownHost { address: at(), cause: cause() },
            Error::AddressRefused { address: at(), ip: [169, 254, 169, 254].into() },
            Error::AnswerTooLarge {
                address: at(),
                statement: text(),
                limit: 1 << 20,
                setting: "limits.row_mib",
            },
            Error::Unreachable { address: at(), cause: cause() },
            Error::Unreachable { address: at(), cause: io::Error::from(io::ErrorKind::ConnectionRefused) },
            Error::Silent { address: at(), after: Duration::from_secs(5), accepts: false },
            Error::Silent { address: at(), after: Duration::from_secs(5), accepts: true },
            Error::NotMysql { address: at(), greeting: Some(text()) },
            Error::Tls { address: at(), cause: text() },
            Error::UnknownAuthentication { address: at(), method: text() },
            denied(true, true),
            denied(true, false),
            denied(false, true),
            denied(false, false),
            Error::UnknownServer { address: at(), found: text() },
            Error::NotSupported {
                address: at(),
                problem: Box::new(Problem::invalid("not-an-oceanbase").with("found", 1)),
            },
            Error::NoneAnswered {
                reasons: vec![Error::Silent { address: at(), after: Duration::ZERO, accepts: false }],
            },
            Error::Server { address: at(), statement: text(), number: 9999, sqlstate: text(), text: text() },
            Error::timed_out(&statement, &address, Duration::from_secs(1)),
            Error::broken(&statement, &address),
            Error::no_rows(&statement),
        ]
    }

    #[test]
    fn every_failure_has_complete_texts_in_both_languages() {
        for error in one_of_each() {
            let text = error.problem().text;
            assert!(model::text::has_problem(&text.id), "{} is in no catalogue", text.id);
            for language in [Language::En, Language::Zh] {
                let parts = [Some(text.message(language)), text.cause(language), text.action(language)];
                assert!(parts[2].is_some(), "{} says what to do", text.id);
                for part in parts.into_iter().flatten() {
                    assert!(!part.contains('{'), "{}: {part}", text.id);
                }
            }
        }
    }

    #[test]
    fn a_message_never_repeats_its_source() {
        for error in one_of_each() {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            if let Some(source) = source {
                assert!(!error.to_string().contains(&source), "{error}");
            }
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "表".repeat(SHOWN_CHARACTERS + 1);
        assert_eq!(shortened(&long), format!("{}…", "表".repeat(SHOWN_CHARACTERS)));
        assert_eq!(shortened("short"), "short");
    }
}
