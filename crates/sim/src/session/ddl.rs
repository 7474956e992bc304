//! CREATE, DROP and ALTER of tenants, pools and units; the simulator supports no other DDL.

use super::Session;
use crate::error::SqlError;
use crate::sql::token::TokenKind;
use crate::sql::{Cursor, Token};
use crate::world::resources::Sizes;

impl Session {
    pub(super) fn ddl(&self, c: &mut Cursor<'_>) -> Result<(), SqlError> {
        if c.words("CREATE USER") {
            return self.create_user(c);
        }
        if c.words("GRANT") {
            return self.grant(c);
        }
        if !self.is_about_resources(c) {
            return Err(SqlError::gap("DDL without a tenant backend"));
        }
        if self.tenant != crate::world::TenantId::SYS {
            return Err(SqlError::access_denied("sys tenant"));
        }
        if c.words("CREATE RESOURCE UNIT") {
            return self.create_unit(c);
        }
        if c.words("CREATE RESOURCE POOL") {
            return self.create_pool(c);
        }
        if c.words("ALTER RESOURCE UNIT") {
            let name = c.name()?;
            let sizes = sizes(c);
            return self.process.with(self.cluster, |cluster| cluster.alter_unit(&name, sizes));
        }
        if c.words("ALTER RESOURCE POOL") {
            return self.alter_pool(c);
        }
        if c.words("CREATE TENANT") {
            return self.create_tenant(c);
        }
        if c.words("DROP RESOURCE UNIT") {
            let if_exists = c.words("IF EXISTS");
            let name = c.name()?;
            return self.process.with(self.cluster, |cluster| cluster.drop_unit(&name, if_exists));
        }
        if c.words("DROP RESOURCE POOL") {
            let if_exists = c.words("IF EXISTS");
            let name = c.name()?;
            return self.process.with(self.cluster, |cluster| cluster.drop_pool(&name, if_exists));
        }
        if c.words("DROP TENANT") {
            let if_exists = c.words("IF EXISTS");
            let name = c.name()?;
            let force = c.words("FORCE") || c.words("PURGE");
            c.end()?;
            return self.process.with(self.cluster, |cluster| cluster.drop_tenant(&name, if_exists, force));
        }
        if c.words("ALTER TENANT") {
            let name = c.name()?;
            let lock = c.words("LOCK");
            if !lock && !c.words("UNLOCK") {
                return Err(SqlError::gap("ALTER TENANT of anything but LOCK and UNLOCK"));
            }
            return self.process.with(self.cluster, |cluster| cluster.lock_tenant(&name, lock));
        }
        Err(SqlError::gap("this DDL of resources"))
    }

    fn is_about_resources(&self, c: &Cursor<'_>) -> bool {
        let mut ahead = c.clone();
        ahead.next();
        ahead.words("RESOURCE") || ahead.words("TENANT")
    }

    /// `u MAX_CPU 1, MEMORY_SIZE '1G' …`; of the sizes, only CPU, memory and log disk are stored.
    fn create_unit(&self, c: &mut Cursor<'_>) -> Result<(), SqlError> {
        let if_not_exists = c.words("IF NOT EXISTS");
        let name = c.name()?;
        let sizes = sizes(c);
        self.process.with(self.cluster, |cluster| cluster.create_unit(&name, if_not_exists, sizes))
    }

    /// `p UNIT = 'u', UNIT_NUM = 1, ZONE_LIST = ('z1', 'z2')`.
    fn create_pool(&self, c: &mut Cursor<'_>) -> Result<(), SqlError> {
        let if_not_exists = c.words("IF NOT EXISTS");
        let name = c.name()?;
        let options = options(c);
        let values =
            |wanted: &str| options.iter().find(|(name, _)| name == wanted).map(|(_, values)| values.clone());
        let unit = values("UNIT").and_then(|values| values.first().cloned());
        let unit = unit.ok_or_else(|| SqlError::arguments("UNIT"))?;
        let count = values("UNIT_NUM").and_then(|values| values.first()?.parse().ok()).unwrap_or(1);
        let zones = values("ZONE_LIST").unwrap_or_default();
        self.process
            .with(self.cluster, |cluster| cluster.create_pool(&name, if_not_exists, &unit, count, zones))
    }

    /// `p UNIT = 'u', UNIT_NUM = 2`.
    fn alter_pool(&self, c: &mut Cursor<'_>) -> Result<(), SqlError> {
        let name = c.name()?;
        let options = options(c);
        let first = |wanted: &str| {
            options.iter().find(|(name, _)| name == wanted).and_then(|(_, values)| values.first().cloned())
        };
        let count = first("UNIT_NUM").and_then(|text| text.parse().ok());
        let unit = first("UNIT");
        self.process.with(self.cluster, |cluster| cluster.alter_pool(&name, unit.as_deref(), count))
    }

    /// `t RESOURCE_POOL_LIST = ('p') … SET …`.
    fn create_tenant(&self, c: &mut Cursor<'_>) -> Result<(), SqlError> {
        let if_not_exists = c.words("IF NOT EXISTS");
        let name = c.name()?;
        let options = options(c);
        let pools =
            options.iter().find(|(name, _)| name == "RESOURCE_POOL_LIST").map(|(_, values)| values.clone());
        self.process.with(self.cluster, |cluster| match cluster.tenant_named(&name) {
            Some(_) if if_not_exists => Ok(()),
            _ => cluster.create_tenant(&name, &pools.unwrap_or_default()),
        })
    }
}

/// Reads `MAX_CPU`, the memory size and the size of the log disk from a unit's options.
fn sizes(c: &mut Cursor<'_>) -> Sizes {
    let options = options(c);
    let first = |wanted: &[&str]| {
        options
            .iter()
            .find(|(name, _)| wanted.contains(&name.as_str()))
            .and_then(|(_, values)| values.first())
    };
    Sizes {
        max_cpu: first(&["MAX_CPU"]).and_then(|text| text.parse().ok()),
        memory_bytes: first(&["MEMORY_SIZE", "MAX_MEMORY"]).and_then(|text| capacity(text)),
        log_disk_bytes: first(&["LOG_DISK_SIZE"]).and_then(|text| capacity(text)),
    }
}

/// `NAME [=] value` and `NAME [=] (value, …)`, with or without commas between them.
fn options(c: &mut Cursor<'_>) -> Vec<(String, Vec<String>)> {
    let mut options = Vec::new();
    while let Some(token) = c.next() {
        if token.kind != TokenKind::Word {
            continue;
        }
        let name = token.value.to_uppercase();
        c.symbol("=");
        let mut values = Vec::new();
        if c.symbol("(") {
            while let Some(value) = c.next().filter(|value| !value.is_symbol(")")) {
                if !value.is_symbol(",") {
                    values.push(value.value.clone());
                }
            }
        } else if let Some(value) = c.next() {
            values.push(with_unit(c, value));
        }
        options.push((name, values));
    }
    options
}

/// `4G` without quotes is a number directly followed by a word.
fn with_unit(c: &mut Cursor<'_>, number: &Token) -> String {
    match c.peek() {
        Some(unit)
            if number.kind == TokenKind::Number && unit.start == number.end && !unit.is_symbol(",") =>
        {
            c.next();
            format!("{}{}", number.value, unit.value)
        }
        _ => number.value.clone(),
    }
}

fn capacity(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: i64 = text[..digits].parse().ok()?;
    let shift = match text[digits..].to_ascii_uppercase().as_str() {
        "" => 0,
        "K" | "KB" => 10,
        "M" | "MB" => 20,
        "G" | "GB" => 30,
        "T" | "TB" => 40,
        _ => return None,
    };
    number.checked_mul(1 << shift)
}
