//! Names that OceanBase prints between backticks without doubling the ones inside: of databases, views, routines,
//! definers, and in GRANT. (Names of partitions: [`super::repair`].)
//!
//! The true names are known from the catalogue. The text that the server prints for them is predicted byte by byte,
//! and replaced by the correctly quoted name. Text that differs from the prediction is not changed: the form of the
//! statement is checked afterwards, see [`super::form`].

use std::collections::BTreeSet;

use oceanbase::statement::{identifier, literal};

use crate::ddl::token::tokens;

/// A name as OceanBase prints it.
fn printed(name: &str) -> String {
    format!("`{name}`")
}

/// Returns CREATE DATABASE with the database's name quoted.
pub(crate) fn database(sql: &[u8], name: &str) -> Vec<u8> {
    with_name(sql, b"CREATE DATABASE ", name, b" ")
}

/// Returns CREATE VIEW with the view's name quoted. A column of an empty text without a name has an empty name, which
/// the server prints and reads as another one: such names are removed.
pub(crate) fn view(sql: &[u8], name: &str) -> Vec<u8> {
    let sql = with_name(sql, b"CREATE VIEW ", name, b" ");
    let all = tokens(&sql);
    let is_unnamed = |place: usize| {
        let [text, _, word, _, name] = all.get(place..place + 5).unwrap_or_default() else { return false };
        text.text == b"''" && word.is_word("AS") && name.text == b"``"
    };
    let unnamed: Vec<usize> = (0..all.len()).filter(|&place| is_unnamed(place)).collect();
    let is_kept = |place: &usize| !unnamed.iter().any(|text| (text + 1..text + 5).contains(place));
    (0..all.len()).filter(is_kept).flat_map(|place| all[place].text.iter().copied()).collect()
}

/// Returns the statement with the name after `head` quoted, before `behind` or the end.
fn with_name(sql: &[u8], head: &[u8], name: &str, behind: &[u8]) -> Vec<u8> {
    let rest = sql.strip_prefix(head).and_then(|rest| rest.strip_prefix(printed(name).as_bytes()));
    match rest {
        Some(rest) if rest.is_empty() || rest.starts_with(behind) => {
            [head, identifier(name).as_bytes(), rest].concat()
        }
        _ => sql.to_vec(),
    }
}

/// Returns CREATE PROCEDURE or CREATE FUNCTION (`word`) with the names of its definer and its own quoted.
pub(crate) fn routine(sql: &[u8], word: &str, name: &str, definer: &str) -> Vec<u8> {
    let Some((user, host)) = account(definer) else { return sql.to_vec() };
    let head = format!("CREATE DEFINER = {}@{} {word} ", printed(user), printed(host));
    let named = with_name(sql, head.as_bytes(), name, b"(");
    match named.strip_prefix(head.as_bytes()) {
        Some(rest) => {
            let head = format!("CREATE DEFINER = {}@{} {word} ", identifier(user), identifier(host));
            [head.as_bytes(), rest].concat()
        }
        None => named,
    }
}

/// Returns CREATE TRIGGER with its definer quoted; OceanBase prints it without quotes.
pub(crate) fn trigger(sql: &[u8], definer: &str) -> Vec<u8> {
    let rest = sql.strip_prefix(b"CREATE DEFINER = ").and_then(|rest| rest.strip_prefix(definer.as_bytes()));
    match (rest, account(definer)) {
        (Some(rest), Some((user, host))) if rest.starts_with(b" ") => {
            let head = format!("CREATE DEFINER = {}@{}", identifier(user), identifier(host));
            [head.as_bytes(), rest].concat()
        }
        _ => sql.to_vec(),
    }
}

/// Splits an account as the catalogue spells it: `user@host`, or `'user'@'host'`. No host has an `@`.
fn account(definer: &str) -> Option<(&str, &str)> {
    let quoted = definer.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    quoted.and_then(|inner| inner.rsplit_once("'@'")).or_else(|| definer.rsplit_once('@'))
}

/// The objects of one database that a privilege can be granted on.
pub(crate) struct Names {
    pub(crate) database: String,
    /// Its tables and views, with their columns.
    pub(crate) tables: Vec<(String, Vec<String>)>,
    /// Its procedures and functions.
    pub(crate) routines: Vec<String>,
}

impl Names {
    /// Returns the objects that may follow ON, as printed and as correctly quoted, with their columns.
    fn objects(&self) -> Vec<(String, String, &[String])> {
        let (raw, quoted) = (printed(&self.database), identifier(&self.database));
        let mut objects = vec![(format!("{raw}.*"), format!("{quoted}.*"), &[][..])];
        for (table, columns) in &self.tables {
            let (object, quoted) =
                (format!("{raw}.{}", printed(table)), format!("{quoted}.{}", identifier(table)));
            objects.push((object, quoted, columns));
        }
        for routine in &self.routines {
            for word in ["PROCEDURE", "FUNCTION"] {
                let object = format!("{word} {raw}.{}", printed(routine));
                objects.push((object, format!("{word} {quoted}.{}", identifier(routine)), &[]));
            }
        }
        objects
    }
}

/// Returns a GRANT with its names quoted; `None` if it can be read in several ways, or not at all.
///
/// `crooked` lists the databases in which a name contains a backtick.
pub(crate) fn grant(sql: &str, user: &str, host: &str, crooked: &[Names]) -> Option<String> {
    let text = sql.strip_prefix("GRANT ")?;
    let (text, option) = [" WITH GRANT OPTION", " WITH ADMIN OPTION"]
        .iter()
        .find_map(|option| Some((text.strip_suffix(option)?, *option)))
        .unwrap_or((text, ""));
    let account = format!("{}@{}", literal(user), literal(host));
    let given = [format!(" TO '{user}'@'{host}'"), format!(" TO '{user}'"), format!(" TO `{user}`@`{host}`")];
    let given = given.iter().find_map(|to| text.strip_suffix(to.as_str()))?;
    let mut readings = BTreeSet::new();
    for (object, quoted, columns) in crooked.iter().flat_map(Names::objects) {
        if let Some(privileges) = given.strip_suffix(&format!(" ON {object}")) {
            readings.extend(
                privileges_on(privileges, columns).map(|privileges| format!("{privileges} ON {quoted}")),
            );
        }
    }
    let reading = match readings.len() {
        0 => given.to_owned(),
        1 => readings.pop_first()?,
        _ => return None,
    };
    Some(format!("GRANT {reading} TO {account}{option}"))
}

/// Returns a list of privileges with the columns in it quoted.
fn privileges_on(text: &str, columns: &[String]) -> Option<String> {
    let mut quoted = String::new();
    let mut rest = text;
    while let Some(place) = rest.find('`') {
        let (before, name) = rest.split_at(place);
        // Take the longest name that fits: a comma or a bracket must follow it.
        let mut fitting: Vec<&String> = columns
            .iter()
            .filter(|column| {
                let behind = name.strip_prefix(&printed(column));
                behind.is_some_and(|behind| behind.starts_with(", `") || behind.starts_with(')'))
            })
            .collect();
        fitting.sort_by_key(|column| column.len());
        let column = fitting.pop()?;
        quoted.push_str(before);
        quoted.push_str(&identifier(column));
        rest = &name[printed(column).len()..];
    }
    quoted.push_str(rest);
    Some(quoted)
}

#[cfg(test)]
mod tests {
    use super::{Names, database, grant, routine, trigger, view};

    fn text(sql: Vec<u8>) -> String {
        String::from_utf8(sql).expect("text")
    }

    #[test]
    fn what_the_server_prints_bare_is_quoted() {
        let name = "x`; DROP DATABASE canary; -- ";
        assert_eq!(
            text(database(
                b"CREATE DATABASE `x`; DROP DATABASE canary; -- ` DEFAULT CHARACTER SET = utf8mb4",
                name
            )),
            "CREATE DATABASE `x``; DROP DATABASE canary; -- ` DEFAULT CHARACTER SET = utf8mb4"
        );
        assert_eq!(text(view(b"CREATE VIEW `v`w` AS select 1", "v`w")), "CREATE VIEW `v``w` AS select 1");
        assert_eq!(text(view(b"CREATE VIEW `v``w` AS select 1", "v`w")), "CREATE VIEW `v``w` AS select 1");
        let unnamed = b"CREATE VIEW `v` AS select '' AS `a`,'' AS ``,'x' AS `x` from (select '' AS ``) `q`";
        let expected = "CREATE VIEW `v` AS select '' AS `a`,'','x' AS `x` from (select '') `q`";
        assert_eq!(text(view(unnamed, "v")), expected);
        assert_eq!(
            text(routine(
                b"CREATE DEFINER = `u`s`@`%` FUNCTION `f`n`(`a``b` int)",
                "FUNCTION",
                "f`n",
                "'u`s'@'%'"
            )),
            "CREATE DEFINER = `u``s`@`%` FUNCTION `f``n`(`a``b` int)"
        );
        assert_eq!(
            text(trigger(b"CREATE DEFINER = a;b -- c@10.% trigger t before", "a;b -- c@10.%")),
            "CREATE DEFINER = `a;b -- c`@`10.%` trigger t before"
        );
    }

    #[test]
    fn the_names_in_a_grant_are_quoted() {
        let names = [Names {
            database: "a`b;c".to_owned(),
            tables: vec![("t`x".to_owned(), vec!["i`d".to_owned(), "d/*".to_owned()])],
            routines: vec!["p`;r".to_owned()],
        }];
        let quoted = |sql: &str| grant(sql, "u'q", "%", &names);
        for (sql, expected) in [
            ("GRANT SELECT ON `a`b;c`.* TO 'u'q'", "GRANT SELECT ON `a``b;c`.* TO 'u''q'@'%'"),
            (
                "GRANT UPDATE (`d/*`, `i`d`), SELECT (`i`d`) ON `a`b;c`.`t`x` TO 'u'q' WITH GRANT OPTION",
                "GRANT UPDATE (`d/*`, `i``d`), SELECT (`i``d`) ON `a``b;c`.`t``x` TO 'u''q'@'%' WITH GRANT OPTION",
            ),
            (
                "GRANT EXECUTE ON PROCEDURE `a`b;c`.`p`;r` TO 'u'q'",
                "GRANT EXECUTE ON PROCEDURE `a``b;c`.`p``;r` TO 'u''q'@'%'",
            ),
            (
                "GRANT `ro;l`@`%` TO `u'q`@`%` WITH ADMIN OPTION",
                "GRANT `ro;l`@`%` TO 'u''q'@'%' WITH ADMIN OPTION",
            ),
            ("GRANT SELECT ON `my\\_a`.* TO 'u'q'", "GRANT SELECT ON `my\\_a`.* TO 'u''q'@'%'"),
        ] {
            assert_eq!(quoted(sql).as_deref(), Some(expected));
        }
        assert_eq!(quoted("GRANT SELECT ON `x`.* TO 'another'"), None);
    }
}
