//! The parts of a JSON document, and the representation of a document that its text alone does not restore.
//!
//! Functions of the server put DECIMALs, DATEs, TIMEs, DATETIMEs and bytes into documents. Their text looks like that
//! of a DOUBLE or a string. Such a document is written as `JSON_OBJECT(…)` and `JSON_ARRAY(…)` with a literal of its
//! type for each value; a DATE, TIME or DATETIME by itself as `CAST(… AS JSON)` of its literal.

use std::collections::BTreeMap;

use crate::encode::{push_hexadecimal, push_quoted};
use crate::json::is_perhaps_typed;

/// The maximum nesting depth of documents.
pub(crate) const DEEPEST: usize = 100;

/// The text around a date or time literal that is a whole document.
pub(crate) const CAST: &[u8] = b"CAST(";
pub(crate) const AS_JSON: &[u8] = b" AS JSON)";

/// How the server prints bytes in a document, before their base64.
const BYTES: &str = "base64:type15:";

/// A document, or a value in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node<'t> {
    /// `null`, `true` or `false`.
    Word(&'static str),
    /// A number as it is printed.
    Number(&'t str),
    /// A string, without its escapes.
    Text(String),
    /// An array.
    Array(Vec<Node<'t>>),
    /// An object.
    Object(Vec<(String, Node<'t>)>),
}

impl<'t> Node<'t> {
    /// Reads a document as the server prints it; `None` if it is not a document.
    pub(crate) fn read(text: &'t [u8]) -> Option<Self> {
        let mut reader = Reader { text: std::str::from_utf8(text).ok()?, at: 0 };
        let node = reader.node(0)?;
        reader.blanks();
        (reader.at == text.len()).then_some(node)
    }

    /// Calls `see` with each value that is neither an array nor an object, and its path.
    pub(crate) fn each(&self, path: &mut String, see: &mut dyn FnMut(&str, &Self)) {
        let length = path.len();
        match self {
            Self::Array(items) => {
                for (place, item) in items.iter().enumerate() {
                    path.push_str(&format!("[{place}]"));
                    item.each(path, see);
                    path.truncate(length);
                }
            }
            Self::Object(members) => {
                for (key, member) in members {
                    path.push('.');
                    path.push_str(&serde_json::Value::from(key.as_str()).to_string());
                    member.each(path, see);
                    path.truncate(length);
                }
            }
            value => see(path, value),
        }
    }

    /// Returns whether its text may not restore it: a number with a fraction or many digits, or a string that looks
    /// like a date or bytes.
    pub(crate) fn is_suspect(&self) -> bool {
        match self {
            Self::Number(token) => token.len() > 18 || token.contains(['.', 'e', 'E']),
            Self::Text(text) => is_perhaps_typed(text.as_bytes()),
            _ => false,
        }
    }

    /// Returns whether a DECIMAL takes more space than the DOUBLE with the same text.
    pub(crate) fn is_heavier_as_decimal(&self) -> bool {
        matches!(self, Self::Number(token) if token.bytes().any(|byte| matches!(byte, b'1'..=b'9')))
    }

    /// Appends it as SQL. `types` gives the types of its numbers and suspect strings by path. `None` if no literal
    /// has such a type.
    pub(crate) fn push_typed(&self, sql: &mut Vec<u8>, types: &BTreeMap<String, String>) -> Option<()> {
        match self {
            // The server parses a text as a document, so only these types need no function around them.
            Self::Text(_) => match types.get("$")?.as_str() {
                "BLOB" => self.push(sql, &mut "$".to_owned(), types),
                "STRING" => None,
                _ => {
                    sql.extend_from_slice(CAST);
                    self.push(sql, &mut "$".to_owned(), types)?;
                    sql.extend_from_slice(AS_JSON);
                    Some(())
                }
            },
            Self::Number(_) if types.get("$").is_none_or(|kind| kind != "DECIMAL") => None,
            Self::Word(_) => None,
            node => node.push(sql, &mut "$".to_owned(), types),
        }
    }

    fn push(&self, sql: &mut Vec<u8>, path: &mut String, types: &BTreeMap<String, String>) -> Option<()> {
        let length = path.len();
        match self {
            Self::Word(word) => sql.extend_from_slice(word.as_bytes()),
            Self::Number(token) => {
                sql.extend_from_slice(token.as_bytes());
                match types.get(path)?.as_str() {
                    "DECIMAL" if !token.contains('.') => sql.push(b'.'),
                    "DOUBLE" if !token.contains(['e', 'E']) => sql.extend_from_slice(b"e0"),
                    "DECIMAL" | "DOUBLE" | "INTEGER" | "UNSIGNED INTEGER" => {}
                    _ => return None,
                }
            }
            Self::Text(text) => match types.get(path).map_or("STRING", String::as_str) {
                "STRING" => push_quoted(sql, text.as_bytes()),
                "BLOB" => {
                    let bytes = decoded(text.strip_prefix(BYTES)?).filter(|bytes| !bytes.is_empty())?;
                    push_hexadecimal(sql, &bytes);
                }
                kind => {
                    let word = match kind {
                        "DATE" => "DATE",
                        "TIME" => "TIME",
                        // A TIMESTAMP literal cannot hold a day that its month does not have, in any `sql_mode`.
                        "DATETIME" | "TIMESTAMP" if is_in_month(text) => "TIMESTAMP",
                        _ => return None,
                    };
                    sql.extend_from_slice(word.as_bytes());
                    push_quoted(sql, text.as_bytes());
                }
            },
            Self::Array(items) => {
                sql.extend_from_slice(b"JSON_ARRAY(");
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        sql.push(b',');
                    }
                    path.push_str(&format!("[{place}]"));
                    item.push(sql, path, types)?;
                    path.truncate(length);
                }
                sql.push(b')');
            }
            Self::Object(members) => {
                sql.extend_from_slice(b"JSON_OBJECT(");
                for (place, (key, member)) in members.iter().enumerate() {
                    if place > 0 {
                        sql.push(b',');
                    }
                    push_quoted(sql, key.as_bytes());
                    sql.push(b',');
                    path.push('.');
                    path.push_str(&serde_json::Value::from(key.as_str()).to_string());
                    member.push(sql, path, types)?;
                    path.truncate(length);
                }
                sql.push(b')');
            }
        }
        Some(())
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.byte().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Skips that byte and blanks before it; returns whether it was there.
    fn pass(&mut self, byte: u8) -> bool {
        self.blanks();
        let is_there = self.byte() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn node(&mut self, depth: usize) -> Option<Node<'t>> {
        self.blanks();
        match self.byte()? {
            _ if depth > DEEPEST => None,
            b'"' => self.string().map(Node::Text),
            b'[' => {
                self.at += 1;
                let mut items = Vec::new();
                while !self.pass(b']') {
                    if !items.is_empty() && !self.pass(b',') {
                        return None;
                    }
                    items.push(self.node(depth + 1)?);
                }
                Some(Node::Array(items))
            }
            b'{' => {
                self.at += 1;
                let mut members = Vec::new();
                while !self.pass(b'}') {
                    if !members.is_empty() && !self.pass(b',') {
                        return None;
                    }
                    self.blanks();
                    let key = self.string()?;
                    if !self.pass(b':') {
                        return None;
                    }
                    members.push((key, self.node(depth + 1)?));
                }
                Some(Node::Object(members))
            }
            b'-' | b'0'..=b'9' => {
                let rest = &self.text[self.at..];
                let is_part = |c: char| matches!(c, '0'..='9' | '.' | '-' | '+' | 'e' | 'E');
                let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                self.at += end;
                Some(Node::Number(&rest[..end]))
            }
            _ => {
                let words = [("null", "NULL"), ("true", "TRUE"), ("false", "FALSE")];
                let (text, word) =
                    words.into_iter().find(|(text, _)| self.text[self.at..].starts_with(text))?;
                self.at += text.len();
                Some(Node::Word(word))
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let (bytes, begin) = (self.text.as_bytes(), self.at);
        if bytes.get(begin) != Some(&b'"') {
            return None;
        }
        let mut end = begin + 1;
        loop {
            end += memchr::memchr2(b'"', b'\\', bytes.get(end..)?)?;
            if bytes[end] == b'"' {
                break;
            }
            end += 2;
        }
        self.at = end + 1;
        serde_json::from_str(&self.text[begin..=end]).ok()
    }
}

/// Returns whether the day of a time such as `2026-01-31 01:02:03.000000` exists in its month. Every server accepts
/// 0.
fn is_in_month(time: &str) -> bool {
    let number = |from: usize, to: usize| time.get(from..to).and_then(|digits| digits.parse::<u32>().ok());
    let (Some(year), Some(month), Some(day)) = (number(0, 4), number(5, 7), number(8, 10)) else {
        return false;
    };
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    day <= match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Reads base64; `None` if it is invalid.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - digits.len() > 2 {
        return None;
    }
    let (mut bytes, mut bits, mut held) = (Vec::with_capacity(text.len()), 0_u32, 0);
    for byte in digits.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        (bits, held) = (bits << 6 | u32::from(value), held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xFF).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Node, decoded};

    fn typed(text: &str, types: &[(&str, &str)]) -> Option<String> {
        let types: BTreeMap<String, String> =
            types.iter().map(|&(path, kind)| (path.to_owned(), kind.to_owned())).collect();
        let mut sql = Vec::new();
        Node::read(text.as_bytes()).expect("a document").push_typed(&mut sql, &types)?;
        Some(String::from_utf8(sql).expect("text"))
    }

    #[test]
    fn a_document_is_written_with_a_literal_for_each_value() {
        let text = r#"{"a": [1.10, null, true, {"k.\"e": "2026-01-31"}], "b": "it's \\ \n", "c": "base64:type15:AP8=", "d": [], "n": 7}"#;
        let types = [
            ("$.\"a\"[0]", "DECIMAL"),
            (r#"$."a"[3]."k.\"e""#, "DATE"),
            ("$.\"c\"", "BLOB"),
            ("$.\"n\"", "DECIMAL"),
        ];
        let expected = r#"JSON_OBJECT('a',JSON_ARRAY(1.10,NULL,TRUE,JSON_OBJECT('k."e',DATE'2026-01-31')),'b','it\'s \\ \n','c',0x00FF,'d',JSON_ARRAY(),'n',7.)"#;
        assert_eq!(typed(text, &types).as_deref(), Some(expected));
        let moments = [("$[0]", "TIMESTAMP"), ("$[1]", "TIME"), ("$[2]", "DOUBLE"), ("$[3]", "DOUBLE")];
        let text = r#"["2026-01-31 01:02:03.000000", "01:02:03.500000", 1.5, 1e20]"#;
        let expected = "JSON_ARRAY(TIMESTAMP'2026-01-31 01:02:03.000000',TIME'01:02:03.500000',1.5e0,1e20)";
        assert_eq!(typed(text, &moments).as_deref(), Some(expected));
        assert_eq!(typed("1.10", &[("$", "DECIMAL")]).as_deref(), Some("1.10"));
        for (kind, text, expected) in [
            ("DATE", r#""2026-01-31""#, "CAST(DATE'2026-01-31' AS JSON)"),
            ("TIME", r#""01:02:03.500000""#, "CAST(TIME'01:02:03.500000' AS JSON)"),
            (
                "DATETIME",
                r#""2026-01-31 01:02:03.000000""#,
                "CAST(TIMESTAMP'2026-01-31 01:02:03.000000' AS JSON)",
            ),
        ] {
            assert_eq!(typed(text, &[("$", kind)]).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_no_literal_is_of_that_type_is_not_written() {
        assert_eq!(typed("[1]", &[]), None, "a number of which nothing is known");
        assert_eq!(typed(r#"["base64:type16:AAU="]"#, &[("$[0]", "BIT")]), None);
        assert_eq!(typed(r#"["base64:type15:"]"#, &[("$[0]", "BLOB")]), None, "'' would be a text");
        assert_eq!(typed(r#""base64:type16:AAU=""#, &[("$", "BIT")]), None);
        assert_eq!(typed(r#""2026-01-31""#, &[("$", "STRING")]), None, "its text stands for itself");
        assert_eq!(typed("1.5", &[("$", "DOUBLE")]), None);
        for (day, is_taken) in [
            ("2024-02-29", true),
            ("2023-02-29", false),
            ("2024-04-31", false),
            ("2024-00-10", true),
            ("0000-00-00", true),
        ] {
            let text = format!(r#"["{day} 01:00:00.000000"]"#);
            assert_eq!(typed(&text, &[("$[0]", "DATETIME")]).is_some(), is_taken, "{day}");
        }
    }

    #[test]
    fn every_value_has_its_path() {
        let mut paths = Vec::new();
        let node = Node::read(br#"{"a": [1, {"": "x"}], "b": null}"#).expect("a document");
        node.each(&mut "$".to_owned(), &mut |path, _| paths.push(path.to_owned()));
        assert_eq!(paths, ["$.\"a\"[0]", "$.\"a\"[1].\"\"", "$.\"b\""]);
        for broken in ["[1", "{\"a\" 1}", "[1 2]", "nul", "\"x", ""] {
            assert_eq!(Node::read(broken.as_bytes()), None, "{broken}");
        }
        assert_eq!(Node::read("[".repeat(200).as_bytes()), None);
    }

    #[test]
    fn base64_is_read() {
        assert_eq!(decoded("AP8=").as_deref(), Some(&[0, 0xFF][..]));
        assert_eq!(decoded("YWJj").as_deref(), Some(&b"abc"[..]));
        assert_eq!((decoded("AP8"), decoded("A?8=")), (None, None));
    }
}
