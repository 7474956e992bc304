//! The limits for clusters and object stores: the addresses to which Lifeboat connects, and the memory that their
//! answers may use.

use model::Problem;
use model::egress::Egress;
use model::limits::Limits;

use crate::setting::{read, variable};

/// The settings about addresses.
pub(crate) const ALLOW: &str = "egress.allow";
pub(crate) const DENY: &str = "egress.deny";

/// The settings about memory, in MiB.
pub(crate) const ROW: &str = "limits.row_mib";
pub(crate) const ANSWER: &str = "limits.answer_mib";
pub(crate) const STORE_ANSWER: &str = "limits.store_answer_mib";

/// The maximum of a limit: a little more than the MySQL protocol allows.
const MOST_MIB: usize = 4096;

/// Reads the addresses to which a server connects.
///
/// # Errors
/// Names the entry that is not a network.
pub(crate) fn egress(allow: &[String], deny: &[String]) -> Result<Egress, Problem> {
    let lists = [allow, deny].map(|list| list.iter().map(String::as_str));
    let [allowed, denied] = lists;
    Egress::of_server(allowed, denied).map_err(|entry| {
        let key = if allow.iter().any(|one| one == entry) { ALLOW } else { DENY };
        Problem::invalid("config-network").with("key", key).with("value", entry)
    })
}

/// Reads the memory limits; `value` returns the setting of a key.
///
/// # Errors
/// Names the value that is not a number, or is too small or too large.
pub(crate) fn limits(value: impl Fn(&'static str) -> Option<String>) -> Result<Limits, Problem> {
    let bytes = |key: &'static str, usual: usize| {
        let Some(text) = value(key) else { return Ok(usual) };
        let mib: usize = read(key, &text)?;
        let fits = (1..=MOST_MIB).contains(&mib);
        fits.then_some(mib << 20)
            .ok_or_else(|| Problem::invalid("config-value").with("key", key).with("value", &text))
    };
    let usual = Limits::DEFAULT;
    Ok(Limits {
        row_bytes: bytes(ROW, usual.row_bytes)?,
        answer_bytes: bytes(ANSWER, usual.answer_bytes)?,
        store_answer_bytes: bytes(STORE_ANSWER, usual.store_answer_bytes)?,
    })
}

/// Reads the limits of a command that needs no server.
///
/// # Errors
/// As [`limits`].
pub(crate) fn limits_of_environment() -> Result<Limits, Problem> {
    limits(|key| std::env::var(variable(key)).ok())
}

#[cfg(test)]
mod tests {
    use model::limits::Limits;

    use super::{ANSWER, ROW, egress, limits};

    #[test]
    fn limits_are_numbers_of_mebibytes_within_reason() {
        let set = |key: &'static str, text: &'static str| {
            move |asked: &'static str| (asked == key).then(|| text.to_owned())
        };
        assert_eq!(limits(|_| None), Ok(Limits::DEFAULT));
        let found = limits(set(ROW, "1024")).expect("a number");
        assert_eq!((found.row_bytes, found.answer_bytes), (1 << 30, Limits::DEFAULT.answer_bytes));
        for text in ["0", "-1", "64MiB", "", "4097", "18446744073709551615"] {
            let refusal = limits(set(ANSWER, text)).expect_err(text);
            assert_eq!(refusal.text.id, "config-value");
            assert_eq!(refusal.args().get("key").map(String::as_str), Some(ANSWER));
        }
    }

    #[test]
    fn a_list_of_networks_is_read_or_its_wrong_entry_named() {
        let list = |texts: &[&str]| -> Vec<String> { texts.iter().map(|text| (*text).to_owned()).collect() };
        let found = egress(&list(&["loopback"]), &list(&["10.0.0.0/8"])).expect("networks");
        let refuses = |address: &str| found.refuses(address.parse().expect("an address"));
        assert!(!refuses("127.0.0.1") && refuses("10.1.1.1") && !refuses("192.168.0.1"));
        for (allow, deny, key) in [("db1", "::1", "egress.allow"), ("::1", "10.0.0.1/8", "egress.deny")] {
            let refusal = egress(&list(&[allow]), &list(&[deny])).expect_err("no network");
            assert_eq!(refusal.args().get("key").map(String::as_str), Some(key));
        }
    }
}
