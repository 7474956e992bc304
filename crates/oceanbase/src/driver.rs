//! The access to one cluster: a session, and the functions of the cluster's generation.

use std::fmt;
use std::sync::Arc;

use model::ability::{Abilities, Generation, abilities};
use model::cluster::ClusterFacts;
use model::tenant::Tenant;
use model::version::ServerVersion;

use crate::connect::Endpoint;
use crate::error::Error;
use crate::probe;
use crate::session::Session;
use crate::statement::Witness;

/// A cluster that can be backed up, and a session on it.
pub struct Driver {
    session: Session,
    abilities: Abilities,
}

impl Driver {
    /// Opens a session and determines the cluster's generation.
    ///
    /// # Errors
    /// Fails as [`Session::open`] does, and for a server that cannot be taken over: MySQL, MariaDB, an OceanBase
    /// version without backup.
    pub async fn open(endpoint: &Endpoint, witness: Arc<dyn Witness>) -> Result<Self, Error> {
        let session = Session::open(endpoint, witness).await?;
        let abilities = abilities(session.server()).map_err(|problem| Error::NotSupported {
            address: session.address().clone(),
            problem: Box::new(problem),
        })?;
        Ok(Self { session, abilities })
    }

    /// Returns the server's product and version.
    #[must_use]
    pub fn server(&self) -> &ServerVersion {
        self.session.server()
    }

    /// Returns the generation of the cluster.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.abilities.generation
    }

    /// Returns the session, for statements that are the same in every generation.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Reads the facts of the cluster: name, zones, servers, whether it is being upgraded.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn probe(&mut self) -> Result<ClusterFacts, Error> {
        probe::facts(&mut self.session, self.abilities).await
    }

    /// Reads the tenants, including the sys tenant.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn tenants(&mut self) -> Result<Vec<Tenant>, Error> {
        probe::tenants(&mut self.session, self.abilities.generation).await
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("session", &self.session).field("abilities", &self.abilities).finish()
    }
}
