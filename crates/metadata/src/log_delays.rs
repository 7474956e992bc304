//! Samples of the log backup delay of each tenant.

use std::time::Duration;

use model::Timestamp;
use model::id::{ClusterId, TenantId};

use crate::database::Transaction;
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Row, statement};

/// How long samples are kept.
pub const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The time between two samples of a cluster.
pub const APART: Duration = Duration::from_secs(5 * 60);

/// The delay of log backup at a time, or the worst one in a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogDelay {
    /// The tenant; 1 for a whole cluster of 3.x.
    pub tenant: TenantId,
    /// When it was measured, by the metadata's clock.
    pub taken: Timestamp,
    /// Its delay, by the database's clock, in microseconds.
    pub delay_us: u64,
}

/// A filter for samples.
#[derive(Debug, Clone, Copy)]
pub struct LogDelayQuery {
    /// Of this cluster.
    pub cluster: ClusterId,
    /// Of this tenant; `None` means all.
    pub tenant: Option<TenantId>,
    /// Taken at this time or later.
    pub from: Timestamp,
    /// Taken before this time.
    pub until: Timestamp,
    /// Return the worst sample of each span of this length, in microseconds.
    pub span_us: i64,
}

impl Metadata {
    /// Returns the worst sample of each span, tenant by tenant, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_delay_list(&self, query: &LogDelayQuery) -> Result<Vec<LogDelay>, Error> {
        let LogDelayQuery { cluster, tenant, from, until, span_us } = *query;
        let list = statement(
            "list delays of log backup",
            "SELECT tenant_id, MAX(taken_at) AS newest_at, MAX(delay_us) AS worst_us FROM log_delays
             WHERE cluster_id = ? AND taken_at >= ? AND taken_at < ?",
        );
        let list = list.bind(cluster.0).bind(from).bind(until).and_if("tenant_id = ?", tenant.map(|id| id.0));
        let list = list.push(" GROUP BY tenant_id, taken_at - (taken_at % ?) ORDER BY tenant_id, newest_at");
        let rows = self.read().await?.rows(list.bind(span_us.max(1))).await?;
        rows.iter().map(delay).collect()
    }
}

impl Transaction {
    /// Stores the current delays, and deletes samples that are older than [`KEPT`]. If the cluster has samples that are
    /// newer than [`APART`], these rise to the current delays instead: a sample is the worst delay until the next one.
    /// Returns whether anything changed.
    ///
    /// # Errors
    /// When there is no such cluster, or the database fails.
    pub async fn log_delays_insert(
        &mut self,
        cluster: ClusterId,
        delays_us: &[(TenantId, u64)],
    ) -> Result<bool, Error> {
        let now = self.now().await?;
        let before = |span: Duration| Timestamp(now.0 - i64::try_from(span.as_micros()).unwrap_or(i64::MAX));
        // A sample of a clock that was ahead does not count.
        let newer = statement(
            "look for a delay of log backup",
            "SELECT COUNT(*) AS total FROM log_delays WHERE cluster_id = ? AND taken_at > ? AND taken_at <= ?",
        );
        let newer = newer.bind(cluster.0).bind(before(APART)).bind(now);
        if delays_us.is_empty() {
            return Ok(false);
        }
        if self.connection.count(newer).await? > 0 {
            return self.log_delays_raise(cluster, delays_us, before(APART), now).await;
        }
        let old = statement(
            "delete old delays of log backup",
            "DELETE FROM log_delays WHERE cluster_id = ? AND taken_at < ?",
        );
        self.connection.execute(old.bind(cluster.0).bind(before(KEPT))).await?;
        for (tenant, delay_us) in delays_us {
            let insert = statement(
                "store a delay of log backup",
                "INSERT INTO log_delays (cluster_id, tenant_id, taken_at, delay_us) VALUES (?, ?, ?, ?)",
            );
            let delay_us = i64::try_from(*delay_us).unwrap_or(i64::MAX);
            self.connection.execute(insert.bind(cluster.0).bind(tenant.0).bind(now).bind(delay_us)).await?;
        }
        Ok(true)
    }

    /// Raises the samples of a span of time to these delays. Returns whether one was lower.
    async fn log_delays_raise(
        &mut self,
        cluster: ClusterId,
        delays_us: &[(TenantId, u64)],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<bool, Error> {
        let mut raised = 0;
        for (tenant, delay_us) in delays_us {
            let raise = statement(
                "raise a delay of log backup",
                "UPDATE log_delays SET delay_us = ? WHERE cluster_id = ? AND tenant_id = ? AND taken_at > ?
                 AND taken_at <= ? AND delay_us < ?",
            );
            let delay_us = i64::try_from(*delay_us).unwrap_or(i64::MAX);
            let raise = raise.bind(delay_us).bind(cluster.0).bind(tenant.0);
            raised += self.connection.execute(raise.bind(from).bind(to).bind(delay_us)).await?;
        }
        Ok(raised > 0)
    }
}

fn delay(row: &Row) -> Result<LogDelay, Error> {
    Ok(LogDelay {
        tenant: TenantId(row.integer("tenant_id")?),
        taken: Timestamp(row.integer("newest_at")?),
        delay_us: u64::try_from(row.integer("worst_us")?).unwrap_or_default(),
    })
}
