//! The logical engine against the real kernel.

mod bed;
mod cancel;
mod compare;
mod damage;
mod resume;
mod round_trip;
mod snapshot;
mod stock_tools;
mod traps;
