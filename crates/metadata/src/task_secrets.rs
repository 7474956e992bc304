//! Sealed secrets in the state of a task: the password that a backup is encrypted with. A task stores the sealed
//! text, and drops it when its work is done; the state reveals nothing.

use model::Secret;
use model::id::ClusterId;

use crate::database::Transaction;
use crate::error::Error;
use crate::open::Metadata;
use crate::seal::Place;

impl Transaction {
    /// Seals a secret for a task about this cluster. Only tasks about the same cluster can open it.
    #[must_use]
    pub fn task_secret_seal(&self, cluster: ClusterId, secret: &Secret) -> String {
        self.sealer.seal(place(cluster), secret)
    }
}

impl Metadata {
    /// Opens a secret that was sealed for a task about this cluster.
    ///
    /// # Errors
    /// When it was altered, or sealed for another cluster or with another key.
    pub fn task_secret_open(&self, cluster: ClusterId, sealed: &str) -> Result<Secret, Error> {
        self.sealer.open(place(cluster), sealed)
    }
}

fn place(cluster: ClusterId) -> Place {
    Place { table: "tasks", row: cluster.0, column: "secret" }
}

#[cfg(test)]
mod tests {
    use model::Secret;
    use model::id::ClusterId;

    use crate::Metadata;

    #[tokio::test]
    async fn a_tasks_secret_opens_for_its_own_cluster_only() {
        let directory = tempfile::tempdir().expect("a directory");
        let metadata = Metadata::open(directory.path()).await.expect("opens");
        let writer = metadata.begin().await.expect("begins");
        let sealed = writer.task_secret_seal(ClusterId(7), &Secret::new("hunter2"));
        drop(writer);
        assert!(!sealed.contains("hunter2"));
        let opened = metadata.task_secret_open(ClusterId(7), &sealed).expect("opens");
        assert_eq!(opened.expose(), "hunter2");
        assert!(metadata.task_secret_open(ClusterId(8), &sealed).is_err());
    }
}
