//! Clusters: take over, show, remove.

use std::sync::Arc;

use model::ability::Generation;
use model::alarm::kept::Span;
use model::cluster::{Address, Cluster, ClusterFacts, ClusterStatus, check_name};
use model::id::{ClusterId, TenantId};
use model::storage::{TestLine, TestOutcome};
use model::user::Permission;
use model::{Problem, Secret};
use oceanbase::precheck::{Line, Precheck, Verdict};
use oceanbase::{Driver, NoWitness, Session, catalog};

use crate::actor::Actor;
use crate::context::Attempt;
use crate::context::{Context, Control};
use crate::error::Error;
use crate::page::{Page, PageAsk};
use crate::{asking, delete_policies, log_backups};

/// A cluster to take over.
#[derive(Debug, Clone)]
pub struct NewCluster {
    /// Its name in Lifeboat.
    pub name: String,
    /// Its servers' addresses, tried in this order.
    pub addresses: Vec<Address>,
    /// A user of the sys tenant, such as `root@sys`; on seekdb `root`.
    pub user: String,
    /// That user's password.
    pub password: Secret,
}

/// A database of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// Its name.
    pub name: String,
    /// Its number of tables.
    pub tables: u64,
    /// Their estimated size in bytes.
    pub bytes: u64,
}

/// A table of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFacts {
    /// Its name.
    pub name: String,
    /// The estimated number of rows.
    pub rows: u64,
    /// Its estimated size in bytes.
    pub bytes: u64,
}

/// Checks whether a cluster can be taken over, line by line. It changes nothing. A line that passed with a problem
/// is a warning.
///
/// # Errors
/// When the actor may not take over clusters.
pub async fn precheck(control: &Control, actor: &Actor, new: &NewCluster) -> Result<Vec<TestLine>, Error> {
    actor.must(Permission::ManageClusters)?;
    let found = check(control, new).await;
    Ok(found.lines.into_iter().map(test_line).collect())
}

/// Takes over a cluster.
///
/// # Errors
/// With the first problem of the [`precheck`]; when the name is taken, or the cluster was taken over already.
pub async fn add(control: &Control, actor: &Actor, new: NewCluster) -> Result<Cluster, Error> {
    let attempt = Attempt::new(actor, "cluster-add", format!("cluster/{}", new.name));
    let work = async {
        actor.must(Permission::ManageClusters)?;
        check_name(&new.name)?;
        let found = check(control, &new).await;
        let passed = found.passed();
        if let Some(obstacle) = found.obstacle() {
            return Err(obstacle.clone().into());
        }
        let Some((facts, tenants)) = found.cluster.filter(|_| passed) else {
            return Err(Problem::outside("takeover-not-checked").into());
        };
        let known = control.metadata().cluster_list().await?;
        if let Some(same) = known.iter().find(|cluster| is_same(cluster, &new.addresses, &facts)) {
            return Err(Problem::conflict("cluster-known").with("cluster", &same.name).into());
        }
        let mut writer = control.metadata().begin().await?;
        let new = metadata::clusters::NewCluster {
            name: new.name,
            addresses: new.addresses,
            user: new.user,
            password: new.password,
            status: status(&facts),
            facts,
        };
        let id = writer.cluster_insert(&new).await?;
        writer.tenants_probed(id, &tenants).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.context.cluster(id).await
    };
    attempt.watch(&control.context, work).await
}

/// Returns the clusters by name.
///
/// # Errors
/// When the actor may not read them, or the metadata database fails.
pub async fn list(control: &Control, actor: &Actor, page: PageAsk) -> Result<Page<Cluster>, Error> {
    actor.must(Permission::Read)?;
    Ok(page.of(control.metadata().cluster_list().await?))
}

/// Returns a cluster.
///
/// # Errors
/// When there is none.
pub async fn get(control: &Control, actor: &Actor, id: ClusterId) -> Result<Cluster, Error> {
    actor.must(Permission::Read)?;
    control.context.cluster(id).await
}

/// Returns the cluster of that name.
///
/// # Errors
/// When there is none.
pub async fn find(control: &Control, actor: &Actor, name: &str) -> Result<Cluster, Error> {
    actor.must(Permission::Read)?;
    let found = control.metadata().cluster_by_name(name).await?;
    Ok(found.ok_or_else(|| Problem::not_found("cluster-unknown").with("cluster", name))?)
}

/// Removes a cluster. Its backup sets stay. With `leave_delete_policies`, so do the delete policies that Lifeboat has set in
/// the cluster: the database continues to delete by them.
///
/// # Errors
/// When there is no such cluster, a task still uses it, or delete policies would stay that the actor has not agreed to.
pub async fn remove(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    leave_delete_policies: bool,
) -> Result<(), Error> {
    let attempt = Attempt::new(actor, "cluster-remove", format!("cluster/{id}"));
    let work = async {
        actor.must(Permission::ManageClusters)?;
        let cluster = control.context.cluster(id).await?;
        if !leave_delete_policies {
            delete_policies::refuse_leaving(control, &cluster).await?;
        }
        let mut writer = control.metadata().begin().await?;
        writer.cluster_remove(id).await?;
        attempt.done(&mut writer).await?;
        Ok(writer.commit().await?)
    };
    attempt.watch(&control.context, work).await
}

/// Saves the new password of the cluster's user, after it was changed on the cluster.
///
/// # Errors
/// When the cluster does not accept it.
pub async fn set_password(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    password: &Secret,
) -> Result<(), Error> {
    let attempt = Attempt::new(actor, "cluster-set-password", format!("cluster/{id}"));
    let work = async {
        actor.must(Permission::ManageClusters)?;
        let cluster = control.context.cluster(id).await?;
        let endpoint = control.context.reach(cluster.addresses, cluster.user, password.clone());
        Session::open(&endpoint, Arc::new(NoWitness)).await?.close().await;
        let mut writer = control.metadata().begin().await?;
        writer.cluster_set_password(id, password).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.context.look.notify_one();
        Ok(())
    };
    attempt.watch(&control.context, work).await
}

/// Refreshes a cluster: its status, version, servers and tenants.
///
/// # Errors
/// When it does not answer; its status then shows that.
pub async fn refresh(control: &Control, actor: &Actor, id: ClusterId) -> Result<Cluster, Error> {
    actor.must(Permission::Read)?;
    control.context.look_at(id).await?;
    control.context.cluster(id).await
}

/// Returns a tenant's current databases.
///
/// # Errors
/// When the log-on to the tenant fails.
pub async fn databases(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    tenant: TenantId,
) -> Result<Vec<DatabaseFacts>, Error> {
    actor.must(Permission::Read)?;
    let mut session = control.context.open_tenant(id, tenant).await?;
    let mut databases = Vec::new();
    for name in catalog::databases(&mut session).await? {
        let tables = catalog::tables(&mut session, &name).await?;
        let bytes = tables.iter().map(|table| table.bytes_guess).sum();
        databases.push(DatabaseFacts { name, tables: tables.len() as u64, bytes });
    }
    session.close().await;
    Ok(databases)
}

/// Returns a database's current tables.
///
/// # Errors
/// When the log-on to the tenant fails.
pub async fn tables(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    tenant: TenantId,
    database: &str,
) -> Result<Vec<TableFacts>, Error> {
    actor.must(Permission::Read)?;
    let mut session = control.context.open_tenant(id, tenant).await?;
    let tables = catalog::tables(&mut session, database).await?;
    session.close().await;
    let facts = |table: catalog::Table| TableFacts {
        name: table.name,
        rows: table.rows_guess,
        bytes: table.bytes_guess,
    };
    Ok(tables.into_iter().map(facts).collect())
}

impl Context {
    /// Refreshes a cluster, and stores the result or that it did not answer.
    pub(crate) async fn look_at(&self, id: ClusterId) -> Result<(), Error> {
        let cluster = self.cluster(id).await?;
        let endpoint = self.endpoint(&cluster).await?;
        let asked = self.metadata.now().await?;
        let question = async {
            let mut driver = Driver::open(&endpoint, Arc::new(NoWitness)).await?;
            let (facts, tenants) = (driver.probe().await?, driver.tenants().await?);
            // A cluster that does not report its log backup still counts as available.
            let logs = log_backups::seen(&mut driver).await.ok();
            Ok::<_, Error>((facts, tenants, logs))
        };
        let seen = asking::within_longer_limit(&cluster, question).await;
        let mut writer = self.metadata.begin().await?;
        let now = writer.now().await?;
        match &seen {
            Ok((facts, tenants, _)) => {
                writer.cluster_probed(id, facts, status(facts)).await?;
                writer.tenants_probed(id, tenants).await?;
            }
            Err(_) => writer.cluster_unavailable(id).await?,
        }
        writer.commit().await?;
        // After the commit, so that subscribers find the change in the metadata.
        match &seen {
            Ok((.., logs)) => {
                if let Some(logs) = logs {
                    self.log_checkpoints.keep(id, logs, now);
                }
                self.troubles.answered(id, logs.clone(), Span { from: asked, to: now });
            }
            Err(error) => self.troubles.silent(id, now, error.problem().text.clone()),
        }
        seen.map(drop)
    }
}

async fn check(control: &Control, new: &NewCluster) -> Precheck {
    let endpoint = control.context.reach(new.addresses.clone(), new.user.clone(), new.password.clone());
    oceanbase::precheck::precheck(&endpoint, Arc::new(NoWitness)).await
}

pub(crate) fn test_line(line: Line) -> TestLine {
    TestLine {
        check: line.check.to_owned(),
        outcome: match line.verdict {
            Verdict::Passed | Verdict::Warned => TestOutcome::Passed,
            Verdict::Failed => TestOutcome::Failed,
            Verdict::NotChecked => TestOutcome::NotChecked,
        },
        latency_us: line.latency.map_or(0, |latency| u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)),
        problem: line.problem,
    }
}

fn status(facts: &ClusterFacts) -> ClusterStatus {
    if facts.upgrading { ClusterStatus::Upgrading } else { ClusterStatus::Running }
}

/// Returns whether a known cluster is the one to take over.
///
/// The same name and cluster ID are not enough, because users choose them: the two must also share a server. A seekdb
/// has neither name nor ID.
fn is_same(known: &Cluster, addresses: &[Address], facts: &ClusterFacts) -> bool {
    let shares_address = known.addresses.iter().any(|address| addresses.contains(address));
    let is_numbered = facts.generation != Generation::Seekdb;
    let is_alike = known.facts.ob_name == facts.ob_name && known.facts.ob_cluster_id == facts.ob_cluster_id;
    let shares_server = || {
        let has =
            |ip: &str, port| facts.servers.iter().any(|server| server.ip == ip && server.sql_port == port);
        known.facts.servers.iter().any(|server| has(&server.ip, server.sql_port))
    };
    shares_address || is_numbered && is_alike && shares_server()
}
