//! Writes the notices of changed alarms into the outbox, in the transaction of the change.

use metadata::Transaction;
use metadata::notices::NewNotice;
use model::alarm::kept::{AlarmRecord, RecordChange};
use model::channel::{Channel, NoticeEvent, NoticeStatus, message};
use model::id::AlarmId;

use crate::error::Error;

/// Writes the notices of these changes. The notice of a silenced alarm waits for the end of the silence; one whose
/// alarm recovers before it was sent is given up.
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
    for channel in channels.iter().filter(|channel| channel.rule.wants(level, cluster)) {
        let body = message(NoticeEvent::Raised, record, channel.language);
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
        if notice.status == NoticeStatus::Waiting && notice.tries == 0 {
            writer.notice_skip(notice.id).await?;
            continue;
        }
        let channel = channels.iter().find(|channel| channel.id == notice.channel);
        let Some(channel) = channel.filter(|channel| channel.rule.recovered) else { continue };
        let (event, body) =
            (NoticeEvent::Recovered, message(NoticeEvent::Recovered, record, channel.language));
        writer
            .notice_insert(&NewNotice { channel: channel.id, alarm: Some(record.id), event, body, due })
            .await?;
    }
    Ok(())
}
