//! The statements that create procedures, functions and triggers.

use crate::ddl::token::{Token, TokenKind, tokens};
use crate::encode::push_literal;

/// Mends the comment of a routine, which OceanBase prints without escaping quotes and backslashes in it. `None`: it is
/// not where it should be.
pub(crate) fn with_comment(definition: &[u8], comment: &str) -> Option<Vec<u8>> {
    if !comment.contains(['\'', '\\']) {
        return Some(definition.to_vec());
    }
    let quoted = {
        let mut sql = Vec::new();
        push_literal(&mut sql, crate::column::Form::Text, Some(comment.as_bytes()));
        sql
    };
    let raw = format!("COMMENT '{comment}'\n").into_bytes();
    let Some(place) = definition.windows(raw.len()).position(|text| text == raw) else {
        // A server that does escape is taken at its word.
        return definition.windows(quoted.len()).any(|text| text == quoted).then(|| definition.to_vec());
    };
    let mut mended = definition[..place].to_vec();
    mended.extend_from_slice(b"COMMENT ");
    mended.extend_from_slice(&quoted);
    mended.push(b'\n');
    mended.extend_from_slice(&definition[place + raw.len()..]);
    Some(mended)
}

/// Leaves out the name of the own database in front of a trigger's name and its table's: run in another database, the
/// trigger would be made on the old one's table.
pub(crate) fn trigger_without_database(definition: &[u8], database: &str) -> Vec<u8> {
    let tokens = tokens(definition);
    let mut skip = Vec::new();
    let end = tokens.iter().position(|token| token.is_word("FOR")).unwrap_or(tokens.len());
    for word in ["TRIGGER", "ON"] {
        let Some(place) = tokens[..end].iter().position(|token| token.is_word(word)) else { continue };
        let behind = |place: usize| (place + 1..end).find(|&next| !tokens[next].is_blank());
        let Some(name) = behind(place) else { continue };
        let Some(dot) = behind(name).filter(|&dot| tokens[dot].is_sign(b'.')) else { continue };
        if tokens[name].name().is_some_and(|name| name.eq_ignore_ascii_case(database)) {
            skip.extend(name..=dot);
        }
    }
    let kept = tokens.iter().enumerate().filter(|(place, _)| !skip.contains(place));
    kept.flat_map(|(_, token)| token.text.iter().copied()).collect()
}

/// Tells whether a statement has the name of a database in front of a dot.
pub(crate) fn names_database(statement: &[u8], database: &str) -> bool {
    let all = tokens(statement);
    let is_name = |token: &Token<'_>| {
        token.is_name() && token.name().is_some_and(|name| name.eq_ignore_ascii_case(database))
    };
    all.windows(2).any(|pair| is_name(&pair[0]) && pair[1].is_sign(b'.'))
}

/// What a GRANT gives privileges on, if that is in a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OnDatabase {
    /// The name as written; of a whole database it is a pattern.
    pub(crate) name: String,
    /// Whether it is all of the database.
    pub(crate) whole: bool,
}

/// Returns the database on which a GRANT gives privileges, and the statement with another name of it.
pub(crate) fn grant_on(statement: &str, rename: impl Fn(&str) -> String) -> (Option<OnDatabase>, Vec<u8>) {
    let tokens = tokens(statement.as_bytes());
    let on = tokens.iter().position(|token| token.is_word("ON")).unwrap_or(tokens.len());
    let name = (on..tokens.len()).find(|&place| tokens[place].kind == TokenKind::Name);
    let dotted = name.filter(|&name| tokens.get(name + 1).is_some_and(|next| next.is_sign(b'.')));
    let whole = dotted.and_then(|name| tokens.get(name + 2)).is_some_and(|next| next.is_sign(b'*'));
    let database = dotted.and_then(|name| tokens[name].name());
    let mut sql = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        match &database {
            Some(database) if Some(place) == dotted => {
                sql.extend_from_slice(oceanbase::statement::identifier(&rename(database)).as_bytes());
            }
            _ => sql.extend_from_slice(token.text),
        }
    }
    (database.map(|name| OnDatabase { name, whole }), sql)
}

#[cfg(test)]
mod tests {
    use super::{OnDatabase, grant_on, names_database, trigger_without_database, with_comment};

    fn text(sql: Vec<u8>) -> String {
        String::from_utf8(sql).expect("text")
    }

    #[test]
    fn a_comment_gets_the_quotes_that_the_server_left_out() {
        let sql = b"CREATE PROCEDURE `p`()\n    COMMENT 'it's\\'\nbegin select 'it'; end";
        let mended = with_comment(sql, "it's\\").expect("mended");
        assert_eq!(
            text(mended.clone()),
            "CREATE PROCEDURE `p`()\n    COMMENT 'it\\'s\\\\'\nbegin select 'it'; end"
        );
        assert_eq!(with_comment(&mended, "it's\\"), Some(mended.clone()), "a server that escapes");
        assert_eq!(with_comment(b"x", "plain"), Some(b"x".to_vec()));
        assert_eq!(with_comment(b"x", "it's"), None);
    }

    #[test]
    fn a_trigger_stays_in_its_own_database() {
        let cases = [
            (
                "CREATE DEFINER = root@% trigger shop.t1 before insert on `SHOP`.`t` for each row insert into shop.log values (1)",
                "CREATE DEFINER = root@% trigger t1 before insert on `t` for each row insert into shop.log values (1)",
            ),
            (
                "create trigger t1 after update on t for each row set @a = 'on shop.t'",
                "create trigger t1 after update on t for each row set @a = 'on shop.t'",
            ),
            (
                "create trigger t1 after update on hr . t for each row x",
                "create trigger t1 after update on hr . t for each row x",
            ),
        ];
        for (sql, expected) in cases {
            assert_eq!(text(trigger_without_database(sql.as_bytes(), "shop")), expected);
        }
        assert!(names_database(cases[0].1.as_bytes(), "shop"));
        assert!(!names_database(cases[1].1.as_bytes(), "shop"));
    }

    #[test]
    fn privileges_follow_the_new_name() {
        let renamed = |sql: &str| {
            let (database, sql) = grant_on(sql, |old| format!("{old}_2"));
            (database, text(sql))
        };
        let on = |name: &str, whole| Some(OnDatabase { name: name.to_owned(), whole });
        assert_eq!(
            renamed("GRANT SELECT ON `d`.* TO 'u'"),
            (on("d", true), "GRANT SELECT ON `d_2`.* TO 'u'".to_owned())
        );
        assert_eq!(
            renamed("GRANT EXECUTE ON PROCEDURE `d`.`p` TO 'u'"),
            (on("d", false), "GRANT EXECUTE ON PROCEDURE `d_2`.`p` TO 'u'".to_owned())
        );
        assert_eq!(renamed("GRANT ALL ON *.* TO 'u'"), (None, "GRANT ALL ON *.* TO 'u'".to_owned()));
        assert_eq!(renamed("GRANT `r`@`%` TO `u`@`%`"), (None, "GRANT `r`@`%` TO `u`@`%`".to_owned()));
    }
}
