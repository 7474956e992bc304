//! What every loading step needs: the server, the storage, the names.

use std::collections::BTreeMap;
use std::sync::Arc;

use dump::load::{self, IntoExisting};
use dump::{OpenManifest, Origin, Selection, Target};
use engine::StepError;
use model::Problem;
use model::inventory::ObjectKind;
use model::problem::codes;
use oceanbase::Session;
use storage::Client;

use super::{Here, State};
use crate::error::Error;
use crate::flows::step_log::StepLog;
use crate::words;

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
        let client = client(at, state).await?;
        let manifest = match &state.manifest {
            Some(manifest) => manifest.clone(),
            None => checked_manifest(at, state, &client).await?.blake3,
        };
        Ok(Self {
            target: Target { endpoint, witness: Arc::new(StepLog::new(at)) },
            options: options(&state.databases, &state.selection, state.with_code, &state.without, &manifest),
            client,
        })
    }
}

/// Returns the options of the load: a whole database must be new or empty; single tables may be loaded beside others.
pub(super) fn options(
    databases: &BTreeMap<String, String>,
    selection: &Selection,
    with_code: bool,
    without: &[ObjectKind],
    manifest: &str,
) -> load::Options {
    load::Options {
        databases: databases.clone(),
        selection: selection.clone(),
        into_existing: IntoExisting::InPart,
        with_code,
        without: without.to_vec(),
        expected_manifest: Some(manifest.to_owned()),
        ..load::Options::default()
    }
}

pub(super) async fn open(target: &Target) -> Result<Session, StepError> {
    Ok(Session::open(&target.endpoint, Arc::clone(&target.witness)).await.map_err(Error::from)?)
}

/// Opens the manifest whose origin was checked when the recovery was requested. A recovery that an older version saved
/// has no checked origin: it accepts only a manifest that this installation or a trusted key signed.
pub(super) async fn checked_manifest(
    at: &Here,
    state: &State,
    client: &Client,
) -> Result<OpenManifest, StepError> {
    let opened = dump::open_manifest(client, &state.dump).await.map_err(Error::from)?;
    let origin = at.context().known_keys().await?.origin(opened.signer);
    match refusal(state.manifest.as_deref(), &opened.blake3, &origin) {
        None => Ok(opened),
        Some(id) => {
            let problem = Problem::refused(codes::PRECHECK_FAILED, id).with("set", state.backup_set);
            Err(words::refused(problem))
        }
    }
}

/// Returns why a manifest is refused, or none if it is accepted.
fn refusal(checked: Option<&str>, found: &str, origin: &Origin) -> Option<&'static str> {
    match (checked, origin) {
        (Some(checked), _) if checked == found => None,
        (Some(_), _) => Some("recovery-manifest-changed"),
        (None, Origin::Own { .. } | Origin::Known { .. }) => None,
        (None, Origin::Unknown { .. } | Origin::Unsigned) => Some("recovery-origin-unchecked"),
    }
}

/// Opens the folder that holds the dump.
pub(super) async fn client(at: &Here, state: &State) -> Result<Client, StepError> {
    let base = at.context().client(state.storage).await?;
    Ok(base.below(&state.folder).map_err(Error::from)?)
}

#[cfg(test)]
mod tests {
    use dump::{Origin, SigningKey};

    use super::refusal;

    #[test]
    fn a_manifest_without_a_confirmed_origin_needs_a_known_key() {
        let key = SigningKey::generate().public();
        let own = Origin::Own { key };
        let known = Origin::Known { name: "east".to_owned(), key };
        for origin in [&own, &known, &Origin::Unknown { key }, &Origin::Unsigned] {
            assert_eq!(refusal(Some("a"), "a", origin), None, "{origin:?}: it was confirmed");
            assert_eq!(refusal(Some("a"), "b", origin), Some("recovery-manifest-changed"), "{origin:?}");
        }
        assert_eq!(refusal(None, "a", &own), None);
        assert_eq!(refusal(None, "a", &known), None);
        for origin in [Origin::Unknown { key }, Origin::Unsigned] {
            assert_eq!(refusal(None, "a", &origin), Some("recovery-origin-unchecked"), "{origin:?}");
        }
    }
}
