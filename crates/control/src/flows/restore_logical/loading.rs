//! What every step needs that loads: the server, the storage, the names.

use std::collections::BTreeMap;
use std::sync::Arc;

use dump::load::{self, IntoExisting};
use dump::{Selection, Target};
use engine::StepError;
use oceanbase::Session;
use storage::Client;

use super::{Here, State};
use crate::error::Error;
use crate::flows::step_log::StepLog;

/// What every loading step needs.
pub(super) struct Loading {
    pub(super) target: Target,
    pub(super) client: Client,
    pub(super) options: load::Options,
}

impl Loading {
    pub(super) async fn open(at: &Here, state: &State) -> Result<Self, StepError> {
        let cluster = at.context().cluster(state.cluster).await?;
        let endpoint = at.context().tenant_endpoint(&cluster, state.tenant, &state.tenant_name).await?;
        Ok(Self {
            target: Target { endpoint, witness: Arc::new(StepLog::new(at)) },
            client: client(at, state).await?,
            options: options(&state.databases, &state.selection, state.manifest.as_deref()),
        })
    }
}

/// Returns how it is loaded: a whole database where nothing is, single tables also beside others.
pub(super) fn options(
    databases: &BTreeMap<String, String>,
    selection: &Selection,
    manifest: Option<&str>,
) -> load::Options {
    load::Options {
        databases: databases.clone(),
        selection: selection.clone(),
        into_existing: IntoExisting::InPart,
        expected_manifest: manifest.map(str::to_owned),
        ..load::Options::default()
    }
}

pub(super) async fn open(target: &Target) -> Result<Session, StepError> {
    Ok(Session::open(&target.endpoint, Arc::clone(&target.witness)).await.map_err(Error::from)?)
}

/// Opens the folder that holds the dump.
pub(super) async fn client(at: &Here, state: &State) -> Result<Client, StepError> {
    let base = at.context().client(state.storage).await?;
    Ok(base.below(&state.folder).map_err(Error::from)?)
}
