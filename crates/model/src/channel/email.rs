//! A notice as an e-mail.

use serde::{Deserialize, Serialize};

use super::card::Card;

/// The most characters of a subject: longer ones are cut.
const SUBJECT_MAX: usize = 200;

/// The subject and both forms of the text of an e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The subject, one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

impl Letter {
    pub(super) fn of(card: &Card) -> Self {
        let subject = match card.title.char_indices().nth(SUBJECT_MAX) {
            Some((end, _)) => format!("{}…", &card.title[..end]),
            None => card.title.clone(),
        };
        let row = |(label, value): &(String, String)| {
            let (label, value) = (escaped(label), escaped(value).replace('\n', "<br>"));
            format!(
                "<tr><th align=\"left\" valign=\"top\" style=\"padding:2px 12px 2px 0\">{label}</th><td>{value}</td></tr>"
            )
        };
        let rows: String = card.lines.iter().map(row).collect();
        let title = escaped(&card.title);
        Self {
            subject,
            text: format!("{}\n\n{}", card.title, card.text()),
            html: format!(
                "<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head><body style=\"font-family:sans-serif\">\
                 <h3>{title}</h3><table>{rows}</table></body></html>"
            ),
        }
    }

    /// Returns the form that waits in the outbox.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts have a JSON form")
    }

    /// Reads the form of the outbox.
    #[must_use]
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}

/// Returns a text in which HTML sees no markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::Letter;
    use crate::channel::card::Card;

    #[test]
    fn a_long_subject_is_cut() {
        let letter = Letter::of(&Card::test(&"值".repeat(500)));
        assert_eq!(letter.subject.chars().count(), 201);
        assert!(letter.text.contains(&"值".repeat(500)));
    }
}
