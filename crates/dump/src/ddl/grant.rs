//! The database of a GRANT, under its new name.

use std::collections::BTreeMap;

use oceanbase::statement::identifier;

use crate::ddl::token::{Token, TokenKind, tokens};

/// How a GRANT is loaded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Granted {
    /// This statement grants the privileges.
    By(Vec<u8>),
    /// It is on a database of that name, which is not loaded.
    Elsewhere(String),
    /// It is on all databases whose names match a pattern, and one of these gets another name.
    Pattern(String),
}

/// Returns a GRANT under the new names of databases, by the old ones. `is_of_server` tells which databases source and
/// target have of their own.
pub(crate) fn granted(
    statement: &[u8],
    names: &BTreeMap<String, String>,
    is_of_server: impl Fn(&str) -> bool,
) -> Granted {
    let tokens = tokens(statement);
    let Some((place, spelled, pattern)) = on(&tokens) else { return Granted::By(statement.to_vec()) };
    let literal = pattern.literal();
    let new = match names.get(&spelled) {
        // An unescaped `_` is meant literally, although it matches other names too.
        Some(new) => new.clone(),
        None => match literal.as_ref().and_then(|old| Some((old, names.get(old)?))) {
            Some((old, new)) if old == new => spelled.clone(),
            Some((_, new)) => escaped(new),
            None if is_of_server(literal.as_deref().unwrap_or(&spelled)) => spelled.clone(),
            None => {
                let mut matching = names.iter().filter(|(old, _)| pattern.matches(old)).peekable();
                if matching.peek().is_none() {
                    return Granted::Elsewhere(literal.unwrap_or(spelled));
                }
                if matching.any(|(old, new)| old != new) {
                    return Granted::Pattern(spelled);
                }
                spelled.clone()
            }
        },
    };
    let mut sql = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if at == place && new != spelled {
            sql.extend_from_slice(identifier(&new).as_bytes());
        } else {
            sql.extend_from_slice(token.text);
        }
    }
    Granted::By(sql)
}

/// Returns whether a GRANT applies to more than one restored database: it names no database, such as the grant of a
/// role, a pattern with `%` or `_`, or a database of the server itself.
pub(crate) fn is_global(statement: &[u8], is_of_server: impl Fn(&str) -> bool) -> bool {
    on(&tokens(statement)).is_none_or(|(_, spelled, pattern)| {
        pattern.literal().is_none() || is_of_server(&pattern.literal().unwrap_or(spelled))
    })
}

/// Returns the database and the table that a GRANT is on; `None` if it is on anything else.
pub(crate) fn on_table(statement: &[u8]) -> Option<(String, String)> {
    let all: Vec<Token<'_>> = tokens(statement).into_iter().filter(|token| !token.is_blank()).collect();
    let mut rest = all[all.iter().position(|token| token.is_word("ON"))? + 1..].iter();
    let mut first = rest.next()?;
    if first.is_word("TABLE") {
        first = rest.next()?;
    }
    let (dot, table) = (rest.next()?, rest.next()?);
    let is_table = first.kind == TokenKind::Name && dot.is_sign(b'.') && table.kind == TokenKind::Name;
    if is_table { Some((first.name()?, table.name()?)) } else { None }
}

/// Returns the position of the database in a GRANT, its spelling, and the pattern that it matches.
fn on(tokens: &[Token<'_>]) -> Option<(usize, String, Pattern)> {
    let on = tokens.iter().position(|token| token.is_word("ON"))?;
    let place = (on..tokens.len()).find(|&place| tokens[place].kind == TokenKind::Name)?;
    if !tokens.get(place + 1)?.is_sign(b'.') {
        return None;
    }
    let spelled = tokens[place].name().unwrap_or_default();
    // Only before `.*` is the name a pattern, in which `\_` means `_`.
    let is_whole = tokens.get(place + 2).is_some_and(|next| next.is_sign(b'*'));
    let pattern = if is_whole { Pattern::read(&spelled) } else { Pattern::plain(&spelled) };
    Some((place, spelled, pattern))
}

/// Returns a name as a pattern that matches no other.
fn escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('_', "\\_").replace('%', "\\%")
}

/// A pattern for names: `_` matches any character, `%` any text.
struct Pattern(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Exactly(char),
    Any,
    Many,
}

impl Pattern {
    fn read(spelled: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = spelled.chars();
        while let Some(c) = rest.next() {
            parts.push(match c {
                '\\' => Part::Exactly(rest.next().unwrap_or(c)),
                '_' => Part::Any,
                '%' => Part::Many,
                _ => Part::Exactly(c),
            });
        }
        Self(parts)
    }

    fn plain(name: &str) -> Self {
        Self(name.chars().map(Part::Exactly).collect())
    }

    /// Returns the only name that matches.
    fn literal(&self) -> Option<String> {
        let exactly = |part: &Part| if let Part::Exactly(c) = part { Some(*c) } else { None };
        self.0.iter().map(exactly).collect()
    }

    fn matches(&self, name: &str) -> bool {
        let text: Vec<char> = name.chars().collect();
        // The lengths of the name that the parts so far match.
        let mut reached = vec![false; text.len() + 1];
        reached[0] = true;
        for part in &self.0 {
            let mut next = vec![false; text.len() + 1];
            for length in 0..=text.len() {
                let shorter = length.checked_sub(1);
                next[length] = match part {
                    Part::Many => reached[length] || shorter.is_some_and(|shorter| next[shorter]),
                    Part::Any => shorter.is_some_and(|shorter| reached[shorter]),
                    Part::Exactly(c) => {
                        shorter.is_some_and(|shorter| reached[shorter] && text[shorter] == *c)
                    }
                };
            }
            reached = next;
        }
        reached[text.len()]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Granted, granted, is_global, on_table};

    #[test]
    fn privileges_follow_the_new_name() {
        let names = [("d", "d_2"), ("my_app", "my_new"), ("ours", "ours"), ("o_1", "o_1")];
        let names: BTreeMap<String, String> =
            names.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
        let by = |sql: &str| Granted::By(sql.into());
        let elsewhere = |name: &str| Granted::Elsewhere(name.to_owned());
        for (sql, expected) in [
            ("GRANT SELECT ON `d`.* TO 'u'", by("GRANT SELECT ON `d_2`.* TO 'u'")),
            ("GRANT EXECUTE ON PROCEDURE `d`.`p` TO 'u'", by("GRANT EXECUTE ON PROCEDURE `d_2`.`p` TO 'u'")),
            ("GRANT ALL ON *.* TO 'u'", by("GRANT ALL ON *.* TO 'u'")),
            ("GRANT `r`@`%` TO `u`@`%`", by("GRANT `r`@`%` TO `u`@`%`")),
            (r"GRANT SELECT ON `my\_app`.* TO 'u'", by(r"GRANT SELECT ON `my\_new`.* TO 'u'")),
            ("GRANT SELECT ON `my_app`.* TO 'u'", by("GRANT SELECT ON `my_new`.* TO 'u'")),
            (r"GRANT SELECT ON `o\_1`.* TO 'u'", by(r"GRANT SELECT ON `o\_1`.* TO 'u'")),
            ("GRANT SELECT ON `our%`.* TO 'u'", by("GRANT SELECT ON `our%`.* TO 'u'")),
            ("GRANT SELECT ON `my%`.* TO 'u'", Granted::Pattern("my%".to_owned())),
            ("GRANT SELECT ON `my__pp`.* TO 'u'", Granted::Pattern("my__pp".to_owned())),
            (r"GRANT SELECT ON `other\_`.* TO 'u'", elsewhere("other_")),
            ("GRANT SELECT ON `x%`.* TO 'u'", elsewhere("x%")),
            (r"GRANT SELECT ON `my\_app`.`t` TO 'u'", elsewhere(r"my\_app")),
        ] {
            assert_eq!(granted(sql.as_bytes(), &names, |_| false), expected, "{sql}");
        }
        let is_of_server = |name: &str| name == "performance_schema";
        let sql = "GRANT SELECT ON `performance_schema`.* TO 'u'";
        assert_eq!(granted(sql.as_bytes(), &names, is_of_server), by(sql));
    }

    #[test]
    fn the_table_of_a_grant_is_read() {
        let table = Some(("d".to_owned(), "t`t".to_owned()));
        for (sql, expected) in [
            ("GRANT SELECT ON `d`.`t``t` TO 'u'", &table),
            ("GRANT SELECT (a), UPDATE ON TABLE `d`.`t``t` TO 'u'", &table),
            ("GRANT SELECT ON `d`.* TO 'u'", &None),
            ("GRANT ALL ON *.* TO 'u'", &None),
            ("GRANT EXECUTE ON PROCEDURE `d`.`p` TO 'u'", &None),
            ("GRANT `r`@`%` TO `u`@`%`", &None),
        ] {
            assert_eq!(&on_table(sql.as_bytes()), expected, "{sql}");
        }
    }

    #[test]
    fn privileges_beyond_one_database_are_recognized() {
        for (sql, expected) in [
            ("GRANT ALL ON *.* TO 'u'", true),
            ("GRANT `r`@`%` TO `u`@`%`", true),
            ("GRANT ALL ON `%`.* TO 'u'", true),
            (r"GRANT ALL ON `a\%`.* TO 'u'", false),
            ("GRANT SELECT ON `my_app`.* TO 'u'", true),
            (r"GRANT SELECT ON `my\_app`.* TO 'u'", false),
            ("GRANT SELECT ON `d`.`t` TO 'u'", false),
            ("GRANT EXECUTE ON PROCEDURE `d`.`p` TO 'u'", false),
        ] {
            assert_eq!(is_global(sql.as_bytes(), |_| false), expected, "{sql}");
        }
        assert!(is_global(b"GRANT SELECT ON `mysql`.`user` TO 'u'", |name| name == "mysql"));
    }
}
