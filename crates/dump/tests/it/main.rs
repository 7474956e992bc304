//! The logical engine against the real kernel.

mod bed;
mod round_trip;
