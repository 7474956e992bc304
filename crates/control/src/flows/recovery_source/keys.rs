//! Finds the storage configuration with the keys of a backup directory. The views show its address without the host,
//! so storages on different hosts can have the same one.

use std::collections::BTreeSet;

use metadata::Slice;
use metadata::backup_sets::BackupSetQuery;
use model::Problem;
use model::backup::BackupMethod;
use model::id::{ClusterId, StorageId, TenantId};
use model::physical::address;
use model::problem::codes;
use model::storage::Storage;

use super::origin::Place;
use crate::context::Context;
use crate::error::Error;

/// How many of a cluster's newest backup sets are searched for the storages that contain them.
const SETS_SEEN: u32 = 500;

/// The storages that may contain a tenant's backups.
pub(super) struct Keys {
    /// The saved storage configurations, and the storages of the cluster's backup sets.
    known: Vec<Storage>,
    /// The storages of the tenant's physical sets that Lifeboat took.
    used: BTreeSet<StorageId>,
    /// The storage and path of each of these sets.
    sets: Vec<(StorageId, String)>,
}

impl Keys {
    pub(super) async fn of(context: &Context, cluster: ClusterId, tenant: TenantId) -> Result<Self, Error> {
        let mut known = context.metadata.storage_list().await?;
        let query = BackupSetQuery { cluster: Some(cluster), ..BackupSetQuery::default() };
        let sets = context.metadata.backup_set_list(&query, Slice { offset: 0, limit: SETS_SEEN }).await?;
        for id in sets.items.iter().map(|set| set.storage).collect::<BTreeSet<StorageId>>() {
            if !known.iter().any(|storage| storage.id == id)
                && let Some(storage) = context.metadata.storage_get(id).await?
            {
                known.push(storage);
            }
        }
        let own = |set: &&model::backup_set::BackupSet| {
            set.tenant == tenant && set.method == BackupMethod::Physical
        };
        let used = sets.items.iter().filter(own).map(|set| set.storage).collect();
        let sets = sets.items.iter().filter(own).map(|set| (set.storage, set.path.clone())).collect();
        Ok(Self { known, used, sets })
    }

    /// Finds the directory of a set of 2.2.77 or 3.x, whose views show no paths: the path that Lifeboat recorded,
    /// otherwise the cluster's current backup destination.
    ///
    /// # Errors
    /// If neither is known, or as [`Self::place`].
    pub(super) fn place_of_3(&self, set: i64, in_use: &[String]) -> Result<Place, Problem> {
        let name = format!("backup_set_{set}_");
        let named = |path: &str| match path.rsplit_once('/') {
            Some((root, last)) => last.starts_with(&name).then(|| root.to_owned()),
            None => path.starts_with(&name).then(String::new),
        };
        let taken = self.sets.iter().find_map(|(storage, path)| Some((*storage, named(path)?)));
        if let Some((storage, root)) = taken {
            let base = self.known.iter().find(|known| known.id == storage);
            if root.contains("://") {
                return self.place(&root);
            }
            if let Some(base) = base.filter(|_| root.is_empty()) {
                return Ok(Place { storage: Some(storage), uri: address::shown(&base.location) });
            }
        }
        match in_use.iter().find(|address| !address.is_empty()) {
            Some(address) => self.place(address),
            None => {
                Err(Problem::refused(codes::STORAGE_INACCESSIBLE, "recovery-place-unknown").with("set", set))
            }
        }
    }

    /// Finds the storage configuration with the keys of a backup directory; file directories need none.
    ///
    /// # Errors
    /// If no storage contains the address, or several on different hosts do and no backup shows which one is right.
    pub(super) fn place(&self, root: &str) -> Result<Place, Problem> {
        if root.starts_with("file://") {
            return Ok(Place { storage: None, uri: root.to_owned() });
        }
        let holds = |storage: &&Storage| {
            let base = address::shown(&storage.location);
            root.strip_prefix(&base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let mut found: Vec<&Storage> = self.known.iter().filter(holds).collect();
        if found.iter().any(|storage| self.used.contains(&storage.id)) {
            found.retain(|storage| self.used.contains(&storage.id));
        }
        let longest = found.iter().map(|storage| storage.location.path.len()).max().unwrap_or_default();
        found.retain(|storage| storage.location.path.len() == longest);
        let refused = |id| Problem::refused(codes::STORAGE_INACCESSIBLE, id).with("address", root);
        let Some(last) = found.last() else { return Err(refused("recovery-storage-unknown")) };
        let host = |storage: &Storage| (storage.location.kind, storage.location.endpoint.clone());
        if found.iter().any(|storage| host(storage) != host(last)) {
            let name =
                |storage: &&Storage| storage.name.clone().unwrap_or_else(|| storage.location.to_string());
            let names: Vec<String> = found.iter().map(name).collect();
            return Err(refused("recovery-storage-ambiguous").with("storages", names.join(", ")));
        }
        Ok(Place { storage: Some(last.id), uri: root.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use model::storage::{StorageLocation, StorageType};
    use model::time::Timestamp;

    use super::{Keys, Storage, StorageId};

    fn storage(id: i64, kind: StorageType, path: &str, endpoint: &str) -> Storage {
        let location = StorageLocation {
            kind,
            path: path.into(),
            endpoint: Some(endpoint.into()),
            access_key_id: Some("key".into()),
            app_id: None,
        };
        Storage { id: StorageId(id), name: Some(format!("s{id}")), location, created: Timestamp(0) }
    }

    #[test]
    fn a_set_of_3_is_looked_for_where_it_was_put_and_else_where_the_cluster_backs_up_to() {
        let known = vec![
            storage(1, StorageType::Oss, "ob/old", "https://a"),
            storage(2, StorageType::Oss, "ob/new", "https://a"),
        ];
        let sets = vec![
            (StorageId(1), "backup_set_1_full".to_owned()),
            (StorageId(2), "backup_set_12_inc".to_owned()),
            (StorageId(2), "oss://ob/old/backup_set_3_full".to_owned()),
        ];
        let keys = Keys { known, used: Default::default(), sets };
        let in_use = ["".to_owned(), "oss://ob/new".to_owned()];
        let cases = [
            (1, &in_use[..], Ok((1, "oss://ob/old"))),
            (12, &[], Ok((2, "oss://ob/new"))),
            (3, &[], Ok((1, "oss://ob/old"))),
            (2, &in_use, Ok((2, "oss://ob/new"))), // Lifeboat has no record of it
            (2, &in_use[..1], Err("recovery-place-unknown")),
        ];
        for (set, in_use, expected) in cases {
            let found = keys.place_of_3(set, in_use);
            let found = found.map(|place| (place.storage.map_or(0, |id| id.0), place.uri));
            let expected = expected.map(|(storage, uri)| (storage, uri.to_owned()));
            assert_eq!(found.map_err(|problem| problem.text.id), expected.map_err(Into::into), "{set}");
        }
    }

    #[test]
    fn keys_of_another_host_are_never_taken_by_chance() {
        use StorageType::{Obs, S3};
        let (here, there) =
            (storage(1, S3, "ob/backup", "https://a"), storage(2, S3, "ob/backup", "https://b"));
        let obs = storage(3, Obs, "ob/backup", "https://a");
        let above = storage(4, S3, "ob", "https://c");
        let root = "s3://ob/backup/obcluster/1/1002/data";
        let cases = [
            (vec![here.clone()], vec![], Ok(1)),
            (vec![here.clone(), above.clone()], vec![], Ok(1)),
            (vec![here.clone(), above.clone()], vec![4], Ok(4)),
            (vec![here.clone(), there.clone()], vec![1], Ok(1)),
            (vec![here.clone(), there.clone()], vec![2], Ok(2)),
            (vec![here.clone(), there.clone()], vec![], Err("recovery-storage-ambiguous")),
            (vec![here.clone(), there], vec![1, 2], Err("recovery-storage-ambiguous")),
            (vec![here.clone(), obs], vec![], Err("recovery-storage-ambiguous")),
            (vec![here.clone(), storage(5, S3, "ob/backup", "https://a")], vec![], Ok(5)),
            (vec![storage(6, S3, "ob/back", "https://a")], vec![], Err("recovery-storage-unknown")),
        ];
        for (known, used, expected) in cases {
            let used = used.into_iter().map(StorageId).collect();
            let keys = Keys { known, used, sets: Vec::new() };
            let found = keys.place(root).map(|place| place.storage.map_or(0, |id| id.0));
            assert_eq!(
                found.map_err(|problem| problem.text.id),
                expected.map_err(Into::into),
                "{:?}",
                keys.known
            );
        }
    }
}
