//! Backup strategies: at most one for each cluster and each tenant.

use model::Timestamp;
use model::id::{ClusterId, StorageId, StrategyId, TenantId, UserId};
use model::strategy::{Scope, Settings, Strategy};

use crate::database::{Connection, Transaction, exactly_one};
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Row, json, statement};

const NOUN: &str = "backup strategy";

/// The number that represents the whole cluster instead of a tenant. OceanBase never assigns it to a tenant.
const WHOLE_CLUSTER: i64 = 0;

/// The stored strategies, both lists ordered by ID.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Strategies {
    /// Those that this version can read.
    pub readable: Vec<Strategy>,
    /// Those that it cannot read.
    pub unreadable: Vec<Unreadable>,
}

/// A strategy whose settings this version cannot read: reading applies all rules for schedules again, and another
/// version may have had other rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its ID.
    pub id: StrategyId,
    /// What it backs up.
    pub scope: Scope,
    /// Why it cannot be read.
    pub cause: String,
}

impl Metadata {
    /// Returns the strategies of one cluster or of all that this version can read, ordered by ID.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategy_list(&self, cluster: Option<ClusterId>) -> Result<Vec<Strategy>, Error> {
        Ok(self.strategy_list_whole(cluster).await?.readable)
    }

    /// Returns the strategies of one cluster or of all, with those that this version cannot read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategy_list_whole(&self, cluster: Option<ClusterId>) -> Result<Strategies, Error> {
        list(&mut self.read().await?, cluster).await
    }
}

impl Transaction {
    /// Returns the strategies of a cluster that this version can read, as they are in this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategies_now(&mut self, cluster: ClusterId) -> Result<Vec<Strategy>, Error> {
        Ok(self.strategies_whole_now(cluster).await?.readable)
    }

    /// Returns the strategies of a cluster as they are in this transaction, with those that this version cannot read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategies_whole_now(&mut self, cluster: ClusterId) -> Result<Strategies, Error> {
        list(&mut self.connection, Some(cluster)).await
    }

    /// Stores a new strategy, whose due times are later than now.
    ///
    /// # Errors
    /// When the cluster or tenant has one, or the database fails.
    pub async fn strategy_insert(
        &mut self,
        scope: Scope,
        owner: UserId,
        settings: &Settings,
        paused: bool,
    ) -> Result<Strategy, Error> {
        let since = self.now().await?;
        let id = self.connection.take_numbers("strategies", 1).await?;
        let insert = statement(
            "store a strategy",
            "INSERT INTO strategies (id, cluster_id, tenant_id, owner_id, storage_id, settings, paused, since_at, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        );
        let insert = insert.bind(id).bind(scope.cluster().0).bind(stored_tenant(scope)).bind(owner.0);
        let insert = insert.bind(settings.storage.0).bind(json(settings)).bind(paused);
        let done = self.connection.execute(insert.bind(since).bind(since)).await;
        done.map_err(|error| error.or_taken(NOUN, &id.to_string()))?;
        Ok(Strategy { id: StrategyId(id), scope, owner, settings: settings.clone(), paused, since })
    }

    /// Replaces the stored strategy with the same ID; its scope stays.
    ///
    /// # Errors
    /// When there is no such strategy, or the database fails.
    pub async fn strategy_update(&mut self, strategy: &Strategy) -> Result<(), Error> {
        let Strategy { id, scope: _, owner, settings, paused, since } = strategy;
        let update = statement(
            "store a strategy",
            "UPDATE strategies SET owner_id = ?, storage_id = ?, settings = ?, paused = ?, since_at = ? WHERE id = ?",
        );
        let update = update.bind(owner.0).bind(settings.storage.0).bind(json(settings)).bind(*paused);
        exactly_one(self.connection.execute(update.bind(*since).bind(id.0)).await?, NOUN, id.0)
    }

    /// Sets the time after which a strategy's due times count, if it is still the `seen` one. Returns whether it was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategy_since(
        &mut self,
        id: StrategyId,
        seen: Timestamp,
        since: Timestamp,
    ) -> Result<bool, Error> {
        let update =
            statement("store a strategy", "UPDATE strategies SET since_at = ? WHERE id = ? AND since_at = ?");
        Ok(self.connection.execute(update.bind(since).bind(id.0).bind(seen)).await? == 1)
    }

    /// Deletes a strategy with its runs. Their tasks and backup sets stay.
    ///
    /// # Errors
    /// When there is no such strategy, or the database fails.
    pub async fn strategy_remove(&mut self, id: StrategyId) -> Result<(), Error> {
        let delete = statement("delete a strategy", "DELETE FROM strategies WHERE id = ?").bind(id.0);
        exactly_one(self.connection.execute(delete).await?, NOUN, id.0)
    }

    /// Returns a strategy that backs up to a storage, with the name of what it backs up: of the cluster, or
    /// `cluster/tenant`. A dropped tenant has its ID as its name.
    pub(crate) async fn strategy_of_storage(
        &mut self,
        storage: StorageId,
    ) -> Result<Option<(StrategyId, String)>, Error> {
        let find = statement(
            "look for strategies",
            "SELECT s.id, s.tenant_id, c.name, t.name AS tenant_name FROM strategies s
             JOIN clusters c ON c.id = s.cluster_id
             LEFT JOIN tenants t ON t.cluster_id = s.cluster_id AND t.tenant_id = s.tenant_id
             WHERE s.storage_id = ? ORDER BY s.id LIMIT 1",
        );
        let Some(row) = self.connection.row(find.bind(storage.0)).await? else { return Ok(None) };
        let cluster = row.text("name")?;
        let object = match (row.integer("tenant_id")?, row.text_or_none("tenant_name")?) {
            (WHOLE_CLUSTER, _) => cluster,
            (_, Some(tenant)) => format!("{cluster}/{tenant}"),
            (tenant, None) => format!("{cluster}/{tenant}"),
        };
        Ok(Some((StrategyId(row.integer("id")?), object)))
    }
}

async fn list(connection: &mut Connection, cluster: Option<ClusterId>) -> Result<Strategies, Error> {
    let list = statement("list strategies", "SELECT * FROM strategies WHERE 1 = 1");
    let list = list.and_if("cluster_id = ?", cluster.map(|id| id.0)).push(" ORDER BY id");
    let mut strategies = Strategies::default();
    for row in connection.rows(list).await? {
        match strategy(&row)? {
            Ok(strategy) => strategies.readable.push(strategy),
            Err(unreadable) => strategies.unreadable.push(unreadable),
        }
    }
    Ok(strategies)
}

fn stored_tenant(scope: Scope) -> i64 {
    scope.tenant().map_or(WHOLE_CLUSTER, |tenant| tenant.0)
}

fn strategy(row: &Row) -> Result<Result<Strategy, Unreadable>, Error> {
    let id = StrategyId(row.integer("id")?);
    let cluster = ClusterId(row.integer("cluster_id")?);
    let scope = match row.integer("tenant_id")? {
        WHOLE_CLUSTER => Scope::Cluster(cluster),
        tenant => Scope::Tenant(cluster, TenantId(tenant)),
    };
    let settings = match row.json("settings") {
        Ok(settings) => settings,
        Err(Error::Unreadable { cause, .. }) => {
            return Ok(Err(Unreadable { id, scope, cause: cause.to_string() }));
        }
        Err(error) => return Err(error),
    };
    Ok(Ok(Strategy {
        id,
        scope,
        owner: UserId(row.integer("owner_id")?),
        settings,
        paused: row.flag("paused")?,
        since: Timestamp(row.integer("since_at")?),
    }))
}
