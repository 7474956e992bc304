//! The engine from outside: a small flow, a world that counts what is done to it, and everything that can go
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
