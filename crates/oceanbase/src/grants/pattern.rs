//! The patterns of database names in grants, and which of them is the most specific.

use std::cmp::Reverse;

/// A pattern of database names: `%` matches any characters and `_` any single one, unless escaped with a backslash.
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Any,
    One,
    Char(char),
}

impl Pattern {
    /// Reads a pattern as `SHOW GRANTS` prints it.
    pub(super) fn read(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            let part = match letter {
                '%' => Part::Any,
                '_' => Part::One,
                '\\' => Part::Char(letters.next().unwrap_or('\\')),
                letter => Part::Char(letter),
            };
            if (part, parts.last()) != (Part::Any, Some(&Part::Any)) {
                parts.push(part);
            }
        }
        Self(parts)
    }

    /// Returns whether the name matches.
    pub(super) fn matches(&self, name: &str) -> bool {
        like(&name.chars().collect::<Vec<_>>(), &self.0)
    }

    /// MySQL's order: the number of characters before the first wildcard.
    fn before_wildcard(&self) -> usize {
        let is_wildcard = |part: &Part| !matches!(part, Part::Char(_));
        self.0.iter().position(is_wildcard).unwrap_or(usize::MAX)
    }

    /// MariaDB's order: the pattern that matches fewer names is more specific.
    fn narrowness(&self) -> (bool, usize, Reverse<usize>, Reverse<usize>) {
        let count = |wanted| self.0.iter().filter(|part| **part == wanted).count();
        let (any, one) = (count(Part::Any), count(Part::One));
        (any == 0, self.0.len() - any, Reverse(any), Reverse(one))
    }
}

fn like(name: &[char], pattern: &[Part]) -> bool {
    match pattern {
        [] => name.is_empty(),
        [Part::Any, rest @ ..] => (0..=name.len()).any(|skipped| like(&name[skipped..], rest)),
        [Part::One, rest @ ..] => !name.is_empty() && like(&name[1..], rest),
        [Part::Char(letter), rest @ ..] => name.first() == Some(letter) && like(&name[1..], rest),
    }
}

/// Returns whether the most specific of these patterns gives the privilege; `false` without patterns. A pattern without
/// wildcards is the most specific. For others, the order depends on the product and its version: the privilege must be
/// given in both orders, and by all patterns that are equally specific.
pub(super) fn most_specific_gives(patterns: &[(Pattern, bool)]) -> bool {
    first_gives(patterns, Pattern::before_wildcard) && first_gives(patterns, Pattern::narrowness)
}

fn first_gives<K: Ord>(patterns: &[(Pattern, bool)], key: impl Fn(&Pattern) -> K) -> bool {
    let Some(most) = patterns.iter().map(|(pattern, _)| key(pattern)).max() else { return false };
    patterns.iter().filter(|(pattern, _)| key(pattern) == most).all(|(_, gives)| *gives)
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_pattern_matches_the_names_of_its_form() {
        let cases = [
            ("my_app", r"my\_app", true),
            ("my_app", "my_app", true),
            ("myxapp", "my_app", true),
            ("myxapp", r"my\_app", false),
            ("my_app_2", r"my\_app%", true),
            ("my%", r"my\%", true),
            ("mine", r"my\%", false),
            ("Shop", "shop", false),
            ("", "%", true),
            ("shop", "", false),
            ("shop", "%%op", true),
            (r"a\b", r"a\\b", true),
        ];
        for (name, pattern, expected) in cases {
            assert_eq!(Pattern::read(pattern).matches(name), expected, "{name} {pattern}");
        }
    }
}
