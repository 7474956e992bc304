//! Defaults with a `?` in the output of SHOW CREATE TABLE, and their replacement by the true text.

use crate::ddl::qualify::unescaped;
use crate::ddl::token::{Token, TokenKind, tokens};
use crate::encode::push_quoted;

/// A default that is shown with a `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Default {
    /// The column.
    pub(crate) column: String,
}

impl Default {
    /// Returns the defaults of a definition that are shown with a `?`.
    pub(crate) fn all_questionable(definition: &[u8]) -> Vec<Self> {
        let places = places(&tokens(definition));
        places.into_iter().map(|(_, column)| Self { column }).collect()
    }
}

/// Replaces defaults that lack characters by their true texts; `None` if such a default does not fit its true text.
pub(crate) fn mend(definition: &[u8], found: &[(Default, String)]) -> Option<Vec<u8>> {
    let tokens = tokens(definition);
    let places = places(&tokens);
    let mut mended = Vec::with_capacity(definition.len());
    for (at, token) in tokens.iter().enumerate() {
        let default = places.iter().find(|(place, _)| *place == at);
        let truth = default.and_then(|(_, column)| found.iter().find(|(known, _)| known.column == *column));
        match truth {
            Some((_, text)) if value(token) == text.as_bytes() => mended.extend_from_slice(token.text),
            Some((_, text)) if value(token) == narrowed(text).as_bytes() => mended.extend(literal(text)),
            Some((_, text)) if narrowed(text) != *text => return None,
            // Bytes, which are shown in another form.
            _ => mended.extend_from_slice(token.text),
        }
    }
    Some(mended)
}

/// Returns the positions of literals with a `?` directly after `DEFAULT`, with their columns.
fn places(tokens: &[Token<'_>]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let (mut column, mut begins) = (String::new(), true);
    let mut after_default = false;
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| !token.is_blank()) {
        if token.is_sign(b'(') {
            depth += 1;
            begins = depth == 1;
            after_default = false;
            continue;
        }
        if token.is_sign(b')') {
            depth = depth.saturating_sub(1);
        }
        if depth == 1 && token.is_sign(b',') {
            begins = true;
            continue;
        }
        if depth == 1 && begins {
            column = token.name().unwrap_or_default();
            begins = false;
        }
        if after_default
            && token.kind == TokenKind::Literal
            && token.text.contains(&b'?')
            && !column.is_empty()
        {
            found.push((at, column.clone()));
        }
        after_default = depth == 1 && token.is_word("DEFAULT");
    }
    found
}

/// Returns the text of a literal.
fn value(token: &Token<'_>) -> Vec<u8> {
    let inner = token.text.get(1..token.text.len().saturating_sub(1)).unwrap_or_default();
    unescaped(inner, token.text[0])
}

/// Returns a text as the server shows it.
fn narrowed(text: &str) -> String {
    text.chars().map(|c| if c > '\u{FFFF}' { '?' } else { c }).collect()
}

fn literal(text: &str) -> Vec<u8> {
    let mut literal = Vec::new();
    push_quoted(&mut literal, text.as_bytes());
    literal
}

#[cfg(test)]
mod tests {
    use super::{Default, mend};

    const SHOWN: &str = "CREATE TABLE `t` (\n  `a` int(11) DEFAULT 1,\n  `b` enum('?','x') DEFAULT '?',\n  `c` varchar(9) \
        DEFAULT 'is it?' COMMENT 'DEFAULT ''?''',\n  `d` varchar(9) DEFAULT (concat('?','b')),\n  PRIMARY KEY (`a`)\n)";

    fn found(texts: &[(&str, &str)]) -> Vec<(Default, String)> {
        let all = Default::all_questionable(SHOWN.as_bytes());
        let text = |default: &Default| texts.iter().find(|(column, _)| *column == default.column);
        all.into_iter()
            .filter_map(|default| text(&default).map(|(_, text)| (default, (*text).to_owned())))
            .collect()
    }

    #[test]
    fn defaults_get_the_text_that_rows_show() {
        let columns: Vec<String> =
            Default::all_questionable(SHOWN.as_bytes()).into_iter().map(|default| default.column).collect();
        assert_eq!(columns, ["b", "c"], "comments and expressions are shown whole");
        let mended = mend(SHOWN.as_bytes(), &found(&[("b", "😀"), ("c", "is it?")])).expect("they fit");
        let expected = SHOWN.replace("('?','x') DEFAULT '?'", "('?','x') DEFAULT '😀'");
        assert_eq!(String::from_utf8_lossy(&mended), expected);
    }

    #[test]
    fn a_default_that_does_not_fit_is_not_guessed() {
        let fits = mend(SHOWN.as_bytes(), &found(&[("b", "?"), ("c", "is it 😀")]));
        assert_eq!(fits, None, "a longer text does not fit");
    }

    #[test]
    fn a_default_that_is_shown_whole_stays_as_it_is_spelled() {
        let shown =
            "CREATE TABLE `t` (\n  `q` varchar(40) DEFAULT 'what''s up?',\n  `e` text DEFAULT '😀?'\n)";
        let all = Default::all_questionable(shown.as_bytes());
        let found: Vec<_> = all.into_iter().zip(["what's up?".to_owned(), "😀?".to_owned()]).collect();
        assert_eq!(mend(shown.as_bytes(), &found), Some(shown.as_bytes().to_vec()));
    }
}
