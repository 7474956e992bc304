//! The session variables that every connection sets, so that no global setting of the server affects what is read or
//! written.
//!
//! A connection starts with the server's GLOBAL values. Such a value can truncate every answer (`sql_select_limit`),
//! change the text of a definition (`sql_mode`), or prevent a commit (`autocommit`). Therefore every variable that
//! can affect an answer, a definition or a commit is in [`TABLE`] and is set to the same value everywhere. Variables
//! that affect only the server's speed or its logs are not: the test `hostile` sets each variable that a session can
//! set to another value, dumps, loads and compares.
//!
//! Values for MySQL are taken from its manual; no MySQL runs in the tests.

use model::version::Product;

use crate::statement::Statement;

/// The purpose of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Any purpose. Set before the server is identified, so only variables that every product and version has.
    First,
    /// Any purpose, after the server is identified.
    Any,
    /// Read rows by keys.
    Rows,
    /// Read definitions, as bytes.
    Definitions,
    /// Load data of another server.
    Load,
    /// Load data, with variables that some users may not set. Such a user can load if the variables already have
    /// these values.
    LoadWithPrivileges,
}

/// How many variables of a SET statement a log shows.
const SHOWN: usize = 3;

/// A session variable and its value, as SQL.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    purpose: Purpose,
    pub(crate) name: &'static str,
    pub(crate) value: &'static str,
    products: &'static [Product],
    /// The effect of another value.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the reader, and for the test that each has one"))]
    why: &'static str,
}

const fn set(
    purpose: Purpose,
    name: &'static str,
    value: &'static str,
    products: &'static [Product],
    why: &'static str,
) -> Setting {
    Setting { purpose, name, value, products, why }
}

const ALL: &[Product] = &[Product::Oceanbase, Product::Seekdb, Product::Mysql, Product::Mariadb];
const OCEANBASE: &[Product] = &[Product::Oceanbase, Product::Seekdb];
const MYSQLS: &[Product] = &[Product::Mysql, Product::Mariadb];
const MYSQL: &[Product] = &[Product::Mysql];
const MARIADB: &[Product] = &[Product::Mariadb];
const NOT_MYSQL: &[Product] = &[Product::Oceanbase, Product::Seekdb, Product::Mariadb];
const NOT_MARIADB: &[Product] = &[Product::Oceanbase, Product::Seekdb, Product::Mysql];

use Purpose::{Any, Definitions, First, Load, LoadWithPrivileges, Rows};

/// A week in seconds: the maximum idle time of a connection, such as one that holds a snapshot.
const WEEK_S: &str = "604800";

/// A day in microseconds.
const DAY_US: &str = "86400000000";

/// Every variable that a connection sets. Variables that a server does not have are omitted.
#[rustfmt::skip]
pub(crate) const TABLE: &[Setting] = &[
    set(First, "sql_select_limit", "9223372036854775807", ALL, "cuts every answer, of the catalogue too"),
    set(First, "sql_mode", "''", ALL, "ANSI_QUOTES and others change definitions, PAD_CHAR_TO_FULL_LENGTH rows"),
    set(First, "autocommit", "1", ALL, "0: what is written is lost when the connection ends"),
    set(First, "time_zone", "'+00:00'", ALL, "TIMESTAMP is read and written in it"),
    set(First, "character_set_client", "utf8mb4", ALL, "how our statements are read"),
    set(First, "character_set_connection", "utf8mb4", ALL, "how literals are kept"),
    set(First, "collation_connection", "utf8mb4_general_ci", ALL, "how literals compare"),
    set(First, "character_set_results", "utf8mb4", ALL, "how rows are written"),

    set(Any, "tx_isolation", "'READ-COMMITTED'", OCEANBASE, "SERIALIZABLE reads fail or lock"),
    set(Any, "tx_isolation", "'REPEATABLE-READ'", MARIADB, "SERIALIZABLE reads lock"),
    set(Any, "transaction_isolation", "'REPEATABLE-READ'", MYSQL, "SERIALIZABLE reads lock"),
    set(Any, "tx_read_only", "0", NOT_MYSQL, "1: nothing can be written"),
    set(Any, "transaction_read_only", "0", MYSQL, "1: nothing can be written"),
    set(Any, "completion_type", "0", ALL, "RELEASE ends the connection with its transaction"),
    set(Any, "sql_quote_show_create", "1", ALL, "0: names in definitions are not quoted"),
    set(Any, "show_old_temporals", "0", OCEANBASE, "1: comments in definitions"),
    set(Any, "show_create_table_verbosity", "0", NOT_MARIADB, "1: ROW_FORMAT in definitions"),
    set(Any, "show_gipk_in_create_table_and_information_schema", "1", MYSQL, "0: a key column is hidden"),
    set(Any, "_show_ddl_in_compat_mode", "0", OCEANBASE, "1: definitions lose OceanBase's own options"),
    set(Any, "old_mode", "'UTF8_IS_UTF8MB3'", MARIADB, "what utf8 means in a definition"),
    set(Any, "old", "0", MARIADB, "1: behaves as very old versions"),
    set(Any, "sql_if_exists", "0", MARIADB, "1: a DROP or ALTER of what is not there succeeds"),
    set(Any, "system_versioning_asof", "DEFAULT", MARIADB, "rows of another time are read"),
    set(Any, "system_versioning_alter_history", "'ERROR'", MARIADB, "KEEP: history that lies"),
    set(Any, "system_versioning_insert_history", "0", MARIADB, "1: times of rows can be given"),
    set(Any, "sql_auto_is_null", "0", ALL, "1: IS NULL finds the last row that was inserted"),
    set(Any, "sql_safe_updates", "0", ALL, "1: an UPDATE without a key fails"),
    set(Any, "sql_big_selects", "1", ALL, "0: large reads fail"),
    set(Any, "max_sort_length", "8192", MYSQLS, "long keys are sorted by their beginning only"),
    set(Any, "sort_buffer_size", "2097152", MYSQLS, "too small a buffer holds no long key, and sorting fails"),
    set(Any, "group_concat_max_len", "1048576", ALL, "GROUP_CONCAT is cut"),
    set(Any, "div_precision_increment", "4", ALL, "the scale of quotients"),
    set(Any, "default_week_format", "0", ALL, "WEEK() in generated columns"),
    set(Any, "lc_time_names", "'en_US'", ALL, "names of months in generated columns"),
    set(Any, "lc_messages", "'en_US'", MYSQLS, "errors are shown as the server words them"),
    set(Any, "default_regex_flags", "''", MARIADB, "REGEXP in conditions"),
    set(Any, "block_encryption_mode", "'aes-128-ecb'", OCEANBASE, "AES_ENCRYPT() in generated columns"),
    set(Any, "standard_compliant_cte", "1", MARIADB, "views with recursive queries"),
    set(Any, "updatable_views_with_limit", "1", ALL, "0: a change through a view fails"),
    set(Any, "foreign_key_checks", "1", ALL, "0: a row without a parent is taken"),
    set(Any, "unique_checks", "1", ALL, "0: the server may take a row twice"),
    set(Any, "check_constraint_checks", "1", MARIADB, "0: a row that a check refuses is taken"),
    set(Any, "explicit_defaults_for_timestamp", "1", NOT_MYSQL, "0: TIMESTAMP NOT NULL gets a default"),
    set(Any, "default_storage_engine", "'InnoDB'", MYSQLS, "MyISAM has no transactions"),
    set(Any, "alter_algorithm", "'DEFAULT'", MARIADB, "INSTANT: adding a key fails"),
    set(Any, "old_alter_table", "'DEFAULT'", MARIADB, "the same by its older name"),
    set(Any, "innodb_compression_default", "0", MARIADB, "1: new tables are compressed by pages"),
    set(Any, "innodb_default_encryption_key_id", "1", MARIADB, "new tables name a key that may be missing"),
    set(Any, "innodb_table_locks", "1", MYSQLS, "0: LOCK TABLES does not wait for writers"),
    set(Any, "innodb_snapshot_isolation", "0", MARIADB, "1: a locking read fails after a change"),
    set(Any, "auto_increment_increment", "1", NOT_MYSQL, "the next number of a loaded table"),
    set(Any, "auto_increment_offset", "1", NOT_MYSQL, "the next number of a loaded table"),
    set(Any, "query_cache_type", "0", MARIADB, "1: an answer may come from a cache"),
    set(Any, "is_result_accurate", "1", OCEANBASE, "0: approximate answers"),
    set(Any, "ob_read_consistency", "'STRONG'", OCEANBASE, "WEAK: stale rows"),
    set(Any, "ob_max_read_stale_time", "-1", OCEANBASE, "how stale weak reads may be"),
    set(Any, "ob_enable_index_direct_select", "0", OCEANBASE, "1: tables of indexes can be read as tables"),
    set(Any, "recyclebin", "0", OCEANBASE, "1: a dropped table of ours stays"),

    set(Any, "max_error_count", "64", MYSQLS, "0: warnings are not kept"),
    set(Any, "wait_timeout", WEEK_S, ALL, "an idle connection is ended, and its snapshot with it"),
    set(Any, "net_read_timeout", "3600", ALL, "a slow connection is ended"),
    set(Any, "net_write_timeout", "3600", ALL, "a slow connection is ended"),
    set(Any, "max_statement_time", "0", MARIADB, "long reads are ended"),
    set(Any, "max_execution_time", "0", NOT_MARIADB, "long reads are ended"),
    set(Any, "idle_transaction_timeout", "0", MARIADB, "a snapshot that waits is ended"),
    set(Any, "idle_readonly_transaction_timeout", "0", MARIADB, "the same"),
    set(Any, "idle_write_transaction_timeout", "0", MARIADB, "the same"),
    set(Any, "lock_wait_timeout", "86400", MYSQLS, "waiting for a table fails"),
    set(Any, "innodb_lock_wait_timeout", "50", MYSQLS, "waiting for a row fails"),
    set(Any, "max_session_mem_used", "9223372036854775807", MARIADB, "large reads fail"),
    set(Any, "tmp_disk_table_size", "18446744073709551615", MARIADB, "large sorts fail"),
    set(Any, "ob_trx_timeout", DAY_US, OCEANBASE, "long transactions are ended"),
    set(Any, "ob_trx_idle_timeout", DAY_US, OCEANBASE, "a transaction that waits is ended"),
    set(Any, "ob_trx_lock_timeout", "-1", OCEANBASE, "waiting for a row fails"),
    set(Any, "ob_pl_block_timeout", "3216672000000000", OCEANBASE, "long blocks are ended"),

    set(Rows, "sql_mode", "'ALLOW_INVALID_DATES'", ALL,
        "a key such as the date 2024-02-30, or 0000-00-00, is compared as if it were NULL"),

    set(Definitions, "character_set_results", "NULL", MYSQLS,
        "`?` comes for what is no text, such as the default of a binary column"),

    set(Load, "sql_mode", "'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_UNSIGNED_SUBTRACTION'", ALL,
        "what the source has taken is refused; only the last mode allows stored columns that subtract unsigned numbers"),
    set(Load, "foreign_key_checks", "0", ALL, "a child comes before its parent"),
    set(Load, "unique_checks", "0", ALL, "slower"),
    set(Load, "check_constraint_checks", "0", MARIADB, "a row that is older than its check is refused"),
    set(Load, "innodb_strict_mode", "0", MARIADB, "a table that the source has taken is refused"),
    set(Load, "system_versioning_alter_history", "'KEEP'", MARIADB, "no key can be added to a system-versioned table"),

    set(LoadWithPrivileges, "enforce_storage_engine", "NULL", MARIADB, "tables get another engine"),
    set(LoadWithPrivileges, "auto_increment_increment", "1", MYSQL, "the next number of a loaded table"),
    set(LoadWithPrivileges, "auto_increment_offset", "1", MYSQL, "the next number of a loaded table"),
    set(LoadWithPrivileges, "explicit_defaults_for_timestamp", "1", MYSQL, "TIMESTAMP NOT NULL gets a default"),
    set(LoadWithPrivileges, "innodb_strict_mode", "0", MYSQL, "a table that the source has taken is refused"),
    set(LoadWithPrivileges, "sql_generate_invisible_primary_key", "0", MYSQL, "tables get a key of the server's"),
    set(LoadWithPrivileges, "sql_require_primary_key", "0", MYSQL, "tables without a key are refused"),
];

/// Returns the settings before the server is identified.
pub(crate) fn first() -> Vec<&'static Setting> {
    TABLE.iter().filter(|setting| setting.purpose == First).collect()
}

/// Returns the settings of a purpose for a product.
pub(crate) fn for_purpose(product: Product, purpose: Purpose) -> Vec<&'static Setting> {
    let is_meant = |setting: &&Setting| setting.purpose == purpose && setting.products.contains(&product);
    TABLE.iter().filter(is_meant).collect()
}

/// Returns the statement that sets them all. A log shows the first ones.
pub(crate) fn statement(settings: &[&Setting]) -> Statement {
    let each: Vec<String> =
        settings.iter().map(|setting| format!("{} = {}", setting.name, setting.value)).collect();
    let shown = each[..each.len().min(SHOWN)].join(", ");
    let more = if each.len() > SHOWN { format!(", … ({} variables)", each.len()) } else { String::new() };
    let mut statement = Statement::read(format!("SET SESSION {}", each.join(", ")));
    statement.masked = format!("SET SESSION {shown}{more}");
    statement
}

impl Setting {
    /// Returns whether the variable, as the server shows it, has this value already.
    pub(crate) fn is(&self, shown: &str) -> bool {
        let shown = match shown {
            "ON" => "1",
            "OFF" => "0",
            shown => shown,
        };
        let wanted = if self.value == "NULL" { "" } else { self.value.trim_matches('\'') };
        shown.eq_ignore_ascii_case(wanted)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use model::version::Product;

    use super::{Load, TABLE, first, for_purpose, statement};

    #[test]
    fn a_variable_is_set_once_for_each_product_and_purpose_and_its_reason_is_given() {
        let mut seen = BTreeSet::new();
        for setting in TABLE {
            assert!(!setting.why.is_empty(), "{}", setting.name);
            for product in setting.products {
                let key = (setting.name, format!("{product:?} {:?}", setting.purpose));
                assert!(seen.insert(key), "{} twice", setting.name);
            }
        }
        for setting in first() {
            assert_eq!(setting.products.len(), 4, "{}: the product is not known then", setting.name);
        }
    }

    #[test]
    fn what_is_set_is_one_statement() {
        let load = statement(&for_purpose(Product::Seekdb, Load));
        let text = "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_UNSIGNED_SUBTRACTION', \
                    foreign_key_checks = 0, unique_checks = 0";
        assert_eq!((load.text(), load.masked.as_str()), (text.as_bytes(), text));
        let first = statement(&first()).masked;
        assert!(first.ends_with("autocommit = 1, … (8 variables)"), "{first}");
    }

    #[test]
    fn a_value_is_known_again_as_the_server_shows_it() {
        let shown = |name: &str, shown: &str| {
            let found = TABLE.iter().find(|setting| setting.name == name).expect("it is in the table");
            found.is(shown)
        };
        assert!(shown("enforce_storage_engine", "") && !shown("enforce_storage_engine", "MyISAM"));
        assert!(shown("sql_require_primary_key", "OFF") && !shown("sql_require_primary_key", "ON"));
        assert!(shown("auto_increment_offset", "1") && !shown("auto_increment_offset", "2"));
    }
}
