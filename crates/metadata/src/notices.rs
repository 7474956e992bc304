//! The outbox: notices that are sent, or were sent, to channels.
//!
//! A notice is written in the transaction that changes its alarm. The server that claims it holds a lease by the
//! database's clock; the number of tries is the fence: only the last claim saves its result. If a server stops between
//! sending and saving, the notice is sent again, with the same number.

use std::time::Duration;

use engine::Moment;
use model::Timestamp;
use model::alarm::kept::AlarmKey;
use model::channel::{Notice, NoticeEvent, NoticeStatus};
use model::id::{AlarmId, ChannelId, NoticeId};
use model::text::Text;

use crate::database::{Listing, Slice, Transaction};
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Row, Statement, json, readable, statement, word};

/// How long finished notices are kept.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A new notice.
#[derive(Debug, Clone)]
pub struct NewNotice {
    /// The channel.
    pub channel: ChannelId,
    /// The alarm; none for a test.
    pub alarm: Option<AlarmId>,
    /// What it is about.
    pub event: NoticeEvent,
    /// The text.
    pub body: String,
    /// When it is sent.
    pub due: Timestamp,
}

/// The result of a try.
#[derive(Debug, Clone)]
pub struct Tried {
    /// The HTTP status of the answer, or its SMTP code, if there was one.
    pub answer: Option<u16>,
    /// Why it failed; none for success.
    pub problem: Option<Text>,
    /// Which recipients do not get a delivered notice, if some do not.
    pub left_out: Option<Text>,
    /// After a failure, how long to wait; none means that it was the last try.
    pub wait: Option<Duration>,
}

impl Metadata {
    /// Returns the channels for which a notice is due that no server is sending.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notice_channels_due(&self) -> Result<Vec<ChannelId>, Error> {
        let mut reader = self.read().await?;
        let now = reader.now().await?;
        let find =
            statement("look for due notices", "SELECT DISTINCT n.channel_id FROM notices n WHERE 1 = 1");
        let find = due(find, now).push(" ORDER BY n.channel_id");
        let rows = reader.rows(find).await?;
        rows.iter().map(|row| row.integer("channel_id").map(ChannelId)).collect()
    }

    /// Returns the notices of a channel, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notice_list(&self, channel: ChannelId, slice: Slice) -> Result<Listing<Notice>, Error> {
        let mut reader = self.read().await?;
        let count = statement("count notices", "SELECT COUNT(*) AS total FROM notices WHERE channel_id = ?");
        let total = reader.count(count.bind(channel.0)).await?;
        let list = statement("list notices", "SELECT * FROM notices WHERE channel_id = ? ORDER BY id DESC");
        let list = slice.cut(list.bind(channel.0));
        let items = readable(&reader.rows(list).await?, notice);
        Ok(Listing { items, total })
    }
}

impl Transaction {
    /// Writes a notice.
    ///
    /// # Errors
    /// When there is no such channel, or the database fails.
    pub async fn notice_insert(&mut self, new: &NewNotice) -> Result<NoticeId, Error> {
        let created = self.now().await?;
        let id = self.connection.take_numbers("notices", 1).await?;
        let insert = statement(
            "write a notice",
            "INSERT INTO notices (id, channel_id, alarm_id, event, body, status, created_at, due_at, tries)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
        );
        let insert = insert.bind(id).bind(new.channel.0).bind(new.alarm.map(|alarm| alarm.0));
        let insert = insert.bind(word(&new.event)).bind(&new.body).bind(word(&NoticeStatus::Waiting));
        self.connection.execute(insert.bind(created).bind(new.due)).await?;
        Ok(NoticeId(id))
    }

    /// Writes a notice that this server sends at once, and claims it.
    ///
    /// # Errors
    /// When there is no such channel, or the database fails.
    pub async fn notice_claimed(&mut self, new: &NewNotice, lease: Duration) -> Result<Notice, Error> {
        let id = self.notice_insert(new).await?;
        let until = self.connection.now().await?.plus(lease);
        let update =
            statement("claim a notice", "UPDATE notices SET tries = 1, lease_until = ? WHERE id = ?");
        self.connection.execute(update.bind(until).bind(id.0)).await?;
        self.notice_now(id).await?.ok_or(Error::Missing { noun: "notice", id: id.0 })
    }

    /// Returns a notice, as it is in this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notice_now(&mut self, id: NoticeId) -> Result<Option<Notice>, Error> {
        let get = statement("read a notice", "SELECT * FROM notices WHERE id = ?").bind(id.0);
        self.connection.row(get).await?.map(|row| notice(&row)).transpose()
    }

    /// Returns the notices that an alarm was raised.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notices_raised_now(&mut self, alarm: AlarmId) -> Result<Vec<Notice>, Error> {
        let list =
            statement("list notices", "SELECT * FROM notices WHERE alarm_id = ? AND event = ? ORDER BY id");
        let list = list.bind(alarm.0).bind(word(&NoticeEvent::Raised));
        Ok(readable(&self.connection.rows(list).await?, notice))
    }

    /// Gives up a notice that was never tried.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notice_skip(&mut self, id: NoticeId) -> Result<(), Error> {
        let now = self.now().await?;
        let update = statement(
            "give up a notice",
            "UPDATE notices SET status = ?, finished_at = ? WHERE id = ? AND tries = 0",
        );
        let update = update.bind(word(&NoticeStatus::Skipped)).bind(now).bind(id.0);
        self.connection.execute(update).await.map(drop)
    }

    /// Gives up the notices of a channel that wait.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notices_skip(&mut self, channel: ChannelId) -> Result<(), Error> {
        let update = self.skip("give up the notices of a channel").await?;
        self.connection.execute(update.and("channel_id = ?", channel.0)).await.map(drop)
    }

    /// Returns a statement that gives up all notices that wait; the caller limits it.
    async fn skip(&mut self, verb: &'static str) -> Result<Statement, Error> {
        let now = self.now().await?;
        let update = statement(verb, "UPDATE notices SET status = ?, finished_at = ? WHERE status = ?");
        Ok(update.bind(word(&NoticeStatus::Skipped)).bind(now).bind(word(&NoticeStatus::Waiting)))
    }

    /// Sends the notices that a problem was raised at this time instead. They wait for the end of a silence.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notices_due_at(&mut self, problem: &AlarmKey, due: Timestamp) -> Result<(), Error> {
        let update = statement(
            "send notices at another time",
            "UPDATE notices SET due_at = ? WHERE status = ? AND event = ?
             AND alarm_id IN (SELECT id FROM alarms WHERE alarm_key = ?)",
        );
        let update = update.bind(due).bind(word(&NoticeStatus::Waiting)).bind(word(&NoticeEvent::Raised));
        self.connection.execute(update.bind(problem.to_string())).await.map(drop)
    }

    /// Claims due notices of a channel for this long: the oldest of each alarm, so that nobody hears of a recovery
    /// first. Only one of a channel whose last notice failed. Tests are not claimed: one that was interrupted has
    /// failed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notices_claim(
        &mut self,
        channel: ChannelId,
        most: u32,
        lease: Duration,
    ) -> Result<Vec<Notice>, Error> {
        let now = self.connection.now().await?;
        self.tests_end(channel, now).await?;
        let most = if self.channel_is_failing(channel).await? { most.min(1) } else { most };
        let find = statement("claim notices", "SELECT n.* FROM notices n WHERE 1 = 1");
        let find = due(find, now).and("n.channel_id = ?", channel.0);
        let find =
            find.and_one_of("n.event", [NoticeEvent::Raised, NoticeEvent::Recovered].map(|it| word(&it)));
        let find = find.push(" ORDER BY n.due_at, n.id LIMIT ?").bind(most);
        let mut claimed = readable(&self.connection.rows(find).await?, notice);
        for notice in &mut claimed {
            notice.tries += 1;
            let update =
                statement("claim a notice", "UPDATE notices SET tries = ?, lease_until = ? WHERE id = ?");
            let update = update.bind(notice.tries).bind(now.plus(lease)).bind(notice.id.0);
            self.connection.execute(update).await?;
        }
        Ok(claimed)
    }

    /// Ends the tests of a channel whose server has stopped: a person waits for the answer, so they are not repeated.
    async fn tests_end(&mut self, channel: ChannelId, now: Moment) -> Result<(), Error> {
        let update = statement(
            "end interrupted tests",
            "UPDATE notices SET status = ?, problem = ?, finished_at = ?, lease_until = NULL
             WHERE channel_id = ? AND event = ? AND status = ? AND lease_until <= ?",
        );
        let update =
            update.bind(word(&NoticeStatus::Failed)).bind(json(&Text::new("notice-test-interrupted")));
        let update = update.bind(now).bind(channel.0).bind(word(&NoticeEvent::Test));
        self.connection.execute(update.bind(word(&NoticeStatus::Waiting)).bind(now)).await.map(drop)
    }

    /// Saves the result of a try, also for the channel. Returns false if another server has claimed the notice since, or
    /// it was given up before it failed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notice_tried(&mut self, claimed: &Notice, tried: &Tried) -> Result<bool, Error> {
        let now = self.connection.now().await?;
        let status = match (&tried.problem, tried.wait) {
            (None, _) => NoticeStatus::Delivered,
            (Some(_), Some(_)) => NoticeStatus::Waiting,
            (Some(_), None) => NoticeStatus::Failed,
        };
        let mut due = now.plus(tried.wait.unwrap_or_default());
        if status == NoticeStatus::Waiting && claimed.event == NoticeEvent::Raised {
            due = due.max(self.silence_end(claimed).await?);
        }
        let finished = (status != NoticeStatus::Waiting).then_some(now);
        let update = statement(
            "save the result of a notice",
            "UPDATE notices SET status = ?, answer = ?, problem = ?, due_at = ?, finished_at = ?, lease_until = NULL
             WHERE id = ? AND tries = ?",
        );
        let update = update.bind(word(&status)).bind(tried.answer.map(u32::from));
        let update = update
            .bind(tried.problem.as_ref().or(tried.left_out.as_ref()).map(json))
            .bind(due)
            .bind(finished);
        // It was delivered even if it was given up meanwhile.
        let skipped = (status == NoticeStatus::Delivered).then_some(NoticeStatus::Skipped);
        let before = [NoticeStatus::Waiting].into_iter().chain(skipped).map(|before| word(&before));
        let update = update.bind(claimed.id.0).bind(claimed.tries).and_one_of("status", before);
        if self.connection.execute(update).await? == 0 {
            return Ok(false);
        }
        match &tried.problem {
            None => self.channel_works(claimed.channel).await?,
            Some(_) if claimed.event == NoticeEvent::Test => {}
            Some(problem) => self.channel_fails(claimed.channel, problem).await?,
        }
        if let (NoticeStatus::Failed, Some(alarm)) = (status, claimed.alarm) {
            // A channel that was not told of an alarm is not told of its end.
            let update = self.skip("give up the notice of a recovery").await?;
            let update = update.and("channel_id = ?", claimed.channel.0).and("alarm_id = ?", alarm.0);
            self.connection.execute(update).await?;
        }
        Ok(true)
    }

    /// Returns when the silence of a notice's problem ends.
    async fn silence_end(&mut self, notice: &Notice) -> Result<Moment, Error> {
        let find = statement(
            "read the silence of a problem",
            "SELECT MAX(s.silenced_until) AS until_at FROM alarms a JOIN alarms s ON s.alarm_key = a.alarm_key
             WHERE a.id = ?",
        );
        let row = self.connection.row(find.bind(notice.alarm.map(|alarm| alarm.0))).await?;
        let until = row.map(|row| row.integer_or_none("until_at")).transpose()?.flatten();
        Ok(Moment(until.unwrap_or(0)))
    }

    /// Deletes notices that were finished longer than [`KEPT`] ago, at most this many. Returns their number. Those of a
    /// current alarm stay: they show who is told when it recovers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notice_forget(&mut self, most: u32) -> Result<u64, Error> {
        let now = self.now().await?;
        let until = Timestamp(now.0.saturating_sub(i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX)));
        let find = statement(
            "look for old notices",
            "SELECT id FROM notices WHERE finished_at < ? AND (alarm_id IS NULL \
             OR alarm_id NOT IN (SELECT id FROM alarms WHERE recovered_at IS NULL)) ORDER BY finished_at LIMIT ?",
        );
        let rows = self.connection.rows(find.bind(until).bind(most)).await?;
        let ids = rows.iter().map(|row| row.integer("id")).collect::<Result<Vec<_>, _>>()?;
        if ids.is_empty() {
            return Ok(0);
        }
        let delete = statement("delete old notices", "DELETE FROM notices WHERE finished_at IS NOT NULL");
        self.connection.execute(delete.and_one_of("id", ids)).await
    }
}

/// Appends the conditions of notices that can be sent now, and of tests whose server has stopped.
fn due(find: Statement, now: Moment) -> Statement {
    let find = find.and("n.status = ?", word(&NoticeStatus::Waiting)).and("n.due_at <= ?", now);
    let find = find.and("(n.lease_until IS NULL OR n.lease_until <= ?)", now);
    find.and(
        "NOT EXISTS (SELECT 1 FROM notices e
          WHERE e.channel_id = n.channel_id AND e.alarm_id = n.alarm_id AND e.id < n.id AND e.status = ?)",
        word(&NoticeStatus::Waiting),
    )
}

fn notice(row: &Row) -> Result<Notice, Error> {
    let answer = row.integer_or_none("answer")?.and_then(|status| u16::try_from(status).ok());
    Ok(Notice {
        id: NoticeId(row.integer("id")?),
        channel: ChannelId(row.integer("channel_id")?),
        alarm: row.integer_or_none("alarm_id")?.map(AlarmId),
        event: row.word("event")?,
        body: row.text("body")?,
        status: row.word("status")?,
        created: row.timestamp("created_at")?,
        due: row.timestamp("due_at")?,
        tries: row.small("tries")?,
        answer,
        problem: row.json_or_none("problem")?,
        finished: row.integer_or_none("finished_at")?.map(Timestamp),
    })
}
