//! Clusters that were taken over. Their passwords are sealed.

use model::Secret;
use model::cluster::{Address, Cluster, ClusterFacts, ClusterStatus};
use model::id::ClusterId;

use crate::database::{Transaction, exactly_one};
use crate::error::Error;
use crate::open::Metadata;
use crate::seal::Place;
use crate::sql::{Row, json, statement, word};
use crate::tasks::subject;

const NOUN: &str = "cluster";

/// A cluster to store.
#[derive(Debug, Clone)]
pub struct NewCluster {
    /// The name that users give it.
    pub name: String,
    /// Its addresses in the order in which they are tried.
    pub addresses: Vec<Address>,
    /// The user that Lifeboat logs on as.
    pub user: String,
    /// That user's password.
    pub password: Secret,
    /// The facts that a probe has read.
    pub facts: ClusterFacts,
    /// The status that a probe has found.
    pub status: ClusterStatus,
}

impl Metadata {
    /// Returns every cluster, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cluster_list(&self) -> Result<Vec<Cluster>, Error> {
        let list = statement("list clusters", "SELECT * FROM clusters ORDER BY name");
        self.read().await?.rows(list).await?.iter().map(cluster).collect()
    }

    /// Returns a cluster.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cluster_get(&self, id: ClusterId) -> Result<Option<Cluster>, Error> {
        let get = statement("read a cluster", "SELECT * FROM clusters WHERE id = ?").bind(id.0);
        self.read().await?.row(get).await?.map(|row| cluster(&row)).transpose()
    }

    /// Returns the cluster with this name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cluster_by_name(&self, name: &str) -> Result<Option<Cluster>, Error> {
        let get = statement("read a cluster", "SELECT * FROM clusters WHERE name = ?").bind(name);
        self.read().await?.row(get).await?.map(|row| cluster(&row)).transpose()
    }

    /// Returns the password for a cluster.
    ///
    /// # Errors
    /// When there is no such cluster, when the secret does not open, or the database fails.
    pub async fn cluster_password(&self, id: ClusterId) -> Result<Secret, Error> {
        let get =
            statement("read a cluster's password", "SELECT password FROM clusters WHERE id = ?").bind(id.0);
        let row = self.read().await?.row(get).await?.ok_or(Error::Missing { noun: NOUN, id: id.0 })?;
        self.sealer.open(password_place(id.0), &row.text("password")?)
    }
}

impl Transaction {
    /// Stores a cluster.
    ///
    /// # Errors
    /// When the name is taken, or the database fails.
    pub async fn cluster_insert(&mut self, new: &NewCluster) -> Result<ClusterId, Error> {
        let now = self.now().await?;
        let id = self.connection.take_numbers("clusters", 1).await?;
        let insert = statement(
            "keep a cluster",
            "INSERT INTO clusters (id, name, addresses, user_name, password, facts, status, created_at, probed_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        );
        let insert = insert.bind(id).bind(&new.name).bind(json(&new.addresses)).bind(&new.user);
        let insert = insert.bind(self.sealer.seal(password_place(id), &new.password));
        let insert = insert.bind(json(&new.facts)).bind(word(&new.status)).bind(now).bind(now);
        self.connection.execute(insert).await.map_err(|error| error.or_taken(NOUN, &new.name))?;
        Ok(ClusterId(id))
    }

    /// Stores the facts that a probe has read.
    ///
    /// # Errors
    /// When there is no such cluster, or the database fails.
    pub async fn cluster_probed(
        &mut self,
        id: ClusterId,
        facts: &ClusterFacts,
        status: ClusterStatus,
    ) -> Result<(), Error> {
        let now = self.now().await?;
        let update = statement(
            "keep what a probe has read",
            "UPDATE clusters SET facts = ?, status = ?, probed_at = ? WHERE id = ?",
        );
        let update = update.bind(json(facts)).bind(word(&status)).bind(now).bind(id.0);
        exactly_one(self.connection.execute(update).await?, NOUN, id.0)
    }

    /// Stores that a probe got no answer; the earlier facts stay.
    ///
    /// # Errors
    /// When there is no such cluster, or the database fails.
    pub async fn cluster_unavailable(&mut self, id: ClusterId) -> Result<(), Error> {
        let now = self.now().await?;
        let update = statement(
            "keep a cluster's status",
            "UPDATE clusters SET status = ?, probed_at = ? WHERE id = ?",
        );
        let update = update.bind(word(&ClusterStatus::Unavailable)).bind(now).bind(id.0);
        exactly_one(self.connection.execute(update).await?, NOUN, id.0)
    }

    /// Stores another password for a cluster.
    ///
    /// # Errors
    /// When there is no such cluster, or the database fails.
    pub async fn cluster_set_password(&mut self, id: ClusterId, password: &Secret) -> Result<(), Error> {
        let sealed = self.sealer.seal(password_place(id.0), password);
        let update = statement("keep a cluster's password", "UPDATE clusters SET password = ? WHERE id = ?");
        exactly_one(self.connection.execute(update.bind(sealed).bind(id.0)).await?, NOUN, id.0)
    }

    /// Removes a cluster with its tenants. Its tasks and backup sets stay.
    ///
    /// # Errors
    /// When an unfinished task is about it, when there is no such cluster, or the database fails.
    pub async fn cluster_remove(&mut self, id: ClusterId) -> Result<(), Error> {
        if let Some(task) = self.task_unfinished_about(subject::CLUSTER, &id.to_string()).await? {
            return Err(Error::Busy { noun: NOUN, task });
        }
        let delete = statement("remove a cluster", "DELETE FROM clusters WHERE id = ?").bind(id.0);
        exactly_one(self.connection.execute(delete).await?, NOUN, id.0)
    }
}

fn password_place(row: i64) -> Place {
    Place { table: "clusters", row, column: "password" }
}

pub(crate) fn cluster(row: &Row) -> Result<Cluster, Error> {
    Ok(Cluster {
        id: ClusterId(row.integer("id")?),
        name: row.text("name")?,
        addresses: row.json("addresses")?,
        user: row.text("user_name")?,
        facts: row.json("facts")?,
        status: row.word("status")?,
        created: row.timestamp("created_at")?,
        probed: row.timestamp("probed_at")?,
    })
}
