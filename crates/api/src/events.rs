//! Live events: server-sent events, numbered by the journal.
//!
//! Each event has a number, and numbers increase. After a lost connection, a client sends the last number that it got
//! as `Last-Event-ID` (browsers do so by themselves), and gets all later events, from any server. The event of an alarm
//! reports what this server sees: it has no number and is not sent again.
//!
//! A stream ends with the log-on of its reader.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use control::Actor;
use control::tasks::EventFilter;
use futures::stream::{self, Stream, StreamExt as _};
use model::Problem;
use model::alarm::AlarmChange;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::Api;
use crate::auth::Caller;
use crate::error::{Failure, Failures};
use crate::extract::Parameters;
use crate::queries::{EventHeaders, EventQuery};
use crate::views::alarms::AlarmEventView;
use crate::views::tasks::{AnyEventView, EventView};

/// The interval of keep-alive lines, which prevent proxies from closing the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The interval between two checks of the reader's log-on. If a log-on ends on this server, the check is immediate.
const CHECK_EVERY: Duration = Duration::from_secs(5);

/// The maximum number of events per read.
const BATCH: u32 = 200;

/// Streams events as they happen
///
/// Types `task`, `step` and `lane`; `id` is the number to send as `Last-Event-ID` after a lost connection. Without that
/// header, the stream begins with the next event. Type `alarm`, unless a single task is requested: an alarm was raised,
/// has changed or was closed, as this server sees it. It has no `id` and is not sent again: read the alarms after a
/// lost connection.
#[utoipa::path(
    get,
    path = "/events",
    tag = "tasks",
    params(EventQuery, EventHeaders),
    responses((status = 200, body = AnyEventView, content_type = "text/event-stream"), Failures)
)]
pub(crate) async fn events(
    State(api): State<Api>,
    Caller(actor): Caller,
    Parameters(query): Parameters<EventQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let filter = query.filter();
    let after = match headers.get("last-event-id") {
        Some(value) => value
            .to_str()
            .ok()
            .and_then(|text| text.trim().parse::<i64>().ok())
            .ok_or_else(|| Problem::invalid("last-event-id-malformed"))?,
        None => control::tasks::newest_event(&api.control, &actor).await?,
    };
    let ended = api.shutdown.clone().cancelled_owned();
    let changes = control::tasks::changes(&api.control);
    let alarms = match filter.task {
        Some(_) => None,
        None => Some(control::alarms::changes(&api.control, &actor, filter.cluster).await?),
    };
    let ends = control::users::log_ons_ended(&api.control);
    let checked = Instant::now();
    let waiting = VecDeque::new();
    let follower = Follower { api, actor, filter, after, changes, alarms, ends, checked, waiting };
    let events = stream::unfold(follower, Follower::next).take_until(ended);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

/// One reader of the events.
struct Follower {
    api: Api,
    actor: Actor,
    filter: EventFilter,
    /// The last event that was read.
    after: i64,
    /// Signals new events. Events are read after the signal, so none is missed.
    changes: watch::Receiver<i64>,
    /// Signals alarms, if requested.
    alarms: Option<control::alarms::Changes>,
    /// Reports that a log-on has ended.
    ends: watch::Receiver<u64>,
    /// When the reader's log-on was last checked successfully.
    checked: Instant,
    waiting: VecDeque<Event>,
}

impl Follower {
    /// Waits for the next event. Ends the stream if events can't be read: the reader then connects again with the last
    /// number that it got.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            self.check().await?;
            if let Some(event) = self.waiting.pop_front() {
                return Some((Ok(event), self));
            }
            self.changes.mark_unchanged();
            let read = control::tasks::events(&self.api.control, &self.actor, self.after, BATCH, self.filter);
            match read.await {
                Ok(events) if events.is_empty() => {
                    tokio::select! {
                        changed = self.changes.changed() => changed.ok()?,
                        alarms = of_alarms(&mut self.alarms) => self.keep_alarms(alarms?),
                        ended = self.ends.changed() => {
                            ended.ok()?;
                            self.ends.mark_changed(); // for `check`
                        }
                        () = sleep_until(self.checked + CHECK_EVERY) => {}
                    }
                }
                Ok(events) => self.keep(events),
                Err(error) => {
                    tracing::warn!("a stream of events ends: {error}");
                    return None;
                }
            }
        }
    }

    /// Checks that the reader's log-on is still valid; otherwise the stream ends.
    async fn check(&mut self) -> Option<()> {
        if !self.ends.has_changed().ok()? && self.checked.elapsed() < CHECK_EVERY {
            return Some(());
        }
        self.ends.mark_unchanged();
        match control::users::check_still_logged_on(&self.api.control, &self.actor).await {
            Ok(()) => {
                self.checked = Instant::now();
                Some(())
            }
            Err(error) => {
                tracing::debug!(user = self.actor.name, "a stream of events ends with its log-on: {error}");
                None
            }
        }
    }

    fn keep_alarms(&mut self, changes: Vec<AlarmChange>) {
        for change in changes {
            match Event::default().event("alarm").json_data(AlarmEventView::from(change)) {
                Ok(event) => self.waiting.push_back(event),
                Err(error) => tracing::error!("an event of an alarm can't be written: {error}"),
            }
        }
    }

    fn keep(&mut self, events: Vec<control::tasks::Event>) {
        for event in events {
            let (seq, name, view) = EventView::of(&event);
            self.after = self.after.max(seq);
            match Event::default().id(seq.to_string()).event(name).json_data(view) {
                Ok(event) => self.waiting.push_back(event),
                Err(error) => tracing::error!("event {seq} can't be written: {error}"),
            }
        }
    }
}

/// Waits for alarms; forever if they are not requested.
async fn of_alarms(alarms: &mut Option<control::alarms::Changes>) -> Option<Vec<AlarmChange>> {
    match alarms {
        Some(alarms) => alarms.next().await,
        None => std::future::pending().await,
    }
}
