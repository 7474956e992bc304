//! Errors as a MySQL client of OceanBase sees them: number, SQLSTATE and text.

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqlError {
    /// OceanBase's own code, positive; RESULT columns contain it with a minus sign.
    pub(crate) code: u16,
    /// The number on the wire.
    pub(crate) number: u16,
    pub(crate) state: &'static str,
    pub(crate) message: String,
    /// True if a real server might have succeeded: the simulator lacks a feature.
    pub(crate) gap: bool,
}

/// Default texts by OceanBase code; `number` and `state` follow from the code.
const TEXTS: &[(u16, &str)] = &[
    (4002, "Invalid argument"),
    (4007, "Not supported feature or function"),
    (4009, "IO error"),
    (4012, "Timeout"),
    (4016, "Internal error"),
    (4018, "Entry not exist"),
    (4023, "Try again"),
    (4072, "Operation canceled"),
    (4103, "Checksum error"),
    (4109, "Server state or role not the same as expected"),
    (4143, "Version not match"),
    (4179, "Operation not allowed now"),
    (4209, "partition has not leader"),
    (4213, "last major freeze not finish"),
    (4217, "Major freeze not allowed now"),
    (4554, "rebalance task not in progress on observer"),
    (4696, "cluster version not compatible"),
    (4744, "already exist larger frozen_scn in __all_freeze_info"),
    (5065, "Query execution was interrupted"),
    (5099, "System config unknown"),
    (5160, "invalid tenant name specified in connection string"),
    (9011, "cannot find backup file"),
    (9023, "cannot start log archive backup"),
    (9024, "log archive backup is already disabled"),
    (9026, "backup destination is not valid"),
    (9027, "ob log archive interrupted"),
    (9029, "log archive is not running"),
    (9036, "Backup is in progress"),
    (9040, "backup can not start"),
    (9041, "cancel backup do not allow"),
    (9042, "backup data version gap over limit"),
    (9044, "delete backup data is in progress"),
    (9045, "delete backup set do not allow"),
    (9046, "backup set id is not valid"),
    (9047, "invalid password for backup"),
    (9049, "backup status is stopped, can not cancel"),
    (9053, "cancel delete backup do not allow"),
    (9069, "deleting backup piece is not allowed"),
    (9070, "can not connect to backup destination"),
    (9071, "no I/O operation permission at the backup destination"),
    (9080, "format file does not exist"),
    (9081, "format file does not match"),
    (9082, "backup device out of space"),
    (9091, "Already in ARCHIVELOG mode"),
    (9092, "Already in NOARCHIVELOG mode"),
];

/// Returns the default text of a code.
pub(crate) fn text_of(code: u16) -> &'static str {
    TEXTS.iter().find(|(known, _)| *known == code).map_or("Internal error", |(_, text)| text)
}

impl SqlError {
    /// The error of a code with its own text; OceanBase maps some codes onto MySQL's numbers.
    pub(crate) fn new(code: u16, message: impl Into<String>) -> Self {
        let (number, state) = match code {
            4002 => (1210, "HY000"),
            4007 => (1235, "0A000"),
            4009 => (4009, "58030"),
            4043 => (1045, "42000"),
            4143 => (4143, "42000"),
            5001 => (1064, "42000"),
            5019 => (1146, "42S02"),
            5024 => (1062, "23000"),
            5036 => (1227, "42501"),
            5065 => (1317, "70100"),
            5099 => (5099, "42000"),
            5217 => (1054, "42S22"),
            5241 => (1525, "HY000"),
            other => (other, "HY000"),
        };
        Self { code, number, state, message: message.into(), gap: false }
    }

    /// The error of a code with its default text.
    pub(crate) fn plain(code: u16) -> Self {
        Self::new(code, text_of(code))
    }

    /// `… not supported`.
    pub(crate) fn not_supported(what: impl AsRef<str>) -> Self {
        Self::new(4007, format!("{} not supported", what.as_ref()))
    }

    /// `… not allowed`.
    pub(crate) fn not_allowed(what: impl AsRef<str>) -> Self {
        Self::new(4179, format!("{} not allowed", what.as_ref()))
    }

    /// `Incorrect arguments to …`.
    pub(crate) fn arguments(to: impl AsRef<str>) -> Self {
        Self::new(4002, format!("Incorrect arguments to {}", to.as_ref()))
    }

    /// `backup can not start, because …`.
    pub(crate) fn cannot_start(why: impl AsRef<str>) -> Self {
        Self::new(9040, format!("backup can not start, because {}", why.as_ref()))
    }

    pub(crate) fn unknown_tenant(name: &str) -> Self {
        Self::new(5157, format!("Unknown tenant '{name}'"))
    }

    pub(crate) fn access_denied(privilege: &str) -> Self {
        Self::new(
            5036,
            format!(
                "Access denied; you need (at least one of) the {privilege} privilege(s) for this operation"
            ),
        )
    }

    pub(crate) fn syntax(near: &str) -> Self {
        let near: String = near.chars().take(80).collect();
        Self::new(
            5001,
            format!(
                "You have an error in your SQL syntax; check the manual that corresponds to your OceanBase version \
                 for the right syntax to use near '{near}' at line 1"
            ),
        )
    }

    pub(crate) fn timeout(limit_us: i64) -> Self {
        Self::new(
            4012,
            format!(
                "Timeout, query has reached the maximum query timeout: {limit_us}(us), maybe you can adjust the session variable ob_query_timeout or query_timeout hint, and try again."
            ),
        )
    }

    /// The error for something that the simulator cannot do, but a real server can.
    pub(crate) fn gap(what: impl AsRef<str>) -> Self {
        Self::not_supported(format!("lifeboat-sim gap: {}", what.as_ref())).into_gap()
    }

    /// The same error, logged as a gap.
    pub(crate) fn into_gap(mut self) -> Self {
        self.gap = true;
        self
    }
}
