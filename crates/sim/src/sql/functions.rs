//! The functions of OceanBase that the embedded engine lacks, or implements differently.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};

use super::engine::Facts;
use crate::civil::{self, SECOND};

type Cell = Option<String>;

/// Registers all functions on a connection.
pub(super) fn register(connection: &Connection, facts: &Facts) -> Result<()> {
    times(connection, facts)?;
    identity(connection, facts)?;
    numbers(connection)?;
    texts(connection)
}

fn times(connection: &Connection, facts: &Facts) -> Result<()> {
    let (now, zone) = (facts.now_us, facts.zone_s);
    add(connection, "mysql_now", -1, move |cx| {
        let digits = if cx.is_empty() { 0 } else { cx.get::<i64>(0)?.clamp(0, 6) as usize };
        let text = civil::format(now, zone);
        Ok(Some(text[..if digits == 0 { 19 } else { 20 + digits }].to_owned()))
    })?;
    add(connection, "mysql_utc", -1, move |_| Ok(Some(civil::format(now, 0)[..19].to_owned())))?;
    add(connection, "mysql_today", 0, move |_| Ok(Some(civil::format(now, zone)[..10].to_owned())))?;
    add(connection, "time_to_usec", 1, move |cx| Ok(text(cx, 0)?.and_then(|t| civil::parse(&t, zone))))?;
    add(connection, "usec_to_time", 1, move |cx| {
        Ok(cx.get::<Option<i64>>(0)?.map(|us| civil::format(us, zone)))
    })?;
    add(connection, "scn_to_timestamp", 1, move |cx| {
        Ok(cx.get::<Option<i64>>(0)?.map(|scn| civil::format(scn / 1_000, zone)))
    })?;
    add(connection, "timestamp_to_scn", 1, move |cx| {
        Ok(text(cx, 0)?.and_then(|t| civil::parse(&t, zone)).map(|us| us.saturating_mul(1_000)))
    })?;
    add(connection, "unix_timestamp", -1, move |cx| {
        if cx.is_empty() {
            return Ok(Some(now / SECOND));
        }
        Ok(text(cx, 0)?.and_then(|t| civil::parse(&t, zone)).map(|us| us / SECOND))
    })?;
    add(connection, "from_unixtime", 1, move |cx| {
        Ok(cx.get::<Option<f64>>(0)?.map(|s| civil::format((s * 1e6) as i64, zone)[..19].to_owned()))
    })?;
    for (name, sign) in [("date_add", 1), ("date_sub", -1)] {
        add(connection, name, 3, move |cx| {
            let (Some(start), Some(count), Some(unit)) =
                (text(cx, 0)?.and_then(|t| civil::parse(&t, 0)), cx.get::<Option<i64>>(1)?, text(cx, 2)?)
            else {
                return Ok(None);
            };
            let Some(unit_us) = unit_us(&unit) else {
                return Err(rusqlite::Error::UserFunctionError(format!("INTERVAL unit {unit}").into()));
            };
            Ok(Some(civil::format(start.saturating_add(count.saturating_mul(sign * unit_us)), 0)))
        })?;
    }
    add(connection, "timestampdiff", 3, move |cx| {
        let (Some(unit), Some(from), Some(to)) = (
            text(cx, 0)?.and_then(|unit| unit_us(&unit)),
            text(cx, 1)?.and_then(|t| civil::parse(&t, 0)),
            text(cx, 2)?.and_then(|t| civil::parse(&t, 0)),
        ) else {
            return Ok(None);
        };
        Ok(Some((to - from) / unit))
    })?;
    add(connection, "date_format", 2, |cx| {
        let (Some(us), Some(pattern)) = (text(cx, 0)?.and_then(|t| civil::parse(&t, 0)), text(cx, 1)?) else {
            return Ok(None);
        };
        Ok(Some(date_format(&civil::format(us, 0), &pattern)))
    })
}

fn unit_us(unit: &str) -> Option<i64> {
    Some(match unit {
        "MICROSECOND" => 1,
        "SECOND" => SECOND,
        "MINUTE" => 60 * SECOND,
        "HOUR" => 3_600 * SECOND,
        "DAY" => civil::DAY,
        "WEEK" => 7 * civil::DAY,
        _ => return None,
    })
}

/// `shown` is `YYYY-MM-DD HH:MM:SS.ffffff`.
fn date_format(shown: &str, pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('Y') => out.push_str(&shown[..4]),
            Some('y') => out.push_str(&shown[2..4]),
            Some('m') => out.push_str(&shown[5..7]),
            Some('d') => out.push_str(&shown[8..10]),
            Some('H') => out.push_str(&shown[11..13]),
            Some('i') => out.push_str(&shown[14..16]),
            Some('s' | 'S') => out.push_str(&shown[17..19]),
            Some('f') => out.push_str(&shown[20..26]),
            Some('T') => out.push_str(&shown[11..19]),
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

fn identity(connection: &Connection, facts: &Facts) -> Result<()> {
    let constants: [(&str, String); 11] = [
        ("version", facts.sql_version.clone()),
        ("ob_version", facts.version.clone()),
        ("database", facts.database.clone()),
        ("schema", facts.database.clone()),
        ("user", facts.user.clone()),
        ("session_user", facts.user.clone()),
        ("system_user", facts.user.clone()),
        ("mysql_user", facts.user.clone()),
        ("effective_tenant", facts.tenant.clone()),
        ("host_ip", facts.host.clone()),
        ("current_role", "NONE".to_owned()),
    ];
    for (name, value) in constants {
        let value = (!value.is_empty()).then_some(value);
        add(connection, name, 0, move |_| Ok(value.clone()))?;
    }
    let numbers = [
        ("connection_id", i64::from(facts.connection)),
        ("effective_tenant_id", facts.tenant_id),
        ("rpc_port", facts.rpc_port),
        ("last_insert_id", 0),
        ("row_count", -1),
        ("found_rows", 0),
    ];
    for (name, value) in numbers {
        add(connection, name, 0, move |_| Ok(value))?;
    }
    Ok(())
}

fn numbers(connection: &Connection) -> Result<()> {
    add(connection, "truncate", 2, |cx| {
        let (Some(number), Some(digits)) = (cx.get::<Option<f64>>(0)?, cx.get::<Option<i32>>(1)?) else {
            return Ok(None);
        };
        let scale = 10_f64.powi(digits);
        Ok(Some((number * scale).trunc() / scale))
    })?;
    add(connection, "mod", 2, |cx| {
        let (a, b) = (cx.get::<Option<i64>>(0)?, cx.get::<Option<i64>>(1)?);
        Ok(a.zip(b).and_then(|(a, b)| a.checked_rem(b)))
    })?;
    for name in ["ceil", "ceiling"] {
        add(connection, name, 1, |cx| Ok(cx.get::<Option<f64>>(0)?.map(|number| number.ceil() as i64)))?;
    }
    add(connection, "floor", 1, |cx| Ok(cx.get::<Option<f64>>(0)?.map(|number| number.floor() as i64)))?;
    add(connection, "isnull", 1, |cx| Ok(matches!(cx.get_raw(0), ValueRef::Null)))?;
    for (name, want_greater) in [("greatest", true), ("least", false)] {
        add(connection, name, -1, move |cx| extreme(cx, want_greater))?;
    }
    Ok(())
}

fn extreme(cx: &Context<'_>, want_greater: bool) -> Result<rusqlite::types::Value> {
    let mut best: Option<rusqlite::types::Value> = None;
    for at in 0..cx.len() {
        let value = cx.get::<rusqlite::types::Value>(at)?;
        if value == rusqlite::types::Value::Null {
            return Ok(value);
        }
        let greater = best.as_ref().is_none_or(|best| is_greater(&value, best) == want_greater);
        if greater {
            best = Some(value);
        }
    }
    Ok(best.unwrap_or(rusqlite::types::Value::Null))
}

fn is_greater(a: &rusqlite::types::Value, b: &rusqlite::types::Value) -> bool {
    use rusqlite::types::Value;
    let number = |value: &Value| match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Real(number) => Some(*number),
        _ => None,
    };
    match (number(a), number(b), a, b) {
        (Some(a), Some(b), _, _) => a > b,
        (_, _, Value::Text(a), Value::Text(b)) => a > b,
        (a, _, _, _) => a.is_none(),
    }
}

fn texts(connection: &Connection) -> Result<()> {
    add(connection, "concat", -1, |cx| {
        let mut joined = String::new();
        for at in 0..cx.len() {
            let Some(part) = text(cx, at)? else { return Ok(None) };
            joined.push_str(&part);
        }
        Ok(Some(joined))
    })?;
    add(connection, "regexp", 2, |cx| {
        let (Some(pattern), Some(whole)) = (text(cx, 0)?, text(cx, 1)?) else { return Ok(None) };
        // The expression works on bytes: Unicode tables are not built in.
        let pattern = regex::bytes::RegexBuilder::new(&pattern).unicode(false).case_insensitive(true).build();
        let pattern = pattern.map_err(|error| rusqlite::Error::UserFunctionError(error.into()))?;
        Ok(Some(pattern.is_match(whole.as_bytes())))
    })?;
    for (name, of_text) in [("charset", "utf8mb4"), ("collation", "utf8mb4_general_ci")] {
        add(connection, name, 1, move |cx| {
            Ok(if matches!(cx.get_raw(0), ValueRef::Text(_)) { of_text } else { "binary" }.to_owned())
        })?;
    }
    add(connection, "mysql_left", 2, |cx| {
        Ok(with_count(cx)?.map(|(t, n)| t.chars().take(n).collect::<String>()))
    })?;
    add(connection, "mysql_right", 2, |cx| {
        Ok(with_count(cx)?
            .map(|(t, n)| t.chars().skip(t.chars().count().saturating_sub(n)).collect::<String>()))
    })?;
    for name in ["lcase", "ucase"] {
        add(connection, name, 1, move |cx| {
            Ok(text(cx, 0)?.map(|t| if name == "lcase" { t.to_lowercase() } else { t.to_uppercase() }))
        })?;
    }
    for name in ["char_length", "character_length"] {
        add(connection, name, 1, |cx| Ok(text(cx, 0)?.map(|t| t.chars().count() as i64)))?;
    }
    add(connection, "locate", 2, |cx| {
        let (part, whole) = (text(cx, 0)?, text(cx, 1)?);
        Ok(part.zip(whole).map(|(part, whole)| whole.find(&part).map_or(0, |at| at as i64 + 1)))
    })?;
    add(connection, "substring_index", 3, |cx| {
        let (Some(whole), Some(mark), Some(count)) = (text(cx, 0)?, text(cx, 1)?, cx.get::<Option<i64>>(2)?)
        else {
            return Ok(None);
        };
        let parts: Vec<&str> = whole.split(&mark).collect();
        let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX).min(parts.len());
        let kept = if count >= 0 { &parts[..wanted] } else { &parts[parts.len() - wanted..] };
        Ok(Some(kept.join(&mark)))
    })
}

fn with_count(cx: &Context<'_>) -> Result<Option<(String, usize)>> {
    let count = cx.get::<Option<i64>>(1)?.map(|count| usize::try_from(count).unwrap_or_default());
    Ok(text(cx, 0)?.zip(count))
}

/// Returns an argument as text, whatever its type.
fn text(cx: &Context<'_>, at: usize) -> Result<Cell> {
    Ok(match cx.get_raw(at) {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
    })
}

fn add<F, T>(connection: &Connection, name: &str, arguments: i32, function: F) -> Result<()>
where
    F: Fn(&Context<'_>) -> Result<T> + Send + 'static,
    T: rusqlite::functions::SqlFnOutput,
{
    connection.create_scalar_function(name, arguments, FunctionFlags::SQLITE_UTF8, function)
}
