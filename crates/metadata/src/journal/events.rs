//! The events of tasks, in order. One counter assigns the numbers and is raised in the transaction that writes the
//! events: other transactions wait for it, so numbers become visible in order and without gaps.

use engine::journal::{Event, EventKind, PAGE_MAX};
use engine::{Moment, RowNumber, TaskId};

use crate::database::Connection;
use crate::error::Error;
use crate::sql::{Row, statement};

/// The minimum number of stored events; no follower needs older ones.
const KEPT: i64 = 100_000;

/// The number of new events after which old ones are deleted.
const SWEEP_EVERY: i64 = 1_000;

/// Writes events in the transaction of the change.
pub(crate) async fn record(
    connection: &mut Connection,
    now: Moment,
    task: TaskId,
    kinds: &[EventKind],
) -> Result<(), Error> {
    let count = i64::try_from(kinds.len()).expect("a change is far smaller than 2^63");
    if count == 0 {
        return Ok(());
    }
    let first = connection.take_numbers("events", count).await?;
    for (seq, kind) in (first..).zip(kinds) {
        let insert = statement(
            "keep an event",
            "INSERT INTO task_events (seq, happened_at, task_id, kind, row_no) VALUES (?, ?, ?, ?, ?)",
        );
        let (word, row) = stored(*kind);
        connection.execute(insert.bind(seq).bind(now).bind(task.0).bind(word).bind(row)).await?;
    }
    let last = first + count - 1;
    if (first - 1) / SWEEP_EVERY != last / SWEEP_EVERY {
        let sweep =
            statement("delete old events", "DELETE FROM task_events WHERE seq <= ?").bind(last - KEPT);
        connection.execute(sweep).await?;
    }
    Ok(())
}

/// Reads the events after one, oldest first.
pub(crate) async fn list(
    connection: &mut Connection,
    after_seq: i64,
    limit: u32,
) -> Result<Vec<Event>, Error> {
    let list = statement("read events", "SELECT * FROM task_events WHERE seq > ? ORDER BY seq LIMIT ?");
    let rows = connection.rows(list.bind(after_seq).bind(limit.min(PAGE_MAX))).await?;
    rows.iter().map(event).collect()
}

/// Reads one event.
pub(crate) fn event(row: &Row) -> Result<Event, Error> {
    let number = || row.small("row_no").map(RowNumber);
    let kind = match row.text("kind")?.as_str() {
        "TASK" => EventKind::Task,
        "STEP" => EventKind::Step(number()?),
        "LANE" => EventKind::Lane(number()?),
        other => {
            let cause = format!("`{other}` is no kind of event").into();
            return Err(Error::Unreadable { verb: "read events", column: "kind", cause });
        }
    };
    Ok(Event {
        seq: row.integer("seq")?,
        at: row.moment("happened_at")?,
        task: TaskId(row.integer("task_id")?),
        kind,
    })
}

fn stored(kind: EventKind) -> (&'static str, Option<u32>) {
    match kind {
        EventKind::Task => ("TASK", None),
        EventKind::Step(row) => ("STEP", Some(row.0)),
        EventKind::Lane(row) => ("LANE", Some(row.0)),
    }
}
