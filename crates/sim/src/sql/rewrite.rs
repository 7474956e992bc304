//! Converts a SELECT in OceanBase's dialect into one for the embedded engine.

use super::engine::Environment;
use super::table::Value;
use super::token::{Token, TokenKind};
use crate::error::SqlError;

/// A query for the engine, and every name in it that may be a table.
pub(super) struct Rewritten {
    pub(super) sql: String,
    pub(super) names: Vec<String>,
}

/// Words that do not affect the answer.
const DROPPED: [&str; 8] = [
    "SQL_NO_CACHE",
    "SQL_CACHE",
    "SQL_CALC_FOUND_ROWS",
    "SQL_SMALL_RESULT",
    "SQL_BIG_RESULT",
    "STRAIGHT_JOIN",
    "DISTINCTROW",
    "BINARY",
];

/// Functions that have another name in the engine.
const RENAMED: [(&str, &str); 12] = [
    ("LEFT", "mysql_left"),
    ("RIGHT", "mysql_right"),
    ("IF", "iif"),
    ("NOW", "mysql_now"),
    ("SYSDATE", "mysql_now"),
    ("LOCALTIME", "mysql_now"),
    ("LOCALTIMESTAMP", "mysql_now"),
    ("CURRENT_TIMESTAMP", "mysql_now"),
    ("CURDATE", "mysql_today"),
    ("CURRENT_DATE", "mysql_today"),
    ("UTC_TIMESTAMP", "mysql_utc"),
    ("CURRENT_USER", "mysql_user"),
];

/// Functions whose parentheses are optional.
const WITHOUT_PARENTHESES: [&str; 4] =
    ["CURRENT_TIMESTAMP", "LOCALTIMESTAMP", "CURRENT_DATE", "CURRENT_USER"];

pub(super) fn rewrite(text: &str, tokens: &[Token], env: &Environment<'_>) -> Result<Rewritten, SqlError> {
    let tokens = &with_interval_calls(without_locking_clause(tokens));
    let mut writer =
        Writer { text, tokens, env, sql: String::new(), names: Vec::new(), casts: Vec::new(), at: 0 };
    let aliases = missing_aliases(text, tokens);
    while writer.at < tokens.len() {
        let before = writer.at;
        writer.token()?;
        for (after, alias) in &aliases {
            if (before..writer.at).contains(after) {
                writer.push(&format!("AS {}", quote_name(alias)));
            }
        }
    }
    Ok(Rewritten { sql: writer.sql, names: writer.names })
}

struct Writer<'a> {
    text: &'a str,
    tokens: &'a [Token],
    env: &'a Environment<'a>,
    sql: String,
    names: Vec<String>,
    /// For each open parenthesis, whether it belongs to a CAST.
    casts: Vec<bool>,
    at: usize,
}

impl Writer<'_> {
    fn push(&mut self, text: &str) {
        if !self.sql.is_empty() {
            self.sql.push(' ');
        }
        self.sql.push_str(text);
    }

    fn ahead(&self, by: usize) -> Option<&Token> {
        self.tokens.get(self.at + by)
    }

    fn follows(&self, symbol: &str) -> bool {
        self.ahead(1).is_some_and(|token| token.is_symbol(symbol))
    }

    /// Writes the current token, and advances by one or more tokens.
    fn token(&mut self) -> Result<(), SqlError> {
        let token = self.tokens[self.at].clone();
        match token.kind {
            TokenKind::Text => self.push(&quote_text(&token.value)),
            TokenKind::Number => self.push(&token.value),
            TokenKind::Null | TokenKind::Placeholder => self.push("NULL"),
            TokenKind::Variable => {
                let value = self.env.user_variables.get(&token.value.to_lowercase());
                let literal = literal(value.unwrap_or(&Value::Null));
                self.push(&literal);
            }
            TokenKind::System => self.system_variable(&token)?,
            TokenKind::Symbol => self.symbol(&token)?,
            TokenKind::Word | TokenKind::Quoted if self.follows(".") && self.schema(&token) => return Ok(()),
            TokenKind::Word => return self.word(&token),
            TokenKind::Quoted => {
                self.names.push(token.value.to_uppercase());
                self.push(&quote_name(&token.value));
            }
        }
        self.at += 1;
        Ok(())
    }

    /// Drops `oceanbase.`, and joins `information_schema.x` into one name.
    fn schema(&mut self, token: &Token) -> bool {
        let schema = token.value.to_uppercase();
        match schema.as_str() {
            "OCEANBASE" | "SYS" => {
                self.at += 2;
                true
            }
            "INFORMATION_SCHEMA" | "MYSQL" => {
                let Some(table) = self.ahead(2) else { return false };
                let name = format!("{schema}__{}", table.value.to_uppercase());
                self.names.push(name.clone());
                self.push(&quote_name(&name));
                self.at += 3;
                true
            }
            _ => false,
        }
    }

    fn system_variable(&mut self, token: &Token) -> Result<(), SqlError> {
        let lower = token.value.to_lowercase();
        let name = lower.trim_start_matches("session.").trim_start_matches("global.");
        let Some(value) = (self.env.system_variable)(name) else {
            return Err(unknown_variable(name));
        };
        self.push(&literal(&value));
        Ok(())
    }

    fn symbol(&mut self, token: &Token) -> Result<(), SqlError> {
        match token.value.as_str() {
            // The engine divides integers with an integer result, unlike MySQL.
            "/" => self.push("* 1.0 /"),
            "&&" => self.push("AND"),
            "||" if !self.env.pipes_as_concat => self.push("OR"),
            "<=>" => self.push("IS"),
            "!" => self.push("NOT"),
            ":=" => return Err(SqlError::gap("assignment to a variable inside SELECT")),
            "(" => {
                let is_cast = self.at > 0
                    && (self.tokens[self.at - 1].is_word("CAST")
                        || self.tokens[self.at - 1].is_word("CONVERT"));
                self.casts.push(is_cast);
                // The engine requires the parts of EXCEPT and UNION without parentheses.
                self.push(if is_query_part(self.tokens, self.at) { "SELECT * FROM (" } else { "(" });
            }
            ")" => {
                self.casts.pop();
                self.push(")");
            }
            other => self.push(other),
        }
        Ok(())
    }

    fn word(&mut self, token: &Token) -> Result<(), SqlError> {
        let upper = token.value.to_uppercase();
        self.at += 1;
        match upper.as_str() {
            "FROM" if self.tokens.get(self.at).is_some_and(|next| next.is_word("DUAL")) => self.at += 1,
            "DIV" => self.push("/"),
            "MOD" if !self.at_call() => self.push("%"),
            // The engine calls the function `regexp`.
            "RLIKE" | "REGEXP" => self.push("REGEXP"),
            "MINUS" if is_set_operator(token) && self.before_a_query() => self.push("EXCEPT"),
            "XOR" | "SOUNDS" | "MATCH" => {
                return Err(SqlError::gap(format!("operator {upper}")));
            }
            "COLLATE" => {
                let collation = self.tokens.get(self.at).map_or("", |next| &next.value);
                let exact = collation.ends_with("_bin") || collation.ends_with("_cs");
                self.at += 1;
                self.push(if exact { "COLLATE BINARY" } else { "COLLATE NOCASE" });
            }
            "SEPARATOR" => self.push(","),
            "INTERVAL" => self.interval()?,
            "TIMESTAMPDIFF" if self.at_call() => {
                let unit =
                    self.tokens.get(self.at + 1).map_or(String::new(), |next| next.value.to_uppercase());
                self.push(&format!("timestampdiff ( {}", quote_text(&unit)));
                self.casts.push(false);
                self.at += 2;
            }
            "AS" if self.casts.last() == Some(&true) => self.cast_type(),
            _ if upper.starts_with("_UTF8") => {}
            _ if DROPPED.contains(&upper.as_str()) => {}
            _ => self.plain_word(token, &upper),
        }
        Ok(())
    }

    fn plain_word(&mut self, token: &Token, upper: &str) {
        let call = self.at_call();
        let renamed = RENAMED.iter().find(|(name, _)| *name == upper);
        match renamed {
            Some((_, name)) if call => self.push(name),
            Some((_, name)) if WITHOUT_PARENTHESES.contains(&upper) => self.push(&format!("{name} ( )")),
            _ => {
                if !call {
                    self.names.push(upper.to_owned());
                }
                self.push(&token.value);
            }
        }
    }

    fn before_a_query(&self) -> bool {
        self.tokens.get(self.at).is_some_and(|next| next.is_word("SELECT") || next.is_symbol("("))
    }

    fn at_call(&self) -> bool {
        self.tokens.get(self.at).is_some_and(|next| next.is_symbol("("))
    }

    /// `CAST(x AS SIGNED)`: writes the engine's name of the type.
    fn cast_type(&mut self) {
        let declared = self.tokens.get(self.at).map_or(String::new(), |next| next.value.to_uppercase());
        self.at += 1;
        let engine_type = match declared.as_str() {
            "SIGNED" | "UNSIGNED" => "INTEGER",
            "DECIMAL" | "DOUBLE" | "FLOAT" => "REAL",
            _ => "TEXT",
        };
        if self.tokens.get(self.at).is_some_and(|next| next.is_word("INTEGER")) {
            self.at += 1;
        }
        if self.at_call() {
            while self.tokens.get(self.at).is_some_and(|next| !next.is_symbol(")")) {
                self.at += 1;
            }
            self.at += 1;
        }
        self.push(&format!("AS {engine_type}"));
    }

    /// `date_add(x, INTERVAL 1 DAY)` becomes `date_add(x, 1, 'DAY')`.
    fn interval(&mut self) -> Result<(), SqlError> {
        let inside_call = self.at >= 2 && self.tokens[self.at - 2].is_symbol(",");
        let count = usize::from(self.tokens.get(self.at).is_some_and(|next| next.is_symbol("-"))) + 1;
        let (Some(number), Some(unit)) =
            (self.tokens.get(self.at..self.at + count), self.tokens.get(self.at + count))
        else {
            return Err(SqlError::syntax(self.text));
        };
        if !inside_call || unit.kind != TokenKind::Word {
            return Err(SqlError::gap("INTERVAL outside DATE_ADD and DATE_SUB"));
        }
        let number: String = number.iter().map(|token| token.value.as_str()).collect();
        let number = if number.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            number
        } else {
            return Err(SqlError::gap("INTERVAL of something else than a number"));
        };
        self.push(&format!("{number} , {}", quote_text(&unit.value.to_uppercase())));
        self.at += count + 1;
        Ok(())
    }
}

/// Returns the error of an unknown `@@name`.
pub(super) fn unknown_variable(name: &str) -> SqlError {
    SqlError {
        code: 5100,
        number: 1193,
        state: "HY000",
        message: format!("Unknown system variable '{name}'"),
        gap: true,
    }
}

/// Removes `FOR UPDATE` or `LOCK IN SHARE MODE` at the end.
fn without_locking_clause(tokens: &[Token]) -> &[Token] {
    let end = tokens
        .windows(2)
        .rposition(|pair| pair[0].is_word("FOR") && pair[1].is_word("UPDATE"))
        .or_else(|| tokens.windows(2).rposition(|pair| pair[0].is_word("LOCK") && pair[1].is_word("IN")));
    end.map_or(tokens, |end| &tokens[..end])
}

/// Rewrites `x - INTERVAL 1 DAY` as `date_sub(x, INTERVAL 1 DAY)`. New tokens get the positions of their neighbours,
/// so that the text of a column stays as typed.
fn with_interval_calls(tokens: &[Token]) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut closes_at = None;
    for (at, token) in tokens.iter().enumerate() {
        let is_operator = token.is_symbol("+") || token.is_symbol("-");
        if is_operator && at > 0 && tokens.get(at + 1).is_some_and(|next| next.is_word("INTERVAL")) {
            let start = operand_start(&out);
            let place = out.get(start).map_or(token.start, |first| first.start);
            let new =
                |kind, value: &str, place| Token { kind, value: value.to_owned(), start: place, end: place };
            let name = if token.is_symbol("+") { "date_add" } else { "date_sub" };
            out.insert(start, new(TokenKind::Symbol, "(", place));
            out.insert(start, new(TokenKind::Word, name, place));
            out.push(new(TokenKind::Symbol, ",", token.start));
            let sign = usize::from(tokens.get(at + 2).is_some_and(|next| next.is_symbol("-")));
            closes_at = Some(at + 3 + sign);
            continue;
        }
        out.push(token.clone());
        if closes_at == Some(at) {
            out.push(Token {
                kind: TokenKind::Symbol,
                value: ")".to_owned(),
                start: token.end,
                end: token.end,
            });
        }
    }
    out
}

/// Returns the start of the operand at the end of the tokens: a literal, a dotted name, or a call with its
/// parentheses.
fn operand_start(tokens: &[Token]) -> usize {
    let mut at = tokens.len().saturating_sub(1);
    if tokens.get(at).is_some_and(|last| last.is_symbol(")")) {
        let mut depth = 0_i32;
        while at > 0 {
            depth += i32::from(tokens[at].is_symbol(")")) - i32::from(tokens[at].is_symbol("("));
            if depth == 0 {
                break;
            }
            at -= 1;
        }
        return if at > 0 && tokens[at - 1].is_name() { at - 1 } else { at };
    }
    while at >= 2 && tokens[at - 1].is_symbol(".") {
        at -= 2;
    }
    at
}

/// Returns whether `(SELECT …)` is a whole statement, or a part of a UNION, EXCEPT or INTERSECT.
fn is_query_part(tokens: &[Token], open: usize) -> bool {
    if !tokens.get(open + 1).is_some_and(|next| next.is_word("SELECT") || next.is_symbol("(")) {
        return false;
    }
    let mut depth = 0_i32;
    let close = tokens[open..].iter().position(|token| {
        depth += i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")"));
        depth == 0
    });
    let after = close.and_then(|close| tokens.get(open + close + 1));
    let before = open.checked_sub(1).map(|at| &tokens[at]);
    before.is_none_or(|before| is_set_operator(before) || before.is_word("ALL"))
        || after.is_some_and(is_set_operator)
}

fn is_set_operator(token: &Token) -> bool {
    ["UNION", "EXCEPT", "MINUS", "INTERSECT"].iter().any(|word| token.is_word(word))
}

/// Returns MySQL's names of columns without an alias: the token that each name follows, and the name.
fn missing_aliases(text: &str, tokens: &[Token]) -> Vec<(usize, String)> {
    select_items(tokens)
        .into_iter()
        .filter(|(start, end)| start < end)
        .filter_map(|(start, end)| Some((end - 1, missing_alias(text, &tokens[start..end])?)))
        .collect()
}

/// Returns the ranges of the items in the outermost select list.
fn select_items(tokens: &[Token]) -> Vec<(usize, usize)> {
    const END: [&str; 13] = [
        "FROM",
        "WHERE",
        "GROUP",
        "HAVING",
        "ORDER",
        "LIMIT",
        "UNION",
        "EXCEPT",
        "MINUS",
        "INTERSECT",
        "FOR",
        "INTO",
        "WINDOW",
    ];
    let mut depth = 0_i32;
    let mut items = Vec::new();
    let mut start = None;
    for (at, token) in tokens.iter().enumerate() {
        depth += i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")"));
        let outermost = depth == 0 && !token.is_symbol(")");
        match start {
            None if outermost && token.is_word("SELECT") => {
                let skipped = tokens[at + 1..]
                    .iter()
                    .take_while(|next| {
                        next.is_word("DISTINCT")
                            || next.is_word("ALL")
                            || DROPPED[..7].iter().any(|word| next.is_word(word))
                    })
                    .count();
                start = Some(at + 1 + skipped);
            }
            Some(from) if outermost && token.is_symbol(",") => {
                items.push((from, at));
                start = Some(at + 1);
            }
            Some(from)
                if outermost
                    && token.kind == TokenKind::Word
                    && END.iter().any(|word| token.is_word(word)) =>
            {
                items.push((from, at));
                return items;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        items.push((from, tokens.len()));
    }
    items
}

fn missing_alias(text: &str, item: &[Token]) -> Option<String> {
    let last = item.last()?;
    if last.is_symbol("*") && (item.len() == 1 || item.get(item.len() - 2)?.is_symbol(".")) {
        return None;
    }
    if item.len() > 1 {
        let before = &item[item.len() - 2];
        let has_word_alias = before.is_word("AS");
        let operand = before.is_name() || before.is_symbol(")") || is_literal(before);
        let bare_alias = operand
            && !before.is_word("NOT")
            && (last.kind == TokenKind::Quoted || last.kind == TokenKind::Text || is_alias_word(last))
            && !is_operator_word(before);
        if has_word_alias || bare_alias {
            return None;
        }
    }
    let column = item
        .iter()
        .enumerate()
        .all(|(at, token)| if at % 2 == 0 { token.is_name() } else { token.is_symbol(".") });
    if column || (item.len() == 1 && last.kind == TokenKind::Text) {
        return Some(last.value.clone());
    }
    Some(text[item[0].start..last.end.min(text.len())].to_owned())
}

fn is_literal(token: &Token) -> bool {
    matches!(
        token.kind,
        TokenKind::Number | TokenKind::Text | TokenKind::System | TokenKind::Variable | TokenKind::Null
    )
}

fn is_alias_word(token: &Token) -> bool {
    token.kind == TokenKind::Word && !["END", "NULL", "TRUE", "FALSE"].iter().any(|word| token.is_word(word))
}

fn is_operator_word(token: &Token) -> bool {
    [
        "AND", "OR", "NOT", "LIKE", "IS", "IN", "DIV", "MOD", "BETWEEN", "BINARY", "CASE", "WHEN", "THEN",
        "ELSE",
    ]
    .iter()
    .any(|word| token.is_word(word))
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Int(number) | Value::Instant(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => quote_text(text),
    }
}

fn quote_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Quotes a name with backquotes, because the engine reads an unknown name in double quotes as a text.
fn quote_name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
