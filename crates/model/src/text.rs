//! The texts for users, in English and Chinese.
//!
//! A text is stored as its ID and arguments, and is rendered in the reader's language when it is shown. The catalogue
//! is in `texts/{en,zh}.toml`; both files have the same keys and placeholders:
//!
//! ```toml
//! [step]                          # names of steps, by step id
//! check-cluster-status = "Check cluster status"
//! [alarm]                         # names of alarms, by the name that programs know
//! base_backup_fail = "Data backup failed"
//! [problem.storage-not-writable]  # what went wrong, by problem id
//! message = "…"                   # what happened, to what
//! cause = "…"                     # optional: why, as far as it is known
//! action = "…"                    # optional: what to do now
//! button = "…"                    # optional: the id in [button] of what can be pressed
//! ```
//!
//! `{tables}` stands for an argument, and `{tables:table|tables}` for the word that goes with it: `1 table`, `2
//! tables`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// A language of the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en-US")]
    En,
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    Zh,
}

impl Language {
    /// Chooses by an `Accept-Language` header or a locale name: the first available language, otherwise English.
    #[must_use]
    pub fn choose(wish: &str) -> Self {
        for part in wish.split(',') {
            let tag = part.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            if tag.starts_with("zh") {
                return Self::Zh;
            }
            if tag.starts_with("en") {
                return Self::En;
            }
        }
        Self::En
    }
}

/// The argument with the attempted action. No pattern of the catalogue shows it.
const DOING: &str = "doing";

/// The argument of [`Text::of_tenant`].
const FAILED_TENANT: &str = "failed_tenant";

/// A text: its ID in the catalogue, its arguments, and an original external message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Text {
    /// The key in the catalogue.
    pub id: String,
    /// The values of the placeholders.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
    /// The original message of a database or a storage, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

impl Text {
    /// Returns a text without arguments.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    /// Adds an argument.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.args.insert(name.to_owned(), value.to_string());
        self
    }

    /// Returns the message of the problem with this ID; otherwise, the line with this ID; otherwise, the original
    /// message.
    #[must_use]
    pub fn message(&self, language: Language) -> String {
        let catalogue = catalogue(language);
        let pattern = catalogue
            .problem
            .get(&self.id)
            .map(|problem| &problem.message)
            .or_else(|| catalogue.line.get(&self.id));
        let message = match (pattern, &self.raw) {
            (Some(pattern), _) => fill(pattern, &self.args),
            (None, Some(raw)) => raw.clone(),
            (None, None) => self.id.clone(),
        };
        let frames = [(DOING, "problem-during"), (FAILED_TENANT, "problem-of-tenant")];
        frames.into_iter().fold(message, |message, (name, pattern)| {
            match (self.args.get(name), catalogue.line.get(pattern)) {
                (Some(value), Some(pattern)) => {
                    let args = [(name.to_owned(), value.clone()), ("message".to_owned(), message)].into();
                    fill(pattern, &args)
                }
                _ => message,
            }
        })
    }

    /// Adds the tenant that it is about, for a reader who does not know: its name precedes the message.
    #[must_use]
    pub fn of_tenant(self, tenant: impl std::fmt::Display) -> Self {
        self.with(FAILED_TENANT, tenant)
    }

    /// Adds the attempted action, such as "load `shop`.`orders`": it precedes the message.
    #[must_use]
    pub fn during(self, doing: impl std::fmt::Display) -> Self {
        self.with(DOING, doing)
    }

    /// Returns what the reader can do while a step is retried automatically.
    #[must_use]
    pub fn action_while_retried(&self, language: Language) -> Option<String> {
        let action = self.action(language)?;
        let pattern = catalogue(language).line.get("problem-retried")?;
        Some(fill(pattern, &[("action".to_owned(), action)].into()))
    }

    /// Returns the cause, as far as it is known.
    #[must_use]
    pub fn cause(&self, language: Language) -> Option<String> {
        self.part(language, |problem| problem.cause.as_ref())
    }

    /// Returns what the reader can do now.
    #[must_use]
    pub fn action(&self, language: Language) -> Option<String> {
        self.part(language, |problem| problem.action.as_ref())
    }

    /// Returns the ID and the label of the button that repairs it, if there is one.
    #[must_use]
    pub fn button(&self, language: Language) -> Option<(String, String)> {
        let catalogue = catalogue(language);
        let id = catalogue.problem.get(&self.id)?.button.as_ref()?;
        Some((id.clone(), catalogue.button.get(id)?.clone()))
    }

    fn part(&self, language: Language, choose: fn(&ProblemWords) -> Option<&String>) -> Option<String> {
        let words = catalogue(language).problem.get(&self.id)?;
        choose(words).map(|pattern| fill(pattern, &self.args))
    }
}

/// Returns the name of a step for users; its ID if the catalogue has none.
#[must_use]
pub fn step_name(language: Language, id: &str) -> String {
    catalogue(language).step.get(id).cloned().unwrap_or_else(|| id.to_owned())
}

/// Returns the name of an alarm for users; its name for programs if the catalogue has none.
#[must_use]
pub fn alarm_name(language: Language, name: &str) -> String {
    catalogue(language).alarm.get(name).cloned().unwrap_or_else(|| name.to_owned())
}

/// Returns the label of a button; its ID if the catalogue has none.
#[must_use]
pub fn button(language: Language, id: &str) -> String {
    catalogue(language).button.get(id).cloned().unwrap_or_else(|| id.to_owned())
}

/// Returns whether the catalogue has this problem.
#[must_use]
pub fn has_problem(id: &str) -> bool {
    catalogue(Language::En).problem.contains_key(id)
}

/// Returns whether the catalogue has this line.
#[must_use]
pub fn has_line(id: &str) -> bool {
    catalogue(Language::En).line.contains_key(id)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    step: BTreeMap<String, String>,
    alarm: BTreeMap<String, String>,
    line: BTreeMap<String, String>,
    button: BTreeMap<String, String>,
    problem: BTreeMap<String, ProblemWords>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProblemWords {
    message: String,
    cause: Option<String>,
    action: Option<String>,
    button: Option<String>,
}

fn catalogue(language: Language) -> &'static Catalogue {
    static EN: LazyLock<Catalogue> = LazyLock::new(|| read("en", include_str!("../texts/en.toml")));
    static ZH: LazyLock<Catalogue> = LazyLock::new(|| read("zh", include_str!("../texts/zh.toml")));
    match language {
        Language::En => &EN,
        Language::Zh => &ZH,
    }
}

fn read(name: &str, text: &str) -> Catalogue {
    toml::from_str(text)
        .unwrap_or_else(|error| panic!("texts/{name}.toml, which is part of the binary: {error}"))
}

/// Replaces `{name}` with the argument, and `{name:one|many}` with the first word if the argument is 1, otherwise
/// with the second. A placeholder without an argument stays visible.
fn fill(pattern: &str, args: &BTreeMap<String, String>) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        match after.split_once('}').and_then(|(place, tail)| Some((put(place, args)?, tail))) {
            Some((words, tail)) => {
                text.push_str(words);
                rest = tail;
            }
            None => {
                text.push('{');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

/// Returns the text that replaces a placeholder.
fn put<'a>(place: &'a str, args: &'a BTreeMap<String, String>) -> Option<&'a str> {
    let Some((name, words)) = place.split_once(':') else { return args.get(place).map(String::as_str) };
    let (one, many) = words.split_once('|')?;
    Some(if args.get(name)? == "1" { one } else { many })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Catalogue, Language, Text, catalogue};

    /// All texts with a unique name, such as `problem.x.cause`.
    fn flat(catalogue: &Catalogue) -> Vec<(String, String)> {
        let tables = [
            ("step", &catalogue.step),
            ("alarm", &catalogue.alarm),
            ("line", &catalogue.line),
            ("button", &catalogue.button),
        ];
        let mut all: Vec<(String, String)> = tables
            .iter()
            .flat_map(|(table, texts)| {
                texts.iter().map(move |(id, text)| (format!("{table}.{id}"), text.clone()))
            })
            .collect();
        for (id, words) in &catalogue.problem {
            all.push((format!("problem.{id}.message"), words.message.clone()));
            for (part, text) in
                [("cause", &words.cause), ("action", &words.action), ("button", &words.button)]
            {
                all.extend(text.iter().map(|text| (format!("problem.{id}.{part}"), text.clone())));
            }
        }
        all
    }

    /// The arguments of a text, whether it shows them or chooses words by them.
    fn placeholders(text: &str) -> BTreeSet<&str> {
        let places = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
        places.map(|(place, _)| place.split_once(':').map_or(place, |(name, _)| name)).collect()
    }

    #[test]
    fn both_languages_have_the_same_texts_with_the_same_placeholders() {
        let (en, zh) = (flat(catalogue(Language::En)), flat(catalogue(Language::Zh)));
        let keys =
            |texts: &[(String, String)]| texts.iter().map(|(key, _)| key.clone()).collect::<BTreeSet<_>>();
        let (en_keys, zh_keys) = (keys(&en), keys(&zh));
        assert_eq!(
            en_keys.difference(&zh_keys).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "missing in zh.toml"
        );
        assert_eq!(
            zh_keys.difference(&en_keys).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "missing in en.toml"
        );
        for ((key, english), (_, chinese)) in en.iter().zip(&zh) {
            assert_eq!(placeholders(english), placeholders(chinese), "{key}");
        }
    }

    #[test]
    fn every_button_of_a_problem_has_words() {
        let catalogue = catalogue(Language::En);
        for (id, words) in &catalogue.problem {
            if let Some(button) = &words.button {
                assert!(catalogue.button.contains_key(button), "problem {id}: button {button}");
            }
        }
    }

    #[test]
    fn an_argument_is_taken_as_it_is() {
        let text = Text::new("cluster-unknown").with("cluster", "{evil} {cluster}");
        assert!(text.message(Language::En).contains("{evil} {cluster}"), "{}", text.message(Language::En));
    }

    #[test]
    fn a_tenant_precedes_the_message() {
        let text = Text::new("backup-without-tenant").of_tenant("shop");
        let plain = Text::new("backup-without-tenant").message(Language::En);
        assert_eq!(text.message(Language::En), format!("Tenant shop: {plain}"));
        assert!(text.message(Language::Zh).starts_with("租户 shop："), "{}", text.message(Language::Zh));
    }

    #[test]
    fn one_of_a_thing_is_not_called_several() {
        let line = |tables: u64| {
            let text = Text::new("recovery-schema").with("databases", "shop").with("tables", tables);
            (text.message(Language::En), text.message(Language::Zh))
        };
        assert_eq!(line(1), ("shop: 1 table exists".into(), "shop：1 张表已创建".into()));
        assert_eq!(line(2), ("shop: 2 tables exist".into(), "shop：2 张表已创建".into()));
        assert_eq!(line(0).0, "shop: 0 tables exist");
        let untold = Text::new("recovery-schema").with("databases", "shop").message(Language::En);
        assert_eq!(untold, "shop: {tables} {tables:table exists|tables exist}", "what is missing is seen");
    }

    #[test]
    fn every_word_that_goes_with_a_number_stands_beside_a_number_of_its_text() {
        for (key, text) in [flat(catalogue(Language::En)), flat(catalogue(Language::Zh))].concat() {
            for place in
                text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(place, _)| place)
            {
                if let Some((name, words)) = place.split_once(':') {
                    assert!(text.contains(&format!("{{{name}}}")), "{key}: {name} is not shown");
                    assert!(words.split('|').filter(|word| !word.is_empty()).count() == 2, "{key}: {place}");
                }
            }
        }
    }

    #[test]
    fn the_language_follows_the_readers_wish() {
        let cases =
            [("zh-CN,zh;q=0.9,en;q=0.8", Language::Zh), ("fr, en-GB", Language::En), ("", Language::En)];
        for (wish, language) in cases {
            assert_eq!(Language::choose(wish), language, "{wish}");
        }
    }
}
