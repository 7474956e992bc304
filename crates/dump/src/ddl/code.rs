//! The statements that create procedures, functions, triggers and outlines.

use crate::ddl::token::{Quoting, TokenKind, tokens, tokens_of};
use crate::encode::push_literal;

/// Repairs the comment of a routine, in which OceanBase does not escape quotes and backslashes. `None` if it is not
/// where it is expected.
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
        // A server that escapes the comment needs no repair.
        return definition.windows(quoted.len()).any(|text| text == quoted).then(|| definition.to_vec());
    };
    let mut mended = definition[..place].to_vec();
    mended.extend_from_slice(b"COMMENT ");
    mended.extend_from_slice(&quoted);
    mended.push(b'\n');
    mended.extend_from_slice(&definition[place + raw.len()..]);
    Some(mended)
}

/// Removes the trigger's own database before the names of the trigger and its table. Otherwise, a load into another
/// database would create the trigger on the old table.
pub(crate) fn trigger_without_database(definition: &[u8], quoting: Quoting, database: &str) -> Vec<u8> {
    let tokens = tokens_of(definition, quoting);
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

/// Removes `FOLLOWS` or `PRECEDES` with the name of another trigger, unless it names the one that is created directly
/// before. The others do not exist yet or any more, or the trigger would run at another place: OceanBase prints what
/// was typed. Triggers are created in the order in which they run.
pub(crate) fn trigger_in_order(definition: &[u8], quoting: Quoting, previous: Option<&str>) -> Vec<u8> {
    let all = tokens_of(definition, quoting);
    let solid: Vec<usize> = (0..all.len()).filter(|&place| !all[place].is_blank()).collect();
    let is = |at: usize, word: &str| solid.get(at).is_some_and(|&place| all[place].is_word(word));
    let Some(head) = (0..solid.len()).find(|&at| is(at, "FOR") && is(at + 1, "EACH") && is(at + 2, "ROW"))
    else {
        return definition.to_vec();
    };
    let (word, mut last) = (head + 3, head + 4);
    if !is(word, "FOLLOWS") && !is(word, "PRECEDES") {
        return definition.to_vec();
    }
    while solid.get(last + 1).is_some_and(|&place| all[place].is_sign(b'.')) {
        last += 2;
    }
    let (Some(&begin), Some(&end)) = (solid.get(word), solid.get(last)) else { return definition.to_vec() };
    let named = all[end].name().unwrap_or_default().to_lowercase();
    if is(word, "FOLLOWS") && previous.is_some_and(|previous| previous.to_lowercase() == named) {
        return definition.to_vec();
    }
    let kept = all.iter().enumerate().filter(|(place, _)| !(begin..=end).contains(place));
    kept.flat_map(|(_, token)| token.text.iter().copied()).collect()
}

/// Removes the comments of a statement that an outline is bound to. The server does the same when it compares
/// statements.
pub(crate) fn without_comments(statement: &[u8]) -> Vec<u8> {
    let mut kept: Vec<u8> = Vec::with_capacity(statement.len());
    let mut joins = false;
    for token in tokens(statement) {
        if token.kind == TokenKind::Comment {
            joins = !kept.last().is_some_and(u8::is_ascii_whitespace);
            continue;
        }
        if joins && token.kind != TokenKind::Space {
            kept.push(b' ');
        }
        joins = false;
        kept.extend_from_slice(token.text);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{trigger_in_order, trigger_without_database, with_comment, without_comments};
    use crate::ddl::token::Quoting;

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
    fn comments_are_left_out_and_hints_are_not() {
        let sql = b"select/**/ /*+ full(t) */ a/* ; */from t -- x\n where b = '-- ; /* */'";
        assert_eq!(text(without_comments(sql)), "select /*+ full(t) */ a from t \n where b = '-- ; /* */'");
    }

    #[test]
    fn a_trigger_names_no_other_but_the_one_before_it() {
        let head = "CREATE DEFINER = `root`@`%` trigger a before insert on `for` for each row ";
        let cases = [
            ("follows b set new.a = 1", Some("b"), "follows b set new.a = 1"),
            ("FOLLOWS `B` set new.a = 1", Some("b"), "FOLLOWS `B` set new.a = 1"),
            ("follows b set new.a = 1", Some("c"), " set new.a = 1"),
            ("follows b set new.a = 1", None, " set new.a = 1"),
            ("precedes `b``c` begin end", Some("b`c"), " begin end"),
            ("precedes shop.b begin end", Some("b"), " begin end"),
            ("set @a = 'for each row follows b'", None, "set @a = 'for each row follows b'"),
        ];
        for (body, previous, expected) in cases {
            let sql = format!("{head}{body}");
            let ordered = text(trigger_in_order(sql.as_bytes(), Quoting::default(), previous));
            assert_eq!(ordered, format!("{head}{expected}"), "{body} after {previous:?}");
        }
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
            let kept = trigger_without_database(sql.as_bytes(), Quoting::default(), "shop");
            assert_eq!(text(kept), expected);
        }
        let sql = br#"create trigger "shop"."t1" before insert on "shop"."t" for each row x"#;
        let kept = trigger_without_database(sql, Quoting::of_mode("ANSI_QUOTES"), "shop");
        assert_eq!(text(kept), r#"create trigger "t1" before insert on "t" for each row x"#);
    }
}
