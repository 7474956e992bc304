//! The check of a tenant's logical backup account: one line per check, with what is missing and how to fix it.
//!
//! It only reads. After a failed check, the later ones are skipped; after a warning, they run.

use std::sync::Arc;
use std::time::Instant;

use model::problem::{Problem, codes};
use model::tenant::TenantMode;
use model::version::ServerVersion;

use super::{Finding, Line, Verdict};
use crate::catalog;
use crate::connect::Endpoint;
use crate::error::Error;
use crate::grants::Grants;
use crate::login::Login;
use crate::session::Session;
use crate::snapshot;
use crate::statement::{Statement, Witness, identifier, literal};

/// The user may log on.
pub const LOG_ON: &str = "credential-log-on";
/// The tenant is in MySQL mode.
pub const MODE: &str = "credential-mode";
/// The user has the privileges.
pub const PRIVILEGES: &str = "credential-privileges";
/// A consistent snapshot can be read.
pub const SNAPSHOT: &str = "credential-snapshot";

/// The checks, in this order.
const CHECKS: [&str; 4] = [LOG_ON, MODE, PRIVILEGES, SNAPSHOT];

/// The privileges that a backup needs to read everything. Without TRIGGER the server shows no triggers, and without
/// EXECUTE no procedures and functions; it reports no error.
const NEEDED: [&str; 4] = ["SELECT", "SHOW VIEW", "TRIGGER", "EXECUTE"];

/// MySQL's error number for an unsupported feature; OceanBase's answer to a MySQL client that logs on to an Oracle
/// tenant.
const NOT_SUPPORTED: u16 = 1235;

/// What the check found.
#[derive(Debug, Clone)]
pub struct TenantCheck {
    /// The lines.
    pub lines: Vec<Line>,
    /// The server's product and version, after a successful log-on.
    pub server: Option<ServerVersion>,
    /// The SQL mode of the tenant, if known.
    pub mode: Option<TenantMode>,
}

impl TenantCheck {
    /// Returns the first problem that prevents a backup.
    #[must_use]
    pub fn obstacle(&self) -> Option<&Problem> {
        self.lines.iter().find(|line| line.verdict == Verdict::Failed)?.problem.as_ref()
    }

    fn add(&mut self, check: &'static str, begun: Instant, finding: Finding) -> bool {
        let line = Line::found(check, Some(begun.elapsed()), finding);
        let goes_on = line.verdict != Verdict::Failed;
        self.lines.push(line);
        goes_on
    }
}

/// Checks what the endpoint's user, `user@tenant`, can do in the tenant.
pub async fn precheck_tenant(endpoint: &Endpoint, witness: Arc<dyn Witness>) -> TenantCheck {
    let mut found = TenantCheck { lines: Vec::new(), server: None, mode: None };
    let begun = Instant::now();
    match Session::open(endpoint, witness).await {
        Ok(mut session) => {
            found.server = Some(session.server().clone());
            found.add(LOG_ON, begun, Finding::Well);
            look(&mut session, &endpoint.user, &mut found).await;
            session.close().await;
        }
        Err(error) => {
            found.add(LOG_ON, begun, Finding::Obstacle(log_on_problem(&error, &endpoint.user)));
        }
    }
    for check in CHECKS.iter().skip(found.lines.len()) {
        found.lines.push(Line::unchecked(check));
    }
    found
}

async fn look(session: &mut Session, user: &str, found: &mut TenantCheck) {
    let begun = Instant::now();
    let finding = match mode(session).await {
        Ok(mode) => {
            found.mode = mode;
            judge_mode(mode, user)
        }
        Err(error) => Finding::from(&error),
    };
    if !found.add(MODE, begun, finding) {
        return;
    }
    let begun = Instant::now();
    let finding = privileges(session, user).await.unwrap_or_else(|error| Finding::from(&error));
    if !found.add(PRIVILEGES, begun, finding) {
        return;
    }
    let begun = Instant::now();
    let finding = match snapshot::current_scn(session).await {
        Ok(_) => Finding::Well,
        Err(error) if error.is_about_privileges() => {
            Finding::Obstacle(missing(user, &["SELECT ON oceanbase.*".to_owned()]).raw(&error))
        }
        Err(error) => Finding::from(&error),
    };
    found.add(SNAPSHOT, begun, finding);
}

/// Returns the problem of a failed log-on to a tenant, with a text about that tenant.
#[must_use]
pub fn log_on_problem(error: &Error, user: &str) -> Problem {
    let tenant = Login::read(user).tenant.unwrap_or_default();
    let problem = match error {
        Error::AccessDenied { text, .. } => Problem::outside("tenant-access-denied").raw(text),
        Error::Server { number: 3118, text, .. } => {
            Problem::refused(codes::PRECHECK_FAILED, "tenant-locked").raw(text)
        }
        Error::Server { number: 5157 | 5160 | 5685, text, .. } => {
            Problem::not_found("tenant-unknown").raw(text)
        }
        Error::Server { number: NOT_SUPPORTED, statement, text, .. } if statement.is_empty() => {
            Problem::refused(codes::METHOD_UNSUPPORTED, "logical-needs-mysql-mode").raw(text)
        }
        error => return error.problem(),
    };
    problem.with("tenant", tenant).with("user", user)
}

/// Returns the tenant's mode, if it reports a known one.
async fn mode(session: &mut Session) -> Result<Option<TenantMode>, Error> {
    let ask = Statement::read("SHOW VARIABLES LIKE 'ob_compatibility_mode'");
    let rows = session.rows(&ask).await?;
    let said = rows.first().map(|row| row.str(1)).transpose()?.unwrap_or_default();
    Ok(match said.to_ascii_uppercase().as_str() {
        "MYSQL" => Some(TenantMode::Mysql),
        "ORACLE" => Some(TenantMode::Oracle),
        _ => None,
    })
}

fn judge_mode(mode: Option<TenantMode>, user: &str) -> Finding {
    if mode != Some(TenantMode::Oracle) {
        return Finding::Well;
    }
    let refusal = Problem::refused(codes::METHOD_UNSUPPORTED, "logical-needs-mysql-mode");
    Finding::Obstacle(refusal.with("tenant", Login::read(user).tenant.unwrap_or_default()))
}

async fn privileges(session: &mut Session, user: &str) -> Result<Finding, Error> {
    let grants = Grants::read(session).await?;
    let databases = match catalog::databases(session).await {
        Err(error) if error.is_about_privileges() => Vec::new(),
        listed => listed?,
    };
    Ok(judge(&grants, &databases, user))
}

/// Checks for missing privileges on the databases that the user sees. To a user without them, the server shows fewer
/// objects, without an error.
fn judge(grants: &Grants, databases: &[String], user: &str) -> Finding {
    let lacking: Vec<String> = NEEDED.iter().flat_map(|name| lacks(grants, databases, name)).collect();
    let reads = |name: &String| grants.has_on(name, "SELECT");
    if lacking.is_empty() && grants.has_everywhere("SELECT") {
        return Finding::Well;
    }
    if grants.has_roles() {
        let unseen = Problem::outside("takeover-privileges-unseen").with("user", user);
        return Finding::Warning(unseen.with("missing", shown_or(&lacking, "SELECT ON *.*")));
    }
    if !grants.has_everywhere("SELECT") && !databases.iter().any(reads) {
        return Finding::Obstacle(missing(user, &lacking));
    }
    if !lacking.is_empty() {
        return Finding::Warning(missing(user, &lacking));
    }
    let part = Problem::outside("tenant-seen-in-part").with("user", user);
    Finding::Warning(part.with("databases", databases.join(", ")))
}

/// Returns where the user lacks a privilege, as spelled in `GRANT`.
fn lacks(grants: &Grants, databases: &[String], privilege: &str) -> Vec<String> {
    if grants.has_everywhere(privilege) {
        return Vec::new();
    }
    let without: Vec<&String> = databases.iter().filter(|name| !grants.has_on(name, privilege)).collect();
    if without.len() == databases.len() {
        return vec![format!("{privilege} ON *.*")];
    }
    without.into_iter().map(|name| format!("{privilege} ON {}.*", identifier(name))).collect()
}

fn missing(user: &str, lacking: &[String]) -> Problem {
    let name = literal(Login::read(user).user);
    let grants: Vec<String> = lacking.iter().map(|what| format!("GRANT {what} TO {name};")).collect();
    Problem::outside("tenant-privileges-missing")
        .with("user", user)
        .with("missing", lacking.join(", "))
        .with("grants", grants.join(" "))
}

fn shown_or(lacking: &[String], otherwise: &str) -> String {
    if lacking.is_empty() { otherwise.to_owned() } else { lacking.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::{Finding, judge};
    use crate::grants::Grants;

    #[test]
    fn what_a_tenants_user_lacks_is_told_by_database() {
        let all = "GRANT SELECT, SHOW VIEW, TRIGGER, EXECUTE ON *.* TO 'b'";
        let shop = "GRANT SELECT, SHOW VIEW, TRIGGER, EXECUTE ON `shop`.* TO 'b'";
        let cases: [(&[&str], &[&str], &str); 7] = [
            (&[all], &["shop", "hr"], "well"),
            (&["GRANT ALL PRIVILEGES ON *.* TO 'b'"], &[], "well"),
            (
                &["GRANT SELECT ON *.* TO 'b'"],
                &["shop"],
                "warning: SHOW VIEW ON *.*, TRIGGER ON *.*, EXECUTE ON *.*",
            ),
            (
                &[shop, "GRANT SELECT, SHOW VIEW, EXECUTE ON `hr`.* TO 'b'"],
                &["shop", "hr"],
                "warning: TRIGGER ON `hr`.*",
            ),
            (&[shop], &["shop"], "warning: only shop"),
            (
                &["GRANT USAGE ON *.* TO 'b'"],
                &[],
                "obstacle: SELECT ON *.*, SHOW VIEW ON *.*, TRIGGER ON *.*, EXECUTE ON *.*",
            ),
            (&["GRANT USAGE ON *.* TO 'b'", "GRANT `r`@`%` TO `b`@`%`"], &["shop"], "warning: unseen"),
        ];
        for (lines, databases, expected) in cases {
            let grants = Grants::of(lines);
            let databases: Vec<String> = databases.iter().map(|name| (*name).to_owned()).collect();
            let found = match judge(&grants, &databases, "b@shop") {
                Finding::Well => "well".to_owned(),
                Finding::Warning(problem) => match problem.text.id.as_str() {
                    "takeover-privileges-unseen" => "warning: unseen".to_owned(),
                    "tenant-seen-in-part" => format!("warning: only {}", problem.args()["databases"]),
                    _ => format!("warning: {}", problem.args()["missing"]),
                },
                Finding::Obstacle(problem) => format!("obstacle: {}", problem.args()["missing"]),
            };
            assert_eq!(found, expected, "{lines:?}");
        }
    }
}
