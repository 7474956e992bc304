//! `lifeboat restore window`: the recoverable periods of tenants, from a cluster or from the names in a storage.

use std::time::Duration;

use model::size;
use model::text::Text;

use crate::cli::names::{self, cluster, short, storage};
use crate::cli::reach::Reach;
use crate::failure::Failure;
use crate::language::words_of;
use crate::rows::{
    GapRow, IntervalRow, NamesWindowRow, StorageWindowsRow, TenantFolderRow, TenantWindowRow, read, read_all,
};
use crate::screen::Screen;

/// Shows the recoverable periods of tenants.
pub(super) async fn of_cluster(reach: &Reach, name: &str, tenant: Option<&str>) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let cluster = cluster(&client, name).await?;
    let path = match tenant {
        Some(name) => {
            let id = names::tenant(&client, &cluster, Some(name)).await?;
            format!("/ob/clusters/{}/tenants/{id}/backup/info", cluster.id)
        }
        None => format!("/ob/clusters/{}/backup/info", cluster.id),
    };
    let data = client.get(&path, &[]).await?;
    let tenants: Vec<TenantWindowRow> = read_all(data["tenants"].as_array().map_or(&[], Vec::as_slice))?;
    screen.show(&data, |screen| {
        if tenants.is_empty() {
            screen.say(&Text::new("cli-nothing-recoverable").with("cluster", name));
        }
        let rows: Vec<Vec<String>> = tenants.iter().flat_map(rows).collect();
        if !rows.is_empty() {
            screen.table(&["TENANT", "FROM", "UNTIL", "NOTE"], &rows);
        }
    });
    Ok(())
}

/// Shows the tenants that have physical backups in a storage, or the presumable periods of one of them.
pub(super) async fn in_storage(
    reach: &Reach,
    name: &str,
    folder: Option<&str>,
    zone: Option<&str>,
) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let id = storage(&client, name).await?.storage_id;
    let given = [("folder", folder), ("zone", zone)];
    let query: Vec<_> = given.into_iter().filter_map(|(key, value)| Some((key, value?.to_owned()))).collect();
    let data = client.get(&format!("/backup/storages/{id}/restore/info"), &query).await?;
    let found: StorageWindowsRow = read(&data)?;
    screen.show(&data, |screen| match &found.recoverable {
        Some(window) => show_names(screen, folder.unwrap_or_default(), window),
        None if found.tenants.is_empty() => {
            screen.say(&Text::new("cli-storage-without-tenants").with("storage", name));
        }
        None => {
            let row = |tenant: &TenantFolderRow| {
                let ids = [tenant.backup_ob_cluster_id, tenant.backup_ob_tenant_id].map(|id| id.to_string());
                let [cluster, id] = ids;
                vec![tenant.folder.clone(), tenant.backup_cluster_name.clone(), cluster, id]
            };
            let rows: Vec<Vec<String>> = found.tenants.iter().map(row).collect();
            screen.table(&["FOLDER", "CLUSTER", "CLUSTER ID", "TENANT ID"], &rows);
        }
    });
    Ok(())
}

fn show_names(screen: Screen, folder: &str, window: &NamesWindowRow) {
    let rows = spans(folder, &window.intervals, &window.gaps, None);
    screen.table(&["TENANT", "FROM", "UNTIL", "NOTE"], &rows);
    let sets: Vec<String> = window.sets.iter().map(|set| set.backup_set_id.to_string()).collect();
    screen.say(&Text::new("cli-window-estimated").with("zone", &window.zone).with("sets", sets.join(", ")));
    if !window.unread.is_empty() {
        screen.say(&Text::new("cli-window-unread").with("names", window.unread.join(", ")));
    }
}

fn rows(tenant: &TenantWindowRow) -> Vec<Vec<String>> {
    spans(&tenant.tenant_name, &tenant.intervals, &tenant.gaps, tenant.loss_seconds)
}

/// Returns one row for each interval and each gap, by time.
fn spans(name: &str, intervals: &[IntervalRow], gaps: &[GapRow], loss_s: Option<u64>) -> Vec<Vec<String>> {
    let last = intervals.len().saturating_sub(1);
    let loss = loss_s.map(|seconds| size::span(Duration::from_secs(seconds)));
    let intervals = intervals.iter().enumerate().map(|(place, interval)| {
        let unproven = (!interval.proven).then(|| words_of(&Text::new("cli-window-unproven")));
        let loss = loss.as_ref().filter(|_| place == last);
        let loss = loss.map(|loss| words_of(&Text::new("cli-window-loss").with("loss", loss)));
        let note = unproven.into_iter().chain(loss).collect::<Vec<_>>().join("; ");
        (interval.start_time.clone(), interval.end_time.clone(), note)
    });
    let gaps = gaps.iter().map(|gap| {
        let note = words_of(&Text::new("cli-window-gap").with("reason", &gap.message));
        (gap.after_time.clone(), gap.before_time.clone(), note)
    });
    let mut all: Vec<_> = intervals.chain(gaps).collect();
    all.sort();
    let row = |(from, until, note): (String, String, String)| {
        vec![name.to_owned(), short(&from), short(&until), note]
    };
    all.into_iter().map(row).collect()
}
