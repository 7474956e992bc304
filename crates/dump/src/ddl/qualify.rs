//! The references in statements that create tables and views.
//!
//! SHOW CREATE names the database everywhere: `` REFERENCES `shop`.`orders` ``, `` select `shop`.`orders`.`id` ``.
//! Run in another database, such a statement would silently refer to the old one. So a dump leaves out the name of
//! the statement's own database, and a load replaces the names of others that it renames.

use oceanbase::statement::identifier;

use crate::ddl::qualified::OF_SEQUENCES;
use crate::ddl::token::{Token, TokenKind, tokens};

/// Rewrites the table that a foreign key refers to. `database` returns the new database before the dot; `None`
/// removes the name and the dot.
pub(crate) fn with_reference(foreign_key: &[u8], database: impl Fn(&str) -> Option<String>) -> Vec<u8> {
    let tokens = tokens(foreign_key);
    let all =
        |tokens: &[Token<'_>]| -> Vec<u8> { tokens.iter().flat_map(|token| token.text.to_vec()).collect() };
    let Some(word) = tokens.iter().position(|token| token.is_word("REFERENCES")) else { return all(&tokens) };
    let is_name = |token: &Token<'_>| token.kind == TokenKind::Name;
    let Some(name) = tokens.iter().skip(word).position(is_name).map(|place| place + word) else {
        return all(&tokens);
    };
    if !tokens.get(name + 1).is_some_and(|token| token.is_sign(b'.')) {
        return all(&tokens);
    }
    let mut sql = all(&tokens[..name]);
    if let Some(new) = tokens[name].name().and_then(|old| database(&old)) {
        sql.extend_from_slice(identifier(&new).as_bytes());
        sql.push(b'.');
    }
    sql.extend(all(&tokens[name + 2..]));
    sql
}

/// Returns the table that the foreign key in a statement refers to, with its database if present.
pub(crate) fn reference(sql: &[u8]) -> Option<(Option<String>, String)> {
    let all = tokens(sql);
    let word = all.iter().position(|token| token.is_word("REFERENCES"))?;
    let name = (word..all.len()).find(|&place| all[place].kind == TokenKind::Name)?;
    if all.get(name + 1).is_some_and(|next| next.is_sign(b'.')) {
        return Some((all[name].name(), all.get(name + 2)?.name()?));
    }
    Some((None, all[name].name()?))
}

/// Returns the sequences that the default of a column draws from, each with its database if present.
pub(crate) fn sequences(column: &[u8]) -> Vec<(Option<String>, String)> {
    let all: Vec<Token<'_>> = tokens(column).into_iter().filter(|token| !token.is_blank()).collect();
    let mut found = Vec::new();
    for (place, pair) in all.windows(2).enumerate() {
        if !pair[0].is_any(&OF_SEQUENCES) || !pair[1].is_sign(b'(') {
            continue;
        }
        let name =
            |place: usize| all.get(place).filter(|token| token.kind == TokenKind::Name).and_then(Token::name);
        let Some(first) = name(place + 2) else { continue };
        let second = all.get(place + 3).filter(|dot| dot.is_sign(b'.')).and_then(|_| name(place + 4));
        found.push(second.map_or_else(|| (None, first.clone()), |second| (Some(first.clone()), second)));
    }
    found
}

/// Returns MySQL's statement of a view without the part between CREATE and VIEW, which OceanBase does not accept
/// (ALGORITHM, DEFINER, SQL SECURITY); and whether it runs with the privileges of the caller.
pub(crate) fn without_security(sql: &[u8]) -> (Vec<u8>, bool) {
    let all = tokens(sql);
    let Some(view) = all.iter().position(|token| token.is_word("VIEW")) else { return (sql.to_vec(), false) };
    let invoker = all[..view].iter().any(|token| token.is_word("INVOKER"));
    let mut plain = b"CREATE ".to_vec();
    all[view..].iter().for_each(|token| plain.extend_from_slice(token.text));
    (plain, invoker)
}

/// Writes literals that are not valid UTF-8, such as the default of a binary column, in hexadecimal.
pub(crate) fn with_readable_literals(sql: &[u8]) -> Vec<u8> {
    let mut readable = Vec::with_capacity(sql.len());
    for token in tokens(sql) {
        if token.kind == TokenKind::Literal && std::str::from_utf8(token.text).is_err() {
            readable.extend_from_slice(b"0x");
            for byte in unescaped(&token.text[1..token.text.len() - 1], token.text[0]) {
                readable.extend_from_slice(format!("{byte:02X}").as_bytes());
            }
        } else {
            readable.extend_from_slice(token.text);
        }
    }
    readable
}

/// Returns the value of a text, without its quotes and escapes.
pub(crate) fn unescaped(inner: &[u8], quote: u8) -> Vec<u8> {
    let mut value = Vec::new();
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        value.push(match byte {
            b'\\' => match bytes.next().unwrap_or(b'\\') {
                b'0' => 0,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'b' => 0x08,
                b'Z' => 0x1A,
                other => other,
            },
            _ if byte == quote && bytes.peek() == Some(&quote) => bytes.next().unwrap_or(quote),
            _ => byte,
        });
    }
    value
}

#[cfg(test)]
mod tests {
    use super::{reference, sequences, with_readable_literals, with_reference, without_security};

    #[test]
    fn a_foreign_key_refers_to_the_requested_database() {
        let key = b"CONSTRAINT `fk` FOREIGN KEY (`shop`) REFERENCES `shop`.`par`(`id`) ON DELETE CASCADE";
        let shown = |sql: Vec<u8>| String::from_utf8(sql).expect("text");
        let own = shown(with_reference(key, |_| None));
        assert_eq!(own, "CONSTRAINT `fk` FOREIGN KEY (`shop`) REFERENCES `par`(`id`) ON DELETE CASCADE");
        let other = shown(with_reference(key, |old| Some(format!("{old}_2"))));
        assert_eq!(
            other,
            "CONSTRAINT `fk` FOREIGN KEY (`shop`) REFERENCES `shop_2`.`par`(`id`) ON DELETE CASCADE"
        );
        assert_eq!(shown(with_reference(own.as_bytes(), |_| Some("x".to_owned()))), own);
    }

    #[test]
    fn what_a_foreign_key_refers_to_is_read() {
        let own = b"ALTER TABLE `a` ADD CONSTRAINT `k` FOREIGN KEY (`x`) REFERENCES `par`(`id`)";
        assert_eq!(reference(own), Some((None, "par".to_owned())));
        let other = b"ADD FOREIGN KEY (`x`) REFERENCES `d`.`par` (`id`)";
        assert_eq!(reference(other), Some((Some("d".to_owned()), "par".to_owned())));
        assert_eq!(reference(b"ADD KEY `k` (`x`)"), None);
    }

    #[test]
    fn the_sequences_of_a_default_are_read() {
        let own = |name: &str| (None, name.to_owned());
        let other = |database: &str, name: &str| (Some(database.to_owned()), name.to_owned());
        for (column, expected) in [
            ("`a` bigint DEFAULT nextval(`s`)", vec![own("s")]),
            ("`a` bigint DEFAULT (nextval(`d`.`s`) + lastval(`t`))", vec![other("d", "s"), own("t")]),
            ("`nextval` int DEFAULT 1 COMMENT 'nextval(`s`)'", vec![]),
        ] {
            assert_eq!(sequences(column.as_bytes()), expected, "{column}");
        }
    }

    #[test]
    fn a_view_of_mysql_loses_what_oceanbase_does_not_take() {
        let sql = b"CREATE ALGORITHM=UNDEFINED DEFINER=`VIEW`@`%` SQL SECURITY INVOKER VIEW `v` AS select 1 AS `VIEW`";
        let plain = b"CREATE VIEW `v` AS select 1 AS `VIEW`".to_vec();
        assert_eq!(without_security(sql), (plain, true));
    }

    #[test]
    fn a_default_that_is_not_text_becomes_hexadecimal() {
        let sql = with_readable_literals(b"`b` varbinary(9) DEFAULT '\\0\xff\\'''' COMMENT 'caf\xc3\xa9'");
        assert_eq!(
            String::from_utf8(sql).expect("text"),
            "`b` varbinary(9) DEFAULT 0x00FF2727 COMMENT 'café'"
        );
    }
}
