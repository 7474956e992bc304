//! The reader's language: that in `LIFEBOAT_LANG`, otherwise that of the system.

use std::env;
use std::sync::OnceLock;

use model::text::{Language, Text};

/// Returns the reader's language.
pub(crate) fn language() -> Language {
    static LANGUAGE: OnceLock<Language> = OnceLock::new();
    *LANGUAGE.get_or_init(|| {
        let wishes = ["LIFEBOAT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"];
        let wish = wishes.into_iter().find_map(|name| env::var(name).ok().filter(|wish| !wish.is_empty()));
        Language::choose(&wish.unwrap_or_default())
    })
}

/// Returns the language as `Accept-Language` spells it.
pub(crate) fn header() -> &'static str {
    match language() {
        Language::En => "en-US",
        Language::Zh => "zh-CN",
    }
}

/// Returns a text of the catalogue that has no arguments.
pub(crate) fn words(id: &str) -> String {
    Text::new(id).message(language())
}

/// Returns a text in the reader's language.
pub(crate) fn words_of(text: &Text) -> String {
    text.message(language())
}
