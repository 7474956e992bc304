//! The versions of OceanBase that can be simulated.

use std::fmt;
use std::str::FromStr;

/// A version whose statements, views and errors the simulator implements.
///
/// Ordered by age, so that "since 4.2.5" is a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// The oldest version with physical backup; it has no pieces.
    V2_2_77,
    /// Community 3.1.
    V3_1_5,
    /// The last 3.x line; it can back up single tenants.
    V3_2_4,
    /// The first version with tenant-level backup.
    V4_0,
    /// The first version with tenant roles.
    V4_1,
    /// Long-term support.
    V4_2_5,
    /// Long-term support of the 4.3 line.
    V4_3_5,
    /// The first version that deletes selected sets.
    V4_4,
    /// Long-term support of the 4.4 line; it can copy the archive.
    V4_4_2,
    /// The newest version; it can validate backups.
    V4_6,
}

impl Profile {
    /// Every profile, oldest first.
    pub const ALL: [Self; 10] = [
        Self::V2_2_77,
        Self::V3_1_5,
        Self::V3_2_4,
        Self::V4_0,
        Self::V4_1,
        Self::V4_2_5,
        Self::V4_3_5,
        Self::V4_4,
        Self::V4_4_2,
        Self::V4_6,
    ];

    /// Returns whether backups belong to tenants instead of the cluster.
    pub fn is_tenant_level(self) -> bool {
        self >= Self::V4_0
    }

    /// Returns the version as in `ob_version()`.
    pub fn version(self) -> &'static str {
        match self {
            Self::V2_2_77 => "2.2.77",
            Self::V3_1_5 => "3.1.5",
            Self::V3_2_4 => "3.2.4.0",
            Self::V4_0 => "4.0.0.0",
            Self::V4_1 => "4.1.0.0",
            Self::V4_2_5 => "4.2.5.0",
            Self::V4_3_5 => "4.3.5.0",
            Self::V4_4 => "4.4.1.0",
            Self::V4_4_2 => "4.4.2.3",
            Self::V4_6 => "4.6.0.0",
        }
    }

    /// Returns the answer to `SELECT version()`.
    pub(crate) fn sql_version(self) -> String {
        match self {
            Self::V2_2_77 | Self::V3_2_4 => self.version().to_owned(),
            Self::V3_1_5 => format!("{}-OceanBase CE", self.version()),
            _ => format!("5.7.25-OceanBase-v{}", self.version()),
        }
    }

    /// Returns the version in a connection's first packet.
    pub(crate) fn handshake_version(self) -> &'static str {
        if self.is_tenant_level() { "5.7.25" } else { "5.6.25" }
    }

    /// Returns the release number and build time of the simulated build.
    fn build(self) -> (&'static str, &'static str) {
        match self {
            Self::V2_2_77 => ("20210329164500", "Mar 29 2021 16:58:04"),
            Self::V3_1_5 => ("100000252023041721", "Apr 17 2023 21:30:11"),
            Self::V3_2_4 => ("20230412114500", "Apr 12 2023 12:03:46"),
            Self::V4_0 => ("100000272022110114", "Nov  1 2022 14:57:18"),
            Self::V4_1 => ("100000192023032010", "Mar 20 2023 10:31:25"),
            Self::V4_2_5 => ("100000062024102219", "Oct 22 2024 19:40:02"),
            Self::V4_3_5 => ("100000202024123117", "Dec 31 2024 17:05:30"),
            Self::V4_4 => ("100000032025072410", "Jul 24 2025 10:12:51"),
            // A guess: of the 4.4.2 line, only builds of 4.4.2.0 are published.
            Self::V4_4_2 => ("100000032026061510", "Jun 15 2026 10:12:51"),
            Self::V4_6 => ("100000132026040922", "Apr  9 2026 22:41:17"),
        }
    }

    /// Returns the build as shown in the server list.
    pub(crate) fn build_version(self) -> String {
        let (release, built) = self.build();
        format!("{}_{release}-5f4dcc3b5aa765d61d8327deb882cf99c33e6134({built})", self.version())
    }

    /// Returns `@@version_comment`; it states that this is not OceanBase.
    pub(crate) fn comment(self) -> String {
        let (release, built) = self.build();
        let edition = if self == Self::V3_1_5 { "OceanBase_CE" } else { "OceanBase" };
        format!(
            "{edition} {} (r{release}-5f4dcc3b5aa7) (Built {built}) (lifeboat-sim: a simulator, not a database)",
            self.version()
        )
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::V2_2_77 => "2.2.77",
            Self::V3_1_5 => "3.1.5",
            Self::V3_2_4 => "3.2.4",
            Self::V4_0 => "4.0",
            Self::V4_1 => "4.1",
            Self::V4_2_5 => "4.2.5",
            Self::V4_3_5 => "4.3.5",
            Self::V4_4 => "4.4",
            Self::V4_4_2 => "4.4.2.3",
            Self::V4_6 => "4.6.0",
        })
    }
}

/// An unknown profile name.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no version the simulator knows; take one of 2.2.77, 3.1.5, 3.2.4, 4.0, 4.1, 4.2.5, 4.3.5, 4.4, 4.4.2.3, 4.6.0"
)]
pub struct UnknownProfile(String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, UnknownProfile> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.to_string() == text)
            .ok_or_else(|| UnknownProfile(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_found_by_the_name_it_prints() {
        for profile in Profile::ALL {
            assert_eq!(profile.to_string().parse::<Profile>().expect("its own name"), profile);
        }
        assert!("5.0".parse::<Profile>().is_err());
    }

    #[test]
    fn every_version_comment_names_the_simulator() {
        assert!(Profile::ALL.into_iter().all(|profile| profile.comment().contains("simulator")));
    }
}
