//! Recorded alarms: what the watcher saves, and what people do about them.
//!
//! Each server records what it sees. The records are read again in the transaction that changes them, and
//! [`model::alarm::kept::decide`] ignores data that are older than a record, so a problem is raised once, whatever the
//! number of servers, and a crash leaves each change with its notices, or nothing of it.

use std::collections::{BTreeMap, BTreeSet};

use model::alarm::kept::{
    AlarmKey, AlarmRecord, Observation, RecordChange, Silence, check_comment, check_silence, decide,
};
use model::alarm::{Alarm, AlarmKind};
use model::id::AlarmId;
use model::problem::codes;
use model::storage::StorageType;
use model::user::Permission;
use model::{Problem, Timestamp};

use super::derived::Derived;
use super::listed::ListedAlarm;
use crate::actor::Actor;
use crate::channels;
use crate::context::{Attempt, Control};
use crate::error::Error;

/// How many old alarms are deleted in one transaction, so that other writers do not wait long.
const FORGET_AT_ONCE: u32 = 500;

/// How often, at most, one run of the watcher deletes that many.
const FORGET_ROUNDS: u32 = 100;

/// How many alarms change in one transaction, so that other writers do not wait long.
const RECORD_AT_ONCE: usize = 200;

/// Records what this server sees, in small transactions: each alarm with its notices. What is not recorded when one
/// fails is recorded by the next run.
pub(crate) async fn record(control: &Control, derived: Derived) -> Result<(), Error> {
    let oldest = derived.observation.oldest();
    let known = control.metadata().alarm_list_for(oldest).await?;
    let mut seen = with_rooms(control, derived, &known.records).await?;
    leave(&mut seen, &known.unreadable);
    let changes = decide(&seen, &known.records, control.metadata().now().await?);
    // The usual answer is that nothing has changed: it takes no turn to write.
    let problems = of_changes(&changes, &known.records);
    let mut alarms: BTreeMap<AlarmKey, Alarm> = BTreeMap::new();
    for alarm in std::mem::take(&mut seen.alarms) {
        alarms.entry(AlarmKey::of(&alarm)).or_insert(alarm);
    }
    for part in problems.chunks(RECORD_AT_ONCE) {
        seen.alarms = part.iter().filter_map(|problem| alarms.remove(problem)).collect();
        record_part(control, &mut seen, part, oldest).await?;
    }
    Ok(())
}

/// Records what is seen of these problems, with their notices.
async fn record_part(
    control: &Control,
    seen: &mut Observation,
    problems: &[AlarmKey],
    oldest: Timestamp,
) -> Result<(), Error> {
    let mut writer = control.metadata().begin().await?;
    let now = writer.now().await?;
    let known = writer.alarms_of_now(problems, oldest).await?;
    leave(seen, &known.unreadable);
    let mut applied = Vec::new();
    for change in decide(seen, &known.records, now) {
        let id = writer.alarm_apply(&change).await?;
        applied.push((change, id));
    }
    channels::enqueue(&mut writer, &applied).await?;
    Ok(writer.commit().await?)
}

/// Leaves out the problems whose open alarms cannot be read: they are recorded already.
fn leave(seen: &mut Observation, unreadable: &BTreeSet<String>) {
    if !unreadable.is_empty() {
        seen.alarms.retain(|alarm| !unreadable.contains(&AlarmKey::of(alarm).to_string()));
    }
}

/// Returns the problems that these changes are about.
fn of_changes(changes: &[RecordChange], records: &[AlarmRecord]) -> Vec<AlarmKey> {
    let keys: BTreeMap<AlarmId, AlarmKey> =
        records.iter().map(|record| (record.id, AlarmKey::of(&record.alarm))).collect();
    let key = |change: &RecordChange| match change {
        RecordChange::Raise { alarm, .. } => Some(AlarmKey::of(alarm)),
        RecordChange::Change { id, .. }
        | RecordChange::Touch { id, .. }
        | RecordChange::Recover { id, .. } => keys.get(id).cloned(),
    };
    changes.iter().filter_map(key).collect()
}

/// Returns the observation. An object store never has a capacity: its strategies are not among those whose storage
/// could not be measured. Storages are read only if a strategy of an open alarm needs it.
pub(super) async fn with_rooms(
    control: &Control,
    derived: Derived,
    known: &[AlarmRecord],
) -> Result<Observation, Error> {
    let Derived { observation: mut seen, unmeasured } = derived;
    let mut wanted = BTreeMap::new();
    for record in known.iter().filter(|record| record.recovered.is_none()) {
        let key = AlarmKey::of(&record.alarm);
        let Some(cluster) = record.alarm.subject.cluster() else { continue };
        if key.kind == AlarmKind::StorageCapacity
            && let Some(storage) = unmeasured.get(&(cluster, key.tenant))
        {
            wanted.insert((cluster, key.tenant), *storage);
        }
    }
    if !wanted.is_empty() {
        let storages = control.context.storages_by_id().await?;
        for (scope, storage) in wanted {
            if storages.get(&storage).is_some_and(|storage| storage.location.kind != StorageType::File) {
                seen.unmeasured.remove(&scope);
            }
        }
    }
    Ok(seen)
}

/// Deletes alarms that recovered long ago, in small transactions.
pub(crate) async fn forget(control: &Control) -> Result<(), Error> {
    for _ in 0..FORGET_ROUNDS {
        let mut writer = control.metadata().begin().await?;
        let deleted = writer.alarm_forget(FORGET_AT_ONCE).await?;
        writer.commit().await?;
        if deleted < u64::from(FORGET_AT_ONCE) {
            break;
        }
    }
    Ok(())
}

/// Records that the actor takes care of a current alarm. A later acknowledgement replaces an earlier one.
///
/// # Errors
/// When the actor lacks the permission, the comment is too long, there is no such alarm, or it has recovered.
pub async fn acknowledge(
    control: &Control,
    actor: &Actor,
    id: AlarmId,
    comment: &str,
) -> Result<ListedAlarm, Error> {
    let attempt = Attempt::new(actor, "alarm-acknowledge", format!("alarm/{id}"));
    let work = async {
        actor.must(Permission::Backup)?;
        let comment = check_comment(comment)?;
        let mut writer = control.metadata().begin().await?;
        let now = writer.now().await?;
        current(writer.alarm_now(id).await?, id)?;
        writer.alarm_acknowledge(id, &actor.name, &comment).await?;
        let record = current(writer.alarm_now(id).await?, id)?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        Ok(ListedAlarm::of(record, now))
    };
    attempt.watch(&control.context, work).await
}

/// Silences a current alarm until a time. A later silence replaces an earlier one.
///
/// # Errors
/// When the actor lacks the permission, the reason or the end is malformed, there is no such alarm, or it has
/// recovered.
pub async fn silence(
    control: &Control,
    actor: &Actor,
    id: AlarmId,
    until: Timestamp,
    reason: &str,
) -> Result<ListedAlarm, Error> {
    let attempt = Attempt::new(actor, "alarm-silence", format!("alarm/{id}"));
    let work = async {
        actor.must(Permission::Backup)?;
        let mut writer = control.metadata().begin().await?;
        let now = writer.now().await?;
        let reason = check_silence(reason, until, now)?;
        let mut record = current(writer.alarm_now(id).await?, id)?;
        let silence = Silence { since: now, until, by: actor.name.clone(), reason };
        writer.alarm_silence(&record, Some(&silence)).await?;
        writer.notices_due_at(&AlarmKey::of(&record.alarm), until).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        record.silence = Some(silence);
        Ok(ListedAlarm::of(record, now))
    };
    attempt.watch(&control.context, work).await
}

/// Ends the silence of an alarm. A recovered one may be silenced too: the silence is for its return.
///
/// # Errors
/// When the actor lacks the permission, there is no such alarm, or it is not silenced.
pub async fn unsilence(control: &Control, actor: &Actor, id: AlarmId) -> Result<ListedAlarm, Error> {
    let attempt = Attempt::new(actor, "alarm-unsilence", format!("alarm/{id}"));
    let work = async {
        actor.must(Permission::Backup)?;
        let mut writer = control.metadata().begin().await?;
        let now = writer.now().await?;
        let mut record = known(writer.alarm_now(id).await?, id)?;
        if !record.is_silenced(now) {
            return Err(Problem::refused(codes::CONFLICT, "alarm-not-silenced").with("alarm", id).into());
        }
        writer.alarm_silence(&record, None).await?;
        writer.notices_due_at(&AlarmKey::of(&record.alarm), now).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        record.silence = None;
        Ok(ListedAlarm::of(record, now))
    };
    attempt.watch(&control.context, work).await
}

fn known(found: Option<AlarmRecord>, id: AlarmId) -> Result<AlarmRecord, Problem> {
    found.ok_or_else(|| Problem::not_found("alarm-unknown").with("alarm", id))
}

fn current(found: Option<AlarmRecord>, id: AlarmId) -> Result<AlarmRecord, Problem> {
    let record = known(found, id)?;
    match record.recovered {
        None => Ok(record),
        Some(_) => Err(Problem::refused(codes::CONFLICT, "alarm-recovered").with("alarm", id)),
    }
}

#[cfg(test)]
mod tests;
