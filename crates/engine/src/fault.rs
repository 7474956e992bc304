//! Crashes on demand: simulates the death of the program at a given point.

use std::sync::{Mutex, PoisonError};

/// A fault that a worker meets once, in the first body of that step that it runs (the step's own, its stop or
/// its undo, in whichever lane comes first).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The program dies before the body starts.
    CrashBefore(&'static str),
    /// The program dies before the body starts for the second time; what the first run saved stays.
    CrashBeforeSecond(&'static str),
    /// The program dies after the body has acted but before its result is saved.
    CrashAfter(&'static str),
    /// The body runs, its result is discarded, and it runs again with the previously saved state.
    RunTwice(&'static str),
}

impl Fault {
    const fn step(self) -> &'static str {
        match self {
            Self::CrashBefore(step)
            | Self::CrashBeforeSecond(step)
            | Self::CrashAfter(step)
            | Self::RunTwice(step) => step,
        }
    }
}

/// The point where a worker checks for its fault.
#[derive(Debug, Default)]
pub(crate) struct FaultPoint(Mutex<Option<Fault>>);

impl FaultPoint {
    pub(crate) fn set(&self, fault: Option<Fault>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Returns the fault once: to the first body of its step, or to the second one for `CrashBeforeSecond`.
    pub(crate) fn take(&self, step: &str) -> Option<Fault> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let met = kept.take_if(|fault| fault.step() == step)?;
        if let Fault::CrashBeforeSecond(step) = met {
            *kept = Some(Fault::CrashBefore(step));
            return None;
        }
        Some(met)
    }
}
