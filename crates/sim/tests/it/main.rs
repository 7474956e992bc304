//! Clients of all kinds talk to simulators on real ports.

mod clients;
mod control;
mod operators;
mod simulator;
