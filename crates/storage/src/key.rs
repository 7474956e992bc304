//! The valid names of objects: names that every back-end supports, and that cannot leave the location.

use crate::error::{Error, ErrorKind};

/// The prefix of unfinished files. Keys cannot contain it, and listings do not show such files.
pub(crate) const PART_PREFIX: &str = ".lifeboat-part-";

/// The longest part of a key between two slashes, as limited by file systems.
const SEGMENT_MAX_BYTES: usize = 255;

/// The longest key, as limited by object stores, minus room for the base.
const KEY_MAX_BYTES: usize = 900;

/// Checks the key of an object and returns its folders and its name.
pub(crate) fn split(key: &str) -> Result<(Vec<&str>, &str), Error> {
    let mut segments = segments(key)?;
    let name = segments.pop().ok_or_else(|| malformed(key))?;
    Ok((segments, name))
}

/// Checks the name of a folder and returns its parts; the empty name is the base itself.
pub(crate) fn folder(prefix: &str) -> Result<Vec<&str>, Error> {
    segments(prefix.strip_suffix('/').unwrap_or(prefix))
}

/// Returns whether a bucket or container can have this name. Services put it before their host name, so it must not
/// contain characters that end a host name.
pub(crate) fn is_bucket(name: &str) -> bool {
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_' | '.' | '$');
    !name.is_empty() && name.len() <= SEGMENT_MAX_BYTES && name.chars().all(is_plain)
}

fn segments(key: &str) -> Result<Vec<&str>, Error> {
    if key.is_empty() {
        return Ok(Vec::new());
    }
    let segments: Vec<&str> = key.split('/').collect();
    let wrong = |segment: &&str| {
        segment.is_empty()
            || matches!(*segment, "." | "..")
            || segment.len() > SEGMENT_MAX_BYTES
            || segment.starts_with(PART_PREFIX)
            || segment.contains(char::is_control)
            || segment.trim() != *segment // clients of object stores trim spaces
    };
    if key.len() > KEY_MAX_BYTES || segments.iter().any(wrong) {
        return Err(malformed(key));
    }
    Ok(segments)
}

fn malformed(key: &str) -> Error {
    Error::new(ErrorKind::KeyMalformed, "use the object name", key)
}

#[cfg(test)]
mod tests {
    use super::{folder, is_bucket, split};

    #[test]
    fn a_key_that_could_lead_elsewhere_is_refused() {
        let (long, deep) = ("x".repeat(256), "x/".repeat(500) + "x");
        let bad = [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            "..",
            "a/../b",
            "./a",
            "a\0b",
            " a",
            "a /b",
            ".lifeboat-part-1/x",
            &long,
            &deep,
        ];
        for key in bad {
            assert!(split(key).is_err(), "{key}");
        }
        assert_eq!(split("data/shop/订单/0.sql.zst").ok(), Some((vec!["data", "shop", "订单"], "0.sql.zst")));
    }

    #[test]
    fn a_folder_is_named_with_or_without_a_slash() {
        assert_eq!(folder("a/b/").ok(), Some(vec!["a", "b"]));
        assert_eq!(folder("a/b").ok(), Some(vec!["a", "b"]));
        assert_eq!(folder("").ok(), Some(vec![]));
        assert!(folder("a/../..").is_err());
    }

    #[test]
    fn the_name_of_a_bucket_cannot_be_a_host_or_more() {
        for name in ["backup", "Backup_1.example.com", "backup-1250000000", "$web"] {
            assert!(is_bucket(name), "{name}");
        }
        for name in ["", "a/b", "a:80", "a@b", "a#", "a?b", "a\\b", "a b", "a%2f", "[::1]", "桶", "a\n"] {
            assert!(!is_bucket(name), "{name}");
        }
    }
}
