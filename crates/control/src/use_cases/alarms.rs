//! Alarms: the current problems, what people did about them, and their history.
//!
//! The current problems are derived from what this server knows, so a list is never older than its request. The
//! watcher of alarms records them, with all servers of one metadata database ([`records`]).

mod derived;
mod listed;
mod of_strategies;
mod records;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

pub use metadata::alarms::AlarmHistoryQuery;
use model::Problem;
use model::alarm::kept::{AlarmKey, AlarmRecord, Handling};
use model::alarm::{self, AlarmChange, AlarmLevel};
use model::id::{AlarmId, ClusterId};
use model::user::Permission;
use tokio::sync::watch;

use self::derived::Derived;
pub use self::listed::ListedAlarm;
pub use self::records::{acknowledge, silence, unsilence};
pub(crate) use self::records::{forget, record};
use crate::actor::Actor;
use crate::context::{Control, Seen};
use crate::error::Error;
use crate::page::{Page, PageAsk};

/// Which current alarms are wanted; absent fields do not limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AlarmFilter {
    /// Of this cluster.
    pub cluster: Option<ClusterId>,
    /// Of this level.
    pub level: Option<AlarmLevel>,
    /// In this state.
    pub handling: Option<Handling>,
}

/// Returns what is wrong now, the worst first. A recorded alarm that cannot be checked now is included.
///
/// # Errors
/// When the actor may not read it, when there is no such cluster, or the metadata fail.
pub async fn list(
    control: &Control,
    actor: &Actor,
    filter: AlarmFilter,
    page: PageAsk,
) -> Result<Page<ListedAlarm>, Error> {
    actor.must(Permission::Read)?;
    let mut alarms = current(control, filter.cluster).await?;
    alarms.retain(|listed| {
        filter.level.is_none_or(|level| listed.alarm.kind.level() == level)
            && filter.handling.is_none_or(|handling| listed.handling == handling)
    });
    Ok(page.of(alarms))
}

/// For tests: returns only the problems.
#[cfg(test)]
pub(crate) async fn problems(
    control: &Control,
    actor: &Actor,
    cluster: Option<ClusterId>,
    page: PageAsk,
) -> Result<Page<alarm::Alarm>, Error> {
    let page = list(control, actor, AlarmFilter { cluster, ..AlarmFilter::default() }, page).await?;
    let Page { contents, number, size, total_elements } = page;
    let contents = contents.into_iter().map(|listed| listed.alarm).collect();
    Ok(Page { contents, number, size, total_elements })
}

/// Returns recovered alarms, those that recovered last first.
///
/// # Errors
/// When the actor may not read it, or the metadata fail.
pub async fn history(
    control: &Control,
    actor: &Actor,
    query: AlarmHistoryQuery,
    page: PageAsk,
) -> Result<Page<ListedAlarm>, Error> {
    actor.must(Permission::Read)?;
    let found = page.filled(control.metadata().alarm_history(query, page.slice()).await?);
    let Page { contents, number, size, total_elements } = found;
    let now = control.metadata().now().await?;
    let contents = contents.into_iter().map(|record| ListedAlarm::of(record, now)).collect();
    Ok(Page { contents, number, size, total_elements })
}

/// Returns a recorded alarm, current or recovered.
///
/// # Errors
/// When the actor may not read it, when there is no such alarm, or the metadata fail.
pub async fn get(control: &Control, actor: &Actor, id: AlarmId) -> Result<ListedAlarm, Error> {
    actor.must(Permission::Read)?;
    let now = control.metadata().now().await?;
    let found = control.metadata().alarm_get(id).await?;
    let record = found.ok_or_else(|| Problem::not_found("alarm-unknown").with("alarm", id))?;
    Ok(ListedAlarm::of(record, now))
}

/// Reads the current alarms with their records.
async fn current(control: &Control, cluster: Option<ClusterId>) -> Result<Vec<ListedAlarm>, Error> {
    let derived = derived::observe(control, cluster).await?;
    let mut records = control.metadata().alarm_list_open().await?;
    records.retain(|record| cluster.is_none() || record.alarm.subject.cluster() == cluster);
    let seen = records::with_rooms(control, derived, &records).await?;
    let now = control.metadata().now().await?;
    let records: BTreeMap<AlarmKey, AlarmRecord> =
        records.into_iter().map(|record| (AlarmKey::of(&record.alarm), record)).collect();
    let mut alarms: Vec<ListedAlarm> = Vec::with_capacity(seen.alarms.len());
    let mut present = BTreeSet::new();
    for alarm in &seen.alarms {
        let key = AlarmKey::of(alarm);
        // Several problems may have one record.
        let record = records.get(&key).cloned();
        present.insert(key);
        let handling = record.as_ref().map_or(Handling::New, |record| record.handling(now));
        alarms.push(ListedAlarm { alarm: alarm.clone(), record, handling });
    }
    let is_unknown =
        |(key, _): &(AlarmKey, AlarmRecord)| !present.contains(key) && seen.checked(key).is_none();
    let unknown = records.into_iter().filter(is_unknown);
    alarms.extend(unknown.map(|(_, record)| ListedAlarm::of(record, now)));
    alarms.sort_by_cached_key(|ListedAlarm { alarm, .. }| {
        (alarm.kind.level(), alarm.kind, alarm.subject.name().to_owned(), alarm.tenant.clone())
    });
    Ok(alarms)
}

/// Reads what is wrong now with any cluster, as this server sees it.
pub(crate) async fn seen(control: &Control) -> Result<Seen, Error> {
    let number = control.context.alarms_read.fetch_add(1, Ordering::Relaxed) + 1;
    Ok(Seen { number, alarms: derived::find(control, None).await?.alarms, basis: None })
}

/// Reads what is wrong now with any cluster: for followers, and for the records.
pub(crate) async fn observe(control: &Control) -> Result<(Seen, Derived), Error> {
    let number = control.context.alarms_read.fetch_add(1, Ordering::Relaxed) + 1;
    let derived = derived::observe(control, None).await?;
    let alarms = derived.observation.alarms.clone();
    Ok((Seen { number, alarms, basis: None }, derived))
}

/// Follows how alarms come and go, as this server sees them.
pub struct Changes {
    newest: watch::Receiver<Seen>,
    known: Seen,
    cluster: Option<ClusterId>,
}

/// Starts to follow the alarms of one cluster or of all; existing alarms are not reported.
///
/// # Errors
/// When the actor may not read them, or the metadata fail.
pub async fn changes(control: &Control, actor: &Actor, cluster: Option<ClusterId>) -> Result<Changes, Error> {
    actor.must(Permission::Read)?;
    let newest = control.alarms().subscribe();
    Ok(Changes { newest, known: seen(control).await?, cluster })
}

impl Changes {
    /// Waits until alarms are raised, closed or changed, for as long as the server runs. Nothing is lost when the
    /// wait is cancelled and started again.
    pub async fn next(&mut self) -> Option<Vec<AlarmChange>> {
        loop {
            self.newest.changed().await.ok()?;
            let newest = self.newest.borrow_and_update();
            if newest.number < self.known.number {
                continue;
            }
            let mut changes = alarm::changes(&self.known.alarms, &newest.alarms);
            self.known = Seen { number: newest.number, alarms: newest.alarms.clone(), basis: None };
            drop(newest);
            changes.retain(|change| self.cluster.is_none() || self.cluster == change.cluster);
            if !changes.is_empty() {
                return Some(changes);
            }
        }
    }
}
