//! Reads a statement token by token, and refuses anything that a statement of a dump may not contain.

use std::fmt;

use crate::ddl::token::{Quoting, Token, TokenKind, tokens, tokens_of};

/// Why a statement is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much of a token a message shows.
const SHOWN_MOST_CHARACTERS: usize = 60;

/// The tokens of a statement, without blanks.
#[derive(Debug, Clone)]
pub(super) struct Reader<'t> {
    tokens: Vec<Token<'t>>,
    at: usize,
}

impl<'t> Reader<'t> {
    /// Reads a statement without comments, except those that a server prints around words for newer versions.
    pub(super) fn strict(sql: &'t [u8]) -> Result<Self, Refusal> {
        Self::of(sql, false)
    }

    /// The same, but allows and ignores optimizer hints.
    pub(super) fn with_hints(sql: &'t [u8]) -> Result<Self, Refusal> {
        Self::of(sql, true)
    }

    fn of(sql: &'t [u8], hints: bool) -> Result<Self, Refusal> {
        let mut kept = Vec::new();
        for token in tokens(sql) {
            match token.kind {
                TokenKind::Space => {}
                TokenKind::Hint if hints => {}
                TokenKind::Executable => kept.extend(executable(token)?),
                _ => kept.push(token),
            }
        }
        for token in &kept {
            let is_understood = match token.kind {
                TokenKind::Comment | TokenKind::Executable | TokenKind::Hint | TokenKind::Unclosed => false,
                TokenKind::Word => token.text.is_ascii(),
                TokenKind::Sign => token.text[0] > b' ' && token.text[0] != b';' && token.text[0] != 0x7F,
                TokenKind::Space | TokenKind::Name | TokenKind::Literal => true,
            };
            if !is_understood {
                return Err(unexpected(token));
            }
        }
        Ok(Self { tokens: kept, at: 0 })
    }

    /// Reads code: comments and hints are ignored, and `;` is allowed.
    pub(super) fn code(sql: &'t [u8], quoting: Quoting) -> Result<Self, Refusal> {
        let mut kept = Vec::new();
        for token in tokens_of(sql, quoting) {
            match token.kind {
                TokenKind::Space | TokenKind::Hint => {}
                // A server might end the comment there.
                TokenKind::Comment
                    if !token.text.starts_with(b"/*") && token.text.trim_ascii_end().contains(&b'\r') =>
                {
                    return Err(unexpected(&token));
                }
                TokenKind::Comment => {}
                TokenKind::Executable => refuse_structure(token)?,
                TokenKind::Unclosed => return Err(unexpected(&token)),
                TokenKind::Sign if token.text[0] < b' ' || token.text[0] == 0x7F => {
                    return Err(unexpected(&token));
                }
                // OceanBase takes some characters beyond ASCII for spaces, commas and brackets.
                TokenKind::Word if !is_plain(token.text) => return Err(unexpected(&token)),
                _ => kept.push(token),
            }
        }
        Ok(Self { tokens: kept, at: 0 })
    }

    /// Returns the next token without taking it.
    pub(super) fn peek(&self) -> Option<Token<'t>> {
        self.peek_at(0)
    }

    /// Returns the token this many places ahead without taking it.
    pub(super) fn peek_at(&self, places: usize) -> Option<Token<'t>> {
        self.tokens.get(self.at + places).copied()
    }

    /// Returns the token before the next.
    pub(super) fn last(&self) -> Option<Token<'t>> {
        self.at.checked_sub(1).map(|place| self.tokens[place])
    }

    /// Takes the next token.
    pub(super) fn take(&mut self) -> Option<Token<'t>> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    /// Takes these words, if they are the next.
    pub(super) fn eat(&mut self, words: &[&str]) -> bool {
        let there = words
            .iter()
            .enumerate()
            .all(|(place, word)| self.peek_at(place).is_some_and(|token| token.is_word(word)));
        if there {
            self.at += words.len();
        }
        there
    }

    /// Takes this sign, if it is the next token.
    pub(super) fn eat_sign(&mut self, sign: u8) -> bool {
        let there = self.peek().is_some_and(|token| token.is_sign(sign));
        self.at += usize::from(there);
        there
    }

    /// Takes one of these words, if it is the next token.
    pub(super) fn eat_any(&mut self, words: &[&str]) -> bool {
        let there = self.peek().is_some_and(|token| token.is_any(words));
        self.at += usize::from(there);
        there
    }

    /// Takes these words, which must come next.
    pub(super) fn expect(&mut self, words: &[&str]) -> Result<(), Refusal> {
        if self.eat(words) { Ok(()) } else { Err(self.expected(&words.join(" "))) }
    }

    /// Takes this sign, which must come next.
    pub(super) fn expect_sign(&mut self, sign: u8) -> Result<(), Refusal> {
        if self.eat_sign(sign) { Ok(()) } else { Err(self.expected(&char::from(sign).to_string())) }
    }

    /// Takes the name of the object, which must come next, without a database in front of it.
    pub(super) fn expect_name(&mut self, name: &str) -> Result<(), Refusal> {
        let found = self.peek().filter(Token::is_name).and_then(|token| token.name());
        if found.as_deref() != Some(name) {
            return Err(self.expected(&oceanbase::statement::identifier(name)));
        }
        self.at += 1;
        match self.peek() {
            Some(next) if next.is_sign(b'.') => Err(unexpected(&next)),
            _ => Ok(()),
        }
    }

    /// Reads the content of the next brackets, and refuses these words in it.
    pub(super) fn group(&mut self, refused: &[&str]) -> Result<(), Refusal> {
        self.expect_sign(b'(')?;
        let mut depth = 1_usize;
        while depth > 0 {
            let Some(token) = self.peek() else { return Err(self.expected(")")) };
            self.refuse(refused)?;
            if token.is_sign(b'(') {
                depth += 1;
            } else if token.is_sign(b')') {
                depth -= 1;
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Refuses these words as the next token. After a dot they are names.
    pub(super) fn refuse(&self, words: &[&str]) -> Result<(), Refusal> {
        match self.peek() {
            Some(token) if token.is_any(words) && !self.last().is_some_and(|last| last.is_sign(b'.')) => {
                Err(unexpected(&token))
            }
            _ => Ok(()),
        }
    }

    /// Requires the end of the statement here.
    pub(super) fn end(&self) -> Result<(), Refusal> {
        self.peek().map_or(Ok(()), |token| Err(unexpected(&token)))
    }

    /// Reports the expected token.
    pub(super) fn expected(&self, what: &str) -> Refusal {
        match self.peek() {
            Some(token) => Refusal(format!("{what} is expected where {} stands", shown(&token))),
            None => Refusal(format!("it ends where {what} is expected")),
        }
    }

    /// Reports an unexpected token.
    pub(super) fn unexpected(&self) -> Refusal {
        self.peek().map_or_else(|| Refusal("it ends too early".to_owned()), |token| unexpected(&token))
    }
}

/// Returns the tokens in `/*!80016 … */`, which servers run or skip by their version. What follows is the same either
/// way: the comment ends where its tokens end.
fn executable(token: Token<'_>) -> Result<Vec<Token<'_>>, Refusal> {
    let inner = inside(token.text);
    let all: Vec<Token<'_>> =
        tokens(inner).into_iter().filter(|token| token.kind != TokenKind::Space).collect();
    let nested = inner.windows(2).any(|pair| pair == b"/*");
    if nested || all.iter().any(|token| token.kind == TokenKind::Unclosed) {
        return Err(unexpected(&token));
    }
    Ok(all)
}

/// What decides where a block of code begins and ends.
const STRUCTURE: [&str; 14] = [
    "BEGIN", "CASE", "DECLARE", "DO", "ELSE", "ELSEIF", "END", "FOR", "IF", "LOOP", "REPEAT", "THEN",
    "UNTIL", "WHILE",
];

fn refuse_structure(token: Token<'_>) -> Result<(), Refusal> {
    let decides = |inner: &Token<'_>| inner.is_any(&STRUCTURE) || inner.is_sign(b';');
    if executable(token)?.iter().any(decides) { Err(unexpected(&token)) } else { Ok(()) }
}

/// Returns whether a word consists of letters and digits of any language.
fn is_plain(word: &[u8]) -> bool {
    let belongs = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    std::str::from_utf8(word).is_ok_and(|word| word.chars().all(belongs))
}

/// Returns the content of an executable comment after the version number.
fn inside(text: &[u8]) -> &[u8] {
    let mark = text.iter().position(|&byte| byte == b'!').map_or(0, |place| place + 1);
    let inner = text.get(mark..text.len().saturating_sub(2)).unwrap_or_default();
    let digits = inner.iter().take_while(|byte| byte.is_ascii_digit()).count();
    &inner[digits..]
}

fn unexpected(token: &Token<'_>) -> Refusal {
    Refusal(format!("{} must not stand there", shown(token)))
}

fn shown(token: &Token<'_>) -> String {
    let text = String::from_utf8_lossy(token.text);
    let short: String = text.chars().take(SHOWN_MOST_CHARACTERS).flat_map(char::escape_debug).collect();
    let more = if text.chars().count() > SHOWN_MOST_CHARACTERS { "…" } else { "" };
    format!("“{short}{more}”")
}
