//! Recorded alarms: what the watcher saves, and what people do about them.
//!
//! Each server records what it sees. The records are read again in the transaction that changes them, and
//! [`model::alarm::kept::decide`] ignores data that are older than a record, so a problem is raised once, whatever the
//! number of servers, and a crash leaves all changes or none.

use model::alarm::AlarmKind;
use model::alarm::kept::{AlarmKey, AlarmRecord, Observation, Silence, check_comment, check_silence, decide};
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

/// Records what this server sees.
pub(crate) async fn record(control: &Control, derived: Derived) -> Result<(), Error> {
    let oldest = derived.observation.oldest();
    let known = control.metadata().alarm_list_for(oldest).await?;
    let seen = with_rooms(control, derived, &known).await?;
    // The usual answer is that nothing has changed: it takes no turn to write.
    if decide(&seen, &known, control.metadata().now().await?).is_empty() {
        return Ok(());
    }
    let mut writer = control.metadata().begin().await?;
    let now = writer.now().await?;
    let changes = decide(&seen, &writer.alarms_for_now(oldest).await?, now);
    let mut applied = Vec::with_capacity(changes.len());
    for change in changes {
        let id = writer.alarm_apply(&change).await?;
        applied.push((change, id));
    }
    channels::enqueue(&mut writer, &applied).await?;
    Ok(writer.commit().await?)
}

/// Returns the observation. An object store never has a capacity: its strategies are not among those whose storage
/// could not be measured. Only the strategies of an open alarm are looked up.
pub(super) async fn with_rooms(
    control: &Control,
    derived: Derived,
    known: &[AlarmRecord],
) -> Result<Observation, Error> {
    let Derived { observation: mut seen, unmeasured } = derived;
    for record in known.iter().filter(|record| record.recovered.is_none()) {
        let key = AlarmKey::of(&record.alarm);
        let Some(cluster) = record.alarm.subject.cluster() else { continue };
        let Some(storage) = unmeasured.get(&(cluster, key.tenant)) else { continue };
        if key.kind == AlarmKind::StorageCapacity
            && control.context.storage(*storage).await?.location.kind != StorageType::File
        {
            seen.unmeasured.remove(&(cluster, key.tenant));
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
        writer.notices_due_at(id, until).await?;
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
        writer.notices_due_at(id, now).await?;
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
