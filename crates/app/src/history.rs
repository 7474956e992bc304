//! The settings about how long a server keeps its own history.

use model::Problem;
use model::history::HistoryDays;

use crate::setting::read;

pub(crate) const LOGS: &str = "history.log_days";
pub(crate) const AUDIT: &str = "history.audit_days";

/// The value that keeps everything.
pub(crate) const UNLIMITED: &str = "unlimited";

/// Reads the settings; `value` returns the text of a key.
///
/// # Errors
/// Names the value that is neither a number of days from 1 nor `unlimited`.
pub(crate) fn days(value: impl Fn(&str) -> String) -> Result<HistoryDays, Problem> {
    let days = |key: &'static str| {
        let text = value(key);
        if text.trim() == UNLIMITED {
            return Ok(None);
        }
        let wrong = || Problem::invalid("config-days").with("key", key).with("value", &text);
        read(key, &text).ok().filter(|days| *days > 0).map(Some).ok_or_else(wrong)
    };
    Ok(HistoryDays { logs: days(LOGS)?, audit: days(AUDIT)? })
}

#[cfg(test)]
mod tests {
    use model::history::HistoryDays;

    use super::{AUDIT, LOGS, days};

    #[test]
    fn days_are_numbers_from_one_or_unlimited() {
        let set = |log: &'static str| {
            move |key: &str| {
                let found = [(LOGS, log), (AUDIT, "unlimited")];
                found.iter().find(|(name, _)| *name == key).expect("a key").1.to_owned()
            }
        };
        assert_eq!(days(set("90")), Ok(HistoryDays::DEFAULT));
        assert_eq!(days(set(" unlimited ")).map(|days| days.logs), Ok(None));
        for text in ["0", "-1", "", "forever", "4294967296"] {
            let refusal = days(set(text)).expect_err(text);
            assert_eq!((refusal.text.id.as_str(), refusal.args()["value"].as_str()), ("config-days", text));
        }
    }
}
