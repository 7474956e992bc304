//! Writes the notices of changed alarms into the outbox, in the transaction of the change.

use metadata::Transaction;
use metadata::notices::NewNotice;
use model::alarm::kept::{AlarmRecord, RecordChange};
use model::channel::{Channel, NoticeEvent, NoticeStatus, message};
use model::id::AlarmId;

use crate::error::Error;

/// Writes the notices of these changes. The notice of a silenced alarm waits for the end of the silence; one whose
/// alarm recovers before it was sent is given up. A channel that was not told of an alarm is not told of its end.
pub(crate) async fn enqueue(
    writer: &mut Transaction,
    changes: &[(RecordChange, AlarmId)],
) -> Result<(), Error> {
    let is_news =
        |change: &RecordChange| matches!(change, RecordChange::Raise { .. } | RecordChange::Recover { .. });
    if !changes.iter().any(|(change, _)| is_news(change)) {
        return Ok(());
    }
    let channels: Vec<Channel> =
        writer.channels_now().await?.into_iter().filter(|channel| channel.enabled).collect();
    for (change, id) in changes.iter().filter(|(change, _)| is_news(change)) {
        let Some(record) = writer.alarm_now(*id).await? else { continue };
        match change {
            RecordChange::Raise { .. } => raised(writer, &channels, &record).await?,
            _ => recovered(writer, &channels, &record).await?,
        }
    }
    Ok(())
}

async fn raised(writer: &mut Transaction, channels: &[Channel], record: &AlarmRecord) -> Result<(), Error> {
    let now = writer.now().await?;
    let due = record.silence.as_ref().map_or(now, |silence| silence.until.max(now));
    let (level, cluster) = (record.alarm.kind.level(), record.alarm.subject.cluster());
    // A channel that delivers nothing does not report that itself.
    let is_itself = |channel: &Channel| record.alarm.subject.channel() == Some(channel.id);
    let wanted = channels.iter().filter(|channel| channel.rule.wants(level, cluster) && !is_itself(channel));
    for channel in wanted {
        let body = message(&channel.receiver, NoticeEvent::Raised, record, channel.language);
        let event = NoticeEvent::Raised;
        writer
            .notice_insert(&NewNotice { channel: channel.id, alarm: Some(record.id), event, body, due })
            .await?;
    }
    Ok(())
}

async fn recovered(
    writer: &mut Transaction,
    channels: &[Channel],
    record: &AlarmRecord,
) -> Result<(), Error> {
    let due = writer.now().await?;
    for notice in writer.notices_raised_now(record.id).await? {
        match notice.status {
            NoticeStatus::Waiting if notice.tries == 0 => {
                writer.notice_skip(notice.id).await?;
                continue;
            }
            // It may have arrived, or is still tried: the notice of the recovery waits for its fate.
            NoticeStatus::Waiting | NoticeStatus::Delivered => {}
            NoticeStatus::Failed | NoticeStatus::Skipped => continue,
        }
        let channel = channels.iter().find(|channel| channel.id == notice.channel);
        let Some(channel) = channel.filter(|channel| channel.rule.recovered) else { continue };
        let event = NoticeEvent::Recovered;
        let body = message(&channel.receiver, event, record, channel.language);
        writer
            .notice_insert(&NewNotice { channel: channel.id, alarm: Some(record.id), event, body, due })
            .await?;
    }
    Ok(())
}
