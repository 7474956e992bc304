//! Failures for users: message, cause, next action.

use std::io;

use model::problem::{Problem, codes};
use model::size;

use super::{Error, listed, meaning};

/// Returns the problem for a number in a view (`RESULT`), without its sign; `None` for 0.
#[must_use]
pub fn problem_of_result(result: u64, said: &str, address: &model::cluster::Address) -> Option<Problem> {
    if result == 0 {
        return None;
    }
    let number = number_for_clients(result);
    let problem =
        Problem::outside(meaning::of(number, said).text).with("number", result).with("address", address);
    Some(if said.is_empty() { problem } else { problem.raw(crate::mask::mask(said)) })
}

/// Converts one of OceanBase's own numbers, which views show, into the number that clients get. Most are the same.
fn number_for_clients(own: u64) -> u16 {
    match own {
        4002 => 1210,
        4007 => 1235,
        4043 => 1045,
        5001 => 1064,
        5019 => 1146,
        5024 => 1062,
        5034 => 1410,
        5036 => 1227,
        5065 => 1317,
        5066 => 1094,
        5100 => 1193,
        5154 => 1049,
        5200 => 1232,
        5209 => 1298,
        5217 => 1054,
        5241 => 1525,
        5264 => 1396,
        other => u16::try_from(other).unwrap_or(u16::MAX),
    }
}

impl Error {
    /// Returns the failure for display: message, cause, next action.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let problem = self.words();
        match self.address() {
            Some(address) => problem.with("address", address),
            None => problem,
        }
    }

    fn words(&self) -> Problem {
        match self {
            Self::UnknownHost { cause, .. } => Problem::outside("database-host-unknown").raw(cause),
            Self::AddressRefused { ip, .. } => Problem::outside("database-address-refused").with("ip", ip),
            Self::AnswerTooLarge { statement, limit, setting, .. } => {
                Problem::outside("database-answer-too-large")
                    .with("limit", size::bytes(u64::try_from(*limit).unwrap_or(u64::MAX)))
                    .with("setting", setting)
                    .with("statement", statement)
            }
            Self::Unreachable { cause, .. } if cause.kind() == io::ErrorKind::ConnectionRefused => {
                Problem::outside("database-refuses-connections").raw(cause)
            }
            Self::Unreachable { cause, .. } => Problem::outside("database-unreachable").raw(cause),
            Self::Silent { after, accepts, .. } => {
                let id = if *accepts { "database-speechless" } else { "database-silent" };
                Problem::outside(id).with("after", size::span(*after))
            }
            Self::NotMysql { greeting, .. } => {
                greeting.iter().fold(Problem::outside("database-not-mysql"), Problem::raw)
            }
            Self::Tls { cause, .. } => Problem::outside("database-tls").raw(cause),
            Self::UnknownAuthentication { method, .. } => {
                Problem::outside("database-authentication-unknown").with("method", method)
            }
            Self::AccessDenied { user, with_password, is_mariadb, text, .. } => {
                // Texts about tenants must not be shown to a user of MariaDB.
                let id = match (*is_mariadb, *with_password) {
                    (true, true) => "database-access-denied-mariadb",
                    (true, false) => "database-access-denied-mariadb-bare",
                    (false, true) => "database-access-denied",
                    (false, false) => "database-access-denied-bare",
                };
                Problem::outside(id).with("user", user).raw(text)
            }
            Self::UnknownServer { found, .. } => {
                Problem::refused(codes::INVALID, "database-unknown").with("found", found)
            }
            Self::NotSupported { problem, .. } => (**problem).clone(),
            Self::NoneAnswered { reasons } => {
                let each: Vec<_> = reasons.iter().map(|reason| reason.problem().to_string()).collect();
                Problem::outside("database-none-answers")
                    .with("addresses", listed(reasons))
                    .raw(each.join("; "))
            }
            Self::Server { number, text, .. } => {
                Problem::outside(meaning::of(*number, text).text).with("number", number).raw(text)
            }
            Self::TimedOut { after, statement, .. } => Problem::outside("database-timed-out")
                .with("after", size::span(*after))
                .with("statement", statement),
            Self::Broken { cause, .. } => {
                cause.iter().fold(Problem::outside("database-connection-lost"), Problem::raw)
            }
            Self::UnexpectedAnswer { statement, column, expected, found } => {
                Problem::outside("database-answer-unexpected")
                    .with("statement", statement)
                    .with("column", column)
                    .with("expected", expected)
                    .with("found", found)
            }
        }
    }
}
