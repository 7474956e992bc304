//! Black-box tests of the engine: a small flow, a world that counts the actions on it, and everything that can go
//! wrong in between.

mod crashes;
mod demo;
mod dying;
mod failures;
mod journal;
mod lanes;
mod leases;
mod operator_table;
mod operators;
mod storm;
mod versions;
mod working;
