//! The product and version of a server, from its own description.
//!
//! Source of the formats: `version()` and `@@version_comment` of OceanBase 2.2 to 4.4 and seekdb 1.4.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Product {
    /// The distributed database.
    Oceanbase,
    /// OceanBase's kernel reduced to one node and one tenant.
    Seekdb,
    /// Oracle's MySQL: a source or target of `dump` and `load` only.
    Mysql,
    /// MariaDB: a source or target of `dump` and `load` only.
    Mariadb,
}

impl Product {
    /// Returns whether it is OceanBase or seekdb.
    #[must_use]
    pub fn is_oceanbase(self) -> bool {
        matches!(self, Self::Oceanbase | Self::Seekdb)
    }
}

/// A version number with its build, if known. Ordered by number, then build.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    numbers: [u32; 4],
    /// OceanBase's build stamp, such as 20220304134610; 0 when unknown.
    build: u64,
}

/// The text is not a version number.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a version number such as 4.2.5.1")]
pub struct NotAVersion(String);

impl Version {
    /// Returns a version of three numbers.
    #[must_use]
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { numbers: [major, minor, patch, 0], build: 0 }
    }

    /// Returns a version of four numbers.
    #[must_use]
    pub const fn of(numbers: [u32; 4]) -> Self {
        Self { numbers, build: 0 }
    }

    /// Returns this version with a build stamp.
    #[must_use]
    pub const fn at_build(mut self, build: u64) -> Self {
        self.build = build;
        self
    }

    /// Returns the first number.
    #[must_use]
    pub const fn major(&self) -> u32 {
        self.numbers[0]
    }
}

impl FromStr for Version {
    type Err = NotAVersion;

    /// Reads `4.2.5`, `4.2.5.1`, `3.2.2-20220304134610`.
    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let wrong = || NotAVersion(text.to_owned());
        let (numbers, build) = text.split_once('-').unwrap_or((text, ""));
        let mut version = Self::new(0, 0, 0);
        let mut parts = numbers.split('.');
        for (place, part) in version.numbers.iter_mut().zip(parts.by_ref()) {
            *place = part.parse().map_err(|_| wrong())?;
        }
        if parts.next().is_some() || !numbers.contains('.') {
            return Err(wrong());
        }
        if !build.is_empty() {
            version.build = build.parse().map_err(|_| wrong())?;
        }
        Ok(version)
    }
}

impl TryFrom<String> for Version {
    type Error = NotAVersion;

    fn try_from(text: String) -> Result<Self, NotAVersion> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        if version.build == 0 { version.to_string() } else { format!("{version}-{}", version.build) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, fourth] = self.numbers;
        write!(f, "{major}.{minor}.{patch}.{fourth}")
    }
}

/// A server's kind, version and edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerVersion {
    /// The product.
    pub product: Product,
    /// Its own version number: OceanBase's, seekdb's, MySQL's or MariaDB's.
    pub version: Version,
    /// Whether it is the community edition of OceanBase.
    pub community: bool,
}

impl ServerVersion {
    /// Reads a server's own description; `None` for an unknown [`Product`].
    ///
    /// The leading MySQL number (`5.7.25`) is meaningless for OceanBase, so it is skipped.
    #[must_use]
    pub fn identify(version: &str, comment: &str) -> Option<Self> {
        let community = version.contains("OceanBase_CE") || comment.contains("OceanBase_CE");
        let found = |product, text: &str| {
            let number: String = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            let version = number.trim_end_matches('.').parse::<Version>().ok()?;
            Some(Self { product, version: version.at_build(build_stamp(comment)), community })
        };
        if let Some((_, rest)) = version.split_once("seekdb-v") {
            return found(Product::Seekdb, rest);
        }
        if let Some((_, rest)) = version.split_once("OceanBase")
            && let Some((_, number)) = rest.split_once("-v")
        {
            return found(Product::Oceanbase, number);
        }
        for text in [version, comment] {
            if let Some((_, rest)) = text.split_once("OceanBase") {
                let rest = rest.trim_start_matches("_CE").trim_start();
                if let Some(found) = found(Product::Oceanbase, rest) {
                    return Some(found);
                }
            }
        }
        if version.contains("OceanBase") || comment.contains("OceanBase") {
            return None;
        }
        if version.contains("MariaDB") {
            return found(Product::Mariadb, version.trim_start_matches("5.5.5-"));
        }
        if comment.contains("MySQL") {
            return found(Product::Mysql, version);
        }
        None
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.product {
            Product::Oceanbase if self.community => "OceanBase CE",
            Product::Oceanbase => "OceanBase",
            Product::Seekdb => "seekdb",
            Product::Mysql => "MySQL",
            Product::Mariadb => "MariaDB",
        };
        write!(f, "{name} {}", self.version)
    }
}

/// Returns the build stamp in a comment such as `OceanBase 3.2.2 (r20220304134610-…) (Built …)`; 0 without one.
fn build_stamp(comment: &str) -> u64 {
    let Some((_, rest)) = comment.split_once("(r") else { return 0 };
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    if digits.len() >= 10 { digits.parse().unwrap_or(0) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::{Product, ServerVersion, Version};

    #[test]
    fn servers_are_known_by_what_they_say() {
        let cases = [
            (
                "5.7.25-OceanBase seekdb-v1.4.0.0",
                "OceanBase 4.3.5.3 seekdb (r1.4.0.0) (Built 1)",
                "seekdb 1.4.0.0",
            ),
            (
                "5.7.25-OceanBase_CE-v4.2.5.1",
                "OceanBase_CE 4.2.5.1 (r101000092024120918-1)",
                "OceanBase CE 4.2.5.1",
            ),
            ("5.7.25-OceanBase-v4.2.1.0", "OceanBase 4.2.1.0 (r1)", "OceanBase 4.2.1.0"),
            ("5.7.25", "OceanBase 3.1.4 (r103000102023020719-16)", "OceanBase 3.1.4.0"),
            ("5.7.25-OceanBase-v3.2.3.1", "OceanBase 3.2.3.1", "OceanBase 3.2.3.1"),
            ("5.6.25", "OceanBase 2.2.77 (r20211230)", "OceanBase 2.2.77.0"),
            ("5.5.5-10.11.19-MariaDB-0+deb12u1", "Debian 12", "MariaDB 10.11.19.0"),
            ("8.0.36", "MySQL Community Server - GPL", "MySQL 8.0.36.0"),
        ];
        for (version, comment, expected) in cases {
            let found = ServerVersion::identify(version, comment);
            assert_eq!(found.map(|found| found.to_string()).as_deref(), Some(expected), "{version}");
        }
        assert_eq!(ServerVersion::identify("16.1", "PostgreSQL"), None);
    }

    #[test]
    fn the_mysql_number_never_passes_for_oceanbases() {
        let found = ServerVersion::identify("5.7.25", "OceanBase 3.1.4 (r1)").expect("an OceanBase");
        assert_eq!((found.product, found.version.major()), (Product::Oceanbase, 3));
    }

    #[test]
    fn builds_of_one_version_are_ordered() {
        let parse = |text: &str| text.parse::<Version>().expect("a version");
        assert!(parse("3.2.2-20220304134610") > parse("3.2.2-20220101000000"));
        assert!(parse("3.2.3") > parse("3.2.2-20220304134610"));
        assert!(parse("2.2.77") > parse("2.2.9"));
        assert!("4".parse::<Version>().is_err() && "4.x".parse::<Version>().is_err());
    }
}
