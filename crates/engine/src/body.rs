//! Runs one body of any kind to its end.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::time::{sleep, timeout};

use crate::answer::{Interrupt, Said};
use crate::fault::{Fault, FaultPoint};
use crate::flow::Seat;
use crate::note::{self, Note};
use crate::plan::Turn;
use crate::registry::{AnyFlow, Given, Learnt};

/// One body to be run.
pub(crate) struct Call {
    pub(crate) flow: Arc<dyn AnyFlow>,
    pub(crate) turn: Turn,
    pub(crate) step: String,
    pub(crate) seat: Arc<Seat>,
    pub(crate) given: Given,
    /// How long it may run.
    pub(crate) limit: Duration,
    /// How long it may take to end after it was cancelled.
    pub(crate) grace: Duration,
    pub(crate) fault: Arc<FaultPoint>,
}

/// The result of running a body.
pub(crate) struct Ended {
    pub(crate) turn: Turn,
    pub(crate) said: Said,
    pub(crate) learnt: Learnt,
    pub(crate) interrupt: Interrupt,
}

/// The program is to behave as if it had died.
pub(crate) struct Crash;

pub(crate) async fn run(call: Call) -> Result<Ended, Crash> {
    let fault = call.fault.take(&call.step);
    match fault {
        None => Ok(run_once(&call).await),
        Some(Fault::CrashBefore(_) | Fault::CrashBeforeSecond(_)) => Err(Crash),
        Some(Fault::CrashAfter(_)) => {
            run_once(&call).await;
            Err(Crash)
        }
        Some(Fault::RunTwice(_)) => {
            run_once(&call).await;
            Ok(run_once(&call).await)
        }
    }
}

async fn run_once(call: &Call) -> Ended {
    let body = call.flow.call(&call.step, call.turn.which, call.seat.clone(), call.given.clone());
    let mut body = AssertUnwindSafe(body).catch_unwind();
    let cancelled = &call.seat.cancelled;
    let (spoken, interrupt) = tokio::select! {
        biased;
        // The body may notice the cancelled token first.
        spoken = &mut body => {
            (Some(spoken), if cancelled.is_cancelled() { Interrupt::Asked } else { Interrupt::None })
        }
        () = cancelled.cancelled() => (timeout(call.grace, &mut body).await.ok(), Interrupt::Asked),
        () = sleep(call.limit) => {
            cancelled.cancel();
            (timeout(call.grace, &mut body).await.ok(), Interrupt::TimedOut)
        }
    };
    let (said, learnt) = match spoken {
        None => (Said::Nothing, Learnt::Nothing),
        Some(Ok(spoken)) => spoken,
        Some(Err(panic)) => (Said::Broke(panicked(&call.step, panic.as_ref())), Learnt::Nothing),
    };
    Ended { turn: call.turn, said, learnt, interrupt }
}

fn panicked(step: &str, panic: &(dyn Any + Send)) -> Note {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    tracing::error!(step, message, "a step's code broke");
    Note::new(note::PANICKED).arg("step", step).raw(message)
}
