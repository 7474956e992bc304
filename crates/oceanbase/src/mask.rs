//! Removes the secrets from a text for display: passwords, keys in addresses, hashes.
//!
//! Two scanners read a statement. One knows SQL's quotes and comments and finds secret literals by the words before
//! them (`IDENTIFIED BY '…'`). The other ignores SQL syntax and finds pairs (`access_key=…`) and `user:password@` in
//! addresses, anywhere; it is also used for server messages.

use std::ops::Range;

use crate::statement::Statement;

const MASK: &str = "***";

/// The endings of names (in lower case) whose values are secrets.
const SECRET_NAMES: [&str; 15] = [
    "password",
    "passwd",
    "pwd",
    "secret",
    "access_key",
    "accesskey",
    "secret_key",
    "secretkey",
    "account_key",
    "accountkey",
    "encrypt_key",
    "external_id",
    "kms_encrypt_info",
    "token",
    "signature",
];

/// How much of a statement is searched for secrets that its error must not repeat. Longer statements contain rows,
/// not passwords.
const SEARCHED_BYTES: usize = 64 * 1024;

/// Returns a statement without its secrets.
#[must_use]
pub fn mask(sql: &str) -> String {
    let mut ranges = secret_literals(sql);
    ranges.extend(secret_pairs(sql));
    replace(sql, ranges)
}

/// Returns a server's message about a statement, without the secrets of that statement: servers quote the statement
/// near an error.
pub(crate) fn mask_echo(text: &str, statement: &Statement) -> String {
    let sent = statement.text();
    let sql = String::from_utf8_lossy(&sent[..sent.len().min(SEARCHED_BYTES)]);
    let mut ranges = secret_literals(&sql);
    ranges.extend(secret_pairs(&sql));
    let mut text = text.to_owned();
    if !ranges.is_empty() {
        // The quotation after `near` may start in the middle of a secret.
        if let Some((before, _)) = text.split_once(" near ") {
            text = format!("{before} near …");
        }
        for secret in ranges.into_iter().map(|range| &sql[range]).filter(|secret| !secret.is_empty()) {
            text = text.replace(secret, MASK);
            text = text.replace(&secret.replace("''", "'").replace("\\\\", "\\"), MASK);
        }
    }
    let pairs = secret_pairs(&text);
    replace(&text, pairs)
}

fn replace(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    ranges.sort_by_key(|range| range.start);
    let mut masked = String::with_capacity(text.len());
    let mut end = 0;
    for range in ranges {
        if range.start < end || &text[range.clone()] == MASK {
            continue; // inside a range that is masked already
        }
        masked.push_str(&text[end..range.start]);
        masked.push_str(MASK);
        end = range.end;
    }
    masked.push_str(&text[end..]);
    masked
}

fn is_secret_name(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|name| word.ends_with(name))
}

/// Whether the next literal is a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// Nothing.
    Nothing,
    /// A secret if it follows immediately, or after `=` or `(`.
    SecretAtOnce,
    /// A secret, whatever words are in between: `IDENTIFIED WITH plugin AS '…'`.
    Secret,
}

/// Finds the secret literals.
fn secret_literals(sql: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut expect = Expect::Nothing;
    let (mut last_word, mut sets_password, mut lists) = ("", false, false);
    let (mut was_secret, mut identified) = (false, false);
    let mut rest = 0;
    while let Some(token) = next_token(sql, rest) {
        rest = token.range.end;
        let text = &sql[token.range.clone()];
        match token.kind {
            Kind::Comment => {}
            Kind::Word => {
                if text.eq_ignore_ascii_case("identified") {
                    expect = Expect::Secret;
                    lists = last_word.eq_ignore_ascii_case("decryption");
                    identified = true;
                } else if identified && text.eq_ignore_ascii_case("using") {
                    expect = Expect::Secret; // IDENTIFIED VIA a USING '…' OR b USING '…'
                } else if expect != Expect::Secret {
                    let secret = is_secret_name(text);
                    expect = if secret { Expect::SecretAtOnce } else { Expect::Nothing };
                    sets_password |= secret && last_word.eq_ignore_ascii_case("set");
                }
                (last_word, was_secret) = (text, false);
            }
            Kind::Literal => {
                let secret = expect != Expect::Nothing;
                if secret {
                    found.push(content(sql, &token.range));
                }
                (expect, was_secret) = (Expect::Nothing, secret);
            }
            Kind::Sign => match text {
                "," if was_secret && lists => expect = Expect::Secret, // DECRYPTION takes several
                ";" => {
                    (expect, sets_password, lists) = (Expect::Nothing, false, false);
                    (was_secret, identified) = (false, false);
                }
                "=" if sets_password => expect = Expect::SecretAtOnce, // SET PASSWORD FOR 'u'@'h' = '…'
                "=" | "(" | ":" => {}
                _ if expect == Expect::SecretAtOnce => expect = Expect::Nothing,
                _ => {}
            },
        }
    }
    found
}

/// Returns the text between the quotes; the closing one may be missing.
fn content(sql: &str, literal: &Range<usize>) -> Range<usize> {
    let quote = sql[literal.clone()].chars().next().map_or(0, char::len_utf8);
    let closed =
        literal.len() > quote && sql[literal.clone()].ends_with(&sql[literal.start..literal.start + quote]);
    literal.start + quote..literal.end - if closed { quote } else { 0 }
}

struct Token {
    kind: Kind,
    range: Range<usize>,
}

enum Kind {
    Word,
    Literal,
    Comment,
    Sign,
}

/// Reads the next token from `start` on, skipping white space.
fn next_token(sql: &str, start: usize) -> Option<Token> {
    let start = start + sql[start..].find(|c: char| !c.is_whitespace())?;
    let rest = &sql[start..];
    let first = rest.chars().next()?;
    let (kind, length) = match first {
        '\'' | '"' => (Kind::Literal, literal_length(rest, first)),
        // The server executes the content of `/*!`, so it is read as SQL; in any other comment, an apostrophe does
        // not open a literal.
        '/' if rest.starts_with("/*") && !rest.starts_with("/*!") => {
            (Kind::Comment, rest.find("*/").map_or(rest.len(), |end| end + 2))
        }
        '#' => (Kind::Comment, rest.find('\n').unwrap_or(rest.len())),
        '-' if rest.starts_with("-- ") => (Kind::Comment, rest.find('\n').unwrap_or(rest.len())),
        '`' => (Kind::Word, rest[1..].find('`').map_or(rest.len(), |end| end + 2)),
        c if is_of_word(c) => (Kind::Word, rest.find(|c| !is_of_word(c)).unwrap_or(rest.len())),
        c => (Kind::Sign, c.len_utf8()),
    };
    Some(Token { kind, range: start..start + length })
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Returns the length of a literal with its quotes; if it is not closed, up to the end of the text.
fn literal_length(rest: &str, quote: char) -> usize {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((place, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c == quote && chars.next_if(|&(_, next)| next == quote).is_none() {
            return place + c.len_utf8();
        }
    }
    rest.len()
}

/// Finds `name=value` with a secret name, `"name": "value"`, and the password of `scheme://user:password@host`.
fn secret_pairs(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(offset) = text[start..].find(is_of_word) {
        let from = start + offset;
        let to = from + text[from..].find(|c| !is_of_word(c)).unwrap_or(text.len() - from);
        if is_secret_name(&text[from..to]) {
            found.extend(value_after(text, to));
        } else if text[to..].starts_with("://") {
            found.extend(password_in(text, to + 3));
        }
        start = to;
    }
    found
}

fn value_after(text: &str, name_end: usize) -> Option<Range<usize>> {
    let rest = text[name_end..].trim_start_matches(['\\', '"', '\'', '`']).trim_start();
    let (sign, rest) = (rest.chars().next()?, rest.get(1..)?);
    let value = rest.trim_start();
    let quoted = value.trim_start_matches('\\').chars().next().filter(|c| "'\"".contains(*c));
    // After a colon, only a quoted value: `(using password: YES)` contains no secret.
    if sign != '=' && (sign != ':' || quoted.is_none()) {
        return None;
    }
    let value = value.trim_start_matches(['\\', '"', '\'']);
    let start = text.len() - value.len();
    let end = value.find(|c: char| c.is_whitespace() || "&'\"\\,;)".contains(c)).unwrap_or(value.len());
    (end > 0).then_some(start..start + end)
}

fn password_in(text: &str, start: usize) -> Option<Range<usize>> {
    let rest = &text[start..];
    let address =
        &rest[..rest.find(|c: char| c.is_whitespace() || "'\"`,".contains(c)).unwrap_or(rest.len())];
    let user_end = address.find(':')?;
    let password_end = address.rfind('@').filter(|&end| end > user_end)?;
    Some(start + user_end + 1..start + password_end)
}

#[cfg(test)]
mod tests {
    use super::{mask, mask_echo};
    use crate::statement::Statement;

    #[test]
    fn every_form_of_a_secret_is_masked_and_nothing_else() {
        let cases = [
            // accounts
            ("ALTER USER root IDENTIFIED BY 's3cret'", "ALTER USER root IDENTIFIED BY '***'"),
            ("create user 'a'@'%' identified by \"s\"\"3\"", "create user 'a'@'%' identified by \"***\""),
            (
                "CREATE USER a IDENTIFIED VIA x USING 'h1' OR y USING 'h2' REQUIRE ISSUER 'i'",
                "CREATE USER a IDENTIFIED VIA x USING '***' OR y USING '***' REQUIRE ISSUER 'i'",
            ),
            ("CREATE USER a IDENTIFIED BY PASSWORD '*94BD'", "CREATE USER a IDENTIFIED BY PASSWORD '***'"),
            (
                "CREATE USER a IDENTIFIED WITH mysql_native_password AS '*94BD' REQUIRE NONE COMMENT 'x'",
                "CREATE USER a IDENTIFIED WITH mysql_native_password AS '***' REQUIRE NONE COMMENT 'x'",
            ),
            (
                "CREATE USER a IDENTIFIED BY 'p1', b IDENTIFIED BY 'p2'",
                "CREATE USER a IDENTIFIED BY '***', b IDENTIFIED BY '***'",
            ),
            ("SET PASSWORD = 'x'", "SET PASSWORD = '***'"),
            ("SET PASSWORD FOR 'a'@'%' = PASSWORD('x')", "SET PASSWORD FOR 'a'@'%' = PASSWORD('***')"),
            ("SET PASSWORD FOR 'a'@'%' = 'x'", "SET PASSWORD FOR 'a'@'%' = '***'"),
            (
                "SELECT 1 FROM u WHERE `password` = 'x' AND n = 'y'",
                "SELECT 1 FROM u WHERE `password` = '***' AND n = 'y'",
            ),
            // backups
            (
                "SET ENCRYPTION ON IDENTIFIED BY \"pw\" ONLY; ALTER SYSTEM BACKUP TENANT = t TO 'x'",
                "SET ENCRYPTION ON IDENTIFIED BY \"***\" ONLY; ALTER SYSTEM BACKUP TENANT = t TO 'x'",
            ),
            (
                "SET DECRYPTION IDENTIFIED BY 'a', 'b''c'; SELECT 'd'",
                "SET DECRYPTION IDENTIFIED BY '***', '***'; SELECT 'd'",
            ),
            ("SET @kms_encrypt_info = '{\"k\":\"v\"}'", "SET @kms_encrypt_info = '***'"),
            (
                "ALTER SYSTEM SET DATA_BACKUP_DEST = 'oss://b/p?host=h&access_id=AK&access_key=SK&delete_mode=tagging'",
                "ALTER SYSTEM SET DATA_BACKUP_DEST = 'oss://b/p?host=h&access_id=AK&access_key=***&delete_mode=tagging'",
            ),
            (
                "SET LOG_ARCHIVE_DEST = 'LOCATION=s3://b/p?access_key=SK BINDING=Optional'",
                "SET LOG_ARCHIVE_DEST = 'LOCATION=s3://b/p?access_key=*** BINDING=Optional'",
            ),
            // anywhere
            ("mysql://root:hunter2@db:2881/x", "mysql://root:***@db:2881/x"),
            ("see file:///a/b and http://h:80/x", "see file:///a/b and http://h:80/x"),
            ("{\"secret_key\": \"abc\", \"n\": 1}", "{\"secret_key\": \"***\", \"n\": 1}"),
            // quotes and comments that would hide a secret from a naive scanner
            ("/* it's */ ALTER USER a IDENTIFIED BY 'x'", "/* it's */ ALTER USER a IDENTIFIED BY '***'"),
            ("-- it's\nALTER USER a IDENTIFIED BY 'x'", "-- it's\nALTER USER a IDENTIFIED BY '***'"),
            ("/*!50700 ALTER USER a IDENTIFIED BY 'x' */", "/*!50700 ALTER USER a IDENTIFIED BY '***' */"),
            (
                "SELECT 'it\\'s'; ALTER USER a IDENTIFIED BY 'x'",
                "SELECT 'it\\'s'; ALTER USER a IDENTIFIED BY '***'",
            ),
            ("ALTER USER `o'b` IDENTIFIED BY 'x'", "ALTER USER `o'b` IDENTIFIED BY '***'"),
            ("ALTER USER a IDENTIFIED BY 'never closed", "ALTER USER a IDENTIFIED BY '***"),
            ("ALTER USER a IDENTIFIED BY '密码'", "ALTER USER a IDENTIFIED BY '***'"),
            // no secrets
            ("SHOW PARAMETERS LIKE 'backup_dest'", "SHOW PARAMETERS LIKE 'backup_dest'"),
            ("SET GLOBAL validate_password_policy = 'LOW'", "SET GLOBAL validate_password_policy = 'LOW'"),
            ("Access denied for 'a' (using password: YES)", "Access denied for 'a' (using password: YES)"),
            ("SELECT password, 'x' FROM t", "SELECT password, 'x' FROM t"),
            ("", ""),
        ];
        for (text, masked) in cases {
            assert_eq!(mask(text), masked, "{text}");
        }
    }

    #[test]
    fn masking_twice_is_masking_once() {
        for text in ["IDENTIFIED BY 'x'", "a?access_key=b&c=d", "mysql://a:b@c/d", "SET PASSWORD = 'a''b'"] {
            assert_eq!(mask(&mask(text)), mask(text));
        }
    }

    #[test]
    fn a_server_that_repeats_a_secret_is_masked_too() {
        let alter = "ALTER USER root IDENTIFIED BY 'hun''ter2' NONSENSE";
        let set = "ALTER SYSTEM SET DATA_BACKUP_DEST = 'oss://b?access_key=SK9'";
        let cases = [
            (alter, "right syntax to use near 'ter2' NONSENSE' at line 1", "right syntax to use near …"),
            (alter, "the password hun'ter2 is too simple", "the password *** is too simple"),
            (set, "oss://b?access_key=SK9 is not a valid uri", "oss://b?access_key=*** is not a valid uri"),
            (set, "signature of SK9 does not match", "signature of *** does not match"),
            ("SELECT nonsense", "use near 'nonsense' at line 1", "use near 'nonsense' at line 1"),
        ];
        for (sql, said, shown) in cases {
            assert_eq!(mask_echo(said, &Statement::act(sql)), shown);
        }
    }
}
