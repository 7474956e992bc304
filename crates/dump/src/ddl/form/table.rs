//! CREATE DATABASE and CREATE TABLE.

use crate::ddl::form::reader::{Reader, Refusal};
use crate::ddl::token::TokenKind;

/// The prefix under which MySQL and MariaDB show a folder that is not a database, such as `lost+found`. No statement
/// creates such a database.
const STRAY_FOLDER: &str = "#mysql50#";

/// The options of a database.
const DATABASE_OPTIONS: [&[&str]; 14] = [
    &["DEFAULT", "CHARACTER", "SET"],
    &["CHARACTER", "SET"],
    &["DEFAULT", "CHARSET"],
    &["CHARSET"],
    &["DEFAULT", "COLLATE"],
    &["COLLATE"],
    &["DEFAULT", "ENCRYPTION"],
    &["ENCRYPTION"],
    &["COMMENT"],
    &["REPLICA_NUM"],
    &["PRIMARY_ZONE"],
    &["LOCALITY"],
    &["READ"],
    &["DEFAULT", "TABLEGROUP"],
];

/// The options of a table that name no file, no server and no other table.
const TABLE_OPTIONS: [&[&str]; 77] = [
    &["DEFAULT", "CHARACTER", "SET"],
    &["CHARACTER", "SET"],
    &["DEFAULT", "CHARSET"],
    &["CHARSET"],
    &["DEFAULT", "COLLATE"],
    &["COLLATE"],
    &["AUTOEXTEND_SIZE"],
    &["AUTO_INCREMENT"],
    &["AUTO_INCREMENT_CACHE_SIZE"],
    &["AUTO_INCREMENT_MODE"],
    &["AVG_ROW_LENGTH"],
    &["BLOCK_SIZE"],
    &["CHECKSUM"],
    &["COMMENT"],
    &["COMPRESSION"],
    &["DELAY_KEY_WRITE"],
    &["DUPLICATE_READ_CONSISTENCY"],
    &["DUPLICATE_SCOPE"],
    &["DYNAMIC_PARTITION_POLICY"],
    &["ENABLE_EXTENDED_ROWID"],
    &["ENABLE_MACRO_BLOCK_BLOOM_FILTER"],
    &["ENABLE_ROW_MOVEMENT"],
    &["ENCRYPTED"],
    &["ENCRYPTION"],
    &["ENCRYPTION_KEY_ID"],
    &["ENGINE_ATTRIBUTE"],
    &["EXPIRE_INFO"],
    &["IETF_QUOTES"],
    &["INCREMENT_MODE"],
    &["ITEF_QUOTES"],
    &["KEY_BLOCK_SIZE"],
    &["KV_ATTRIBUTES"],
    &["LOB_INROW_THRESHOLD"],
    &["LOCALITY"],
    &["MAX_ROWS"],
    &["MAX_USED_PART_ID"],
    &["MERGE_ENGINE"],
    &["MICRO_BLOCK_FORMAT_VERSION"],
    &["MICRO_INDEX_CLUSTERED"],
    &["MIN_ROWS"],
    &["MV_MODE"],
    &["ORGANIZATION"],
    &["PACK_KEYS"],
    &["PAGE_CHECKSUM"],
    &["PAGE_COMPRESSED"],
    &["PAGE_COMPRESSION_LEVEL"],
    &["PARALLEL"],
    &["PCTFREE"],
    &["PRIMARY_ZONE"],
    &["PROGRESSIVE_MERGE_NUM"],
    &["READ"],
    &["REPLICA_NUM"],
    &["ROW_FORMAT"],
    &["ROW_STORE_TYPE"],
    &["SECONDARY_ENGINE_ATTRIBUTE"],
    &["SEMISTRUCT_ENCODING_TYPE"],
    &["SEMISTRUCT_PROPERTIES"],
    &["SEQUENCE"],
    &["SKIP_INDEX_LEVEL"],
    &["STATS_AUTO_RECALC"],
    &["STATS_PERSISTENT"],
    &["STATS_SAMPLE_PAGES"],
    &["STORAGE"],
    &["STORAGE_CACHE_POLICY"],
    &["STORAGE_FORMAT_VERSION"],
    &["STORAGE_FORMAT_WORK_VERSION"],
    &["STORE_FORMAT"],
    &["TABLEGROUP"],
    &["TABLESPACE"],
    &["TABLET_SIZE"],
    &["TABLE_MODE"],
    &["TRANSACTIONAL"],
    &["TTL"],
    &["USE_BLOOM_FILTER"],
    &["WITH", "COLUMN", "GROUP"],
    &["COLUMN_FORMAT"],
    &["PROPERTIES"],
];

/// The engines that keep their rows in the server itself.
const ENGINES: [&str; 9] =
    ["ARIA", "INNODB", "MEMORY", "MYISAM", "OCEANBASE", "PERCONA_XTRADB", "ROCKSDB", "TOKUDB", "XTRADB"];

/// Words that read rows, or refer to files, servers or other tables.
const REFUSED: [&str; 11] = [
    "CONNECTION",
    "DIRECTORY",
    "DUMPFILE",
    "EXTERNAL",
    "INFILE",
    "INSERT_METHOD",
    "INTO",
    "LOCATION",
    "OUTFILE",
    "SELECT",
    "UNION",
];

/// Words outside brackets in a partition clause.
const PARTITION_WORDS: [&str; 32] = [
    "ALGORITHM",
    "AUTO",
    "BY",
    "COLUMNS",
    "CURRENT_TIMESTAMP",
    "DAY",
    "HASH",
    "HOUR",
    "INTERVAL",
    "KEY",
    "LIMIT",
    "LINEAR",
    "LIST",
    "MICROSECOND",
    "MINUTE",
    "MONTH",
    "PARTITION",
    "PARTITIONS",
    "QUARTER",
    "RANGE",
    "SECOND",
    "SIZE",
    "STARTS",
    "SUBPARTITION",
    "SUBPARTITIONS",
    "SYSTEM_TIME",
    "TEMPLATE",
    "TIMESTAMP",
    "UNLIMITED",
    "WEEK",
    "YEAR",
    "EVERY",
];

/// Checks CREATE DATABASE.
pub(super) fn check_database(mut sql: Reader<'_>, name: &str) -> Result<(), Refusal> {
    sql.expect(&["CREATE", "DATABASE"])?;
    sql.eat(&["IF", "NOT", "EXISTS"]);
    if name.starts_with(STRAY_FOLDER) {
        return Err(Refusal("it is a folder in the server's data directory that is no database".to_owned()));
    }
    sql.expect_name(name)?;
    while sql.peek().is_some() {
        option(&mut sql, &DATABASE_OPTIONS)?;
    }
    Ok(())
}

/// Checks CREATE TABLE.
pub(super) fn check(mut sql: Reader<'_>, name: &str) -> Result<(), Refusal> {
    sql.expect(&["CREATE", "TABLE"])?;
    sql.expect_name(name)?;
    sql.group(&REFUSED)?;
    while let Some(token) = sql.peek() {
        if sql.eat(&["PARTITION", "BY"]) {
            return partitions(&mut sql);
        }
        if token.is_word("ENGINE") {
            engine(&mut sql)?;
        } else if !sql.eat(&["WITH", "SYSTEM", "VERSIONING"]) && !sql.eat(&["NOPARALLEL"]) {
            option(&mut sql, &TABLE_OPTIONS)?;
        }
        sql.eat_sign(b',');
    }
    Ok(())
}

/// Takes one of these options with its value.
fn option(sql: &mut Reader<'_>, known: &[&[&str]]) -> Result<(), Refusal> {
    // MariaDB prints the options of engines as names.
    let quoted = sql.peek().filter(|token| token.kind == TokenKind::Name).and_then(|token| token.name());
    let is_known = match quoted {
        Some(name) => {
            let known = known.iter().any(|words| words.len() == 1 && words[0].eq_ignore_ascii_case(&name));
            known && sql.take().is_some()
        }
        None => known.iter().any(|words| sql.eat(words)),
    };
    if !is_known {
        return Err(sql.unexpected());
    }
    sql.eat_sign(b'=');
    if sql.peek().is_some_and(|token| token.is_sign(b'(')) {
        return sql.group(&REFUSED);
    }
    sql.eat_sign(b'-');
    let is_value = |kind| matches!(kind, TokenKind::Word | TokenKind::Literal | TokenKind::Name);
    sql.refuse(&REFUSED)?;
    if !sql.take().is_some_and(|value| is_value(value.kind)) {
        return Err(Refusal("an option has no value".to_owned()));
    }
    while sql.eat_sign(b'.') {
        sql.take(); // a number with decimals
    }
    Ok(())
}

fn engine(sql: &mut Reader<'_>) -> Result<(), Refusal> {
    sql.expect(&["ENGINE"])?;
    sql.eat_sign(b'=');
    let known = |name: String| ENGINES.iter().any(|known| known.eq_ignore_ascii_case(&name));
    if !sql.peek().and_then(|token| token.name()).is_some_and(known) {
        return Err(sql.unexpected());
    }
    sql.take();
    Ok(())
}

/// Checks what follows PARTITION BY, to the end.
fn partitions(sql: &mut Reader<'_>) -> Result<(), Refusal> {
    let mut depth = 0_usize;
    while let Some(token) = sql.peek() {
        sql.refuse(&REFUSED)?;
        if token.is_word("ENGINE") && depth > 0 {
            engine(sql)?;
            continue;
        }
        if token.is_sign(b'(') {
            depth += 1;
        } else if token.is_sign(b')') {
            depth = depth.checked_sub(1).ok_or_else(|| sql.unexpected())?;
        } else if depth == 0 {
            let is_number = token.kind == TokenKind::Word && token.text[0].is_ascii_digit();
            let is_known = token.is_any(&PARTITION_WORDS) || token.kind == TokenKind::Literal;
            if !is_known && !is_number && !token.is_sign(b'=') {
                return Err(sql.unexpected());
            }
        }
        sql.take();
    }
    if depth == 0 { Ok(()) } else { Err(sql.expected(")")) }
}
