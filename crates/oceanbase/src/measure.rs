//! The duration of statements on the clusters, by verb. The numbers are global to the process: a session does not
//! belong to one Lifeboat server, and every statement of every session is reported to [`note`].

use std::time::Duration;

use model::measure::{ANSWER_BOUNDS_S, Timing, Timings};

static STATEMENTS: Timings<&'static str> = Timings::new(ANSWER_BOUNDS_S);

/// The beginning of a statement, and the verb it is counted under. The first match counts.
const VERBS: &[(&str, &str)] = &[
    ("SELECT", "select"),
    ("INSERT", "insert"),
    ("SET ", "set"),
    ("SHOW", "show"),
    ("USE", "use"),
    ("ALTER SYSTEM BACKUP", "alter system backup"),
    ("ALTER SYSTEM CANCEL BACKUP", "alter system cancel backup"),
    ("ALTER SYSTEM RESTORE", "alter system restore"),
    ("ALTER SYSTEM ARCHIVELOG", "alter system archivelog"),
    ("ALTER SYSTEM NOARCHIVELOG", "alter system noarchivelog"),
    ("ALTER SYSTEM MAJOR FREEZE", "alter system major freeze"),
    ("ALTER SYSTEM CLEAR MERGE ERROR", "alter system clear merge error"),
    ("ALTER SYSTEM SET", "alter system set"),
    ("ALTER", "alter"),
    ("CREATE", "create"),
    ("DROP", "drop"),
    ("START TRANSACTION", "start transaction"),
    ("COMMIT", "commit"),
    ("ROLLBACK", "rollback"),
    ("SAVEPOINT", "savepoint"),
    ("FLUSH", "flush"),
    ("UNLOCK", "unlock"),
    ("KILL", "kill"),
    ("GRANT", "grant"),
    ("DELETE", "delete"),
    ("UPDATE", "update"),
    ("REPLACE", "replace"),
];

/// The verb of all other statements.
const OTHER: &str = "other";

/// Records that a statement ended.
pub(crate) fn note(text: &[u8], elapsed: Duration, has_failed: bool) {
    STATEMENTS.note(verb(text), elapsed, has_failed);
}

/// Returns the durations of statements in this process, by verb. A statement whose rows are streamed ends with the
/// last row.
#[must_use]
pub fn statement_timings() -> Vec<(&'static str, Timing)> {
    STATEMENTS.list()
}

fn verb(text: &[u8]) -> &'static str {
    let text = text.trim_ascii_start();
    let begins =
        |word: &str| text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()));
    VERBS.iter().find(|(word, _)| begins(word)).map_or(OTHER, |(_, verb)| verb)
}

#[cfg(test)]
mod tests {
    use super::verb;

    #[test]
    fn a_statement_is_counted_by_what_it_does_and_never_by_a_name_in_it() {
        let cases = [
            ("SELECT /*+ QUERY_TIMEOUT(1) */ 1", "select"),
            ("\n  insert INTO t VALUES (1)", "insert"),
            ("SET SESSION ob_query_timeout = 1", "set"),
            ("ALTER SYSTEM BACKUP TENANT = shop", "alter system backup"),
            ("ALTER SYSTEM SET data_backup_dest = 'file:///a'", "alter system set"),
            ("ALTER USER root IDENTIFIED BY 'x'", "alter"),
            ("DROP DATABASE `select`", "drop"),
            ("/*c*/ SELECT 1", "other"),
            ("", "other"),
            ("\u{e9}\u{e9}\u{e9}\u{e9}", "other"),
        ];
        for (text, expected) in cases {
            assert_eq!(verb(text.as_bytes()), expected, "{text}");
        }
    }
}
