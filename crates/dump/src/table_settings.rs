//! The session variables under which a table of a dump may be created.

use oceanbase::catalog::Context;

/// The words of `sql_mode` that change what a generated column computes, and not how a statement is read.
const MODES_OF_TABLES: [&str; 16] = [
    "STRICT_ALL_TABLES",
    "STRICT_TRANS_TABLES",
    "NO_ZERO_IN_DATE",
    "NO_ZERO_DATE",
    "ALLOW_INVALID_DATES",
    "ERROR_FOR_DIVISION_BY_ZERO",
    "NO_AUTO_CREATE_USER",
    "NO_AUTO_VALUE_ON_ZERO",
    "NO_ENGINE_SUBSTITUTION",
    "NO_UNSIGNED_SUBTRACTION",
    "ONLY_FULL_GROUP_BY",
    "PAD_CHAR_TO_FULL_LENGTH",
    "NO_DIR_IN_CREATE",
    "TIME_TRUNCATE_FRACTIONAL",
    "TRADITIONAL",
    "",
];

/// Returns whether a table can be created under a `sql_mode`.
pub(crate) fn is_mode_of_tables(mode: &str) -> bool {
    mode.split(',').all(|word| MODES_OF_TABLES.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// Returns whether a table can be created under a character set and collation.
pub(crate) fn is_context_of_tables(context: &Context) -> bool {
    context.client == "utf8mb4" && context.collation.starts_with("utf8mb4_")
}
