//! Names of databases before a dot, in statements that create tables, views and code.
//!
//! `x.y` is either a table of a database or a column of a table. The position decides: after FROM, INTO, CALL and
//! similar words, or before a bracket, `x` is a database; elsewhere it is a table or an alias that the statement also
//! names. Other cases are not guessed.

mod objects;

use std::collections::{BTreeMap, BTreeSet};

use oceanbase::statement::identifier;

use crate::ddl::qualify::unescaped;
use crate::ddl::token::{Quoting, Token, TokenKind, tokens, tokens_of};

/// A statement in which names of databases are recognized.
#[derive(Debug)]
pub(crate) struct Qualified<'t> {
    tokens: Vec<Token<'t>>,
    /// The positions of database names among the tokens, with the dots after them.
    databases: BTreeMap<usize, usize>,
    /// Names that may stand for a database or for something else. They are not changed.
    unclear: BTreeSet<String>,
}

/// Which part of a query the tokens within a pair of brackets belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clause {
    /// After SELECT or DELETE.
    Select,
    /// Where tables are named.
    Tables,
    /// The condition of a join.
    On,
    Other,
}

/// Words that are followed by the name of a table or routine.
const BEFORE_OBJECTS: [&str; 13] = [
    "CALL",
    "DELAYED",
    "EXISTS",
    "HIGH_PRIORITY",
    "IGNORE",
    "INSERT",
    "INTO",
    "LOW_PRIORITY",
    "REFERENCES",
    "REPLACE",
    "TABLE",
    "TRUNCATE",
    "VIEW",
];

/// Functions whose first argument is the name of a sequence.
const OF_SEQUENCES: [&str; 3] = ["LASTVAL", "NEXTVAL", "SETVAL"];

/// Words before an UPDATE that is not a statement.
const NO_STATEMENT: [&str; 6] = ["AFTER", "BEFORE", "FOR", "KEY", "ON", "OR"];

/// Words that end the list of tables.
const AFTER_TABLES: [&str; 13] = [
    "EXCEPT",
    "FOR",
    "GROUP",
    "HAVING",
    "INTERSECT",
    "INTO",
    "LIMIT",
    "ORDER",
    "SET",
    "UNION",
    "VALUES",
    "WHERE",
    "WINDOW",
];

/// Words of code that runs statements out of texts.
const RUNS_TEXT: [&str; 2] = ["PREPARE", "EXECUTE"];

impl<'t> Qualified<'t> {
    /// Reads a statement as the server printed it: all names are quoted.
    pub(crate) fn read(sql: &'t [u8], is_database: impl Fn(&str) -> bool) -> Self {
        let mut scan = Scan::new(tokens(sql), is_database, |token| token.kind == TokenKind::Name);
        scan.run();
        scan.finish()
    }

    /// Reads code as a user typed it.
    pub(crate) fn read_code(sql: &'t [u8], quoting: Quoting, is_database: impl Fn(&str) -> bool) -> Self {
        let mut scan = Scan::new(tokens_of(sql, quoting), is_database, may_be_name);
        scan.run();
        scan.texts();
        scan.finish()
    }

    /// Returns the names that may be those of databases, or of something else.
    pub(crate) fn unclear(&self) -> &BTreeSet<String> {
        &self.unclear
    }

    /// Returns the names that certainly or possibly stand for databases.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let sure = self.databases.keys().filter_map(|&place| self.tokens[place].name());
        sure.chain(self.unclear.iter().cloned()).collect()
    }

    /// Returns the statement without the names of databases.
    pub(crate) fn without(&self) -> Vec<u8> {
        let skipped: BTreeSet<usize> = self.databases.iter().flat_map(|(name, dot)| *name..=*dot).collect();
        let kept = self.tokens.iter().enumerate().filter(|(place, _)| !skipped.contains(place));
        kept.flat_map(|(_, token)| token.text.iter().copied()).collect()
    }

    /// Returns the statement with other names of databases, by the old ones.
    pub(crate) fn renamed(&self, names: &BTreeMap<String, String>) -> Vec<u8> {
        let mut sql = Vec::new();
        for (place, token) in self.tokens.iter().enumerate() {
            let old = if self.databases.contains_key(&place) { token.name() } else { None };
            match old.and_then(|old| names.get(&old)) {
                Some(new) => sql.extend_from_slice(identifier(new).as_bytes()),
                None if token.kind == TokenKind::Hint => sql.extend(renamed_hint(token.text, names)),
                None => sql.extend_from_slice(token.text),
            }
        }
        sql
    }
}

/// Returns a hint with other names of databases. In hints, a name before a dot is always a database: they never name
/// columns.
fn renamed_hint(hint: &[u8], names: &BTreeMap<String, String>) -> Vec<u8> {
    let (begin, end) = (HINT_BEGIN, hint.len() - HINT_END);
    let inner = tokens(&hint[begin..end]);
    let mut renamed = hint[..begin].to_vec();
    for (place, token) in inner.iter().enumerate() {
        let is_first = place == 0 || !inner[place - 1].is_sign(b'.');
        let is_qualifier = is_first && inner.get(place + 1).is_some_and(|next| next.is_sign(b'.'));
        // OceanBase prints names in hints between `"`.
        let quoted = token.kind == TokenKind::Literal;
        let old = if quoted { String::from_utf8(unquoted(token.text)).ok() } else { token.name() };
        match old.filter(|_| is_qualifier).and_then(|old| names.get(&old)) {
            Some(new) if quoted => renamed.extend(format!("\"{}\"", new.replace('"', "\"\"")).into_bytes()),
            Some(new) => renamed.extend_from_slice(identifier(new).as_bytes()),
            None => renamed.extend_from_slice(token.text),
        }
    }
    renamed.extend_from_slice(&hint[end..]);
    renamed
}

/// How long `/*+` is.
const HINT_BEGIN: usize = 3;

/// How long `*/` is.
const HINT_END: usize = 2;

fn unquoted(text: &[u8]) -> Vec<u8> {
    unescaped(&text[1..text.len() - 1], text[0])
}

fn may_be_name(token: &Token<'_>) -> bool {
    token.is_name()
}

/// Walks through a statement.
struct Scan<'t, D, N> {
    tokens: Vec<Token<'t>>,
    /// The places of the tokens that are no blanks.
    solid: Vec<usize>,
    is_database: D,
    is_name: N,
    databases: BTreeMap<usize, usize>,
    /// Names before a dot in positions where a column is possible.
    undecided: BTreeSet<String>,
    /// Tables and their aliases.
    tables: BTreeSet<String>,
    unclear: BTreeSet<String>,
    clauses: Vec<Clause>,
}

impl<'t, D: Fn(&str) -> bool, N: Fn(&Token<'_>) -> bool> Scan<'t, D, N> {
    fn new(tokens: Vec<Token<'t>>, is_database: D, is_name: N) -> Self {
        let solid = (0..tokens.len()).filter(|&place| !tokens[place].is_blank()).collect();
        Self {
            tokens,
            solid,
            is_database,
            is_name,
            databases: BTreeMap::new(),
            undecided: BTreeSet::new(),
            tables: BTreeSet::new(),
            unclear: BTreeSet::new(),
            clauses: vec![Clause::Other],
        }
    }

    fn token(&self, at: usize) -> Option<Token<'t>> {
        self.solid.get(at).map(|&place| self.tokens[place])
    }

    fn before(&self, at: usize, steps: usize) -> Option<Token<'t>> {
        at.checked_sub(steps).and_then(|at| self.token(at))
    }

    fn is_sign(&self, at: usize, sign: u8) -> bool {
        self.token(at).is_some_and(|token| token.is_sign(sign))
    }

    fn run(&mut self) {
        let mut at = 0;
        while let Some(token) = self.token(at) {
            let before = self.before(at, 1);
            // A variable or a host follows `@`. A name after a dot is never a database.
            let is_inner = before.is_some_and(|before| before.is_sign(b'@') || before.is_sign(b'.'));
            if is_inner || !(self.is_name)(&token) {
                if !is_inner {
                    self.step(&token, before);
                }
                at += 1;
                continue;
            }
            let mut end = at;
            while self.is_sign(end + 1, b'.') && self.token(end + 2).is_some_and(|next| (self.is_name)(&next))
            {
                end += 2;
            }
            if end == at {
                self.single(at, &token);
            } else {
                self.chain(at, end, &token);
            }
            at = end + 1;
        }
    }

    /// Takes a name, or a keyword of code, that no dot joins to another.
    fn single(&mut self, at: usize, token: &Token<'t>) {
        if self.clauses.last() == Some(&Clause::Tables) {
            self.tables.extend(token.name()); // a table, an alias, or a keyword, which is harmless
        }
        if token.kind == TokenKind::Word {
            self.step(token, self.before(at, 1));
        }
    }

    /// Takes names that dots join.
    fn chain(&mut self, at: usize, end: usize, first: &Token<'t>) {
        let name = first.name().unwrap_or_default();
        let is_table = self.clauses.last() == Some(&Clause::Tables);
        let length = (end - at) / 2 + 1;
        let is_of_database = match length {
            2 => is_table || self.is_object(at) || self.is_sign(end + 1, b'(') || self.is_all_of_table(end),
            _ => true,
        };
        if is_table || length == 2 && self.is_object(at) {
            self.tables.extend(self.token(end).and_then(|last| last.name()));
        }
        if !(self.is_database)(&name) {
            return;
        }
        if is_of_database {
            self.databases.insert(self.solid[at], self.solid[at + 1]);
        } else {
            self.undecided.insert(name);
        }
    }

    /// Returns whether the text before it makes it a table, a routine or a sequence.
    fn is_object(&self, at: usize) -> bool {
        let Some(before) = self.before(at, 1) else { return false };
        let further = self.before(at, 2);
        let is_argument = before.is_sign(b'(') && further.is_some_and(|word| word.is_any(&OF_SEQUENCES));
        let is_next = before.is_word("FOR") && further.is_some_and(|word| word.is_word("VALUE"));
        before.is_any(&BEFORE_OBJECTS) || is_argument || is_next
    }

    /// Returns whether `.*` follows.
    fn is_all_of_table(&self, end: usize) -> bool {
        self.is_sign(end + 1, b'.') && self.is_sign(end + 2, b'*')
    }

    /// Notes which clause begins or ends with a token.
    fn step(&mut self, token: &Token<'_>, before: Option<Token<'_>>) {
        let top = self.clauses.last().copied().unwrap_or(Clause::Other);
        if token.is_sign(b'(') {
            let holds_tables = top == Clause::Tables
                && before.is_some_and(|before| {
                    before.is_sign(b'(')
                        || before.is_sign(b',')
                        || before.is_any(&["FROM", "JOIN", "STRAIGHT_JOIN"])
                });
            self.clauses.push(if holds_tables { Clause::Tables } else { Clause::Other });
            return;
        }
        if token.is_sign(b')') {
            if self.clauses.len() > 1 {
                self.clauses.pop();
            }
            return;
        }
        let is_joined = token.is_any(&["JOIN", "STRAIGHT_JOIN"]) || token.is_sign(b',');
        let starts_update =
            token.is_word("UPDATE") && !before.is_some_and(|before| before.is_any(&NO_STATEMENT));
        let now = if token.is_any(&["SELECT", "DELETE"]) {
            Clause::Select
        } else if token.is_word("FROM") && top == Clause::Select
            || is_joined && top == Clause::On
            || starts_update
        {
            Clause::Tables
        } else if token.is_any(&["ON", "USING"]) && top == Clause::Tables {
            Clause::On
        } else if token.is_sign(b';') || token.is_any(&AFTER_TABLES) && top != Clause::Select {
            Clause::Other
        } else {
            top
        };
        if let Some(last) = self.clauses.last_mut() {
            *last = now;
        }
    }

    /// Searches for names of databases in text that is not code but may be run as code: texts where texts are run,
    /// and comments for some servers.
    fn texts(&mut self) {
        let runs_text = self.tokens.iter().any(|token| token.is_any(&RUNS_TEXT));
        for token in &self.tokens {
            let inner = match token.kind {
                TokenKind::Literal if runs_text => &token.text[1..token.text.len() - 1],
                TokenKind::Executable => &token.text[2..token.text.len() - 2],
                _ => continue,
            };
            let inner = tokens(inner);
            for pair in inner.windows(2) {
                let name = pair[0].name().filter(|name| pair[1].is_sign(b'.') && (self.is_database)(name));
                self.unclear.extend(name);
            }
        }
    }

    fn finish(mut self) -> Qualified<'t> {
        // `x`.`y` outside of the list of tables is a column, if there is a table or an alias `x`.
        self.unclear.extend(self.undecided.difference(&self.tables).cloned());
        Qualified { tokens: self.tokens, databases: self.databases, unclear: self.unclear }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Qualified;
    use crate::ddl::token::Quoting;

    fn text(sql: Vec<u8>) -> String {
        String::from_utf8(sql).expect("text")
    }

    #[test]
    fn the_own_database_is_left_out_of_a_view_and_nothing_else() {
        let cases = [
            (
                "CREATE VIEW `shop` AS select `shop`.`t`.`a` AS `shop` from (`shop`.`t` join `hr`.`p`)",
                "CREATE VIEW `shop` AS select `t`.`a` AS `shop` from (`t` join `hr`.`p`)",
            ),
            ("select `shop`.`shop`.`shop` from `shop`.`shop`", "select `shop`.`shop` from `shop`"),
            ("select '`shop`.`t`' from `shop`.`t`", "select '`shop`.`t`' from `t`"),
            // A table or an alias has the name of the database.
            ("select `shop`.`id` from `shop`.`par` `shop`", "select `shop`.`id` from `par` `shop`"),
            ("select `shop`.`id` from (`shop` join `t`)", "select `shop`.`id` from (`shop` join `t`)"),
            ("select `shop`.`id` from `hr`.`shop`", "select `shop`.`id` from `hr`.`shop`"),
            (
                "select `o`.`id` from `shop`.`shop` `o` join `shop`.`t` on(`o`.`id` = `shop`.`t`.`id`) where `o`.`n` > 0",
                "select `o`.`id` from `shop` `o` join `t` on(`o`.`id` = `t`.`id`) where `o`.`n` > 0",
            ),
            (
                "select `shop`.`f`(1),nextval(`shop`.`s`) from `t` `shop`",
                "select `f`(1),nextval(`s`) from `t` `shop`",
            ),
            (
                "select extract(year from `shop`.`d`) from `shop`.`t` `shop`",
                "select extract(year from `shop`.`d`) from `t` `shop`",
            ),
            (
                "select straight_join `shop`.`d` from ((`shop`.`t` `shop` join `shop`.`u` on(`shop`.`d` = `u`.`d`)) left join `shop`.`w` on(1))",
                "select straight_join `shop`.`d` from ((`t` `shop` join `u` on(`shop`.`d` = `u`.`d`)) left join `w` on(1))",
            ),
            (
                "select 1 from (select `shop`.`t`.`a` from `shop`.`t`) `q`,`shop`.`u` union select 2 from `shop`.`v`",
                "select 1 from (select `t`.`a` from `t`) `q`,`u` union select 2 from `v`",
            ),
            (
                "with `shop` as (select `shop`.`t`.`a` from `shop`.`t`) select `shop`.`a` from `shop`",
                "with `shop` as (select `t`.`a` from `t`) select `shop`.`a` from `shop`",
            ),
            ("`no` bigint DEFAULT nextval(`shop`.`s`)", "`no` bigint DEFAULT nextval(`s`)"),
        ];
        for (sql, expected) in cases {
            let read = Qualified::read(sql.as_bytes(), |name| name == "shop");
            assert_eq!(text(read.without()), expected);
            assert!(read.unclear().is_empty(), "{sql}");
        }
    }

    #[test]
    fn a_name_that_may_be_a_database_or_something_else_is_not_guessed_at() {
        let sql = "select `shop`.`id` from `hr`.`t`";
        let read = Qualified::read(sql.as_bytes(), |name| name == "shop");
        assert_eq!((text(read.without()), read.unclear().len()), (sql.to_owned(), 1));
    }

    #[test]
    fn other_databases_get_their_new_names() {
        let names = BTreeMap::from([("hr".to_owned(), "h`r".to_owned())]);
        let sql = b"select `hr`.`p`.`id` AS `hr` from `hr`.`p`";
        let renamed = Qualified::read(sql, |name| names.contains_key(name)).renamed(&names);
        assert_eq!(text(renamed), "select `h``r`.`p`.`id` AS `hr` from `h``r`.`p`");
    }

    #[test]
    fn hints_name_the_new_database() {
        let names = BTreeMap::from([("hr".to_owned(), "h`r\"".to_owned())]);
        for (sql, expected) in [
            (
                "select /*+ full(hr.p) */ 1 from `hr`.`p`",
                "select /*+ full(`h``r\"`.p) */ 1 from `h``r\"`.`p`",
            ),
            (
                "select /*+ INDEX(@\"SEL$1\" \"hr\".\"p\"@\"SEL$1\" \"hr\") */ 1",
                "select /*+ INDEX(@\"SEL$1\" \"h`r\"\"\".\"p\"@\"SEL$1\" \"hr\") */ 1",
            ),
            ("select /*+ full(hr) leading(x.hr) */ 1", "select /*+ full(hr) leading(x.hr) */ 1"),
            ("select /*+*/ 1", "select /*+*/ 1"),
        ] {
            let read =
                Qualified::read_code(sql.as_bytes(), Quoting::default(), |name| names.contains_key(name));
            assert_eq!(text(read.renamed(&names)), expected);
            assert!(read.unclear().is_empty(), "{sql}");
        }
    }

    #[test]
    fn code_names_the_new_database_where_it_surely_means_the_old_one() {
        let names = BTreeMap::from([("shop".to_owned(), "s`2".to_owned())]);
        let read = |sql: &str| {
            let is_database = |name: &str| names.contains_key(name);
            let code = Qualified::read_code(sql.as_bytes(), Quoting::default(), is_database);
            (text(code.renamed(&names)), code.unclear().is_empty())
        };
        for (sql, expected) in [
            ("begin insert into shop.log values (1); end", "begin insert into `s``2`.log values (1); end"),
            (
                "select a.x, 'shop.x' from shop.t a, shop . u -- shop.x",
                "select a.x, 'shop.x' from `s``2`.t a, `s``2` . u -- shop.x",
            ),
            (
                "begin call shop.p(shop.f(1)); update low_priority `shop`.t, shop.u set x = 1; delete from shop.t; end",
                "begin call `s``2`.p(`s``2`.f(1)); update low_priority `s``2`.t, `s``2`.u set x = 1; delete from `s``2`.t; end",
            ),
            (
                "insert shop.log select x from shop.t on duplicate key update x = shop.log.x",
                "insert `s``2`.log select x from `s``2`.t on duplicate key update x = `s``2`.log.x",
            ),
            (
                "for each row if exists (select 1 from shop.t for update) then replace shop.t values (shop.s.nextval); end if",
                "for each row if exists (select 1 from `s``2`.t for update) then replace `s``2`.t values (`s``2`.s.nextval); end if",
            ),
            ("select x into y from shop.t limit 1", "select x into y from `s``2`.t limit 1"),
            (
                "delete t from shop.t join u using (id) where t.a",
                "delete t from `s``2`.t join u using (id) where t.a",
            ),
            ("select shop.x from t shop", "select shop.x from t shop"),
            ("set @shop.x = new.shop", "set @shop.x = new.shop"),
            (
                "create definer = root@shop.net trigger t after update on u",
                "create definer = root@shop.net trigger t after update on u",
            ),
        ] {
            assert_eq!(read(sql), (expected.to_owned(), true), "{sql}");
        }
        for sql in [
            "select shop.x from t",
            "lock shop.t",
            "prepare s from 'insert into shop.log values (1)'",
            "select 1 /*!50000 from shop.t */",
        ] {
            assert_eq!(read(sql), (sql.to_owned(), false), "{sql}");
        }
    }
}
