//! Makes external texts safe for display: escapes terminal control sequences and characters that change the reading
//! direction. Names of databases and accounts may contain any character.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns a text with escaped control and bidirectional characters, such as `\u{202e}`. Line ends and tabs stay.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    spelled(text, |sign| acts(sign) && !matches!(sign, '\n' | '\t'))
}

/// Returns the same for one line: line ends and tabs are escaped, too.
#[must_use]
pub fn visible_line(text: &str) -> Cow<'_, str> {
    spelled(text, acts)
}

/// Returns JSON with such characters escaped. They can occur only in its strings, where `\u202e` means the same.
#[must_use]
pub fn visible_json(json: &str) -> Cow<'_, str> {
    let is_spelled = |sign: char| acts(sign) && sign != '\n';
    if !json.contains(is_spelled) {
        return json.into();
    }
    let mut spelled = String::with_capacity(json.len());
    for sign in json.chars() {
        if is_spelled(sign) {
            let _ = write!(spelled, "\\u{:04x}", u32::from(sign));
        } else {
            spelled.push(sign);
        }
    }
    spelled.into()
}

/// Returns whether a character controls the display instead of being shown.
#[must_use]
pub fn acts(sign: char) -> bool {
    sign.is_control()
        || matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn spelled(text: &str, is_spelled: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_spelled) {
        return text.into();
    }
    let mut spelled = String::with_capacity(text.len());
    for sign in text.chars() {
        if is_spelled(sign) {
            spelled.extend(sign.escape_default());
        } else {
            spelled.push(sign);
        }
    }
    spelled.into()
}

#[cfg(test)]
mod tests {
    use super::{visible, visible_json, visible_line};

    #[test]
    fn what_a_terminal_obeys_is_spelled_out_and_all_else_is_as_it_was() {
        let cases = [
            ("shop", "shop"),
            ("订单 🛟 naïve\u{200d}", "订单 🛟 naïve\u{200d}"),
            ("\u{1b}[2J\u{1b}]0;x\u{7}", "\\u{1b}[2J\\u{1b}]0;x\\u{7}"),
            ("a\u{202e}gpj\u{2066}", "a\\u{202e}gpj\\u{2066}"),
            ("a\rb\u{9b}c\u{7f}", "a\\rb\\u{9b}c\\u{7f}"),
            ("a\n\tb", "a\n\tb"),
        ];
        for (text, shown) in cases {
            assert_eq!(visible(text), shown, "{text:?}");
        }
        assert_eq!(visible_line("a\n\tb\u{2028}"), "a\\n\\tb\\u{2028}");
    }

    #[test]
    fn json_output_matches_the_text_output() {
        let json = "{\n  \"name\": \"a\u{202e}\u{9b}b\"\n}";
        assert_eq!(visible_json(json), "{\n  \"name\": \"a\\u202e\\u009bb\"\n}");
    }
}
