//! Table groups of OceanBase 4.x: the placement of tables, not their content. A dump names none, because the target
//! tenant may not have it.
//!
//! Based on the documentation only: seekdb has no table groups.

use crate::ddl::token::{TokenKind, tokens};

/// Returns options of a table or database without `[DEFAULT] TABLEGROUP [=] …`, and whether there was one.
pub(crate) fn without_table_group(options: &[u8]) -> (Vec<u8>, bool) {
    let all = tokens(options);
    let words: Vec<usize> = (0..all.len()).filter(|&at| !all[at].is_blank()).collect();
    let Some(place) = words.iter().position(|&at| all[at].is_word("TABLEGROUP")) else {
        return (options.to_vec(), false);
    };
    let begins = match place.checked_sub(1).map(|before| words[before]) {
        Some(before) if all[before].is_word("DEFAULT") => before,
        _ => words[place],
    };
    let has_sign = words.get(place + 1).is_some_and(|&at| all[at].is_sign(b'='));
    let Some(&ends) = words.get(place + if has_sign { 2 } else { 1 }) else {
        return (options.to_vec(), false);
    };
    // The text before it ends where the text after it begins: one space is enough.
    let begins = if begins > 0 && all[begins - 1].kind == TokenKind::Space { begins - 1 } else { begins };
    let kept = all[..begins].iter().chain(&all[ends + 1..]);
    (kept.flat_map(|token| token.text.iter().copied()).collect(), true)
}

#[cfg(test)]
mod tests {
    use super::without_table_group;

    #[test]
    fn a_table_group_is_left_out_and_nothing_else() {
        let cases = [
            (") DEFAULT CHARSET = utf8mb4 TABLEGROUP = 'tg1'", Some(") DEFAULT CHARSET = utf8mb4")),
            (
                ") DEFAULT CHARSET = gbk TABLEGROUP = 'a b' PCTFREE = 0\n partition by hash(a)",
                Some(") DEFAULT CHARSET = gbk PCTFREE = 0\n partition by hash(a)"),
            ),
            (
                "CREATE DATABASE `d` DEFAULT CHARACTER SET = utf8mb4 DEFAULT TABLEGROUP = tg",
                Some("CREATE DATABASE `d` DEFAULT CHARACTER SET = utf8mb4"),
            ),
            (
                "CREATE DATABASE `d` DEFAULT TABLEGROUP `tg` REPLICA_NUM = 1",
                Some("CREATE DATABASE `d` REPLICA_NUM = 1"),
            ),
            (") COMMENT = 'TABLEGROUP = x'", None),
            ("CREATE DATABASE `TABLEGROUP`", None),
        ];
        for (options, expected) in cases {
            let (left, found) = without_table_group(options.as_bytes());
            assert_eq!(String::from_utf8(left).expect("text"), expected.unwrap_or(options));
            assert_eq!(found, expected.is_some(), "{options}");
        }
    }
}
