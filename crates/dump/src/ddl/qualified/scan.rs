//! Walks through a statement, and decides for each name before a dot whether it is a database.

use std::collections::{BTreeMap, BTreeSet};

use super::around::around;
use super::position::{AFTER_TABLES, OF_SEQUENCES, is_after_object_word};
use super::verb::Verb;
use crate::ddl::token::{Token, TokenKind};

/// Which part of a query the tokens within a pair of brackets belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clause {
    /// After SELECT.
    Select,
    /// Where tables are named.
    Tables,
    /// The condition of a join.
    On,
    /// Where objects of any kind are named, and no columns.
    Objects,
    Other,
}

/// Where a statement may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// At the next token.
    Next,
    /// At one of the next tokens: the words before it begin no statement.
    Soon,
    /// Not before the next separator.
    Later,
}

/// Words before an UPDATE or DELETE that is not a statement.
const NO_STATEMENT: [&str; 6] = ["AFTER", "BEFORE", "FOR", "KEY", "ON", "OR"];

/// Words between DELETE and FROM.
const OF_DELETE: [&str; 5] = ["DELETE", "HISTORY", "IGNORE", "LOW_PRIORITY", "QUICK"];

/// Words after which a statement begins.
const OPENING: [&str; 7] = ["BEGIN", "DO", "ELSE", "IS", "LOOP", "REPEAT", "THEN"];

/// What is shown of tables, not of databases.
const SHOWN_OF_TABLES: [&str; 5] = ["COLUMNS", "FIELDS", "INDEX", "INDEXES", "KEYS"];

/// The names of databases that a walk found.
pub(super) struct Found<'t> {
    pub(super) tokens: Vec<Token<'t>>,
    /// The positions of database names among the tokens, with the dots after them.
    pub(super) databases: BTreeMap<usize, usize>,
    /// Names that may stand for a database or for something else, each with the text around it. They are not changed.
    pub(super) unclear: BTreeMap<String, String>,
    /// The text around the first statement that runs a text from elsewhere.
    pub(super) runs_unknown: Option<String>,
    /// The text around each name that certainly stands for a database.
    pub(super) around: BTreeMap<usize, String>,
}

/// The state of a walk.
pub(super) struct Scan<'t, D, N> {
    pub(super) tokens: Vec<Token<'t>>,
    /// The places of the tokens that are no blanks.
    pub(super) solid: Vec<usize>,
    pub(super) is_database: D,
    is_name: N,
    is_code: bool,
    databases: BTreeMap<usize, usize>,
    /// Names before a dot in positions where a column is possible, with their positions.
    undecided: Vec<(String, usize)>,
    /// Tables, their aliases, and variables.
    tables: BTreeSet<String>,
    clauses: Vec<Clause>,
    verb: Verb,
    start: Start,
    /// Where statements begin, among the solid tokens.
    pub(super) starts: Vec<usize>,
    /// Whether a routine is created.
    is_routine: bool,
    /// Whether FROM follows DELETE directly, so that USING names the other tables.
    deletes_from: bool,
    /// How many brackets are open around the statement.
    depth: usize,
    /// What SHOW shows is of tables.
    shows_of_tables: bool,
    /// How often FROM or IN stood in SHOW.
    froms: usize,
}

impl<'t, D: Fn(&str) -> bool, N: Fn(&Token<'t>) -> bool> Scan<'t, D, N> {
    pub(super) fn new(tokens: Vec<Token<'t>>, is_database: D, is_name: N, is_code: bool) -> Self {
        let solid = (0..tokens.len()).filter(|&place| !tokens[place].is_blank()).collect();
        Self {
            tokens,
            solid,
            is_database,
            is_name,
            is_code,
            databases: BTreeMap::new(),
            undecided: Vec::new(),
            tables: BTreeSet::new(),
            clauses: vec![Clause::Other],
            verb: Verb::Other,
            start: if is_code { Start::Next } else { Start::Later },
            starts: Vec::new(),
            is_routine: false,
            deletes_from: false,
            depth: 1,
            shows_of_tables: false,
            froms: 0,
        }
    }

    pub(super) fn token(&self, at: usize) -> Option<Token<'t>> {
        self.solid.get(at).map(|&place| self.tokens[place])
    }

    fn before(&self, at: usize, steps: usize) -> Option<Token<'t>> {
        at.checked_sub(steps).and_then(|at| self.token(at))
    }

    fn is_sign(&self, at: usize, sign: u8) -> bool {
        self.token(at).is_some_and(|token| token.is_sign(sign))
    }

    fn is_any(&self, at: usize, words: &[&str]) -> bool {
        self.token(at).is_some_and(|token| token.is_any(words))
    }

    fn was_any(&self, at: usize, steps: usize, words: &[&str]) -> bool {
        self.before(at, steps).is_some_and(|token| token.is_any(words))
    }

    fn top(&self) -> Clause {
        self.clauses.last().copied().unwrap_or(Clause::Other)
    }

    fn set_top(&mut self, clause: Clause) {
        if let Some(last) = self.clauses.last_mut() {
            *last = clause;
        }
    }

    /// Reads the statement.
    pub(super) fn read(mut self) -> Found<'t> {
        let mut at = 0;
        while let Some(token) = self.token(at) {
            let before = self.before(at, 1);
            // A variable or a host follows `@`. A name after a dot is never a database.
            let is_inner = before.is_some_and(|before| before.is_sign(b'@') || before.is_sign(b'.'));
            if is_inner {
                self.pass();
                at += 1;
                continue;
            }
            let is_joined = (self.is_name)(&token) && self.is_sign(at + 1, b'.');
            if self.is_code && !is_joined {
                self.begin(at, &token);
            }
            if !(self.is_name)(&token) {
                self.step(at, &token, before);
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
                self.pass();
                self.chain(at, end, &token);
            }
            at = end + 1;
        }
        self.finish()
    }

    /// Passes a token that begins no statement.
    fn pass(&mut self) {
        if self.start == Start::Next {
            self.start = Start::Later;
        }
    }

    /// Notes a statement that begins at a token.
    fn begin(&mut self, at: usize, token: &Token<'t>) {
        let is_free = self.start != Start::Later;
        let is_change = token.is_any(&["DELETE", "UPDATE"])
            && !self.was_any(at, 1, &NO_STATEMENT)
            && self.top() != Clause::Objects;
        if self.start == Start::Next {
            self.starts.push(at);
            self.start = Start::Later;
        }
        if !is_free && !is_change {
            return;
        }
        let is_handler = token.is_word("HANDLER") && self.opens_handler(at);
        let Some(verb) = Verb::of(token, self.token(at + 1), is_handler) else {
            // A declaration of Oracle's mode begins with the name of the variable.
            if token.is_name() && self.token(at + 1).is_some_and(|next| next.is_name()) {
                self.tables.extend(token.name());
            }
            return;
        };
        let is_query = token.is_any(&["INSERT", "REPLACE", "SELECT", "VALUES", "WITH"]);
        if verb == Verb::Other && self.verb == Verb::Explain && !is_query {
            return;
        }
        if self.starts.last() != Some(&at) {
            self.starts.push(at);
        }
        (self.verb, self.start) = (verb, Start::Later);
        (self.is_routine, self.deletes_from, self.froms) = (false, false, 0);
        (self.shows_of_tables, self.depth) = (false, self.clauses.len());
        if verb == Verb::Explain {
            self.start = Start::Soon;
        }
        if verb.names_objects() {
            self.set_top(Clause::Objects);
        } else if verb == Verb::Update {
            self.set_top(Clause::Tables);
        } else if self.top() == Clause::Objects {
            self.set_top(Clause::Other);
        }
        if token.is_word("DECLARE") {
            self.declare(at + 1);
        }
    }

    /// Returns whether HANDLER opens, reads or closes a table.
    fn opens_handler(&self, at: usize) -> bool {
        let mut end = at + 1;
        while self.is_sign(end + 1, b'.') {
            end += 2;
        }
        self.is_any(end + 1, &["CLOSE", "OPEN", "READ"])
    }

    /// Takes the names of declared variables.
    fn declare(&mut self, mut at: usize) {
        loop {
            self.tables.extend(self.token(at).and_then(|name| name.name()));
            if !self.is_sign(at + 1, b',') {
                return;
            }
            at += 2;
        }
    }

    /// Takes a name, or a keyword of code, that no dot joins to another.
    fn single(&mut self, at: usize, token: &Token<'t>) {
        let is_parameter = self.is_routine && self.verb == Verb::Create && self.clauses.len() > self.depth;
        let names_table = matches!(self.top(), Clause::Tables | Clause::Objects)
            || is_after_object_word(self.before(at, 1))
            || self.was_any(at, 1, &["FOR"]) && self.is_any(at + 1, &["IN"]);
        let is_alone = self.is_code && self.is_database_alone(at);
        if (names_table || is_parameter) && !is_alone {
            self.tables.extend(token.name()); // a table, an alias, or a keyword, which is harmless
        }
        if is_alone {
            let name = token.name().unwrap_or_default();
            if (self.is_database)(&name) {
                self.databases.insert(self.solid[at], self.solid[at]);
                return;
            }
            // In a pattern of a GRANT, `\_` stands for `_`.
            let literal = name.replace('\\', "");
            if (self.is_database)(&literal) {
                self.undecided.push((literal, at));
            }
        }
        if token.kind == TokenKind::Word {
            self.step(at, token, self.before(at, 1));
        }
    }

    /// Returns whether a name without a dot is a database.
    fn is_database_alone(&self, at: usize) -> bool {
        if self.top() != Clause::Objects {
            return false;
        }
        let mut steps = 1;
        while self.was_any(at, steps, &["EXISTS", "IF", "NOT"]) {
            steps += 1;
        }
        if self.was_any(at, steps, &["DATABASE", "SCHEMA"]) {
            return true;
        }
        match self.verb {
            Verb::Grant => self.is_sign(at + 1, b'.') && self.is_sign(at + 2, b'*'),
            Verb::Show => {
                let is_named = self.was_any(at, 1, &["FROM", "IN"]);
                is_named && self.froms > usize::from(self.shows_of_tables)
            }
            Verb::Names => self.was_any(at, 1, &["USE"]) && self.starts.last() == Some(&(at - 1)),
            _ => false,
        }
    }

    /// Takes names that dots join.
    fn chain(&mut self, at: usize, end: usize, first: &Token<'t>) {
        let name = first.name().unwrap_or_default();
        let is_table = matches!(self.top(), Clause::Tables | Clause::Objects);
        let is_pair = end == at + 2;
        let is_of_database = !is_pair
            || is_table
            || self.is_object(at, end)
            || self.is_sign(end + 1, b'(')
            || self.has_all(end);
        if is_table || is_pair && self.is_object(at, end) {
            self.tables.extend(self.token(end).and_then(|last| last.name()));
        }
        if !(self.is_database)(&name) {
            return;
        }
        if is_of_database {
            self.databases.insert(self.solid[at], self.solid[at + 1]);
        } else if !self.is_column(at, end) {
            self.undecided.push((name, at));
        }
    }

    /// Returns whether the text around it makes it a table, a routine or a sequence.
    fn is_object(&self, at: usize, end: usize) -> bool {
        let of_type = self.was_any(at, 1, &["OF"]) && self.was_any(at, 2, &["TYPE"]);
        let is_argument = self.before(at, 1).is_some_and(|before| before.is_sign(b'('));
        let is_row_type = self.is_sign(end + 1, b'%') && self.is_any(end + 2, &["ROWTYPE"]);
        // Variables follow the INTO of a query.
        let is_into = self.was_any(at, 1, &["INTO"]);
        let takes_rows = ["DELAYED", "HIGH_PRIORITY", "IGNORE", "INSERT", "LOW_PRIORITY", "REPLACE"];
        (is_after_object_word(self.before(at, 1)) && (!is_into || self.was_any(at, 2, &takes_rows)))
            || is_argument && self.was_any(at, 2, &OF_SEQUENCES)
            || self.was_any(at, 1, &["LIKE"]) && self.before(at, 2).is_some_and(|sign| sign.is_sign(b'('))
            || self.was_any(at, 1, &["FOR"]) && self.was_any(at, 2, &["VALUE"])
            || of_type && self.was_any(at, 3, &["ROW"])
            || is_row_type
    }

    /// Returns whether two names are surely not a database and an object of it.
    fn is_column(&self, at: usize, end: usize) -> bool {
        let of_type = self.was_any(at, 1, &["OF"]) && self.was_any(at, 2, &["TYPE"]);
        let is_type = self.is_sign(end + 1, b'%') && self.is_any(end + 2, &["TYPE"]);
        self.is_code && (of_type || is_type || self.is_any(end, &["CURRVAL", "NEXTVAL"]))
    }

    /// Returns whether `.*` follows.
    fn has_all(&self, end: usize) -> bool {
        self.is_sign(end + 1, b'.') && self.is_sign(end + 2, b'*')
    }

    /// Notes which clause begins or ends with a token.
    fn step(&mut self, at: usize, token: &Token<'t>, before: Option<Token<'t>>) {
        let top = self.top();
        if token.is_sign(b'(') {
            self.clauses.push(self.in_brackets(at, top, before));
            return;
        }
        if token.is_sign(b')') {
            if self.clauses.len() > 1 {
                self.clauses.pop();
            }
            if self.is_routine && self.verb == Verb::Create && self.clauses.len() == self.depth {
                self.start = Start::Soon;
            }
            return;
        }
        let now = self.clause_from(at, token, top, before);
        self.set_top(now);
        if self.is_code {
            self.open(at, token, before);
        }
    }

    fn in_brackets(&self, at: usize, top: Clause, before: Option<Token<'_>>) -> Clause {
        const BEFORE_TABLES: [&str; 9] =
            ["FROM", "IGNORE", "JOIN", "LATERAL", "LOW_PRIORITY", "OJ", "STRAIGHT_JOIN", "UPDATE", "USING"];
        let Some(before) = before else { return Clause::Other };
        let continues = before.is_sign(b'(') || before.is_sign(b',') || before.is_any(&BEFORE_TABLES);
        let is_union = top == Clause::Objects
            && (before.is_word("UNION") || before.is_sign(b'=') && self.was_any(at, 2, &["UNION"]));
        match top {
            Clause::Tables if continues => Clause::Tables,
            Clause::Objects if is_union => Clause::Objects,
            _ => Clause::Other,
        }
    }

    fn clause_from(
        &mut self,
        at: usize,
        token: &Token<'t>,
        top: Clause,
        before: Option<Token<'t>>,
    ) -> Clause {
        let was = |words: &[&str]| before.is_some_and(|before| before.is_any(words));
        if token.is_sign(b';') {
            return Clause::Other;
        }
        if token.is_word("SELECT") || token.is_word("DELETE") && !self.is_code {
            let is_privilege = top == Clause::Objects && self.verb == Verb::Grant;
            return if is_privilege { top } else { Clause::Select };
        }
        if token.is_word("FROM") {
            let deletes = self.verb == Verb::Delete && top == Clause::Objects;
            self.deletes_from |= deletes && was(&OF_DELETE);
            self.froms += 1;
            return if deletes || top == Clause::Select { Clause::Tables } else { top };
        }
        if top == Clause::Objects {
            self.froms += usize::from(token.is_word("IN"));
            self.shows_of_tables |= self.verb == Verb::Show && token.is_any(&SHOWN_OF_TABLES);
            let has_condition = self.verb != Verb::Create && token.is_any(&["HAVING", "WHERE"]);
            return if has_condition { Clause::Other } else { top };
        }
        let is_joined = token.is_any(&["JOIN", "STRAIGHT_JOIN"]);
        if is_joined && top != Clause::Select || token.is_sign(b',') && top == Clause::On {
            return Clause::Tables;
        }
        if token.is_any(&["ON", "USING"]) && top == Clause::Tables {
            let names_others =
                token.is_word("USING") && self.deletes_from && self.clauses.len() == self.depth;
            self.deletes_from &= !names_others;
            return if names_others { Clause::Tables } else { Clause::On };
        }
        // `FOR SYSTEM_TIME`, `FOR PORTION OF`, `USE INDEX FOR ORDER BY (i)`: more tables may follow.
        let continues = token.is_word("FOR")
            && (self.is_any(at + 1, &["PORTION", "SYSTEM_TIME"]) || was(&["INDEX", "KEY"]))
            || token.is_any(&["GROUP", "ORDER"]) && was(&["FOR"]);
        let ends = token.is_any(&AFTER_TABLES) && top != Clause::Select && !continues;
        if ends { Clause::Other } else { top }
    }

    /// Notes where the next statement of code may begin.
    fn open(&mut self, at: usize, token: &Token<'t>, before: Option<Token<'t>>) {
        let was = |words: &[&str]| before.is_some_and(|before| before.is_any(words));
        let creates = self.verb == Verb::Create && self.clauses.len() == self.depth;
        if creates && token.is_any(&["FUNCTION", "PROCEDURE"]) {
            self.is_routine = true;
        }
        let is_label = token.is_sign(b'>') && before.is_some_and(|before| before.is_sign(b'>'));
        let is_body = self.starts.len() <= 2 && token.is_word("AS");
        let is_for_statement = token.is_word("FOR")
            && self
                .starts
                .last()
                .is_some_and(|&start| self.is_any(start, &["SET"]) && self.is_any(start + 1, &["STATEMENT"]));
        let is_of_outline = creates && token.is_word("ON") && self.was_any(at, 2, &["OUTLINE"]);
        if token.is_any(&["AS", "IS"]) && creates && self.is_routine {
            self.set_top(Clause::Other);
        }
        if token.is_any(&OPENING)
            || token.is_sign(b';')
            || token.is_sign(b':')
            || is_label
            || is_body
            || is_for_statement
            || is_of_outline
        {
            self.start = Start::Next;
        } else if creates && token.is_word("ROW") && was(&["EACH"])
            || token.is_word("FOR") && was(&["HANDLER"])
        {
            self.start = Start::Soon;
        }
    }

    fn finish(mut self) -> Found<'t> {
        let mut unclear = BTreeMap::new();
        // `x`.`y` outside of the list of tables is a column, if there is a table or an alias `x`.
        for (name, at) in std::mem::take(&mut self.undecided) {
            if !self.tables.contains(&name) {
                unclear.entry(name).or_insert_with(|| around(&self.tokens, &self.solid, &self.starts, at));
            }
        }
        if self.is_code {
            for (name, at) in self.texts() {
                unclear.entry(name).or_insert_with(|| around(&self.tokens, &self.solid, &self.starts, at));
            }
        }
        let runs_unknown = if self.is_code { self.runs_unknown() } else { None };
        let runs_unknown = runs_unknown.map(|at| around(&self.tokens, &self.solid, &self.starts, at));
        let at = |place: usize| self.solid.binary_search(&place).unwrap_or_default();
        let around_of = |&place: &usize| (place, around(&self.tokens, &self.solid, &self.starts, at(place)));
        let around =
            if self.is_code { self.databases.keys().map(around_of).collect() } else { BTreeMap::new() };
        Found { tokens: self.tokens, databases: self.databases, unclear, runs_unknown, around }
    }
}
