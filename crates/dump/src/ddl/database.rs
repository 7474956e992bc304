//! CREATE DATABASE under a new name, and without options that a target does not accept.

use oceanbase::statement::identifier;

use crate::ddl::token::{Token, TokenKind, tokens};

/// The statement that creates a database, in parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct DatabaseDefinition {
    /// Everything after the name, as the server printed it.
    printed: Vec<u8>,
    character_set: Option<String>,
    collation: Option<String>,
    comment: Option<String>,
    /// The other options.
    others: String,
}

/// The options that a statement does without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Without {
    /// Without the comment.
    pub(crate) comment: bool,
    /// Without the default collation.
    pub(crate) collation: bool,
    /// Without the default character set; then also without the collation.
    pub(crate) character_set: bool,
    /// Without all other options.
    pub(crate) others: bool,
}

impl DatabaseDefinition {
    /// Reads a statement; `None` if it creates no database.
    pub(crate) fn read(sql: &[u8]) -> Option<Self> {
        let tokens = tokens(sql);
        let name = tokens.iter().position(|token| token.kind == TokenKind::Name)?;
        if !tokens.first()?.is_word("CREATE") {
            return None;
        }
        let rest = &tokens[name + 1..];
        let printed = rest.iter().flat_map(|token| token.text.iter().copied()).collect();
        let mut read = Self { printed, ..Self::default() };
        read.options(rest);
        Some(read)
    }

    fn options(&mut self, tokens: &[Token<'_>]) {
        let words: Vec<&Token<'_>> = tokens.iter().filter(|token| !token.is_blank()).collect();
        let mut rest = &words[..];
        while let Some(first) = rest.first() {
            let named = if first.is_word("DEFAULT") { &rest[1..] } else { rest };
            let is = |place: usize, word: &str| named.get(place).is_some_and(|token| token.is_word(word));
            let (option, length) = if is(0, "CHARACTER") && is(1, "SET") {
                (&mut self.character_set, 2)
            } else if is(0, "CHARSET") {
                (&mut self.character_set, 1)
            } else if is(0, "COLLATE") {
                (&mut self.collation, 1)
            } else if is(0, "COMMENT") {
                (&mut self.comment, 1)
            } else {
                self.other(first);
                rest = &rest[1..];
                continue;
            };
            let has_sign = named.get(length).is_some_and(|token| token.is_sign(b'='));
            let value = named.get(length + usize::from(has_sign));
            *option = value.map(|value| text(value));
            rest = named.get(length + usize::from(has_sign) + 1..).unwrap_or_default();
        }
    }

    /// Adds a part of another option. MariaDB and MySQL print the character set in a comment that servers run.
    fn other(&mut self, token: &Token<'_>) {
        if let Some(inner) = inner(token) {
            let mut read = Self::default();
            read.options(&tokens(inner));
            if read.others.is_empty() {
                self.character_set = read.character_set.or(self.character_set.take());
                self.collation = read.collation.or(self.collation.take());
                self.comment = read.comment.or(self.comment.take());
                return;
            }
        }
        if !self.others.is_empty() {
            self.others.push(' ');
        }
        self.others.push_str(&text(token));
    }

    /// Returns the whole statement for a database of that name; it does nothing if the database exists.
    pub(crate) fn whole(&self, name: &str) -> Vec<u8> {
        [create(name).as_bytes(), &self.printed].concat()
    }

    /// Returns the statement without some options.
    pub(crate) fn without(&self, name: &str, without: Without) -> Vec<u8> {
        let Without { comment, collation, character_set, others } = without;
        let parts = [
            ("DEFAULT CHARACTER SET = ", &self.character_set, character_set),
            ("DEFAULT COLLATE = ", &self.collation, collation || character_set),
            ("COMMENT = ", &self.comment, comment),
        ];
        let mut sql = create(name);
        for (words, value, _) in parts.iter().filter(|(.., is_left_out)| !is_left_out) {
            if let Some(value) = value {
                sql.push_str(&format!(" {words}{value}"));
            }
        }
        if !others && !self.others.is_empty() {
            sql.push_str(&format!(" {}", self.others));
        }
        sql.into_bytes()
    }

    /// Returns what a statement can do without, the least first. Each leaves out something that the definition has.
    pub(crate) fn reductions(&self) -> Vec<Without> {
        let none = Without::default();
        let mut defaults = vec![none];
        if self.collation.is_some() {
            defaults.push(Without { collation: true, ..none });
        }
        if self.character_set.is_some() {
            defaults.push(Without { collation: true, character_set: true, ..none });
        }
        let either = |has: bool| if has { &[false, true][..] } else { &[false] };
        let mut all = Vec::new();
        for &others in either(!self.others.is_empty()) {
            for default in &defaults {
                for &comment in either(self.comment.is_some()) {
                    all.push(Without { comment, others, ..*default });
                }
            }
        }
        all.retain(|without| *without != none);
        all
    }

    /// Returns the default character set and collation, for a report.
    pub(crate) fn defaults(&self) -> String {
        let parts = [&self.character_set, &self.collation];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Returns the other options, for a report.
    pub(crate) fn others(&self) -> &str {
        &self.others
    }
}

fn create(name: &str) -> String {
    format!("CREATE DATABASE IF NOT EXISTS {}", identifier(name))
}

fn text(token: &Token<'_>) -> String {
    String::from_utf8_lossy(token.text).into_owned()
}

/// Returns what servers run of a comment such as `/*!40100 … */`. One that only newer servers run has no such part.
fn inner<'t>(token: &Token<'t>) -> Option<&'t [u8]> {
    /// Every supported server is newer.
    const SINCE: &str = "40100";
    if token.kind != TokenKind::Executable {
        return None;
    }
    let inner = token.text.strip_prefix(b"/*!")?.strip_suffix(b"*/")?;
    inner.strip_prefix(SINCE.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{DatabaseDefinition, Without};

    fn read(sql: &str) -> DatabaseDefinition {
        DatabaseDefinition::read(sql.as_bytes()).expect("a database")
    }

    fn text(sql: Vec<u8>) -> String {
        String::from_utf8(sql).expect("text")
    }

    #[test]
    fn a_database_is_created_under_its_new_name() {
        let made = read("CREATE DATABASE `shop` DEFAULT CHARACTER SET = utf8mb4").whole("sh`op2");
        assert_eq!(text(made), "CREATE DATABASE IF NOT EXISTS `sh``op2` DEFAULT CHARACTER SET = utf8mb4");
        assert_eq!(DatabaseDefinition::read(b"DROP DATABASE `x`"), None);
    }

    #[test]
    fn each_option_can_be_left_out_alone() {
        let maria = "CREATE DATABASE `m` /*!40100 DEFAULT CHARACTER SET latin1 COLLATE latin1_swedish_ci */ \
                     COMMENT 'it''s'";
        let mysql = "CREATE DATABASE `m` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ \
                     /*!80016 DEFAULT ENCRYPTION='N' */";
        let none = Without::default();
        let all = Without { comment: true, collation: true, character_set: true, others: true };
        let latin = "DEFAULT CHARACTER SET = latin1";
        let cases = [
            (
                maria,
                Without { comment: true, ..none },
                format!(" {latin} DEFAULT COLLATE = latin1_swedish_ci"),
            ),
            (maria, Without { collation: true, ..none }, format!(" {latin} COMMENT = 'it''s'")),
            (maria, Without { character_set: true, ..none }, " COMMENT = 'it''s'".to_owned()),
            (maria, all, String::new()),
            (
                mysql,
                Without { collation: true, ..none },
                " DEFAULT CHARACTER SET = utf8mb4 /*!80016 DEFAULT ENCRYPTION='N' */".to_owned(),
            ),
            (mysql, all, String::new()),
            (
                "CREATE DATABASE `o` DEFAULT CHARACTER SET = utf8mb4 REPLICA_NUM = 1",
                Without { others: true, ..none },
                " DEFAULT CHARACTER SET = utf8mb4".to_owned(),
            ),
        ];
        for (sql, without, expected) in cases {
            let made = text(read(sql).without("n", without));
            assert_eq!(made, format!("CREATE DATABASE IF NOT EXISTS `n`{expected}"), "{sql} {without:?}");
        }
        assert_eq!(read(maria).defaults(), "latin1, latin1_swedish_ci");
    }

    #[test]
    fn the_least_is_left_out_first_and_in_the_end_everything() {
        let maria =
            read("CREATE DATABASE `m` /*!40100 DEFAULT CHARACTER SET latin1 COLLATE x */ COMMENT 'c'");
        let texts: Vec<String> =
            maria.reductions().into_iter().map(|without| text(maria.without("m", without))).collect();
        let after = |text: &String| text.trim_start_matches("CREATE DATABASE IF NOT EXISTS `m`").to_owned();
        assert_eq!(
            texts.iter().map(after).collect::<Vec<_>>(),
            [
                " DEFAULT CHARACTER SET = latin1 DEFAULT COLLATE = x",
                " DEFAULT CHARACTER SET = latin1 COMMENT = 'c'",
                " DEFAULT CHARACTER SET = latin1",
                " COMMENT = 'c'",
                "",
            ]
        );
        assert_eq!(read("CREATE DATABASE `m`").reductions(), []);
    }
}
