//! Recorded alarms. [`model::alarm::kept::decide`] decides how they change.

use std::collections::BTreeSet;
use std::time::Duration;

use model::Timestamp;
use model::alarm::kept::{Acknowledgement, AlarmKey, AlarmRecord, RecordChange, Silence};
use model::alarm::{Alarm, AlarmKind, AlarmLevel};
use model::id::{AlarmId, ClusterId, TaskId, TenantId};

use crate::database::{Connection, Listing, Slice, Transaction, exactly_one};
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Row, Statement, json, readable, statement};

const NOUN: &str = "alarm";

/// How long recovered alarms are kept.
pub const KEPT: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// A filter for recovered alarms; absent fields do not limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AlarmHistoryQuery {
    /// Of this cluster.
    pub cluster: Option<ClusterId>,
    /// Of this level.
    pub level: Option<AlarmLevel>,
}

impl AlarmHistoryQuery {
    fn narrow(self, statement: Statement) -> Statement {
        statement
            .push(" FROM alarms WHERE recovered_at IS NOT NULL")
            .and_if("cluster_id = ?", self.cluster.map(|id| id.0))
            .and_if("level = ?", self.level.map(|level| i64::from(level.number())))
    }
}

/// Recorded alarms.
#[derive(Debug, Default)]
pub struct KnownAlarms {
    /// Those that can be read.
    pub records: Vec<AlarmRecord>,
    /// The problems of the open ones that cannot be read, for example because a newer version recorded them. They must
    /// not be raised again.
    pub unreadable: BTreeSet<String>,
}

impl Metadata {
    /// Returns the recorded alarms that count for an observation whose oldest data are from this time: those that are
    /// open or silenced, and those that recovered since.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alarm_list_for(&self, oldest: Timestamp) -> Result<KnownAlarms, Error> {
        known(&mut self.read().await?, oldest, &[]).await
    }

    /// Returns the open alarms.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alarm_list_open(&self) -> Result<Vec<AlarmRecord>, Error> {
        let list =
            statement("list open alarms", "SELECT * FROM alarms WHERE open_key IS NOT NULL ORDER BY id");
        Ok(readable(&self.read().await?.rows(list).await?, record))
    }

    /// Returns recovered alarms, those that recovered last first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alarm_history(
        &self,
        query: AlarmHistoryQuery,
        slice: Slice,
    ) -> Result<Listing<AlarmRecord>, Error> {
        let mut reader = self.read().await?;
        let count = query.narrow(statement("count recovered alarms", "SELECT COUNT(*) AS total"));
        let total = reader.count(count).await?;
        let list = query.narrow(statement("list recovered alarms", "SELECT *"));
        let list = slice.cut(list.push(" ORDER BY recovered_at DESC, id DESC"));
        let items = readable(&reader.rows(list).await?, record);
        Ok(Listing { items, total })
    }

    /// Returns a recorded alarm.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alarm_get(&self, id: AlarmId) -> Result<Option<AlarmRecord>, Error> {
        get(&mut self.read().await?, id).await
    }
}

impl Transaction {
    /// Returns the same as [`Metadata::alarm_list_for`] about these problems, as it is in this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alarms_of_now(
        &mut self,
        problems: &[AlarmKey],
        oldest: Timestamp,
    ) -> Result<KnownAlarms, Error> {
        match problems {
            [] => Ok(KnownAlarms::default()),
            problems => known(&mut self.connection, oldest, problems).await,
        }
    }

    /// Returns a recorded alarm, as it is in this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alarm_now(&mut self, id: AlarmId) -> Result<Option<AlarmRecord>, Error> {
        get(&mut self.connection, id).await
    }

    /// Records a change; returns the alarm.
    ///
    /// # Errors
    /// When the problem is already open, when there is no such alarm, or the database fails.
    pub async fn alarm_apply(&mut self, change: &RecordChange) -> Result<AlarmId, Error> {
        match change {
            RecordChange::Raise { alarm, seen, silence } => {
                self.alarm_insert(alarm, *seen, silence.as_ref()).await
            }
            RecordChange::Change { id, alarm, seen } => {
                let now = self.now().await?;
                let update = statement(
                    "record a changed alarm",
                    "UPDATE alarms SET subject = ?, tenant_name = ?, task_id = ?, since_at = ?, details = ?,
                     reason = ?, changed_at = ?, seen_at = ? WHERE id = ?",
                );
                let update = update.bind(json(&alarm.subject)).bind(tenant_name(alarm));
                let update = update.bind(alarm.task.map(|task| task.0)).bind(alarm.since);
                let update = update.bind(json(&alarm.text)).bind(alarm.reason.as_ref().map(json));
                self.one(update.bind(now).bind(*seen), *id).await
            }
            RecordChange::Touch { id, seen } => {
                let update = statement(
                    "record that an alarm still exists",
                    "UPDATE alarms SET seen_at = ? WHERE id = ?",
                );
                self.one(update.bind(*seen), *id).await
            }
            RecordChange::Recover { id, at } => {
                let update = statement(
                    "record that an alarm has recovered",
                    "UPDATE alarms SET open_key = NULL, recovered_at = ? WHERE id = ?",
                );
                self.one(update.bind(*at), *id).await
            }
        }
    }

    async fn one(&mut self, update: Statement, id: AlarmId) -> Result<AlarmId, Error> {
        exactly_one(self.connection.execute(update.bind(id.0)).await?, NOUN, id.0)?;
        Ok(id)
    }

    async fn alarm_insert(
        &mut self,
        alarm: &Alarm,
        seen: Timestamp,
        silence: Option<&Silence>,
    ) -> Result<AlarmId, Error> {
        let now = self.now().await?;
        let id = self.connection.take_numbers("alarms", 1).await?;
        let key = AlarmKey::of(alarm).to_string();
        let insert = statement(
            "record an alarm",
            "INSERT INTO alarms (id, alarm_key, open_key, kind, level, subject, cluster_id, tenant_id, tenant_name,
             task_id, since_at, details, reason, raised_at, changed_at, seen_at, silenced_at, silenced_until,
             silenced_by, silence_reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        );
        let insert = insert.bind(id).bind(&key).bind(&key).bind(alarm.kind.name());
        let insert = insert.bind(i64::from(alarm.kind.level().number())).bind(json(&alarm.subject));
        let insert = insert.bind(alarm.subject.cluster().map(|id| id.0));
        let insert = insert.bind(alarm.tenant.as_ref().map(|(id, _)| id.0)).bind(tenant_name(alarm));
        let insert = insert.bind(alarm.task.map(|task| task.0)).bind(alarm.since).bind(json(&alarm.text));
        let insert = insert.bind(alarm.reason.as_ref().map(json)).bind(now).bind(now).bind(seen);
        let insert = insert.bind(silence.map(|silence| silence.since));
        let insert = insert.bind(silence.map(|silence| silence.until));
        let insert =
            insert.bind(silence.map(|silence| &silence.by)).bind(silence.map(|silence| &silence.reason));
        let done = self.connection.execute(insert).await;
        done.map_err(|error| error.or_taken(NOUN, &key))?;
        Ok(AlarmId(id))
    }

    /// Records that an account takes care of an alarm, instead of another one if necessary.
    ///
    /// # Errors
    /// When there is no such alarm, or the database fails.
    pub async fn alarm_acknowledge(&mut self, id: AlarmId, by: &str, comment: &str) -> Result<(), Error> {
        let now = self.now().await?;
        let update = statement(
            "acknowledge an alarm",
            "UPDATE alarms SET acknowledged_at = ?, acknowledged_by = ?, acknowledge_comment = ? WHERE id = ?",
        );
        self.one(update.bind(now).bind(by).bind(comment), id).await.map(drop)
    }

    /// Replaces the silence of an alarm, and ends those that earlier alarms of the same problem have left.
    ///
    /// # Errors
    /// When there is no such alarm, or the database fails.
    pub async fn alarm_silence(
        &mut self,
        record: &AlarmRecord,
        silence: Option<&Silence>,
    ) -> Result<(), Error> {
        let end = statement(
            "end the silence of a problem",
            "UPDATE alarms SET silenced_at = NULL, silenced_until = NULL, silenced_by = NULL, silence_reason = NULL
             WHERE silenced_until > 0 AND alarm_key = ?",
        );
        self.connection.execute(end.bind(AlarmKey::of(&record.alarm).to_string())).await?;
        let Some(silence) = silence else { return Ok(()) };
        let update = statement(
            "silence an alarm",
            "UPDATE alarms SET silenced_at = ?, silenced_until = ?, silenced_by = ?, silence_reason = ? WHERE id = ?",
        );
        let update = update.bind(silence.since).bind(silence.until).bind(&silence.by).bind(&silence.reason);
        self.one(update, record.id).await.map(drop)
    }

    /// Deletes the alarms that recovered longer than [`KEPT`] ago, at most this many. Returns their number. Those whose
    /// silence has not ended stay.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alarm_forget(&mut self, most: u32) -> Result<u64, Error> {
        let now = self.now().await?;
        let until = Timestamp(now.0.saturating_sub(i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX)));
        let find = statement(
            "look for old alarms",
            "SELECT id FROM alarms WHERE recovered_at < ? AND (silenced_until IS NULL OR silenced_until <= ?) \
             ORDER BY recovered_at LIMIT ?",
        );
        let rows = self.connection.rows(find.bind(until).bind(now).bind(most)).await?;
        let ids = rows.iter().map(|row| row.integer("id")).collect::<Result<Vec<_>, _>>()?;
        if ids.is_empty() {
            return Ok(0);
        }
        let delete = statement("delete old alarms", "DELETE FROM alarms WHERE recovered_at IS NOT NULL");
        self.connection.execute(delete.and_one_of("id", ids)).await
    }
}

/// Reads the alarms that count for an observation, of these problems only if there are any.
async fn known(
    connection: &mut Connection,
    oldest: Timestamp,
    problems: &[AlarmKey],
) -> Result<KnownAlarms, Error> {
    let now = connection.now().await?;
    let list = statement(
        "list current alarms",
        "SELECT * FROM alarms WHERE (open_key IS NOT NULL OR recovered_at >= ? OR silenced_until > ?)",
    );
    let list = list.bind(oldest).bind(now).and_one_of("alarm_key", problems.iter().map(AlarmKey::to_string));
    let rows = connection.rows(list.push(" ORDER BY id")).await?;
    let records = readable(&rows, record);
    let mut unreadable = BTreeSet::new();
    if records.len() < rows.len() {
        let is_read = |id: i64| records.binary_search_by_key(&id, |record| record.id.0).is_ok();
        for row in &rows {
            if !is_read(row.integer("id")?) {
                unreadable.extend(row.text_or_none("open_key")?);
            }
        }
    }
    Ok(KnownAlarms { records, unreadable })
}

async fn get(connection: &mut Connection, id: AlarmId) -> Result<Option<AlarmRecord>, Error> {
    let get = statement("read an alarm", "SELECT * FROM alarms WHERE id = ?").bind(id.0);
    connection.row(get).await?.map(|row| record(&row)).transpose()
}

fn tenant_name(alarm: &Alarm) -> Option<&String> {
    alarm.tenant.as_ref().map(|(_, name)| name)
}

fn record(row: &Row) -> Result<AlarmRecord, Error> {
    let time = |column| Ok::<_, Error>(row.integer_or_none(column)?.map(Timestamp));
    let tenant = row.integer_or_none("tenant_id")?.map(TenantId).zip(row.text_or_none("tenant_name")?);
    let acknowledged = match time("acknowledged_at")? {
        None => None,
        Some(at) => Some(Acknowledgement {
            at,
            by: row.text("acknowledged_by")?,
            comment: row.text("acknowledge_comment")?,
        }),
    };
    let silence = match time("silenced_at")?.zip(time("silenced_until")?) {
        None => None,
        Some((since, until)) => {
            Some(Silence { since, until, by: row.text("silenced_by")?, reason: row.text("silence_reason")? })
        }
    };
    Ok(AlarmRecord {
        id: AlarmId(row.integer("id")?),
        alarm: Alarm {
            kind: kind(row)?,
            subject: row.json("subject")?,
            tenant,
            task: row.integer_or_none("task_id")?.map(TaskId),
            since: time("since_at")?,
            text: row.json("details")?,
            reason: row.json_or_none("reason")?,
        },
        raised: row.timestamp("raised_at")?,
        changed: row.timestamp("changed_at")?,
        seen: row.timestamp("seen_at")?,
        recovered: time("recovered_at")?,
        acknowledged,
        silence,
    })
}

fn kind(row: &Row) -> Result<AlarmKind, Error> {
    let name = row.text("kind")?;
    AlarmKind::of_name(&name).ok_or_else(|| {
        let cause = format!("no alarm is named `{name}`").into();
        Error::Unreadable { verb: row.verb, column: "kind", cause }
    })
}

#[cfg(test)]
mod tests {
    use model::Timestamp;
    use model::alarm::kept::{AlarmKey, RecordChange};
    use model::alarm::{Alarm, AlarmKind, Subject};
    use model::id::ClusterId;
    use model::text::Text;

    use super::AlarmHistoryQuery;
    use crate::database::Slice;
    use crate::open::Metadata;
    use crate::sql::statement;

    #[tokio::test]
    async fn a_row_of_a_newer_version_hides_no_other_and_its_problem_stays_known() {
        let directory = tempfile::tempdir().expect("a directory");
        let metadata = Metadata::open(directory.path()).await.expect("opens");
        let alarm = |cluster| Alarm {
            kind: AlarmKind::BaseBackupFail,
            subject: Subject::Cluster { id: ClusterId(cluster), name: "a".into(), ob_cluster: "b".into() },
            tenant: None,
            task: None,
            since: None,
            text: Text::new("alarm-backup-failed"),
            reason: None,
        };
        let mut writer = metadata.begin().await.expect("begins");
        let mut ids = Vec::new();
        for cluster in 1..=4 {
            let raise = RecordChange::Raise { alarm: alarm(cluster), seen: Timestamp(1), silence: None };
            ids.push(writer.alarm_apply(&raise).await.expect("recorded"));
        }
        for id in &ids[2..] {
            let recover = RecordChange::Recover { id: *id, at: Timestamp(2) };
            writer.alarm_apply(&recover).await.expect("recorded");
        }
        let newer = statement("write as a newer version", "UPDATE alarms SET kind = 'of_the_future'");
        let newer = newer.push(" WHERE 1 = 1").and_one_of("id", [ids[0].0, ids[2].0]);
        writer.connection.execute(newer).await.expect("written");
        writer.commit().await.expect("kept");
        let open = metadata.alarm_list_open().await.expect("listed");
        assert_eq!(open.iter().map(|record| record.id).collect::<Vec<_>>(), [ids[1]]);
        let known = metadata.alarm_list_for(Timestamp(0)).await.expect("listed");
        assert_eq!(known.records.iter().map(|record| record.id).collect::<Vec<_>>(), [ids[1], ids[3]]);
        let problem = AlarmKey::of(&alarm(1)).to_string();
        assert_eq!(known.unreadable.into_iter().collect::<Vec<_>>(), [problem]);
        let history = metadata.alarm_history(AlarmHistoryQuery::default(), Slice::ALL).await.expect("listed");
        assert_eq!(history.items.iter().map(|record| record.id).collect::<Vec<_>>(), [ids[3]]);
    }
}
