//! The meaning of servers' error numbers: one row each.
//!
//! OceanBase answers with MySQL's number if there is one, otherwise with its own number without the sign. A number
//! that is not in the table gets a general text with the number and the server's message.

/// MySQL's number for a wrong user or password.
pub(super) const ACCESS_DENIED: u16 = 1045;

/// From 8000 on, OceanBase expects the client to close the connection.
const FATAL: std::ops::Range<u16> = 8000..9000;

/// The meaning of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    /// The problem's ID in the texts.
    pub(super) text: &'static str,
    /// Whether to try again.
    pub(super) retry: Retry,
}

/// Whether to try the same again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    /// It fails again until a user changes something.
    Never,
    /// It may succeed a little later.
    Later,
    /// It may succeed immediately on another server of the cluster, and on this one a little later.
    Elsewhere,
}

use Retry::{Elsewhere, Later, Never};

/// The numbers, by topic.
const TABLE: &[(&str, Retry, &[u16])] = &[
    // log on
    ("database-too-many-connections", Elsewhere, &[1040, 1203, 1226]),
    ("database-host-not-allowed", Never, &[1129, 1130]),
    ("database-account-locked", Never, &[1820, 1862, 3118, 4151]),
    ("database-tenant-elsewhere", Elsewhere, &[5150]),
    ("database-tenant-unknown", Never, &[5157, 5160, 5685]),
    ("database-starting-or-stopping", Elsewhere, &[1053, 8001, 8002]),
    // privileges and permissions
    ("database-privilege-missing", Never, &[1044, ACCESS_DENIED, 1142, 1143, 1227, 1370, 1410]),
    ("database-not-supported", Never, &[1235, 4077]),
    ("database-not-allowed-now", Never, &[4179]),
    ("database-read-only", Never, &[1290, 1792, 1836]),
    // names and texts
    ("database-none-chosen", Never, &[1046]),
    ("database-schema-unknown", Never, &[1049]),
    ("database-table-unknown", Never, &[1051, 1109, 1146]),
    ("database-column-unknown", Never, &[1054]),
    ("database-setting-unknown", Never, &[1193, 5099]),
    ("database-exists-already", Never, &[1007, 1050]),
    ("database-duplicate-row", Never, &[1062]),
    ("database-argument-wrong", Never, &[1210]),
    ("database-syntax", Never, &[1064, 1149]),
    ("database-packet-too-large", Never, &[1153]),
    // versions of rows
    ("database-snapshot-gone", Never, &[1412, 4138, 4285, 4344]),
    ("database-table-changed", Never, &[4721, 4725]),
    // temporary failures
    ("database-server-timeout", Later, &[4012]),
    ("database-interrupted", Never, &[1028, 1317, 1927, 1969, 3024, 4064, 4072]),
    ("database-transaction-undone", Later, &[1205, 1213, 6002, 6005, 6235, 6241]),
    ("database-try-again", Later, &[4023, 4036, 4076, 4177, 4242, 5627, 5684]),
    ("database-without-leader", Later, &[4038, 4209, 4214, 4225, 4260, 4653, 4654, 6231]),
    ("database-inner-network", Later, &[4121, 4122, 4124, 4265]),
    ("database-busy", Later, &[4039, 4085]),
    ("database-out-of-memory", Later, &[1037, 1041, 4013, 4030, 4080]),
    // permanent failures
    ("database-disk-full", Never, &[1021, 1114, 4184, 4264, 4290, 6330]),
    ("database-disk-error", Never, &[4009, 4103, 4108]),
    ("database-internal-error", Never, &[4000, 4015, 4016, 4377]),
    // destinations of backups
    ("database-backup-address-wrong", Never, &[9001, 9026, 9114, 9118, 9133]),
    ("database-backup-unreachable", Never, &[9003, 9060, 9070, 9105, 9115]),
    ("database-backup-denied", Never, &[9071, 9116]),
    ("database-backup-region-wrong", Never, &[9117]),
    ("database-backup-checksum-unknown", Never, &[9113]),
    ("database-backup-storage-full", Never, &[9082]),
    ("database-backup-not-empty", Never, &[9080]),
    ("database-backup-foreign", Never, &[9081]),
    ("database-backup-mount-wrong", Never, &[9051]),
    ("database-backup-zone-wrong", Never, &[9057, 9058]),
    // log archiving
    ("database-archive-can-not-start", Never, &[9023]),
    ("database-archive-on-already", Never, &[9022, 9091]),
    ("database-archive-off-already", Never, &[9024, 9034, 9092]),
    ("database-archive-interrupted", Never, &[9027, 9087]),
    ("database-archive-not-running", Never, &[9025, 9028, 9029, 9030, 9037, 9039, 9043]),
    // data backup
    ("database-backup-runs", Never, &[9036]),
    ("database-backup-can-not-start", Never, &[9031, 9040, 9095]),
    ("database-backup-can-not-cancel", Never, &[9041, 9049, 9053]),
    ("database-backup-too-old", Never, &[9042]),
    ("database-backup-password-wrong", Never, &[9047]),
    ("database-backup-set-unfit", Never, &[9045, 9046, 9048, 9069, 9074]),
    ("database-backup-delete-runs", Never, &[9044]),
    ("database-backup-nothing-left", Never, &[9050, 9059, 9062]),
    ("database-backup-io-limited", Later, &[9061, 9063]),
    (
        "database-backup-parts-missing",
        Never,
        &[9010, 9011, 9032, 9033, 9052, 9054, 9076, 9083, 9084, 9085, 9120],
    ),
    ("database-backup-checkpoint-stuck", Never, &[9086]),
    ("database-backup-server-lost", Never, &[4554]),
    ("database-state-changed", Never, &[4109]),
    ("database-version-unfit", Never, &[4143, 4696]),
    // major compaction
    ("database-freeze-refused", Never, &[4210, 4211, 4212, 4215, 4217]),
    ("database-freeze-unfinished", Never, &[4213, 4744]),
    // recovery
    ("database-restore-source-short", Never, &[9064, 9077, 9078, 9079, 9093, 9119]),
    ("database-restore-runs", Never, &[9014]),
    ("database-restore-failed", Never, &[9019, 9020, 9035, 9038, 9094, 9099]),
    ("database-tenant-exists", Never, &[5156]),
    ("database-pool-unfit", Never, &[4626, 4650, 4651]),
    ("database-unit-unfit", Never, &[4530, 4648, 4649, 4658]),
    ("database-unit-below-limit", Never, &[4659]),
    ("database-resources-short", Never, &[4624, 4733]),
    ("database-cluster-name-differs", Never, &[4666]),
    ("database-standby-unfit", Never, &[9096, 9097]),
    ("database-snapshot-of-tenant", Never, &[9106, 9107, 9108, 9109, 9110, 9111, 9112]),
    // values
    ("database-value-wrong", Never, &[1525, 9066]),
    ("database-thing-exists", Never, &[1396, 4017]),
    ("database-thing-missing", Never, &[1094, 4018]),
    ("database-setting-wrong", Never, &[1232, 1298, 4147]),
];

/// Numbers with several causes, which the server's message distinguishes. None of them is temporary. Most messages
/// are those of `ARCHIVELOG` on OceanBase 3.x; 2.2.77 has none.
const BY_WORDS: &[(u16, &str, &str)] = &[
    (1235, "not primary cluster", "database-cluster-not-primary"),
    (1235, "before upgrade backup inner table", "database-backup-tables-old"),
    (1235, "when not STOP", "database-archive-can-not-start"),
    (1235, "without GTS", "database-tenant-without-gts"),
    (1235, "change archive dest when archive is running", "database-archive-holds-destination"),
    (1235, "recover table to standby tenant", "database-recover-table-standby"),
    (1235, "__min_full_resource_pool_memory", "database-pool-below-limit"),
    // 4018 alone means that an object does not exist.
    (4018, "No enough log for restore", "database-restore-source-short"),
    (4018, "no backup set path or log piece", "database-restore-source-empty"),
];

const UNLISTED: Meaning = Meaning { text: "database-error", retry: Never };

/// Returns the meaning of a number, together with the server's message.
pub(super) fn of(number: u16, said: &str) -> Meaning {
    let by_words = BY_WORDS.iter().find(|(of, words, _)| *of == number && said.contains(words));
    by_words.map_or_else(|| of_number(number), |&(_, _, text)| Meaning { text, retry: Never })
}

/// Returns the meaning of a number, whatever the server's message was.
pub(super) fn of_number(number: u16) -> Meaning {
    TABLE
        .iter()
        .find(|(_, _, numbers)| numbers.contains(&number))
        .map_or(UNLISTED, |&(text, retry, _)| Meaning { text, retry })
}

/// Returns whether the cause is in the server, whatever the statement was: the statement was interrupted, the server
/// is read-only, or its disks are full or broken.
pub(super) fn is_of_server(number: u16) -> bool {
    matches!(
        of_number(number).text,
        "database-interrupted" | "database-read-only" | "database-disk-full" | "database-disk-error"
    )
}

/// Returns whether the connection can be used after an error of that number.
pub(super) fn leaves_connection(number: u16) -> bool {
    !FATAL.contains(&number) && !matches!(number, 1053 | 1927 | 4064)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use model::text::{Language, Text};

    use super::{BY_WORDS, Later, Never, TABLE, UNLISTED, leaves_connection, of, of_number};

    #[test]
    fn every_number_has_one_meaning_with_words() {
        let mut seen = BTreeSet::new();
        let by_words = BY_WORDS.iter().map(|(_, _, text)| (text, &[][..]));
        for (text, numbers) in TABLE.iter().map(|(text, _, numbers)| (text, *numbers)).chain(by_words) {
            assert!(model::text::has_problem(text), "{text} is in no catalogue");
            for language in [Language::En, Language::Zh] {
                let text = Text::new(text);
                assert!(text.action(language).is_some(), "{} says not what to do", text.id);
                let is_backups = numbers.iter().any(|number| (9_000..9_200).contains(number));
                assert!(!is_backups || text.cause(language).is_some(), "{} says not why", text.id);
            }
            for number in numbers {
                assert!(seen.insert(number), "{number} is there twice");
            }
        }
        assert!(model::text::has_problem(UNLISTED.text));
    }

    #[test]
    fn numbers_of_the_reference_mean_what_it_says() {
        let cases = [
            (1142, "database-privilege-missing", Never),
            (1227, "database-privilege-missing", Never),
            (1412, "database-snapshot-gone", Never),
            (4138, "database-snapshot-gone", Never),
            (4344, "database-snapshot-gone", Never),
            (4012, "database-server-timeout", Later),
            (5627, "database-try-again", Later),
            (6002, "database-transaction-undone", Later),
            (4016, "database-internal-error", Never),
            (9040, "database-backup-can-not-start", Never),
            (9999, "database-error", Never),
        ];
        for (number, text, retry) in cases {
            assert_eq!((of_number(number).text, of_number(number).retry), (text, retry), "{number}");
        }
    }

    #[test]
    fn an_error_number_with_many_causes_is_resolved_by_its_message() {
        for (said, text) in [
            ("backup in not primary cluster is not supported", "database-cluster-not-primary"),
            ("start log archive backup when not STOP is not supported", "database-archive-can-not-start"),
            ("physical backup without GTS is not supported", "database-tenant-without-gts"),
            ("recover table to standby tenant is not supported", "database-recover-table-standby"),
            ("Not supported feature or function", "database-not-supported"),
        ] {
            assert_eq!((of(1235, said).text, of(1235, said).retry), (text, Never), "{said}");
        }
        for (said, text) in [
            ("No enough log for restore", "database-restore-source-short"),
            ("no backup set path or log piece can be used to restore", "database-restore-source-empty"),
            ("Entry not exist", "database-thing-missing"),
        ] {
            assert_eq!(of(4018, said).text, text, "{said}");
        }
        assert_eq!(of(4012, "without GTS").text, "database-server-timeout");
    }

    #[test]
    fn every_number_of_backup_and_recovery_has_a_meaning_of_its_own() {
        let ranges =
            [9022..=9052, 9057..=9059, 9061..=9064, 9069..=9071, 9076..=9087, 9091..=9097, 9105..=9120];
        let singles = [9001, 9003, 9010, 9011, 9014, 9019, 9020, 9053, 9054, 9060, 9066, 9074, 9099, 9133];
        let others = [
            1045, 1054, 1062, 1064, 1146, 1210, 1227, 1235, 1317, 1525, 4009, 4012, 4016, 4017, 4018, 4023,
            4036, 4038, 4072, 4109, 4143, 4147, 4179, 4209, 4210, 4211, 4212, 4213, 4215, 4217, 4530, 4554,
            4626, 4648, 4649, 4650, 4651, 4666, 4696, 4744, 5099, 5156, 5157, 5160, 5685, 8001, 8002,
        ];
        let all = ranges.into_iter().flatten().chain(singles).chain(others);
        let without: Vec<u16> = all.filter(|number| of_number(*number).text == UNLISTED.text).collect();
        assert_eq!(without, Vec::<u16>::new());
    }

    #[test]
    fn a_fatal_error_ends_the_connection() {
        for (number, left) in [(1146, true), (4012, true), (8001, false), (8002, false), (4064, false)] {
            assert_eq!(leaves_connection(number), left, "{number}");
        }
    }
}
